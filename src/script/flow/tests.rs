use super::*;
use crate::script::expr::NoSystem;
use crate::script::parse::split;

fn holds(text: &str) -> bool {
    condition(&Mapped::plain(text)).expect(text)
}

fn refused(text: &str) -> String {
    condition(&Mapped::plain(text)).expect_err(text).to_string()
}

#[test]
fn conditions_compare_numbers_and_words() {
    for text in [
        "1 == 1.0",
        "1e3 == 1000",
        "-1 == -1 && !0 && 3",
        "a == a",
        "a != b",
        "a/b_c == a/b_c && 1|^0",
        "!(1==2)",
        "1<2<3",
        "yes==yes||0",
        "!0 == 1",
        "1 == 1 == 1",
        "1 || 0 && 0",
        "1 |^ 1 || 1",
        "2 >= 2",
        "(1 < 2) && !(3 < 2) || 0",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "0", "1 > 2", "a == b", "a != a", "1 |^ 1", "0 || 0", "!1", "3 <= 2",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn wrong_conditions_are_refused_in_the_words_of_lammps() {
    for (text, message) in [
        ("a == 1", "If command boolean is comparing string to number"),
        ("1 != a", "If command boolean is comparing string to number"),
        (
            "a < b",
            "If command boolean can only operate on numbers with '<'",
        ),
        (
            "!a",
            "If command boolean can only operate on numbers with '!'",
        ),
        ("yes", "If command boolean cannot be single string: 'yes'"),
        (
            "1 + 1 == 2",
            "Invalid Boolean syntax in if command: unexpected '+'",
        ),
        (
            "1 ==",
            "Invalid Boolean syntax in if command: unexpected end",
        ),
        ("", "Invalid Boolean syntax in if command: unexpected end"),
        (
            "(1 < 2",
            "Invalid Boolean syntax in if command: unexpected end",
        ),
        (
            "run.1 == run.1",
            "Invalid Boolean syntax in if command: unexpected '.'",
        ),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(refused(&deep).contains("nested"));
}

fn chosen(text: &str) -> Result<Vec<String>> {
    let words = split(&Mapped::plain(text)).unwrap();
    let commands = choose(&words, &Variables::default(), &mut NoSystem)?;
    Ok(commands.iter().map(|c| c.as_str().to_string()).collect())
}

#[test]
fn the_first_branch_that_holds_is_chosen() {
    let text = |a: u8, b: u8| {
        format!("{a} then 'run 1' \"print 'x'\" elif \"{b} == 1\" \"run 2\" else 'run 3' 'run 4'")
    };
    assert_eq!(chosen(&text(1, 1)).unwrap(), ["run 1", "print 'x'"]);
    assert_eq!(chosen(&text(0, 1)).unwrap(), ["run 2"]);
    assert_eq!(chosen(&text(0, 0)).unwrap(), ["run 3", "run 4"]);
    assert!(chosen("0 then 'run 1'").unwrap().is_empty());
    assert_eq!(chosen("$(1/2) then 'run 1'").unwrap(), ["run 1"]);
    // Conditions after the chosen branch are not looked at
    assert_eq!(
        chosen("1 then 'run 1' elif '${nix} == 1' 'run 2'").unwrap(),
        ["run 1"]
    );
}

#[test]
fn incomplete_ifs_are_refused() {
    for (text, message) in [
        (
            "",
            "Illegal if command: missing argument(s): a condition is expected",
        ),
        (
            "1",
            "Illegal if command: missing argument(s): 'then' is expected after the condition",
        ),
        (
            "1 print",
            "Illegal if command: expected 'then' after the condition, found 'print'",
        ),
        (
            "1 then",
            "Illegal if command: missing argument(s): a command is expected",
        ),
        (
            "0 then a else",
            "Illegal if command: missing argument(s): a command is expected",
        ),
        (
            "0 then a elif",
            "Illegal if command: missing argument(s): a condition is expected",
        ),
        (
            "0 then a elif 1",
            "Illegal if command: missing argument(s): a command is expected",
        ),
    ] {
        assert_eq!(chosen(text).expect_err(text).to_string(), message, "{text}");
    }
}
