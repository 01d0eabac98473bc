//! Tests of the estimates, on paths whose D is known.

use super::*;
use crate::analysis::msd::{analyse, lag_grid};
use crate::analysis::paths::MobilePaths;
use crate::analysis::paths::tests::brownian;

const D: f64 = 0.02;

fn analysed(paths: &MobilePaths) -> TrajectoryMsd {
    analyse(paths, &lag_grid(1, paths.n_frames / 2, 12.0))
}

fn fixed(a: f64, b: f64) -> Window {
    Window {
        bounds: [a, b],
        why: String::new(),
        diffusive: true,
    }
}

/// A walk of six atoms over 120 frames from a generator that any language can repeat.
fn reference_walk() -> MobilePaths {
    let mut paths = brownian(6, 120, 0.5, D, 0.0, 1);
    let mut state = 12345_u64;
    let mut walk = [0.0; 18];
    for frame in paths.position.chunks_mut(18) {
        for (w, x) in walk.iter_mut().zip(frame) {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            *w += state as f64 / f64::from(1_u32 << 31) - 0.5;
            *x = *w;
        }
    }
    paths
}

/// Values of numpy (polyfit; pinv of the covariance with the formula of kinisi; inverse of the
/// Brownian covariance summed over all pairs of windows), lags 4, 8, ... 60 frames.
#[test]
fn estimates_equal_those_of_numpy() {
    let lags: Vec<usize> = (1..=15).map(|k| 4 * k).collect();
    let t = [analyse(&reference_walk(), &lags)];
    let window = fixed(2.0, 30.0);
    let close = |a: f64, b: f64, what: &str| assert!((a / b - 1.0).abs() < 1e-6, "{what}: {a} {b}");
    let (d, error, count) = ordinary(&t, &window).unwrap();
    close(d, 0.122_999_266_259_609_9, "ordinary D");
    close(error, 0.001_542_193_482_838_014, "ordinary error");
    assert_eq!(count, 57);
    let e = estimate(&t, &window, Covariance::Kinisi, Kind::Tracer).unwrap();
    close(e.d, 0.086_221_467_129_111_45, "measured covariance D");
    close(
        e.line_error,
        0.011_005_097_914_108_75,
        "measured covariance error",
    );
    close(
        e.intercept,
        -0.040_384_235_272_478_836,
        "measured covariance intercept",
    );
    let e = estimate(&t, &window, Covariance::Brownian, Kind::Tracer).unwrap();
    close(e.d, 0.085_259_747_757_916_71, "Brownian D");
    close(e.line_error, 0.008_684_459_617_387_25, "Brownian error");
}

#[test]
fn ions_that_move_together_enlarge_the_error() {
    let single = brownian(8, 1000, 0.1, D, 0.0, 77);
    let mut pairs = single.clone();
    pairs.n_atoms = 16;
    pairs.position = single
        .position
        .chunks(3)
        .flat_map(|x| [x[0], x[1], x[2], x[0], x[1], x[2]])
        .collect();
    let window = fixed(0.1, 50.0);
    let of = |p: &MobilePaths| {
        estimate(&[analysed(p)], &window, Covariance::Brownian, Kind::Tracer).unwrap()
    };
    let (one, two) = (of(&single), of(&pairs));
    assert_eq!(one.correlation, 1.0);
    assert!((two.correlation - 2.0).abs() < 0.4, "{}", two.correlation);
    assert!((two.d / one.d - 1.0).abs() < 1e-9);
    assert!((two.std_error / one.std_error - 1.0).abs() < 0.3);
}

#[test]
fn trajectories_that_disagree_take_over_the_error() {
    let state = |d: [f64; 3]| -> Vec<TrajectoryMsd> {
        d.iter()
            .enumerate()
            .map(|(k, d)| analysed(&brownian(16, 400, 0.1, *d, 0.0, 300 + k as u64)))
            .collect()
    };
    let window = fixed(0.1, 20.0);
    let of =
        |t: &[TrajectoryMsd]| estimate(t, &window, Covariance::Brownian, Kind::Tracer).unwrap();
    let same = of(&state([0.02; 3]));
    assert!(same.spread_p.unwrap() > 0.003);
    assert!(
        !same.error_source.contains("between"),
        "{}",
        same.error_source
    );
    let different = of(&state([0.01, 0.02, 0.03]));
    assert!(different.spread_p.unwrap() < 1e-6);
    assert!(different.error_source.contains("between trajectories"));
    let spread = different.spread_error.unwrap();
    assert!((spread - 0.01 / 3.0_f64.sqrt()).abs() < 0.001, "{spread}");
    assert!((different.std_error - spread).abs() < 1e-12);
    assert_eq!(different.own.len(), 3);
}

