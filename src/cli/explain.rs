//! `argyro explain`: manual pages of commands and styles, from the same tables that parse them.

use super::generate::print_bytes;
use crate::command::COMMANDS;
use crate::domain::regions;
use crate::error::nearest;
use crate::signature::{Arg, Kind, Signature, Times};
use crate::{compute, dump, fix, pair};
use std::fmt::Write;

/// Arguments of `argyro explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A command, or a kind and a style: `pair_style mace`, `fix nvt`, `compute msd`, `dump h5md`
    #[arg(num_args = 0..)]
    topic: Vec<String>,
}

/// A manual page.
struct Page {
    /// `command`, `pair_style`, `fix`, `compute`, `region` or `dump`.
    kind: &'static str,
    /// Words before the arguments, e.g. `fix ID group-ID nvt`.
    prefix: String,
    signature: &'static Signature,
    coeff: Option<&'static Signature>,
}

fn page(kind: &'static str, before: &str, signature: &'static Signature) -> Page {
    Page {
        kind,
        prefix: format!("{before}{}", signature.name),
        signature,
        coeff: None,
    }
}

/// All pages, in the order of their tables.
fn pages() -> Vec<Page> {
    let mut all: Vec<Page> = COMMANDS
        .iter()
        .map(|c| page("command", "", c.signature))
        .collect();
    all.extend(pair::PAIR_STYLES.iter().map(|p| Page {
        coeff: Some(p.coeff),
        ..page("pair_style", "pair_style ", p.signature)
    }));
    all.extend(
        fix::FIXES
            .iter()
            .map(|f| page("fix", "fix ID group-ID ", f.signature)),
    );
    all.extend(
        compute::COMPUTES
            .iter()
            .map(|c| page("compute", "compute ID group-ID ", c.signature)),
    );
    all.extend(
        regions::REGIONS
            .iter()
            .map(|r| page("region", "region ID ", r.signature)),
    );
    all.extend(
        dump::DUMPS
            .iter()
            .map(|d| page("dump", "dump ID group-ID ", d.signature)),
    );
    all
}

/// Runs `argyro explain`.
pub fn run(args: &ExplainArgs) -> i32 {
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
    for (kind, title) in [
        ("command", "Commands"),
        ("pair_style", "Pair styles"),
        ("fix", "Fixes"),
        ("compute", "Computes"),
        ("dump", "Dumps"),
        ("region", "Regions"),
    ] {
        let mut of_kind: Vec<&Page> = all.iter().filter(|p| p.kind == kind).collect();
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
        let _ = writeln!(text, "  {}", syntax("pair_coeff", c));
    }
    arguments(&mut text, s);
    if let Some(c) = page.coeff.filter(|c| !c.args.is_empty()) {
        let _ = writeln!(text, "\npair_coeff");
        c.args.iter().for_each(|a| argument(&mut text, a, 2));
    }
    if !s.description.is_empty() {
        let _ = writeln!(text, "\nDescription");
        for line in s.description.trim().lines() {
            let _ = writeln!(text, "{}", wrap(line.trim(), 2));
        }
    }
    let examples = s
        .examples
        .iter()
        .chain(page.coeff.iter().flat_map(|c| c.examples));
    let examples: Vec<&&str> = examples.collect();
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

fn syntax(prefix: &str, s: &Signature) -> String {
    let mut line = prefix.to_string();
    for a in s.args {
        line.push(' ');
        line.push_str(&place_holder(a));
    }
    if !s.keywords.is_empty() {
        line.push_str(" [keyword value ...]");
    }
    line
}

fn place_holder(a: &Arg) -> String {
    match a.times {
        Times::Once => a.name.to_string(),
        Times::Optional => format!("[{}]", a.name),
        Times::Many | Times::Rest => format!("{} ...", a.name),
    }
}

fn kind_text(kind: Kind) -> String {
    match kind {
        Kind::Word | Kind::Text => String::new(),
        Kind::Int => "whole number".into(),
        Kind::Count => "positive whole number".into(),
        Kind::Real => "number".into(),
        Kind::Positive => "number above zero".into(),
        Kind::RealOrVariable => "number or v_name".into(),
        Kind::YesNo => "yes or no".into(),
        Kind::OneOf(words) => words.join(" | "),
        Kind::FileIn => "file that is read".into(),
        Kind::FileOut => "file that is written".into(),
        Kind::Types => "atom types: 1, 2*3, * or a type label".into(),
        Kind::Value => "c_ID, f_ID or v_name, with [i] or [i][j]".into(),
        Kind::Defines(what) => format!("ID of the new {what}"),
        Kind::Uses(what) => format!("ID of a {what}"),
        Kind::Style(what) => format!("{what} style"),
        Kind::Command => "command in quotes".into(),
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
    use crate::signature::{arg, keyword, optional};

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
        let text = render(&page("command", "", &SAMPLE));
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
