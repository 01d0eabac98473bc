//! Forward and backward pass of one layer over one brick.
//!
//! Atoms are handled in blocks of one species. The backward pass of a layer recomputes what belongs
//! to edges and to the gate's activations from the gate's input, which the forward pass kept; the
//! last layer does both for a block at once.

use super::FastNetwork;
use super::layer::FastLayer;
use super::work::{BrickWork, Nodes, Scratch};
use crate::ml::passing::tiles::Convolve;
use crate::simd::{Level, Real};

/// Layer `t`, not the last: features, self-connection and residual of the next layer.
pub fn forward<T: Real>(model: &FastNetwork<T>, w: &mut BrickWork<T>, t: usize) {
    let level = model.level;
    let (layer, next) = (&model.layers[t], &model.layers[t + 1]);
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let (features, next_features) = w.features.split_at_mut(t + 1);
    let (nodes, next_nodes) = w.nodes.split_at_mut(t + 1);
    let (nodes, next_nodes) = (&mut nodes[t], &mut next_nodes[0]);
    let convolve = model.convolve(&w.edges, &features[t], t);
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        output(&convolve, layer, (z, atoms), nodes, scratch);
        let h = (scratch.output.as_slice(), &scratch.rows[..atoms.len()]);
        if let Some(up) = &next.up {
            up.apply(level, z, h, (&mut next_features[0], atoms), false);
            scale(next, z, atoms, &mut next_features[0]);
        }
        if let Some(skip) = &next.skip {
            skip.apply(level, z, h, (&mut next_nodes.input, atoms), false);
        }
        if next.residual {
            let width = layer.gate.output.width;
            copy(&scratch.output, width, atoms, &mut next_nodes.residual);
        }
    }
}

/// The last layer in both directions.
pub fn forward_and_back<T: Real>(model: &FastNetwork<T>, w: &mut BrickWork<T>) {
    let level = model.level;
    let t = model.layers.len() - 1;
    let layer = &model.layers[t];
    w.clear_adjoints(t);
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let mut gradient = std::mem::take(&mut w.edges.gradient);
    let nodes = &mut w.nodes[t];
    let convolve = model.convolve(&w.edges, &w.features[t], t);
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        output(&convolve, layer, (z, atoms), nodes, scratch);
        let energies = &mut scratch.energies[..atoms.len()];
        energies.fill(0.0);
        scratch.output_bar.fill(T::default());
        model.readout.run(
            level,
            (&scratch.output, &scratch.rows[..atoms.len()]),
            model.scale[z],
            energies,
            &mut scratch.output_bar,
            &mut scratch.readout,
        );
        let sums = w.sums.energies_mut();
        for (&i, e) in atoms.iter().zip(energies) {
            sums[i as usize] += *e;
        }
        let to = (w.adjoints[t % 2].as_mut_slice(), gradient.as_mut_slice());
        back(&convolve, layer, (z, atoms), nodes, scratch, to);
    }
    w.edges.gradient = gradient;
}

/// Adjoint of [`forward`].
pub fn backward<T: Real>(model: &FastNetwork<T>, w: &mut BrickWork<T>, t: usize) {
    let level = model.level;
    let (layer, next) = (&model.layers[t], &model.layers[t + 1]);
    w.clear_adjoints(t);
    w.scratch.size(layer, model.harmonics.components());
    let scratch = &mut w.scratch;
    let mut gradient = std::mem::take(&mut w.edges.gradient);
    let [even, odd] = &mut w.adjoints;
    let (bar, next_bar) = if t.is_multiple_of(2) {
        (even, odd)
    } else {
        (odd, even)
    };
    let (nodes, next_nodes) = w.nodes.split_at_mut(t + 1);
    let (nodes, next_nodes) = (&mut nodes[t], &next_nodes[0]);
    let convolve = model.convolve(&w.edges, &w.features[t], t);
    let width = layer.gate.output.width;
    for (z, range) in w.sorted.blocks(layer.block_size()) {
        let atoms = &w.sorted.order[range];
        let rows = &scratch.rows[..atoms.len()];
        if let Some(up) = &next.up {
            scale(next, z, atoms, next_bar);
            let to = (scratch.output_bar.as_mut_slice(), rows);
            up.adjoint(level, z, (next_bar, atoms), to, false);
        }
        if let Some(skip) = &next.skip {
            let to = (scratch.output_bar.as_mut_slice(), rows);
            skip.adjoint(level, z, (&next_nodes.input, atoms), to, true);
        }
        if next.residual {
            let to = scratch.output_bar.chunks_exact_mut(width);
            for (bar, &i) in to.zip(atoms) {
                add(bar, &next_nodes.residual[i as usize * width..]);
            }
        }
        let to = (bar.as_mut_slice(), gradient.as_mut_slice());
        back(&convolve, layer, (z, atoms), nodes, scratch, to);
    }
    w.edges.gradient = gradient;
}

