//! What a network is, as data to be printed. Imports the model and the summary.

use super::model::{Layer, Network, SelfConnection};
use crate::ml::layers::{Mlp, MlpLayer, Stored};
use crate::ml::radial::form::Cutoff;
use crate::ml::summary::ModelSummary;

/// Description of a network.
pub fn summary(network: &Network) -> ModelSummary {
    ModelSummary {
        architecture: network.origin.clone(),
        elements: network.type_names.clone(),
        cutoff: network.r_max,
        precision: match network.stored {
            Stored::Single => "float32",
            Stored::Double => "float64",
        },
        heads: Vec::new(),
        implied_head: None,
        hyperparameters: hyperparameters(network),
    }
}

fn hyperparameters(network: &Network) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut add = |name: &str, value: String| list.push((name.to_owned(), value));
    add("layers", network.layers.len().to_string());
    add("l_max", network.l_max.to_string());
    if network.solid_harmonics {
        add("harmonics", "solid, of the vector".to_owned());
    }
    add(
        "radial basis",
        format!("{} Bessel", network.radial.basis.len()),
    );
    let cutoff = match network.radial.cutoff {
        Cutoff::Polynomial { p } => format!("polynomial, p = {p}"),
        Cutoff::Xplor { on } => format!("XPLOR from {on} Å"),
    };
    add("cutoff function", cutoff);
    let names = &network.type_names;
    for (i, row) in network.pair_cutoffs.chunks(names.len()).enumerate() {
        let row: Vec<_> = row.iter().map(|r| format!("{r:.4}")).collect();
        add(
            &format!("cutoffs of {}", names[i]),
            format!("{} Å", row.join(" ")),
        );
    }
    add("species channels", network.embedding_len().to_string());
    for (t, layer) in network.layers.iter().enumerate() {
        for (name, value) in of_layer(layer) {
            add(&format!("layer {t} {name}"), value);
        }
    }
    add("readout", widths(&network.readout.net));
    let yes = if network.repulsion.is_some() {
        "yes"
    } else {
        "no"
    };
    add("ZBL repulsion", yes.to_owned());
    let constants = network.scale.iter().zip(&network.shift);
    for (name, (scale, shift)) in names.iter().zip(constants) {
        add(
            &format!("scale and shift of {name}"),
            format!("{scale}, {shift} eV"),
        );
    }
    list
}

fn of_layer(layer: &Layer) -> Vec<(&'static str, String)> {
    let connection = match layer.self_connection {
        SelfConnection::None => "none",
        SelfConnection::Linear(_) => "linear",
        SelfConnection::Species(_) => "by species",
    };
    let mut list = vec![
        ("output", layer.gate.output.to_string()),
        ("paths", layer.paths.len().to_string()),
        ("radial network", widths(&layer.radial)),
        ("self-connection", connection.to_owned()),
    ];
    if layer.residual {
        list.push(("residual", "yes".to_owned()));
    }
    list
}

/// `8-64-64-640`.
fn widths(net: &Mlp) -> String {
    let dense = net.layers.iter().filter_map(|layer| match layer {
        MlpLayer::Dense { outputs, .. } => Some(*outputs),
        _ => None,
    });
    let all = std::iter::once(net.inputs).chain(dense);
    all.map(|n| n.to_string()).collect::<Vec<_>>().join("-")
}
