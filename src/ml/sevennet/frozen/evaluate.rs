//! Evaluates the formulas of a frozen model on small inputs: a fixed list of pure tensor
//! operations in f64. The code of the file is data; whatever is not on the list is refused, and
//! nothing of it reaches beyond the values here. The work is bounded.
//! Imports siblings and the model error.

use std::collections::HashMap;

use super::operations::{self, Value};
use super::syntax::{Expr, Kind, Statement};
use super::tensor::{Tensor, products};
use crate::ml::error::{ModelError, Result};

/// Most elements that one evaluation may make: so many, and so many for each element of the
/// constants.
const MAX_MADE: usize = 1 << 23;
const MADE_OF_CONSTANT: usize = 64;
/// Most elements that it may read and multiply, in the same way.
const MAX_WORK: usize = 1 << 28;
const WORK_OF_CONSTANT: usize = 1 << 12;
/// Most statements that it may take.
const MAX_STEPS: usize = 1 << 20;
/// Most values that it may put into the dict of inputs, and most keys of the dict.
const MAX_EVENTS: usize = 1 << 11;
const MAX_KEYS: usize = 256;
/// Most passes of a loop (loops only add dimensions).
const MAX_PASSES: usize = 8;

/// The code of one file and its constants.
#[derive(Debug)]
pub struct Program {
    /// The statements of `forward`.
    pub body: Vec<Statement>,
    /// Its constants `c0`, `c1`, ..; None where one is no tensor.
    pub constants: Vec<Option<Tensor>>,
}

/// Called for every value that the code puts into its dict of inputs, with the number of such
/// events before it; what it returns is put there instead. None ends the evaluation.
pub trait Watch {
    /// See the trait.
    ///
    /// # Errors
    /// Where the value is not what it should be.
    fn put(&mut self, event: usize, key: &str, value: Tensor) -> Result<Option<Tensor>>;
}

/// The dict of inputs.
pub type Inputs = HashMap<String, Value>;

/// What is left of an evaluation: enough to evaluate single sections again.
#[derive(Debug)]
pub struct Memory<'p> {
    /// Small values of each program.
    names: Vec<HashMap<&'p str, Value>>,
    /// Where each event was; None where it was not in the outermost block.
    places: Vec<Option<Place>>,
}

/// State of an evaluation at an event.
#[derive(Debug, Clone)]
struct Place {
    program: usize,
    statement: usize,
    /// The dict of inputs without the features.
    inputs: Inputs,
}

/// Values of more elements are forgotten in a [`Memory`]; sections hand over features by the dict.
const SMALL: usize = 256;

/// Evaluates programs one after the other on a dict of inputs; before all but the first,
/// `x_ghost` becomes a matrix of no rows as wide as `x`.
///
/// # Errors
/// Where the code has a form or operation that is not known, the work is too much, or `watch` says
/// so; names the line.
pub fn evaluate<'p>(
    programs: &'p [Program],
    inputs: Inputs,
    watch: &mut dyn Watch,
) -> Result<Memory<'p>> {
    let mut machine = Machine::new(programs, inputs, watch);
    let mut all = Vec::new();
    for (k, program) in programs.iter().enumerate() {
        machine.constants = &program.constants;
        machine.program = k;
        machine.returned = false;
        if k > 0
            && let Some(Value::Tensor(x)) = machine.inputs.get("x")
        {
            let ghosts = Tensor::new(vec![0, x.width()], Vec::new())?;
            machine
                .inputs
                .insert("x_ghost".to_owned(), Value::Tensor(ghosts));
        }
        machine.outermost(&program.body, 0)?;
        let mut names = std::mem::take(&mut machine.names);
        names.retain(|_, value| match value {
            Value::Tensor(t) | Value::View(t, _) => t.data.len() <= SMALL,
            _ => true,
        });
        all.push(names);
        if machine.ended {
            break;
        }
    }
    Ok(Memory {
        names: all,
        places: machine.places,
    })
}

