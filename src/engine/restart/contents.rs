//! What a restart file holds: settings, cell, types, groups, atoms, neighbour lists, pair style, and the state of
//! fixes and computes.

use crate::domain::general::Rotation;
use crate::domain::order::{Order, SortSettings};
use crate::domain::state::{ATOM_STYLES, Types};
use crate::domain::{Boundary, Cell, Groups, NeighborState};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::io::restart::Sections;
use crate::units::Units;
use std::path::Path;

impl Engine {
    /// The file of the present state.
    pub(super) fn restart_sections(&self) -> Sections {
        let mut s = Sections::default();
        s.push("settings", self.encode_settings());
        s.push("cell", encode_cell(self.state.cell.as_ref()));
        if let Some(rotation) = self.state.cell.as_ref().and_then(|c| c.rotation) {
            let mut w = Writer::new();
            w.vectors(&rotation.rows());
            s.push("rotation", w.finish());
        }
        s.push("types", encode_types(&self.state.types));
        s.push("groups", self.encode_groups());
        s.push("atoms", self.encode_atoms());
        s.push("order", self.encode_order());
        s.push("topology", self.encode_topology());
        let moving = |slot: &crate::engine::FixSlot| {
            let fix = slot.fix.as_ref();
            fix.is_some_and(|f| f.moves_after_forces())
        };
        if self.fixes.values().any(moving) && self.state.atoms.f.len() == self.state.atoms.len() {
            let mut w = Writer::new();
            w.vectors(&self.state.atoms.f);
            s.push("forces", w.finish());
        }
        s.push("neighbor", self.encode_neighbor());
        s.push("pair", self.encode_pair());
        for slot in self.fixes.values() {
            if let Some(bytes) = slot.fix.as_ref().and_then(|f| f.state()) {
                s.push(&format!("fix\n{}\n{}", slot.id.id, slot.style), bytes);
            }
        }
        for slot in self.computes.values() {
            if let Some(bytes) = slot.compute.as_ref().and_then(|c| c.state()) {
                s.push(&format!("compute\n{}\n{}", slot.id.id, slot.style), bytes);
            }
        }
        for (kind, id, style, bytes) in &self.restored.waiting {
            // Styles that have not been made again keep their state for a later run.
            let taken = match kind.as_str() {
                "fix" => self.fixes.contains_key(id),
                _ => self.computes.contains_key(id),
            };
            if !taken {
                s.push(&format!("{kind}\n{id}\n{style}"), bytes.clone());
            }
        }
        s
    }

    fn encode_settings(&self) -> Vec<u8> {
        let st = &self.state;
        let mut w = Writer::new();
        w.text(st.units.name)
            .int(i64::from(st.dimension))
            .text(st.atom_style.name)
            .int(st.step)
            .real(st.dt)
            .real(st.time)
            .int(st.time_step)
            .real(st.dielectric)
            .flag(st.newton.0)
            .flag(st.newton.1);
        w.finish()
    }

    fn encode_groups(&self) -> Vec<u8> {
        let slots = self.state.groups.slots();
        let mut w = Writer::new();
        w.int(slots.len() as i64);
        for name in slots {
            w.text(name.as_deref().unwrap_or(""));
        }
        w.finish()
    }

    fn encode_atoms(&self) -> Vec<u8> {
        let a = &self.state.atoms;
        let mut w = Writer::new();
        w.ints(&a.id)
            .ints(&a.kind.iter().map(|&k| i64::from(k)).collect::<Vec<_>>())
            .vectors(&a.x)
            .vectors(&a.v)
            .ints(
                &a.image
                    .iter()
                    .flatten()
                    .map(|&k| i64::from(k))
                    .collect::<Vec<_>>(),
            )
            .ints(&a.mask.iter().map(|&k| i64::from(k)).collect::<Vec<_>>())
            .reals(&a.q)
            .ints(&a.molecule)
            .int(a.custom.len() as i64);
        for (name, c) in &a.custom {
            w.text(name).int(c.columns as i64).reals(&c.values);
        }
        if let Some(m) = &a.rmass {
            w.reals(m);
        }
        w.finish()
    }

    fn encode_order(&self) -> Vec<u8> {
        let atoms = &self.state.atoms;
        let sorting = self.state.sorting;
        let places: Vec<i64> = atoms.order.of(atoms.len()).map(|i| i as i64).collect();
        let mut w = Writer::new();
        w.ints(&places)
            .int(sorting.every)
            .real(sorting.width)
            .int(sorting.next);
        w.finish()
    }

    fn encode_neighbor(&self) -> Vec<u8> {
        let h = &self.lists.held;
        // Lists that do not belong to the present atoms are of no use to anybody.
        let usable = h.x_hold.len() == self.state.atoms.len()
            && (self.state.run.running || self.is_current());
        let mut w = Writer::new();
        w.flag(usable);
        if usable {
            w.vectors(&h.x_hold)
                .bytes(&encode_cell(h.cell_hold.as_ref()))
                .int(h.last_build)
                .real(self.lists.reach());
        }
        w.finish()
    }

