//! Forward and backward pass of one layer over one brick.
//!
//! Atoms are handled in blocks of one species. The backward pass of a layer recomputes what belongs
//! to edges (harmonics, radial functions) and reads A, which the forward pass kept. The last layer
//! does both for a block at once and keeps nothing.

use super::FastMace;
use super::nodes::{messages, messages_adjoint, mix, output, output_adjoint, readouts};
use super::work::BrickWork;
use crate::simd::Real;

/// Layer `t`, not the last: A, features of the next layer and its skip connection.
pub fn forward<T: Real>(model: &FastMace<T>, w: &mut BrickWork<T>, t: usize) {
    let level = model.level;
    let (layer, next) = (&model.layers[t], &model.layers[t + 1]);
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let (features, next_features) = w.features.split_at_mut(t + 1);
    let (nodes, next_nodes) = w.nodes.split_at_mut(t + 1);
    let (nodes, next_nodes) = (&mut nodes[t], &mut next_nodes[0]);
    let convolve = model.convolve((&w.edges, &features[t]), t);
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        messages(&convolve, layer, (z, atoms), scratch);
        mix(level, layer, z, scratch, (&mut nodes.basis, atoms));
        if layer.density.is_some() {
            for (&i, &x) in atoms.iter().zip(&scratch.inverse) {
                nodes.inverse[i as usize] = x;
            }
        }
        let skip = (nodes.skip.as_slice(), atoms);
        output(level, layer, z, scratch, (&nodes.basis, atoms), skip);
        readouts(level, layer, atoms, scratch, w.sums.energies_mut());
        let width = layer.linear.output.width;
        keep(&scratch.output_bar, width, atoms, &mut nodes.readout_bar);
        let h = (scratch.output.as_slice(), &scratch.rows[..atoms.len()]);
        if let Some(up) = &next.up {
            up.apply(level, z, h, (&mut next_features[0], atoms), false);
        }
        if let Some(skip) = &next.skip {
            skip.apply(level, z, h, (&mut next_nodes.skip, atoms), false);
        }
    }
}

/// Copies the rows of a block to those of its atoms, unless the array of atoms is not wanted.
fn keep<T: Real>(block: &[T], width: usize, atoms: &[u32], array: &mut [T]) {
    if array.is_empty() {
        return;
    }
    for (row, &i) in block.chunks_exact(width).zip(atoms) {
        array[i as usize * width..][..width].copy_from_slice(row);
    }
}

/// The last layer in both directions.
pub fn forward_and_back<T: Real>(model: &FastMace<T>, w: &mut BrickWork<T>) {
    let level = model.level;
    let t = model.layers.len() - 1;
    let layer = &model.layers[t];
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let mut gradient = std::mem::take(&mut w.edges.gradient);
    let mut basis = std::mem::take(&mut scratch.basis);
    let rows = std::mem::take(&mut scratch.rows);
    scratch.rows.clone_from(&rows);
    let nodes = &mut w.nodes[t];
    let convolve = model.convolve((&w.edges, &w.features[t]), t);
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        let rows = &rows[..atoms.len()];
        messages(&convolve, layer, (z, atoms), scratch);
        mix(level, layer, z, scratch, (&mut basis, rows));
        let skip = (nodes.skip.as_slice(), atoms);
        output(level, layer, z, scratch, (&basis, rows), skip);
        readouts(level, layer, atoms, scratch, w.sums.energies_mut());
        let width = layer.linear.output.width;
        keep(&scratch.output_bar, width, atoms, &mut nodes.output_bar);
        output_adjoint(level, layer, z, scratch, (&basis, rows));
        let bar = &mut w.adjoints[t];
        let block = (z, atoms);
        messages_adjoint(&convolve, layer, block, scratch, bar, &mut gradient);
    }
    scratch.basis = basis;
    w.edges.gradient = gradient;
}

/// Adjoint of [`forward`].
pub fn backward<T: Real>(model: &FastMace<T>, w: &mut BrickWork<T>, t: usize) {
    let level = model.level;
    let (layer, next) = (&model.layers[t], &model.layers[t + 1]);
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let mut gradient = std::mem::take(&mut w.edges.gradient);
    let (bar, next_bar) = w.adjoints.split_at_mut(t + 1);
    let (bar, next_bar) = (&mut bar[t], &next_bar[0]);
    let (nodes, next_nodes) = w.nodes.split_at_mut(t + 1);
    let (nodes, next_nodes) = (&mut nodes[t], &next_nodes[0]);
    let convolve = model.convolve((&w.edges, &w.features[t]), t);
    let width = layer.linear.output.width;
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        let n = atoms.len();
        for (k, &i) in atoms.iter().enumerate() {
            let h_bar = &mut scratch.output_bar[k * width..(k + 1) * width];
            match nodes.readout_bar.get(i as usize * width..) {
                Some(row) if !row.is_empty() => h_bar.copy_from_slice(&row[..width]),
                _ => h_bar.copy_from_slice(&layer.readout_constant),
            }
            if layer.density.is_some() {
                scratch.inverse[k] = nodes.inverse[i as usize];
            }
        }
        let rows = &scratch.rows[..n];
        if let Some(up) = &next.up {
            let to = (scratch.output_bar.as_mut_slice(), rows);
            up.adjoint(level, z, (next_bar, atoms), to, true);
        }
        if let Some(skip) = &next.skip {
            let to = (scratch.output_bar.as_mut_slice(), rows);
            skip.adjoint(level, z, (&next_nodes.output_bar, atoms), to, true);
        }
        keep(&scratch.output_bar, width, atoms, &mut nodes.output_bar);
        output_adjoint(level, layer, z, scratch, (&nodes.basis, atoms));
        let block = (z, atoms);
        messages_adjoint(&convolve, layer, block, scratch, bar, &mut gradient);
    }
    w.edges.gradient = gradient;
}
