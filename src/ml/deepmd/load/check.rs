//! Comparison of the parts of a model with each other: what one gives must be what the next takes.
//! The evaluations index without further checks after this.

use super::build::{MAX_SLOTS, MAX_TYPES, bad};
use crate::ml::deepmd::model::{
    DeepmdModel, Dense, Descriptor, Embedding, Environment, Network, PairEmbeddings, Residual,
    SeAtten, Selection, Switch, TypeInput,
};
use crate::ml::error::Result;

/// Checks that all lengths fit together and the scalar parameters are within their ranges.
///
/// # Errors
/// Names the first parts that do not fit.
pub fn check(model: &DeepmdModel) -> Result<()> {
    let types = model.types();
    if types == 0 || types > MAX_TYPES {
        return bad(format!("the model knows {types} types"));
    }
    let lengths = [
        model.energy_bias.len() == types,
        model.excluded_atoms.len() == types,
        model.fitting.subtract_vacuum.len() == types,
        model.excluded_pairs.len() == types * types,
    ];
    if lengths.contains(&false) {
        return bad("a list per type has another length than the list of types");
    }
    if model.energy_bias.iter().any(|x| !x.is_finite()) {
        return bad("an energy bias is not finite");
    }
    descriptor(&model.descriptor, types)?;
    let fitting = &model.fitting;
    for part in [&fitting.frame, &fitting.atomic] {
        let default = part.default.as_ref().is_none_or(|d| d.len() == part.len());
        if part.inverse_std.len() != part.len() || !default {
            return bad("the statistics of the parameters have different lengths");
        }
    }
    let inputs =
        model.descriptor.width() + fitting.frame.len() + fitting.atomic.len() + fitting.case.len();
    if fitting.networks.len() != 1 && fitting.networks.len() != types {
        return bad(format!(
            "{} fitting networks for {types} types",
            fitting.networks.len()
        ));
    }
    for net in &fitting.networks {
        network(net)?;
        if net.inputs() != inputs || net.outputs() != 1 {
            return bad(format!(
                "a fitting network from {} to {} numbers; {inputs} to 1 are needed",
                net.inputs(),
                net.outputs()
            ));
        }
    }
    Ok(())
}

fn descriptor(d: &Descriptor, types: usize) -> Result<()> {
    match d {
        Descriptor::SeE2A(d) => {
            environment(&d.environment, types, 4, true)?;
            embeddings(&d.embeddings, types)?;
            axis(d.axis, d.embeddings.outputs(), d.divisor)
        }
        Descriptor::SeE2R(d) => {
            environment(&d.environment, types, 1, true)?;
            embeddings(&d.embeddings, types)
        }
        Descriptor::SeE3(d) => {
            environment(&d.environment, types, 4, true)?;
            if d.embeddings.len() != types * types {
                return bad("the embeddings of se_e3 are not one per pair of types");
            }
            for (at, embedding) in d.embeddings.iter().enumerate() {
                let needed = at / types <= at % types;
                match embedding {
                    Some(e) if needed => check_embedding(e, d.outputs())?,
                    None if !needed => {}
                    _ => return bad("an embedding of se_e3 is missing"),
                }
            }
            Ok(())
        }
        Descriptor::SeAtten(d) => attention(d, types),
        Descriptor::Hybrid(list) if list.is_empty() || list.len() > 100 => {
            bad(format!("a hybrid of {} descriptors", list.len()))
        }
        Descriptor::Hybrid(list) => list.iter().try_for_each(|d| descriptor(d, types)),
    }
}

fn environment(e: &Environment, types: usize, columns: usize, sections: bool) -> Result<()> {
    let radii = e.cutoff.is_finite() && e.smooth.is_finite();
    if !radii || e.cutoff <= 0.0 || e.smooth >= e.cutoff || e.cutoff > 1e3 || e.smooth < 0.0 {
        return bad(format!(
            "a cutoff of {} with the switch from {}",
            e.cutoff, e.smooth
        ));
    }
    if e.switch == Switch::Exponential && e.smooth <= 0.0 {
        return bad("an exponential switch from 0");
    }
    if !(e.protection.is_finite() && e.protection >= 0.0) {
        return bad(format!("a protection of {}", e.protection));
    }
    let per_type = match &e.selection {
        Selection::PerType(sel) => {
            if sel.len() != types || sel.iter().any(|&n| n > MAX_SLOTS) {
                return bad("`sel` does not fit the list of types");
            }
            true
        }
        Selection::Total(_) => false,
    };
    let slots = e.selection.slots();
    let size = types * slots * e.columns;
    if per_type != sections || e.columns != columns || slots == 0 || slots > MAX_SLOTS {
        return bad(format!("an environment of {slots} slots"));
    }
    if e.mean.len() != size || e.stddev.len() != size || e.excluded.len() != types * types {
        return bad("the statistics of the environment do not fit `sel`");
    }
    let positive = |x: &f64| x.is_finite() && *x != 0.0;
    if !e.stddev.iter().all(positive) || !e.mean.iter().all(|x| x.is_finite()) {
        return bad("a standard deviation of the environment is 0 or not finite");
    }
    Ok(())
}

