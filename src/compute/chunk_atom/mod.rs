//! `compute chunk/atom`: assigns atoms to chunks: spatial bins, types, molecules or values.

mod bins;

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part, Reference};
use crate::domain::regions;
use crate::domain::values::{members, require_per_atom};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Arg, Args, Kind, Signature, arg, keyword, optional, rest};
use bins::Bins;

const YES_NO: &[Arg] = &[arg("value", Kind::YesNo, "yes or no")];

const SIGNATURE: Signature = Signature {
    name: "chunk/atom",
    summary: "assigns every atom to a chunk: a bin in space, a type, a molecule or a value",
    args: &[
        arg(
            "style",
            Kind::Word,
            "bin/1d, bin/2d, bin/3d, bin/sphere, bin/cylinder, type, molecule, c_ID, f_ID or v_name",
        ),
        rest("words", "arguments of the style, then keywords"),
    ],
    keywords: &[],
    description: "Arguments of the styles, lengths in the units of `units`:\n\n\
`bin/1d dim origin delta`, `bin/2d` and `bin/3d` the same for two and three directions; origin is lower, center, upper or a \
coordinate. `bin/sphere x y z rmin rmax N`: shells. `bin/cylinder dim origin delta c1 c2 rmin rmax N`: shells of cylinders along \
dim around (c1, c2). The others have no arguments.\n\n\
Keywords: `region ID` (atoms outside belong to no chunk), `nchunk once|every` (whether the number of chunks is found anew each \
time; default once for type and for molecule without region, else every), `ids once|nfreq|every` (when atoms are assigned: once, at \
the start of every average of a fix, or each time; default every), `limit N max|exact` (not for bins), \
`compress yes|no` (only chunks that have atoms), `discard yes|no|mixed` (atoms beyond the chunks: in none, in the last or nearest, or \
mixed, for bins: in none only beyond an explicit bound; default mixed for bins, else yes), `bound x|y|z lo hi`, `pbc yes|no` (periodic \
distances for spheres and cylinders), `units box|lattice|reduced`, default lattice.\n\n\
The scalar is the number of chunks; the per-atom vector the number of the chunk, 1 to Nchunk, 0 for atoms in none. With `compress yes` \
the values 0 and below, such as molecule 0, are chunks too. The radii of reduced spheres and cylinders count in the box length of the \
first direction of their shells; those of cylinders and explicit bounds are not scaled by a lattice, except bounds of directions that are \
binned in the order x, y, z: as in LAMMPS.\n\n\
Restrictions: bins of triclinic cells need `units reduced`.\n\n\
Related: fix ave/chunk, compute msd/chunk",
    examples: &[
        "compute slabs all chunk/atom bin/1d z lower 2.0 units box",
        "compute kinds all chunk/atom type",
        "compute cc all chunk/atom bin/sphere 5 5 5 0.0 4.0 8 units box",
    ],
};

/// Keywords behind the arguments of the style.
const OPTIONS: Signature = Signature {
    name: "chunk/atom",
    summary: "",
    args: &[],
    keywords: &[
        keyword("region", &[arg("ID", Kind::Uses("region"), "")], ""),
        keyword(
            "nchunk",
            &[arg("when", Kind::OneOf(&["once", "every"]), "")],
            "",
        ),
        keyword(
            "ids",
            &[arg("when", Kind::OneOf(&["once", "nfreq", "every"]), "")],
            "",
        ),
        keyword(
            "limit",
            &[
                arg("N", Kind::Int, ""),
                optional("how", Kind::OneOf(&["max", "exact"]), ""),
            ],
            "",
        ),
        keyword("compress", YES_NO, ""),
        keyword(
            "discard",
            &[arg("how", Kind::OneOf(&["yes", "no", "mixed"]), "")],
            "",
        ),
        keyword(
            "bound",
            &[
                arg("dim", Kind::OneOf(&["x", "y", "z"]), ""),
                arg("lo", Kind::Word, "lower or a coordinate"),
                arg("hi", Kind::Word, "upper or a coordinate"),
            ],
            "",
        ),
        keyword("pbc", YES_NO, ""),
        keyword(
            "units",
            &[arg(
                "value",
                Kind::OneOf(&["box", "lattice", "reduced"]),
                "",
            )],
            "",
        ),
    ],
    description: "",
    examples: &[],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

/// What is done with atoms beyond the chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Discard {
    Yes,
    No,
    Mixed,
}

enum Style {
    Bins(Box<Bins>),
    Type,
    Molecule,
    Value(Reference),
}

/// When atoms are assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    Once,
    Nfreq,
    Every,
}

