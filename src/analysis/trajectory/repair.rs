//! Repair of a trajectory whose writer was killed: everything behind the last whole frame is cut
//! off.
//!
//! The work is done on a copy, which takes the place of the file when it reads well; the damaged
//! file stays beside it under the name with `.damaged`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{Frame, ReadOptions, open};

/// What the repair did.
#[derive(Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Whole frames in the file.
    pub frames: usize,
    /// Where the damaged file is now; `None` when nothing had to be done.
    pub damaged: Option<PathBuf>,
}

/// Repairs a trajectory.
///
/// # Errors
/// A file that cannot be read even up to its first frame, or cannot be written beside.
pub fn repair(path: &Path) -> Result<Repaired> {
    let (frames, whole_bytes, cut) = survey(path)?;
    if !cut {
        return Ok(Repaired {
            frames,
            damaged: None,
        });
    }
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".argyro-")
        .tempdir_in(folder)?;
    let copy = temporary.path().join("copy");
    fs::copy(path, &copy).context("copying the file")?;
    match whole_bytes {
        Some(bytes) => {
            let file = fs::OpenOptions::new().write(true).open(&copy)?;
            file.set_len(bytes)?;
            file.sync_all()?;
        }
        None => cut_h5md(&copy)?,
    }
    let (after, _, still_cut) = survey(&copy).context("reading the repaired copy")?;
    ensure!(
        after == frames && !still_cut,
        "the repaired copy has {after} frames instead of {frames}; the file was left as it is"
    );
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    let damaged = PathBuf::from(name);
    ensure!(
        !damaged.exists(),
        "{} exists already; move it away first",
        damaged.display()
    );
    fs::rename(path, &damaged)?;
    fs::rename(&copy, path)?;
    Ok(Repaired {
        frames,
        damaged: Some(damaged),
    })
}

/// Whole frames, bytes up to their end (text files), and whether anything follows.
fn survey(path: &Path) -> Result<(usize, Option<u64>, bool)> {
    let mut reader = open(path, &ReadOptions::default())?;
    let mut frame = Frame::empty();
    let mut frames = 0;
    while reader.read_frame(&mut frame)? {
        frames += 1;
    }
    let format = reader.info().format;
    if format == "H5MD" {
        let cut = reader.notes().iter().any(|n| n.contains("are not whole"));
        return Ok((frames, None, cut));
    }
    let Some(bytes) = reader.whole_bytes() else {
        let cut = reader.notes().iter().any(|n| n.contains("cut off"));
        if cut {
            bail!(
                "a compressed file cannot be cut; `argyro convert` writes its {frames} whole \
                 frames to a new file"
            );
        }
        return Ok((frames, None, false));
    };
    Ok((frames, Some(bytes), bytes < fs::metadata(path)?.len()))
}

#[cfg(not(feature = "hdf5"))]
fn cut_h5md(_: &Path) -> Result<()> {
    bail!("this argyro was built without HDF5")
}

/// Cuts every time-dependent element to the steps that all elements of its particle group have;
/// observables to the last of these steps.
#[cfg(feature = "hdf5")]
fn cut_h5md(path: &Path) -> Result<()> {
    let file = hdf5::File::open_rw(path).map_err(failed)?;
    let mut last = i64::MAX;
    let mut elements = Vec::new();
    for name in ["particles", "observables"] {
        if let Ok(group) = file.group(name) {
            collect(&group, &mut elements, 0)?;
        }
    }
    for element in elements.iter().filter(|e| e.name.starts_with("/particles")) {
        last = last.min(element.last_step());
    }
    for element in &elements {
        element.cut(last)?;
    }
    file.flush().map_err(failed)?;
    file.close().map_err(failed)
}

#[cfg(feature = "hdf5")]
#[allow(clippy::needless_pass_by_value)] // the form that map_err wants
fn failed(e: hdf5::Error) -> anyhow::Error {
    anyhow::anyhow!("HDF5: {e}")
}

/// A time-dependent element of the file.
#[cfg(feature = "hdf5")]
struct Element {
    name: String,
    value: hdf5::Dataset,
    step: hdf5::Dataset,
    time: Option<hdf5::Dataset>,
    steps: Vec<i64>,
}

#[cfg(feature = "hdf5")]
impl Element {
    fn last_step(&self) -> i64 {
        let rows = self.value.shape().first().copied().unwrap_or(0);
        let times = self.time.as_ref().map_or(rows, |t| t.size());
        let n = super::h5md::valid_prefix(&self.steps).min(rows).min(times);
        if n == 0 { -1 } else { self.steps[n - 1] }
    }

