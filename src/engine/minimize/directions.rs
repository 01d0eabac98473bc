//! Conjugate gradients and steepest descent: which direction to search, and when to stop.
//!
//! Conjugate gradients after Polak and Ribiere with restarts: Nocedal and Wright, Numerical Optimization, 2006,
//! section 5.2.

use super::line::Way;
use super::{Criterion, Search, dot};
use crate::engine::Engine;
use crate::error::Result;

/// A vector over atoms and extra degrees of freedom.
#[derive(Debug, Clone, Default)]
pub(super) struct Vector {
    pub atoms: Vec<[f64; 3]>,
    pub extra: Vec<f64>,
}

impl Vector {
    pub fn dot(&self, o: &Self) -> f64 {
        dot(&self.atoms, &o.atoms)
            + self
                .extra
                .iter()
                .zip(&o.extra)
                .map(|(a, b)| a * b)
                .sum::<f64>()
    }

    /// self = a + factor self
    fn blend(&mut self, a: &Self, factor: f64) {
        for (s, v) in self
            .atoms
            .iter_mut()
            .flatten()
            .zip(a.atoms.iter().flatten())
        {
            *s = v + factor * *s;
        }
        for (s, v) in self.extra.iter_mut().zip(&a.extra) {
            *s = v + factor * *s;
        }
    }
}

impl Engine {
    pub(super) fn force_vector(&self, search: &Search) -> Vector {
        Vector {
            atoms: self.state.atoms.f.clone(),
            extra: search.extra.clone(),
        }
    }

    /// Searches one line and checks the tolerances.
    fn one_line(&mut self, search: &mut Search, way: &mut Way) -> Result<Option<Criterion>> {
        search.previous = search.energy;
        if let Some(failure) = self.search_line(search, way)? {
            return Ok(Some(failure));
        }
        Ok(if search.evaluations >= search.plan.evaluations {
            Some(Criterion::Evaluations)
        } else if search.energy_converged() {
            Some(Criterion::Energy)
        } else if self.force_converged(search) {
            Some(Criterion::Force)
        } else {
            None
        })
    }

    pub(super) fn conjugate_gradient(&mut self, search: &mut Search) -> Result<Criterion> {
        let mut gradient = self.force_vector(search);
        let mut way = Way::along(gradient.clone());
        let mut square = gradient.dot(&gradient);
        let degrees = (3 * gradient.atoms.len() + gradient.extra.len()) as i64;
        for _ in 0..search.plan.iterations {
            if !self.begin_iteration(search) {
                return Ok(Criterion::Stopped);
            }
            if let Some(end) = self.one_line(search, &mut way)? {
                return Ok(end);
            }
            let force = self.force_vector(search);
            let (now, mixed) = (force.dot(&force), force.dot(&gradient));
            let mut beta = ((now - mixed) / square).max(0.0);
            if (search.iterations + 1) % degrees.max(1) == 0 {
                beta = 0.0;
            }
            square = now;
            gradient = force;
            way.direction.blend(&gradient, beta);
            if gradient.dot(&way.direction) <= 0.0 {
                way.direction = gradient.clone();
            }
            self.end_iteration(search)?;
        }
        Ok(Criterion::Iterations)
    }

    pub(super) fn steepest_descent(&mut self, search: &mut Search) -> Result<Criterion> {
        let mut way = Way::along(self.force_vector(search));
        for _ in 0..search.plan.iterations {
            if !self.begin_iteration(search) {
                return Ok(Criterion::Stopped);
            }
            if let Some(end) = self.one_line(search, &mut way)? {
                return Ok(end);
            }
            way.direction = self.force_vector(search);
            self.end_iteration(search)?;
        }
        Ok(Criterion::Iterations)
    }
}
