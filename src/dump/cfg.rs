//! `dump cfg`: the extended CFG format of AtomEye (<http://li.mit.edu/Archive/Graphics/A/#extended_CFG>).

use super::columns_common::{Columns, FrameSettings, TypeNames};
use super::file_common::Output;
use super::keywords_common::*;
use super::selection_common::{Selection, attributes};
use super::{Dump, DumpEntry, DumpId};
use crate::cformat::{LineFormat, general};
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, Signature, many};

const SIGNATURE: Signature = Signature {
    name: "cfg",
    summary: "positions and chosen per-atom columns in the extended CFG format of AtomEye",
    args: &[many(
        "attribute",
        Kind::Word,
        "mass type xs ys zs or mass type xsu ysu zsu, then attributes as of dump custom",
    )],
    keywords: &[],
    description: "One file per frame: the name must contain `*`. For every atom a line with its mass, one with its element and one with \
the other columns. Elements come from `dump_modify element`, type labels or masses; without any of them they are C. Unwrapped \
positions (xsu) are written in a cell of ten times the size, as LAMMPS does, because AtomEye wraps what is outside.\n\n\
Related: dump custom, dump extxyz",
    examples: &["dump 1 all cfg 100 snap.*.cfg mass type xs ys zs id vx vy vz"],
};

const KEYWORDS: [Keyword; 17] = with_common([COLNAME, ELEMENT, TRICLINIC_GENERAL, UNITS]);

const MODIFY: Signature = Signature {
    name: "dump_modify cfg",
    summary: "settings of dump cfg",
    args: &[],
    keywords: &KEYWORDS,
    description: "`colname` renames columns behind the fifth. Formats of the first two columns are not used; `time` and \
`units` change nothing, because the format has no place for them.",
    examples: &["dump_modify 1 element Li P S Cl sort id"],
};

/// The line of the table.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &SIGNATURE,
    modify: &MODIFY,
    build,
};

/// How much larger the cell is drawn for unwrapped positions.
const EXPANSION: f64 = 10.0;

struct Cfg {
    id: DumpId,
    columns: Columns,
    unwrapped: bool,
    selection: Selection,
    output: Output,
    settings: FrameSettings,
}

fn build(id: &DumpId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    let words = args.all("attribute");
    let first: Vec<&str> = words.iter().take(5).map(|w| w.1).collect();
    let unwrapped = match first.as_slice() {
        ["mass", "type", "xs", "ys", "zs"] => false,
        ["mass", "type", "xsu", "ysu", "zsu"] => true,
        _ => {
            return Err(Error::input(
                "Dump cfg arguments must start with 'mass type xs ys zs' or 'mass type xsu ysu zsu'",
            )
            .at(words.first().map_or(0, |w| w.0)));
        }
    };
    let output = Output::new(&id.file);
    // write_dump writes a single frame
    if id.every > 0 && !output.one_per_frame() {
        return Err(Error::input(format!(
            "Dump cfg requires one snapshot per file: '{}' has no '*'",
            id.file
        )));
    }
    Ok(Box::new(Cfg {
        id: id.clone(),
        columns: Columns::new(attributes(&words, host)?),
        unwrapped,
        selection: Selection::default(),
        output,
        settings: FrameSettings::default(),
    }))
}

/// `c_ID[2]` as `c_ID_2`: brackets mean something in the format.
fn plain(word: &str) -> String {
    word.replace('[', "_").replace(']', "")
}

impl Cfg {
    fn header(&self, atoms: usize, host: &dyn Host) -> Result<String> {
        let s = host.state();
        let cell = s.cell("dump cfg")?;
        let scale = if self.unwrapped { EXPANSION } else { 1.0 };
        let mut h = format!(
            "Number of particles = {atoms}\nA = {} Angstrom (basic length-scale)\n",
            general(6, scale)
        );
        for (i, row) in cell.vectors().iter().enumerate() {
            for (j, v) in row.iter().enumerate() {
                h += &format!("H0({},{}) = {} A\n", i + 1, j + 1, general(6, *v));
            }
        }
        let columns = self.columns.list.len();
        h += &format!(".NO_VELOCITY.\nentry_count = {}\n", columns - 2);
        for i in 5..columns {
            let name = match self.columns.renamed(i) {
                Some(name) => name.to_string(),
                None => plain(&self.columns.list[i].0),
            };
            h += &format!("auxiliary[{}] = {name}\n", i - 5);
        }
        Ok(h)
    }

    /// Element of type `t`, C if nothing tells it.
    fn element(&self, t: f64, host: &dyn Host) -> String {
        let known = self.selection.element(host.state(), t as u32);
        known.unwrap_or_else(|| "C".to_string())
    }
}

impl Dump for Cfg {
    fn modify(&mut self, words: &[&str], host: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            let _ = self.selection.modify(&k, self.columns.list.len(), host)?
                || self.output.modify(&k)?
                || self.settings.modify(&k, &mut self.output)?
                || self.columns.modify(&k, host)?;
        }
        Ok(())
    }

    fn init(&mut self, _: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        let (values, order) = self.settings.with_pbc(host, |host| {
            let mut values = self.columns.values(host)?;
            let order = self.selection.select(self.id.bit, &values, host)?;
            if self.unwrapped {
                let positions = values[2..5].iter_mut().flatten();
                positions.for_each(|x| *x = (*x - 0.5) / EXPANSION + 0.5);
            }
            Ok((values, order))
        })?;
        let mut out = self.header(order.len(), host)?.into_bytes();
        let line = LineFormat::joined(&self.columns.formats()[2..], " ");
        let names = TypeNames::new(&self.selection, host);
        for &i in &order {
            let element = self.element(values[1][i], host);
            out.extend_from_slice(format!("{:.6} \n{element} \n", values[0][i]).as_bytes());
            line.write(&mut out, |c, k, out| {
                let v = values.get(k + 2).map_or(0.0, |v| v[i]);
                self.columns.write(c, k + 2, v, &names, out);
            });
            out.push(b'\n');
        }
        self.output.write(host.state().step, &out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_become_underscores() {
        assert_eq!(plain("c_s[3]"), "c_s_3");
        assert_eq!(plain("vx"), "vx");
    }
}
