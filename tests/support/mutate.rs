//! Mutants of files: damage to bytes, to texts and to pickles, and to the contents of zip members.

use super::zip::{Member, pack};
use rand::RngExt;
use rand::rngs::SmallRng;

/// A file and what it is made of.
pub struct Sound {
    pub data: Vec<u8>,
    pub members: Vec<Member>,
    /// Members that are read.
    live: Vec<usize>,
    /// Those that say how the rest is to be read.
    structure: Vec<usize>,
    text: bool,
}

impl Sound {
    /// `reads` says whether bytes are still a model.
    pub fn new(data: Vec<u8>, members: Vec<Member>, reads: impl Fn(Vec<u8>) -> bool) -> Sound {
        // what may be anything is not read
        let live = |k: &usize| !reads(pack(&members, *k, b"\xff"));
        let live: Vec<usize> = (0..members.len()).filter(live).collect();
        let telling = |k: &&usize| {
            let m = &members[**k];
            m.name.contains(".pkl") || is_text(&m.contents)
        };
        Sound {
            structure: live.iter().filter(telling).copied().collect(),
            live,
            text: is_text(&data),
            data,
            members,
        }
    }
}

fn is_text(data: &[u8]) -> bool {
    !data.is_empty()
        && data
            .iter()
            .all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 32..=126))
}

/// Numbers at which counts, sizes and indices go wrong.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "255",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "0.0",
    "0.5",
];

/// Bytes that mean something in pickles, protobuf and texts.
const TELLING: &[u8] =
    b"().NRbt}]sueahjqQcKMJGX0\x81\x93\x85\x86\x87\x00\x01\x7f\x80\xff:-[{\"\n 9";

/// Changes a few bytes of a stretch.
fn damage(bytes: &mut [u8], rng: &mut SmallRng) {
    if bytes.is_empty() {
        return;
    }
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

/// Changes the number behind an opcode of a pickle, or what is taken from the memo.
fn other_number(pickle: &mut [u8], rng: &mut SmallRng) {
    const OPCODES: &[u8] = b"KMJhjG\x8a";
    let places: Vec<usize> = (0..pickle.len().saturating_sub(9))
        .filter(|&i| OPCODES.contains(&pickle[i]))
        .collect();
    let Some(&at) = places.get(rng.random_range(0..places.len().max(1))) else {
        return damage(pickle, rng);
    };
    let width = match pickle[at] {
        b'K' | b'h' => 1,
        b'M' => 2,
        b'G' => 8,
        _ => 4,
    };
    let value = &mut pickle[at + 1..][..width];
    match rng.random_range(0..5) {
        0 => value.fill(0),
        1 => value.fill(0xff),
        2 => value[0] = value[0].wrapping_add(1),
        3 => value[0] = value[0].wrapping_sub(1),
        _ => value
            .iter_mut()
            .for_each(|b| *b = rng.random_range(0..=255)),
    }
}

/// Changes numbers, words and lines of a text.
fn edit(text: &[u8], rng: &mut SmallRng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..rng.random_range(1..3) {
        let start = rng.random_range(0..text.len().max(1));
        match rng.random_range(0..6) {
            0..3 => {
                // a number
                let digit = |b: &u8| b.is_ascii_digit();
                let Some(from) = text[start..].iter().position(digit) else {
                    continue;
                };
                let from = start + from;
                let rest = text[from..].iter().position(|b| !digit(b));
                let to = rest.map_or(text.len(), |n| from + n);
                let number = NUMBERS[rng.random_range(0..NUMBERS.len())];
                text.splice(from..to, number.bytes());
            }
            3 => {
                // two words change places
                let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let next = |at: usize| {
                    let from = at + text[at..].iter().position(word)?;
                    let n = text[from..].iter().position(|b| !word(b))?;
                    Some(from..from + n)
                };
                let (Some(a), Some(b)) = (next(start), next(rng.random_range(0..=start))) else {
                    continue;
                };
                if b.end <= a.start {
                    let (first, second) = (text[b.clone()].to_vec(), text[a.clone()].to_vec());
                    text.splice(a, first);
                    text.splice(b, second);
                }
            }
            _ => {
                // a line is left out or stands twice
                let end = text[start..].iter().position(|&b| b == b'\n');
                let end = end.map_or(text.len(), |n| start + n + 1);
                let begin = text[..start].iter().rposition(|&b| b == b'\n');
                let begin = begin.map_or(0, |n| n + 1);
                let line = text[begin..end].to_vec();
                let line = if rng.random_range(0..2) == 0 {
                    [&line[..], &line].concat()
                } else {
                    Vec::new()
                };
                text.splice(begin..end, line);
            }
        }
        if text.is_empty() {
            break;
        }
    }
    text
}

/// Other contents of a member.
fn inside(m: &Member, rng: &mut SmallRng) -> Vec<u8> {
    let mut contents = m.contents.clone();
    if is_text(&contents) && rng.random_range(0..4) > 0 {
        return edit(&contents, rng);
    }
    match rng.random_range(0..8) {
        0 => contents.truncate(rng.random_range(0..contents.len().max(1))),
        1..4 if m.name.contains(".pkl") => other_number(&mut contents, rng),
        _ => damage(&mut contents, rng),
    }
    contents
}

/// A mutant of a sound file.
pub fn mutate(sound: &Sound, rng: &mut SmallRng) -> Vec<u8> {
    let kind = rng.random_range(0..20);
    if kind > 3 && !sound.live.is_empty() {
        let from = match kind {
            0..17 if !sound.structure.is_empty() => &sound.structure,
            _ => &sound.live,
        };
        let of = from[rng.random_range(0..from.len())];
        return pack(&sound.members, of, &inside(&sound.members[of], rng));
    }
    if kind > 8 && sound.text {
        return edit(&sound.data, rng);
    }
    let mut mutant = sound.data.clone();
    let n = mutant.len();
    match kind {
        0 => mutant.truncate(rng.random_range(0..n)),
        1 => {
            // a stretch is repeated elsewhere
            let (from, to) = (rng.random_range(0..n), rng.random_range(0..n));
            let length = rng.random_range(1..64).min(n - from.max(to));
            mutant.copy_within(from..from + length, to);
        }
        _ => {
            // the beginnings and ends of files say how the rest is to be read
            let edge = n / 20;
            let ranges = [0..n, 0..edge, n - edge..n];
            let range = ranges[rng.random_range(0..3)].clone();
            damage(&mut mutant[range], rng);
        }
    }
    mutant
}