    /// Reads a restart file into an engine without a box.
    ///
    /// # Errors
    /// There is a box already, or the file is damaged or contradicts itself.
    pub fn read_restart(&mut self, path: &Path) -> Result<()> {
        if self.state.cell.is_some() {
            return Err(Error::input(
                "Cannot read_restart after simulation box is defined",
            ));
        }
        let sections = Sections::read(path)?;
        let named = |e: Error| e.note(path.display().to_string());
        self.take_sections(&sections).map_err(named)?;
        self.ensure_box_styles()
    }

    fn take_sections(&mut self, s: &Sections) -> Result<()> {
        self.decode_settings(s.require("settings")?)?;
        let mut cell = decode_cell(&mut s.require("cell")?)?
            .ok_or_else(|| Error::input("the restart file has no cell"))?;
        cell.validate()?;
        // Only general triclinic boxes have it.
        if s.get("rotation").is_some() {
            let rows = s.require("rotation")?.vectors()?;
            let rows = <[[f64; 3]; 3]>::try_from(rows)
                .map_err(|_| Error::input("the rotation of the restart file is damaged"))?;
            cell.rotation = Some(Rotation::from_rows(rows)?);
        }
        self.state.boundary = cell.boundary;
        self.state.cell = Some(cell);
        self.state.types = decode_types(&mut s.require("types")?)?;
        self.decode_groups(s.require("groups")?)?;
        self.decode_atoms(s.require("atoms")?)?;
        // Files of earlier versions do not have it.
        if s.get("order").is_some() {
            self.decode_order(s.require("order")?)?;
        }
        // Files of versions without bonds do not have it.
        if s.get("topology").is_some() {
            self.decode_topology(s.require("topology")?)?;
        }
        self.decode_pair(s.require("pair")?)?;
        self.decode_neighbor(s.require("neighbor")?)?;
        for kind in ["fix", "compute"] {
            let prefix = format!("{kind}\n");
            for (rest, bytes) in s.with_prefix(&prefix) {
                let (id, style) = rest
                    .split_once('\n')
                    .ok_or_else(|| Error::input("a style of the restart file has no name"))?;
                let entry = (kind.into(), id.into(), style.into(), bytes.to_vec());
                self.restored.waiting.push(entry);
            }
        }
        if s.get("forces").is_some() {
            self.restored.forces = Some(s.require("forces")?.vectors()?);
        }
        self.restored.step = Some(self.state.step);
        self.state.expected_atoms = self.state.atoms.len();
        self.state.touch();
        Ok(())
    }

    fn decode_settings(&mut self, mut r: Reader<'_>) -> Result<()> {
        let st = &mut self.state;
        let units = r.text()?;
        st.units = Units::named(&units)
            .ok_or_else(|| Error::input(format!("the restart file has unknown units '{units}'")))?;
        st.dimension = if r.int()? == 2 { 2 } else { 3 };
        let style = r.text()?;
        st.atom_style = ATOM_STYLES
            .iter()
            .copied()
            .find(|a| a.name == style)
            .ok_or_else(|| {
                Error::input(format!("the restart file has unknown atom style '{style}'"))
            })?;
        st.step = r.int()?;
        st.dt = r.real()?;
        st.time = r.real()?;
        st.time_step = r.int()?;
        st.dielectric = r.real()?;
        st.newton = (r.flag()?, r.flag()?);
        Ok(())
    }

    fn decode_groups(&mut self, mut r: Reader<'_>) -> Result<()> {
        let n = r.int()?;
        let mut slots = Vec::new();
        for _ in 0..n {
            let name = r.text()?;
            slots.push((!name.is_empty()).then_some(name));
        }
        self.state.groups = Groups::from_slots(slots)?;
        Ok(())
    }

    fn decode_atoms(&mut self, mut r: Reader<'_>) -> Result<()> {
        let id = r.ints()?;
        let kind = r.ints()?;
        let x = r.vectors()?;
        let v = r.vectors()?;
        let image = r.ints()?;
        let mask = r.ints()?;
        let q = r.reals()?;
        let molecule = r.ints()?;
        let n = id.len();
        let mut custom = crate::domain::custom::CustomTable::new();
        for _ in 0..r.int()? {
            let name = r.text()?;
            let columns = usize::try_from(r.int()?).unwrap_or(0);
            let values = r.reals()?;
            if columns == 0 || values.len() / columns != n || values.len() % columns != 0 {
                return Err(Error::input(format!(
                    "property {name} of the restart file does not fit its atoms"
                )));
            }
            custom.insert(name, crate::domain::custom::Custom { columns, values });
        }
        let rmass = if r.is_empty() { None } else { Some(r.reals()?) };
        let optional = |len: usize| len == 0 || len == n;
        let whole = [kind.len(), x.len(), v.len(), mask.len()]
            .iter()
            .all(|&l| l == n)
            && image.len() == 3 * n
            && optional(q.len())
            && optional(molecule.len())
            && rmass.as_ref().is_none_or(|m| m.len() == n);
        let types = self.state.types.count as i64;
        if !whole || kind.iter().any(|&k| k < 1 || k > types) {
            return Err(Error::input(
                "the atoms of the restart file contradict each other",
            ));
        }
        // Without such an atom style they come from fix property/atom, which the script gives again.
        self.state.atom_style.charge |= !q.is_empty();
        self.state.atom_style.molecule |= !molecule.is_empty();
        let a = &mut self.state.atoms;
        a.id = id;
        a.kind = kind.iter().map(|&k| k as u32).collect();
        a.x = x;
        a.v = v;
        a.f = vec![[0.0; 3]; n];
        a.image = image
            .chunks_exact(3)
            .map(|c| [c[0] as i32, c[1] as i32, c[2] as i32])
            .collect();
        a.mask = mask.iter().map(|&k| k as u32).collect();
        a.q = q;
        a.molecule = molecule;
        a.rmass = rmass;
        a.custom = custom;
        Ok(())
    }

