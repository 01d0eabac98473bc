//! `dump xtc`: positions in the XTC format of GROMACS: whole multiples of 1/precision nm, packed into as many bits as
//! the extent of the system needs.
//!
//! The format knows a denser code for atoms near the one before; this writer uses the plain code for every atom,
//! which all readers know. Format: the XDR library of GROMACS (xdrf), F. van Hoesel 1995.

use super::keywords_common::{BUFFER, FLUSH, PBC};
use super::positions_common::{self, SORT, UNWRAP, with_pbc};
use super::{Dump, DumpEntry, DumpId};
use crate::domain::host::Host;
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::fs::File;
use std::io::Write;

const SIGNATURE: Signature = Signature {
    name: "xtc",
    summary: "positions in XTC format (binary, rounded to 0.001 nm)",
    args: &[],
    keywords: &[],
    description: "Atoms of the group in the order of their IDs, with the cell of each frame, in nm and ps. In units lj numbers \
are written as they are.\n\nRestrictions: the number of atoms in the group must not change; positions are rounded, so `dump \
h5md` keeps what the analysis of diffusion needs.\n\nRelated: dump dcd, dump h5md",
    examples: &["dump 1 all xtc 100 traj.xtc"],
};

const MODIFY: Signature = Signature {
    name: "dump_modify xtc",
    summary: "settings of dump xtc",
    args: &[],
    keywords: &[
        BUFFER,
        FLUSH,
        PBC,
        keyword(
            "precision",
            &[arg("N", Kind::Count, "10, 100, ... 1000000")],
            "steps per nm to which positions are rounded, default 1000",
        ),
        keyword(
            "sfactor",
            &[arg("factor", Kind::Positive, "nm per length unit")],
            "default 0.1 nm per angstrom, 1 in units lj",
        ),
        SORT,
        keyword(
            "tfactor",
            &[arg("factor", Kind::Positive, "ps per time unit")],
            "default 0.001 ps per femtosecond, 1 in units lj",
        ),
        UNWRAP,
    ],
    description: "",
    examples: &["dump_modify 1 unwrap yes precision 10000"],
};

/// The line of the table.
pub const STYLE: DumpEntry = DumpEntry {
    signature: &SIGNATURE,
    modify: &MODIFY,
    build,
};

const MAGIC: i32 = 1995;
/// Frames of so few atoms are not packed.
const FEW: usize = 9;
/// Index of the smallest step of the denser code, which is not used.
const SMALLEST: i32 = 9;
/// Extents beyond this are packed one direction at a time.
const WIDE: u64 = 0x00ff_ffff;

struct Xtc {
    id: DumpId,
    unwrap: bool,
    pbc: bool,
    precision: f64,
    length: f64,
    time: f64,
    file: Option<File>,
    atoms: usize,
}

fn build(id: &DumpId, _: &Args, host: &mut dyn Host) -> Result<Box<dyn Dump>> {
    if id.file.contains('*') {
        return Err(Error::input(
            "Invalid dump xtc filename: one file holds all frames",
        ));
    }
    let s = host.state();
    let atoms = members(s, id.bit).count();
    if atoms == 0 || i32::try_from(3 * atoms).is_err() {
        return Err(Error::input(format!(
            "Invalid number of atoms for dump xtc: {atoms}"
        )));
    }
    let (length, time) = if s.units.name == "lj" {
        (1.0, 1.0)
    } else {
        (0.1 / s.units.angstrom, 0.001 / s.units.femtosecond)
    };
    Ok(Box::new(Xtc {
        id: id.clone(),
        unwrap: false,
        pbc: false,
        precision: 1000.0,
        length,
        time,
        file: None,
        atoms,
    }))
}

/// Numbers in XDR: big-endian, four bytes.
#[derive(Default)]
struct Xdr(Vec<u8>);

impl Xdr {
    fn int(&mut self, n: i32) {
        self.0.extend_from_slice(&n.to_be_bytes());
    }

