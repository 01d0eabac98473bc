use super::*;
use crate::script::ast::Word;
use crate::script::expr::NoSystem;

fn words(text: &str) -> Vec<Word> {
    text.split_whitespace().map(Word::plain).collect()
}

fn define(v: &Variables, text: &str) -> Defined {
    v.define(&words(text), &mut NoSystem).expect(text)
}

fn show(v: &Variables, name: &str) -> String {
    v.retrieve(name, &mut NoSystem).expect(name).expect(name)
}

fn next(v: &Variables, names: &str) -> bool {
    v.next(&words(names)).expect(names).exhausted
}

fn refused(v: &Variables, text: &str) -> String {
    v.define(&words(text), &mut NoSystem)
        .expect_err(text)
        .to_string()
}

#[test]
fn the_command_line_wins_over_index_variables() {
    let v = Variables::default();
    v.set_index("t", &["300".to_string(), "400".to_string()])
        .unwrap();
    define(&v, "t index 1 2 3");
    assert_eq!(show(&v, "t"), "300");
    assert!(!next(&v, "t"));
    assert_eq!(show(&v, "t"), "400");
    assert!(next(&v, "t"));
    assert_eq!(v.style("t"), None);
    define(&v, "t index 1 2 3");
    assert_eq!(show(&v, "t"), "1");
    assert!(v.set_index("a-b", &["1".to_string()]).is_err());
}

#[test]
fn variables_advance_together_and_are_deleted_when_exhausted() {
    let v = Variables::default();
    define(&v, "a index x y");
    define(&v, "b index p q r");
    assert!(!next(&v, "a b"));
    assert_eq!(
        (show(&v, "a"), show(&v, "b")),
        ("y".to_string(), "q".to_string())
    );
    assert!(next(&v, "a b"));
    assert_eq!((v.style("a"), show(&v, "b")), (None, "r".to_string()));
    define(&v, "l loop 5 7 pad");
    define(&v, "m loop 9 11 pad");
    assert!(!next(&v, "l m"));
    assert_eq!(
        (show(&v, "l"), show(&v, "m")),
        ("6".to_string(), "10".to_string())
    );
    define(&v, "e equal 1");
    for (names, message) in [
        ("e", "Variable e has invalid style equal for next command"),
        ("nix", "Invalid variable 'nix' in next command"),
        ("b l", "All variables in next command must have same style"),
    ] {
        assert_eq!(v.next(&words(names)).unwrap_err().to_string(), message);
    }
}

#[test]
fn unsuitable_commands_are_refused() {
    let v = Variables::default();
    define(&v, "y index 2");
    for (text, message) in [
        (
            "y equal 3",
            "Cannot redefine variable y with a different style",
        ),
        (
            "a-b equal 2",
            "Variable name 'a-b' must have only letters, numbers, or underscores",
        ),
        ("a loop 0", "Invalid variable loop argument: 0"),
        ("a loop 5 3", "Illegal variable loop command: 5 > 3"),
        (
            "a loop x",
            "Expected integer parameter instead of 'x' in input script or data file",
        ),
        (
            "w world a b",
            "World variable count 2 doesn't match # of partitions 1",
        ),
        ("s strin a", "Unknown variable style: strin"),
        (
            "f format nix %.3f",
            "Variable f: format variable nix does not exist",
        ),
        (
            "i internal abc",
            "Expected floating point parameter instead of 'abc' in input script or data file",
        ),
        (
            "v vector [1,a]",
            "Expected floating point parameter instead of 'a' in vector-style variable",
        ),
        (
            "p python f",
            "variable p: style python is not supported, argyro has no Python inside",
        ),
        (
            "e equal",
            "Illegal variable command: missing argument(s): style equal needs one",
        ),
        (
            "e",
            "Illegal variable command: missing argument(s): expected a name and a style",
        ),
        (
            "f file /surely/not/here",
            "Cannot open file variable file /surely/not/here: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(refused(&v, text), message, "{text}");
    }
    define(&v, "x equal 1");
    assert!(refused(&v, "f format x %d").contains("%d"));
    assert!(
        define(&v, "q equal 2 * 3")
            .warning
            .is_some_and(|w| w.contains("* 3"))
    );
}

#[test]
fn every_world_takes_its_own_values() {
    let worlds: Vec<Variables> = Partition::all(2).into_iter().map(Variables::new).collect();
    for v in &worlds {
        define(v, "t world 300 400");
        define(v, "u uloop 5 pad");
        define(v, "n universe a b c d e");
    }
    assert_eq!(
        (show(&worlds[0], "t"), show(&worlds[1], "t")),
        ("300".into(), "400".into())
    );
    assert_eq!(
        (show(&worlds[0], "u"), show(&worlds[1], "n")),
        ("1".into(), "b".into())
    );
    let step = worlds[1].next(&words("u n")).unwrap();
    assert_eq!(
        step.message.as_deref(),
        Some("Increment via next: value 3 on partition 1")
    );
    assert_eq!(
        (show(&worlds[1], "u"), show(&worlds[1], "n")),
        ("3".into(), "c".into())
    );
    assert!(!next(&worlds[0], "n u") && !next(&worlds[0], "n u"));
    assert_eq!(show(&worlds[0], "n"), "e");
    assert!(next(&worlds[1], "u n"));
    assert_eq!(worlds[1].style("u"), None);
    assert!(
        worlds[0].next(&words("u")).is_err(),
        "all shared variables must be listed"
    );
    assert!(refused(&worlds[0], "k uloop 1").contains("< # of partitions"));
    assert!(refused(&worlds[0], "k uloop 9").contains("same # of values"));
}

#[test]
fn file_variables_read_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("values.txt");
    std::fs::write(&path, "# head\n\n one two # x\n2.5\nthree\n").unwrap();
    let v = Variables::default();
    define(&v, &format!("f file {}", path.display()));
    assert_eq!(show(&v, "f"), "one two");
    assert!(!next(&v, "f"));
    let text = Mapped::plain("v_f*2+next(f)");
    assert_eq!(v.evaluate_text(&text, &mut NoSystem).unwrap(), 7.5);
    assert_eq!(show(&v, "f"), "three");
    assert!(
        v.evaluate_text(&Mapped::plain("next(f)"), &mut NoSystem)
            .is_err()
    );
    assert!(next(&v, "f"));
    assert_eq!(v.style("f"), None);
}

