//! Small dense tensors of f64 with what is known about where their columns come from.
//! Imports the model error and activations.

use std::rc::Rc;

use crate::ml::activation::Function;
use crate::ml::error::{ModelError, Result};

/// Most elements of one tensor.
pub const MAX_LEN: usize = 1 << 24;

/// Most products of elements that one contraction may take.
const MAX_PRODUCTS: usize = 1 << 28;

/// Inputs of a network whose traces are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Features of the atoms.
    Features,
    /// Spherical harmonics of the edges.
    Harmonics,
    /// Radial basis of the edges, and the radial weights made of it.
    Radial,
    /// The self-connection.
    SelfConnection,
    /// The one-hot species.
    Species,
}

/// A source and the columns of it that went in, None where they cannot be told.
pub type Column = (Source, Option<(usize, usize)>);

/// One step of a perceptron.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Matrix \[inputs\]\[outputs\].
    Dense(usize, usize, Rc<Vec<f64>>),
    /// Function of every component.
    Function(Function),
    /// Factor.
    Scale(f64),
    /// Constant to be added.
    Add(f64),
}

/// What is known about a tensor's origin.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Sources of all elements.
    pub sources: Vec<Column>,
    /// Width and sources of the runs of columns that were put side by side.
    pub parts: Option<Rc<Vec<(usize, Vec<Column>)>>>,
    /// The perceptron by which it was made of a source.
    pub chain: Option<Rc<Vec<Step>>>,
    /// The perceptron of the radial weights that went in.
    pub weights: Option<Rc<Vec<Step>>>,
}

impl Trace {
    /// Of a tensor that is a source itself.
    pub fn of(source: Source, width: usize) -> Trace {
        Trace {
            sources: vec![(source, Some((0, width)))],
            parts: None,
            chain: Some(Rc::default()),
            weights: None,
        }
    }

    /// True where any element depends on a source.
    pub fn has(&self, source: Source) -> bool {
        self.sources.iter().any(|(s, _)| *s == source)
    }

    /// Of something made of two tensors.
    pub fn join(&self, other: &Trace) -> Trace {
        let mut sources = self.sources.clone();
        for &(source, range) in &other.sources {
            match sources.iter_mut().find(|(s, _)| *s == source) {
                Some(own) if own.1 != range => own.1 = None,
                Some(_) => {}
                None => sources.push((source, range)),
            }
        }
        Trace {
            sources,
            parts: None,
            chain: None,
            weights: self.weights.clone().or_else(|| other.weights.clone()),
        }
    }

    /// Of columns `start..end` of a matrix.
    pub fn columns(&self, start: usize, end: usize) -> Trace {
        let sources = self.sources.iter().map(|&(source, range)| {
            let part = range.and_then(|(a, b)| (a + end <= b).then_some((a + start, a + end)));
            (source, part)
        });
        Trace {
            sources: sources.collect(),
            parts: None,
            chain: None,
            weights: self.weights.clone(),
        }
    }

    /// With one more step of the perceptron.
    pub fn then(&self, step: Step) -> Trace {
        let chain = self.chain.as_ref().map(|chain| {
            let mut steps = chain.to_vec();
            steps.push(step);
            Rc::new(steps)
        });
        let weights = match self.has(Source::Radial) {
            true => chain.clone().or_else(|| self.weights.clone()),
            false => self.weights.clone(),
        };
        Trace {
            chain,
            weights,
            ..self.clone()
        }
    }
}

/// A tensor, row-major.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// Elements.
    pub data: Rc<Vec<f64>>,
    /// Origin.
    pub trace: Trace,
}

fn bad<T>(what: &str) -> Result<T> {
    Err(ModelError::malformed(what))
}

/// Number of elements of a shape.
///
/// # Errors
/// Where it is too large, or would be without its dimensions of length 0.
pub fn count(shape: &[usize]) -> Result<usize> {
    let n = shape
        .iter()
        .try_fold(1usize, |n, &d| n.checked_mul(d.max(1)));
    match n {
        Some(n) if n <= MAX_LEN => Ok(if shape.contains(&0) { 0 } else { n }),
        _ => bad("a tensor is too large"),
    }
}

impl Tensor {
    /// From shape and elements.
    ///
    /// # Errors
    /// Where they do not fit.
    pub fn new(shape: Vec<usize>, data: Vec<f64>) -> Result<Tensor> {
        if count(&shape)? != data.len() {
            return bad("a tensor has not the elements of its shape");
        }
        Ok(Tensor {
            shape,
            data: Rc::new(data),
            trace: Trace::default(),
        })
    }

    /// All elements the same.
    ///
    /// # Errors
    /// Where the shape is too large.
    pub fn filled(shape: Vec<usize>, value: f64) -> Result<Tensor> {
        let n = count(&shape)?;
        Tensor::new(shape, vec![value; n])
    }

