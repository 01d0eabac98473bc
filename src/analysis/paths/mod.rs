//! From frames to the continuous paths of the mobile atoms: selection, unwrapping, drift removal,
//! time axis.
//!
//! Only the mobile atoms are kept over time; of all others one frame is held, for the drift and for
//! the check that the framework stays in place.

mod clock;
mod unwrap;

use anyhow::{Result, bail, ensure};

use super::trajectory::{Cell, Frame, TrajectoryReader};
use crate::elements;
use clock::{Clock, Keep};
use unwrap::Unwrapper;

/// What is subtracted from the motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Drift {
    /// The centre of mass of all atoms that are not mobile.
    Framework,
    /// The centre of mass of all atoms.
    All,
    /// Nothing.
    None,
}

/// How to make paths from frames.
#[derive(Clone, Debug)]
pub struct PathOptions {
    /// Species whose atoms are mobile.
    pub species: String,
    /// Drift treatment.
    pub drift: Drift,
    /// Time at the start that is discarded, ps.
    pub skip: f64,
    /// Use every n-th frame.
    pub every: usize,
    /// Time between frames of the file in ps; overrides what the file says.
    pub frame_time: Option<f64>,
    /// Time of one MD step in ps, for files that number steps but tell no time.
    pub timestep: Option<f64>,
}

/// Continuous paths of the mobile atoms of one trajectory.
#[derive(Clone, Debug)]
pub struct MobilePaths {
    /// Positions, frame after frame, atom after atom, x y z (angstrom).
    pub position: Vec<f64>,
    /// Number of mobile atoms.
    pub n_atoms: usize,
    /// Number of frames.
    pub n_frames: usize,
    /// Time between frames, ps.
    pub dt: f64,
    /// Number of atoms in the file.
    pub n_total: usize,
    /// Counts of all species, in order of appearance.
    pub composition: Vec<(String, usize)>,
    /// Mean volume of the cell in angstrom^3, where there is one.
    pub volume: Option<f64>,
    /// The first cell.
    pub cell: Option<Cell>,
    /// Mean squared displacement of every framework species since the first frame (drift removed),
    /// averaged over the second and over the last quarter of the trajectory (angstrom^2).
    pub framework_msd: Vec<(String, [f64; 2])>,
    /// Distance that the reference of the drift moved from first to last frame, angstrom.
    pub drift_distance: f64,
    /// What was subtracted, in words.
    pub drift_text: String,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Reasons not to trust the paths.
    pub warnings: Vec<String>,
}

impl MobilePaths {
    /// Position of a mobile atom at a frame, angstrom.
    pub fn at(&self, frame: usize, atom: usize) -> [f64; 3] {
        let start = 3 * (frame * self.n_atoms + atom);
        [
            self.position[start],
            self.position[start + 1],
            self.position[start + 2],
        ]
    }

    /// |r(origin + lag) - r(origin)|^2 of one atom, angstrom^2.
    pub fn squared_displacement(&self, origin: usize, lag: usize, atom: usize) -> f64 {
        let (a, b) = (self.at(origin, atom), self.at(origin + lag, atom));
        (0..3).map(|k| (b[k] - a[k]) * (b[k] - a[k])).sum()
    }
}

/// Reads a whole trajectory.
///
/// # Errors
/// Species that are not in the file, frames that are not equally spaced in time, too few frames.
pub fn load(reader: &mut dyn TrajectoryReader, options: &PathOptions) -> Result<MobilePaths> {
    let selection = Selection::new(&reader.info().species, options)?;
    let mut frame = Frame::empty();
    let mut unwrapper = Unwrapper::default();
    let mut clock = Clock::new(options);
    let mut track = Track::default();
    while reader.read_frame(&mut frame)? {
        // Frames that are skipped are still followed: an atom may cross the cell in them.
        let keep = clock.accept(&frame)?;
        if keep == Keep::Duplicate {
            continue;
        }
        unwrapper.follow(&frame);
        if keep == Keep::Yes {
            track.add(&selection, &unwrapper.position, frame.cell.as_ref());
        }
    }
    let dt = clock.interval()?;
    let mut notes = reader.notes();
    notes.extend(clock.notes());
    notes.extend(unwrapper.notes());
    let n = track.frames;
    ensure!(
        track.position.iter().all(|x| x.is_finite()),
        "a position is not a finite number"
    );
    Ok(MobilePaths {
        n_atoms: selection.mobile.len(),
        n_frames: n,
        dt,
        n_total: reader.info().species.len(),
        composition: selection.composition.clone(),
        volume: (track.cells == n).then(|| track.volume / n as f64),
        cell: unwrapper.first_cell,
        framework_msd: track.framework_quarters(&selection),
        drift_distance: track.drift_distance,
        drift_text: selection.drift_text.clone(),
        notes,
        warnings: unwrapper.warnings(),
        position: track.position,
    })
}

