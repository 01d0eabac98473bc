//! The functions of an embedded-atom potential for the atom types of a script.

use super::file::{Funcfl, Grid, Setfl};
use super::spline::Spline;

/// Interpolated functions.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Largest distance of interaction.
    pub cut: f64,
    /// Largest tabulated density.
    pub rho_max: f64,
    /// Embedding energies.
    pub embed: Vec<Spline>,
    /// Densities.
    pub density: Vec<Spline>,
    /// r times pair energies.
    pub pair: Vec<Spline>,
    /// Number of types + 1.
    pub width: usize,
    /// Embedding function of every type.
    pub embed_of: Vec<Option<u32>>,
    /// At i * width + j: density that an atom of type i makes at one of type j.
    pub density_of: Vec<u32>,
    /// At i * width + j: pair function.
    pub pair_of: Vec<u32>,
}

/// Place of (i, j) in rows of a lower triangle.
fn triangle(i: usize, j: usize) -> usize {
    let (i, j) = (i.max(j), i.min(j));
    i * (i + 1) / 2 + j
}

impl Tables {
    /// Pair energy of two atoms of types `i`, `j` at distance `r`, and the force factor F/r with the embedding
    /// functions' `slopes` at both.
    #[inline(always)]
    pub fn between(&self, (i, j): (usize, usize), r: f64, slopes: (f64, f64)) -> (f64, f64) {
        let row = i * self.width;
        let (here, there) = (
            self.density_of[j * self.width + i],
            self.density_of[row + j],
        );
        let f = &self.density[here as usize];
        let at = f.place(r);
        let at_i = f.both(at).1;
        let at_j = if here == there {
            at_i
        } else {
            self.density[there as usize].both(at).1
        };
        let (z, dz) = self.pair[self.pair_of[row + j] as usize].both(at);
        let inverse = 1.0 / r;
        let phi = z * inverse;
        let psi = slopes.0 * at_i + slopes.1 * at_j + (dz - phi) * inverse;
        (phi, -psi * inverse)
    }

    fn indices(&mut self, of: &[Option<usize>], density: impl Fn(usize, usize) -> usize) {
        let w = of.len();
        self.width = w;
        self.embed_of = of.iter().map(|o| o.map(|k| k as u32)).collect();
        self.density_of = vec![0; w * w];
        self.pair_of = vec![0; w * w];
        for i in 0..w {
            for j in 0..w {
                if let (Some(a), Some(b)) = (of[i], of[j]) {
                    self.density_of[i * w + j] = density(a, b) as u32;
                    self.pair_of[i * w + j] = triangle(a, b) as u32;
                }
            }
        }
    }

    /// Of a setfl file; `of` maps types (index 0 unused) to the file's elements.
    pub fn of_setfl(s: &Setfl, of: &[Option<usize>]) -> Self {
        let Grid {
            nrho,
            drho,
            dr,
            cut,
            ..
        } = s.grid;
        let mut t = Self {
            cut,
            rho_max: (nrho - 1) as f64 * drho,
            embed: s.embed.iter().map(|f| Spline::new(f, drho)).collect(),
            density: s.density.iter().map(|f| Spline::new(f, dr)).collect(),
            pair: s.pair.iter().map(|f| Spline::new(f, dr)).collect(),
            ..Self::default()
        };
        let n = s.elements.len();
        let by_pair = s.density.len() == n * n && n > 1;
        t.indices(of, |a, b| if by_pair { a * n + b } else { a });
        t
    }

    /// Of funcfl files; `of` maps types (index 0 unused) to `files`. All functions are brought to one grid, the
    /// coarsest and widest of all files, as in LAMMPS.
    pub fn of_funcfl(files: &[Funcfl], of: &[Option<usize>]) -> Self {
        // Hartree Bohr
        const SCALE: f64 = 27.2 * 0.529;
        let used = || {
            let all = files.iter().enumerate();
            all.filter(|(k, _)| of.contains(&Some(*k))).map(|(_, f)| f)
        };
        let largest = |g: &dyn Fn(&Grid) -> f64| used().map(|f| g(&f.grid)).fold(0.0, f64::max);
        let (dr, drho) = (largest(&|g| g.dr), largest(&|g| g.drho));
        let r_max = largest(&|g| (g.nr - 1) as f64 * g.dr);
        let rho_max = largest(&|g| (g.nrho - 1) as f64 * g.drho);
        let nr = (r_max / dr + 0.5) as usize;
        let nrho = (rho_max / drho + 0.5) as usize;
        let resampled = |f: &[f64], from: f64, to: f64, n: usize| -> Vec<f64> {
            (0..n)
                .map(|m| four_point(f, m as f64 * to / from))
                .collect()
        };
        let charges: Vec<Vec<f64>> = files
            .iter()
            .map(|f| resampled(&f.charge, f.grid.dr, dr, nr))
            .collect();
        let mut pair = Vec::new();
        for i in 0..files.len() {
            for j in 0..=i {
                let both = charges[i].iter().zip(&charges[j]);
                let f: Vec<f64> = both.map(|(a, b)| SCALE * a * b).collect();
                pair.push(Spline::new(&f, dr));
            }
        }
        let mut t = Self {
            cut: files.iter().map(|f| f.grid.cut).fold(0.0, f64::max),
            rho_max,
            embed: files
                .iter()
                .map(|f| Spline::new(&resampled(&f.embed, f.grid.drho, drho, nrho), drho))
                .collect(),
            density: files
                .iter()
                .map(|f| Spline::new(&resampled(&f.density, f.grid.dr, dr, nr), dr))
                .collect(),
            pair,
            ..Self::default()
        };
        t.indices(of, |a, _| a);
        t
    }
}

/// Cubic through the four points around `x` (in units of their distance); at least five points.
fn four_point(f: &[f64], x: f64) -> f64 {
    let k = (x as usize).clamp(1, f.len() - 3);
    let p = (x - k as f64).min(2.0);
    -p * (p - 1.0) * (p - 2.0) / 6.0 * f[k - 1] + 0.5 * (p * p - 1.0) * (p - 2.0) * f[k]
        - 0.5 * p * (p + 1.0) * (p - 2.0) * f[k + 1]
        + p * (p * p - 1.0) / 6.0 * f[k + 2]
}
