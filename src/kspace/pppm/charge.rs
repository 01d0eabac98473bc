//! From charges to the mesh and from the mesh's field to atoms.
//!
//! A mesh plane is filled by one task, from the atoms in the order of their first plane and then of their number;
//! sums have the same order for any number of threads.

use super::super::setup::Lattice;
use super::spline::{MOST, slopes, weights};
use rayon::prelude::*;

/// First mesh points and weights of every atom.
#[derive(Debug, Clone, Default)]
pub struct Stencils {
    order: usize,
    n: [usize; 3],
    /// First point along x (inside the mesh), y, z.
    base: Vec<[u32; 3]>,
    weight: Vec<[[f64; MOST]; 3]>,
    /// Derivatives of the weights by the mesh coordinates; empty unless asked for.
    slope: Vec<[[f64; MOST]; 3]>,
    /// Atoms by first plane in z, and where those of a plane begin.
    sorted: Vec<u32>,
    start: Vec<u32>,
}

impl Stencils {
    /// For positions `x` in a cell with lower corner `lo`; `derivatives` prepares [`Stencils::gradients`].
    pub fn fill(
        &mut self,
        n: [usize; 3],
        order: usize,
        lattice: &Lattice,
        lo: [f64; 3],
        x: &[[f64; 3]],
        derivatives: bool,
    ) {
        (self.n, self.order) = (n, order);
        let e = lattice.extended;
        let [xy, xz, yz] = lattice.tilt;
        self.base.resize(x.len(), [0; 3]);
        self.weight.resize(x.len(), [[0.0; MOST]; 3]);
        let mesh = |x: &[f64; 3]| -> [f64; 3] {
            let c = (x[2] - lo[2]) / e[2];
            let b = (x[1] - lo[1] - yz * c) / e[1];
            let a = (x[0] - lo[0] - xy * b - xz * c) / e[0];
            [a * n[0] as f64, b * n[1] as f64, c * n[2] as f64]
        };
        self.base
            .par_iter_mut()
            .zip(&mut self.weight)
            .zip(x)
            .with_min_len(512)
            .for_each(|((base, weight), x)| {
                for (d, u) in mesh(x).into_iter().enumerate() {
                    let (first, w) = weights(order, u);
                    base[d] = first.rem_euclid(n[d] as i64) as u32;
                    weight[d] = w;
                }
            });
        self.slope.clear();
        if derivatives {
            let slope = |x: &[f64; 3]| mesh(x).map(|u| slopes(order, u));
            x.par_iter()
                .with_min_len(512)
                .map(slope)
                .collect_into_vec(&mut self.slope);
        }
        self.sort();
    }

    fn sort(&mut self) {
        let mut start = vec![0u32; self.n[2] + 1];
        self.base.iter().for_each(|b| start[b[2] as usize + 1] += 1);
        for k in 1..start.len() {
            start[k] += start[k - 1];
        }
        let mut next = start.clone();
        self.sorted.resize(self.base.len(), 0);
        for (i, b) in self.base.iter().enumerate() {
            let at = &mut next[b[2] as usize];
            self.sorted[*at as usize] = i as u32;
            *at += 1;
        }
        self.start = start;
    }

    /// Width of padded rows.
    pub fn width(n: [usize; 3], order: usize) -> usize {
        n[0] + order
    }

    /// Adds `scale * q` of every atom to the zeroed mesh.
    pub fn spread(&self, q: &[f64], scale: f64, mesh: &mut [f64]) {
        match self.order {
            2 => self.spread_order::<2>(q, scale, mesh),
            3 => self.spread_order::<3>(q, scale, mesh),
            4 => self.spread_order::<4>(q, scale, mesh),
            5 => self.spread_order::<5>(q, scale, mesh),
            6 => self.spread_order::<6>(q, scale, mesh),
            _ => self.spread_order::<7>(q, scale, mesh),
        }
    }

