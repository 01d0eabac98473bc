//! Ten thousand mutants of every model format: an error or a model that can be evaluated, never a panic, never
//! more than a second, never more than ten times the memory of the file (or twice that of the sound file, where
//! the file is smaller than what its model needs).
//!
//! Bytes are flipped anywhere and files are cut; mostly, members of zip files are changed and packed again with
//! right checksums, so that damage reaches the readers behind: numbers and references in pickles, words, numbers
//! and lines of code and texts. `ARGYRO_MUTANTS=1000000` searches longer, `ARGYRO_MUTANT_SEED` elsewhere,
//! `ARGYRO_MUTANT_FORMAT` among the formats whose name contains a text, `ARGYRO_MUTANT_EVALUATE=1` evaluates the
//! models of all mutants, `ARGYRO_MUTANT_KEEP` names a folder for those that fail.

use argyro::ml::allegro::model::Allegro;
use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, OneBrick};
use argyro::ml::deepmd::model::{DeepmdModel, Inputs};
use argyro::ml::edges::{EdgeList, Evaluation};
use argyro::ml::equivariant::model::Network;
use argyro::ml::mace::model::MaceModel;
use argyro::ml::pace::model::PaceModel;
use argyro::ml::{allegro, deepmd, equivariant, mace, nequip, pace, sevennet};
use argyro::simd::Level;
use mutate::{Sound, mutate};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rayon::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[path = "support/mutate.rs"]
mod mutate;
#[path = "support/zip.rs"]
mod zip;

/// Counts what the present thread holds; loaders are single-threaded.
struct Counting;

thread_local! {
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(change: isize) {
    // at the end of a thread there is nothing to count
    let _ = HELD.try_with(|held| {
        let (now, peak) = held.get();
        held.set((now + change, peak.max(now + change)));
    });
}

// SAFETY: every call is passed on to the system allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's contract is that of the system allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Largest memory held during `work` beyond that held before, bytes.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.with(|held| {
        let (now, _) = held.get();
        held.set((now, now));
        now
    });
    let result = work();
    let peak = HELD.with(Cell::get).1 - before;
    (result, peak.max(0) as usize)
}

/// A model of any family.
enum Model {
    Mace(Box<MaceModel>),
    Network(Box<Network>),
    Allegro(Box<Allegro>),
    Deepmd(Box<DeepmdModel>),
    Pace(Box<PaceModel>),
}

/// The model in the bytes, if there is one.
type Load = fn(Vec<u8>) -> Option<Model>;

struct Format {
    name: &'static str,
    file: &'static str,
    load: Load,
}

fn load_mace(bytes: Vec<u8>) -> Option<Model> {
    let model = mace::load::load_bytes(bytes).ok()?;
    Some(Model::Mace(Box::new(model)))
}

fn load_nequip(bytes: Vec<u8>) -> Option<Model> {
    Some(match nequip::load::load_bytes(bytes).ok()? {
        nequip::load::Loaded::Network(network) => Model::Network(Box::new(network)),
        nequip::load::Loaded::Allegro(model) => Model::Allegro(Box::new(model)),
    })
}

fn load_sevennet(bytes: Vec<u8>) -> Option<Model> {
    let network = sevennet::load_bytes(bytes, None).ok()?;
    Some(Model::Network(Box::new(network)))
}

fn load_deepmd(bytes: Vec<u8>) -> Option<Model> {
    let model = deepmd::load::load_bytes(bytes).ok()?;
    Some(Model::Deepmd(Box::new(model)))
}

fn load_pace(bytes: Vec<u8>) -> Option<Model> {
    let model = pace::load::load_bytes(bytes).ok()?;
    Some(Model::Pace(Box::new(model)))
}

const fn format(name: &'static str, file: &'static str, load: Load) -> Format {
    Format { name, file, load }
}

