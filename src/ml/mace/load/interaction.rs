//! Layers: interaction blocks of all known classes.

use super::{module_list, product};
use crate::ml::activation::Function;
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::e3nn::{
    linear, normalized, one_hot_linear, radial_net, species_linear, tensor_product,
};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::irreps::Irreps;
use crate::ml::layers::Path;
use crate::ml::mace::model::{Gate, Interaction, Layer, Mixing, Normalization};
use crate::ml::radial::form::PairEmbedding;

/// All layers of the model.
pub fn layers(module: &Node, species: usize) -> Result<Vec<Layer>> {
    let interactions = module_list(module, "interactions")?;
    let products = module_list(module, "products")?;
    if interactions.len() != products.len() {
        return Err(module.error("the numbers of interactions and products differ"));
    }
    let pairs = interactions.iter().zip(&products);
    pairs
        .map(|(i, p)| {
            let interaction = interaction(i, species)?;
            let product = product::product(p, &interaction.out, species)?;
            Ok(Layer {
                interaction,
                product,
            })
        })
        .collect()
}

fn interaction(node: &Node, species: usize) -> Result<Interaction> {
    let class = node.class();
    let up = linear(&node.child("linear_up")?)?;
    let (paths, message) = paths(&node.child("conv_tp")?, &up.output)?;
    let out = node.child("irreps_out")?;
    let out = crate::ml::e3nn::irreps(&out)?;
    let part = |name: &str| node.child(name).and_then(|n| linear(&n));
    let mixing = match class.as_str() {
        "RealAgnosticInteractionBlock" | "RealAgnosticDensityInteractionBlock" => Mixing::Plain {
            linear: part("linear")?,
            skip: species_linear(&node.child("skip_tp")?, species, None)?,
        },
        "RealAgnosticResidualInteractionBlock" | "RealAgnosticDensityResidualInteractionBlock" => {
            Mixing::Residual {
                linear: part("linear")?,
                skip: species_linear(&node.child("skip_tp")?, species, None)?,
            }
        }
        "RealAgnosticResidualNonLinearInteractionBlock" => Mixing::NonLinear {
            linear_1: part("linear_1")?,
            residual: part("linear_res")?,
            gate: gate(node, &out)?,
            linear_2: part("linear_2")?,
            skip: part("skip_tp")?,
        },
        _ => return Err(refuse(&class)),
    };
    Ok(Interaction {
        up,
        paths,
        message,
        radial: radial_net(&node.child("conv_tp_weights")?)?,
        pair_embedding: pair_embedding(node, species)?,
        normalization: normalization(node, &class)?,
        mixing,
        out,
        class,
    })
}

fn refuse(class: &str) -> ModelError {
    let why = if class.contains("Att") {
        "its radial functions depend on the features of the atoms, so that no fast evaluation \
         exists"
    } else {
        "it is not known"
    };
    ModelError::unsupported(format!(
        "the interaction class {class} is not supported ({why}); retrain with \
         --interaction=RealAgnosticResidualInteractionBlock or RealAgnosticDensityResidual\
         InteractionBlock"
    ))
}

/// Paths of the tensor product and the layout of the messages. MACE is trained with e3nn 0.4.4.
fn paths(node: &Node, input: &Irreps) -> Result<(Vec<Path>, Irreps)> {
    let (mut paths, message) = tensor_product(node, input)?;
    let signs = WignerSigns::of_e3nn_0_4();
    for path in &mut paths {
        path.weight *= signs.of([path.l1, path.l2, path.l3])?;
    }
    Ok((paths, message))
}

fn normalization(node: &Node, class: &str) -> Result<Normalization> {
    let constant = |name: &str| node.child(name).and_then(|n| n.number());
    Ok(match class {
        "RealAgnosticInteractionBlock" | "RealAgnosticResidualInteractionBlock" => {
            let average = constant("avg_num_neighbors")?;
            if average == 0.0 {
                return Err(node.error("`avg_num_neighbors` is zero"));
            }
            Normalization::AverageNeighbors(average)
        }
        "RealAgnosticResidualNonLinearInteractionBlock" => Normalization::Density {
            net: radial_net(&node.child("density_fn")?)?,
            alpha: constant("alpha")?,
            beta: constant("beta")?,
        },
        _ => Normalization::Density {
            net: radial_net(&node.child("density_fn")?)?,
            alpha: 1.0,
            beta: 1.0,
        },
    })
}

fn pair_embedding(node: &Node, species: usize) -> Result<Option<PairEmbedding>> {
    let Some(source) = node.some("source_embedding") else {
        return Ok(None);
    };
    let source = one_hot_linear(&source, species)?;
    let target = one_hot_linear(&node.child("target_embedding")?, species)?;
    Ok(Some(PairEmbedding {
        source_len: source.len() / species,
        source,
        target_len: target.len() / species,
        target,
    }))
}

/// The gate of the non-linear class: SiLU on the scalars of the output layout, a sigmoid gate for
/// every copy of its other blocks.
fn gate(node: &Node, out: &Irreps) -> Result<Gate> {
    let gate = node.child("equivariant_nonlin")?;
    let scalars: Vec<_> = out.0.iter().filter(|b| b.irrep.l == 0).collect();
    let gated: Vec<_> = out.0.iter().filter(|b| b.irrep.l > 0).copied().collect();
    if scalars.iter().any(|b| b.irrep.odd) {
        return Err(ModelError::unsupported(
            "gates with odd scalars (0o) are not supported",
        ));
    }
    let with_factor = |function, name: &str| -> Result<_> {
        let mut activation = normalized(function);
        if let Some(factor) = gate.some(name) {
            activation.factor = factor.number()?;
        }
        Ok(activation)
    };
    Ok(Gate {
        scalars: scalars.iter().map(|b| b.mul).sum(),
        gates: gated.iter().map(|b| b.mul).sum(),
        gated: Irreps(gated),
        scalar_act: with_factor(Function::Silu, "_scalar_cst")?,
        gate_act: with_factor(Function::Sigmoid, "_gate_cst")?,
    })
}
