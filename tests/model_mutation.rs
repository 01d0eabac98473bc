//! Ten thousand mutants of every model format: an error or a model, never a panic, never more than a
//! second, never more than ten times the memory of the file (or twice that of the sound file, where the
//! file is smaller than what its model needs).
//!
//! Bytes are flipped anywhere, files are cut, and members of zip files are changed with their checksums
//! made right again, so that damage reaches the readers behind. `ARGYRO_MUTANTS=1000000` searches longer.

use argyro::ml::{deepmd, mace, nequip, sevennet};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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

/// Whether the bytes are a model.
type Load = fn(Vec<u8>) -> bool;

struct Format {
    name: &'static str,
    file: &'static str,
    load: Load,
}

fn load_mace(bytes: Vec<u8>) -> bool {
    mace::load::load_bytes(bytes).is_ok()
}

fn load_nequip(bytes: Vec<u8>) -> bool {
    nequip::load::load_bytes(bytes).is_ok()
}

fn load_sevennet(bytes: Vec<u8>) -> bool {
    sevennet::load_bytes(bytes, None).is_ok()
}

fn load_deepmd(bytes: Vec<u8>) -> bool {
    deepmd::load::load_bytes(bytes).is_ok()
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
    format("NequIP checkpoint", "nequip/pairs_l2.ckpt", load_nequip),
    format("NequIP package", "nequip/single_l1.nequip.zip", load_nequip),
    format(
        "NequIP TorchScript",
        "nequip/residual.nequip.pth",
        load_nequip,
    ),
    format("NequIP 0.6", "nequip/old_resnet.pth", load_nequip),
    format("Allegro package", "nequip/allegro.nequip.zip", load_nequip),
    format(
        "Allegro TorchScript",
        "nequip/allegro.nequip.pth",
        load_nequip,
    ),
    format(
        "SevenNet checkpoint",
        "sevennet/s013_odd_scalars.pth",
        load_sevennet,
    ),
    format("DeePMD graph", "deepmd/ser.pb", load_deepmd),
    format("DeePMD portable", "deepmd/ser.dp", load_deepmd),
    format("DeePMD text", "deepmd/sea_os.yaml", load_deepmd),
    format("DeePMD TorchScript", "deepmd/ser.pth", load_deepmd),
];

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(file)
}

