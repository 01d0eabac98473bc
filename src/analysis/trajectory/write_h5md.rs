//! H5MD 1.1 as argyro's own dump writes it, for conversion.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Result, anyhow, ensure};
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Location};

use super::write::{Atoms, TrajectoryWriter};
use super::{Coordinates, Frame};
use crate::elements;

/// An H5MD file being written.
pub struct H5mdWriter {
    file: File,
    series: Option<Series>,
    frames: usize,
}

/// The time-dependent data sets.
struct Series {
    position: Element,
    image: Option<Element>,
    velocity: Option<Element>,
    edges: Option<Element>,
    coordinates: Coordinates,
}

struct Element {
    value: Dataset,
    step: Dataset,
    time: Dataset,
}

#[allow(clippy::needless_pass_by_value)] // the form that map_err wants
fn failed(e: hdf5::Error) -> anyhow::Error {
    anyhow!("HDF5: {e}")
}

fn text(at: &Location, name: &str, value: &str) -> Result<()> {
    let value = VarLenUnicode::from_str(value).map_err(|e| anyhow!("{name}: {e}"))?;
    let attribute = at
        .new_attr::<VarLenUnicode>()
        .create(name)
        .map_err(failed)?;
    attribute.write_scalar(&value).map_err(failed)
}

fn texts(at: &Location, name: &str, values: &[&str]) -> Result<()> {
    let values: Vec<VarLenUnicode> = values
        .iter()
        .map(|v| VarLenUnicode::from_str(v).map_err(|e| anyhow!("{name}: {e}")))
        .collect::<Result<_>>()?;
    let attribute = at
        .new_attr::<VarLenUnicode>()
        .shape(values.len())
        .create(name);
    attribute.and_then(|a| a.write_raw(&values)).map_err(failed)
}

impl Element {
    fn create<T: H5Type>(
        group: &Group,
        name: &str,
        rows: usize,
        unit: Option<&str>,
    ) -> Result<Self> {
        let group = group.create_group(name).map_err(failed)?;
        let value = group
            .new_dataset::<T>()
            .chunk((1, rows.max(1), 3))
            .shuffle()
            .deflate(4)
            .shape((0.., rows, 3))
            .create("value")
            .map_err(failed)?;
        let step = group
            .new_dataset::<i64>()
            .chunk(1024)
            .fill_value(-1_i64)
            .shape(0..);
        let step = step.create("step").map_err(failed)?;
        let time = group.new_dataset::<f64>().chunk(1024).shape(0..);
        let time = time.create("time").map_err(failed)?;
        if let Some(unit) = unit {
            text(&value, "unit", unit)?;
        }
        text(&time, "unit", "ps")?;
        Ok(Self { value, step, time })
    }

    fn append<T: H5Type + Copy>(
        &self,
        at: usize,
        step: i64,
        time: f64,
        values: &[[T; 3]],
    ) -> Result<()> {
        let flat: Vec<T> = values.iter().flatten().copied().collect();
        self.value
            .resize((at + 1, values.len(), 3))
            .map_err(failed)?;
        let plane = ndarray::ArrayView2::from_shape((values.len(), 3), &flat)?;
        self.value
            .write_slice(plane, (at, .., ..))
            .map_err(failed)?;
        self.time.resize(at + 1).map_err(failed)?;
        let one = |x| ndarray::ArrayView1::from(x);
        self.time
            .write_slice(one(&[time]), at..at + 1)
            .map_err(failed)?;
        self.step.resize(at + 1).map_err(failed)?;
        let steps = ndarray::Array1::from_vec(vec![step]);
        self.step.write_slice(&steps, at..at + 1).map_err(failed)
    }
}

