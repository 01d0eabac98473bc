//! `dump custom` and `dump atom`: LAMMPS' text format with chosen columns.

use super::columns_common::{Columns, FrameSettings, TypeNames};
use super::file_common::Output;
use super::keywords_common::*;
use super::selection_common::{Attribute, Selection, attributes};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{Conversion, LineFormat};
use crate::domain::State;
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, KeywordArgs, Kind, Signature, arg, keyword, many};

const CUSTOM: Signature = Signature {
    name: "custom",
    summary: "chosen per-atom columns in LAMMPS' text format",
    args: &[many(
        "attribute",
        Kind::Word,
        "id mol type typelabel element mass q x xs xu xsu (y, z alike) ix vx fx c_ID f_ID v_name",
    )],
    keywords: &[],
    description: "Each frame has the step, the number of atoms, the cell with its boundaries and one line per atom. \
`*` in the file name makes one file per frame, `.gz` compresses.\n\nA box that was defined as general triclinic is written in its \
restricted form, bounds and xy xz yz, unless `dump_modify triclinic/general yes` asks for edge vectors and corner (`abc origin`); then \
x xu vx fx and their like are turned with it. Scaled positions are the same in both; values of computes, fixes and variables, and \
those that `thresh` compares, belong to the restricted form.",
    examples: &["dump 1 all custom 100 traj.lammpstrj id type x y z ix iy iz"],
};

const ATOM: Signature = Signature {
    name: "atom",
    summary: "IDs, types and scaled positions in LAMMPS' text format",
    args: &[],
    keywords: &[],
    description: "Columns id type xs ys zs; `dump_modify scale no` gives x y z, `image yes` adds ix iy iz, \
`triclinic/general yes` writes a general triclinic box and x y z as it was defined.",
    examples: &["dump 1 all atom 100 traj.dump"],
};

const CUSTOM_KEYWORDS: [Keyword; 20] = with_common([
    APPEND,
    COLNAME,
    ELEMENT,
    HEADER,
    TRICLINIC_GENERAL,
    TYPES,
    UNITS,
]);

const HEADER: Keyword = keyword(
    "header",
    &[arg("value", Kind::YesNo, "yes or no")],
    "write the header of every frame, default yes",
);

const ATOM_KEYWORDS: [Keyword; 21] = with_common([
    APPEND,
    COLNAME,
    HEADER,
    IMAGE,
    SCALE,
    TRICLINIC_GENERAL,
    TYPES,
    UNITS,
]);

const IMAGE: Keyword = keyword(
    "image",
    &[arg("value", Kind::YesNo, "add image flags (dump atom)")],
    "default no",
);
const SCALE: Keyword = keyword(
    "scale",
    &[arg("value", Kind::YesNo, "scaled positions (dump atom)")],
    "default yes",
);

const MODIFY: Signature = Signature {
    name: "dump_modify custom",
    summary: "settings of dump custom",
    args: &[],
    keywords: &CUSTOM_KEYWORDS,
    description: "The format of a column is its own, else that of its kind (`int`, `float`), else that of the line.",
    examples: &["dump_modify 1 sort id format float %.10g"],
};

const MODIFY_ATOM: Signature = Signature {
    name: "dump_modify atom",
    summary: "settings of dump atom",
    args: &[],
    keywords: &ATOM_KEYWORDS,
    description: "`colname` counts the columns id type x y z ix iy iz, whether they are written, scaled or not.",
    examples: &["dump_modify 1 scale no image yes sort id"],
};

/// The line of the table for `custom`.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &CUSTOM,
    modify: &MODIFY,
    build: build_custom,
};
/// The line of the table for `atom`.
pub const ATOM_STYLE: DumpEntry = DumpEntry {
    signature: &ATOM,
    modify: &MODIFY_ATOM,
    build: build_atom,
};

struct Custom {
    id: DumpId,
    /// `dump atom`, whose columns follow from `scale` and `image`.
    atom: bool,
    scale: bool,
    image: bool,
    columns: Columns,
    /// `format line` of dump atom, taken as it is.
    whole_line: Option<LineFormat>,
    selection: Selection,
    output: Output,
    settings: FrameSettings,
    units_written: bool,
    headers: bool,
}

fn build_custom(id: &DumpId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    let columns = attributes(&args.all("attribute"), host)?;
    Ok(Box::new(Custom::new(id, columns, false)))
}

