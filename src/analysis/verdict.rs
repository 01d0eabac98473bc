//! Whether a diffusion coefficient deserves the name: checks of the regime and their words.

use super::state::{Estimate, SPREAD_P};
use super::window::TOLERANCE;

/// What the verdict looks at.
pub struct Evidence<'a> {
    /// The tracer coefficient.
    pub tracer: &'a Estimate,
    /// Log-log slope in the window and its standard error.
    pub slope: (f64, f64),
    /// False where no diffusive window was found.
    pub diffusive: bool,
    /// MSD at the end of the window, angstrom^2.
    pub msd_end: f64,
    /// Length of a jump, angstrom.
    pub hop: f64,
    /// Number of jumps behind the estimate, 6 D t N / hop^2 summed over trajectories.
    pub hops: f64,
    /// MSD of every framework species in the second and in the last quarter (largest of the
    /// trajectories), angstrom^2.
    pub framework: &'a [(String, [f64; 2])],
    /// Reasons not to trust the paths.
    pub warnings: &'a [String],
    /// The reason that the window search gave.
    pub window_why: &'a str,
}

/// Jumps below which an estimate is not called converged (He et al., npj Comput. Mater. 4, 18
/// (2018): the relative error of D is above a half there).
const FEWEST_HOPS: f64 = 50.0;

/// Relative standard error above which an estimate is not called converged.
const LARGEST_ERROR: f64 = 0.3;

/// Reasons why the estimate is not converged; empty when it is.
pub fn reasons(e: &Evidence) -> Vec<String> {
    let mut out = Vec::new();
    let (slope, error) = e.slope;
    if !e.diffusive {
        out.push(e.window_why.to_string());
    } else if (slope - 1.0).abs() > TOLERANCE + 1.5 * error {
        out.push(format!(
            "the log-log slope in the window is {slope:.2}, not 1 ({})",
            if slope < 1.0 {
                "the ions are still caged or confined"
            } else {
                "ballistic motion or drift"
            }
        ));
    }
    if e.tracer.d <= 0.0 {
        out.push("the fitted D is not positive".to_string());
        return out;
    }
    if e.msd_end < e.hop * e.hop {
        out.push(format!(
            "at the end of the window an ion has moved {:.2} A on average (root mean square), less \
             than one jump of {} A",
            e.msd_end.sqrt(),
            e.hop
        ));
    }
    if e.hops < FEWEST_HOPS {
        out.push(format!(
            "only about {:.0} jumps happened; {FEWEST_HOPS} are needed",
            e.hops
        ));
    }
    let relative = e.tracer.std_error / e.tracer.d;
    if relative > LARGEST_ERROR {
        out.push(format!(
            "the standard error of D is {:.0} %: longer or more trajectories are needed",
            100.0 * relative
        ));
    }
    if let (Some(spread), Some(p)) = (e.tracer.spread_error, e.tracer.spread_p)
        && p < SPREAD_P
    {
        out.push(format!(
            "the trajectories differ by {:.1} times what each of them claims",
            spread / e.tracer.line_error
        ));
    }
    if !e.framework.is_empty() && e.framework.iter().all(|(_, msd)| moves(*msd)) {
        let list: Vec<String> = e.framework.iter().map(in_words).collect();
        out.push(format!(
            "the framework does not stay in place ({}): it melts, slides or transforms",
            list.join(", ")
        ));
    }
    out.extend(e.warnings.iter().cloned());
    out
}

/// A framework species that leaves its sites: displaced by more than an angstrom and still going.
fn moves([early, late]: [f64; 2]) -> bool {
    late > 1.0 && late > 1.5 * early
}

fn in_words((name, [early, late]): &(String, [f64; 2])) -> String {
    format!("MSD of {name} from {early:.2} to {late:.2} A^2")
}

/// What does not speak against D but should be known: framework species that move while others
/// stay, as in rotating groups and on exchanged sites.
pub fn remarks(framework: &[(String, [f64; 2])]) -> Vec<String> {
    let moving: Vec<String> = framework
        .iter()
        .filter(|(_, msd)| moves(*msd))
        .map(in_words)
        .collect();
    if moving.is_empty() || moving.len() == framework.len() {
        return Vec::new();
    }
    vec![format!(
        "a part of the framework moves while the rest stays ({}): rotating groups or site exchange",
        moving.join(", ")
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate() -> Estimate {
        Estimate {
            d: 0.1,
            std_error: 0.005,
            ci95: [0.09, 0.11],
            intercept: 0.1,
            line_error: 0.005,
            atom_error: Some(0.005),
            correlation: 1.0,
            spread_error: None,
            spread_p: None,
            error_source: "test".to_string(),
            own: vec![0.1],
        }
    }

    fn evidence(tracer: &Estimate) -> Evidence<'_> {
        Evidence {
            tracer,
            slope: (0.98, 0.02),
            diffusive: true,
            msd_end: 30.0,
            hop: 2.0,
            hops: 1000.0,
            framework: &[],
            warnings: &[],
            window_why: "no window",
        }
    }

    #[test]
    fn each_failure_is_named() {
        let good = estimate();
        assert!(reasons(&evidence(&good)).is_empty());
        let check = |change: &dyn Fn(&mut Evidence), word: &str| {
            let mut e = evidence(&good);
            change(&mut e);
            let reasons = reasons(&e);
            assert_eq!(reasons.len(), 1, "{word}: {reasons:?}");
            assert!(reasons[0].contains(word), "{word}: {reasons:?}");
        };
        check(&|e| e.slope = (0.6, 0.05), "caged");
        check(&|e| e.slope = (1.5, 0.05), "ballistic");
        check(&|e| e.diffusive = false, "no window");
        check(&|e| e.msd_end = 1.0, "less than one jump");
        check(&|e| e.hops = 10.0, "about 10 jumps");
        let still = [
            ("P".to_string(), [0.2, 0.21]),
            ("S".to_string(), [0.5, 4.0]),
        ];
        let molten = [("P".to_string(), [0.7, 2.0]), ("S".to_string(), [0.5, 4.0])];
        let mut e = evidence(&good);
        e.framework = &still;
        assert!(reasons(&e).is_empty());
        assert!(remarks(&still)[0].contains("MSD of S from 0.50 to 4.00"));
        e.framework = &molten;
        assert!(reasons(&e)[0].contains("framework does not stay"));
        assert!(remarks(&molten).is_empty() && remarks(&still[..1]).is_empty());
        let bad = Estimate {
            std_error: 0.04,
            ..estimate()
        };
        let words = reasons(&evidence(&bad));
        assert!(words[0].contains("40 %"));
        let split = Estimate {
            spread_error: Some(0.02),
            spread_p: Some(1e-9),
            ..estimate()
        };
        let words = reasons(&evidence(&split));
        assert!(words[0].contains("4.0 times"));
        let negative = Estimate {
            d: -0.1,
            ..estimate()
        };
        assert!(reasons(&evidence(&negative))[0].contains("not positive"));
    }
}
