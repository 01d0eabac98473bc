//! Line searches: backtracking (Nocedal and Wright, Numerical Optimization, procedure 3.1), with a quadratic
//! projection (the secant method on the force along the line), and towards a zero of the force.

use super::directions::Vector;
use super::{Criterion, Line, Search};
use crate::engine::Engine;
use crate::error::Result;

/// Largest step, so that tiny forces do not begin with a huge one.
const LARGEST: f64 = 1.0;
/// Factor of a backtrack.
const REDUCE: f64 = 0.5;
/// Part of the ideal decrease of the energy that is enough.
const SLOPE: f64 = 0.4;
/// Relative error of the quadratic model up to which it is trusted.
const TRUST: f64 = 0.1;
/// Change of energy that cannot be told from zero.
const LEAST_CHANGE: f64 = 1.0e-8;
/// Projection of the force that cannot be told from zero.
const LEAST_FORCE: f64 = 1.0e-28;

/// A line and the point where it starts.
pub(super) struct Way {
    pub direction: Vector,
    x: Vec<[f64; 3]>,
    image: Vec<[i32; 3]>,
}

impl Way {
    /// A line along `direction` that starts nowhere yet.
    pub fn along(direction: Vector) -> Self {
        Self {
            direction,
            x: Vec::new(),
            image: Vec::new(),
        }
    }
}

/// Slope at the start and the largest step.
struct Start {
    slope: f64,
    longest: f64,
    /// Largest component of the direction.
    largest: f64,
}

impl Engine {
    /// Minimises along the line; the step is left in `search.alpha`. `Some` says why it failed.
    pub(super) fn search_line(
        &mut self,
        search: &mut Search,
        way: &mut Way,
    ) -> Result<Option<Criterion>> {
        let start = match self.start_line(search, way)? {
            Ok(s) => s,
            Err(why) => return Ok(Some(why)),
        };
        let result = match search.settings.line {
            Line::Backtrack => self.backtrack(search, way, &start),
            Line::Quadratic => self.quadratic(search, way, &start),
            Line::ForceZero => self.force_zero(search, way, &start),
        }?;
        if result.is_none()
            && self.with_dofs(search, |d, host| d.new_reference(host))? == Some(true)
        {
            search.energy = self.energy_and_forces(search)?;
        }
        Ok(result)
    }

    /// Projection of the force on the direction, per atom if energies are.
    fn slope(&self, search: &Search, way: &Way) -> f64 {
        let projection = self.force_vector(search).dot(&way.direction);
        if self.thermo.per_atom(self) {
            projection / self.state.atoms.len() as f64
        } else {
            projection
        }
    }

    fn start_line(
        &mut self,
        search: &mut Search,
        way: &mut Way,
    ) -> Result<std::result::Result<Start, Criterion>> {
        let slope = self.slope(search, way);
        if slope <= 0.0 {
            return Ok(Err(Criterion::Downhill));
        }
        let atoms = way.direction.atoms.iter().flatten();
        let most = atoms.fold(0.0, |m: f64, c| m.max(c.abs()));
        let limit = match search.settings.line {
            Line::ForceZero => f64::INFINITY,
            _ => LARGEST,
        };
        let mut longest = limit.min(search.settings.dmax / most);
        let extra = way.direction.extra.clone();
        if let Some(step) = self.with_dofs(search, |d, _| Ok(d.largest_step(&extra)))? {
            longest = longest.min(step);
        }
        let largest = extra.iter().fold(most, |m, c| m.max(c.abs()));
        if largest == 0.0 {
            return Ok(Err(Criterion::ZeroForce));
        }
        way.x.clone_from(&self.state.atoms.x);
        way.image.clone_from(&self.state.atoms.image);
        self.with_dofs(search, |d, host| d.store(host))?;
        Ok(Ok(Start {
            slope,
            longest,
            largest,
        }))
    }

    /// Goes to `alpha` on the line and evaluates energy and forces there.
    fn go_to(&mut self, search: &mut Search, way: &Way, alpha: f64) -> Result<f64> {
        let extra = way.direction.extra.clone();
        self.with_dofs(search, |d, host| d.step(0.0, &extra, host))?;
        let state = &mut self.state;
        if let Some(cell) = &state.cell {
            let atoms = &mut state.atoms;
            for (i, x) in atoms.x.iter_mut().enumerate() {
                // A rebuild of lists may have wrapped the atom since the line began.
                let n: [i32; 3] = std::array::from_fn(|k| way.image[i][k] - atoms.image[i][k]);
                *x = way.x[i];
                if n != [0; 3] {
                    let d = cell.shift(n);
                    (0..3).for_each(|k| x[k] += d[k]);
                }
            }
        }
        if alpha > 0.0 {
            self.with_dofs(search, |d, host| d.step(alpha, &extra, host))?;
            let x = self.state.atoms.x.iter_mut().flatten();
            for (x, h) in x.zip(way.direction.atoms.iter().flatten()) {
                *x += alpha * h;
            }
        }
        search.evaluations += 1;
        search.energy = self.energy_and_forces(search)?;
        Ok(search.energy)
    }

