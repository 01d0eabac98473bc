//! `fix ave/correlate`: time correlation functions of global values, to a file and as `f_ID`.

use super::average_common::{Rows, require_steps, scalars};
use super::{Control, Fix, FixEntry, FixId};
use crate::cformat::general;
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Reference};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword, many};
use std::collections::VecDeque;
use std::fmt::Write as _;

const TYPES: &[&str] = &[
    "auto",
    "upper",
    "lower",
    "auto/upper",
    "auto/lower",
    "full",
    "first",
];

const SIGNATURE: Signature = Signature {
    name: "ave/correlate",
    summary: "time correlation functions of global values",
    args: &[
        arg("Nevery", Kind::Count, "steps between samples"),
        arg("Nrepeat", Kind::Count, "number of time lags"),
        arg(
            "Nfreq",
            Kind::Count,
            "steps between outputs: a multiple of Nevery, at least (Nrepeat-1)*Nevery",
        ),
        many(
            "value",
            Kind::Value,
            "c_ID, c_ID[i], f_ID, f_ID[i], v_name; c_ID[*] for all",
        ),
    ],
    keywords: &[
        keyword(
            "type",
            &[arg(
                "pairs",
                Kind::OneOf(TYPES),
                "which pairs of values are correlated",
            )],
            "default auto",
        ),
        keyword(
            "ave",
            &[arg(
                "kind",
                Kind::OneOf(&["one", "running"]),
                "zero the sums after every output, or never",
            )],
            "default one",
        ),
        keyword(
            "start",
            &[arg("step", Kind::Int, "first step of sampling")],
            "default 0",
        ),
        keyword(
            "prefactor",
            &[arg("value", Kind::Real, "factor of the correlations")],
            "default 1",
        ),
        keyword(
            "file",
            &[arg(
                "path",
                Kind::FileOut,
                "file that correlations are written to",
            )],
            "",
        ),
        keyword(
            "append",
            &[arg(
                "path",
                Kind::FileOut,
                "file that correlations are appended to",
            )],
            "",
        ),
        keyword("overwrite", &[], "keep only the last output in the file"),
        keyword(
            "title1",
            &[arg("text", Kind::Text, "first line of the file")],
            "",
        ),
        keyword(
            "title2",
            &[arg("text", Kind::Text, "second line of the file")],
            "",
        ),
        keyword(
            "title3",
            &[arg("text", Kind::Text, "third line of the file")],
            "",
        ),
    ],
    description: "C_ij(k Nevery) = mean over samples of V_i(t - k Nevery) V_j(t). `f_ID` is an array with Nrepeat rows: \
time lag, number of samples, one column per pair.",
    examples: &[
        "fix j all ave/correlate 1 200 10000 c_flux[1] type auto file j0jt.dat ave running",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

/// Bound of the memory that a script can ask for.
const MAX_LAGS: i64 = 1_000_000;

struct AveCorrelate {
    every: i64,
    repeat: usize,
    freq: i64,
    start: i64,
    next: i64,
    values: Vec<Reference>,
    pairs: Vec<(usize, usize)>,
    running: bool,
    prefactor: f64,
    /// The last `repeat` samples, newest last.
    samples: VecDeque<Vec<f64>>,
    count: Vec<f64>,
    sum: Vec<Vec<f64>>,
    /// Lag counts and correlations of the last output.
    result: (Vec<f64>, Vec<Vec<f64>>),
    rows: Rows,
}

fn pairs_of(kind: &str, n: usize) -> Vec<(usize, usize)> {
    let all = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    all.filter(|&(i, j)| match kind {
        "upper" => i < j,
        "lower" => i > j,
        "auto/upper" => i <= j,
        "auto/lower" => i >= j,
        "full" => true,
        "first" => i == 0,
        _ => i == j,
    })
    .collect()
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let (every, repeat, freq) = (
        args.int("Nevery")?,
        args.int("Nrepeat")?,
        args.int("Nfreq")?,
    );
    if freq % every != 0 || (repeat - 1).checked_mul(every).is_none_or(|n| n > freq) {
        return Err(
            Error::input("Inconsistent fix ave/correlate nevery/nrepeat/nfreq values")
                .at(2)
                .help("Nfreq must be a multiple of Nevery and at least (Nrepeat-1)*Nevery"),
        );
    }
    if repeat > MAX_LAGS {
        return Err(
            Error::input(format!("fix ave/correlate: more than {MAX_LAGS} time lags")).at(1),
        );
    }
    require_steps(&args.all("value"), every, "ave/correlate", host)?;
    let values = scalars(&args.all("value"), "ave/correlate", host)?;
    let kind = args.keyword("type");
    let pairs = pairs_of(
        kind.as_ref().map_or("auto", |k| k.str("pairs")),
        values.len(),
    );
    let names: String = pairs
        .iter()
        .map(|&(i, j)| format!(" {}*{}", values[i], values[j]))
        .collect();
    let title = |n: &str, default: String| {
        args.keyword(n)
            .map_or(default, |k| k.str("text").to_string())
    };
    let header = [
        title(
            "title1",
            format!("# Time-correlated data for fix {}", id.id),
        ),
        title("title2", "# Timestep Number-of-time-windows".into()),
        title("title3", format!("# Index TimeDelta Ncount{names}")),
    ];
    let (file, append) = (args.keyword("file"), args.keyword("append"));
    let path = append
        .as_ref()
        .or(file.as_ref())
        .and_then(|k| k.get("path"));
    let overwrite = args.keyword("overwrite").is_some();
    let rows = Rows::open(path, append.is_some(), overwrite, &header, host.dry())?;
    let repeat = usize::try_from(repeat).unwrap_or(1);
    let zero = vec![vec![0.0; pairs.len()]; repeat];
    let mut fix = AveCorrelate {
        every,
        repeat,
        freq,
        start: args.keyword("start").map_or(Ok(0), |k| k.int("step"))?,
        next: 0,
        running: args
            .keyword("ave")
            .is_some_and(|k| k.str("kind") == "running"),
        prefactor: args
            .keyword("prefactor")
            .map_or(Ok(1.0), |k| k.real("value"))?,
        samples: VecDeque::new(),
        count: vec![0.0; repeat],
        result: (vec![0.0; repeat], zero.clone()),
        sum: zero,
        values,
        pairs,
        rows,
    };
    fix.reset_timestep(host.state().step);
    Ok(Box::new(fix))
}

impl AveCorrelate {
    /// Adds the products of the newest sample with all kept ones.
    fn accumulate(&mut self) {
        let Some(newest) = self.samples.back() else {
            return;
        };
        for (lag, old) in self.samples.iter().rev().enumerate() {
            self.count[lag] += 1.0;
            for (s, &(i, j)) in self.sum[lag].iter_mut().zip(&self.pairs) {
                *s += old[i] * newest[j];
            }
        }
    }

    fn output_now(&mut self, step: i64) -> Result<()> {
        self.result.0.clone_from(&self.count);
        for (lag, row) in self.result.1.iter_mut().enumerate() {
            for (r, s) in row.iter_mut().zip(&self.sum[lag]) {
                *r = if self.count[lag] > 0.0 {
                    self.prefactor * s / self.count[lag]
                } else {
                    0.0
                };
            }
        }
        let mut text = format!("{step} {}\n", self.repeat);
        for lag in 0..self.repeat {
            let _ = write!(
                text,
                "{} {} {}",
                lag + 1,
                lag as i64 * self.every,
                self.count[lag]
            );
            for v in &self.result.1[lag] {
                text.push(' ');
                text.push_str(&if self.count[lag] > 0.0 {
                    general(6, *v)
                } else {
                    "0.0".into()
                });
            }
            text.push('\n');
        }
        self.rows.write(&text)?;
        if !self.running {
            self.count.fill(0.0);
            self.sum.iter_mut().for_each(|s| s.fill(0.0));
            // The last sample begins the next window.
            self.samples.drain(..self.samples.len().saturating_sub(1));
            self.accumulate();
        }
        Ok(())
    }
}

impl Fix for AveCorrelate {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        if self.next < step {
            self.reset_timestep(step);
        }
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.end_of_step(host).map(|_| ())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let step = host.state().step;
        if step != self.next {
            return Ok(Control::Continue);
        }
        let sample = self
            .values
            .iter()
            .map(|r| host.scalar(r))
            .collect::<Result<Vec<_>>>()?;
        self.samples.push_back(sample);
        if self.samples.len() > self.repeat {
            self.samples.pop_front();
        }
        self.accumulate();
        self.next += self.every;
        if step % self.freq == 0 {
            self.output_now(step)?;
        }
        Ok(Control::Continue)
    }

    fn tally_at(&self, step: i64) -> Tally {
        if step == self.next {
            Tally::GLOBAL
        } else {
            Tally::NONE
        }
    }

    fn output(&self) -> Output {
        Output {
            array: (self.repeat, self.pairs.len() + 2),
            every: self.freq,
            ..Output::default()
        }
    }

    fn data(&mut self, _: Part, _: &mut dyn Host) -> Result<Data> {
        let columns = self.pairs.len() + 2;
        let mut values = Vec::with_capacity(columns * self.repeat);
        for lag in 0..self.repeat {
            values.extend([(lag as i64 * self.every) as f64, self.result.0[lag]]);
            values.extend_from_slice(&self.result.1[lag]);
        }
        Ok(Data::Array { columns, values })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.int(self.next)
            .reals(&self.count)
            .int(self.samples.len() as i64);
        for row in self.samples.iter().chain(&self.sum).chain(&self.result.1) {
            w.reals(row);
        }
        w.reals(&self.result.0);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.next = r.int()?;
        let count = r.reals()?;
        if count.len() != self.repeat {
            return Err(Error::input(
                "the restart file's state of fix ave/correlate has another number of time lags",
            ));
        }
        self.count = count;
        let samples = r.int()?.clamp(0, self.repeat as i64);
        self.samples = (0..samples).map(|_| r.reals()).collect::<Result<_>>()?;
        self.sum = (0..self.repeat).map(|_| r.reals()).collect::<Result<_>>()?;
        self.result.1 = (0..self.repeat).map(|_| r.reals()).collect::<Result<_>>()?;
        self.result.0 = r.reals()?;
        let fits = self.samples.iter().all(|s| s.len() == self.values.len())
            && self
                .sum
                .iter()
                .chain(&self.result.1)
                .all(|s| s.len() == self.pairs.len())
            && self.result.0.len() == self.repeat;
        if fits {
            Ok(())
        } else {
            Err(Error::input(
                "the restart file's state of fix ave/correlate has another number of values",
            ))
        }
    }

    fn reset_timestep(&mut self, step: i64) {
        let from = step.max(self.start);
        self.next = from + (-from).rem_euclid(self.every);
    }
}
