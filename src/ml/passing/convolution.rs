//! Convolution of the features of neighbours with functions of the edges, prepared for the kernels:
//! `Phi_i[q][u, m3] = sum_j weight_q R_qu(r) sum_{m1 m2} w3j[m1, m2, m3] h_j[u, m1] Y_l2m2`.

use super::layout::Layout;
use crate::ml::layers::Path as ModelPath;
use crate::ml::radial::grid::Grid;
use crate::ml::radial::net::RadialFunctions;
use crate::ml::radial::table::{ColumnBlock, RadialTables};
use crate::ml::wigner::wigner_3j;
use crate::simd::message::{Copies, MOST_M1, MOST_M3, Path, Scalars, Term, runs};
use crate::simd::{Real, padded};
use std::ops::Range;

/// Paths of one layer and its radial functions.
#[derive(Debug)]
pub struct Convolution<T> {
    /// Length of a row of features.
    pub feature_width: usize,
    /// Length of a row of Phi.
    pub message_width: usize,
    /// The paths in the order in which they are done.
    pub steps: Vec<Step<T>>,
    /// Number of components of the couplings of all paths.
    pub couplings: usize,
    /// Radial functions.
    pub radial: RadialTables<T>,
    /// Columns of the radial functions of which the first is the density of an edge, where the
    /// functions have one.
    pub density: Option<Range<usize>>,
}

/// Paths that use the same columns of the radial functions.
#[derive(Debug)]
pub struct Step<T> {
    /// The columns.
    pub columns: Range<usize>,
    /// The paths; their columns count from the first of the step.
    pub kernel: Kernel<T>,
}

/// Kinds of paths.
#[derive(Debug)]
pub enum Kernel<T> {
    /// Messages from scalars, done together.
    Scalars(Scalars),
    /// Messages that do not depend on the direction, from other features.
    Copies(Copies),
    /// Any other path, in parts.
    Path(Vec<Path<T>>),
}

/// Where the messages of a path go in a row of Phi.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Component m3 = 0, first channel.
    pub offset: usize,
    /// Distance of components.
    pub stride: usize,
}

/// Paths and the rows that they connect.
pub struct Wiring<'a> {
    /// The paths.
    pub paths: &'a [ModelPath],
    /// Rows of features, one block per block of the paths' input.
    pub features: &'a Layout,
    /// Target of each path.
    pub targets: Vec<Target>,
    /// Length of a row of Phi.
    pub message_width: usize,
    /// Solid harmonics r^l Y_l in place of Y_l.
    pub solid: bool,
}

/// Radial functions of a layer and how they are evaluated.
pub struct Radial {
    /// The functions; the weights of the paths come first.
    pub functions: RadialFunctions,
    /// Nodes of their tables.
    pub grid: Grid,
    /// Evaluate the networks for each edge.
    pub exact: bool,
    /// Number of species.
    pub species: usize,
}

impl<T: Real> Convolution<T> {
    /// Prepares the convolution of one layer.
    pub fn new(wiring: &Wiring<'_>, radial: Radial) -> Convolution<T> {
        let mut plan = Plan {
            wiring,
            steps: Vec::new(),
            blocks: Vec::new(),
            width: 0,
            couplings: 0,
        };
        let mut done = vec![false; wiring.paths.len()];
        for input in 0..wiring.features.blocks.len() {
            plan.scalars(input, &mut done);
        }
        for (p, path) in wiring.paths.iter().enumerate().filter(|(p, _)| !done[*p]) {
            if path.l2 == 0 {
                plan.copies(p, path);
            } else {
                plan.path(p, path);
            }
        }
        let density = radial.functions.density.is_some().then(|| {
            let function = radial.functions.net.outputs;
            plan.columns((function, 1), 1.0, 0)
        });
        Convolution {
            feature_width: wiring.features.width,
            message_width: wiring.message_width,
            steps: plan.steps,
            couplings: plan.couplings,
            density,
            radial: RadialTables::new(
                radial.functions,
                plan.blocks,
                plan.width,
                radial.grid,
                radial.exact,
                radial.species,
            ),
        }
    }
}

/// A convolution as far as it is laid out.
struct Plan<'a, T> {
    wiring: &'a Wiring<'a>,
    steps: Vec<Step<T>>,
    blocks: Vec<ColumnBlock>,
    width: usize,
    couplings: usize,
}

