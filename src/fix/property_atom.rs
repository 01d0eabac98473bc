//! `fix property/atom`: further properties of atoms that a script defines.

use super::{Fix, FixEntry, FixId};
use crate::domain::State;
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
        "mol, q, rmass, i_NAME (whole number), d_NAME (number), i2_NAME N, d2_NAME N (N numbers per atom)",
    )],
    keywords: &[
        keyword(
            "ghost",
            &[arg("value", Kind::YesNo, "yes or no")],
            "without effect: ghosts have all properties that are needed",
        ),
        keyword(
            "writedata",
            &[arg("value", Kind::YesNo, "default yes")],
            "whether write_data writes the properties",
        ),
    ],
    description: "Values begin at 0 and are set by `set group all d_NAME value`; `dump custom` and `compute property/atom` know \
the same words, arrays with a column: `d2_NAME[1]`. Restart files keep them; after `read_restart` give the fix again. `unfix` \
removes the properties.\n\n`mol`, `q` and `rmass` give molecule IDs, charges and masses to atoms whose style does not have them: `set` fills \
them by its keywords `mol`, `charge` and `mass`, and pair styles, computes, groups and dumps use them as if they came from \
the atom style. With `rmass`, every atom needs a mass, and those of the types are not used.\n\n`read_data FILE fix ID NULL SECTION` fills the properties from a section with one line per atom: its ID and the values in the order of the properties; the fix may be defined before the box for that. `write_data` writes such a section, named after the fix.\n\n\
Related: set, compute property/atom",
    examples: &[
        "fix p all property/atom mol q",
        "fix p all property/atom i_site d_weight",
        "fix p all property/atom d2_flux 3",
    ],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

/// Properties that some atom styles have by themselves.
const STANDARD: [&str; 3] = ["mol", "q", "rmass"];

struct PropertyAtom {
    names: Vec<String>,
    written: bool,
}

fn build(_: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let words = args.all("property");
    let mut names: Vec<String> = Vec::new();
    let mut k = 0;
    while let Some(&(at, word)) = words.get(k) {
        k += 1;
        let mut columns = 1;
        let key = match CustomName::parse(word).filter(|n| n.column.is_none()) {
            _ if STANDARD.contains(&word) => word.to_owned(),
            Some(name) => {
                if name.array {
                    columns = width(&words, k).map_err(|e| e.at(at))?;
                    k += 1;
                }
                name.key
            }
            None => {
                return Err(Error::input(format!(
                    "Illegal fix property/atom command: unknown property '{word}'"
                ))
                .at(at)
                .help("properties are mol, q, rmass, i_NAME, d_NAME, i2_NAME N, d2_NAME N"));
            }
        };
        if names.contains(&key) {
            return Err(
                Error::input(format!("Fix property/atom cannot specify {key} twice")).at(at),
            );
        }
        if STANDARD.contains(&key.as_str()) {
            define_standard(host.state_mut(), &key).map_err(|e| e.or_at(at))?;
        } else {
            define(host, &key, columns).map_err(|e| e.or_at(at))?;
        }
        names.push(key);
    }
    if names.is_empty() {
        return Err(Error::input(
            "Illegal fix property/atom command: missing argument(s): no property is given",
        ));
    }
    let written = args.keyword("writedata");
    Ok(Box::new(PropertyAtom {
        names,
        written: written.map_or(Ok(true), |k| k.yes_no("value"))?,
    }))
}

/// The number of columns, which stands at word `k` behind the name of an array.
fn width(words: &[(usize, &str)], k: usize) -> Result<usize> {
    let number = words.get(k).and_then(|w| parse_int(w.1));
    match number.filter(|n| (1..=1000).contains(n)) {
        Some(n) => Ok(n as usize),
        None => Err(Error::input(format!(
            "fix property/atom {} needs its number of columns",
            words[k - 1].1
        ))),
    }
}

/// Adds molecules, charges or masses; those of a restart file keep their values.
fn define_standard(state: &mut State, name: &str) -> Result<()> {
    let listed = state.atom_style.listed();
    let n = state.atoms.len();
    let has = |what: &str| {
        Err(Error::input(format!(
            "Fix property/atom {name} when atom_style {} already has {what} attribute",
            listed.name
        )))
    };
    match name {
        "mol" if listed.molecule => return has("molecule"),
        "q" if listed.charge => return has("charge"),
        "mol" => {
            state.atom_style.molecule = true;
            state.atoms.molecule.resize(n, 0);
        }
        "q" => {
            state.atom_style.charge = true;
            state.atoms.q.resize(n, 0.0);
        }
        _ => state.atoms.rmass.get_or_insert_default().resize(n, 0.0),
    }
    state.touch();
    Ok(())
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

    fn writes_properties(&self) -> bool {
        self.written
    }

    fn removed(&mut self, host: &mut dyn Host) {
        let state = host.state_mut();
        for name in &self.names {
            match name.as_str() {
                "mol" => {
                    state.atom_style.molecule = false;
                    state.atoms.molecule.clear();
                }
                "q" => {
                    state.atom_style.charge = false;
                    state.atoms.q.clear();
                }
                "rmass" => state.atoms.rmass = None,
                name => {
                    state.atoms.custom.shift_remove(name);
                }
            }
        }
        state.touch();
    }
}