struct ChunkAtom {
    id: String,
    bit: u32,
    style: Style,
    region: Option<String>,
    count_once: bool,
    ids_when: Ids,
    limit: Option<(i64, bool)>,
    compress: bool,
    discard: Discard,
    /// Number of chunks, once found.
    count: Option<i64>,
    /// Original numbers of the chunks, ascending, if they are compressed.
    original: Vec<i64>,
    /// Step and state of the atoms of the last assignment.
    last: Option<(i64, u64)>,
    /// Chunk of each atom, 0 for none.
    ids: Vec<i64>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let all = args.all("words");
    let name = args.str("style");
    let (own, tail) = all.split_at(bins::argument_count(name).min(all.len()));
    let tail_words: Vec<&str> = tail.iter().map(|w| w.1).collect();
    let options = OPTIONS.parse("compute chunk/atom", &tail_words);
    let options = options.map_err(|e| e.shifted(1 + own.len()));
    // an unknown style makes its arguments look like unknown keywords
    let options = match (own.is_empty(), &options) {
        (true, Err(_)) => style(name, own, &Args::default(), host).and(options)?,
        _ => options?,
    };
    let style = style(name, own, &options, host)?;
    let region = options.keyword("region").map(|k| k.str("ID").to_string());
    if let Some(r) = &region {
        regions::require(&host.state().regions, "Compute chunk/atom", r)?;
    }
    let when = |name: &str| {
        options
            .keyword(name)
            .map(|k| (k.word("when"), k.str("when").to_string()))
    };
    let is_bin = matches!(style, Style::Bins(_));
    let compress = options
        .keyword("compress")
        .map_or(Ok(false), |k| k.yes_no("value"))?;
    let count_once = match when("nchunk") {
        Some((_, w)) => w == "once",
        None if compress => false,
        None => match &style {
            Style::Bins(b) => b.reduced(),
            Style::Type => true,
            Style::Molecule => region.is_none(),
            Style::Value(_) => false,
        },
    };
    let ids_when = match when("ids") {
        Some((at, w)) if w == "once" => {
            let settled = is_bin && !compress && when("nchunk").is_none();
            if !count_once && !settled {
                return Err(
                    Error::input("Compute chunk/atom ids once but nchunk is not once")
                        .at(at + 1 + own.len()),
                );
            }
            Ids::Once
        }
        Some((_, w)) if w == "nfreq" => Ids::Nfreq,
        _ => Ids::Every,
    };
    let limit = match options.keyword("limit") {
        Some(k) if k.int("N")? < 0 => {
            return Err(Error::input(
                "Illegal compute chunk/atom limit command: N must not be negative",
            ));
        }
        Some(k) if k.int("N")? > 0 => Some((k.int("N")?, k.get("how") == Some("exact"))),
        _ => None,
    };
    let discard = match options.keyword("discard").map(|k| k.str("how").to_string()) {
        None if is_bin => Discard::Mixed,
        None => Discard::Yes,
        Some(how) => match how.as_str() {
            "yes" => Discard::Yes,
            "no" => Discard::No,
            _ if is_bin => Discard::Mixed,
            _ => {
                return Err(Error::input(
                    "Compute chunk/atom without bins cannot use discard mixed",
                ));
            }
        },
    };
    Ok(Box::new(ChunkAtom {
        id: id.id.clone(),
        bit: id.bit,
        style,
        region,
        count_once,
        ids_when,
        limit,
        compress,
        discard,
        count: None,
        original: Vec::new(),
        last: None,
        ids: Vec::new(),
    }))
}

fn style(name: &str, own: &[(usize, &str)], options: &Args, host: &dyn Host) -> Result<Style> {
    let state = host.state();
    if name.starts_with("bin/") {
        return Ok(Style::Bins(Box::new(Bins::new(name, own, options, state)?)));
    }
    match name {
        "type" => Ok(Style::Type),
        "molecule" if !state.atom_style.molecule => Err(Error::input(format!(
            "Compute chunk/atom molecule for non-molecular system: atom_style {}",
            state.atom_style.name
        ))
        .at(0)),
        "molecule" => Ok(Style::Molecule),
        word => match Reference::parse(word) {
            Some(r) => {
                require_per_atom(&r, host).map_err(|e| e.or_at(0))?;
                Ok(Style::Value(r))
            }
            None => Err(Error::input(format!(
                "Illegal compute chunk/atom command: unknown style '{word}'"
            ))
            .at(0)
            .suggest(
                word,
                [
                    "bin/1d",
                    "bin/2d",
                    "bin/3d",
                    "bin/sphere",
                    "bin/cylinder",
                    "type",
                    "molecule",
                ],
            )),
        },
    }
}

impl ChunkAtom {
    /// Chunk of every atom before limits, none for atoms of other groups and outside of the region.
    fn raw(&self, host: &mut dyn Host) -> Result<Vec<Option<i64>>> {
        let values = match &self.style {
            Style::Value(r) => Some(host.per_atom(r)?),
            _ => None,
        };
        if let Some(name) = &self.region {
            regions::update(host, name)?;
        }
        let s = host.state();
        let region = match &self.region {
            Some(name) => Some(regions::require(&s.regions, "Compute chunk/atom", name)?),
            None => None,
        };
        let mut ids = vec![None; s.atoms.len()];
        for i in members(s, self.bit) {
            if region.is_some_and(|r| !r.contains(s.atoms.x[i])) {
                continue;
            }
            ids[i] = match &self.style {
                Style::Bins(bins) => Some(bins.of(s, i, self.discard)).filter(|&b| b > 0),
                Style::Type => Some(i64::from(s.atoms.kind[i])),
                Style::Molecule => Some(s.atoms.molecule[i]),
                Style::Value(_) => values.as_ref().map(|v| v[i] as i64),
            };
        }
        Ok(ids)
    }

