//! What styles see of the engine: values of computes, fixes and variables, tallies, degrees of freedom.
//!
//! A style is taken out of its slot while one of its methods runs, so a reference that leads back to it finds
//! the slot empty and becomes an error instead of an endless recursion.

use super::{Engine, thermo};
use crate::domain::host::{
    Between, Data, Host, Orientation, Output, Part, Reference, Source, ThermoColumn,
};
use crate::domain::{Bricks, State, Tally};
use crate::error::{Error, Result};
use crate::io::log::To;
use crate::pair::Single;

fn missing(source: Source, id: &str) -> Error {
    let what = match source {
        Source::Compute => "compute",
        Source::Fix => "fix",
        Source::Variable => "variable",
    };
    Error::input(format!("Could not find {what} ID {id}"))
}

fn circular(what: &str, id: &str) -> Error {
    Error::input(format!(
        "{what} {id} refers to itself, directly or through others"
    ))
}

fn element(r: &Reference, i: usize, v: &[f64]) -> Result<f64> {
    v.get(i - 1)
        .copied()
        .ok_or_else(|| Error::input(format!("{r}: there are only {} values", v.len())))
}

/// The name of a style, or `none`.
fn or_none(name: Option<&str>) -> Vec<String> {
    vec![name.unwrap_or("none").to_string()]
}

impl Engine {
    /// Features of the pair style: `single` (energies of pairs), `manybody`, `shift`, `tail`.
    fn pair_features(&self) -> Vec<String> {
        let Some(pair) = &self.pair else {
            return Vec::new();
        };
        let of_pairs = pair.style.single(&Single::new((1, 1), 1.0, (0.0, 0.0)));
        let flags = [
            ("single", self.pair_ready && of_pairs.is_some()),
            ("manybody", self.pair_ready && pair.style.manybody()),
            ("shift", self.pair_modify.shift),
            ("tail", self.pair_modify.tail),
        ];
        let on = flags.iter().filter(|f| f.1);
        on.map(|f| f.0.to_string()).collect()
    }

    /// The value of a compute: within a run that of the present state of the atoms; between runs, as in LAMMPS, the
    /// one that was evaluated since the last thermo row began, whatever commands have done to the atoms.
    fn compute_data(&mut self, id: &str, part: Part) -> Result<Data> {
        let slot = self
            .computes
            .get(id)
            .ok_or_else(|| missing(Source::Compute, id).suggest(id, []))?;
        let (s, rows) = (&self.state, self.thermo_rows);
        let valid = |c: &super::Evaluated| {
            if s.run.running {
                (c.step, c.epoch) == (s.step, s.epoch)
            } else {
                c.rows == rows && rows > 0 && (part != Part::PerAtom || c.atoms == s.atoms.len())
            }
        };
        let mut found = slot.cached.iter().filter(|c| c.part == part);
        if let Some(hit) = found.find(|c| valid(c)) {
            return Ok(hit.value.clone());
        }
        self.evaluate_compute(id, part)
    }

    /// Evaluates a compute for the atoms as they are now.
    ///
    /// # Errors
    /// There is no such compute, or it cannot be evaluated.
    pub(crate) fn evaluate_compute(&mut self, id: &str, part: Part) -> Result<Data> {
        let (step, epoch) = (self.state.step, self.state.epoch);
        let result = self.with_compute(id, |c, host| c.evaluate(part, host));
        let (rows, atoms) = (self.thermo_rows, self.state.atoms.len());
        if let Some(slot) = self.computes.get_mut(id) {
            slot.cached.retain(|c| c.part != part);
            if let Ok(data) = &result {
                slot.cached.push(super::Evaluated {
                    part,
                    step,
                    epoch,
                    rows,
                    atoms,
                    value: data.clone(),
                });
            }
        }
        result
    }

