//! Keywords of `dump_modify` that several dumps know: those of all text dumps are `COMMON`, to which a style adds its own.

use super::selection_common::REGION;
use crate::signature::{Keyword, Kind, arg, keyword, many, optional};

/// `append`
pub const APPEND: Keyword = keyword(
    "append",
    &[arg("value", Kind::YesNo, "append to an existing file")],
    "default no",
);
/// `element`
pub const ELEMENT: Keyword = keyword(
    "element",
    &[many("name", Kind::Element, "element of each type")],
    "default: type labels, else elements by mass",
);
/// `flush`
pub const FLUSH: Keyword = keyword(
    "flush",
    &[arg("value", Kind::YesNo, "frames are always flushed")],
    "default yes",
);
/// `pad`
pub const PAD: Keyword = keyword(
    "pad",
    &[arg("digits", Kind::Int, "digits of the step in file names")],
    "default 0",
);
/// `sort`
pub const SORT: Keyword = keyword(
    "sort",
    &[arg("order", Kind::Word, "off, id, column N or -N")],
    "default off",
);
/// `thresh`
pub const THRESH: Keyword = keyword(
    "thresh",
    &[
        arg("attribute", Kind::Word, "attribute or none"),
        optional("operator", Kind::Word, "< <= > >= == !="),
        optional("value", Kind::Word, "number"),
    ],
    "write only atoms for which this holds",
);
/// `types`
pub const TYPES: Keyword = keyword(
    "types",
    &[arg("value", Kind::OneOf(&["numeric", "labels"]), "")],
    "how types are written, default numeric",
);
/// `pbc`
pub const PBC: Keyword = keyword(
    "pbc",
    &[arg("value", Kind::YesNo, "yes or no")],
    "wrap positions into the periodic box, default no",
);
/// `time`
pub const TIME: Keyword = keyword(
    "time",
    &[arg("value", Kind::YesNo, "write the simulation time")],
    "default no",
);
/// `units`
pub const UNITS: Keyword = keyword(
    "units",
    &[arg(
        "value",
        Kind::YesNo,
        "write the unit style before the first frame",
    )],
    "default no",
);
/// `format`
pub const FORMAT: Keyword = keyword(
    "format",
    &[
        arg("which", Kind::Word, "line, int, float or a column number"),
        optional("text", Kind::Word, "printf format"),
    ],
    "default %d, %g, %s",
);
/// `maxfiles`
pub const MAXFILES: Keyword = keyword(
    "maxfiles",
    &[arg("N", Kind::Int, "number, -1 for all")],
    "keep only the last N files of a dump with * in its name",
);
/// `buffer`
pub const BUFFER: Keyword = keyword(
    "buffer",
    &[arg("value", Kind::YesNo, "yes or no")],
    "without effect",
);
/// `balance`
pub const BALANCE: Keyword = keyword(
    "balance",
    &[arg("value", Kind::YesNo, "yes or no")],
    "without effect: one process writes the file",
);
/// `nfile`
pub const NFILE: Keyword = keyword(
    "nfile",
    &[arg("N", Kind::Count, "number")],
    "for names with %: one process writes one file",
);
/// `fileper`
pub const FILEPER: Keyword = keyword(
    "fileper",
    &[arg("N", Kind::Count, "number")],
    "for names with %: one process writes one file",
);
/// `colname`
pub const COLNAME: Keyword = keyword(
    "colname",
    &[
        arg(
            "column",
            Kind::Word,
            "column (negative from the end), attribute, or default",
        ),
        optional("name", Kind::Word, "name in the header"),
    ],
    "",
);
/// `triclinic/general`
pub const TRICLINIC_GENERAL: Keyword = keyword(
    "triclinic/general",
    &[arg("value", Kind::YesNo, "yes or no")],
    "write box, positions, velocities and forces as the general triclinic box was defined, default no",
);

/// What every text dump takes.
const COMMON: [Keyword; 13] = [
    BALANCE, BUFFER, FILEPER, FLUSH, FORMAT, MAXFILES, NFILE, PAD, PBC, REGION, SORT, THRESH, TIME,
];

/// The keywords of a text dump: its own, then those of all; `N` is the sum of both numbers.
pub const fn with_common<const OWN: usize, const N: usize>(own: [Keyword; OWN]) -> [Keyword; N] {
    assert!(N == OWN + COMMON.len(), "N keywords are not the sum");
    let mut all = [COMMON[0]; N];
    let mut k = 0;
    while k < N {
        all[k] = if k < OWN { own[k] } else { COMMON[k - OWN] };
        k += 1;
    }
    all
}