const FORMATS: &[Format] = &[
    format("MACE", "mace/one_layer.model", load_mace),
    format(
        "MACE TorchScript",
        "mace/heads_soft_gauss-lammps.pt",
        load_mace,
    ),
    format("NequIP package", "nequip/single_l1.nequip.zip", load_nequip),
    format(
        "NequIP TorchScript",
        "nequip/residual.nequip.pth",
        load_nequip,
    ),
    format(
        "NequIP 0.6 TorchScript",
        "nequip/old_resnet.pth",
        load_nequip,
    ),
    format("NequIP checkpoint", "nequip/residual.ckpt", load_nequip),
    format("Allegro package", "nequip/allegro.nequip.zip", load_nequip),
    format(
        "Allegro TorchScript",
        "nequip/allegro.nequip.pth",
        load_nequip,
    ),
    format(
        "SevenNet checkpoint",
        "sevennet/s013_fcn.pth",
        load_sevennet,
    ),
    format("DeePMD graph", "deepmd/r_os.pb", load_deepmd),
    format(
        "DeePMD compressed graph",
        "deepmd/a_os.compressed.pb",
        load_deepmd,
    ),
    format("DeePMD TorchScript", "deepmd/ser.pth", load_deepmd),
    format(
        "DeePMD compressed TorchScript",
        "deepmd/t.compressed.pth",
        load_deepmd,
    ),
    format("DeePMD portable", "deepmd/r_os.dp", load_deepmd),
    format("DeePMD YAML", "deepmd/r_os.yaml", load_deepmd),
    format("DeePMD JSON", "deepmd/r_os.json", load_deepmd),
    format("PACE YAML", "pace/expcos.yace", load_pace),
    format("PACE text", "pace/expcos.ace", load_pace),
];

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(file)
}

fn from_environment(name: &str, otherwise: usize) -> usize {
    let wanted = std::env::var(name).ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Two atoms that see each other, as edges.
const PAIR: [[f64; 3]; 2] = [[0.9, 0.5, -0.7], [-0.9, -0.5, 0.7]];

/// Fast evaluation of two atoms of species `kinds`.
fn evaluate_fast<M: BrickModel<f64>>(model: &M, kinds: [usize; 2]) -> f64 {
    let species = kinds.map(|k| k as u8);
    let x = [[0.0; 3], PAIR[1]];
    let mut present = vec![false; model.species()];
    kinds.iter().for_each(|&k| present[k] = true);
    model.prepare(&present);
    let atoms = BrickAtoms {
        own: 2,
        species: &species,
        x: &x,
        start: &[0, 1, 2],
        index: &[1, 0],
    };
    let mut works = [M::Work::default()];
    model.set(&mut works[0], &atoms, false);
    model.evaluate(&mut works, &OneBrick::default());
    works[0].energies().iter().sum()
}

impl Model {
    fn species(&self) -> usize {
        match self {
            Model::Mace(m) => m.species(),
            Model::Network(n) => n.species(),
            Model::Allegro(a) => a.type_names.len(),
            Model::Deepmd(d) => d.types(),
            Model::Pace(p) => p.species(),
        }
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        match self {
            Model::Pace(p) => pace::reference::evaluate(p, edges),
            Model::Mace(m) => mace::reference::evaluate(m, edges, 0),
            Model::Network(n) => equivariant::reference::evaluate(n, edges),
            Model::Allegro(a) => allegro::reference::evaluate(a, edges),
            Model::Deepmd(d) => {
                let frame = vec![0.1; d.fitting.frame.len()];
                let atomic = vec![0.1; 2 * d.fitting.atomic.len()];
                let inputs = Inputs {
                    frame: &frame,
                    atomic: &atomic,
                };
                deepmd::reference::evaluate(d, edges, inputs)
            }
        }
    }

    /// Energy by the fast evaluation without tables, where there is one.
    fn fast(&self, kinds: [usize; 2]) -> Option<f64> {
        let level = Level::detect();
        match self {
            Model::Mace(m) => {
                let options = mace::fast::FastOptions {
                    head: 0,
                    exact: true,
                    level,
                };
                let fast = mace::fast::FastMace::<f64>::new(m, options).ok()?;
                Some(evaluate_fast(&fast, kinds))
            }
            Model::Network(n) => {
                let options = equivariant::fast::FastOptions { exact: true, level };
                let fast = equivariant::fast::FastNetwork::<f64>::new(n, options).ok()?;
                Some(evaluate_fast(&fast, kinds))
            }
            Model::Allegro(_) => None,
            Model::Pace(p) => {
                let fast = pace::fast::FastPace::new((**p).clone(), level);
                Some(evaluate_fast(&fast, kinds))
            }
            Model::Deepmd(d) => {
                let options = deepmd::fast::FastOptions {
                    exact: true,
                    level,
                    given: deepmd::fast::Given {
                        frame: vec![0.1; d.fitting.frame.len()],
                        atomic: vec![0.1; d.fitting.atomic.len()],
                    },
                };
                let fast = deepmd::fast::FastDeepmd::<f64>::new(d, &options).ok()?;
                Some(evaluate_fast(&fast, kinds))
            }
        }
    }

    /// Evaluates two atoms both ways; says how far apart the energies are where they should agree.
    fn evaluate(&self) -> Option<(f64, f64)> {
        let kinds = [0, self.species() - 1];
        let species = kinds.map(|k| k as u16);
        let edges = EdgeList {
            species: &species,
            receiver: &[0, 1],
            sender: &[1, 0],
            vector: &PAIR,
        };
        let plain = self.plain(&edges);
        assert_eq!(plain.edge_gradient.len(), 2);
        let usual = plain.energy.is_finite() && plain.energy.abs() < 1e6;
        let fast = self.fast(kinds)?;
        usual.then_some((plain.energy, fast))
    }
}

/// Whether two sums in another order may differ so.
fn agree((a, b): (f64, f64)) -> bool {
    (a - b).abs() <= 1e-6 * (1.0 + a.abs())
}

/// Time that this thread works, which other programs of the machine do not lengthen.
struct Clock {
    wall: Instant,
    work: Option<Duration>,
}

impl Clock {
    fn start() -> Clock {
        Clock {
            wall: Instant::now(),
            work: Clock::work(),
        }
    }

    /// On Linux; elsewhere the time on the wall has to do.
    fn work() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let first = text.split_whitespace().next()?;
        Some(Duration::from_nanos(first.parse().ok()?))
    }

    fn elapsed(&self) -> Duration {
        let wall = self.wall.elapsed();
        match (self.work, Clock::work()) {
            (Some(before), Some(now)) => wall.min(now.saturating_sub(before)),
            _ => wall,
        }
    }
}