    /// The temperature by compute `id` of the velocities as they are now, for commands between runs. As in LAMMPS,
    /// references see it afterwards only if they saw an older value before.
    ///
    /// # Errors
    /// `id` is not a temperature compute, or it cannot be evaluated.
    pub(crate) fn temperature_now(&mut self, id: &str) -> Result<f64> {
        let rows = self.thermo_rows;
        let seen = |c: &super::Evaluated| c.part == Part::Scalar && c.rows == rows;
        let keep = (self.computes.get(id)).is_some_and(|s| rows > 0 && s.cached.iter().any(seen));
        self.evaluate_compute(id, Part::Scalar)?;
        let (t, _) = self.temperature(id)?;
        if !keep && let Some(slot) = self.computes.get_mut(id) {
            slot.cached.retain(|c| c.part != Part::Scalar);
        }
        Ok(t)
    }

    fn fix_data(&mut self, id: &str, part: Part) -> Result<Data> {
        let slot = self
            .fixes
            .get_mut(id)
            .ok_or_else(|| missing(Source::Fix, id))?;
        let mut fix = slot.fix.take().ok_or_else(|| circular("fix", id))?;
        let result = fix.data(part, self);
        if let Some(slot) = self.fixes.get_mut(id) {
            slot.fix = Some(fix);
        }
        result
    }

    /// Values that a fix makes every so many steps belong to those steps only; rows of thermo output show the last ones.
    fn require_renewed(&self, id: &str) -> Result<()> {
        let step = self.state.step;
        let fix = self.fixes.get(id).and_then(|s| s.fix.as_ref());
        let every = fix.map_or(0, |f| f.output().every);
        if every <= 1 || step % every == 0 || !self.state.run.running || self.thermo_reads {
            return Ok(());
        }
        Err(Error::input(format!(
            "Fix {id} is not computed at compatible times: its values are those of every {every} steps, step {step} is between"
        ))
        .help("let what uses the fix act at multiples of these steps, or let the fix end its averages there"))
    }

    fn variable_data(&mut self, id: &str, part: Part) -> Result<Data> {
        let variables = self.variables.clone();
        match part {
            Part::PerAtom => variables.atom(id, self).map(Data::PerAtom),
            Part::Vector => variables.vector(id, self).map(Data::Vector),
            _ => variables.equal(id, self).map(Data::Scalar),
        }
    }

    /// `c_ID[i]` of a compute without a global vector names the value of the atom with ID `i`.
    fn of_atom(&mut self, r: &Reference, output: Output) -> Result<f64> {
        let row = self
            .state
            .atoms
            .id
            .iter()
            .position(|&id| id == r.index[0] as i64)
            .ok_or_else(|| Error::input(format!("{r}: there is no atom with ID {}", r.index[0])))?;
        match (output.per_atom, r.index.get(1)) {
            (Some(0), None) => match self.data(r.source, &r.id, Part::PerAtom)? {
                Data::PerAtom(v) => element(r, row + 1, &v),
                _ => Err(Error::input(format!("{r} is not one value per atom"))),
            },
            (Some(n), Some(&c)) if c <= n => match self.data(r.source, &r.id, Part::PerAtom)? {
                Data::PerAtomArray { columns, values } => element(r, row * columns + c, &values),
                _ => Err(Error::input(format!(
                    "{r} is not an array of values per atom"
                ))),
            },
            _ => Err(Error::input(format!("{r} does not name a number"))),
        }
    }
}

impl Host for Engine {
    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn bricks(&self) -> &Bricks {
        &self.bricks
    }

    fn output(&self, source: Source, id: &str) -> Result<Output> {
        match source {
            Source::Compute => {
                let slot = self.computes.get(id).ok_or_else(|| {
                    missing(source, id).suggest(id, self.computes.keys().map(String::as_str))
                })?;
                let c = slot
                    .compute
                    .as_ref()
                    .ok_or_else(|| circular("compute", id))?;
                Ok(c.output())
            }
            Source::Fix => {
                let slot = self.fixes.get(id).ok_or_else(|| {
                    missing(source, id).suggest(id, self.fixes.keys().map(String::as_str))
                })?;
                let f = slot.fix.as_ref().ok_or_else(|| circular("fix", id))?;
                Ok(f.output())
            }
            Source::Variable => match self.variables.style(id) {
                None => Err(missing(source, id)),
                Some("atom" | "atomfile") => Ok(Output {
                    per_atom: Some(0),
                    ..Output::default()
                }),
                // The length of a vector is known only when it is evaluated.
                Some("vector") => Ok(Output {
                    vector: usize::MAX,
                    ..Output::default()
                }),
                Some(_) => Ok(Output::SCALAR),
            },
        }
    }

