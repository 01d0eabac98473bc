//! Per-atom arrays. Order is that of creation and never changes while atoms live, so that sums over
//! atoms have one order for any number of threads.

use super::custom::CustomTable;
use super::order::Order;
use super::topology::Topology;
use std::collections::{HashMap, HashSet};

/// The atoms of this process, structure of arrays; all present arrays have the same length.
#[derive(Debug, Clone, Default)]
pub struct Atoms {
    /// Atom IDs, positive, unique.
    pub id: Vec<i64>,
    /// Atom types, 1-based.
    pub kind: Vec<u32>,
    /// Positions, wrapped at the last neighbour list build, length units.
    pub x: Vec<[f64; 3]>,
    /// Velocities.
    pub v: Vec<[f64; 3]>,
    /// Forces.
    pub f: Vec<[f64; 3]>,
    /// Periodic image flags.
    pub image: Vec<[i32; 3]>,
    /// Bit mask of groups; bit 0 is `all`.
    pub mask: Vec<u32>,
    /// Charges (atom styles charge and full), else empty.
    pub q: Vec<f64>,
    /// Molecule IDs (atom styles bond, molecular, full), else empty.
    pub molecule: Vec<i64>,
    /// Masses of atoms (`fix property/atom rmass`); otherwise masses belong to types.
    pub rmass: Option<Vec<f64>>,
    /// Bonds and angles (atom styles bond, angle, molecular, full), else empty.
    pub topology: Topology,
    /// Properties that scripts define.
    pub custom: CustomTable,
    /// The order in which LAMMPS on one process would hold them.
    pub order: Order,
}

impl Atoms {
    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Appends an atom at rest in group `all`; `charge` and `molecule` say which optional arrays exist.
    pub fn push(&mut self, id: i64, kind: u32, x: [f64; 3], charge: bool, molecule: bool) {
        self.id.push(id);
        self.kind.push(kind);
        self.x.push(x);
        self.v.push([0.0; 3]);
        self.f.push([0.0; 3]);
        self.image.push([0; 3]);
        self.mask.push(1);
        if charge {
            self.q.push(0.0);
        }
        if molecule {
            self.molecule.push(0);
        }
        if let Some(m) = &mut self.rmass {
            m.push(0.0);
        }
        for c in self.custom.values_mut() {
            c.values.resize(self.id.len() * c.columns, 0.0);
        }
    }

    /// Keeps the atoms for which `keep` is true, in order; bonds and angles go with the atom that owns them.
    pub fn retain(&mut self, keep: &[bool]) {
        fn filter<T: Copy>(v: &mut Vec<T>, keep: &[bool]) {
            if !v.is_empty() {
                let mut k = keep.iter();
                v.retain(|_| *k.next().unwrap_or(&true));
            }
        }
        if !self.topology.is_empty() {
            let gone: HashSet<i64> = self
                .id
                .iter()
                .zip(keep)
                .filter(|p| !p.1)
                .map(|p| *p.0)
                .collect();
            self.topology.retain_owners(|id| !gone.contains(&id));
        }
        self.order.retain(keep);
        filter(&mut self.id, keep);
        filter(&mut self.kind, keep);
        filter(&mut self.x, keep);
        filter(&mut self.v, keep);
        filter(&mut self.f, keep);
        filter(&mut self.image, keep);
        filter(&mut self.mask, keep);
        filter(&mut self.q, keep);
        filter(&mut self.molecule, keep);
        if let Some(m) = &mut self.rmass {
            filter(m, keep);
        }
        for c in self.custom.values_mut() {
            let mut k = keep.iter().flat_map(|k| std::iter::repeat_n(k, c.columns));
            c.values.retain(|_| *k.next().unwrap_or(&true));
        }
    }

    /// Index of each atom ID.
    pub fn index(&self) -> HashMap<i64, usize> {
        self.id.iter().enumerate().map(|(i, &id)| (id, i)).collect()
    }

    /// The largest atom ID, 0 if there are no atoms.
    pub fn max_id(&self) -> i64 {
        self.id.iter().copied().max().unwrap_or(0)
    }
}
