//! How bounds and tilts change with time. Components are numbered x y z yz xz xy.

use crate::domain::Cell;
use crate::domain::host::Reference;
use crate::error::{Error, Result};
use std::f64::consts::TAU;

/// What one component does.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Change {
    /// Nothing.
    #[default]
    None,
    /// To these bounds (a tilt uses the first only).
    Final(f64, f64),
    /// By these differences (a tilt uses the first only).
    Delta(f64, f64),
    /// By a factor about the centre.
    Scale(f64),
    /// Length or tilt per time.
    Velocity(f64),
    /// Engineering strain rate.
    Engineering(f64),
    /// True strain rate.
    True(f64),
    /// Keeps the volume.
    Volume,
    /// Amplitude and period.
    Wiggle(f64, f64),
    /// Change and its rate.
    Variable(Reference, Reference),
}

/// Time since the beginning of the run.
pub struct Clock {
    /// As a fraction of the run.
    pub fraction: f64,
    /// In time units.
    pub elapsed: f64,
}

/// Bounds and tilts at both ends of a run.
#[derive(Debug, Clone)]
pub struct Ends {
    start: Cell,
    stop: [(f64, f64); 6],
    /// Changes of lengths and tilts per time.
    pub rates: [f64; 6],
}

fn tilt_of(cell: &Cell, k: usize) -> f64 {
    cell.tilt[5 - k]
}

/// Sets tilt component `k`.
pub fn set_tilt(cell: &mut Cell, k: usize, value: f64) {
    cell.tilt[5 - k] = value;
}

/// Value of an oscillation and its rate.
fn wiggle(amplitude: f64, period: f64, t: f64) -> (f64, f64) {
    let phase = TAU * t / period;
    (
        amplitude * phase.sin(),
        TAU / period * amplitude * phase.cos(),
    )
}

impl Ends {
    /// From the cell at the start and the length of the run in time units.
    ///
    /// # Errors
    /// A length would become negative.
    pub fn new(start: &Cell, changes: &[Change; 6], duration: f64) -> Result<Self> {
        let mut stop = [(0.0, 0.0); 6];
        let mut rates = [0.0; 6];
        for k in 0..3 {
            stop[k] = bounds_end(start.lo[k], start.hi[k], &changes[k], duration);
            if stop[k].1 <= stop[k].0 {
                return Err(Error::input(format!(
                    "Final box dimension due to fix deform is < 0.0: {} to {} along {}",
                    stop[k].0,
                    stop[k].1,
                    ["x", "y", "z"][k]
                )));
            }
            if duration > 0.0 {
                let length = start.hi[k] - start.lo[k];
                rates[k] = ((stop[k].1 - stop[k].0) - length) / duration;
            }
        }
        for k in 3..6 {
            // yz and xz are tilts of the edge along z, xy of that along y.
            let height = if k == 5 { 1 } else { 2 };
            let length = start.hi[height] - start.lo[height];
            let tilt = tilt_of(start, k);
            if tilt == 0.0 && matches!(changes[k], Change::True(_)) {
                return Err(Error::input(format!(
                    "Cannot use fix deform trate on a box with zero tilt: {} is 0",
                    super::parse::NAMES[k]
                ))
                .help("a zero tilt times any factor stays zero: use erate, or tilt the box with change_box first"));
            }
            stop[k].0 = match changes[k] {
                Change::Final(v, _) => v,
                Change::Delta(v, _) => tilt + v,
                Change::Velocity(v) => tilt + duration * v,
                Change::Engineering(r) => tilt + duration * r * length,
                Change::True(r) => tilt * (r * duration).exp(),
                _ => tilt,
            };
            if duration > 0.0 {
                rates[k] = (stop[k].0 - tilt) / duration;
            }
        }
        Ok(Self {
            start: start.clone(),
            stop,
            rates,
        })
    }

    /// Bounds of direction `k` now and the rate of its length; `None` if it does not change by itself.
    pub fn bounds_at(
        &self,
        k: usize,
        change: &Change,
        clock: &Clock,
        value: Option<(f64, f64)>,
        now: &Cell,
    ) -> Option<(f64, f64, f64)> {
        let (lo, hi) = (self.start.lo[k], self.start.hi[k]);
        let both = |by: f64, rate: f64| Some((lo - 0.5 * by, hi + 0.5 * by, rate));
        match change {
            Change::None | Change::Volume => None,
            Change::True(r) => {
                let half = 0.5 * ((hi - lo) * (r * clock.elapsed).exp());
                let centre = 0.5 * (lo + hi);
                Some((centre - half, centre + half, r * now.lengths()[k]))
            }
            Change::Wiggle(a, period) => {
                let (by, rate) = wiggle(*a, *period, clock.elapsed);
                both(by, rate)
            }
            Change::Variable(..) => value.and_then(|(by, rate)| both(by, rate)),
            _ => {
                let (a, b) = self.stop[k];
                Some((
                    lo + clock.fraction * (a - lo),
                    hi + clock.fraction * (b - hi),
                    self.rates[k],
                ))
            }
        }
    }