    fn names(&self, category: &str) -> Vec<String> {
        match category {
            "dump" => self.dumps.keys().cloned().collect(),
            "pair_style" => or_none(self.pair.as_ref().map(|p| p.name.as_str())),
            "kspace_style" => or_none(self.kspace.as_ref().map(|k| k.name.as_str())),
            "bond_style" => or_none(self.bonded.bonds.as_ref().map(crate::bond::Bonds::name)),
            "angle_style" => or_none(self.bonded.angles.as_ref().map(crate::angle::Angles::name)),
            "dihedral_style" | "improper_style" => or_none(None),
            "min_style" => vec![self.min_settings.style.name().to_string()],
            "pair" => self.pair_features(),
            _ => Vec::new(),
        }
    }

    fn data(&mut self, source: Source, id: &str, part: Part) -> Result<Data> {
        match source {
            Source::Compute => self.compute_data(id, part),
            Source::Fix => {
                self.require_renewed(id)?;
                self.fix_data(id, part)
            }
            Source::Variable => self.variable_data(id, part),
        }
    }

    fn scalar(&mut self, r: &Reference) -> Result<f64> {
        let output = self.output(r.source, &r.id)?;
        match r.index.as_slice() {
            [] if output.scalar => match self.data(r.source, &r.id, Part::Scalar)? {
                Data::Scalar(v) => Ok(v),
                _ => Err(Error::input(format!("{r} does not name a number"))),
            },
            [i] if output.vector > 0 => match self.data(r.source, &r.id, Part::Vector)? {
                Data::Vector(v) => element(r, *i, &v),
                _ => Err(Error::input(format!(
                    "{r} does not name an element of a vector"
                ))),
            },
            [i, j] if output.array.1 > 0 => match self.data(r.source, &r.id, Part::Array)? {
                Data::Array { columns, values } if *j <= columns => {
                    element(r, (i - 1) * columns + j, &values)
                }
                _ => Err(Error::input(format!(
                    "{r} does not name an element of an array"
                ))),
            },
            [_, ..] if output.per_atom.is_some() => self.of_atom(r, output),
            _ => Err(Error::input(format!("{r} does not name a single number"))
                .help("per-atom values need compute reduce or an atom ID as index")),
        }
    }

    fn per_atom(&mut self, r: &Reference) -> Result<Vec<f64>> {
        let refused = || Error::input(format!("{r} does not name one value per atom"));
        match (
            self.data(r.source, &r.id, Part::PerAtom)?,
            r.index.as_slice(),
        ) {
            (Data::PerAtom(v), []) => Ok(v),
            (Data::PerAtomArray { columns, values }, [i]) if *i <= columns => {
                Ok(values.chunks_exact(columns).map(|row| row[i - 1]).collect())
            }
            _ => Err(refused()),
        }
    }

    fn vector(&mut self, r: &Reference) -> Result<Vec<f64>> {
        let refused = || Error::input(format!("{r} does not name a vector"));
        match r.index.as_slice() {
            [] => match self.data(r.source, &r.id, Part::Vector)? {
                Data::Vector(v) => Ok(v),
                _ => Err(refused()),
            },
            [i] => match self.data(r.source, &r.id, Part::Array)? {
                Data::Array { columns, values } if *i <= columns => {
                    Ok(values.chunks_exact(columns).map(|row| row[i - 1]).collect())
                }
                _ => Err(refused()),
            },
            _ => Err(refused()),
        }
    }