/// What the mutants of a file did.
#[derive(Default)]
struct Outcome {
    refused: usize,
    evaluated: usize,
    apart: usize,
}

/// Loads a mutant and evaluates its model.
fn try_mutant(name: &str, n: usize, mutant: &[u8], load: Load, allowed: usize) -> Outcome {
    // an evaluation costs much more than a refusal
    let evaluated = n.is_multiple_of(from_environment("ARGYRO_MUTANT_EVALUATE", 20));
    let start = Clock::start();
    let bytes = mutant.to_vec();
    let outcome = std::panic::catch_unwind(|| peak(|| load(bytes)));
    let time = start.elapsed();
    let failed = |what: String| -> ! {
        if let Some(folder) = std::env::var_os("ARGYRO_MUTANT_KEEP") {
            let file = Path::new(&folder).join(format!("{}-{n}", name.replace(' ', "_")));
            std::fs::write(file, mutant).expect("the folder can be written");
        }
        panic!("{name}: mutant {n} {what}")
    };
    let Ok((model, memory)) = outcome else {
        failed("panics".to_owned())
    };
    if time >= Duration::from_secs(1) {
        failed(format!("takes {time:?}"));
    }
    if memory > allowed {
        let size = mutant.len();
        failed(format!("takes {memory} bytes of {allowed}, file {size}"));
    }
    let Some(model) = model else {
        return Outcome {
            refused: 1,
            ..Outcome::default()
        };
    };
    if !evaluated {
        return Outcome::default();
    }
    let run = std::panic::AssertUnwindSafe(|| model.evaluate());
    match std::panic::catch_unwind(run) {
        Err(_) => failed("is a model whose evaluation panics".to_owned()),
        Ok(energies) => Outcome {
            refused: 0,
            evaluated: 1,
            apart: usize::from(energies.is_some_and(|pair| !agree(pair))),
        },
    }
}