    /// Keeps the entries up to the step `last`.
    fn cut(&self, last: i64) -> Result<()> {
        let valid = super::h5md::valid_prefix(&self.steps);
        let n = self.steps[..valid]
            .iter()
            .take_while(|s| **s <= last)
            .count();
        for data in [Some(&self.step), self.time.as_ref(), Some(&self.value)]
            .into_iter()
            .flatten()
        {
            let mut shape = data.shape();
            let Some(rows) = shape.first_mut().filter(|rows| **rows > n) else {
                continue;
            };
            *rows = n;
            data.resize(shape).map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(feature = "hdf5")]
fn collect(group: &hdf5::Group, out: &mut Vec<Element>, depth: usize) -> Result<()> {
    // particles/all/box/edges is the deepest that H5MD knows.
    if depth > 4 {
        return Ok(());
    }
    for member in group.groups().map_err(failed)? {
        let (value, step) = (member.dataset("value"), member.dataset("step"));
        match (value, step) {
            (Ok(value), Ok(step)) if step.ndim() == 1 => out.push(Element {
                name: member.name(),
                steps: step.read_raw().map_err(failed)?,
                time: member.dataset("time").ok().filter(|t| t.ndim() == 1),
                value,
                step,
            }),
            _ => collect(&member, out, depth + 1)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::write::{Atoms, Format, create};
    use super::super::{Cell, Coordinates};
    use super::*;

    fn file(folder: &Path, name: &str, format: Format) -> PathBuf {
        let path = folder.join(name);
        let species = vec!["Li".to_string(), "S".to_string()];
        let atoms = Atoms::new(&species, None, None);
        let mut writer = create(&path, format, false).unwrap();
        for k in 0..5 {
            let mut frame = Frame::empty();
            frame.step = Some(10 * k);
            frame.time = Some(0.1 * k as f64);
            frame.cell = Some(Cell::orthogonal([10.0; 3], [true; 3]).unwrap());
            frame.position = vec![[k as f64, 1.0, 2.0], [5.0, 5.0, 5.0]];
            frame.image = vec![[0; 3]; 2];
            frame.coordinates = Coordinates::WithImages;
            writer.write_frame(&frame, &atoms).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    #[test]
    fn text_files_are_cut_behind_the_last_whole_frame() {
        for format in [Format::Lammps, Format::Extxyz] {
            let folder = tempfile::tempdir().unwrap();
            let path = file(folder.path(), "t", format);
            let whole = fs::read(&path).unwrap();
            assert_eq!(
                repair(&path).unwrap(),
                Repaired {
                    frames: 5,
                    damaged: None
                }
            );
            fs::write(&path, &whole[..whole.len() - 3]).unwrap();
            let done = repair(&path).unwrap();
            assert_eq!(done.frames, 4);
            assert!(done.damaged.unwrap().exists());
            let repaired = fs::read(&path).unwrap();
            assert_eq!(repaired, whole[..repaired.len()]);
            assert_eq!(
                repair(&path).unwrap(),
                Repaired {
                    frames: 4,
                    damaged: None
                }
            );
        }
    }

    #[cfg(feature = "hdf5")]
    #[test]
    fn h5md_elements_are_cut_to_the_committed_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "t.h5", Format::H5md);
        assert_eq!(
            repair(&path).unwrap(),
            Repaired {
                frames: 5,
                damaged: None
            }
        );
        let open = hdf5::File::open_rw(&path).unwrap();
        // Killed within the fourth frame: values of some elements are longer than the steps.
        let group = open.group("particles/all").unwrap();
        group
            .dataset("position/step")
            .unwrap()
            .write_raw(&[0_i64, 10, 20, -1, -1])
            .unwrap();
        group
            .dataset("image/value")
            .unwrap()
            .resize((4, 2, 3))
            .unwrap();
        open.close().unwrap();
        let done = repair(&path).unwrap();
        assert_eq!(done.frames, 3);
        let open = hdf5::File::open(&path).unwrap();
        for name in ["position", "image", "box/edges"] {
            for part in ["value", "step", "time"] {
                let data = open
                    .dataset(&format!("particles/all/{name}/{part}"))
                    .unwrap();
                assert_eq!(data.shape()[0], 3, "{name}/{part}");
            }
        }
    }

    #[test]
    fn files_beyond_repair_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "t", Format::Lammps);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..100]).unwrap();
        assert!(repair(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), whole[..100]);
    }
}
