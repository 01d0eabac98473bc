//! Bonds and angles of molecules, and the special neighbours that follow from them. Atoms are named by
//! their IDs, so that bonds survive when atoms are removed or replicated; what a force evaluation needs
//! is resolved to indices when neighbour lists are built.

use super::atoms::Atoms;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// A bond between two atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bond {
    /// Bond type, 1-based.
    pub kind: u32,
    /// Atom IDs; the bond belongs to the first.
    pub atoms: [i64; 2],
}

/// An angle between three atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Angle {
    /// Angle type, 1-based.
    pub kind: u32,
    /// Atom IDs, the vertex in the middle; the angle belongs to the vertex.
    pub atoms: [i64; 3],
}

/// All bonds and angles, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// Bonds.
    pub bonds: Vec<Bond>,
    /// Angles.
    pub angles: Vec<Angle>,
}

impl Topology {
    /// Whether there are neither bonds nor angles.
    pub fn is_empty(&self) -> bool {
        self.bonds.is_empty() && self.angles.is_empty()
    }

    /// Keeps the bonds and angles whose owning atom passes `alive`.
    pub fn retain_owners(&mut self, alive: impl Fn(i64) -> bool) {
        self.bonds.retain(|b| alive(b.atoms[0]));
        self.angles.retain(|a| alive(a.atoms[1]));
    }

    /// Keeps the bonds and angles all of whose atoms pass `alive`.
    pub fn retain_whole(&mut self, alive: impl Fn(i64) -> bool) {
        self.bonds.retain(|b| b.atoms.iter().all(|&a| alive(a)));
        self.angles.retain(|a| a.atoms.iter().all(|&a| alive(a)));
    }
}

/// `special_bonds` settings: the weights of pair interactions between bonded atoms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpecialBonds {
    /// Weights of van der Waals interactions of pairs that are no special neighbours (1), 1-2, 1-3, 1-4.
    pub lj: [f64; 4],
    /// The same of Coulomb interactions.
    pub coul: [f64; 4],
    /// 1-3 weights apply only to pairs at the ends of an angle.
    pub angle: bool,
    /// 1-4 weights apply only to pairs at the ends of a dihedral.
    pub dihedral: bool,
}

impl Default for SpecialBonds {
    fn default() -> Self {
        Self {
            lj: [1.0, 0.0, 0.0, 0.0],
            coul: [1.0, 0.0, 0.0, 0.0],
            angle: false,
            dihedral: false,
        }
    }
}

/// The range of bond or angle types that `word` names: `3`, `*`, `2*`, `*4`, `2*4`.
///
/// # Errors
/// The word is no range or leaves 1..=count.
pub fn type_range(word: &str, count: usize, what: &str) -> Result<std::ops::RangeInclusive<usize>> {
    let bound = |s: &str, default: usize| {
        if s.is_empty() {
            Some(default)
        } else {
            s.parse().ok()
        }
    };
    let range = match word.split_once('*') {
        Some((a, b)) => bound(a, 1).zip(bound(b, count)),
        None => word.parse().ok().map(|t: usize| (t, t)),
    };
    match range {
        Some((a, b)) if a >= 1 && b <= count && a <= b => Ok(a..=b),
        Some(_) => Err(Error::input(format!(
            "Invalid {what} type {word}: there are {count} {what} types"
        ))),
        None => Err(Error::input(format!(
            "expected a {what} type or a range of types, found '{word}'"
        ))),
    }
}

/// What a neighbour list does with a special pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Left out: its weights are zero.
    Drop,
    /// An ordinary pair: its weights are one.
    Ordinary,
    /// Taken out of the lists and kept in [`super::Brick::special`].
    Special,
}

impl SpecialBonds {
    /// How lists treat pairs of kind 0 (not special), 1 (1-2), 2 (1-3), 3 (1-4). With `keep` even pairs of
    /// weight zero are kept, because a long-range part has to be taken back.
    pub fn treatments(&self, keep: bool) -> [Treatment; 4] {
        std::array::from_fn(|k| {
            if k == 0 {
                Treatment::Ordinary
            } else if keep {
                Treatment::Special
            } else if self.lj[k] == 0.0 && self.coul[k] == 0.0 {
                Treatment::Drop
            } else if self.lj[k] == 1.0 && self.coul[k] == 1.0 {
                Treatment::Ordinary
            } else {
                Treatment::Special
            }
        })
    }
}

/// The special neighbours of every atom, in compressed rows: indices into `Atoms` and kinds 1 (1-2),
/// 2 (1-3), 3 (1-4), the nearest kind if there are several.
#[derive(Debug, Clone, Default)]
pub struct SpecialTable {
    start: Vec<u32>,
    entry: Vec<(u32, u8)>,
}

impl SpecialTable {
    /// The table of these atoms. Bonds to atoms that are not there are left out.
    pub fn new(atoms: &Atoms, settings: &SpecialBonds) -> Self {
        let topology = &atoms.topology;
        if topology.bonds.is_empty() {
            return Self::default();
        }
        let index = atoms.index();
        let mut next: Vec<Vec<u32>> = vec![Vec::new(); atoms.len()];
        for b in &topology.bonds {
            if let [Some(&i), Some(&j)] = b.atoms.map(|a| index.get(&a)) {
                next[i].push(j as u32);
                next[j].push(i as u32);
            }
        }
        let ends = if settings.angle {
            Some(angle_ends(topology, &index))
        } else {
            None
        };
        let mut table = Self {
            start: vec![0],
            entry: Vec::new(),
        };
        for i in 0..atoms.len() {
            let row = row(i as u32, &next);
            table.entry.extend(row.into_iter().filter(|&(j, kind)| {
                // Without dihedrals no pair is at the ends of one.
                !(kind == 3 && settings.dihedral)
                    && (kind != 2
                        || ends.as_ref().is_none_or(|e| {
                            e.contains(&(i as u32, j)) || e.contains(&(j, i as u32))
                        }))
            }));
            table.start.push(table.entry.len() as u32);
        }
        table
    }