impl H5mdWriter {
    /// Makes the file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(failed)?;
        let h5md = file.create_group("h5md").map_err(failed)?;
        let version = h5md
            .new_attr::<i32>()
            .shape(2)
            .create("version")
            .map_err(failed)?;
        version.write_raw(&[1, 1]).map_err(failed)?;
        let author = h5md.create_group("author").map_err(failed)?;
        text(&author, "name", "argyro user")?;
        let creator = h5md.create_group("creator").map_err(failed)?;
        text(&creator, "name", "argyro convert")?;
        text(&creator, "version", env!("CARGO_PKG_VERSION"))?;
        Ok(Self {
            file,
            series: None,
            frames: 0,
        })
    }

    fn start(&self, frame: &Frame, atoms: &Atoms) -> Result<Series> {
        let particles = self.file.create_group("particles").map_err(failed)?;
        let all = particles.create_group("all").map_err(failed)?;
        let n = atoms.species.len();
        let cell = all.create_group("box").map_err(failed)?;
        let dimension = cell.new_attr::<i32>().create("dimension").map_err(failed)?;
        dimension.write_scalar(&3).map_err(failed)?;
        let periodic = frame.cell.map_or([false; 3], |c| c.periodic);
        texts(
            &cell,
            "boundary",
            &periodic.map(|p| if p { "periodic" } else { "none" }),
        )?;
        let origin = cell
            .new_attr::<f64>()
            .shape(3)
            .create("origin")
            .map_err(failed)?;
        origin.write_raw(&frame.origin).map_err(failed)?;
        let edges = match frame.cell {
            Some(_) => Some(Element::create::<f64>(&cell, "edges", 3, Some("Angstrom"))?),
            None => None,
        };
        let position = Element::create::<f64>(&all, "position", n, Some("Angstrom"))?;
        let image = match frame.image.len() == n {
            true => Some(Element::create::<i32>(&all, "image", n, None)?),
            false => None,
        };
        let velocity = match frame.velocity.len() == n {
            true => Some(Element::create::<f64>(
                &all,
                "velocity",
                n,
                Some("Angstrom ps-1"),
            )?),
            false => None,
        };
        let fixed = |name: &str, values: &[i64]| -> Result<()> {
            let data = all.new_dataset_builder().with_data(values).create(name);
            data.map(|_| ()).map_err(failed)
        };
        let types: Vec<i64> = atoms.types.iter().map(|t| *t as i64).collect();
        let numbers: Option<Vec<i64>> = atoms
            .species
            .iter()
            .map(|s| elements::atomic_number(s).map(|z| z as i64))
            .collect();
        fixed("id", &atoms.ids)?;
        fixed("type", &types)?;
        fixed("species", numbers.as_deref().unwrap_or(&types))?;
        let kinds: Vec<&str> = atoms.kinds.iter().map(String::as_str).collect();
        texts(&all, "type_names", &kinds)?;
        if let Some(t) = atoms.temperature {
            let parameters = self.file.create_group("parameters").map_err(failed)?;
            let own = parameters.create_group("argyro").map_err(failed)?;
            let attribute = own
                .new_attr::<f64>()
                .create("temperature")
                .map_err(failed)?;
            attribute.write_scalar(&t).map_err(failed)?;
        }
        Ok(Series {
            position,
            image,
            velocity,
            edges,
            coordinates: frame.coordinates,
        })
    }
}

impl TrajectoryWriter for H5mdWriter {
    fn write_frame(&mut self, frame: &Frame, atoms: &Atoms) -> Result<()> {
        let Some(time) = frame.time else {
            anyhow::bail!("H5MD needs times, which the source does not have: give --frame-time PS");
        };
        if self.series.is_none() {
            self.series = Some(self.start(frame, atoms)?);
        }
        let Some(series) = &self.series else {
            return Ok(());
        };
        ensure!(
            series.coordinates == frame.coordinates,
            "the meaning of the positions changes between frames"
        );
        let (at, step) = (self.frames, frame.step.unwrap_or(self.frames as i64));
        if let Some(edges) = &series.edges {
            let Some(cell) = &frame.cell else {
                anyhow::bail!("frame {} has no cell", at + 1);
            };
            edges.append(at, step, time, &cell.edges)?;
        }
        if let Some(image) = &series.image {
            image.append(at, step, time, &frame.image)?;
        }
        if let Some(velocity) = &series.velocity {
            velocity.append(at, step, time, &frame.velocity)?;
        }
        // Last, because its step is what readers take as the sign of a whole frame.
        series.position.append(at, step, time, &frame.position)?;
        self.frames += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        drop(self.series);
        self.file.flush().map_err(failed)?;
        self.file.close().map_err(failed)
    }
}
