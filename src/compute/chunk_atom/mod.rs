//! `compute chunk/atom`: assigns atoms to chunks: spatial bins, types, molecules or values.

mod bins;

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part, Reference};
use crate::domain::regions;
use crate::domain::values::{members, require_per_atom};
use crate::error::{Error, Result};
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
Keywords: `region ID` (atoms outside belong to no chunk), `nchunk once|every` and `ids once|every` (whether the number of chunks \
and the assignment are found anew each time; default every, for nchunk once with type, molecule and values), `limit N max|exact`, \
`compress yes|no` (only chunks that have atoms), `discard yes|no|mixed` (atoms beyond the chunks: in none, in the nearest, or \
mixed: in none only beyond an explicit bound; default mixed for bins, else yes), `bound x|y|z lo hi`, `pbc yes|no` (periodic \
distances for spheres and cylinders), `units box|lattice|reduced`, default lattice.\n\n\
The per-atom vector is the number of the chunk, 1 to Nchunk, 0 for atoms in none.\n\n\
Restrictions: bins of triclinic cells need `units reduced`; `ids nfreq` is not supported.\n\n\
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
            &[arg("when", Kind::OneOf(&["once", "every"]), "")],
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
    Bins(Bins),
    Type,
    Molecule,
    Value(Reference),
}

/// An assignment of atoms to chunks.
#[derive(Debug, Clone, Default)]
struct Assignment {
    /// Chunk of each atom, 0 for none.
    ids: Vec<i64>,
    /// Chunks: original number (0 if not compressed), volume, coordinates.
    rows: Vec<Vec<f64>>,
}

struct ChunkAtom {
    bit: u32,
    style: Style,
    region: Option<String>,
    count_once: bool,
    ids_once: bool,
    limit: Option<(i64, bool)>,
    compress: bool,
    discard: Discard,
    /// Number of chunks, once found, for `nchunk once`.
    count: Option<i64>,
    kept: Option<Assignment>,
    last: Option<(i64, u64)>,
    current: Assignment,
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
    let once = |name: &str, default: bool| {
        options
            .keyword(name)
            .map_or(default, |k| k.str("when") == "once")
    };
    let is_bin = matches!(style, Style::Bins(_));
    let limit = match options.keyword("limit") {
        Some(k) if k.int("N")? > 0 => Some((k.int("N")?, k.get("how") == Some("exact"))),
        _ => None,
    };
    let discard = match options.keyword("discard").map(|k| k.str("how").to_string()) {
        None if is_bin => Discard::Mixed,
        None => Discard::Yes,
        Some(how) => match how.as_str() {
            "yes" => Discard::Yes,
            "no" => Discard::No,
            _ => Discard::Mixed,
        },
    };
    Ok(Box::new(ChunkAtom {
        bit: id.bit,
        style,
        region,
        count_once: once("nchunk", !is_bin),
        ids_once: once("ids", false),
        limit,
        compress: options
            .keyword("compress")
            .map_or(Ok(false), |k| k.yes_no("value"))?,
        discard,
        count: None,
        kept: None,
        last: None,
        current: Assignment::default(),
    }))
}

