//! Analysis of trajectories: mean squared displacement, diffusion coefficient, conductivity,
//! Arrhenius fit, report.
//!
//! Needs no engine, so that it runs on anybody's trajectory. The way through the module:
//! [`trajectory`] reads frames, [`paths`] unwraps them and keeps the mobile atoms, [`msd`] averages
//! over time origins, [`window`] finds the diffusive regime, [`gls`] fits the straight line with the
//! covariance of the MSD, [`state`] joins the trajectories of one temperature, [`arrhenius`] joins
//! the temperatures and [`report`] writes text, JSON, plots and one page.
//!
//! Units inside: angstrom, picosecond, kelvin, atomic mass unit, elementary charge. Diffusion
//! coefficients are converted to cm^2/s only where they are written.

pub mod arrhenius;
pub mod gls;
pub mod msd;
pub mod paths;
pub mod report;
pub mod state;
pub mod stats;
pub mod trajectory;
pub mod transport;
pub mod verdict;

pub mod window;

/// One angstrom^2/ps in cm^2/s.
pub const CM2_PER_S: f64 = 1.0e-4;
