//! `dump custom` and `dump atom`: LAMMPS' text format with chosen columns.

use super::file_common::Output;
use super::selection_common::{Attribute, REGION, Selection, attributes, column};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{Conversion, LineFormat};
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, many, optional};

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
`*` in the file name makes one file per frame, `.gz` compresses.",
    examples: &["dump 1 all custom 100 traj.lammpstrj id type x y z ix iy iz"],
};

const ATOM: Signature = Signature {
    name: "atom",
    summary: "IDs, types and scaled positions in LAMMPS' text format",
    args: &[],
    keywords: &[],
    description: "Columns id type xs ys zs; `dump_modify scale no` gives x y z, `image yes` adds ix iy iz.",
    examples: &["dump 1 all atom 100 traj.dump"],
};

const COMMON: [Keyword; 18] = [
    REGION,
    keyword("buffer", &[arg("value", Kind::YesNo, "")], "without effect"),
    keyword(
        "header",
        &[arg("value", Kind::YesNo, "yes or no")],
        "write the header of every frame, default yes",
    ),
    keyword(
        "maxfiles",
        &[arg("N", Kind::Int, "number, -1 for all")],
        "keep only the last N files of a dump with * in its name",
    ),
    keyword(
        "pbc",
        &[arg("value", Kind::YesNo, "yes or no")],
        "wrap positions into the periodic box, default no",
    ),
    keyword(
        "types",
        &[arg("value", Kind::OneOf(&["numeric", "labels"]), "")],
        "how types are written, default numeric",
    ),
    keyword(
        "append",
        &[arg("value", Kind::YesNo, "append to an existing file")],
        "default no",
    ),
    keyword(
        "colname",
        &[
            arg("column", Kind::Word, "column or attribute"),
            arg("name", Kind::Word, "name in the header"),
        ],
        "",
    ),
    keyword(
        "element",
        &[many("name", Kind::Element, "element of each type")],
        "default: type labels, or elements by mass",
    ),
    keyword(
        "flush",
        &[arg("value", Kind::YesNo, "frames are always flushed")],
        "default yes",
    ),
    keyword(
        "format",
        &[
            arg("which", Kind::Word, "line, int, float or a column number"),
            optional("text", Kind::Word, "printf format"),
        ],
        "default %d, %g, %s",
    ),
    keyword(
        "image",
        &[arg("value", Kind::YesNo, "add image flags (dump atom)")],
        "default no",
    ),
    keyword(
        "pad",
        &[arg("digits", Kind::Int, "digits of the step in file names")],
        "default 0",
    ),
    keyword(
        "scale",
        &[arg("value", Kind::YesNo, "scaled positions (dump atom)")],
        "default yes",
    ),
    keyword(
        "sort",
        &[arg("order", Kind::Word, "off, id, column N or -N")],
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
        &[arg("value", Kind::YesNo, "write the simulation time")],
        "default no",
    ),
    keyword(
        "units",
        &[arg(
            "value",
            Kind::YesNo,
            "write the unit style before the first frame",
        )],
        "default no",
    ),
];

const MODIFY: Signature = Signature {
    name: "dump_modify custom",
    summary: "settings of dump custom and atom",
    args: &[],
    keywords: &COMMON,
    description: "",
    examples: &["dump_modify 1 sort id format float %.10g"],
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
    modify: &MODIFY,
    build: build_atom,
};

struct Custom {
    id: DumpId,
    /// `dump atom`, whose columns follow from `scale` and `image`.
    atom: bool,
    scale: bool,
    image: bool,
    columns: Vec<(String, Attribute)>,
    names: Vec<(usize, String)>,
    formats: Formats,
    selection: Selection,
    output: Output,
    time: bool,
    units: bool,
    units_written: bool,
    headers: bool,
    pbc: bool,
    labels: bool,
}

#[derive(Default)]
struct Formats {
    line: Option<LineFormat>,
    int: Option<Conversion>,
    float: Option<Conversion>,
    column: Vec<(usize, Conversion)>,
}

fn build_custom(id: &DumpId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    let columns = attributes(&args.all("attribute"), host)?;
    Ok(Box::new(Custom::new(id, columns, false)))
}

#[allow(clippy::unnecessary_wraps)]
fn build_atom(id: &DumpId, _: &Args, _: &mut dyn Host) -> Result<Box<dyn Dump>> {
    let mut dump = Custom::new(id, Vec::new(), true);
    dump.atom_columns();
    Ok(Box::new(dump))
}

