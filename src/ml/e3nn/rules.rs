//! Rules by which e3nn lays out networks: which blocks a linear map or tensor product connects, in
//! which order their weights follow each other, and where a gate finds its parts. Files that hold
//! bare arrays and settings (checkpoints) are read by them.
//!
//! Arrays come from files: every function checks their lengths.
//! Imports irreps, the plain data of layers and of the gate, and the model error.

use std::collections::HashMap;

use crate::ml::activation::{Activation, Function};
use crate::ml::equivariant::model::{Gate, GateCopies, GateScalars};
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, LinearBlock, Path, SpeciesLinear};

/// Most paths of one tensor product.
pub const MAX_PATHS: usize = 4096;

/// Most instructions of one linear map.
const MAX_INSTRUCTIONS: usize = 1 << 16;

/// One instruction of a linear map: from block to block with a coefficient.
#[derive(Debug, Clone, Copy)]
pub struct Instruction {
    /// Block of the input.
    pub input: usize,
    /// Block of the output.
    pub output: usize,
    /// Factor of the weights.
    pub coefficient: f64,
}

/// Unit vectors of the species, \[species\]\[species\].
pub fn identity(species: usize) -> Vec<f64> {
    let mut rows = vec![0.0; species * species];
    rows.iter_mut().step_by(species + 1).for_each(|x| *x = 1.0);
    rows
}

/// Instructions of `Linear` and `FullyConnectedTensorProduct`: every pair of blocks of one
/// representation, input by input, with the coefficient 1 / sqrt(inputs of the output block);
/// each channel of the input counts `copies` times.
///
/// # Errors
/// Where there are more than [`MAX_INSTRUCTIONS`].
fn instructions(input: &Irreps, output: &Irreps, copies: usize) -> Result<Vec<Instruction>> {
    let mut fans: HashMap<Irrep, f64> = HashMap::new();
    for block in &input.0 {
        *fans.entry(block.irrep).or_default() += block.mul as f64 * copies as f64;
    }
    let mut list = Vec::new();
    for (i, from) in input.0.iter().enumerate() {
        let fan = fans.get(&from.irrep).copied().unwrap_or(1.0);
        for (o, _) in (output.0.iter().enumerate()).filter(|(_, to)| to.irrep == from.irrep) {
            list.push(Instruction {
                input: i,
                output: o,
                coefficient: 1.0 / fan.max(1.0).sqrt(),
            });
        }
        if list.len() > MAX_INSTRUCTIONS {
            return Err(ModelError::malformed("a linear map of too many blocks"));
        }
    }
    Ok(list)
}

/// Cuts the weights (u, v, w) of consecutive instructions apart and contracts v with the
/// attributes \[species\]\[v\]; the result is (species, u, w), coefficients included.
///
/// # Errors
/// Where an instruction names blocks that do not exist or do not match, or the number of weights
/// is not theirs.
pub fn blocks(
    input: &Irreps,
    output: &Irreps,
    instructions: &[Instruction],
    weight: &[f64],
    attributes: &[f64],
    species: usize,
) -> Result<Vec<LinearBlock>> {
    let bad = |text: String| Err(ModelError::malformed(text));
    let width = attributes.len() / species.max(1);
    if width == 0 {
        return bad("the vectors of the species are empty".to_owned());
    }
    let mut out = Vec::new();
    let mut rest = weight;
    for &Instruction {
        input: i,
        output: o,
        coefficient,
    } in instructions
    {
        let (Some(from), Some(to)) = (input.0.get(i), output.0.get(o)) else {
            return bad("an instruction names a block that is not there".to_owned());
        };
        if from.irrep != to.irrep {
            let (from, to) = (from.irrep, to.irrep);
            return bad(format!("an instruction maps {from} to {to}"));
        }
        let count = (from.mul.checked_mul(to.mul)).and_then(|n| n.checked_mul(width));
        let Some((these, others)) = count.and_then(|n| rest.split_at_checked(n)) else {
            return bad(format!("there are too few weights for {input} -> {output}"));
        };
        rest = others;
        let mut weight = vec![0.0; species * from.mul * to.mul];
        for (z, attributes) in attributes.chunks_exact(width).enumerate() {
            let table = &mut weight[z * from.mul * to.mul..][..from.mul * to.mul];
            for (v, &a) in attributes.iter().enumerate().filter(|(_, a)| **a != 0.0) {
                for u in 0..from.mul {
                    let row = &these[(u * width + v) * to.mul..][..to.mul];
                    let sums = table[u * to.mul..].iter_mut();
                    sums.zip(row).for_each(|(s, w)| *s += a * coefficient * w);
                }
            }
        }
        out.push(LinearBlock {
            input: i,
            output: o,
            weight,
        });
    }
    if rest.is_empty() {
        Ok(out)
    } else {
        bad(format!(
            "there are too many weights for {input} -> {output}"
        ))
    }
}

