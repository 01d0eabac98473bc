//! Layouts of the features of a frozen model, which its code does not name, and linear maps in
//! them. Degrees follow from gates and paths; parities follow from the harmonics through the
//! network, and where that contradicts itself the network has none and all is labelled even.
//! Imports siblings and irreps.

use super::probe::Affine;
use super::survey::Survey;
use crate::ml::equivariant::model::Gate;
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock};

/// Layouts between the parts of the layers.
#[derive(Debug)]
pub struct Layouts {
    /// Features before the first and after every layer.
    pub features: Vec<Irreps>,
    /// Messages of every layer, one block per path.
    pub messages: Vec<Irreps>,
    /// Input of the gate of every layer.
    pub sums: Vec<Irreps>,
}

fn other(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the deployed model has {what} of another form; give argyro the checkpoint that it was \
         deployed from"
    ))
}

/// Finds the layouts; `after` are the linear maps from the first components of the messages'
/// copies to the gates' inputs.
///
/// # Errors
/// Where the parts do not fit together.
pub fn layouts(survey: &Survey, gates: &[Gate], after: &[&Affine]) -> Result<Layouts> {
    match labelled(survey, gates, after, true)? {
        Some(found) => Ok(found),
        None => labelled(survey, gates, after, false)?.ok_or_else(|| other("features")),
    }
}

/// One component of a feature vector.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Label {
    l: usize,
    /// None where nothing leads to the component.
    odd: Option<bool>,
    /// Whether a copy starts here.
    start: bool,
}

/// The layouts with or without parities; None where parities contradict each other.
fn labelled(
    survey: &Survey,
    gates: &[Gate],
    after: &[&Affine],
    parity: bool,
) -> Result<Option<Layouts>> {
    let first = survey.layers.first().ok_or_else(|| other("no layers"))?;
    let even = Label {
        l: 0,
        odd: Some(false),
        start: true,
    };
    let mut labels = vec![even; first.widths[0]];
    let mut out = Layouts {
        features: Vec::new(),
        messages: Vec::new(),
        sums: Vec::new(),
    };
    for ((layer, gate), after) in survey.layers.iter().zip(gates).zip(after) {
        let cuts: Vec<(usize, usize)> = layer.paths.iter().map(|p| p.features).collect();
        let features = blocks(&labels, &cuts)?;
        let offsets = features.offsets();
        let mut messages = Vec::new();
        let mut sum = sum_labels(gate, layer.widths[2])?;
        let mut rows = after.rows.iter();
        for path in &layer.paths {
            let channels = path.weights.1 - path.weights.0;
            let from = offsets.iter().position(|&at| at == path.features.0);
            let from = from
                .and_then(|b| features.0.get(b))
                .ok_or_else(|| other("paths"))?;
            let l2 = (path.harmonics.0 as f64).sqrt() as usize;
            let dim = path.message.1 / channels.max(1);
            let odd = parity && (from.irrep.odd != (l2 % 2 == 1));
            messages.push(Block {
                mul: channels,
                irrep: Irrep {
                    l: (dim.max(1) - 1) / 2,
                    odd,
                },
            });
            for row in rows.by_ref().take(channels) {
                for (label, x) in sum.iter_mut().zip(row) {
                    if *x == 0.0 {
                        continue;
                    }
                    match label.odd {
                        Some(known) if known != odd => return Ok(None),
                        _ => label.odd = Some(odd),
                    }
                }
            }
        }
        spread_parity(gate, &mut sum);
        labels = gated_labels(gate, &sum, layer.widths[3])?;
        out.features.push(features);
        out.messages.push(Irreps(messages));
        out.sums.push(blocks(&sum, &[])?);
    }
    out.features.push(blocks(&labels, &[])?);
    Ok(Some(out))
}

/// Labels of a gate's input, without parities.
fn sum_labels(gate: &Gate, width: usize) -> Result<Vec<Label>> {
    let scalar = Label {
        l: 0,
        odd: None,
        start: true,
    };
    let mut labels = vec![scalar; width];
    for copies in &gate.gated {
        for k in 0..copies.mul * (2 * copies.l + 1) {
            let label = labels
                .get_mut(copies.input + k)
                .ok_or_else(|| other("a gate"))?;
            *label = Label {
                l: copies.l,
                odd: None,
                start: k % (2 * copies.l + 1) == 0,
            };
        }
    }
    Ok(labels)
}

/// All components of a copy have the parity of the first one that is known; what nothing leads to
/// is even.
fn spread_parity(gate: &Gate, labels: &mut [Label]) {
    for copies in &gate.gated {
        let dim = 2 * copies.l + 1;
        for u in 0..copies.mul {
            let from = copies.input + u * dim;
            let odd = labels[from..from + dim].iter().find_map(|label| label.odd);
            labels[from..from + dim]
                .iter_mut()
                .for_each(|label| label.odd = odd);
        }
    }
}

/// Labels of what a gate gives.
fn gated_labels(gate: &Gate, sum: &[Label], width: usize) -> Result<Vec<Label>> {
    let nothing = Label {
        l: 0,
        odd: None,
        start: true,
    };
    let mut labels = vec![nothing; width];
    let mut copy = |from: usize, to: usize, count: usize| -> Result<()> {
        let (Some(from), Some(to)) = (sum.get(from..from + count), labels.get_mut(to..to + count))
        else {
            return Err(other("a gate"));
        };
        to.copy_from_slice(from);
        Ok(())
    };
    for run in &gate.scalars {
        copy(run.input, run.output, run.mul)?;
    }
    for run in &gate.gated {
        copy(run.input, run.output, run.mul * (2 * run.l + 1))?;
    }
    Ok(labels)
}

