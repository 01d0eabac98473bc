//! Values of variables: as strings, numbers, vectors and per-atom lists.

use super::{Body, Content, Variables};
use crate::cformat::{format_f64, general};
use crate::script::error::{Result, ScriptError};
use crate::script::expr::{Evaluation, Formula, FormulaHost, Target, Value};
use crate::script::flow::parse_number;
use crate::script::mapped::Mapped;
use std::cell::RefCell;
use std::sync::Arc;

/// Digits of `${equal}`.
const STRING_DIGITS: usize = 15;

/// Variables may refer to variables this deep: the stack is finite.
const MAX_DEPTH: usize = 100;

/// Removes a name from the list of active variables when its evaluation ends.
struct Active<'a>(&'a RefCell<Vec<String>>);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}

impl Variables {
    /// The string of a variable, as `${name}` shows it; `None` if there is no such variable or it has
    /// no string (atom and atomfile style).
    ///
    /// # Errors
    /// Its formula cannot be evaluated.
    pub fn retrieve(&self, name: &str, host: &mut dyn FormulaHost) -> Result<Option<String>> {
        let Some(content) = self.content(name) else {
            return Ok(None);
        };
        Ok(Some(match content {
            Content::Index { values, at } | Content::Universe { values, at } => {
                match values.into_iter().nth(at) {
                    Some(value) => value,
                    None => return Ok(None),
                }
            }
            Content::Loop { current, width, .. } => format!("{current:0width$}"),
            Content::Uloop { at, width, .. } => format!("{:0width$}", at + 1),
            Content::World(text) | Content::Text(text) => text,
            Content::Getenv(variable) => self.environment_variable(&variable),
            Content::File(lines) => lines.current().to_string(),
            Content::Format { of, conversion } => {
                let _active = self.enter(name)?;
                format_f64(&conversion, self.equal(&of, host)?)
            }
            Content::Formula(Target::Equal, body) => {
                general(STRING_DIGITS, self.scalar(name, &body, host)?)
            }
            Content::Formula(Target::Vector, body) => {
                list_text(&self.list(name, &body, Target::Vector, None, host)?)
            }
            Content::List(list) => list_text(&list),
            Content::Internal(x) | Content::Timer(x) => general(STRING_DIGITS, x),
            Content::Formula(Target::Atom, _) | Content::AtomFile(_) => return Ok(None),
        }))
    }

    /// The value of a variable that can stand for an equal-style one, at full precision.
    ///
    /// # Errors
    /// There is no such variable, its style does not fit, or its formula cannot be evaluated.
    pub fn equal(&self, name: &str, host: &mut dyn FormulaHost) -> Result<f64> {
        match self.content(name) {
            Some(Content::Formula(Target::Equal, body)) => self.scalar(name, &body, host),
            Some(Content::Internal(x) | Content::Timer(x)) => Ok(x),
            Some(other) => Err(ScriptError::variable(format!(
                "Variable {name} has style {}, but an equal-style variable is required here",
                other.style()
            ))),
            None => Err(self.missing(name)),
        }
    }

    /// The vector of a vector-style variable.
    ///
    /// # Errors
    /// There is no such variable, its style does not fit, or its formula cannot be evaluated.
    pub fn vector(&self, name: &str, host: &mut dyn FormulaHost) -> Result<Vec<f64>> {
        match self.content(name) {
            Some(Content::Formula(Target::Vector, body)) => {
                self.list(name, &body, Target::Vector, None, host)
            }
            Some(Content::List(list)) => Ok(list.to_vec()),
            Some(other) => Err(ScriptError::variable(format!(
                "Variable {name} has style {}, but a vector-style variable is required here",
                other.style()
            ))),
            None => Err(self.missing(name)),
        }
    }

