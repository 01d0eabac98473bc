//! Pairwise styles made of a van der Waals formula and a Coulomb formula, each with its cutoff.
//!
//! A style file names two formulas and a [`Signature`]; parsing of coefficients, mixing, shifts, tails, the
//! loop and restart words are here once. Coulomb formulas are in [`coulomb`].

pub mod coulomb;
mod long_table;

use super::coeffs::{Given, TypePairs, exact, not_set, numbers};
use super::pairwise::{PairForm, PairValues, accumulate};
use super::{BrickForces, ForceContext, Mix, PairModify, PairOptions, PairStyle, Single};
use crate::domain::{Needs, State};
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, optional};
use coulomb::Coulomb;

/// Most numbers that a formula takes from `pair_coeff`.
const MOST: usize = 6;

/// A distance in the forms that formulas need.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    /// r^2
    pub r2: f64,
    /// 1/r^2
    pub i2: f64,
}

impl Distance {
    /// From r^2.
    #[inline]
    pub fn new(r2: f64) -> Self {
        Self { r2, i2: 1.0 / r2 }
    }

    /// r
    #[inline]
    pub fn r(self) -> f64 {
        self.r2.sqrt()
    }
}

/// A van der Waals formula with the coefficients of one pair of types.
pub trait Dispersion: Copy + Send + Sync + 'static {
    /// Names of the numbers of `pair_coeff`, without cutoffs.
    const NAMES: &'static [&'static str];
    /// Mixing rule unless `pair_modify mix` says otherwise.
    const MIX: Mix = Mix::Geometric;

    /// No interaction.
    fn none() -> Self;

    /// From the numbers `p` of `pair_coeff`, the cutoff of the pair and the style's own settings.
    fn new(p: &[f64], cut: f64, settings: &[f64]) -> Self;

    /// Why the numbers make no sense: index and reason.
    fn wrong(_p: &[f64]) -> Option<(usize, &'static str)> {
        None
    }

    /// F/r and energy (not shifted).
    fn pair(&self, d: Distance) -> (f64, f64);

    /// Coefficients of unlike types; `None` if the style does not mix.
    fn mix(_rule: Mix, _a: &[f64], _b: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// Integral of r^2 E(r) from the cutoff to infinity; `None` without a long-range correction.
    fn tail(_p: &[f64], _cut: f64) -> Option<f64> {
        None
    }

    /// Distance at which a pair with cutoff `cut` stops to interact.
    fn reach(_p: &[f64], cut: f64) -> f64 {
        cut
    }

    /// What `pair_modify shift yes` subtracts: the energy at the cutoff.
    fn shift(&self, reach: f64) -> f64 {
        self.pair(Distance::new(reach * reach)).1
    }

    /// Whether `pair_modify shift` acts on the formula; false where it goes to zero by itself.
    const SHIFTS: bool = true;
}

/// No van der Waals part.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Dispersion for Nothing {
    const NAMES: &'static [&'static str] = &[];
    const SHIFTS: bool = false;

    fn none() -> Self {
        Self
    }

    fn new(_: &[f64], _: f64, _: &[f64]) -> Self {
        Self
    }

    #[inline]
    fn pair(&self, _: Distance) -> (f64, f64) {
        (0.0, 0.0)
    }

    fn mix(_: Mix, _: &[f64], _: &[f64]) -> Option<Vec<f64>> {
        Some(Vec::new())
    }
}

/// What `pair_coeff` gives for a pair, or mixing makes.
#[derive(Debug, Clone, Copy, Default)]
struct Coeff {
    p: [f64; MOST],
    /// van der Waals cutoff; 0 without that part
    cut: f64,
    coul: f64,
}

/// Coefficients of a pair in the form in which the loop needs them.
#[derive(Debug, Clone, Copy)]
pub struct Row<V> {
    cut2: f64,
    vdw2: f64,
    coul2: f64,
    shift: f64,
    form: V,
}

/// Numbers after `pair_style NAME`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// All numbers, to restore the style.
    pub words: Vec<f64>,
    /// Global van der Waals cutoff, `None` without that part.
    pub cutoff: Option<f64>,
    /// Global Coulomb cutoff, 0 without that part.
    pub coul: f64,
    /// Further numbers for the van der Waals formula.
    pub own: Vec<f64>,
}