#[test]
fn trajectories_of_different_length_and_frame_time_are_joined() {
    let t = [
        analysed(&brownian(16, 800, 0.1, D, 0.0, 1)),
        analysed(&brownian(16, 200, 0.25, D, 0.0, 2)),
    ];
    let window = choose_window(&t, Covariance::Brownian, 2.0);
    let e = estimate(&t, &window, Covariance::Brownian, Kind::Tracer).unwrap();
    assert!((e.d / D - 1.0).abs() < 4.0 * e.std_error / D, "{e:?}");
    let curve = curve(&t, &e, Kind::Tracer);
    assert!(curve.time.windows(2).all(|w| w[0] < w[1]));
    assert!(curve.error.iter().all(|x| *x > 0.0));
}

#[test]
fn collective_motion_of_independent_atoms_has_the_tracer_coefficient() {
    let t = [analysed(&brownian(32, 2000, 0.1, D, 0.0, 9))];
    let window = fixed(0.1, 20.0);
    let e = estimate(&t, &window, Covariance::Brownian, Kind::Collective).unwrap();
    assert!((e.d / D - 1.0).abs() < 3.0 * e.std_error / D);
    assert!(e.std_error / D > 0.01, "one path is all there is");
}

/// Diffusion with a fast, bounded rattling on top that takes time to saturate: the MSD is
/// 6 D t + c (1 - exp(-t/tau)), its slope approaches 6 D from above.
fn rattling(seed: u64) -> MobilePaths {
    let mut paths = brownian(48, 3000, 0.1, D, 0.0, seed);
    let noise = brownian(48, 3000, 1.0, 0.5, 0.0, seed + 1_000_000);
    let (decay, amplitude) = ((-0.1_f64 / 3.0).exp(), 0.35);
    let mut rattle = [0.0; 144];
    for frame in 1..3000 {
        for (i, r) in rattle.iter_mut().enumerate() {
            let at = frame * 144 + i;
            let kick = noise.position[at] - noise.position[at - 144];
            *r = *r * decay + amplitude * (1.0 - decay * decay).sqrt() * kick;
            paths.position[at] += *r;
        }
    }
    paths
}

#[test]
fn the_window_waits_until_the_slope_has_settled() {
    let mut worst = 0.0_f64;
    for seed in 0..6 {
        let t = [analysed(&rattling(seed))];
        let w = choose_window(&t, Covariance::Brownian, 2.0);
        let e = estimate(&t, &w, Covariance::Brownian, Kind::Tracer).unwrap();
        worst = worst.max((e.d - D).abs() / e.std_error);
        assert!(w.diffusive && w.bounds[0] > 2.0, "{:?}", w.bounds);
    }
    assert!(worst < 3.5, "{worst}");
    // What the test protects from: the early window gives a D far outside its own error.
    let t = [analysed(&rattling(0))];
    let e = estimate(&t, &fixed(0.5, 100.0), Covariance::Brownian, Kind::Tracer).unwrap();
    assert!((e.d - D) / e.std_error > 4.0);
}

/// Trials with independent seeds: mean D/D_true and the share of intervals with the truth.
fn trials(count: u64, make: impl Fn(u64) -> (Vec<TrajectoryMsd>, Option<Window>)) -> (f64, f64) {
    let (mut sum, mut covered) = (0.0, 0.0);
    for seed in 0..count {
        let (trajectories, window) = make(seed);
        let window =
            window.unwrap_or_else(|| choose_window(&trajectories, Covariance::Brownian, 2.0));
        let e = estimate(&trajectories, &window, Covariance::Brownian, Kind::Tracer).unwrap();
        sum += e.d / D;
        covered += f64::from(e.ci95[0] < D && D < e.ci95[1]);
    }
    (sum / count as f64, covered / count as f64)
}

#[test]
fn fixed_window_is_unbiased_and_covers_the_truth() {
    let (mean, covered) = trials(300, |seed| {
        let t = analysed(&brownian(16, 400, 0.1, D, 0.15, 1000 + seed));
        (vec![t], Some(fixed(2.0, 20.0)))
    });
    println!("fixed window: mean {mean:.4} covered {covered:.3}");
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
    assert!((0.90..=0.98).contains(&covered), "{covered}");
}

#[test]
fn automatic_window_is_unbiased_and_covers_the_truth() {
    let (mean, covered) = trials(300, |seed| {
        (
            vec![analysed(&brownian(24, 500, 0.1, D, 0.05, 5000 + seed))],
            None,
        )
    });
    println!("automatic window: mean {mean:.4} covered {covered:.3}");
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
    assert!((0.90..=0.98).contains(&covered), "{covered}");
}

#[test]
fn an_ensemble_of_short_runs_covers_the_truth() {
    let (mean, covered) = trials(120, |seed| {
        let one = |k| analysed(&brownian(6, 150, 0.1, D, 0.05, 90_000 + 20 * seed + k));
        ((0..8).map(one).collect(), None)
    });
    println!("ensemble: mean {mean:.4} covered {covered:.3}");
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
    assert!((0.90..=0.985).contains(&covered), "{covered}");
}