    fn backtrack(
        &mut self,
        search: &mut Search,
        way: &Way,
        start: &Start,
    ) -> Result<Option<Criterion>> {
        let origin = search.energy;
        search.alpha = start.longest;
        loop {
            let change = self.go_to(search, way, search.alpha)? - origin;
            let ideal = -SLOPE * search.alpha * start.slope;
            if change <= ideal {
                return Ok(None);
            }
            search.alpha *= REDUCE;
            if search.alpha <= 0.0 || ideal >= -LEAST_CHANGE {
                self.go_to(search, way, 0.0)?;
                return Ok(Some(if change < 0.0 {
                    Criterion::Energy
                } else {
                    Criterion::ZeroStep
                }));
            }
        }
    }

    fn quadratic(
        &mut self,
        search: &mut Search,
        way: &Way,
        start: &Start,
    ) -> Result<Option<Criterion>> {
        let origin = search.energy;
        let (mut slope_before, mut energy_before, mut alpha_before) = (start.slope, origin, 0.0);
        search.alpha = start.longest;
        loop {
            let alpha = search.alpha;
            let mut energy = self.go_to(search, way, alpha)?;
            let slope = self.slope(search, way);
            let bend = slope - slope_before;
            if slope.abs() < LEAST_FORCE || bend.abs() < LEAST_FORCE {
                self.go_to(search, way, 0.0)?;
                return Ok(Some(Criterion::ZeroQuadratic));
            }
            let by = alpha - alpha_before;
            let error = (1.0 - (0.5 * by * (slope + slope_before) + energy) / energy_before).abs();
            let zero = alpha - by * slope / bend;
            if error <= TRUST && zero > 0.0 && zero < start.longest {
                energy = self.go_to(search, way, zero)?;
                if energy - origin < LEAST_CHANGE {
                    return Ok(None);
                }
            }
            let ideal = -SLOPE * alpha * start.slope;
            if energy - origin <= ideal {
                return Ok(None);
            }
            (slope_before, energy_before, alpha_before) = (slope, energy, alpha);
            search.alpha *= REDUCE;
            if search.alpha <= 0.0 || ideal >= -LEAST_CHANGE {
                self.go_to(search, way, 0.0)?;
                return Ok(Some(Criterion::ZeroStep));
            }
        }
    }

    /// Newton steps on the force along the line, never uphill.
    fn force_zero(
        &mut self,
        search: &mut Search,
        way: &Way,
        start: &Start,
    ) -> Result<Option<Criterion>> {
        const SHORTER: f64 = 0.1;
        const SLACK: f64 = 1.0e-12;
        const ENOUGH: f64 = 0.1;
        const LEAST_MOVE: f64 = 1.0e-14;
        const MOST_GROWTH: f64 = 4.0;
        let mut slope = start.slope;
        let mut energy = search.energy;
        search.alpha = 0.0;
        // The first step would take a tenth of the energy away.
        let mut step = (0.1 * energy.abs() / start.slope).min(0.5 * start.longest);
        loop {
            let (slope_before, energy_before) = (slope, energy);
            if search.alpha + step > start.longest {
                return Ok(None);
            }
            search.alpha += step;
            energy = self.go_to(search, way, search.alpha)?;
            slope = self.slope(search, way);
            let uphill = energy - energy_before >= SLACK;
            if !uphill && (slope / start.slope).abs() <= ENOUGH {
                return Ok(None);
            }
            if uphill || slope < 0.0 {
                search.alpha -= step;
                step *= if slope < 0.0 {
                    slope_before / (slope_before - slope)
                } else {
                    SHORTER
                };
                (slope, energy) = (slope_before, energy_before);
                search.energy = energy;
                if start.largest * step <= LEAST_MOVE {
                    self.go_to(search, way, 0.0)?;
                    return Ok(Some(Criterion::ZeroStep));
                }
            } else {
                let growth = if slope_before > slope {
                    slope / (slope_before - slope)
                } else {
                    MOST_GROWTH
                };
                step *= growth.min(MOST_GROWTH);
            }
        }
    }
}