/// A style of a van der Waals formula `V` and a Coulomb formula `C`.
#[derive(Debug, Clone)]
pub struct Combined<V, C> {
    name: &'static str,
    settings: Settings,
    given: Given<Coeff>,
    modify: PairModify,
    used: Option<TypePairs>,
    pairs: Vec<Option<Coeff>>,
    rows: Vec<Row<V>>,
    width: usize,
    coulomb: C,
}

impl<V: Dispersion, C: Coulomb> Combined<V, C> {
    /// The style without coefficients.
    pub fn boxed(name: &'static str, settings: Settings, coulomb: C) -> Box<dyn PairStyle> {
        Box::new(Self {
            name,
            settings,
            given: Given::default(),
            modify: PairModify::default(),
            used: None,
            pairs: Vec::new(),
            rows: Vec::new(),
            width: 0,
            coulomb,
        })
    }

    fn rule(&self) -> Mix {
        self.modify.mix.unwrap_or(V::MIX)
    }

    /// Names of the numbers of `pair_coeff` and how many of them may be left out.
    fn names(&self) -> (Vec<&'static str>, usize) {
        let mut names = V::NAMES.to_vec();
        let mut left_out = 0;
        if self.settings.cutoff.is_some() {
            names.push("cutoff");
            left_out += 1;
        }
        if C::CUTOFF_PER_PAIR {
            names.push("coul_cutoff");
            left_out += 1;
        }
        (names, left_out)
    }

    /// Coefficients of a pair: given, or mixed from those of like types.
    fn resolve(&self, i: usize, j: usize) -> Option<Coeff> {
        if let Some(c) = self.given.get(i, j) {
            return Some(*c);
        }
        let (a, b) = (self.given.get(i, i)?, self.given.get(j, j)?);
        let (rule, n) = (self.rule(), V::NAMES.len());
        let mixed = V::mix(rule, &a.p[..n], &b.p[..n])?;
        let mut p = [0.0; MOST];
        p[..n].copy_from_slice(&mixed);
        let coul = if C::CUTOFF_PER_PAIR {
            rule.length(a.coul, b.coul)
        } else {
            a.coul
        };
        Some(Coeff {
            p,
            cut: rule.length(a.cut, b.cut),
            coul,
        })
    }

    fn row(&self, c: &Coeff) -> Row<V> {
        let p = &c.p[..V::NAMES.len()];
        let form = V::new(p, c.cut, &self.settings.own);
        let reach = if self.settings.cutoff.is_some() {
            V::reach(p, c.cut)
        } else {
            0.0
        };
        let shift = if self.modify.shift && V::SHIFTS {
            form.shift(reach)
        } else {
            0.0
        };
        let (vdw2, coul2) = (reach * reach, c.coul * c.coul);
        Row {
            cut2: vdw2.max(coul2),
            vdw2,
            coul2,
            shift,
            form,
        }
    }
}

impl<V: Dispersion, C: Coulomb> PairForm for Combined<V, C> {
    type Row = Row<V>;
    const CHARGES: bool = C::CHARGES;

    fn rows(&self, i: u32) -> &[Row<V>] {
        let from = i as usize * self.width;
        &self.rows[from..from + self.width]
    }

    #[inline]
    fn cutoff2(row: &Row<V>) -> f64 {
        row.cut2
    }

    #[inline]
    fn pair(&self, row: &Row<V>, r2: f64, qi: f64, qj: f64, special: [f64; 2]) -> PairValues {
        let d = Distance::new(r2);
        let mut out = PairValues::default();
        if r2 < row.vdw2 {
            let (force, energy) = row.form.pair(d);
            out.force = special[0] * force;
            out.vdwl = special[0] * (energy - row.shift);
        }
        if C::CHARGES && r2 < row.coul2 {
            let (force, energy) = self.coulomb.pair(d, qi * qj, special[1]);
            out.force += force;
            out.coul = energy;
        }
        out
    }

    #[inline]
    fn self_energy(&self, q: f64) -> f64 {
        self.coulomb.self_energy(q)
    }
}

