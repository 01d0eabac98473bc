//! LAMMPS dump files of the styles `atom` and `custom`, plain or gzipped.
//!
//! Columns x, xs (scaled), xu, xsu (unwrapped), ix iy iz, vx vy vz, id, type, element are
//! understood; the frame's atoms are put in the order of their IDs. Box lines: orthogonal,
//! restricted triclinic (bounding box with tilts) and general triclinic (`abc origin`).

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::text::Lines;
use super::{Cell, Coordinates, Frame, Info, ReadOptions, TrajectoryReader, type_name};

/// A LAMMPS dump being read.
pub struct LammpsDump {
    lines: Lines,
    info: Info,
    /// Place in the frame of each atom ID.
    order: HashMap<i64, usize>,
    pending: Option<Raw>,
    units: Units,
    notes: Vec<String>,
    frames_read: usize,
    /// Bytes up to the end of the frame returned last.
    end: Option<u64>,
}

/// Factors to angstrom and ps.
#[derive(Clone, Copy)]
struct Units {
    length: f64,
    time: f64,
}

impl Units {
    fn named(name: &str) -> Result<Self> {
        let (length, time) = match name {
            "metal" => (1.0, 1.0),
            "real" => (1.0, 1.0e-3),
            "si" => (1.0e10, 1.0e12),
            "cgs" => (1.0e8, 1.0e12),
            "electron" => (0.529_177_210_903, 1.0e-3),
            "micro" => (1.0e4, 1.0e6),
            "nano" => (10.0, 1.0e3),
            "lj" => bail!("the dump is in reduced (lj) units, which give no D in cm^2/s"),
            other => bail!("unknown units \"{other}\" in the dump"),
        };
        Ok(Self { length, time })
    }
}

/// One frame in file order.
struct Raw {
    step: i64,
    time: Option<f64>,
    units: Option<String>,
    cell: Cell,
    origin: [f64; 3],
    coordinates: Coordinates,
    ids: Vec<i64>,
    names: Vec<String>,
    position: Vec<[f64; 3]>,
    image: Vec<[i32; 3]>,
    velocity: Vec<[f64; 3]>,
}

/// Where the needed columns are.
struct Columns {
    count: usize,
    id: Option<usize>,
    species: Species,
    position: [usize; 3],
    scaled: bool,
    coordinates: Coordinates,
    image: Option<[usize; 3]>,
    velocity: Option<[usize; 3]>,
}

#[derive(Clone, Copy)]
enum Species {
    Element(usize),
    Type(usize),
    Absent,
}

/// The outcome of reading a frame.
enum Outcome {
    Frame(Box<Raw>),
    End,
    Cut,
}

impl LammpsDump {
    /// Opens a dump and reads its first frame.
    ///
    /// # Errors
    /// A first frame that is not whole or lacks coordinates.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        let first = match read_raw(&mut lines, &options.type_map, true)? {
            Outcome::Frame(raw) => *raw,
            Outcome::End | Outcome::Cut => bail!("the first frame is not whole"),
        };
        let end = lines.offset();
        let units = Units::named(first.units.as_deref().unwrap_or("metal"))?;
        let mut notes = Vec::new();
        if first.units.is_none() {
            notes.push("the dump states no units: angstrom and ps (metal) assumed".to_string());
        }
        let mut sorted = first.ids.clone();
        sorted.sort_unstable();
        let order: HashMap<i64, usize> =
            sorted.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        if order.len() != sorted.len() {
            bail!("an atom ID appears twice in the first frame");
        }
        if sorted.is_empty() {
            notes.push("the dump has no column `id`: the order of atoms is taken as fixed".into());
        }
        let mut species = first.names.clone();
        for (place, id) in first.ids.iter().enumerate() {
            species[order[id]].clone_from(&first.names[place]);
        }
        Ok(Self {
            lines,
            info: Info {
                format: "LAMMPS dump",
                species,
                ids: (!sorted.is_empty()).then_some(sorted),
                temperature: None,
                provenance: serde_json::Map::new(),
            },
            order,
            pending: Some(first),
            units,
            notes,
            frames_read: 0,
            end,
        })
    }

    fn next_raw(&mut self) -> Result<Option<Raw>> {
        if let Some(raw) = self.pending.take() {
            return Ok(Some(raw));
        }
        match read_raw(&mut self.lines, &[], false)? {
            Outcome::Frame(raw) => {
                self.end = self.lines.offset();
                Ok(Some(*raw))
            }
            Outcome::End => Ok(None),
            Outcome::Cut => {
                self.notes.push(format!(
                    "the last frame is cut off and was left out ({} whole frames)",
                    self.frames_read
                ));
                Ok(None)
            }
        }
    }

    fn place(&self, raw: &Raw, row: usize) -> Result<usize> {
        if self.info.ids.is_none() {
            return Ok(row);
        }
        let id = raw.ids.get(row).context("a frame lacks the column `id`")?;
        let place = self.order.get(id);
        place.copied().with_context(|| {
            format!(
                "atom {id} at step {} is not in the first frame: the dumped group must not change",
                raw.step
            )
        })
    }
}

