//! `pair_style`, `pair_coeff`, `pair_modify`: the force field.

use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::pair::{Mix, PairModify};
use crate::signature::{Args, KeywordArgs, Kind, Signature, arg, keyword, optional, rest};

/// `pair_style`
pub const PAIR_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "pair_style",
        summary: "chooses the force field",
        args: &[
            arg("style", Kind::Style("pair"), "style, or none"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "",
        examples: &["pair_style lj/cut 2.5", "pair_style none"],
    },
    run: pair_style,
};

fn pair_style(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    session.engine.set_pair_style(session.words)?;
    Ok(Flow::Next)
}

/// `pair_coeff`
pub const PAIR_COEFF: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "pair_coeff",
        summary: "gives the force field its coefficients or model files",
        args: &[
            arg("I", Kind::Types, "atom types"),
            arg("J", Kind::Types, "atom types"),
            rest("args", "words of the style"),
        ],
        keywords: &[],
        description: "",
        examples: &["pair_coeff 1 1 1.0 1.0 2.5"],
    },
    run: pair_coeff,
};

fn pair_coeff(session: &mut Session<'_>, _: &Args) -> Result<Flow> {
    session.engine.set_pair_coeff(session.words)?;
    Ok(Flow::Next)
}

/// `pair_modify`
pub const PAIR_MODIFY: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "pair_modify",
        summary: "changes settings of the force field",
        args: &[],
        keywords: &[
            keyword(
                "pair",
                &[
                    arg("style", Kind::Word, "sub-style of a hybrid style"),
                    optional(
                        "number",
                        Kind::Count,
                        "its number, if it is listed several times",
                    ),
                ],
                "comes first: the other settings are for this sub-style only",
            ),
            keyword(
                "special",
                &[
                    arg("which", Kind::Word, "lj/coul, lj or coul"),
                    arg("w1", Kind::Real, ""),
                    arg("w2", Kind::Real, ""),
                    arg("w3", Kind::Real, ""),
                ],
                "with `pair`: weights of 1-2, 1-3 and 1-4 pairs for this sub-style instead of those of special_bonds; as in LAMMPS, pairs that special_bonds drops (weight 0) or counts in full (weight 1) are not affected",
            ),
            keyword(
                "mix",
                &[arg(
                    "rule",
                    Kind::OneOf(&["geometric", "arithmetic", "sixthpower"]),
                    "rule",
                )],
                "coefficients of unlike types",
            ),
            keyword(
                "shift",
                &[arg("value", Kind::YesNo, "yes or no")],
                "shift energies to zero at the cutoff",
            ),
            keyword(
                "tail",
                &[arg("value", Kind::YesNo, "yes or no")],
                "long-range van der Waals corrections to energy and pressure",
            ),
            keyword(
                "table",
                &[arg("N", Kind::Int, "bits, 0 for none")],
                "table of the Coulomb function",
            ),
            keyword(
                "tabinner",
                &[arg("cutoff", Kind::Positive, "distance")],
                "distance below which the Coulomb table is not used (default: 1.41421356)",
            ),
            keyword(
                "compute",
                &[arg("value", Kind::YesNo, "yes or no")],
                "no: leave the pair style, or with `pair` the sub-style, out (default: yes)",
            ),
            keyword(
                "compute/tally",
                &[arg("value", Kind::YesNo, "yes or no")],
                "with `pair`: belongs to LAMMPS' compute */tally styles, which argyro does not have; without effect",
            ),
            keyword(
                "table/disp",
                &[arg("N", Kind::Int, "bits")],
                "table of long-range dispersion, which argyro does not have; without effect",
            ),
            keyword(
                "tabinner/disp",
                &[arg("cutoff", Kind::Positive, "distance")],
                "belongs to table/disp; without effect",
            ),
            keyword(
                "nofdotr",
                &[],
                "virials are always summed over pairs; without effect",
            ),
            keyword(
                "neigh/trim",
                &[arg("value", Kind::YesNo, "yes or no")],
                "without effect on results",
            ),
        ],
        description: "",
        examples: &[
            "pair_modify shift yes",
            "pair_modify tail yes mix arithmetic",
            "pair_modify pair lj/cut shift yes",
            "pair_modify pair lj/cut special lj 0.0 0.0 0.5",
        ],
    },
    run: pair_modify,
};

