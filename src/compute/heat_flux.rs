//! `compute heat/flux`: heat flux of a group from per-atom energies and stresses.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::host::{Data, Host, Output, Part, Reference, Source};
use crate::domain::values::members;
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "heat/flux",
    summary: "heat flux vector from per-atom energies and stresses",
    args: &[
        arg("ke-ID", Kind::Uses("compute"), "compute ke/atom"),
        arg("pe-ID", Kind::Uses("compute"), "compute pe/atom"),
        arg(
            "stress-ID",
            Kind::Uses("compute"),
            "compute stress/atom or centroid/stress/atom with the virial only",
        ),
    ],
    keywords: &[],
    description: "J = sum e_i v_i - sum S_i v_i (energy times velocity units, not divided by the volume): elements 1 to 3 \
are J, 4 to 6 its convective part sum e_i v_i. Thermal conductivity follows from its autocorrelation (Green-Kubo).\n\n\
Restrictions: of angles, stress/atom gives each atom a third of the virial, centroid/stress/atom that which belongs in a heat \
flux. For many-body force fields the per-atom virial of `compute stress/atom` shares each pair's virial equally, \
which gives a heat flux that depends on this choice: Boone, Babaei, Wilmer, J. Chem. Theory Comput. 15, 5579 (2019).\n\n\
Related: fix ave/correlate",
    examples: &["compute flux all heat/flux k e s"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct HeatFlux {
    bit: u32,
    kinetic: Reference,
    potential: Reference,
    stress: String,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let require = |name: &str, columns: &[usize]| -> Result<Reference> {
        let compute = args.str(name);
        let output = host
            .output(Source::Compute, compute)
            .map_err(|e| e.or_at(args.word(name)))?;
        if !output.per_atom.is_some_and(|n| columns.contains(&n)) {
            return Err(Error::input(format!(
                "compute heat/flux: compute {compute} does not give what {name} needs"
            ))
            .at(args.word(name))
            .help("ke/atom, pe/atom and stress/atom, in this order"));
        }
        Ok(Reference {
            source: Source::Compute,
            id: compute.to_string(),
            index: Vec::new(),
        })
    };
    Ok(Box::new(HeatFlux {
        bit: id.bit,
        kinetic: require("ke-ID", &[0])?,
        potential: require("pe-ID", &[0])?,
        stress: require("stress-ID", &[6, 9])?.id,
    }))
}

impl Compute for HeatFlux {
    fn output(&self) -> Output {
        Output {
            vector: 6,
            extensive_vector: true,
            ..Output::default()
        }
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        let kinetic = host.per_atom(&self.kinetic)?;
        let potential = host.per_atom(&self.potential)?;
        let Data::PerAtomArray {
            columns,
            values: stress,
        } = host.data(Source::Compute, &self.stress, Part::PerAtom)?
        else {
            return Err(Error::input(
                "compute heat/flux: the stress compute has no columns",
            ));
        };
        let s = host.state();
        let rows = match columns {
            6 => [[0, 3, 4], [3, 1, 5], [4, 5, 2]],
            _ => [[0, 3, 4], [6, 1, 5], [7, 8, 2]],
        };
        let mut convective = [0.0; 3];
        let mut virial = [0.0; 3];
        for i in members(s, self.bit) {
            let v = s.atoms.v[i];
            let e = kinetic[i] + potential[i];
            let w = &stress[columns * i..][..columns];
            for k in 0..3 {
                convective[k] += e * v[k];
                let row = rows[k];
                virial[k] -= (0..3).map(|c| w[row[c]] * v[c]).sum::<f64>();
            }
        }
        let total = (0..3).map(|k| convective[k] + virial[k] / s.units.nktv2p);
        Ok(Data::Vector(total.chain(convective).collect()))
    }
}