fn axis(axis: usize, outputs: usize, divisor: f64) -> Result<()> {
    if axis == 0 || axis > outputs || !(divisor.is_finite() && divisor > 0.0) {
        return bad(format!("axis_neuron is {axis} for {outputs} neurons"));
    }
    Ok(())
}

fn embeddings(list: &PairEmbeddings, types: usize) -> Result<()> {
    let expected = if list.one_side { types } else { types * types };
    if list.list.len() != expected {
        return bad(format!(
            "{} embedding networks, expected {expected}",
            list.list.len()
        ));
    }
    let outputs = list.outputs();
    list.list
        .iter()
        .try_for_each(|e| check_embedding(e, outputs))
}

fn check_embedding(e: &Embedding, outputs: usize) -> Result<()> {
    if e.outputs() != outputs || outputs == 0 {
        return bad("the embeddings have different numbers of outputs");
    }
    match e {
        Embedding::Network(net) if net.inputs() != 1 => bad("an embedding with several inputs"),
        Embedding::Network(net) => network(net),
        Embedding::Table(table) => {
            let whole = table.coefficients.len() == table.nodes() * 6 * table.outputs;
            let inside = table.segments.iter().all(|s| s.first < table.nodes());
            let finite = table.coefficients.iter().all(|x| x.is_finite());
            if whole && inside && finite {
                Ok(())
            } else {
                bad("the table of a compressed embedding is damaged")
            }
        }
        Embedding::Zero(_) => Ok(()),
    }
}

fn network(net: &Network) -> Result<()> {
    net.layers.iter().try_for_each(layer)
}

fn layer(layer: &Dense) -> Result<()> {
    let vector = |v: &[f64]| v.is_empty() || v.len() == layer.outputs;
    let fits = layer.weight.len() == layer.inputs * layer.outputs
        && vector(&layer.bias)
        && vector(&layer.step);
    let residual = match layer.residual {
        Residual::None => true,
        Residual::Same => layer.outputs == layer.inputs,
        Residual::Twice => layer.outputs == 2 * layer.inputs,
    };
    let mut numbers = layer.weight.iter().chain(&layer.bias).chain(&layer.step);
    if fits && residual && numbers.all(|x| x.is_finite()) {
        Ok(())
    } else {
        bad("the arrays of a layer do not fit each other or are not finite")
    }
}

fn attention(d: &SeAtten, types: usize) -> Result<()> {
    environment(&d.environment, types, 4, false)?;
    let width = d.outputs();
    axis(d.axis, width, d.divisor)?;
    let rows = types + 1;
    if d.type_embedding.len() != rows * d.tebd_width || d.tebd_width == 0 || d.padding_row > types {
        return bad("the type embedding does not fit the list of types");
    }
    let sides = if d.one_side { 1 } else { 2 };
    match &d.input {
        TypeInput::Concat(net) => {
            network(net)?;
            if net.inputs() != 1 + sides * d.tebd_width {
                return bad("the embedding network does not take the type embedding");
            }
        }
        TypeInput::Strip { radial, types, .. } => {
            check_embedding(radial, width)?;
            if types.len() != rows.pow(sides as u32) * width || types.iter().any(|x| !x.is_finite())
            {
                return bad("the table of the type embedding has the wrong size");
            }
        }
    }
    for a in &d.attention {
        layer(&a.input)?;
        layer(&a.output)?;
        let fits = (a.input.inputs, a.input.outputs) == (width, 3 * a.hidden)
            && (a.output.inputs, a.output.outputs) == (a.hidden, width)
            && (a.norm_weight.len(), a.norm_bias.len()) == (width, width);
        let finite = a.scaling.is_finite() && a.norm_eps.is_finite();
        if !fits || !finite || a.norm_eps <= 0.0 {
            return bad("an attention layer does not fit the embedding");
        }
    }
    Ok(())
}
