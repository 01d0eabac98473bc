use super::*;

fn names(cursor: &mut Cursor) -> Vec<String> {
    let mut out = Vec::new();
    while let Some(fetched) = cursor.fetch() {
        let raw = fetched.raw().to_string();
        if !raw.is_empty() {
            out.push(raw);
        }
    }
    out
}

fn words(text: &str) -> Vec<Word> {
    text.split_whitespace().map(Word::plain).collect()
}

#[test]
fn commands_run_before_the_rest_of_the_file() {
    let mut c = Cursor::new();
    c.open_text("<t>", "a\nb\nc").unwrap();
    c.fetch();
    c.push_commands([Mapped::plain("x # 1"), Mapped::plain("y")])
        .unwrap();
    let first = c.fetch().unwrap();
    assert_eq!(first.command().unwrap().as_str(), "x ");
    assert_eq!(names(&mut c), ["y", "b", "c"]);
}

#[test]
fn a_jump_to_a_label_drops_waiting_commands_and_one_without_does_not() {
    let mut c = Cursor::new();
    c.open_text("<t>", "a\nlabel l\nb").unwrap();
    c.fetch();
    c.push_commands([Mapped::plain("x")]).unwrap();
    assert!(c.jump(&words("SELF l")).unwrap());
    assert_eq!(names(&mut c), ["b"]);
    c.open_text("<t>", "a\nlabel l\nb").unwrap();
    c.fetch();
    c.push_commands([Mapped::plain("x")]).unwrap();
    c.jump(&words("SELF")).unwrap();
    assert_eq!(names(&mut c), ["x", "a", "label l", "b"]);
}

#[test]
fn an_exhausted_next_skips_one_jump() {
    let mut c = Cursor::new();
    c.open_text("<t>", "a\nlabel l\nb").unwrap();
    c.skip_next_jump();
    assert!(!c.jump(&words("SELF nix")).unwrap());
    let e = c.jump(&words("SELF ll")).unwrap_err();
    assert_eq!(e.to_string(), "Label wasn't found in input script: ll");
    assert_eq!(e.advice(), Some("did you mean 'l'?"));
    assert!(c.jump(&words("a b c")).is_err());
}

#[test]
fn files_are_included_read_again_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = |n: &str| dir.path().join(n).to_string_lossy().into_owned();
    std::fs::write(path("main"), "one\ntwo").unwrap();
    std::fs::write(path("sub"), "label s\nthree").unwrap();
    let mut c = Cursor::new();
    c.open_file(&path("main")).unwrap();
    c.fetch();
    c.include(&Word::plain(&path("sub"))).unwrap();
    assert_eq!(c.file_name(), Some(path("sub").as_str()));
    assert_eq!(names(&mut c), ["label s", "three", "two"]);
    c.open_file(&path("main")).unwrap();
    // SELF is read again: a script may write itself
    std::fs::write(path("main"), "new").unwrap();
    c.jump(&words("SELF")).unwrap();
    assert_eq!(names(&mut c), ["new"]);
    c.open_file(&path("main")).unwrap();
    c.jump(&words(&format!("{} s", path("sub")))).unwrap();
    assert_eq!(names(&mut c), ["three"]);
    let e = c.include(&Word::plain(&path("nix"))).unwrap_err();
    assert!(e.to_string().starts_with("Cannot open input script"));
}

#[test]
fn circles_of_includes_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("self").to_string_lossy().into_owned();
    std::fs::write(&path, "x").unwrap();
    let mut c = Cursor::new();
    let opened = (0..100).take_while(|_| c.open_file(&path).is_ok()).count();
    assert_eq!(opened, MAX_FILES);
    let mut c = Cursor::new();
    let pushed = (0..2000)
        .take_while(|_| c.push_commands([Mapped::plain("y")]).is_ok())
        .count();
    assert_eq!(pushed, MAX_FRAMES);
}
