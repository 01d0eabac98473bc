//! Builds the system from the lines of a data file.

use super::bonded;
use crate::command::create_box::MAX_TYPES;
use crate::command::support::{atom_type, box_text, finish_cell};
use crate::domain::Cell;
use crate::domain::custom::Property;
use crate::domain::state::Types;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::data::{AtomLine, Coefficients, General, Header, Sink};
use crate::signature::parse_real;
use std::collections::{HashMap, HashSet};

/// What is added to atom and molecule IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offset {
    /// The largest IDs that exist.
    Append,
    /// These numbers.
    Fixed(i64, i64),
}

/// Keywords of the command.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// `add`
    pub add: Option<Offset>,
    /// `offset`, of atom types.
    pub type_offset: usize,
    /// `offset`, of bond types.
    pub bond_offset: usize,
    /// `offset`, of angle types.
    pub angle_offset: usize,
    /// `extra/bond/types`
    pub extra_bonds: usize,
    /// `extra/angle/types`
    pub extra_angles: usize,
    /// `shift`
    pub shift: [f64; 3],
    /// `extra/atom/types`
    pub extra_types: usize,
    /// `nocoeff`
    pub no_coefficients: bool,
    /// Bits of `group`.
    pub mask: u32,
    /// Sections of `fix` and the properties that they fill.
    pub properties: Vec<(String, Vec<String>)>,
}

/// Atom IDs that exist already. As long as they ascend nothing needs to be stored.
#[derive(Default)]
struct Ids {
    last: i64,
    set: Option<HashSet<i64>>,
}

impl Ids {
    /// Adds `id`; false if it exists. `known` are all IDs so far.
    fn insert(&mut self, id: i64, known: &[i64]) -> bool {
        if let Some(set) = &mut self.set {
            return set.insert(id);
        }
        if id > self.last {
            self.last = id;
            return true;
        }
        let set = self.set.insert(known.iter().copied().collect());
        set.insert(id)
    }
}

/// Receives the lines of the file.
pub(super) struct Builder<'a> {
    engine: &'a mut Engine,
    settings: Settings,
    /// Labels of this file, index 0 unused.
    labels: Vec<Option<String>>,
    id_offset: i64,
    molecule_offset: i64,
    ids: Ids,
    /// Number of atoms before this file.
    first: usize,
    /// Index of the atom that the next velocity probably belongs to.
    next: usize,
    index: Option<HashMap<i64, usize>>,
    has_velocity: Vec<bool>,
    /// Whether there were image flags in directions that are not periodic.
    images_reset: bool,
}

impl<'a> Builder<'a> {
    /// A builder that adds to `engine`.
    pub(super) fn new(engine: &'a mut Engine, settings: Settings) -> Self {
        let atoms = &engine.state.atoms;
        let first = atoms.len();
        let (id_offset, molecule_offset) = match settings.add {
            Some(Offset::Append) => (
                atoms.max_id(),
                atoms.molecule.iter().copied().max().unwrap_or(0),
            ),
            Some(Offset::Fixed(a, b)) => (a, b),
            None => (0, 0),
        };
        let mut ids = Ids {
            last: atoms.max_id(),
            set: None,
        };
        if first > 0 && settings.add != Some(Offset::Append) {
            ids.set = Some(atoms.id.iter().copied().collect());
        }
        Self {
            engine,
            settings,
            labels: Vec::new(),
            id_offset,
            molecule_offset,
            ids,
            first,
            next: first,
            index: None,
            has_velocity: Vec::new(),
            images_reset: false,
        }
    }

    /// The last checks after the whole file.
    pub(super) fn finish(self) -> Result<()> {
        if self.images_reset {
            let text = "Non-zero image flags in non-periodic directions were reset to 0";
            self.engine.log.warn(text);
        }
        let state = &mut self.engine.state;
        state.expected_atoms = state.atoms.len();
        state.touch();
        Ok(())
    }