    /// The same with another origin.
    pub fn traced(mut self, trace: Trace) -> Tensor {
        self.trace = trace;
        self
    }

    /// Length of the last dimension, 1 without dimensions.
    pub fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Place of a dimension that may count from the end.
    ///
    /// # Errors
    /// Where there is no such dimension.
    pub fn axis(&self, dim: i64, extra: usize) -> Result<usize> {
        let n = (self.shape.len() + extra) as i64;
        let at = if dim < 0 { dim + n } else { dim };
        if (0..n).contains(&at) {
            Ok(at as usize)
        } else {
            bad("a dimension is named that is not there")
        }
    }

    /// The same elements in another shape; one length may be -1.
    ///
    /// # Errors
    /// Where the number of elements differs.
    pub fn reshape(&self, sizes: &[i64]) -> Result<Tensor> {
        let known: Vec<usize> = sizes
            .iter()
            .filter(|s| **s >= 0)
            .map(|&s| s as usize)
            .collect();
        let product = count(&known)?;
        let open = sizes.iter().filter(|s| **s < 0).count();
        let rest = self.data.len().checked_div(product).unwrap_or(0);
        let shape: Vec<usize> = sizes
            .iter()
            .map(|&s| if s < 0 { rest } else { s as usize })
            .collect();
        if open > 1 || count(&shape)? != self.data.len() {
            return bad("a tensor is reshaped to another number of elements");
        }
        let mut trace = self.trace.clone();
        if shape.last() != self.shape.last() {
            trace.parts = None;
            trace.chain = None;
        }
        Ok(Tensor {
            shape,
            data: Rc::clone(&self.data),
            trace,
        })
    }

    /// `start..end` of a dimension.
    ///
    /// # Errors
    /// Where it is not there.
    pub fn narrow(&self, axis: usize, start: usize, end: usize) -> Result<Tensor> {
        let Some(&length) = self.shape.get(axis) else {
            return bad("a dimension is named that is not there");
        };
        if start > end || end > length {
            return bad("a slice reaches beyond its tensor");
        }
        if (start, end) == (0, length) {
            return Ok(self.clone());
        }
        let inner: usize = self.shape[axis + 1..].iter().product();
        let mut data = Vec::new();
        if inner * length > 0 {
            for row in self.data.chunks_exact(inner * length) {
                data.extend_from_slice(&row[start * inner..end * inner]);
            }
        }
        let mut shape = self.shape.clone();
        shape[axis] = end - start;
        let columns = axis + 1 == self.shape.len() && self.shape.len() == 2;
        let trace = if columns {
            self.trace.columns(start, end)
        } else {
            self.trace.join(&Trace::default())
        };
        Ok(Tensor::new(shape, data)?.traced(trace))
    }

    /// Dimensions in another order.
    ///
    /// # Errors
    /// Where `order` is no permutation.
    pub fn permute(&self, order: &[usize]) -> Result<Tensor> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.shape.len()).collect::<Vec<_>>() {
            return bad("a permutation of other dimensions");
        }
        let shape: Vec<usize> = order.iter().map(|&a| self.shape[a]).collect();
        let long: Vec<usize> = order
            .iter()
            .copied()
            .filter(|&a| self.shape[a] != 1)
            .collect();
        if long.is_sorted() {
            return Ok(Tensor {
                shape,
                data: Rc::clone(&self.data),
                trace: self.trace.join(&Trace::default()),
            });
        }
        let own = strides(&self.shape);
        let steps: Vec<usize> = order.iter().map(|&a| own[a]).collect();
        let data = gather(&self.data, &shape, &steps);
        Ok(Tensor::new(shape, data)?.traced(self.trace.join(&Trace::default())))
    }

    /// Stretched to a shape of at least as many dimensions.
    ///
    /// # Errors
    /// Where a length is neither 1 nor that of the shape.
    pub fn expand(&self, shape: &[usize]) -> Result<Tensor> {
        if self.shape == shape {
            return Ok(self.clone());
        }
        count(shape)?;
        let Some(extra) = shape.len().checked_sub(self.shape.len()) else {
            return bad("a tensor is stretched to fewer dimensions");
        };
        let own = strides(&self.shape);
        let mut steps = vec![0; shape.len()];
        for (k, (&length, &step)) in self.shape.iter().zip(&own).enumerate() {
            if length == shape[extra + k] {
                steps[extra + k] = step;
            } else if length != 1 {
                return bad("tensors do not fit together");
            }
        }
        let data = gather(&self.data, shape, &steps);
        Ok(Tensor::new(shape.to_vec(), data)?.traced(self.trace.clone()))
    }

    /// Function of every element.
    pub fn map(&self, f: impl Fn(f64) -> f64, trace: Trace) -> Tensor {
        Tensor {
            shape: self.shape.clone(),
            data: Rc::new(self.data.iter().map(|&x| f(x)).collect()),
            trace,
        }
    }

    /// Function of two tensors element by element, with stretching.
    ///
    /// # Errors
    /// Where their shapes do not fit.
    pub fn zip(&self, other: &Tensor, f: impl Fn(f64, f64) -> f64, trace: Trace) -> Result<Tensor> {
        let shape = common(&self.shape, &other.shape)?;
        let (a, b) = (self.expand(&shape)?, other.expand(&shape)?);
        let data = a.data.iter().zip(b.data.iter()).map(|(&x, &y)| f(x, y));
        Ok(Tensor::new(shape, data.collect())?.traced(trace))
    }
}

