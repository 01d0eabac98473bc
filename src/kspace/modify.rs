//! `kspace_modify`: settings of kspace styles.

use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};

/// Settings; a new `kspace_style` starts from the defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KspaceModify {
    /// Whether the kspace style is evaluated at all.
    pub compute: bool,
    /// Splitting parameter, `None` to choose it.
    pub gewald: Option<f64>,
    /// Mesh of pppm, `None` to choose it.
    pub mesh: Option<[usize; 3]>,
    /// Number of wave vectors of ewald, `None` to choose it.
    pub kmax: Option<[usize; 3]>,
    /// Order of charge assignment of pppm.
    pub order: usize,
    /// Absolute accuracy of forces, force units.
    pub force: Option<f64>,
    /// Forces of pppm by differentiated assignment functions instead of in reciprocal space.
    pub analytic: bool,
    /// Slab geometry.
    pub slab: Slab,
}

/// `kspace_modify slab`
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slab {
    /// Periodic in all directions.
    No,
    /// Periodic in x and y; the cell is extended in z by this factor and the dipole is corrected for.
    Factor(f64),
    /// Periodic in all directions, without kspace forces in z.
    NoForce,
}

impl Default for KspaceModify {
    fn default() -> Self {
        Self {
            compute: true,
            gewald: None,
            mesh: None,
            kmax: None,
            order: 5,
            force: None,
            analytic: false,
            slab: Slab::No,
        }
    }
}

const YES_NO: &[crate::signature::Arg] = &[arg("value", Kind::YesNo, "yes or no")];

/// Signature of `kspace_modify`.
pub const KSPACE_MODIFY: Signature = Signature {
    name: "kspace_modify",
    summary: "changes settings of the kspace style",
    args: &[],
    keywords: &[
        keyword(
            "collective",
            YES_NO,
            "way of exchanging grids in LAMMPS; nothing to choose here",
        ),
        keyword(
            "compute",
            YES_NO,
            "no: leave the long-range part out (default: yes)",
        ),
        keyword(
            "cutoff/adjust",
            YES_NO,
            "belongs to LAMMPS' msm; only `no` is accepted",
        ),
        keyword(
            "diff",
            &[arg("how", Kind::OneOf(&["ik", "ad"]), "ik or ad")],
            "pppm: forces by differentiation in reciprocal space (ik, the default) or of the assignment functions (ad)",
        ),
        keyword(
            "fftbench",
            YES_NO,
            "timing of FFTs in LAMMPS; nothing to choose here",
        ),
        keyword(
            "force",
            &[arg(
                "accuracy",
                Kind::Real,
                "force units; negative: relative accuracy again",
            )],
            "absolute accuracy of forces instead of the relative one of kspace_style",
        ),
        keyword(
            "gewald",
            &[arg("g", Kind::Real, "1/length; 0: chosen")],
            "splitting parameter (default: chosen from the accuracy)",
        ),
        keyword(
            "kmax/ewald",
            &[
                arg("kx", Kind::Int, "0: chosen"),
                arg("ky", Kind::Int, "0: chosen"),
                arg("kz", Kind::Int, "0: chosen"),
            ],
            "ewald: number of wave vectors along each direction",
        ),
        keyword(
            "mesh",
            &[
                arg("nx", Kind::Int, "0: chosen"),
                arg("ny", Kind::Int, "0: chosen"),
                arg("nz", Kind::Int, "0: chosen"),
            ],
            "pppm: points of the mesh along each direction, raised to products of 2, 3 and 5",
        ),
        keyword(
            "minorder",
            &[arg("M", Kind::Count, "order")],
            "pppm: LAMMPS may reduce the order on many processors; here it is never reduced",
        ),
        keyword(
            "order",
            &[arg("N", Kind::Int, "2 to 7")],
            "pppm: points of the charge assignment function along each direction (default: 5)",
        ),
        keyword(
            "overlap",
            YES_NO,
            "pppm on processors in LAMMPS; nothing to choose here",
        ),
        keyword(
            "pressure/scalar",
            YES_NO,
            "belongs to LAMMPS' msm; only `yes` is accepted",
        ),
        keyword(
            "slab",
            &[arg("volfactor", Kind::Word, "number above 1, or nozforce")],
            "slab geometry: periodic in x and y only, with a cell extended in z by this factor (3.0 is usual); nozforce: not extended, and without kspace forces in z",
        ),
        keyword("eigtol", &[arg("tol", Kind::Real, "")], DISPERSION),
        keyword("splittol", &[arg("tol", Kind::Real, "")], DISPERSION),
        keyword(
            "mix/disp",
            &[arg("rule", Kind::OneOf(&["pair", "geom", "none"]), "")],
            DISPERSION,
        ),
        keyword("gewald/disp", &[arg("g", Kind::Real, "")], DISPERSION),
        keyword("order/disp", &[arg("N", Kind::Int, "")], DISPERSION),
        keyword(
            "force/disp/real",
            &[arg("accuracy", Kind::Real, "")],
            DISPERSION,
        ),
        keyword(
            "force/disp/kspace",
            &[arg("accuracy", Kind::Real, "")],
            DISPERSION,
        ),
        keyword(
            "mesh/disp",
            &[
                arg("nx", Kind::Int, ""),
                arg("ny", Kind::Int, ""),
                arg("nz", Kind::Int, ""),
            ],
            DISPERSION,
        ),
        keyword("disp/auto", YES_NO, DISPERSION),
        keyword("wire", &[arg("volfactor", Kind::Real, "")], WIRE),
    ],
    description: "Changes settings of the present `kspace_style`; a new `kspace_style` starts from the defaults.",
    examples: &[
        "kspace_modify mesh 24 24 24 order 6",
        "kspace_modify slab 3.0",
    ],
};

