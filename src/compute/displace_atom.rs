//! `compute displace/atom`: displacement of each atom since the compute was defined.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::State;
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg, keyword};

const SIGNATURE: Signature = Signature {
    name: "displace/atom",
    summary: "displacement of each atom from its position when the compute was defined",
    args: &[],
    keywords: &[keyword(
        "refresh",
        &[arg(
            "variable",
            Kind::Word,
            "name of an atom-style variable",
        )],
        "`dump_modify refresh` renews the reference of atoms for which the variable is not zero",
    )],
    description: "A per-atom array with 4 columns: dx, dy, dz and their length, length units, from unwrapped \
positions; 0 for atoms outside the group.",
    examples: &["compute d all displace/atom"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct DisplaceAtom {
    bit: u32,
    refresh: Option<String>,
    reference: Vec<[f64; 3]>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let refresh = args.keyword("refresh").map(|k| {
        let name = k.str("variable");
        name.strip_prefix("v_").unwrap_or(name).to_string()
    });
    let s = host.state();
    s.cell("compute displace/atom")?;
    let reference = (0..s.atoms.len()).map(|i| unwrapped(s, i)).collect();
    Ok(Box::new(DisplaceAtom {
        bit: id.bit,
        refresh,
        reference,
    }))
}

impl Compute for DisplaceAtom {
    fn refresh_by(&self) -> Result<Reference> {
        let name = self.refresh.clone().ok_or_else(|| {
            Error::input(
                "Dump_modify refresh: compute displace/atom needs its keyword refresh for that",
            )
        })?;
        Ok(Reference {
            source: Source::Variable,
            id: name,
            index: Vec::new(),
        })
    }

    fn refresh(&mut self, values: &[f64], s: &State) {
        for i in members(s, self.bit) {
            if values[i] != 0.0 {
                self.reference[i] = unwrapped(s, i);
            }
        }
    }

    fn output(&self) -> Output {
        Output {
            per_atom: Some(4),
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let s = host.state();
        if s.atoms.len() != self.reference.len() {
            return Err(Error::run(
                "the number of atoms changed after compute displace/atom was defined",
            ));
        }
        let mut values = vec![0.0; 4 * s.atoms.len()];
        for i in members(s, self.bit) {
            let x = unwrapped(s, i);
            let r = self.reference[i];
            let d = [x[0] - r[0], x[1] - r[1], x[2] - r[2]];
            values[4 * i..4 * i + 3].copy_from_slice(&d);
            values[4 * i + 3] = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        }
        Ok(Data::PerAtomArray { columns: 4, values })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let reference = Reader::new(bytes).vectors()?;
        if reference.len() != self.reference.len() {
            return Err(Error::input(
                "the restart file's reference positions of compute displace/atom belong to another number of atoms",
            ));
        }
        self.reference = reference;
        Ok(())
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut k = keep.iter();
        self.reference.retain(|_| *k.next().unwrap_or(&true));
    }
}
