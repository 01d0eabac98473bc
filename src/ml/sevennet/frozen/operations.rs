//! The operations on tensors that frozen code may use.
//! Imports siblings, activations and the model error.

use super::tensor::{Source, Step, Tensor, Trace, common, contract, einsum};
use crate::ml::activation::{Activation, Function};
use crate::ml::error::{ModelError, Result};
use std::rc::Rc;

/// A value of the code.
#[derive(Debug, Clone)]
pub enum Value {
    /// A tensor.
    Tensor(Tensor),
    /// A part of a named tensor: its name, the dimension and where the part starts.
    View(Tensor, (String, i64, usize)),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Nothing.
    None,
}

fn bad<T>(what: &str) -> Result<T> {
    Err(ModelError::malformed(what))
}

impl Value {
    /// The tensor.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn tensor(&self) -> Result<&Tensor> {
        match self {
            Value::Tensor(t) | Value::View(t, _) => Ok(t),
            _ => bad("a tensor is expected"),
        }
    }

    /// The number; a tensor of one element counts as one.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn number(&self) -> Result<f64> {
        match self {
            Value::Number(x) => Ok(*x),
            Value::Tensor(t) | Value::View(t, _) if t.data.len() == 1 => Ok(t.data[0]),
            _ => bad("a number is expected"),
        }
    }

    /// The number as a count.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn count(&self) -> Result<usize> {
        let x = self.number()?;
        if x.fract() == 0.0 && (0.0..9e15).contains(&x) {
            Ok(x as usize)
        } else {
            bad("a count is expected")
        }
    }

    fn integer(&self) -> Result<i64> {
        let x = self.number()?;
        if x.fract() == 0.0 && x.abs() < 1e19 {
            Ok(x as i64)
        } else {
            bad("an integer is expected")
        }
    }

    fn list(&self) -> Result<&[Value]> {
        match self {
            Value::List(list) => Ok(list),
            _ => bad("a list is expected"),
        }
    }

    fn integers(&self) -> Result<Vec<i64>> {
        self.list()?.iter().map(Value::integer).collect()
    }

    fn counts(&self) -> Result<Vec<usize>> {
        self.list()?.iter().map(Value::count).collect()
    }

    fn tensors(&self) -> Result<Vec<Tensor>> {
        self.list()?.iter().map(|v| v.tensor().cloned()).collect()
    }
}

fn sizes(shape: &[usize]) -> Value {
    Value::List(shape.iter().map(|&n| Value::Number(n as f64)).collect())
}

/// Place in a list or dimension, counted from the end where negative, between 0 and the length.
fn place(at: i64, length: usize) -> usize {
    let from_end = if at < 0 {
        at.saturating_add(length as i64)
    } else {
        at
    };
    from_end.clamp(0, length as i64) as usize
}

/// Result of a function of the code.
///
/// # Errors
/// Where the function is not known or its arguments do not fit.
pub fn call(function: &str, args: &[Value]) -> Result<Value> {
    let name = function.strip_prefix("torch.").unwrap_or(function);
    if let [first, ..] = args {
        if let Some(value) = shaping(name, first, &args[1..])? {
            return Ok(value);
        }
        if let Some(value) = arithmetic(name, first, &args[1..])? {
            return Ok(value);
        }
        if let Some(value) = making(name, first, &args[1..])? {
            return Ok(value);
        }
    }
    Err(ModelError::unsupported(format!(
        "the operation `{function}` with {} arguments is not known in deployed SevenNet models; \
         give argyro the checkpoint that the model was deployed from",
        args.len()
    )))
}