    fn thermo(&mut self, keyword: &str) -> Result<f64> {
        if self.state.cell.is_some() {
            self.ensure_box_styles()?;
        }
        thermo::evaluate(keyword, self).map(thermo::Value::as_f64)
    }

    fn pressure_tensor(&mut self) -> Result<[f64; 6]> {
        self.ensure_box_styles()?;
        thermo::pressure_tensor(self)
    }

    fn thermo_columns(&mut self) -> Result<Vec<ThermoColumn>> {
        let (step, run) = (self.state.step, &self.state.run);
        if run.running && step != run.first && step != self.next_row {
            return Ok(Vec::new());
        }
        let values = self.thermo_values()?;
        let columns = self.thermo.layout.columns.iter().zip(values);
        let column = |(c, v): (&thermo::Column, thermo::Value)| ThermoColumn {
            word: c.word.clone(),
            heading: c.name.clone(),
            value: v.as_f64(),
        };
        Ok(columns.map(column).collect())
    }

    fn thermo_words(&self) -> Vec<String> {
        let columns = self.thermo.layout.columns.iter();
        columns.map(|c| c.word.clone()).collect()
    }

    fn tally(&mut self, tally: Tally) -> Result<()> {
        if self.state.run.running {
            if self.forces.in_step && self.state.tallies.has.covers(tally) {
                return Ok(());
            }
            let step = self.state.step;
            self.forces.habit.learn(step, tally);
            return self.compute_tallies(tally);
        }
        // As in LAMMPS, commands that move atoms leave the energies of the last step as they are.
        if self.pair_ready && self.forces.covers(tally, &self.state) {
            return Ok(());
        }
        if !self.is_current() || !self.pair_ready {
            self.prepare_pair()?;
            self.lists_between_runs()?;
            self.state.tallies.has = Tally::NONE;
            self.compute_tallies(tally)?;
            self.mark_current();
            return Ok(());
        }
        if self.state.tallies.has.covers(tally) {
            return Ok(());
        }
        self.compute_tallies(tally)
    }

    fn degrees_of_freedom(&self, group_bit: u32, extra: f64) -> f64 {
        let n = self
            .state
            .atoms
            .mask
            .iter()
            // As in LAMMPS, atoms that are lost during a run count until its end.
            .chain(&self.lost_masks)
            .filter(|m| *m & group_bit != 0)
            .count();
        let removed: f64 = self
            .fixes
            .values()
            .filter_map(|s| s.fix.as_ref())
            .map(|f| f.removed_dof(&self.state, group_bit))
            .sum();
        f64::from(self.state.dimension) * n as f64 - extra - removed
    }

    fn lost_atoms(&self, group_bit: u32) -> usize {
        let masks = self.lost_masks.iter();
        masks.filter(|m| **m & group_bit != 0).count()
    }

    fn temperature(&mut self, id: &str) -> Result<(f64, f64)> {
        let Data::Scalar(t) = self.data(Source::Compute, id, Part::Scalar)? else {
            return Err(Error::input(format!("compute {id} is not a temperature")));
        };
        let dof = self.with_compute(id, |c, host| Ok(c.temperature_dof(host)))?;
        let dof = dof.ok_or_else(|| {
            Error::input(format!("compute ID {id} does not compute a temperature"))
        })?;
        Ok((t, dof))
    }

    fn bind_temperature(&mut self, pressure: &str, temperature: &str) -> Result<()> {
        self.output(Source::Compute, temperature)?;
        let bound = self.with_compute(pressure, |c, _| Ok(c.use_temperature(temperature)))?;
        if bound {
            return Ok(());
        }
        Err(Error::input(format!(
            "compute {pressure} has no temperature compute to be replaced"
        )))
    }

    fn velocity_bias(&mut self, id: &str) -> Result<Option<Vec<[f64; 3]>>> {
        self.with_compute(id, |c, host| c.bias(host))
    }