    fn spread_order<const P: usize>(&self, q: &[f64], scale: f64, mesh: &mut [f64]) {
        let [nx, ny, nz] = self.n;
        let width = Self::width(self.n, P);
        mesh.par_chunks_mut(width * ny)
            .enumerate()
            .for_each(|(plane, mesh)| {
                mesh.fill(0.0);
                for l in 0..P {
                    let first = (plane + P * nz - l) % nz;
                    let atoms = self.start[first] as usize..self.start[first + 1] as usize;
                    for &i in &self.sorted[atoms] {
                        let i = i as usize;
                        let (b, w) = (self.base[i], &self.weight[i]);
                        let qz = scale * q[i] * w[2][l];
                        for m in 0..P {
                            let y = (b[1] as usize + m) % ny;
                            let qy = qz * w[1][m];
                            let row = &mut mesh[y * width + b[0] as usize..][..P];
                            for k in 0..P {
                                row[k] += qy * w[0][k];
                            }
                        }
                    }
                }
                for row in mesh.chunks_exact_mut(width) {
                    for k in nx..width {
                        row[k % nx] += row[k];
                    }
                }
            });
    }

    /// Values of `N` meshes at every atom, interpolated with the atom's weights.
    pub fn gather<const N: usize>(&self, meshes: [&[f64]; N]) -> Vec<[f64; N]> {
        match self.order {
            2 => self.gather_order::<2, N>(meshes),
            3 => self.gather_order::<3, N>(meshes),
            4 => self.gather_order::<4, N>(meshes),
            5 => self.gather_order::<5, N>(meshes),
            6 => self.gather_order::<6, N>(meshes),
            _ => self.gather_order::<7, N>(meshes),
        }
    }

    fn gather_order<const P: usize, const N: usize>(&self, meshes: [&[f64]; N]) -> Vec<[f64; N]> {
        let [_, ny, nz] = self.n;
        let width = Self::width(self.n, P);
        // in the order of planes, so that rows are in cache
        let values: Vec<[f64; N]> = self
            .sorted
            .par_iter()
            .with_min_len(256)
            .map(|&i| {
                let (b, w) = (self.base[i as usize], &self.weight[i as usize]);
                let mut sum = [0.0; N];
                for l in 0..P {
                    let z = (b[2] as usize + l) % nz;
                    for m in 0..P {
                        let y = (b[1] as usize + m) % ny;
                        let at = (z * ny + y) * width + b[0] as usize;
                        let wyz = w[2][l] * w[1][m];
                        for (s, mesh) in sum.iter_mut().zip(meshes) {
                            let row = &mesh[at..at + P];
                            let mut line = 0.0;
                            for k in 0..P {
                                line += w[0][k] * row[k];
                            }
                            *s += wyz * line;
                        }
                    }
                }
                sum
            })
            .collect();
        self.unsorted(values)
    }

    /// Derivatives by the mesh coordinates of what [`Stencils::gather`] interpolates from one mesh.
    pub fn gradients(&self, mesh: &[f64]) -> Vec<[f64; 3]> {
        let ([_, ny, nz], p) = (self.n, self.order);
        let width = Self::width(self.n, p);
        let one = |&i: &u32| {
            let i = i as usize;
            let (b, w, s) = (self.base[i], &self.weight[i], &self.slope[i]);
            let mut sum = [0.0; 3];
            for l in 0..p {
                let z = (b[2] as usize + l) % nz;
                for m in 0..p {
                    let y = (b[1] as usize + m) % ny;
                    let row = &mesh[(z * ny + y) * width + b[0] as usize..][..p];
                    let (mut value, mut slope) = (0.0, 0.0);
                    for k in 0..p {
                        value += w[0][k] * row[k];
                        slope += s[0][k] * row[k];
                    }
                    sum[0] += w[2][l] * w[1][m] * slope;
                    sum[1] += w[2][l] * s[1][m] * value;
                    sum[2] += s[2][l] * w[1][m] * value;
                }
            }
            sum
        };
        let values: Vec<[f64; 3]> = self.sorted.par_iter().with_min_len(256).map(one).collect();
        self.unsorted(values)
    }

    /// Values that come in the order of `sorted`, in the order of atoms.
    fn unsorted<const N: usize>(&self, values: Vec<[f64; N]>) -> Vec<[f64; N]> {
        let mut out = vec![[0.0; N]; values.len()];
        for (&i, v) in self.sorted.iter().zip(values) {
            out[i as usize] = v;
        }
        out
    }
}
