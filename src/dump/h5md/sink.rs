//! The HDF5 file of an H5MD trajectory: the only place of the engine that calls the HDF5 library.
//!
//! Order of writes that makes a killed run leave a readable file: everything is created and flushed
//! before the first frame; in a frame the values come first and are flushed, since a flush itself has no
//! order; then the step number, the commit marker with fill value -1, and a second flush. Readers take the
//! longest prefix of increasing steps.

use crate::error::{Error, Result};
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type};
use ndarray::{ArrayView1, ArrayView2, ArrayView3};
use std::str::FromStr;

/// An open trajectory file.
pub struct Sink {
    file: File,
    path: String,
}

/// A time-dependent element: `value` with its `step` and `time`.
pub struct Element {
    value: Dataset,
    step: Dataset,
    time: Dataset,
}

fn failed(path: &str, e: &hdf5::Error) -> Error {
    Error::run(format!("Cannot write trajectory {path}: {e}"))
}

impl Sink {
    /// Makes a new file, replacing an old one.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &str) -> Result<Self> {
        let file = File::create(path)
            .map_err(|e| Error::input(format!("Cannot open dump file {path}: {e}")))?;
        Ok(Self {
            file,
            path: path.into(),
        })
    }

    /// Opens an existing file to go on with it.
    ///
    /// # Errors
    /// It cannot be opened or is no HDF5 file.
    pub fn append(path: &str) -> Result<Self> {
        let file = File::open_rw(path).map_err(|e| {
            Error::input(format!("Cannot append to trajectory {path}: {e}"))
                .help("a file that another program holds open is locked")
        })?;
        Ok(Self {
            file,
            path: path.into(),
        })
    }

    fn check<T>(&self, r: hdf5::Result<T>) -> Result<T> {
        r.map_err(|e| failed(&self.path, &e))
    }

    /// The group at `name`, made with its parents if it does not exist.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn group(&self, name: &str) -> Result<Group> {
        let mut group = self.check(self.file.as_group())?;
        for part in name.split('/').filter(|p| !p.is_empty()) {
            group = if group.link_exists(part) {
                self.check(group.group(part))?
            } else {
                self.check(group.create_group(part))?
            };
        }
        Ok(group)
    }

    /// A text attribute of a group; variable-length UTF-8, which MDAnalysis insists on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn text(&self, at: &hdf5::Location, name: &str, value: &str) -> Result<()> {
        let text = VarLenUnicode::from_str(&value.replace('\0', " ")).unwrap_or_default();
        let attribute = self.check(at.new_attr::<VarLenUnicode>().create(name))?;
        self.check(attribute.write_scalar(&text))
    }

    /// An attribute with several texts.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn texts(&self, at: &hdf5::Location, name: &str, values: &[&str]) -> Result<()> {
        let texts: Vec<VarLenUnicode> = values
            .iter()
            .map(|v| VarLenUnicode::from_str(v).unwrap_or_default())
            .collect();
        let attribute = self.check(
            at.new_attr::<VarLenUnicode>()
                .shape(values.len())
                .create(name),
        )?;
        self.check(attribute.write_raw(&texts))
    }

    /// An attribute with numbers; a single one is written as a scalar.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn numbers<T: H5Type>(&self, at: &hdf5::Location, name: &str, values: &[T]) -> Result<()> {
        if let [one] = values {
            let attribute = self.check(at.new_attr::<T>().create(name))?;
            return self.check(attribute.write_scalar(one));
        }
        let attribute = self.check(at.new_attr::<T>().shape(values.len()).create(name))?;
        self.check(attribute.write_raw(values))
    }

    /// A fixed one-dimensional data set.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn fixed<T: H5Type>(&self, group: &Group, name: &str, values: &[T]) -> Result<Dataset> {
        let data = self.check(group.new_dataset::<T>().shape(values.len()).create(name))?;
        self.check(data.write_raw(values))?;
        Ok(data)
    }

    /// A time-dependent element of `shape` per frame (none, or rows and columns), with units where there are any.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn element<T: H5Type>(
        &self,
        group: &Group,
        name: &str,
        shape: &[usize],
        unit: Option<&str>,
        time_unit: Option<&str>,
    ) -> Result<Element> {
        let g = self.check(group.create_group(name))?;
        let builder = g.new_dataset::<T>();
        let value = match shape {
            [] => builder.chunk(1024).shape(0..).create("value"),
            [n, c, ..] => builder
                .chunk((1, (*n).max(1), *c))
                .shuffle()
                .deflate(4)
                .shape((0.., *n, *c))
                .create("value"),
            [n] => builder
                .chunk((1, (*n).max(1)))
                .shuffle()
                .deflate(4)
                .shape((0.., *n))
                .create("value"),
        };
        let value = self.check(value)?;
        let time = self.check(g.new_dataset::<f64>().chunk(1024).shape(0..).create("time"))?;
        let step = self.check(
            g.new_dataset::<i64>()
                .chunk(1024)
                .fill_value(-1i64)
                .shape(0..)
                .create("step"),
        )?;
        if let Some(u) = unit {
            self.text(&value, "unit", u)?;
        }
        if let Some(u) = time_unit {
            self.text(&time, "unit", u)?;
        }
        Ok(Element { value, step, time })
    }

    /// An element of an existing file.
    ///
    /// # Errors
    /// It does not exist.
    pub fn existing(&self, group: &Group, name: &str) -> Result<Element> {
        let g = self.check(group.group(name))?;
        Ok(Element {
            value: self.check(g.dataset("value"))?,
            step: self.check(g.dataset("step"))?,
            time: self.check(g.dataset("time"))?,
        })
    }

    /// Writes the values of frame `frame` (not yet committed).
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put<T: H5Type>(&self, e: &Element, frame: usize, values: &[T]) -> Result<()> {
        let mut shape = e.value.shape();
        let Some(frames) = shape.first_mut() else {
            return Ok(());
        };
        *frames = frame + 1;
        self.check(e.value.resize(shape.clone()))?;
        let wrong = |x: ndarray::ShapeError| {
            Error::run(format!("frame of another size in {}: {x}", self.path))
        };
        let range = frame..frame + 1;
        match *shape.as_slice() {
            [_] => self.check(e.value.write_slice(ArrayView1::from(values), range)),
            [_, n] => self.check(e.value.write_slice(
                ArrayView2::from_shape((1, n), values).map_err(wrong)?,
                (range, ..),
            )),
            [_, n, c] => self.check(e.value.write_slice(
                ArrayView3::from_shape((1, n, c), values).map_err(wrong)?,
                (range, .., ..),
            )),
            _ => Err(Error::run(format!(
                "data set of unexpected rank in {}",
                self.path
            ))),
        }
    }

    /// Writes the time of frame `frame` of an element.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_time(&self, e: &Element, frame: usize, time: f64) -> Result<()> {
        self.check(e.time.resize(frame + 1))?;
        let range = frame..frame + 1;
        self.check(e.time.write_slice(ArrayView1::from(&[time]), range))
    }

    /// Commits frame `frame` of an element, whose values and time have been flushed, by its step.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn commit(&self, e: &Element, frame: usize, step: i64) -> Result<()> {
        self.check(e.step.resize(frame + 1))?;
        self.check(
            e.step
                .write_slice(ArrayView1::from(&[step]), frame..frame + 1),
        )
    }

    /// Number of committed frames of an element before step `before`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn committed(&self, e: &Element, before: i64) -> Result<usize> {
        let steps: Vec<i64> = self.check(e.step.read_raw())?;
        let mut last = -1;
        let valid = steps.iter().take_while(|&&s| {
            let ok = s > last && s < before;
            last = s;
            ok
        });
        let rows = e.value.shape().first().copied().unwrap_or(0);
        Ok(valid.count().min(rows).min(e.time.size()))
    }

    /// Drops all frames of an element from `frames` on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn truncate(&self, e: &Element, frames: usize) -> Result<()> {
        let mut shape = e.value.shape();
        if let Some(n) = shape.first_mut() {
            *n = frames;
        }
        self.check(e.step.resize(frames))?;
        self.check(e.time.resize(frames))?;
        self.check(e.value.resize(shape))
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&self) -> Result<()> {
        self.check(self.file.flush())
    }
}