impl<V: Dispersion, C: Coulomb> PairStyle for Combined<V, C> {
    fn coeff(&mut self, words: &[&str], state: &State, _: &PairOptions) -> Result<()> {
        let (names, optional) = self.names();
        let n = V::NAMES.len();
        let mut c = Coeff {
            p: [0.0; MOST],
            cut: self.settings.cutoff.unwrap_or(0.0),
            coul: self.settings.coul,
        };
        if !names.is_empty() {
            let v = numbers(self.name, words, &names, optional)?;
            (0..n).for_each(|k| c.p[k] = v[k].unwrap_or(0.0));
            let mut next = n;
            if self.settings.cutoff.is_some() {
                c.cut = v[next].unwrap_or(c.cut);
                if C::CUTOFF_PER_PAIR {
                    // the only cutoff that is given is that of both parts
                    c.coul = v[next].unwrap_or(c.coul);
                }
                next += 1;
            }
            if C::CUTOFF_PER_PAIR {
                c.coul = v[next].unwrap_or(c.coul);
            }
        } else if let Some(w) = words.get(2) {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: unexpected '{w}': pair_style {} takes none",
                self.name
            ))
            .at(2));
        }
        if let Some((k, why)) = V::wrong(&c.p[..n]) {
            return Err(Error::input(format!(
                "Incorrect args for pair coefficients: {} {why}",
                V::NAMES[k]
            ))
            .at(2 + k));
        }
        let needed = self.settings.cutoff.is_some();
        if (needed && c.cut <= 0.0) || (C::CUTOFF_PER_PAIR && c.coul <= 0.0) {
            return Err(Error::input("pair_coeff: the cutoff must be above zero")
                .at(words.len().saturating_sub(1)));
        }
        self.given.set(state, words, &c)
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        self.modify = *modify;
        Ok(())
    }

    fn restrict(&mut self, used: &TypePairs) {
        self.used = Some(used.clone());
    }

    fn long_cutoff(&self) -> Option<f64> {
        C::LONG.then_some(self.settings.coul)
    }

    fn init(&mut self, state: &State) -> Result<()> {
        if C::CHARGES && !state.atom_style.charge {
            return Err(Error::input(format!(
                "Pair style {} requires atom attribute q: atom_style {} has no charges",
                self.name, state.atom_style.name
            ))
            .help("use atom_style charge"));
        }
        self.coulomb.init(state, &self.modify, self.settings.coul)?;
        let n = state.types.count;
        let width = n + 1;
        let none = Row {
            cut2: -1.0,
            vdw2: -1.0,
            coul2: -1.0,
            shift: 0.0,
            form: V::none(),
        };
        self.width = width;
        self.pairs = vec![None; width * width];
        self.rows = vec![none; width * width];
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                if self.used.as_ref().is_some_and(|u| !u.contains(i, j)) {
                    continue;
                }
                let Some(c) = self.resolve(i, j) else {
                    missing.push((i, j));
                    continue;
                };
                let row = self.row(&c);
                for at in [i * width + j, j * width + i] {
                    self.pairs[at] = Some(c);
                    self.rows[at] = row;
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(not_set(&missing, self.name))
        }
    }

    fn cutoff(&self) -> f64 {
        self.rows.iter().map(|r| r.cut2).fold(0.0, f64::max).sqrt()
    }

    fn needs(&self) -> Needs {
        Needs {
            half: true,
            special: C::KEEPS_EXCLUDED,
            ..Needs::default()
        }
    }

    fn weights_special(&self) -> bool {
        true
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        accumulate(self, context, out);
        Ok(())
    }

    /// For a uniform density beyond the cutoffs: E = 2 pi N_i N_j / V I with I the integral of r^2 E(r), and,
    /// by parts, P V = 2 pi N_i N_j / V (I + rc^3 E(rc) / 3), summed over ordered pairs of types.
    fn tail(&self, state: &State) -> (f64, f64) {
        let Some(cell) = state.cell.as_ref().filter(|_| self.modify.tail) else {
            return (0.0, 0.0);
        };
        let n = state.types.count;
        let mut count = vec![0.0f64; n + 1];
        for &k in &state.atoms.kind {
            count[k as usize] += 1.0;
        }
        let (mut energy, mut pressure) = (0.0, 0.0);
        for i in 1..=n {
            for j in 1..=n {
                let Some(c) = self.pairs.get(i * self.width + j).copied().flatten() else {
                    continue;
                };
                let p = &c.p[..V::NAMES.len()];
                let Some(integral) = V::tail(p, c.cut) else {
                    return (0.0, 0.0);
                };
                let at_cut = V::new(p, c.cut, &self.settings.own)
                    .pair(Distance::new(c.cut * c.cut))
                    .1;
                let factor = 2.0 * std::f64::consts::PI * count[i] * count[j];
                energy += factor * integral;
                pressure += factor * (integral + c.cut.powi(3) * at_cut / 3.0);
            }
        }
        let volume = cell.volume(state.dimension);
        (energy / volume, pressure / volume)
    }

    fn single(&self, p: &Single) -> Option<(f64, f64)> {
        let row = self
            .rows
            .get(p.types.0 as usize * self.width + p.types.1 as usize)?;
        let v = self.pair(row, p.r2, p.q.0, p.q.1, p.weights());
        Some((v.vdwl + v.coul, v.force))
    }

    fn describe(&self) -> Vec<String> {
        let tails = V::tail(&[1.0; MOST][..V::NAMES.len()], 1.0).is_some();
        let mut lines = Vec::new();
        if self.modify.tail && !tails && self.settings.cutoff.is_some() {
            lines.push(format!(
                "pair_style {}: pair_modify tail yes adds nothing, as in LAMMPS",
                self.name
            ));
        }
        lines
    }

    fn resolved(&self, i: usize, j: usize) -> Option<Vec<f64>> {
        let c = self.resolve(i, j)?;
        let mut out = c.p[..V::NAMES.len()].to_vec();
        out.extend(self.settings.cutoff.map(|_| c.cut));
        out.extend(C::CUTOFF_PER_PAIR.then_some(c.coul));
        Some(out)
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let numbers = self.settings.words.iter().copied().map(exact);
        let style = std::iter::once(self.name.to_string()).chain(numbers);
        let coeffs = self.given.iter().map(|(i, j, c)| {
            let mut words = vec![i.to_string(), j.to_string()];
            words.extend(c.p[..V::NAMES.len()].iter().copied().map(exact));
            if self.settings.cutoff.is_some() {
                words.push(exact(c.cut));
            }
            if C::CUTOFF_PER_PAIR {
                words.push(exact(c.coul));
            }
            words
        });
        Some((style.collect(), coeffs.collect()))
    }
}

