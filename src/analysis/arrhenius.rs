//! Arrhenius fit ln D = ln D0 - Ea/(k T) over temperatures, weighted by the errors of ln D.

use nalgebra::Matrix2;

use super::stats;
use super::transport::BOLTZMANN_EV;

/// One temperature.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Temperature, K.
    pub temperature: f64,
    /// Diffusion coefficient, in the unit that D0 shall have.
    pub d: f64,
    /// Its standard error.
    pub std_error: f64,
}

/// The fitted law.
#[derive(Clone, Debug)]
pub struct Arrhenius {
    /// Activation energy, eV.
    pub ea: f64,
    /// Prefactor, in the unit of D.
    pub d0: f64,
    /// Covariance of (Ea in eV, ln D0).
    pub covariance: Matrix2<f64>,
    /// 95 % interval of Ea, eV.
    pub ea_ci95: [f64; 2],
    /// 95 % interval of D0.
    pub d0_ci95: [f64; 2],
    /// Probability of deviations from the line at least this large; only with three temperatures.
    pub p_value: Option<f64>,
    /// Factor on the standard errors for the 95 % interval.
    quantile: f64,
}

impl Arrhenius {
    /// D at a temperature with its 95 % interval (log-normal).
    pub fn at(&self, temperature: f64) -> (f64, [f64; 2]) {
        let x = 1.0 / (BOLTZMANN_EV * temperature);
        let ln_d = self.d0.ln() - self.ea * x;
        let c = &self.covariance;
        let variance = x * x * c[(0, 0)] + c[(1, 1)] - 2.0 * x * c[(0, 1)];
        let half = self.quantile * variance.max(0.0).sqrt();
        (ln_d.exp(), [(ln_d - half).exp(), (ln_d + half).exp()])
    }
}

/// Smallest ratio of the highest to the lowest temperature that is worth a fit.
const LEAST_SPAN: f64 = 1.05;

/// Fits the law; `None` where temperatures of positive D do not span 5 %.
///
/// Where three or more points scatter about the line by more than their errors, all errors are
/// enlarged by the square root of chi^2 per degree of freedom and Student's factor is used.
pub fn fit(points: &[Point]) -> Option<Arrhenius> {
    let points: Vec<&Point> = points
        .iter()
        .filter(|p| p.d > 0.0 && p.std_error > 0.0 && p.temperature > 0.0)
        .collect();
    let hottest = points.iter().fold(0.0_f64, |m, p| m.max(p.temperature));
    if points.iter().all(|p| hottest < LEAST_SPAN * p.temperature) {
        return None;
    }
    // About the mean of 1/kT, so that the normal equations are diagonal.
    let x: Vec<f64> = points
        .iter()
        .map(|p| 1.0 / (BOLTZMANN_EV * p.temperature))
        .collect();
    let y: Vec<f64> = points.iter().map(|p| p.d.ln()).collect();
    let w: Vec<f64> = points.iter().map(|p| (p.d / p.std_error).powi(2)).collect();
    let line = stats::weighted_line(&x, &y, |i| w[i])?;
    let total: f64 = w.iter().sum();
    let centre = x.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>() / total;
    let sxx: f64 = x
        .iter()
        .zip(&w)
        .map(|(x, w)| w * (x - centre).powi(2))
        .sum();
    if sxx <= 1.0e-9 * total {
        return None;
    }
    let chi2: f64 = (0..x.len())
        .map(|i| w[i] * (y[i] - line.intercept - line.slope * x[i]).powi(2))
        .sum();
    let dof = x.len().saturating_sub(2) as f64;
    let (mut scale, mut quantile, mut p_value) = (1.0, 1.96, None);
    if dof > 0.0 {
        p_value = Some(stats::chi2_tail(chi2, dof));
        if chi2 > dof {
            scale = chi2 / dof;
            quantile = stats::t95(dof);
        }
    }
    // Ea = -slope, ln D0 = intercept.
    let slope_variance = scale / sxx;
    let mut covariance = Matrix2::zeros();
    covariance[(0, 0)] = slope_variance;
    covariance[(1, 1)] = scale / total + centre * centre * slope_variance;
    covariance[(0, 1)] = centre * slope_variance;
    covariance[(1, 0)] = covariance[(0, 1)];
    let (ea, ln_d0) = (-line.slope, line.intercept);
    let half_ea = quantile * covariance[(0, 0)].sqrt();
    let half_d0 = quantile * covariance[(1, 1)].sqrt();
    Some(Arrhenius {
        ea,
        d0: ln_d0.exp(),
        covariance,
        ea_ci95: [ea - half_ea, ea + half_ea],
        d0_ci95: [(ln_d0 - half_d0).exp(), (ln_d0 + half_d0).exp()],
        p_value,
        quantile,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    fn law(temperature: f64) -> f64 {
        2.0e-3 * (-0.25 / (BOLTZMANN_EV * temperature)).exp()
    }

    fn points(relative: f64, noise: &mut impl FnMut() -> f64) -> Vec<Point> {
        [500.0, 600.0, 700.0, 900.0]
            .into_iter()
            .map(|temperature| {
                let d = law(temperature) * (1.0 + relative * noise());
                Point {
                    temperature,
                    d,
                    std_error: relative * d,
                }
            })
            .collect()
    }

    #[test]
    fn exact_points_give_the_law_back() {
        let fit = fit(&points(0.05, &mut || 0.0)).unwrap();
        assert!((fit.ea - 0.25).abs() < 1e-9);
        assert!((fit.d0 / 2.0e-3 - 1.0).abs() < 1e-9);
        let (d, [lo, hi]) = fit.at(300.0);
        assert!((d / law(300.0) - 1.0).abs() < 1e-9);
        assert!(lo < d && d < hi);
        assert!(fit.p_value.unwrap() > 0.99);
    }

    #[test]
    fn intervals_cover_the_truth() {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(4);
        let mut noise = || StandardNormal.sample(&mut rng);
        let (mut ea, mut d300) = (0, 0);
        for _ in 0..400 {
            let f = fit(&points(0.05, &mut noise)).unwrap();
            ea += i32::from(f.ea_ci95[0] < 0.25 && 0.25 < f.ea_ci95[1]);
            let (_, [lo, hi]) = f.at(300.0);
            d300 += i32::from(lo < law(300.0) && law(300.0) < hi);
        }
        assert!((370..=398).contains(&ea), "{ea}");
        assert!((370..=398).contains(&d300), "{d300}");
    }

    #[test]
    fn a_kink_is_seen_and_widens_the_errors() {
        let mut points = points(0.01, &mut || 0.0);
        points[0].d *= 0.3;
        let fit = fit(&points).unwrap();
        assert!(fit.p_value.unwrap() < 1e-6);
        assert!(fit.ea_ci95[1] - fit.ea_ci95[0] > 0.05);
    }

    #[test]
    fn two_temperatures_are_enough_and_one_is_not() {
        let points = points(0.05, &mut || 0.0);
        assert!(fit(&points[..2]).unwrap().p_value.is_none());
        assert!(fit(&points[..1]).is_none());
        assert!(fit(&[points[0], points[0]]).is_none());
        let near = Point {
            temperature: 510.0,
            ..points[0]
        };
        assert!(fit(&[points[0], near]).is_none());
    }
}
