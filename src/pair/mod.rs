//! Pair styles: the trait and the table of styles. One file and one line in [`PAIR_STYLES`] per style.
//!
//! May import `kspace`, `ml`, `domain`, `io`, `simd` and the bottom modules. Styles never import each
//! other: hybrid styles make their sub-styles through [`find`].

pub(crate) mod bitmap;
mod born;
mod buck;
pub mod coeffs;

mod coul;
mod deepmd;
mod dispersion_d3;
mod e3gnn;
mod eam;
pub mod forces;
mod form;
mod hybrid;
mod lennard_jones;
mod lj_coul;
mod lj_cut;
mod mace;
mod manybody;
mod morse;
mod nequip;
mod network;
mod pace;
mod pairwise;
mod potential_file;
mod soft_core;
mod sw;
mod table;
mod tersoff;
mod zbl;
mod zero;

pub use coeffs::TypePairs;
pub use forces::{collect, prepare};

use crate::domain::host::{Data, Part, Source};
use crate::domain::state::PairPart;
use crate::domain::{Bricks, Comm, Needs, SpecialBonds, State, Tally};
use crate::error::{Error, Result};
use crate::ml::formats::kind::Family;
use crate::signature::{Args, Signature};
use network::NetworkModel;

/// `pair_modify` settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairModify {
    /// Mixing rule; `None` is the default of the style.
    pub mix: Option<Mix>,
    /// Energies shifted to zero at the cutoff.
    pub shift: bool,
    /// Long-range van der Waals corrections.
    pub tail: bool,
    /// Bits of the Coulomb table, 0 for exact evaluation.
    pub table: u32,
    /// Distance below which the Coulomb table is not used, length units.
    pub tabinner: f64,
    /// Whether the style is evaluated at all.
    pub compute: bool,
    /// Weights of bonded pairs (1-2, 1-3, 1-4) of a sub-style instead of those of `special_bonds`: van der Waals and
    /// Coulomb.
    pub special: [Option<[f64; 3]>; 2],
}

impl Default for PairModify {
    fn default() -> Self {
        Self {
            mix: None,
            shift: false,
            tail: false,
            table: 12,
            tabinner: std::f64::consts::SQRT_2,
            compute: true,
            special: [None; 2],
        }
    }
}

impl PairModify {
    /// `special_bonds` with the weights that are set here.
    fn weights(&self, mut global: SpecialBonds) -> SpecialBonds {
        let [lj, coul] = self.special;
        if let Some(w) = lj {
            global.lj[1..].copy_from_slice(&w);
        }
        if let Some(w) = coul {
            global.coul[1..].copy_from_slice(&w);
        }
        global
    }
}

/// Rules for coefficients of unlike types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Geometric means.
    Geometric,
    /// Arithmetic mean of sigma.
    Arithmetic,
    /// Sixth-power rule.
    SixthPower,
}

/// Options of `package argyro` that concern pair styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairOptions {
    /// Precision of machine-learning models.
    pub precision: Precision,
    /// Evaluate radial networks exactly instead of by tables.
    pub radial_exact: bool,
}

/// Precision in which a model is evaluated; energies, forces and virials are accumulated in f64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// That in which the model file stores its weights.
    #[default]
    Auto,
    /// f32.
    Single,
    /// f64.
    Double,
}

/// One pair of atoms whose energy is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Single {
    /// Types.
    pub types: (u32, u32),
    /// Squared distance.
    pub r2: f64,
    /// Charges.
    pub q: (f64, f64),
    /// Kind of special pair, 0 for others.
    pub kind: usize,
    /// `special_bonds` weights.
    pub special: SpecialBonds,
    /// Indices into `Atoms`, for forces that depend on the surroundings; `None` for a pair alone.
    pub atoms: Option<(usize, usize)>,
}

impl Single {
    /// A pair that no bond connects.
    pub fn new(types: (u32, u32), r2: f64, q: (f64, f64)) -> Self {
        Self {
            types,
            r2,
            q,
            kind: 0,
            special: SpecialBonds::default(),
            atoms: None,
        }
    }

    /// Weights of the van der Waals and the Coulomb part.
    pub fn weights(&self) -> [f64; 2] {
        let k = self.kind.min(3);
        [self.special.lj[k], self.special.coul[k]]
    }
}

/// What a force evaluation works on.
pub struct ForceContext<'a> {
    /// Bricks with positions of this step and neighbour lists.
    pub bricks: &'a Bricks,
    /// Exchange between bricks.
    pub comm: &'a dyn Comm,
    /// Types, units, cell, step (for files that are written every N steps). Do not read `atoms.x`: use bricks.
    pub state: &'a State,
    /// What to accumulate besides forces.
    pub tally: Tally,
    /// Weights of the pairs of `Brick::special`.
    pub special: SpecialBonds,
}