    fn orientation(&mut self, id: &str) -> Result<Orientation> {
        let found = self.with_compute(id, |c, _| Ok(c.orientation()))?;
        found.ok_or_else(|| {
            Error::input(format!(
                "Compute coord/atom requires components option in compute orientorder/atom, which {id} does not have"
            ))
        })
    }

    fn substitute(&mut self, text: &str) -> Result<String> {
        let variables = self.variables.clone();
        variables.substitute(text, self)
    }

    fn print(&mut self, screen: bool, log: bool, line: &str) {
        self.log.line_to(To { screen, log }, line);
    }

    fn warn(&mut self, message: &str) {
        self.log.warn(message);
    }

    fn target_temperature(&self) -> Option<f64> {
        let fixes = self.fixes.values().filter_map(|s| s.fix.as_ref());
        fixes
            .filter_map(|f| f.target_temperature(&self.state))
            .next()
    }

    fn provenance(&self) -> Vec<(String, String)> {
        let pair = self.pair.iter().flat_map(|p| p.style.describe());
        vec![
            (
                "pair_style".into(),
                self.pair
                    .as_ref()
                    .map_or_else(String::new, |p| p.name.clone()),
            ),
            ("model".into(), pair.collect::<Vec<_>>().join("\n")),
            (
                "seeds".into(),
                self.seeds
                    .iter()
                    .map(|(name, seed)| format!("{name} {seed}"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
        ]
    }

    fn pair_single(&self, (i, j): (usize, usize), r2: f64, kind: u8) -> Option<(f64, f64)> {
        let a = &self.state.atoms;
        let charge = |i: usize| a.q.get(i).copied().unwrap_or(0.0);
        self.pair.as_ref()?.style.single(&Single {
            types: (a.kind[i], a.kind[j]),
            r2,
            q: (charge(i), charge(j)),
            kind: usize::from(kind),
            special: self.state.special,
            atoms: Some((i, j)),
        })
    }

    fn kspace_between(&mut self, a: &[f64], b: &[f64]) -> Result<Between> {
        let Some(slot) = self.kspace.as_mut().filter(|_| self.pair_ready) else {
            return Err(
                Error::input("No Kspace style defined for compute group/group")
                    .help("give kspace_style, and evaluate the compute during or after a run"),
            );
        };
        slot.style
            .between(&self.state, a, b)
            .map_err(|e| e.note(format!("kspace style {}", slot.name)))
    }

    fn dry(&self) -> bool {
        self.dry
    }
}

impl Engine {
    /// Calls a method of a compute with the engine as its host.
    ///
    /// # Errors
    /// There is no such compute, or it is being evaluated.
    pub(crate) fn with_compute<R>(
        &mut self,
        id: &str,
        call: impl FnOnce(&mut dyn crate::compute::Compute, &mut dyn Host) -> Result<R>,
    ) -> Result<R> {
        let slot = self
            .computes
            .get_mut(id)
            .ok_or_else(|| missing(Source::Compute, id))?;
        let mut compute = slot.compute.take().ok_or_else(|| circular("compute", id))?;
        let result = call(&mut *compute, self);
        if let Some(slot) = self.computes.get_mut(id) {
            slot.compute = Some(compute);
        }
        result
    }

    /// Calls a method of a fix with the engine as its host.
    ///
    /// # Errors
    /// There is no such fix, or one of its hooks is running.
    pub(crate) fn with_fix<R>(
        &mut self,
        id: &str,
        call: impl FnOnce(&mut dyn crate::fix::Fix, &mut dyn Host) -> Result<R>,
    ) -> Result<R> {
        let slot = self
            .fixes
            .get_mut(id)
            .ok_or_else(|| missing(Source::Fix, id))?;
        let mut fix = slot.fix.take().ok_or_else(|| circular("fix", id))?;
        let result = call(&mut *fix, self);
        if let Some(slot) = self.fixes.get_mut(id) {
            slot.fix = Some(fix);
        }
        result
    }
}
