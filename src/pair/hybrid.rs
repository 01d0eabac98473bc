//! `pair_style hybrid` and `hybrid/overlay`: several styles, each for some pairs of types.
//!
//! Under `hybrid` a pair of types belongs to one sub-style, under `hybrid/overlay` the sub-styles of a pair
//! add up. A sub-style that is not responsible for all pairs gets neighbour lists without the others'; one
//! with a shorter cutoff than another gets shorter lists and fewer ghosts.

mod view;

use super::coeffs::{TypePairs, not_set, pairs};
use super::{
    BrickForces, ForceContext, PairEntry, PairInput, PairModify, PairOptions, PairStyle, Single,
    find, prepare,
};
use crate::domain::host::Data;
use crate::domain::state::PairPart;
use crate::domain::{Needs, SpecialBonds, State};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, rest};
use view::View;

/// Entry of `hybrid` in the table of pair styles.
pub const STYLE: PairEntry = PairEntry {
    signature: &HYBRID,
    coeff: &COEFF,
    build: |args, state| build(args, state, false),
};

/// Entry of `hybrid/overlay` in the table of pair styles.
pub const OVERLAY: PairEntry = PairEntry {
    signature: &HYBRID_OVERLAY,
    coeff: &COEFF,
    build: |args, state| build(args, state, true),
};

const HYBRID: Signature = Signature {
    name: "hybrid",
    summary: "several pair styles, each for its own pairs of types",
    args: &[rest(
        "styles",
        "names of pair styles, each followed by its arguments",
    )],
    keywords: &[],
    description: "`pair_coeff I J STYLE args` gives a pair of types to one sub-style; a later command for the \
        same pair replaces it. `none` instead of a style means no interaction. Where a style is \
        listed several times, its number (1, 2, ...) follows its name. Pairs of unlike types that are not \
        given belong to the sub-style of both like pairs, if that is the same.",
    examples: &["pair_style hybrid lj/cut 2.5 zbl 1.0 2.0"],
};

const HYBRID_OVERLAY: Signature = Signature {
    name: "hybrid/overlay",
    summary: "several pair styles that are added up",
    args: &[rest(
        "styles",
        "names of pair styles, each followed by its arguments",
    )],
    keywords: &[],
    description: "As `hybrid`, but a pair of types may belong to several sub-styles, whose energies and forces \
        are added.",
    examples: &["pair_style hybrid/overlay lj/cut 2.5 zbl 1.0 2.0"],
};

const COEFF: Signature = Signature {
    name: "hybrid",
    summary: "coefficients of a sub-style for a pair of types",
    args: &[
        arg("I", Kind::Types, "first type"),
        arg("J", Kind::Types, "second type"),
        arg("style", Kind::Style("pair"), "sub-style, or none"),
        rest(
            "args",
            "its number if it is listed several times, then its coefficients",
        ),
    ],
    keywords: &[],
    description: "",
    examples: &["pair_coeff 1 2 zbl 3 15"],
};

/// What the bricks add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    vdwl: f64,
    coul: f64,
    virial: [f64; 6],
}

struct Sub {
    name: &'static str,
    /// Number among the sub-styles of this name, from 1; 0 if it is the only one.
    number: usize,
    style: Box<dyn PairStyle>,
    /// `pair_modify` settings.
    modify: PairModify,
    /// Pairs of types that `pair_coeff` gave it.
    given: Vec<(usize, usize)>,
    /// Energies and virial of the last evaluation.
    sums: Sums,
    /// Lists without the pairs of others and without those far beyond its own cutoff; `None` if it
    /// needs all pairs.
    view: Option<View>,
}

struct Hybrid {
    overlay: bool,
    subs: Vec<Sub>,
    /// Pairs of types without interaction, by `none`.
    none: Vec<(usize, usize)>,
    /// Sub-style of the last `pair_coeff`.
    last: Option<usize>,
}

/// Whether a word begins the next sub-style: one of argyro, or one of LAMMPS, which is refused by its name.
fn names_style(word: &str) -> bool {
    find(word).is_ok() || crate::foreign::nearest("pair", word).is_some()
}

