//! Bins in space: slabs, columns, boxes, spherical and cylindrical shells.

use super::Discard;
use crate::domain::State;
use crate::error::{Error, Result};
use crate::signature::{Args, parse_real};
use std::f64::consts::PI;

/// Number of words that a style takes.
pub fn argument_count(style: &str) -> usize {
    match style {
        "bin/1d" => 3,
        "bin/2d" => 6,
        "bin/3d" => 9,
        "bin/sphere" => 6,
        "bin/cylinder" => 8,
        _ => 0,
    }
}

/// Where the first layer begins.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Lower,
    Center,
    Upper,
    At(f64),
}

/// Layers along one direction.
#[derive(Debug, Clone)]
struct Layers {
    axis: usize,
    origin: Origin,
    /// Thickness as given.
    delta: f64,
    /// Explicit bounds.
    bound: [Option<f64>; 2],
    /// Present start, thickness and number.
    start: f64,
    count: i64,
}

/// Shells around a point or an axis.
#[derive(Debug, Clone)]
struct Shells {
    centre: [f64; 3],
    /// Directions that count for the distance.
    axes: Vec<usize>,
    low: f64,
    high: f64,
    count: i64,
    periodic: bool,
}

/// All bins of a compute.
#[derive(Debug, Clone)]
pub struct Bins {
    layers: Vec<Layers>,
    shells: Option<Shells>,
    reduced: bool,
    /// Lengths of the box at the last set-up, for volumes.
    lengths: [f64; 3],
    volume: f64,
}

impl Bins {
    /// Parses the words of a style.
    ///
    /// # Errors
    /// Wrong words.
    pub fn new(
        style: &str,
        words: &[(usize, &str)],
        options: &Args,
        state: &State,
    ) -> Result<Self> {
        if words.len() != argument_count(style) || words.is_empty() {
            return Err(Error::input(format!(
                "Illegal compute chunk/atom {style} command: missing argument(s)"
            ))
            .at(words.last().map_or(0, |w| w.0)));
        }
        let units = options
            .keyword("units")
            .map_or("lattice".to_string(), |k| k.str("value").to_string());
        let scale = match (&state.lattice, units.as_str()) {
            (Some(l), "lattice") => l.spacing,
            _ => [1.0; 3],
        };
        let reduced = units == "reduced";
        let cell = state.cell("compute chunk/atom")?;
        if cell.triclinic && !reduced && style.ends_with('d') {
            return Err(Error::input(
                "Compute chunk/atom for triclinic boxes requires units reduced",
            ));
        }
        let mut bins = Self {
            layers: Vec::new(),
            shells: None,
            reduced,
            lengths: cell.lengths(),
            volume: 0.0,
        };
        let number = |k: usize| {
            parse_real(words[k].1).ok_or_else(|| {
                Error::input(format!(
                    "expected a number for compute chunk/atom, found '{}'",
                    words[k].1
                ))
                .at(words[k].0)
            })
        };
        let periodic = options
            .keyword("pbc")
            .map_or(Ok(false), |k| k.yes_no("value"))?;
        match style {
            "bin/sphere" => {
                let centre = [
                    number(0)? * scale[0],
                    number(1)? * scale[1],
                    number(2)? * scale[2],
                ];
                bins.shells = Some(Shells::new(
                    centre,
                    vec![0, 1, 2],
                    [number(3)? * scale[0], number(4)? * scale[0], number(5)?],
                    periodic,
                )?);
            }
            "bin/cylinder" => {
                let layers = Layers::new(&words[..3], &scale)?;
                let others: Vec<usize> = (0..3).filter(|&k| k != layers.axis).collect();
                // LAMMPS takes the axis and the radii of cylinders in box units, whatever `units` says
                let mut centre = [0.0; 3];
                for (n, &k) in others.iter().enumerate() {
                    centre[k] = number(3 + n)?;
                }
                let range = [number(5)?, number(6)?, number(7)?];
                bins.shells = Some(Shells::new(centre, others, range, periodic)?);
                bins.layers.push(layers);
            }
            _ => {
                for w in words.chunks_exact(3) {
                    bins.layers.push(Layers::new(w, &scale)?);
                }
            }
        }
        if let Some(s) = bins.shells.as_ref().filter(|s| s.periodic) {
            let lengths = cell.lengths();
            let tight = |k: &usize| cell.periodic(*k) && s.high > 0.5 * lengths[*k];
            if s.axes.iter().any(tight) {
                return Err(Error::input(format!(
                    "Compute chunk/atom {style} radius is too large for periodic box"
                ))
                .help("with pbc yes at most half of the box length"));
            }
        }
        bins.bounds(options, &scale)?;
        Ok(bins)
    }

