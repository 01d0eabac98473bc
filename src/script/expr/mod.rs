//! Formulas of equal-, vector- and atom-style variables.
//!
//! A formula is parsed once into a list of steps in postfix order ([`Formula`]) and evaluated with a stack
//! of values: numbers or lists (a global vector, or one number per atom). Precedence is LAMMPS': unary
//! `-` and `!` bind tightest (`-2^2` is 4), then `^` (left associative), `* / %`, `+ -`,
//! `< <= > >=`, `== !=`, `&&`, and `||` together with `|^`.

mod eval;
mod host;
mod math;
mod names;
mod parse;
mod reference;
mod special;

pub use eval::{Evaluation, Streams, Value};
pub use host::{
    Clock, FormulaHost, GroupCall, GroupFunction, NoSystem, OutputSource, OutputValues, Provides,
};
pub use names::{AtomProperty, MathFunction, suggestions};
pub use parse::{is_vector_list, parse_vector_list};

use std::ops::Range;

/// What a formula yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One number.
    Equal,
    /// A global vector.
    Vector,
    /// One number per atom.
    Atom,
}

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
    steps: Vec<Step>,
}

/// One step of a formula and the bytes of the text it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is done.
    pub op: Op,
    /// Where it stands in the formula.
    pub at: Range<usize>,
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Or,
    Xor,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

/// An index in brackets.
#[derive(Debug, Clone, PartialEq)]
pub enum Index {
    /// A positive number.
    Number(usize),
    /// The value of a variable, cut to a whole number.
    Variable(String),
}

/// A global vector named in `sum(...)`, `sort(...)` and their relatives.
#[derive(Debug, Clone, PartialEq)]
pub enum VectorRef {
    /// `c_ID` or `c_ID[N]`, `f_ID` or `f_ID[N]`.
    Output {
        /// Compute or fix.
        source: OutputSource,
        /// Its ID.
        id: String,
        /// Column of an array.
        column: Option<Index>,
    },
    /// `v_name`
    Variable(String),
}

/// A reduction of a global vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reduction {
    Sum,
    Min,
    Max,
    Ave,
    Trap,
    Slope,
}

/// A question about the program or the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Feature {
    Available,
    Active,
    Defined,
}

/// What one step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Pushes a number or constant.
    Number(f64),
    /// Pushes a thermo keyword.
    Keyword(String),
    /// Pushes a per-atom vector.
    Atoms(AtomProperty),
    /// Pushes a property of one atom.
    AtomValue(AtomProperty, Index),
    /// Pushes a custom per-atom property.
    Custom {
        /// Name without its prefix.
        name: String,
        /// `i_`/`i2_` rather than `d_`/`d2_`.
        integer: bool,
        /// `i2_`/`d2_`.
        array: bool,
        /// Indices.
        index: Vec<Index>,
    },
    /// Pushes an output of a compute or fix.
    Output {
        /// Compute or fix.
        source: OutputSource,
        /// Capital `C_` or `F_`: data of one atom.
        per_atom: bool,
        /// Its ID.
        id: String,
        /// Indices, none to two.
        index: Vec<Index>,
    },
    /// Pushes the value of a variable.
    Variable {
        /// Its name.
        name: String,
        /// Its index.
        index: Option<Index>,
    },
    /// Negates.
    Negate,
    /// Logical not.
    Not,
    /// Combines two values.
    Binary(Binary),
    /// Applies a function to its arguments.
    Math(MathFunction),
    /// `ternary(x,y,z)`: the condition is on the stack, both branches follow inside.
    Ternary(Vec<Step>, Vec<Step>),
    /// Pushes a group function.
    Group(GroupCall),
    /// Pushes a reduction of a vector.
    Reduce(Reduction, VectorRef),
    /// Pushes a sorted vector (`true`: descending).
    Sort(VectorRef, bool),
    /// Pushes 1 for atoms of a group and a region.
    Mask {
        /// Group ID.
        group: Option<String>,
        /// Region ID.
        region: Option<String>,
    },
    /// Pushes the value of a file variable and advances it.
    Next(String),
    /// `is_file(name)`
    IsFile(String),
    /// `is_os(pattern)`
    IsOs(String),
    /// `extract_setting(name)`
    Setting(String),
    /// `label2type(kind,label)`
    LabelToType(String, String),
    /// `is_typelabel(kind,label)`
    IsTypeLabel(String, String),
    /// `is_timeout()`
    IsTimeout,
    /// `is_available(..)`, `is_active(..)`, `is_defined(..)`
    Feature(Feature, String, String),
}