    fn check_general(&self, g: &General) -> Result<()> {
        let dimension = self.engine.state.dimension;
        let [.., c] = g.vectors;
        if dimension == 2 && (c != [0.0, 0.0, 1.0] || g.origin(2)[2] != -0.5) {
            return Err(Error::input(
                "Read_data cvec and/or abc_origin is invalid for 2d simulation with general triclinic box",
            )
            .help("cvec is 0 0 1 and the origin has z = -0.5"));
        }
        if self.settings.add.is_some() && self.settings.shift != [0.0; 3] {
            return Err(Error::input(
                "Read_data subsequent file with ABC vectors cannot define shift",
            ));
        }
        Ok(())
    }

    fn cell_of(&mut self, h: &Header) -> Result<Cell> {
        let state = &self.engine.state;
        let mut cell = Cell::orthogonal(h.lo, h.hi, state.boundary);
        if let Some(tilt) = h.tilt {
            cell.triclinic = true;
            cell.tilt = tilt;
        }
        if let Some(g) = &h.general {
            self.check_general(g)?;
            let corner = g.origin(state.dimension);
            cell = Cell::general(g.vectors, corner, state.boundary, state.dimension)?;
        }
        for k in 0..3 {
            cell.lo[k] += self.settings.shift[k];
            cell.hi[k] += self.settings.shift[k];
            cell.minimum[k] = [cell.lo[k], cell.hi[k]];
        }
        cell.validate()?;
        Ok(cell)
    }

    /// The box around the present one and that of the file.
    fn union(&self, new: Cell) -> Result<Cell> {
        let Some(old) = &self.engine.state.cell else {
            return Ok(new);
        };
        let differ = |a: f64, b: f64| (a - b).abs() > 1e-10;
        match (&old.rotation, &new.rotation) {
            (Some(_), Some(_)) => {
                let edges = old.general_vectors().into_iter().zip(new.general_vectors());
                let mut pairs = edges.chain([(old.lo, new.lo)]);
                if pairs.any(|(a, b)| (0..3).any(|k| differ(a[k], b[k]))) {
                    return Err(Error::input(
                        "Read_data subsequent file ABC vectors must be same as first file",
                    ));
                }
                return Ok(old.clone());
            }
            (None, Some(_)) => {
                return Err(Error::input(
                    "Read_data subsequent file cannot switch to general triclinic",
                ));
            }
            (Some(_), None) => {
                return Err(Error::input(
                    "Read_data subsequent file cannot switch to restricted triclinic",
                ));
            }
            (None, None) => {}
        }
        if old.triclinic != new.triclinic || (0..3).any(|k| differ(old.tilt[k], new.tilt[k])) {
            return Err(Error::input(
                "Read data add: the boxes must be both orthogonal or have the same tilts",
            ));
        }
        let mut cell = old.clone();
        for k in 0..3 {
            cell.lo[k] = old.lo[k].min(new.lo[k]);
            cell.hi[k] = old.hi[k].max(new.hi[k]);
            cell.minimum[k] = [cell.lo[k], cell.hi[k]];
        }
        Ok(cell)
    }

    fn types(&mut self, h: &Header) -> Result<()> {
        let (file, extra, offset) = (
            h.atom_types,
            self.settings.extra_types as u64,
            self.settings.type_offset as u64,
        );
        let total = file.saturating_add(extra).saturating_add(offset);
        if total > MAX_TYPES as u64 {
            return Err(Error::input(format!(
                "{total} atom types are more than {MAX_TYPES}"
            )));
        }
        let total = total as usize;
        let state = &mut self.engine.state;
        if self.settings.add.is_none() {
            if total == 0 && h.atoms > 0 {
                return Err(Error::input(
                    "Data file header has no line with the number of atom types",
                )
                .help("add, for example: 4 atom types"));
            }
            state.types = Types::new(total);
        } else if total > state.types.count {
            return Err(Error::input(format!(
                "Read data add atom types: the file needs {total}, the system has {}",
                state.types.count
            ))
            .help("give extra/atom/types to the first read_data or create_box more types"));
        }
        self.labels = vec![None; file as usize + 1];
        Ok(())
    }

    /// The type that a word of the file means, after `offset`.
    fn kind(&self, word: &str) -> Result<u32> {
        if let Some(t) = self.labels.iter().position(|l| l.as_deref() == Some(word)) {
            return Ok((t + self.settings.type_offset) as u32);
        }
        let own = self.labels.len() - 1 + self.settings.extra_types;
        match word.parse::<usize>() {
            Ok(t) if t >= 1 && t <= own => Ok((t + self.settings.type_offset) as u32),
            Ok(t) => Err(Error::input(format!(
                "Invalid atom type {t}: the header announces {} atom types",
                self.labels.len() - 1
            ))),
            Err(_) => atom_type(&self.engine.state, word, 0).map_err(|e| Error { word: None, ..e }),
        }
    }

