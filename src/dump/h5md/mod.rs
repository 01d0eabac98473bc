//! `dump h5md`: H5MD 1.1 trajectories (<https://www.nongnu.org/h5md/h5md.html>) that h5py, pyh5md and
//! MDAnalysis open as they are.
//!
//! Positions are wrapped into the cell and stored with image flags, so that unwrapped paths are exact.

mod sink;

use super::{Dump, DumpEntry, DumpId};
use crate::domain::State;
use crate::domain::host::Host;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, many, optional};
use hdf5::H5Type;
use sink::{Element, Sink};

const ELEMENTS: [Keyword; 8] = [
    keyword(
        "author",
        &[arg("name", Kind::Text, "in quotes if it has several words")],
        "name of the author in the file's metadata",
    ),
    keyword("position", &[], "wrapped positions (always written)"),
    keyword("image", &[], "periodic image flags"),
    keyword("velocity", &[], "velocities"),
    keyword("force", &[], "forces"),
    keyword("species", &[], "atomic numbers (always written)"),
    keyword("charge", &[], "charges"),
    keyword(
        "box",
        &[optional("value", Kind::OneOf(&["yes"]), "yes")],
        "the cell of every frame (always written)",
    ),
];

const SIGNATURE: Signature = Signature {
    name: "h5md",
    summary: "H5MD trajectory (HDF5)",
    args: &[],
    keywords: &ELEMENTS,
    description: "Particles of the group are in `/particles/GROUP`, ordered by atom ID. Without elements, positions and \
image flags are written. Values are stored as 32-bit numbers unless `dump_modify precision double`. Every frame is \
flushed: a killed run leaves a readable file. `/observables/temperature` holds the temperature of every frame.",
    examples: &[
        "dump 1 all h5md 100 traj.h5 position image",
        "dump 2 Li h5md 10 li.h5 position image velocity",
    ],
};

const MODIFY: Signature = Signature {
    name: "dump_modify h5md",
    summary: "settings of dump h5md",
    args: &[],
    keywords: &[
        keyword(
            "append",
            &[arg(
                "value",
                Kind::YesNo,
                "go on with an existing file; frames from the present step on are replaced",
            )],
            "default no",
        ),
        keyword(
            "element",
            &[many("name", Kind::Element, "element of each type")],
            "default: type labels, or elements by mass",
        ),
        keyword(
            "precision",
            &[arg(
                "value",
                Kind::OneOf(&["single", "double"]),
                "precision of stored numbers",
            )],
            "default single",
        ),
    ],
    description: "",
    examples: &["dump_modify 1 append yes"],
};

/// The line of the table.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &SIGNATURE,
    modify: &MODIFY,
    build,
};

#[derive(Debug, Clone, Copy)]
struct Wanted {
    image: bool,
    velocity: bool,
    force: bool,
    charge: bool,
}

struct H5md {
    id: DumpId,
    wanted: Wanted,
    append: bool,
    double: bool,
    elements: Vec<String>,
    author: String,
    open: Option<Open>,
}

/// The open file with its elements.
struct Open {
    sink: Sink,
    frames: usize,
    atoms: usize,
    edges: Element,
    position: Element,
    image: Option<Element>,
    velocity: Option<Element>,
    force: Option<Element>,
    charge: Option<Element>,
    temperature: Element,
}

/// Units of a unit style as H5MD readers know them; forces are converted by the factor.
struct UnitNames {
    length: Option<&'static str>,
    time: Option<&'static str>,
    velocity: Option<&'static str>,
    force: Option<&'static str>,
    force_factor: f64,
}

/// One eV in kJ/mol (CODATA 2018: e N_A / 1000).
const KJ_PER_MOL: f64 = 96.485_332_12;