fn build(args: &Args, state: &State, overlay: bool) -> Result<Box<dyn PairStyle>> {
    let words = args.all("styles");
    let name = if overlay { "hybrid/overlay" } else { "hybrid" };
    if words.is_empty() {
        return Err(Error::input(format!(
            "Illegal pair_style {name} command: missing argument(s): no sub-style is given"
        )));
    }
    let mut subs: Vec<Sub> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let entry = find(words[at].1).map_err(|e| e.at(words[at].0))?;
        let name = entry.signature.name;
        if name.starts_with("hybrid") {
            return Err(
                Error::input("Pair style hybrid cannot have hybrid as a sub-style").at(words[at].0),
            );
        }
        let next = (at + 1..words.len())
            .find(|&k| names_style(words[k].1))
            .unwrap_or(words.len());
        let own: Vec<&str> = words[at + 1..next].iter().map(|w| w.1).collect();
        let offset = words[at].0 + 1;
        let style = entry
            .signature
            .parse(&format!("pair_style {name}"), &own)
            .and_then(|args| (entry.build)(&args, state))
            .map_err(|e| e.shifted(offset))?;
        subs.push(Sub {
            name,
            number: 0,
            style,
            modify: PairModify::default(),
            given: Vec::new(),
            sums: Sums::default(),
            view: None,
        });
        at = next;
    }
    for k in 0..subs.len() {
        let same = |s: &&Sub| s.name == subs[k].name;
        if subs.iter().filter(same).count() > 1 {
            subs[k].number = subs[..=k].iter().filter(same).count();
        }
    }
    Ok(Box::new(Hybrid {
        overlay,
        subs,
        none: Vec::new(),
        last: None,
    }))
}

impl Hybrid {
    /// The sub-style that `words[2..]` names and how many words that took.
    fn choose(&self, words: &[&str]) -> Result<(usize, usize)> {
        let Some(name) = words.get(2) else {
            return Err(Error::input(
                "Incorrect args for pair coefficients: the name of a sub-style is expected after the types",
            )
            .at(words.len().saturating_sub(1)));
        };
        let named: Vec<usize> = (0..self.subs.len())
            .filter(|&k| self.subs[k].name == *name)
            .collect();
        match named[..] {
            [] => Err(
                Error::input(format!("Pair coeff for hybrid has invalid style: {name}"))
                    .at(2)
                    .suggest(name, self.subs.iter().map(|s| s.name)),
            ),
            [only] => Ok((only, 1)),
            _ => {
                let number = words.get(3).and_then(|w| w.parse::<usize>().ok());
                let found = number.and_then(|n| named.get(n.checked_sub(1)?));
                found.map(|&k| (k, 2)).ok_or_else(|| {
                    Error::input(format!(
                        "Pair coeff for hybrid: {name} is listed {} times, a number 1 to {} must follow its name",
                        named.len(),
                        named.len()
                    ))
                    .at(if words.len() > 3 { 3 } else { 2 })
                })
            }
        }
    }

    fn owners(&self, i: usize, j: usize) -> Vec<usize> {
        let has = |s: &Sub| s.given.contains(&(i, j));
        (0..self.subs.len())
            .filter(|&k| has(&self.subs[k]))
            .collect()
    }

    /// Which sub-styles are responsible for the pair; `None` if nothing says so.
    fn responsible(&self, i: usize, j: usize) -> Option<Vec<usize>> {
        let owners = self.owners(i, j);
        if !owners.is_empty() || self.none.contains(&(i, j)) {
            return Some(owners);
        }
        let like = (self.owners(i, i), self.owners(j, j));
        (i != j && !like.0.is_empty() && like.0 == like.1).then_some(like.0)
    }
}

/// Checks that the weights of `pair_modify special` are not for pairs that the lists drop or count in full.
fn compatible(sub: &Sub, global: &SpecialBonds) -> Result<()> {
    let weights = [("lj", &global.lj), ("coul", &global.coul)];
    for ((name, global), own) in weights.into_iter().zip(sub.modify.special) {
        for (k, w) in own.iter().flatten().enumerate() {
            let g = global[k + 1];
            if (g == 0.0 || g == 1.0) && *w != g {
                return Err(Error::input(format!(
                    "Pair_modify special {name} 1-{} setting for pair hybrid substyle {} incompatible with global special_bonds setting",
                    k + 2,
                    sub.name
                ))
                .help("use weights such as 1.0e-10 or 0.999999999 in special_bonds instead of 0 and 1"));
            }
        }
    }
    Ok(())
}

/// `words` without those that only the hybrid style reads.
fn inner<'a>(words: &[&'a str], taken: usize) -> Vec<&'a str> {
    let head = words[..2].iter();
    head.chain(&words[2 + taken..]).copied().collect()
}

