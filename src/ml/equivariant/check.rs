//! Comparison of the parts of a network with each other, after which the evaluations may index
//! without doubt: what one part gives must be what the next takes.

use super::model::{Gate, Layer, Network, SelfConnection};
use crate::ml::e3nn::{MAX_DIM, MAX_L, scalars};
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock, Mlp, MlpLayer};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis};

/// Layers, species and radial functions that a network may have; real ones stay far below.
const MAX_LAYERS: usize = 64;
const MAX_SPECIES: usize = 1024;
const MAX_BASIS: usize = 4096;

type Check = std::result::Result<(), String>;

/// Checks that all lengths fit together and the scalar parameters are within their ranges.
///
/// # Errors
/// Names the first parts that do not fit.
pub fn check(network: &Network) -> Result<()> {
    whole(network).map_err(ModelError::malformed)?;
    let mut features = scalars(network.embedding_len());
    for (t, layer) in network.layers.iter().enumerate() {
        check_layer(network, layer, &features)
            .map_err(|what| ModelError::malformed(format!("layer {t}: {what}")))?;
        features = layer.gate.output.clone();
    }
    readout(network, &features).map_err(|what| ModelError::malformed(format!("readout: {what}")))
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(what()) }
}

fn positive(what: &str, x: f64) -> Check {
    require(x > 0.0 && x.is_finite(), || format!("{what} is {x}"))
}

fn whole(network: &Network) -> Check {
    let species = network.species();
    require((1..=MAX_SPECIES).contains(&species), || {
        format!("{species} species")
    })?;
    let mut names: Vec<&String> = network.type_names.iter().collect();
    names.sort();
    require(names.windows(2).all(|pair| pair[0] != pair[1]), || {
        "a species occurs twice".to_owned()
    })?;
    for (what, length) in [
        ("atomic numbers", network.atomic_numbers.len()),
        ("scales", network.scale.len()),
        ("shifts", network.shift.len()),
    ] {
        require(length == species, || {
            format!("{length} {what} for {species} species")
        })?;
    }
    positive("the cutoff radius", network.r_max)?;
    let pairs = &network.pair_cutoffs;
    require(pairs.is_empty() || pairs.len() == species * species, || {
        format!("{} cutoffs of pairs of {species} species", pairs.len())
    })?;
    for &cutoff in pairs {
        positive("a cutoff radius", cutoff)?;
        require(cutoff <= network.r_max * (1.0 + 1e-12), || {
            "a cutoff radius of a pair is above the largest".to_owned()
        })?;
    }
    require(network.l_max <= MAX_L, || {
        format!("degree {} is above {MAX_L}", network.l_max)
    })?;
    radial(network)?;
    require(
        !network.embedding.is_empty() && network.embedding.len().is_multiple_of(species),
        || "the species embedding has no rows".to_owned(),
    )?;
    require((1..=MAX_LAYERS).contains(&network.layers.len()), || {
        format!("{} layers", network.layers.len())
    })?;
    if let Some(repulsion) = &network.repulsion {
        positive("the exponent of the repulsion's cutoff", repulsion.p)?;
        let count = repulsion.pairs.len();
        require(
            repulsion.species == species && count == species * species,
            || "the repulsion is not of the model's species".to_owned(),
        )?;
        for pair in &repulsion.pairs {
            positive("a range of the repulsion", pair.end)?;
            positive("a screening length", pair.a)?;
        }
    }
    Ok(())
}

fn radial(network: &Network) -> Check {
    let radial = &network.radial;
    match radial.cutoff {
        Cutoff::Polynomial { p } => positive("the cutoff exponent", p)?,
        Cutoff::Xplor { on } => require((0.0..network.r_max).contains(&on), || {
            format!("the cutoff function starts at {on}")
        })?,
    }
    require(
        matches!(radial.transform, DistanceTransform::None)
            && radial.apply_cutoff
            && radial.cutoff_r_max == network.r_max,
        || "the radial functions are not of the expected form".to_owned(),
    )?;
    require(
        matches!(radial.basis, RadialBasis::Bessel { .. })
            && (1..=MAX_BASIS).contains(&radial.basis.len()),
        || "the number of radial functions is out of range".to_owned(),
    )
}