/// Output of one brick; arrays have the length of the brick (own atoms and ghosts).
#[derive(Debug, Clone, Default)]
pub struct BrickForces {
    /// Forces to be added.
    pub f: Vec<[f64; 3]>,
    /// van der Waals or whole ML energy.
    pub vdwl: f64,
    /// Coulomb energy.
    pub coul: f64,
    /// Virial sum r_a f_b: xx yy zz xy xz yz.
    pub virial: [f64; 6],
    /// Per-atom energies (empty unless asked for).
    pub atom_energy: Vec<f64>,
    /// Per-atom virials (empty unless asked for).
    pub atom_virial: Vec<[f64; 6]>,
}

/// Output of a compute or fix that a pair style depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairInput {
    /// Compute or fix.
    pub source: Source,
    /// Its ID.
    pub id: String,
    /// Which part of its output.
    pub part: Part,
}

/// A pair style. Styles add to `out`; ghosts' forces are added to their owners afterwards.
pub trait PairStyle: Send + Sync {
    /// `pair_coeff` arguments after the command name.
    ///
    /// # Errors
    /// Wrong words; indices of words count from `words[0]`.
    fn coeff(&mut self, words: &[&str], state: &State, options: &PairOptions) -> Result<()>;

    /// `pair_modify`.
    ///
    /// # Errors
    /// The style cannot honour a setting that it would have to.
    fn modify(&mut self, modify: &PairModify) -> Result<()>;

    /// `pair_modify` of some settings, which makes them `all`: a hybrid style changes only these of its sub-styles.
    ///
    /// # Errors
    /// See [`PairStyle::modify`].
    fn change(&mut self, _change: &dyn Fn(&mut PairModify), all: &PairModify) -> Result<()> {
        self.modify(all)
    }

    /// `pair_modify pair STYLE [N] ...` of a hybrid style: changes the settings of one sub-style. `number` is given
    /// where the sub-style is listed several times.
    ///
    /// # Errors
    /// The style has no such sub-style, or that cannot honour a setting.
    fn modify_part(
        &mut self,
        _style: &str,
        _number: Option<usize>,
        _change: &dyn Fn(&mut PairModify),
    ) -> Result<()> {
        Err(Error::input(
            "Pair_modify pair requires that the pair style is hybrid or hybrid/overlay",
        ))
    }

    /// `pair_modify` settings of the sub-styles of a hybrid style, in their order, for restart files.
    fn part_settings(&self) -> Vec<PairModify> {
        Vec::new()
    }

    /// Restores [`PairStyle::part_settings`]; others than the style has are left out.
    ///
    /// # Errors
    /// See [`PairStyle::modify`].
    fn set_part_settings(&mut self, _settings: &[PairModify]) -> Result<()> {
        Ok(())
    }

    /// Under a hybrid style: the pairs of types that this style is responsible for, told before every
    /// `init`. A style must not ask for coefficients of other pairs; its lists will not have them.
    fn restrict(&mut self, _used: &TypePairs) {}

    /// Whether the coefficients given so far cover types `i` and `j`: false where `pair_coeff` mapped one of
    /// them to NULL. A hybrid style leaves such pairs to others.
    fn handles(&self, _i: u32, _j: u32) -> bool {
        true
    }

    /// Masses of atom types that the last `coeff` found in a file; they replace those set so far.
    fn masses(&self) -> Vec<(usize, f64)> {
        Vec::new()
    }

    /// Checks that all coefficients are there and prepares tables; called at the start of every run.
    ///
    /// # Errors
    /// Coefficients are missing or contradict the state (masses, charges).
    fn init(&mut self, state: &State) -> Result<()>;

    /// Largest interaction range, length units; valid after `init`.
    fn cutoff(&self) -> f64;

    /// Coulomb cutoff of a style whose long-range part a kspace style supplies; known before `init`.
    fn long_cutoff(&self) -> Option<f64> {
        None
    }

    /// Lists and bricks that the style needs.
    fn needs(&self) -> Needs;

    /// Whether the style multiplies the pairs of `Brick::special` by their weights (`state.special`). A run with
    /// such pairs is refused if the style does not.
    fn weights_special(&self) -> bool {
        false
    }

    /// What the style must be given before it is evaluated at new positions; known after `init`.
    fn inputs(&self) -> Vec<PairInput> {
        Vec::new()
    }

    /// Takes the present values of [`PairStyle::inputs`], in their order. They hold until the next call.
    ///
    /// # Errors
    /// The values are not as many as the style needs.
    fn give(&mut self, _values: &[Data]) -> Result<()> {
        Ok(())
    }

    /// Adds energies, forces and virials. `out[b]` belongs to brick `b`.
    ///
    /// # Errors
    /// The evaluation failed (non-finite values, missing data).
    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()>;

    /// Energy and virial (P V) of the long-range tail for the present composition and volume.
    fn tail(&self, _state: &State) -> (f64, f64) {
        (0.0, 0.0)
    }

