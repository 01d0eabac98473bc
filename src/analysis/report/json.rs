//! report.json, the form for programs. Numbers that do not exist are null.

use serde_json::{Value, json};

use super::super::CM2_PER_S;
use super::super::state::Estimate;
use super::{Report, StateReport};

/// The whole report as JSON.
pub fn to_json(report: &Report) -> Value {
    json!({
        "states": report.states.iter().map(|s| state(s, report)).collect::<Vec<_>>(),
        "arrhenius": arrhenius(report),
        "provenance": {
            "program": "argyro",
            "version": env!("CARGO_PKG_VERSION"),
            "command": report.command,
            "estimator": "generalised least squares with the covariance of the multi-origin MSD",
            "covariance": match report.settings.covariance {
                super::Covariance::Brownian => "brownian",
                super::Covariance::Kinisi => "kinisi",
            },
            "charge": report.settings.charge,
            "hop_length_A": report.settings.hop,
            "skipped_ps": report.settings.skip,
        },
    })
}

fn state(s: &StateReport, report: &Report) -> Value {
    let temperature = s.temperature.map_or(Value::Null, number);
    json!({
        "temperature": temperature,
        "species": report.settings.species,
        "n_trajectories": s.inputs.len(),
        "n_frames": s.inputs.iter().map(|i| i.msd.n_frames).sum::<usize>(),
        "n_mobile": s.inputs.first().map_or(0, |i| i.msd.n_atoms),
        "window_ps": pair(s.window.bounds),
        "window_why": s.window.why,
        "slope_loglog": number(s.slope.0),
        "slope_loglog_std_error": number(s.slope.1),
        "converged": s.reasons.is_empty(),
        "why": s.why(),
        "tracer": estimate(&s.tracer),
        "collective": estimate(&s.collective),
        "ols": s.ordinary.map_or(Value::Null, |(d, error, lags)| json!({
            "D": number(d * CM2_PER_S),
            "residual_error": number(error * CM2_PER_S),
            "n_lags": lags,
            "remark": "for comparison with papers; the residual error ignores that lags are correlated",
        })),
        "haven_ratio": s.haven.map_or(
            json!({"value": null, "ci95": [null, null]}),
            |(value, ci)| json!({"value": number(value), "ci95": pair(ci)}),
        ),
        "conductivity": s.conductivity.as_ref().map_or(Value::Null, |c| json!({
            "nernst_einstein_S_m": number(c.nernst_einstein.0),
            "collective_S_m": number(c.collective.0),
            "ci95": {
                "nernst_einstein_S_m": pair(c.nernst_einstein.1),
                "collective_S_m": pair(c.collective.1),
            },
        })),
        "remarks": s.remarks,
        "regime": {
            "msd_at_window_end_A2": number(s.msd_end),
            "jumps": number(s.hops),
            "non_gaussian_alpha2_at_window_start": number(s.alpha2),
            "framework_msd_A2": s.inputs.iter().map(|i| {
                i.framework_msd.iter()
                    .map(|(name, [_, late])| (name.clone(), number(*late)))
                    .collect::<serde_json::Map<_, _>>()
            }).collect::<Vec<_>>(),
        },
        "number_density_A3": s.density.map_or(Value::Null, number),
        "trajectories": s.inputs.iter().enumerate().map(|(k, i)| json!({
            "file": i.path.display().to_string(),
            "format": i.format,
            "n_frames": i.msd.n_frames,
            "frame_time_ps": number(i.msd.dt),
            "length_ps": number(i.msd.dt * (i.msd.n_frames - 1) as f64),
            "composition": i.composition.iter()
                .map(|(name, count)| (name.clone(), Value::from(*count)))
                .collect::<serde_json::Map<_, _>>(),
            "volume_A3": i.volume.map_or(Value::Null, number),
            "temperature_from": i.temperature.as_ref().map(|(_, from)| from.clone()),
            "D": s.tracer.own.get(k).map_or(Value::Null, |d| number(d * CM2_PER_S)),
            "drift": i.drift_text,
            "drift_distance_A": number(i.drift_distance),
            "notes": i.notes,
            "warnings": i.warnings,
            "record": i.provenance,
        })).collect::<Vec<_>>(),
        "msd": {
            "time_ps": numbers(&s.curve.time),
            "msd_A2": numbers(&s.curve.msd),
            "std_error_A2": numbers(&s.curve.error),
            "collective_A2": numbers(&s.collective_curve.msd),
        },
    })
}

fn estimate(e: &Estimate) -> Value {
    let scaled = |x: f64| number(x * CM2_PER_S);
    json!({
        "D": scaled(e.d),
        "std_error": scaled(e.std_error),
        "ci95": [scaled(e.ci95[0]), scaled(e.ci95[1])],
        "intercept_A2": number(e.intercept),
        "error_source": e.error_source,
        "errors": {
            "line": scaled(e.line_error),
            "atoms": e.atom_error.map_or(Value::Null, scaled),
            "between_trajectories": e.spread_error.map_or(Value::Null, scaled),
            "ion_correlation_factor": number(e.correlation),
            "spread_p_value": e.spread_p.map_or(Value::Null, number),
        },
    })
}

fn arrhenius(report: &Report) -> Value {
    let Some(a) = &report.arrhenius else {
        return Value::Null;
    };
    let (d300, ci300) = a.at(300.0);
    let c = &a.covariance;
    json!({
        "Ea_eV": number(a.ea),
        "D0": number(a.d0),
        "covariance": [
            [number(c[(0, 0)]), number(c[(0, 1)])],
            [number(c[(1, 0)]), number(c[(1, 1)])],
        ],
        "covariance_of": ["Ea_eV", "ln D0"],
        "D_300K": number(d300),
        "ci95": {"Ea_eV": pair(a.ea_ci95), "D0": pair(a.d0_ci95), "D_300K": pair(ci300)},
        "p_value": a.p_value.map_or(Value::Null, number),
        "unit_of_D": "cm^2/s",
    })
}

fn number(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number)
}

fn numbers(x: &[f64]) -> Vec<Value> {
    x.iter().copied().map(number).collect()
}

fn pair(x: [f64; 2]) -> Value {
    Value::Array(x.map(number).to_vec())
}