/// `Linear` from its flat weights; `bias` is empty for none.
///
/// # Errors
/// Where the numbers of weights or biases do not fit.
pub fn linear(input: &Irreps, output: &Irreps, weight: &[f64], bias: &[f64]) -> Result<Linear> {
    if !bias.is_empty() && bias.len() != output.scalars() {
        let n = bias.len();
        return Err(ModelError::malformed(format!("{n} biases for {output}")));
    }
    let list = instructions(input, output, 1)?;
    Ok(Linear {
        input: input.clone(),
        output: output.clone(),
        blocks: blocks(input, output, &list, weight, &[1.0], 1)?,
        bias: bias.to_vec(),
    })
}

/// `FullyConnectedTensorProduct` with a vector of even scalars per species, `attributes`
/// \[species\]\[V\], from its flat weights (u, v, w).
///
/// # Errors
/// Where the number of weights does not fit.
pub fn species_linear(
    input: &Irreps,
    output: &Irreps,
    weight: &[f64],
    attributes: &[f64],
    species: usize,
) -> Result<SpeciesLinear> {
    let list = instructions(input, output, attributes.len() / species.max(1))?;
    Ok(SpeciesLinear {
        input: input.clone(),
        output: output.clone(),
        blocks: blocks(input, output, &list, weight, attributes, species)?,
    })
}

/// Order in which the weights of a tensor product's paths follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightOrder {
    /// Of the loops: input block, harmonic, output degree (NequIP; SevenNet before 0.11).
    Loop,
    /// Of the output blocks (SevenNet from 0.11 on).
    Output,
}

/// Paths of the product of features with one spherical harmonic of each of `harmonics` (degrees
/// 0, 1, ..), to all representations that `keep` accepts, and the layout of the result. Factors
/// are sqrt(2 l3 + 1).
///
/// # Errors
/// Where there is no path, or there are too many.
pub fn tensor_product(
    features: &Irreps,
    harmonics: &[Irrep],
    keep: impl Fn(Irrep) -> bool,
    order: WeightOrder,
) -> Result<(Vec<Path>, Irreps)> {
    let mut paths: Vec<Path> = Vec::new();
    let mut blocks = Vec::new();
    for (input, from) in features.0.iter().enumerate() {
        for y in harmonics {
            let (l1, l2) = (from.irrep.l, y.l);
            for l3 in l1.abs_diff(l2)..=l1 + l2 {
                let irrep = Irrep {
                    l: l3,
                    odd: from.irrep.odd != y.odd,
                };
                if !keep(irrep) {
                    continue;
                }
                if paths.len() >= MAX_PATHS {
                    return Err(ModelError::malformed("a tensor product of too many paths"));
                }
                blocks.push(Block {
                    mul: from.mul,
                    irrep,
                });
                paths.push(Path {
                    input,
                    l1,
                    l2,
                    l3,
                    channels: from.mul,
                    weight_offset: 0,
                    message_offset: 0,
                    weight: ((2 * l3 + 1) as f64).sqrt(),
                });
            }
        }
    }
    if paths.is_empty() {
        return Err(ModelError::malformed("a tensor product without paths"));
    }
    let (message, position) = Irreps(blocks).sorted();
    let offsets = message.offsets();
    let mut by_weight: Vec<usize> = (0..paths.len()).collect();
    if order == WeightOrder::Output {
        by_weight.sort_by_key(|&q| position[q]);
    }
    let mut weight_offset = 0;
    for q in by_weight {
        paths[q].weight_offset = weight_offset;
        paths[q].message_offset = offsets[position[q]];
        weight_offset += paths[q].channels;
    }
    Ok((paths, message))
}

