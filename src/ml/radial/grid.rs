//! Nodes of radial tables, which are splines of fifth degree: uniform in ln r between a short distance and the cutoff, in one run or,
//! where a cutoff function has a kink, in two runs that meet there. Each run is a
//! spline of its own with n + 5 rows of coefficients for n intervals. Imports `simd`.

use crate::simd::Real;

/// Start of the tables (Å).
const START: f64 = 0.3;

/// Marks an edge whose functions are evaluated exactly.
pub const EXACT: u32 = u32::MAX;

/// Nodes from a run of equal distances in ln r.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: f64,
    end: f64,
    /// Distance of nodes in ln r.
    spacing: f64,
    intervals: usize,
    /// Number of the row of coefficients that begins the first interval.
    first: usize,
}

impl Run {
    fn new<T: Real>(start: f64, end: f64, first: usize) -> Run {
        let length = (end / start).ln();
        let intervals = (length / T::TABLE).ceil().max(1.0) as usize;
        Run {
            start,
            end,
            spacing: length / intervals as f64,
            intervals,
            first,
        }
    }
}

/// Where a distance lies among the nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// First of the rows of coefficients of the interval; [`EXACT`] below the first node.
    pub row: u32,
    /// Position 0..1 between the nodes of the interval.
    pub position: f64,
    /// Derivative of the position with respect to the distance (1/Å).
    pub rate: f64,
}

/// The nodes for one cutoff.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Equal where there is no kink.
    runs: [Run; 2],
}

impl Grid {
    /// Grid for distances below `r_max` (Å) with the spacing that the precision asks for, and a
    /// kink at the given distance, if any.
    pub fn new<T: Real>(r_max: f64, kink: Option<f64>) -> Grid {
        let start = START.min(0.5 * r_max);
        let inside = kink.filter(|&k| k > start && k < r_max);
        let first = Run::new::<T>(start, inside.unwrap_or(r_max), 0);
        let last = inside.map(|k| Run::new::<T>(k, r_max, first.intervals + 5));
        Grid {
            runs: [first, last.unwrap_or(first)],
        }
    }

    /// The cutoff (Å).
    pub fn end(&self) -> f64 {
        self.runs[1].end
    }

    /// Place of a distance below the cutoff.
    #[inline(always)]
    pub fn locate(&self, r: f64) -> Place {
        let run = &self.runs[usize::from(r >= self.runs[1].start)];
        let x = (r / run.start).ln() / run.spacing;
        if x < 0.0 {
            return Place {
                row: EXACT,
                position: 0.0,
                rate: 0.0,
            };
        }
        let node = (x as usize).min(run.intervals - 1);
        Place {
            row: (run.first + node) as u32,
            position: x - node as f64,
            rate: 1.0 / (r * run.spacing),
        }
    }

    /// Number of rows of coefficients.
    pub fn rows(&self) -> usize {
        self.runs[1].first + self.runs[1].intervals + 5
    }

    /// Distances of the nodes of each run (Å) and their spacing in ln r. The last node of a run
    /// lies a rounding error inside it, so that one-sided derivatives are taken.
    pub fn nodes(&self) -> impl Iterator<Item = (Vec<f64>, f64)> {
        let count = if self.runs[1].first > 0 { 2 } else { 1 };
        self.runs.iter().take(count).map(|run| {
            let inner = (0..run.intervals).map(|k| run.start * (k as f64 * run.spacing).exp());
            let nodes = inner.chain([run.end.next_down()]).collect();
            (nodes, run.spacing)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_distance_lies_between_its_nodes() {
        for kink in [None, Some(4.5), Some(0.1), Some(7.0)] {
            let grid = Grid::new::<f64>(5.0, kink);
            // the node that begins the interval of each row, if any
            let mut nodes = Vec::new();
            for (run, spacing) in grid.nodes() {
                nodes.extend(run.iter().map(|&r| (r, spacing)));
                nodes.extend([(0.0, 0.0); 4]);
            }
            assert_eq!(nodes.len(), grid.rows());
            for k in 0..500 {
                let r = 0.3001 + 4.6998 * f64::from(k) / 499.0;
                let at = grid.locate(r);
                let (a, spacing) = nodes[at.row as usize];
                let (b, _) = nodes[at.row as usize + 1];
                assert!(
                    a <= r * (1.0 + 1e-12) && r <= b * (1.0 + 1e-12),
                    "{kink:?} {r}"
                );
                assert!((a * (at.position * spacing).exp() - r).abs() < 1e-11);
                assert!((at.rate * r * spacing - 1.0).abs() < 1e-12);
            }
            assert_eq!(grid.locate(0.2).row, EXACT);
        }
        let grid = Grid::new::<f32>(5.0, Some(4.5));
        let runs: Vec<_> = grid.nodes().collect();
        assert_eq!(runs[0].0.last(), Some(&4.5f64.next_down()));
        let at = grid.locate(4.5);
        assert_eq!((at.position, at.row as usize), (0.0, runs[0].0.len() + 4));
        assert_eq!(runs[1].0[0], 4.5);
    }
}
