//! Gates on padded feature rows: scalars are activated, other features multiplied by activated
//! scalars; forward and backward.

use crate::ml::activation::Activation;
use crate::ml::brick::Unsupported;
use crate::ml::equivariant::model::Gate;
use crate::ml::irreps::Irreps;
use crate::ml::passing::layout::Layout;
use crate::simd::{Level, Real};

/// A gate.
#[derive(Debug, Clone)]
pub struct FastGate<T> {
    /// Layout of its input.
    pub input: Layout,
    /// Layout of its output.
    pub output: Layout,
    /// Runs of activated scalars.
    activated: Vec<Activated>,
    scalars: Vec<Scalars>,
    copies: Vec<Copies>,
    /// Positions of the input that nothing reads.
    unread: Vec<usize>,
    kind: std::marker::PhantomData<T>,
}

/// Scalars of the input that are activated, as their own value or as gates.
#[derive(Debug, Clone, Copy)]
struct Activated {
    from: usize,
    count: usize,
    activation: Activation,
}

/// Activated scalars of the output.
#[derive(Debug, Clone, Copy)]
struct Scalars {
    from: usize,
    to: usize,
    count: usize,
}

/// Gated channels.
#[derive(Debug, Clone, Copy)]
struct Copies {
    gate: usize,
    from: usize,
    from_stride: usize,
    to: usize,
    to_stride: usize,
    dim: usize,
    count: usize,
}

/// Values and slopes of the activated scalars of one row.
#[derive(Debug, Clone, Default)]
pub struct GateScratch<T> {
    value: Vec<T>,
    slope: Vec<T>,
}

/// Channels of a feature vector as positions in a padded row.
struct Places {
    layout: Layout,
    /// First component of each block in the model's layout.
    offsets: Vec<usize>,
}

/// Place of a channel.
struct Place {
    /// Component m = 0.
    at: usize,
    /// Distance of components.
    stride: usize,
    /// Channels from here to the end of the block.
    left: usize,
}

impl Places {
    fn new<T: Real>(irreps: &Irreps) -> Places {
        Places {
            layout: Layout::new::<T>(irreps),
            offsets: irreps.offsets(),
        }
    }

    /// Place of the channel whose first component is number `component`.
    fn of(&self, component: usize) -> Place {
        // blocks without channels share their offset with the next
        let b = self.offsets.partition_point(|&o| o <= component) - 1;
        let block = self.layout.blocks[b];
        let u = (component - self.offsets[b]) / block.dim;
        Place {
            at: block.offset + u,
            stride: block.padded,
            left: block.channels - u,
        }
    }
}

