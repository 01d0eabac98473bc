//! Bricks and lists against a plain search over all pairs and images.

use argyro::domain::build::build;
use argyro::domain::state::Types;
use argyro::domain::wrap::{wrap_and_drop, wrap_atoms};
use argyro::domain::{
    Boundary, Bricks, Cell, Comm, LocalComm, Needs, NeighborSettings, NeighborState, State,
};
use std::collections::BTreeMap;

const P: [Boundary; 2] = [Boundary::Periodic; 2];
const F: [Boundary; 2] = [Boundary::Fixed; 2];
const S: [Boundary; 2] = [Boundary::Shrink; 2];

/// Reproducible numbers in 0..1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn state(cell: Cell, n: usize, seed: u64) -> State {
    let mut r = Numbers(seed);
    let mut s = State {
        types: Types::new(2),
        ..State::default()
    };
    for i in 0..n {
        let x = cell.to_cartesian([r.next(), r.next(), r.next()]);
        s.atoms
            .push(i as i64 + 1, 1 + (i % 2) as u32, x, false, false);
    }
    s.expected_atoms = n;
    s.cell = Some(cell);
    s
}

fn cell(l: [f64; 3], tilt: [f64; 3], boundary: [[Boundary; 2]; 3]) -> Cell {
    let mut c = Cell::orthogonal(
        [-1.0, 0.5, 2.0],
        [l[0] - 1.0, l[1] + 0.5, l[2] + 2.0],
        boundary,
    );
    c.tilt = tilt;
    c.triclinic = tilt != [0.0; 3];
    c
}

type Pairs = BTreeMap<(u32, u32, [i32; 3]), u32>;

/// Every (i, j, shift) within `r` by trying all images.
fn search(s: &State, r: f64) -> Pairs {
    let c = s.cell.as_ref().unwrap();
    let most: [i32; 3] = std::array::from_fn(|k| {
        if c.periodic(k) && (k < 2 || s.dimension == 3) {
            // images needed along each direction even for very skewed cells
            (r / c.heights()[k]).ceil() as i32 + 1
        } else {
            0
        }
    });
    let mut found = Pairs::new();
    for i in 0..s.atoms.len() {
        for j in 0..s.atoms.len() {
            for a in -most[0]..=most[0] {
                for b in -most[1]..=most[1] {
                    for e in -most[2]..=most[2] {
                        let n = [a, b, e];
                        if i == j && n == [0; 3] {
                            continue;
                        }
                        let (p, d) = (s.atoms.x[i], c.shift(n));
                        let q = s.atoms.x[j];
                        let r2: f64 = (0..3).map(|k| (q[k] + d[k] - p[k]).powi(2)).sum();
                        if r2 <= r * r {
                            found.insert((i as u32, j as u32, n), 1);
                        }
                    }
                }
            }
        }
    }
    found
}

fn listed(b: &Bricks, half: bool) -> Pairs {
    let mut found = Pairs::new();
    for brick in &b.bricks {
        let list = if half { &brick.half } else { &brick.full };
        for i in 0..brick.own {
            for &j in list.of(i) {
                let j = j as usize;
                *found
                    .entry((brick.owner[i], brick.owner[j], brick.shift[j]))
                    .or_default() += 1;
                if half {
                    let back = brick.shift[j].map(|n| -n);
                    *found
                        .entry((brick.owner[j], brick.owner[i], back))
                        .or_default() += 1;
                }
            }
        }
    }
    found
}

fn compare(s: &State, r: f64, needs: Needs) {
    let b = build(s, r - 0.2, 0.2, &NeighborSettings::default(), needs).unwrap();
    let expected = search(s, r);
    if needs.half {
        assert!(listed(&b, true) == expected, "half list");
    }
    if needs.full {
        assert!(listed(&b, false) == expected, "full list");
    }
    let own: usize = b.bricks.iter().map(|b| b.own).sum();
    assert_eq!(own, s.atoms.len());
    for (i, &(brick, local)) in b.home.iter().enumerate() {
        assert_eq!(b.bricks[brick as usize].owner[local as usize] as usize, i);
    }
}

const HALF: Needs = Needs {
    half: true,
    full: false,
    brick_atoms: 8,
    special: false,
};
const FULL: Needs = Needs {
    half: false,
    full: true,
    brick_atoms: 8,
    special: false,
};
const BOTH: Needs = Needs {
    half: true,
    full: true,
    brick_atoms: 8,
    special: false,
};

