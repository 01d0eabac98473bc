//! `bond_style`, `bond_coeff`, `angle_style`, `angle_coeff`, `dihedral_style`, `improper_style`, `special_bonds`.

use crate::domain::SpecialBonds;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, keyword, rest};

/// `bond_style`
pub const BOND_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "bond_style",
        summary: "chooses the potential of bonds",
        args: &[
            arg("style", Kind::Style("bond"), "style, hybrid or none"),
            rest("args", "words of the style; for hybrid: styles"),
        ],
        keywords: &[],
        description: "Bonds come from data files (atom styles bond, angle, molecular, full). They go to the nearest image of the other atom. \
`hybrid` takes several styles; `bond_coeff` then names one for each type. `none` switches bonds off; their atoms stay special neighbours.",
        examples: &["bond_style harmonic", "bond_style hybrid harmonic fene"],
    },
    run: |s, _| {
        needs_bonds(s, "Bond_style")?;
        s.engine.set_bond_style(s.words)?;
        Ok(Flow::Next)
    },
};

/// `bond_coeff`
pub const BOND_COEFF: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "bond_coeff",
        summary: "gives bond types their coefficients",
        args: &[
            arg("type", Kind::Word, "bond type or range: 1, 2*3, *"),
            rest("args", "coefficients of the style"),
        ],
        keywords: &[],
        description: "",
        examples: &["bond_coeff 1 450.0 1.0"],
    },
    run: |s, _| {
        s.engine.set_bond_coeff(s.words)?;
        Ok(Flow::Next)
    },
};

/// `angle_style`
pub const ANGLE_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "angle_style",
        summary: "chooses the potential of angles",
        args: &[
            arg("style", Kind::Style("angle"), "style, hybrid or none"),
            rest("args", "words of the style; for hybrid: styles"),
        ],
        keywords: &[],
        description: "Angles come from data files (atom styles angle, molecular, full). `hybrid` takes several styles; `angle_coeff` then names \
one for each type.",
        examples: &["angle_style harmonic", "angle_style hybrid harmonic cosine"],
    },
    run: |s, _| {
        if !s.engine.state.atom_style.angles {
            return Err(no_such(s, "Angle_style", "angles"));
        }
        s.engine.set_angle_style(s.words)?;
        Ok(Flow::Next)
    },
};

/// `angle_coeff`
pub const ANGLE_COEFF: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "angle_coeff",
        summary: "gives angle types their coefficients",
        args: &[
            arg("type", Kind::Word, "angle type or range: 1, 2*3, *"),
            rest("args", "coefficients of the style"),
        ],
        keywords: &[],
        description: "",
        examples: &["angle_coeff 1 55.0 104.52"],
    },
    run: |s, _| {
        s.engine.set_angle_coeff(s.words)?;
        Ok(Flow::Next)
    },
};

/// `dihedral_style`
pub const DIHEDRAL_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "dihedral_style",
        summary: "only none is available: dihedrals have no forces",
        args: &[arg("style", Kind::Word, "none")],
        keywords: &[],
        description: "With `none`, dihedrals of data files are skipped; without, a file that has some is refused.",
        examples: &["dihedral_style none"],
    },
    run: |s, args| none_only(s, args, "dihedral"),
};

/// `improper_style`
pub const IMPROPER_STYLE: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "improper_style",
        summary: "only none is available: impropers have no forces",
        args: &[arg("style", Kind::Word, "none")],
        keywords: &[],
        description: "With `none`, impropers of data files are skipped; without, a file that has some is refused.",
        examples: &["improper_style none"],
    },
    run: |s, args| none_only(s, args, "improper"),
};

fn none_only(s: &mut Session<'_>, args: &Args, what: &str) -> Result<Flow> {
    let style = args.str("style");
    if style != "none" {
        return Err(Error::input(format!(
            "{what}_style {style} is not available: argyro has bonds and angles, but no {what}s"
        ))
        .at(0)
        .help(format!("{what}_style none runs without them")));
    }
    if what == "dihedral" {
        s.engine.bonded.dihedrals_none = true;
    } else {
        s.engine.bonded.impropers_none = true;
    }
    Ok(Flow::Next)
}