    fn place(&mut self, atom: &AtomLine<'_>) -> Result<([f64; 3], [i32; 3])> {
        let cell = self.engine.state.cell("Read_data")?;
        let mut x = cell.restricted_position(atom.x);
        if self.engine.state.dimension == 2 && atom.x[2] == 0.0 {
            // The way through the corner of a general box leaves a rounding error.
            x[2] = 0.0;
        }
        (0..3).for_each(|k| x[k] += self.settings.shift[k]);
        let mut image = atom.image;
        let s = cell.to_fractional(x);
        for k in 0..3 {
            let outside = if cell.triclinic {
                !(0.0..1.0).contains(&s[k])
            } else {
                !(cell.lo[k]..cell.hi[k]).contains(&x[k])
            };
            let axis = ["x", "y", "z"][k];
            if outside && !cell.periodic(k) {
                return Err(Error::input(format!(
                    "Did not assign all atoms correctly: atom {} lies outside the box in {axis}, which is not periodic",
                    atom.id
                ))
                .note(format!("{axis} = {}, box from {} to {}", x[k], cell.lo[k], cell.hi[k])));
            }
            if s[k].abs() > 1e6 {
                return Err(Error::input(format!(
                    "atom {} is more than a million cells outside the box",
                    atom.id
                )));
            }
        }
        for (k, n) in image.iter_mut().enumerate() {
            if !cell.periodic(k) && std::mem::take(n) != 0 {
                self.images_reset = true;
            }
        }
        cell.remap(&mut x, &mut image);
        Ok((x, image))
    }

    fn find(&mut self, id: i64) -> Option<usize> {
        let ids = &self.engine.state.atoms.id;
        if ids.get(self.next) == Some(&id) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let first = self.first;
        let index = self.index.get_or_insert_with(|| {
            ids.iter()
                .enumerate()
                .skip(first)
                .map(|(i, &id)| (id, i))
                .collect()
        });
        let found = index.get(&id).copied();
        self.next = found.map_or(self.next, |i| i + 1);
        found
    }

    fn log(&self, text: &str) {
        self.engine.log.line(text);
    }
}

