//! Extended XYZ: a count, a comment line of `key=value` pairs (Lattice, Properties, pbc, Time,
//! Step, temperature), one line per atom. Plain XYZ is the same without a cell.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::text::Lines;
use super::{Cell, Coordinates, Frame, Info, ReadOptions, TrajectoryReader};

/// An extended XYZ file being read.
pub struct ExtXyz {
    lines: Lines,
    info: Info,
    pending: Option<(Frame, Vec<String>)>,
    timestep: Option<f64>,
    notes: Vec<String>,
    frames_read: usize,
    /// Bytes up to the end of the frame returned last.
    end: Option<u64>,
}

/// The outcome of reading a frame.
enum Outcome {
    Frame(Box<(Frame, Vec<String>, Comment)>),
    End,
    Cut,
}

impl ExtXyz {
    /// Opens a file and reads its first frame.
    ///
    /// # Errors
    /// A first frame that is not whole.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        let Outcome::Frame(first) = read_frame(&mut lines, true)? else {
            bail!("the first frame is not whole");
        };
        let (frame, names, comment) = *first;
        let mut notes = Vec::new();
        if frame.cell.is_none() {
            notes.push("the file has no Lattice: positions are taken as unwrapped".to_string());
        }
        if frame.time.is_some() {
            notes.push("the times in the file are taken as ps".to_string());
        }
        let temperature = comment
            .number(&["temperature", "temp", "T"])
            .map(|t| (t, "comment line".to_string()));
        let end = lines.offset();
        Ok(Self {
            lines,
            info: Info {
                format: "extended XYZ",
                species: names.clone(),
                ids: None,
                temperature,
                provenance: serde_json::Map::new(),
            },
            pending: Some((frame, names)),
            timestep: options.timestep,
            notes,
            frames_read: 0,
            end,
        })
    }
}

impl TrajectoryReader for ExtXyz {
    fn info(&self) -> &Info {
        &self.info
    }

    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let (next, names) = match self.pending.take() {
            Some(pending) => pending,
            None => match read_frame(&mut self.lines, self.frames_read == 0)? {
                Outcome::Frame(f) => {
                    self.end = self.lines.offset();
                    (f.0, f.1)
                }
                Outcome::End => return Ok(false),
                Outcome::Cut => {
                    self.notes.push(format!(
                        "the last frame is cut off and was left out ({} whole frames)",
                        self.frames_read
                    ));
                    return Ok(false);
                }
            },
        };
        if names != self.info.species {
            bail!(
                "frame {} does not have the atoms of the first frame in the same order",
                self.frames_read + 1
            );
        }
        *frame = next;
        if let (None, Some(step), Some(dt)) = (frame.time, frame.step, self.timestep) {
            frame.time = Some(step as f64 * dt);
        }
        self.frames_read += 1;
        Ok(true)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn whole_bytes(&self) -> Option<u64> {
        self.end
    }
}

/// The `key=value` pairs of a comment line; keys compare without regard to case.
struct Comment(Vec<(String, String)>);

impl Comment {
    fn parse(line: &str) -> Self {
        let mut pairs = Vec::new();
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c == '=' || c.is_whitespace());
            let end = end.unwrap_or(rest.len());
            let key = rest[..end].trim_matches('"').to_ascii_lowercase();
            rest = &rest[end..];
            let mut value = String::from("T");
            if let Some(after) = rest.strip_prefix('=') {
                let (taken, remaining) = take_value(after);
                value = taken.to_string();
                rest = remaining;
            }
            pairs.push((key, value));
            rest = rest.trim_start();
        }
        Self(pairs)
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(k, _)| k == key);
        found.map(|(_, v)| v.as_str())
    }

    fn number(&self, keys: &[&str]) -> Option<f64> {
        keys.iter()
            .filter_map(|k| self.get(&k.to_ascii_lowercase()))
            .find_map(|v| v.trim().parse().ok())
            .filter(|x: &f64| x.is_finite())
    }

    fn cell(&self) -> Result<Option<Cell>> {
        let Some(text) = self.get("lattice") else {
            return Ok(None);
        };
        let numbers: Vec<f64> = text
            .split(|c: char| c.is_whitespace() || ",[]{}".contains(c))
            .filter(|w| !w.is_empty())
            .map(|w| w.parse().with_context(|| format!("Lattice has \"{w}\"")))
            .collect::<Result<_>>()?;
        let [a, b, c, d, e, f, g, h, i] = numbers[..] else {
            bail!("Lattice has {} numbers instead of 9", numbers.len());
        };
        let mut periodic = [true; 3];
        let words = self.get("pbc").unwrap_or("").split_whitespace();
        for (flag, word) in periodic.iter_mut().zip(words) {
            *flag = !matches!(word.chars().next(), Some('F' | 'f' | '0'));
        }
        Cell::new([[a, b, c], [d, e, f], [g, h, i]], periodic).map(Some)
    }
}

