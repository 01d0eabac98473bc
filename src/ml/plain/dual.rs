//! Numbers with their derivative by the edge length: `Dual` arithmetic gives radial functions and
//! their slopes from one text.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::ml::activation::Activation;

/// A value and its derivative by r.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual {
    /// Value.
    pub value: f64,
    /// Derivative by r.
    pub slope: f64,
}

impl Dual {
    /// A constant.
    pub fn constant(value: f64) -> Dual {
        Dual { value, slope: 0.0 }
    }

    /// The variable r itself.
    pub fn variable(value: f64) -> Dual {
        Dual { value, slope: 1.0 }
    }

    fn chain(self, value: f64, derivative: f64) -> Dual {
        Dual {
            value,
            slope: derivative * self.slope,
        }
    }

    /// Sine.
    pub fn sin(self) -> Dual {
        self.chain(self.value.sin(), self.value.cos())
    }

    /// Exponential.
    pub fn exp(self) -> Dual {
        self.chain(self.value.exp(), self.value.exp())
    }

    /// Hyperbolic tangent.
    pub fn tanh(self) -> Dual {
        let t = self.value.tanh();
        self.chain(t, 1.0 - t * t)
    }

    /// Square root.
    pub fn sqrt(self) -> Dual {
        let s = self.value.sqrt();
        self.chain(s, 0.5 / s)
    }

    /// Power with a constant exponent; the base is positive.
    pub fn powf(self, p: f64) -> Dual {
        self.chain(self.value.powf(p), p * self.value.powf(p - 1.0))
    }

    /// Activation function.
    pub fn activate(self, activation: Activation) -> Dual {
        self.chain(activation.value(self.value), activation.slope(self.value))
    }
}

impl Add for Dual {
    type Output = Dual;
    fn add(self, b: Dual) -> Dual {
        Dual {
            value: self.value + b.value,
            slope: self.slope + b.slope,
        }
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        self * -1.0
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, b: Dual) -> Dual {
        self + -b
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, b: Dual) -> Dual {
        Dual {
            value: self.value * b.value,
            slope: self.slope * b.value + self.value * b.slope,
        }
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, b: Dual) -> Dual {
        let value = self.value / b.value;
        Dual {
            value,
            slope: (self.slope - value * b.slope) / b.value,
        }
    }
}

impl Add<f64> for Dual {
    type Output = Dual;
    fn add(self, b: f64) -> Dual {
        Dual {
            value: self.value + b,
            slope: self.slope,
        }
    }
}

impl Sub<f64> for Dual {
    type Output = Dual;
    fn sub(self, b: f64) -> Dual {
        self + -b
    }
}

impl Mul<f64> for Dual {
    type Output = Dual;
    fn mul(self, b: f64) -> Dual {
        Dual {
            value: self.value * b,
            slope: self.slope * b,
        }
    }
}

impl Div<f64> for Dual {
    type Output = Dual;
    fn div(self, b: f64) -> Dual {
        self * (1.0 / b)
    }
}
