//! Evaluation of formulas.

use super::host::{Clock, FormulaHost};
use super::math::{self, Fault};
use super::{Formula, Index, MathFunction, Op, Step, Target};
use crate::marsaglia::Marsaglia;
use crate::script::error::{Result, ScriptError};
use crate::script::variables::Variables;
use std::collections::VecDeque;

/// A number, or a list (a global vector, or one number per atom).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// Several.
    List(Vec<f64>),
}

/// The random streams of `random` and `normal`: one for equal- and vector-style, one for atom-style
/// formulas, each seeded by the first call.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    equal: Option<Marsaglia>,
    atom: Option<Marsaglia>,
}

impl Streams {
    fn stream(&mut self, target: Target, seed: f64) -> Result<&mut Marsaglia> {
        let slot = match target {
            Target::Atom => &mut self.atom,
            Target::Equal | Target::Vector => &mut self.equal,
        };
        if slot.is_none() {
            let stream =
                Marsaglia::new(seed as i64).map_err(|e| ScriptError::formula(e.to_string()))?;
            return Ok(slot.insert(stream));
        }
        // The slot was just seen to be filled
        slot.as_mut()
            .ok_or_else(|| ScriptError::formula("random stream is missing"))
    }
}

/// A standard variate of `random` or `normal`.
fn draw(stream: &mut Marsaglia, function: MathFunction) -> f64 {
    match function {
        MathFunction::Normal => stream.gaussian(),
        _ => stream.uniform(),
    }
}

/// A formula being evaluated.
pub struct Evaluation<'a> {
    pub(super) variables: &'a Variables,
    pub(super) host: &'a mut dyn FormulaHost,
    pub(super) target: Target,
    pub(super) mask: Option<&'a [bool]>,
    clock: Clock,
    /// Random numbers of the atoms that later functions of an atom-style formula take.
    drawn: VecDeque<Vec<f64>>,
}

impl<'a> Evaluation<'a> {
    /// Prepares an evaluation; `mask` says for which atoms an atom-style formula is wanted.
    pub fn new(
        variables: &'a Variables,
        host: &'a mut dyn FormulaHost,
        target: Target,
        mask: Option<&'a [bool]>,
    ) -> Self {
        Self {
            clock: host.clock(),
            variables,
            host,
            target,
            mask,
            drawn: VecDeque::new(),
        }
    }

    /// Evaluates a formula: a scalar for [`Target::Equal`], else a list; atoms outside the mask have 0.
    ///
    /// # Errors
    /// A reference does not exist or does not fit, or a function has no value; with the bytes of the formula.
    pub fn run(mut self, formula: &Formula) -> Result<Value> {
        let value = self.steps(formula.steps(), formula.steps())?;
        match (self.target, value) {
            (Target::Vector, Value::Scalar(_)) => Err(ScriptError::formula(
                "Vector-style variable has zero length",
            )
            .help("its formula needs at least one global vector, or a list such as [1,2,3]")),
            (Target::Atom, Value::Scalar(x)) => {
                let n = self.host.atom_count()?;
                Ok(Value::List(
                    (0..n)
                        .map(|i| if self.wanted(i) { x } else { 0.0 })
                        .collect(),
                ))
            }
            (Target::Atom, Value::List(mut list)) => {
                list.iter_mut()
                    .enumerate()
                    .filter(|(i, _)| !self.wanted(*i))
                    .for_each(|(_, x)| *x = 0.0);
                Ok(Value::List(list))
            }
            (_, value) => Ok(value),
        }
    }

    fn wanted(&self, i: usize) -> bool {
        self.target != Target::Atom || self.mask.is_none_or(|m| m.get(i).copied().unwrap_or(false))
    }

    fn steps(&mut self, steps: &[Step], whole: &[Step]) -> Result<Value> {
        let mut stack = Vec::new();
        for step in steps {
            let value = self
                .step(step, &mut stack, whole)
                .map_err(|e| e.at(step.at.clone()))?;
            stack.push(value);
        }
        pop(&mut stack)
    }