impl<T: Real> FastGate<T> {
    /// Prepares a gate. Runs of channels are split where a block of a row ends.
    ///
    /// # Errors
    /// A component of the input is read twice.
    pub fn new(gate: &Gate) -> Result<FastGate<T>, Unsupported> {
        let input = Places::new::<T>(&gate.input);
        let output = Places::new::<T>(&gate.output);
        let (mut activated, mut scalars, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        let mut activate = |from, count, activation| {
            activated.push(Activated {
                from,
                count,
                activation,
            });
        };
        for run in &gate.scalars {
            let mut u = 0;
            while u < run.mul {
                let (from, to) = (input.of(run.input + u), output.of(run.output + u));
                let count = from.left.min(to.left).min(run.mul - u);
                activate(from.at, count, run.activation);
                scalars.push(Scalars {
                    from: from.at,
                    to: to.at,
                    count,
                });
                u += count;
            }
        }
        for run in &gate.gated {
            let dim = 2 * run.l + 1;
            let mut u = 0;
            while u < run.mul {
                let gate = input.of(run.gate + u);
                let from = input.of(run.input + u * dim);
                let to = output.of(run.output + u * dim);
                let left = gate.left.min(from.left).min(to.left);
                let count = left.min(run.mul - u);
                activate(gate.at, count, run.activation);
                copies.push(Copies {
                    gate: gate.at,
                    from: from.at,
                    from_stride: from.stride,
                    to: to.at,
                    to_stride: to.stride,
                    dim,
                    count,
                });
                u += count;
            }
        }
        let mut reads = vec![0; input.layout.width];
        let mut read = |from: usize, count| {
            reads[from..from + count].iter_mut().for_each(|n| *n += 1);
        };
        for run in &activated {
            read(run.from, run.count);
        }
        for run in &copies {
            (0..run.dim).for_each(|m| read(run.from + m * run.from_stride, run.count));
        }
        if reads.iter().any(|&n| n > 1) {
            return Err(Unsupported::new("a gate that reads a feature twice"));
        }
        Ok(FastGate {
            unread: (0..reads.len()).filter(|&k| reads[k] == 0).collect(),
            input: input.layout,
            output: output.layout,
            activated,
            scalars,
            copies,
            kind: std::marker::PhantomData,
        })
    }

    /// Values and slopes of the activated scalars of a row.
    fn activate(&self, level: Level, x: &[T], scratch: &mut GateScratch<T>) {
        scratch.value.resize(self.input.width, T::default());
        scratch.slope.resize(self.input.width, T::default());
        for run in &self.activated {
            let range = run.from..run.from + run.count;
            let value = &mut scratch.value[range.clone()];
            value.copy_from_slice(&x[range.clone()]);
            run.activation
                .apply(level, value, &mut scratch.slope[range]);
        }
    }

    /// Output row of an input row; padding is left alone.
    pub fn forward(&self, level: Level, x: &[T], out: &mut [T], scratch: &mut GateScratch<T>) {
        self.activate(level, x, scratch);
        for run in &self.scalars {
            let value = &scratch.value[run.from..run.from + run.count];
            out[run.to..run.to + run.count].copy_from_slice(value);
        }
        for run in &self.copies {
            let gate = &scratch.value[run.gate..run.gate + run.count];
            for m in 0..run.dim {
                let x = &x[run.from + m * run.from_stride..][..run.count];
                let out = &mut out[run.to + m * run.to_stride..][..run.count];
                for (out, (x, g)) in out.iter_mut().zip(x.iter().zip(gate)) {
                    *out = *x * *g;
                }
            }
        }
    }

    /// Replaces an input row by its adjoint, from the adjoint `bar` of the output row.
    pub fn backward(&self, level: Level, x: &mut [T], bar: &[T], scratch: &mut GateScratch<T>) {
        self.activate(level, x, scratch);
        // every gate becomes its adjoint before the activation
        for run in &self.activated {
            x[run.from..run.from + run.count].fill(T::default());
        }
        for run in &self.scalars {
            let bar = &bar[run.to..run.to + run.count];
            for (x, bar) in x[run.from..].iter_mut().zip(bar) {
                *x += *bar;
            }
        }
        for run in &self.copies {
            for m in 0..run.dim {
                let at = run.from + m * run.from_stride;
                let bar = &bar[run.to + m * run.to_stride..][..run.count];
                let value = &scratch.value[run.gate..run.gate + run.count];
                // gates are scalars and copies are not: two different blocks of the row
                let (gates, copies) = two(x, (run.gate, at), run.count);
                for u in 0..run.count {
                    gates[u] += bar[u] * copies[u];
                    copies[u] = bar[u] * value[u];
                }
            }
        }
        self.unread.iter().for_each(|&k| x[k] = T::default());
        for run in &self.activated {
            let range = run.from..run.from + run.count;
            for (x, slope) in x[range.clone()].iter_mut().zip(&scratch.slope[range]) {
                *x = *x * *slope;
            }
        }
    }
}

/// Two runs of `count` numbers that do not overlap.
fn two<T>(x: &mut [T], (a, b): (usize, usize), count: usize) -> (&mut [T], &mut [T]) {
    let (low, high) = x.split_at_mut(a.max(b));
    let low = &mut low[a.min(b)..][..count];
    let high = &mut high[..count];
    if a < b { (low, high) } else { (high, low) }
}
