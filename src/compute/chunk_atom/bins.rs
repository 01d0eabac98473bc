//! Bins in space: slabs, columns, boxes, spherical and cylindrical shells.
//!
//! Which bin an atom on an edge belongs to is decided by the same products, in the same order, as in LAMMPS.

use super::Discard;
use crate::domain::{Cell, State};
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
    /// Thickness.
    delta: f64,
    /// Present start and number.
    start: f64,
    count: i64,
}

/// Shells around a point or an axis.
#[derive(Debug, Clone)]
struct Shells {
    /// Centre and range of radii as given.
    given: ([f64; 3], [f64; 2]),
    /// Present centre and radii, length units.
    centre: [f64; 3],
    low: f64,
    high: f64,
    /// Directions that count for the distance.
    axes: Vec<usize>,
    count: i64,
    periodic: bool,
    /// Box length along the axis of cylinders.
    along: f64,
}

/// All bins of a compute.
#[derive(Debug, Clone)]
pub struct Bins {
    layers: Vec<Layers>,
    shells: Option<Shells>,
    /// Explicit bounds of every direction.
    bound: [[Option<f64>; 2]; 3],
    reduced: bool,
    /// Volume of the cell over that of the unit in which layers are measured, at the last set-up.
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
        if cell.triclinic && !reduced {
            return Err(Error::input(
                "Compute chunk/atom for triclinic boxes requires units reduced",
            ));
        }
        let mut bins = Self {
            layers: Vec::new(),
            shells: None,
            bound: [[None; 2]; 3],
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
                if state.dimension == 2 && centre[2] != 0.0 {
                    return Err(Error::input(
                        "Compute chunk/atom sphere z origin must be 0.0 for 2d",
                    )
                    .at(words[2].0));
                }
                let range = [number(3)? * scale[0], number(4)? * scale[0], number(5)?];
                bins.shells = Some(Shells::new(centre, vec![0, 1, 2], range, periodic)?);
            }
            "bin/cylinder" => {
                let layers = Layers::new(&words[..3], &scale)?;
                if state.dimension == 2 && layers.axis != 2 {
                    return Err(
                        Error::input("Compute chunk/atom cylinder axis must be z for 2d")
                            .at(words[0].0),
                    );
                }
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
                    let layers = Layers::new(w, &scale)?;
                    if bins.layers.iter().any(|l| l.axis == layers.axis) {
                        return Err(Error::input(format!(
                            "Illegal compute chunk/atom {style} command: direction {} is given twice",
                            w[0].1
                        ))
                        .at(w[0].0));
                    }
                    if state.dimension == 2 && layers.axis == 2 {
                        return Err(Error::input(
                            "Cannot use compute chunk/atom bin z for 2d model",
                        )
                        .at(w[0].0));
                    }
                    bins.layers.push(layers);
                }
            }
        }
        bins.bounds(options, &scale)?;
        bins.set_up(state)?;
        Ok(bins)
    }

    fn bounds(&mut self, options: &Args, scale: &[f64; 3]) -> Result<()> {
        for k in options.keywords().filter(|k| k.name() == "bound") {
            let axis = axis_of(k.str("dim")).unwrap_or(0);
            // LAMMPS scales the bound of direction n by the lattice of the n-th direction of the bins, if there is one
            let factor = self.layers.get(axis).map_or(1.0, |l| scale[l.axis]);
            let value = |name: &str, free: &str| match k.str(name) {
                w if w == free => Ok(None),
                w => parse_real(w).map(|v| Some(v * factor)).ok_or_else(|| {
                    Error::input(format!(
                        "expected {free} or a number for bound, found '{w}'"
                    ))
                }),
            };
            self.bound[axis] = [value("lo", "lower")?, value("hi", "upper")?];
        }
        Ok(())
    }

    /// Finds the bins in the present box.
    ///
    /// # Errors
    /// No layer fits, or shells are too large for the box.
    pub fn set_up(&mut self, state: &State) -> Result<()> {
        let cell = state.cell("compute chunk/atom")?;
        self.update_volume(state);
        for l in &mut self.layers {
            let (lo, hi) = match self.reduced {
                true => (0.0, 1.0),
                false => (cell.lo[l.axis], cell.hi[l.axis]),
            };
            let [low, high] = self.bound[l.axis];
            l.set_up(low.unwrap_or(lo), high.unwrap_or(hi))?;
        }
        if let Some(s) = &mut self.shells {
            s.set_up(cell, self.reduced)?;
        }
        Ok(())
    }

    /// Takes the volume of the present box, for layers that are measured in it.
    pub fn update_volume(&mut self, state: &State) {
        if let Some(cell) = &state.cell {
            self.volume = cell.volume(state.dimension);
            self.lengths = if self.reduced {
                [1.0; 3]
            } else {
                cell.lengths()
            };
        }
    }

    /// Whether bins are measured in fractions of the box.
    pub fn reduced(&self) -> bool {
        self.reduced
    }

    /// Number of bins.
    pub fn count(&self) -> i64 {
        let layers: i64 = self.layers.iter().map(|l| l.count).product();
        layers * self.shells.as_ref().map_or(1, |s| s.count)
    }

    /// Number of coordinates of a bin.
    pub fn coordinates(&self) -> usize {
        self.layers.len() + usize::from(self.shells.is_some())
    }

    /// Bin of atom `i`, from 1; 0 for none.
    pub fn of(&self, state: &State, i: usize, discard: Discard) -> i64 {
        let Some(cell) = &state.cell else { return 0 };
        let x = state.atoms.x[i];
        let place = if self.reduced {
            cell.fractional_by_inverse(x)
        } else {
            x
        };
        let mut bin = 0;
        if let Some(s) = &self.shells {
            match s.of(x, cell, discard) {
                Some(k) => bin = k,
                None => return 0,
            }
        }
        for l in &self.layers {
            let k = l.axis;
            let (lo, hi) = if self.reduced {
                (0.0, 1.0)
            } else {
                (cell.lo[k], cell.hi[k])
            };
            let at = if cell.periodic(k) {
                remap(place[k], lo, hi)
            } else {
                place[k]
            };
            match l.of(at, self.bound[k], discard) {
                Some(k) => bin = bin * l.count + k,
                None => return 0,
            }
        }
        bin + 1
    }

    /// Volume and coordinates of bin `place`, from 0.
    pub fn describe(&self, mut place: i64) -> (f64, Vec<f64>) {
        let mut coordinates = Vec::new();
        let mut volume = self.volume;
        for l in self.layers.iter().rev() {
            let k = place.rem_euclid(l.count);
            place = place.div_euclid(l.count);
            coordinates.push(l.start + (k as f64 + 0.5) * l.delta);
            volume *= l.delta / self.lengths[l.axis];
        }
        if let Some(s) = &self.shells {
            let edge = |k: i64| match k {
                k if k == s.count => s.high,
                k => s.low + k as f64 * (s.high - s.low) / s.count as f64,
            };
            let (a, b) = (edge(place), edge(place + 1));
            coordinates.push(0.5 * (a + b));
            volume = match self.layers.first() {
                None => 4.0 / 3.0 * PI * b * b * b - 4.0 / 3.0 * PI * a * a * a,
                Some(l) => {
                    let thickness = if self.reduced {
                        l.delta * s.along
                    } else {
                        l.delta
                    };
                    (PI * b * b - PI * a * a) * thickness
                }
            };
        }
        coordinates.reverse();
        (volume, coordinates)
    }
}

