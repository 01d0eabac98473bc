//! The script language without a simulation: fixtures in `tests/scripts/lang` are run by a small
//! executor that knows only the commands of the language, and their output is compared with what
//! LAMMPS 22 Jul 2025 printed (lines `#> ...` at the end of each fixture).

use argyro::script::{
    Cursor, NoSystem, Result, ScriptError, SourceMap, Variables, choose, expand, print_text,
};
use proptest::prelude::*;
use std::path::PathBuf;

/// Commands a fixture may execute before it counts as an endless loop.
const LIMIT: usize = 1_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/lang")
}

/// Runs a text; gives what was printed.
fn run(name: &str, text: &str) -> (Vec<String>, Result<()>, SourceMap) {
    let variables = Variables::default();
    let mut cursor = Cursor::new();
    let mut printed = Vec::new();
    let result = cursor
        .open_text(name, text)
        .and_then(|_| execute(&mut cursor, &variables, &mut printed));
    (printed, result, cursor.sources().clone())
}

fn execute(cursor: &mut Cursor, variables: &Variables, printed: &mut Vec<String>) -> Result<()> {
    let host = &mut NoSystem;
    for _ in 0..LIMIT {
        let Some(fetched) = cursor.fetch() else {
            return Ok(());
        };
        let line = expand(&fetched.command()?, variables, host)?;
        let args = line.args();
        match line.name() {
            Some("print") => {
                let word = args
                    .first()
                    .ok_or_else(|| ScriptError::usage("print", "no text"))?;
                printed.push(
                    print_text(&word.text, variables, host)?
                        .text
                        .as_str()
                        .to_string(),
                );
            }
            Some("variable") => {
                variables.define(args, host)?;
            }
            Some("if") => cursor.push_commands(choose(args, variables, host)?)?,
            Some("next") if variables.next(args)?.exhausted => cursor.skip_next_jump(),
            Some("next") => {}
            Some("jump") => {
                cursor.jump(args)?;
            }
            Some("include") => {
                let path = folder().join(args.first().map_or("", |w| w.as_str()));
                cursor.open_file(&path.to_string_lossy())?;
            }
            Some("quit") => cursor.quit(),
            _ => {}
        }
    }
    Err(ScriptError::usage("jump", "endless loop"))
}

fn fixtures() -> Vec<(String, String)> {
    let mut all: Vec<_> = std::fs::read_dir(folder())
        .expect("fixtures are there")
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "in"))
        .map(|e| {
            let text = std::fs::read_to_string(e.path()).expect("fixture is readable");
            (e.path().to_string_lossy().into_owned(), text)
        })
        .collect();
    all.sort();
    assert!(all.len() >= 5, "fixtures are there");
    all
}

#[test]
fn fixtures_print_what_lammps_prints() {
    for (name, text) in fixtures() {
        let (printed, result, sources) = run(&name, &text);
        let expected: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("#> ")).collect();
        let error = text.lines().find_map(|l| l.strip_prefix("#! "));
        assert_eq!(printed, expected, "{name}");
        match (result, error) {
            (Ok(()), None) => {}
            (Err(e), Some(expected)) => {
                let span = e.place().and_then(|p| p.span).expect("errors have a place");
                let at = sources.location(span).expect("the place is in the file");
                let shown = format!("{}:{}-{} {e}", at.line, at.column, at.column + at.length);
                assert_eq!(shown, expected, "{name}");
            }
            (result, expected) => panic!("{name}: {result:?}, expected error {expected:?}"),
        }
    }
}

/// The scripts of the examples (`examples/NN-name/in.*`).
fn examples() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = std::fs::read_dir(root).into_iter().flatten().flatten();
    let files = folders.flat_map(|f| std::fs::read_dir(f.path()).into_iter().flatten().flatten());
    files
        .filter(|f| f.file_name().to_string_lossy().starts_with("in."))
        .filter_map(|f| {
            let text = std::fs::read_to_string(f.path()).ok()?;
            Some((f.path().to_string_lossy().into_owned(), text))
        })
        .collect()
}

#[test]
fn example_scripts_parse_without_errors() {
    for (name, text) in examples() {
        let script = argyro::script::parse_script(argyro::script::FileId(0), &text);
        let errors: Vec<String> = script.errors().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert!(script.commands().count() > 5, "{name}");
    }
}

#[test]
fn mutated_scripts_never_panic() {
    for (name, text) in fixtures().into_iter().chain(examples()) {
        let bytes = text.as_bytes();
        // Every seventh byte in turn is dropped, doubled or replaced by a character with a meaning
        for at in (0..bytes.len()).step_by(7) {
            let replacement = b"\"'$(){}&#\n"[at / 7 % 10];
            for change in 0..3 {
                let mut mutated = bytes.to_vec();
                match change {
                    0 => drop(mutated.remove(at)),
                    1 => mutated.insert(at, bytes[at]),
                    _ => mutated[at] = replacement,
                }
                let mutated = String::from_utf8_lossy(&mutated);
                let script = argyro::script::parse_script(argyro::script::FileId(0), &mutated);
                let joined: usize = script.lines.iter().map(|l| l.raw.len()).sum();
                assert!(joined <= mutated.len(), "{name}");
                if at % 21 == 7 * change {
                    let _ = run(&name, &mutated);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_and_executed_without_panic(text in "(?s).{0,200}") {
        let _ = run("<text>", &text);
    }

    #[test]
    fn any_text_of_the_characters_that_mean_something_is_parsed(
        text in "[\"'$(){}&#\\n\\t a1x+*<=|^!,.\\[\\]_:%-]{0,120}",
    ) {
        let script = argyro::script::parse_script(argyro::script::FileId(0), &text);
        for line in &script.lines {
            for word in &line.words {
                let span = word.span();
                prop_assert!(word.text.is_empty() || span.is_some());
                if let (Some(span), false) = (span, text.contains('&')) {
                    prop_assert_eq!(&text[span.range()], word.as_str());
                }
            }
        }
        let _ = run("<text>", &text);
    }

    #[test]
    fn any_formula_is_an_error_or_a_number(text in "[0-9a-z_()+*/^%<>=!&|., \\[\\]-]{0,60}") {
        let quoted = format!("print \"$({text})\"\nvariable a equal \"{text}\"\nprint ${{a}}");
        let _ = run("<text>", &quoted);
    }
}
