//! Plots as SVG and PNG: MSD with error band and fitted line (linear and log-log side by side), and
//! the Arrhenius plot.
//!
//! The PNG text is drawn with DejaVu Sans, which the crate `dejavu` ships; an SVG names a generic
//! sans-serif font.

use std::path::Path;
use std::sync::Once;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, RGBColor, register_font};

use super::super::CM2_PER_S;
use super::super::gls::DIMENSIONS;
use super::{Report, StateReport};

const MSD_SIZE: (u32, u32) = (1500, 640);
const ARRHENIUS_SIZE: (u32, u32) = (860, 640);
/// Pixels of the PNG per unit of the SVG.
const PNG_SCALE: u32 = 2;

/// MSD plot as SVG.
pub fn msd_svg(report: &Report) -> Result<String> {
    svg(MSD_SIZE, |root| draw_msd(&root, report, 1.0))
}

/// MSD plot as PNG; `folder` takes the temporary file.
pub fn msd_png(report: &Report, folder: &Path) -> Result<Vec<u8>> {
    png(MSD_SIZE, folder, |root| {
        draw_msd(&root, report, f64::from(PNG_SCALE))
    })
}

/// Arrhenius plot as SVG.
pub fn arrhenius_svg(report: &Report) -> Result<String> {
    svg(ARRHENIUS_SIZE, |root| draw_arrhenius(&root, report, 1.0))
}

/// Arrhenius plot as PNG; `folder` takes the temporary file.
pub fn arrhenius_png(report: &Report, folder: &Path) -> Result<Vec<u8>> {
    png(ARRHENIUS_SIZE, folder, |root| {
        draw_arrhenius(&root, report, f64::from(PNG_SCALE))
    })
}

type Svg<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Png<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

fn svg(size: (u32, u32), draw: impl FnOnce(Svg) -> Result<()>) -> Result<String> {
    fonts();
    let mut text = String::new();
    draw(SVGBackend::with_string(&mut text, size).into_drawing_area())?;
    Ok(text)
}

fn png(size: (u32, u32), folder: &Path, draw: impl FnOnce(Png) -> Result<()>) -> Result<Vec<u8>> {
    fonts();
    let file = tempfile::Builder::new()
        .suffix(".png")
        .tempfile_in(folder)?;
    let size = (size.0 * PNG_SCALE, size.1 * PNG_SCALE);
    draw(BitMapBackend::new(file.path(), size).into_drawing_area())?;
    Ok(std::fs::read(file.path())?)
}

fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A font that cannot be registered shows as an error of the drawing itself.
        let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
        let _ = register_font("sans-serif", FontStyle::Bold, dejavu::sans::bold());
    });
}

/// Errors of any drawing backend in words.
fn failed<E: std::error::Error + Send + Sync>(e: DrawingAreaErrorKind<E>) -> anyhow::Error {
    anyhow!("drawing a plot: {e}")
}