/// `I J` of every `pair_coeff`.
pub const TYPE_I: Arg = arg("I", Kind::Types, "first type");
/// See [`TYPE_I`].
pub const TYPE_J: Arg = arg("J", Kind::Types, "second type");
/// Optional cutoff of a pair.
pub const PAIR_CUTOFF: Arg = optional(
    "cutoff",
    Kind::Positive,
    "cutoff of this pair, length units",
);
/// Optional Coulomb cutoff of a pair.
pub const PAIR_COUL_CUTOFF: Arg =
    optional("coul_cutoff", Kind::Positive, "Coulomb cutoff of this pair");
/// Global cutoff of a style.
pub const CUTOFF: Arg = arg("cutoff", Kind::Positive, "global cutoff, length units");
/// Global Coulomb cutoff of a style that may be left out.
pub const COUL_CUTOFF: Arg = optional(
    "coul_cutoff",
    Kind::Positive,
    "global Coulomb cutoff, length units (default: the same)",
);

/// A signature of `pair_coeff`.
pub const fn coeff_signature(
    name: &'static str,
    summary: &'static str,
    args: &'static [Arg],
    examples: &'static [&'static str],
) -> Signature {
    Signature {
        name,
        summary,
        args,
        keywords: &[],
        description: "",
        examples,
    }
}

/// Settings of `pair_style NAME cutoff [coul_cutoff]`.
///
/// # Errors
/// A word is no number.
pub fn two_cutoffs(args: &Args) -> Result<Settings> {
    let cutoff = args.real("cutoff")?;
    let coul = match args.get("coul_cutoff") {
        Some(_) => args.real("coul_cutoff")?,
        None => cutoff,
    };
    Ok(Settings {
        words: vec![cutoff, coul],
        cutoff: Some(cutoff),
        coul,
        own: Vec::new(),
    })
}

/// Settings of `pair_style NAME cutoff` without charges.
///
/// # Errors
/// The word is no number.
pub fn one_cutoff(args: &Args) -> Result<Settings> {
    let cutoff = args.real("cutoff")?;
    Ok(Settings {
        words: vec![cutoff],
        cutoff: Some(cutoff),
        ..Settings::default()
    })
}