/// Splits a value (bare, quoted or bracketed) from the rest of the line.
fn take_value(text: &str) -> (&str, &str) {
    let close = match text.chars().next() {
        Some('"') => '"',
        Some('\'') => '\'',
        Some('[') => ']',
        Some('{') => '}',
        _ => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            return text.split_at(end);
        }
    };
    let open = text.as_bytes()[0];
    let mut depth = 0_usize;
    for (i, c) in text.char_indices().skip(1) {
        if c == close && depth == 0 {
            return (&text[1..i], &text[i + 1..]);
        }
        if c == close {
            depth -= 1;
        } else if c as u32 == u32::from(open) {
            depth += 1;
        }
    }
    (&text[1..], "")
}

/// Columns named by `Properties`.
struct Columns {
    count: usize,
    species: usize,
    position: usize,
    unwrapped: bool,
    image: Option<usize>,
    velocity: Option<usize>,
}

impl Columns {
    fn parse(properties: Option<&str>) -> Result<Self> {
        let text = properties.unwrap_or("species:S:1:pos:R:3");
        let words: Vec<&str> = text.split(':').collect();
        let mut columns = Vec::new();
        let mut count = 0_usize;
        for field in words.chunks(3) {
            let [name, _, width] = field else {
                bail!("Properties \"{text}\" is not a list of name:type:columns");
            };
            let width: usize = width
                .parse()
                .ok()
                .filter(|w| *w < 10_000)
                .with_context(|| {
                    format!("Properties \"{text}\": \"{width}\" is not a number of columns")
                })?;
            columns.push((name.to_ascii_lowercase(), count, width));
            count += width;
        }
        let find = |names: &[&str], width: usize| {
            let hit = columns
                .iter()
                .find(|(n, _, w)| names.contains(&n.as_str()) && *w == width);
            hit.map(|(_, start, _)| *start)
        };
        let species = find(&["species", "element", "symbol", "symbols", "type"], 1)
            .with_context(|| format!("Properties \"{text}\" has no species"))?;
        let unwrapped = find(
            &["unwrapped", "unwrapped_pos", "unwrapped_positions", "upos"],
            3,
        );
        let position = unwrapped
            .or_else(|| find(&["pos", "positions"], 3))
            .with_context(|| format!("Properties \"{text}\" has no pos"))?;
        Ok(Self {
            count,
            species,
            position,
            unwrapped: unwrapped.is_some(),
            image: find(&["image", "images", "image_flags", "ix"], 3),
            velocity: find(&["vel", "velo", "velocity", "velocities"], 3),
        })
    }
}

fn read_frame(lines: &mut Lines, first: bool) -> Result<Outcome> {
    let count = loop {
        let Some(line) = lines.next_line()? else {
            return Ok(Outcome::End);
        };
        let word = line.trim().to_string();
        if word.is_empty() {
            continue;
        }
        if lines.truncated() {
            return Ok(Outcome::Cut);
        }
        break word
            .parse::<usize>()
            .ok()
            .with_context(|| format!("line {}: expected a number of atoms", lines.number()))?;
    };
    let comment_at = lines.number() + 1;
    let comment = match lines.next_line()? {
        Some(line) => Comment::parse(line),
        None => return Ok(Outcome::Cut),
    };
    if lines.truncated() {
        return Ok(Outcome::Cut);
    }
    let context = || format!("line {comment_at}");
    let columns = Columns::parse(comment.get("properties")).with_context(context)?;
    let mut frame = Frame::empty();
    frame.cell = comment.cell().with_context(context)?;
    if let Some(text) = comment.get("origin") {
        let values: Vec<f64> = text
            .split_whitespace()
            .filter_map(|w| w.parse().ok())
            .collect();
        frame.origin = values.try_into().unwrap_or([0.0; 3]);
    }
    frame.time = comment.number(&["time"]);
    frame.step = comment
        .number(&["step", "timestep", "md_step"])
        .map(|s| s as i64);
    frame.coordinates = if columns.unwrapped || frame.cell.is_none() {
        Coordinates::Unwrapped
    } else if columns.image.is_some() {
        Coordinates::WithImages
    } else {
        Coordinates::Unknown
    };
    let mut names = Vec::new();
    for _ in 0..count {
        let Some(line) = lines.next_line()? else {
            return Ok(Outcome::Cut);
        };
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.len() < columns.count {
            let found = words.len();
            if lines.truncated() || lines.next_line()?.is_none() {
                return Ok(Outcome::Cut);
            }
            bail!(
                "line {}: {found} columns, expected {}",
                lines.number() - 1,
                columns.count
            );
        }
        let name = words[columns.species].to_string();
        if let Err(error) = read_atom(&words, &columns, &mut frame) {
            if lines.truncated() {
                return Ok(Outcome::Cut);
            }
            return Err(error.context(format!("line {}", lines.number())));
        }
        names.push(name);
    }
    // A single frame may lack the last line end; of a series the last frame may be cut in a number.
    if lines.truncated() && !first {
        return Ok(Outcome::Cut);
    }
    Ok(Outcome::Frame(Box::new((frame, names, comment))))
}