fn axis_of(word: &str) -> Option<usize> {
    ["x", "y", "z"].iter().position(|a| *a == word)
}

/// A coordinate that left its periodic range by less than a period, back in it.
fn remap(mut x: f64, lo: f64, hi: f64) -> f64 {
    if x < lo {
        x += hi - lo;
    }
    if x >= hi {
        x -= hi - lo;
    }
    x
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
            start: 0.0,
            count: 1,
        })
    }

    /// Whole layers that cover `lo` to `hi`, counted from the origin in both directions.
    fn set_up(&mut self, lo: f64, hi: f64) -> Result<()> {
        let origin = match self.origin {
            Origin::Lower => lo,
            Origin::Upper => hi,
            Origin::Center => 0.5 * (lo + hi),
            Origin::At(x) => x,
        };
        let whole = |distance: f64| (distance * (1.0 / self.delta)).trunc() * self.delta;
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

    fn of(&self, x: f64, bound: [Option<f64>; 2], discard: Discard) -> Option<i64> {
        let k = ((x - self.start) * (1.0 / self.delta)).trunc() as i64 - i64::from(x < self.start);
        let last = self.count - 1;
        let free = |bound: Option<f64>| {
            discard == Discard::No || (discard == Discard::Mixed && bound.is_none())
        };
        match k {
            k if k < 0 => free(bound[0]).then_some(0),
            k if k > last => free(bound[1]).then_some(last),
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
            given: (centre, [low, high]),
            centre,
            axes,
            low,
            high,
            count: count as i64,
            periodic,
            along: 1.0,
        })
    }

    /// Centre and radii in length units: reduced radii count in the box length of the first direction of the shells.
    fn set_up(&mut self, cell: &Cell, reduced: bool) -> Result<()> {
        let (centre, range) = self.given;
        let l = cell.lengths();
        if let Some(k) = (0..3).find(|k| !self.axes.contains(k)) {
            self.along = l[k];
        }
        let factor = if reduced { l[self.axes[0]] } else { 1.0 };
        self.centre = if reduced {
            cell.to_cartesian(centre)
        } else {
            centre
        };
        [self.low, self.high] = range.map(|r| r * factor);
        let tight = |k: &&usize| cell.periodic(**k) && self.high > 0.5 * l[**k];
        if self.periodic && self.axes.iter().find(tight).is_some() {
            return Err(
                Error::input("Compute chunk/atom radius is too large for periodic box")
                    .help("with pbc yes at most half of the box length"),
            );
        }
        Ok(())
    }

    /// Shell of position `x`. Directions are taken one by one even in a triclinic cell.
    fn of(&self, x: [f64; 3], cell: &Cell, discard: Discard) -> Option<i64> {
        let mut r2 = 0.0;
        for &k in &self.axes {
            let l = cell.hi[k] - cell.lo[k];
            let mut d = if cell.periodic(k) {
                remap(x[k], cell.lo[k], cell.hi[k]) - self.centre[k]
            } else {
                x[k] - self.centre[k]
            };
            if self.periodic && cell.periodic(k) && d.abs() > 0.5 * l {
                d -= l.copysign(d);
            }
            r2 += d * d;
        }
        let r = r2.sqrt();
        let inverse = self.count as f64 / (self.high - self.low);
        let k = ((r - self.low) * inverse).trunc() as i64 - i64::from(r < self.low);
        match k {
            k if (0..self.count).contains(&k) => Some(k),
            _ if discard == Discard::Yes => None,
            k => Some(k.clamp(0, self.count - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(origin: Origin, delta: f64) -> Layers {
        Layers {
            axis: 0,
            origin,
            delta,
            start: 0.0,
            count: 1,
        }
    }

    #[test]
    fn layers_cover_the_range_from_their_origin() {
        let mut l = layers(Origin::Center, 3.0);
        l.set_up(0.0, 10.0).unwrap();
        assert_eq!((l.start, l.count), (-1.0, 4));
        let mut l = layers(Origin::At(12.0), 4.0);
        l.set_up(0.0, 10.0).unwrap();
        assert_eq!((l.start, l.count), (0.0, 3));
    }

    #[test]
    fn atoms_beyond_a_bound_are_dropped_or_kept_as_discard_says() {
        let mut l = layers(Origin::Lower, 1.0);
        l.set_up(2.0, 5.0).unwrap();
        let bound = [Some(2.0), None];
        assert_eq!(l.of(1.5, bound, Discard::Mixed), None);
        assert_eq!(l.of(1.5, bound, Discard::No), Some(0));
        assert_eq!(l.of(5.5, bound, Discard::Mixed), Some(2));
        assert_eq!(l.of(5.5, bound, Discard::Yes), None);
        assert_eq!(l.of(3.0, bound, Discard::Yes), Some(1));
    }
}
