//! H5MD 1.1 trajectories (and 1.0 as far as positions go), of argyro and of anybody.
//!
//! A frame counts as written when its entry in `step` is: the valid frames are the longest prefix
//! of `step` that is not negative and strictly increasing, and no longer than any sibling data set.
//! That rule makes the file of a killed run readable. Only this reader sees HDF5.

mod meta;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hdf5::{Dataset, File, Group};

use super::{Cell, Coordinates, Frame, Info, ReadOptions, TrajectoryReader};
use meta::{number_attribute, provenance, species, strings, temperature, text_attribute};

/// Chunks of one data set kept decompressed (bytes): files written with many frames per chunk would
/// otherwise be decompressed once per frame.
const CHUNK_CACHE: usize = 64 << 20;

/// Best compression deflate can reach; bounds what a file can claim to hold.
const LARGEST_EXPANSION: u64 = 1100;

/// An H5MD file being read.
pub struct H5md {
    info: Info,
    notes: Vec<String>,
    position: Dataset,
    image: Option<Dataset>,
    velocity: Option<Dataset>,
    ids: Option<Dataset>,
    edges: Edges,
    origin: [f64; 3],
    steps: Vec<i64>,
    times: Option<Vec<f64>>,
    length_factor: f64,
    velocity_factor: f64,
    dimensions: usize,
    next: usize,
}

/// Where the cell comes from.
enum Edges {
    None,
    Fixed(Cell),
    PerFrame {
        data: Dataset,
        periodic: [bool; 3],
        vectors: bool,
    },
}

impl H5md {
    /// Opens a file and reads everything but the frames.
    ///
    /// # Errors
    /// No particle group with positions, data of contradictory shape.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let file = File::with_options()
            .with_fapl(|p| p.chunk_cache(10_007, CHUNK_CACHE, 0.75))
            .open(path)
            .map_err(|e| anyhow::anyhow!("HDF5 cannot open it: {e}"))?;
        let (group, name) = particle_group(&file, options.group.as_deref())?;
        let mut notes = Vec::new();
        let element = group.group("position").map_err(readable)?;
        let position = element.dataset("value").map_err(readable)?;
        let shape = position.shape();
        let [frames, atoms, dimensions] = shape[..] else {
            bail!(
                "{name}/position/value has {} axes instead of 3",
                shape.len()
            );
        };
        ensure!(
            (1..=3).contains(&dimensions),
            "{name}/position/value has {dimensions} coordinates per atom"
        );
        check_claim(&position, atoms as u64 * dimensions as u64 * 8)?;
        let (steps, times) = time_axis(&element, frames, options.timestep, &mut notes)?;
        let mut reader = Self {
            info: Info {
                format: "H5MD",
                species: species(&group, atoms, options, &mut notes)?,
                ids: None,
                temperature: None,
                provenance: provenance(&file),
            },
            length_factor: length_factor(&position, &mut notes)?,
            velocity_factor: 1.0,
            image: optional_value(&group, "image"),
            velocity: optional_value(&group, "velocity"),
            ids: None,
            edges: edges(&group, &mut notes)?,
            origin: origin(&group),
            position,
            steps,
            times,
            dimensions,
            next: 0,
            notes,
        };
        reader.read_ids(&group, atoms)?;
        reader.set_velocity_factor();
        reader.limit_to_siblings(frames);
        reader.info.temperature = temperature(&file, &reader.info.provenance);
        Ok(reader)
    }

    fn read_ids(&mut self, group: &Group, atoms: usize) -> Result<()> {
        if let Ok(ids) = group.dataset("id") {
            let values: Vec<i64> = ids.read_raw().map_err(readable)?;
            ensure!(values.len() == atoms, "id has {} entries", values.len());
            self.info.ids = Some(values);
        } else if let Some(data) = optional_value(group, "id")
            && data.ndim() == 2
            && data.shape()[0] > 0
        {
            self.info.ids = Some(row_of(&data, 0)?);
            self.ids = Some(data);
        }
        Ok(())
    }

    fn set_velocity_factor(&mut self) {
        let unit = self
            .velocity
            .as_ref()
            .and_then(|v| text_attribute(v, "unit"));
        let Some(unit) = unit else { return };
        let mut parts = unit.split_whitespace();
        let length = parts.next().and_then(length_unit);
        let time = parts
            .next()
            .and_then(|w| time_unit(w.trim_end_matches("-1")));
        match (length, time) {
            (Some(l), Some(t)) => self.velocity_factor = l / t,
            _ => {
                self.notes.push(format!(
                    "unknown velocity unit \"{unit}\": velocities left out"
                ));
                self.velocity = None;
            }
        }
    }

    /// Cuts the frames to what every data set holds.
    fn limit_to_siblings(&mut self, frames: usize) {
        let mut lengths = vec![frames, self.position.shape()[0]];
        for data in [&self.image, &self.velocity, &self.ids]
            .into_iter()
            .flatten()
        {
            lengths.push(data.shape().first().copied().unwrap_or(0));
        }
        if let Edges::PerFrame { data, .. } = &self.edges {
            lengths.push(data.shape().first().copied().unwrap_or(0));
        }
        if let Some(times) = &self.times {
            lengths.push(times.len());
        }
        let valid = valid_prefix(&self.steps);
        let n = lengths.into_iter().fold(valid, usize::min);
        if n < frames {
            self.notes.push(format!(
                "{} of {frames} rows are not whole (the writer was stopped): {n} frames are used",
                frames - n
            ));
        }
        self.steps.truncate(n);
    }

    fn cell(&self, row: usize) -> Result<Option<Cell>> {
        match &self.edges {
            Edges::None => Ok(None),
            Edges::Fixed(cell) => Ok(Some(*cell)),
            Edges::PerFrame {
                data,
                periodic,
                vectors,
            } => {
                let values: Vec<f64> = if *vectors {
                    matrix_of(data, row)?
                } else {
                    row_of(data, row)?
                };
                cell_from(&values, self.length_factor, *periodic).map(Some)
            }
        }
    }
}