impl PairStyle for Hybrid {
    fn coeff(&mut self, words: &[&str], state: &State, options: &PairOptions) -> Result<()> {
        let mut list = pairs(state, words)?;
        if words.get(2) == Some(&"none") {
            for s in &mut self.subs {
                s.given.retain(|p| !list.contains(p));
            }
            self.none.append(&mut list);
            self.last = None;
            return Ok(());
        }
        let (k, taken) = self.choose(words)?;
        self.last = Some(k);
        let sub = &mut self.subs[k];
        sub.style
            .coeff(&inner(words, taken), state, options)
            .map_err(|mut e| {
                e.word = e.word.map(|w| if w < 2 { w } else { w + taken });
                e.or_at(2)
            })?;
        list.retain(|&(i, j)| sub.style.handles(i as u32, j as u32));
        self.none.retain(|p| !list.contains(p));
        if !self.overlay {
            for s in &mut self.subs {
                s.given.retain(|p| !list.contains(p));
            }
        }
        let given = &mut self.subs[k].given;
        for p in list {
            if !given.contains(&p) {
                given.push(p);
            }
        }
        Ok(())
    }

    fn modify(&mut self, modify: &PairModify) -> Result<()> {
        self.change(&|m| *m = *modify, modify)
    }

    /// Settings are for the sub-styles that know them; only if there is none, it is an error.
    fn change(&mut self, change: &dyn Fn(&mut PairModify), _: &PairModify) -> Result<()> {
        let mut refused = None;
        let mut taken = false;
        for sub in &mut self.subs {
            let mut modify = sub.modify;
            change(&mut modify);
            match sub.style.modify(&modify) {
                Ok(()) => {
                    taken = true;
                    sub.modify = modify;
                }
                Err(e) => refused = refused.or(Some(e)),
            }
        }
        match refused {
            Some(e) if !taken => Err(e),
            _ => Ok(()),
        }
    }

    fn modify_part(
        &mut self,
        style: &str,
        number: Option<usize>,
        change: &dyn Fn(&mut PairModify),
    ) -> Result<()> {
        let names: Vec<&str> = self.subs.iter().map(|s| s.name).collect();
        let wanted = |s: &&mut Sub| s.name == style && number.is_none_or(|n| s.number.max(1) == n);
        let Some(sub) = self.subs.iter_mut().find(wanted) else {
            return Err(
                Error::input(format!("Pair_modify pair: there is no sub-style {style}"))
                    .suggest(style, names),
            );
        };
        change(&mut sub.modify);
        if sub.modify.shift && sub.modify.tail {
            return Err(Error::input(
                "Cannot use both shift and tail in pair_modify",
            ));
        }
        sub.style.modify(&sub.modify)
    }

    fn part_settings(&self) -> Vec<PairModify> {
        self.subs.iter().map(|s| s.modify).collect()
    }

    fn set_part_settings(&mut self, settings: &[PairModify]) -> Result<()> {
        for (sub, modify) in self.subs.iter_mut().zip(settings) {
            sub.modify = *modify;
            sub.style.modify(modify)?;
        }
        Ok(())
    }

    fn init(&mut self, state: &State) -> Result<()> {
        let n = state.types.count;
        let mut maps = vec![TypePairs::none(n); self.subs.len()];
        let mut missing = Vec::new();
        for i in 1..=n {
            for j in i..=n {
                match self.responsible(i, j) {
                    Some(owners) => owners.iter().for_each(|&k| maps[k].set(i, j, true)),
                    None => missing.push((i, j)),
                }
            }
        }
        if !missing.is_empty() {
            let name = if self.overlay {
                "hybrid/overlay"
            } else {
                "hybrid"
            };
            return Err(not_set(&missing, name));
        }
        for (sub, pairs) in self.subs.iter_mut().zip(&maps) {
            if sub.given.is_empty() {
                return Err(Error::input(format!(
                    "Pair hybrid sub-style {} is not used: no pair_coeff names it",
                    sub.name
                )));
            }
            compatible(sub, &state.special)?;
            sub.style.restrict(pairs);
            sub.style.init(state)?;
        }
        let longest = self.cutoff();
        for (sub, pairs) in self.subs.iter_mut().zip(maps) {
            let cutoff = sub.style.cutoff();
            let needed = !pairs.is_all() || cutoff < longest;
            sub.view = needed.then(|| View::new(pairs, cutoff));
        }
        Ok(())
    }

    fn cutoff(&self) -> f64 {
        let cuts = self.subs.iter().map(|s| s.style.cutoff());
        cuts.fold(0.0, f64::max)
    }

    fn masses(&self) -> Vec<(usize, f64)> {
        let last = self.last.and_then(|k| self.subs.get(k));
        last.map_or_else(Vec::new, |s| s.style.masses())
    }

    fn long_cutoff(&self) -> Option<f64> {
        let cuts = self.subs.iter().filter_map(|s| s.style.long_cutoff());
        cuts.reduce(f64::max)
    }