fn check_layer(network: &Network, layer: &Layer, features: &Irreps) -> Check {
    let species = network.species();
    same("features", features, &layer.input)?;
    same("features", features, &layer.linear_1.input)?;
    linear(&layer.linear_1)?;
    let scales = layer.source_scale.len();
    require(scales == 0 || scales == species, || {
        format!("{scales} neighbour norms for {species} species")
    })?;
    paths(network, layer)?;
    same("messages", &layer.message, &layer.linear_2.input)?;
    linear(&layer.linear_2)?;
    gate(&layer.gate)?;
    same("gate", &layer.linear_2.output, &layer.gate.input)?;
    match &layer.self_connection {
        SelfConnection::None => {}
        SelfConnection::Linear(map) => {
            linear(map)?;
            same("self-connection", features, &map.input)?;
            same("self-connection", &map.output, &layer.gate.input)?;
        }
        SelfConnection::Species(map) => {
            blocks(&map.input, &map.output, &map.blocks, species)?;
            same("self-connection", features, &map.input)?;
            same("self-connection", &map.output, &layer.gate.input)?;
        }
    }
    require(
        !layer.residual || features.joined() == layer.gate.output.joined(),
        || format!("{features} is added to {}", layer.gate.output),
    )
}

fn paths(network: &Network, layer: &Layer) -> Check {
    let offsets = layer.message.offsets();
    let mut columns = 0;
    let mut written = vec![false; layer.message.0.len()];
    for path in &layer.paths {
        let from = layer.linear_1.output.0.get(path.input);
        let to = offsets.iter().position(|&at| at == path.message_offset);
        // an empty block shares its offset with the block behind it
        let to = to.and_then(|first| {
            (first..layer.message.0.len())
                .take_while(|&b| offsets[b] == path.message_offset)
                .find(|&b| !written[b] && layer.message.0[b].mul == path.channels)
        });
        let (Some(from), Some(to)) = (from, to) else {
            return Err("a path of the tensor product leads nowhere".to_owned());
        };
        let block = layer.message.0[to];
        written[to] = true;
        let (l1, l2, l3) = (path.l1, path.l2, path.l3);
        require(
            from.irrep.l == l1
                && from.mul == path.channels
                && block.irrep.l == l3
                && l2 <= network.l_max
                && l3 <= l1 + l2
                && l1 <= l2 + l3
                && l2 <= l1 + l3
                && path.weight.is_finite(),
            || format!("the path ({l1}, {l2}, {l3}) does not fit its blocks"),
        )?;
        let end = path.weight_offset.checked_add(path.channels);
        require(end.is_some_and(|end| end <= layer.radial.outputs), || {
            "a path has no radial weights".to_owned()
        })?;
        columns += path.channels;
    }
    require(
        !layer.paths.is_empty() && written.iter().all(|w| *w),
        || "a block of the messages belongs to no path".to_owned(),
    )?;
    require(columns == layer.radial.outputs, || {
        format!(
            "{} radial outputs for {columns} path channels",
            layer.radial.outputs
        )
    })?;
    mlp(&layer.radial)?;
    let inputs = network.radial.basis.len();
    require(layer.radial.inputs == inputs, || {
        format!("{} radial inputs, expected {inputs}", layer.radial.inputs)
    })
}