    /// Tilt component `k` now and its rate; `None` if it does not change.
    pub fn tilt_at(
        &self,
        k: usize,
        change: &Change,
        clock: &Clock,
        value: Option<(f64, f64)>,
        now: &Cell,
    ) -> Option<(f64, f64)> {
        let tilt = tilt_of(&self.start, k);
        match change {
            Change::None => None,
            Change::True(r) => Some((tilt * (r * clock.elapsed).exp(), r * tilt_of(now, k))),
            Change::Wiggle(a, period) => {
                let (by, rate) = wiggle(*a, *period, clock.elapsed);
                Some((tilt + by, rate))
            }
            Change::Variable(..) => value.map(|(by, rate)| (tilt + by, rate)),
            _ => Some((
                tilt + clock.fraction * (self.stop[k].0 - tilt),
                self.rates[k],
            )),
        }
    }
}

fn bounds_end(lo: f64, hi: f64, change: &Change, duration: f64) -> (f64, f64) {
    let grow = |by: f64| (lo - 0.5 * by, hi + 0.5 * by);
    let about_centre = |length: f64| {
        let centre = 0.5 * (lo + hi);
        (centre - 0.5 * length, centre + 0.5 * length)
    };
    match change {
        Change::Final(a, b) => (*a, *b),
        Change::Delta(a, b) => (lo + a, hi + b),
        Change::Scale(f) => about_centre(f * (hi - lo)),
        Change::Velocity(v) => grow(duration * v),
        Change::Engineering(r) => grow(duration * r * (hi - lo)),
        Change::True(r) => about_centre((hi - lo) * (r * duration).exp()),
        Change::Wiggle(a, period) => grow(wiggle(*a, *period, duration).0),
        _ => (lo, hi),
    }
}

/// The tilt that differs from `tilt` by whole lengths and is the nearest to the present ratio.
pub fn nearest_tilt(tilt: f64, k: usize, old: &Cell, new: &Cell) -> f64 {
    let base = if k == 3 { 1 } else { 0 };
    let length = new.lengths()[base];
    let current = tilt_of(old, k) / old.lengths()[base];
    let away = (tilt / length - current).round();
    if away.is_finite() {
        tilt - away * length
    } else {
        tilt
    }
}

/// How one direction keeps the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Another changes, the third is as at the start: (changing, fixed).
    OneFromOne(usize, usize),
    /// Both others change.
    OneFromTwo(usize, usize),
    /// Shares the change with another that keeps the volume: (changing, other).
    TwoFromOne(usize, usize),
}

/// The roles of directions with style `volume`.
///
/// # Errors
/// Nothing changes that the volume could be kept against.
pub fn volumes(changes: &[Change; 6]) -> Result<[Option<Volume>; 3]> {
    let mut out = [None; 3];
    for (i, role) in out.iter_mut().enumerate() {
        if changes[i] != Change::Volume {
            continue;
        }
        let (a, b) = ((i + 1) % 3, (i + 2) % 3);
        let free = |k: usize| changes[k] != Change::None && changes[k] != Change::Volume;
        *role = Some(match (&changes[a], &changes[b]) {
            (Change::None, _) if free(b) => Volume::OneFromOne(b, a),
            (_, Change::None) if free(a) => Volume::OneFromOne(a, b),
            (Change::Volume, _) if free(b) => Volume::TwoFromOne(b, a),
            (_, Change::Volume) if free(a) => Volume::TwoFromOne(a, b),
            _ if free(a) && free(b) => Volume::OneFromTwo(a, b),
            _ => {
                return Err(Error::input(
                    "Fix deform volume setting is invalid: another direction must change by itself",
                ));
            }
        });
    }
    Ok(out)
}

/// Sets the directions that keep the volume.
pub fn keep_volume(volumes: &[Option<Volume>; 3], ends: &Ends, new: &mut Cell) {
    let start = ends.start.lengths();
    let total: f64 = start.iter().product();
    for (i, role) in volumes.iter().enumerate() {
        let now = new.lengths();
        let length = match *role {
            None => continue,
            Some(Volume::OneFromOne(moving, fixed)) => total / now[moving] / start[fixed],
            Some(Volume::OneFromTwo(a, b)) => total / now[a] / now[b],
            Some(Volume::TwoFromOne(moving, other)) => {
                (total / now[moving] / start[other] * start[i]).sqrt()
            }
        };
        let centre = 0.5 * (ends.start.lo[i] + ends.start.hi[i]);
        new.lo[i] = centre - 0.5 * length;
        new.hi[i] = centre + 0.5 * length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Boundary;

    #[test]
    fn volume_roles() {
        let mut c: [Change; 6] = Default::default();
        c[0] = Change::Scale(1.1);
        c[1] = Change::Volume;
        assert_eq!(volumes(&c).unwrap()[1], Some(Volume::OneFromOne(0, 2)));
        c[2] = Change::Volume;
        assert_eq!(volumes(&c).unwrap()[1], Some(Volume::TwoFromOne(0, 2)));
        c[0] = Change::None;
        assert!(volumes(&c).is_err());
    }

    #[test]
    fn the_nearest_equivalent_tilt_is_taken() {
        let mut cell = Cell::orthogonal([0.0; 3], [10.0; 3], [[Boundary::Periodic; 2]; 3]);
        cell.triclinic = true;
        cell.tilt = [-4.9, 0.0, 0.0];
        assert!((nearest_tilt(5.2, 5, &cell, &cell) + 4.8).abs() < 1e-12);
    }
}
