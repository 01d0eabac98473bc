//! The build of bricks: who owns which atoms, which images are ghosts.
//!
//! The grid of bricks follows from the cell, the atoms and the wish of the pair style alone. Every pair
//! of an atom i and an image of an atom j is in exactly one half list, by integers only: an image with a
//! lexicographically positive shift belongs to the brick of i, one with a negative shift to that of j;
//! without a shift the brick with the lower number has the pair, and within a brick the atom with
//! the lower local index. Invariant: no floating-point number decides who has a pair.

use super::atoms::Atoms;
use super::bins::{Bins, periodic_directions};
use super::brick::{Brick, Bricks, Needs, SpecialPair};
use super::cell::Cell;
use super::lists::{LocalGrid, fill_lists};
use super::neighbor::{Member, NeighborSettings};
use super::state::State;
use super::topology::{SpecialTable, Treatment};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries of neighbour lists beyond which a build is refused: 8 GB.
const MOST_ENTRIES: f64 = 2.0e9;

/// Builds bricks, ghosts and lists from the present positions, which [`super::wrap::wrap_atoms`] has
/// wrapped. `cutoff` is the largest force cutoff; lists reach to `cutoff + skin`.
///
/// # Errors
/// No cell, a position that is not finite, or lists that would not fit in memory.
pub fn build(
    state: &State,
    cutoff: f64,
    skin: f64,
    settings: &NeighborSettings,
    needs: Needs,
) -> Result<Bricks> {
    let cell = state.cell("neighbor list build")?;
    build_from(&state.atoms.x, cell, state, cutoff, skin, settings, needs)
}

/// The same from the positions and cell that were held at an earlier build (see
/// [`super::neighbor::NeighborState`]); call [`Bricks::refresh`] afterwards. Types, charges and
/// groups are those of `state`.
///
/// # Errors
/// As for [`build`].
pub fn build_from(
    x: &[[f64; 3]],
    cell: &Cell,
    state: &State,
    cutoff: f64,
    skin: f64,
    settings: &NeighborSettings,
    needs: Needs,
) -> Result<Bricks> {
    static BUILDS: AtomicU64 = AtomicU64::new(1);
    check_positions(x, state)?;
    cell.validate()?;
    let reach = cutoff + skin;
    let listed = needs.half || needs.full;
    if listed {
        check_size(x, cell, state.dimension, reach)?;
    }
    let build = Build {
        x,
        cell,
        atoms: &state.atoms,
        dimension: state.dimension,
        step: state.step,
        settings,
        needs,
        special: (
            SpecialTable::new(&state.atoms, &state.special),
            state.special.treatments(needs.special),
        ),
        reach: if listed { reach } else { 0.0 },
        bins: Bins::new(
            x,
            cell,
            state.dimension,
            (0.5 * reach).max(f64::MIN_POSITIVE),
        ),
    };
    let (grid, members) = build.partition();
    let mut brick_of = vec![0u32; x.len()];
    for (b, members) in members.iter().enumerate() {
        members
            .iter()
            .for_each(|&i| brick_of[i as usize] = b as u32);
    }
    let bricks = members
        .into_par_iter()
        .enumerate()
        .map(|(b, members)| build.brick(b as u32, &members, &brick_of))
        .collect::<Result<Vec<Brick>>>()?;
    let mut home = vec![(0, 0); x.len()];
    for (b, brick) in bricks.iter().enumerate() {
        for (i, &owner) in brick.owner[..brick.own].iter().enumerate() {
            home[owner as usize] = (b as u32, i as u32);
        }
    }
    let mut bricks = Bricks {
        bricks,
        grid,
        cutoff,
        list_cutoff: reach,
        home,
        build_id: BUILDS.fetch_add(1, Ordering::Relaxed),
        inward: Vec::new(),
    };
    bricks.link();
    Ok(bricks)
}

