//! LAMMPS' unit styles and their constants (CODATA 2006-like values, as LAMMPS 22 Jul 2025 prints
//! them): thermo output agrees with LAMMPS only with exactly these numbers. Imports nothing.

/// The constants of one unit style.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Units {
    /// Name of the style as in `units NAME`.
    pub name: &'static str,
    /// Boltzmann constant, energy/temperature.
    pub boltz: f64,
    /// Mass times velocity squared to energy.
    pub mvv2e: f64,
    /// Force over mass times time to velocity.
    pub ftm2v: f64,
    /// Energy over volume to pressure.
    pub nktv2p: f64,
    /// Charge squared over distance to energy.
    pub qqr2e: f64,
    /// Charge times electric field to force.
    pub qe2f: f64,
    /// Mass over volume to density.
    pub mv2d: f64,
    /// Planck's constant.
    pub hplanck: f64,
    /// One angstrom in length units.
    pub angstrom: f64,
    /// One femtosecond in time units (0 for lj).
    pub femtosecond: f64,
    /// Default `timestep`.
    pub dt: f64,
    /// Default `neighbor` skin.
    pub skin: f64,
    /// Default of `thermo_modify norm`.
    pub norm: bool,
}

const LJ: Units = Units {
    name: "lj",
    boltz: 1.0,
    mvv2e: 1.0,
    ftm2v: 1.0,
    nktv2p: 1.0,
    qqr2e: 1.0,
    qe2f: 1.0,
    mv2d: 1.0,
    hplanck: 1.0,
    angstrom: 1.0,
    femtosecond: 1.0,
    dt: 0.005,
    skin: 0.3,
    norm: true,
};
const METAL: Units = Units {
    name: "metal",
    boltz: 8.617343e-5,
    mvv2e: 1.0364269e-4,
    ftm2v: 1.0 / 1.0364269e-4,
    nktv2p: 1.6021765e6,
    qqr2e: 14.399645,
    qe2f: 1.0,
    mv2d: 1.0 / 0.602214129,
    hplanck: 4.135667403e-3,
    angstrom: 1.0,
    femtosecond: 1.0e-3,
    dt: 0.001,
    skin: 2.0,
    norm: false,
};
const REAL: Units = Units {
    name: "real",
    boltz: 0.0019872067,
    mvv2e: 48.88821291 * 48.88821291,
    ftm2v: 1.0 / 48.88821291 / 48.88821291,
    nktv2p: 68568.415,
    qqr2e: 332.06371,
    qe2f: 23.060549,
    mv2d: 1.0 / 0.602214129,
    hplanck: 95.306976368,
    angstrom: 1.0,
    femtosecond: 1.0,
    dt: 1.0,
    skin: 2.0,
    norm: false,
};
const SI: Units = Units {
    name: "si",
    boltz: 1.3806504e-23,
    mvv2e: 1.0,
    ftm2v: 1.0,
    nktv2p: 1.0,
    qqr2e: 8.9876e9,
    qe2f: 1.0,
    mv2d: 1.0,
    hplanck: 6.62606896e-34,
    angstrom: 1.0e-10,
    femtosecond: 1.0e-15,
    dt: 1.0e-8,
    skin: 0.001,
    norm: false,
};

const CGS: Units = Units {
    name: "cgs",
    boltz: 1.3806504e-16,
    mvv2e: 1.0,
    ftm2v: 1.0,
    nktv2p: 1.0,
    qqr2e: 1.0,
    qe2f: 1.0,
    mv2d: 1.0,
    hplanck: 6.62606896e-27,
    angstrom: 1.0e-8,
    femtosecond: 1.0e-15,
    dt: 1.0e-8,
    skin: 0.1,
    norm: false,
};
const ELECTRON: Units = Units {
    name: "electron",
    boltz: 3.16681534e-6,
    mvv2e: 1.06657236,
    ftm2v: 0.937582899,
    nktv2p: 2.94210108e13,
    qqr2e: 1.0,
    qe2f: 1.94469051e-10,
    mv2d: 1.0,
    hplanck: 0.1519829846,
    angstrom: 1.88972612,
    femtosecond: 1.0,
    dt: 0.001,
    skin: 2.0,
    norm: false,
};
const MICRO: Units = Units {
    name: "micro",
    boltz: 1.3806504e-8,
    mvv2e: 1.0,
    ftm2v: 1.0,
    nktv2p: 1.0,
    qqr2e: 8.987556e6,
    qe2f: 1.0,
    mv2d: 1.0,
    hplanck: 6.62606896e-13,
    angstrom: 1.0e-4,
    femtosecond: 1.0e-9,
    dt: 2.0,
    skin: 0.1,
    norm: false,
};
const NANO: Units = Units {
    name: "nano",
    boltz: 0.013806504,
    mvv2e: 1.0,
    ftm2v: 1.0,
    nktv2p: 1.0,
    qqr2e: 230.7078669,
    qe2f: 1.0,
    mv2d: 1.0,
    hplanck: 6.62606896e-4,
    angstrom: 0.1,
    femtosecond: 1.0e-6,
    dt: 0.00045,
    skin: 0.1,
    norm: false,
};

/// The supported unit styles.
pub const UNIT_STYLES: &[Units] = &[LJ, METAL, REAL, SI, CGS, ELECTRON, MICRO, NANO];

impl Units {
    /// The style with this name.
    pub fn named(name: &str) -> Option<Self> {
        UNIT_STYLES.iter().copied().find(|u| u.name == name)
    }
}

impl Default for Units {
    /// `units lj`, LAMMPS' default.
    fn default() -> Self {
        LJ
    }
}
