//! The report for the terminal.

use std::fmt::Write;

use super::super::CM2_PER_S;
use super::super::state::Estimate;
use super::{Report, StateReport, scientific};

/// The whole report as text.
pub fn to_text(report: &Report) -> String {
    let mut out = String::new();
    for state in &report.states {
        state_text(&mut out, state, report);
        out.push('\n');
    }
    if let Some(a) = &report.arrhenius {
        let (d300, [lo, hi]) = a.at(300.0);
        line(
            &mut out,
            "Arrhenius fit",
            &format!("over {} temperatures", report.states.len()),
        );
        let half = (a.ea_ci95[1] - a.ea_ci95[0]) / 2.0;
        line(
            &mut out,
            "  activation energy",
            &format!("{:.3} +- {half:.3} eV (95 %)", a.ea),
        );
        let d0 = format!(
            "{} [{}, {}] cm^2/s",
            scientific(a.d0, 2),
            scientific(a.d0_ci95[0], 2),
            scientific(a.d0_ci95[1], 2)
        );
        line(&mut out, "  prefactor D0", &d0);
        let d300 = format!(
            "{} [{}, {}] cm^2/s (extrapolated)",
            scientific(d300, 2),
            scientific(lo, 2),
            scientific(hi, 2)
        );
        line(&mut out, "  D at 300 K", &d300);
        if a.p_value.is_some_and(|p| p < 0.01) {
            out.push_str("  the points do not lie on one Arrhenius line: mind a transition\n");
        }
        if report.states.iter().any(|s| !s.reasons.is_empty()) {
            out.push_str("  some of the temperatures are not converged, see above\n");
        }
        out.push('\n');
    }
    out
}

fn line(out: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{name:<24} {value}");
}

fn interval(e: &Estimate) -> String {
    format!(
        "{} cm^2/s, 95 % [{}, {}] (standard error {})",
        scientific(e.d * CM2_PER_S, 3),
        scientific(e.ci95[0] * CM2_PER_S, 3),
        scientific(e.ci95[1] * CM2_PER_S, 3),
        scientific(e.std_error * CM2_PER_S, 1)
    )
}

fn state_text(out: &mut String, s: &StateReport, report: &Report) {
    let species = &report.settings.species;
    let _ = writeln!(out, "{species} diffusion, {}", s.label());
    let frames: usize = s.inputs.iter().map(|i| i.msd.n_frames).sum();
    if let Some(first) = s.inputs.first() {
        let composition: Vec<String> = first
            .composition
            .iter()
            .map(|(n, c)| format!("{c} {n}"))
            .collect();
        line(out, "  system", &composition.join(", "));
        let dt = first.msd.dt;
        let length: f64 = s
            .inputs
            .iter()
            .map(|i| i.msd.dt * (i.msd.n_frames - 1) as f64)
            .sum();
        let count = s.inputs.len();
        let plural = if count == 1 {
            "trajectory"
        } else {
            "trajectories"
        };
        line(
            out,
            "  data",
            &format!("{count} {plural}, {frames} frames every {dt:.4} ps, {length:.1} ps in all"),
        );
        line(out, "  drift", &first.drift_text);
    }
    let [a, b] = s.window.bounds;
    line(
        out,
        "  lag window",
        &format!("{a:.3} to {b:.2} ps ({})", s.window.why),
    );
    line(
        out,
        "  log-log slope",
        &format!("{:.3} +- {:.3} (diffusion: 1)", s.slope.0, s.slope.1),
    );
    line(out, "  D tracer", &interval(&s.tracer));
    errors(out, &s.tracer);
    if let Some((d, error, lags)) = s.ordinary {
        let text = format!(
            "{} cm^2/s from {lags} lags (its residual error {} ignores their correlation)",
            scientific(d * CM2_PER_S, 3),
            scientific(error * CM2_PER_S, 0)
        );
        line(out, "  D, ordinary fit", &text);
    }
    line(out, "  D collective", &interval(&s.collective));
    if let Some((value, [lo, hi])) = s.haven {
        line(
            out,
            "  Haven ratio",
            &format!("{value:.2}, 95 % [{lo:.2}, {hi:.2}]"),
        );
    }
    match &s.conductivity {
        Some(c) => {
            let text =
                |(v, [lo, hi]): (f64, [f64; 2])| format!("{v:.3} S/m, 95 % [{lo:.3}, {hi:.3}]");
            line(out, "  sigma Nernst-Einstein", &text(c.nernst_einstein));
            line(out, "  sigma collective", &text(c.collective));
        }
        None => line(
            out,
            "  conductivity",
            "needs the temperature (--temperature) and a cell",
        ),
    }
    let mut notes: Vec<&String> = Vec::new();
    for note in s
        .inputs
        .iter()
        .flat_map(|i| i.notes.iter().chain(&i.warnings))
    {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    for note in notes {
        line(out, "  note", note);
    }
    for remark in &s.remarks {
        line(out, "  remark", remark);
    }
    if s.reasons.is_empty() {
        line(out, "  verdict", &format!("converged: {}", s.why()));
    } else {
        for (k, reason) in s.reasons.iter().enumerate() {
            let name = if k == 0 { "  verdict" } else { "" };
            let start = if k == 0 { "NOT CONVERGED: " } else { "and: " };
            line(out, name, &format!("{start}{reason}"));
        }
    }
}

fn errors(out: &mut String, e: &Estimate) {
    let mut parts = vec![format!("line {}", scientific(e.line_error * CM2_PER_S, 1))];
    if let Some(x) = e.atom_error {
        parts.push(format!(
            "spread over atoms {}",
            scientific(x * CM2_PER_S, 1)
        ));
    }
    if let Some(x) = e.spread_error {
        parts.push(format!(
            "between trajectories {}",
            scientific(x * CM2_PER_S, 1)
        ));
    }
    if e.correlation > 1.0 {
        parts.push(format!(
            "variance x {:.1} for correlated ions",
            e.correlation
        ));
    }
    line(
        out,
        "  errors",
        &format!("{}; taken: {}", parts.join(", "), e.error_source),
    );
}
