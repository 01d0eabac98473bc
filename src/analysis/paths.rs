//! From frames to the continuous paths of the mobile atoms: selection, unwrapping, drift removal,
//! time axis.
//!
//! Only the mobile atoms are kept over time; of all others one frame is held, for the drift and for
//! the check that the framework stays in place.

use anyhow::{Context, Result, bail, ensure};

use super::trajectory::{Cell, Coordinates, Frame, TrajectoryReader};
use crate::elements;

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
    /// Mean squared displacement of the framework since the first frame (drift removed), averaged
    /// over the second and over the last quarter of the trajectory (angstrom^2).
    pub framework_msd: Option<[f64; 2]>,
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
    let quarter = |from: usize, to: usize| {
        let part = &track.framework[from..to];
        part.iter().sum::<f64>() / part.len() as f64
    };
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
        framework_msd: (n >= 8 && !track.framework.is_empty())
            .then(|| [quarter(n / 4, n / 2), quarter(3 * n / 4, n)]),
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
    framework: Vec<usize>,
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
            framework,
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
    framework: Vec<f64>,
    volume: f64,
    cells: usize,
    start: Vec<[f64; 3]>,
    drift_distance: f64,
}

impl Track {
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
        if !selection.framework.is_empty() {
            let moved = |atom: &usize| -> f64 {
                let (x, x0) = (position[*atom], self.start[*atom]);
                (0..3).map(|k| (x[k] - x0[k] - drift[k]).powi(2)).sum()
            };
            let sum: f64 = selection.framework.iter().map(moved).sum();
            self.framework.push(sum / selection.framework.len() as f64);
        }
        if let Some(cell) = cell {
            self.volume += cell.volume();
            self.cells += 1;
        }
        self.drift_distance = drift.iter().map(|x| x * x).sum::<f64>().sqrt();
        self.frames += 1;
    }
}

/// Follows every atom through the periodic images.
///
/// With images and a constant cell the position is exact at every frame. Where the cell changes,
/// displacements are added up frame by frame with the cell of the later frame, so that fluctuations
/// of the cell are not multiplied by the image number (von Buelow, Bullerjahn, Hummer, J. Chem.
/// Phys. 153, 021101 (2020)). Without images each displacement between frames is taken as its
/// minimum image.
#[derive(Default)]
struct Unwrapper {
    position: Vec<[f64; 3]>,
    previous: Vec<[f64; 3]>,
    previous_image: Vec<[i32; 3]>,
    first_cell: Option<Cell>,
    cell_changes: bool,
    guessed: bool,
    given_unwrapped: bool,
    largest_step: f64,
}

impl Unwrapper {
    fn follow(&mut self, frame: &Frame) {
        let n = frame.position.len();
        let first = self.position.len() != n;
        if first {
            self.first_cell = frame.cell;
        } else if let (Some(a), Some(b)) = (&self.first_cell, &frame.cell) {
            self.cell_changes |= !a.same_edges(b, 1.0e-9);
        }
        match (frame.coordinates, &frame.cell) {
            (Coordinates::Unwrapped, _) | (_, None) => {
                self.position.clone_from(&frame.position);
                self.given_unwrapped = true;
            }
            (Coordinates::WithImages, Some(cell)) if first || !self.cell_changes => {
                self.position.resize(n, [0.0; 3]);
                for i in 0..n {
                    let shift = cell.to_cartesian(frame.image[i].map(f64::from));
                    self.position[i] = add(frame.position[i], shift);
                }
            }
            (Coordinates::WithImages, Some(cell)) => {
                for i in 0..n {
                    let mut shift = [0.0; 3];
                    for k in 0..3 {
                        shift[k] =
                            f64::from(frame.image[i][k]) - f64::from(self.previous_image[i][k]);
                    }
                    let step = add(
                        subtract(frame.position[i], self.previous[i]),
                        cell.to_cartesian(shift),
                    );
                    self.position[i] = add(self.position[i], step);
                }
            }
            (Coordinates::Unknown, Some(cell)) => {
                self.guessed = true;
                if first {
                    self.position.clone_from(&frame.position);
                } else {
                    self.add_minimum_images(frame, cell);
                }
            }
        }
        self.previous.clone_from(&frame.position);
        self.previous_image.clone_from(&frame.image);
    }

