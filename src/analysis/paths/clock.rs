//! The time axis of a trajectory: which frames count, and that they are equally spaced.

use anyhow::{Context, Result, bail, ensure};

use super::PathOptions;
use crate::analysis::trajectory::Frame;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Yes,
    Skipped,
    /// A frame written a second time after a restart.
    Duplicate,
}

/// The time axis: which frames count, and that they are equally spaced.
pub(super) struct Clock<'a> {
    options: &'a PathOptions,
    seen: usize,
    last_step: Option<i64>,
    start: Option<f64>,
    times: Vec<f64>,
    steps: Vec<i64>,
    without_time: bool,
    duplicates: usize,
    since_kept: usize,
}

impl<'a> Clock<'a> {
    pub(super) fn new(options: &'a PathOptions) -> Self {
        Self {
            options,
            seen: 0,
            last_step: None,
            start: None,
            times: Vec::new(),
            steps: Vec::new(),
            without_time: false,
            duplicates: 0,
            since_kept: 0,
        }
    }

    pub(super) fn accept(&mut self, frame: &Frame) -> Result<Keep> {
        if let (Some(now), Some(last)) = (frame.step, self.last_step)
            && now <= last
        {
            self.duplicates += 1;
            return Ok(Keep::Duplicate);
        }
        self.last_step = frame.step;
        let index = self.seen;
        self.seen += 1;
        let from_step = || Some(frame.step? as f64 * self.options.timestep?);
        let time = match self.options.frame_time {
            Some(dt) => Some(index as f64 * dt),
            None => frame.time.or_else(from_step),
        };
        let Some(time) = time else {
            self.without_time = true;
            bail!(
                "the file tells no time: give --frame-time PS (time between frames){}",
                if frame.step.is_some() {
                    " or --timestep PS (time of one MD step)"
                } else {
                    ""
                }
            );
        };
        let start = *self.start.get_or_insert(time);
        if time - start < self.options.skip * (1.0 - 1.0e-9) {
            return Ok(Keep::Skipped);
        }
        let keep = self.since_kept == 0;
        self.since_kept = (self.since_kept + 1) % self.options.every.max(1);
        if !keep {
            return Ok(Keep::Skipped);
        }
        self.times.push(time);
        self.steps.extend(frame.step);
        Ok(Keep::Yes)
    }

    /// Time between frames in ps.
    pub(super) fn interval(&self) -> Result<f64> {
        let n = self.times.len();
        ensure!(
            n >= 4,
            "{n} frames are too few (of {} in the file, {} ps skipped)",
            self.seen,
            self.options.skip
        );
        check_even(&self.times, "ps")?;
        if self.options.frame_time.is_some() && self.steps.len() == n {
            let steps: Vec<f64> = self.steps.iter().map(|s| *s as f64).collect();
            check_even(&steps, "steps")?;
        }
        Ok((self.times[n - 1] - self.times[0]) / (n - 1) as f64)
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.duplicates > 0 {
            notes.push(format!(
                "{} frames repeat an earlier step (after a restart) and were left out",
                self.duplicates
            ));
        }
        if self.options.frame_time.is_some() {
            notes.push("the time between frames is the one given by --frame-time".to_string());
        }
        notes
    }
}

fn check_even(times: &[f64], unit: &str) -> Result<()> {
    let n = times.len();
    let dt = (times[n - 1] - times[0]) / (n - 1) as f64;
    ensure!(dt > 0.0, "the time does not increase");
    let mut gaps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps[gaps.len() / 2];
    let odd = times
        .windows(2)
        .position(|w| ((w[1] - w[0]) - usual).abs() > 0.02 * usual);
    let Some(k) = odd else { return Ok(()) };
    Err(anyhow::anyhow!(
        "{} {unit} lie between frames {} and {}, elsewhere {usual}",
        times[k + 1] - times[k],
        k + 1,
        k + 2
    ))
    .context("the frames are not equally spaced in time (--skip PS leaves out the start)")
}