fn unit_names(name: &str) -> UnitNames {
    match name {
        "metal" => UnitNames {
            length: Some("Angstrom"),
            time: Some("ps"),
            velocity: Some("Angstrom ps-1"),
            force: Some("kJ mol-1 Angstrom-1"),
            force_factor: KJ_PER_MOL,
        },
        "real" => UnitNames {
            length: Some("Angstrom"),
            time: Some("fs"),
            velocity: Some("Angstrom fs-1"),
            force: Some("kcal mol-1 Angstrom-1"),
            force_factor: 1.0,
        },
        "si" => UnitNames {
            length: Some("m"),
            time: Some("s"),
            velocity: Some("m s-1"),
            force: Some("N"),
            force_factor: 1.0,
        },
        _ => UnitNames {
            length: None,
            time: None,
            velocity: None,
            force: None,
            force_factor: 1.0,
        },
    }
}

fn build(id: &DumpId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    if id.file.contains('*') {
        return Err(Error::input(
            "dump h5md writes one file: '*' in its name is not supported",
        ));
    }
    let any = args.keywords().any(|k| k.name() != "author");
    let has = |n: &str| args.keyword(n).is_some();
    if has("charge") && !host.state().atom_style.charge {
        return Err(Error::input(format!(
            "dump h5md charge: atom_style {} has no charges",
            host.state().atom_style.name
        )));
    }
    let wanted = Wanted {
        image: !any || has("image") || has("position"),
        velocity: has("velocity"),
        force: has("force"),
        charge: has("charge"),
    };
    Ok(Box::new(H5md {
        id: id.clone(),
        wanted,
        append: false,
        double: false,
        elements: Vec::new(),
        author: args
            .keyword("author")
            .map_or("argyro user".to_string(), |k| k.str("name").to_string()),
        open: None,
    }))
}

impl H5md {
    /// Indices of the group's atoms by ascending ID.
    fn order(&self, s: &State) -> Vec<usize> {
        let mut order: Vec<usize> = members(s, self.id.bit).collect();
        order.sort_by_key(|&i| s.atoms.id[i]);
        order
    }

    fn group_name(&self) -> String {
        format!("particles/{}", self.id.group)
    }

    fn create(&self, host: &mut dyn Host) -> Result<Open> {
        let sink = Sink::create(&self.id.file)?;
        let s = host.state();
        let units = unit_names(s.units.name);
        let h5md = sink.group("h5md")?;
        sink.numbers(&h5md, "version", &[1i32, 1])?;
        sink.text(&*sink.group("h5md/author")?, "name", &self.author)?;
        let creator = sink.group("h5md/creator")?;
        sink.text(&creator, "name", "argyro")?;
        sink.text(&creator, "version", env!("CARGO_PKG_VERSION"))?;
        self.provenance(&sink, host)?;
        let group = sink.group(&self.group_name())?;
        self.particles(&sink, &group, s)?;
        let order = self.order(s);
        let n = order.len();
        let edges = self.cell_group(&sink, s, &units)?;
        let vector = |name: &str, unit: Option<&str>| {
            if self.double {
                sink.element::<f64>(&group, name, &[n, 3], unit, units.time)
            } else {
                sink.element::<f32>(&group, name, &[n, 3], unit, units.time)
            }
        };
        let open = Open {
            position: vector("position", units.length)?,
            velocity: self
                .wanted
                .velocity
                .then(|| vector("velocity", units.velocity))
                .transpose()?,
            force: self
                .wanted
                .force
                .then(|| vector("force", units.force))
                .transpose()?,
            image: self
                .wanted
                .image
                .then(|| sink.element::<i32>(&group, "image", &[n, 3], None, units.time))
                .transpose()?,
            charge: self
                .wanted
                .charge
                .then(|| sink.element::<f64>(&group, "charge", &[n], None, units.time))
                .transpose()?,
            temperature: sink.element::<f64>(
                &sink.group("observables")?,
                "temperature",
                &[],
                None,
                units.time,
            )?,
            edges,
            frames: 0,
            atoms: n,
            sink,
        };
        open.sink.flush()?;
        Ok(open)
    }

