//! `fix langevin`: friction and random forces of an implicit solvent.

mod gjf;

use self::gjf::{Gjf, Step};
use super::nh_common::Ramp;
use super::{Fix, FixEntry, FixId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::marsaglia::Marsaglia;
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
            "sum up the energy that is exchanged: `f_ID`, else 0; default no",
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
            &[arg(
                "value",
                Kind::OneOf(&["no", "vfull", "vhalf"]),
                "no, vfull or vhalf",
            )],
            "integrate with the method of Groenbech-Jensen and Farago: velocities at the steps (vfull) or between them (vhalf)",
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
Rev. B 17, 1302 (1978); Duenweg, Paul, Int. J. Mod. Phys. C 2, 817 (1991). The random numbers are those of LAMMPS on one \
process: one stream, three numbers for each atom of the group in the order that `atom_modify sort` gives. They depend \
neither on threads nor on restarts: a restart file holds stream and order. With `gjf`, noise is Gaussian, the mean of two \
steps acts, and the fix must stand before fix nve: Groenbech-Jensen, Farago, Mol. Phys. 111, 983 (2013); Jensen, \
Groenbech-Jensen, Mol. Phys. 117, 2511 (2019).",
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
    random: Marsaglia,
    zero: bool,
    tally: bool,
    scale: BTreeMap<usize, f64>,
    /// Temperature compute whose bias is no thermal motion.
    temperature: Option<String>,
    gjf: Option<Gjf>,
    /// Friction and random forces of the last step, kept for the energy.
    forces: Vec<[f64; 3]>,
    /// Whether `forces` came from a restart file and are still to be used: friction depends on velocities
    /// in the middle of a step, which are gone at its end.
    resume: bool,
    /// Energy given to the atoms until now, and in the last step per time.
    energy: f64,
    power: f64,
    dt: f64,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    for name in ["angmom", "omega"] {
        if let Some(k) = args.keyword(name)
            && k.str("value") != "no"
        {
            let text = format!("fix langevin {name} {} is not supported", k.str("value"));
            return Err(Error::input(text)
                .at(k.position())
                .help("atoms of argyro are points and do not rotate"));
        }
    }
    let seed = args.int("seed")?;
    let random =
        Marsaglia::new(seed).map_err(|e| Error::input(e.to_string()).at(args.word("seed")))?;
    let gjf = match args.keyword("gjf").map(|k| k.str("value").to_owned()) {
        Some(v) if v != "no" => Some(Gjf::new(v == "vfull")),
        _ => None,
    };
    let start = args.str("Tstart");
    let target = match Reference::parse(start) {
        // it need not exist before the run
        Some(r) if r.source == Source::Variable => Target::Variable(r),
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
        seed,
        random,
        zero: yes("zero")?,
        tally: yes("tally")?,
        scale,
        temperature: None,
        gjf,
        forces: Vec::new(),
        resume: false,
        energy: 0.0,
        power: 0.0,
        dt: 0.0,
    }))
}

/// Friction and amplitude of the noise of an atom type at 1 temperature unit, force units.
#[derive(Clone, Copy)]
struct Coefficients {
    friction: f64,
    noise: f64,
}

/// Random and friction forces of one step.
struct Kick {
    random: Vec<[f64; 3]>,
    friction: Vec<[f64; 3]>,
    /// Friction per velocity.
    drag: Vec<f64>,
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

    /// Per type, by `fix langevin scale`; per atom, where atoms have masses of their own.
    fn coefficients(&self, state: &State) -> Vec<Coefficients> {
        let u = state.units;
        // Variance 1/12 of a uniform variate: 24 instead of 2
        let variance = if self.gjf.is_some() { 2.0 } else { 24.0 };
        let of = |t: usize, m: f64| {
            let damp = self.damping * self.scale.get(&t).copied().unwrap_or(1.0);
            let square = variance * u.boltz * m / (damp * state.dt * u.mvv2e);
            Coefficients {
                friction: m / damp / u.ftm2v,
                noise: square.sqrt() / u.ftm2v,
            }
        };
        let a = &state.atoms;
        match &a.rmass {
            Some(masses) => {
                let kinds = a.kind.iter().map(|&t| t as usize);
                kinds.zip(masses).map(|(t, &m)| of(t, m)).collect()
            }
            None => {
                let types = 0..=state.types.count;
                types.map(|t| of(t, state.types.mass(t as u32))).collect()
            }
        }
    }

