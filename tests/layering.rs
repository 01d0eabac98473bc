//! The one-way dependency rule of ARCHITECTURE.md: a module imports only modules below it.

use std::path::{Path, PathBuf};

/// From the outside in; a later module never imports an earlier one. Modules of one row are peers.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["analysis"],
    &["command"],
    &["graph"],
    &["script"],
    &["engine"],
    &["pair", "bond", "angle"],
    &["bonded"],
    &["fix"],
    &["compute"],
    &["dump"],
    &["kspace"],
    &["ml"],
    &["domain"],
    &["io"],
    &["simd"],
    &[
        "signature",
        "units",
        "error",
        "diag",
        "cformat",
        "elements",
        "foreign",
        "park",
        "marsaglia",
    ],
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The modules named after `crate::` in a source text, also inside `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<String> {
    let word = |s: &str| {
        s.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + 7..];
        let Some(list) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let end = list.find("};").unwrap_or(list.len());
        let mut depth = 0;
        for part in list[..end].split_inclusive(['{', '}', ',']) {
            if depth == 0 {
                found.push(word(part.trim_start()));
            }
            depth += part.matches('{').count() as i32 - part.matches('}').count() as i32;
        }
    }
    found
}

#[test]
fn modules_import_only_downwards() {
    let root = source_root();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in &files {
        let relative = file.strip_prefix(&root).expect("below src");
        let first = relative
            .components()
            .next()
            .expect("a name")
            .as_os_str()
            .to_string_lossy();
        let Some(own) = layer(first.trim_end_matches(".rs")) else {
            continue;
        };
        let text = std::fs::read_to_string(file).expect("readable source");
        let code: Vec<&str> = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect();
        for module in imports(&code.join("\n")) {
            if layer(&module).is_some_and(|l| l < own) {
                wrong.push(format!("{}: imports crate::{module}", relative.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports against the dependency rule:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_has_a_layer() {
    for entry in std::fs::read_dir(source_root()).expect("src").flatten() {
        let name = entry
            .file_name()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_string();
        let known = name == "main" || name == "lib" || layer(&name).is_some();
        assert!(known, "src/{name} is in no layer of tests/layering.rs");
    }
}

#[test]
fn styles_do_not_import_each_other() {
    for kind in ["pair", "fix", "compute", "dump"] {
        let root = source_root().join(kind);
        let mut files = Vec::new();
        sources(&root, &mut files);
        let styles = files
            .iter()
            .filter(|f| f.parent() == Some(&root) && !f.ends_with("mod.rs"));
        for file in styles {
            let text = std::fs::read_to_string(file).expect("readable source");
            for line in text
                .lines()
                .filter(|l| l.starts_with("use super::") && !l.starts_with("use super::{"))
            {
                let name = line
                    .trim_start_matches("use super::")
                    .split([':', ';'])
                    .next()
                    .unwrap_or("");
                let sibling =
                    std::fs::read_to_string(root.join(format!("{name}.rs"))).unwrap_or_default();
                // What styles share is a file without a line for the table.
                let is_style = sibling.contains("pub const STYLE");
                assert!(
                    !is_style,
                    "{}: a style imports another style: {line}",
                    file.display()
                );
            }
        }
    }
}