/// h of a block into `scratch.output`; the input of the gate is kept.
fn output<T: Real>(
    convolve: &Convolve<'_, T>,
    layer: &FastLayer<T>,
    (z, atoms): (usize, &[u32]),
    nodes: &mut Nodes<T>,
    scratch: &mut Scratch<T>,
) {
    let level: Level = convolve.level;
    let rows = &scratch.rows[..atoms.len()];
    let width = layer.convolution.message_width;
    for (&i, phi) in atoms.iter().zip(scratch.message.chunks_exact_mut(width)) {
        phi.fill(T::default());
        convolve.send(i as usize, z, &mut scratch.tile, phi);
    }
    let width = layer.gate.input.width;
    if let Some(constant) = layer.skip_constant.get(z * width..(z + 1) * width) {
        for &i in atoms {
            nodes.input[i as usize * width..][..width].copy_from_slice(constant);
        }
    }
    let add_to = layer.skip.is_some() || !layer.skip_constant.is_empty();
    let to = (nodes.input.as_mut_slice(), atoms);
    layer
        .linear
        .apply(level, z, (&scratch.message, rows), to, add_to);
    let out = layer.gate.output.width;
    let residual = layer.residual_constant.get(z * out..(z + 1) * out);
    for (&i, h) in atoms.iter().zip(scratch.output.chunks_exact_mut(out)) {
        let i = i as usize;
        let x = &nodes.input[i * width..][..width];
        layer.gate.forward(level, x, h, &mut scratch.gate);
        if let Some(constant) = residual {
            add(h, constant);
        } else if layer.residual {
            add(h, &nodes.residual[i * out..]);
        }
    }
}

/// From the adjoint of h in `scratch.output_bar` to those of the features and edge vectors; leaves
/// the adjoints of the gate's input and output where the layer before needs them.
fn back<T: Real>(
    convolve: &Convolve<'_, T>,
    layer: &FastLayer<T>,
    (z, atoms): (usize, &[u32]),
    nodes: &mut Nodes<T>,
    scratch: &mut Scratch<T>,
    (features, gradient): (&mut [T], &mut [[f64; 3]]),
) {
    let level: Level = convolve.level;
    let (width, out) = (layer.gate.input.width, layer.gate.output.width);
    if !nodes.residual.is_empty() {
        copy(&scratch.output_bar, out, atoms, &mut nodes.residual);
    }
    for (&i, bar) in atoms.iter().zip(scratch.output_bar.chunks_exact(out)) {
        let x = &mut nodes.input[i as usize * width..][..width];
        layer.gate.backward(level, x, bar, &mut scratch.gate);
    }
    let to = (scratch.message.as_mut_slice(), &scratch.rows[..atoms.len()]);
    layer
        .linear
        .adjoint(level, z, (&nodes.input, atoms), to, false);
    let width = layer.convolution.message_width;
    for (&i, phi) in atoms.iter().zip(scratch.message.chunks_exact(width)) {
        let seed = (phi, T::default());
        let (tile, at) = (&mut scratch.tile, (i as usize, z));
        convolve.receive(at, tile, seed, features, gradient);
    }
}

/// Multiplies the rows of atoms of species `z` by what the layer multiplies its features by.
fn scale<T: Real>(layer: &FastLayer<T>, z: usize, atoms: &[u32], rows: &mut [T]) {
    if let Some(&factor) = layer.source_scale.get(z) {
        let width = layer.convolution.feature_width;
        for &i in atoms {
            let row = &mut rows[i as usize * width..][..width];
            row.iter_mut().for_each(|x| *x = *x * factor);
        }
    }
}

/// Copies the rows of a block to those of its atoms.
fn copy<T: Real>(block: &[T], width: usize, atoms: &[u32], to: &mut [T]) {
    for (row, &i) in block.chunks_exact(width).zip(atoms) {
        to[i as usize * width..][..width].copy_from_slice(row);
    }
}

fn add<T: Real>(y: &mut [T], x: &[T]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
}