/// Shape to which two shapes are stretched.
///
/// # Errors
/// Where they do not fit.
pub fn common(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let n = a.len().max(b.len());
    let at = |shape: &[usize], k: usize| (k + shape.len()).checked_sub(n).map_or(1, |i| shape[i]);
    (0..n)
        .map(|k| match (at(a, k), at(b, k)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => bad("tensors do not fit together"),
        })
        .collect()
}

fn strides(shape: &[usize]) -> Vec<usize> {
    let mut out = vec![1; shape.len()];
    for k in (1..shape.len()).rev() {
        out[k - 1] = out[k] * shape[k];
    }
    out
}

/// Elements at the multiples of `steps`, row-major over `shape`. The caller has checked that all
/// of them exist.
fn gather(data: &[f64], shape: &[usize], steps: &[usize]) -> Vec<f64> {
    let n: usize = shape.iter().product();
    let mut out = Vec::with_capacity(n);
    let Some((outer, (&length, &step))) = shape
        .len()
        .checked_sub(1)
        .map(|k| (k, (&shape[k], &steps[k])))
    else {
        return data.to_vec();
    };
    let mut index = vec![0; outer];
    let mut at = 0;
    while out.len() < n {
        out.extend((0..length).map(|k| data[at + k * step]));
        for k in (0..outer).rev() {
            index[k] += 1;
            at += steps[k];
            if index[k] < shape[k] {
                break;
            }
            at -= index[k] * steps[k];
            index[k] = 0;
        }
    }
    out
}

/// Sum over `axes_a` of `a` and `axes_b` of `b` of their products; the other dimensions of `a`
/// stand before those of `b`. Zeros of `a` cost nothing.
///
/// # Errors
/// Where the shapes do not fit.
pub fn contract(a: &Tensor, axes_a: &[usize], b: &Tensor, axes_b: &[usize]) -> Result<Tensor> {
    let free = |t: &Tensor, axes: &[usize]| -> Vec<usize> {
        (0..t.shape.len()).filter(|k| !axes.contains(k)).collect()
    };
    let (free_a, free_b) = (free(a, axes_a), free(b, axes_b));
    let left = a.permute(&[&free_a[..], axes_a].concat())?;
    let right = b.permute(&[axes_b, &free_b[..]].concat())?;
    let inner = |t: &Tensor, axes: &[usize]| axes.iter().map(|&k| t.shape[k]).collect::<Vec<_>>();
    let sum = inner(a, axes_a);
    if sum != inner(b, axes_b) {
        return bad("tensors are contracted over different lengths");
    }
    let shape = [inner(a, &free_a), inner(b, &free_b)].concat();
    let (k, columns) = (count(&sum)?, count(&inner(b, &free_b))?);
    if left.data.len().saturating_mul(columns) > MAX_PRODUCTS {
        return bad("a product of too large tensors");
    }
    let mut out = vec![0.0; count(&shape)?];
    if k > 0 && columns > 0 {
        for (row, sums) in left.data.chunks_exact(k).zip(out.chunks_exact_mut(columns)) {
            for (&x, line) in row.iter().zip(right.data.chunks_exact(columns)) {
                if x != 0.0 {
                    sums.iter_mut().zip(line).for_each(|(s, y)| *s += x * y);
                }
            }
        }
    }
    Ok(Tensor::new(shape, out)?.traced(a.trace.join(&b.trace)))
}

/// Terms of an einsum: the product of the lengths of all its indices.
pub fn products<'a>(formula: &str, tensors: impl Iterator<Item = &'a Tensor>) -> f64 {
    let mut seen: Vec<u8> = Vec::new();
    let mut terms = 1.0;
    for (names, tensor) in formula.split(',').zip(tensors) {
        for (name, &length) in names.trim().bytes().zip(&tensor.shape) {
            if !seen.contains(&name) {
                seen.push(name);
                terms *= length as f64;
            }
        }
    }
    terms
}

