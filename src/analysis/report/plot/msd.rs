//! The MSD with its error band and the fitted line, linear and log-log side by side.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::{
    GREY, LIGHT, MSD_SIZE, colour, d_with_interval, decade, failed, plain, px, significant, swatch,
};
use crate::analysis::gls::DIMENSIONS;
use crate::analysis::report::{Report, StateReport};

fn legend(s: &StateReport, several: bool) -> String {
    let d = d_with_interval(s.tracer.d, s.tracer.ci95);
    let mark = if s.reasons.is_empty() {
        ""
    } else {
        " (not converged)"
    };
    if several {
        format!("{}: {d}{mark}", s.label())
    } else {
        format!("{d}{mark}")
    }
}

/// Draws the linear and the log-log panel; `k` scales all sizes.
pub fn draw<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    report: &Report,
    k: f64,
) -> Result<()>
where
    DB::ErrorType: 'static,
{
    root.fill(&WHITE).map_err(failed)?;
    let (left, right) = root.split_horizontally(((f64::from(MSD_SIZE.0) * k) * 0.5) as u32);
    draw_linear(&left, report, k)?;
    draw_log(&right, report, k)?;
    root.present().map_err(failed)
}

/// Points of a state's MSD up to a time, with the 95 % half width.
fn shown(s: &StateReport, until: f64) -> Vec<(f64, f64, f64)> {
    let c = &s.curve;
    (0..c.time.len())
        .filter(|i| c.time[*i] <= until && c.msd[*i] > 0.0)
        .map(|i| (c.time[i], c.msd[i], 1.96 * c.error[i]))
        .collect()
}

fn fit_line(s: &StateReport) -> (f64, f64) {
    (2.0 * DIMENSIONS * s.tracer.d, s.tracer.intercept)
}

fn draw_linear<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    report: &Report,
    k: f64,
) -> Result<()>
where
    DB::ErrorType: 'static,
{
    let end = report
        .states
        .iter()
        .fold(0.0_f64, |m, s| m.max(s.window.bounds[1]));
    let until = 1.1 * end;
    let mut top = 0.0_f64;
    for s in &report.states {
        for (_, m, e) in shown(s, until) {
            top = top.max(m + e.min(1.5 * m));
        }
    }
    let many = report.states.len() > 1;
    // Room above the curves for the legend.
    let top = top * (1.12 + 0.07 * report.states.len() as f64);
    let mut chart = ChartBuilder::on(area)
        .margin(px(16.0, k))
        .margin_right(px(26.0, k))
        .x_label_area_size(px(58.0, k))
        .y_label_area_size(px(82.0, k))
        .build_cartesian_2d(0.0..until, 0.0..top)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LIGHT.stroke_width(px(1.0, k)))
        .axis_style(BLACK.stroke_width(px(1.0, k)))
        .x_desc("time t (ps)")
        .y_desc(format!(
            "{} mean squared displacement (Å²)",
            report.settings.species
        ))
        .axis_desc_style(("sans-serif", 20.0 * k))
        .label_style(("sans-serif", 17.0 * k))
        .x_labels(8)
        .y_labels(8)
        .x_label_formatter(&|x| plain(*x))
        .y_label_formatter(&|y| plain(*y))
        .draw()
        .map_err(failed)?;
    for (index, s) in report.states.iter().enumerate() {
        let colour = colour(index, report.states.len());
        let points = shown(s, until);
        let band: Vec<(f64, f64)> = points
            .iter()
            .map(|(t, m, e)| (*t, (m + e).min(top)))
            .chain(points.iter().rev().map(|(t, m, e)| (*t, (m - e).max(0.0))))
            .collect();
        chart
            .draw_series(std::iter::once(Polygon::new(band, colour.mix(0.22))))
            .map_err(failed)?;
        if !many {
            for x in s.window.bounds {
                let stroke = GREY.mix(0.8).stroke_width(px(1.0, k));
                let bound = [(x, 0.0), (x, top * 0.80)];
                chart
                    .draw_series(DashedLineSeries::new(
                        bound,
                        px(3.0, k) as i32,
                        px(4.0, k) as i32,
                        stroke,
                    ))
                    .map_err(failed)?;
            }
        }
        let line: Vec<(f64, f64)> = points.iter().map(|(t, m, _)| (*t, *m)).collect();
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(px(2.5, k))))
            .map_err(failed)?
            .label(legend(s, many))
            .legend(swatch!(colour, k));
        let (slope, intercept) = fit_line(s);
        let ends = s
            .window
            .bounds
            .map(|t| (t, (slope * t + intercept).clamp(0.0, top)));
        let style = BLACK.stroke_width(px(2.0, k));
        chart
            .draw_series(DashedLineSeries::new(
                ends,
                px(9.0, k) as i32,
                px(6.0, k) as i32,
                style,
            ))
            .map_err(failed)?;
    }
    let dash = BLACK.stroke_width(px(2.0, k));
    let (x1, x2) = ((3.0 * k) as i32, (15.0 * k) as i32);
    let (x3, x4) = ((21.0 * k) as i32, (33.0 * k) as i32);
    chart
        .draw_series(std::iter::once(PathElement::new(
            Vec::<(f64, f64)>::new(),
            dash,
        )))
        .map_err(failed)?
        .label("GLS line in the lag window; band: 95 %")
        .legend(move |(x, y)| {
            EmptyElement::at((x, y))
                + PathElement::new(vec![(x1, 0), (x2, 0)], dash)
                + PathElement::new(vec![(x3, 0), (x4, 0)], dash)
        });
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .margin(px(12.0, k))
        .legend_area_size(px(40.0, k))
        .label_font(("sans-serif", 17.0 * k))
        .background_style(WHITE.mix(0.9))
        .border_style(GREY.mix(0.5))
        .draw()
        .map_err(failed)
}

