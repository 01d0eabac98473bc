//! The program as users call it: switches, exit statuses, diagnostics, subcommands.

use assert_cmd::Command;
use std::path::Path;

struct Outcome {
    status: i32,
    out: String,
    err: String,
}

fn argyro(dir: &Path, args: &[&str], input: &str) -> Outcome {
    let mut command = Command::cargo_bin("argyro").expect("the program is built");
    let output = command
        .current_dir(dir)
        .args(args)
        .write_stdin(input)
        .output()
        .expect("it starts");
    Outcome {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn with_script(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("in.test"), text).expect("writable");
    dir
}

#[test]
fn a_script_comes_from_a_file_or_from_standard_input() {
    let text = "print \"hello $(1+2)\"\n";
    let dir = with_script(text);
    for args in [
        &["in.test"][..],
        &["-in", "in.test"],
        &["--in", "in.test"],
        &["-i", "in.test"],
        &[],
    ] {
        let run = argyro(dir.path(), args, text);
        assert_eq!(run.status, 0, "{args:?}: {}", run.err);
        assert!(run.out.contains("hello 3"), "{}", run.out);
        assert!(
            run.out
                .trim_end()
                .lines()
                .last()
                .is_some_and(|l| l.starts_with("Total wall time: 0:00:"))
        );
    }
}

#[test]
fn screen_log_echo_and_variables_follow_the_switches() {
    let dir = with_script("variable T index 1\nvariable e equal ${T}+1\nprint \"T ${T} ${e}\"\n");
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap_or_default();

    let run = argyro(dir.path(), &["-in", "in.test"], "");
    assert!(run.out.contains("T 1 2") && !run.out.contains("variable T"));
    let log = read("log.lammps");
    assert!(
        log.contains("variable e equal ${T}+1\nvariable e equal 1+1\n"),
        "the log shows substituted lines:\n{log}"
    );

    let args = [
        "-in", "in.test", "-log", "l.txt", "-screen", "none", "-var", "T", "-5", "6", "-echo",
        "none",
    ];
    let run = argyro(dir.path(), &args, "");
    assert_eq!((run.status, run.out.as_str()), (0, ""), "{}", run.err);
    let log = read("l.txt");
    assert!(
        log.contains("T -5 -4") && !log.contains("variable"),
        "{log}"
    );

    let run = argyro(
        dir.path(),
        &[
            "-i", "in.test", "-l", "none", "-sc", "s.txt", "-v", "T", "7", "-nc",
        ],
        "",
    );
    assert_eq!(run.status, 0);
    assert!(read("s.txt").contains("T 7 8"));
}

#[test]
fn accelerator_switches_of_lammps_are_accepted_with_a_note() {
    let dir = with_script("print \"done\"\n");
    let args = [
        "-k", "on", "g", "1", "-sf", "kk", "-pk", "kokkos", "newton", "on", "neigh", "half", "-in",
        "in.test",
    ];
    let run = argyro(dir.path(), &args, "");
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(
        run.out.contains("done") && run.out.contains("NOTE:"),
        "{}",
        run.out
    );
    let run = argyro(
        dir.path(),
        &["-pk", "argyro", "precision", "triple", "-in", "in.test"],
        "",
    );
    assert_eq!(run.status, 1);
    assert!(run.err.contains("'triple'"), "{}", run.err);
    let run = argyro(dir.path(), &["-partition", "3x1", "-in", "in.test"], "");
    assert!(
        run.status == 1 && run.err.contains("-partition"),
        "{}",
        run.err
    );
}

#[test]
fn an_error_names_file_line_column_and_the_nearest_word() {
    let dir = with_script("units lj\n\nneigbor 0.3 bin\n");
    let run = argyro(dir.path(), &["in.test"], "");
    assert_eq!(run.status, 1);
    for part in [
        "Unknown command: neigbor",
        "in.test:3:1",
        "did you mean 'neighbor'?",
        "neigbor 0.3 bin",
    ] {
        assert!(run.err.contains(part), "{part} is missing in\n{}", run.err);
    }
    let log = std::fs::read_to_string(dir.path().join("log.lammps")).expect("a log");
    assert!(
        log.contains(
            "ERROR: Unknown command: neigbor (in.test:3)\nLast input line: neigbor 0.3 bin"
        ),
        "{log}"
    );
}

#[test]
fn substituted_text_is_shown_with_the_source() {
    let dir = with_script("variable s index wrong\nunits ${s}\n");
    let run = argyro(dir.path(), &["in.test"], "");
    assert_eq!(run.status, 1);
    for part in [
        "in.test:2:7",
        "units ${s}",
        "after substitution: units wrong",
    ] {
        assert!(run.err.contains(part), "{part} is missing in\n{}", run.err);
    }
}

#[test]
fn jumps_includes_and_quit_work_together() {
    let dir = with_script(
        "variable i loop 3\nlabel top\ninclude part\nif \"$i == 2\" then \"print 'two'\" &\n   \"jump SELF end\"\nnext i\njump SELF top\nlabel end\n\
         if 1 then \"quit 7\"\nprint never\n",
    );
    std::fs::write(dir.path().join("part"), "print \"i $i\"\n").expect("writable");
    let run = argyro(dir.path(), &["in.test"], "");
    assert_eq!(run.status, 7, "{}", run.err);
    let shown: Vec<&str> = run
        .out
        .lines()
        .filter(|l| l.starts_with("i ") || ["two", "never"].contains(l))
        .collect();
    assert_eq!(shown, ["i 1", "i 2", "two"]);
}

#[test]
fn missing_scripts_and_wrong_switches_have_status_1() {
    let dir = with_script("");
    for args in [
        &["-in", "nosuchfile"][..],
        &["-bogus"],
        &["-echo", "loud", "-in", "in.test"],
        &["-log", "no/such/dir/x", "in.test"],
    ] {
        let run = argyro(dir.path(), args, "");
        assert_eq!(run.status, 1, "{args:?}");
        assert!(!run.err.is_empty(), "{args:?}");
    }
}

const BROKEN: &str = "\
units           metal
lattice         fcc 4.0
region          b block 0 2 0 2 0 2
create_box      1 b
create_atoms    1 box
mass            1 30
pair_style      lj/cuut 6.0
pair_coeff      * * 0.1 2.3
group           mobile type 1
fix             1 mobil nve
compute         m all nosuchcompute
timestep        2.0
variable        x equal ${nothing}+1
thermo_style    custom step temp c_m
if 0 then       \"jump SELF nowhere\"
log             other.log
shell           touch made_by_shell
print           text file made_by_print
frobnicate
run             100
";

#[test]
fn check_lists_all_findings_and_writes_nothing() {
    let dir = with_script(BROKEN);
    let run = argyro(dir.path(), &["check", "in.test"], "");
    assert_eq!(run.status, 1);
    for part in [
        "in.test:7:",
        "lj/cuut",
        "in.test:10:",
        "mobil",
        "in.test:11:",
        "nosuchcompute",
        "in.test:13:",
        "nothing",
        "in.test:15:",
        "nowhere",
        "in.test:19:",
        "frobnicate",
    ] {
        assert!(run.out.contains(part), "{part} is missing in\n{}", run.out);
    }
    assert!(
        !run.out.contains("in.test:8:"),
        "pair_coeff only follows from pair_style:\n{}",
        run.out
    );
    assert!(
        !run.out.contains("in.test:14:"),
        "c_m only follows from the compute:\n{}",
        run.out
    );
    let places: Vec<usize> = run
        .out
        .match_indices("in.test:")
        .filter_map(|(i, _)| run.out[i + 8..].split(':').next()?.parse().ok())
        .collect();
    assert!(
        places.is_sorted(),
        "findings are in the order of lines: {places:?}"
    );
    let files: Vec<_> = std::fs::read_dir(dir.path())
        .expect("readable")
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(files, ["in.test"], "check leaves no files");
}

#[test]
fn check_of_a_good_script_is_silent_and_takes_variables() {
    let dir = with_script("variable T index 0.7\nprint \"${T} ${seed}\"\n");
    assert_eq!(argyro(dir.path(), &["check", "in.test"], "").status, 1);
    let run = argyro(
        dir.path(),
        &["check", "in.test", "-var", "seed", "4", "5"],
        "",
    );
    assert_eq!(
        (run.status, run.out.trim()),
        (0, "in.test: no findings"),
        "{}",
        run.err
    );
}

#[test]
fn check_takes_the_switches_of_a_run() {
    let dir = with_script("print \"${seed}\"\n");
    let words = [
        "check", "-log", "log.x", "-var", "seed", "4", "-sf", "kk", "-screen", "none", "-pk",
        "argyro", "threads", "1", "-in", "in.test",
    ];
    let run = argyro(dir.path(), &words, "");
    assert_eq!(
        (run.status, run.out.trim()),
        (0, "in.test: no findings"),
        "{}",
        run.err
    );
    assert!(!dir.path().join("log.x").exists(), "a check writes no log");
    let run = argyro(dir.path(), &["check", "-var", "seed", "4", "in.test"], "");
    assert_eq!(run.status, 1);
    assert!(run.err.contains("needs an input script"), "{}", run.err);
}

#[test]
fn slips_of_units_are_found() {
    let text = BROKEN
        .replace("lj/cuut", "lj/cut")
        .replace(
            "fix             1 mobil nve",
            "fix 1 all nvt temp 300 300 100.0",
        )
        .lines()
        .filter(|l| {
            !["compute", "variable", "thermo_style", "frobnicate", "if 0"]
                .iter()
                .any(|w| l.starts_with(w))
        })
        .collect::<Vec<_>>()
        .join("\n");
    let dir = with_script(&text);
    let run = argyro(dir.path(), &["check", "in.test"], "");
    assert_eq!(run.status, 0, "{}", run.out);
    for part in [
        "timestep 2 ps in units metal is 2000 fs",
        "Tdamp 100 ps",
        "0 errors, 2 warnings",
    ] {
        assert!(run.out.contains(part), "{part} is missing in\n{}", run.out);
    }
}

#[test]
fn the_graph_is_drawn_in_three_forms() {
    let dir = with_script("variable i loop 2\nlabel top\nprint \"$i\"\nnext i\njump SELF top\n");
    let text = argyro(dir.path(), &["graph", "in.test"], "");
    assert!(
        text.out.contains("variable i (1)") && text.out.contains('╭'),
        "{}",
        text.out
    );
    let dot = argyro(dir.path(), &["graph", "in.test", "--format", "dot"], "");
    assert!(
        dot.out.starts_with("digraph") && dot.out.contains("jump"),
        "{}",
        dot.out
    );
    let mermaid = argyro(dir.path(), &["graph", "in.test", "--format", "mermaid"], "");
    assert!(
        mermaid.out.starts_with("flowchart") && mermaid.out.contains("|jump|"),
        "{}",
        mermaid.out
    );
}

#[test]
fn explain_completions_and_man_page_come_from_the_tables() {
    let dir = with_script("");
    let page = argyro(dir.path(), &["explain", "print"], "");
    assert!(
        page.status == 0 && page.out.contains("Syntax") && page.out.contains("append"),
        "{}",
        page.out
    );
    let list = argyro(dir.path(), &["explain"], "");
    assert!(
        list.out.contains("Pair styles") && list.out.contains("lj/cut"),
        "{}",
        list.out
    );
    let unknown = argyro(dir.path(), &["explain", "pair_style", "lj/cuut"], "");
    assert!(
        unknown.status == 1 && unknown.err.contains("'lj/cut'"),
        "{}",
        unknown.err
    );
    assert!(
        argyro(dir.path(), &["completions", "bash"], "")
            .out
            .contains("argyro")
    );
    assert!(argyro(dir.path(), &["man"], "").out.contains(".TH argyro"));
    assert!(
        argyro(dir.path(), &["version"], "")
            .out
            .starts_with("argyro ")
    );
    assert_eq!(argyro(dir.path(), &["-help"], "").status, 0);
}
