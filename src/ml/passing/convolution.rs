//! Convolution of the features of neighbours with functions of the edges, prepared for the kernels:
//! `Phi_i[q][u, m3] = sum_j weight_q R_qu(r) sum_{m1 m2} w3j[m1, m2, m3] h_j[u, m1] Y_l2m2`.

use super::layout::Layout;
use crate::ml::brick::Unsupported;
use crate::ml::layers::Path as ModelPath;
use crate::ml::radial::grid::Grid;
use crate::ml::radial::net::RadialFunctions;
use crate::ml::radial::table::{ColumnBlock, RadialTables};
use crate::ml::wigner::wigner_3j;
use crate::simd::message::{Copies, CouplingTerm, Path, Scalars};
use crate::simd::{Real, padded};

/// Paths of one layer and its radial functions.
#[derive(Debug)]
pub struct Convolution<T> {
    /// Length of a row of features.
    pub feature_width: usize,
    /// Length of a row of Phi.
    pub message_width: usize,
    /// Messages from scalars, done together.
    pub scalars: Vec<Scalars>,
    /// Messages that do not depend on the direction, from other features.
    pub copies: Vec<Copies>,
    /// Other paths.
    pub paths: Vec<Path>,
    /// Couplings of `paths` from spherical harmonics.
    pub terms: Vec<CouplingTerm<T>>,
    /// Number of components of the couplings.
    pub couplings: usize,
    /// Radial functions.
    pub radial: RadialTables<T>,
    /// Column of the radial functions that is the density of an edge, where the functions have one.
    pub density: Option<usize>,
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
    ///
    /// # Errors
    /// More couplings than the kernels can number.
    pub fn new(wiring: &Wiring<'_>, radial: Radial) -> Result<Convolution<T>, Unsupported> {
        let columns = Columns::new::<T>(wiring, &radial);
        let mut grouped = vec![false; wiring.paths.len()];
        let scalars = group(wiring, &columns, &mut grouped);
        let copies = copies(wiring, &columns, &mut grouped);
        let rest: Vec<usize> = (0..grouped.len()).filter(|&p| !grouped[p]).collect();
        let (paths, terms, couplings) = couple(wiring, &rest, &columns)?;
        Ok(Convolution {
            feature_width: wiring.features.width,
            message_width: wiring.message_width,
            scalars,
            copies,
            paths,
            terms,
            couplings,
            density: columns.density,
            radial: RadialTables::new(
                radial.functions,
                columns.blocks,
                columns.width,
                radial.grid,
                radial.exact,
                radial.species,
            ),
        })
    }
}

/// Columns of a row of radial functions.
struct Columns {
    /// First column of each path.
    paths: Vec<usize>,
    blocks: Vec<ColumnBlock>,
    density: Option<usize>,
    width: usize,
}

impl Columns {
    fn new<T: Real>(wiring: &Wiring<'_>, radial: &Radial) -> Columns {
        let mut out = Columns {
            paths: Vec::new(),
            blocks: Vec::new(),
            density: None,
            width: 0,
        };
        for path in wiring.paths {
            out.paths.push(out.width);
            out.blocks.push(ColumnBlock {
                function: path.weight_offset,
                count: path.channels,
                column: out.width,
                factor: factor(path),
                power: if wiring.solid { path.l2 as u8 } else { 0 },
            });
            out.width += padded::<T>(path.channels);
        }
        if radial.functions.density.is_some() {
            out.density = Some(out.width);
            out.blocks.push(ColumnBlock {
                function: radial.functions.net.outputs,
                count: 1,
                column: out.width,
                factor: 1.0,
                power: 0,
            });
            out.width += T::LANES;
        }
        out
    }
}

/// Factor of the radial functions of a path. Where l1 or l2 is zero it contains the only value
/// 1 / sqrt(2 l3 + 1) of the Wigner symbol, so that the coupling is Y itself or unity.
fn factor(path: &ModelPath) -> f64 {
    if path.l1 == 0 || path.l2 == 0 {
        path.weight / ((2 * path.l3 + 1) as f64).sqrt()
    } else {
        path.weight
    }
}

/// Groups of paths 0 x l -> l that leave the same block.
fn group(wiring: &Wiring<'_>, columns: &Columns, grouped: &mut [bool]) -> Vec<Scalars> {
    let mut groups = Vec::new();
    for (input, block) in wiring.features.blocks.iter().enumerate() {
        let find = |l: usize| {
            let mut paths = wiring.paths.iter();
            paths.position(|p| p.input == input && (p.l1, p.l2, p.l3) == (0, l, l))
        };
        let members: Vec<usize> = (0..4).map_while(find).collect();
        if members.is_empty() {
            continue;
        }
        let mut group = Scalars {
            degrees: members.len(),
            radial: [0; 4],
            message: [0; 4],
            stride: [0; 4],
            feature: block.offset,
            channels: block.padded,
        };
        for (l, &p) in members.iter().enumerate() {
            grouped[p] = true;
            group.radial[l] = columns.paths[p];
            group.message[l] = wiring.targets[p].offset;
            group.stride[l] = wiring.targets[p].stride;
        }
        groups.push(group);
    }
    groups
}

/// Paths l x 0 -> l that are not yet in a group.
fn copies(wiring: &Wiring<'_>, columns: &Columns, grouped: &mut [bool]) -> Vec<Copies> {
    let mut copies = Vec::new();
    for (p, path) in wiring.paths.iter().enumerate() {
        if grouped[p] || path.l2 != 0 {
            continue;
        }
        grouped[p] = true;
        let block = wiring.features.blocks[path.input];
        copies.push(Copies {
            dim: block.dim,
            radial: columns.paths[p],
            feature: block.offset,
            message: wiring.targets[p].offset,
            stride: wiring.targets[p].stride,
            channels: block.padded,
        });
    }
    copies
}

type Coupled<T> = (Vec<Path>, Vec<CouplingTerm<T>>, usize);

fn couple<T: Real>(
    wiring: &Wiring<'_>,
    rest: &[usize],
    columns: &Columns,
) -> Result<Coupled<T>, Unsupported> {
    let mut paths = Vec::new();
    let mut terms = Vec::new();
    let mut couplings = 0;
    for &p in rest {
        let path = &wiring.paths[p];
        let block = wiring.features.blocks[path.input];
        let (d1, d3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
        if couplings + d1 * d3 > usize::from(u16::MAX) {
            return Err(Unsupported::new("so many couplings"));
        }
        // what `factor` took out of the Wigner symbol
        let norm = if path.l1 == 0 {
            (d3 as f64).sqrt()
        } else {
            1.0
        };
        for ([m1, m2, m3], value) in wigner_3j(path.l1, path.l2, path.l3) {
            terms.push(CouplingTerm {
                coupling: (couplings + m1 * d3 + m3) as u16,
                harmonic: (path.l2 * path.l2 + m2) as u16,
                value: T::from_f64(value * norm),
            });
        }
        paths.push(Path {
            d1,
            d3,
            coupling: couplings,
            radial: columns.paths[p],
            feature: block.offset,
            message: wiring.targets[p].offset,
            stride: wiring.targets[p].stride,
            channels: block.padded,
        });
        couplings += d1 * d3;
    }
    Ok((paths, terms, couplings))
}
