//! One page with everything: no scripts, no links to other files.

use std::fmt::Write;

use super::super::CM2_PER_S;
use super::plot::d_with_interval;
use super::{Report, StateReport, scientific};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;\
padding:0 1rem;color:#1c1f23}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;\
border-bottom:1px solid #ddd}table{border-collapse:collapse;width:100%;font-size:.95rem}\
td,th{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #eee}\
th{font-weight:600;white-space:nowrap}.big{font-size:1.25rem;font-weight:600}\
.bad{background:#fdf0ee;border-left:4px solid #be2d32;padding:.6rem 1rem}\
.good{background:#eef7f0;border-left:4px solid #2f7d46;padding:.6rem 1rem}\
svg{width:100%;height:auto}code{font-size:.9em;overflow-wrap:anywhere}.remark{color:#666}";

/// The page; `figures` are SVG texts.
pub fn page(report: &Report, figures: &[String]) -> String {
    let species = escape(&report.settings.species);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{species} diffusion</title><style>{STYLE}</style></head><body>\n\
         <h1>{species} diffusion</h1>\n"
    );
    for figure in figures {
        // The XML declaration does not belong inside a page.
        let inline = figure.find("<svg").map_or("", |at| &figure[at..]);
        let _ = writeln!(out, "<figure>{inline}</figure>");
    }
    for state in &report.states {
        section(&mut out, state);
    }
    arrhenius(&mut out, report);
    provenance(&mut out, report);
    out.push_str("</body></html>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn row(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escape(value));
}

fn section(out: &mut String, s: &StateReport) {
    let _ = writeln!(out, "<h2>{}</h2>", escape(&s.label()));
    let (class, verdict) = if s.reasons.is_empty() {
        ("good", format!("Converged: {}.", s.why()))
    } else {
        ("bad", format!("N{}.", s.why().trim_start_matches('n')))
    };
    let d = d_with_interval(s.tracer.d, s.tracer.ci95);
    let _ = writeln!(out, "<p class=\"big\">{}</p>", escape(&d));
    let _ = writeln!(
        out,
        "<p class=\"{class}\">{}</p>\n<table>",
        escape(&verdict)
    );
    let [a, b] = s.window.bounds;
    row(
        out,
        "Lag window",
        &format!("{a:.3} to {b:.2} ps: {}", s.window.why),
    );
    row(
        out,
        "Log-log slope in the window",
        &format!("{:.3} ± {:.3}", s.slope.0, s.slope.1),
    );
    let unit = |x: f64| format!("{} cm²/s", scientific(x * CM2_PER_S, 2));
    let mut errors = format!("least-squares line {}", unit(s.tracer.line_error));
    if let Some(x) = s.tracer.atom_error {
        let _ = write!(errors, ", spread over atoms {}", unit(x));
    }
    if let Some(x) = s.tracer.spread_error {
        let _ = write!(errors, ", spread between trajectories {}", unit(x));
    }
    let _ = write!(
        errors,
        "; taken: {} ({})",
        unit(s.tracer.std_error),
        s.tracer.error_source
    );
    row(out, "Standard error of D", &errors);
    if let Some((d, _, lags)) = s.ordinary {
        let text = format!("{} from {lags} lags, for comparison with papers", unit(d));
        row(out, "Ordinary least squares", &text);
    }
    let collective = d_with_interval(s.collective.d, s.collective.ci95);
    row(out, "Collective diffusion", &collective);
    if let Some((value, [lo, hi])) = s.haven {
        row(
            out,
            "Haven ratio",
            &format!("{value:.2} [{lo:.2}, {hi:.2}]"),
        );
    }
    if let Some(c) = &s.conductivity {
        let text = |(v, [lo, hi]): (f64, [f64; 2])| format!("{v:.3} [{lo:.3}, {hi:.3}] S/m");
        row(
            out,
            "Conductivity, Nernst-Einstein",
            &text(c.nernst_einstein),
        );
        row(out, "Conductivity, collective", &text(c.collective));
    }
    row(
        out,
        "Regime",
        &format!(
            "MSD {:.2} Å² at the end of the window, about {:.0} jumps, non-Gaussian parameter \
             {:.2} at the start",
            s.msd_end, s.hops, s.alpha2
        ),
    );
    for remark in &s.remarks {
        row(out, "Remark", remark);
    }
    out.push_str("</table>\n<table><tr><th>File</th><th>Frames</th><th>Length</th><th>D</th><th>Remarks</th></tr>\n");
    for (k, i) in s.inputs.iter().enumerate() {
        let own = s.tracer.own.get(k).map_or(String::new(), |d| unit(*d));
        let mut remarks = vec![format!("{}, drift: {}", i.format, i.drift_text)];
        if let Some((_, from)) = &i.temperature {
            remarks.push(format!("temperature from {from}"));
        }
        remarks.extend(i.notes.iter().chain(&i.warnings).cloned());
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{:.1} ps</td><td>{own}</td><td>{}</td></tr>",
            escape(&i.path.display().to_string()),
            i.msd.n_frames,
            i.msd.dt * (i.msd.n_frames - 1) as f64,
            escape(&remarks.join("; "))
        );
    }
    out.push_str("</table>\n");
}

fn arrhenius(out: &mut String, report: &Report) {
    let Some(a) = &report.arrhenius else { return };
    let (d300, ci) = a.at(300.0);
    out.push_str("<h2>Arrhenius fit</h2>\n<table>\n");
    let half = (a.ea_ci95[1] - a.ea_ci95[0]) / 2.0;
    row(
        out,
        "Activation energy",
        &format!("{:.3} ± {half:.3} eV (95 %)", a.ea),
    );
    let span = |[lo, hi]: [f64; 2]| format!("[{}, {}]", scientific(lo, 2), scientific(hi, 2));
    row(
        out,
        "Prefactor D0",
        &format!("{} {} cm²/s", scientific(a.d0, 2), span(a.d0_ci95)),
    );
    row(
        out,
        "D at 300 K (extrapolated)",
        &format!("{} {} cm²/s", scientific(d300, 2), span(ci)),
    );
    if let Some(p) = a.p_value {
        row(out, "Probability of the scatter", &format!("{p:.3}"));
    }
    out.push_str("</table>\n");
}

fn provenance(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "<h2>How this was made</h2>\n<p class=\"remark\">argyro {}: multi-origin mean squared \
         displacement, generalised least squares with the covariance of the MSD. Intervals are 95 % \
         confidence intervals.</p>\n<p><code>{}</code></p>",
        env!("CARGO_PKG_VERSION"),
        escape(&report.command.join(" "))
    );
    let record = report
        .states
        .iter()
        .flat_map(|s| &s.inputs)
        .find(|i| !i.provenance.is_empty());
    if let Some(input) = record {
        let _ = writeln!(
            out,
            "<p class=\"remark\">Recorded in <code>{}</code>:</p>\n<table>",
            escape(&input.path.display().to_string())
        );
        for (key, value) in &input.provenance {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_string);
            let short: String = text.chars().take(2000).collect();
            row(out, &escape(key), &short);
        }
        out.push_str("</table>\n");
    }
}