    fn provenance(&self, sink: &Sink, host: &dyn Host) -> Result<()> {
        let s = host.state();
        let g = sink.group("parameters/argyro")?;
        sink.text(&g, "version", env!("CARGO_PKG_VERSION"))?;
        sink.text(&g, "units", s.units.name)?;
        sink.numbers(&g, "timestep", &[s.dt])?;
        sink.numbers(&g, "dump_every", &[self.id.every])?;
        if let Some(t) = host.target_temperature() {
            sink.numbers(&g, "temperature", &[t])?;
        }
        host.provenance()
            .iter()
            .try_for_each(|(name, value)| sink.text(&g, name, value))
    }

    /// Constant data of the atoms: IDs, species, masses.
    fn particles(&self, sink: &Sink, group: &hdf5::Group, s: &State) -> Result<()> {
        let order = self.order(s);
        let ids: Vec<i64> = order.iter().map(|&i| s.atoms.id[i]).collect();
        let masses: Vec<f64> = order.iter().map(|&i| s.mass_of(i)).collect();
        let types: Vec<i32> = order.iter().map(|&i| s.atoms.kind[i] as i32).collect();
        let names: Vec<String> = (1..=s.types.count)
            .map(|t| self.element(s, t).unwrap_or_else(|| t.to_string()))
            .collect();
        let number =
            |t: i32| crate::elements::atomic_number(&names[t as usize - 1]).map_or(t, |z| z as i32);
        let known = names
            .iter()
            .all(|n| crate::elements::atomic_number(n).is_some());
        let species: Vec<i32> = types
            .iter()
            .map(|&t| if known { number(t) } else { t })
            .collect();
        sink.fixed(group, "id", &ids)?;
        sink.fixed(group, "mass", &masses)?;
        sink.fixed(group, "type", &types)?;
        sink.fixed(group, "species", &species)?;
        let refs: Vec<&str> = names.iter().map(String::as_str).collect();
        sink.texts(group, "type_names", &refs)
    }

    fn element(&self, s: &State, t: usize) -> Option<String> {
        let label = s.types.label.get(t).cloned().flatten();
        let mass = s
            .types
            .mass
            .get(t)
            .copied()
            .flatten()
            .filter(|_| matches!(s.units.name, "metal" | "real"));
        self.elements
            .get(t - 1)
            .cloned()
            .or(label)
            .or_else(|| mass.and_then(crate::elements::by_mass).map(str::to_string))
    }

    fn cell_group(&self, sink: &Sink, s: &State, units: &UnitNames) -> Result<Element> {
        let cell = s.cell("dump h5md")?;
        let g = sink.group(&format!("{}/box", self.group_name()))?;
        sink.numbers(&g, "dimension", &[3i32])?;
        let faces: Vec<&str> = (0..3)
            .map(|k| if cell.periodic(k) { "periodic" } else { "none" })
            .collect();
        sink.texts(&g, "boundary", &faces)?;
        let edges = sink.element::<f64>(&g, "edges", &[3, 3], units.length, units.time)?;
        sink.numbers(&g, "origin", &cell.lo)?;
        Ok(edges)
    }

    fn reopen(&self, host: &dyn Host) -> Result<Open> {
        let sink = Sink::append(&self.id.file)?;
        let group = sink.group(&self.group_name())?;
        let optional =
            |wanted: bool, name: &str| wanted.then(|| sink.existing(&group, name)).transpose();
        let s = host.state();
        let mut open = Open {
            position: sink.existing(&group, "position")?,
            velocity: optional(self.wanted.velocity, "velocity")?,
            force: optional(self.wanted.force, "force")?,
            image: optional(self.wanted.image, "image")?,
            charge: optional(self.wanted.charge, "charge")?,
            edges: sink.existing(&sink.group(&format!("{}/box", self.group_name()))?, "edges")?,
            temperature: sink.existing(&sink.group("observables")?, "temperature")?,
            frames: 0,
            atoms: members(s, self.id.bit).count(),
            sink,
        };
        open.keep_before(s.step)?;
        Ok(open)
    }
}

impl Open {
    fn elements(&self) -> impl Iterator<Item = &Element> {
        let optional = [&self.image, &self.velocity, &self.force, &self.charge];
        [&self.edges, &self.temperature, &self.position]
            .into_iter()
            .chain(optional.into_iter().flatten())
    }

