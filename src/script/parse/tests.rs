use super::*;
use crate::script::source::FileId;

const F: FileId = FileId(0);

fn parse(text: &str) -> Script {
    parse_script(F, text)
}

fn texts(line: &Line) -> Vec<&str> {
    line.words.iter().map(Word::as_str).collect()
}

#[test]
fn lines_words_and_quotes() {
    let s = parse("units metal # c\n\n  print \"a b\" 'c \"d\"' \"\"\"e 'f' \"g\" \"\"\"\r\nrun 0");
    assert_eq!(s.lines.len(), 4);
    assert_eq!(s.lines[0].raw.as_str(), "units metal # c");
    assert_eq!(s.lines[0].command.as_str(), "units metal ");
    assert!(s.lines[1].words.is_empty());
    assert_eq!(
        texts(&s.lines[2]),
        ["print", "a b", "c \"d\"", "e 'f' \"g\" "]
    );
    let quotes: Vec<Quote> = s.lines[2].words.iter().map(|w| w.quote).collect();
    assert_eq!(
        quotes,
        [Quote::Bare, Quote::Double, Quote::Single, Quote::Triple]
    );
    assert_eq!(s.lines[3].name(), Some("run"));
    assert_eq!(s.commands().count(), 3);
}

#[test]
fn spans_lead_to_the_bytes_of_the_file() {
    let text = "pair_coeff * * &  \n  'Li P' ${x}\n";
    let s = parse(text);
    let line = &s.lines[0];
    assert_eq!(line.raw.as_str(), "pair_coeff * *   'Li P' ${x}");
    assert_eq!(&text[line.words[3].span().unwrap().range()], "Li P");
    assert_eq!(line.substitutions.len(), 1);
    assert_eq!(&text[line.substitutions[0].span.unwrap().range()], "${x}");
    assert_eq!(line.substitutions[0].what, Subst::Variable("x".to_string()));
    assert_eq!(line.span.range(), 0..text.len() - 1);
}

#[test]
fn triple_quotes_span_lines_and_keep_their_line_ends() {
    let s = parse("print \"\"\"a # b\n  c\"\"\" # d\nrun 1");
    assert_eq!(texts(&s.lines[0]), ["print", "a # b\n  c"]);
    assert_eq!(s.lines.len(), 2);
}

#[test]
fn what_dollars_stand_for_is_known_before_execution() {
    let s = parse("velocity all create ${T} $s loop $(2*(3+1)):x \"$(v_y : 2 :%.3f)\"");
    let found: Vec<(usize, &Subst)> = s.lines[0]
        .substitutions
        .iter()
        .map(|x| (x.word, &x.what))
        .collect();
    assert_eq!(found[0], (3, &Subst::Variable("T".to_string())));
    assert_eq!(found[1], (4, &Subst::Variable("s".to_string())));
    let Subst::Formula { text, format } = found[2].1 else {
        panic!()
    };
    assert_eq!((text.as_str(), format), ("2*(3+1)", &None));
    let Subst::Formula { text, format } = found[3].1 else {
        panic!()
    };
    assert_eq!(
        (text.as_str(), format.as_deref()),
        ("v_y : 2 ", Some("%.3f"))
    );
}

#[test]
fn immediate_formulas_may_hold_blanks() {
    let s = parse("run $( 1 + (2) ) upto");
    assert_eq!(texts(&s.lines[0]), ["run", "$( 1 + (2) )", "upto"]);
}

#[test]
fn errors_are_collected_and_the_other_lines_survive() {
    let s = parse(
        "print \"a\nrun 1\nprint 'b\nprint \"\"\"c\nprint \"x\"y\nprint ${z\nprint $(1\nrun 2\n",
    );
    let messages: Vec<String> = s.errors().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "Unmatched double quote in command",
            "Unmatched single quote in command",
            "Unmatched triple quote in command",
            "Input line quote not followed by white-space",
            "Invalid variable name: '${' without '}'",
            "Invalid immediate variable: '$(' without ')'",
        ]
    );
    let runs: Vec<_> = s.lines.iter().filter(|l| l.name() == Some("run")).collect();
    assert_eq!(runs.len(), 2);
    assert!(s.errors().all(|e| e.place().and_then(|p| p.span).is_some()));
}

#[test]
fn labels_are_found_from_the_top() {
    let s = parse("label a\nrun 1\nlabel b # x\nlabel a\n");
    assert_eq!(
        (s.find_label("a"), s.find_label("b"), s.find_label("c")),
        (Some(0), Some(2), None)
    );
    assert_eq!(s.labels().collect::<Vec<_>>(), ["a", "b", "a"]);
}

#[test]
fn hostile_nesting_is_an_error_of_its_line() {
    let s = parse(&format!("print $({})\nrun 1\n", "(".repeat(100_000)));
    assert_eq!(s.errors().count(), 1);
    assert_eq!(texts(&s.lines[1]), ["run", "1"]);
}

#[test]
fn an_empty_file_is_one_blank_line() {
    let s = parse("");
    assert_eq!((s.lines.len(), s.commands().count()), (1, 0));
}