/// Wraps all atoms into the periodic box; returns their positions and images before that.
fn wrapped(host: &mut dyn Host) -> (Vec<[f64; 3]>, Vec<[i32; 3]>) {
    let s = host.state_mut();
    let before = (s.atoms.x.clone(), s.atoms.image.clone());
    if let Some(cell) = &s.cell {
        let atoms = s.atoms.x.iter_mut().zip(&mut s.atoms.image);
        atoms.for_each(|(x, image)| cell.wrap(x, image));
    }
    before
}

impl Custom {
    fn new(id: &DumpId, columns: Vec<(String, Attribute)>, atom: bool) -> Self {
        Self {
            id: id.clone(),
            atom,
            scale: true,
            image: false,
            columns,
            names: Vec::new(),
            formats: Formats::default(),
            selection: Selection::default(),
            output: Output::new(&id.file),
            time: false,
            units: false,
            units_written: false,
            headers: true,
            pbc: false,
            labels: false,
        }
    }

    fn atom_columns(&mut self) {
        let positions = if self.scale {
            ["xs", "ys", "zs"]
        } else {
            ["x", "y", "z"]
        };
        let images: &[&str] = if self.image { &["ix", "iy", "iz"] } else { &[] };
        let words = ["id", "type"].iter().chain(&positions).chain(images);
        self.columns = words
            .filter_map(|w| Attribute::parse(w).map(|a| ((*w).to_string(), a)))
            .collect();
    }

    fn set_format(&mut self, which: &str, text: Option<&str>) -> Result<()> {
        if which == "none" {
            self.formats = Formats::default();
            return Ok(());
        }
        let text = text.ok_or_else(|| {
            Error::input(
                "Illegal dump_modify format command: missing argument(s): 'text' is not given",
            )
        })?;
        let conversion = || {
            text.parse::<Conversion>()
                .map_err(|e| Error::input(e.to_string()))
        };
        match which {
            "line" => {
                let line: LineFormat = text.parse().map_err(|e| Error::input(format!("{e}")))?;
                if line.values() != self.columns.len() {
                    return Err(Error::input(format!(
                        "dump_modify format line has {} conversions for {} columns",
                        line.values(),
                        self.columns.len()
                    )));
                }
                self.formats.line = Some(line);
            }
            "int" => self.formats.int = Some(conversion()?),
            "float" => self.formats.float = Some(conversion()?),
            _ => {
                let c = self.column_number(which)?;
                self.formats.column.push((c, conversion()?));
            }
        }
        Ok(())
    }

    /// A column by its number or name, from 0.
    fn column_number(&self, word: &str) -> Result<usize> {
        let by_number = word
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=self.columns.len()).contains(n))
            .map(|n| n - 1);
        by_number
            .or_else(|| self.columns.iter().position(|c| c.0 == word))
            .ok_or_else(|| {
                Error::input(format!("dump_modify: '{word}' is no column of this dump"))
                    .suggest(word, self.columns.iter().map(|c| c.0.as_str()))
            })
    }

    fn line_format(&self) -> LineFormat {
        if let Some(l) = &self.formats.line {
            return l.clone();
        }
        let conversions = self.columns.iter().enumerate().map(|(i, (_, a))| {
            let own = self
                .formats
                .column
                .iter()
                .rev()
                .find(|c| c.0 == i)
                .map(|c| c.1);
            own.unwrap_or_else(|| {
                if a.is_int() {
                    self.formats.int.unwrap_or(Conversion {
                        kind: crate::cformat::Kind::Int,
                        precision: None,
                        ..Conversion::general(6)
                    })
                } else if a.is_text() {
                    Conversion {
                        kind: crate::cformat::Kind::Text,
                        precision: None,
                        ..Conversion::general(6)
                    }
                } else {
                    self.formats.float.unwrap_or(Conversion::general(6))
                }
            })
        });
        LineFormat::spaced(conversions)
    }

    fn header(&mut self, atoms: usize, host: &dyn Host) -> Result<Vec<u8>> {
        let s = host.state();
        let cell = s.cell("dump")?;
        let mut h = String::new();
        if self.units && (!self.units_written || self.output.one_per_frame()) {
            h += &format!("ITEM: UNITS\n{}\n", s.units.name);
            self.units_written = true;
        }
        if self.time {
            h += &format!(
                "ITEM: TIME\n{}\n",
                crate::cformat::general(16, s.time_now())
            );
        }
        h += &format!(
            "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n{atoms}\n",
            s.step
        );
        let faces: Vec<String> = cell
            .boundary
            .iter()
            .map(|b| format!("{}{}", b[0].letter(), b[1].letter()))
            .collect();
        let (lo, hi) = if cell.triclinic {
            cell.bounds()
        } else {
            (cell.lo, cell.hi)
        };
        let tilts = if cell.triclinic { "xy xz yz " } else { "" };
        h += &format!("ITEM: BOX BOUNDS {tilts}{}\n", faces.join(" "));
        let exponent: Conversion = "%-1.16e".parse().map_err(|_| Error::run("format"))?;
        for k in 0..3 {
            let number = |v: f64| crate::cformat::format_f64(&exponent, v);
            h += &format!("{} {}", number(lo[k]), number(hi[k]));
            if cell.triclinic {
                h += &format!(" {}", number(cell.tilt[k]));
            }
            h.push('\n');
        }
        h += "ITEM: ATOMS";
        for (i, (name, _)) in self.columns.iter().enumerate() {
            let renamed = self
                .names
                .iter()
                .rev()
                .find(|n| n.0 == i)
                .map(|n| n.1.as_str());
            h.push(' ');
            h += renamed.unwrap_or(name);
        }
        h.push('\n');
        Ok(h.into_bytes())
    }
}

