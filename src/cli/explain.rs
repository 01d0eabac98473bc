//! `argyro explain`: manual pages of commands and styles, from the same tables that parse them.

use super::generate::print_bytes;
use super::manual::{Page, kind_text, markdown, pages, place_holder, syntax};
use crate::error::nearest;
use crate::signature::{Arg, Signature};
use std::fmt::Write;
use std::path::PathBuf;

/// Arguments of `argyro explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A command, or a kind and a style: `pair_style mace`, `fix nvt`, `compute msd`, `dump h5md`
    #[arg(num_args = 0..)]
    topic: Vec<String>,
    /// Writes all pages as Markdown files into this folder
    #[arg(long, value_name = "FOLDER")]
    markdown: Option<PathBuf>,
}

/// Runs `argyro explain`.
pub fn run(args: &ExplainArgs) -> i32 {
    if let Some(folder) = &args.markdown {
        return match markdown::write_all(folder) {
            Ok(count) => print_bytes(format!("{count} pages in {}\n", folder.display()).as_bytes()),
            Err(e) => {
                eprintln!("error: cannot write pages to {}: {e}", folder.display());
                2
            }
        };
    }
    let words: Vec<&str> = args.topic.iter().map(String::as_str).collect();
    match explain(&words) {
        Ok(text) => print_bytes(text.as_bytes()),
        Err(text) => {
            eprintln!("{text}");
            1
        }
    }
}

/// The text for a topic, or what is wrong with the topic.
fn explain(words: &[&str]) -> Result<String, String> {
    let all = pages();
    let found: Vec<&Page> = match words {
        [] => return Ok(list(&all)),
        [name] => all.iter().filter(|p| p.signature.name == *name).collect(),
        [kind, .., name] => {
            let kind = if *kind == "pair" { "pair_style" } else { kind };
            all.iter()
                .filter(|p| p.kind == kind && p.signature.name == *name)
                .collect()
        }
    };
    if found.is_empty() {
        return Err(unknown(words, &all));
    }
    let texts: Vec<String> = found.iter().map(|p| render(p)).collect();
    let mut text = texts.join("\n\n");
    if let [name] = words {
        text.push_str(&styles_of(name, &all));
    }
    Ok(text)
}

fn unknown(words: &[&str], all: &[Page]) -> String {
    let name = words.last().copied().unwrap_or("");
    let mut text = format!("error: there is no command or style '{}'", words.join(" "));
    if let Some(near) = nearest(name, all.iter().map(|p| p.signature.name)) {
        let _ = write!(text, "; did you mean '{near}'?");
    }
    text.push_str("\n`argyro explain` without arguments lists all.");
    text
}

/// The list of styles below the page of a command that takes one.
fn styles_of(name: &str, all: &[Page]) -> String {
    let mut names: Vec<&str> = all
        .iter()
        .filter(|p| p.kind == name)
        .map(|p| p.signature.name)
        .collect();
    names.sort_unstable();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "\nStyles\n{}\n  (argyro explain {name} NAME)\n",
        wrap(&names.join(", "), 2)
    )
}

fn list(all: &[Page]) -> String {
    let mut text = String::new();
    for (kind, title) in markdown::KINDS {
        let mut of_kind: Vec<&Page> = all.iter().filter(|p| p.kind == *kind).collect();
        of_kind.sort_by_key(|p| p.signature.name);
        if of_kind.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{title}");
        for p in of_kind {
            let _ = writeln!(text, "  {:<18} {}", p.signature.name, p.signature.summary);
        }
        text.push('\n');
    }
    text.push_str("argyro explain NAME shows one of them.\n");
    text
}

fn render(page: &Page) -> String {
    let s = page.signature;
    let mut text = format!("{}: {}\n", page.prefix, s.summary);
    let _ = writeln!(text, "\nSyntax");
    let _ = writeln!(text, "  {}", syntax(&page.prefix, s));
    if let Some(c) = page.coeff {
        let _ = writeln!(text, "  {}", syntax(page.coeff_command(), c));
    }
    arguments(&mut text, s);
    if let Some(c) = page.coeff.filter(|c| !c.args.is_empty()) {
        let _ = writeln!(text, "\n{}", page.coeff_command());
        c.args.iter().for_each(|a| argument(&mut text, a, 2));
    }
    if !s.description.is_empty() {
        let _ = writeln!(text, "\nDescription");
        for line in s.description.trim().lines() {
            let _ = writeln!(text, "{}", wrap(line.trim(), 2));
        }
    }
    let examples = page.examples();
    if !examples.is_empty() {
        let _ = writeln!(text, "\nExamples");
        for e in examples {
            let _ = writeln!(text, "  {e}");
        }
    }
    text
}