fn style(name: &str, own: &[(usize, &str)], options: &Args, host: &dyn Host) -> Result<Style> {
    let state = host.state();
    if name.starts_with("bin/") {
        return Ok(Style::Bins(Bins::new(name, own, options, state)?));
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
    /// Raw chunk of every atom of the group (0: none) and the number of chunks that the style has.
    fn raw(&mut self, host: &mut dyn Host) -> Result<(Vec<i64>, i64)> {
        let discard = self.discard;
        let fixed = self.count_once && self.count.is_some();
        let n = host.state().atoms.len();
        let mut ids = vec![0; n];
        let values = match &self.style {
            Style::Value(r) => Some(host.per_atom(r)?),
            _ => None,
        };
        let s = host.state();
        let list: Vec<usize> = members(s, self.bit).collect();
        match &mut self.style {
            Style::Bins(bins) => {
                if !fixed {
                    bins.set_up(s)?;
                }
                list.iter().for_each(|&i| ids[i] = bins.of(s, i, discard));
                return Ok((ids, bins.count()));
            }
            Style::Type => list
                .iter()
                .for_each(|&i| ids[i] = i64::from(s.atoms.kind[i])),
            Style::Molecule => list.iter().for_each(|&i| ids[i] = s.atoms.molecule[i]),
            Style::Value(_) => {
                let v = values.unwrap_or_default();
                list.iter().for_each(|&i| ids[i] = v[i] as i64);
            }
        }
        let largest = match self.style {
            Style::Type => s.types.count as i64,
            _ => ids.iter().copied().max().unwrap_or(0).max(0),
        };
        ids.iter_mut().for_each(|i| *i = (*i).max(0));
        Ok((ids, largest))
    }

    fn assign(&mut self, host: &mut dyn Host) -> Result<Assignment> {
        let (mut ids, mut count) = self.raw(host)?;
        self.leave_out(&mut ids, host)?;
        if count > 100_000_000 {
            return Err(Error::input(format!(
                "compute chunk/atom: {count} chunks are too many"
            )));
        }
        let mut original: Vec<i64> = Vec::new();
        if self.compress {
            original = ids.iter().copied().filter(|&i| i > 0).collect();
            original.sort_unstable();
            original.dedup();
            for i in ids.iter_mut().filter(|i| **i > 0) {
                *i = original.binary_search(i).map_or(0, |k| k as i64 + 1);
            }
            count = original.len() as i64;
        }
        if let Some((limit, exact)) = self.limit
            && (exact || count > limit)
        {
            count = limit;
        }
        if self.count_once {
            count = *self.count.get_or_insert(count);
        }
        for i in ids.iter_mut().filter(|i| **i > count) {
            *i = if self.discard == Discard::No {
                count
            } else {
                0
            };
        }
        let rows = (0..count)
            .map(|c| {
                let first = original.get(c as usize).copied().unwrap_or(0);
                let place = if self.compress { first - 1 } else { c };
                let (volume, coordinates) = match &self.style {
                    Style::Bins(b) => b.describe(place),
                    _ => (whole_volume(host.state()), Vec::new()),
                };
                let mut row = vec![first as f64, volume];
                row.extend(coordinates);
                row
            })
            .collect();
        Ok(Assignment { ids, rows })
    }

    /// Atoms outside the region belong to no chunk.
    fn leave_out(&self, ids: &mut [i64], host: &mut dyn Host) -> Result<()> {
        let Some(name) = &self.region else {
            return Ok(());
        };
        regions::update(host, name)?;
        let s = host.state();
        let region = regions::require(&s.regions, "Compute chunk/atom", name)?;
        for (i, id) in ids.iter_mut().enumerate() {
            if !region.contains(s.atoms.x[i]) {
                *id = 0;
            }
        }
        Ok(())
    }

    fn update(&mut self, host: &mut dyn Host) -> Result<()> {
        let now = (host.state().step, host.state().epoch);
        if self.last == Some(now) {
            return Ok(());
        }
        self.current = match &self.kept {
            Some(kept) if self.ids_once && kept.ids.len() == host.state().atoms.len() => {
                kept.clone()
            }
            _ => self.assign(host)?,
        };
        if self.ids_once {
            self.kept = Some(self.current.clone());
        }
        self.last = Some(now);
        Ok(())
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
            per_atom: Some(0),
            ..Output::default()
        }
    }

    /// Per atom the chunk; as array the chunks themselves, one row each: original number (0 if the chunks
    /// are not compressed), volume, coordinates. Fixes and computes over chunks read both.
    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        self.update(host)?;
        Ok(match part {
            Part::Array => Data::Array {
                columns: self.current.rows.first().map_or(2, Vec::len),
                values: self.current.rows.concat(),
            },
            _ => Data::PerAtom(self.current.ids.iter().map(|&i| i as f64).collect()),
        })
    }

    fn retain(&mut self, keep: &[bool]) {
        if let Some(kept) = &mut self.kept {
            let mut k = keep.iter();
            kept.ids.retain(|_| *k.next().unwrap_or(&true));
        }
    }
}
