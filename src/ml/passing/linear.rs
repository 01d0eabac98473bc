//! Equivariant linear maps: composition at load in f64, then products of feature rows.

use super::layout::Layout;
use crate::ml::irreps::Irreps;
use crate::ml::layers::{Linear, LinearBlock, SpeciesLinear};
use crate::simd::matmul::{Matrix, Product, Rows};
use crate::simd::{Level, Real};

/// A linear map before it is laid out for the kernels. Weights of a block are
/// \[species\]\[inputs\]\[outputs\], or without species where `species` is 1.
#[derive(Debug, Clone)]
pub struct DenseMap {
    input: Irreps,
    output: Irreps,
    species: usize,
    blocks: Vec<LinearBlock>,
    bias: Vec<f64>,
}

impl DenseMap {
    /// The map of a model.
    pub fn linear(map: &Linear) -> DenseMap {
        DenseMap {
            input: map.input.clone(),
            output: map.output.clone(),
            species: 1,
            blocks: map.blocks.clone(),
            bias: map.bias.clone(),
        }
    }

    /// The map of a model that depends on the species of the node.
    pub fn by_species(map: &SpeciesLinear, species: usize) -> DenseMap {
        DenseMap {
            input: map.input.clone(),
            output: map.output.clone(),
            species,
            blocks: map.blocks.clone(),
            bias: Vec::new(),
        }
    }

    /// Multiplies all weights and constants.
    pub fn scale(mut self, factor: f64) -> DenseMap {
        for w in self.blocks.iter_mut().flat_map(|b| &mut b.weight) {
            *w *= factor;
        }
        self.bias.iter_mut().for_each(|b| *b *= factor);
        self
    }

    fn shape(&self, block: &LinearBlock) -> (usize, usize) {
        let inputs = self.input.0[block.input].mul;
        (inputs, self.output.0[block.output].mul)
    }

    fn weight<'a>(&self, block: &'a LinearBlock, species: usize) -> &'a [f64] {
        let (inputs, outputs) = self.shape(block);
        let row = if self.species == 1 { 0 } else { species };
        &block.weight[row * inputs * outputs..(row + 1) * inputs * outputs]
    }

    /// `next` after this map; this map has no constants.
    pub fn then(&self, next: &DenseMap) -> DenseMap {
        let species = self.species.max(next.species);
        let mut blocks: Vec<LinearBlock> = Vec::new();
        for first in &self.blocks {
            for second in next.blocks.iter().filter(|b| b.input == first.output) {
                let (inputs, middle) = self.shape(first);
                let (_, outputs) = next.shape(second);
                let mut weight = Vec::with_capacity(species * inputs * outputs);
                for z in 0..species {
                    let (a, b) = (self.weight(first, z), next.weight(second, z));
                    weight.extend(multiply(a, b, inputs, middle, outputs));
                }
                let same =
                    |b: &&mut LinearBlock| b.input == first.input && b.output == second.output;
                match blocks.iter_mut().find(same) {
                    Some(block) => {
                        let pairs = block.weight.iter_mut().zip(&weight);
                        pairs.for_each(|(sum, w)| *sum += w);
                    }
                    None => blocks.push(LinearBlock {
                        input: first.input,
                        output: second.output,
                        weight,
                    }),
                }
            }
        }
        DenseMap {
            input: self.input.clone(),
            output: next.output.clone(),
            species,
            blocks,
            bias: next.bias.clone(),
        }
    }

    /// The map of one row in the layout of the model.
    pub fn apply(&self, species: usize, x: &[f64]) -> Vec<f64> {
        let (from, to) = (self.input.offsets(), self.output.offsets());
        let mut y = vec![0.0; self.output.dim()];
        let scalars = (0..self.output.0.len()).filter(|&b| is_scalar(&self.output, b));
        let places = scalars.flat_map(|b| to[b]..to[b + 1]);
        for (place, bias) in places.zip(&self.bias) {
            y[place] = *bias;
        }
        for block in &self.blocks {
            let (inputs, outputs) = self.shape(block);
            let dim = self.input.0[block.input].irrep.dim();
            let weight = self.weight(block, species);
            for (u, row) in weight.chunks(outputs).enumerate().take(inputs) {
                for (w, weight) in row.iter().enumerate() {
                    for m in 0..dim {
                        y[to[block.output] + w * dim + m] +=
                            weight * x[from[block.input] + u * dim + m];
                    }
                }
            }
        }
        y
    }
}

