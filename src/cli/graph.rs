//! `argyro graph`: the command graph of a script as text, DOT or Mermaid.

use super::generate::print_bytes;
use super::run::report;
use crate::command::COMMANDS;
use crate::diag::Diagnostic;
use crate::graph::{build, draw};
use crate::script::{SourceMap, parse_script};

/// Arguments of `argyro graph`.
#[derive(Debug, clap::Args)]
pub struct GraphArgs {
    /// Input script
    file: String,
    /// Form of the drawing
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Dot,
    Mermaid,
}

/// Runs `argyro graph`.
pub fn run(args: &GraphArgs) -> i32 {
    let bytes = match std::fs::read(&args.file) {
        Ok(bytes) => bytes,
        Err(e) => {
            return report(
                &Diagnostic::error(format!("Cannot open input script {}: {e}", args.file)),
                1,
            );
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut sources = SourceMap::default();
    let id = sources.add(&args.file, &text);
    let graph = build(&parse_script(id, &text), COMMANDS, &mut sources, Vec::new());
    let drawing = match args.format {
        Format::Text => draw::text(&graph),
        Format::Dot => draw::dot(&graph),
        Format::Mermaid => draw::mermaid(&graph),
    };
    print_bytes(drawing.as_bytes())
}
