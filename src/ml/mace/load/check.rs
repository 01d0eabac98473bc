//! Comparison of the parts of a model with each other: what one gives must be what the next takes.

use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::SpeciesLinear;
use crate::ml::mace::model::{Interaction, MaceModel, Mixing, Normalization, ReadoutKind};
use crate::ml::radial::form::Cutoff;

/// Checks that all lengths fit together and the scalar parameters are within their ranges.
///
/// # Errors
/// Names the first parts that do not fit.
pub fn check(model: &MaceModel) -> Result<()> {
    let radial = &model.radial;
    positive("r_max", model.r_max)?;
    positive("the cutoff radius", radial.cutoff_r_max)?;
    if let Cutoff::Polynomial { p } = radial.cutoff {
        positive("the cutoff exponent", p)?;
    }
    if let Some(zbl) = &model.zbl {
        positive("the ZBL cutoff exponent", zbl.p)?;
        positive("the ZBL screening length", zbl.a_prefactor)?;
    }
    if model
        .default_head
        .is_some_and(|head| head >= model.heads.len())
    {
        return Err(ModelError::malformed("the selected head does not exist"));
    }
    let mut features = scalars(model.embedding_len());
    let mut after_layer = Vec::new();
    for (t, layer) in model.layers.iter().enumerate() {
        let next = &layer.product.linear.output;
        let sc = layer.product.use_sc.then_some(next);
        let interaction = &layer.interaction;
        check_interaction(model, interaction, &features, sc)
            .map_err(|what| ModelError::malformed(format!("interactions.{t}: {what}")))?;
        features = next.clone();
        after_layer.push(features.clone());
    }
    for readout in &model.readouts {
        let (chain, last) = match &readout.kind {
            ReadoutKind::Linear(map) => (&[][..], map),
            ReadoutKind::NonLinear { hidden, last, .. } => (&hidden[..], last),
        };
        let mut width = after_layer[readout.layer].dim();
        for map in chain.iter().chain([last]) {
            if map.input.dim() != width {
                return Err(ModelError::malformed("a readout does not fit the features"));
            }
            width = map.output.dim();
        }
    }
    Ok(())
}

type Check = std::result::Result<(), String>;

fn check_interaction(
    model: &MaceModel,
    it: &Interaction,
    features: &Irreps,
    sc: Option<&Irreps>,
) -> Check {
    same("features", features, &it.up.input)?;
    let channels: usize = it.paths.iter().map(|p| p.channels).sum();
    if it.radial.outputs != channels {
        return Err(format!(
            "{} radial outputs for {channels} path channels",
            it.radial.outputs
        ));
    }
    if it.paths.iter().any(|p| p.l2 > model.l_max) {
        return Err("a path uses spherical harmonics that the model does not compute".to_owned());
    }
    let pair = it
        .pair_embedding
        .as_ref()
        .map_or(0, |p| p.source_len + p.target_len);
    let inputs = model.radial.basis.len() + pair;
    if it.radial.inputs != inputs {
        return Err(format!(
            "{} radial inputs, expected {inputs}",
            it.radial.inputs
        ));
    }
    if let Normalization::Density { net, .. } = &it.normalization
        && (net.inputs != inputs || net.outputs != 1)
    {
        return Err("the density network has the wrong shape".to_owned());
    }
    match &it.mixing {
        Mixing::Plain { linear, skip } => {
            same("messages", &it.message, &linear.input)?;
            same("mixed messages", &linear.output, &skip.input)?;
            same("atomic basis", &it.out, &skip.output)
        }
        Mixing::Residual { linear, skip } => {
            same("messages", &it.message, &linear.input)?;
            same("atomic basis", &it.out, &linear.output)?;
            check_skip(skip, features, sc)
        }
        Mixing::NonLinear {
            linear_1,
            residual,
            gate,
            linear_2,
            skip,
        } => {
            same("messages", &it.message, &linear_1.input)?;
            same("residual", &it.up.output, &residual.input)?;
            same("gate", &linear_1.output, &residual.output)?;
            let mut gate_input = scalars(gate.scalars + gate.gates);
            gate_input.0.extend_from_slice(&gate.gated.0);
            same("gate", &gate_input, &linear_1.output)?;
            let mut gate_output = scalars(gate.scalars);
            gate_output.0.extend_from_slice(&gate.gated.0);
            same("gate output", &gate_output, &linear_2.input)?;
            same("atomic basis", &it.out, &linear_2.output)?;
            same("skip connection", features, &skip.input)?;
            sc.map_or(Ok(()), |sc| same("skip connection", &skip.output, sc))
        }
    }
}

fn check_skip(skip: &SpeciesLinear, features: &Irreps, sc: Option<&Irreps>) -> Check {
    same("skip connection", features, &skip.input)?;
    sc.map_or(Ok(()), |sc| same("skip connection", &skip.output, sc))
}

fn scalars(mul: usize) -> Irreps {
    Irreps(vec![Block {
        mul,
        irrep: Irrep::SCALAR,
    }])
}

/// Layouts are the same where the non-empty blocks are; neighbouring blocks of one representation
/// may be joined on one side.
fn same(what: &str, given: &Irreps, taken: &Irreps) -> Check {
    if given.joined() == taken.joined() {
        Ok(())
    } else {
        Err(format!("{what}: {given} meets {taken}"))
    }
}

fn positive(what: &str, x: f64) -> Result<()> {
    if x > 0.0 {
        Ok(())
    } else {
        Err(ModelError::malformed(format!("{what} is {x}")))
    }
}