    fn decode_order(&mut self, mut r: Reader<'_>) -> Result<()> {
        let places = r.ints()?;
        let count = self.state.atoms.len();
        let places = places.iter().map(|&p| u32::try_from(p).ok());
        self.state.atoms.order = places
            .collect::<Option<Vec<u32>>>()
            .filter(|p| p.len() == count)
            .and_then(Order::new)
            .ok_or_else(|| Error::input("the order of atoms of the restart file is none"))?;
        self.state.sorting = SortSettings {
            every: r.int()?.max(0),
            width: r.real()?.max(0.0),
            next: r.int()?,
        };
        Ok(())
    }

    fn decode_neighbor(&mut self, mut r: Reader<'_>) -> Result<()> {
        if !r.flag()? {
            return Ok(());
        }
        let x_hold = r.vectors()?;
        let mut cell_hold = decode_cell(&mut Reader::new(r.bytes()?))?;
        if let (Some(hold), Some(cell)) = (&mut cell_hold, &self.state.cell) {
            hold.rotation = cell.rotation;
        }
        let held = NeighborState {
            x_hold,
            cell_hold,
            last_build: r.int()?,
            ..NeighborState::default()
        };
        let reach = r.real()?;
        if held.x_hold.len() != self.state.atoms.len() {
            return Err(Error::input(
                "the neighbor data of the restart file do not fit its atoms",
            ));
        }
        self.resume_lists(held, reach);
        Ok(())
    }
}

fn encode_cell(cell: Option<&Cell>) -> Vec<u8> {
    let mut w = Writer::new();
    w.flag(cell.is_some());
    if let Some(c) = cell {
        w.vectors(&[c.lo, c.hi, c.tilt]).flag(c.triclinic);
        for side in c.boundary.iter().flatten() {
            w.int(match side {
                Boundary::Periodic => 0,
                Boundary::Fixed => 1,
                Boundary::Shrink => 2,
                Boundary::ShrinkMinimum => 3,
            });
        }
        for m in c.minimum.iter().flatten() {
            w.real(*m);
        }
    }
    w.finish()
}

fn decode_cell(r: &mut Reader<'_>) -> Result<Option<Cell>> {
    if !r.flag()? {
        return Ok(None);
    }
    let corners = r.vectors()?;
    let [lo, hi, tilt] = corners[..] else {
        return Err(Error::input("the cell of the restart file is damaged"));
    };
    let triclinic = r.flag()?;
    let mut boundary = [[Boundary::Periodic; 2]; 3];
    for side in boundary.iter_mut().flatten() {
        *side = match r.int()? {
            0 => Boundary::Periodic,
            1 => Boundary::Fixed,
            2 => Boundary::Shrink,
            3 => Boundary::ShrinkMinimum,
            _ => return Err(Error::input("a boundary of the restart file is unknown")),
        };
    }
    let mut minimum = [[0.0; 2]; 3];
    for m in minimum.iter_mut().flatten() {
        *m = r.real()?;
    }
    Ok(Some(Cell {
        tilt,
        triclinic,
        minimum,
        ..Cell::orthogonal(lo, hi, boundary)
    }))
}

fn encode_types(types: &Types) -> Vec<u8> {
    let mut w = Writer::new();
    w.int(types.count as i64);
    for t in 1..=types.count {
        let mass = types.mass.get(t).copied().flatten();
        w.flag(mass.is_some()).real(mass.unwrap_or(0.0));
        let label = types.label.get(t).cloned().flatten();
        w.text(label.as_deref().unwrap_or(""));
    }
    w.finish()
}

fn decode_types(r: &mut Reader<'_>) -> Result<Types> {
    let count = r.int()?;
    let mut types = Types::new(0);
    for _ in 0..count {
        let known = r.flag()?;
        let mass = r.real()?;
        let label = r.text()?;
        types.count += 1;
        types.mass.push(known.then_some(mass));
        types.label.push((!label.is_empty()).then_some(label));
    }
    Ok(types)
}