    /// Finds the number of chunks, and which have atoms if they are compressed.
    fn set_up(&mut self, raw: &[Option<i64>], state: &State) -> Result<()> {
        let largest = || raw.iter().flatten().copied().max().unwrap_or(0).max(1);
        let mut count = match &self.style {
            Style::Bins(bins) => bins.count(),
            Style::Type => state.types.count as i64,
            _ => largest(),
        };
        if self.compress {
            self.original = raw.iter().flatten().copied().collect();
            self.original.sort_unstable();
            self.original.dedup();
            count = self.original.len() as i64;
        }
        if let Some((limit, exact)) = self.limit
            && !matches!(self.style, Style::Bins(_))
            && (exact || count > limit)
        {
            count = limit;
        }
        if count > 100_000_000 {
            return Err(Error::input(format!(
                "compute chunk/atom: {count} chunks are too many"
            )));
        }
        self.count = Some(count);
        Ok(())
    }

    /// Numbers from 1 to `count`, 0 for atoms that are in no chunk.
    fn number(&self, raw: Option<i64>, count: i64) -> i64 {
        let Some(id) = raw else { return 0 };
        let id = match (self.compress, self.original.binary_search(&id)) {
            (false, _) => Some(id),
            (true, Ok(k)) => Some(k as i64 + 1),
            (true, Err(_)) => None,
        };
        match id.filter(|id| (1..=count).contains(id)) {
            Some(id) => id,
            None if self.discard == Discard::No => count,
            None => 0,
        }
    }

    fn update(&mut self, host: &mut dyn Host) -> Result<()> {
        let s = host.state();
        let now = (s.step, s.epoch);
        if self.last == Some(now) {
            return Ok(());
        }
        let lock = s.chunk_locks.get(&self.id).filter(|l| l.holds(s.step));
        let fixed = self.count.is_some() && (self.count_once || lock.is_some());
        let keep = match self.ids_when {
            Ids::Once => true,
            Ids::Nfreq => lock.is_some_and(|l| s.step > l.start),
            Ids::Every => false,
        };
        let keep = keep && self.count.is_some() && self.ids.len() == s.atoms.len();
        if let Style::Bins(bins) = &mut self.style {
            match fixed || keep {
                true if bins.reduced() => bins.update_volume(s),
                true => {}
                false => bins.set_up(s)?,
            }
        }
        if !keep {
            let raw = self.raw(host)?;
            if !fixed {
                self.set_up(&raw, host.state())?;
            }
            let count = self.count.unwrap_or(0);
            self.ids = raw.iter().map(|r| self.number(*r, count)).collect();
        }
        self.last = Some(now);
        Ok(())
    }

    /// Columns of the description of a chunk.
    fn columns(&self) -> usize {
        match &self.style {
            Style::Bins(bins) => 2 + bins.coordinates(),
            _ => 2,
        }
    }

    /// Original number, volume and coordinates of every chunk.
    fn describe(&self, state: &State) -> Vec<f64> {
        let mut out = Vec::new();
        for c in 0..self.count.unwrap_or(0) {
            let original = self.original.get(c as usize).filter(|_| self.compress);
            out.push(match self.compress {
                true => original.map_or(0.0, |o| *o as f64),
                false => f64::NAN,
            });
            match &self.style {
                Style::Bins(b) => {
                    let (volume, coordinates) = b.describe(original.map_or(c, |o| o - 1));
                    out.push(volume);
                    out.extend(coordinates);
                }
                _ => out.push(whole_volume(state)),
            }
        }
        out
    }
}

fn whole_volume(state: &State) -> f64 {
    state
        .cell
        .as_ref()
        .map_or(0.0, |c| c.volume(state.dimension))
}

impl Compute for ChunkAtom {
    fn output(&self) -> Output {
        Output {
            scalar: true,
            per_atom: Some(0),
            ..Output::default()
        }
    }

    /// Scalar: the number of chunks. Per atom the chunk; as array the chunks themselves, one row each: original number
    /// (not a number if the chunks are not compressed), volume, coordinates. Fixes and computes over chunks read both.
    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        self.update(host)?;
        Ok(match part {
            Part::Scalar => Data::Scalar(self.count.unwrap_or(0) as f64),
            Part::Array => Data::Array {
                columns: self.columns(),
                values: self.describe(host.state()),
            },
            _ => Data::PerAtom(self.ids.iter().map(|&i| i as f64).collect()),
        })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        let reals = |v: &[i64]| v.iter().map(|&i| i as f64).collect::<Vec<_>>();
        w.int(self.count.unwrap_or(-1))
            .reals(&reals(&self.original))
            .reals(&reals(&self.ids));
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        let whole = |v: Vec<f64>| v.iter().map(|&i| i as i64).collect::<Vec<_>>();
        self.count = Some(r.int()?).filter(|&n| n >= 0);
        self.original = whole(r.reals()?);
        self.ids = whole(r.reals()?);
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.ids.retain(|_| *k.next().unwrap_or(&true));
    }
}
