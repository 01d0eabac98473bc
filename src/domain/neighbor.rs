//! Neighbour settings and the rules of when lists are rebuilt. The build itself is in `build`.

use super::cell::Cell;
use super::state::State;
use rayon::prelude::*;

/// `neighbor` and `neigh_modify` settings.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighborSettings {
    /// Skin beyond the force cutoff; `None` is the default of the unit style.
    pub skin: Option<f64>,
    /// `every`
    pub every: i64,
    /// `delay`
    pub delay: i64,
    /// `check`
    pub check: bool,
    /// `once`: build lists at the start of a run only.
    pub once: bool,
    /// `comm_modify cutoff`, 0 if not set.
    pub ghost_cutoff: f64,
    /// `neigh_modify exclude type i j` pairs.
    pub exclude_types: Vec<(u32, u32)>,
    /// `neigh_modify exclude group A B`, as mask bits.
    pub exclude_groups: Vec<(u32, u32)>,
    /// `neigh_modify exclude molecule/intra|inter`: mask bit, and whether pairs of one molecule are meant.
    pub exclude_molecules: Vec<(u32, bool)>,
    /// `neigh_modify include`: mask bit of the only atoms that have pairs.
    pub include: Option<u32>,
}

/// What decides whether a pair is excluded, of one of its atoms.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Atom type.
    pub kind: u32,
    /// Group mask.
    pub mask: u32,
    /// Molecule ID, 0 without molecules.
    pub molecule: i64,
}

impl Default for NeighborSettings {
    fn default() -> Self {
        Self {
            skin: None,
            every: 1,
            delay: 0,
            check: true,
            once: false,
            ghost_cutoff: 0.0,
            exclude_types: Vec::new(),
            exclude_groups: Vec::new(),
            exclude_molecules: Vec::new(),
            include: None,
        }
    }
}

impl NeighborSettings {
    /// The skin that is in force, length units.
    pub fn skin(&self, state: &State) -> f64 {
        self.skin.unwrap_or(state.units.skin)
    }

    /// Whether any pairs are excluded.
    pub fn excludes(&self) -> bool {
        !self.exclude_types.is_empty()
            || !self.exclude_groups.is_empty()
            || !self.exclude_molecules.is_empty()
            || self.include.is_some()
    }

    /// Whether the pair of these atoms is excluded.
    pub fn excluded(&self, i: Member, j: Member) -> bool {
        let types =
            |&(a, b): &(u32, u32)| (i.kind == a && j.kind == b) || (i.kind == b && j.kind == a);
        let groups = |&(a, b): &(u32, u32)| {
            (i.mask & a != 0 && j.mask & b != 0) || (i.mask & b != 0 && j.mask & a != 0)
        };
        let molecules = |&(bit, intra): &(u32, bool)| {
            i.mask & j.mask & bit != 0 && (i.molecule == j.molecule) == intra
        };
        self.include.is_some_and(|bit| i.mask & j.mask & bit == 0)
            || self.exclude_types.iter().any(types)
            || self.exclude_groups.iter().any(groups)
            || self.exclude_molecules.iter().any(molecules)
    }
}

/// What the last build started from. A restart file that saves it lets the continued run build the very
/// same lists with [`super::build::build_from`], and so go on bit for bit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NeighborState {
    /// Positions (wrapped) at the last build.
    pub x_hold: Vec<[f64; 3]>,
    /// Cell at the last build.
    pub cell_hold: Option<Cell>,
    /// Step of the last build.
    pub last_build: i64,
    /// Builds that were triggered at the first step at which they could be.
    pub dangerous: u64,
}

impl NeighborState {
    /// Remembers the state as that of a build.
    pub fn hold(&mut self, state: &State) {
        self.x_hold.clone_from(&state.atoms.x);
        self.cell_hold.clone_from(&state.cell);
        self.last_build = state.step;
    }

    /// Whether lists must be rebuilt before the forces of this step, by LAMMPS' rules: steps since the
    /// build >= delay and a multiple of every, and (with check yes) some atom may have moved more than
    /// half of the skin, less what the corners of the cell moved. Counts dangerous builds.
    pub fn needs_rebuild(&mut self, state: &State, settings: &NeighborSettings) -> bool {
        let since = state.step - self.last_build;
        if self.x_hold.len() != state.atoms.len() {
            return true;
        }
        if since < settings.delay || since % settings.every.max(1) != 0 || settings.once {
            return false;
        }
        if !settings.check {
            return true;
        }
        let moved = self.moved_too_far(state, settings.skin(state));
        if moved && since == settings.every.max(settings.delay) {
            self.dangerous += 1;
        }
        moved
    }

    fn moved_too_far(&self, state: &State, skin: f64) -> bool {
        let corners = match (&self.cell_hold, &state.cell) {
            (Some(a), Some(b)) => corner_movement(a, b),
            _ => 0.0,
        };
        let limit = (0.5 * (skin - corners)).max(0.0).powi(2);
        // not (<=) so that a non-finite position counts as moved and is reported by the build
        self.x_hold
            .par_iter()
            .zip(&state.atoms.x)
            .with_min_len(8192)
            .any(|(a, b)| {
                let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
                let moved = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                moved > limit || moved.is_nan()
            })
    }
}

/// Sum of the two largest distances that corners of the cell moved (0 if it did not change).
fn corner_movement(old: &Cell, new: &Cell) -> f64 {
    if old == new {
        return 0.0;
    }
    let corner = |c: &Cell, k: usize| {
        c.to_cartesian([(k & 1) as f64, ((k >> 1) & 1) as f64, ((k >> 2) & 1) as f64])
    };
    let corners: &[usize] = if new.triclinic {
        &[0, 1, 2, 3, 4, 5, 6, 7]
    } else {
        &[0, 7]
    };
    let mut largest = [0.0f64; 2];
    for &k in corners {
        let (a, b) = (corner(old, k), corner(new, k));
        let d = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
        if d > largest[0] {
            largest = [d, largest[0]];
        } else if d > largest[1] {
            largest[1] = d;
        }
    }
    largest[0] + largest[1]
}