/// e3nn `Gate` of scalars, gates and gated blocks, each scalar block with its activation: the
/// parts stand in the input in the order of their irreps (0o before 0e, 1o before 1e, ..), parts
/// of one irrep in the order scalars, gates, gated; the output is the scalars, then the gated.
///
/// # Errors
/// Where there are not as many gates as gated copies, or a function of neither parity is applied
/// to odd scalars.
pub fn gate(
    scalars: &[(Block, Activation)],
    gates: &[(Block, Activation)],
    gated: &Irreps,
) -> Result<Gate> {
    let bad = |text: &str| Err(ModelError::malformed(format!("gate: {text}")));
    let heads = scalars.iter().chain(gates).map(|(block, _)| *block);
    if heads.clone().any(|block| block.irrep.l != 0) {
        return bad("scalars or gates of degree above 0");
    }
    let all = Irreps(heads.chain(gated.0.iter().copied()).collect());
    if all.dim() > super::MAX_DIM {
        return bad("too many components");
    }
    let (input, position) = all.sorted();
    let starts = input.offsets();
    let start = |part: usize| starts[position[part]];
    let mut output = Vec::new();
    let mut to = 0;
    let mut scalar_runs = Vec::new();
    for (part, (block, activation)) in scalars.iter().enumerate() {
        let Some(odd) = parity_after(block.irrep.odd, activation.function) else {
            return bad("an activation of neither parity on odd scalars");
        };
        output.push(Block {
            mul: block.mul,
            irrep: Irrep { l: 0, odd },
        });
        scalar_runs.push(GateScalars {
            input: start(part),
            output: to,
            mul: block.mul,
            activation: *activation,
        });
        to += block.mul;
    }
    // gates one by one: position, activation, parity after it
    let mut singles = Vec::new();
    for (g, (block, activation)) in gates.iter().enumerate() {
        let Some(odd) = parity_after(block.irrep.odd, activation.function) else {
            return bad("an activation of neither parity on odd gates");
        };
        let first = start(scalars.len() + g);
        singles.extend((0..block.mul).map(|u| (first + u, *activation, odd)));
    }
    let copies: usize = gated.0.iter().map(|b| b.mul).sum();
    if singles.len() != copies {
        return bad("the numbers of gates and of gated copies differ");
    }
    let mut singles = singles.into_iter().peekable();
    let mut gated_runs = Vec::new();
    for (part, block) in gated.0.iter().enumerate() {
        let from = start(scalars.len() + gates.len() + part);
        let dim = block.irrep.dim();
        let mut done = 0;
        while done < block.mul {
            let Some(first) = singles.next() else {
                return bad("the numbers of gates and of gated copies differ");
            };
            let mut mul = 1;
            let follows = |next: &(usize, Activation, bool), mul: usize| {
                next.0 == first.0 + mul && next.1 == first.1 && next.2 == first.2
            };
            while done + mul < block.mul && singles.next_if(|n| follows(n, mul)).is_some() {
                mul += 1;
            }
            output.push(Block {
                mul,
                irrep: Irrep {
                    l: block.irrep.l,
                    odd: block.irrep.odd != first.2,
                },
            });
            gated_runs.push(GateCopies {
                gate: first.0,
                input: from + done * dim,
                output: to,
                mul,
                l: block.irrep.l,
                activation: first.1,
            });
            to += mul * dim;
            done += mul;
        }
    }
    Ok(Gate {
        input: input.joined(),
        output: Irreps(output),
        scalars: scalar_runs,
        gated: gated_runs,
    })
}

