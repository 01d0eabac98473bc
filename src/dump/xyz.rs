//! `dump xyz` and `dump extxyz`.

use super::columns_common::FrameSettings;
use super::file_common::Output;
use super::keywords_common::*;
use super::selection_common::{Attribute, Selection, Sort, column};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{Conversion, LineFormat, general, shortest};
use crate::domain::host::{Data, Host, Part, Source};
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, KeywordArgs, Kind, Signature, arg, keyword};

const XYZ: Signature = Signature {
    name: "xyz",
    summary: "positions in XYZ format",
    args: &[],
    keywords: &[],
    description: "Each frame has the number of atoms, a comment with the step and a line `element x y z` per atom, in the order of \
atom IDs; types are written as numbers unless `dump_modify element` or `types labels` names them.",
    examples: &["dump 1 all xyz 100 traj.xyz"],
};

const EXTXYZ: Signature = Signature {
    name: "extxyz",
    summary: "positions, velocities and forces in extended XYZ format, as ASE and OVITO read it",
    args: &[],
    keywords: &[],
    description: "The comment line has Timestep, Time, pbc, Lattice and Properties, and what the thermo output shows: Potential_energy \
(with pe, epair, etotal, ...), Temperature (with temp, ke, etotal, ...) and Stress, the pressure tensor (with pxx, ...). Elements come \
from `dump_modify element`, type labels or masses. Units are those of the script. Numbers have six digits unless `dump_modify format` \
asks for more; atoms come in the order of their IDs. A general triclinic box is in its restricted form, Stress too.",
    examples: &["dump 1 all extxyz 100 traj.extxyz"],
};

const XYZ_KEYWORDS: [Keyword; 16] = with_common([APPEND, ELEMENT, TYPES]);

const EXTENDED_KEYWORDS: [Keyword; 19] = with_common([
    APPEND,
    ELEMENT,
    keyword(
        "forces",
        &[arg("value", Kind::YesNo, "write forces")],
        "default yes",
    ),
    keyword(
        "mass",
        &[arg("value", Kind::YesNo, "write masses")],
        "default no",
    ),
    TYPES,
    keyword(
        "vel",
        &[arg("value", Kind::YesNo, "write velocities")],
        "default yes",
    ),
]);

const MODIFY: Signature = Signature {
    name: "dump_modify xyz",
    summary: "settings of dump xyz",
    args: &[],
    keywords: &XYZ_KEYWORDS,
    description: "`format line` has a text for the name and three numbers, `format float` changes the numbers alone. Columns that \
`sort` can name are id type x y z.",
    examples: &["dump_modify 1 element Li P S Cl sort id"],
};

const MODIFY_EXTENDED: Signature = Signature {
    name: "dump_modify extxyz",
    summary: "settings of dump extxyz",
    args: &[],
    keywords: &EXTENDED_KEYWORDS,
    description: "`format line` has a text for the name and a number for every column, `format float` changes the numbers alone. \
Columns that `sort` can name are id type x y z and those that follow.",
    examples: &["dump_modify 1 element Li P S Cl vel no format float %.10g"],
};

/// The line of the table for `xyz`.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &XYZ,
    modify: &MODIFY,
    build: |id, a, h| build(id, a, h, false),
};
/// The line of the table for `extxyz`.
pub const EXTENDED: DumpEntry = DumpEntry {
    signature: &EXTXYZ,
    modify: &MODIFY_EXTENDED,
    build: |id, a, h| build(id, a, h, true),
};

/// Columns behind the position.
#[derive(Clone, Copy)]
struct Wanted {
    velocities: bool,
    forces: bool,
    masses: bool,
}

struct Xyz {
    id: DumpId,
    extended: bool,
    selection: Selection,
    output: Output,
    line: Option<LineFormat>,
    float: Conversion,
    labels: bool,
    settings: FrameSettings,
    wanted: Wanted,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &DumpId, _: &Args, _: &mut dyn Host, extended: bool) -> Result<Box<dyn Dump>> {
    Ok(Box::new(Xyz {
        id: id.clone(),
        extended,
        selection: Selection {
            sort: Sort::Id,
            ..Selection::default()
        },
        output: Output::new(&id.file),
        line: None,
        float: Conversion::general(6),
        labels: extended,
        settings: FrameSettings {
            time: extended,
            ..FrameSettings::default()
        },
        wanted: Wanted {
            velocities: extended,
            forces: extended,
            masses: false,
        },
    }))
}

impl Xyz {
    fn attributes(&self) -> Vec<Attribute> {
        let mut all = vec![Attribute::Id, Attribute::Type];
        all.extend((0..3).map(Attribute::Position));
        if self.wanted.velocities {
            all.extend((0..3).map(Attribute::Velocity));
        }
        if self.wanted.forces {
            all.extend((0..3).map(Attribute::Force));
        }
        if self.wanted.masses {
            all.push(Attribute::Mass);
        }
        all
    }

    fn format(&mut self, k: &KeywordArgs<'_>) -> Result<()> {
        let wrong = |e: crate::cformat::FormatError| Error::input(e.to_string()).at(k.position());
        match (k.str("which"), k.get("text")) {
            ("none", None) => {
                self.line = None;
                self.float = Conversion::general(6);
            }
            ("line", Some(text)) => self.line = Some(text.parse().map_err(wrong)?),
            ("float", Some(text)) => self.float = text.parse().map_err(wrong)?,
            (which, _) => {
                return Err(Error::input(format!(
                    "Illegal dump_modify format command: expected 'line TEXT', 'float TEXT' or 'none', found '{which}'"
                ))
                .at(k.position()));
            }
        }
        Ok(())
    }

