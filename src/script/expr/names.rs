//! The words of formulas.

use super::host::GroupFunction;
use super::{Binary, Feature, Reduction};

/// A math function and its number of arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MathFunction {
    Sqrt,
    Exp,
    Ln,
    Log,
    Abs,
    Sign,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Random,
    Normal,
    Ceil,
    Floor,
    Round,
    Ramp,
    Stagger,
    Logfreq,
    Logfreq2,
    Logfreq3,
    Stride,
    Stride2,
    Vdisplace,
    Swiggle,
    Cwiggle,
}

use MathFunction as M;

/// Name, function, number of arguments.
pub(super) const MATH: &[(&str, M, usize)] = &[
    ("sqrt", M::Sqrt, 1),
    ("exp", M::Exp, 1),
    ("ln", M::Ln, 1),
    ("log", M::Log, 1),
    ("abs", M::Abs, 1),
    ("sign", M::Sign, 1),
    ("sin", M::Sin, 1),
    ("cos", M::Cos, 1),
    ("tan", M::Tan, 1),
    ("asin", M::Asin, 1),
    ("acos", M::Acos, 1),
    ("atan", M::Atan, 1),
    ("atan2", M::Atan2, 2),
    ("random", M::Random, 3),
    ("normal", M::Normal, 3),
    ("ceil", M::Ceil, 1),
    ("floor", M::Floor, 1),
    ("round", M::Round, 1),
    ("ramp", M::Ramp, 2),
    ("stagger", M::Stagger, 2),
    ("logfreq", M::Logfreq, 3),
    ("logfreq2", M::Logfreq2, 3),
    ("logfreq3", M::Logfreq3, 3),
    ("stride", M::Stride, 3),
    ("stride2", M::Stride2, 6),
    ("vdisplace", M::Vdisplace, 2),
    ("swiggle", M::Swiggle, 3),
    ("cwiggle", M::Cwiggle, 3),
];

impl MathFunction {
    /// Number of arguments.
    pub fn arity(self) -> usize {
        MATH.iter()
            .find(|(_, f, _)| *f == self)
            .map_or(0, |&(_, _, n)| n)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        MATH.iter()
            .find(|(_, f, _)| *f == self)
            .map_or("", |&(n, _, _)| n)
    }
}

const XYZ: &[&str] = &["x", "y", "z"];
const BOUNDS: &[&str] = &["xmin", "xmax", "ymin", "ymax", "zmin", "zmax"];
const TENSOR: &[&str] = &["xx", "yy", "zz", "xy", "yz", "xz"];

/// Name, function, components.
pub(super) const GROUP: &[(&str, GroupFunction, &[&str])] = &[
    ("count", GroupFunction::Count, &[]),
    ("mass", GroupFunction::Mass, &[]),
    ("charge", GroupFunction::Charge, &[]),
    ("xcm", GroupFunction::Xcm, XYZ),
    ("vcm", GroupFunction::Vcm, XYZ),
    ("fcm", GroupFunction::Fcm, XYZ),
    ("bound", GroupFunction::Bound, BOUNDS),
    ("gyration", GroupFunction::Gyration, &[]),
    ("ke", GroupFunction::Ke, &[]),
    ("angmom", GroupFunction::Angmom, XYZ),
    ("torque", GroupFunction::Torque, XYZ),
    ("inertia", GroupFunction::Inertia, TENSOR),
    ("omega", GroupFunction::Omega, XYZ),
];

/// Reductions of a global vector.
pub(super) const REDUCE: &[(&str, Reduction)] = &[
    ("sum", Reduction::Sum),
    ("min", Reduction::Min),
    ("max", Reduction::Max),
    ("ave", Reduction::Ave),
    ("trap", Reduction::Trap),
    ("slope", Reduction::Slope),
];