/// `einsum` of one or two tensors.
///
/// # Errors
/// Where the formula does not fit the tensors.
pub fn einsum(formula: &str, tensors: &[Tensor]) -> Result<Tensor> {
    let Some((inputs, output)) = formula.split_once("->") else {
        return bad("an einsum of another form");
    };
    let inputs: Vec<&[u8]> = inputs.split(',').map(|s| s.trim().as_bytes()).collect();
    let output = output.trim().as_bytes();
    if inputs.len() != tensors.len() || inputs.len() > 4 {
        return bad("an einsum of other tensors than its formula");
    }
    let mut letters: Vec<u8> = output.to_vec();
    let mut lengths: Vec<Option<usize>> = vec![None; letters.len()];
    for (names, tensor) in inputs.iter().zip(tensors) {
        if names.len() != tensor.shape.len() {
            return bad("an einsum of other dimensions than its formula");
        }
        for (&name, &length) in names.iter().zip(&tensor.shape) {
            let place = letters
                .iter()
                .position(|l| *l == name)
                .unwrap_or(letters.len());
            if place == letters.len() {
                letters.push(name);
                lengths.push(None);
            }
            if lengths[place].is_some_and(|l| l != length) {
                return bad("an einsum of different lengths");
            }
            lengths[place] = Some(length);
        }
    }
    let Some(lengths) = lengths.into_iter().collect::<Option<Vec<usize>>>() else {
        return bad("an einsum with an open index");
    };
    count(&lengths)?;
    let shape = lengths[..output.len()].to_vec();
    let spread: Vec<Vec<f64>> = inputs
        .iter()
        .zip(tensors)
        .map(|(names, tensor)| {
            let own = strides(&tensor.shape);
            let mut steps = vec![0; letters.len()];
            for (name, step) in names.iter().zip(own) {
                if let Some(k) = letters.iter().position(|l| l == name) {
                    steps[k] += step;
                }
            }
            gather(&tensor.data, &lengths, &steps)
        })
        .collect();
    let inner: usize = lengths[output.len()..].iter().product();
    let product = |k: usize| spread.iter().map(|s| s[k]).product::<f64>();
    let sums = (0..count(&shape)?).map(|i| (i * inner..(i + 1) * inner).map(product).sum());
    let trace = tensors
        .iter()
        .fold(Trace::default(), |t, x| t.join(&x.trace));
    Ok(Tensor::new(shape, sums.collect())?.traced(trace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(shape: &[usize]) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::new(shape.to_vec(), (0..n).map(|x| x as f64).collect()).unwrap()
    }

    #[test]
    fn shapes_change_as_in_torch() {
        let t = ramp(&[2, 3]);
        assert_eq!(t.reshape(&[-1, 2]).unwrap().shape, [3, 2]);
        assert!(t.reshape(&[4, -1]).is_err() && t.reshape(&[-1, -1]).is_err());
        assert_eq!(
            t.permute(&[1, 0]).unwrap().data[..],
            [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
        );
        assert_eq!(t.narrow(1, 1, 3).unwrap().data[..], [1.0, 2.0, 4.0, 5.0]);
        assert!(t.narrow(1, 2, 4).is_err());
        assert_eq!(
            ramp(&[2, 1]).expand(&[2, 2]).unwrap().data[..],
            [0.0, 0.0, 1.0, 1.0]
        );
        assert!(t.expand(&[2, 4]).is_err());
        assert_eq!(t.axis(-1, 0).unwrap(), 1);
        assert!(t.axis(2, 0).is_err());
        assert!(Tensor::filled(vec![1 << 20, 1 << 20], 0.0).is_err());
    }

    #[test]
    fn contractions_are_einsums() {
        let (a, b) = (ramp(&[2, 3, 2]), ramp(&[3, 4]));
        let dot = contract(&a, &[1], &b, &[0]).unwrap();
        let sum = einsum("nui,uw->niw", &[a, b]).unwrap();
        assert_eq!((dot.shape, &dot.data), (sum.shape, &sum.data));
        assert!(einsum("ab,bc->ad", &[ramp(&[2, 2]), ramp(&[2, 2])]).is_err());
        assert!(einsum("ab->a", &[ramp(&[2])]).is_err());
        assert_eq!(
            einsum("aa->a", &[ramp(&[2, 2])]).unwrap().data[..],
            [0.0, 3.0]
        );
    }

    #[test]
    fn columns_are_followed() {
        let source = Trace::of(Source::Features, 6);
        let part = source.columns(2, 6).columns(1, 3);
        assert_eq!(part.sources, [(Source::Features, Some((3, 5)))]);
        let both = part.join(&Trace::of(Source::Harmonics, 4));
        assert_eq!(both.sources.len(), 2);
        assert_eq!(part.join(&source).sources, [(Source::Features, None)]);
        assert!(both.has(Source::Harmonics) && !both.has(Source::Radial));
    }
}