    fn bounds(&mut self, options: &Args, scale: &[f64; 3]) -> Result<()> {
        for k in options.keywords().filter(|k| k.name() == "bound") {
            let axis = axis_of(k.str("dim")).unwrap_or(0);
            let value = |name: &str, free: &str| match k.str(name) {
                w if w == free => Ok(None),
                w => parse_real(w).map(|v| Some(v * scale[axis])).ok_or_else(|| {
                    Error::input(format!(
                        "expected {free} or a number for bound, found '{w}'"
                    ))
                }),
            };
            let bound = [value("lo", "lower")?, value("hi", "upper")?];
            for l in self.layers.iter_mut().filter(|l| l.axis == axis) {
                l.bound = bound;
            }
        }
        Ok(())
    }

    /// Finds the layers in the present box.
    ///
    /// # Errors
    /// No layer fits.
    pub fn set_up(&mut self, state: &State) -> Result<()> {
        let cell = state.cell("compute chunk/atom")?;
        self.lengths = if self.reduced {
            [1.0; 3]
        } else {
            cell.lengths()
        };
        self.volume = cell.volume(3);
        for l in &mut self.layers {
            let (lo, hi) = match self.reduced {
                true => (0.0, 1.0),
                false => (cell.lo[l.axis], cell.hi[l.axis]),
            };
            l.set_up(lo, hi)?;
        }
        Ok(())
    }

    /// Number of bins.
    pub fn count(&self) -> i64 {
        let layers: i64 = self.layers.iter().map(|l| l.count).product();
        layers * self.shells.as_ref().map_or(1, |s| s.count)
    }

    /// Bin of atom `i`, from 1; 0 for none.
    pub fn of(&self, state: &State, i: usize, discard: Discard) -> i64 {
        let Some(cell) = &state.cell else { return 0 };
        let (mut x, mut image) = (state.atoms.x[i], state.atoms.image[i]);
        cell.wrap(&mut x, &mut image);
        let place = if self.reduced {
            cell.to_fractional(x)
        } else {
            x
        };
        let mut bin = 0;
        if let Some(s) = &self.shells {
            let centre = if self.reduced {
                cell.to_cartesian(s.centre)
            } else {
                s.centre
            };
            let mut d: [f64; 3] = std::array::from_fn(|k| x[k] - centre[k]);
            if s.periodic {
                d = cell.minimum_image(d);
            }
            match s.of(d, discard) {
                Some(k) => bin = k,
                None => return 0,
            }
        }
        for l in &self.layers {
            match l.of(place[l.axis], discard) {
                Some(k) => bin = bin * l.count + k,
                None => return 0,
            }
        }
        bin + 1
    }

    /// Volume and coordinates of bin `place`, from 0.
    pub fn describe(&self, mut place: i64) -> (f64, Vec<f64>) {
        let mut coordinates = Vec::new();
        let mut volume = if self.reduced {
            self.volume
        } else {
            self.lengths.iter().product()
        };
        for l in self.layers.iter().rev() {
            let k = place % l.count;
            place /= l.count;
            coordinates.push(l.start + (k as f64 + 0.5) * l.delta);
            volume *= l.delta / self.lengths[l.axis];
        }
        if let Some(s) = &self.shells {
            let width = (s.high - s.low) / s.count as f64;
            let (a, b) = (
                s.low + place as f64 * width,
                s.low + (place + 1) as f64 * width,
            );
            coordinates.push(s.low + (place as f64 + 0.5) * width);
            volume = match self.layers.first() {
                None => 4.0 / 3.0 * PI * (b.powi(3) - a.powi(3)),
                Some(l) => PI * (b * b - a * a) * l.delta,
            };
        }
        coordinates.reverse();
        (volume, coordinates)
    }
}