fn read_atom(words: &[&str], columns: &Columns, frame: &mut Frame) -> Result<()> {
    let number = |c: usize| -> Result<f64> {
        let word = words[c];
        word.parse()
            .with_context(|| format!("expected a number, found \"{word}\""))
    };
    let triple =
        |c: usize| -> Result<[f64; 3]> { Ok([number(c)?, number(c + 1)?, number(c + 2)?]) };
    let position = triple(columns.position)?;
    if let Some(c) = columns.image.filter(|_| !columns.unwrapped) {
        frame.image.push(triple(c)?.map(|x| x as i32));
    }
    if let Some(c) = columns.velocity {
        frame.velocity.push(triple(c)?);
    }
    frame.position.push(position);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file_with, read_all};
    use super::*;

    const TWO: &str = "2\nLattice=\"10 0 0 2 9 0 0 0 8\" Properties=species:S:1:pos:R:3:image:I:3 \
        pbc=\"T T F\" Step=5 Time=0.01 temperature=600\nLi 1 2 3 0 -1 0\nS 4 5 6 0 0 0\n\
        2\nLattice=\"10 0 0 2 9 0 0 0 8\" Properties=species:S:1:pos:R:3:image:I:3 pbc=\"T T F\" \
        Step=10 Time=0.02 temperature=600\nLi 1.5 2 3 0 -1 0\nS 4 5 6 0 0 0\n";

    #[test]
    fn keys_columns_and_images() {
        let file = file_with(TWO.as_bytes());
        let (info, frames, _) = read_all(file.path(), &ReadOptions::default()).unwrap();
        assert_eq!(info.species, ["Li", "S"]);
        assert_eq!(info.temperature.unwrap().0, 600.0);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].time, Some(0.02));
        assert_eq!(frames[1].step, Some(10));
        assert_eq!(frames[1].position[0], [1.5, 2.0, 3.0]);
        assert_eq!(frames[1].image[0], [0, -1, 0]);
        assert_eq!(frames[0].coordinates, Coordinates::WithImages);
        let cell = frames[0].cell.unwrap();
        assert_eq!(cell.periodic, [true, true, false]);
        assert_eq!(cell.edges[1], [2.0, 9.0, 0.0]);
    }

    #[test]
    fn plain_xyz_is_unwrapped() {
        let file = file_with(b"1\nsome words\nLi 100 2 3\n1\n\nLi 101 2 3\n");
        let (_, frames, notes) = read_all(file.path(), &ReadOptions::default()).unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].coordinates, Coordinates::Unwrapped);
        assert!(notes[0].contains("Lattice"));
        let single = file_with(b"1\nsome words\nLi 100 2 3");
        let (_, frames, _) = read_all(single.path(), &ReadOptions::default()).unwrap();
        assert_eq!(frames.len(), 1, "a single frame may lack its last line end");
    }

    #[test]
    fn a_cut_frame_is_left_out_wherever_the_cut_is() {
        let second = TWO.rfind("2\nLattice").unwrap();
        for cut in second + 1..TWO.len() {
            let file = file_with(&TWO.as_bytes()[..cut]);
            let (_, frames, notes) = read_all(file.path(), &ReadOptions::default()).unwrap();
            assert_eq!(frames.len(), 1, "cut at byte {cut}");
            assert!(
                notes.iter().any(|n| n.contains("cut off")),
                "cut at byte {cut}"
            );
        }
    }

    #[test]
    fn contradictions_are_errors() {
        let error = |text: &str| {
            let file = file_with(text.as_bytes());
            let result = read_all(file.path(), &ReadOptions::default());
            format!("{:#}", result.err().unwrap())
        };
        assert!(error(&TWO.replacen("Li 1.5", "P 1.5", 1)).contains("same order"));
        assert!(error(&TWO.replacen("Li 1.5", "Li x", 1)).contains("\"x\""));
        assert!(error(&TWO.replacen("10 0 0 2", "10 0 2", 1)).contains("8 numbers"));
        assert!(error(&TWO.replace("pos:R:3", "pos:R:2")).contains("no pos"));
        assert!(error(&TWO.replace("pos:R:3", "pos:R:99999999999")).contains("columns"));
        assert!(error("999999999999\n\nLi 1 2 3\n").contains("not whole"));
    }
}