fn pair_modify(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let engine = &mut *session.engine;
    let Some(slot) = &mut engine.pair else {
        return Err(Error::input(
            "Pair_modify command before pair_style is defined",
        ));
    };
    if session.words.is_empty() {
        return Err(Error::input(
            "Illegal pair_modify command: missing argument(s)",
        ));
    }
    let part = args.keyword("pair");
    let mut change: Vec<Box<dyn Fn(&mut PairModify)>> = Vec::new();
    for k in args.keywords() {
        change.push(match k.name() {
            "mix" => {
                let mix = Some(match k.str("rule") {
                    "arithmetic" => Mix::Arithmetic,
                    "sixthpower" => Mix::SixthPower,
                    _ => Mix::Geometric,
                });
                Box::new(move |m| m.mix = mix)
            }
            "shift" => {
                let on = k.yes_no("value")?;
                Box::new(move |m| m.shift = on)
            }
            "tail" => {
                let on = k.yes_no("value")?;
                Box::new(move |m| m.tail = on)
            }
            "table" => {
                let bits = u32::try_from(k.int("N")?)
                    .ok()
                    .filter(|&n| n <= 16)
                    .ok_or_else(|| {
                        Error::input("pair_modify table must be 0 to 16").at(k.word("N"))
                    })?;
                Box::new(move |m| m.table = bits)
            }
            "tabinner" => {
                let inner = k.real("cutoff")?;
                Box::new(move |m| m.tabinner = inner)
            }
            "compute" => {
                let on = k.yes_no("value")?;
                Box::new(move |m| m.compute = on)
            }
            name @ ("special" | "compute/tally") if part.is_none() => {
                return Err(Error::input(format!(
                    "pair_modify {name} must come after `pair STYLE` of a hybrid pair style"
                ))
                .at(k.position()));
            }
            "special" => special(&k)?,
            _ => continue,
        });
    }
    let apply = |m: &mut PairModify| change.iter().for_each(|c| c(m));
    engine.pair_ready = false;
    if let Some(k) = part {
        let number = match k.get("number") {
            Some(_) => Some(k.int("number")? as usize),
            None => None,
        };
        return slot
            .style
            .modify_part(k.str("style"), number, &apply)
            .map(|()| Flow::Next)
            .map_err(|e| e.or_at(k.word("style")));
    }
    let mut m = engine.pair_modify;
    apply(&mut m);
    if m.shift && m.tail {
        return Err(Error::input(
            "Cannot use both shift and tail in pair_modify",
        ));
    }
    slot.style.change(&apply, &m)?;
    engine.pair_modify = m;
    Ok(Flow::Next)
}

/// `special WHICH w12 w13 w14`
fn special(k: &KeywordArgs<'_>) -> Result<Box<dyn Fn(&mut PairModify)>> {
    let w = [k.real("w1")?, k.real("w2")?, k.real("w3")?];
    if w.iter().any(|v| !(0.0..=1.0).contains(v)) {
        return Err(Error::input("pair_modify special: weights must be 0 to 1").at(k.position()));
    }
    let (lj, coul) = match k.str("which") {
        "lj/coul" => (true, true),
        "lj" => (true, false),
        "coul" => (false, true),
        other => {
            return Err(Error::input(format!(
                "pair_modify special: expected lj/coul, lj or coul, found '{other}'"
            ))
            .at(k.word("which")));
        }
    };
    Ok(Box::new(move |m| {
        for (slot, on) in m.special.iter_mut().zip([lj, coul]) {
            if on {
                *slot = Some(w);
            }
        }
    }))
}