    /// One number per atom of an atom- or atomfile-style variable; 0 for atoms outside `mask`.
    ///
    /// # Errors
    /// There is no such variable, its style does not fit, or its formula cannot be evaluated.
    pub fn atom(
        &self,
        name: &str,
        mask: Option<&[bool]>,
        host: &mut dyn FormulaHost,
    ) -> Result<Vec<f64>> {
        match self.content(name) {
            Some(Content::Formula(Target::Atom, body)) => {
                self.list(name, &body, Target::Atom, mask, host)
            }
            Some(Content::AtomFile(sets)) => {
                let mut list = vec![0.0; host.atom_count()?];
                for &(id, value) in sets.current() {
                    let at = host
                        .atom_index(id)?
                        .filter(|&i| mask.is_none_or(|m| m.get(i) == Some(&true)));
                    if let Some(slot) = at.and_then(|i| list.get_mut(i)) {
                        *slot = value;
                    }
                }
                Ok(list)
            }
            Some(other) => Err(ScriptError::variable(format!(
                "Variable {name} has style {}, but an atom-style variable is required here",
                other.style()
            ))),
            None => Err(self.missing(name)),
        }
    }

    /// Any variable as a number, strings converted.
    ///
    /// # Errors
    /// There is no such variable, or its string is no number.
    pub fn number(&self, name: &str, host: &mut dyn FormulaHost) -> Result<f64> {
        let Some(text) = self.retrieve(name, host)? else {
            return Err(match self.style(name) {
                Some(style) => ScriptError::formula(format!(
                    "Variable {name}: style {style} has no single value"
                )),
                None => self.missing(name),
            });
        };
        // What printf gives, also inf and nan of formulas, is a number
        let number = parse_number(&text).or_else(|| match self.style(name) {
            Some(style) if style.is_equal() => text.parse().ok(),
            _ => None,
        });
        number.ok_or_else(|| {
            ScriptError::formula(format!(
                "Non-numeric variable value '{text}' in variable formula"
            ))
            .in_variable(name)
        })
    }

    /// Evaluates the formula of `$(...)`.
    ///
    /// # Errors
    /// The formula is wrong or cannot be evaluated; the place is in `text`.
    pub fn evaluate_text(&self, text: &Mapped, host: &mut dyn FormulaHost) -> Result<f64> {
        let value = Formula::parse(text.as_str())
            .and_then(|formula| Evaluation::new(self, host, Target::Equal, None).run(&formula));
        match value.map_err(|e| e.located(text))? {
            Value::Scalar(x) => Ok(x),
            Value::List(_) => {
                Err(ScriptError::formula("a single value is required here").located(text))
            }
        }
    }

    /// `v_name` and `v_name[i]` in a formula.
    ///
    /// Equal-style variables pass through their string of 15 digits, as in LAMMPS.
    pub(in crate::script) fn in_formula(
        &self,
        name: &str,
        index: Option<usize>,
        target: Target,
        mask: Option<&[bool]>,
        host: &mut dyn FormulaHost,
    ) -> Result<Value> {
        let Some(content) = self.content(name) else {
            return Err(self.missing(name));
        };
        let unfit = |what: &str| {
            let style = match target {
                Target::Equal => "equal",
                Target::Vector => "vector",
                Target::Atom => "atom",
            };
            let error = ScriptError::formula(format!(
                "Variable {name}: {what}-style variable in {style}-style variable formula"
            ));
            Err(error.help(format!("take one value with an index: v_{name}[1]")))
        };
        let inner = |e: ScriptError| e.demoted(&format!("in the formula of variable '{name}'"));
        match (content, index) {
            (Content::Formula(Target::Vector, _) | Content::List(_), None)
                if target == Target::Vector =>
            {
                self.vector(name, host).map(Value::List).map_err(inner)
            }
            (Content::Formula(Target::Vector, _) | Content::List(_), Some(i)) => {
                let list = self.vector(name, host).map_err(inner)?;
                match list.get(i.wrapping_sub(1)) {
                    Some(&x) => Ok(Value::Scalar(x)),
                    None => Err(ScriptError::formula(format!(
                        "Variable {name}: Invalid index into vector-style variable: {i} of {}",
                        list.len()
                    ))),
                }
            }
            (Content::Formula(Target::Vector, _) | Content::List(_), None) => unfit("Vector"),
            (Content::Formula(Target::Atom, _) | Content::AtomFile(_), None)
                if target == Target::Atom =>
            {
                self.atom(name, mask, host).map(Value::List).map_err(inner)
            }
            (Content::Formula(Target::Atom, _) | Content::AtomFile(_), Some(id)) => {
                let list = self.atom(name, None, host).map_err(inner)?;
                let at = host.atom_index(id)?;
                Ok(Value::Scalar(
                    at.and_then(|i| list.get(i)).copied().unwrap_or(0.0),
                ))
            }
            (Content::Formula(Target::Atom, _), None) => unfit("Atom"),
            (Content::AtomFile(_), None) => unfit("Atomfile"),
            (_, Some(_)) => Err(ScriptError::formula(format!(
                "Variable {name}: Mismatched variable in variable formula"
            ))
            .help("only vector- and atom-style variables have elements")),
            (_, None) => self.number(name, host).map(Value::Scalar).map_err(inner),
        }
    }

