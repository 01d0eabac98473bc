//! `compute property/atom`: attributes of atoms as per-atom values.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::attribute::{ATTRIBUTES, Attribute, column, require_custom};
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, many};

const SIGNATURE: Signature = Signature {
    name: "property/atom",
    summary: "attributes of atoms as per-atom values",
    args: &[many(
        "attribute",
        Kind::Word,
        "id mol proc type mass q x y z xs ys zs xu yu zu ix iy iz vx vy vz fx fy fz nbonds, i_NAME d_NAME i2_NAME[k] d2_NAME[k] of fix property/atom",
    )],
    keywords: &[],
    description: "One attribute gives a per-atom vector, several give an array; 0 for atoms outside the group. Useful with \
`compute reduce` and in formulas.",
    examples: &["compute p all property/atom xs ys zs"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct PropertyAtom {
    bit: u32,
    attributes: Vec<Attribute>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let style = host.state().atom_style;
    let mut attributes = Vec::new();
    for (at, word) in args.all("attribute") {
        let missing = |what: &str| {
            Error::input(format!("Compute property/atom property {word} is not allocated: atom_style {} has no {what}", style.name)).at(at)
        };
        match Attribute::parse(word) {
            Some(Attribute::Charge) if !style.charge => return Err(missing("charges")),
            Some(Attribute::Molecule) if !style.molecule => return Err(missing("molecules")),
            Some(Attribute::Bonds) if !style.bonds => return Err(missing("bonds")),
            Some(a @ Attribute::Custom(..)) => {
                require_custom(&a, host).map_err(|e| e.or_at(at))?;
                attributes.push(a);
            }
            Some(a) if !a.is_text() && !matches!(a, Attribute::Value(_)) => attributes.push(a),
            _ => {
                return Err(Error::input(format!(
                    "Invalid keyword {word} for compute property/atom command"
                ))
                .at(at)
                .suggest(word, ATTRIBUTES.iter().copied()));
            }
        }
    }
    if attributes.is_empty() {
        return Err(Error::input(
            "Illegal compute property/atom command: missing argument(s): no attribute is given",
        ));
    }
    Ok(Box::new(PropertyAtom {
        bit: id.bit,
        attributes,
    }))
}

impl Compute for PropertyAtom {
    fn output(&self) -> Output {
        let n = self.attributes.len();
        Output {
            per_atom: Some(if n == 1 { 0 } else { n }),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let columns = self.attributes.len();
        let mut values = vec![0.0; columns * host.state().atoms.len()];
        for (c, a) in self.attributes.iter().enumerate() {
            let all = column(a, host)?;
            for i in members(host.state(), self.bit) {
                values[i * columns + c] = all[i];
            }
        }
        Ok(if columns == 1 {
            Data::PerAtom(values)
        } else {
            Data::PerAtomArray { columns, values }
        })
    }
}