    fn step(&mut self, step: &Step, stack: &mut Vec<Value>, whole: &[Step]) -> Result<Value> {
        match &step.op {
            Op::Number(x) => Ok(Value::Scalar(*x)),
            Op::Negate => self.each(&[pop(stack)?], |[x]| Ok(-x)),
            Op::Not => self.each(&[pop(stack)?], |[x]| Ok(f64::from(u8::from(x == 0.0)))),
            Op::Binary(op) => {
                let (b, a) = (pop(stack)?, pop(stack)?);
                self.each(&[a, b], |[a, b]| math::binary(*op, a, b))
            }
            Op::Math(function) => {
                let at = stack.len().saturating_sub(function.arity());
                let args = stack.split_off(at);
                self.math(*function, args, whole)
            }
            Op::Ternary(yes, no) => {
                let condition = pop(stack)?;
                self.ternary(condition, yes, no, whole)
            }
            leaf => self.leaf(leaf),
        }
    }

    /// Applies a function to numbers or element by element; elements that are not wanted become 0.
    fn each<const N: usize>(
        &self,
        args: &[Value; N],
        f: impl Fn([f64; N]) -> std::result::Result<f64, Fault>,
    ) -> Result<Value> {
        self.each_of(args, |row| {
            f(std::array::from_fn(|i| row.get(i).copied().unwrap_or(0.0)))
        })
    }

    fn each_of(
        &self,
        args: &[Value],
        mut f: impl FnMut(&[f64]) -> std::result::Result<f64, Fault>,
    ) -> Result<Value> {
        let fail = |fault: Fault| ScriptError::formula(fault);
        let mut row: Vec<f64> = args
            .iter()
            .map(|a| if let Value::Scalar(x) = a { *x } else { 0.0 })
            .collect();
        let Some(n) = common_length(args)? else {
            return f(&row).map(Value::Scalar).map_err(fail);
        };
        let mut out = vec![0.0; n];
        for (i, slot) in out.iter_mut().enumerate().filter(|(i, _)| self.wanted(*i)) {
            for (cell, arg) in row.iter_mut().zip(args) {
                if let Value::List(list) = arg {
                    *cell = list[i];
                }
            }
            *slot = f(&row).map_err(fail)?;
        }
        Ok(Value::List(out))
    }

    fn math(&mut self, function: MathFunction, args: Vec<Value>, whole: &[Step]) -> Result<Value> {
        if matches!(function, MathFunction::Random | MathFunction::Normal) {
            return self.random(function, args, whole);
        }
        let clock = self.clock;
        self.each_of(&args, |row| math::apply(function, row, &clock))
    }

    /// `random(lo,hi,seed)`, `normal(mean,sigma,seed)`: every element of a list gets a number of its own.
    fn random(
        &mut self,
        function: MathFunction,
        mut args: Vec<Value>,
        whole: &[Step],
    ) -> Result<Value> {
        let name = function.name();
        let seed = match args.pop() {
            Some(Value::Scalar(seed)) if seed >= 1.0 => seed,
            Some(Value::Scalar(seed)) => {
                return Err(ScriptError::formula(format!(
                    "Invalid math function in variable formula: the seed of {name}() must be larger than 0, not {seed}"
                )));
            }
            _ => {
                return Err(ScriptError::formula(format!(
                    "the seed of {name}() must be one number"
                )));
            }
        };
        if common_length(&args)?.is_none()
            && let Some(n) = self.list_length(whole)?
            && let Some(Value::Scalar(first)) = args.first()
        {
            args[0] = Value::List(vec![*first; n]);
        }
        let apply = |row: &[f64], draw: f64| {
            let (a, b) = (row[0], row[1]);
            match function {
                MathFunction::Random => Ok(draw * (b - a) + a),
                _ if b < 0.0 => {
                    Err("Invalid math function in variable formula: sigma of normal() is negative")
                }
                _ => Ok(a + b * draw),
            }
        };
        if self.target == Target::Atom {
            let drawn = self.atom_draws(function, seed, whole)?;
            args.push(Value::List(drawn));
            return self.each_of(&args, |row| apply(row, row[2]));
        }
        let variables = self.variables;
        let mut streams = variables.streams();
        let stream = streams.stream(self.target, seed)?;
        self.each_of(&args, |row| apply(row, draw(stream, function)))
    }