const WIRE: &str =
    "only LAMMPS' solvers for electrodes read this; without effect here, with a warning";
const DISPERSION: &str = "only LAMMPS' solvers for dispersion (ewald/disp, pppm/disp) read this; without effect here, with a warning";

/// Keywords that LAMMPS accepts with ewald and pppm although they read none of them.
const UNREAD: &[&str] = &[
    "eigtol",
    "splittol",
    "mix/disp",
    "gewald/disp",
    "order/disp",
    "force/disp/real",
    "force/disp/kspace",
    "mesh/disp",
    "disp/auto",
    "wire",
];

impl KspaceModify {
    /// Takes over the words of one command; what comes back are warnings.
    ///
    /// # Errors
    /// A value makes no sense, or asks for a solver that argyro does not have.
    pub fn apply(&mut self, args: &Args) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        for k in args.keywords() {
            let refuse = |why: &str| {
                Err(Error::input(format!("kspace_modify {}: {why}", k.name())).at(k.position()))
            };
            let three = |names: [&str; 3]| -> Result<Option<[usize; 3]>> {
                let mut v = [0usize; 3];
                for (v, name) in v.iter_mut().zip(names) {
                    *v = usize::try_from(k.int(name)?)
                        .ok()
                        .filter(|&n| n <= 16384)
                        .ok_or_else(|| {
                            Error::input(format!(
                                "kspace_modify {}: {name} must be 0 to 16384",
                                k.name()
                            ))
                            .at(k.word(name))
                        })?;
                }
                match v {
                    [0, 0, 0] => Ok(None),
                    v if v.contains(&0) => Err(Error::input(format!(
                        "kspace_modify {}: all three numbers must be above zero, or all 0",
                        k.name()
                    ))
                    .at(k.position())),
                    v => Ok(Some(v)),
                }
            };
            match k.name() {
                "compute" => self.compute = k.yes_no("value")?,
                "diff" => self.analytic = k.str("how") == "ad",
                "force" => self.force = Some(k.real("accuracy")?).filter(|&v| v >= 0.0),
                "gewald" => {
                    let g = k.real("g")?;
                    if g < 0.0 {
                        return refuse("the splitting parameter must not be below zero");
                    }
                    self.gewald = Some(g).filter(|&g| g > 0.0);
                }
                "kmax/ewald" => self.kmax = three(["kx", "ky", "kz"])?,
                "mesh" => self.mesh = three(["nx", "ny", "nz"])?,
                "order" => {
                    self.order = match k.int("N")? {
                        n @ 2..=7 => n as usize,
                        n => {
                            return Err(Error::input(format!(
                                "kspace_modify order must be 2 to 7, not {n}"
                            ))
                            .at(k.word("N")));
                        }
                    }
                }
                "slab" => self.slab = slab(k.str("volfactor"), k.word("volfactor"))?,
                "cutoff/adjust" if k.yes_no("value")? => {
                    return refuse(
                        "only LAMMPS' msm adjusts the cutoff, which argyro does not have",
                    );
                }
                "pressure/scalar" if !k.yes_no("value")? => {
                    return refuse("only LAMMPS' msm can leave the pressure tensor out");
                }
                "eigtol" | "splittol" if k.real("tol")? >= 1.0 => {
                    return refuse("the tolerance must be smaller than one");
                }
                unread if UNREAD.contains(&unread) => warnings.push(format!(
                    "kspace_modify {unread} has no effect: neither ewald nor pppm reads it"
                )),
                _ => {}
            }
        }
        Ok(warnings)
    }
}

fn slab(word: &str, at: usize) -> Result<Slab> {
    if word == "nozforce" {
        return Ok(Slab::NoForce);
    }
    match crate::signature::parse_real(word) {
        Some(v) if v > 1.0 => Ok(Slab::Factor(v)),
        _ => Err(Error::input(format!(
            "kspace_modify slab: expected a number above 1 or nozforce, found '{word}'"
        ))
        .at(at)),
    }
}
