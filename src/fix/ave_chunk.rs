//! `fix ave/chunk`: averages of per-atom values over chunks and time.

use super::average_common::{Rows, Schedule, require_steps, value_format};
use super::{Control, Fix, FixEntry, FixId};
use crate::cformat::LineFormat;
use crate::domain::chunks::{ChunkLock, Chunks};
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::values::{AtomValue, Shape, expand, members, require_per_atom};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, many, optional};
use std::collections::VecDeque;
use std::sync::Arc;

const TEXT: &[Arg] = &[arg("text", Kind::Text, "text")];
const PATH: &[Arg] = &[arg("path", Kind::FileOut, "file")];

const SIGNATURE: Signature = Signature {
    name: "ave/chunk",
    summary: "averages of per-atom values over chunks (bins, types, molecules) and time",
    args: &[
        arg("Nevery", Kind::Count, "steps between samples"),
        arg("Nrepeat", Kind::Count, "samples per average"),
        arg(
            "Nfreq",
            Kind::Count,
            "steps between averages: a multiple of Nevery, at least Nevery*Nrepeat",
        ),
        arg("chunk-ID", Kind::Uses("compute"), "compute chunk/atom"),
        many(
            "value",
            Kind::Word,
            "vx vy vz fx fy fz mass density/number density/mass temp, c_ID, c_ID[i], f_ID, v_name",
        ),
    ],
    keywords: &[
        keyword(
            "norm",
            &[arg("how", Kind::OneOf(&["all", "sample", "none"]), "how")],
            "divide by the atoms of all samples, of each sample, or not; default all",
        ),
        keyword(
            "ave",
            &[
                arg(
                    "kind",
                    Kind::OneOf(&["one", "running", "window"]),
                    "which averages",
                ),
                optional("M", Kind::Count, "length of the window"),
            ],
            "one average each time, over all so far, over the last M; default one",
        ),
        keyword(
            "bias",
            &[arg("temp-ID", Kind::Uses("compute"), "temperature compute")],
            "its bias is left out of temp",
        ),
        keyword(
            "adof",
            &[arg("value", Kind::Real, "number")],
            "degrees of freedom per atom for temp, default the dimension",
        ),
        keyword(
            "cdof",
            &[arg("value", Kind::Real, "number")],
            "degrees of freedom per chunk for temp, default 0",
        ),
        keyword("file", PATH, "file that averages are written to"),
        keyword("append", PATH, "file that averages are appended to"),
        keyword("overwrite", &[], "keep only the last average in the file"),
        keyword(
            "format",
            &[arg("text", Kind::Word, "printf format of one value")],
            "default \" %g\"",
        ),
        keyword("title1", TEXT, "first line of the file"),
        keyword("title2", TEXT, "second line of the file"),
        keyword("title3", TEXT, "third line of the file"),
    ],
    description: "Samples are taken as by fix ave/time. Values are summed over the atoms of the group in every chunk and divided \
by their number; densities are divided by the volume of the chunk; temp is the kinetic energy over the degrees of freedom. \
`f_ID` is an array with one row per chunk: coordinates (and the original number before them if chunks are compressed), average \
number of atoms, then the values.\n\nRelated: compute chunk/atom, fix ave/time",
    examples: &["fix p all ave/chunk 10 10 100 slabs density/mass temp file profile.txt"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

#[derive(Debug, Clone)]
enum Value {
    Mass,
    NumberDensity,
    MassDensity,
    Temperature,
    Atom(AtomValue),
}

#[derive(Clone, Copy, PartialEq)]
enum Norm {
    All,
    Sample,
    None,
}

#[derive(Clone, Copy, PartialEq)]
enum Averaging {
    One,
    Running,
    Window(usize),
}

/// Sums per chunk: number of atoms and values.
type Table = Vec<(f64, Vec<f64>)>;

struct AveChunk {
    bit: u32,
    chunk: String,
    values: Vec<Value>,
    norm: Norm,
    averaging: Averaging,
    bias: Option<String>,
    adof: f64,
    cdof: f64,
    schedule: Schedule,
    sum: Table,
    history: VecDeque<Table>,
    running: Table,
    outputs: f64,
    result: Table,
    shape: Chunks,
    rows: Rows,
    format: LineFormat,
    /// Lives as long as this fix, for its lock on the chunks.
    alive: Arc<()>,
}

fn value(word: &str, at: usize, host: &dyn Host) -> Result<Value> {
    Ok(match word {
        "mass" => Value::Mass,
        "density/number" => Value::NumberDensity,
        "density/mass" => Value::MassDensity,
        "temp" => Value::Temperature,
        _ => match AtomValue::parse(word) {
            Some(AtomValue::Reference(r)) => {
                require_per_atom(&r, host).map_err(|e| e.or_at(at))?;
                Value::Atom(AtomValue::Reference(r))
            }
            Some(v) if !matches!(v, AtomValue::Position(_)) => Value::Atom(v),
            _ => {
                return Err(Error::input(format!(
                    "Illegal fix ave/chunk command: unknown value or keyword '{word}'"
                ))
                .at(at)
                .suggest(
                    word,
                    ["vx", "fx", "mass", "density/number", "density/mass", "temp"],
                ));
            }
        },
    })
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let step = host.state().step;
    let (every, repeat, freq) = (
        args.int("Nevery")?,
        args.int("Nrepeat")?,
        args.int("Nfreq")?,
    );
    let schedule = Schedule::new("ave/chunk", every, repeat, freq, 0, step)?;
    let chunk = args.str("chunk-ID").to_string();
    host.output(Source::Compute, &chunk)
        .map_err(|e| e.or_at(args.word("chunk-ID")))?;
    let shape =
        Chunks::read(host, &chunk, "fix ave/chunk").map_err(|e| e.or_at(args.word("chunk-ID")))?;
    require_steps(&args.all("value"), args.int("Nevery")?, "ave/chunk", host)?;
    let words = expand(&args.all("value"), Shape::AtomColumns, host)?;
    let mut values = Vec::new();
    for (at, w) in &words {
        values.push(value(w, *at, host)?);
    }
    if values.is_empty() {
        return Err(Error::input(
            "Illegal fix ave/chunk command: missing argument(s): no values are given",
        ));
    }
    let averaging = match args.keyword("ave") {
        Some(k) if k.str("kind") == "running" => Averaging::Running,
        Some(k) if k.str("kind") == "window" => {
            let m = k.int("M").map_err(|e| e.or_at(k.position()))?;
            Averaging::Window(usize::try_from(m).unwrap_or(1))
        }
        _ => Averaging::One,
    };
    let bias = args.keyword("bias").map(|k| k.str("temp-ID").to_string());
    if let Some(c) = &bias {
        host.output(Source::Compute, c)?;
    }
    let dimension = f64::from(host.state().dimension);
    let norm = args
        .keyword("norm")
        .map_or("all".to_string(), |k| k.str("how").to_string());
    Ok(Box::new(AveChunk {
        bit: id.bit,
        rows: open(id, args, &words, &shape, host)?,
        chunk,
        values,
        norm: match norm.as_str() {
            "sample" => Norm::Sample,
            "none" => Norm::None,
            _ => Norm::All,
        },
        averaging,
        bias,
        adof: args
            .keyword("adof")
            .map_or(Ok(dimension), |k| k.real("value"))?,
        cdof: args.keyword("cdof").map_or(Ok(0.0), |k| k.real("value"))?,
        schedule,
        sum: Table::new(),
        history: VecDeque::new(),
        running: Table::new(),
        outputs: 0.0,
        result: Table::new(),
        shape,
        format: value_format(args.keyword("format").as_ref().and_then(|k| k.get("text")))?,
        alive: Arc::new(()),
    }))
}

fn open(
    id: &FixId,
    args: &Args,
    words: &[(usize, String)],
    shape: &Chunks,
    host: &dyn Host,
) -> Result<Rows> {
    let title = |n: &str, default: String| {
        args.keyword(n)
            .map_or(default, |k| k.str("text").to_string())
    };
    let mut columns = String::from("# Chunk");
    if shape.count > 0 && shape.original(0).is_some() {
        columns.push_str(" OrigID");
    }
    let coordinates = shape.columns.saturating_sub(2);
    (1..=coordinates).for_each(|k| columns.push_str(&format!(" Coord{k}")));
    columns.push_str(" Ncount");
    words
        .iter()
        .for_each(|(_, w)| columns.push_str(&format!(" {w}")));
    let header = [
        title(
            "title1",
            format!(
                "# Chunk-averaged data for fix {} and group {}",
                id.id, id.group
            ),
        ),
        title("title2", "# Timestep Number-of-chunks Total-count".into()),
        title("title3", columns),
    ];
    let (file, append) = (args.keyword("file"), args.keyword("append"));
    let path = append
        .as_ref()
        .or(file.as_ref())
        .and_then(|k| k.get("path"));
    let overwrite = args.keyword("overwrite").is_some();
    Rows::open(path, append.is_some(), overwrite, &header, host.dry())
}

/// a += factor b, element by element; `a` grows where it is shorter.
fn add(a: &mut Table, b: &Table, factor: f64) {
    let width = b.first().map_or(0, |r| r.1.len());
    if a.len() < b.len() {
        a.resize(b.len(), (0.0, vec![0.0; width]));
    }
    for (x, y) in a.iter_mut().zip(b) {
        x.0 += factor * y.0;
        x.1.iter_mut().zip(&y.1).for_each(|(p, q)| *p += factor * q);
    }
}

impl AveChunk {
    /// Sums of one sample.
    fn sample(&mut self, host: &mut dyn Host) -> Result<Table> {
        self.shape = Chunks::read(host, &self.chunk, "fix ave/chunk")?;
        let bias = match &self.bias {
            Some(id) => host.velocity_bias(id)?,
            None => None,
        };
        let mut table = vec![(0.0, vec![0.0; self.values.len()]); self.shape.count];
        let mine: Vec<usize> = members(host.state(), self.bit)
            .filter(|&i| self.shape.ids[i] > 0)
            .collect();
        for &i in &mine {
            table[self.shape.ids[i] - 1].0 += 1.0;
        }
        for (c, v) in self.values.iter().enumerate() {
            let each = match v {
                Value::Atom(a) => a.evaluate(host)?,
                _ => Vec::new(),
            };
            let s = host.state();
            for &i in &mine {
                table[self.shape.ids[i] - 1].1[c] += match v {
                    Value::Atom(_) => each[i],
                    Value::NumberDensity => 1.0,
                    Value::Mass | Value::MassDensity => s.mass_of(i),
                    Value::Temperature => {
                        let b = bias.as_ref().map_or([0.0; 3], |b| b[i]);
                        let v = s.atoms.v[i];
                        s.mass_of(i) * (0..3).map(|k| (v[k] - b[k]).powi(2)).sum::<f64>()
                    }
                };
            }
        }
        if self.norm == Norm::None {
            self.temperatures(&mut table, host);
        }
        Ok(table)
    }

    /// Makes temperatures of the sums of m v^2 of one sample: `norm none` averages these.
    fn temperatures(&self, table: &mut Table, host: &dyn Host) {
        let u = host.state().units;
        for (count, values) in table.iter_mut().filter(|r| r.0 > 0.0) {
            let factor = u.mvv2e / ((self.cdof + self.adof * *count) * u.boltz);
            let pairs = values.iter_mut().zip(&self.values);
            pairs
                .filter(|(_, v)| matches!(v, Value::Temperature))
                .for_each(|(x, _)| *x *= factor);
        }
    }

    /// Keeps the number of chunks while samples are added that must fit together.
    fn lock(&self, host: &mut dyn Host) -> Result<()> {
        let step = host.state().step;
        let (every, repeat) = (self.schedule.every, self.schedule.repeat);
        let stop = match self.averaging {
            Averaging::One if repeat == 1 => return Ok(()),
            Averaging::One => Some(step + (repeat - 1 - self.schedule.taken) * every),
            _ => None,
        };
        let mine = ChunkLock {
            start: step - self.schedule.taken * every,
            stop,
            holder: Arc::downgrade(&self.alive),
        };
        let locks = &mut host.state_mut().chunk_locks;
        match locks.get(&self.chunk).filter(|l| l.holds(step)) {
            Some(l) if l.stop.is_none() && mine.stop.is_none() => {}
            Some(l) if (l.start, l.stop) != (mine.start, mine.stop) => {
                return Err(Error::run(
                    "Two fix commands using same compute chunk/atom command in incompatible ways",
                )
                .help("give each fix ave/chunk a compute chunk/atom of its own"));
            }
            Some(_) => {}
            None => {
                locks.insert(self.chunk.clone(), mine);
            }
        }
        Ok(())
    }

    /// Sums over `samples` samples to values per atom, per volume, or as they are.
    fn normalise(&self, table: &mut Table, samples: f64, host: &dyn Host) {
        let u = host.state().units;
        for (m, (count, values)) in table.iter_mut().enumerate() {
            if *count <= 0.0 {
                continue;
            }
            let volume = self.shape.volume(m);
            for (x, v) in values.iter_mut().zip(&self.values) {
                *x *= match v {
                    Value::Temperature if self.norm == Norm::None => 1.0 / samples,
                    Value::Temperature => {
                        u.mvv2e / ((samples * self.cdof + self.adof * *count) * u.boltz)
                    }
                    Value::NumberDensity => 1.0 / (samples * volume),
                    Value::MassDensity => u.mv2d / (samples * volume),
                    _ if self.norm == Norm::None => 1.0 / samples,
                    _ => 1.0 / *count,
                };
            }
            *count /= samples;
        }
    }

    /// The average of this output, combined with earlier ones as `ave` asks.
    fn combine(&mut self, now: Table) -> Table {
        match self.averaging {
            Averaging::One => now,
            Averaging::Running => {
                self.outputs += 1.0;
                add(&mut self.running, &now, 1.0);
                let mut mean = Table::new();
                add(&mut mean, &self.running, 1.0 / self.outputs);
                mean
            }
            Averaging::Window(m) => {
                self.history.push_back(now);
                if self.history.len() > m {
                    self.history.pop_front();
                }
                let mut mean = Table::new();
                for h in &self.history {
                    add(&mut mean, h, 1.0 / self.history.len() as f64);
                }
                mean
            }
        }
    }

    fn block(&self, step: i64) -> String {
        use crate::cformat::general;
        // counts of all outputs that went into the average, as LAMMPS prints them
        let outputs = match self.averaging {
            Averaging::One => 1.0,
            Averaging::Running => self.outputs,
            Averaging::Window(_) => self.history.len() as f64,
        };
        let total = outputs * self.result.iter().map(|r| r.0).sum::<f64>();
        let mut out = format!("{step} {} {}\n", self.result.len(), general(6, total)).into_bytes();
        for (m, (count, values)) in self.result.iter().enumerate() {
            out.extend_from_slice(format!("  {}", m + 1).as_bytes());
            if let Some(o) = self.shape.original(m) {
                out.extend_from_slice(format!(" {o}").as_bytes());
            }
            for c in self.shape.coordinates(m).iter().chain([count]) {
                out.extend_from_slice(format!(" {}", general(6, *c)).as_bytes());
            }
            values
                .iter()
                .for_each(|v| self.format.write_f64s(&mut out, &[*v]));
            out.push(b'\n');
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Columns of `f_ID`: original number, coordinates, count, values.
    fn row(&self, m: usize) -> Vec<f64> {
        // as in LAMMPS there is one row before the first sample
        if m > 0 && self.schedule.taken == 0 && self.result.is_empty() {
            return vec![0.0; self.output().array.1];
        }
        let none = (0.0, vec![0.0; self.values.len()]);
        let (count, values) = self.result.get(m).unwrap_or(&none);
        let mut row: Vec<f64> = self
            .shape
            .original(m)
            .map(|o| o as f64)
            .into_iter()
            .collect();
        row.extend(self.shape.coordinates(m));
        row.push(*count);
        row.extend(values);
        row
    }
}

impl Fix for AveChunk {
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
        let mut table = self.sample(host)?;
        if self.schedule.taken == 0 {
            self.sum.clear();
        }
        self.lock(host)?;
        if !self.sum.is_empty() && self.sum.len() != table.len() {
            return Err(
                Error::run("fix ave/chunk: the number of chunks changed between samples")
                    .help("use nchunk once in compute chunk/atom, or Nrepeat 1"),
            );
        }
        if self.norm == Norm::Sample {
            self.normalise(&mut table, 1.0, host);
        }
        add(&mut self.sum, &table, 1.0);
        if self.schedule.sampled() {
            let samples = self.schedule.repeat as f64;
            let mut now = std::mem::take(&mut self.sum);
            if self.norm == Norm::Sample {
                let all = std::mem::take(&mut now);
                add(&mut now, &all, 1.0 / samples);
            } else {
                self.normalise(&mut now, samples, host);
            }
            self.result = self.combine(now);
            let text = self.block(step);
            self.rows.write(&text)?;
        }
        Ok(Control::Continue)
    }

    fn output(&self) -> Output {
        let compressed = usize::from(self.shape.count > 0 && self.shape.original(0).is_some());
        let columns = compressed + self.shape.columns.saturating_sub(2) + 1 + self.values.len();
        Output {
            array: (self.shape.count, columns),
            every: self.schedule.freq,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        if part != Part::Array {
            return Err(Error::input("fix ave/chunk has an array only"));
        }
        let (rows, columns) = self.output().array;
        let values = (0..rows).flat_map(|m| self.row(m)).collect();
        Ok(Data::Array { columns, values })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        self.schedule.save(&mut w);
        w.real(self.outputs).int(self.history.len() as i64);
        let tables = [&self.sum, &self.running, &self.result];
        for table in tables.into_iter().chain(&self.history) {
            w.int(table.len() as i64);
            for (count, values) in table {
                w.real(*count).reals(values);
            }
        }
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.schedule.load(&mut r)?;
        self.outputs = r.real()?;
        let history = r.int()?;
        let table = |r: &mut Reader<'_>| -> Result<Table> {
            let rows = r.int()?;
            (0..rows).map(|_| Ok((r.real()?, r.reals()?))).collect()
        };
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
