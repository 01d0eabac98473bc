//! Sums over groups of atoms: mass, centre of mass, momenta, inertia, for formulas and for commands that need them.
//!
//! Positions are unwrapped with the image flags. Sums run over atoms in their order, so they do not depend on threads.

use super::State;
use crate::error::{Error, Result};
use nalgebra::{Matrix3, SymmetricEigen, Vector3};

/// A selection of atoms of a state.
pub struct Selection<'a> {
    state: &'a State,
    atoms: Vec<usize>,
}

impl<'a> Selection<'a> {
    /// The atoms whose mask has `bit`, and that lie in region `region` if one is given.
    ///
    /// # Errors
    /// The region does not exist.
    pub fn new(state: &'a State, bit: u32, region: Option<&str>) -> Result<Self> {
        let mut atoms: Vec<usize> = (0..state.atoms.len())
            .filter(|&i| state.atoms.mask[i] & bit != 0)
            .collect();
        if let Some(name) = region {
            let region = state.regions.get(name).ok_or_else(|| {
                Error::input(format!("Region ID {name} does not exist"))
                    .suggest(name, state.regions.keys().map(String::as_str))
            })?;
            atoms.retain(|&i| region.contains(state.atoms.x[i]));
        }
        Ok(Self { state, atoms })
    }

    /// Number of atoms.
    pub fn count(&self) -> usize {
        self.atoms.len()
    }

    /// Total mass.
    pub fn mass(&self) -> f64 {
        self.atoms.iter().map(|&i| self.state.mass_of(i)).sum()
    }

    /// Total charge.
    ///
    /// # Errors
    /// The atoms have no charges.
    pub fn charge(&self) -> Result<f64> {
        let q = &self.state.atoms.q;
        if !self.state.atom_style.charge {
            return Err(
                Error::input("the group function charge needs atoms with charges")
                    .help("use atom_style charge or full"),
            );
        }
        Ok(self.atoms.iter().filter_map(|&i| q.get(i)).sum())
    }

    /// Unwrapped position of atom `i`.
    fn position(&self, i: usize) -> Vector3<f64> {
        let atoms = &self.state.atoms;
        let x = match &self.state.cell {
            Some(cell) => cell.unwrap(atoms.x[i], atoms.image[i]),
            None => atoms.x[i],
        };
        x.into()
    }

    /// Mass-weighted mean of a vector of each atom; zero without mass.
    fn mean(&self, value: impl Fn(usize) -> Vector3<f64>) -> Vector3<f64> {
        let mass = self.mass();
        if mass <= 0.0 {
            return Vector3::zeros();
        }
        let sum: Vector3<f64> = self
            .atoms
            .iter()
            .map(|&i| value(i) * self.state.mass_of(i))
            .sum();
        sum / mass
    }

    /// Centre of mass, unwrapped, length units.
    pub fn center(&self) -> [f64; 3] {
        self.mean(|i| self.position(i)).into()
    }

    /// Velocity of the centre of mass.
    pub fn velocity(&self) -> [f64; 3] {
        self.mean(|i| self.state.atoms.v[i].into()).into()
    }

    /// Total force.
    pub fn force(&self) -> [f64; 3] {
        let sum: Vector3<f64> = self
            .atoms
            .iter()
            .map(|&i| Vector3::from(self.state.atoms.f[i]))
            .sum();
        sum.into()
    }

    /// Lowest and highest coordinates, as stored (wrapped at the last list build).
    pub fn bounds(&self) -> ([f64; 3], [f64; 3]) {
        let mut lo = [f64::INFINITY; 3];
        let mut hi = [f64::NEG_INFINITY; 3];
        for &i in &self.atoms {
            for k in 0..3 {
                lo[k] = lo[k].min(self.state.atoms.x[i][k]);
                hi[k] = hi[k].max(self.state.atoms.x[i][k]);
            }
        }
        (lo, hi)
    }

    /// Kinetic energy, energy units.
    pub fn kinetic_energy(&self) -> f64 {
        let v2 = |i: usize| Vector3::from(self.state.atoms.v[i]).norm_squared();
        let sum: f64 = self
            .atoms
            .iter()
            .map(|&i| self.state.mass_of(i) * v2(i))
            .sum();
        0.5 * self.state.units.mvv2e * sum
    }

    /// Radius of gyration, length units.
    pub fn gyration(&self) -> f64 {
        let mass = self.mass();
        if mass <= 0.0 {
            return 0.0;
        }
        let center = Vector3::from(self.center());
        let sum: f64 = self
            .atoms
            .iter()
            .map(|&i| self.state.mass_of(i) * (self.position(i) - center).norm_squared())
            .sum();
        (sum / mass).sqrt()
    }