impl TrajectoryReader for LammpsDump {
    fn info(&self) -> &Info {
        &self.info
    }

    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let Some(raw) = self.next_raw()? else {
            return Ok(false);
        };
        let n = self.info.species.len();
        if raw.position.len() != n {
            bail!(
                "step {} has {} atoms, the first frame {n}: the number must not change",
                raw.step,
                raw.position.len()
            );
        }
        let Units { length, time } = self.units;
        frame.step = Some(raw.step);
        frame.time = raw.time.map(|t| t * time);
        frame.cell = Some(Cell::new(
            raw.cell.edges.map(|e| e.map(|x| x * length)),
            raw.cell.periodic,
        )?);
        frame.origin = raw.origin.map(|x| x * length);
        frame.coordinates = raw.coordinates;
        frame.position.resize(n, [0.0; 3]);
        frame.image.resize(raw.image.len(), [0; 3]);
        frame.velocity.resize(raw.velocity.len(), [0.0; 3]);
        let mut seen = vec![false; n];
        for row in 0..n {
            let place = self.place(&raw, row)?;
            if std::mem::replace(&mut seen[place], true) {
                bail!("atom {} appears twice at step {}", raw.ids[row], raw.step);
            }
            frame.position[place] = raw.position[row].map(|x| x * length);
            if let Some(image) = raw.image.get(row) {
                frame.image[place] = *image;
            }
            if let Some(v) = raw.velocity.get(row) {
                frame.velocity[place] = v.map(|x| x * length / time);
            }
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

/// Reads the next frame in file order. Names are collected only where `names` is set.
fn read_raw(lines: &mut Lines, type_map: &[String], names: bool) -> Result<Outcome> {
    let mut header = Header::default();
    loop {
        let Some(line) = lines.next_line()? else {
            return Ok(if header.touched {
                Outcome::Cut
            } else {
                Outcome::End
            });
        };
        let line = line.trim().to_string();
        if line.is_empty() && !header.touched {
            continue;
        }
        header.touched = true;
        if lines.truncated() {
            return Ok(Outcome::Cut);
        }
        if let Some(columns) = line.strip_prefix("ITEM: ATOMS") {
            return read_atoms(lines, &header, columns, type_map, names);
        }
        if !header.read_item(lines, &line)? {
            return Ok(Outcome::Cut);
        }
    }
}

/// The items before the atoms.
#[derive(Default)]
struct Header {
    touched: bool,
    step: Option<i64>,
    time: Option<f64>,
    units: Option<String>,
    count: Option<usize>,
    cell: Option<(Cell, [f64; 3])>,
}

impl Header {
    /// Reads one item; false where the file ends within it.
    fn read_item(&mut self, lines: &mut Lines, title: &str) -> Result<bool> {
        let at = lines.number();
        if let Some(kind) = title.strip_prefix("ITEM: BOX BOUNDS") {
            let kind = kind.to_string();
            let mut rows = [[0.0; 4]; 3];
            for row in &mut rows {
                let Some(text) = whole_line(lines)? else {
                    return Ok(false);
                };
                for (value, word) in row.iter_mut().zip(text.split_ascii_whitespace()) {
                    *value = number(word, lines.number())?;
                }
            }
            self.cell = Some(box_from(&kind, &rows).with_context(|| format!("line {at}"))?);
            return Ok(true);
        }
        if !title.starts_with("ITEM:") {
            bail!("line {at}: expected \"ITEM: ...\", found \"{title}\"");
        }
        let Some(value) = whole_line(lines)? else {
            return Ok(false);
        };
        match title {
            "ITEM: TIMESTEP" => self.step = Some(number::<i64>(&value, at + 1)?),
            "ITEM: NUMBER OF ATOMS" => self.count = Some(number::<usize>(&value, at + 1)?),
            "ITEM: TIME" => self.time = Some(number::<f64>(&value, at + 1)?),
            "ITEM: UNITS" => self.units = Some(value),
            _ => bail!("line {at}: \"{title}\" is not an item of a dump of style atom or custom"),
        }
        Ok(true)
    }
}

/// The next line, trimmed, or `None` where the file ends before or within it.
fn whole_line(lines: &mut Lines) -> Result<Option<String>> {
    let text = lines.next_line()?.map(|l| l.trim().to_string());
    Ok(text.filter(|_| !lines.truncated()))
}

fn number<T: std::str::FromStr>(word: &str, line: usize) -> Result<T> {
    word.trim()
        .parse()
        .ok()
        .with_context(|| format!("line {line}: expected a number, found \"{word}\""))
}

/// Cell and origin from the three box lines.
fn box_from(kind: &str, rows: &[[f64; 4]; 3]) -> Result<(Cell, [f64; 3])> {
    let boundaries: Vec<&str> = kind
        .split_ascii_whitespace()
        .filter(|w| w.len() == 2 && w.chars().all(|c| "pfsm".contains(c)))
        .collect();
    let mut periodic = [true; 3];
    for (flag, word) in periodic.iter_mut().zip(&boundaries) {
        *flag = *word == "pp";
    }
    if kind.contains("abc") {
        let edges = rows.map(|r| [r[0], r[1], r[2]]);
        let origin = [rows[0][3], rows[1][3], rows[2][3]];
        return Ok((Cell::new(edges, periodic)?, origin));
    }
    let [xy, xz, yz] = if kind.contains("xy") {
        [rows[0][2], rows[1][2], rows[2][2]]
    } else {
        [0.0; 3]
    };
    // The file holds the bounds of the enclosing orthogonal box.
    let low = [xy, xz, xy + xz].into_iter().fold(0.0, f64::min);
    let high = [xy, xz, xy + xz].into_iter().fold(0.0, f64::max);
    let origin = [rows[0][0] - low, rows[1][0] - yz.min(0.0), rows[2][0]];
    let lengths = [
        rows[0][1] - high - origin[0],
        rows[1][1] - yz.max(0.0) - origin[1],
        rows[2][1] - origin[2],
    ];
    let edges = [
        [lengths[0], 0.0, 0.0],
        [xy, lengths[1], 0.0],
        [xz, yz, lengths[2]],
    ];
    Ok((Cell::new(edges, periodic)?, origin))
}

impl Columns {
    fn parse(titles: &str) -> Result<Self> {
        let words: Vec<&str> = titles.split_ascii_whitespace().collect();
        let find = |name: &str| words.iter().position(|w| *w == name);
        let triple = |a: &str, b: &str, c: &str| Some([find(a)?, find(b)?, find(c)?]);
        let image = triple("ix", "iy", "iz");
        let (position, scaled, unwrapped) = if let Some(p) = triple("xu", "yu", "zu") {
            (p, false, true)
        } else if let Some(p) = triple("xsu", "ysu", "zsu") {
            (p, true, true)
        } else if let Some(p) = triple("x", "y", "z") {
            (p, false, false)
        } else if let Some(p) = triple("xs", "ys", "zs") {
            (p, true, false)
        } else {
            bail!(
                "the dump has no coordinates: one of x y z, xs ys zs, xu yu zu, xsu ysu zsu is \
                 needed, found \"{}\"",
                titles.trim()
            );
        };
        let coordinates = match (unwrapped, image.is_some()) {
            (true, _) => Coordinates::Unwrapped,
            (false, true) => Coordinates::WithImages,
            (false, false) => Coordinates::Unknown,
        };
        let species = find("element")
            .map(Species::Element)
            .or_else(|| find("type").map(Species::Type))
            .unwrap_or(Species::Absent);
        Ok(Self {
            count: words.len(),
            id: find("id"),
            species,
            position,
            scaled,
            coordinates,
            image: image.filter(|_| !unwrapped),
            velocity: triple("vx", "vy", "vz"),
        })
    }

    fn name(&self, words: &[&str], type_map: &[String], line: usize) -> Result<String> {
        match self.species {
            Species::Element(c) => Ok(words[c].to_string()),
            Species::Type(c) => match words[c].parse::<i64>() {
                Ok(t) => type_name(t, type_map).with_context(|| format!("line {line}")),
                // Type labels are written as they are.
                Err(_) => Ok(words[c].to_string()),
            },
            Species::Absent => bail!(
                "the dump has neither `element` nor `type`: which atoms are mobile is unknown"
            ),
        }
    }
}

fn read_atoms(
    lines: &mut Lines,
    header: &Header,
    titles: &str,
    type_map: &[String],
    names: bool,
) -> Result<Outcome> {
    let columns = Columns::parse(titles)?;
    let at = lines.number();
    let step = header
        .step
        .with_context(|| format!("line {at}: no TIMESTEP before ATOMS"))?;
    let count = header
        .count
        .with_context(|| format!("line {at}: no NUMBER OF ATOMS before ATOMS"))?;
    let (cell, origin) = header
        .cell
        .with_context(|| format!("line {at}: no BOX BOUNDS before ATOMS"))?;
    let mut raw = Raw {
        step,
        time: header.time,
        units: header.units.clone(),
        cell,
        origin,
        coordinates: columns.coordinates,
        ids: Vec::new(),
        names: Vec::new(),
        position: Vec::new(),
        image: Vec::new(),
        velocity: Vec::new(),
    };
    for _ in 0..count {
        // The count is not trusted for an allocation: the vectors grow with the lines.
        let number_of_line = lines.number() + 1;
        let Some(line) = lines.next_line()? else {
            return Ok(Outcome::Cut);
        };
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.len() < columns.count {
            let message = format!(
                "line {number_of_line}: {} columns, expected {}",
                words.len(),
                columns.count
            );
            return if lines.truncated() || lines.next_line()?.is_none() {
                Ok(Outcome::Cut)
            } else {
                bail!(message)
            };
        }
        if let Some(c) = columns.id {
            raw.ids.push(number(words[c], number_of_line)?);
        }
        if names {
            raw.names
                .push(columns.name(&words, type_map, number_of_line)?);
        }
        let triple = |c: [usize; 3]| -> Result<[f64; 3]> {
            Ok([
                number(words[c[0]], number_of_line)?,
                number(words[c[1]], number_of_line)?,
                number(words[c[2]], number_of_line)?,
            ])
        };
        let mut x = triple(columns.position)?;
        if columns.scaled {
            let cart = cell.to_cartesian(x);
            x = [0, 1, 2].map(|k| origin[k] + cart[k]);
        }
        raw.position.push(x);
        if let Some(c) = columns.image {
            raw.image.push([
                number(words[c[0]], number_of_line)?,
                number(words[c[1]], number_of_line)?,
                number(words[c[2]], number_of_line)?,
            ]);
        }
        if let Some(c) = columns.velocity {
            raw.velocity.push(triple(c)?);
        }
    }
    if lines.truncated() {
        return Ok(Outcome::Cut);
    }
    Ok(Outcome::Frame(Box::new(raw)))
}

#[cfg(test)]
mod tests;