fn mutants() -> usize {
    let wanted = std::env::var("ARGYRO_MUTANTS").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

/// A member of a zip file that is stored without compression.
struct Member {
    start: usize,
    size: usize,
    /// Where the directory has its checksum.
    checksum: usize,
    /// Whether it says how the rest is to be read.
    structure: bool,
}

fn members(data: &[u8]) -> Vec<Member> {
    let number = |at: usize, n: usize| {
        let bytes = &data[at..at + n];
        bytes
            .iter()
            .rev()
            .fold(0, |sum, &b| sum << 8 | usize::from(b))
    };
    if !data.starts_with(b"PK\x03\x04") {
        return Vec::new();
    }
    let end = data
        .windows(4)
        .rposition(|w| w == b"PK\x05\x06")
        .expect("a whole zip file");
    let mut at = number(end + 16, 4);
    let mut found = Vec::new();
    while data[at..].starts_with(b"PK\x01\x02") {
        let (name, local) = (number(at + 28, 2), number(at + 42, 4));
        let text = String::from_utf8_lossy(&data[at + 46..at + 46 + name]).into_owned();
        if number(at + 10, 2) == 0 && number(at + 20, 4) > 0 {
            found.push(Member {
                start: local + 30 + number(local + 26, 2) + number(local + 28, 2),
                size: number(at + 20, 4),
                checksum: at + 16,
                structure: text.contains(".pkl") || text.contains("/code/"),
            });
        }
        at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
    }
    found
}

/// Changes a few bytes of a stretch.
fn damage(bytes: &mut [u8], rng: &mut SmallRng) {
    const TELLING: &[u8] = b"().NRbt}]sueahjqQc0\x81\x93\x85\x86\x87\x00\x01\x7f\x80\xff:-[{\"\n 9";
    for _ in 0..rng.random_range(1..5) {
        let at = rng.random_range(0..bytes.len());
        bytes[at] = match rng.random_range(0..4) {
            0 => bytes[at] ^ (1 << rng.random_range(0..8)),
            1 => rng.random_range(0..=255),
            2 => bytes[at].wrapping_add(1),
            _ => TELLING[rng.random_range(0..TELLING.len())],
        };
    }
}

fn mutate(data: &[u8], members: &[Member], rng: &mut SmallRng) -> Vec<u8> {
    let mut mutant = data.to_vec();
    let kind = rng.random_range(0..20);
    if kind == 0 {
        mutant.truncate(rng.random_range(0..data.len()));
    } else if kind == 1 {
        // a stretch is repeated elsewhere
        let (from, to) = (
            rng.random_range(0..data.len()),
            rng.random_range(0..data.len()),
        );
        let n = rng.random_range(1..64).min(data.len() - from.max(to));
        mutant.copy_within(from..from + n, to);
    } else if members.is_empty() || kind < 5 {
        // the beginnings and ends of files say how the rest is to be read
        let edge = data.len() / 20;
        let n = data.len();
        let ranges = [0..n, 0..edge, n - edge..n];
        let range = ranges[rng.random_range(0..3)].clone();
        damage(&mut mutant[range], rng);
    } else {
        let structures: Vec<&Member> = members.iter().filter(|m| m.structure).collect();
        let all: Vec<&Member> = members.iter().collect();
        let from = if kind < 17 && !structures.is_empty() {
            structures
        } else {
            all
        };
        let m = from[rng.random_range(0..from.len())];
        damage(&mut mutant[m.start..m.start + m.size], rng);
        let sum = crc32fast::hash(&mutant[m.start..m.start + m.size]);
        mutant[m.checksum..m.checksum + 4].copy_from_slice(&sum.to_le_bytes());
    }
    mutant
}

fn check(format: &Format) {
    let begin = Instant::now();
    let data = std::fs::read(fixture(format.file)).expect("the fixture is there");
    let members = members(&data);
    let (sound, base) = peak(|| (format.load)(data.clone()));
    assert!(sound, "{}: the sound file is refused", format.name);
    let allowed = (10 * data.len()).max(2 * base) + (1 << 16);
    let refused: usize = (0..mutants())
        .into_par_iter()
        .map(|n| {
            let mut rng = SmallRng::seed_from_u64(20_261_122 + n as u64);
            let mutant = mutate(&data, &members, &mut rng);
            let start = Instant::now();
            let outcome = std::panic::catch_unwind(|| peak(|| (format.load)(mutant)));
            let time = start.elapsed();
            let name = format.name;
            let Ok((accepted, memory)) = outcome else {
                panic!("{name}: mutant {n} panics");
            };
            assert!(
                time < Duration::from_secs(1),
                "{name}: mutant {n} takes {time:?}"
            );
            assert!(
                memory <= allowed,
                "{name}: mutant {n} takes {memory} bytes, file {}, sound {base}",
                data.len()
            );
            usize::from(!accepted)
        })
        .sum();
    println!(
        "{}: {refused} of {} mutants refused, sound file {} bytes, memory {base} bytes, {:.1?}",
        format.name,
        mutants(),
        data.len(),
        begin.elapsed()
    );
    assert!(
        refused > mutants() / 20,
        "{}: mutants test little",
        format.name
    );
}

#[test]
fn mutants_of_every_format_are_refused_or_read() {
    for format in FORMATS {
        check(format);
    }
}

/// What is no file of its family is an error.
#[test]
fn files_of_other_families_are_refused() {
    for format in FORMATS {
        let data = std::fs::read(fixture(format.file)).expect("the fixture is there");
        for load in [load_mace as Load, load_nequip, load_sevennet, load_deepmd] {
            let same = load as usize == format.load as usize;
            assert_eq!(load(data.clone()), same, "{}", format.name);
        }
    }
}
