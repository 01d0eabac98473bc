//! `compute reduce`: sum, minimum, maximum or mean of per-atom values over a group.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::regions;
use crate::domain::values::{AtomValue, Shape, expand, members};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Keyword, Kind, Signature, arg, keyword, many};

const MODES: &[&str] = &[
    "sum", "sumsq", "sumabs", "min", "max", "minabs", "maxabs", "ave", "avesq", "aveabs",
];

const SIGNATURE: Signature = Signature {
    name: "reduce",
    summary: "one number from per-atom values of a group",
    args: &[
        arg("mode", Kind::OneOf(MODES), "how values are combined"),
        INPUT,
    ],
    keywords: KEYWORDS,
    description: "One input gives a scalar, several give a vector. A compute or fix with several columns may be given \
as c_ID[*].",
    examples: &[
        "compute v all reduce max vx vy vz",
        "compute d Li reduce ave c_disp[4]",
    ],
};

const KEYWORDS: &[Keyword] = &[
    keyword(
        "replace",
        &[
            arg("vec1", Kind::Count, "input that is replaced"),
            arg("vec2", Kind::Count, "input whose extremum selects the atom"),
        ],
        "give the value of input vec1 at the atom where input vec2 is extreme (min and max only)",
    ),
    keyword(
        "inputs",
        &[arg("kind", Kind::OneOf(&["peratom", "local"]), "")],
        "peratom (default); there are no local values",
    ),
];

const INPUT: Arg = many(
    "input",
    Kind::Word,
    "x y z vx vy vz fx fy fz, c_ID, c_ID[i], f_ID, v_name of atom style",
);

const REGION: Signature = Signature {
    name: "reduce/region",
    summary: "one number from per-atom values of the atoms of a group that are in a region now",
    args: &[
        arg("region-ID", Kind::Uses("region"), "region, which may move"),
        arg("mode", Kind::OneOf(MODES), "how values are combined"),
        INPUT,
    ],
    keywords: KEYWORDS,
    description: "As compute reduce, for the atoms that are inside of the region when the compute is evaluated.",
    examples: &["compute t all reduce/region hot ave c_ke"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

/// The line of the table.
pub const STYLE_REGION: ComputeEntry = ComputeEntry {
    signature: &REGION,
    build: build_region,
};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Sum,
    Min,
    Max,
    Mean,
}

struct Reduce {
    bit: u32,
    mode: Mode,
    power: fn(f64) -> f64,
    inputs: Vec<AtomValue>,
    replace: Vec<(usize, usize)>,
    region: Option<String>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    Ok(Box::new(reduce(id, args, host)?))
}

fn build_region(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let region = args.str("region-ID");
    regions::require(&host.state().regions, "Compute reduce/region", region)
        .map_err(|e| e.or_at(args.word("region-ID")))?;
    let mut compute = reduce(id, args, host)?;
    compute.region = Some(region.to_string());
    Ok(Box::new(compute))
}

fn reduce(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Reduce> {
    let name = args.str("mode");
    let mode = match &name[..3] {
        "sum" => Mode::Sum,
        "min" => Mode::Min,
        "max" => Mode::Max,
        _ => Mode::Mean,
    };
    let power: fn(f64) -> f64 = match &name[3..] {
        "sq" => |x| x * x,
        "abs" => f64::abs,
        _ => |x| x,
    };
    let words = expand(&args.all("input"), Shape::AtomColumns, host)?;
    if words.is_empty() {
        return Err(Error::input(
            "Illegal compute reduce command: missing argument(s): no input is given",
        ));
    }
    let mut inputs = Vec::new();
    for (at, w) in &words {
        let value = AtomValue::parse(w).ok_or_else(|| {
            Error::input(format!(
                "Illegal compute reduce command: unknown input '{w}'"
            ))
            .at(*at)
            .help("inputs are x y z vx vy vz fx fy fz, c_ID, f_ID and v_name")
        })?;
        if let AtomValue::Reference(r) = &value {
            crate::domain::values::require_per_atom(r, host).map_err(|e| e.or_at(*at))?;
        }
        inputs.push(value);
    }
    let mut replace = Vec::new();
    for k in args.keywords() {
        if k.name() == "inputs" {
            if k.str("kind") == "local" {
                return Err(Error::input(
                    "compute reduce inputs local: argyro has no local values, only per-atom values",
                )
                .at(k.word("kind")));
            }
            continue;
        }
        let (a, b) = (k.int("vec1")? as usize, k.int("vec2")? as usize);
        if a > inputs.len() || b > inputs.len() || a == b || !matches!(mode, Mode::Min | Mode::Max)
        {
            return Err(Error::input("Invalid replace values in compute reduce").at(k.position()));
        }
        replace.push((a - 1, b - 1));
    }
    Ok(Reduce {
        bit: id.bit,
        mode,
        power,
        inputs,
        replace,
        region: None,
    })
}

impl Reduce {
    /// The reduced value and the atom where an extremum is.
    fn one(&self, values: &[f64], host: &dyn Host) -> Result<(f64, Option<usize>)> {
        let mut acc = match self.mode {
            Mode::Min => f64::MAX,
            Mode::Max => -f64::MAX,
            _ => 0.0,
        };
        let mut at = None;
        let mut count = 0.0;
        let s = host.state();
        let region = match &self.region {
            Some(id) => Some(regions::require(&s.regions, "Compute reduce/region", id)?),
            None => None,
        };
        for i in members(s, self.bit) {
            if region.is_some_and(|r| !r.contains(s.atoms.x[i])) {
                continue;
            }
            let v = (self.power)(values[i]);
            count += 1.0;
            match self.mode {
                Mode::Sum | Mode::Mean => acc += v,
                Mode::Min if v < acc => (acc, at) = (v, Some(i)),
                Mode::Max if v > acc => (acc, at) = (v, Some(i)),
                _ => {}
            }
        }
        if self.mode == Mode::Mean && count > 0.0 {
            acc /= count;
        }
        Ok((acc, at))
    }
}

impl Compute for Reduce {
    fn output(&self) -> Output {
        let n = self.inputs.len();
        let extensive = self.mode == Mode::Sum;
        if n == 1 {
            Output {
                extensive,
                ..Output::SCALAR
            }
        } else {
            Output {
                vector: n,
                extensive_vector: extensive,
                ..Output::default()
            }
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let columns = self
            .inputs
            .iter()
            .map(|v| v.evaluate(host))
            .collect::<Result<Vec<_>>>()?;
        if let Some(id) = &self.region {
            regions::update(host, id)?;
        }
        let reduced = columns
            .iter()
            .map(|c| self.one(c, host))
            .collect::<Result<Vec<_>>>()?;
        let mut out: Vec<f64> = reduced.iter().map(|r| r.0).collect();
        for &(a, b) in &self.replace {
            if let Some(i) = reduced[b].1 {
                out[a] = columns[a][i];
            }
        }
        Ok(if out.len() == 1 {
            Data::Scalar(out[0])
        } else {
            Data::Vector(out)
        })
    }
}
