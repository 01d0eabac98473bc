//! Mutants of small scripts go through parser, command graph, drawings and check: nothing may panic.

use argyro::command::COMMANDS;
use argyro::graph::{Executor, Limits, build, check, draw};
use argyro::io::log::Log;
use argyro::script::{SourceMap, parse_script};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const MUTANTS_PER_SCRIPT: usize = 500;

/// Many mutants loop forever.
const LIMITS: Limits = Limits {
    steps: 300,
    time: std::time::Duration::from_secs(5),
};

const SCRIPTS: &[&str] = &[
    "units lj\nlattice fcc 0.8442\nregion b block 0 2 0 2 0 2\ncreate_box 1 b\ncreate_atoms 1 box\nmass 1 1.0\n\
     pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0\nvelocity all create 1.0 5 mom yes rot no\ngroup low id < 5\n\
     compute m low msd com yes\nfix 1 all nvt temp 1.0 2.0 0.5\nfix a all ave/time 2 5 10 c_m[4] v_e file a.txt\n\
     variable e equal (ke+pe)/atoms\nthermo_style custom step temp pe c_m[4] v_e f_a[1]\nthermo 10\nneigh_modify every 2 delay 0 check no\n\
     dump 1 all custom 5 d.txt id type x y z vx\ntimestep 0.002\nrun 10 every 5 \"print '$(step) ${e}'\"\n",
    "variable T index 300 600\nvariable n loop 3 pad\nvariable s string \"ab\"\nlabel top\n\
     variable q equal sqrt(${T})*v_n^2+ternary(1<2,3,4)-PI\nvariable f format q \"%6.2f\"\nprint \"T ${T} $n ${s} ${f} $(v_q+1:%.3f)\"\n\
     if \"${T} > 400 && $n != 2\" then \"print 'hot'\" \"jump SELF end\" elif \"${s} == x\" \"print x\" else \"print y\"\n\
     next n\njump SELF top\nlabel end\nprint \"\"\"triple \"quoted\" $(2*3)\"\"\" &\n  screen yes\nvariable T delete\nclear\nquit 3\n",
    "units metal\natom_style charge\nboundary p p f\nlattice custom 4.0 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0.5\n\
     region b prism 0 2 0 2 0 2 0.1 0 0\ncreate_box 2 b\ncreate_atoms 1 box basis 2 2\nset type 2 charge -1\nmass * 10\n\
     region s sphere 1 1 1 0.5 side out units box\ngroup in region s\ngroup rest subtract all in\nreplicate 2 1 1\n\
     variable far atom x>2.0\ngroup f variable far\npair_style zbl 2.0 3.0\npair_coeff * * 10 10\nfix 1 rest nve\n\
     fix 2 all langevin 300 300 0.1 77\ncompute p all pressure thermo_temp\nthermo_modify norm no format float %.8g\nrun 0\nwrite_data out.data\n",
];

/// Characters that a mutation inserts; no digits and no `e`, so that sizes of systems do not explode.
const LETTERS: &[char] = &[
    ' ', '\n', '\t', '"', '\'', '$', '{', '}', '(', ')', '[', ']', '*', '/', '^', '%', '-', '+',
    '&', '#', '_', ':', '=', '<', '!', '|', ',', '.', 'v', 'c', 'x', 'ß', '\u{0}', '…',
];

fn mutate(text: &str, rng: &mut SmallRng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..rng.random_range(1..4) {
        let n = chars.len();
        if n < 2 {
            break;
        }
        let at = rng.random_range(0..n);
        match rng.random_range(0..7) {
            0 => chars[at] = LETTERS[rng.random_range(0..LETTERS.len())],
            1 => chars.insert(at, LETTERS[rng.random_range(0..LETTERS.len())]),
            2 => {
                // Removes a stretch
                let end = (at + rng.random_range(1..12)).min(n);
                chars.drain(at..end);
            }
            3 => chars.truncate(at),
            4 => {
                // Swaps two words
                let text: String = chars.iter().collect();
                let mut words: Vec<&str> = text.split(' ').collect();
                let (a, b) = (
                    rng.random_range(0..words.len()),
                    rng.random_range(0..words.len()),
                );
                words.swap(a, b);
                chars = words.join(" ").chars().collect();
            }
            5 => {
                // Removes or swaps lines
                let text: String = chars.iter().collect();
                let mut lines: Vec<&str> = text.split('\n').collect();
                let (a, b) = (
                    rng.random_range(0..lines.len()),
                    rng.random_range(0..lines.len()),
                );
                lines.swap(a, b);
                lines.remove(a);
                chars = lines.join("\n").chars().collect();
            }
            _ => {
                // Removes one word
                let text: String = chars.iter().collect();
                let mut words: Vec<&str> = text.split(' ').collect();
                words.remove(rng.random_range(0..words.len()));
                chars = words.join(" ").chars().collect();
            }
        }
    }
    chars.into_iter().collect()
}

