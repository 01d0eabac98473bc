//! `fix langevin`: friction and random forces of an implicit solvent.

use super::nh_common::Ramp;
use super::{Fix, FixEntry, FixId};
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::collections::BTreeMap;

const SIGNATURE: Signature = Signature {
    name: "langevin",
    summary: "Langevin thermostat: friction and random forces; needs an integrating fix such as nve",
    args: &[
        arg(
            "Tstart",
            Kind::RealOrVariable,
            "target at the start of the run, or v_name of an equal- or atom-style variable",
        ),
        arg(
            "Tstop",
            Kind::Real,
            "target at its end (not used with a variable)",
        ),
        arg("damp", Kind::Positive, "relaxation time, time units"),
        arg("seed", Kind::Count, "seed of the random forces"),
    ],
    keywords: &[
        keyword(
            "zero",
            &[arg("value", Kind::YesNo, "yes or no")],
            "make the sum of the random forces zero, default no",
        ),
        keyword(
            "tally",
            &[arg("value", Kind::YesNo, "yes or no")],
            "sum up the energy that is exchanged, default no",
        ),
        keyword(
            "scale",
            &[
                arg("type", Kind::Count, "atom type"),
                arg("ratio", Kind::Positive, "factor of damp"),
            ],
            "other damping time of one atom type",
        ),
        keyword(
            "gjf",
            &[arg("value", Kind::Word, "no, vfull or vhalf")],
            "only `no` is supported",
        ),
        keyword(
            "angmom",
            &[arg("value", Kind::Word, "no or a factor")],
            "only `no`: atoms have no rotation",
        ),
        keyword(
            "omega",
            &[arg("value", Kind::Word, "no or yes")],
            "only `no`: atoms have no rotation",
        ),
    ],
    description: "F = -m v / damp + sqrt(24 kB T m / (damp dt)) (u - 1/2), u uniform in (0, 1): Schneider, Stoll, Phys. \
Rev. B 17, 1302 (1978); Duenweg, Paul, Int. J. Mod. Phys. C 2, 817 (1991). The random number is a hash of seed, count \
of steps, atom ID and direction, so it depends neither on threads nor on restarts; it is not LAMMPS' sequence.",
    examples: &[
        "fix 2 all langevin 300 300 0.1 48279",
        "fix 2 all langevin v_T 300 0.1 48279 zero yes tally yes",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

enum Target {
    Ramp(Ramp),
    Variable(Reference),
}

struct Langevin {
    bit: u32,
    target: Target,
    damping: f64,
    seed: i64,
    zero: bool,
    tally: bool,
    scale: BTreeMap<usize, f64>,
    /// Temperature compute whose bias is no thermal motion.
    temperature: Option<String>,
    /// Random forces drawn so far: one of the arguments of the hash.
    draws: i64,
    /// Forces of the last step, kept for the energy.
    forces: Vec<[f64; 3]>,
    /// Whether `forces` came from a restart file and are still to be used: friction depends on velocities
    /// in the middle of a step, which are gone at its end.
    resume: bool,
    /// Energy given to the atoms until now, and in the last step per time.
    energy: f64,
    power: f64,
    dt: f64,
    started: bool,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    for name in ["gjf", "angmom", "omega"] {
        if let Some(k) = args.keyword(name)
            && k.str("value") != "no"
        {
            let e = Error::input(format!(
                "fix langevin {name} {} is not supported",
                k.str("value")
            ))
            .at(k.position());
            return Err(if name == "gjf" {
                e.help("use a smaller timestep, or fix nvt for sampling with large ones")
            } else {
                e.help("atoms of atom_style atomic and charge do not rotate")
            });
        }
    }
    let start = args.str("Tstart");
    let target = match Reference::parse(start) {
        Some(r) if r.source == Source::Variable => {
            host.output(Source::Variable, &r.id)
                .map_err(|e| e.or_at(args.word("Tstart")))?;
            Target::Variable(r)
        }
        _ => Target::Ramp(Ramp {
            start: args.real("Tstart")?,
            stop: args.real("Tstop")?,
        }),
    };
    if let Target::Ramp(r) = &target
        && (r.start < 0.0 || r.stop < 0.0)
    {
        return Err(Error::input("Fix langevin temperature must not be negative").at(0));
    }
    let yes = |name: &str| args.keyword(name).map_or(Ok(false), |k| k.yes_no("value"));
    let mut scale = BTreeMap::new();
    for k in args.keywords().filter(|k| k.name() == "scale") {
        let t = k.int("type")? as usize;
        if t > host.state().types.count {
            return Err(
                Error::input(format!("Invalid atom type {t} for fix langevin scale"))
                    .at(k.word("type")),
            );
        }
        scale.insert(t, k.real("ratio")?);
    }
    Ok(Box::new(Langevin {
        bit: id.bit,
        target,
        damping: args.real("damp")?,
        seed: args.int("seed")?,
        zero: yes("zero")?,
        tally: yes("tally")?,
        scale,
        temperature: None,
        draws: 0,
        forces: Vec::new(),
        resume: false,
        energy: 0.0,
        power: 0.0,
        dt: 0.0,
        started: false,
    }))
}

/// Mixes the bits of a word (finaliser of splitmix64, Steele, Lea, Flood, OOPSLA 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Three numbers, uniform in (-1/2, 1/2), that follow from the arguments alone.
fn uniform(seed: i64, draw: i64, id: i64) -> [f64; 3] {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = mix((seed as u64).wrapping_add(STEP));
    h = mix(h ^ mix((draw as u64).wrapping_mul(STEP).wrapping_add(STEP)));
    h = mix(h ^ mix((id as u64)
        .wrapping_add(STEP)
        .wrapping_mul(0xd129_0f39_3cd5_a9ad)));
    std::array::from_fn(|k| {
        let bits = mix(h.wrapping_add((k as u64 + 1).wrapping_mul(STEP))) >> 11;
        (bits as f64 + 0.5) / (1u64 << 53) as f64 - 0.5
    })
}

impl Langevin {
    /// Target temperature of every atom, or one for all.
    fn targets(&self, host: &mut dyn Host) -> Result<(f64, Option<Vec<f64>>)> {
        let t = match &self.target {
            Target::Ramp(r) => (r.now(host.state()), None),
            Target::Variable(v) if host.output(v.source, &v.id)?.per_atom.is_some() => {
                (0.0, Some(host.per_atom(v)?))
            }
            Target::Variable(v) => (host.scalar(v)?, None),
        };
        if t.0 < 0.0 || t.1.as_ref().is_some_and(|v| v.iter().any(|&t| t < 0.0)) {
            return Err(Error::run(
                "Fix langevin variable returned negative temperature",
            ));
        }
        Ok(t)
    }

    fn apply(&mut self, host: &mut dyn Host) -> Result<()> {
        let (common, each) = self.targets(host)?;
        let bias = match &self.temperature {
            Some(id) => host.velocity_bias(id)?,
            None => None,
        };
        let state = host.state_mut();
        let u = state.units;
        let coefficients: Vec<(f64, f64)> = (0..=state.types.count)
            .map(|t| {
                let m = state.types.mass(t as u32);
                let damp = self.damping * self.scale.get(&t).copied().unwrap_or(1.0);
                let noise = (24.0 * u.boltz * m / (damp * state.dt * u.mvv2e)).sqrt() / u.ftm2v;
                (m / damp / u.ftm2v, noise)
            })
            .collect();
        let a = &mut state.atoms;
        let n = a.id.len();
        self.forces.clear();
        self.forces.resize(n, [0.0; 3]);
        let mut sum = [0.0; 3];
        let mut count = 0usize;
        for i in 0..n {
            if a.mask[i] & self.bit == 0 {
                continue;
            }
            let (friction, noise) = coefficients[a.kind[i] as usize];
            let root = each.as_ref().map_or(common, |e| e[i]).sqrt();
            let random = uniform(self.seed, self.draws, a.id[i]).map(|r| noise * root * r);
            let b = bias.as_ref().map_or([0.0; 3], |b| b[i]);
            for k in 0..3 {
                self.forces[i][k] = random[k] - friction * (a.v[i][k] - b[k]);
                sum[k] += random[k];
            }
            count += 1;
        }
        let mean = if self.zero && count > 0 {
            sum.map(|s| s / count as f64)
        } else {
            [0.0; 3]
        };
        for i in 0..n {
            if a.mask[i] & self.bit != 0 {
                for k in 0..3 {
                    self.forces[i][k] -= mean[k];
                    a.f[i][k] += self.forces[i][k];
                }
            }
        }
        state.touch();
        Ok(())
    }

    fn power(&self, host: &dyn Host) -> f64 {
        let v = &host.state().atoms.v;
        self.forces
            .iter()
            .zip(v)
            .map(|(f, v)| f[0] * v[0] + f[1] * v[1] + f[2] * v[2])
            .sum()
    }

    /// Energy that the reservoir has received, at the middle of the last step.
    fn reservoir(&self, dt: f64) -> f64 {
        -(self.energy - 0.5 * self.power * dt)
    }
}

impl Fix for Langevin {
    fn target_temperature(&self, state: &crate::domain::State) -> Option<f64> {
        match &self.target {
            Target::Ramp(r) => Some(r.now(state)),
            _ => None,
        }
    }

    fn describe(&self) -> Vec<String> {
        vec![format!("seed {}", self.seed)]
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        let atoms = &mut host.state_mut().atoms;
        if std::mem::take(&mut self.resume) && self.forces.len() == atoms.f.len() {
            for (f, mine) in atoms.f.iter_mut().zip(&self.forces) {
                (0..3).for_each(|k| f[k] += mine[k]);
            }
            host.state_mut().touch();
        } else {
            self.apply(host)?;
        }
        if self.tally && !self.started {
            self.started = true;
            self.power = self.power(host);
            self.dt = host.state().dt;
            self.energy = 0.5 * self.power * self.dt;
        }
        Ok(())
    }

    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        self.draws += 1;
        self.apply(host)
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<super::Control> {
        if self.tally {
            self.power = self.power(host);
            self.energy += self.power * host.state().dt;
            self.dt = host.state().dt;
        }
        Ok(super::Control::Continue)
    }

    fn coupling_energy(&self) -> Option<f64> {
        self.tally.then(|| self.reservoir(self.dt))
    }

    fn output(&self) -> Output {
        Output {
            scalar: self.tally,
            extensive: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        if part == Part::Scalar && self.tally {
            return Ok(Data::Scalar(self.reservoir(self.dt)));
        }
        Err(Error::input(
            "fix langevin has a scalar only, and that with tally yes",
        ))
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.forces.retain(|_| *k.next().unwrap_or(&true));
    }

    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        match words {
            ["temp", id] => {
                host.temperature(id).map_err(|e| e.or_at(1))?;
                self.temperature = Some((*id).to_string());
                Ok(())
            }
            _ => Err(Error::input("Illegal fix_modify command: fix langevin knows temp ID").at(0)),
        }
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.int(self.draws)
            .real(self.energy)
            .real(self.power)
            .real(self.dt)
            .flag(self.started)
            .vectors(&self.forces);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.draws = r.int()?;
        self.energy = r.real()?;
        self.power = r.real()?;
        self.dt = r.real()?;
        self.started = r.flag()?;
        self.forces = r.vectors()?;
        self.resume = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_uniform_and_uncorrelated() {
        let n = 100_000;
        let (mut sum, mut square, mut lag, mut cross) = (0.0, 0.0, 0.0, 0.0);
        let mut last = 0.0;
        for i in 0..n {
            let u = uniform(48279, i / 100, i % 100);
            sum += u[0];
            square += u[0] * u[0];
            lag += u[0] * last;
            cross += u[0] * u[1];
            last = u[0];
        }
        let n = n as f64;
        assert!((sum / n).abs() < 4.0 / (12.0 * n).sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 1e-3);
        assert!((lag / n).abs() < 1e-3 && (cross / n).abs() < 1e-3);
    }
}
