//! `argyro model`: what a model file is, and how two models compare.

mod compare;
mod structure;

use super::generate::print_bytes;
use super::run::report;
use crate::diag::Diagnostic;
use crate::ml::describe::{Description, describe_file};
use crate::ml::summary::ModelSummary;
use std::fmt::Write;
use std::path::PathBuf;

/// Arguments of `argyro model`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ModelArgs {
    /// Model files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What else to do.
    #[command(subcommand)]
    command: Option<ModelCommand>,
}

/// Subcommands of `argyro model`.
#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
    /// Evaluates two models on one structure: energies, forces, virials and how they differ
    Compare(compare::CompareArgs),
}

/// Runs `argyro model`; status 1 if a file cannot be read or argyro cannot evaluate its model.
pub fn run(args: &ModelArgs) -> i32 {
    if let Some(ModelCommand::Compare(args)) = &args.command {
        return compare::run(args);
    }
    let mut status = 0;
    let mut text = String::new();
    for file in &args.files {
        let name = file.display().to_string();
        match describe_file(file) {
            Ok(d) => {
                status |= i32::from(d.model.is_err());
                text.push_str(&describe(&name, &d));
            }
            Err(e) => {
                status |= report(
                    &Diagnostic::error(format!("Cannot open model file {name}: {e}")),
                    1,
                );
            }
        }
    }
    print_bytes(text.as_bytes()).max(status)
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<24} {value}");
}

fn describe(name: &str, d: &Description) -> String {
    let mut text = format!("{name}\n");
    row(&mut text, "kind", &d.kind.what());
    row(&mut text, "size", &format!("{} bytes", d.bytes));
    row(&mut text, "sha256", &d.sha256);
    match &d.model {
        Ok(model) => summary(&mut text, model),
        Err(why) => row(&mut text, "not usable", why),
    }
    text.push('\n');
    text
}

fn summary(text: &mut String, m: &ModelSummary) {
    row(text, "architecture", &m.architecture);
    row(text, "elements", &m.elements.join(" "));
    row(text, "cutoff", &format!("{} A", m.cutoff));
    row(text, "precision", m.precision);
    if !m.heads.is_empty() {
        row(text, "heads", &m.heads.join(" "));
    }
    if let Some(head) = m.implied_head.as_ref().filter(|_| m.heads.len() > 1) {
        row(text, "default head", head);
    }
    for (name, value) in &m.hyperparameters {
        row(text, name, value);
    }
}