/// Operations that move elements.
fn shaping(name: &str, first: &Value, rest: &[Value]) -> Result<Option<Value>> {
    let value = match (name, rest) {
        ("reshape" | "view", [shape]) => first.tensor()?.reshape(&shape.integers()?)?,
        ("permute", [order]) => {
            let t = first.tensor()?;
            let order = order.integers()?.into_iter().map(|d| t.axis(d, 0));
            t.permute(&order.collect::<Result<Vec<_>>>()?)?
        }
        ("transpose", [a, b]) => {
            let t = first.tensor()?;
            let mut order: Vec<usize> = (0..t.shape.len()).collect();
            order.swap(t.axis(a.integer()?, 0)?, t.axis(b.integer()?, 0)?);
            t.permute(&order)?
        }
        ("slice", [start, end, ..]) if matches!(first, Value::List(_)) => {
            let list = first.list()?;
            let (start, end) = (
                place(start.integer()?, list.len()),
                place(end.integer()?, list.len()),
            );
            return Ok(Some(Value::List(list[start..end.max(start)].to_vec())));
        }
        ("slice", [start]) if matches!(first, Value::List(_)) => {
            let list = first.list()?;
            return Ok(Some(Value::List(
                list[place(start.integer()?, list.len())..].to_vec(),
            )));
        }
        ("slice", [dim, start, end, step @ ..]) => {
            let t = first.tensor()?;
            let axis = t.axis(dim.integer()?, 0)?;
            if step.iter().any(|s| s.number().is_ok_and(|s| s != 1.0)) {
                return bad("a slice with steps");
            }
            let at = |v: &Value, none: usize| -> Result<usize> {
                match v {
                    Value::None => Ok(none),
                    v => Ok(place(v.integer()?, t.shape[axis])),
                }
            };
            let (start, end) = (at(start, 0)?, at(end, t.shape[axis])?);
            t.narrow(axis, start, end.max(start))?
        }
        ("narrow", [dim, start, length]) => {
            let t = first.tensor()?;
            let (start, length) = (start.count()?, length.count()?);
            t.narrow(
                t.axis(dim.integer()?, 0)?,
                start,
                start.saturating_add(length),
            )?
        }
        ("select", [dim, at]) => {
            let t = first.tensor()?;
            let axis = t.axis(dim.integer()?, 0)?;
            let at = place(at.integer()?, t.shape[axis]);
            let mut out = t.narrow(axis, at, at + 1)?;
            out.shape.remove(axis);
            out.trace = t.trace.join(&Trace::default());
            out
        }
        ("squeeze", [dim]) => {
            let mut t = first.tensor()?.clone();
            let axis = t.axis(dim.integer()?, 0)?;
            if t.shape[axis] == 1 {
                t.shape.remove(axis);
            }
            t
        }
        ("unsqueeze", [dim]) => {
            let mut t = first.tensor()?.clone();
            t.shape.insert(t.axis(dim.integer()?, 1)?, 1);
            t
        }
        ("expand" | "broadcast_to", [shape, ..]) => {
            let t = first.tensor()?;
            let sizes = shape.integers()?;
            let Some(extra) = sizes.len().checked_sub(t.shape.len()) else {
                return bad("a tensor is stretched to fewer dimensions");
            };
            let size = |(k, &s): (usize, &i64)| match usize::try_from(s) {
                Ok(s) => Ok(s),
                Err(_) if k >= extra => Ok(t.shape[k - extra]),
                Err(_) => bad("a dimension of open length"),
            };
            t.expand(
                &sizes
                    .iter()
                    .enumerate()
                    .map(size)
                    .collect::<Result<Vec<_>>>()?,
            )?
        }
        ("expand_as", [like]) => first.tensor()?.expand(&like.tensor()?.shape)?,
        ("broadcast_tensors", []) => {
            let list = first.tensors()?;
            let mut shape = Vec::new();
            for t in &list {
                shape = common(&shape, &t.shape)?;
            }
            let all = list.iter().map(|t| Ok(Value::Tensor(t.expand(&shape)?)));
            return Ok(Some(Value::List(all.collect::<Result<_>>()?)));
        }
        ("cat", dim) => {
            let list = first.tensors()?;
            let Some(t) = list.first() else {
                return bad("nothing is put side by side");
            };
            let dim = dim.first().map_or(Ok(0), Value::integer)?;
            cat(&list, t.axis(dim, 0)?)?
        }
        ("stack", [dim]) => {
            let mut list = first.tensors()?;
            let Some(t) = list.first() else {
                return bad("nothing is put side by side");
            };
            let axis = t.axis(dim.integer()?, 1)?;
            list.iter_mut()
                .for_each(|t| t.shape.insert(axis.min(t.shape.len()), 1));
            cat(&list, axis)?
        }
        ("index", [indices]) => index(first.tensor()?, &indices.tensors()?)?,
        ("tensor_split", [at]) => {
            let t = first.tensor()?;
            let rows = t.shape.first().copied().unwrap_or(0);
            let mut start = 0;
            let mut parts = Vec::new();
            for &at in at.tensor()?.data.iter() {
                let end = place(at as i64, rows).max(start);
                parts.push(Value::Tensor(rows_of(t, start, end)?));
                start = end;
            }
            parts.push(Value::Tensor(rows_of(t, start, rows)?));
            return Ok(Some(Value::List(parts)));
        }
        ("to" | "requires_grad_" | "contiguous" | "detach" | "clone", _) => first.tensor()?.clone(),
        ("size", []) => return Ok(Some(sizes(&first.tensor()?.shape))),
        ("size", [dim]) => {
            let t = first.tensor()?;
            return Ok(Some(Value::Number(
                t.shape[t.axis(dim.integer()?, 0)?] as f64,
            )));
        }
        ("dim", []) => return Ok(Some(Value::Number(first.tensor()?.shape.len() as f64))),
        ("len", []) => {
            let n = match first {
                Value::List(list) => list.len(),
                other => other.tensor()?.shape.first().copied().unwrap_or(0),
            };
            return Ok(Some(Value::Number(n as f64)));
        }
        ("list", []) => return Ok(Some(Value::List(first.list()?.to_vec()))),
        _ => return Ok(None),
    };
    Ok(Some(Value::Tensor(value)))
}