fn look_at(text: &str) {
    let mut sources = SourceMap::default();
    let id = sources.add("in.mutant", text);
    let graph = build(&parse_script(id, text), COMMANDS, &mut sources, Vec::new());
    draw::text(&graph);
    draw::dot(&graph);
    draw::mermaid(&graph);
    let mut executor = Executor::new(COMMANDS, Log::silent(), true);
    if executor.open_text("<mutant>", text).is_ok() {
        for finding in check(&mut executor, LIMITS) {
            assert!(!finding.render(false).is_empty());
        }
    }
}

#[test]
fn the_scripts_themselves_are_without_errors() {
    for (i, script) in SCRIPTS.iter().enumerate() {
        let mut executor = Executor::new(COMMANDS, Log::silent(), true);
        executor.open_text("<script>", script).expect("it opens");
        let errors: Vec<String> = check(&mut executor, LIMITS)
            .iter()
            .filter(|d| d.severity == argyro::diag::Severity::Error)
            .map(|d| d.render(false))
            .collect();
        assert!(errors.is_empty(), "script {i}:\n{}", errors.join("\n"));
    }
}

#[test]
fn mutants_never_panic() {
    for (i, script) in SCRIPTS.iter().enumerate() {
        let mut rng = SmallRng::seed_from_u64(20_251_122 + i as u64);
        for n in 0..MUTANTS_PER_SCRIPT {
            let mutant = mutate(script, &mut rng);
            let result = std::panic::catch_unwind(|| look_at(&mutant));
            assert!(result.is_ok(), "script {i}, mutant {n} panics:\n{mutant}");
        }
    }
}

/// Words that files of careless programs have in place of numbers.
const NUMBERS: &[&str] = &[
    "99999999999",
    "-1",
    "1e300",
    "nan",
    "-inf",
    "0",
    "4294967296",
    "9223372036854775807",
    "1.5",
    "Li",
];

/// A data file with some characters, words or lines changed.
fn mutate_data(text: &str, rng: &mut SmallRng) -> String {
    if rng.random_range(0..2) == 0 {
        return mutate(text, rng);
    }
    let mut words: Vec<&str> = text.split(' ').collect();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..words.len());
        words[at] = NUMBERS[rng.random_range(0..NUMBERS.len())];
    }
    words.join(" ")
}

#[test]
fn mutants_of_data_files_never_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mutant.data");
    let script = format!(
        "units metal\natom_style full\nbond_style zero\nangle_style zero\nread_data {}\ngroup low id < 3\n",
        path.display()
    );
    for (i, name) in [
        "molecules.data",
        "rocksalt.data",
        "tric.data",
        "dumbbell.data",
    ]
    .iter()
    .enumerate()
    {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lammps");
        let text = std::fs::read_to_string(source.join(name)).expect("a data file");
        // the head and the first lines of sections are where formats go wrong
        let text: String = text.lines().take(120).map(|l| format!("{l}\n")).collect();
        let mut rng = SmallRng::seed_from_u64(7 + i as u64);
        for n in 0..MUTANTS_PER_SCRIPT {
            let mutant = mutate_data(&text, &mut rng);
            std::fs::write(&path, &mutant).expect("a file");
            let result = std::panic::catch_unwind(|| {
                let mut executor = Executor::new(COMMANDS, Log::silent(), true);
                executor.open_text("<data>", &script).expect("it opens");
                executor.run().map_err(|f| f.diagnostic.render(false)).err()
            });
            assert!(result.is_ok(), "{name}, mutant {n} panics:\n{mutant}");
        }
    }
}
