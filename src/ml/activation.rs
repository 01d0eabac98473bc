//! Activation functions of scalar features. Imports nothing of the crate.

/// Scalar function times the constant that gives it a unit second moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activation {
    /// The function.
    pub function: Function,
    /// The constant; 1 where the network does not normalise its activations.
    pub factor: f64,
}

/// Functions known as activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl Activation {
    /// x itself.
    pub const IDENTITY: Activation = Activation {
        function: Function::Identity,
        factor: 1.0,
    };

    /// Value at x.
    pub fn value(self, x: f64) -> f64 {
        let y = match self.function {
            Function::Identity => x,
            Function::Silu => x * sigmoid(x),
            Function::Tanh => x.tanh(),
            Function::Abs => x.abs(),
            Function::Sigmoid => sigmoid(x),
        };
        self.factor * y
    }

    /// Derivative at x (0 at the kink of |x|).
    pub fn slope(self, x: f64) -> f64 {
        let s = sigmoid(x);
        let y = match self.function {
            Function::Identity => 1.0,
            Function::Silu => s * (1.0 + x * (1.0 - s)),
            Function::Tanh => 1.0 - x.tanh().powi(2),
            Function::Abs if x == 0.0 => 0.0,
            Function::Abs => x.signum(),
            Function::Sigmoid => s * (1.0 - s),
        };
        self.factor * y
    }

    /// Second derivative at x.
    pub fn curvature(self, x: f64) -> f64 {
        let s = sigmoid(x);
        let y = match self.function {
            Function::Identity | Function::Abs => 0.0,
            Function::Silu => s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)),
            Function::Tanh => -2.0 * x.tanh() * (1.0 - x.tanh().powi(2)),
            Function::Sigmoid => s * (1.0 - s) * (1.0 - 2.0 * s),
        };
        self.factor * y
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_derivatives() {
        use Function::{Abs, Identity, Sigmoid, Silu, Tanh};
        for function in [Identity, Silu, Tanh, Abs, Sigmoid] {
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
