//! What binary dumps of positions share: the atoms of every frame and settings of `dump_modify`.

use crate::domain::State;
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::signature::{Keyword, Kind, arg, keyword};

/// `flush`
pub const FLUSH: Keyword = keyword(
    "flush",
    &[arg("value", Kind::YesNo, "frames are always flushed")],
    "default yes",
);
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