#[test]
fn lists_hold_every_pair_once_in_cells_of_all_kinds() {
    let cells = [
        (cell([9.0, 8.0, 10.0], [0.0; 3], [P, P, P]), 90),
        (cell([6.0, 7.0, 5.0], [2.9, -2.0, 3.3], [P, P, P]), 60),
        (cell([6.0, 3.0, 5.0], [-9.0, 7.0, 8.0], [P, P, P]), 30),
        (cell([1.31, 2.0, 1.7], [0.0; 3], [P, P, P]), 3),
        (cell([1.1, 1.4, 1.2], [0.5, 0.3, -0.6], [P, P, P]), 2),
        (cell([9.0, 8.0, 10.0], [0.0; 3], [P, F, S]), 80),
        (cell([9.0, 8.0, 10.0], [3.0, 2.0, 0.0], [P, P, F]), 80),
        (cell([40.0, 8.0, 8.0], [0.0; 3], [F, F, F]), 120),
        (cell([5.0, 5.0, 5.0], [0.0; 3], [F, F, F]), 1),
    ];
    for (k, (c, n)) in cells.into_iter().enumerate() {
        let s = state(c, n, 77 + k as u64);
        for needs in [
            HALF,
            FULL,
            BOTH,
            Needs {
                brick_atoms: 0,
                ..BOTH
            },
        ] {
            compare(&s, 2.6, needs);
        }
    }
}

#[test]
fn in_two_dimensions_there_are_no_images_along_z() {
    let mut s = state(cell([9.0, 8.0, 0.4], [0.0; 3], [P, P, P]), 40, 5);
    s.dimension = 2;
    for x in &mut s.atoms.x {
        x[2] = 2.2;
    }
    compare(&s, 2.6, BOTH);
}

#[test]
fn atoms_that_were_not_wrapped_are_found_all_the_same() {
    let mut s = state(cell([9.0, 8.0, 10.0], [1.0, 0.0, 0.0], [P, P, P]), 50, 9);
    for (i, x) in s.atoms.x.iter_mut().enumerate() {
        x[i % 3] += if i % 2 == 0 { 9.3 } else { -0.7 };
    }
    // shifts differ by the crossings, so only the number of pairs is compared
    let b = build(&s, 2.4, 0.2, &NeighborSettings::default(), BOTH).unwrap();
    let far = {
        let mut wrapped = State {
            cell: s.cell.clone(),
            types: Types::new(2),
            ..State::default()
        };
        wrapped.atoms = s.atoms.clone();
        wrap_atoms(&mut wrapped).unwrap();
        search(&wrapped, 2.6).len()
    };
    assert_eq!(b.statistics().full, far);
    assert_eq!(b.statistics().pairs * 2, far);
}

#[test]
fn excluded_pairs_are_in_no_list() {
    let s = state(cell([9.0, 8.0, 10.0], [0.0; 3], [P, P, P]), 90, 3);
    let settings = NeighborSettings {
        exclude_types: vec![(1, 2)],
        ..NeighborSettings::default()
    };
    let b = build(&s, 2.4, 0.2, &settings, BOTH).unwrap();
    let mut expected = search(&s, 2.6);
    expected.retain(|&(i, j, _), _| (i + j) % 2 == 0);
    assert!(!expected.is_empty());
    assert_eq!(listed(&b, true), expected);
    assert_eq!(listed(&b, false), expected);
}

#[test]
fn ghosts_follow_their_owners_and_sums_return_to_them() {
    let mut s = state(cell([6.0, 7.0, 5.0], [2.9, -2.0, 3.3], [P, P, P]), 60, 11);
    let mut b = build(&s, 2.4, 0.2, &NeighborSettings::default(), BOTH).unwrap();
    s.atoms.x.iter_mut().for_each(|x| x[1] += 0.05);
    if let Some(c) = &mut s.cell {
        c.hi[2] += 0.1;
    }
    b.refresh(&s);
    let c = s.cell.clone().unwrap();
    for brick in &b.bricks {
        for l in 0..brick.len() {
            let d = c.shift(brick.shift[l]);
            let p = s.atoms.x[brick.owner[l] as usize];
            for k in 0..3 {
                assert!((brick.x[l][k] - p[k] - d[k]).abs() < 1e-12);
            }
        }
    }
    // forward: every local atom holds its owner's number; reverse: owners count their copies
    let mut data: Vec<Vec<f64>> = b.bricks.iter().map(|b| vec![-1.0; 2 * b.len()]).collect();
    for (d, brick) in data.iter_mut().zip(&b.bricks) {
        for l in 0..brick.own {
            d[2 * l] = f64::from(brick.owner[l]);
            d[2 * l + 1] = 1.0;
        }
    }
    LocalComm.forward_f64(&b, &mut data, 2);
    let mut copies = vec![0.0; s.atoms.len()];
    for (d, brick) in data.iter().zip(&b.bricks) {
        for l in 0..brick.len() {
            assert_eq!(d[2 * l], f64::from(brick.owner[l]));
            copies[brick.owner[l] as usize] += 1.0;
        }
    }
    LocalComm.reverse_f64(&b, &mut data, 2);
    for (d, brick) in data.iter().zip(&b.bricks) {
        for l in 0..brick.own {
            assert_eq!(d[2 * l + 1], copies[brick.owner[l] as usize]);
        }
        assert!(d[2 * brick.own..].iter().all(|&v| v == 0.0));
    }
}

