//! `fix ave/time`: time averages of global scalars or vectors, to a file and as `f_ID`.

use super::average_common::{
    Rows, Schedule, is_extensive, require_steps, scalars, value_format, vectors,
};
use super::{Control, Fix, FixEntry, FixId};
use crate::cformat::{LineFormat, shortest};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword, many, optional};
use std::collections::VecDeque;

const SIGNATURE: Signature = Signature {
    name: "ave/time",
    summary: "time averages of global values",
    args: &[
        arg("Nevery", Kind::Count, "steps between samples"),
        arg("Nrepeat", Kind::Count, "samples per average"),
        arg(
            "Nfreq",
            Kind::Count,
            "steps between averages: a multiple of Nevery, at least Nevery*Nrepeat",
        ),
        many(
            "value",
            Kind::Value,
            "c_ID, c_ID[i], f_ID, f_ID[i], v_name; c_ID[*] for all",
        ),
    ],
    keywords: &[
        keyword(
            "mode",
            &[arg(
                "kind",
                Kind::OneOf(&["scalar", "vector"]),
                "values are numbers or vectors",
            )],
            "default scalar",
        ),
        keyword(
            "ave",
            &[
                arg(
                    "kind",
                    Kind::OneOf(&["one", "running", "window"]),
                    "one average each time, over all so far, over the last M",
                ),
                optional("M", Kind::Count, "length of the window"),
            ],
            "default one",
        ),
        keyword(
            "start",
            &[arg("step", Kind::Int, "first step of sampling")],
            "default 0",
        ),
        keyword(
            "off",
            &[arg(
                "M",
                Kind::Count,
                "value that is not averaged but printed as it is",
            )],
            "may be repeated",
        ),
        keyword(
            "file",
            &[arg(
                "path",
                Kind::FileOut,
                "file that averages are written to",
            )],
            "",
        ),
        keyword(
            "append",
            &[arg(
                "path",
                Kind::FileOut,
                "file that averages are appended to",
            )],
            "",
        ),
        keyword("overwrite", &[], "keep only the last average in the file"),
        keyword(
            "format",
            &[arg("text", Kind::Word, "printf format of one value")],
            "default \" %g\"",
        ),
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
            &[arg(
                "text",
                Kind::Text,
                "third line of the file, vector mode",
            )],
            "",
        ),
    ],
    description: "Samples are taken on the Nrepeat steps Nfreq-(Nrepeat-1)Nevery, ..., Nfreq before every multiple of \
Nfreq and averaged. `f_ID` is a scalar for one value, a vector for several, in vector mode a vector or an array. The \
values are 0 before the first average.\n\nA file whose name ends in .yaml or .yml is written as a YAML document with all \
digits of the values.",
    examples: &[
        "fix a all ave/time 5 10 100 c_thermo_temp file temp.dat",
        "fix g all ave/time 10 10 1000 c_g[*] mode vector file rdf.dat",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

#[derive(Clone, Copy, PartialEq)]
enum Averaging {
    One,
    Running,
    Window(usize),
}

struct AveTime {
    values: Vec<Reference>,
    vector: bool,
    off: Vec<bool>,
    averaging: Averaging,
    schedule: Schedule,
    /// Sums since the last output; columns by value, rows by vector element.
    sum: Vec<Vec<f64>>,
    /// Averages of past outputs that `ave` combines.
    history: VecDeque<Vec<Vec<f64>>>,
    running: Vec<Vec<f64>>,
    outputs: f64,
    /// What `f_ID` is now.
    result: Vec<Vec<f64>>,
    rows: Rows,
    format: LineFormat,
    /// Which values are extensive.
    extensive: Vec<bool>,
    /// Names of the columns of a YAML file whose list of them has not been written yet.
    yaml: Option<Yaml>,
}

/// The file is a YAML document, because its name ends in .yaml or .yml.
struct Yaml {
    /// `keywords: [...]` and `data:`.
    head: String,
    /// Whether the head is in the file.
    begun: bool,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let vector = args
        .keyword("mode")
        .is_some_and(|k| k.str("kind") == "vector");
    let start = args.keyword("start").map_or(Ok(0), |k| k.int("step"))?;
    let step = host.state().step;
    let (every, repeat, freq) = (
        args.int("Nevery")?,
        args.int("Nrepeat")?,
        args.int("Nfreq")?,
    );
    let schedule = Schedule::new("ave/time", every, repeat, freq, start, step)?;
    let words = args.all("value");
    require_steps(&words, every, "ave/time", host)?;
    let values = if vector {
        vectors(&words, "ave/time", host)?
    } else {
        scalars(&words, "ave/time", host)?
    };
    let averaging = match args.keyword("ave") {
        None => Averaging::One,
        Some(k) => match (k.str("kind"), k.get("M")) {
            ("window", Some(_)) => Averaging::Window(usize::try_from(k.int("M")?).unwrap_or(1)),
            ("window", None) => return Err(Error::input(
                "Illegal fix ave/time ave window command: missing argument(s): 'M' is not given",
            )
            .at(k.position())),
            (_, Some(_)) => {
                return Err(Error::input(
                    "Illegal fix ave/time command: only ave window takes a number",
                )
                .at(k.word("M")));
            }
            ("running", None) => Averaging::Running,
            _ => Averaging::One,
        },
    };
    let mut off = vec![false; values.len()];
    for k in args.keywords().filter(|k| k.name() == "off") {
        let m = usize::try_from(k.int("M")?).unwrap_or(0);
        *off.get_mut(m.wrapping_sub(1)).ok_or_else(|| {
            Error::input(format!(
                "fix ave/time off {m}: there are {} values",
                values.len()
            ))
            .at(k.word("M"))
        })? = true;
    }
    let (rows, yaml) = open(id, args, &values, vector, host)?;
    let format = value_format(args.keyword("format").as_ref().and_then(|k| k.get("text")))?;
    let all = values.iter();
    let extensive = all.map(|v| is_extensive(v, vector, host)).collect();
    let mut result = vec![vec![0.0]; values.len()];
    if vector {
        for (column, r) in result.iter_mut().zip(&values) {
            column.resize(length_now(r, host), 0.0);
        }
    }
    Ok(Box::new(AveTime {
        sum: vec![Vec::new(); values.len()],
        running: vec![Vec::new(); values.len()],
        history: VecDeque::new(),
        outputs: 0.0,
        values,
        vector,
        off,
        averaging,
        schedule,
        result,
        rows,
        format,
        extensive,
        yaml,
    }))
}

/// Rows of a vector when the fix is defined, 0 if it still grows.
fn length_now(r: &Reference, host: &mut dyn Host) -> usize {
    let Ok(o) = host.output(r.source, &r.id) else {
        return 0;
    };
    let length = if r.index.is_empty() {
        o.vector
    } else {
        o.array.0
    };
    match (r.source, length) {
        (Source::Variable, _) => host.vector(r).map_or(0, |v| v.len()),
        (_, usize::MAX) => 0,
        (_, n) => n,
    }
}

fn open(
    id: &FixId,
    args: &Args,
    values: &[Reference],
    vector: bool,
    host: &dyn Host,
) -> Result<(Rows, Option<Yaml>)> {
    let names: String = values.iter().map(|v| format!(" {v}")).collect();
    let title = |n: &str, default: String| {
        args.keyword(n)
            .map_or(default, |k| k.str("text").to_string())
    };
    let mut header = vec![title(
        "title1",
        format!("# Time-averaged data for fix {}", id.id),
    )];
    if vector {
        header.push(title("title2", "# TimeStep Number-of-rows".into()));
        header.push(title("title3", format!("# Row{names}")));
    } else {
        header.push(title("title2", format!("# TimeStep{names}")));
    }
    let file = args.keyword("file");
    let append = args.keyword("append");
    let path = append
        .as_ref()
        .or(file.as_ref())
        .and_then(|k| k.get("path"));
    let yaml = path.is_some_and(|p| p.ends_with(".yaml") || p.ends_with(".yml"));
    if yaml {
        header.push("---".into());
    }
    let mut rows = Rows::open(
        path,
        append.is_some(),
        args.keyword("overwrite").is_some(),
        &header,
        host.dry(),
    )?;
    rows.closing = yaml.then_some("...");
    let step = if vector { "" } else { "'Step', " };
    let columns: String = values.iter().map(|v| format!("'{v}', ")).collect();
    let yaml = yaml.then(|| Yaml {
        head: format!("keywords: [{step}{columns}]\ndata:\n"),
        begun: false,
    });
    Ok((rows, yaml))
}

fn add(into: &mut Vec<f64>, values: &[f64], factor: f64) {
    if into.len() < values.len() {
        into.resize(values.len(), 0.0);
    }
    for (a, b) in into.iter_mut().zip(values) {
        *a += factor * b;
    }
}

impl AveTime {
    fn sample(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.schedule.taken == 0 {
            self.sum.iter_mut().for_each(Vec::clear);
        }
        for (k, r) in self.values.iter().enumerate() {
            let v = if self.vector {
                host.vector(r)?
            } else {
                vec![host.scalar(r)?]
            };
            if self.off[k] {
                self.sum[k] = v;
            } else {
                add(&mut self.sum[k], &v, 1.0);
            }
        }
        Ok(())
    }

    /// The mean of the samples, combined with earlier ones as `ave` asks.
    fn average(&mut self) -> Vec<Vec<f64>> {
        let n = self.schedule.repeat as f64;
        let now: Vec<Vec<f64>> = self
            .sum
            .iter()
            .zip(&self.off)
            .map(|(s, off)| s.iter().map(|x| if *off { *x } else { x / n }).collect())
            .collect();
        let combined = match self.averaging {
            Averaging::One => return now,
            Averaging::Running => {
                self.outputs += 1.0;
                for (r, v) in self.running.iter_mut().zip(&now) {
                    add(r, v, 1.0);
                }
                self.running
                    .iter()
                    .map(|r| r.iter().map(|x| x / self.outputs).collect::<Vec<f64>>())
                    .collect::<Vec<_>>()
            }
            Averaging::Window(m) => {
                self.history.push_back(now.clone());
                if self.history.len() > m {
                    self.history.pop_front();
                }
                let mut total = vec![Vec::new(); now.len()];
                for h in &self.history {
                    for (t, v) in total.iter_mut().zip(h) {
                        add(t, v, 1.0 / self.history.len() as f64);
                    }
                }
                total
            }
        };
        combined
            .into_iter()
            .zip(now)
            .zip(&self.off)
            .map(|((c, n), off)| if *off { n } else { c })
            .collect()
    }

    fn block(&self, step: i64) -> String {
        let mut out = Vec::new();
        let row = |out: &mut Vec<u8>, label: i64, i: usize| {
            out.extend_from_slice(label.to_string().as_bytes());
            for column in &self.result {
                self.format
                    .write_f64s(out, &[column.get(i).copied().unwrap_or(0.0)]);
            }
            out.push(b'\n');
        };
        if self.vector {
            let n = self.rows_now();
            out.extend_from_slice(format!("{step} {n}\n").as_bytes());
            (0..n).for_each(|i| row(&mut out, i as i64 + 1, i));
        } else {
            row(&mut out, step, 0);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The block of a YAML file.
    fn yaml_block(&mut self, step: i64) -> Option<String> {
        let overwrites = self.rows.overwrites();
        let yaml = self.yaml.as_mut()?;
        let mut out = String::new();
        if !yaml.begun || overwrites {
            out.push_str(&yaml.head);
        }
        yaml.begun = true;
        let row = |i: usize| -> String {
            let value = |c: &Vec<f64>| shortest(c.get(i).copied().unwrap_or(0.0)) + ", ";
            self.result.iter().map(value).collect()
        };
        if self.vector {
            out.push_str(&format!("  {step}:\n"));
            (0..self.rows_now()).for_each(|i| out.push_str(&format!("  - [{}]\n", row(i))));
        } else {
            out.push_str(&format!("  - [{step}, {}]\n", row(0)));
        }
        Some(out)
    }

    fn rows_now(&self) -> usize {
        self.result.iter().map(Vec::len).max().unwrap_or(0)
    }
}

impl Fix for AveTime {
    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        if self.schedule.next < step {
            self.schedule.restart(step);
        }
        Ok(())
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.end_of_step(host).map(|_| ())
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        let step = host.state().step;
        if step != self.schedule.next {
            return Ok(Control::Continue);
        }
        self.sample(host)?;
        if self.schedule.sampled() {
            self.result = self.average();
            let text = match self.yaml_block(step) {
                Some(text) => text,
                None => self.block(step),
            };
            self.rows.write(&text)?;
        }
        Ok(Control::Continue)
    }

    fn tally_at(&self, step: i64) -> Tally {
        if step == self.schedule.next {
            Tally::GLOBAL
        } else {
            Tally::NONE
        }
    }

    fn output(&self) -> Output {
        let every = self.schedule.freq;
        match (self.vector, self.values.len()) {
            (false, 1) => Output {
                extensive: self.extensive[0],
                every,
                ..Output::SCALAR
            },
            (false, n) => Output {
                vector: n,
                every,
                extensive_elements: (0..n.min(64))
                    .filter(|&i| self.extensive[i])
                    .fold(0, |bits, i| bits | 1 << i),
                ..Output::default()
            },
            (true, 1) => Output {
                vector: self.rows_now(),
                every,
                extensive_vector: self.extensive[0],
                ..Output::default()
            },
            (true, n) => Output {
                array: (self.rows_now(), n),
                every,
                extensive_vector: self.extensive[0],
                ..Output::default()
            },
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        let first = |v: &Vec<f64>| v.first().copied().unwrap_or(0.0);
        match part {
            Part::Scalar => Ok(Data::Scalar(self.result.first().map_or(0.0, first))),
            Part::Vector if self.vector => Ok(Data::Vector(
                self.result.first().cloned().unwrap_or_default(),
            )),
            Part::Vector => Ok(Data::Vector(self.result.iter().map(first).collect())),
            Part::Array => {
                let columns = self.result.len();
                let rows = self.rows_now();
                let value = |i: usize, j: usize| self.result[j].get(i).copied().unwrap_or(0.0);
                Ok(Data::Array {
                    columns,
                    values: (0..rows * columns)
                        .map(|k| value(k / columns, k % columns))
                        .collect(),
                })
            }
            Part::PerAtom => Err(Error::input("fix ave/time has no per-atom values")),
        }
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        self.schedule.save(&mut w);
        w.real(self.outputs).int(self.history.len() as i64);
        for table in [&self.sum, &self.running, &self.result]
            .into_iter()
            .chain(&self.history)
        {
            table.iter().for_each(|c| {
                w.reals(c);
            });
        }
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let n = self.values.len();
        let mut r = Reader::new(bytes);
        self.schedule.load(&mut r)?;
        self.outputs = r.real()?;
        let history = r.int()?;
        let table = |r: &mut Reader<'_>| (0..n).map(|_| r.reals()).collect::<Result<Vec<_>>>();
        self.sum = table(&mut r)?;
        self.running = table(&mut r)?;
        self.result = table(&mut r)?;
        self.history = (0..history).map(|_| table(&mut r)).collect::<Result<_>>()?;
        Ok(())
    }

    fn reset_timestep(&mut self, step: i64) {
        self.schedule.restart(step);
    }
}