/// From cold blue to hot red, one colour per state.
fn colour(index: usize, count: usize) -> RGBColor {
    const STOPS: [(f64, f64, f64); 5] = [
        (31.0, 95.0, 168.0),
        (38.0, 143.0, 142.0),
        (104.0, 160.0, 70.0),
        (222.0, 142.0, 40.0),
        (190.0, 45.0, 50.0),
    ];
    if count < 2 {
        return RGBColor(31, 95, 168);
    }
    let place = index as f64 / (count - 1) as f64 * (STOPS.len() - 1) as f64;
    let low = (place.floor() as usize).min(STOPS.len() - 2);
    let part = place - low as f64;
    let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
    let (a, b) = (STOPS[low], STOPS[low + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Line with a band behind it, for the legend. A macro, because the type of the elements depends on
/// the backend in a way that a function cannot name.
macro_rules! swatch {
    ($colour:expr, $k:expr) => {{
        let (colour, a, b) = ($colour, (3.0 * $k) as i32, (33.0 * $k) as i32);
        let half = (6.0 * $k) as i32;
        let stroke = colour.stroke_width(px(2.5, $k));
        move |(x, y)| {
            EmptyElement::at((x, y))
                + Rectangle::new([(a, -half), (b, half)], colour.mix(0.22).filled())
                + PathElement::new(vec![(a, 0), (b, 0)], stroke)
        }
    }};
}

const GREY: RGBColor = RGBColor(110, 110, 110);
const LIGHT: RGBColor = RGBColor(225, 225, 225);

/// "D = 2.05 [1.98, 2.12] x 10^-6 cm^2/s" with one common power of ten.
pub(super) fn d_with_interval(d: f64, ci95: [f64; 2]) -> String {
    let [d, lo, hi] = [d, ci95[0], ci95[1]].map(|x| x * CM2_PER_S);
    if !d.is_finite() || d == 0.0 {
        return "D not available".to_string();
    }
    let power = d.abs().log10().floor() as i32;
    let scale = 10.0_f64.powi(power);
    format!(
        "D = {:.2} [{:.2}, {:.2}] × 10{} cm²/s",
        d / scale,
        lo / scale,
        hi / scale,
        superscript(power)
    )
}

fn superscript(power: i32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    power
        .to_string()
        .chars()
        .map(|c| c.to_digit(10).map_or('⁻', |d| digits[d as usize]))
        .collect()
}

/// A number with three significant digits.
fn significant(x: f64) -> String {
    if !x.is_finite() || x <= 0.0 {
        return plain(x);
    }
    let digits = (2 - x.log10().floor() as i32).clamp(0, 9) as usize;
    plain(format!("{x:.digits$}").parse().unwrap_or(x))
}

/// Tick label on a linear axis, without idle zeros.
fn plain(x: f64) -> String {
    let text = format!("{x:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_string()
}

/// Tick label on a logarithmic axis.
fn decade(x: f64) -> String {
    if (0.0099..=10_001.0).contains(&x) {
        let digits = (-x.log10().floor()).max(0.0) as usize;
        format!("{x:.digits$}")
    } else {
        format!("10{}", superscript(x.log10().round() as i32))
    }
}

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

fn draw_msd<DB: DrawingBackend>(
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

fn px(size: f64, k: f64) -> u32 {
    (size * k).round() as u32
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

fn draw_arrhenius<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    report: &Report,
    k: f64,
) -> Result<()>
where
    DB::ErrorType: 'static,
{
    root.fill(&WHITE).map_err(failed)?;
    let Some(law) = &report.arrhenius else {
        return Ok(());
    };
    let points: Vec<(f64, f64, [f64; 2])> = report
        .states
        .iter()
        .filter_map(|s| Some((s.temperature?, s.tracer.d, s.tracer.ci95)))
        .filter(|(_, d, _)| *d > 0.0)
        .map(|(t, d, ci)| (t, d * CM2_PER_S, ci.map(|x| x * CM2_PER_S)))
        .collect();
    let hottest = points.iter().fold(300.0_f64, |m, p| m.max(p.0));
    let coldest = points.iter().fold(300.0_f64, |m, p| m.min(p.0));
    let (x0, x1) = (1000.0 / hottest - 0.12, 1000.0 / coldest + 0.12);
    let (d300, ci300) = law.at(300.0);
    let positive = |x: f64| x.is_finite() && x > 0.0;
    let lows = points
        .iter()
        .map(|p| p.2[0])
        .chain([ci300[0]])
        .filter(|x| positive(*x));
    let highs = points
        .iter()
        .map(|p| p.2[1])
        .chain([ci300[1]])
        .filter(|x| positive(*x));
    let y0 = lows.fold(d300, f64::min) / 2.0;
    let y1 = highs.fold(d300, f64::max) * 4.0;
    let mut chart = ChartBuilder::on(root)
        .margin(px(16.0, k))
        .margin_right(px(26.0, k))
        .x_label_area_size(px(58.0, k))
        .y_label_area_size(px(90.0, k))
        .build_cartesian_2d(x0..x1, (y0..y1).log_scale())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LIGHT.stroke_width(px(1.0, k)))
        .axis_style(BLACK.stroke_width(px(1.0, k)))
        .x_desc("1000 K / T")
        .y_desc(format!(
            "{} tracer diffusion D (cm²/s)",
            report.settings.species
        ))
        .axis_desc_style(("sans-serif", 20.0 * k))
        .label_style(("sans-serif", 17.0 * k))
        .y_label_formatter(&|y| format!("10{}", superscript(y.log10().round() as i32)))
        .draw()
        .map_err(failed)?;
    let grid: Vec<f64> = (0..=100)
        .map(|i| x0 + (x1 - x0) * f64::from(i) / 100.0)
        .collect();
    let at = |x: f64| law.at(1000.0 / x);
    let upper = grid.iter().map(|x| (*x, at(*x).1[1].clamp(y0, y1)));
    let lower = grid.iter().rev().map(|x| (*x, at(*x).1[0].clamp(y0, y1)));
    let band: Vec<(f64, f64)> = upper.chain(lower).collect();
    let blue = RGBColor(31, 95, 168);
    chart
        .draw_series(std::iter::once(Polygon::new(band, blue.mix(0.18))))
        .map_err(failed)?;
    let line = [x0, x1].map(|x| (x, at(x).0.clamp(y0, y1)));
    let half = (law.ea_ci95[1] - law.ea_ci95[0]) / 2.0;
    chart
        .draw_series(LineSeries::new(line, blue.stroke_width(px(2.0, k))))
        .map_err(failed)?
        .label(format!("Ea = {:.3} ± {half:.3} eV (95 %)", law.ea))
        .legend(swatch!(blue, k));
    for (index, (t, d, [lo, hi])) in points.iter().enumerate() {
        let colour = colour(index, points.len().max(2));
        let x = 1000.0 / t;
        let stroke = colour.stroke_width(px(2.0, k));
        let bar = PathElement::new(vec![(x, lo.clamp(y0, y1)), (x, hi.clamp(y0, y1))], stroke);
        chart.draw_series(std::iter::once(bar)).map_err(failed)?;
        let dot = Circle::new((x, *d), px(5.0, k), colour.filled());
        chart.draw_series(std::iter::once(dot)).map_err(failed)?;
        let beside = ((10.0 * k) as i32, (-18.0 * k) as i32);
        let font = ("sans-serif", 16.0 * k).into_font();
        let label = EmptyElement::at((x, *d)) + Text::new(format!("{t:.0} K"), beside, font);
        chart.draw_series(std::iter::once(label)).map_err(failed)?;
    }
    let open = Circle::new(
        (1000.0 / 300.0, d300),
        px(6.0, k),
        BLACK.stroke_width(px(2.0, k)),
    );
    let dot = px(6.0, k);
    let ring = BLACK.stroke_width(px(2.0, k));
    chart
        .draw_series(std::iter::once(open))
        .map_err(failed)?
        .label(format!(
            "300 K: {}",
            d_with_interval(d300 / CM2_PER_S, ci300.map(|x| x / CM2_PER_S))
        ))
        .legend(move |(x, y)| Circle::new((x + (18.0 * k) as i32, y), dot, ring));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .margin(px(12.0, k))
        .legend_area_size(px(40.0, k))
        .label_font(("sans-serif", 17.0 * k))
        .background_style(WHITE.mix(0.9))
        .border_style(GREY.mix(0.5))
        .draw()
        .map_err(failed)?;
    root.present().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_a_paper() {
        let text = d_with_interval(0.0205, [0.0198, 0.0212]);
        assert_eq!(text, "D = 2.05 [1.98, 2.12] × 10⁻⁶ cm²/s");
        assert_eq!(decade(0.01), "0.01");
        assert_eq!(decade(100.0), "100");
        assert_eq!(
            (plain(15.0), plain(0.25), plain(-0.0)),
            ("15".into(), "0.25".into(), "0".into())
        );
        assert_eq!(
            (significant(5.5), significant(99.95)),
            ("5.5".to_string(), "100".to_string())
        );
        assert_eq!(significant(0.0123), "0.0123");
        assert_eq!(decade(1.0e-5), "10⁻⁵");
        assert_eq!(d_with_interval(0.0, [0.0, 0.0]), "D not available");
    }

    #[test]
    fn colours_run_from_blue_to_red() {
        assert_eq!(colour(0, 4), RGBColor(31, 95, 168));
        assert_eq!(colour(3, 4), RGBColor(190, 45, 50));
    }
}