    /// Angular momentum about the centre of mass.
    pub fn angular_momentum(&self) -> [f64; 3] {
        let center = Vector3::from(self.center());
        let sum: Vector3<f64> = self
            .atoms
            .iter()
            .map(|&i| {
                let p = Vector3::from(self.state.atoms.v[i]) * self.state.mass_of(i);
                (self.position(i) - center).cross(&p)
            })
            .sum();
        sum.into()
    }

    /// Torque about the centre of mass.
    pub fn torque(&self) -> [f64; 3] {
        let center = Vector3::from(self.center());
        let sum: Vector3<f64> = self
            .atoms
            .iter()
            .map(|&i| (self.position(i) - center).cross(&Vector3::from(self.state.atoms.f[i])))
            .sum();
        sum.into()
    }

    /// Inertia tensor about the centre of mass.
    pub fn inertia(&self) -> [[f64; 3]; 3] {
        let center = Vector3::from(self.center());
        let mut tensor = Matrix3::zeros();
        for &i in &self.atoms {
            let d = self.position(i) - center;
            tensor += (Matrix3::identity() * d.norm_squared() - d * d.transpose())
                * self.state.mass_of(i);
        }
        tensor.into()
    }

    /// Angular velocity of the rigid rotation that has the angular momentum. Axes about which the atoms
    /// have no moment of inertia (linear arrangements, single atoms) do not turn.
    pub fn angular_velocity(&self) -> [f64; 3] {
        let tensor = Matrix3::from(self.inertia());
        let momentum = Vector3::from(self.angular_momentum());
        let eigen = SymmetricEigen::new(tensor);
        let largest = eigen.eigenvalues.amax();
        let mut omega = Vector3::zeros();
        for k in 0..3 {
            let axis = eigen.eigenvectors.column(k);
            if eigen.eigenvalues[k] > 1e-7 * largest {
                omega += axis * (axis.dot(&momentum) / eigen.eigenvalues[k]);
            }
        }
        omega.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::state::Types;
    use crate::domain::{Boundary, Cell};

    /// Two atoms of masses 1 and 3 that turn about z with angular velocity 2; the second has crossed the box.
    fn rotor() -> State {
        let mut s = State::default();
        s.cell = Some(Cell::orthogonal(
            [0.0; 3],
            [10.0; 3],
            [[Boundary::Periodic; 2]; 3],
        ));
        s.types = Types::new(2);
        s.types.mass[1] = Some(1.0);
        s.types.mass[2] = Some(3.0);
        s.atoms.push(1, 1, [6.0, 5.0, 5.0], false, false);
        s.atoms.push(2, 2, [0.0, 5.0, 5.0], false, false);
        s.atoms.image[1] = [1, 0, 0];
        // centre at x = 9, velocities omega x r with omega = (0, 0, 2)
        s.atoms.v[0] = [0.0, -6.0, 0.0];
        s.atoms.v[1] = [0.0, 2.0, 0.0];
        s.atoms.f[0] = [0.0, 1.0, 0.0];
        s
    }

    #[test]
    fn moments_of_a_rotor() {
        let state = rotor();
        let all = Selection::new(&state, 1, None).unwrap();
        assert_eq!((all.count(), all.mass()), (2, 4.0));
        assert_eq!(all.center(), [9.0, 5.0, 5.0]);
        assert_eq!(all.velocity(), [0.0; 3]);
        assert_eq!(all.inertia()[2][2], 12.0);
        assert_eq!(all.angular_momentum(), [0.0, 0.0, 24.0]);
        assert!((all.angular_velocity()[2] - 2.0).abs() < 1e-12);
        assert_eq!(all.torque(), [0.0, 0.0, -3.0]);
        assert_eq!(all.gyration(), (12.0f64 / 4.0).sqrt());
        assert_eq!(all.kinetic_energy(), 0.5 * (36.0 + 12.0));
        assert_eq!(all.bounds(), ([0.0, 5.0, 5.0], [6.0, 5.0, 5.0]));
    }

    #[test]
    fn charges_and_regions_that_do_not_exist_are_errors() {
        let state = rotor();
        let all = Selection::new(&state, 1, None).unwrap();
        assert!(all.charge().is_err());
        assert!(Selection::new(&state, 1, Some("nowhere")).is_err());
    }
}