    fn comment(&self, host: &mut dyn Host) -> Result<String> {
        let thermo = if self.extended {
            thermo(host)?
        } else {
            String::new()
        };
        let s = host.state();
        if !self.extended {
            let time = if self.settings.time {
                format!(" Time: {:.6}", s.time_now())
            } else {
                String::new()
            };
            return Ok(format!(" Atoms. Timestep: {}{time}", s.step));
        }
        let cell = s.cell("dump")?;
        let lattice: Vec<String> = cell
            .vectors()
            .iter()
            .flatten()
            .map(|v| general(6, *v))
            .collect();
        let pbc: Vec<&str> = (0..3)
            .map(|k| if cell.periodic(k) { "T" } else { "F" })
            .collect();
        let time = if self.settings.time {
            format!(" Time={:.6}", s.time_now())
        } else {
            String::new()
        };
        let mut properties = String::from("species:S:1:pos:R:3");
        let columns = [
            (self.wanted.velocities, ":vel:R:3"),
            (self.wanted.forces, ":forces:R:3"),
            (self.wanted.masses, ":mass:R:1"),
        ];
        let present = columns.iter().filter(|c| c.0);
        present.for_each(|c| properties += c.1);
        Ok(format!(
            "Timestep={}{time} pbc=\"{}\" Lattice=\"{}\"{thermo} Properties={properties}",
            s.step,
            pbc.join(" "),
            lattice.join(" "),
        ))
    }

    fn names(&self, host: &dyn Host) -> Result<Vec<String>> {
        let s = host.state();
        (0..=s.types.count)
            .map(|t| match self.selection.element(s, t as u32) {
                _ if t == 0 => Ok(String::new()),
                _ if !self.extended => {
                    let label = s.types.label[t].clone().filter(|_| self.labels);
                    let element = self.selection.elements.get(t - 1).cloned();
                    Ok(label.or(element).unwrap_or_else(|| t.to_string()))
                }
                Some(e) => Ok(e),
                None => Err(Error::input(format!(
                    "dump extxyz cannot tell which element type {t} is"
                ))
                .help("name the elements with dump_modify element")),
            })
            .collect()
    }
}

/// Energy, temperature and pressure tensor, if the thermo output shows them.
fn thermo(host: &mut dyn Host) -> Result<String> {
    const ENERGY: [&str; 12] = [
        "pe",
        "etotal",
        "econserve",
        "enthalpy",
        "evdwl",
        "ecoul",
        "epair",
        "ebond",
        "eangle",
        "emol",
        "elong",
        "etail",
    ];
    const TEMPERATURE: [&str; 5] = ["temp", "ke", "etotal", "econserve", "enthalpy"];
    const TENSOR: [&str; 6] = ["pxx", "pyy", "pzz", "pxy", "pxz", "pyz"];
    let words = host.thermo_words();
    let shown = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    let (energy, temperature, tensor) = (shown(&ENERGY), shown(&TEMPERATURE), shown(&TENSOR));
    let mut out = String::new();
    if energy && let Data::Scalar(e) = host.data(Source::Compute, "thermo_pe", Part::Scalar)? {
        out += &format!(" Potential_energy={}", shortest(e));
    }
    if temperature {
        out += &format!(" Temperature={}", shortest(host.thermo("temp")?));
    }
    if tensor {
        let p = host.pressure_tensor()?;
        let rows = [0, 3, 4, 3, 1, 5, 4, 5, 2].map(|k| shortest(p[k]));
        out += &format!(" Stress=\"{}\"", rows.join(" "));
    }
    Ok(out)
}

impl Dump for Xyz {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let signature = if self.extended {
            &MODIFY_EXTENDED
        } else {
            &MODIFY
        };
        let args = signature.parse("dump_modify", words)?;
        for k in args.keywords() {
            match k.name() {
                "vel" => self.wanted.velocities = k.yes_no("value")?,
                "forces" => self.wanted.forces = k.yes_no("value")?,
                "mass" => self.wanted.masses = k.yes_no("value")?,
                "types" => self.labels = k.str("value") == "labels",
                "format" => self.format(&k)?,
                _ => {
                    let columns = self.attributes().len();
                    let _ = self.selection.modify(&k, columns, host)?
                        || self.output.modify(&k)?
                        || self.settings.modify(&k, &mut self.output)?;
                }
            }
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.names(host)?;
        let columns = self.attributes().len() - 1;
        if let Some(line) = &self.line
            && line.values() != columns
        {
            return Err(Error::input(format!(
                "dump_modify format line has {} conversions for {columns} columns",
                line.values()
            )));
        }
        if host.dry() {
            Ok(())
        } else {
            self.output.open()
        }
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        let attributes = self.attributes();
        let (values, order) = self.settings.with_pbc(host, |host| {
            let values = attributes
                .iter()
                .map(|a| column(a, host))
                .collect::<Result<Vec<_>>>()?;
            let order = self.selection.select(self.id.bit, &values, host)?;
            Ok((values, order))
        })?;
        let names = self.names(host)?;
        let mut out = format!("{}\n{}\n", order.len(), self.comment(host)?).into_bytes();
        let text = Conversion {
            kind: crate::cformat::Kind::Text,
            precision: None,
            ..Conversion::general(6)
        };
        let numbers = std::iter::repeat_n(self.float, attributes.len() - 2);
        let plain = LineFormat::spaced(std::iter::once(text).chain(numbers));
        let line = self.line.clone().unwrap_or(plain);
        let kind = &host.state().atoms.kind;
        for &i in &order {
            line.write(&mut out, |c, k, out| match k {
                0 => c.write_str(out, &names[kind[i] as usize]),
                _ => c.write_f64(out, values.get(k + 1).map_or(0.0, |v| v[i])),
            });
            out.push(b'\n');
        }
        self.output.write(host.state().step, &out)
    }
}
