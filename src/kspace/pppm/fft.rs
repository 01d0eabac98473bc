//! Real three-dimensional Fourier transforms over the threads of the machine.
//!
//! Real meshes are z, y, x (x fastest, rows padded); spectra are half ones, in the order kx, ky, kz (kz fastest).
//! Every one-dimensional transform is done by one task, so that results do not depend on the number of threads.

use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// A complex number.
pub type C = Complex<f64>;

/// Plans and work arrays for one mesh.
pub struct Fft3 {
    /// Points along x, y, z.
    pub n: [usize; 3],
    /// nx/2 + 1
    pub half: usize,
    rows: Arc<dyn RealToComplex<f64>>,
    rows_back: Arc<dyn ComplexToReal<f64>>,
    y: [Arc<dyn Fft<f64>>; 2],
    z: [Arc<dyn Fft<f64>>; 2],
    /// Planes after the transforms in x and y: z, kx, ky forwards; kx, z, ky backwards.
    planes: Vec<C>,
}

impl Fft3 {
    /// Plans for a mesh of `n` points.
    pub fn new(n: [usize; 3]) -> Self {
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        let half = n[0] / 2 + 1;
        Self {
            n,
            half,
            rows: real.plan_fft_forward(n[0]),
            rows_back: real.plan_fft_inverse(n[0]),
            y: [
                complex.plan_fft_forward(n[1]),
                complex.plan_fft_inverse(n[1]),
            ],
            z: [
                complex.plan_fft_forward(n[2]),
                complex.plan_fft_inverse(n[2]),
            ],
            planes: vec![C::default(); half * n[1] * n[2]],
        }
    }

    /// Length of a spectrum.
    pub fn spectrum(&self) -> usize {
        self.half * self.n[1] * self.n[2]
    }

    /// The spectrum of a real mesh whose rows have `width` >= nx values.
    pub fn forward(&mut self, mesh: &[f64], width: usize, out: &mut [C]) {
        let ([nx, ny, nz], half) = (self.n, self.half);
        let (rows, y, z) = (&self.rows, &self.y[0], &self.z[0]);
        self.planes
            .par_chunks_mut(half * ny)
            .zip(mesh.par_chunks(width * ny))
            .for_each(|(plane, mesh)| {
                let mut row = vec![0.0; nx];
                let mut line = vec![C::default(); half];
                let mut scratch = rows.make_scratch_vec();
                for (j, mesh) in mesh.chunks_exact(width).enumerate() {
                    row.copy_from_slice(&mesh[..nx]);
                    // lengths are those of the plan, the only thing that can be wrong
                    let _ = rows.process_with_scratch(&mut row, &mut line, &mut scratch);
                    for (k, v) in line.iter().enumerate() {
                        plane[k * ny + j] = *v;
                    }
                }
                let mut scratch = vec![C::default(); y.get_inplace_scratch_len()];
                y.process_with_scratch(plane, &mut scratch);
            });
        let planes = &self.planes;
        out.par_chunks_mut(ny * nz)
            .enumerate()
            .for_each(|(k, out)| {
                for l in 0..nz {
                    let line = &planes[(l * half + k) * ny..][..ny];
                    for (j, v) in line.iter().enumerate() {
                        out[j * nz + l] = *v;
                    }
                }
                let mut scratch = vec![C::default(); z.get_inplace_scratch_len()];
                z.process_with_scratch(out, &mut scratch);
            });
    }

    /// The real mesh of the spectrum `value(index)`, not divided by the number of points; rows are padded to
    /// `width` values with those of the row's beginning.
    pub fn backward(&mut self, value: impl Fn(usize) -> C + Sync, width: usize, mesh: &mut [f64]) {
        let ([nx, ny, nz], half) = (self.n, self.half);
        let (rows, y, z) = (&self.rows_back, &self.y[1], &self.z[1]);
        self.planes
            .par_chunks_mut(nz * ny)
            .enumerate()
            .for_each(|(k, plane)| {
                let mut lines = vec![C::default(); ny * nz];
                for (at, v) in lines.iter_mut().enumerate() {
                    *v = value(k * ny * nz + at);
                }
                let mut scratch = vec![C::default(); z.get_inplace_scratch_len()];
                z.process_with_scratch(&mut lines, &mut scratch);
                for j in 0..ny {
                    for l in 0..nz {
                        plane[l * ny + j] = lines[j * nz + l];
                    }
                }
            });
        let planes = &self.planes;
        mesh.par_chunks_mut(width * ny)
            .enumerate()
            .for_each(|(l, mesh)| {
                let mut plane = vec![C::default(); half * ny];
                for (k, line) in plane.chunks_exact_mut(ny).enumerate() {
                    line.copy_from_slice(&planes[(k * nz + l) * ny..][..ny]);
                }
                let mut scratch = vec![C::default(); y.get_inplace_scratch_len()];
                y.process_with_scratch(&mut plane, &mut scratch);
                let mut line = vec![C::default(); half];
                let mut scratch = rows.make_scratch_vec();
                for (j, mesh) in mesh.chunks_exact_mut(width).enumerate() {
                    for (k, v) in line.iter_mut().enumerate() {
                        *v = plane[k * ny + j];
                    }
                    // these are real for a real mesh; rounding is dropped
                    line[0].im = 0.0;
                    if nx % 2 == 0 {
                        line[half - 1].im = 0.0;
                    }
                    let (row, pad) = mesh.split_at_mut(nx);
                    let _ = rows.process_with_scratch(&mut line, row, &mut scratch);
                    for (p, v) in pad.iter_mut().enumerate() {
                        *v = row[p % nx];
                    }
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_number_of_points() {
        for n in [[6, 5, 4], [5, 8, 3], [4, 2, 9]] {
            let width = n[0] + 3;
            let mut mesh = vec![0.0; width * n[1] * n[2]];
            for (i, row) in mesh.chunks_exact_mut(width).enumerate() {
                for (j, v) in row[..n[0]].iter_mut().enumerate() {
                    *v = ((i * 7 + j * 13) % 11) as f64 - 4.0;
                }
            }
            let mut fft = Fft3::new(n);
            let mut spectrum = vec![C::default(); fft.spectrum()];
            fft.forward(&mesh, width, &mut spectrum);
            // one value against the definition
            let (k, j, l) = (1, 1, 2);
            let mut direct = C::default();
            for z in 0..n[2] {
                for y in 0..n[1] {
                    for x in 0..n[0] {
                        let phase = (k * x) as f64 / n[0] as f64
                            + (j * y) as f64 / n[1] as f64
                            + (l * z) as f64 / n[2] as f64;
                        let e = C::from_polar(1.0, -std::f64::consts::TAU * phase);
                        direct += e * mesh[(z * n[1] + y) * width + x];
                    }
                }
            }
            assert!((spectrum[(k * n[1] + j) * n[2] + l] - direct).norm() < 1e-10);
            let mut back = vec![0.0; mesh.len()];
            fft.backward(|at| spectrum[at], width, &mut back);
            let points = n.iter().product::<usize>() as f64;
            for (a, b) in mesh.chunks_exact(width).zip(back.chunks_exact(width)) {
                for k in 0..width {
                    let x = k % n[0];
                    assert!((points * a[x] - b[k]).abs() < 1e-9);
                }
            }
        }
    }
}
