//! Making and removing styles: pair style, fixes, computes, dumps, and the computes that always exist.

use super::{ComputeSlot, DumpSlot, Engine, EveryTime, FixSlot, PairSlot};
use crate::compute::{self, ComputeId};
use crate::domain::host::{Host, Source};
use crate::dump::{self, DumpId};
use crate::error::{Error, Result};
use crate::fix::{self, FixId};
use crate::pair;

impl Engine {
    /// Makes the computes thermo_temp, thermo_press and thermo_pe if they are not there.
    ///
    /// # Errors
    /// The tables lack one of the styles.
    pub fn ensure_box_styles(&mut self) -> Result<()> {
        if self.box_ready {
            return Ok(());
        }
        self.box_ready = true;
        let mut own = indexmap::IndexMap::new();
        std::mem::swap(&mut own, &mut self.computes);
        self.add_compute("thermo_temp", "all", &["temp"])?;
        self.add_compute("thermo_press", "all", &["pressure", "thermo_temp"])?;
        self.add_compute("thermo_pe", "all", &["pe"])?;
        self.computes.extend(own);
        Ok(())
    }

    /// `compute ID group words...`; word indices in errors count from `words[0]` (the style).
    ///
    /// # Errors
    /// The ID exists, the group or style does not, the words are wrong.
    pub fn add_compute(&mut self, id: &str, group: &str, words: &[&str]) -> Result<()> {
        if self.computes.contains_key(id) {
            return Err(Error::input(format!("Reuse of compute ID '{id}'")));
        }
        let bit = self.state.groups.require("compute", group)?;
        let style = words.first().copied().unwrap_or("");
        let entry = compute::find(style).map_err(|e| e.or_at(0))?;
        let args = entry
            .signature
            .parse(&format!("compute {style}"), &words[1..])
            .map_err(|e| e.shifted(1))?;
        let compute_id = ComputeId {
            id: id.into(),
            group: group.into(),
            bit,
        };
        let mut compute = (entry.build)(&compute_id, &args, self).map_err(|e| e.shifted(1))?;
        if let Some(bytes) = self.restored.take("compute", id, style) {
            compute.restore(&bytes)?;
            self.log.line(&format!(
                "Resetting per-atom or global data of compute {id} from restart file info"
            ));
        }
        self.computes.insert(
            id.into(),
            ComputeSlot {
                id: compute_id,
                style: style.into(),
                compute: Some(compute),
                cached: Vec::new(),
            },
        );
        Ok(())
    }

    /// `uncompute ID`
    ///
    /// # Errors
    /// There is no such compute.
    pub fn remove_compute(&mut self, id: &str) -> Result<()> {
        match self.computes.shift_remove(id) {
            Some(_) => Ok(()),
            None => Err(
                Error::input(format!("Could not find compute ID {id} to delete"))
                    .suggest(id, self.computes.keys().map(String::as_str)),
            ),
        }
    }

    /// `fix ID group words...`; a fix with the same ID and style is replaced in its place.
    ///
    /// # Errors
    /// The group or style does not exist, the words are wrong, the ID belongs to a fix of another style.
    pub fn add_fix(&mut self, id: &str, group: &str, words: &[&str]) -> Result<()> {
        let style = words.first().copied().unwrap_or("");
        if self.state.cell.is_some() {
            self.ensure_box_styles()?;
        }
        let bit = self.state.groups.require("fix", group)?;
        let entry = fix::find(style).map_err(|e| e.or_at(0))?;
        let args = entry
            .signature
            .parse(&format!("fix {style}"), &words[1..])
            .map_err(|e| e.shifted(1))?;
        let place = self.fixes.get_index_of(id);
        if let Some(slot) = self.fixes.get(id)
            && (slot.style != style || slot.id.group != group)
        {
            return Err(Error::input(format!(
                "Replacing a fix, but new style or group is different: fix {id} is {} on group {}",
                slot.style, slot.id.group
            ))
            .help(format!("unfix {id} first")));
        }
        if place.is_some() {
            self.drop_companions(id);
            self.with_fix(id, |fix, host| {
                fix.removed(host);
                Ok(())
            })?;
        }
        let fix_id = FixId {
            id: id.into(),
            group: group.into(),
            bit,
        };
        let mut fix = (entry.build)(&fix_id, &args, self).map_err(|e| e.shifted(1))?;
        if let Some(bytes) = self.restored.take("fix", id, style) {
            fix.restore(&bytes)?;
            self.log.line(&format!(
                "Resetting global fix info from restart file:\n  fix style: {style}, fix ID: {id}"
            ));
        }
        let computes = self.add_companions(&fix_id, fix.companions())?;
        let slot = FixSlot {
            id: fix_id,
            style: style.into(),
            fix: Some(fix),
            energy: false,
            virial: false,
            computes,
        };
        self.fixes.insert(id.into(), slot);
        Ok(())
    }