/// Questions about the program, and the categories they know.
pub(super) const FEATURE: &[(&str, Feature, &[&str])] = &[
    (
        "is_available",
        Feature::Available,
        &[
            "command",
            "compute",
            "fix",
            "pair_style",
            "feature",
            "pair",
            "bond",
            "angle",
            "dihedral",
            "improper",
            "kspace",
            "integrate",
            "minimize",
            "dump",
            "region",
            "atom",
        ],
    ),
    (
        "is_active",
        Feature::Active,
        &[
            "package",
            "newton",
            "pair",
            "comm_style",
            "min_style",
            "run_style",
            "atom_style",
            "pair_style",
            "bond_style",
            "angle_style",
            "dihedral_style",
            "improper_style",
            "kspace_style",
        ],
    ),
    (
        "is_defined",
        Feature::Defined,
        &["compute", "dump", "fix", "group", "region", "variable"],
    ),
];

/// Other functions, whose arguments are no formulas.
pub(super) const SPECIAL: &[&str] = &[
    "ternary",
    "sort",
    "rsort",
    "gmask",
    "rmask",
    "grmask",
    "next",
    "is_file",
    "is_os",
    "extract_setting",
    "label2type",
    "is_typelabel",
    "is_timeout",
];

/// `version`: the LAMMPS version whose behaviour is followed.
const VERSION: f64 = 20_250_722.0;

/// Constants.
pub(super) const CONSTANTS: &[(&str, f64)] = &[
    ("PI", std::f64::consts::PI),
    ("version", VERSION),
    ("yes", 1.0),
    ("no", 0.0),
    ("on", 1.0),
    ("off", 0.0),
    ("true", 1.0),
    ("false", 0.0),
];

/// A per-atom property that formulas know by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AtomProperty {
    Id,
    Mass,
    Type,
    Mol,
    Radius,
    Charge,
    /// Wrapped coordinate along axis 0, 1 or 2.
    X(usize),
    /// Velocity along an axis.
    V(usize),
    /// Force along an axis.
    F(usize),
    /// Image flag along an axis.
    Image(usize),
}

use AtomProperty as A;

/// Names of per-atom properties.
pub(super) const ATOMS: &[(&str, A)] = &[
    ("id", A::Id),
    ("mass", A::Mass),
    ("type", A::Type),
    ("mol", A::Mol),
    ("radius", A::Radius),
    ("q", A::Charge),
    ("x", A::X(0)),
    ("y", A::X(1)),
    ("z", A::X(2)),
    ("vx", A::V(0)),
    ("vy", A::V(1)),
    ("vz", A::V(2)),
    ("fx", A::F(0)),
    ("fy", A::F(1)),
    ("fz", A::F(2)),
    ("ix", A::Image(0)),
    ("iy", A::Image(1)),
    ("iz", A::Image(2)),
];

/// Operators and how tightly they bind.
pub(super) const OPERATORS: &[(&str, Binary, u8)] = &[
    ("||", Binary::Or, 1),
    ("|^", Binary::Xor, 1),
    ("&&", Binary::And, 2),
    ("==", Binary::Eq, 3),
    ("!=", Binary::Ne, 3),
    ("<", Binary::Lt, 4),
    ("<=", Binary::Le, 4),
    (">", Binary::Gt, 4),
    (">=", Binary::Ge, 4),
    ("+", Binary::Add, 5),
    ("-", Binary::Sub, 5),
    ("*", Binary::Mul, 6),
    ("/", Binary::Div, 6),
    ("%", Binary::Rem, 6),
    ("^", Binary::Pow, 7),
];

/// How tightly unary operators bind.
pub(super) const UNARY: u8 = 8;

/// The operator with this sign, and how tightly it binds.
pub(super) fn operator(sign: &str) -> Option<(Binary, u8)> {
    OPERATORS
        .iter()
        .find(|(s, _, _)| *s == sign)
        .map(|&(_, b, p)| (b, p))
}

/// Names of all functions.
pub(super) fn functions() -> impl Iterator<Item = &'static str> {
    MATH.iter()
        .map(|f| f.0)
        .chain(GROUP.iter().map(|f| f.0))
        .chain(REDUCE.iter().map(|f| f.0))
        .chain(FEATURE.iter().map(|f| f.0))
        .chain(SPECIAL.iter().copied())
}

/// All words a formula may consist of, besides thermo keywords: for completion and suggestions.
pub fn suggestions() -> impl Iterator<Item = &'static str> {
    CONSTANTS
        .iter()
        .map(|c| c.0)
        .chain(ATOMS.iter().map(|a| a.0))
        .chain(functions())
}
