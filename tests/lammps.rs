//! Scripts with references from LAMMPS: thermo tables, printed lines, output files, messages.

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{Table, argyro, thermo_tables};

const NOT_COMPARED: &[&str] = &["CPU", "CPULeft", "T/CPU", "S/CPU"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lammps")
}

/// What one script printed.
struct Run {
    exit: Option<i32>,
    all: String,
    log: String,
    dir: tempfile::TempDir,
}

fn execute(name: &str, reference: &Value) -> Run {
    let dir = tempfile::tempdir().expect("temporary folder");
    for file in std::fs::read_dir(folder()).expect("fixtures").flatten() {
        if !file.file_name().to_string_lossy().ends_with(".json") {
            std::fs::copy(file.path(), dir.path().join(file.file_name())).expect("copy");
        }
    }
    let directives = &reference["directives"];
    let mut c = argyro();
    c.current_dir(dir.path()).args([
        "-in",
        &format!("{name}.in"),
        "-log",
        "run.log",
        "-screen",
        "none",
    ]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let args = directives["args"].as_str().unwrap_or("");
    let args = args.split_whitespace();
    c.args(args.map(|word| word.replace("{fixtures}", &fixtures.to_string_lossy())));
    for pair in directives["env"].as_str().unwrap_or("").split_whitespace() {
        let (k, v) = pair.split_once('=').expect("NAME=VALUE");
        c.env(k, v);
    }
    let out = c.output().expect("the program starts");
    let log = std::fs::read_to_string(dir.path().join("run.log")).unwrap_or_default();
    let all = format!(
        "{log}\n{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    Run {
        exit: out.status.code(),
        all,
        log,
        dir,
    }
}

struct Tolerance {
    first: f64,
    later: f64,
    absolute: f64,
}

fn tolerance(reference: &Value) -> Tolerance {
    let mut t = Tolerance {
        first: 1e-10,
        later: 1e-6,
        absolute: 1e-9,
    };
    for word in reference["directives"]["tol"]
        .as_str()
        .unwrap_or("")
        .split_whitespace()
    {
        let (k, v) = word.split_once('=').expect("name=value");
        let v: f64 = v.parse().expect("a number");
        match k {
            "rel0" => t.first = v,
            "rel" => t.later = v,
            "abs" => t.absolute = v,
            other => panic!("unknown tolerance {other}"),
        }
    }
    t
}

fn reference_tables(runs: &Value) -> Vec<Table> {
    let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
    let table = |r: &Value| Table {
        columns: r["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .map(|c| c.as_str().expect("text").to_string())
            .collect(),
        rows: r["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row.as_array().expect("row").iter().map(number).collect())
            .collect(),
        steps_atoms: r["steps"].as_i64().zip(r["atoms"].as_i64()),
    };
    runs.as_array().expect("runs").iter().map(table).collect()
}

fn compare_tables(want: &[Table], got: &[Table], t: &Tolerance) -> Result<(), String> {
    if want.len() != got.len() {
        return Err(format!(
            "{} thermo tables instead of {}",
            got.len(),
            want.len()
        ));
    }
    for (k, (w, g)) in want.iter().zip(got).enumerate() {
        if w.columns != g.columns || w.rows.len() != g.rows.len() {
            return Err(format!(
                "run {k}: columns {:?} with {} rows instead of {:?} with {}",
                g.columns,
                g.rows.len(),
                w.columns,
                w.rows.len()
            ));
        }
        if w.steps_atoms.is_some() && w.steps_atoms != g.steps_atoms {
            return Err(format!(
                "run {k}: steps and atoms {:?} instead of {:?}",
                g.steps_atoms, w.steps_atoms
            ));
        }
        for (j, name) in w
            .columns
            .iter()
            .enumerate()
            .filter(|c| !NOT_COMPARED.contains(&c.1.as_str()))
        {
            let scale = w.rows.iter().map(|r| r[j].abs()).fold(0.0, f64::max);
            for (n, (p, q)) in w
                .rows
                .iter()
                .zip(&g.rows)
                .map(|(a, b)| (a[j], b[j]))
                .enumerate()
            {
                let relative = if k == 0 && n == 0 { t.first } else { t.later };
                let bound = t.absolute + relative * p.abs().max(q.abs()).max(0.01 * scale);
                if (p - q).abs() > bound && !(p.is_nan() && q.is_nan()) {
                    return Err(format!("run {k} row {n} {name}: {q} instead of {p}"));
                }
            }
        }
    }
    Ok(())
}

fn compare_lines(want: &str, got: &str, relative: f64, absolute: f64) -> bool {
    let split = |s: &str| {
        s.split([' ', ',', '=', '[', ']', '\t'])
            .filter(|w| !w.is_empty())
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let (a, b) = (split(want), split(got));
    a.len() == b.len()
        && a.iter().zip(&b).all(|(x, y)| {
            x == y
                || match (x.parse::<f64>(), y.parse::<f64>()) {
                    (Ok(p), Ok(q)) => (p - q).abs() <= absolute + relative * p.abs().max(q.abs()),
                    _ => false,
                }
        })
}

fn compare_files(reference: &Value, run: &Run, t: &Tolerance) -> Result<(), String> {
    let Some(files) = reference["files"].as_object() else {
        return Ok(());
    };
    for (file, lines) in files {
        let text = std::fs::read_to_string(run.dir.path().join(file))
            .map_err(|e| format!("{file}: {e}"))?;
        let want: Vec<&str> = lines
            .as_array()
            .expect("lines")
            .iter()
            .map(|l| l.as_str().expect("text"))
            .collect();
        let got: Vec<&str> = text.lines().collect();
        if want.len() != got.len() {
            return Err(format!(
                "{file}: {} lines instead of {}",
                got.len(),
                want.len()
            ));
        }
        for (n, (w, g)) in want.iter().zip(&got).enumerate() {
            if !compare_lines(w, g, t.later.max(2e-6), t.absolute.max(2e-7)) {
                return Err(format!("{file} line {}: {g:?} instead of {w:?}", n + 1));
            }
        }
    }
    Ok(())
}

fn check_message(reference: &Value, run: &Run) -> Result<(), String> {
    if run.exit == Some(0) {
        return Err("no failure was reported".into());
    }
    let all = run.all.to_lowercase();
    for word in reference["mention"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !all.contains(&word.to_lowercase()) {
            return Err(format!(
                "the message does not mention {word:?}:\n{}",
                run.all
            ));
        }
    }
    let line = reference["error_line"].as_i64().expect("line");
    let named = all.contains(&format!(":{line}:"))
        || all.contains(&format!(":{line})"))
        || all.contains(&format!("line {line}"));
    if named {
        Ok(())
    } else {
        Err(format!(
            "the message does not give line {line}:\n{}",
            run.all
        ))
    }
}

/// `# stat: COLUMN mean=X tol=Y skip=N`
fn check_statistics(reference: &Value, got: &[Table]) -> Result<(), String> {
    let words: Vec<&str> = reference["directives"]["stat"]
        .as_str()
        .expect("stat")
        .split_whitespace()
        .collect();
    let number = |k: usize| {
        words[k]
            .split_once('=')
            .and_then(|p| p.1.parse::<f64>().ok())
            .expect("a number")
    };
    let table = got.last().ok_or("no thermo table")?;
    let values = table.column(words[0]);
    let values = &values[number(3) as usize..];
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    if (mean - number(1)).abs() <= number(2) {
        Ok(())
    } else {
        Err(format!("mean {} is {mean}", words[0]))
    }
}

fn check(name: &str) -> Result<(), String> {
    let text =
        std::fs::read_to_string(folder().join(format!("{name}.ref.json"))).expect("reference");
    let reference: Value = serde_json::from_str(&text).expect("JSON");
    let run = execute(name, &reference);
    let kind = reference["directives"]["kind"].as_str().unwrap_or("thermo");
    if kind == "error" {
        return check_message(&reference, &run);
    }
    if run.exit.map(i64::from) != reference["exit"].as_i64() {
        return Err(format!("exit status {:?}:\n{}", run.exit, run.all));
    }
    let got = thermo_tables(&run.log);
    if kind == "stat" {
        return check_statistics(&reference, &got);
    }
    let t = tolerance(&reference);
    compare_tables(&reference_tables(&reference["runs"]), &got, &t)?;
    let want: Vec<&str> = reference["chk"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let printed: Vec<&str> = run
        .log
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("CHK "))
        .collect();
    if want.len() != printed.len() {
        return Err(format!(
            "{} printed lines instead of {}: {printed:#?}",
            printed.len(),
            want.len()
        ));
    }
    let relative = if kind == "print" { t.first } else { t.later }.max(1e-9);
    for (w, g) in want.iter().zip(&printed) {
        if !compare_lines(w, g, relative, 1e-9) {
            return Err(format!("printed {g:?} instead of {w:?}"));
        }
    }
    compare_files(&reference, &run, &t)
}

#[test]
fn scripts_agree_with_lammps() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("fixtures")
        .flatten()
        .filter_map(|f| {
            f.file_name()
                .to_string_lossy()
                .strip_suffix(".ref.json")
                .map(str::to_string)
        })
        .collect();
    names.sort();
    assert!(names.len() > 40, "fixtures are missing");
    let failed: Vec<String> = names
        .iter()
        .filter_map(|n| check(n).err().map(|e| format!("{n}: {e}")))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} scripts differ:\n{}",
        failed.len(),
        names.len(),
        failed.join("\n")
    );
}