    /// Draws the random forces and evaluates the friction.
    fn kick(&mut self, bias: Option<&[[f64; 3]]>, host: &mut dyn Host) -> Result<Kick> {
        let (common, each) = self.targets(host)?;
        let state = host.state();
        let coefficients = self.coefficients(state);
        let a = &state.atoms;
        let mut kick = Kick {
            random: vec![[0.0; 3]; a.len()],
            friction: vec![[0.0; 3]; a.len()],
            drag: vec![0.0; a.len()],
        };
        for i in a.order.of(a.len()) {
            if a.mask[i] & self.bit == 0 {
                continue;
            }
            let c = match a.rmass {
                Some(_) => coefficients[i],
                None => coefficients[a.kind[i] as usize],
            };
            kick.drag[i] = -c.friction;
            let noise = c.noise * each.as_ref().map_or(common, |e| e[i]).sqrt();
            for k in 0..3 {
                let v = a.v[i][k] - bias.map_or(0.0, |b| b[i][k]);
                let u = match self.gjf {
                    Some(_) => self.random.gaussian(),
                    None => self.random.uniform() - 0.5,
                };
                // Some temperature computes leave out atoms and directions by a velocity of 0.
                let moves = bias.is_none() || v != 0.0;
                kick.random[i][k] = if moves { noise * u } else { 0.0 };
                kick.friction[i][k] = -c.friction * v;
            }
        }
        Ok(kick)
    }

    fn bias(&self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        match &self.temperature {
            Some(id) => host.velocity_bias(id),
            None => Ok(None),
        }
    }

    fn step(&self, state: &State) -> Step {
        Step {
            dt: state.dt,
            damping: self.damping,
        }
    }

    fn group(&self, state: &State) -> Vec<usize> {
        let mask = &state.atoms.mask;
        (0..mask.len())
            .filter(|&i| mask[i] & self.bit != 0)
            .collect()
    }

    fn apply(&mut self, host: &mut dyn Host) -> Result<()> {
        let bias = self.bias(host)?;
        let mut kick = self.kick(bias.as_deref(), host)?;
        let (step, group) = (self.step(host.state()), self.group(host.state()));
        if self.zero && group.is_empty() {
            return Err(Error::run("Cannot zero Langevin force of 0 atoms"));
        }
        let state = host.state_mut();
        let bath = self
            .gjf
            .as_mut()
            .map(|g| g.post_force(step, &group, &mut kick, bias.as_deref(), state));
        let mean = if self.zero {
            mean(&kick.random, &group)
        } else {
            [0.0; 3]
        };
        self.forces.clear();
        self.forces.resize(state.atoms.len(), [0.0; 3]);
        for &i in &group {
            for k in 0..3 {
                let total = kick.friction[i][k] + kick.random[i][k];
                state.atoms.f[i][k] += total - mean[k];
                self.forces[i][k] = bath.as_ref().map_or(total, |b| b[i][k]) - mean[k];
            }
        }
        state.touch();
        Ok(())
    }

    /// The first forces with noise; velocities change before and after with `gjf`.
    fn first(&mut self, host: &mut dyn Host) -> Result<()> {
        let bias = self.bias(host)?;
        let (step, group) = (self.step(host.state()), self.group(host.state()));
        if let Some(g) = &mut self.gjf {
            g.before_setup(step, &group, bias.as_deref(), host.state_mut());
            host.state_mut().touch();
        }
        self.apply(host)?;
        if let Some(g) = &mut self.gjf {
            g.after_setup(step, &group, host.state_mut());
            host.state_mut().touch();
        }
        Ok(())
    }

