//! The thermo keywords and how each is evaluated.
//!
//! Energies are in energy units, per atom under `thermo_modify norm yes`; enthalpy is E + P V.

use super::Value;
use crate::domain::host::{Host, Reference};
use crate::domain::state::Tally;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// What a column shows.
#[derive(Debug, Clone)]
pub enum Quantity {
    /// A keyword of [`KEYWORDS`].
    Keyword(&'static str),
    /// A compute, fix or variable.
    Reference(Reference),
}

/// A thermo keyword.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// The word.
    pub name: &'static str,
    /// Heading of its column.
    pub heading: &'static str,
    /// Whether it is a count.
    pub int: bool,
    /// One line for the manual.
    pub doc: &'static str,
}

const fn int(name: &'static str, heading: &'static str, doc: &'static str) -> Keyword {
    Keyword {
        name,
        heading,
        int: true,
        doc,
    }
}

const fn float(name: &'static str, heading: &'static str, doc: &'static str) -> Keyword {
    Keyword {
        name,
        heading,
        int: false,
        doc,
    }
}

/// All thermo keywords.
pub const KEYWORDS: &[Keyword] = &[
    int("step", "Step", "timestep number"),
    int("elapsed", "Elapsed", "steps since the start of this run"),
    int(
        "elaplong",
        "Elaplong",
        "steps since the start of a series of runs",
    ),
    float("dt", "Dt", "timestep size"),
    float("time", "Time", "simulation time"),
    float("cpu", "CPU", "seconds since the start of this run"),
    float("tpcpu", "T/CPU", "time units per second"),
    float("spcpu", "S/CPU", "steps per second"),
    float("cpuremain", "CPULeft", "seconds until the run ends"),
    int("part", "Part", "number of the partition"),
    float("timeremain", "TimeoutLeft", "seconds until the time limit"),
    int("atoms", "Atoms", "number of atoms"),
    float("temp", "Temp", "temperature"),
    float("press", "Press", "pressure"),
    float("pe", "PotEng", "potential energy"),
    float("ke", "KinEng", "kinetic energy"),
    float("etotal", "TotEng", "total energy"),
    float(
        "evdwl",
        "E_vdwl",
        "van der Waals energy with the tail, or the whole energy of a machine-learning model",
    ),
    float("ecoul", "E_coul", "Coulomb energy within the cutoff"),
    float("epair", "E_pair", "evdwl + ecoul + elong"),
    float("ebond", "E_bond", "bond energy"),
    float("eangle", "E_angle", "angle energy"),
    float("edihed", "E_dihed", "dihedral energy"),
    float("eimp", "E_impro", "improper energy"),
    float("emol", "E_mol", "ebond + eangle + edihed + eimp"),
    float("elong", "E_long", "long-range Coulomb energy"),
    float("etail", "E_tail", "energy of the van der Waals tail"),
    float("enthalpy", "Enthalpy", "etotal + press vol"),
    float("ecouple", "Ecouple", "energy of thermostats and barostats"),
    float("econserve", "Econserve", "etotal + ecouple, conserved"),
    float("vol", "Volume", "volume"),
    float("density", "Density", "mass density"),
    float("lx", "Lx", "box length along x"),
    float("ly", "Ly", "box length along y"),
    float("lz", "Lz", "box length along z"),
    float("xlo", "Xlo", "lower x bound"),
    float("xhi", "Xhi", "upper x bound"),
    float("ylo", "Ylo", "lower y bound"),
    float("yhi", "Yhi", "upper y bound"),
    float("zlo", "Zlo", "lower z bound"),
    float("zhi", "Zhi", "upper z bound"),
    float("xy", "Xy", "tilt xy"),
    float("xz", "Xz", "tilt xz"),
    float("yz", "Yz", "tilt yz"),
    float("xlat", "Xlat", "lattice spacing along x"),
    float("ylat", "Ylat", "lattice spacing along y"),
    float("zlat", "Zlat", "lattice spacing along z"),
    float("avecx", "Avecx", "component x of cell vector a"),
    float("avecy", "Avecy", "component y of cell vector a"),
    float("avecz", "Avecz", "component z of cell vector a"),
    float("bvecx", "Bvecx", "component x of cell vector b"),
    float("bvecy", "Bvecy", "component y of cell vector b"),
    float("bvecz", "Bvecz", "component z of cell vector b"),
    float("cvecx", "Cvecx", "component x of cell vector c"),
    float("cvecy", "Cvecy", "component y of cell vector c"),
    float("cvecz", "Cvecz", "component z of cell vector c"),
    float("cella", "Cella", "length of the first cell vector"),
    float("cellb", "Cellb", "length of the second cell vector"),
    float("cellc", "Cellc", "length of the third cell vector"),
    float("cellalpha", "CellAlpha", "cell angle alpha, degrees"),
    float("cellbeta", "CellBeta", "cell angle beta, degrees"),
    float("cellgamma", "CellGamma", "cell angle gamma, degrees"),
    int("bonds", "Bonds", "number of bonds"),
    int("angles", "Angles", "number of angles"),
    int("dihedrals", "Diheds", "number of dihedrals"),
    int("impropers", "Impros", "number of impropers"),
    float("pxx", "Pxx", "pressure tensor xx"),
    float("pyy", "Pyy", "pressure tensor yy"),
    float("pzz", "Pzz", "pressure tensor zz"),
    float("pxy", "Pxy", "pressure tensor xy"),
    float("pxz", "Pxz", "pressure tensor xz"),
    float("pyz", "Pyz", "pressure tensor yz"),
    float("fmax", "Fmax", "largest force component"),
    float("fnorm", "Fnorm", "length of the force vector of all atoms"),
    int("nbuild", "Nbuild", "neighbour list builds in this run"),
    int("ndanger", "Ndanger", "dangerous builds in this run"),
];

