//! Environment matrix of one centre: choice of neighbours, rows, and the gradient of the rows by
//! the edge vectors.

use crate::ml::deepmd::model::{DeepmdModel, Environment, Selection, Switch};
use crate::ml::edges::EdgeList;

/// One centre and the edges that it receives.
pub struct Centre<'a> {
    pub model: &'a DeepmdModel,
    pub edges: &'a EdgeList<'a>,
    /// Type of the centre.
    pub species: usize,
    /// Edges whose receiver is the centre.
    pub incoming: &'a [usize],
}

/// A slot: a neighbour, an excluded neighbour or padding.
pub struct Slot {
    /// Edge of the neighbour, None for padding.
    pub edge: Option<usize>,
    /// Type of the neighbour; for padding that of the section, or nt where all types share one.
    pub species: usize,
    /// Normalised row (one component is used for se_e2_r).
    pub row: [f64; 4],
    /// Factor of the normalised row: 0 for excluded pairs.
    pub mask: f64,
    /// Switch; 0 for padding and excluded pairs.
    pub switch: f64,
    /// dE/d(row), filled by the backward pass of the descriptor.
    pub row_bar: [f64; 4],
    /// dE/d(switch), the same.
    pub switch_bar: f64,
}

impl Slot {
    /// True for a neighbour that takes part.
    pub fn is_neighbor(&self) -> bool {
        self.edge.is_some() && self.mask != 0.0
    }
}

/// All slots of an environment, in order.
pub type Rows = Vec<Slot>;

/// Switch and its derivative by r.
fn switch(environment: &Environment, r: f64) -> (f64, f64) {
    let (rs, rc) = (environment.smooth, environment.cutoff);
    match environment.switch {
        _ if r >= rc => (0.0, 0.0),
        Switch::Quintic => {
            let u = ((r - rs) / (rc - rs)).max(0.0);
            let value = u * u * u * (-6.0 * u * u + 15.0 * u - 10.0) + 1.0;
            (value, -30.0 * u * u * (u - 1.0).powi(2) / (rc - rs))
        }
        Switch::Exponential => {
            let a = 20.0 / rs;
            let inner = (a * (r - rs)).exp();
            let value = (-inner).exp();
            // inf * 0 far outside
            let slope = if value == 0.0 {
                0.0
            } else {
                -a * inner * value
            };
            (value, slope)
        }
    }
}

/// Neighbour minus centre, and its length.
fn displacement(edges: &EdgeList, edge: usize) -> ([f64; 3], f64) {
    let x = edges.vector[edge].map(|v| -v);
    (x, x.iter().map(|x| x * x).sum::<f64>().sqrt())
}

/// The slots of a centre.
pub fn rows(environment: &Environment, centre: &Centre) -> Rows {
    let edges = centre.edges;
    let types = centre.model.types();
    let mut near: Vec<(f64, usize)> = centre
        .incoming
        .iter()
        .map(|&e| (displacement(edges, e).1, e))
        .collect();
    near.retain(|&(r, _)| r < environment.cutoff);
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.truncate(centre.model.nearest.unwrap_or(usize::MAX));
    let species_of = |e: usize| usize::from(edges.species[edges.sender[e] as usize]);
    let sections: Vec<(Option<usize>, usize)> = match &environment.selection {
        Selection::PerType(sel) => sel.iter().enumerate().map(|(t, &n)| (Some(t), n)).collect(),
        Selection::Total(n) => vec![(None, *n)],
    };
    let mut slots = Vec::new();
    for (section, size) in sections {
        let members = near
            .iter()
            .filter(|&&(_, e)| section.is_none_or(|t| t == species_of(e)));
        let mut members = members.take(size).map(|&(_, e)| e);
        for _ in 0..size {
            let edge = members
                .next()
                .filter(|&e| !centre.model.is_excluded_pair(centre.species, species_of(e)));
            let species = edge.map_or(section.unwrap_or(types), species_of);
            slots.push(slot(environment, centre, slots.len(), edge, species));
        }
    }
    slots
}

fn slot(
    environment: &Environment,
    centre: &Centre,
    index: usize,
    edge: Option<usize>,
    species: usize,
) -> Slot {
    let types = centre.model.types();
    let (mut raw, mut w) = ([0.0; 4], 0.0);
    if let Some(e) = edge {
        let (x, r) = displacement(centre.edges, e);
        w = switch(environment, r).0;
        let q = r + environment.protection;
        raw = [
            w / q,
            w * x[0] / (q * q),
            w * x[1] / (q * q),
            w * x[2] / (q * q),
        ];
    }
    let excluded = species < types && environment.excluded[centre.species * types + species];
    let mask = if excluded && (edge.is_some() || environment.excluded_padding) {
        0.0
    } else {
        1.0
    };
    let columns = environment.columns;
    let at = (centre.species * environment.selection.slots() + index) * columns;
    let mut row = [0.0; 4];
    for c in 0..columns {
        row[c] = mask * (raw[c] - environment.mean[at + c]) / environment.stddev[at + c];
    }
    Slot {
        edge,
        species,
        row,
        mask,
        switch: w * mask,
        row_bar: [0.0; 4],
        switch_bar: 0.0,
    }
}

/// Adds the gradient by the edge vectors from the adjoints of the rows.
pub fn backward(
    environment: &Environment,
    centre: &Centre,
    rows: &Rows,
    gradient: &mut [[f64; 3]],
) {
    let columns = environment.columns;
    for (index, slot) in rows.iter().enumerate() {
        let Some(e) = slot.edge else { continue };
        let at = (centre.species * rows.len() + index) * columns;
        let mut bar = [0.0; 4];
        for c in 0..columns {
            bar[c] = slot.mask * slot.row_bar[c] / environment.stddev[at + c];
        }
        let (x, r) = displacement(centre.edges, e);
        let (w, dw) = switch(environment, r);
        let q = r + environment.protection;
        // derivatives of w/q and w/q^2 by r
        let first = dw / q - w / (q * q);
        let second = dw / (q * q) - 2.0 * w / (q * q * q);
        let angular: f64 = (0..3).map(|d| bar[d + 1] * x[d]).sum();
        let along = bar[0] * first + angular * second + slot.mask * slot.switch_bar * dw;
        for d in 0..3 {
            // the edge vector points from the neighbour to the centre
            gradient[e][d] -= along * x[d] / r + bar[d + 1] * w / (q * q);
        }
    }
}