impl Formula {
    /// Parses a formula.
    ///
    /// # Errors
    /// Wrong syntax, unknown function, wrong number of arguments; the error holds the bytes of the text.
    pub fn parse(text: &str) -> super::Result<Self> {
        parse::formula(text)
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps in postfix order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Everything the formula refers to, branches of `ternary` included: for dependency graphs.
    pub fn references(&self) -> Vec<(FormulaRef<'_>, Range<usize>)> {
        let mut found = Vec::new();
        collect(&self.steps, &mut found);
        found
    }
}

/// How tightly an operator binds.
pub(super) fn precedence(sign: &str) -> Option<u8> {
    names::operator(sign).map(|(_, p)| p)
}

/// A binary operator on two numbers; `None` if there is no such operator or it has no value.
pub(super) fn binary_number(sign: &str, a: f64, b: f64) -> Option<f64> {
    let (op, _) = names::operator(sign)?;
    math::binary(op, a, b).ok()
}

/// Something that a formula refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormulaRef<'a> {
    /// `v_name`, also as an index.
    Variable(&'a str),
    /// `c_ID`
    Compute(&'a str),
    /// `f_ID`
    Fix(&'a str),
    /// A group in a group function or mask.
    Group(&'a str),
    /// A region in a group function or mask.
    Region(&'a str),
    /// A thermo keyword.
    Keyword(&'a str),
}

fn collect<'a>(steps: &'a [Step], found: &mut Vec<(FormulaRef<'a>, Range<usize>)>) {
    for step in steps {
        let mut add = |r: FormulaRef<'a>| found.push((r, step.at.clone()));
        let output = |source: OutputSource, id: &'a str| match source {
            OutputSource::Compute => FormulaRef::Compute(id),
            OutputSource::Fix => FormulaRef::Fix(id),
        };
        match &step.op {
            Op::Keyword(word) => add(FormulaRef::Keyword(word)),
            Op::Variable { name, .. } | Op::Next(name) => add(FormulaRef::Variable(name)),
            Op::Output { source, id, .. } => add(output(*source, id)),
            Op::Reduce(_, v) | Op::Sort(v, _) => match v {
                VectorRef::Output { source, id, .. } => add(output(*source, id)),
                VectorRef::Variable(name) => add(FormulaRef::Variable(name)),
            },
            Op::Group(call) => {
                add(FormulaRef::Group(&call.group));
                call.region.iter().for_each(|r| add(FormulaRef::Region(r)));
            }
            Op::Mask { group, region } => {
                group.iter().for_each(|g| add(FormulaRef::Group(g)));
                region.iter().for_each(|r| add(FormulaRef::Region(r)));
            }
            Op::Ternary(yes, no) => {
                collect(yes, found);
                collect(no, found);
                continue;
            }
            _ => {}
        }
        let indices: Vec<&Index> = match &step.op {
            Op::AtomValue(_, i) => vec![i],
            Op::Custom { index, .. } | Op::Output { index, .. } => index.iter().collect(),
            Op::Variable { index, .. } => index.iter().collect(),
            _ => Vec::new(),
        };
        for index in indices {
            if let Index::Variable(name) = index {
                found.push((FormulaRef::Variable(name), step.at.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
