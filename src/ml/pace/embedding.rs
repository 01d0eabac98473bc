//! Functions of the densities of an atom (Lysogorskiy et al. 2021) and their cutoff where cores
//! overlap. Imports nothing.

/// Shape of the function of a density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// sign(x) ((1 - g) |x|^m + w^(1-m) g |x|) with g = exp(-(w x)^3), w = 10^6: linear near zero.
    FinnisSinclair,
    /// sign(x) ((x0 + |x|)^m - y0), where x0 and y0 fall as exp(-|x|) from what makes the slope at
    /// zero 1.
    ShiftedScaled,
}

impl Shape {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Shape::FinnisSinclair => "FinnisSinclair",
            Shape::ShiftedScaled => "FinnisSinclairShiftedScaled",
        }
    }

    /// The shape of this name.
    pub fn named(name: &str) -> Option<Shape> {
        [Shape::FinnisSinclair, Shape::ShiftedScaled]
            .into_iter()
            .find(|s| s.name() == name)
    }

    /// Value and derivative at `x` for the exponent `m`.
    pub fn value(self, x: f64, m: f64) -> (f64, f64) {
        match self {
            Shape::FinnisSinclair => finnis_sinclair(x, m),
            Shape::ShiftedScaled => shifted_scaled(x, m),
        }
    }
}

/// Steepness of the change to a linear function.
const STEEP: f64 = 1e6;

fn finnis_sinclair(x: f64, m: f64) -> (f64, f64) {
    let slope = (1.0 / STEEP).powf(m - 1.0);
    let a = x.abs();
    if a <= 1e-10 {
        return (slope * x, slope);
    }
    let cube = (STEEP * a).powi(3);
    let near = if cube > 30.0 { 0.0 } else { (-cube).exp() };
    let near_slope = -3.0 * STEEP.powi(3) * a * a * near;
    let power = a.powf(m);
    let value = (1.0 - near) * power + slope * near * a;
    let derivative =
        m * a.powf(m - 1.0) * (1.0 - near) - power * near_slope + slope * (near_slope * a + near);
    (if x < 0.0 { -value } else { value }, derivative)
}

fn shifted_scaled(x: f64, m: f64) -> (f64, f64) {
    if (m - 1.0).abs() < 1e-10 {
        return (x, 1.0);
    }
    let a = x.abs();
    let fall = (-a).exp();
    let inverse = 1.0 / m;
    let x0 = inverse.powf(inverse / (1.0 - inverse)) * fall;
    let y0 = inverse.powf(1.0 / (1.0 - inverse)) * fall;
    let value = (x0 + a).powf(m) - y0;
    let derivative = y0 + m * (1.0 - x0) * (x0 + a).powf(m - 1.0);
    (
        if x.is_sign_negative() { -value } else { value },
        derivative,
    )
}

/// Polynomial of fifth degree that falls from 1 at `end - width` to 0 at `end`, and its derivative.
pub fn fall(x: f64, end: f64, width: f64) -> (f64, f64) {
    if x <= end - width {
        return (1.0, 0.0);
    }
    if x >= end {
        return (0.0, 0.0);
    }
    // from 1 to -1
    let t = 1.0 - 2.0 * (1.0 + (x - end) / width);
    let t2 = t * t;
    (
        0.5 + 3.75 * t * (0.25 - t2 / 6.0 + t2 * t2 / 20.0),
        -7.5 / width * (0.25 - 0.5 * t2 + 0.25 * t2 * t2),
    )
}

/// Functions of the densities of atoms of one species.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Shape of all of them.
    pub shape: Shape,
    /// Prefactor (eV) and exponent for each density.
    pub terms: Vec<(f64, f64)>,
    /// Core repulsion (eV) at which the expansion is switched off.
    pub core_cut: f64,
    /// Width of the switch (eV).
    pub core_width: f64,
}

impl Embedding {
    /// Sum over the densities `rho`; `slope` gets the derivatives.
    pub fn value(&self, rho: &[f64], slope: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for ((&(w, m), &rho), slope) in self.terms.iter().zip(rho).zip(slope) {
            let (f, d) = self.shape.value(rho, m);
            sum += w * f;
            *slope = w * d;
        }
        sum
    }

    /// Factor of the expansion for a core repulsion, and its derivative.
    pub fn switch(&self, core: f64) -> (f64, f64) {
        if core >= self.core_cut {
            return (0.0, 0.0);
        }
        fall(core, self.core_cut, self.core_width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_values() {
        for shape in [Shape::FinnisSinclair, Shape::ShiftedScaled] {
            for m in [0.5, 1.0, 1.7, 2.0] {
                for x in [-3.0, -0.2, 1e-6, 0.3, 2.0] {
                    let h = 1e-4 * f64::abs(x);
                    let difference =
                        (shape.value(x + h, m).0 - shape.value(x - h, m).0) / (2.0 * h);
                    let (_, d) = shape.value(x, m);
                    assert!(
                        (d - difference).abs() < 1e-5 * d.abs().max(1e-3),
                        "{shape:?} {m} {x}: {d} {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn shapes_are_odd_and_zero_at_zero() {
        for shape in [Shape::FinnisSinclair, Shape::ShiftedScaled] {
            assert!(shape.value(0.0, 0.5).0.abs() < 1e-15);
            for x in [1e-7, 0.4, 5.0] {
                assert_eq!(shape.value(x, 0.5).0, -shape.value(-x, 0.5).0);
                assert!(shape.value(x, 0.5).0 > 0.0);
            }
        }
    }

    #[test]
    fn the_switch_falls_from_one_to_zero() {
        assert_eq!(fall(1.0, 3.0, 1.5), (1.0, 0.0));
        assert_eq!(fall(3.0, 3.0, 1.5), (0.0, 0.0));
        let (value, slope) = fall(2.25, 3.0, 1.5);
        assert!((value - 0.5).abs() < 1e-15 && slope < 0.0);
        let h = 1e-6;
        let difference = (fall(2.4 + h, 3.0, 1.5).0 - fall(2.4 - h, 3.0, 1.5).0) / (2.0 * h);
        assert!((fall(2.4, 3.0, 1.5).1 - difference).abs() < 1e-9);
    }
}