fn arguments(text: &mut String, s: &Signature) {
    if !s.args.is_empty() {
        let _ = writeln!(text, "\nArguments");
        s.args.iter().for_each(|a| argument(text, a, 2));
    }
    if !s.keywords.is_empty() {
        let _ = writeln!(text, "\nKeywords");
        for k in s.keywords {
            let names: Vec<String> = k.args.iter().map(place_holder).collect();
            let head = format!("{} {}", k.name, names.join(" "));
            let _ = writeln!(text, "{}", entry(head.trim(), k.doc, 2));
            k.args.iter().for_each(|a| argument(text, a, 6));
        }
    }
}

fn argument(text: &mut String, a: &Arg, indent: usize) {
    let kind = kind_text(a.kind);
    let doc = match (a.doc.is_empty(), kind.is_empty()) {
        (true, _) => kind,
        (false, true) => a.doc.to_string(),
        (false, false) => format!("{} ({kind})", a.doc),
    };
    let _ = writeln!(text, "{}", entry(&place_holder(a), &doc, indent));
}

/// `name  text`, the text aligned in a column and wrapped.
fn entry(name: &str, doc: &str, indent: usize) -> String {
    const COLUMN: usize = 22;
    let head = format!("{:indent$}{name}", "");
    let body = wrap(doc, COLUMN);
    if doc.is_empty() {
        head
    } else if head.chars().count() + 2 > COLUMN {
        format!("{head}\n{body}")
    } else {
        format!("{head:<COLUMN$}{}", body.trim_start())
    }
}

/// Breaks a text at 78 columns; every line is indented.
fn wrap(text: &str, indent: usize) -> String {
    const WIDTH: usize = 78;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        let long = last.chars().count() + 1 + word.chars().count() > WIDTH - indent;
        if last.is_empty() {
            last.push_str(word);
        } else if long {
            lines.push(word.to_string());
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    let indented: Vec<String> = lines
        .iter()
        .map(|l| format!("{:indent$}{l}", "").trim_end().to_string())
        .collect();
    indented.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Mapped, Word, split};
    use crate::signature::{Kind, arg, keyword, optional};

    const SAMPLE: Signature = Signature {
        name: "sample",
        summary: "shows how a page looks",
        args: &[
            arg("N", Kind::Count, "interval, steps"),
            optional("file", Kind::FileOut, "where to"),
        ],
        keywords: &[keyword(
            "temp",
            &[arg("T", Kind::Positive, "temperature, temperature units")],
            "thermostat",
        )],
        description: "Long text.\n\nWith a paragraph.",
        examples: &["sample 5"],
    };

    #[test]
    fn a_page_has_all_sections() {
        let text = render(&Page {
            kind: "command",
            prefix: "sample".into(),
            signature: &SAMPLE,
            coeff: None,
        });
        for part in [
            "sample: shows how",
            "sample N [file] [keyword value ...]",
            "interval, steps (positive whole number)",
            "temp T",
            "With a paragraph.",
            "  sample 5",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn every_page_renders() {
        for p in pages() {
            assert!(!render(&p).is_empty());
            assert!(
                !p.signature.summary.is_empty(),
                "{} has no summary",
                p.prefix
            );
        }
        assert!(list(&pages()).ends_with("of them.\n"));
    }

    /// Number of words before the arguments that a signature describes.
    fn words_before(kind: &str) -> usize {
        match kind {
            "command" => 1,
            "pair_style" => 2,
            "dump" => 6,
            "region" => 3,
            _ => 4,
        }
    }

    #[test]
    fn every_example_parses() {
        let mut wrong = Vec::new();
        for p in pages() {
            for example in p.signature.examples {
                let line = Mapped::plain(*example);
                let words = split(&line).expect("an example has whole quotes");
                let words: Vec<&str> = words.iter().map(Word::as_str).collect();
                let before = words_before(p.kind);
                let named = words.get(before - 1).or(words.first());
                if p.kind == "command" && named != Some(&p.signature.name) {
                    wrong.push(format!("{example}: is no example of {}", p.signature.name));
                }
                // Examples of a style may show other commands around it
                if words
                    .first()
                    .is_some_and(|w| *w != p.kind && p.kind != "command")
                {
                    continue;
                }
                if let Err(e) = p
                    .signature
                    .parse(&p.prefix, words.get(before..).unwrap_or(&[]))
                {
                    wrong.push(format!("{example}: {e}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn an_unknown_topic_is_named() {
        let e = explain(&["pair_style", "nosuchstyle"]).unwrap_err();
        assert!(e.contains("pair_style nosuchstyle"), "{e}");
    }
}