fn check_positions(x: &[[f64; 3]], state: &State) -> Result<()> {
    if x.len() != state.atoms.len() {
        return Err(Error::run(format!(
            "neighbor list build: {} positions for {} atoms",
            x.len(),
            state.atoms.len()
        )));
    }
    if x.len() >= u32::MAX as usize / 4 {
        return Err(Error::input("too many atoms for one process"));
    }
    let bad = |p: &[f64; 3]| p.iter().any(|v| !v.is_finite());
    match x.iter().position(bad) {
        None => Ok(()),
        Some(i) => Err(Error::run(format!(
            "Non-finite position of atom {} at step {}: {} {} {}",
            state.atoms.id[i], state.step, x[i][0], x[i][1], x[i][2]
        ))),
    }
}

fn check_size(x: &[[f64; 3]], cell: &Cell, dimension: u8, reach: f64) -> Result<()> {
    if !reach.is_finite() || reach <= 0.0 {
        return Err(Error::input(format!(
            "neighbor list cutoff is {reach}: it must be above zero"
        )));
    }
    let n = x.len() as f64;
    let periodic = periodic_directions(cell, dimension);
    let heights = cell.heights();
    let images: f64 = (0..3)
        .filter(|&k| periodic[k])
        .map(|k| 2.0 * (reach / heights[k]).ceil() + 1.0)
        .product();
    let sphere = if dimension == 2 {
        std::f64::consts::PI * reach * reach
    } else {
        4.0 / 3.0 * std::f64::consts::PI * reach.powi(3)
    };
    let neighbors = (n * images).min(n / cell.volume(dimension) * sphere);
    if n * neighbors > MOST_ENTRIES || n * images > MOST_ENTRIES {
        return Err(Error::input(format!(
            "neighbor lists would have about {:.1e} entries: the list cutoff {reach} is too large for {} atoms in a cell of heights {:.4} {:.4} {:.4}",
            n * neighbors.max(images),
            x.len(),
            heights[0],
            heights[1],
            heights[2]
        ))
        .help("check the units of the cell and of the pair style's cutoff"));
    }
    Ok(())
}

struct Build<'a> {
    x: &'a [[f64; 3]],
    cell: &'a Cell,
    atoms: &'a Atoms,
    dimension: u8,
    step: i64,
    settings: &'a NeighborSettings,
    needs: Needs,
    reach: f64,
    bins: Bins,
    /// Special neighbours, and what becomes of each kind.
    special: (SpecialTable, [Treatment; 4]),
}