/// Evaluates the section behind the event `from` again, whose value in the dict becomes `x`, until
/// `watch` ends it.
///
/// # Errors
/// As [`evaluate`].
pub fn resume<'p>(
    programs: &'p [Program],
    memory: &Memory<'p>,
    from: usize,
    x: Tensor,
    watch: &mut dyn Watch,
) -> Result<()> {
    let place = memory.places.get(from).and_then(Option::as_ref);
    let found =
        place.and_then(|p| Some((p, programs.get(p.program)?, memory.names.get(p.program)?)));
    let Some((place, program, names)) = found else {
        return Err(refuse("features are stored in an inner block"));
    };
    let mut inputs = place.inputs.clone();
    inputs.insert("x".to_owned(), Value::Tensor(x));
    let mut machine = Machine::new(programs, inputs, watch);
    machine.constants = &program.constants;
    machine.program = place.program;
    machine.events = from + 1;
    machine.names.clone_from(names);
    machine.outermost(&program.body, place.statement + 1)
}

struct Machine<'p, 'w> {
    constants: &'p [Option<Tensor>],
    names: HashMap<&'p str, Value>,
    inputs: Inputs,
    watch: &'w mut dyn Watch,
    program: usize,
    /// Statement of the outermost block, and whether it is itself evaluated.
    statement: Option<usize>,
    places: Vec<Option<Place>>,
    events: usize,
    /// Elements made and allowed to be made.
    made: usize,
    allowed: usize,
    /// Elements read and multiplied, and allowed to be.
    work: f64,
    most_work: f64,
    steps: usize,
    ended: bool,
    /// The present program has ended.
    returned: bool,
}

/// Elements of a value.
fn elements(value: &Value) -> usize {
    match value {
        Value::Tensor(t) | Value::View(t, _) => t.data.len(),
        Value::List(list) => list.iter().map(elements).sum::<usize>() + list.len(),
        _ => 0,
    }
}

fn refuse(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "{what}; give argyro the checkpoint that the model was deployed from"
    ))
}

/// Adds the line of the code to an error.
fn in_line(line: usize, error: ModelError) -> ModelError {
    match error {
        ModelError::Malformed(text) if !text.starts_with("code line") => {
            ModelError::Malformed(format!("code line {line}: {text}"))
        }
        ModelError::Unsupported(text) if !text.starts_with("code line") => {
            ModelError::Unsupported(format!("code line {line}: {text}"))
        }
        other => other,
    }
}

impl<'p, 'w> Machine<'p, 'w> {
    fn new(programs: &'p [Program], inputs: Inputs, watch: &'w mut dyn Watch) -> Machine<'p, 'w> {
        let constants = programs.iter().flat_map(|p| p.constants.iter().flatten());
        let constants: usize = constants.map(|t| t.data.len()).sum();
        Machine {
            constants: &[],
            names: HashMap::new(),
            inputs,
            watch,
            program: 0,
            statement: None,
            places: Vec::new(),
            events: 0,
            made: 0,
            allowed: MAX_MADE + MADE_OF_CONSTANT * constants,
            work: 0.0,
            most_work: (MAX_WORK + WORK_OF_CONSTANT * constants) as f64,
            steps: 0,
            ended: false,
            returned: false,
        }
    }

    fn outermost(&mut self, body: &'p [Statement], first: usize) -> Result<()> {
        for (k, statement) in body.iter().enumerate().skip(first) {
            let simple = matches!(statement.kind, Kind::Let(..) | Kind::Do(_));
            self.statement = simple.then_some(k);
            self.block(std::slice::from_ref(statement))?;
            if self.ended || self.returned {
                break;
            }
        }
        Ok(())
    }