fn draw_log<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    report: &Report,
    k: f64,
) -> Result<()>
where
    DB::ErrorType: 'static,
{
    let all: Vec<(f64, f64, f64)> = report
        .states
        .iter()
        .flat_map(|s| shown(s, f64::INFINITY))
        .collect();
    let fold = |f: fn(f64, f64) -> f64, start: f64, pick: &dyn Fn(&(f64, f64, f64)) -> f64| {
        all.iter().map(pick).fold(start, f)
    };
    let (x0, x1) = (
        fold(f64::min, f64::INFINITY, &|p| p.0),
        fold(f64::max, 0.0, &|p| p.0),
    );
    let (y0, y1) = (
        fold(f64::min, f64::INFINITY, &|p| p.1) / 1.6,
        fold(f64::max, 0.0, &|p| p.1 + p.2.min(p.1)) * 1.6,
    );
    if !(x0 < x1 && y0 < y1 && x0 > 0.0 && y0 > 0.0) {
        return Ok(());
    }
    let mut chart = ChartBuilder::on(area)
        .margin(px(16.0, k))
        .margin_right(px(26.0, k))
        .x_label_area_size(px(58.0, k))
        .y_label_area_size(px(82.0, k))
        .build_cartesian_2d((x0 / 1.2..x1 * 1.2).log_scale(), (y0..y1).log_scale())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LIGHT.stroke_width(px(1.0, k)))
        .axis_style(BLACK.stroke_width(px(1.0, k)))
        .x_desc("time t (ps)")
        .y_desc("MSD (Å²)")
        .axis_desc_style(("sans-serif", 20.0 * k))
        .label_style(("sans-serif", 17.0 * k))
        .x_label_formatter(&|x| decade(*x))
        .y_label_formatter(&|y| decade(*y))
        .draw()
        .map_err(failed)?;
    if let [s] = &report.states[..] {
        let [a, b] = s.window.bounds;
        let shade = Rectangle::new([(a, y0), (b, y1)], GREY.mix(0.10).filled());
        chart.draw_series(std::iter::once(shade)).map_err(failed)?;
    }
    for (index, s) in report.states.iter().enumerate() {
        let colour = colour(index, report.states.len());
        let points = shown(s, f64::INFINITY);
        let band: Vec<(f64, f64)> = points
            .iter()
            .map(|(t, m, e)| (*t, (m + e).min(y1)))
            .chain(points.iter().rev().map(|(t, m, e)| (*t, (m - e).max(y0))))
            .collect();
        chart
            .draw_series(std::iter::once(Polygon::new(band, colour.mix(0.22))))
            .map_err(failed)?;
        let line: Vec<(f64, f64)> = points.iter().map(|(t, m, _)| (*t, *m)).collect();
        let [a, b] = s.window.bounds;
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(px(2.5, k))))
            .map_err(failed)?
            .label(format!(
                "{}slope {:.2} ± {:.2} from {} to {} ps",
                if report.states.len() > 1 {
                    s.label() + ": "
                } else {
                    String::new()
                },
                s.slope.0,
                s.slope.1,
                significant(a),
                significant(b)
            ))
            .legend(swatch!(colour, k));
        let (slope, intercept) = fit_line(s);
        let fitted = (0..=60).map(|i| {
            let t = a * (b / a).powf(f64::from(i) / 60.0);
            (t, (slope * t + intercept).clamp(y0, y1))
        });
        let style = BLACK.stroke_width(px(2.0, k));
        chart
            .draw_series(DashedLineSeries::new(
                fitted,
                px(9.0, k) as i32,
                px(6.0, k) as i32,
                style,
            ))
            .map_err(failed)?;
    }
    // A line of slope one through the lower right corner region, to compare with by eye.
    let guide_end = x1;
    let guide_start = (x1 / 30.0).max(x0);
    let level = y0 * 1.6 * (guide_end / guide_start).max(1.0) / guide_end;
    let guide = [guide_start, guide_end].map(|t| (t, (level * t).clamp(y0, y1)));
    let grey = GREY.stroke_width(px(1.5, k));
    let (u, v) = ((3.0 * k) as i32, (33.0 * k) as i32);
    chart
        .draw_series(LineSeries::new(guide, grey))
        .map_err(failed)?
        .label("slope 1")
        .legend(move |(x, y)| {
            EmptyElement::at((x, y)) + PathElement::new(vec![(u, 0), (v, 0)], grey)
        });
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .margin(px(12.0, k))
        .legend_area_size(px(40.0, k))
        .label_font(("sans-serif", 17.0 * k))
        .background_style(WHITE.mix(0.9))
        .border_style(GREY.mix(0.5))
        .draw()
        .map_err(failed)
}
