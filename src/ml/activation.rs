//! Activation functions of scalar features. Imports `simd`.

use crate::simd::activation::{Activate, Curve};
use crate::simd::{Level, Real};

/// Scalar function times the constant that gives it a unit second moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activation {
    /// The function.
    pub function: Function,
    /// The constant; 1 where the network does not normalise its activations.
    pub factor: f64,
}

/// Functions known as activations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// x.
    Identity,
    /// x / (1 + exp(-x)).
    Silu,
    /// tanh x.
    Tanh,
    /// |x|.
    Abs,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// ln(1 + exp(x)).
    Softplus,
    /// ln(1 + exp(x)) - ln 2.
    ShiftedSoftplus,
    /// x tanh(ln(1 + exp(x))), Misra, arXiv:1908.08681.
    Mish,
    /// x for x > 0, exp(x) - 1 below.
    Elu,
    /// x/2 (1 + erf(x / sqrt(2))), Hendrycks and Gimpel, arXiv:1606.08415.
    Gelu,
    /// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), Hendrycks and Gimpel, arXiv:1606.08415.
    GeluTanh,
    /// SiLU below the threshold t, silu(t) + tanh(silu'(t) (x - t)) above it.
    SiluTanh {
        /// t.
        threshold: f64,
    },
}

impl Activation {
    /// x itself.
    pub const IDENTITY: Activation = Activation {
        function: Function::Identity,
        factor: 1.0,
    };

    /// Replaces values by their activations and writes the derivatives, as many.
    pub fn apply<T: Real>(self, level: Level, values: &mut [T], slopes: &mut [T]) {
        let curve = match self.function {
            Function::Tanh => Curve::Tanh,
            Function::Sigmoid => Curve::Sigmoid,
            Function::Silu => Curve::Silu,
            Function::GeluTanh => Curve::GeluTanh,
            _ => {
                for (value, slope) in values.iter_mut().zip(slopes) {
                    let x = value.to_f64();
                    *value = T::from_f64(self.value(x));
                    *slope = T::from_f64(self.slope(x));
                }
                return;
            }
        };
        let op = Activate {
            curve,
            values: &mut *values,
            slopes: &mut *slopes,
        };
        T::dispatch(level, op);
        if self.factor != 1.0 {
            let factor = T::from_f64(self.factor);
            values.iter_mut().for_each(|x| *x = *x * factor);
            slopes.iter_mut().for_each(|x| *x = *x * factor);
        }
    }

    /// Value at x.
    pub fn value(self, x: f64) -> f64 {
        let y = match self.function {
            Function::Identity => x,
            Function::Silu => x * sigmoid(x),
            Function::Tanh => x.tanh(),
            Function::Abs => x.abs(),
            Function::Sigmoid => sigmoid(x),
            Function::Relu => x.max(0.0),
            Function::Relu6 => x.clamp(0.0, 6.0),
            Function::Softplus => softplus(x),
            Function::ShiftedSoftplus => softplus(x) - std::f64::consts::LN_2,
            Function::Mish => x * softplus(x).tanh(),
            Function::Elu if x > 0.0 => x,
            Function::Elu => x.exp_m1(),
            Function::Gelu => x * normal(x).0,
            Function::GeluTanh => 0.5 * x * (1.0 + gelu_inner(x).0.tanh()),
            Function::SiluTanh { threshold } if x < threshold => x * sigmoid(x),
            Function::SiluTanh { threshold } => {
                threshold * sigmoid(threshold) + (silu_slope(threshold) * (x - threshold)).tanh()
            }
        };
        self.factor * y
    }

    /// Derivative at x (0 at kinks).
    pub fn slope(self, x: f64) -> f64 {
        let s = sigmoid(x);
        let y = match self.function {
            Function::Identity => 1.0,
            Function::Silu => silu_slope(x),
            Function::Tanh => 1.0 - x.tanh().powi(2),
            Function::Abs if x == 0.0 => 0.0,
            Function::Abs => x.signum(),
            Function::Sigmoid => s * (1.0 - s),
            Function::Relu => f64::from(u8::from(x > 0.0)),
            Function::Relu6 => f64::from(u8::from(x > 0.0 && x < 6.0)),
            Function::Softplus | Function::ShiftedSoftplus => s,
            Function::Mish => {
                let t = softplus(x).tanh();
                t + x * s * (1.0 - t * t)
            }
            Function::Elu if x > 0.0 => 1.0,
            Function::Elu => x.exp(),
            Function::Gelu => {
                let (cumulative, density) = normal(x);
                cumulative + x * density
            }
            Function::GeluTanh => {
                let (u, du, _) = gelu_inner(x);
                let t = u.tanh();
                0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * du
            }
            Function::SiluTanh { threshold } if x < threshold => silu_slope(x),
            Function::SiluTanh { threshold } => {
                let k = silu_slope(threshold);
                k * (1.0 - (k * (x - threshold)).tanh().powi(2))
            }
        };
        self.factor * y
    }