fn is_scalar(irreps: &Irreps, block: usize) -> bool {
    irreps.0[block].irrep == crate::ml::irreps::Irrep::SCALAR
}

/// Product of row-major matrices \[rows\]\[middle\] and \[middle\]\[columns\].
pub fn multiply(a: &[f64], b: &[f64], rows: usize, middle: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * columns];
    for r in 0..rows {
        let to = &mut out[r * columns..(r + 1) * columns];
        for m in 0..middle {
            let factor = a[r * middle + m];
            for (to, b) in to.iter_mut().zip(&b[m * columns..(m + 1) * columns]) {
                *to += factor * b;
            }
        }
    }
    out
}

/// A linear map of feature rows and its transpose.
#[derive(Debug, Clone)]
pub struct LinearMap<T> {
    /// Layout of the input.
    pub input: Layout,
    /// Layout of the output.
    pub output: Layout,
    blocks: Vec<MapBlock<T>>,
    /// One row, or empty.
    bias: Vec<T>,
}

#[derive(Debug, Clone)]
struct MapBlock<T> {
    from: usize,
    to: usize,
    /// Per species, or one for all.
    forward: Vec<Matrix<T>>,
    transposed: Vec<Matrix<T>>,
}

fn of<T>(matrices: &[Matrix<T>], species: usize) -> &Matrix<T> {
    &matrices[if matrices.len() == 1 { 0 } else { species }]
}

impl<T: Real> LinearMap<T> {
    /// Lays a map out for the kernels.
    pub fn new(map: &DenseMap) -> LinearMap<T> {
        let blocks = map.blocks.iter().map(|b| {
            let (inputs, outputs) = map.shape(b);
            let all = || (0..map.species).map(|z| map.weight(b, z));
            MapBlock {
                from: b.input,
                to: b.output,
                forward: all().map(|w| Matrix::new(inputs, outputs, w)).collect(),
                transposed: all()
                    .map(|w| Matrix::transposed(inputs, outputs, w))
                    .collect(),
            }
        });
        let output = Layout::new::<T>(&map.output);
        let bias = if map.bias.is_empty() {
            Vec::new()
        } else {
            let zero = DenseMap {
                blocks: Vec::new(),
                ..map.clone()
            };
            output.row(&zero.apply(0, &[]))
        };
        LinearMap {
            input: Layout::new::<T>(&map.input),
            output,
            blocks: blocks.collect(),
            bias,
        }
    }

    /// `y (+)= map(x)` for the rows of atoms of one species.
    pub fn apply(
        &self,
        level: Level,
        species: usize,
        (x, x_atoms): (&[T], &[u32]),
        (y, y_atoms): (&mut [T], &[u32]),
        add: bool,
    ) {
        for (to, out) in self.output.blocks.iter().enumerate() {
            let mut started = add;
            for block in self.blocks.iter().filter(|b| b.to == to) {
                let product = Product {
                    matrix: of(&block.forward, species),
                    input: x,
                    from: rows(&self.input, block.from, x_atoms),
                    output: &mut *y,
                    to: rows(&self.output, to, y_atoms),
                    accumulate: started,
                };
                T::dispatch(level, product);
                started = true;
            }
            if !started {
                clear(
                    y,
                    y_atoms,
                    self.output.width,
                    out.offset,
                    out.dim * out.padded,
                );
            }
        }
        if !self.bias.is_empty() {
            for &a in y_atoms {
                let row = &mut y[a as usize * self.output.width..][..self.output.width];
                row.iter_mut().zip(&self.bias).for_each(|(y, b)| *y += *b);
            }
        }
    }

