//! `min_style` and `min_modify` settings.

use crate::cformat::general;

/// The minimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinStyle {
    /// Conjugate gradients.
    #[default]
    Cg,
    /// Steepest descent.
    Sd,
    /// Damped dynamics along the force.
    Quickmin,
    /// Fast inertial relaxation.
    Fire,
}

impl MinStyle {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cg, Self::Sd, Self::Quickmin, Self::Fire];

    /// Its name in scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cg => "cg",
            Self::Sd => "sd",
            Self::Quickmin => "quickmin",
            Self::Fire => "fire",
        }
    }

    /// Whether it minimises along lines.
    pub fn searches_lines(self) -> bool {
        matches!(self, Self::Cg | Self::Sd)
    }
}

/// The line search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Line {
    /// Halves the step until the energy falls enough.
    Backtrack,
    /// The same with a quadratic projection.
    #[default]
    Quadratic,
    /// Looks for a zero of the force along the line.
    ForceZero,
}

/// Norm of the force that is compared with the tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Norm {
    /// Length of the vector of all forces.
    #[default]
    Two,
    /// Largest component.
    Inf,
    /// Largest force on an atom.
    Max,
}

/// Integrator of fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Integrator {
    /// Semi-implicit Euler.
    #[default]
    EulerImplicit,
    /// Velocity Verlet.
    Verlet,
    /// Leapfrog.
    Leapfrog,
    /// Explicit Euler.
    EulerExplicit,
}

impl Integrator {
    /// Its name in scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::EulerImplicit => "eulerimplicit",
            Self::Verlet => "verlet",
            Self::Leapfrog => "leapfrog",
            Self::EulerExplicit => "eulerexplicit",
        }
    }
}

/// Parameters of fire: Guenole et al., Comput. Mater. Sci. 175, 109584 (2020).
#[derive(Debug, Clone, PartialEq)]
pub struct Fire {
    /// `integrator`
    pub integrator: Integrator,
    /// `tmax`: largest timestep over the initial one.
    pub tmax: f64,
    /// `tmin`: smallest timestep over the initial one.
    pub tmin: f64,
    /// `delaystep`: steps downhill before the timestep grows.
    pub delay: i64,
    /// `dtgrow`
    pub grow: f64,
    /// `dtshrink`
    pub shrink: f64,
    /// `alpha0`
    pub alpha: f64,
    /// `alphashrink`
    pub alpha_shrink: f64,
    /// `vdfmax`: most steps in a row against the force, 0 for any number.
    pub most_negative: i64,
    /// `halfstepback`
    pub half_step_back: bool,
    /// `initialdelay`
    pub initial_delay: bool,
    /// `abcfire`: Echeverri Restrepo and Andric, Comput. Mater. Sci. 218, 111978 (2023).
    pub corrected: bool,
}

impl Default for Fire {
    fn default() -> Self {
        Self {
            integrator: Integrator::default(),
            tmax: 10.0,
            tmin: 0.02,
            delay: 20,
            grow: 1.1,
            shrink: 0.5,
            alpha: 0.25,
            alpha_shrink: 0.99,
            most_negative: 2000,
            half_step_back: true,
            initial_delay: true,
            corrected: false,
        }
    }
}

impl Fire {
    /// The table of parameters in the log.
    pub(super) fn describe(&self, dmax: f64) -> String {
        let g = |v: f64, width: usize| format!("{:>width$}", general(6, v));
        let yes = |b: bool| if b { "yes" } else { "no" };
        format!(
            "  Parameters for fire:\n    dmax  delaystep dtgrow dtshrink alpha0 alphashrink tmax tmin   integrator   halfstepback   abcfire  \n    {} {:>6} {} {} {} {} {} {} {:>13} {:>8} {:>11}     ",
            g(dmax, 4),
            self.delay,
            g(self.grow, 8),
            g(self.shrink, 7),
            g(self.alpha, 8),
            g(self.alpha_shrink, 8),
            g(self.tmax, 7),
            g(self.tmin, 5),
            self.integrator.name(),
            yes(self.half_step_back),
            yes(self.corrected)
        )
    }
}

/// All settings.
#[derive(Debug, Clone, PartialEq)]
pub struct MinSettings {
    /// `min_style`
    pub style: MinStyle,
    /// `dmax`: largest move of an atom in an iteration, length units.
    pub dmax: f64,
    /// `line`
    pub line: Line,
    /// `norm`
    pub norm: Norm,
    /// Parameters of fire.
    pub fire: Fire,
}

impl Default for MinSettings {
    fn default() -> Self {
        Self {
            style: MinStyle::default(),
            dmax: 0.1,
            line: Line::default(),
            norm: Norm::default(),
            fire: Fire::default(),
        }
    }
}