    /// Whether no atom has special neighbours.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty()
    }

    /// The special neighbours of atom `i`.
    pub fn of(&self, i: usize) -> &[(u32, u8)] {
        match (self.start.get(i), self.start.get(i + 1)) {
            (Some(&a), Some(&b)) => &self.entry[a as usize..b as usize],
            _ => &[],
        }
    }

    /// The kind of the pair, 0 if it is not special.
    pub fn kind(&self, i: u32, j: u32) -> u8 {
        self.of(i as usize)
            .iter()
            .find(|e| e.0 == j)
            .map_or(0, |e| e.1)
    }
}

fn angle_ends(
    topology: &Topology,
    index: &HashMap<i64, usize>,
) -> std::collections::HashSet<(u32, u32)> {
    topology
        .angles
        .iter()
        .filter_map(|a| {
            let (i, j) = (index.get(&a.atoms[0])?, index.get(&a.atoms[2])?);
            Some((*i as u32, *j as u32))
        })
        .collect()
}

/// Atoms one, two and three bonds away from `i`, the nearest first.
fn row(i: u32, next: &[Vec<u32>]) -> Vec<(u32, u8)> {
    let mut found: Vec<(u32, u8)> = Vec::new();
    let mut front = vec![i];
    for kind in 1..=3 {
        let mut reached = Vec::new();
        for &a in &front {
            for &b in &next[a as usize] {
                if b != i && !found.iter().any(|f| f.0 == b) {
                    found.push((b, kind));
                    reached.push(b);
                }
            }
        }
        front = reached;
    }
    found
}

/// Bonds and angles by indices into `Atoms`.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Types and atoms of bonds.
    pub bonds: Vec<(u32, [u32; 2])>,
    /// Types and atoms of angles.
    pub angles: Vec<(u32, [u32; 3])>,
}

impl Resolved {
    /// Looks up all atoms.
    ///
    /// # Errors
    /// An atom of a bond or angle is missing.
    pub fn new(atoms: &Atoms, step: i64) -> Result<Self> {
        let topology = &atoms.topology;
        if topology.is_empty() {
            return Ok(Self::default());
        }
        let index = atoms.index();
        let look = |what: &str, ids: &[i64]| -> Result<Vec<u32>> {
            ids.iter()
                .map(|id| {
                    index.get(id).map(|&i| i as u32).ok_or_else(|| {
                        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                        Error::run(format!(
                            "{what} atoms {} missing at step {step}: atom {id} does not exist",
                            ids.join(" ")
                        ))
                    })
                })
                .collect()
        };
        let mut r = Self::default();
        for b in &topology.bonds {
            let i = look("Bond", &b.atoms)?;
            r.bonds.push((b.kind, [i[0], i[1]]));
        }
        for a in &topology.angles {
            let i = look("Angle", &a.atoms)?;
            r.angles.push((a.kind, [i[0], i[1], i[2]]));
        }
        Ok(r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: i64) -> Atoms {
        let mut a = Atoms::default();
        for id in 1..=n {
            a.push(id, 1, [id as f64, 0.0, 0.0], false, true);
        }
        for id in 1..n {
            a.topology.bonds.push(Bond {
                kind: 1,
                atoms: [id, id + 1],
            });
        }
        a
    }

    #[test]
    fn neighbours_up_to_three_bonds_away_are_special() {
        let t = SpecialTable::new(&chain(6), &SpecialBonds::default());
        assert_eq!(t.of(0), &[(1, 1), (2, 2), (3, 3)]);
        assert_eq!((t.kind(5, 2), t.kind(5, 1), t.kind(2, 3)), (3, 0, 1));
    }

    #[test]
    fn a_ring_gives_the_nearest_kind() {
        let mut a = chain(4);
        a.topology.bonds.push(Bond {
            kind: 1,
            atoms: [4, 1],
        });
        let t = SpecialTable::new(&a, &SpecialBonds::default());
        assert_eq!((t.kind(0, 3), t.kind(0, 2)), (1, 2));
    }

    #[test]
    fn the_keyword_angle_needs_an_angle_for_1_3_pairs() {
        let mut a = chain(4);
        a.topology.angles.push(Angle {
            kind: 1,
            atoms: [1, 2, 3],
        });
        let s = SpecialBonds {
            angle: true,
            ..SpecialBonds::default()
        };
        let t = SpecialTable::new(&a, &s);
        assert_eq!((t.kind(2, 0), t.kind(1, 3)), (2, 0));
    }

    #[test]
    fn bonds_to_atoms_that_are_gone_are_named() {
        let mut a = chain(3);
        a.retain(&[true, true, false]);
        assert_eq!(a.topology.bonds.len(), 2);
        let e = Resolved::new(&a, 7).unwrap_err();
        assert!(e.message.contains("Bond atoms 2 3 missing at step 7"));
    }
}