/// The keyword with this name.
pub fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|k| k.name == name)
}

const AXES: [&str; 3] = ["x", "y", "z"];

/// The value of a keyword now.
///
/// # Errors
/// There is no such keyword, no box yet, or the force field cannot be evaluated.
pub fn evaluate(name: &str, e: &mut Engine) -> Result<Value> {
    if let Some(v) = count(name, e) {
        return Ok(Value::Int(v));
    }
    if let Some(v) = progress(name, e) {
        return Ok(Value::Float(v));
    }
    if let Some(v) = energy(name, e)? {
        return Ok(Value::Float(v));
    }
    if let Some(v) = pressure(name, e)? {
        return Ok(Value::Float(v));
    }
    if let Some(v) = forces(name, e)? {
        return Ok(Value::Float(v));
    }
    geometry(name, e)?.map(Value::Float).ok_or_else(|| {
        Error::input(format!("Unknown thermo keyword '{name}'"))
            .suggest(name, KEYWORDS.iter().map(|k| k.name))
    })
}

fn count(name: &str, e: &Engine) -> Option<i64> {
    Some(match name {
        "step" => e.state.step,
        "elapsed" => e.state.step - e.state.run.first,
        "elaplong" => e.state.step - e.state.run.begin,
        "part" => e.partition,
        "atoms" => e.state.atoms.len() as i64,
        "bonds" => e.state.atoms.topology.bonds.len() as i64,
        "angles" => e.state.atoms.topology.angles.len() as i64,
        "dihedrals" | "impropers" => 0,
        "nbuild" => e.lists.builds,
        "ndanger" => e.lists.dangerous,
        _ => return None,
    })
}

fn progress(name: &str, e: &Engine) -> Option<f64> {
    Some(match name {
        "dt" => e.state.dt,
        "time" => e.state.time_now(),
        "cpu" => e.clock.run_seconds(),
        "tpcpu" => e.clock.time_rate(e.state.time_now()),
        "spcpu" => e.clock.step_rate(e.state.step),
        "cpuremain" => e.clock.remaining(&e.state),
        "timeremain" => e.time_limit.remaining(),
        _ => return None,
    })
}

/// Kinetic energy: dof kB T / 2 of the temperature compute.
fn kinetic(e: &mut Engine) -> Result<f64> {
    let id = e.thermo.temperature.clone();
    let (t, dof) = e.temperature(&id)?;
    Ok(0.5 * dof * e.state.units.boltz * t)
}

fn potential(e: &mut Engine) -> Result<f64> {
    e.compute_scalar("thermo_pe")
}

fn coupling(e: &Engine) -> f64 {
    e.fixes
        .values()
        .filter_map(|s| s.fix.as_ref().and_then(|f| f.coupling_energy_of(&e.state)))
        .sum()
}

fn tally(e: &mut Engine) -> Result<()> {
    e.tally(Tally {
        energy: true,
        ..Tally::NONE
    })
}

fn energy(name: &str, e: &mut Engine) -> Result<Option<f64>> {
    let total = match name {
        "temp" => {
            let id = e.thermo.temperature.clone();
            return e.compute_scalar(&id).map(Some);
        }
        "ke" => kinetic(e)?,
        "pe" => potential(e)?,
        "etotal" => potential(e)? + kinetic(e)?,
        "ecouple" => coupling(e),
        "econserve" => potential(e)? + kinetic(e)? + coupling(e),
        "enthalpy" => {
            let id = e.thermo.pressure.clone();
            let p = e.compute_scalar(&id)?;
            let volume = e.state.cell("thermo enthalpy")?.volume(e.state.dimension);
            potential(e)? + kinetic(e)? + p * volume / e.state.units.nktv2p
        }
        "evdwl" | "ecoul" | "epair" | "ebond" | "eangle" | "emol" | "elong" | "etail" => {
            tally(e)?;
            let t = &e.state.tallies;
            match name {
                "evdwl" => t.vdwl + t.tail,
                "ecoul" => t.coul,
                "ebond" => t.bond,
                "eangle" => t.angle,
                "emol" => t.bond + t.angle,
                "elong" => t.long,
                "etail" => t.tail,
                _ => t.vdwl + t.coul + t.long + t.tail,
            }
        }
        // Atom styles with dihedrals do not exist: the energy is exactly zero.
        "edihed" | "eimp" => 0.0,
        _ => return Ok(None),
    };
    let n = e.state.atoms.len() as f64;
    let per_atom = e.thermo.per_atom(e) && n > 0.0;
    Ok(Some(if per_atom { total / n } else { total }))
}