    /// Energy of one pair and the force factor F/r, if the style has energies of pairs. What the surroundings add to
    /// the force is that of the last evaluation.
    fn single(&self, _pair: &Single) -> Option<(f64, f64)> {
        None
    }

    /// Whether forces depend on more than pairs.
    fn manybody(&self) -> bool {
        self.single(&Single::new((1, 1), 1.0, (0.0, 0.0))).is_none()
    }

    /// Energies of the sub-styles of a hybrid style in the last evaluation that accumulated energies.
    fn parts(&self) -> Vec<PairPart> {
        Vec::new()
    }

    /// Lines for the log at the start of a run: model file with hash, type mapping, precision.
    fn describe(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the evaluations since the last call want the user to know; each thing is said once.
    fn warnings(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Coefficients and cutoffs of a pair of types, given or mixed, in the order of `pair_coeff`; valid after `init`.
    fn resolved(&self, _i: usize, _j: usize) -> Option<Vec<f64>> {
        None
    }

    /// Words of `pair_style` (the style's name first) and of every `pair_coeff` that restore the style, for restart and data files;
    /// `None` for styles that read files, which a script must give again.
    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        None
    }
}

/// A line of the table of pair styles.
pub struct PairEntry {
    /// Signature of the words after `pair_style NAME`; also the manual page.
    pub signature: &'static Signature,
    /// Signature of `pair_coeff`, for `explain` and messages.
    pub coeff: &'static Signature,
    /// Makes the style.
    pub build: fn(&Args, &State) -> Result<Box<dyn PairStyle>>,
}

/// Distances of a table: `n` in equal steps of r (`r`) or r^2 (`rsq`) from `inner` to `outer`, or 2^n by the bits of
/// r^2 (`bitmap`).
///
/// # Errors
/// The range does not suit the number of entries.
pub fn tabulated_distances(style: &str, n: usize, inner: f64, outer: f64) -> Result<Vec<f64>> {
    if inner >= outer {
        return Err(Error::input(format!(
            "Invalid cutoffs {inner} and {outer}: the inner one must be below the outer one"
        )));
    }
    if style == "bitmap" {
        let bits = u32::try_from(n).unwrap_or(u32::MAX).min(32);
        let map = bitmap::Bitmap::new(inner, outer, bits).map_err(Error::input)?;
        let r = (0..map.len()).map(|k| f64::from(map.r2(k)).sqrt());
        return Ok(r.collect());
    }
    if n < 2 {
        return Err(Error::input("a table needs two entries at least"));
    }
    let at = |k: usize| {
        let t = k as f64;
        let last = (n - 1) as f64;
        if style == "r" {
            inner + (outer - inner) * t / last
        } else {
            (inner * inner + (outer * outer - inner * inner) * t / last).sqrt()
        }
    };
    Ok((0..n).map(at).collect())
}

/// All pair styles, by name.
pub const PAIR_STYLES: &[PairEntry] = &[
    hybrid::STYLE,
    hybrid::OVERLAY,
    lj_cut::STYLE,
    lj_coul::CUT,
    lj_coul::LONG,
    lj_coul::DSF,
    lj_coul::WOLF,
    lj_coul::DEBYE,
    soft_core::EXPAND,
    buck::BUCK,
    buck::CUT,
    buck::LONG,
    born::BORN,
    born::LONG,
    born::DSF,
    born::WOLF,
    morse::STYLE,
    soft_core::YUKAWA,
    soft_core::SOFT,
    eam::FUNCFL,
    eam::ALLOY,
    eam::FS,
    sw::STYLE,
    tersoff::STYLE,
    table::STYLE,
    coul::CUT,
    coul::LONG,
    coul::DSF,
    coul::WOLF,
    coul::DEBYE,
    zbl::STYLE,
    zero::STYLE,
    dispersion_d3::STYLE,
    deepmd::STYLE,
    mace::STYLE,
    mace::SYMMETRIX,
    mace::MLIAP,
    nequip::STYLE,
    nequip::ALLEGRO,
    e3gnn::STYLE,
    e3gnn::PARALLEL,
    pace::STYLE,
];

/// Reads a model of one family from the contents of its files, with nothing chosen in it.
type ReadNetwork = fn(Vec<Vec<u8>>) -> Result<Box<dyn NetworkModel>>;

/// Families of machine-learning models, for committees of several families.
const NETWORKS: &[(Family, ReadNetwork)] = &[
    (Family::Mace, |parts| mace::load(parts, None)),
    (Family::Nequip, nequip::load),
    (Family::SevenNet, |parts| e3gnn::load(parts, None)),
    (Family::Pace, pace::load),
    (Family::Deepmd, |parts| {
        deepmd::load(parts, &deepmd::Sources::default())
    }),
];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static PairEntry> {
    PAIR_STYLES
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            crate::foreign::unknown_style(
                "pair",
                name,
                PAIR_STYLES.iter().map(|e| e.signature.name),
            )
        })
}