/// Rows of a tensor; the columns keep their origin.
fn rows_of(t: &Tensor, start: usize, end: usize) -> Result<Tensor> {
    Ok(t.narrow(0, start, end)?.traced(t.trace.clone()))
}

/// Tensors side by side along a dimension.
///
/// # Errors
/// Where they do not fit.
pub fn cat(list: &[Tensor], axis: usize) -> Result<Tensor> {
    let Some(first) = list.first() else {
        return bad("nothing is put side by side");
    };
    let mut shape = first.shape.clone();
    if axis >= shape.len() {
        return bad("a dimension is named that is not there");
    }
    shape[axis] = 0;
    for t in list {
        let mut other = t.shape.clone();
        if other.len() != shape.len() {
            return bad("tensors of different dimensions are put side by side");
        }
        shape[axis] += other[axis];
        other[axis] = shape[axis];
        if other != shape {
            return bad("tensors of different lengths are put side by side");
        }
    }
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let mut data = Vec::with_capacity(super::tensor::count(&shape)?);
    for k in 0..outer {
        for t in list {
            let n = t.shape[axis] * inner;
            data.extend_from_slice(&t.data[k * n..(k + 1) * n]);
        }
    }
    let mut trace = list
        .iter()
        .fold(Trace::default(), |all, t| all.join(&t.trace));
    if axis + 1 == shape.len() && shape.len() == 2 {
        let parts = list.iter().map(|t| (t.width(), t.trace.sources.clone()));
        trace.parts = Some(Rc::new(parts.collect()));
    } else if list.iter().skip(1).all(|t| t.data.is_empty()) {
        trace = first.trace.clone();
    }
    Ok(Tensor::new(shape, data)?.traced(trace))
}

/// Rows by one index, or elements by two.
fn index(t: &Tensor, indices: &[Tensor]) -> Result<Tensor> {
    let row = |x: f64, length: usize| {
        let inside = x.fract() == 0.0 && x >= 0.0 && x < length as f64;
        if inside {
            Ok(x as usize)
        } else {
            bad("an index beyond its tensor")
        }
    };
    match (indices, &t.shape[..]) {
        ([rows], [length, inner @ ..]) => {
            let inner_len: usize = inner.iter().product();
            super::tensor::count(&[rows.data.len(), inner_len])?;
            let mut data = Vec::new();
            for &x in rows.data.iter() {
                let k = row(x, *length)?;
                data.extend_from_slice(&t.data[k * inner_len..(k + 1) * inner_len]);
            }
            let shape = [&rows.shape[..], inner].concat();
            Ok(Tensor::new(shape, data)?.traced(t.trace.clone()))
        }
        ([a, b], [rows, columns]) => {
            let shape = common(&a.shape, &b.shape)?;
            let (a, b) = (a.expand(&shape)?, b.expand(&shape)?);
            let both = a.data.iter().zip(b.data.iter());
            let data =
                both.map(|(&x, &y)| Ok(t.data[row(x, *rows)? * columns + row(y, *columns)?]));
            Tensor::new(shape, data.collect::<Result<_>>()?)
        }
        _ => bad("an index of another form"),
    }
}