#[allow(clippy::unnecessary_wraps)]
fn build_atom(id: &DumpId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Dump>> {
    let words = ["id", "type", "x", "y", "z", "ix", "iy", "iz"];
    let columns = words
        .iter()
        .filter_map(|w| Attribute::parse(w).map(|a| ((*w).to_string(), a)));
    Ok(Box::new(Custom::new(id, columns.collect(), true)))
}

impl Custom {
    fn new(id: &DumpId, columns: Vec<(String, Attribute)>, atom: bool) -> Self {
        Self {
            id: id.clone(),
            atom,
            scale: true,
            image: false,
            columns: Columns::new(columns),
            whole_line: None,
            selection: Selection::default(),
            output: Output::new(&id.file),
            settings: FrameSettings::default(),
            units_written: false,
            headers: true,
        }
    }

    /// The columns that are written: of dump atom as `scale` and `image` say.
    fn written(&self) -> Columns {
        let mut columns = self.columns.clone();
        if self.atom {
            if self.scale {
                for (k, (word, a)) in columns.list[2..5].iter_mut().enumerate() {
                    word.push('s');
                    *a = Attribute::Scaled(k);
                }
            }
            if !self.image {
                columns.list.truncate(5);
            }
        }
        columns
    }

    /// `format line` of dump atom: the whole line, of which only `line` and `none` exist.
    fn atom_format(&mut self, k: &KeywordArgs<'_>) -> Result<()> {
        self.whole_line = match (k.str("which"), k.get("text")) {
            ("none", None) => None,
            ("line", Some(text)) => {
                let line: LineFormat = text
                    .parse()
                    .map_err(|e| Error::input(format!("{e}")).at(k.word("text")))?;
                Some(line)
            }
            (which, _) => {
                return Err(Error::input(format!(
                    "Illegal dump_modify format command: dump atom knows 'line TEXT' and 'none', found '{which}'"
                ))
                .at(k.position()));
            }
        };
        Ok(())
    }

    fn header(&mut self, columns: &Columns, atoms: usize, host: &dyn Host) -> Result<Vec<u8>> {
        let s = host.state();
        let mut h = String::new();
        if self.settings.units && (!self.units_written || self.output.one_per_frame()) {
            h += &format!("ITEM: UNITS\n{}\n", s.units.name);
            self.units_written = true;
        }
        if self.settings.time {
            h += &format!(
                "ITEM: TIME\n{}\n",
                crate::cformat::general(16, s.time_now())
            );
        }
        h += &format!(
            "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n{atoms}\n",
            s.step
        );
        h += &Self::box_bounds(columns, s)?;
        h += "ITEM: ATOMS";
        for heading in columns.headings() {
            h.push(' ');
            h += heading;
        }
        h.push('\n');
        Ok(h.into_bytes())
    }

    /// The item of the box: bounds, bounds of a triclinic box and its tilts, or edge vectors and corner.
    fn box_bounds(columns: &Columns, s: &State) -> Result<String> {
        let cell = s.cell("dump")?;
        let faces: Vec<String> = cell
            .boundary
            .iter()
            .map(|b| format!("{}{}", b[0].letter(), b[1].letter()))
            .collect();
        let (what, rows): (_, [Vec<f64>; 3]) = if let Some(cell) = columns.general_cell(s) {
            let edges = cell.general_vectors();
            let row = |k: usize| [edges[k].as_slice(), &cell.lo[k..=k]].concat();
            ("abc origin ", [0, 1, 2].map(row))
        } else if cell.triclinic {
            let (lo, hi) = cell.bounds();
            let row = |k: usize| vec![lo[k], hi[k], cell.tilt[k]];
            ("xy xz yz ", [0, 1, 2].map(row))
        } else {
            ("", [0, 1, 2].map(|k| vec![cell.lo[k], cell.hi[k]]))
        };
        let exponent: Conversion = "%-1.16e".parse().map_err(|_| Error::run("format"))?;
        let mut h = format!("ITEM: BOX BOUNDS {what}{}\n", faces.join(" "));
        for row in rows {
            let numbers = row
                .iter()
                .map(|v| crate::cformat::format_f64(&exponent, *v));
            h += &numbers.collect::<Vec<_>>().join(" ");
            h.push('\n');
        }
        Ok(h)
    }
}

impl Dump for Custom {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let signature = if self.atom { &MODIFY_ATOM } else { &MODIFY };
        let args = signature.parse("dump_modify", words)?;
        for k in args.keywords() {
            let columns = self.written().list.len();
            match k.name() {
                "scale" => self.scale = k.yes_no("value")?,
                "image" => self.image = k.yes_no("value")?,
                "header" => self.headers = k.yes_no("value")?,
                "format" if self.atom => self.atom_format(&k)?,
                _ => {
                    let _ = self.selection.modify(&k, columns, host)?
                        || self.output.modify(&k)?
                        || self.settings.modify(&k, &mut self.output)?
                        || self.columns.modify(&k, host)?;
                }
            }
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        let columns = self.written().list.len();
        if let Some(line) = &self.whole_line
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
        let columns = self.written();
        let (values, order) = self.settings.with_pbc(host, |host| {
            let values = columns.values(host)?;
            let order = self.selection.select(self.id.bit, &values, host)?;
            Ok((values, order))
        })?;
        let mut out = if self.headers {
            self.header(&columns, order.len(), host)?
        } else {
            Vec::new()
        };
        out.reserve(order.len() * columns.list.len() * 12);
        let format = match &self.whole_line {
            Some(line) => line.clone(),
            None => LineFormat::joined(&columns.formats(), " "),
        };
        let names = TypeNames::new(&self.selection, host);
        for &i in &order {
            format.write(&mut out, |c, k, out| {
                let v = values.get(k).map_or(0.0, |v| v[i]);
                columns.write(c, k, v, &names, out);
            });
            out.push(b'\n');
        }
        self.output.write(host.state().step, &out)
    }
}