    fn add_companions(&mut self, id: &FixId, wanted: Vec<fix::Companion>) -> Result<Vec<String>> {
        let mut made = Vec::new();
        for c in wanted {
            let name = format!("{}_{}", id.id, c.suffix);
            let words: Vec<&str> = c.words.iter().map(String::as_str).collect();
            let group = if c.all { "all" } else { id.group.as_str() };
            self.add_compute(&name, group, &words)?;
            made.push(name);
        }
        Ok(made)
    }

    fn drop_companions(&mut self, id: &str) {
        let made = self
            .fixes
            .get_mut(id)
            .map(|s| std::mem::take(&mut s.computes))
            .unwrap_or_default();
        for c in made {
            self.computes.shift_remove(&c);
        }
    }

    /// `unfix ID`
    ///
    /// # Errors
    /// There is no such fix.
    pub fn remove_fix(&mut self, id: &str) -> Result<()> {
        self.drop_companions(id);
        if self.fixes.contains_key(id) {
            self.with_fix(id, |fix, host| {
                fix.removed(host);
                Ok(())
            })?;
        }
        match self.fixes.shift_remove(id) {
            Some(_) => Ok(()),
            None => Err(
                Error::input(format!("Could not find fix ID {id} to delete"))
                    .suggest(id, self.fixes.keys().map(String::as_str)),
            ),
        }
    }

    /// Adds a fix that another command than `fix` has made.
    pub fn adopt_fix(&mut self, id: &str, style: &str, fix: Box<dyn fix::Fix>) {
        let slot = FixSlot {
            id: FixId {
                id: id.into(),
                group: "all".into(),
                bit: 1,
            },
            style: style.into(),
            fix: Some(fix),
            energy: false,
            virial: false,
            computes: Vec::new(),
        };
        self.fixes.insert(id.into(), slot);
    }

    /// `pair_style words...`
    ///
    /// # Errors
    /// The style does not exist or the words are wrong.
    pub fn set_pair_style(&mut self, words: &[&str]) -> Result<()> {
        let name = words.first().copied().unwrap_or("");
        self.pair_ready = false;
        self.restored.pair_style = None;
        // As in LAMMPS, the same style again changes only its settings: coefficients and pair_modify stay.
        let same = |p: &PairSlot| p.name == name && !name.starts_with("hybrid");
        let before = self.pair.take().filter(same);
        let kept = before.and_then(|p| p.style.commands()).map(|c| c.1);
        if kept.is_none() {
            self.pair_modify = pair::PairModify::default();
        }
        if name == "none" {
            return Ok(());
        }
        let entry = pair::find(name).map_err(|e| e.or_at(0))?;
        let args = entry
            .signature
            .parse(&format!("pair_style {name}"), &words[1..])
            .map_err(|e| e.shifted(1))?;
        let mut style = (entry.build)(&args, &self.state).map_err(|e| e.shifted(1))?;
        if let Some(coefficients) = kept {
            // cutoffs of pairs go back to the global ones
            let needed = entry.coeff.required().unwrap_or(usize::MAX);
            for words in &coefficients {
                let words: Vec<&str> = words.iter().take(needed).map(String::as_str).collect();
                style.coeff(&words, &self.state, &self.pair_options)?;
            }
            style.modify(&self.pair_modify)?;
        }
        self.pair = Some(PairSlot {
            name: name.into(),
            style,
        });
        Ok(())
    }