fn check(name: &str, data: Vec<u8>, load: Load) {
    let begin = Instant::now();
    let (wanted, size) = (from_environment("ARGYRO_MUTANTS", 10_000), data.len());
    let seed = from_environment("ARGYRO_MUTANT_SEED", 20_261_122) as u64;
    let (model, base) = peak(|| load(data.clone()));
    let model = model.unwrap_or_else(|| panic!("{name}: the sound file is refused"));
    let energies = model.evaluate();
    assert!(energies.is_none_or(agree), "{name}: {energies:?}");
    let members = zip::unpack(&data);
    if !members.is_empty() {
        let packed = zip::pack(&members, usize::MAX, &[]);
        assert!(load(packed).is_some(), "{name}: refused when packed again");
    }
    let sound = Sound::new(data, members, |bytes| load(bytes).is_some());
    let sum = (0..wanted)
        .into_par_iter()
        .map(|n| {
            let mut rng = SmallRng::seed_from_u64(seed + n as u64);
            let mutant = mutate(&sound, &mut rng);
            let allowed = (10 * mutant.len()).max(2 * base) + (1 << 16);
            try_mutant(name, n, &mutant, load, allowed)
        })
        .reduce(Outcome::default, |a, b| Outcome {
            refused: a.refused + b.refused,
            evaluated: a.evaluated + b.evaluated,
            apart: a.apart + b.apart,
        });
    println!(
        "{name}: {} of {wanted} mutants refused, {} evaluated, of which {} differently by the fast evaluation; \
         sound file {size} bytes, memory {base} bytes, {:.1?}",
        sum.refused,
        sum.evaluated,
        sum.apart,
        begin.elapsed()
    );
    assert!(sum.refused > wanted / 20, "{name}: mutants test little");
}

fn chosen(name: &str) -> bool {
    let wanted = std::env::var("ARGYRO_MUTANT_FORMAT").unwrap_or_default();
    name.contains(&wanted)
}

#[test]
fn mutants_of_every_format_are_refused_or_read() {
    for format in FORMATS.iter().filter(|f| chosen(f.name)) {
        let data = std::fs::read(fixture(format.file)).expect("the fixture is there");
        check(format.name, data, format.load);
    }
}

/// Deployed SevenNet models hold code of sevenn (GPL) and are no fixtures; see `tests/sevennet.rs`.
#[test]
fn mutants_of_deployed_sevennet_models() {
    let Some(folder) = std::env::var_os("ARGYRO_TEST_SEVENNET") else {
        println!("skipped: ARGYRO_TEST_SEVENNET is not set");
        return;
    };
    let file = Path::new(&folder).join("s013_fcn_serial.pt");
    let name = "SevenNet TorchScript";
    if chosen(name) {
        let data = std::fs::read(&file).expect("the deployed model is there");
        check(name, data, load_sevennet);
    }
}

#[test]
fn files_of_other_families_are_refused() {
    for format in FORMATS {
        let data = std::fs::read(fixture(format.file)).expect("the fixture is there");
        for load in [
            load_mace as Load,
            load_nequip,
            load_sevennet,
            load_deepmd,
            load_pace,
        ] {
            let same = load as usize == format.load as usize;
            assert_eq!(load(data.clone()).is_some(), same, "{}", format.name);
        }
    }
}

/// Pickles whose bytes are worth many times their size in memory: members of zip files, plain and packed.
#[test]
fn pickles_that_expand_are_refused() {
    for unit in [
        &b")"[..],
        b"(",
        b"N",
        b"]\x94",
        b"K\x01",
        b"N\x94",
        b"K\x01\x85",
    ] {
        let mut pickle = b"\x80\x04".to_vec();
        while pickle.len() < 2_000_000 {
            pickle.extend_from_slice(unit);
        }
        for deflated in [false, true] {
            let file = zip::of_pickle(&pickle, deflated);
            let allowed = 10 * file.len() + (32 << 20);
            for load in [
                load_mace as Load,
                load_nequip,
                load_sevennet,
                load_deepmd,
                load_pace,
            ] {
                let bytes = file.clone();
                let (model, memory) = peak(|| load(bytes));
                assert!(model.is_none());
                assert!(
                    memory < allowed,
                    "{unit:?}: {memory} bytes for {}",
                    file.len()
                );
            }
        }
    }
}