fn no_such(s: &Session<'_>, command: &str, what: &str) -> Error {
    Error::input(format!(
        "{command} command when no {what} allowed: atom_style {} has none",
        s.engine.state.atom_style.name
    ))
    .help("use atom_style bond, angle, molecular or full")
}

fn needs_bonds(s: &Session<'_>, command: &str) -> Result<()> {
    if s.engine.state.atom_style.bonds {
        Ok(())
    } else {
        Err(no_such(s, command, "bonds"))
    }
}

const THREE: &[crate::signature::Arg] = &[
    arg("w12", Kind::Real, "bonded atoms"),
    arg("w13", Kind::Real, "two bonds apart"),
    arg("w14", Kind::Real, "three bonds apart"),
];

/// `special_bonds`
pub const SPECIAL_BONDS: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "special_bonds",
        summary: "weights of pair interactions between bonded atoms",
        args: &[],
        keywords: &[
            keyword("amber", &[], "lj 0 0 1/2, coul 0 0 5/6"),
            keyword("charmm", &[], "lj and coul 0 0 0"),
            keyword("dreiding", &[], "lj and coul 0 0 1"),
            keyword("fene", &[], "lj and coul 0 1 1"),
            keyword("lj/coul", THREE, "both"),
            keyword("lj", THREE, "van der Waals interactions"),
            keyword("coul", THREE, "Coulomb interactions"),
            keyword(
                "angle",
                &[arg("value", Kind::YesNo, "default no")],
                "1-3 weights only for pairs at the ends of an angle",
            ),
            keyword(
                "dihedral",
                &[arg("value", Kind::YesNo, "default no")],
                "1-4 weights only for pairs at the ends of a dihedral",
            ),
            keyword(
                "one/five",
                &[arg("value", Kind::YesNo, "default no")],
                "only no: no atom style keeps 1-5 neighbours",
            ),
        ],
        description: "Default: all weights 0. Every command starts from the defaults, as in LAMMPS; its words count in their order.",
        examples: &["special_bonds amber", "special_bonds lj/coul 0 0 0.5"],
    },
    run: special_bonds,
};

fn special_bonds(session: &mut Session<'_>, args: &Args) -> Result<Flow> {
    if session.words.is_empty() {
        return Err(Error::input(
            "Illegal special_bonds command: missing argument(s)",
        ));
    }
    let mut s = SpecialBonds::default();
    let preset = |lj: f64, coul: f64, near: f64, s: &mut SpecialBonds| {
        s.lj = [1.0, 0.0, near, lj];
        s.coul = [1.0, 0.0, near, coul];
    };
    for k in args.keywords() {
        let weights = || -> Result<[f64; 4]> {
            let w = [1.0, k.real("w12")?, k.real("w13")?, k.real("w14")?];
            if w.iter().any(|v| !(0.0..=1.0).contains(v)) {
                return Err(
                    Error::input("Illegal special_bonds command: weights must be 0 to 1")
                        .at(k.position()),
                );
            }
            Ok(w)
        };
        match k.name() {
            "amber" => preset(0.5, 5.0 / 6.0, 0.0, &mut s),
            "charmm" => preset(0.0, 0.0, 0.0, &mut s),
            "dreiding" => preset(1.0, 1.0, 0.0, &mut s),
            "fene" => preset(1.0, 1.0, 1.0, &mut s),
            "one/five" if k.yes_no("value")? => {
                return Err(Error::input(
                    "Cannot set special_bonds one/five if atom style does not support it: no style of argyro keeps 1-5 neighbours",
                )
                .at(k.position()));
            }
            "lj" => s.lj = weights()?,
            "coul" => s.coul = weights()?,
            "lj/coul" => {
                s.lj = weights()?;
                s.coul = s.lj;
            }
            "angle" => s.angle = k.yes_no("value")?,
            "dihedral" => s.dihedral = k.yes_no("value")?,
            _ => {}
        }
    }
    set(session, s);
    Ok(Flow::Next)
}

fn set(session: &mut Session<'_>, s: SpecialBonds) {
    session.engine.state.special = s;
    session.engine.topology_changed();
}
