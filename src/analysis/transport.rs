//! Conductivity and Haven ratio from tracer and collective diffusion.

use super::state::Estimate;
use super::stats;

/// Boltzmann constant, J/K (exact, SI 2019).
pub const BOLTZMANN: f64 = 1.380_649e-23;
/// Elementary charge, C (exact, SI 2019).
pub const CHARGE: f64 = 1.602_176_634e-19;
/// Boltzmann constant, eV/K.
pub const BOLTZMANN_EV: f64 = BOLTZMANN / CHARGE;

/// Conductivity in S/m per angstrom^2/ps of diffusion: sigma = n z^2 e^2 D / (k T), for `density`
/// mobile ions per angstrom^3 of charge `z` e at `temperature` K.
///
/// With the tracer coefficient this is the Nernst-Einstein conductivity, with the collective one the
/// conductivity with all correlations between the ions.
pub fn conductivity_factor(density: f64, z: f64, temperature: f64) -> f64 {
    // 1e30 per m^3 for one per angstrom^3; 1e-8 m^2/s for one angstrom^2/ps.
    density * 1.0e30 * (z * CHARGE).powi(2) * 1.0e-8 / (BOLTZMANN * temperature)
}

/// Haven ratio D*/D_sigma and its 95 % interval.
///
/// Both coefficients are taken as chi-squared distributed about the truth with 2/e^2 degrees of
/// freedom (e their relative error) and as independent; their ratio then follows the F distribution.
/// `None` where one of them is not positive.
pub fn haven_ratio(tracer: &Estimate, collective: &Estimate) -> Option<(f64, [f64; 2])> {
    if tracer.d <= 0.0 || collective.d <= 0.0 {
        return None;
    }
    let ratio = tracer.d / collective.d;
    let dof = |e: &Estimate| 2.0 / (e.std_error / e.d).powi(2).max(1.0e-12);
    let (a, b) = (dof(tracer), dof(collective));
    let quantile = |p| stats::f_quantile(p, a, b);
    Some((ratio, [ratio / quantile(0.975), ratio / quantile(0.025)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nernst_einstein_of_a_known_case() {
        // n = 0.02 per angstrom^3, D = 1e-5 cm^2/s = 0.1 angstrom^2/ps, T = 600 K, z = 1:
        // 2e28 * (1.602176634e-19)^2 * 1e-9 / (1.380649e-23 * 600) = 61.976 S/m.
        let sigma = conductivity_factor(0.02, 1.0, 600.0) * 0.1;
        assert!((sigma - 61.976).abs() < 1e-2, "{sigma}");
        let double = conductivity_factor(0.02, 2.0, 600.0) * 0.1;
        assert!((double / sigma - 4.0).abs() < 1e-12);
    }

    fn of(d: f64, std_error: f64) -> Estimate {
        Estimate {
            d,
            std_error,
            ci95: [0.0, 0.0],
            intercept: 0.0,
            line_error: std_error,
            atom_error: None,
            correlation: 1.0,
            spread_error: None,
            spread_p: None,
            error_source: String::new(),
            own: vec![],
        }
    }

    #[test]
    fn haven_ratio_interval_is_dominated_by_the_worse_coefficient() {
        let (ratio, [lo, hi]) = haven_ratio(&of(1.0, 0.001), &of(2.0, 0.2)).unwrap();
        assert!((ratio - 0.5).abs() < 1e-12);
        // Collective D within 2 -+ 0.4: the ratio within about 0.42 and 0.61.
        assert!(
            (lo - 0.415).abs() < 0.02 && (hi - 0.61).abs() < 0.02,
            "{lo} {hi}"
        );
        assert!(haven_ratio(&of(1.0, 0.1), &of(-1.0, 0.1)).is_none());
    }
}