    /// Second derivative at x.
    pub fn curvature(self, x: f64) -> f64 {
        let s = sigmoid(x);
        let y = match self.function {
            Function::Identity | Function::Abs | Function::Relu | Function::Relu6 => 0.0,
            Function::Silu => silu_curvature(x),
            Function::Tanh => -2.0 * x.tanh() * (1.0 - x.tanh().powi(2)),
            Function::Sigmoid => s * (1.0 - s) * (1.0 - 2.0 * s),
            Function::Softplus | Function::ShiftedSoftplus => s * (1.0 - s),
            Function::Mish => {
                let t = softplus(x).tanh();
                let square = 1.0 - t * t;
                2.0 * s * square + x * s * square * (1.0 - s - 2.0 * t * s)
            }
            Function::Elu if x > 0.0 => 0.0,
            Function::Elu => x.exp(),
            Function::Gelu => (2.0 - x * x) * normal(x).1,
            Function::GeluTanh => {
                let (u, du, ddu) = gelu_inner(x);
                let t = u.tanh();
                (1.0 - t * t) * (du + 0.5 * x * (ddu - 2.0 * t * du * du))
            }
            Function::SiluTanh { threshold } if x < threshold => silu_curvature(x),
            Function::SiluTanh { threshold } => {
                let k = silu_slope(threshold);
                let t = (k * (x - threshold)).tanh();
                -2.0 * k * k * t * (1.0 - t * t)
            }
        };
        self.factor * y
    }
}

/// ln(1 + exp(x)) without overflow for large x.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn silu_slope(x: f64) -> f64 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

fn silu_curvature(x: f64) -> f64 {
    let s = sigmoid(x);
    s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))
}

/// Cumulative distribution and density of the standard normal distribution.
fn normal(x: f64) -> (f64, f64) {
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (0.5 * libm::erfc(-x / std::f64::consts::SQRT_2), density)
}

/// Argument of tanh in GELU and its first two derivatives. x is clamped where tanh is +-1 to
/// within rounding, so that no power overflows.
fn gelu_inner(x: f64) -> (f64, f64, f64) {
    const CUBIC: f64 = 0.044715;
    let k = (2.0 / std::f64::consts::PI).sqrt();
    let x = x.clamp(-40.0, 40.0);
    (
        k * (x + CUBIC * x * x * x),
        k * (1.0 + 3.0 * CUBIC * x * x),
        k * 6.0 * CUBIC * x,
    )
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_derivatives() {
        use Function::{
            Abs, Elu, Gelu, GeluTanh, Identity, Mish, Relu, Relu6, ShiftedSoftplus, Sigmoid, Silu,
            Softplus, Tanh,
        };
        let bent = Function::SiluTanh { threshold: 1.2 };
        for function in [
            Identity,
            Silu,
            Tanh,
            Abs,
            Sigmoid,
            Relu,
            Relu6,
            Softplus,
            Gelu,
            GeluTanh,
            bent,
            Mish,
            Elu,
            ShiftedSoftplus,
        ] {
            let act = Activation {
                function,
                factor: 1.7,
            };
            for x in [-3.0, -0.4, 0.3, 2.5, 700.0, -700.0] {
                let h = 1e-5;
                let slope = (act.value(x + h) - act.value(x - h)) / (2.0 * h);
                assert!((act.slope(x) - slope).abs() < 1e-6, "{function:?} {x}");
                let curvature = (act.slope(x + h) - act.slope(x - h)) / (2.0 * h);
                assert!(
                    (act.curvature(x) - curvature).abs() < 1e-6,
                    "{function:?} {x}"
                );
            }
        }
    }
}
