use super::*;
use crate::script::expr::NoSystem;
use crate::script::source::FileId;

fn variables() -> Variables {
    let v = Variables::default();
    for (name, value) in [("x", "1 2"), ("name", "abc"), ("n", "250")] {
        v.set_index(name, &[value.to_string()]).unwrap();
    }
    v
}

fn line(text: &str) -> Result<CommandLine> {
    expand(
        &Mapped::verbatim(text, FileId(0), 0),
        &variables(),
        &mut NoSystem,
    )
}

#[test]
fn values_with_blanks_become_several_words() {
    let l = line("fix 1 $x ${name}_$(2^3:%.1f) '$x'").unwrap();
    let words: Vec<&str> = l.words.iter().map(Word::as_str).collect();
    assert_eq!(words, ["fix", "1", "1", "2", "abc_8.0", "$x"]);
    assert_eq!((l.name(), l.args().len()), (Some("fix"), 5));
    assert_eq!(
        l.echoes,
        [
            "fix 1 1 2 ${name}_$(2^3:%.1f) '$x'",
            "fix 1 1 2 abc_$(2^3:%.1f) '$x'",
            "fix 1 1 2 abc_8.0 '$x'",
        ]
    );
}

#[test]
fn words_lead_back_to_the_source() {
    let text = "run ${n} upto";
    let l = line(text).unwrap();
    let spans: Vec<&str> = l
        .words
        .iter()
        .map(|w| &text[w.span().unwrap().range()])
        .collect();
    assert_eq!(spans, ["run", "${n}", "upto"]);
    assert_eq!(l.text.as_str(), "run 250 upto");
}

#[test]
fn errors_have_a_place_in_the_source() {
    for (text, message, place) in [
        ("run ${nn}", "Substitution for illegal variable nn", "${nn}"),
        ("run $q 1", "Substitution for illegal variable q", "$q"),
        ("run $", "Substitution for illegal variable ", "$"),
        (
            "run $(1+/2)",
            "Invalid syntax in variable formula: unexpected '/'",
            "/",
        ),
        (
            "run $(1:%d)",
            "Incorrect conversion in format string '%d'",
            "$(1:%d)",
        ),
        (
            "run $(1:%q)",
            "Incorrect conversion in format string '%q'",
            "$(1:%q)",
        ),
        ("run ${n", "Invalid variable name: '${' without '}'", "${n"),
        (
            "run $(1",
            "Invalid immediate variable: '$(' without ')'",
            "$(1",
        ),
        ("print a'b", "Unmatched single quote in command", "'b"),
    ] {
        let e = line(text).expect_err(text);
        assert_eq!(e.to_string(), message);
        let span = e.place().and_then(|p| p.span).expect(text);
        assert_eq!(&text[span.range()], place, "{text}");
    }
    assert_eq!(
        line("run ${nam}").unwrap_err().advice(),
        Some("did you mean 'name'?")
    );
}

#[test]
fn comments_of_commands_in_quotes_are_removed() {
    for (text, rest) in [
        ("run 1 # x", "run 1 "),
        ("print '#' # x", "print '#' "),
        (
            "print \"\"\"a # \" b\"\"\"# x",
            "print \"\"\"a # \" b\"\"\"",
        ),
        ("print \"it's # not\"", "print \"it's # not\""),
        ("Å # x", "Å "),
    ] {
        assert_eq!(strip_comment(&Mapped::plain(text)).as_str(), rest);
    }
}