    fn needs(&self) -> Needs {
        let needs = self.subs.iter().map(|s| s.style.needs());
        needs.fold(Needs::default(), Needs::or)
    }

    fn weights_special(&self) -> bool {
        self.subs.iter().all(|s| s.style.weights_special())
    }

    fn inputs(&self) -> Vec<PairInput> {
        self.subs.iter().flat_map(|s| s.style.inputs()).collect()
    }

    fn give(&mut self, mut values: &[Data]) -> Result<()> {
        for sub in &mut self.subs {
            let count = sub.style.inputs().len().min(values.len());
            let (own, others) = values.split_at(count);
            sub.style.give(own)?;
            values = others;
        }
        Ok(())
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        for sub in &mut self.subs {
            if !sub.modify.compute {
                continue;
            }
            let before = take_sums(out);
            let special = sub.modify.weights(context.special);
            let context = &ForceContext {
                special,
                ..*context
            };
            match &mut sub.view {
                None => sub.style.compute(context, out)?,
                Some(view) => {
                    view.follow(context.bricks);
                    prepare(&view.part.bricks, context.tally, &mut view.out);
                    let context = ForceContext {
                        bricks: &view.part.bricks,
                        ..*context
                    };
                    sub.style.compute(&context, &mut view.out)?;
                    view.add_to(out);
                }
            }
            sub.sums = give_back(out, &before);
        }
        Ok(())
    }

    fn parts(&self) -> Vec<PairPart> {
        let part = |s: &Sub| PairPart {
            name: s.name.to_string(),
            number: s.number,
            vdwl: s.sums.vdwl,
            coul: s.sums.coul,
            virial: s.sums.virial,
        };
        self.subs.iter().map(part).collect()
    }

    fn tail(&self, state: &State) -> (f64, f64) {
        let tails = self.subs.iter().map(|s| s.style.tail(state));
        tails.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1))
    }

    fn single(&self, pair: &Single) -> Option<(f64, f64)> {
        let (i, j) = pair.types;
        let (a, b) = (i.min(j) as usize, i.max(j) as usize);
        let mut sum = (0.0, 0.0);
        for k in self.responsible(a, b)? {
            let sub = &self.subs[k];
            let special = sub.modify.weights(pair.special);
            let (e, f) = sub.style.single(&Single { special, ..*pair })?;
            sum = (sum.0 + e, sum.1 + f);
        }
        Some(sum)
    }

    fn manybody(&self) -> bool {
        self.subs.iter().any(|s| s.style.manybody())
    }

    fn describe(&self) -> Vec<String> {
        self.subs.iter().flat_map(|s| s.style.describe()).collect()
    }

    fn warnings(&mut self) -> Vec<String> {
        let subs = self.subs.iter_mut();
        subs.flat_map(|s| s.style.warnings()).collect()
    }

    fn commands(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let name = if self.overlay {
            "hybrid/overlay"
        } else {
            "hybrid"
        };
        let mut style = vec![name.to_string()];
        let mut coeffs = Vec::new();
        for sub in &self.subs {
            let (words, sets) = sub.style.commands()?;
            style.extend(words);
            for set in sets {
                let mut words = set[..2].to_vec();
                words.push(sub.name.into());
                if sub.number > 0 {
                    words.push(sub.number.to_string());
                }
                words.extend_from_slice(&set[2..]);
                // a pair that another sub-style took over is not given back
                let of = |k: usize| set[k].parse::<usize>().ok();
                let pair = of(0).zip(of(1));
                if pair.is_none_or(|p| sub.given.contains(&p)) {
                    coeffs.push(words);
                }
            }
        }
        for (i, j) in &self.none {
            coeffs.push(vec![i.to_string(), j.to_string(), "none".into()]);
        }
        Some((style, coeffs))
    }
}

/// Energies and virials of all bricks so far, which are set to zero.
fn take_sums(out: &mut [BrickForces]) -> Vec<Sums> {
    let take = |o: &mut BrickForces| Sums {
        vdwl: std::mem::take(&mut o.vdwl),
        coul: std::mem::take(&mut o.coul),
        virial: std::mem::take(&mut o.virial),
    };
    out.iter_mut().map(take).collect()
}

/// Adds them again and returns the sums of what came in between.
fn give_back(out: &mut [BrickForces], before: &[Sums]) -> Sums {
    let mut sum = Sums::default();
    for (o, b) in out.iter_mut().zip(before) {
        sum.vdwl += o.vdwl;
        sum.coul += o.coul;
        o.vdwl += b.vdwl;
        o.coul += b.coul;
        for k in 0..6 {
            sum.virial[k] += o.virial[k];
            o.virial[k] += b.virial[k];
        }
    }
    sum
}