impl Build<'_> {
    /// The grid of bricks over the extent of the atoms, and the atoms of every brick that has any.
    fn partition(&self) -> ([usize; 3], Vec<Vec<u32>>) {
        let n = self.x.len();
        if n == 0 {
            return ([1; 3], Vec::new());
        }
        let wanted = match self.needs.brick_atoms {
            0 => (n / 8).clamp(500, 2000),
            b => b,
        };
        let heights = self.cell.heights();
        let (lo, hi) = self.bins.extent;
        let edges: [f64; 3] = std::array::from_fn(|k| {
            let flat = k == 2 && self.dimension == 2;
            if flat {
                0.0
            } else {
                heights[k] * (hi[k] - lo[k])
            }
        });
        let grid = brick_grid(edges, n.div_ceil(wanted));
        let mut members = vec![Vec::new(); grid.iter().product()];
        for (i, s) in self.bins.s.iter().enumerate() {
            let at: [usize; 3] = std::array::from_fn(|k| {
                let width = hi[k] - lo[k];
                if width <= 0.0 {
                    return 0;
                }
                let t = (s[k] - lo[k]) / width * grid[k] as f64;
                (t as usize).min(grid[k] - 1)
            });
            members[(at[2] * grid[1] + at[1]) * grid[0] + at[0]].push(i as u32);
        }
        members.retain(|m| !m.is_empty());
        (grid, members)
    }

    fn brick(&self, number: u32, members: &[u32], brick_of: &[u32]) -> Result<Brick> {
        let place = LocalGrid::around(members.iter().map(|&i| self.x[i as usize]), self.reach);
        let own = place.sort(members.len(), |i| self.x[members[i] as usize]);
        let mut brick = Brick {
            own: members.len(),
            owner: own.order.iter().map(|&i| members[i as usize]).collect(),
            ..Brick::default()
        };
        brick.shift = vec![[0; 3]; brick.own];
        let mut ghost_start = Vec::new();
        if self.reach > 0.0 {
            let ghosts = self.ghosts(number, members, brick_of);
            let at = |g: &(u32, [i32; 3])| self.image(g.0, g.1);
            let sorted = place.sort(ghosts.len(), |i| at(&ghosts[i]));
            for &g in &sorted.order {
                brick.owner.push(ghosts[g as usize].0);
                brick.shift.push(ghosts[g as usize].1);
            }
            ghost_start = sorted.start;
        }
        let local = brick.owner.iter().zip(&brick.shift);
        brick.x = local.map(|(&i, &n)| self.image(i, n)).collect();
        if self.reach > 0.0 {
            fill_lists(
                &mut brick,
                &place,
                &own.start,
                &ghost_start,
                self.needs,
                |g| has_pair(number, g, brick_of),
            )
            .map_err(|entries| self.too_many(entries))?;
            self.exclude(&mut brick);
            self.take_special(&mut brick, number, brick_of);
            if self.needs.full {
                drop_unused_ghosts(&mut brick);
            }
        }
        let atoms = self.atoms;
        brick.kind = brick
            .owner
            .iter()
            .map(|&i| atoms.kind[i as usize])
            .collect();
        if !atoms.q.is_empty() {
            brick.q = brick.owner.iter().map(|&i| atoms.q[i as usize]).collect();
        }
        Ok(brick)
    }

    fn image(&self, atom: u32, shift: [i32; 3]) -> [f64; 3] {
        let p = self.x[atom as usize];
        let d = self.cell.shift(shift);
        [p[0] + d[0], p[1] + d[1], p[2] + d[2]]
    }

    /// Images within reach of the box around the own atoms.
    fn ghosts(&self, number: u32, members: &[u32], brick_of: &[u32]) -> Vec<(u32, [i32; 3])> {
        let mut lo = [f64::INFINITY; 3];
        let mut hi = [f64::NEG_INFINITY; 3];
        for &i in members {
            let s = self.bins.s[i as usize];
            for k in 0..3 {
                lo[k] = lo[k].min(s[k]);
                hi[k] = hi[k].max(s[k]);
            }
        }
        let heights = self.cell.heights();
        // the margin covers rounding of fractional coordinates; distances decide in the lists
        let margin: [f64; 3] =
            std::array::from_fn(|k| self.reach / heights[k] * (1.0 + 1e-9) + 1e-12);
        let from = std::array::from_fn(|k| lo[k] - margin[k]);
        let to = std::array::from_fn(|k| hi[k] + margin[k]);
        let only_half = !self.needs.full;
        let orthogonal = self.cell.tilt == [0.0; 3];
        let limit = (self.reach * (1.0 + 1e-9)).powi(2);
        let mut found = Vec::new();
        self.bins.images_in(from, to, |atom, shift, s| {
            let own = shift == [0; 3] && brick_of[atom as usize] == number;
            if own || (only_half && !has_pair(number, (atom, shift), brick_of)) {
                return;
            }
            if orthogonal {
                // distance to the box of own atoms: cuts the corners of the grown box
                let d2: f64 = (0..3)
                    .map(|k| ((lo[k] - s[k]).max(s[k] - hi[k]).max(0.0) * heights[k]).powi(2))
                    .sum();
                if d2 > limit {
                    return;
                }
            }
            found.push((atom, shift));
        });
        found
    }

    fn exclude(&self, brick: &mut Brick) {
        if !self.settings.excludes() {
            return;
        }
        let atoms = self.atoms;
        let owner = &brick.owner;
        let of = |l: usize| {
            let i = owner[l] as usize;
            Member {
                kind: atoms.kind[i],
                mask: atoms.mask[i],
                molecule: atoms.molecule.get(i).copied().unwrap_or(0),
            }
        };
        for list in [&mut brick.half, &mut brick.full] {
            list.retain(|i, j| !self.settings.excluded(of(i), of(j as usize)));
        }
    }

    /// Moves pairs of bonded atoms from the lists to `special`, or drops them.
    fn take_special(&self, brick: &mut Brick, number: u32, brick_of: &[u32]) {
        if self.special.0.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let (owner, shift, x, own) = (&brick.owner, &brick.shift, &brick.x, brick.own);
        let treatment = |i: usize, j: usize| -> (u8, Treatment) {
            let kind = self.special.0.kind(owner[i], owner[j]);
            // As in LAMMPS, an image further than half of the cell away is not the bonded one.
            let near = || {
                let l = self.cell.lengths();
                (0..3).all(|k| !self.cell.periodic(k) || (x[i][k] - x[j][k]).abs() <= 0.5 * l[k])
            };
            if kind == 0 || !near() {
                return (0, Treatment::Ordinary);
            }
            (kind, self.special.1[kind as usize])
        };
        let mut note = |i: usize, j: u32, once: bool| -> bool {
            let (kind, treatment) = treatment(i, j as usize);
            if treatment == Treatment::Special && once {
                found.push(SpecialPair {
                    i: i as u32,
                    j,
                    kind,
                });
            }
            treatment == Treatment::Ordinary
        };
        let from_half = !brick.half.start.is_empty();
        brick.half.retain(|i, j| note(i, j, true));
        brick.full.retain(|i, j| {
            let at = j as usize;
            let once = if at < own {
                i < at
            } else {
                has_pair(number, (owner[at], shift[at]), brick_of)
            };
            note(i, j, once && !from_half)
        });
        brick.special = found;
    }

    fn too_many(&self, entries: usize) -> Error {
        Error::run(format!(
            "a neighbor list has more than {entries} entries at step {}: atoms have collapsed, or the list cutoff {} is too large",
            self.step, self.reach
        ))
    }
}

