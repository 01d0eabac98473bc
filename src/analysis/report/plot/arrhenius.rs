//! The Arrhenius plot with the extrapolation to 300 K.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::RGBColor;

use super::{GREY, LIGHT, colour, d_with_interval, failed, px, superscript, swatch};
use crate::analysis::CM2_PER_S;
use crate::analysis::report::Report;

/// Draws ln D over 1/T with the fitted law; `k` scales all sizes.
pub fn draw<DB: DrawingBackend>(
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