/// Functions of the elements, sums and products.
fn arithmetic(name: &str, first: &Value, rest: &[Value]) -> Result<Option<Value>> {
    let value = match (name, rest) {
        ("add", [Value::List(more)]) => {
            return Ok(Some(Value::List([first.list()?, more].concat())));
        }
        (
            "add" | "sub" | "mul" | "mul_" | "add_" | "div" | "pow" | "lt" | "gt" | "eq",
            [second, ..],
        ) => {
            let f: fn(f64, f64) -> f64 = match name {
                "add" | "add_" => |x, y| x + y,
                "sub" => |x, y| x - y,
                "mul" | "mul_" => |x, y| x * y,
                "div" => |x, y| x / y,
                "pow" => f64::powf,
                "lt" => |x, y| f64::from(u8::from(x < y)),
                "gt" => |x, y| f64::from(u8::from(x > y)),
                _ => |x, y| f64::from(u8::from(x == y)),
            };
            if rest.len() > 1 && name != "sub" && name != "add" {
                return Ok(None);
            }
            match rest.get(1) {
                None | Some(Value::None) => {}
                Some(factor) if factor.number()? == 1.0 => {}
                Some(_) => return bad("a sum with a factor"),
            }
            return binary(name, f, first, second).map(Some);
        }
        ("bool" | "int" | "float", []) => return Ok(Some(Value::Number(first.number()?))),
        ("__range_length", [end, step]) => {
            let (start, end, step) = (first.number()?, end.number()?, step.number()?);
            return Ok(Some(Value::Number(((end - start) / step).ceil().max(0.0))));
        }
        ("__isnot__" | "__is__", [second]) => {
            let same = matches!((first, second), (Value::None, Value::None));
            return Ok(Some(Value::Number(f64::from(u8::from(
                same == (name == "__is__"),
            )))));
        }
        ("neg", []) => match first {
            Value::Number(x) => return Ok(Some(Value::Number(-x))),
            other => {
                let t = other.tensor()?;
                t.map(|x| -x, t.trace.then(Step::Scale(-1.0)))
            }
        },
        ("sin", []) => plain(first.tensor()?, f64::sin),
        ("clamp_min", [low]) => {
            let low = low.number()?;
            plain(first.tensor()?, |x| x.max(low))
        }
        ("silu", []) => activated(first, Function::Silu)?,
        ("tanh", []) => activated(first, Function::Tanh)?,
        ("abs", []) => activated(first, Function::Abs)?,
        ("sigmoid", []) => activated(first, Function::Sigmoid)?,
        ("relu", []) => activated(first, Function::Relu)?,
        ("softplus", ones) | ("elu", ones) if standard(ones) => {
            let function = if name == "elu" {
                Function::Elu
            } else {
                Function::Softplus
            };
            activated(first, function)?
        }
        ("where", [a, b]) => {
            let condition = first.tensor()?;
            let scalar = |v: &Value| match v {
                Value::Number(x) => Tensor::new(Vec::new(), vec![*x]),
                other => other.tensor().cloned(),
            };
            let (a, b) = (scalar(a)?, scalar(b)?);
            let a = condition.zip(
                &a,
                |c, x| if c != 0.0 { x } else { f64::NAN },
                Trace::default(),
            )?;
            let trace = a.trace.join(&b.trace);
            let both = condition.zip(
                &b,
                |c, x| if c != 0.0 { f64::NAN } else { x },
                Trace::default(),
            )?;
            a.zip(&both, |x, y| if y.is_nan() { x } else { y }, trace)?
        }
        ("sum", []) => {
            let t = first.tensor()?;
            Tensor::new(Vec::new(), vec![t.data.iter().sum()])?
                .traced(t.trace.join(&Trace::default()))
        }
        ("norm", [power, dims, keep]) => norm(first.tensor()?, power, dims, keep.number()? != 0.0)?,
        ("linalg_norm", [power, dims]) => norm(first.tensor()?, power, dims, false)?,
        ("linalg_norm", [power, dims, keep]) => {
            norm(first.tensor()?, power, dims, keep.number()? != 0.0)?
        }
        ("matmul" | "mm", [second]) => {
            let (a, b) = (first.tensor()?, second.tensor()?);
            if a.shape.len() != 2 || b.shape.len() != 2 {
                return bad("a matrix product of other dimensions");
            }
            let mut out = contract(a, &[1], b, &[0])?;
            if b.trace.sources.is_empty() {
                let step = Step::Dense(b.shape[0], b.shape[1], Rc::clone(&b.data));
                let then = a.trace.then(step);
                (out.trace.chain, out.trace.weights) = (then.chain, then.weights);
                // the columns are new ones
                let whole = |&(source, _): &(Source, _)| (source, Some((0, b.shape[1])));
                out.trace.sources = a.trace.sources.iter().map(whole).collect();
            }
            out
        }
        ("tensordot", [second, axes_a, axes_b]) => {
            let (a, b) = (first.tensor()?, second.tensor()?);
            let axes = |t: &Tensor, v: &Value| -> Result<Vec<usize>> {
                v.integers()?.into_iter().map(|d| t.axis(d, 0)).collect()
            };
            contract(a, &axes(a, axes_a)?, b, &axes(b, axes_b)?)?
        }
        ("einsum", [tensors, ..]) => match first {
            Value::Text(formula) => einsum(formula, &tensors.tensors()?)?,
            _ => return bad("an einsum without formula"),
        },
        ("scatter_reduce_", [dim, index, source, Value::Text(how), ..]) if how == "sum" => {
            scatter(first.tensor()?, dim, index.tensor()?, source.tensor()?)?
        }
        _ => return Ok(None),
    };
    Ok(Some(Value::Tensor(value)))
}

