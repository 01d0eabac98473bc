//! `compute temp/profile`: temperature relative to the mean velocity of the atoms in the same bin.
//!
//! Profile-unbiased thermostatting: Evans and Morriss, Phys. Rev. Lett. 56, 2172 (1986),
//! doi:10.1103/PhysRevLett.56.2172. Each component of the profile costs a degree of freedom per bin.

use super::temperature_common::{ExtraDof, scalar_or_tensor};
use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, parse_int, rest};

const FLAG: Kind = Kind::OneOf(&["0", "1"]);

const SIGNATURE: Signature = Signature {
    name: "temp/profile",
    summary: "temperature of a group relative to the mean velocity of the atoms in the same bin",
    args: &[
        arg("xflag", FLAG, "1: the mean of vx is subtracted"),
        arg("yflag", FLAG, "1: the mean of vy is subtracted"),
        arg("zflag", FLAG, "1: the mean of vz is subtracted"),
        arg(
            "binstyle",
            Kind::OneOf(&["x", "y", "z", "xy", "yz", "xz", "xyz"]),
            "directions that are divided",
        ),
        rest(
            "words",
            "a number of bins for every direction, then `out tensor|bin`",
        ),
    ],
    keywords: &[],
    description: "As `compute temp` after the mass-weighted mean velocity of the bin has been subtracted, with the degrees of \
freedom d N - S N_bins - extra, S the number of components that are subtracted and extra (`compute_modify extra/dof`) d - S by default. \
Bins divide the box evenly, in a tilted box along its edges. A thermostat that uses it (`fix_modify ID temp`) leaves the profile as it \
is.\n\nWith `out tensor` (default) there is a vector as of `compute temp`, with `out bin` an array with one row per bin: number of \
atoms and temperature.\n\nRelated: compute temp/ramp, fix deform",
    examples: &[
        "compute t all temp/profile 1 0 0 y 10",
        "compute t all temp/profile 1 1 1 xz 5 5 out bin",
    ],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct TempProfile {
    bit: u32,
    flags: [bool; 3],
    bins: [usize; 3],
    array: bool,
    extra: ExtraDof,
}

/// Mean velocity and number of atoms of every bin, and the bin of every atom.
struct Profile {
    of: Vec<usize>,
    mean: Vec<[f64; 3]>,
    count: Vec<f64>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let flags = ["xflag", "yflag", "zflag"].map(|f| args.str(f) == "1");
    let flat = host.state().dimension == 2;
    if flags[2] && flat {
        return Err(
            Error::input("Compute temp/profile cannot use vz for 2d systems")
                .at(args.word("zflag")),
        );
    }
    let words = args.all("words");
    let mut rest = words.iter();
    let mut bins = [1; 3];
    for (axis, name) in ['x', 'y', 'z'].into_iter().enumerate() {
        if !args.str("binstyle").contains(name) {
            continue;
        }
        if axis == 2 && flat {
            return Err(
                Error::input("Compute temp/profile cannot bin z for 2d systems")
                    .at(args.word("binstyle")),
            );
        }
        let word = rest.next();
        let number = word.and_then(|w| parse_int(w.1));
        bins[axis] = number
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=1_000_000).contains(n))
            .ok_or_else(|| {
                Error::input(format!(
                    "Illegal compute temp/profile command: expected a number of bins along {name}, found '{}'",
                    word.map_or("", |w| w.1)
                ))
                .at(word.map_or(args.word("binstyle"), |w| w.0))
            })?;
    }
    let tail: Vec<&str> = rest.clone().map(|w| w.1).collect();
    let array = match tail.as_slice() {
        [] | ["out", "tensor"] => false,
        ["out", "bin"] => true,
        _ => {
            let at = rest.next().map_or(0, |w| w.0);
            return Err(Error::input(format!(
                "Illegal compute temp/profile command: expected 'out tensor' or 'out bin', found '{}'",
                tail.join(" ")
            ))
            .at(at));
        }
    };
    if bins.iter().product::<usize>() > 10_000_000 {
        return Err(Error::input(
            "Illegal compute temp/profile command: too many bins",
        ));
    }
    Ok(Box::new(TempProfile {
        bit: id.bit,
        flags,
        bins,
        array,
        extra: ExtraDof::default(),
    }))
}

impl TempProfile {
    /// Components that are subtracted.
    fn streams(&self) -> f64 {
        self.flags.iter().filter(|f| **f).count() as f64
    }

    fn total(&self) -> usize {
        self.bins.iter().product()
    }

    /// Degrees of freedom that are subtracted from all atoms together.
    fn extra(&self, s: &State) -> f64 {
        let default = f64::from(s.dimension) - self.streams();
        self.extra.value_or(default)
    }