    fn add_minimum_images(&mut self, frame: &Frame, cell: &Cell) {
        for i in 0..frame.position.len() {
            let mut s = cell.to_fractional(subtract(frame.position[i], self.previous[i]));
            for k in 0..3 {
                if cell.periodic[k] {
                    s[k] -= s[k].round();
                    self.largest_step = self.largest_step.max(s[k].abs());
                }
            }
            self.position[i] = add(self.position[i], cell.to_cartesian(s));
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.guessed {
            notes.push(format!(
                "no image numbers: unwrapped by the minimum image between frames (largest step \
                 {:.2} of the cell)",
                self.largest_step
            ));
        }
        if self.cell_changes {
            notes.push(if self.given_unwrapped {
                "the cell changes and the positions come unwrapped: cell fluctuations may be part \
                 of them"
                    .to_string()
            } else {
                "the cell changes: displacements are added up frame by frame".to_string()
            });
        }
        notes
    }

    fn warnings(&self) -> Vec<String> {
        if self.largest_step > 0.35 {
            vec![format!(
                "an atom moved {:.2} of the cell between two frames; beyond 0.5 the minimum image \
                 is wrong: write frames more often, or image numbers",
                self.largest_step
            )]
        } else {
            Vec::new()
        }
    }
}

fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn subtract(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    Skipped,
    /// A frame written a second time after a restart.
    Duplicate,
}

/// The time axis: which frames count, and that they are equally spaced.
struct Clock<'a> {
    options: &'a PathOptions,
    seen: usize,
    last_step: Option<i64>,
    start: Option<f64>,
    times: Vec<f64>,
    steps: Vec<i64>,
    without_time: bool,
    duplicates: usize,
    since_kept: usize,
}

impl<'a> Clock<'a> {
    fn new(options: &'a PathOptions) -> Self {
        Self {
            options,
            seen: 0,
            last_step: None,
            start: None,
            times: Vec::new(),
            steps: Vec::new(),
            without_time: false,
            duplicates: 0,
            since_kept: 0,
        }
    }

    fn accept(&mut self, frame: &Frame) -> Result<Keep> {
        if let (Some(now), Some(last)) = (frame.step, self.last_step) {
            if now <= last {
                self.duplicates += 1;
                return Ok(Keep::Duplicate);
            }
        }
        self.last_step = frame.step;
        let index = self.seen;
        self.seen += 1;
        let from_step = || Some(frame.step? as f64 * self.options.timestep?);
        let time = match self.options.frame_time {
            Some(dt) => Some(index as f64 * dt),
            None => frame.time.or_else(from_step),
        };
        let Some(time) = time else {
            self.without_time = true;
            bail!(
                "the file tells no time: give --frame-time PS (time between frames){}",
                if frame.step.is_some() {
                    " or --timestep PS (time of one MD step)"
                } else {
                    ""
                }
            );
        };
        let start = *self.start.get_or_insert(time);
        if time - start < self.options.skip * (1.0 - 1.0e-9) {
            return Ok(Keep::Skipped);
        }
        let keep = self.since_kept == 0;
        self.since_kept = (self.since_kept + 1) % self.options.every.max(1);
        if !keep {
            return Ok(Keep::Skipped);
        }
        self.times.push(time);
        self.steps.extend(frame.step);
        Ok(Keep::Yes)
    }

    /// Time between frames in ps.
    fn interval(&self) -> Result<f64> {
        let n = self.times.len();
        ensure!(
            n >= 4,
            "{n} frames are too few (of {} in the file, {} ps skipped)",
            self.seen,
            self.options.skip
        );
        check_even(&self.times, "ps")?;
        if self.options.frame_time.is_some() && self.steps.len() == n {
            let steps: Vec<f64> = self.steps.iter().map(|s| *s as f64).collect();
            check_even(&steps, "steps")?;
        }
        Ok((self.times[n - 1] - self.times[0]) / (n - 1) as f64)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.duplicates > 0 {
            notes.push(format!(
                "{} frames repeat an earlier step (after a restart) and were left out",
                self.duplicates
            ));
        }
        if self.options.frame_time.is_some() {
            notes.push("the time between frames is the one given by --frame-time".to_string());
        }
        notes
    }
}