/// Blocks of neighbouring copies with one label, cut at the given places as well.
fn blocks(labels: &[Label], cuts: &[(usize, usize)]) -> Result<Irreps> {
    let mut out: Vec<Block> = Vec::new();
    let mut at = 0;
    while at < labels.len() {
        let label = labels[at];
        let dim = 2 * label.l + 1;
        let end = at + dim;
        let inner = labels.get(at + 1..end).ok_or_else(|| other("features"))?;
        if !label.start || inner.iter().any(|c| c.start || c.l != label.l) {
            return Err(other("features"));
        }
        let irrep = Irrep {
            l: label.l,
            odd: label.odd.unwrap_or(false),
        };
        let cut = cuts.iter().any(|&(a, b)| a == at || b == at);
        match out.last_mut() {
            Some(last) if last.irrep == irrep && !cut => last.mul += 1,
            _ => out.push(Block { mul: 1, irrep }),
        }
        at = end;
    }
    Ok(Irreps(out))
}

/// The blocks between all pairs of blocks of one representation, whether zero or not.
///
/// # Errors
/// Where the map is not equivariant.
pub fn all_blocks(map: &Affine, input: &Irreps, output: &Irreps) -> Result<Vec<LinearBlock>> {
    let (from, to) = (input.offsets(), output.offsets());
    if map.rows.len() != input.dim() || map.constant.len() != output.dim() {
        return Err(other("linear maps"));
    }
    let mut left = map.rows.clone();
    let mut out = Vec::new();
    for (i, a) in input.0.iter().enumerate() {
        for (o, b) in output.0.iter().enumerate() {
            if a.irrep != b.irrep {
                continue;
            }
            let dim = a.irrep.dim();
            let mut weight = Vec::with_capacity(a.mul * b.mul);
            for u in 0..a.mul {
                for w in 0..b.mul {
                    let value = map.rows[from[i] + u * dim][to[o] + w * dim];
                    weight.push(value);
                    for m in 0..dim {
                        left[from[i] + u * dim + m][to[o] + w * dim + m] -= value;
                    }
                }
            }
            out.push(LinearBlock {
                input: i,
                output: o,
                weight,
            });
        }
    }
    let largest = map
        .rows
        .iter()
        .flatten()
        .fold(0.0f64, |m, x| m.max(x.abs()));
    if left.iter().flatten().any(|x| x.abs() > 1e-9 * largest) {
        return Err(other("linear maps"));
    }
    Ok(out)
}

/// A linear map from the images of all components.
///
/// # Errors
/// Where the map is not equivariant.
pub fn full(map: &Affine, input: &Irreps, output: &Irreps) -> Result<Linear> {
    let mut blocks = all_blocks(map, input, output)?;
    blocks.retain(|block| block.weight.iter().any(|w| *w != 0.0));
    Ok(Linear {
        input: input.clone(),
        output: output.clone(),
        blocks,
        bias: bias(map, output)?,
    })
}

/// A linear map from the images of the first components of all copies.
///
/// # Errors
/// Where the map is not equivariant.
pub fn by_copies(map: &Affine, input: &Irreps, output: &Irreps) -> Result<Linear> {
    let to = output.offsets();
    let copies: usize = input.0.iter().map(|b| b.mul).sum();
    if map.rows.len() != copies || map.constant.len() != output.dim() {
        return Err(other("linear maps"));
    }
    let mut blocks = Vec::new();
    let mut first = 0;
    for (i, a) in input.0.iter().enumerate() {
        let rows = &map.rows[first..first + a.mul];
        let mut seen = vec![false; output.dim()];
        for (o, b) in output
            .0
            .iter()
            .enumerate()
            .filter(|(_, b)| b.irrep == a.irrep)
        {
            let columns = (0..b.mul).map(|w| to[o] + w * b.irrep.dim());
            columns.clone().for_each(|c| seen[c] = true);
            let weight: Vec<f64> = rows
                .iter()
                .flat_map(|row| columns.clone().map(|c| row[c]))
                .collect();
            if weight.iter().any(|w| *w != 0.0) {
                blocks.push(LinearBlock {
                    input: i,
                    output: o,
                    weight,
                });
            }
        }
        let outside = |row: &Vec<f64>| row.iter().zip(&seen).any(|(x, s)| !s && *x != 0.0);
        if rows.iter().any(outside) {
            return Err(other("linear maps"));
        }
        first += a.mul;
    }
    Ok(Linear {
        input: input.clone(),
        output: output.clone(),
        blocks,
        bias: bias(map, output)?,
    })
}

/// Constants of the even scalars; empty where all are zero.
fn bias(map: &Affine, output: &Irreps) -> Result<Vec<f64>> {
    let mut out = Vec::new();
    for (block, at) in output.0.iter().zip(output.offsets()) {
        let these = &map.constant[at..at + block.dim()];
        if block.irrep == Irrep::SCALAR {
            out.extend_from_slice(these);
        } else if these.iter().any(|x| *x != 0.0) {
            return Err(other("linear maps"));
        }
    }
    if out.iter().all(|x| *x == 0.0) {
        out.clear();
    }
    Ok(out)
}
