//! Plots as SVG and PNG: MSD with error band and fitted line (linear and log-log side by side), and
//! the Arrhenius plot.
//!
//! The PNG text is drawn with DejaVu Sans, which the crate `dejavu` ships; an SVG names a generic
//! sans-serif font.

mod arrhenius;
mod msd;

use std::path::Path;
use std::sync::Once;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, RGBColor, register_font};

use super::Report;
use crate::analysis::CM2_PER_S;

const MSD_SIZE: (u32, u32) = (1500, 640);
const ARRHENIUS_SIZE: (u32, u32) = (860, 640);
/// Pixels of the PNG per unit of the SVG.
const PNG_SCALE: u32 = 2;

/// MSD plot as SVG.
pub fn msd_svg(report: &Report) -> Result<String> {
    svg(MSD_SIZE, |root| msd::draw(&root, report, 1.0))
}

/// MSD plot as PNG; `folder` takes the temporary file.
pub fn msd_png(report: &Report, folder: &Path) -> Result<Vec<u8>> {
    png(MSD_SIZE, folder, |root| {
        msd::draw(&root, report, f64::from(PNG_SCALE))
    })
}

/// Arrhenius plot as SVG.
pub fn arrhenius_svg(report: &Report) -> Result<String> {
    svg(ARRHENIUS_SIZE, |root| arrhenius::draw(&root, report, 1.0))
}

/// Arrhenius plot as PNG; `folder` takes the temporary file.
pub fn arrhenius_png(report: &Report, folder: &Path) -> Result<Vec<u8>> {
    png(ARRHENIUS_SIZE, folder, |root| {
        arrhenius::draw(&root, report, f64::from(PNG_SCALE))
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
#[allow(clippy::needless_pass_by_value)] // the form that map_err wants
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

/// Makes the macro known to the two plots.
use swatch;

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

fn px(size: f64, k: f64) -> u32 {
    (size * k).round() as u32
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
