//! A function of the distance with its first two derivatives. Imports nothing of the crate.

use std::ops::{Add, Mul, Sub};

/// f, f' and f'' at one distance.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Jet {
    /// f.
    pub value: f64,
    /// f'.
    pub slope: f64,
    /// f''.
    pub curvature: f64,
}

impl Jet {
    /// A constant.
    pub fn constant(value: f64) -> Jet {
        Jet {
            value,
            ..Jet::default()
        }
    }

    /// The distance itself.
    pub fn variable(value: f64) -> Jet {
        Jet {
            value,
            slope: 1.0,
            curvature: 0.0,
        }
    }

    /// g(f) from g, g' and g'' at f.
    pub fn chain(self, g: f64, g1: f64, g2: f64) -> Jet {
        Jet {
            value: g,
            slope: g1 * self.slope,
            curvature: g2 * self.slope * self.slope + g1 * self.curvature,
        }
    }

    /// a f.
    pub fn scale(self, a: f64) -> Jet {
        Jet {
            value: a * self.value,
            slope: a * self.slope,
            curvature: a * self.curvature,
        }
    }

    /// 1 / f.
    pub fn recip(self) -> Jet {
        let y = 1.0 / self.value;
        self.chain(y, -y * y, 2.0 * y * y * y)
    }

    /// f^p for f > 0, or any f for integer p >= 2.
    pub fn pow(self, p: f64) -> Jet {
        let power = |p: f64| {
            if p == p.trunc() && p.abs() < 1e3 {
                self.value.powi(p as i32)
            } else {
                self.value.powf(p)
            }
        };
        // p (p - 1) f^(p-2) must be 0 and not 0 * inf for f = 0, p = 1 or 0
        let g1 = if p == 0.0 { 0.0 } else { p * power(p - 1.0) };
        let g2 = if p == 0.0 || p == 1.0 {
            0.0
        } else {
            p * (p - 1.0) * power(p - 2.0)
        };
        self.chain(power(p), g1, g2)
    }

    /// exp f.
    pub fn exp(self) -> Jet {
        let y = self.value.exp();
        self.chain(y, y, y)
    }

    /// sin f.
    pub fn sin(self) -> Jet {
        let (sin, cos) = self.value.sin_cos();
        self.chain(sin, cos, -sin)
    }

    /// tanh f.
    pub fn tanh(self) -> Jet {
        let y = self.value.tanh();
        let g1 = 1.0 - y * y;
        self.chain(y, g1, -2.0 * y * g1)
    }
}

impl Add for Jet {
    type Output = Jet;
    fn add(self, o: Jet) -> Jet {
        Jet {
            value: self.value + o.value,
            slope: self.slope + o.slope,
            curvature: self.curvature + o.curvature,
        }
    }
}

impl Sub for Jet {
    type Output = Jet;
    fn sub(self, o: Jet) -> Jet {
        self + o.scale(-1.0)
    }
}

impl Mul for Jet {
    type Output = Jet;
    fn mul(self, o: Jet) -> Jet {
        Jet {
            value: self.value * o.value,
            slope: self.slope * o.value + self.value * o.slope,
            curvature: self.curvature * o.value
                + 2.0 * self.slope * o.slope
                + self.value * o.curvature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_differences() {
        let f = |r: f64| {
            let x = Jet::variable(r);
            let one = Jet::constant(1.0);
            let y = (x.pow(2.5) + x.pow(3.0) * x.pow(1.0) + one).recip() * x.scale(2.0).sin();
            (y - x.scale(-0.3).exp()) * (x * x).tanh()
        };
        for r in [0.3, 0.9, 1.7] {
            let h = 1e-5;
            let (a, b, y) = (f(r - h), f(r + h), f(r));
            assert!((y.slope - (b.value - a.value) / (2.0 * h)).abs() < 1e-8);
            assert!((y.curvature - (b.slope - a.slope) / (2.0 * h)).abs() < 1e-8);
        }
        assert_eq!(Jet::variable(0.0).pow(1.0).curvature, 0.0);
    }
}
