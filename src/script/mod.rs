//! The script language: grammar, syntax tree with spans, substitution, variables, formulas and control
//! flow. Knows no physics: what formulas ask of the simulation goes through [`FormulaHost`]. Imports
//! only `cformat`, `marsaglia` and `error`.
//!
//! A file is parsed once ([`parse_script`]) into logical lines with words and spans. The executor walks it
//! with a [`Cursor`]; at each line it calls [`expand`], which substitutes variables *now*, as LAMMPS does, and
//! splits the result into words. Text that is expanded keeps its origin ([`Mapped`]), so that errors show both.
//! `argyro.pest` is the grammar of all of this.
//!
//! **Invariant:** parsing never fails and never panics; what is wrong with a line is recorded in that line.

pub mod ast;
mod cursor;
mod error;
pub mod expr;
mod flow;
mod mapped;
mod parse;
mod source;
mod substitute;
pub mod variables;

pub use ast::{Line, Quote, Script, Subst, Substitution, Word};
pub use cursor::{Cursor, Fetched};
pub use error::{Place, Reason, Result, ScriptError};
pub use expr::{Formula, FormulaHost, NoSystem};
pub use flow::{Branch, choose, condition, parse_if, print_text};
pub use mapped::Mapped;
pub use parse::{parse_script, split, substitutions};
pub use source::{FileId, Location, SourceFile, SourceMap, Span};
pub use substitute::{CommandLine, Expanded, expand, strip_comment, substitute};
pub use variables::{Partition, Variables};