fn axis_of(word: &str) -> Option<usize> {
    ["x", "y", "z"].iter().position(|a| *a == word)
}

impl Layers {
    fn new(words: &[(usize, &str)], scale: &[f64; 3]) -> Result<Self> {
        let wrong = |k: usize, what: &str| {
            Error::input(format!(
                "compute chunk/atom: expected {what}, found '{}'",
                words[k].1
            ))
            .at(words[k].0)
        };
        let axis = axis_of(words[0].1).ok_or_else(|| wrong(0, "x, y or z"))?;
        let origin = match words[1].1 {
            "lower" => Origin::Lower,
            "center" => Origin::Center,
            "upper" => Origin::Upper,
            w => Origin::At(
                parse_real(w).ok_or_else(|| wrong(1, "lower, center, upper or a number"))?
                    * scale[axis],
            ),
        };
        let delta = parse_real(words[2].1)
            .filter(|d| *d > 0.0)
            .ok_or_else(|| wrong(2, "a thickness above zero"))?;
        Ok(Self {
            axis,
            origin,
            delta: delta * scale[axis],
            bound: [None; 2],
            start: 0.0,
            count: 1,
        })
    }

    /// Whole layers that cover the bounds, counted from the origin in both directions.
    fn set_up(&mut self, lo: f64, hi: f64) -> Result<()> {
        let origin = match self.origin {
            Origin::Lower => lo,
            Origin::Upper => hi,
            Origin::Center => 0.5 * (lo + hi),
            Origin::At(x) => x,
        };
        let whole = |distance: f64| (distance * (1.0 / self.delta)).trunc() * self.delta;
        let (lo, hi) = (self.bound[0].unwrap_or(lo), self.bound[1].unwrap_or(hi));
        let (mut low, mut high) = (origin + whole(lo - origin), origin + whole(hi - origin));
        if low > lo {
            low -= self.delta;
        }
        if high < hi {
            high += self.delta;
        }
        let count = ((high - low) * (1.0 / self.delta) + 0.5).trunc();
        if high < low || !(1.0..=1e8).contains(&count) {
            return Err(Error::input("Invalid bin bounds in compute chunk/atom")
                .help("the layers must be thinner than the box"));
        }
        self.start = low;
        self.count = count as i64;
        Ok(())
    }

    fn of(&self, x: f64, discard: Discard) -> Option<i64> {
        // the product with the inverse decides, as in LAMMPS, where atoms on an edge go
        let k = ((x - self.start) * (1.0 / self.delta)).floor() as i64;
        let last = self.count - 1;
        let free = |bound: Option<f64>| {
            discard == Discard::No || (discard == Discard::Mixed && bound.is_none())
        };
        match k {
            k if k < 0 => free(self.bound[0]).then_some(0),
            k if k > last => free(self.bound[1]).then_some(last),
            k => Some(k),
        }
    }
}

impl Shells {
    fn new(centre: [f64; 3], axes: Vec<usize>, range: [f64; 3], periodic: bool) -> Result<Self> {
        let [low, high, count] = range;
        if !(low >= 0.0 && high > low && (1.0..=1e8).contains(&count) && count.fract() == 0.0) {
            return Err(Error::input(
                "Illegal compute chunk/atom command: shells need 0 <= rmin < rmax and at least one bin",
            ));
        }
        Ok(Self {
            centre,
            axes,
            low,
            high,
            count: count as i64,
            periodic,
        })
    }

    fn of(&self, d: [f64; 3], discard: Discard) -> Option<i64> {
        let r = self.axes.iter().map(|&k| d[k] * d[k]).sum::<f64>().sqrt();
        let k = ((r - self.low) * (self.count as f64 / (self.high - self.low))).floor() as i64;
        match k {
            k if (0..self.count).contains(&k) => Some(k),
            _ if discard == Discard::Yes => None,
            k => Some(k.clamp(0, self.count - 1)),
        }
    }
}
