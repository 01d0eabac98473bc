//! `fix property/atom`: further properties of atoms that a script defines.

use super::{Fix, FixEntry, FixId};
use crate::domain::custom::{Custom, CustomName};
use crate::domain::host::Host;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, keyword, many};
use crate::signature::{arg, parse_int};

const SIGNATURE: Signature = Signature {
    name: "property/atom",
    summary: "defines further properties of atoms",
    args: &[many(
        "property",
        Kind::Word,
        "i_NAME (whole number), d_NAME (number), i2_NAME N, d2_NAME N (N numbers per atom)",
    )],
    keywords: &[keyword(
        "ghost",
        &[arg("value", Kind::YesNo, "yes or no")],
        "without effect: ghosts need no properties here",
    )],
    description: "Values begin at 0 and are set by `set group all d_NAME value`; `dump custom` and `compute property/atom` know \
the same words, arrays with a column: `d2_NAME[1]`. Restart files keep them; after `read_restart` give the fix again. `unfix` \
removes the properties.\n\nRestrictions: `mol`, `q` and `rmass` come from the atom style.\n\n`read_data FILE fix ID NULL SECTION` fills the properties from a section with one line per atom: its ID and the values in the order of the properties; the fix may be defined before the box for that. `write_data` writes such a section, named after the fix.\n\n\
Related: set, compute property/atom",
    examples: &[
        "fix p all property/atom i_site d_weight",
        "fix p all property/atom d2_flux 3",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

struct PropertyAtom {
    names: Vec<String>,
}

fn build(_: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let words = args.all("property");
    let mut names = Vec::new();
    let mut k = 0;
    while let Some(&(at, word)) = words.get(k) {
        k += 1;
        if matches!(word, "mol" | "q" | "rmass") {
            return Err(Error::input(format!("fix property/atom {word} is not supported"))
                .at(at)
                .help("atom_style charge, bond, molecular and full have charges and molecules; masses belong to types"));
        }
        let name = CustomName::parse(word)
            .filter(|n| n.column.is_none())
            .ok_or_else(|| {
                Error::input(format!(
                    "Illegal fix property/atom command: unknown property '{word}'"
                ))
                .at(at)
                .help("properties are i_NAME, d_NAME, i2_NAME N, d2_NAME N")
            })?;
        let mut columns = 1;
        if name.array {
            let n = words
                .get(k)
                .and_then(|w| parse_int(w.1))
                .filter(|n| (1..=1000).contains(n));
            columns = n.ok_or_else(|| {
                Error::input(format!(
                    "fix property/atom {word} needs its number of columns"
                ))
                .at(at)
            })? as usize;
            k += 1;
        }
        define(host, &name.key, columns).map_err(|e| e.or_at(at))?;
        names.push(name.key);
    }
    if names.is_empty() {
        return Err(Error::input(
            "Illegal fix property/atom command: missing argument(s): no property is given",
        ));
    }
    Ok(Box::new(PropertyAtom { names }))
}

/// Adds a property; one that a restart file brought keeps its values.
fn define(host: &mut dyn Host, key: &str, columns: usize) -> Result<()> {
    let atoms = &mut host.state_mut().atoms;
    let n = atoms.len() * columns;
    match atoms.custom.get(key) {
        Some(c) if c.columns != columns => Err(Error::input(format!(
            "Fix property/atom name {key} already exists with {} columns",
            c.columns
        ))),
        Some(_) => Ok(()),
        None => {
            let values = vec![0.0; n];
            atoms
                .custom
                .insert(key.to_owned(), Custom { columns, values });
            Ok(())
        }
    }
}

impl Fix for PropertyAtom {
    fn properties(&self) -> &[String] {
        &self.names
    }

    fn removed(&mut self, host: &mut dyn Host) {
        let custom = &mut host.state_mut().atoms.custom;
        self.names.iter().for_each(|n| {
            custom.shift_remove(n);
        });
    }
}
