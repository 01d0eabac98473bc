//! What binary dumps of positions share: the atoms of every frame and settings of `dump_modify`.

use crate::domain::State;
use crate::domain::host::Host;
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::signature::{Keyword, Kind, arg, keyword};

/// `sort`
pub const SORT: Keyword = keyword(
    "sort",
    &[arg("order", Kind::OneOf(&["id"]), "always by ID")],
    "default id",
);
/// `unwrap`
pub const UNWRAP: Keyword = keyword(
    "unwrap",
    &[arg("value", Kind::YesNo, "write unwrapped positions")],
    "default no",
);

/// Evaluates `call` with all atoms wrapped into the periodic box, if `pbc` asks for it; they are put back afterwards.
///
/// # Errors
/// Those of `call`.
pub fn with_pbc<T>(
    pbc: bool,
    host: &mut dyn Host,
    call: impl FnOnce(&mut dyn Host) -> Result<T>,
) -> Result<T> {
    if !pbc {
        return call(host);
    }
    let s = host.state_mut();
    let before = (s.atoms.x.clone(), s.atoms.image.clone());
    if let Some(cell) = &s.cell {
        let atoms = s.atoms.x.iter_mut().zip(&mut s.atoms.image);
        atoms.for_each(|(x, image)| cell.wrap(x, image));
    }
    let result = call(host);
    let atoms = &mut host.state_mut().atoms;
    (atoms.x, atoms.image) = before;
    result
}

/// Positions of the atoms of a group in the order of their IDs, of a dump whose frames have `atoms` atoms.
///
/// # Errors
/// The group has another number of atoms now.
pub fn frame(
    s: &State,
    style: &str,
    bit: u32,
    atoms: usize,
    unwrap: bool,
) -> Result<Vec<[f64; 3]>> {
    let mut order: Vec<usize> = members(s, bit).collect();
    if order.len() != atoms {
        return Err(Error::run(format!(
            "Dump {style} of {atoms} atoms: the group now has {}",
            order.len()
        )));
    }
    order.sort_by_key(|&i| s.atoms.id[i]);
    let position = |i: usize| {
        if unwrap {
            unwrapped(s, i)
        } else {
            s.atoms.x[i]
        }
    };
    Ok(order.into_iter().map(position).collect())
}