impl Dump for Custom {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            if self.selection.modify(&k, self.columns.len(), host)? || self.output.modify(&k)? {
                continue;
            }
            match k.name() {
                "scale" | "image" if !self.atom => {
                    return Err(Error::input(format!("dump_modify {} is for dump atom; name the columns of dump custom themselves", k.name())).at(k.position()));
                }
                "scale" => {
                    self.scale = k.yes_no("value")?;
                    self.atom_columns();
                }
                "image" => {
                    self.image = k.yes_no("value")?;
                    self.atom_columns();
                }
                "header" => self.headers = k.yes_no("value")?,
                "pbc" => self.pbc = k.yes_no("value")?,
                "types" => {
                    self.labels = k.str("value") == "labels";
                    if self.labels && host.state().types.label.iter().skip(1).any(Option::is_none) {
                        return Err(Error::input("Label map is incomplete: all types must be assigned a unique type label")
                            .at(k.word("value"))
                            .help("labelmap atom 1 Li 2 P ..."));
                    }
                }
                "maxfiles" => self
                    .output
                    .keep(k.int("N")?)
                    .map_err(|e| e.at(k.word("N")))?,
                "buffer" => {}
                "time" => self.time = k.yes_no("value")?,
                "units" => self.units = k.yes_no("value")?,
                "colname" => {
                    let c = self
                        .column_number(k.str("column"))
                        .map_err(|e| e.or_at(k.word("column")))?;
                    self.names.push((c, k.str("name").to_string()));
                }
                _ => self
                    .set_format(k.str("which"), k.get("text"))
                    .map_err(|e| e.or_at(k.position()))?,
            }
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
        let saved = self.pbc.then(|| wrapped(host));
        let values = self
            .columns
            .iter()
            .map(|(_, a)| column(a, host))
            .collect::<Result<Vec<_>>>();
        if let Some((x, image)) = saved {
            let atoms = &mut host.state_mut().atoms;
            (atoms.x, atoms.image) = (x, image);
        }
        let values = values?;
        let order = self.selection.select(self.id.bit, &values, host)?;
        let mut out = if self.headers {
            self.header(order.len(), host)?
        } else {
            Vec::new()
        };
        out.reserve(order.len() * self.columns.len() * 12);
        let format = self.line_format();
        let s = host.state();
        let names: Vec<(String, String)> = (0..=s.types.count)
            .map(|t| {
                let label = s.types.label[t].clone().unwrap_or_else(|| t.to_string());
                (
                    self.selection
                        .element(s, t as u32)
                        .unwrap_or_else(|| t.to_string()),
                    label,
                )
            })
            .collect();
        for &i in &order {
            format.write(&mut out, |c, k, out| {
                let v = values[k][i];
                match &self.columns[k].1 {
                    Attribute::Element => c.write_str(out, &names[v as usize].0),
                    Attribute::Type if self.labels => c.write_str(out, &names[v as usize].1),
                    Attribute::TypeLabel => c.write_str(out, &names[v as usize].1),
                    a if a.is_int() && !c.is_float() => c.write_i64(out, v as i64),
                    _ => c.write_f64(out, v),
                }
            });
            out.push(b'\n');
        }
        self.output.write(host.state().step, &out)
    }
}
