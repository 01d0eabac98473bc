//! `dump yaml`: frames as YAML documents.

use super::columns_common::{Columns, FrameSettings, TypeNames};
use super::file_common::Output;
use super::keywords_common::*;
use super::selection_common::{Selection, attributes};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{LineFormat, general, shortest};
use crate::domain::host::Host;
use crate::error::Result;
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, many};

const SIGNATURE: Signature = Signature {
    name: "yaml",
    summary: "chosen per-atom columns as YAML documents",
    args: &[many(
        "attribute",
        Kind::Word,
        "attributes as of dump custom",
    )],
    keywords: &[],
    description: "Every frame is a document with the keys creator, timestep, natoms, boundary, box, keywords and data. Numbers of \
the box have all their digits.\n\nRelated: dump custom, thermo_style yaml",
    examples: &["dump 1 all yaml 100 traj.yaml id type x y z"],
};

const KEYWORDS: [Keyword; 20] = with_common([
    APPEND,
    COLNAME,
    ELEMENT,
    keyword(
        "thermo",
        &[arg("value", Kind::YesNo, "yes or no")],
        "write the columns of the thermo output too, default no",
    ),
    TRICLINIC_GENERAL,
    TYPES,
    UNITS,
]);

const MODIFY: Signature = Signature {
    name: "dump_modify yaml",
    summary: "settings of dump yaml",
    args: &[],
    keywords: &KEYWORDS,
    description: "",
    examples: &["dump_modify 1 sort id thermo yes"],
};

/// The line of the table.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &SIGNATURE,
    modify: &MODIFY,
    build,
};

struct Yaml {
    id: DumpId,
    columns: Columns,
    selection: Selection,
    output: Output,
    settings: FrameSettings,
    thermo: bool,
}

fn build(id: &DumpId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    Ok(Box::new(Yaml {
        id: id.clone(),
        columns: Columns::new(attributes(&args.all("attribute"), host)?),
        selection: Selection::default(),
        output: Output::new(&id.file),
        settings: FrameSettings::default(),
        thermo: false,
    }))
}

impl Yaml {
    fn header(&self, atoms: usize, host: &mut dyn Host) -> Result<String> {
        let thermo = if self.thermo {
            host.thermo_columns()?
        } else {
            Vec::new()
        };
        let s = host.state();
        let cell = s.cell("dump yaml")?;
        let mut h = format!("---\ncreator: LAMMPS\ntimestep: {}\n", s.step);
        if self.settings.units {
            h += &format!("units: {}\n", s.units.name);
        }
        if self.settings.time {
            h += &format!("time: {}\n", general(16, s.time_now()));
        }
        h += &format!("natoms: {atoms}\nboundary: [ ");
        let faces = cell.boundary.iter().flatten();
        faces.for_each(|b| h += &format!("{}, ", b.letter()));
        h += "]\n";
        if !thermo.is_empty() {
            let names: String = thermo.iter().map(|c| format!("{}, ", c.heading)).collect();
            let values: String = thermo
                .iter()
                .map(|c| format!("{}, ", shortest(c.value)))
                .collect();
            h += &format!("thermo:\n  - keywords: [ {names}]\n  - data: [ {values}]\n");
        }
        let (lo, hi) = if cell.triclinic {
            cell.bounds()
        } else {
            (cell.lo, cell.hi)
        };
        h += "box:\n";
        for k in 0..3 {
            h += &format!("  - [ {}, {} ]\n", shortest(lo[k]), shortest(hi[k]));
        }
        if cell.triclinic {
            h += &format!("  - [ {} ]\n", cell.tilt.map(shortest).join(", "));
        }
        let names: String = self.columns.headings().map(|n| format!("{n}, ")).collect();
        h += &format!("keywords: [ {names} ]\ndata:\n");
        Ok(h)
    }
}

impl Dump for Yaml {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            if k.name() == "thermo" {
                self.thermo = k.yes_no("value")?;
                continue;
            }
            let _ = self.selection.modify(&k, self.columns.list.len(), host)?
                || self.output.modify(&k)?
                || self.settings.modify(&k, &mut self.output)?
                || self.columns.modify(&k, host)?;
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        if host.dry() {
            Ok(())
        } else {
            self.output.open()
        }
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        let (values, order) = self.settings.with_pbc(host, |host| {
            let values = self.columns.values(host)?;
            let order = self.selection.select(self.id.bit, &values, host)?;
            Ok((values, order))
        })?;
        let mut out = self.header(order.len(), host)?.into_bytes();
        let line = LineFormat::joined(&self.columns.formats(), " , ");
        let names = TypeNames::new(&self.selection, host);
        for &i in &order {
            out.extend_from_slice(b"  - [ ");
            line.write(&mut out, |c, k, out| {
                let v = values.get(k).map_or(0.0, |v| v[i]);
                self.columns.write(c, k, v, &names, out);
            });
            out.extend_from_slice(b", ]\n");
        }
        out.extend_from_slice(b"...\n");
        self.output.write(host.state().step, &out)
    }
}
