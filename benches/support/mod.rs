//! The Lennard-Jones liquid that the benchmarks share: reduced density 0.8442, as LAMMPS' `bench/in.lj`.

use argyro::domain::state::Types;
use argyro::domain::{Boundary, Cell, State};
use rand::{RngExt, SeedableRng};

/// 4 `cells`^3 atoms, displaced from the lattice, with velocities of temperature 1.44.
pub fn liquid(cells: usize) -> State {
    let edge = (4.0f64 / 0.8442).cbrt();
    let l = edge * cells as f64;
    let cell = Cell::orthogonal([0.0; 3], [l; 3], [[Boundary::Periodic; 2]; 3]);
    let mut types = Types::new(1);
    types.mass[1] = Some(1.0);
    let mut s = State {
        types,
        cell: Some(cell),
        ..State::default()
    };
    let mut r = rand_pcg::Pcg64Mcg::seed_from_u64(1);
    let mut centred = || r.random::<f64>() - 0.5;
    let basis = [
        [0.0, 0.0, 0.0],
        [0.5, 0.5, 0.0],
        [0.5, 0.0, 0.5],
        [0.0, 0.5, 0.5],
    ];
    for n in 0..cells.pow(3) {
        let at = [n % cells, n / cells % cells, n / cells / cells];
        for b in basis {
            let x = std::array::from_fn(|k| edge * (at[k] as f64 + b[k]) + 0.05 * centred());
            s.atoms.push(s.atoms.len() as i64 + 1, 1, x, false, false);
        }
    }
    // a uniform distribution of width w has the variance w^2 / 12
    let width = (12.0f64 * 1.44).sqrt();
    for v in &mut s.atoms.v {
        *v = std::array::from_fn(|_| width * centred());
    }
    s.expected_atoms = s.atoms.len();
    s
}