    fn dof(&self, host: &dyn Host) -> f64 {
        let profile = self.streams() * self.total() as f64;
        self.extra
            .degrees(host, self.bit, self.extra(host.state()) + profile)
    }

    fn bin(&self, s: &State, i: usize) -> Result<usize> {
        let cell = s.cell("compute temp/profile")?;
        let x = s.atoms.x[i];
        let (place, lo, length) = if cell.triclinic {
            (cell.fractional_by_inverse(x), [0.0; 3], [1.0; 3])
        } else {
            (x, cell.lo, cell.lengths())
        };
        let mut bin = 0;
        for k in (0..3).rev() {
            let mut c = place[k];
            if cell.periodic(k) {
                if c < lo[k] {
                    c += length[k];
                }
                if c >= lo[k] + length[k] {
                    c -= length[k];
                }
            }
            let n = self.bins[k];
            let at = ((c - lo[k]) * (n as f64 / length[k])) as i64;
            bin = bin * n + at.clamp(0, n as i64 - 1) as usize;
        }
        Ok(bin)
    }

    fn profile(&self, s: &State) -> Result<Profile> {
        let n = self.total();
        let mut p = Profile {
            of: vec![0; s.atoms.len()],
            mean: vec![[0.0; 3]; n],
            count: vec![0.0; n],
        };
        let mut mass = vec![0.0; n];
        for i in members(s, self.bit) {
            let (b, m) = (self.bin(s, i)?, s.mass_of(i));
            p.of[i] = b;
            p.count[b] += 1.0;
            mass[b] += m;
            for k in (0..3).filter(|&k| self.flags[k]) {
                p.mean[b][k] += m * s.atoms.v[i][k];
            }
        }
        for (v, m) in p.mean.iter_mut().zip(mass).filter(|x| x.1 > 0.0) {
            *v = v.map(|v| v / m);
        }
        Ok(p)
    }

    /// Number of atoms and temperature of every bin; each has its share of what is subtracted as a whole.
    fn rows(&self, s: &State, p: &Profile) -> Vec<f64> {
        let mut sum = vec![0.0; self.total()];
        for i in members(s, self.bit) {
            let mean = p.mean[p.of[i]];
            let v2: f64 = (0..3).map(|k| (s.atoms.v[i][k] - mean[k]).powi(2)).sum();
            sum[p.of[i]] += v2 * s.mass_of(i);
        }
        let atoms: f64 = p.count.iter().sum();
        let share = if atoms > 0.0 {
            self.extra(s) / atoms
        } else {
            0.0
        };
        let dimension = f64::from(s.dimension);
        let row = |(count, sum): (&f64, f64)| {
            let dof = dimension * count - self.streams() - share * count;
            let t = match *count > 0.0 && dof > 0.0 {
                true => sum * s.units.mvv2e / (dof * s.units.boltz),
                false => 0.0,
            };
            [*count, t]
        };
        p.count.iter().zip(sum).flat_map(row).collect()
    }
}

impl Compute for TempProfile {
    fn output(&self) -> Output {
        Output {
            vector: if self.array { 0 } else { 6 },
            array: if self.array {
                (self.total(), 2)
            } else {
                (0, 0)
            },
            extensive_vector: !self.array,
            ..Output::SCALAR
        }
    }

    fn evaluate(&mut self, part: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        let p = self.profile(s)?;
        let v = |i: usize| -> [f64; 3] {
            let mean = p.mean[p.of[i]];
            std::array::from_fn(|k| s.atoms.v[i][k] - mean[k])
        };
        match part {
            Part::Vector if self.array => Err(Error::input(
                "compute temp/profile with 'out bin' has a scalar and an array only",
            )),
            Part::Array if self.array => Ok(Data::Array {
                columns: 2,
                values: self.rows(s, &p),
            }),
            _ => scalar_or_tensor("temp/profile", part, self.bit, self.dof(host), host, v),
        }
    }

    fn temperature_dof(&mut self, host: &mut dyn Host) -> Option<f64> {
        Some(self.dof(host))
    }

    fn bias(&mut self, host: &mut dyn Host) -> Result<Option<Vec<[f64; 3]>>> {
        let s = host.state();
        let p = self.profile(s)?;
        let mut bias = vec![[0.0; 3]; s.atoms.len()];
        for i in members(s, self.bit) {
            bias[i] = p.mean[p.of[i]];
        }
        Ok(Some(bias))
    }

    fn modify(&mut self, words: &[&str]) -> Result<()> {
        self.extra.modify(words)
    }
}