    /// `x_bar (+)= transposed map(y_bar)`.
    pub fn adjoint(
        &self,
        level: Level,
        species: usize,
        (y, y_atoms): (&[T], &[u32]),
        (x, x_atoms): (&mut [T], &[u32]),
        add: bool,
    ) {
        for (from, input) in self.input.blocks.iter().enumerate() {
            let mut started = add;
            for block in self.blocks.iter().filter(|b| b.from == from) {
                let product = Product {
                    matrix: of(&block.transposed, species),
                    input: y,
                    from: rows(&self.output, block.to, y_atoms),
                    output: &mut *x,
                    to: rows(&self.input, from, x_atoms),
                    accumulate: started,
                };
                T::dispatch(level, product);
                started = true;
            }
            if !started {
                clear(
                    x,
                    x_atoms,
                    self.input.width,
                    input.offset,
                    input.dim * input.padded,
                );
            }
        }
    }
}

fn rows<'a>(layout: &Layout, block: usize, order: &'a [u32]) -> Rows<'a> {
    let b = layout.blocks[block];
    Rows {
        order,
        per: b.dim,
        outer: layout.width,
        inner: b.padded,
        base: b.offset,
    }
}

fn clear<T: Real>(x: &mut [T], atoms: &[u32], width: usize, offset: usize, len: usize) {
    for &a in atoms {
        x[a as usize * width + offset..][..len].fill(T::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_compose_and_transpose() {
        let number = |i: usize| ((i * 37 % 19) as f64 - 9.0) / 9.0;
        let irreps = |t: &str| Irreps::parse(t).unwrap();
        let block = |input, output, len| LinearBlock {
            input,
            output,
            weight: (0..len).map(number).collect(),
        };
        let first = Linear {
            input: irreps("3x0e+2x1o+4x1o"),
            output: irreps("2x0e+5x1o"),
            blocks: vec![block(0, 0, 6), block(1, 1, 10), block(2, 1, 20)],
            bias: Vec::new(),
        };
        let second = SpeciesLinear {
            input: irreps("2x0e+5x1o"),
            output: irreps("1x0e+3x1o+2x2e"),
            blocks: vec![block(0, 0, 2 * 2), block(1, 1, 2 * 15)],
        };
        let (a, b) = (DenseMap::linear(&first), DenseMap::by_species(&second, 2));
        let both = a.then(&b).scale(0.5);
        let x: Vec<f64> = (0..21).map(|i| number(i + 5)).collect();
        let expected: Vec<f64> = b
            .apply(1, &a.apply(0, &x))
            .iter()
            .map(|y| 0.5 * y)
            .collect();
        let map = LinearMap::<f64>::new(&both);
        let x_row: Vec<f64> = map.input.row(&x);
        let y_bar: Vec<f64> = (0..expected.len()).map(|i| number(i + 2)).collect();
        let y_row: Vec<f64> = map.output.row(&y_bar);
        let mut y = vec![7.0; 2 * map.output.width];
        let mut x_bar = vec![1.0; 2 * map.input.width];
        let level = Level::detect();
        map.apply(level, 1, (&x_row, &[0]), (&mut y, &[1]), false);
        map.adjoint(level, 1, (&y_row, &[0]), (&mut x_bar, &[1]), true);
        let want: Vec<f64> = map.output.row(&expected);
        let got = &y[map.output.width..];
        assert!(want.iter().zip(got).all(|(a, b)| (a - b).abs() < 1e-13));
        assert!(y[..map.output.width].iter().all(|&y| y == 7.0));
        // <y_bar, map x> = <map^T y_bar, x>
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let back: Vec<f64> = x_bar[map.input.width..].iter().map(|x| x - 1.0).collect();
        assert!((dot(&y_row, got) - dot(&back, &x_row)).abs() < 1e-12);
    }
}