    /// One number per atom for a random function. LAMMPS evaluates a formula atom by atom in its own order, so all
    /// random functions of the formula draw at once.
    fn atom_draws(
        &mut self,
        function: MathFunction,
        seed: f64,
        whole: &[Step],
    ) -> Result<Vec<f64>> {
        if let Some(drawn) = self.drawn.pop_front() {
            return Ok(drawn);
        }
        let random = |step: &Step| match step.op {
            Op::Math(f @ (MathFunction::Random | MathFunction::Normal)) => Some(f),
            _ => None,
        };
        let mut functions: Vec<MathFunction> = whole.iter().filter_map(random).collect();
        if functions.first() != Some(&function) {
            functions = vec![function];
        }
        let order = self.host.atom_order()?;
        let mut lists = vec![vec![0.0; order.len()]; functions.len()];
        let variables = self.variables;
        let mut streams = variables.streams();
        let stream = streams.stream(self.target, seed)?;
        for i in order.into_iter().filter(|&i| self.wanted(i)) {
            for (list, f) in lists.iter_mut().zip(&functions) {
                list[i] = draw(stream, *f);
            }
        }
        self.drawn = lists.into();
        Ok(self.drawn.pop_front().unwrap_or_default())
    }

    /// Length of the lists of this formula; `None` for equal-style formulas.
    fn list_length(&mut self, whole: &[Step]) -> Result<Option<usize>> {
        match self.target {
            Target::Equal => Ok(None),
            Target::Atom => Ok(Some(self.host.atom_count()?)),
            Target::Vector => {
                for step in whole {
                    if matches!(
                        step.op,
                        Op::Variable { .. } | Op::Output { .. } | Op::Sort(..)
                    ) && let Value::List(list) = self.leaf(&step.op)?
                    {
                        return Ok(Some(list.len()));
                    }
                }
                Ok(None)
            }
        }
    }

    /// With one condition only one branch is evaluated; with a list, both are.
    fn ternary(
        &mut self,
        condition: Value,
        yes: &[Step],
        no: &[Step],
        whole: &[Step],
    ) -> Result<Value> {
        match condition {
            Value::Scalar(x) => self.steps(if x != 0.0 { yes } else { no }, whole),
            list @ Value::List(_) => {
                let (yes, no) = (self.steps(yes, whole)?, self.steps(no, whole)?);
                self.each(&[list, yes, no], |[c, a, b]| {
                    Ok(if c != 0.0 { a } else { b })
                })
            }
        }
    }

    /// An index in brackets as a number from 1 on.
    pub(super) fn index(&mut self, index: &Index) -> Result<usize> {
        let name = match index {
            Index::Number(n) => return Ok(*n),
            Index::Variable(name) => name,
        };
        let value = self.variables.number(name, self.host)?;
        if (1.0..1e15).contains(&value) {
            return Ok(value as usize);
        }
        Err(ScriptError::formula(format!(
            "Index between variable brackets must be positive: v_{name} is {value}"
        )))
    }

    /// The words for what is being evaluated in messages.
    pub(super) fn style(&self) -> &'static str {
        match self.target {
            Target::Equal => "equal",
            Target::Vector => "vector",
            Target::Atom => "atom",
        }
    }
}

/// Takes the top of the stack. Formulas are built so that it is never empty.
fn pop(stack: &mut Vec<Value>) -> Result<Value> {
    stack
        .pop()
        .ok_or_else(|| ScriptError::formula("Invalid syntax in variable formula"))
}

/// The length of all lists; `None` if there are only scalars.
fn common_length(args: &[Value]) -> Result<Option<usize>> {
    let mut common = None;
    for arg in args {
        let Value::List(list) = arg else { continue };
        if common.is_some_and(|n| n != list.len()) {
            return Err(ScriptError::formula(
                "Inconsistent lengths in vector-style variable",
            ));
        }
        common = Some(list.len());
    }
    Ok(common)
}