fn pressure(name: &str, e: &mut Engine) -> Result<Option<f64>> {
    let id = e.thermo.pressure.clone();
    if name == "press" {
        return e.compute_scalar(&id).map(Some);
    }
    let component = ["pxx", "pyy", "pzz", "pxy", "pxz", "pyz"]
        .iter()
        .position(|k| *k == name);
    let Some(k) = component else {
        return Ok(None);
    };
    let tensor = pressure_tensor(e)?;
    let rotation = e.state.cell.as_ref().and_then(|c| c.rotation);
    let shown = rotation.filter(|_| e.thermo.general);
    let tensor = shown.map_or(tensor, |r| r.tensor_to_general(tensor));
    Ok(Some(tensor[k]))
}

/// The pressure tensor xx, yy, zz, xy, xz, yz in the orientation of the cell.
///
/// # Errors
/// The force field cannot be evaluated, or the pressure compute has no tensor.
pub fn pressure_tensor(e: &mut Engine) -> Result<[f64; 6]> {
    let id = e.thermo.pressure.clone();
    let vector = e.compute_vector(&id)?;
    vector
        .first_chunk()
        .copied()
        .ok_or_else(|| Error::input(format!("compute {id} has no pressure tensor")))
}

fn forces(name: &str, e: &mut Engine) -> Result<Option<f64>> {
    if name != "fmax" && name != "fnorm" {
        return Ok(None);
    }
    let f = e.state.atoms.f.iter().flatten();
    Ok(Some(if name == "fmax" {
        f.fold(0.0, |m: f64, x| m.max(x.abs()))
    } else {
        f.map(|x| x * x).sum::<f64>().sqrt()
    }))
}

fn geometry(name: &str, e: &Engine) -> Result<Option<f64>> {
    let s = &e.state;
    if let Some(k) = name
        .strip_suffix("lat")
        .and_then(|a| AXES.iter().position(|x| *x == a))
    {
        let lattice = s
            .lattice
            .as_ref()
            .ok_or_else(|| Error::input(format!("Thermo keyword {name} needs a lattice")))?;
        return Ok(Some(lattice.spacing[k]));
    }
    if find(name).is_none() {
        return Ok(None);
    }
    let cell = s.cell("thermo")?;
    let l = cell.lengths();
    let [xy, xz, yz] = cell.tilt;
    let length = |v: [f64; 3]| (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    let v = cell.vectors();
    let edges = if e.thermo.general {
        cell.general_vectors()
    } else {
        v
    };
    let angle = |a: [f64; 3], b: [f64; 3]| {
        let dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        (dot / (length(a) * length(b))).acos().to_degrees()
    };
    Ok(Some(match name {
        "vol" => cell.volume(s.dimension),
        "density" => {
            let mass: f64 = (0..s.atoms.len()).map(|i| s.mass_of(i)).sum();
            s.units.mv2d * mass / cell.volume(s.dimension)
        }
        "lx" => l[0],
        "ly" => l[1],
        "lz" => l[2],
        "xlo" => cell.lo[0],
        "ylo" => cell.lo[1],
        "zlo" => cell.lo[2],
        "xhi" => cell.hi[0],
        "yhi" => cell.hi[1],
        "zhi" => cell.hi[2],
        "xy" => xy,
        "xz" => xz,
        "yz" => yz,
        "avecx" => edges[0][0],
        "avecy" => edges[0][1],
        "avecz" => edges[0][2],
        "bvecx" => edges[1][0],
        "bvecy" => edges[1][1],
        "bvecz" => edges[1][2],
        "cvecx" => edges[2][0],
        "cvecy" => edges[2][1],
        "cvecz" => edges[2][2],
        "cella" => length(v[0]),
        "cellb" => length(v[1]),
        "cellc" => length(v[2]),
        "cellalpha" => angle(v[1], v[2]),
        "cellbeta" => angle(v[0], v[2]),
        "cellgamma" => angle(v[0], v[1]),
        _ => return Ok(None),
    }))
}