impl TrajectoryReader for H5md {
    fn info(&self) -> &Info {
        &self.info
    }

    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let row = self.next;
        if row >= self.steps.len() {
            return Ok(false);
        }
        frame.step = Some(self.steps[row]);
        frame.time = self.times.as_ref().map(|t| t[row]);
        frame.cell = self.cell(row)?;
        frame.origin = self.origin.map(|x| x * self.length_factor);
        let d = self.dimensions;
        let atoms = self.info.species.len();
        if row == 0 || frame.position.len() != atoms {
            frame.position = vec![[0.0; 3]; atoms];
        }
        let values: Vec<f64> = matrix_of(&self.position, row)?;
        fill(&mut frame.position, &values, d, self.length_factor)?;
        frame.image.clear();
        frame.coordinates = Coordinates::Unknown;
        if let Some(image) = &self.image {
            let values: Vec<i32> = matrix_of(image, row)?;
            ensure!(
                values.len() == atoms * d,
                "image has another shape than position"
            );
            frame.image = values
                .chunks(d)
                .map(|c| [0, 1, 2].map(|k| c.get(k).copied().unwrap_or(0)))
                .collect();
            frame.coordinates = Coordinates::WithImages;
        } else if frame.cell.is_none() {
            frame.coordinates = Coordinates::Unwrapped;
        }
        frame.velocity.clear();
        if let Some(velocity) = &self.velocity {
            let values: Vec<f64> = matrix_of(velocity, row)?;
            frame.velocity.resize(atoms, [0.0; 3]);
            fill(&mut frame.velocity, &values, d, self.velocity_factor)?;
        }
        if let (Some(ids), Some(reference)) = (&self.ids, &self.info.ids) {
            let now: Vec<i64> = row_of(ids, row)?;
            reorder(frame, &now, reference)?;
        }
        self.next += 1;
        Ok(true)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// Length of the longest prefix that is not negative and strictly increasing.
pub(super) fn valid_prefix(steps: &[i64]) -> usize {
    let mut last = -1;
    for (n, step) in steps.iter().enumerate() {
        if *step <= last {
            return n;
        }
        last = *step;
    }
    steps.len()
}

#[allow(clippy::needless_pass_by_value)] // the form that map_err wants
fn readable(e: hdf5::Error) -> anyhow::Error {
    anyhow::anyhow!("HDF5: {e}")
}

fn particle_group(file: &File, wanted: Option<&str>) -> Result<(Group, String)> {
    let particles = file
        .group("particles")
        .map_err(|_| anyhow::anyhow!("an HDF5 file, but not H5MD: it has no group /particles"))?;
    let mut names = particles.member_names().map_err(readable)?;
    names.sort_by_key(|n| (n != "all", n.clone()));
    if let Some(name) = wanted {
        ensure!(
            names.iter().any(|n| n == name),
            "no particle group \"{name}\"; there are: {}",
            names.join(", ")
        );
        names = vec![name.to_string()];
    }
    for name in &names {
        if let Ok(group) = particles.group(name)
            && group.link_exists("position")
            && group.dataset("position/value").is_ok()
        {
            return Ok((group, format!("/particles/{name}")));
        }
    }
    bail!(
        "no time-dependent position in /particles ({})",
        names.join(", ")
    )
}

/// Refuses data sets that claim more than the file can hold.
fn check_claim(data: &Dataset, bytes_per_frame: u64) -> Result<()> {
    let holds = data.storage_size().saturating_mul(LARGEST_EXPANSION);
    ensure!(
        bytes_per_frame <= holds.max(1 << 20),
        "{} claims {bytes_per_frame} bytes per frame, more than the file can hold",
        data.name()
    );
    Ok(())
}

fn time_axis(
    element: &Group,
    frames: usize,
    timestep: Option<f64>,
    notes: &mut Vec<String>,
) -> Result<(Vec<i64>, Option<Vec<f64>>)> {
    ensure!(frames <= 1 << 31, "position/value claims {frames} frames");
    let steps = match element.dataset("step") {
        Ok(data) if data.is_scalar() => {
            let every: i64 = data.read_scalar().map_err(readable)?;
            let offset = number_attribute(&data, "offset").unwrap_or(0.0) as i64;
            (0..frames as i64)
                .map(|k| offset + k * every.max(1))
                .collect()
        }
        Ok(data) => {
            check_claim(&data, data.size() as u64 * 8)?;
            data.read_raw::<i64>().map_err(readable)?
        }
        Err(_) => (0..frames as i64).collect(),
    };
    let times = match element.dataset("time") {
        Ok(data) => {
            let factor = match text_attribute(&data, "unit") {
                Some(unit) => {
                    time_unit(&unit).with_context(|| format!("unknown time unit \"{unit}\""))?
                }
                None => {
                    notes.push("position/time has no unit: ps assumed".to_string());
                    1.0
                }
            };
            if data.is_scalar() {
                let every: f64 = data.read_scalar().map_err(readable)?;
                let offset = number_attribute(&data, "offset").unwrap_or(0.0);
                Some(
                    (0..frames)
                        .map(|k| (offset + k as f64 * every) * factor)
                        .collect(),
                )
            } else {
                check_claim(&data, data.size() as u64 * 8)?;
                let values: Vec<f64> = data.read_raw().map_err(readable)?;
                Some(values.into_iter().map(|t| t * factor).collect())
            }
        }
        Err(_) => timestep.map(|dt| steps.iter().map(|s| *s as f64 * dt).collect()),
    };
    Ok((steps, times))
}

/// A time-dependent element's values, if the group has them.
fn optional_value(group: &Group, name: &str) -> Option<Dataset> {
    group.dataset(&format!("{name}/value")).ok()
}

fn length_factor(position: &Dataset, notes: &mut Vec<String>) -> Result<f64> {
    match text_attribute(position, "unit") {
        Some(unit) => length_unit(&unit).with_context(|| format!("unknown length unit \"{unit}\"")),
        None => {
            notes.push("positions have no unit: angstrom assumed".to_string());
            Ok(1.0)
        }
    }
}

fn length_unit(name: &str) -> Option<f64> {
    Some(match name.trim() {
        "Angstrom" | "angstrom" | "A" | "\u{c5}" | "\u{212b}" => 1.0,
        "nm" | "nanometer" => 10.0,
        "pm" => 0.01,
        "um" => 1.0e4,
        "m" => 1.0e10,
        "bohr" | "Bohr" | "a0" => 0.529_177_210_903,
        _ => return None,
    })
}

fn time_unit(name: &str) -> Option<f64> {
    Some(match name.trim() {
        "ps" | "picosecond" => 1.0,
        "fs" | "femtosecond" => 1.0e-3,
        "ns" => 1.0e3,
        "us" => 1.0e6,
        "s" => 1.0e12,
        _ => return None,
    })
}

fn edges(group: &Group, notes: &mut Vec<String>) -> Result<Edges> {
    let Ok(cell_group) = group.group("box") else {
        notes.push("no box: positions are taken as unwrapped".to_string());
        return Ok(Edges::None);
    };
    let mut periodic = [true; 3];
    if let Ok(attribute) = cell_group.attr("boundary") {
        for (flag, word) in periodic.iter_mut().zip(strings(&attribute)) {
            *flag = word.trim() == "periodic";
        }
    }
    if let Ok(data) = cell_group.dataset("edges/value") {
        let vectors = match data.ndim() {
            2 => false,
            3 => true,
            n => bail!("box/edges/value has {n} axes instead of 2 or 3"),
        };
        check_claim(&data, 72)?;
        return Ok(Edges::PerFrame {
            data,
            periodic,
            vectors,
        });
    }
    match cell_group.dataset("edges") {
        Ok(data) => {
            ensure!(data.size() <= 9, "box/edges has {} values", data.size());
            let values: Vec<f64> = data.read_raw().map_err(readable)?;
            let factor = text_attribute(&data, "unit")
                .as_deref()
                .and_then(length_unit);
            let cell = cell_from(&values, factor.unwrap_or(1.0), periodic)?;
            Ok(Edges::Fixed(cell))
        }
        Err(_) if periodic == [true; 3] => bail!("box has no edges"),
        Err(_) => Ok(Edges::None),
    }
}

/// Where the cell begins, in the file's unit; argyro writes it beside the edges.
fn origin(group: &Group) -> [f64; 3] {
    let attribute = group.group("box").and_then(|b| b.attr("origin"));
    let values = attribute
        .and_then(|a| a.read_raw::<f64>())
        .unwrap_or_default();
    values.try_into().unwrap_or([0.0; 3])
}

fn cell_from(values: &[f64], factor: f64, periodic: [bool; 3]) -> Result<Cell> {
    let v: Vec<f64> = values.iter().map(|x| x * factor).collect();
    match v[..] {
        [a, b, c] => Cell::orthogonal([a, b, c], periodic),
        [a, b, c, d, e, f, g, h, i] => Cell::new([[a, b, c], [d, e, f], [g, h, i]], periodic),
        _ => bail!(
            "box/edges has {} values per frame instead of 3 or 9",
            v.len()
        ),
    }
}

/// Row `row` of a two-dimensional data set.
fn row_of<T: hdf5::H5Type>(data: &Dataset, row: usize) -> Result<Vec<T>> {
    let values = data.read_slice_1d::<T, _>((row, ..)).map_err(readable)?;
    Ok(values.into_raw_vec_and_offset().0)
}

/// Plane `row` of a three-dimensional data set, row by row.
fn matrix_of<T: hdf5::H5Type>(data: &Dataset, row: usize) -> Result<Vec<T>> {
    let values = data
        .read_slice_2d::<T, _>((row, .., ..))
        .map_err(readable)
        .with_context(|| format!("{} at frame {row}", data.name()))?;
    Ok(values.into_raw_vec_and_offset().0)
}

fn fill(target: &mut [[f64; 3]], values: &[f64], d: usize, factor: f64) -> Result<()> {
    ensure!(
        values.len() == target.len() * d,
        "a data set changes its shape"
    );
    for (out, row) in target.iter_mut().zip(values.chunks(d)) {
        for (o, v) in out.iter_mut().zip(row) {
            *o = v * factor;
        }
    }
    Ok(())
}

/// Puts atoms written in the order `now` into the order `reference`.
fn reorder(frame: &mut Frame, now: &[i64], reference: &[i64]) -> Result<()> {
    if now == reference {
        return Ok(());
    }
    let place: std::collections::HashMap<i64, usize> = reference
        .iter()
        .enumerate()
        .map(|(i, id)| (*id, i))
        .collect();
    let old = frame.clone();
    for (row, id) in now.iter().enumerate() {
        let to = *place
            .get(id)
            .with_context(|| format!("atom {id} is not in the first frame"))?;
        frame.position[to] = old.position[row];
        if let Some(image) = old.image.get(row) {
            frame.image[to] = *image;
        }
        if let Some(velocity) = old.velocity.get(row) {
            frame.velocity[to] = *velocity;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