/// Parity of f(x) for x of the given parity; None where f has no parity and x is odd.
fn parity_after(odd: bool, function: Function) -> Option<bool> {
    match function {
        _ if !odd => Some(false),
        Function::Identity | Function::Tanh => Some(true),
        Function::Abs => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn irreps(text: &str) -> Irreps {
        Irreps::parse(text).unwrap()
    }

    fn act(function: Function) -> Activation {
        Activation {
            function,
            factor: 1.5,
        }
    }

    #[test]
    fn linear_weights_follow_the_inputs() {
        // 2x0e -> (1x0e, 1x0e') and 1x0e -> both: inputs outside, outputs inside
        let weight: Vec<f64> = (1..=6).map(f64::from).collect();
        let map = linear(
            &irreps("2x0e+1x1o+1x0e"),
            &irreps("1x0e+1x0e"),
            &weight,
            &[],
        )
        .unwrap();
        let found: Vec<_> = map.blocks.iter().map(|b| (b.input, b.output)).collect();
        assert_eq!(found, [(0, 0), (0, 1), (2, 0), (2, 1)]);
        let third = 1.0 / 3f64.sqrt();
        assert_eq!(map.blocks[1].weight, [3.0 * third, 4.0 * third]);
        assert!(linear(&irreps("2x0e"), &irreps("1x0e"), &[1.0], &[]).is_err());
        assert!(linear(&irreps("2x0e"), &irreps("1x0e"), &[1.0; 3], &[]).is_err());
        assert!(linear(&irreps("2x0e"), &irreps("1x0e"), &[1.0; 2], &[0.0; 2]).is_err());
    }

    #[test]
    fn species_weights_are_contracted_with_the_attributes() {
        // weights (u, v, w) = (2, 3, 1), attributes of two species
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let attributes = [1.0, 0.0, 2.0, 0.0, 1.0, 0.0];
        let map = species_linear(&irreps("2x1o"), &irreps("1x1o"), &weight, &attributes, 2);
        let sixth = 1.0 / 6f64.sqrt();
        let expected = [7.0, 16.0, 2.0, 5.0].map(|x| x * sixth);
        let got = &map.unwrap().blocks[0].weight;
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14));
        assert_eq!(identity(2), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn paths_keep_the_order_of_the_loops_or_of_the_output() {
        let features = irreps("4x0e+2x1o");
        let harmonics: Vec<Irrep> = (0..=1).map(Irrep::spherical).collect();
        let keep = |irrep: Irrep| irrep.l < 2;
        let (paths, message) =
            tensor_product(&features, &harmonics, keep, WeightOrder::Loop).unwrap();
        assert_eq!(message.to_string(), "4x0e+2x0e+4x1o+2x1o+2x1e");
        let numbers: Vec<_> = paths.iter().map(|p| (p.l1, p.l2, p.l3)).collect();
        assert_eq!(
            numbers,
            [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)]
        );
        let places = |paths: &[Path]| -> Vec<(usize, usize)> {
            let pairs = paths.iter().map(|p| (p.weight_offset, p.message_offset));
            pairs.collect()
        };
        assert_eq!(places(&paths), [(0, 0), (4, 6), (8, 18), (10, 4), (12, 24)]);
        let (paths, _) = tensor_product(&features, &harmonics, keep, WeightOrder::Output).unwrap();
        assert_eq!(places(&paths), [(0, 0), (6, 6), (10, 18), (4, 4), (12, 24)]);
    }

    #[test]
    fn gates_stand_behind_the_scalars_of_their_parity() {
        let block = |text: &str| irreps(text).0[0];
        let silu = act(Function::Silu);
        let tanh = act(Function::Tanh);
        let scalars = [(block("3x0e"), silu), (block("2x0o"), tanh)];
        let gates = [(block("1x0e"), silu), (block("2x0e"), silu)];
        let gate = gate(&scalars, &gates, &irreps("1x1e+2x1o")).unwrap();
        assert_eq!(gate.input.to_string(), "2x0o+6x0e+2x1o+1x1e");
        assert_eq!(gate.output.to_string(), "3x0e+2x0o+1x1e+2x1o");
        let places: Vec<_> = gate.scalars.iter().map(|s| (s.input, s.output)).collect();
        assert_eq!(places, [(2, 0), (0, 3)]);
        let runs: Vec<_> = gate
            .gated
            .iter()
            .map(|g| (g.gate, g.input, g.output))
            .collect();
        assert_eq!(runs, [(5, 14, 5), (6, 8, 8)]);
        let odd = [(block("2x0o"), silu)];
        assert!(super::gate(&odd, &[], &Irreps::default()).is_err());
        assert!(super::gate(&scalars, &gates, &irreps("4x1o")).is_err());
    }
}