/// Atoms 1 to 4.
struct Four;

impl crate::script::FormulaHost for Four {
    fn atom_count(&self) -> crate::error::Result<usize> {
        Ok(4)
    }
    fn atom_index(&self, id: usize) -> crate::error::Result<Option<usize>> {
        Ok(id.checked_sub(1).filter(|&i| i < 4))
    }
}

#[test]
fn atomfile_variables_read_set_by_set() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("atoms.txt");
    std::fs::write(
        &path,
        "4\n# id value\n3 1\n4 -4\n1 0.5\n2 -0.5\n\n# second\n1\n\n2 7\n",
    )
    .unwrap();
    let v = Variables::default();
    define(&v, &format!("f atomfile {}", path.display()));
    define(&v, "g atom v_f*2");
    assert_eq!(
        v.atom("f", None, &mut Four).unwrap(),
        [0.5, -0.5, 1.0, -4.0]
    );
    assert_eq!(
        v.atom("g", Some(&[true, false, true, true]), &mut Four)
            .unwrap(),
        [1.0, 0.0, 2.0, -8.0]
    );
    assert!(!next(&v, "f"));
    assert_eq!(v.atom("f", None, &mut Four).unwrap(), [0.0, 7.0, 0.0, 0.0]);
    assert_eq!(
        v.evaluate_text(&Mapped::plain("v_f[2]"), &mut Four)
            .unwrap(),
        7.0
    );
    assert_eq!(v.retrieve("f", &mut Four).unwrap(), None);
    v.clear();
    assert_eq!((v.style("f"), v.style("g")), (None, Some(Style::Atom)));
    for broken in [
        "x\n1 2\n",
        "3\n1 2\n",
        "1\n1 b\n",
        "",
        "99999999999999\n1 1\n",
    ] {
        std::fs::write(&path, broken).unwrap();
        assert!(
            refused(&v, &format!("h atomfile {}", path.display())).contains("atoms.txt"),
            "{broken:?}"
        );
    }
}

#[test]
fn formulas_follow_each_other_and_circles_are_errors() {
    let v = Variables::default();
    define(&v, "a equal 1/3");
    define(&v, "b equal v_a*3");
    assert_eq!(v.equal("a", &mut NoSystem).unwrap(), 1.0 / 3.0);
    // v_a passes through its 15 digits
    assert_eq!(
        v.equal("b", &mut NoSystem).unwrap(),
        0.333333333333333 * 3.0
    );
    define(&v, "a equal v_b");
    let e = v.equal("a", &mut NoSystem).unwrap_err();
    assert_eq!(e.to_string(), "Variable a: has a circular dependency");
    assert_eq!(e.advice(), Some("the circle is a -> b -> a"));
    // and the circle is forgotten once it was reported
    define(&v, "a equal 2");
    assert_eq!(v.equal("b", &mut NoSystem).unwrap(), 6.0);
    for i in 0..300 {
        define(&v, &format!("n{i} equal v_n{}+1", i + 1));
    }
    assert!(
        v.equal("n0", &mut NoSystem)
            .unwrap_err()
            .to_string()
            .contains("deep")
    );
}

#[test]
fn internal_and_timer_variables_are_numbers() {
    let v = Variables::default();
    define(&v, "i internal 4.5");
    v.set_internal("i", -1.25).unwrap();
    assert_eq!(show(&v, "i"), "-1.25");
    assert_eq!(v.equal("i", &mut NoSystem).unwrap(), -1.25);
    define(&v, "t timer");
    define(&v, "s timer");
    let text = Mapped::plain("v_s-v_t");
    assert!(v.evaluate_text(&text, &mut NoSystem).unwrap() >= 0.0);
    define(&v, "x index 1");
    assert!(v.set_internal("x", 1.0).is_err());
    assert!(v.equal("x", &mut NoSystem).is_err() && v.vector("x", &mut NoSystem).is_err());
}

#[test]
fn delete_removes_and_tolerates_absence() {
    let v = Variables::default();
    define(&v, "a equal 1");
    define(&v, "a delete");
    define(&v, "a delete");
    define(&v, "a index 7");
    assert_eq!(show(&v, "a"), "7");
}