fn check_even(times: &[f64], unit: &str) -> Result<()> {
    let n = times.len();
    let dt = (times[n - 1] - times[0]) / (n - 1) as f64;
    ensure!(dt > 0.0, "the time does not increase");
    let mut gaps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps[gaps.len() / 2];
    let odd = times
        .windows(2)
        .position(|w| ((w[1] - w[0]) - usual).abs() > 0.02 * usual);
    let Some(k) = odd else { return Ok(()) };
    Err(anyhow::anyhow!(
        "{} {unit} lie between frames {} and {}, elsewhere {usual}",
        times[k + 1] - times[k],
        k + 1,
        k + 2
    ))
    .context("the frames are not equally spaced in time (--skip PS leaves out the start)")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::trajectory::Info;
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};
    use rand_pcg::Pcg64;

    /// Brownian atoms with coefficient `d` (angstrom^2/ps) and white noise `sigma` on positions.
    pub(crate) fn brownian(
        atoms: usize,
        frames: usize,
        dt: f64,
        d: f64,
        sigma: f64,
        seed: u64,
    ) -> MobilePaths {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let step = (2.0 * d * dt).sqrt();
        let mut walk = vec![0.0; 3 * atoms];
        let mut position = Vec::with_capacity(3 * atoms * frames);
        for _ in 0..frames {
            for x in &mut walk {
                *x += step * normal();
                position.push(*x + sigma * normal());
            }
        }
        MobilePaths {
            position,
            n_atoms: atoms,
            n_frames: frames,
            dt,
            n_total: atoms,
            composition: vec![("Li".to_string(), atoms)],
            volume: Some(20.0 * atoms as f64),
            cell: None,
            framework_msd: None,
            drift_distance: 0.0,
            drift_text: "none removed".to_string(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Frames held in memory.
    struct Memory {
        info: Info,
        frames: std::vec::IntoIter<Frame>,
    }

    impl TrajectoryReader for Memory {
        fn info(&self) -> &Info {
            &self.info
        }
        fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
            Ok(self.frames.next().map(|f| *frame = f).is_some())
        }
        fn notes(&self) -> Vec<String> {
            Vec::new()
        }
    }

    fn options(drift: Drift) -> PathOptions {
        PathOptions {
            species: "Li".to_string(),
            drift,
            skip: 0.0,
            every: 1,
            frame_time: None,
            timestep: None,
        }
    }

    /// Two Li and two S atoms in a triclinic cell, drifting together; wrapped as asked.
    fn memory(coordinates: Coordinates, breathe: bool) -> (Memory, Vec<[f64; 3]>) {
        let mut rng = Pcg64::seed_from_u64(7);
        let mut truth = vec![
            [0.5, 0.5, 0.5],
            [9.0, 3.0, 2.0],
            [4.0, 4.0, 4.0],
            [1.0, 6.0, 7.0],
        ];
        let mut frames = Vec::new();
        let mut end = Vec::new();
        for t in 0..60 {
            let scale = if breathe {
                1.0 + 0.01 * (t % 3) as f64
            } else {
                1.0
            };
            let edges = [[10.0, 0.0, 0.0], [2.0, 9.0, 0.0], [-1.0, 1.0, 8.0]];
            let cell = Cell::new(edges.map(|e| e.map(|x| x * scale)), [true; 3]).unwrap();
            let mut frame = Frame::empty();
            frame.step = Some(10 * t);
            frame.time = Some(0.01 * t as f64);
            frame.cell = Some(cell);
            frame.coordinates = coordinates;
            for (i, x) in truth.iter_mut().enumerate() {
                for x in x.iter_mut() {
                    *x += 0.3
                        + if i < 2 {
                            rng.random_range(-1.0..1.0)
                        } else {
                            0.0
                        };
                }
                let s = cell.to_fractional(*x);
                let image = s.map(f64::floor);
                let wrapped = cell.to_cartesian([0, 1, 2].map(|k| s[k] - image[k]));
                if coordinates == Coordinates::Unwrapped {
                    frame.position.push(*x);
                } else {
                    frame.position.push(wrapped);
                }
                if coordinates == Coordinates::WithImages {
                    frame.image.push(image.map(|n| n as i32));
                }
            }
            end = truth.clone();
            frames.push(frame);
        }
        let species = ["Li", "Li", "S", "S"].map(str::to_string).to_vec();
        let info = Info {
            format: "memory",
            species,
            ids: None,
            temperature: None,
            provenance: serde_json::Map::new(),
        };
        let frames = frames.into_iter();
        (Memory { info, frames }, end)
    }

    #[test]
    fn wrapped_imaged_and_unwrapped_frames_give_the_same_paths() {
        for breathe in [false, true] {
            let (mut reader, _) = memory(Coordinates::Unwrapped, breathe);
            let truth = load(&mut reader, &options(Drift::None)).unwrap();
            for kind in [Coordinates::WithImages, Coordinates::Unknown] {
                let (mut reader, _) = memory(kind, breathe);
                let paths = load(&mut reader, &options(Drift::None)).unwrap();
                for lag in [1, 7, 59] {
                    let (a, b) = (
                        truth.squared_displacement(0, lag, 1).sqrt(),
                        paths.squared_displacement(0, lag, 1).sqrt(),
                    );
                    // A breathing cell makes wrapped positions ambiguous by a part of the strain.
                    let tolerance = if breathe { 0.5 } else { 1e-9 };
                    assert!((a - b).abs() < tolerance, "{kind:?} {lag}: {a} {b}");
                }
                assert_eq!(
                    paths.notes.iter().any(|n| n.contains("cell changes")),
                    breathe
                );
            }
        }
    }

    #[test]
    fn drift_of_the_framework_is_removed() {
        let (mut reader, _) = memory(Coordinates::WithImages, false);
        let raw = load(&mut reader, &options(Drift::None)).unwrap();
        let (mut reader, _) = memory(Coordinates::WithImages, false);
        let paths = load(&mut reader, &options(Drift::Framework)).unwrap();
        for k in 0..3 {
            let moved = |p: &MobilePaths| p.at(59, 0)[k] - p.at(0, 0)[k];
            assert!((moved(&raw) - moved(&paths) - 59.0 * 0.3).abs() < 1e-9);
        }
        assert!((paths.drift_distance - 59.0 * 0.3 * 3.0_f64.sqrt()).abs() < 1e-9);
        assert!(paths.framework_msd.unwrap()[1] < 1e-18);
        assert!(paths.drift_text.contains("2 framework atoms"));
    }

    #[test]
    fn time_axis_rules() {
        let load_with = |change: &dyn Fn(&mut Vec<Frame>), options: &PathOptions| {
            let (reader, _) = memory(Coordinates::WithImages, false);
            let mut frames: Vec<Frame> = reader.frames.collect();
            change(&mut frames);
            let info = reader.info;
            load(
                &mut Memory {
                    info,
                    frames: frames.into_iter(),
                },
                options,
            )
        };
        let base = options(Drift::None);
        let paths = load_with(
            &|_| {},
            &PathOptions {
                skip: 0.1,
                every: 5,
                ..base.clone()
            },
        );
        let paths = paths.unwrap();
        assert_eq!(paths.n_frames, 10);
        assert!((paths.dt - 0.05).abs() < 1e-12);
        let twice = |frames: &mut Vec<Frame>| {
            let again: Vec<Frame> = frames[20..25].to_vec();
            frames.splice(25..25, again);
        };
        let paths = load_with(&twice, &base).unwrap();
        assert_eq!(paths.n_frames, 60);
        assert!(paths.notes[0].contains("5 frames repeat"));
        let gap = |frames: &mut Vec<Frame>| drop(frames.remove(30));
        let error = format!("{:#}", load_with(&gap, &base).unwrap_err());
        assert!(error.contains("not equally spaced") && error.contains("frames 30 and 31"));
        let timeless = |frames: &mut Vec<Frame>| frames.iter_mut().for_each(|f| f.time = None);
        let error = format!("{:#}", load_with(&timeless, &base).unwrap_err());
        assert!(error.contains("--frame-time") && error.contains("--timestep"));
        let told = PathOptions {
            timestep: Some(0.002),
            ..base.clone()
        };
        assert!((load_with(&timeless, &told).unwrap().dt - 0.02).abs() < 1e-12);
        let told = PathOptions {
            frame_time: Some(0.5),
            ..base.clone()
        };
        assert!((load_with(&timeless, &told).unwrap().dt - 0.5).abs() < 1e-12);
        let none = PathOptions {
            species: "Na".to_string(),
            ..base
        };
        let error = format!("{:#}", load_with(&|_| {}, &none).unwrap_err());
        assert!(error.contains("no atom of species Na") && error.contains("Li (2), S (2)"));
    }

    #[test]
    fn steps_near_half_the_cell_are_warned_about() {
        let mut unwrapper = Unwrapper::default();
        let cell = Cell::orthogonal([10.0; 3], [true; 3]).unwrap();
        for x in [0.0, 4.0] {
            let mut frame = Frame::empty();
            frame.cell = Some(cell);
            frame.position = vec![[x, 0.0, 0.0]];
            unwrapper.follow(&frame);
        }
        assert!(unwrapper.warnings()[0].contains("0.40"));
    }
}