#[test]
fn a_build_from_held_positions_repeats_the_first_one() {
    let mut s = state(cell([9.0, 8.0, 10.0], [1.0, 0.0, 0.0], [P, P, P]), 90, 21);
    let settings = NeighborSettings {
        skin: Some(0.2),
        ..NeighborSettings::default()
    };
    let mut first = build(&s, 2.4, 0.2, &settings, BOTH).unwrap();
    let mut held = NeighborState::default();
    held.hold(&s);
    s.atoms.x.iter_mut().for_each(|x| x[0] += 0.07);
    s.step = 3;
    assert!(!held.needs_rebuild(&s, &settings));
    first.refresh(&s);
    let cell = held.cell_hold.clone().unwrap();
    let mut again =
        argyro::domain::build::build_from(&held.x_hold, &cell, &s, 2.4, 0.2, &settings, BOTH)
            .unwrap();
    again.refresh(&s);
    for (a, b) in first.bricks.iter().zip(&again.bricks) {
        assert_eq!(a.x, b.x);
        assert_eq!((&a.owner, &a.shift), (&b.owner, &b.shift));
        assert_eq!(
            (&a.half.index, &a.full.index),
            (&b.half.index, &b.full.index)
        );
    }
}

#[test]
fn rebuilds_follow_displacement_delay_every_and_the_cell() {
    let mut s = state(cell([9.0, 8.0, 10.0], [0.0; 3], [P, P, P]), 9, 1);
    let mut set = NeighborSettings {
        skin: Some(0.4),
        every: 2,
        delay: 4,
        ..NeighborSettings::default()
    };
    let mut held = NeighborState::default();
    held.hold(&s);
    s.atoms.x[4][2] += 0.21;
    for (step, expected) in [(2, false), (4, true), (5, false), (6, true)] {
        s.step = step;
        assert_eq!(held.needs_rebuild(&s, &set), expected, "step {step}");
    }
    assert_eq!(held.dangerous, 1);
    s.atoms.x[4][2] -= 0.1;
    assert!(!held.needs_rebuild(&s, &set));
    if let Some(c) = &mut s.cell {
        c.hi[0] += 0.2;
    }
    assert!(
        held.needs_rebuild(&s, &set),
        "the corner used up half of the skin"
    );
    set.check = false;
    held.hold(&s);
    s.step += 4;
    assert!(held.needs_rebuild(&s, &set));
    set.once = true;
    assert!(!held.needs_rebuild(&s, &set));
}

#[test]
fn lost_atoms_are_named() {
    let mut s = state(cell([9.0, 8.0, 10.0], [0.0; 3], [P, F, S]), 9, 1);
    s.atoms.x[3][0] += 20.0;
    s.atoms.x[5][2] += 7.0;
    wrap_atoms(&mut s).unwrap();
    assert_eq!(s.atoms.image[3][0], 2);
    assert!(s.cell.as_ref().unwrap().hi[2] > s.atoms.x[5][2]);
    s.atoms.x[6][1] += 8.0;
    s.step = 12;
    let e = wrap_atoms(&mut s).unwrap_err().to_string();
    assert!(
        e.contains("Lost atoms: original 9 current 8") && e.contains("step 12: atom IDs 7"),
        "{e}"
    );
    assert_eq!(wrap_and_drop(&mut s), vec![7]);
    assert_eq!(s.atoms.len(), 8);
    s.atoms.x[0][0] = f64::NAN;
    let e = wrap_atoms(&mut s).unwrap_err().to_string();
    assert!(e.contains("non-finite") && e.contains("atom IDs 1"), "{e}");
}

#[test]
fn hopeless_lists_are_refused() {
    let s = state(cell([1e-3, 1e-3, 1e-3], [0.0; 3], [P, P, P]), 10, 1);
    let e = build(&s, 2.5, 0.3, &NeighborSettings::default(), FULL).unwrap_err();
    assert!(e.message.contains("too large for 10 atoms"), "{e}");
    let mut s = state(cell([9.0, 9.0, 9.0], [0.0; 3], [P, P, P]), 10, 1);
    s.atoms.x[2][1] = f64::INFINITY;
    let e = build(&s, 2.5, 0.3, &NeighborSettings::default(), FULL).unwrap_err();
    assert!(e.message.contains("atom 3"), "{e}");
}