/// True where arguments that shape an activation have their ordinary values.
fn standard(arguments: &[Value]) -> bool {
    let one =
        |v: &Value| matches!(v, Value::None) || v.number().is_ok_and(|x| x == 1.0 || x == 20.0);
    arguments.iter().all(one)
}

fn plain(t: &Tensor, f: impl Fn(f64) -> f64) -> Tensor {
    t.map(f, t.trace.join(&Trace::default()))
}

fn activated(value: &Value, function: Function) -> Result<Tensor> {
    let act = Activation {
        function,
        factor: 1.0,
    };
    let t = value.tensor()?;
    Ok(t.map(|x| act.value(x), t.trace.then(Step::Function(function))))
}

fn binary(name: &str, f: fn(f64, f64) -> f64, a: &Value, b: &Value) -> Result<Value> {
    let (a, b) = match (a, b) {
        (Value::Number(x), Value::Number(y)) => return Ok(Value::Number(f(*x, *y))),
        (Value::Number(x), other) => {
            let t = other.tensor()?;
            let trace = match name {
                "mul" => t.trace.then(Step::Scale(*x)),
                "add" => t.trace.then(Step::Add(*x)),
                _ => Trace {
                    chain: None,
                    ..t.trace.clone()
                },
            };
            return Ok(Value::Tensor(t.map(|y| f(*x, y), trace)));
        }
        (other, Value::Number(y)) => {
            let t = other.tensor()?;
            return Ok(Value::Tensor(t.map(|x| f(x, *y), stepped(name, t, *y))));
        }
        (a, b) => (a.tensor()?, b.tensor()?),
    };
    // factors of one element keep what is known about the columns
    let trace = match (a.trace.sources.is_empty(), b.trace.sources.is_empty()) {
        (false, true) if b.data.len() == 1 && b.shape.len() <= a.shape.len() => {
            stepped(name, a, b.data[0])
        }
        (true, false) if a.data.len() == 1 && a.shape.len() <= b.shape.len() && name == "mul" => {
            stepped(name, b, a.data[0])
        }
        _ => a.trace.join(&b.trace),
    };
    Ok(Value::Tensor(a.zip(b, f, trace)?))
}