    /// `pair_coeff words...`
    ///
    /// # Errors
    /// No pair style, no box, wrong words.
    pub fn set_pair_coeff(&mut self, words: &[&str]) -> Result<()> {
        self.state.cell("Pair_coeff")?;
        self.pair_ready = false;
        match &mut self.pair {
            Some(slot) => {
                slot.style.coeff(words, &self.state, &self.pair_options)?;
                for (t, mass) in slot.style.masses() {
                    if let Some(m) = self.state.types.mass.get_mut(t) {
                        *m = Some(mass);
                    }
                }
                Ok(())
            }
            None => Err(Error::input("Pair_coeff command without a pair style")
                .help("give pair_style before pair_coeff")),
        }
    }

    /// Passes settings on and prepares the pair style's tables.
    ///
    /// # Errors
    /// Coefficients are missing.
    pub(crate) fn prepare_pair(&mut self) -> Result<()> {
        self.prepare_bonded()?;
        self.prepare_kspace()?;
        let Some(slot) = &mut self.pair else {
            self.pair_ready = true;
            return Ok(());
        };
        slot.style
            .init(&self.state)
            .map_err(|e| e.note(format!("pair style {}", slot.name)))?;
        self.pair_ready = true;
        Ok(())
    }

    /// Whether the pair style has checked its coefficients and made its tables.
    pub fn pair_is_ready(&self) -> bool {
        self.pair.is_some() && self.pair_ready
    }

    /// `dump ID group style N file words...`, already split.
    ///
    /// # Errors
    /// The ID exists, the group or style does not, the words are wrong.
    pub fn add_dump(&mut self, id: DumpId, style: &str, words: &[&str]) -> Result<()> {
        if self.dumps.contains_key(&id.id) {
            return Err(Error::input(format!("Reuse of dump ID: {}", id.id)));
        }
        let slot = self.build_dump(id, style, words)?;
        self.dumps.insert(slot.id.id.clone(), slot);
        Ok(())
    }

    /// Makes a dump without keeping it.
    ///
    /// # Errors
    /// The style does not exist or the words are wrong.
    pub fn build_dump(&mut self, id: DumpId, style: &str, words: &[&str]) -> Result<DumpSlot> {
        let entry = dump::find(style)?;
        let args = entry.signature.parse(&format!("dump {style}"), words)?;
        let dump = (entry.build)(&id, &args, self)?;
        Ok(DumpSlot {
            id,
            style: style.into(),
            dump: Some(dump),
            first: false,
            last: None,
            every_variable: None,
            every_time: None,
            next_time: 0.0,
            delay: None,
            skip: None,
            refresh: None,
            next: None,
            truncated: false,
        })
    }

