//! `dump xyz` and `dump extxyz`.

use super::file_common::Output;
use super::selection_common::{Attribute, REGION, Selection, column};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{Conversion, general};
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, many, optional};

const XYZ: Signature = Signature {
    name: "xyz",
    summary: "positions in XYZ format",
    args: &[],
    keywords: &[],
    description: "Each frame has the number of atoms, a comment with the step and a line `element x y z` per atom; \
types are written as numbers unless `dump_modify element` names them.",
    examples: &["dump 1 all xyz 100 traj.xyz"],
};

const EXTXYZ: Signature = Signature {
    name: "extxyz",
    summary: "positions, velocities and forces in extended XYZ format, as ASE and OVITO read it",
    args: &[],
    keywords: &[],
    description: "The comment line has Lattice, pbc, Timestep, Time and Properties. Elements come from `dump_modify \
element`, type labels or masses; positions are those in the cell. Units are those of the script.",
    examples: &["dump 1 all extxyz 100 traj.extxyz"],
};

const COMMON: [Keyword; 12] = [
    REGION,
    keyword("buffer", &[arg("value", Kind::YesNo, "")], "without effect"),
    keyword(
        "append",
        &[arg("value", Kind::YesNo, "append to an existing file")],
        "default no",
    ),
    keyword(
        "element",
        &[many("name", Kind::Element, "element of each type")],
        "default: types (xyz); labels or masses (extxyz)",
    ),
    keyword(
        "flush",
        &[arg("value", Kind::YesNo, "frames are always flushed")],
        "default yes",
    ),
    keyword(
        "format",
        &[
            arg("which", Kind::OneOf(&["float"]), "all coordinates"),
            arg("text", Kind::Word, "printf format"),
        ],
        "default %g (xyz), %.8g (extxyz)",
    ),
    keyword(
        "pad",
        &[arg("digits", Kind::Int, "digits of the step in file names")],
        "default 0",
    ),
    keyword(
        "sort",
        &[arg("order", Kind::Word, "off or id")],
        "default off",
    ),
    keyword(
        "thresh",
        &[
            arg("attribute", Kind::Word, "attribute or none"),
            optional("operator", Kind::Word, "< <= > >= == !="),
            optional("value", Kind::Word, "number"),
        ],
        "write only atoms for which this holds",
    ),
    keyword(
        "time",
        &[arg("value", Kind::YesNo, "write the simulation time (xyz)")],
        "default no",
    ),
    keyword(
        "vel",
        &[arg("value", Kind::YesNo, "write velocities (extxyz)")],
        "default yes",
    ),
    keyword(
        "forces",
        &[arg("value", Kind::YesNo, "write forces (extxyz)")],
        "default yes",
    ),
];

const MODIFY: Signature = Signature {
    name: "dump_modify xyz",
    summary: "settings of dump xyz and extxyz",
    args: &[],
    keywords: &COMMON,
    description: "",
    examples: &["dump_modify 1 element Li P S Cl sort id"],
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
    modify: &MODIFY,
    build: |id, a, h| build(id, a, h, true),
};

struct Xyz {
    id: DumpId,
    extended: bool,
    selection: Selection,
    output: Output,
    float: Conversion,
    time: bool,
    velocities: bool,
    forces: bool,
}

#[allow(clippy::unnecessary_wraps)]
fn build(id: &DumpId, _: &Args, _: &mut dyn Host, extended: bool) -> Result<Box<dyn Dump>> {
    Ok(Box::new(Xyz {
        id: id.clone(),
        extended,
        selection: Selection::default(),
        output: Output::new(&id.file),
        float: Conversion::general(if extended { 8 } else { 6 }),
        time: false,
        velocities: extended,
        forces: extended,
    }))
}

impl Xyz {
    fn comment(&self, host: &dyn Host) -> Result<String> {
        let s = host.state();
        if !self.extended {
            let time = if self.time {
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
            .map(|v| general(17, *v))
            .collect();
        let pbc: Vec<&str> = (0..3)
            .map(|k| if cell.periodic(k) { "T" } else { "F" })
            .collect();
        let mut properties = String::from("species:S:1:pos:R:3");
        if self.velocities {
            properties += ":vel:R:3";
        }
        if self.forces {
            properties += ":forces:R:3";
        }
        Ok(format!(
            "Timestep={} Time={} pbc=\"{}\" Lattice=\"{}\" Origin=\"{} {} {}\" Properties={properties}",
            s.step,
            general(12, s.time_now()),
            pbc.join(" "),
            lattice.join(" "),
            general(17, cell.lo[0]),
            general(17, cell.lo[1]),
            general(17, cell.lo[2]),
        ))
    }

    fn names(&self, host: &dyn Host) -> Result<Vec<String>> {
        let s = host.state();
        (0..=s.types.count)
            .map(|t| match self.selection.element(s, t as u32) {
                _ if t == 0 => Ok(String::new()),
                _ if !self.extended => Ok(self
                    .selection
                    .elements
                    .get(t - 1)
                    .cloned()
                    .unwrap_or_else(|| t.to_string())),
                Some(e) => Ok(e),
                None => Err(Error::input(format!(
                    "dump extxyz cannot tell which element type {t} is"
                ))
                .help("name the elements with dump_modify element")),
            })
            .collect()
    }
}

impl Dump for Xyz {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            if self.selection.modify(&k, 0, host)? || self.output.modify(&k)? {
                continue;
            }
            match k.name() {
                "vel" | "forces" if !self.extended => {
                    return Err(Error::input(format!(
                        "dump_modify {} is for dump extxyz",
                        k.name()
                    ))
                    .at(k.position()));
                }
                "buffer" => {}
                "vel" => self.velocities = k.yes_no("value")?,
                "forces" => self.forces = k.yes_no("value")?,
                "time" => self.time = k.yes_no("value")?,
                _ => {
                    self.float = k
                        .str("text")
                        .parse()
                        .map_err(|e| Error::input(format!("{e}")).at(k.word("text")))?;
                }
            }
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        self.names(host)?;
        if host.dry() {
            Ok(())
        } else {
            self.output.open()
        }
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        let mut attributes: Vec<Attribute> = (0..3).map(Attribute::Position).collect();
        if self.velocities {
            attributes.extend((0..3).map(Attribute::Velocity));
        }
        if self.forces {
            attributes.extend((0..3).map(Attribute::Force));
        }
        let values = attributes
            .iter()
            .map(|a| column(a, host))
            .collect::<Result<Vec<_>>>()?;
        let order = self.selection.select(self.id.bit, &values, host)?;
        let names = self.names(host)?;
        let mut out = format!("{}\n{}\n", order.len(), self.comment(host)?).into_bytes();
        let kind = &host.state().atoms.kind;
        for &i in &order {
            out.extend_from_slice(names[kind[i] as usize].as_bytes());
            for v in &values {
                out.push(b' ');
                self.float.write_f64(&mut out, v[i]);
            }
            out.push(b'\n');
        }
        self.output.write(host.state().step, &out)
    }
}
