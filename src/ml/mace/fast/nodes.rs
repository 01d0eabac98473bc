//! What one layer does at atoms: from Phi to A, to the product basis, to h and the readouts, and
//! back. Arrays of a block have rows 0, 1, .. in the order of the block's atoms.

use super::layer::FastLayer;
use super::work::Scratch;
use crate::ml::passing::tiles::Convolve;
use crate::simd::{Level, Real};

/// An array over atoms and the rows of the block's atoms in it.
pub type At<'a, T> = (&'a [T], &'a [u32]);

/// Phi of a block of atoms of species `z` into `scratch.message`, and 1 / N where the layer
/// normalises by density.
pub fn messages<T: Real>(
    convolve: &Convolve<'_, T>,
    layer: &FastLayer<T>,
    (z, atoms): (usize, &[u32]),
    scratch: &mut Scratch<T>,
) {
    let rows = scratch
        .message
        .chunks_exact_mut(layer.convolution.message_width);
    for (k, (&i, phi)) in atoms.iter().zip(rows).enumerate() {
        phi.fill(T::default());
        let density = convolve.send(i as usize, z, &mut scratch.tile, phi);
        if let Some(d) = layer.density {
            scratch.inverse[k] = T::from_f64(1.0 / (d.alpha + d.beta * density));
        }
    }
}

/// Adjoint of [`messages`]: from `scratch.message`, now the adjoint of Phi, adds to the derivatives
/// with respect to edge vectors and to the adjoints of the features (none in the first layer).
pub fn messages_adjoint<T: Real>(
    convolve: &Convolve<'_, T>,
    layer: &FastLayer<T>,
    (z, atoms): (usize, &[u32]),
    scratch: &mut Scratch<T>,
    features: &mut [T],
    gradient: &mut [[f64; 3]],
) {
    let rows = scratch
        .message
        .chunks_exact(layer.convolution.message_width);
    for (k, (&i, phi)) in atoms.iter().zip(rows).enumerate() {
        let seed = (phi, scratch.density_bar[k]);
        let (tile, at) = (&mut scratch.tile, (i as usize, z));
        convolve.receive(at, tile, seed, features, gradient);
    }
}

/// A from `scratch.message`.
pub fn mix<T: Real>(
    level: Level,
    layer: &FastLayer<T>,
    z: usize,
    scratch: &Scratch<T>,
    (basis, rows): (&mut [T], &[u32]),
) {
    let block = &scratch.rows[..rows.len()];
    layer.mix.apply(
        level,
        z,
        (&scratch.message, block),
        (&mut *basis, rows),
        false,
    );
    if layer.density.is_some() {
        let width = layer.mix.output.width;
        for (k, &row) in rows.iter().enumerate() {
            let inverse = scratch.inverse[k];
            for x in &mut basis[row as usize * width..][..width] {
                *x = *x * inverse;
            }
        }
    }
}

/// h into `scratch.output` from A and the skip connection (empty if there is none).
pub fn output<T: Real>(
    level: Level,
    layer: &FastLayer<T>,
    z: usize,
    scratch: &mut Scratch<T>,
    (basis, rows): At<'_, T>,
    (skip, skip_rows): At<'_, T>,
) {
    let n = rows.len();
    let (basis_width, product_width) = (layer.mix.output.width, layer.linear.input.width);
    for (k, &row) in rows.iter().enumerate() {
        let a = &basis[row as usize * basis_width..][..basis_width];
        let b = &mut scratch.product[k * product_width..(k + 1) * product_width];
        for (block, components) in layer.linear.input.blocks.iter().zip(&layer.products) {
            let to = b[block.offset..].chunks_exact_mut(block.padded);
            for (component, to) in components.iter().zip(to) {
                component.value(level, z, a, to);
            }
        }
    }
    let width = layer.linear.output.width;
    let constant = layer.skip_constant.get(z * width..(z + 1) * width);
    let block = &scratch.rows[..n];
    for (k, h) in scratch.output.chunks_exact_mut(width).take(n).enumerate() {
        if let Some(constant) = constant {
            h.copy_from_slice(constant);
        } else if !skip.is_empty() {
            h.copy_from_slice(&skip[skip_rows[k] as usize * width..][..width]);
        } else {
            h.fill(T::default());
        }
    }
    let to = (scratch.output.as_mut_slice(), block);
    layer
        .linear
        .apply(level, z, (&scratch.product, block), to, true);
}

/// Adds the readouts of h to the energies. The adjoint of h goes to `scratch.output_bar`: that of
/// all readouts, or only that of readouts that are not linear, if there are any.
pub fn readouts<T: Real>(
    level: Level,
    layer: &FastLayer<T>,
    atoms: &[u32],
    scratch: &mut Scratch<T>,
    energies: &mut [f64],
) {
    let n = atoms.len();
    let mut sums = std::mem::take(&mut scratch.energies);
    sums[..n].fill(0.0);
    scratch.output_bar.fill(T::default());
    for readout in &layer.readouts {
        readout.run(
            level,
            (&scratch.output, &scratch.rows[..n]),
            1.0,
            &mut sums[..n],
            &mut scratch.output_bar,
            &mut scratch.readout,
        );
    }
    for (&i, e) in atoms.iter().zip(&sums) {
        energies[i as usize] += e;
    }
    scratch.energies = sums;
}

/// From `scratch.output_bar` to the adjoint of A in `scratch.basis_bar`, then to those of Phi in
/// `scratch.message` and of the density.
pub fn output_adjoint<T: Real>(
    level: Level,
    layer: &FastLayer<T>,
    z: usize,
    scratch: &mut Scratch<T>,
    (basis, rows): At<'_, T>,
) {
    let n = rows.len();
    let (basis_width, product_width) = (layer.mix.output.width, layer.linear.input.width);
    let block = &scratch.rows[..n];
    let from = (scratch.output_bar.as_slice(), block);
    let to = (scratch.product.as_mut_slice(), block);
    layer.linear.adjoint(level, z, from, to, false);
    for (k, &row) in rows.iter().enumerate() {
        let a = &basis[row as usize * basis_width..][..basis_width];
        let a_bar = &mut scratch.basis_bar[k * basis_width..(k + 1) * basis_width];
        a_bar.fill(T::default());
        let b_bar = &scratch.product[k * product_width..(k + 1) * product_width];
        for (block, components) in layer.linear.input.blocks.iter().zip(&layer.products) {
            let seeds = b_bar[block.offset..].chunks_exact(block.padded);
            for (component, seed) in components.iter().zip(seeds) {
                component.gradient(level, z, a, seed, a_bar);
            }
        }
        if let Some(d) = layer.density {
            // A = X / N: the adjoint of X is that of A over N, that of N is -(A_bar . A) / N
            let inverse = scratch.inverse[k];
            let products = a.iter().zip(&*a_bar).map(|(a, b)| a.to_f64() * b.to_f64());
            let dot: f64 = products.sum();
            let bar = -d.beta * inverse.to_f64() * dot;
            scratch.density_bar[k] = T::from_f64(bar);
            a_bar.iter_mut().for_each(|x| *x = *x * inverse);
        }
    }
    let from = (scratch.basis_bar.as_slice(), block);
    let to = (scratch.message.as_mut_slice(), block);
    layer.mix.adjoint(level, z, from, to, false);
}
