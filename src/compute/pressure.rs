//! `compute pressure`: pressure and its tensor from the virial and a temperature compute.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::Tally;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::state::CONTRIBUTIONS;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, many};

const PARTS: &[&str] = &[
    "ke",
    "virial",
    "pair",
    "bond",
    "angle",
    "dihedral",
    "improper",
    "kspace",
    "fix",
    "pair/hybrid",
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
            "contributions: ke, virial, pair, bond, angle, dihedral, improper, kspace, fix, pair/hybrid STYLE [N]; default all (`virial`: all but ke)",
        ),
    ],
    keywords: &[],
    description: "The scalar is P = (dof kB T + tr W) / (d V), the vector the tensor (sum m v_a v_b + W_ab) / V in the \
order xx, yy, zz, xy, xz, yz, pressure units; W is the virial sum r_a f_b of the force field, its long-range tail and \
of fixes (`fix_modify virial yes`). The group must be all. `virial` leaves out the kinetic part. `pair/hybrid` and the name of \
a sub-style of a hybrid pair style (with its number if it is listed several times) is the part of that sub-style, without \
tail.",
    examples: &[
        "compute 1 all pressure thermo_temp",
        "compute w all pressure NULL virial",
        "compute p all pressure NULL pair/hybrid lj/cut",
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
    /// Sub-style of a hybrid pair style, and its number if that was given
    sub: Option<(String, Option<usize>)>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    if id.group != "all" {
        return Err(Error::input("Compute pressure must use group all"));
    }
    let (parts, sub) = contributions(&args.all("part"))?;
    let has = |p: &str| parts.contains(&p);
    let kinetic = parts.is_empty() || has("ke");
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
    let virial = parts.is_empty() || has("virial");
    let given = CONTRIBUTIONS.iter().copied().filter(|c| !virial && has(c));
    Ok(Box::new(Pressure {
        temperature,
        kinetic,
        virial,
        parts: given.collect(),
        fix: virial || has("fix"),
        sub,
    }))
}

type Sub = Option<(String, Option<usize>)>;

/// The contributions that the words name.
fn contributions<'a>(words: &[(usize, &'a str)]) -> Result<(Vec<&'a str>, Sub)> {
    let (mut parts, mut sub) = (Vec::new(), None);
    let mut rest = words.iter();
    while let Some(&(at, word)) = rest.next() {
        if !PARTS.contains(&word) {
            return Err(Error::input(format!(
                "Illegal compute pressure command: unknown contribution '{word}'"
            ))
            .suggest(word, PARTS.iter().copied())
            .at(at));
        }
        parts.push(word);
        if word == "pair/hybrid" {
            let Some(style) = rest.next() else {
                return Err(Error::input(
                    "compute pressure pair/hybrid: the name of a sub-style is missing",
                )
                .at(at));
            };
            let number = rest.as_slice().first().and_then(|w| w.1.parse().ok());
            if number.is_some() {
                rest.next();
            }
            sub = Some((style.1.to_string(), number));
        }
    }
    Ok((parts, sub))
}

impl Pressure {
    /// Virial with tail and fixes, energy units.
    fn total_virial(&self, host: &mut dyn Host) -> Result<[f64; 6]> {
        let mut w = [0.0; 6];
        if !(self.virial || self.fix) && self.parts.is_empty() && self.sub.is_none() {
            return Ok(w);
        }
        host.tally(Tally {
            virial: true,
            ..Tally::NONE
        })?;
        let s = host.state();
        let t = &s.tallies;
        if let Some((style, number)) = self.sub.as_ref().filter(|_| !self.virial) {
            let part = t
                .parts
                .iter()
                .find(|p| p.name == *style && number.is_none_or(|n| p.number.max(1) == n));
            let Some(part) = part else {
                return Err(Error::input(format!(
                    "Unrecognized pair style {style} in compute pressure command: the pair style has no such sub-style"
                )));
            };
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
