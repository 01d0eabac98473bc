//! NequIP 0.5 and 0.6 as `nequip-deploy` writes them (`.pth`): TorchScript, not frozen. One-hot
//! species, a basis of sin(w r / r_max) / r, two linear maps as readout, energies scaled per
//! species and then for all.

use super::layers::LayerReader;
use super::modules::{Found, cutoff_p, l_max, network_repulsion, refuse_unknown, text_member};
use super::parts;
use crate::ml::e3nn;
use crate::ml::equivariant::model::{Network, Readout};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::irreps::Irrep;
use crate::ml::layers::{Linear, Mlp, MlpLayer, Stored};
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};

/// Modules of the network besides its layers.
const KNOWN: [&str; 9] = [
    "one_hot",
    "spharm_edges",
    "radial_basis",
    "chemical_embedding",
    "conv_to_output_hidden",
    "output_hidden_to_scalar",
    "per_species_rescale",
    "pair_potential",
    "total_energy_sum",
];

/// The network of a deployed file.
pub fn load(file: &TorchFile, found: &Found) -> Result<Network> {
    let modules = &found.modules;
    refuse_unknown(modules, &KNOWN)?;
    let names = text_member(file, "extra/type_names")?;
    let names = parts::type_names(names.split_whitespace().map(str::to_owned).collect())?;
    let species = modules.child("one_hot")?.child("num_types")?.count()?;
    if names.len() != species {
        return Err(modules.error(format!("{} type names for {species} types", names.len())));
    }
    let (radial, r_max) = radial(&modules.child("radial_basis")?)?;
    let embedding = modules.child("chemical_embedding")?.child("linear")?;
    let stored = match embedding.child("weight")?.array()?.dtype {
        DType::F64 => Stored::Double,
        _ => Stored::Single,
    };
    let e3nn = text_member(file, "extra/e3nn_version")?;
    let version = text_member(file, "extra/nequip_version")?;
    let total = total_scale(found)?;
    let (scale, shift) = constants(modules, species, total)?;
    let mut network = Network {
        origin: format!("NequIP {version}").trim_end().to_owned(),
        atomic_numbers: parts::atomic_numbers(&names),
        type_names: names,
        r_max,
        pair_cutoffs: Vec::new(),
        stored,
        l_max: l_max(&modules.child("spharm_edges")?.child("sh")?)?,
        solid_harmonics: false,
        radial,
        embedding: e3nn::one_hot_linear(&embedding, species)?,
        layers: LayerReader {
            modules,
            attributes: None,
            species,
            e3nn: Some(e3nn).filter(|version| !version.is_empty()),
            settings: String::new(),
        }
        .layers()?,
        readout: readout(modules)?,
        scale,
        shift,
        repulsion: None,
    };
    if let Some(node) = modules.some("pair_potential") {
        let p = cutoff_p(&modules.child("radial_basis")?)?;
        let mut zbl = network_repulsion(&node, p, &mut network)?;
        zbl.pairs.iter_mut().for_each(|pair| pair.charge *= total);
        network.repulsion = Some(zbl);
    }
    Ok(network)
}

/// `prefactor * sin(w r / r_max) / r` times the polynomial cutoff.
fn radial(node: &Node) -> Result<(RadialEmbedding, f64)> {
    let basis = node.child("basis")?;
    if basis.class() != "BesselBasis" {
        return Err(ModelError::unsupported(format!(
            "the radial basis {} is not known; BesselBasis is",
            basis.class()
        )));
    }
    let r_max = basis.child("r_max")?.number()?;
    let weights = basis.child("bessel_weights")?.array()?.data;
    let radial = RadialEmbedding {
        basis: RadialBasis::Bessel {
            prefactor: basis.child("prefactor")?.number()?,
            weights: weights.iter().map(|w| w / r_max).collect(),
        },
        cutoff: Cutoff::Polynomial { p: cutoff_p(node)? },
        cutoff_r_max: r_max,
        apply_cutoff: true,
        transform: DistanceTransform::None,
    };
    Ok((radial, r_max))
}

