//! An ACE potential as data: what a file says, checked. Imports the functions that it is made of.

use super::embedding::Embedding;
use super::radial::{Bond, Core};

/// Largest degree l of the spherical harmonics.
pub const MAX_L: usize = 20;

/// Largest number of radial functions of a kind, and of species.
pub const MAX_COUNT: usize = 250;

/// Largest number of factors of a product.
pub const MAX_RANK: usize = 16;

/// Which radial function a factor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Radial {
    /// g_n itself, n from 0: products of one factor.
    Basis(u8),
    /// R_nl, n from 0: all others.
    Mixed(u8),
}

/// A factor A of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Species of the neighbours.
    pub species: u8,
    /// Radial function.
    pub radial: Radial,
    /// Degree.
    pub l: u8,
    /// Order, -l to l.
    pub m: i8,
}

/// The products of one species of the central atom, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Expansion {
    /// Number of factors of every product.
    ranks: Vec<u8>,
    /// Factors of all products.
    factors: Vec<Factor>,
    /// Coefficients of all products, one per density.
    coefficients: Vec<f64>,
    /// Number of functions in the file of one factor and of more.
    pub functions: [usize; 2],
}

impl Expansion {
    /// Appends a product; `coefficients` are as many as densities.
    pub fn push(&mut self, factors: &[Factor], coefficients: &[f64]) {
        self.ranks.push(factors.len() as u8);
        self.factors.extend_from_slice(factors);
        self.coefficients.extend_from_slice(coefficients);
    }

    /// Number of products.
    pub fn len(&self) -> usize {
        self.ranks.len()
    }

    /// True where there are no products.
    pub fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// Factors and coefficients of every product; `densities` is the number of coefficients.
    pub fn products(&self, densities: usize) -> impl Iterator<Item = (&[Factor], &[f64])> {
        let mut at = 0;
        let ranks = self.ranks.iter().enumerate();
        ranks.map(move |(k, &rank)| {
            let factors = &self.factors[at..at + usize::from(rank)];
            at += usize::from(rank);
            (factors, &self.coefficients[k * densities..][..densities])
        })
    }

    /// Most factors of a product.
    pub fn rank(&self) -> usize {
        self.ranks.iter().copied().max().unwrap_or(0).into()
    }

    /// Releases what the lists have reserved beyond their lengths.
    pub fn shrink(&mut self) {
        self.ranks.shrink_to_fit();
        self.factors.shrink_to_fit();
        self.coefficients.shrink_to_fit();
    }
}

/// Form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `.yace`.
    Yaml,
    /// `.ace`.
    Text,
}

/// An ACE potential.
#[derive(Debug, Clone)]
pub struct PaceModel {
    /// Form of its file.
    pub form: Form,
    /// Chemical symbols.
    pub elements: Vec<String>,
    /// Energies of isolated atoms (eV), by species.
    pub isolated: Vec<f64>,
    /// Distance of the nodes of the radial splines (Å).
    pub spacing: f64,
    /// Largest distance at which anything is felt (Å).
    pub r_max: f64,
    /// How atoms that come close are treated.
    pub core: Core,
    /// Functions of the densities, by species.
    pub embeddings: Vec<Embedding>,
    /// Radial functions \[central\]\[neighbour\].
    pub bonds: Vec<Bond>,
    /// Products, by species of the central atom.
    pub expansions: Vec<Expansion>,
}

impl PaceModel {
    /// Number of species.
    pub fn species(&self) -> usize {
        self.elements.len()
    }

    /// Radial functions of neighbours of species `j` of an atom of species `i`.
    pub fn bond(&self, i: usize, j: usize) -> &Bond {
        &self.bonds[i * self.elements.len() + j]
    }

    /// Number of densities of species `i`.
    pub fn densities(&self, i: usize) -> usize {
        self.embeddings[i].terms.len()
    }

    /// Largest degree of the factors.
    pub fn l_max(&self) -> usize {
        let all = self.expansions.iter().flat_map(|e| &e.factors);
        all.map(|f| usize::from(f.l)).max().unwrap_or(0)
    }
}