fn readout(network: &Network, features: &Irreps) -> Check {
    let Some(end) = network
        .readout
        .start
        .checked_add(network.readout.net.inputs)
    else {
        return Err("it is too large".to_owned());
    };
    let mut even = vec![false; features.dim()];
    for (block, at) in features.0.iter().zip(features.offsets()) {
        if block.irrep == Irrep::SCALAR {
            even[at..at + block.mul].fill(true);
        }
    }
    let fits = even.get(network.readout.start..end);
    require(fits.is_some_and(|run| run.iter().all(|e| *e)), || {
        format!("{features} has not the scalars that it reads")
    })?;
    require(network.readout.net.outputs == 1, || {
        "it has more than one output".to_owned()
    })?;
    mlp(&network.readout.net)
}

fn gate(gate: &Gate) -> Check {
    let (inputs, outputs) = (gate.input.dim(), gate.output.dim());
    require(inputs <= MAX_DIM && outputs <= MAX_DIM, || {
        "the gate is too large".to_owned()
    })?;
    let mut written = vec![false; outputs];
    let mut write = |from: usize, to: usize, count: usize| -> Check {
        let reads = from.checked_add(count).is_some_and(|end| end <= inputs);
        let end = to.checked_add(count);
        let run = end.and_then(|end| written.get_mut(to..end));
        match run {
            Some(run) if reads && run.iter().all(|w| !*w) => {
                run.fill(true);
                Ok(())
            }
            _ => Err("a part of the gate is out of place".to_owned()),
        }
    };
    for part in &gate.scalars {
        write(part.input, part.output, part.mul)?;
    }
    for part in &gate.gated {
        require(part.l <= MAX_L, || "a degree is too large".to_owned())?;
        let end = part.gate.checked_add(part.mul);
        require(end.is_some_and(|end| end <= inputs), || {
            "a gate is out of place".to_owned()
        })?;
        write(part.input, part.output, part.mul * (2 * part.l + 1))?;
    }
    require(written.iter().all(|w| *w), || {
        "the gate leaves a part of its output open".to_owned()
    })
}

fn linear(map: &Linear) -> Check {
    blocks(&map.input, &map.output, &map.blocks, 1)?;
    let biases = map.bias.len();
    require(biases == 0 || biases == map.output.scalars(), || {
        format!("{biases} biases for {}", map.output)
    })
}

fn blocks(input: &Irreps, output: &Irreps, blocks: &[LinearBlock], tables: usize) -> Check {
    for block in blocks {
        let (from, to) = (input.0.get(block.input), output.0.get(block.output));
        let (Some(from), Some(to)) = (from, to) else {
            return Err("a linear map names a block that is not there".to_owned());
        };
        require(
            from.irrep == to.irrep && block.weight.len() == tables * from.mul * to.mul,
            || format!("the linear map {input} -> {output} does not fit"),
        )?;
    }
    Ok(())
}

/// That the layers of a perceptron fit together.
fn mlp(net: &Mlp) -> Check {
    let mut width = net.inputs;
    for layer in &net.layers {
        match layer {
            MlpLayer::Dense {
                inputs,
                outputs,
                weight,
                bias,
            } => {
                let fits = *inputs == width
                    && inputs.checked_mul(*outputs) == Some(weight.len())
                    && (bias.is_empty() || bias.len() == *outputs);
                require(fits && *outputs > 0, || {
                    "a dense layer does not fit".to_owned()
                })?;
                width = *outputs;
            }
            MlpLayer::LayerNorm { weight, bias, .. } => {
                require(weight.len() == width && bias.len() == width, || {
                    "a normalisation layer does not fit".to_owned()
                })?;
            }
            MlpLayer::Activation(_) => {}
        }
    }
    require(width == net.outputs && net.inputs > 0, || {
        "a perceptron does not give what it should".to_owned()
    })
}

/// Layouts are the same where the non-empty blocks are; neighbouring blocks of one representation
/// may be joined on one side.
fn same(what: &str, given: &Irreps, taken: &Irreps) -> Check {
    require(given.joined() == taken.joined(), || {
        format!("{what}: {given} meets {taken}")
    })
}