    fn block(&mut self, body: &'p [Statement]) -> Result<()> {
        for statement in body {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(ModelError::malformed("the code takes too many steps"));
            }
            self.statement(statement)
                .map_err(|e| in_line(statement.line, e))?;
            if self.ended || self.returned {
                break;
            }
        }
        Ok(())
    }

    fn statement(&mut self, statement: &'p Statement) -> Result<()> {
        match &statement.kind {
            Kind::Let(name, value) => {
                let value = self.value(value)?;
                self.names.insert(name, value);
            }
            Kind::Unpack(names, values) => {
                let Value::List(values) = self.value(values)? else {
                    return Err(refuse("names for something that is no list"));
                };
                if values.len() != names.len() {
                    return Err(ModelError::malformed("another number of values than names"));
                }
                for (name, value) in names.iter().zip(values) {
                    self.names.insert(name, value);
                }
            }
            Kind::Do(expression) => {
                self.value(expression)?;
            }
            Kind::If(condition, then, otherwise) => {
                let holds = self.value(condition)?.number()? != 0.0;
                self.block(if holds { then } else { otherwise })?;
            }
            Kind::Repeat(count, body) => {
                let count = self.value(count)?.count()?;
                if count > MAX_PASSES {
                    return Err(refuse(&format!("a loop of {count} passes")));
                }
                for _ in 0..count {
                    self.block(body)?;
                }
            }
            Kind::Return => self.returned = true,
        }
        Ok(())
    }

    fn value(&mut self, expression: &'p Expr) -> Result<Value> {
        Ok(match expression {
            Expr::Number(x) => Value::Number(*x),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::None => Value::None,
            Expr::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                Value::List(items.collect::<Result<_>>()?)
            }
            Expr::Name(name) => self.named(name)?,
            Expr::Item(value, index) => self.item(value, index)?,
            Expr::Call(function, arguments) => self.call(function, arguments)?,
        })
    }

    fn named(&self, name: &str) -> Result<Value> {
        if let Some(value) = self.names.get(name) {
            return Ok(value.clone());
        }
        let number = name
            .strip_prefix("CONSTANTS.c")
            .and_then(|n| n.parse::<usize>().ok());
        match number.and_then(|n| self.constants.get(n)) {
            Some(Some(tensor)) => Ok(Value::Tensor(tensor.clone())),
            _ => Err(refuse(&format!("the name `{name}` is not known"))),
        }
    }

    fn item(&mut self, value: &'p Expr, index: &'p Expr) -> Result<Value> {
        if let (Expr::Name(name), Expr::Text(key)) = (value, index)
            && !self.names.contains_key(name.as_str())
        {
            let found = self.inputs.get(key).cloned();
            return found.ok_or_else(|| refuse(&format!("the input `{key}` is not known")));
        }
        let (Value::List(list), at) = (self.value(value)?, self.value(index)?.number()?) else {
            return Err(refuse("an index into something that is no list"));
        };
        let at = if at < 0.0 { at + list.len() as f64 } else { at };
        let found = list.get(at as usize).filter(|_| at >= 0.0);
        found
            .cloned()
            .ok_or_else(|| ModelError::malformed("an index beyond its list"))
    }

    fn call(&mut self, function: &'p str, arguments: &'p [Expr]) -> Result<Value> {
        match (function, arguments) {
            ("torch._set_item", [_, Expr::Text(key), value]) => {
                let value = self.value(value)?;
                self.put(key, &value)?;
                return Ok(Value::None);
            }
            ("torch.Delete", [_, Expr::Text(key)]) => {
                self.inputs.remove(key);
                return Ok(Value::None);
            }
            // a type and a value
            ("annotate", [_, value]) => return self.value(value),
            ("ops.prim.dtype" | "ops.prim.device", _) => return Ok(Value::None),
            ("ops.prim.RaiseException", _) => {
                return Err(ModelError::malformed(
                    "the code of the model contradicts itself",
                ));
            }
            ("torch.copy_", [to, from]) => return self.copy(to, from),
            ("torch.narrow", [Expr::Name(name), ..]) => {
                let values = self.values(arguments)?;
                let mut out = operations::call(function, &values)?;
                self.count(function, &values, &out)?;
                if let (Value::Tensor(_), [_, dim, start, _]) = (&out, &values[..]) {
                    let base = (name.clone(), dim.number()? as i64, start.count()?);
                    out = match out {
                        Value::Tensor(t) => Value::View(t, base),
                        other => other,
                    };
                }
                return Ok(out);
            }
            _ => {}
        }
        let values = self.values(arguments)?;
        let out = operations::call(function, &values)?;
        self.count(function, &values, &out)?;
        // operations in place
        if let ("torch.scatter_reduce_" | "torch.mul_" | "torch.add_", [Expr::Name(name), ..]) =
            (function, arguments)
        {
            self.names.insert(name, out.clone());
        }
        Ok(out)
    }

    /// Adds an operation to what the evaluation has taken.
    fn count(&mut self, function: &str, values: &[Value], out: &Value) -> Result<()> {
        let read: Vec<f64> = values.iter().map(|v| elements(v) as f64).collect();
        let made = elements(out);
        self.made = self.made.saturating_add(made);
        self.work += made as f64 + read.iter().sum::<f64>();
        if let ("torch.matmul" | "torch.mm" | "torch.tensordot", [a, b, ..]) = (function, &read[..])
        {
            // of matrices (n, k) and (k, m) to (n, m): n k m products
            self.work += (a * b * made as f64).sqrt();
        } else if let ("torch.einsum", [Value::Text(formula), Value::List(list), ..]) =
            (function, values)
        {
            let tensors = list.iter().filter_map(|v| v.tensor().ok());
            self.work += products(formula, tensors);
        }
        if self.made > self.allowed || self.work > self.most_work {
            return Err(ModelError::malformed("the code takes too much work"));
        }
        Ok(())
    }

    fn values(&mut self, arguments: &'p [Expr]) -> Result<Vec<Value>> {
        arguments.iter().map(|a| self.value(a)).collect()
    }

    /// Puts a value into the dict of inputs.
    fn put(&mut self, key: &str, value: &Value) -> Result<()> {
        let value = value.tensor()?.clone();
        let event = self.events;
        self.events += 1;
        if event >= MAX_EVENTS || self.inputs.len() > MAX_KEYS {
            return Err(ModelError::malformed("the code stores too many values"));
        }
        match self.watch.put(event, key, value)? {
            Some(value) => {
                self.inputs.insert(key.to_owned(), Value::Tensor(value));
            }
            None => self.ended = true,
        }
        let place = self.statement.map(|statement| {
            let mut inputs = self.inputs.clone();
            inputs.remove("x");
            Place {
                program: self.program,
                statement,
                inputs,
            }
        });
        self.places.push(place);
        Ok(())
    }

    /// Copies into a tensor, or into the tensor of which `to` is a part.
    fn copy(&mut self, to: &'p Expr, from: &'p Expr) -> Result<Value> {
        let source = self.value(from)?.tensor()?.clone();
        let Expr::Name(name) = to else {
            return Err(refuse("a copy into something without a name"));
        };
        let base = match self.names.get(name.as_str()) {
            Some(Value::View(_, base)) => Some(base.clone()),
            _ => None,
        };
        let Some((base, dim, start)) = base else {
            self.names.insert(name, Value::Tensor(source.clone()));
            return Ok(Value::Tensor(source));
        };
        let (key, old) = match self.names.get_key_value(base.as_str()) {
            Some((key, value)) => (*key, value.tensor()?.clone()),
            None => return Err(ModelError::malformed("a part of nothing")),
        };
        let axis = old.axis(dim, 0)?;
        let end = start + source.shape.get(axis).copied().unwrap_or(0);
        let before = old.narrow(axis, 0, start)?;
        let after = old.narrow(axis, end, old.shape[axis])?;
        let whole = operations::cat(&[before, source.clone(), after], axis)?;
        if whole.shape != old.shape {
            return Err(ModelError::malformed("a copy of another shape"));
        }
        self.names.insert(key, Value::Tensor(whole));
        Ok(Value::Tensor(source))
    }
}
