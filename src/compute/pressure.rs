//! `compute pressure`: pressure and its tensor from the virial and a temperature compute.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::state::CONTRIBUTIONS;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, many};

const PARTS: &[&str] = &[
    "ke", "virial", "pair", "bond", "angle", "dihedral", "improper", "kspace", "fix",
];

const SIGNATURE: Signature = Signature {
    name: "pressure",
    summary: "pressure of the whole system",
    args: &[
        arg(
            "temp-ID",
            Kind::Uses("compute"),
            "temperature compute for the kinetic part, or NULL with `virial`",
        ),
        many(
            "part",
            Kind::Word,
            "contributions: ke virial pair bond angle dihedral improper kspace fix, pair/hybrid STYLE [N]; default all (`virial`: \
all but ke)",
        ),
    ],
    keywords: &[],
    description: "The scalar is P = (dof kB T + tr W) / (d V), the vector the tensor (sum m v_a v_b + W_ab) / V in the \
order xx, yy, zz, xy, xz, yz, pressure units; W is the virial sum r_a f_b of the force field, its long-range tail and \
of fixes (`fix_modify virial yes`). The group must be all. `virial` leaves out the kinetic part, \
`pair/hybrid` takes the pairwise part of one sub-style of a hybrid pair style, its Nth if it is listed several times.",
    examples: &[
        "compute z all pressure NULL pair/hybrid zbl",
        "compute 1 all pressure thermo_temp",
        "compute w all pressure NULL virial",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct Pressure {
    temperature: Option<String>,
    kinetic: bool,
    virial: bool,
    /// Contributions to the virial, if not all of them
    parts: Vec<&'static str>,
    fix: bool,
    /// A sub-style and its number, 0 for the only one.
    hybrid: Option<(String, usize)>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    if id.group != "all" {
        return Err(Error::input("Compute pressure must use group all"));
    }
    let (parts, hybrid) = contributions(&args.all("part"))?;
    let has = |p: &str| parts.contains(&p);
    let all = parts.is_empty() && hybrid.is_none();
    let kinetic = all || has("ke");
    let temperature = match args.str("temp-ID") {
        "NULL" if kinetic => {
            return Err(Error::input(
                "Compute pressure requires temperature ID to include kinetic energy",
            )
            .at(args.word("temp-ID")));
        }
        "NULL" => None,
        name => {
            host.output(Source::Compute, name).map_err(|_| {
                Error::input(format!(
                    "Could not find compute pressure temperature ID {name}"
                ))
                .at(args.word("temp-ID"))
            })?;
            Some(name.to_string())
        }
    };
    let virial = all || has("virial");
    let given = CONTRIBUTIONS.iter().copied().filter(|c| !virial && has(c));
    Ok(Box::new(Pressure {
        temperature,
        kinetic,
        virial,
        parts: given.collect(),
        fix: virial || has("fix"),
        hybrid,
    }))
}

/// A sub-style and its number.
type SubStyle = (String, usize);

/// The contributions, and the sub-style behind `pair/hybrid`.
fn contributions<'a>(words: &[(usize, &'a str)]) -> Result<(Vec<&'a str>, Option<SubStyle>)> {
    let (mut parts, mut hybrid) = (Vec::new(), None);
    let mut rest = words.iter().peekable();
    while let Some(&(at, word)) = rest.next() {
        if word == "pair/hybrid" {
            let Some((_, style)) = rest.next() else {
                return Err(Error::input(
                    "Illegal compute pressure command: pair/hybrid needs the name of a sub-style",
                )
                .at(at));
            };
            let number = rest.peek().and_then(|w| w.1.parse::<usize>().ok());
            if number.is_some() {
                rest.next();
            }
            hybrid = Some(((*style).to_string(), number.unwrap_or(0)));
        } else if PARTS.contains(&word) {
            parts.push(word);
        } else {
            return Err(Error::input(format!(
                "Illegal compute pressure command: unknown contribution '{word}'"
            ))
            .at(at)
            .suggest(word, PARTS.iter().copied().chain(["pair/hybrid"])));
        }
    }
    Ok((parts, hybrid))
}

impl Pressure {
    /// Virial with tail and fixes, energy units.
    fn total_virial(&self, host: &mut dyn Host) -> Result<[f64; 6]> {
        let mut w = [0.0; 6];
        if !(self.virial || self.fix) && self.parts.is_empty() && self.hybrid.is_none() {
            return Ok(w);
        }
        host.tally(Tally {
            virial: true,
            ..Tally::NONE
        })?;
        let s = host.state();
        let t = &s.tallies;
        if let Some((style, number)) = &self.hybrid {
            let mut named = t.parts.iter().filter(|p| p.name == *style);
            let found = named.find(|p| *number == 0 || p.number == *number);
            let part = found.ok_or_else(|| {
                Error::input(format!(
                    "compute pressure pair/hybrid: the pair style has no sub-style {style}"
                ))
                .suggest(style, t.parts.iter().map(|p| p.name.as_str()))
            })?;
            w = part.virial;
        }
        for k in 0..6 {
            if self.virial {
                w[k] += t.virial[k];
            }
            for part in &self.parts {
                w[k] += t.virial_of(part, k);
            }
            let tail = self.virial || self.parts.contains(&"pair");
            if tail && k < usize::from(s.dimension) {
                w[k] += t.tail_virial;
            }
            if self.fix {
                w[k] += t.fix_virial[k];
            }
        }
        Ok(w)
    }
}

impl Compute for Pressure {
    fn use_temperature(&mut self, id: &str) -> bool {
        self.temperature = Some(id.to_string());
        true
    }

    fn output(&self) -> Output {
        Output {
            vector: 6,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let w = self.total_virial(host)?;
        let temperature = self.temperature.clone().filter(|_| self.kinetic);
        match part {
            Part::Scalar => {
                let kinetic = match &temperature {
                    Some(id) => {
                        let (t, dof) = host.temperature(id)?;
                        dof * host.state().units.boltz * t
                    }
                    None => 0.0,
                };
                let s = host.state();
                let volume = s.cell("pressure")?.volume(s.dimension);
                let d = f64::from(s.dimension);
                let trace = if s.dimension == 2 {
                    w[0] + w[1]
                } else {
                    w[0] + w[1] + w[2]
                };
                Ok(Data::Scalar(
                    (kinetic + trace) / d / volume * s.units.nktv2p,
                ))
            }
            Part::Vector => {
                let kinetic = match &temperature {
                    Some(id) => match host.data(Source::Compute, id, Part::Vector)? {
                        Data::Vector(v) if v.len() == 6 => v,
                        _ => {
                            return Err(Error::input(format!(
                                "compute {id} has no kinetic energy tensor"
                            )));
                        }
                    },
                    None => vec![0.0; 6],
                };
                let s = host.state();
                let volume = s.cell("pressure")?.volume(s.dimension);
                Ok(Data::Vector(
                    (0..6)
                        .map(|k| (kinetic[k] + w[k]) / volume * s.units.nktv2p)
                        .collect(),
                ))
            }
            _ => Err(Error::input(
                "compute pressure has a scalar and a vector only",
            )),
        }
    }
}