/// Factor of all energies, of the modules around the network.
fn total_scale(found: &Found) -> Result<f64> {
    let mut total = 1.0;
    for node in &found.outer {
        if node.class() != "RescaleOutput" {
            continue;
        }
        let value = |name: &str| -> Result<Option<f64>> {
            let node = node.child(name)?;
            let data = node.array()?.data;
            Ok(data.first().copied())
        };
        total *= value("scale_by")?.unwrap_or(1.0);
        if value("shift_by")?.is_some_and(|shift| shift != 0.0) {
            return Err(ModelError::unsupported(
                "the model adds a constant to the energy of a whole structure \
                 (`global_rescale_shift`), whatever its size; train with shifts per species",
            ));
        }
    }
    Ok(total)
}

/// Scale and shift of each species.
fn constants(modules: &Node, species: usize, total: f64) -> Result<(Vec<f64>, Vec<f64>)> {
    let Some(node) = modules.some("per_species_rescale") else {
        return Ok((vec![total; species], vec![0.0; species]));
    };
    let order: Vec<String> = modules.names();
    let place = |name: &str| order.iter().position(|n| n == name);
    if place("pair_potential").is_some_and(|pair| Some(pair) < place("per_species_rescale")) {
        return Err(ModelError::unsupported(
            "the pair potential is scaled per species; argyro knows it only after the scaling",
        ));
    }
    let values = |name: &str, default: f64| -> Result<Vec<f64>> {
        let values = match node.some(name) {
            Some(node) => node.array()?.data,
            None => Vec::new(),
        };
        let values = parts::per_species(&values, default, species)?;
        Ok(values.iter().map(|x| x * total).collect())
    };
    Ok((values("scales", 1.0)?, values("shifts", 0.0)?))
}

/// Two linear maps of the even scalars.
fn readout(modules: &Node) -> Result<Readout> {
    let map = |name: &str| e3nn::linear(&modules.child(name)?.child("linear")?);
    let (start, first) = dense(&map("conv_to_output_hidden")?)?;
    let (_, last) = dense(&map("output_hidden_to_scalar")?)?;
    let net = Mlp::new(vec![first, last])
        .ok_or_else(|| modules.error("the readout's maps do not fit together"))?;
    Ok(Readout { start, net })
}

/// A linear map to even scalars as a dense layer of the input's even scalars, with the position of
/// the first; they must be neighbours.
fn dense(map: &Linear) -> Result<(usize, MlpLayer)> {
    let bad = || {
        ModelError::unsupported(format!(
            "the readout {} -> {} is not of one run of even scalars",
            map.input, map.output
        ))
    };
    let even = |b: &crate::ml::irreps::Block| b.irrep == Irrep::SCALAR;
    let offsets = map.input.offsets();
    let first = map.input.0.iter().position(even).ok_or_else(bad)?;
    let run = map.input.0[first..].iter().take_while(|b| even(b));
    let inputs: usize = run.map(|b| b.mul).sum();
    if inputs != map.input.scalars() || !map.output.0.iter().all(even) {
        return Err(bad());
    }
    let outputs = map.output.dim();
    let mut weight = vec![0.0; inputs * outputs];
    for block in &map.blocks {
        let (from, to) = (&map.input.0[block.input], &map.output.0[block.output]);
        let from_at = offsets[block.input] - offsets[first];
        let to_at = map.output.offsets()[block.output];
        for u in 0..from.mul {
            let row = &block.weight[u * to.mul..(u + 1) * to.mul];
            let at = (from_at + u) * outputs + to_at;
            weight[at..at + to.mul].copy_from_slice(row);
        }
    }
    let layer = MlpLayer::Dense {
        inputs,
        outputs,
        weight,
        bias: map.bias.clone(),
    };
    Ok((offsets[first], layer))
}