    fn missing(&self, name: &str) -> ScriptError {
        let names = self.names();
        ScriptError::formula(format!(
            "Invalid variable reference v_{name} in variable formula"
        ))
        .suggest(name, names.iter().map(String::as_str))
        .help(format!("there is no variable '{name}'"))
    }

    fn scalar(&self, name: &str, body: &Arc<Body>, host: &mut dyn FormulaHost) -> Result<f64> {
        match self.body(name, body, Target::Equal, None, host)? {
            Value::Scalar(x) => Ok(x),
            Value::List(_) => {
                Err(ScriptError::formula("a single value is required here").in_variable(name))
            }
        }
    }

    fn list(
        &self,
        name: &str,
        body: &Arc<Body>,
        target: Target,
        mask: Option<&[bool]>,
        host: &mut dyn FormulaHost,
    ) -> Result<Vec<f64>> {
        match self.body(name, body, target, mask, host)? {
            Value::List(list) => Ok(list),
            Value::Scalar(x) => Ok(vec![x]),
        }
    }

    fn body(
        &self,
        name: &str,
        body: &Arc<Body>,
        target: Target,
        mask: Option<&[bool]>,
        host: &mut dyn FormulaHost,
    ) -> Result<Value> {
        let _active = self.enter(name)?;
        let formula = body.parsed.as_ref().map_err(Clone::clone);
        formula
            .and_then(|formula| Evaluation::new(self, host, target, mask).run(formula))
            .map_err(|e| e.located(&body.text).in_variable(name))
    }

    /// Marks a variable as being evaluated.
    fn enter(&self, name: &str) -> Result<Active<'_>> {
        let mut active = self.active.borrow_mut();
        if let Some(first) = active.iter().position(|n| n == name) {
            let circle: Vec<&str> = active[first..]
                .iter()
                .map(String::as_str)
                .chain([name])
                .collect();
            return Err(ScriptError::formula("has a circular dependency")
                .in_variable(name)
                .help(format!("the circle is {}", circle.join(" -> "))));
        }
        if active.len() >= MAX_DEPTH {
            return Err(ScriptError::formula(format!(
                "variables refer to each other more than {MAX_DEPTH} deep"
            )));
        }
        active.push(name.to_string());
        drop(active);
        Ok(Active(&self.active))
    }
}

/// `[1,2.5,1e+20]`: every number with as few digits as it takes to read it back.
fn list_text(list: &[f64]) -> String {
    let items: Vec<String> = list.iter().map(|&x| shortest(x)).collect();
    format!("[{}]", items.join(","))
}

fn shortest(x: f64) -> String {
    let scientific = format!("{x:e}");
    let digits = scientific
        .bytes()
        .take_while(|&b| b != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let exponent = scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse::<i32>().ok())
        .unwrap_or(0);
    if (-4..16).contains(&exponent) {
        format!("{x}")
    } else {
        general(digits.max(1), x)
    }
}