/// Which atoms are mobile and which define the drift.
struct Selection {
    mobile: Vec<usize>,
    /// Atoms and masses of the reference; masses are 1 where an element is unknown.
    reference: Vec<(usize, f64)>,
    /// Atoms that are not mobile, by species.
    framework: Vec<(String, Vec<usize>)>,
    composition: Vec<(String, usize)>,
    drift_text: String,
}

impl Selection {
    fn new(species: &[String], options: &PathOptions) -> Result<Self> {
        let mut composition: Vec<(String, usize)> = Vec::new();
        for name in species {
            match composition.iter_mut().find(|(n, _)| n == name) {
                Some((_, count)) => *count += 1,
                None => composition.push((name.clone(), 1)),
            }
        }
        let is_mobile = |i: &usize| species[*i] == options.species;
        let (mobile, framework): (Vec<usize>, Vec<usize>) = (0..species.len()).partition(is_mobile);
        if mobile.is_empty() {
            let present: Vec<String> = composition
                .iter()
                .map(|(n, c)| format!("{n} ({c})"))
                .collect();
            let numeric = composition.iter().all(|(n, _)| n.parse::<i64>().is_ok());
            bail!(
                "no atom of species {}; the file has: {}{}",
                options.species,
                present.join(", "),
                if numeric {
                    ". Name the types with --type-map Li,P,S,Cl"
                } else {
                    ". Choose with --species"
                }
            );
        }
        let by_species = composition
            .iter()
            .filter(|(name, _)| *name != options.species)
            .map(|(name, _)| {
                let own = framework.iter().copied().filter(|i| species[*i] == *name);
                (name.clone(), own.collect())
            })
            .collect();
        let chosen: Vec<usize> = match options.drift {
            Drift::Framework => framework.clone(),
            Drift::All => (0..species.len()).collect(),
            Drift::None => Vec::new(),
        };
        let masses: Option<Vec<f64>> = chosen
            .iter()
            .map(|i| elements::mass(&species[*i]))
            .collect();
        let weighted = masses.is_some();
        let masses = masses.unwrap_or_else(|| vec![1.0; chosen.len()]);
        let centre = if weighted {
            "centre of mass"
        } else {
            "mean position (masses unknown)"
        };
        let drift_text = match options.drift {
            Drift::None => "none removed".to_string(),
            Drift::Framework if chosen.is_empty() => {
                "none removed (the file has no framework atoms)".to_string()
            }
            Drift::Framework => format!("{centre} of the {} framework atoms removed", chosen.len()),
            Drift::All => format!("{centre} of all {} atoms removed", chosen.len()),
        };
        Ok(Self {
            mobile,
            reference: chosen.into_iter().zip(masses).collect(),
            framework: by_species,
            composition,
            drift_text,
        })
    }
}

/// What is kept over time.
#[derive(Default)]
struct Track {
    frames: usize,
    position: Vec<f64>,
    /// Framework MSD since the first frame, by species.
    framework: Vec<Vec<f64>>,
    volume: f64,
    cells: usize,
    start: Vec<[f64; 3]>,
    drift_distance: f64,
}

impl Track {
    /// MSD of every framework species, averaged over the second and the last quarter.
    fn framework_quarters(&self, selection: &Selection) -> Vec<(String, [f64; 2])> {
        let n = self.frames;
        if n < 8 {
            return Vec::new();
        }
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let named = selection.framework.iter().zip(&self.framework);
        named
            .map(|((name, _), series)| {
                let quarters = [mean(&series[n / 4..n / 2]), mean(&series[3 * n / 4..n])];
                (name.clone(), quarters)
            })
            .collect()
    }

    fn add(&mut self, selection: &Selection, position: &[[f64; 3]], cell: Option<&Cell>) {
        if self.frames == 0 {
            self.start = position.to_vec();
        }
        let mut drift = [0.0; 3];
        let total: f64 = selection.reference.iter().map(|(_, m)| m).sum();
        for (atom, mass) in &selection.reference {
            for k in 0..3 {
                drift[k] += mass / total * (position[*atom][k] - self.start[*atom][k]);
            }
        }
        for atom in &selection.mobile {
            for k in 0..3 {
                self.position.push(position[*atom][k] - drift[k]);
            }
        }
        self.framework.resize(selection.framework.len(), Vec::new());
        for ((_, atoms), series) in selection.framework.iter().zip(&mut self.framework) {
            let moved = |atom: &usize| -> f64 {
                let (x, x0) = (position[*atom], self.start[*atom]);
                (0..3).map(|k| (x[k] - x0[k] - drift[k]).powi(2)).sum()
            };
            series.push(atoms.iter().map(moved).sum::<f64>() / atoms.len() as f64);
        }
        if let Some(cell) = cell {
            self.volume += cell.volume();
            self.cells += 1;
        }
        self.drift_distance = drift.iter().map(|x| x * x).sum::<f64>().sqrt();
        self.frames += 1;
    }
}

#[cfg(test)]
pub(crate) mod tests;