    fn power(&self, host: &dyn Host) -> f64 {
        let v = match &self.gjf {
            Some(g) => &g.lagged,
            None => &host.state().atoms.v,
        };
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

/// Mean over the atoms of a group.
fn mean(random: &[[f64; 3]], group: &[usize]) -> [f64; 3] {
    std::array::from_fn(|k| group.iter().map(|&i| random[i][k]).sum::<f64>() / group.len() as f64)
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

    fn precedes_integrators(&self) -> Option<&'static str> {
        self.gjf
            .is_some()
            .then_some("Fix langevin gjf should come before fix nve")
    }

    fn moves_after_forces(&self) -> bool {
        self.gjf.is_some()
    }

    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        let resume = std::mem::take(&mut self.resume);
        if resume && self.forces.len() == host.state().atoms.len() {
            // With `gjf` the restart file holds the whole forces.
            if self.gjf.is_none() {
                let atoms = &mut host.state_mut().atoms;
                for (f, mine) in atoms.f.iter_mut().zip(&self.forces) {
                    (0..3).for_each(|k| f[k] += mine[k]);
                }
                host.state_mut().touch();
            }
        } else {
            self.first(host)?;
        }
        // As LAMMPS does, the sum begins anew with every run.
        let state = host.state();
        if self.tally && !resume && state.step == state.run.begin {
            let sign = if self.gjf.is_some() { -0.5 } else { 0.5 };
            self.dt = state.dt;
            self.power = self.power(host);
            self.energy = sign * self.power * self.dt;
        }
        Ok(())
    }

    fn initial_integrate(&mut self, host: &mut dyn Host) -> Result<()> {
        let (step, group) = (self.step(host.state()), self.group(host.state()));
        if let Some(g) = &self.gjf {
            g.initial_integrate(step, &group, host.state_mut());
            host.state_mut().touch();
        }
        Ok(())
    }

    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        self.apply(host)
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<super::Control> {
        if self.tally {
            self.power = self.power(host);
            self.energy += self.power * host.state().dt;
            self.dt = host.state().dt;
        }
        let (step, group) = (self.step(host.state()), self.group(host.state()));
        if let Some(g) = &mut self.gjf {
            g.end_of_step(step, &group, &self.forces, host.state_mut());
            host.state_mut().touch();
        }
        Ok(super::Control::Continue)
    }

    fn coupling_energy(&self) -> Option<f64> {
        self.tally.then(|| self.reservoir(self.dt))
    }

    fn output(&self) -> Output {
        Output {
            scalar: true,
            extensive: true,
            ..Output::default()
        }
    }

    fn data(&mut self, part: Part, _: &mut dyn Host) -> Result<Data> {
        match part {
            Part::Scalar if self.tally => Ok(Data::Scalar(self.reservoir(self.dt))),
            Part::Scalar => Ok(Data::Scalar(0.0)),
            _ => Err(Error::input("fix langevin has a scalar only")),
        }
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.forces.retain(|_| *k.next().unwrap_or(&true));
        if let Some(g) = &mut self.gjf {
            g.retain(keep);
        }
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
        w.reals(&self.random.state())
            .real(self.energy)
            .real(self.power)
            .real(self.dt)
            .vectors(&self.forces);
        if let Some(g) = &self.gjf {
            g.write(&mut w);
        }
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes);
        self.random = Marsaglia::from_state(&r.reals()?)
            .ok_or_else(|| Error::input("the restart data of the random stream are damaged"))?;
        self.energy = r.real()?;
        self.power = r.real()?;
        self.dt = r.real()?;
        self.forces = r.vectors()?;
        if let Some(g) = &mut self.gjf {
            g.read(&mut r)?;
        }
        self.resume = true;
        Ok(())
    }
}