/// Whether the half list of brick `number` has pairs with this ghost.
fn has_pair(number: u32, ghost: (u32, [i32; 3]), brick_of: &[u32]) -> bool {
    match ghost.1.cmp(&[0; 3]) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => number < brick_of[ghost.0 as usize],
    }
}

/// Numbers of bricks along edges of these lengths, about `count` in total and as cubic as possible.
fn brick_grid(edges: [f64; 3], count: usize) -> [usize; 3] {
    let mut grid = [1usize; 3];
    let product = |g: [usize; 3]| g.iter().product::<usize>();
    while product(grid) < count {
        let mut next = grid;
        let longest = (0..3)
            .max_by(|&a, &b| (edges[a] / grid[a] as f64).total_cmp(&(edges[b] / grid[b] as f64)))
            .unwrap_or(0);
        if edges[longest] <= 0.0 {
            break;
        }
        next[longest] += 1;
        let (below, above) = (product(grid) as f64, product(next) as f64);
        if above / count as f64 > count as f64 / below {
            break;
        }
        grid = next;
    }
    grid
}

/// Removes ghosts that no list names; their data need not be exchanged.
fn drop_unused_ghosts(brick: &mut Brick) {
    let mut used = vec![false; brick.len()];
    used[..brick.own].fill(true);
    for list in [&brick.half, &brick.full] {
        list.index.iter().for_each(|&j| used[j as usize] = true);
    }
    brick.special.iter().for_each(|p| used[p.j as usize] = true);
    let mut new = vec![0u32; brick.len()];
    let mut next = 0;
    for (l, &u) in used.iter().enumerate() {
        new[l] = next;
        next += u32::from(u);
    }
    for list in [&mut brick.half, &mut brick.full] {
        list.index.iter_mut().for_each(|j| *j = new[*j as usize]);
    }
    brick
        .special
        .iter_mut()
        .for_each(|p| p.j = new[p.j as usize]);
    let keep = |l: &mut usize| {
        let k = used[*l];
        *l += 1;
        k
    };
    let mut l = 0;
    brick.owner.retain(|_| keep(&mut l));
    l = 0;
    brick.shift.retain(|_| keep(&mut l));
    l = 0;
    brick.x.retain(|_| keep(&mut l));
}