impl Sink for Builder<'_> {
    fn wants(&self, section: &str) -> bool {
        self.settings.properties.iter().any(|p| p.0 == section)
    }

    fn property(&mut self, section: &str, words: &[&str]) -> Result<()> {
        let id = words.first().and_then(|w| w.parse::<i64>().ok());
        let Some(i) = id
            .and_then(|id| id.checked_add(self.id_offset))
            .and_then(|id| self.find(id))
        else {
            return Err(Error::input(format!(
                "Invalid atom ID in section {section} of data file"
            )));
        };
        let given = self.settings.properties.iter().filter(|p| p.0 == section);
        let names: Vec<String> = given.flat_map(|p| p.1.clone()).collect();
        let mut values = words[1..].iter();
        for name in &names {
            let atoms = &mut self.engine.state.atoms;
            let Some(p) = Property::find(atoms, name) else {
                continue;
            };
            for k in 0..p.columns {
                let number = values.next().and_then(|w| parse_real(w)).ok_or_else(|| {
                    Error::input(format!(
                        "Incorrect format in section {section} of data file: a line has an atom ID and the values of {}",
                        names.join(" ")
                    ))
                })?;
                p.set(atoms, i, k, number);
            }
        }
        Ok(())
    }

    fn header(&mut self, h: &Header) -> Result<()> {
        let bounded = h.general.is_some() || h.bounded != [false; 3];
        if h.atoms == 0 && h.atom_types == 0 && !bounded {
            return Err(Error::input(
                "the header of the data file has neither atoms nor atom types nor a box: is it a data file?",
            ));
        }
        for (k, axis) in ["x", "y", "z"].iter().enumerate() {
            if h.general.is_none() && !h.bounded[k] {
                self.engine.log.warn(&format!(
                    "The header of the data file has no line with {axis}lo {axis}hi: the box goes from {} to {}",
                    h.lo[k], h.hi[k]
                ));
            }
        }
        let allowed = bonded::check_header(self.engine, h)?;
        if !allowed {
            self.log("  dihedrals and impropers of the file are skipped");
        }
        let cell = self.cell_of(h)?;
        let cell = self.union(cell)?;
        self.types(h)?;
        bonded::set_types(self.engine, h, &self.settings)?;
        finish_cell(self.engine, cell)?;
        let text = box_text(self.engine.state.cell("Read_data")?);
        self.log(&format!("  {text}"));
        self.log("  1 by 1 by 1 MPI processor grid");
        Ok(())
    }

    fn section(&mut self, name: &str, hint: &str) -> Result<bool> {
        match name {
            "Atoms" => {
                let style = self.engine.state.atom_style.name;
                if !hint.is_empty() && hint != style {
                    self.engine.log.warn(&format!(
                        "Atom style in data file differs from currently defined atom style: '{hint}' is not '{style}'"
                    ));
                }
                self.log("  reading atoms ...");
                Ok(true)
            }
            "Velocities" => {
                self.log("  reading velocities ...");
                self.has_velocity = vec![false; self.engine.state.atoms.len() - self.first];
                self.next = self.first;
                Ok(true)
            }
            "Pair Coeffs" | "PairIJ Coeffs" if !self.settings.no_coefficients => {
                let Some(pair) = &self.engine.pair else {
                    return Err(
                        Error::input(format!("Must define pair_style before {name}"))
                            .help("put pair_style before read_data, or use the keyword nocoeff"),
                    );
                };
                if !hint.is_empty() && hint != pair.name {
                    self.engine.log.warn(&format!(
                        "Pair style in data file differs from currently defined pair style: '{hint}' is not '{}'",
                        pair.name
                    ));
                }
                Ok(true)
            }
            _ if name.ends_with(" Coeffs") && self.settings.no_coefficients => Ok(false),
            "Masses" | "Atom Type Labels" => Ok(true),
            "Bond Type Labels" if self.engine.state.atom_style.bonds => Ok(true),
            "Angle Type Labels" if self.engine.state.atom_style.angles => Ok(true),
            "Bonds" | "Angles" => {
                self.log(&format!("  reading {} ...", name.to_ascii_lowercase()));
                Ok(true)
            }
            "Bond Coeffs" | "Angle Coeffs" => bonded::check_coefficients(self.engine, name, hint),
            "Dihedrals" | "Dihedral Coeffs" if self.engine.bonded.dihedrals_none => Ok(false),
            "Impropers" | "Improper Coeffs" if self.engine.bonded.impropers_none => Ok(false),
            _ if name.ends_with(" Coeffs") || name.ends_with(" Labels") => Err(Error::input(
                format!("Invalid data file section: {name}"),
            )
            .help(format!(
                "atom_style {} has no such thing; the keyword nocoeff skips coefficients",
                self.engine.state.atom_style.name
            ))),
            _ => Err(
                Error::input(format!("Invalid data file section: {name}")).help(format!(
                    "{name} are not supported by atom_style {}",
                    self.engine.state.atom_style.name
                )),
            ),
        }
    }

    fn label(&mut self, kind: i64, label: &str) -> Result<()> {
        let offset = self.settings.type_offset;
        let slot = usize::try_from(kind)
            .ok()
            .filter(|k| *k > 0 && *k < self.labels.len());
        let Some(k) = slot else {
            return Err(Error::input(format!(
                "Invalid atom type {kind} in Atom Type Labels"
            )));
        };
        let types = &mut self.engine.state.types;
        if types
            .label
            .iter()
            .enumerate()
            .any(|(t, l)| t != k + offset && l.as_deref() == Some(label))
        {
            return Err(Error::input(format!("Type label {label} is given twice")));
        }
        crate::command::support::check_label(label)?;
        types.label[k + offset] = Some(label.to_string());
        self.labels[k] = Some(label.to_string());
        Ok(())
    }

    fn bonded_label(&mut self, section: &str, kind: i64, label: &str) -> Result<()> {
        bonded::label(self.engine, section, kind, label, &self.settings)
    }

    fn mass(&mut self, kind: &str, mass: f64) -> Result<()> {
        let t = self.kind(kind)?;
        if mass <= 0.0 {
            return Err(Error::input(format!(
                "Invalid mass value {mass}: a mass must be positive"
            )));
        }
        self.engine.state.types.mass[t as usize] = Some(mass);
        Ok(())
    }

    fn atom(&mut self, atom: &AtomLine<'_>) -> Result<()> {
        let kind = self.kind(atom.kind)?;
        let (x, image) = self.place(atom)?;
        let id = atom
            .id
            .checked_add(self.id_offset)
            .ok_or_else(|| Error::input(format!("atom ID {} is too large", atom.id)))?;
        if !self.ids.insert(id, &self.engine.state.atoms.id) {
            return Err(Error::input(format!("Duplicate atom IDs exist: {id}")));
        }
        let style = self.engine.state.atom_style;
        let atoms = &mut self.engine.state.atoms;
        atoms.push(id, kind, x, style.charge, style.molecule);
        let i = atoms.len() - 1;
        atoms.image[i] = image;
        atoms.mask[i] |= self.settings.mask;
        if let Some(q) = atoms.q.get_mut(i) {
            *q = atom.charge;
        }
        if let Some(m) = atoms.molecule.get_mut(i) {
            *m = if atom.molecule > 0 {
                atom.molecule + self.molecule_offset
            } else {
                atom.molecule
            };
        }
        Ok(())
    }

    fn velocity(&mut self, id: i64, v: [f64; 3]) -> Result<()> {
        let Some(i) = id.checked_add(self.id_offset).and_then(|id| self.find(id)) else {
            return Err(Error::input(format!(
                "Invalid atom ID {id} in Velocities section of data file"
            )));
        };
        if std::mem::replace(&mut self.has_velocity[i - self.first], true) {
            return Err(Error::input(format!(
                "Velocities section has atom ID {id} twice"
            )));
        }
        let rotation = self.engine.state.cell.as_ref().and_then(|c| c.rotation);
        let v = rotation.map_or(v, |r| r.to_restricted(v));
        self.engine.state.atoms.v[i] = v;
        Ok(())
    }

    fn pair(&mut self, which: Coefficients, words: &[&str]) -> Result<()> {
        let types = if which == Coefficients::Diagonal {
            1
        } else {
            2
        };
        let kinds = words
            .iter()
            .take(types)
            .map(|w| self.kind(w).map(|t| t.to_string()))
            .collect::<Result<Vec<_>>>()?;
        let (Some(i), Some(j)) = (kinds.first(), kinds.last()) else {
            return Ok(());
        };
        let mut coefficient = vec![i.as_str(), j.as_str()];
        coefficient.extend(&words[types.min(words.len())..]);
        let Engine {
            pair,
            state,
            pair_options,
            ..
        } = &mut *self.engine;
        match pair {
            Some(p) => p
                .style
                .coeff(&coefficient, state, pair_options)
                .map_err(|e| Error { word: None, ..e }),
            None => Err(Error::input("Must define pair_style before Pair Coeffs")),
        }
    }

    fn bonded(&mut self, kind: &str, atoms: &[i64]) -> Result<()> {
        let ids: Vec<i64> = atoms.iter().map(|a| a + self.id_offset).collect();
        for (id, raw) in ids.iter().zip(atoms) {
            if self.find(*id).is_none() {
                return Err(Error::input(format!(
                    "Invalid atom ID {raw} in a bond or angle: there is no such atom"
                )));
            }
        }
        bonded::add(self.engine, kind, &ids, &self.settings)
    }

    fn bonded_coefficients(&mut self, section: &str, words: &[&str]) -> Result<()> {
        bonded::coefficients(self.engine, section, words, &self.settings)
    }

    fn end(&mut self, name: &str, count: u64) -> Result<()> {
        match name {
            "Atoms" => self.log(&format!("  {count} atoms")),
            "Velocities" => self.log(&format!("  {count} velocities")),
            "Bonds" => self.log(&format!("  {count} bonds")),
            "Angles" => self.log(&format!("  {count} angles")),
            _ => {}
        }
        Ok(())
    }
}