    /// Prepares all dumps at the start of a run.
    pub(crate) fn init_dumps(&mut self) -> Result<()> {
        let continued = self.restored.step;
        for i in 0..self.dumps.len() {
            self.with_dump(i, |dump, slot, engine| {
                dump.init(engine)?;
                if let Some(step) = continued
                    && !slot.truncated
                    && !engine.dry
                {
                    // The frame of the restart step itself is written again by this run.
                    let rewritten = slot.id.every > 0 && step % slot.id.every == 0;
                    dump.truncate_after(if rewritten { step - 1 } else { step })?;
                }
                slot.truncated = true;
                slot.next = None;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Writes the dumps that are due at the present step.
    pub(crate) fn write_dumps(&mut self) -> Result<()> {
        for i in 0..self.dumps.len() {
            let step = self.state.step;
            self.with_dump(i, |dump, slot, engine| {
                if slot.last == Some(step) || !slot.due(engine)? {
                    return Ok(());
                }
                slot.last = Some(step);
                if slot.skipped(engine)? {
                    return Ok(());
                }
                dump.write(engine)?;
                match &slot.refresh {
                    Some(id) => engine.refresh_compute(id),
                    None => Ok(()),
                }
            })?;
        }
        Ok(())
    }

    /// Lets a compute renew what it remembers of the past (`dump_modify refresh`).
    pub(crate) fn refresh_compute(&mut self, id: &str) -> Result<()> {
        let missing = || Error::input(format!("Dump could not find refresh compute ID {id}"));
        let slot = self.computes.get(id).ok_or_else(missing)?;
        let Some(compute) = &slot.compute else {
            return Ok(());
        };
        // The variable may refer to the compute itself, which therefore stays in its place meanwhile.
        let values = self.per_atom(&compute.refresh_by()?)?;
        if let Some(compute) = self.computes.get_mut(id).and_then(|s| s.compute.as_mut()) {
            compute.refresh(&values, &self.state);
        }
        self.state.touch();
        Ok(())
    }

    fn with_dump(
        &mut self,
        index: usize,
        call: impl FnOnce(&mut dyn dump::Dump, &mut DumpSlot, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((id, mut slot)) = self.dumps.swap_remove_index(index) else {
            return Ok(());
        };
        let last = self.dumps.len();
        let mut dump = slot.dump.take();
        let result = match &mut dump {
            Some(d) => call(&mut **d, &mut slot, self),
            None => Ok(()),
        };
        slot.dump = dump;
        let name = id.clone();
        self.dumps.insert(id, slot);
        self.dumps.swap_indices(index, last);
        result.map_err(|e| e.note(format!("dump {name}")))
    }
}

impl DumpSlot {
    /// Whether `delay` or `skip` suppress the frame of the present step.
    fn skipped(&self, engine: &mut Engine) -> Result<bool> {
        if self.delay.is_some_and(|d| engine.state.step < d) {
            return Ok(true);
        }
        match &self.skip {
            Some(name) => Ok(engine.variables.clone().equal(name, engine)? != 0.0),
            None => Ok(false),
        }
    }

    /// Whether the present step is the first at or after the next time.
    fn due_in_time(&mut self, interval: &EveryTime, engine: &mut Engine) -> Result<bool> {
        // Times that differ by less than this part of a timestep are the same.
        const SAME: f64 = 1e-6;
        let (step, now, dt) = (engine.state.step, engine.state.time_now(), engine.state.dt);
        let starts = self.next.is_none();
        let mut due = self.next == Some(step);
        match interval {
            EveryTime::Interval(d) if starts => {
                let rest = now % d;
                due = rest < SAME * dt || d - rest < SAME * dt;
                self.next_time = (now / d).trunc() * d + d;
            }
            EveryTime::Interval(d) if due => self.next_time += d,
            EveryTime::Variable(name) if starts || due => {
                self.next_time = engine.variables.clone().equal(name, engine)?;
                if self.next_time <= now {
                    return Err(Error::run(format!(
                        "dump {} every/time variable {name} returned a bad time {} at time {now}",
                        self.id.id, self.next_time
                    )));
                }
            }
            _ => return Ok(due),
        }
        let steps = |time: f64| ((time - now - SAME * dt) / dt) as i64 + 1;
        let mut next = step + steps(self.next_time);
        if let EveryTime::Interval(d) = interval {
            // an interval below the timestep: the next of its multiples that a later step reaches
            while next <= step {
                self.next_time += d;
                next = step + steps(self.next_time);
            }
        }
        self.next = Some(next.max(step + 1));
        Ok(due)
    }

    /// Whether a frame is due at the present step.
    fn due(&mut self, engine: &mut Engine) -> Result<bool> {
        let step = engine.state.step;
        let first = step == engine.state.run.first && self.last.is_none() && self.first;
        if let Some(interval) = self.every_time.clone() {
            return Ok(self.due_in_time(&interval, engine)? || first);
        }
        let Some(name) = self.every_variable.clone() else {
            return Ok(first || (self.id.every > 0 && step % self.id.every == 0));
        };
        let due = self.next == Some(step);
        if self.next.is_none_or(|n| n <= step) {
            let variables = engine.variables.clone();
            let next = variables.equal(&name, engine)? as i64;
            if next <= step {
                return Err(Error::input(format!(
                    "dump {} every variable {name} returned a bad timestep {next} at step {step}",
                    self.id.id
                )));
            }
            self.next = Some(next);
        }
        Ok(due || first)
    }
}

impl Engine {
    /// Checks that `id` is a temperature compute, for `thermo_modify temp` and `fix_modify temp`.
    ///
    /// # Errors
    /// It does not exist or computes no temperature.
    pub fn require_temperature(&mut self, id: &str) -> Result<()> {
        self.output(Source::Compute, id).map_err(|e| Error {
            message: format!("Could not find temperature compute ID {id}"),
            ..e
        })?;
        self.temperature(id).map(|_| ())
    }
}