    /// Drops frames from `step` on and those that were not committed.
    fn keep_before(&mut self, step: i64) -> Result<()> {
        let counts = self
            .elements()
            .map(|e| self.sink.committed(e, step))
            .collect::<Result<Vec<_>>>()?;
        let frames = counts.into_iter().min().unwrap_or(0);
        self.elements()
            .try_for_each(|e| self.sink.truncate(e, frames))?;
        self.frames = frames;
        self.sink.flush()
    }

    fn put_real(&self, e: &Element, values: &[f64], double: bool) -> Result<()> {
        if double {
            return self.sink.put(e, self.frames, values);
        }
        let single: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        self.put_all(e, &single)
    }

    fn put_all<T: H5Type>(&self, e: &Element, values: &[T]) -> Result<()> {
        self.sink.put(e, self.frames, values)
    }
}

fn gather(order: &[usize], from: &[[f64; 3]], factor: f64) -> Vec<f64> {
    order
        .iter()
        .flat_map(|&i| from[i].map(|v| v * factor))
        .collect()
}

impl Dump for H5md {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            match k.name() {
                "append" => self.append = k.yes_no("value")?,
                "precision" => self.double = k.str("value") == "double",
                _ => {
                    let names: Vec<String> =
                        k.all("name").iter().map(|n| n.1.to_string()).collect();
                    let types = host.state().types.count;
                    if names.len() != types {
                        let text = format!(
                            "Number of dump_modify element names ({}) does not match number of atom types ({types})",
                            names.len()
                        );
                        return Err(Error::input(text).at(k.position()));
                    }
                    self.elements = names;
                }
            }
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.open.is_some() || host.dry() {
            return Ok(());
        }
        let existing = self.append && std::path::Path::new(&self.id.file).exists();
        self.open = Some(if existing {
            self.reopen(host)?
        } else {
            self.create(host)?
        });
        Ok(())
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        self.init(host)?;
        let temperature = host.thermo("temp")?;
        let s = host.state();
        let order = self.order(s);
        let cell = s.cell("dump h5md")?;
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        if order.len() != open.atoms {
            return Err(Error::run(format!(
                "dump h5md: the group has {} atoms instead of {}; H5MD needs a constant number",
                order.len(),
                open.atoms
            )));
        }
        let (mut x, mut image) = (s.atoms.x.clone(), s.atoms.image.clone());
        for &i in &order {
            cell.wrap(&mut x[i], &mut image[i]);
        }
        open.put_all(&open.edges, cell.vectors().as_flattened())?;
        open.put_real(&open.position, &gather(&order, &x, 1.0), self.double)?;
        if let Some(e) = &open.velocity {
            open.put_real(e, &gather(&order, &s.atoms.v, 1.0), self.double)?;
        }
        if let Some(e) = &open.force {
            let factor = unit_names(s.units.name).force_factor;
            open.put_real(e, &gather(&order, &s.atoms.f, factor), self.double)?;
        }
        if let Some(e) = &open.image {
            let flags: Vec<i32> = order.iter().flat_map(|&i| image[i]).collect();
            open.put_all(e, &flags)?;
        }
        if let Some(e) = &open.charge {
            let q: Vec<f64> = order
                .iter()
                .map(|&i| s.atoms.q.get(i).copied().unwrap_or(0.0))
                .collect();
            open.put_all(e, &q)?;
        }
        open.put_all(&open.temperature, &[temperature])?;
        let (step, time) = (s.step, s.time_now());
        open.elements()
            .try_for_each(|e| open.sink.put_time(e, open.frames, time))?;
        open.sink.flush()?;
        open.elements()
            .try_for_each(|e| open.sink.commit(e, open.frames, step))?;
        open.sink.flush()?;
        open.frames += 1;
        Ok(())
    }

    fn truncate_after(&mut self, step: i64) -> Result<()> {
        match &mut self.open {
            Some(open) => open.keep_before(step + 1),
            None => Ok(()),
        }
    }
}