    fn float(&mut self, x: f64) {
        self.0.extend_from_slice(&(x as f32).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// Bits, the highest of a number first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    /// Appends the lowest `count` (at most 32) bits.
    fn push(&mut self, count: u32, value: u64) {
        self.pending = (self.pending << count) | (value & ((1u64 << count) - 1));
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
        self.pending &= (1 << self.count) - 1;
    }

    /// Appends `count` bits of a large number, its lowest byte first.
    fn push_large(&mut self, mut count: u32, mut value: u128) {
        while count > 8 {
            self.push(8, (value & 0xff) as u64);
            value >>= 8;
            count -= 8;
        }
        self.push(count, value as u64);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            let gap = 8 - self.count;
            self.push(gap, 0);
        }
        self.bytes
    }
}

fn bit_length(n: u128) -> u32 {
    128 - n.leading_zeros()
}

/// The packed form of positions in whole steps.
fn pack(steps: &[[i32; 3]], precision: f64, out: &mut Xdr) -> std::result::Result<(), ()> {
    let fold = |f: fn(i32, i32) -> i32| -> [i32; 3] {
        std::array::from_fn(|k| steps.iter().map(|s| s[k]).reduce(f).unwrap_or(0))
    };
    let (low, high) = (fold(i32::min), fold(i32::max));
    let size: [u64; 3] =
        std::array::from_fn(|k| (i64::from(high[k]) - i64::from(low[k]) + 1) as u64);
    if size.iter().any(|s| *s >= 1 << 31) {
        return Err(());
    }
    out.float(precision);
    low.iter().chain(&high).for_each(|n| out.int(*n));
    out.int(SMALLEST);
    let together = size.iter().all(|s| *s <= WIDE);
    let product = size.iter().map(|s| u128::from(*s)).product::<u128>();
    let mut bits = Bits::default();
    for s in steps {
        let n: [u64; 3] = std::array::from_fn(|k| (i64::from(s[k]) - i64::from(low[k])) as u64);
        if together {
            let number = (u128::from(n[0]) * u128::from(size[1]) + u128::from(n[1]))
                * u128::from(size[2])
                + u128::from(n[2]);
            bits.push_large(bit_length(product), number);
        } else {
            (0..3).for_each(|k| bits.push(bit_length(u128::from(size[k])), n[k]));
        }
        // no run of near atoms follows
        bits.push(1, 0);
    }
    let bytes = bits.finish();
    out.int(bytes.len() as i32);
    out.bytes(&bytes);
    Ok(())
}

impl Xtc {
    fn frame(&self, host: &dyn Host) -> Result<Vec<u8>> {
        let s = host.state();
        let x = positions_common::frame(s, "xtc", self.id.bit, self.atoms, self.unwrap)?;
        let mut out = Xdr::default();
        out.int(MAGIC);
        out.int(self.atoms as i32);
        out.int(s.step as i32);
        out.float(self.time * s.step as f64 * s.dt);
        for v in s.cell("dump xtc")?.vectors() {
            v.iter().for_each(|x| out.float(self.length * x));
        }
        out.int(self.atoms as i32);
        let positions = x.iter().map(|x| x.map(|x| x * self.length));
        if self.atoms <= FEW {
            positions.for_each(|x| x.iter().for_each(|x| out.float(*x)));
            return Ok(out.0);
        }
        let large = || {
            Error::run("dump xtc: positions are too large for the precision").help(
                "choose a smaller dump_modify precision, or dump h5md or dcd, which have no such limit",
            )
        };
        let mut steps = Vec::with_capacity(self.atoms);
        for x in positions {
            let scaled = x.map(|x| (x * self.precision).round());
            if scaled.iter().any(|x| x.abs() > f64::from(i32::MAX - 2)) {
                return Err(large());
            }
            steps.push(scaled.map(|x| x as i32));
        }
        pack(&steps, self.precision, &mut out).map_err(|()| large())?;
        Ok(out.0)
    }
}

impl Dump for Xtc {
    fn modify(&mut self, words: &[&str], _: &mut dyn Host) -> Result<()> {
        let args = MODIFY.parse("dump_modify", words)?;
        for k in args.keywords() {
            match k.name() {
                "unwrap" => self.unwrap = k.yes_no("value")?,
                "pbc" => self.pbc = k.yes_no("value")?,
                "sfactor" => self.length = k.real("factor")?,
                "tfactor" => self.time = k.real("factor")?,
                "precision" => {
                    let n = k.int("N")?;
                    if ![10, 100, 1000, 10_000, 100_000, 1_000_000].contains(&n) {
                        return Err(Error::input(format!(
                            "Invalid dump_modify precision {n}: 10, 100, ... 1000000"
                        ))
                        .at(k.word("N")));
                    }
                    self.precision = n as f64;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.file.is_some() || host.dry() {
            return Ok(());
        }
        let file = File::create(&self.id.file)
            .map_err(|e| Error::input(format!("Cannot open dump file {}: {e}", self.id.file)))?;
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, host: &mut dyn Host) -> Result<()> {
        self.init(host)?;
        let frame = with_pbc(self.pbc, host, |host| self.frame(host))?;
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(&frame)
            .and_then(|()| file.flush())
            .map_err(|e| Error::run(format!("Cannot write dump file {}: {e}", self.id.file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `count` bits from bit `at`.
    fn read(bytes: &[u8], at: &mut usize, count: u32) -> u64 {
        (0..count).fold(0, |n, _| {
            let bit = bytes[*at / 8] >> (7 - *at % 8) & 1;
            *at += 1;
            (n << 1) | u64::from(bit)
        })
    }

    #[test]
    fn positions_can_be_unpacked() {
        let steps: Vec<[i32; 3]> = (0..40)
            .map(|i| [i * 37 - 500, 7 * i * i - 90, 1000 - i * 13])
            .collect();
        let mut out = Xdr::default();
        pack(&steps, 1000.0, &mut out).unwrap();
        let int = |k: usize| i32::from_be_bytes(out.0[4 * k..4 * k + 4].try_into().unwrap());
        let low = [int(1), int(2), int(3)];
        let size: Vec<u128> = (0..3).map(|k| (int(4 + k) - low[k] + 1) as u128).collect();
        let count = bit_length(size.iter().product());
        let bytes = &out.0[36..];
        assert_eq!(bytes.len(), (int(8) as usize).next_multiple_of(4));
        let mut at = 0;
        for s in &steps {
            let (mut number, mut shift, mut left) = (0u128, 0, count);
            while left > 0 {
                let n = left.min(8);
                number |= u128::from(read(bytes, &mut at, n)) << shift;
                shift += 8;
                left -= n;
            }
            assert_eq!(read(bytes, &mut at, 1), 0);
            let z = (number % size[2]) as i32 + low[2];
            let y = (number / size[2] % size[1]) as i32 + low[1];
            let x = (number / size[2] / size[1]) as i32 + low[0];
            assert_eq!([x, y, z], *s);
        }
    }
}
