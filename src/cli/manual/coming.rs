//! The page "Coming from LAMMPS": its text, and what there is and what is missing by the tables that parse scripts.

use super::Page;
use super::markdown::{KINDS, NOTE, file_name};
use crate::foreign;
use std::fmt::Write;

/// The written part of the page.
const TEXT: &str = include_str!("coming.md");

/// The page as Markdown.
pub fn page(all: &[Page]) -> String {
    let mut text = format!("{NOTE}\n\n{TEXT}\n## What there is\n");
    for (kind, heading) in KINDS {
        let mut of_kind: Vec<&Page> = all.iter().filter(|p| p.kind == *kind).collect();
        of_kind.sort_by_key(|p| p.signature.name);
        let names: Vec<String> = of_kind
            .iter()
            .map(|p| format!("[{}]({})", p.signature.name, file_name(p)))
            .collect();
        if !names.is_empty() {
            let _ = write!(text, "\n{heading}: {}\n", names.join(", "));
        }
    }
    text.push_str("\n## What is missing, and what comes nearest\n");
    for (kind, heading) in KINDS {
        let rows: Vec<_> = foreign::missing(kind.trim_end_matches("_style")).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n### {heading}\n\n| LAMMPS | nearest in argyro |\n|---|---|\n"
        );
        for (nearest, names) in rows {
            let names: Vec<&str> = names.split_whitespace().collect();
            let _ = writeln!(text, "| {} | {nearest} |", names.join(", "));
        }
    }
    text
}