impl<T: Real> Plan<'_, T> {
    /// New columns for functions from (first, count).
    fn columns(
        &mut self,
        (function, count): (usize, usize),
        factor: f64,
        power: u8,
    ) -> Range<usize> {
        let column = self.width;
        self.blocks.push(ColumnBlock {
            function,
            count,
            column,
            factor,
            power,
        });
        self.width += padded::<T>(count);
        column..self.width
    }

    /// Columns of a path. Its factor contains the only value 1 / sqrt(2 l3 + 1) of the Wigner
    /// symbol where l1 or l2 is zero, so that the coupling is Y itself or unity.
    fn columns_of(&mut self, path: &ModelPath) -> Range<usize> {
        let factor = if path.l1 == 0 || path.l2 == 0 {
            path.weight / ((2 * path.l3 + 1) as f64).sqrt()
        } else {
            path.weight
        };
        let power = if self.wiring.solid { path.l2 as u8 } else { 0 };
        self.columns((path.weight_offset, path.channels), factor, power)
    }

    /// The paths 0 x l -> l that leave block `input`.
    fn scalars(&mut self, input: usize, done: &mut [bool]) {
        let wiring = self.wiring;
        let find = |l: usize| {
            let mut paths = wiring.paths.iter();
            paths.position(|p| p.input == input && (p.l1, p.l2, p.l3) == (0, l, l))
        };
        let members: Vec<usize> = (0..4).map_while(find).collect();
        if members.is_empty() {
            return;
        }
        let block = wiring.features.blocks[input];
        let mut group = Scalars {
            degrees: members.len(),
            radial: [0; 4],
            message: [0; 4],
            stride: [0; 4],
            feature: block.offset,
            channels: block.padded,
        };
        let start = self.width;
        for (l, &p) in members.iter().enumerate() {
            done[p] = true;
            group.radial[l] = self.columns_of(&wiring.paths[p]).start - start;
            group.message[l] = wiring.targets[p].offset;
            group.stride[l] = wiring.targets[p].stride;
        }
        self.steps.push(Step {
            columns: start..self.width,
            kernel: Kernel::Scalars(group),
        });
    }

    /// The path `p`, l x 0 -> l.
    fn copies(&mut self, p: usize, path: &ModelPath) {
        let block = self.wiring.features.blocks[path.input];
        let columns = self.columns_of(path);
        self.steps.push(Step {
            columns,
            kernel: Kernel::Copies(Copies {
                dim: block.dim,
                radial: 0,
                feature: block.offset,
                message: self.wiring.targets[p].offset,
                stride: self.wiring.targets[p].stride,
                channels: block.padded,
            }),
        });
    }

    /// Any other path `p`.
    fn path(&mut self, p: usize, path: &ModelPath) {
        let block = self.wiring.features.blocks[path.input];
        let target = self.wiring.targets[p];
        let (d1, d3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
        // what `columns_of` took out of the Wigner symbol
        let norm = if path.l1 == 0 {
            (d3 as f64).sqrt()
        } else {
            1.0
        };
        let wigner = wigner_3j(path.l1, path.l2, path.l3);
        let mut parts = Vec::new();
        for (m1, n1) in runs(d1, MOST_M1) {
            for (m3, n3) in runs(d3, MOST_M3) {
                let inside = wigner.iter().filter(|(m, _)| {
                    (m1..m1 + n1).contains(&m[0]) && (m3..m3 + n3).contains(&m[2])
                });
                let term = |(m, value): &([usize; 3], f64)| Term {
                    k: (m[0] - m1) * n3 + m[2] - m3,
                    harmonic: path.l2 * path.l2 + m[1],
                    value: T::from_f64(value * norm),
                };
                let mut terms: Vec<Term<T>> = inside.map(term).collect();
                terms.sort_by_key(|t| t.harmonic);
                parts.push(Path {
                    d1: n1,
                    d3: n3,
                    coupling: self.couplings,
                    radial: 0,
                    feature: block.offset + m1 * block.padded,
                    message: target.offset + m3 * target.stride,
                    stride: target.stride,
                    channels: block.padded,
                    terms,
                });
                self.couplings += n1 * n3;
            }
        }
        let columns = self.columns_of(path);
        self.steps.push(Step {
            columns,
            kernel: Kernel::Path(parts),
        });
    }
}