/// Origin of `name(t, y)` for a number y.
fn stepped(name: &str, t: &Tensor, y: f64) -> Trace {
    match name {
        "mul" | "mul_" => t.trace.then(Step::Scale(y)),
        "div" => t.trace.then(Step::Scale(1.0 / y)),
        "add" | "add_" => t.trace.then(Step::Add(y)),
        "sub" => t.trace.then(Step::Add(-y)),
        _ => Trace {
            chain: None,
            ..t.trace.clone()
        },
    }
}

/// Euclidean norm along the last dimension.
fn norm(t: &Tensor, power: &Value, dims: &Value, keep: bool) -> Result<Tensor> {
    let two = matches!(power, Value::None) || power.number().is_ok_and(|p| p == 2.0);
    let last = dims
        .integers()?
        .iter()
        .map(|&d| t.axis(d, 0))
        .collect::<Result<Vec<_>>>()?;
    let width = t.width();
    if !two || last != [t.shape.len().wrapping_sub(1)] || width == 0 {
        return bad("a norm of another kind");
    }
    let data = t.data.chunks_exact(width);
    let data = data
        .map(|row| row.iter().map(|x| x * x).sum::<f64>().sqrt())
        .collect();
    let mut shape = t.shape.clone();
    shape.pop();
    if keep {
        shape.push(1);
    }
    Ok(Tensor::new(shape, data)?.traced(t.trace.join(&Trace::default())))
}

/// Adds rows of `source` to the rows of `t` that `index` (the same in every column) names.
fn scatter(t: &Tensor, dim: &Value, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let ([rows, width], [_, columns]) = (&t.shape[..], &source.shape[..]) else {
        return bad("a sum over edges of other dimensions");
    };
    if dim.number()? != 0.0 || width != columns || index.shape != source.shape {
        return bad("a sum over edges of other dimensions");
    }
    let mut data = t.data.to_vec();
    if *columns > 0 {
        let pairs = index
            .data
            .chunks_exact(*columns)
            .zip(source.data.chunks_exact(*columns));
        for (to, row) in pairs {
            let at = to[0];
            if !(at >= 0.0 && at < *rows as f64) {
                return bad("a sum over edges beyond the atoms");
            }
            let sums = &mut data[at as usize * width..][..*width];
            sums.iter_mut().zip(row).for_each(|(s, x)| *s += x);
        }
    }
    Ok(Tensor::new(t.shape.clone(), data)?.traced(source.trace.clone()))
}

/// New tensors.
fn making(name: &str, first: &Value, rest: &[Value]) -> Result<Option<Value>> {
    let value = match (name, rest) {
        ("zeros", _) => Tensor::filled(first.counts()?, 0.0)?,
        ("ones", _) => Tensor::filled(first.counts()?, 1.0)?,
        ("new_zeros", [shape, ..]) => Tensor::filled(shape.counts()?, 0.0)?,
        ("zeros_like", _) => Tensor::filled(first.tensor()?.shape.clone(), 0.0)?,
        ("ones_like", _) => Tensor::filled(first.tensor()?.shape.clone(), 1.0)?,
        ("tensor", _) => Tensor::new(Vec::new(), vec![first.number()?])?,
        ("one_hot", [classes]) => {
            let (t, classes) = (first.tensor()?, classes.count()?);
            let shape = [&t.shape[..], &[classes]].concat();
            let mut data = vec![0.0; super::tensor::count(&shape)?];
            for (k, &x) in t.data.iter().enumerate() {
                if x.fract() != 0.0 || x < 0.0 || x >= classes as f64 {
                    return bad("a species beyond those of the model");
                }
                data[k * classes + x as usize] = 1.0;
            }
            Tensor::new(shape, data)?
        }
        _ => return Ok(None),
    };
    Ok(Some(Value::Tensor(value)))
}
