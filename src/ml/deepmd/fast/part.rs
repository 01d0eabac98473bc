//! One descriptor prepared for evaluation: what depends on types only is worked out at load (by
//! `forms`).
//!
//! Descriptors have the form `D = products of T` or `D = T` with
//! `T[d, g] = (1/slots) sum_k R[k, d] G[k, g]`, where G depends on the types and on the distance, or
//! are sums over pairs of neighbours (se_e3). Slots without a neighbour add a constant per pair of
//! types, so that only neighbours are visited.

use super::attention::Layer;
use super::function::Function;
use super::table::Tabulated;
use super::three_body::Angles;
use crate::ml::deepmd::model::{Environment, SHORTEST, Selection, Switch};
use crate::simd::{Real, padded};
use std::sync::OnceLock;

/// Rows of T that neighbours add to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One row, R = 1; D = T (se_e2_r).
    Radial,
    /// Four rows.
    Full,
    /// Four rows, and four more with R times the switch, which are multiplied by the gate of the
    /// pair of types: `G = a (1 + w gate)`.
    Gated,
    /// One row, to which pairs of neighbours add; D = T (se_e3).
    Angular,
}

impl Kind {
    /// Rows of a neighbour.
    pub fn rows(self) -> usize {
        match self {
            Kind::Radial => 1,
            Kind::Full | Kind::Angular => 4,
            Kind::Gated => 8,
        }
    }

    /// Rows of T.
    pub fn kept(self) -> usize {
        match self {
            Kind::Radial | Kind::Angular => 1,
            Kind::Full | Kind::Gated => 4,
        }
    }

    /// Whether functions of the distance are tabulated.
    pub fn has_radial_functions(self) -> bool {
        self != Kind::Angular
    }
}

/// What becomes of a neighbour that has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is seen.
    Seen,
    /// Its normalised row is 0.
    Masked,
    /// Its slot is padding.
    Padding,
}

/// A pair of types, centre first.
#[derive(Debug, Clone)]
pub struct Pair<T> {
    /// Index of its functions.
    pub table: usize,
    /// Mean of a row.
    pub mean: [f64; 4],
    /// Inverse divisor of a row.
    pub inverse: [f64; 4],
    /// What becomes of such neighbours.
    pub role: Role,
    /// Gate, \[width\]; empty without.
    pub gate: Vec<T>,
    /// What a slot of padding adds to the sum over k, \[kept rows\]\[width\]; empty for nothing.
    pub padding: Vec<T>,
    /// What a masked neighbour adds.
    pub masked: Vec<T>,
}

/// Functions and their table, made when it is first asked for.
#[derive(Debug)]
pub struct Slot<T> {
    /// The functions.
    pub function: Function,
    bounds: Vec<f64>,
    table: OnceLock<Tabulated<T>>,
}

impl<T: Real> Slot<T> {
    /// Functions that will be tabulated between `bounds`, ascending.
    pub fn new(function: Function, bounds: Vec<f64>) -> Slot<T> {
        Slot {
            function,
            bounds,
            table: OnceLock::new(),
        }
    }

    /// The table.
    pub fn table(&self) -> &Tabulated<T> {
        self.table
            .get_or_init(|| Tabulated::new(&self.function, &self.bounds))
    }
}

/// A descriptor.
#[derive(Debug)]
pub struct Part<T> {
    /// Form of T.
    pub kind: Kind,
    /// Geometry.
    pub geometry: Geometry,
    /// Slots.
    pub selection: Selection,
    /// How many of the nearest neighbours of all types are looked at.
    pub nearest: usize,
    /// Number of types.
    pub types: usize,
    /// Pairs \[types\]\[types\], centre first.
    pub pairs: Vec<Pair<T>>,
    /// Functions.
    pub slots: Vec<Slot<T>>,
    /// Functions g.
    pub columns: usize,
    /// Functions h of the products; 0 where D = T.
    pub axes: usize,
    /// Functions of pairs of neighbours of [`Kind::Angular`].
    pub angles: Angles,
    /// Attention layers that transform G.
    pub attention: Vec<Layer<T>>,
    /// Factor of T.
    pub scale: f64,
    /// Place of the first feature in the row of D that the fast evaluation uses.
    pub offset: usize,
}

/// Cutoff and switch.
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    /// Cutoff (Å).
    pub cutoff: f64,
    smooth: f64,
    /// Addend of distances in denominators (Å).
    pub protection: f64,
    switch: Switch,
}

impl Geometry {
    /// That of an environment.
    pub fn new(environment: &Environment) -> Geometry {
        Geometry {
            cutoff: environment.cutoff,
            smooth: environment.smooth,
            protection: environment.protection,
            switch: environment.switch,
        }
    }

    /// Switch and its derivative at a distance below the cutoff.
    #[inline(always)]
    pub fn switch(&self, r: f64) -> (f64, f64) {
        match self.switch {
            Switch::Quintic => {
                let inverse = 1.0 / (self.cutoff - self.smooth);
                let u = (r - self.smooth) * inverse;
                if u <= 0.0 {
                    return (1.0, 0.0);
                }
                let u = u.min(1.0);
                let w = u * u * u * ((-6.0 * u + 15.0) * u - 10.0) + 1.0;
                let slope = u * u * ((-30.0 * u + 60.0) * u - 30.0) * inverse;
                (w, slope)
            }
            Switch::Exponential => {
                let rate = 20.0 / self.smooth;
                let inner = (rate * (r - self.smooth)).exp();
                let w = (-inner).exp();
                (w, if w == 0.0 { 0.0 } else { -w * inner * rate })
            }
        }
    }
}

/// Features of the model in the order of the fast evaluation.
#[derive(Debug, Default)]
pub struct Layout {
    /// For every feature its place in the model's D.
    pub order: Vec<usize>,
    /// Features that depend on the type of the centre only: place in D and values per type.
    pub constants: Vec<(usize, Vec<f64>)>,
    /// Length of the model's D.
    pub width: usize,
}

impl<T: Real> Part<T> {
    /// Smallest length that directions are divided by.
    pub fn shortest(&self) -> f64 {
        self.attention.first().map_or(SHORTEST, |l| l.shortest)
    }

    /// Padded number of functions.
    pub fn width(&self) -> usize {
        padded::<T>(self.columns)
    }

    /// The pair of a centre and a neighbour.
    pub fn pair(&self, centre: usize, neighbor: usize) -> &Pair<T> {
        &self.pairs[centre * self.types + neighbor]
    }

    /// Whether T is a sum over neighbours of tabulated functions alone.
    pub fn sums_neighbors(&self) -> bool {
        self.kind != Kind::Angular && self.attention.is_empty()
    }

    /// Makes the tables of types that are `present`.
    pub fn prepare(&self, present: &[bool]) {
        let here = |z: &usize| present[*z];
        for i in (0..self.types).filter(here) {
            for j in (0..self.types).filter(here) {
                if !self.kind.has_radial_functions() {
                    if let Some(angle) = self.angles.get(i, j) {
                        self.slots[angle.table].table();
                    }
                } else if self.pair(i, j).role == Role::Seen {
                    self.slots[self.pair(i, j).table].table();
                }
            }
        }
    }
}
