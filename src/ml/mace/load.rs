//! Reads a MACE model from what the trainer writes: the pickled module (`NAME.model`) or its
//! TorchScript forms (`NAME-lammps.pt`, `NAME_compiled.model`).
//!
//! Every length is checked here, so that the evaluations may index without doubt
//! (`check` at the end compares the parts with each other).
//! Imports the formats, the model description and irreps.

mod check;
mod interaction;
mod product;
mod readout;

use std::path::Path;

use super::model::{MaceModel, Zbl};
use crate::ml::e3nn;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::kind::{Family, ModelFile, ModelKind};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::layers::Stored;
use crate::ml::radial::form::{Cutoff, DistanceTransform, RadialBasis, RadialEmbedding};

/// Layers, heads and radial functions that a file may have; real models stay far below.
const MAX_LAYERS: usize = 64;
const MAX_HEADS: usize = 4096;
const MAX_BASIS: usize = 4096;

/// Loads a model file.
///
/// # Errors
/// Where the file cannot be read, is damaged, or is no MACE model that argyro can evaluate; the
/// message says what it is instead and what is needed.
pub fn load_file(path: &Path) -> Result<MaceModel> {
    load_bytes(std::fs::read(path)?)
}

/// Loads a model from the contents of a file.
///
/// # Errors
/// As [`load_file`].
pub fn load_bytes(bytes: Vec<u8>) -> Result<MaceModel> {
    let file = ModelFile::open(bytes)?;
    match &file.torch {
        Some(torch) if matches!(file.kind, ModelKind::Mace | ModelKind::MaceScript) => load(torch),
        _ => Err(file.kind.refusal(Family::Mace)),
    }
}

/// Loads a model from an opened file.
///
/// # Errors
/// As [`load_file`].
pub fn load(file: &TorchFile) -> Result<MaceModel> {
    let root = Node::root(file);
    let (module, head) = match root.full_class().as_str() {
        "mace.calculators.lammps_mace.LAMMPS_MACE" => (root.child("model")?, root.some("head")),
        _ => (root, None),
    };
    let class = module.class();
    if !matches!(class.as_str(), "MACE" | "ScaleShiftMACE") {
        return Err(refuse_class(&module));
    }
    for name in ["joint_embedding", "embedding_readout"] {
        if module.some(name).is_some() {
            return Err(ModelError::unsupported(format!(
                "the model takes inputs beside the structure, such as a total charge or spin \
                 (`{name}`); argyro reads MACE models that depend on elements and positions only"
            )));
        }
    }
    let model = Reader {
        module: &module,
        class,
        head,
    }
    .read()?;
    check::check(&model)?;
    Ok(model)
}

fn refuse_class(module: &Node) -> ModelError {
    let full = module.full_class();
    ModelError::unsupported(match module.class().as_str() {
        class @ ("AtomicDipolesMACE" | "AtomicDielectricMACE") => {
            format!("{class} predicts dipoles, not energies; a MACE energy model is needed")
        }
        class @ ("EnergyDipolesMACE" | "MACELES" | "PolarMACE") => format!(
            "{class} is a MACE variant with its own electrostatics, which argyro does not \
             evaluate; a model of class MACE or ScaleShiftMACE is needed"
        ),
        _ => format!("the file holds a {full}, not a MACE model"),
    })
}

struct Reader<'n, 't> {
    module: &'n Node<'t>,
    class: String,
    head: Option<Node<'t>>,
}

impl Reader<'_, '_> {
    fn read(self) -> Result<MaceModel> {
        let module = self.module;
        let atomic_numbers = atomic_numbers(&module.child("atomic_numbers")?)?;
        let species = atomic_numbers.len();
        let heads = heads(module)?;
        let default_head = self.head.as_ref().map(Node::count).transpose()?;
        let (l_max, radial) = (l_max(module)?, radial(module, &atomic_numbers)?);
        let embedding = module.child("node_embedding")?.child("linear")?;
        let stored = match embedding.child("weight")?.array()?.dtype {
            DType::F64 => Stored::Double,
            _ => Stored::Single,
        };
        let energies = module
            .child("atomic_energies_fn")?
            .child("atomic_energies")?;
        let atomic_energies = per_head(&energies, heads.len(), species)?;
        let (scale, shift) = self.scale_and_shift(heads.len())?;
        let layers = interaction::layers(module, species)?;
        let readouts = readout::readouts(module, layers.len(), heads.len())?;
        let last_only = module
            .some("use_last_readout_only")
            .map(|n| n.flag())
            .transpose()?;
        Ok(MaceModel {
            class: self.class.clone(),
            r_max: module.child("r_max")?.number()?,
            default_head,
            stored,
            l_max,
            radial,
            embedding: e3nn::one_hot_linear(&embedding, species)?,
            layers,
            readouts,
            atomic_energies,
            scale,
            shift,
            zbl: zbl(module, &atomic_numbers)?,
            use_last_readout_only: last_only.unwrap_or(false),
            atomic_numbers,
            heads,
        })
    }

    /// Class MACE has neither scale nor shift.
    fn scale_and_shift(&self, heads: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        if self.class == "MACE" {
            return Ok((vec![1.0; heads], vec![0.0; heads]));
        }
        let block = self.module.child("scale_shift")?;
        let read = |name| per_head(&block.child(name)?, heads, 1);
        Ok((read("scale")?, read("shift")?))
    }
}

/// An array \[heads\]\[columns\], where a single row stands for all heads.
fn per_head(node: &Node, heads: usize, columns: usize) -> Result<Vec<f64>> {
    let array = node.array()?;
    match array.data.len() {
        n if n == heads * columns => Ok(array.data),
        n if n == columns => Ok(array.data.repeat(heads)),
        n => Err(node.error(format!("{n} numbers for {heads} heads of {columns}"))),
    }
}

fn atomic_numbers(node: &Node) -> Result<Vec<u8>> {
    let numbers = node.array()?.data;
    let mut out: Vec<u8> = Vec::new();
    for z in numbers {
        if z.fract() != 0.0 || !(1.0..=118.0).contains(&z) || out.contains(&(z as u8)) {
            return Err(node.error(format!("{z} is no atomic number or occurs twice")));
        }
        out.push(z as u8);
    }
    if out.is_empty() {
        Err(node.error("the model knows no element"))
    } else {
        Ok(out)
    }
}

fn heads(module: &Node) -> Result<Vec<String>> {
    // files from before multi-head training have no such list
    let Some(node) = module.some("heads") else {
        return Ok(vec!["Default".to_owned()]);
    };
    let names = node.elements()?;
    if names.is_empty() || names.len() > MAX_HEADS {
        return Err(node.error("a list of head names is expected"));
    }
    names
        .iter()
        .map(|name| name.text().map(str::to_owned))
        .collect()
}

/// Highest degree of the spherical harmonics; checks that they are 0, 1, .. l_max, once each.
fn l_max(module: &Node) -> Result<usize> {
    let node = module.child("spherical_harmonics")?;
    let irreps = node.child("irreps_out")?.irreps()?;
    let normalize = node.some("normalize").map(|n| n.flag()).transpose()?;
    let kind = node.some("normalization").map(|n| n.text()).transpose()?;
    let known = normalize != Some(false) && kind.is_none_or(|k| k == "component");
    let ladder = irreps
        .0
        .iter()
        .enumerate()
        .all(|(l, b)| b.mul == 1 && b.irrep.l == l);
    if !known || !ladder || irreps.0.is_empty() {
        return Err(ModelError::unsupported(format!(
            "the spherical harmonics are {irreps} in an unknown normalisation; argyro knows \
             1x0e+1x1o+.. with normalisation `component`"
        )));
    }
    match irreps.l_max() {
        l if l <= e3nn::MAX_L => Ok(l),
        l => Err(node.error(format!("degree {l} is above {}", e3nn::MAX_L))),
    }
}

fn radial(module: &Node, atomic_numbers: &[u8]) -> Result<RadialEmbedding> {
    let node = module.child("radial_embedding")?;
    let cutoff = node.child("cutoff_fn")?;
    let apply = node.some("apply_cutoff").map(|n| n.flag()).transpose()?;
    let radial = RadialEmbedding {
        basis: basis(&node.child("bessel_fn")?)?,
        cutoff: Cutoff::Polynomial {
            p: cutoff.child("p")?.number()?,
        },
        cutoff_r_max: cutoff.child("r_max")?.number()?,
        apply_cutoff: apply.unwrap_or(true),
        transform: match node.some("distance_transform") {
            Some(node) => transform(&node, atomic_numbers)?,
            None => DistanceTransform::None,
        },
    };
    if radial.basis.is_empty() || radial.basis.len() > MAX_BASIS {
        return Err(node.error("the number of radial functions is out of range"));
    }
    Ok(radial)
}

fn basis(node: &Node) -> Result<RadialBasis> {
    Ok(match node.class().as_str() {
        "BesselBasis" => RadialBasis::Bessel {
            prefactor: node.child("prefactor")?.number()?,
            weights: node.child("bessel_weights")?.array()?.data,
        },
        "GaussianBasis" => RadialBasis::Gaussian {
            coeff: node.child("coeff")?.number()?,
            centers: node.child("gaussian_weights")?.array()?.data,
        },
        "ChebychevBasis" => RadialBasis::Chebyshev {
            count: node.child("num_basis")?.count()?,
        },
        class => {
            return Err(ModelError::unsupported(format!(
                "the radial basis {class} is not known; BesselBasis, GaussianBasis and \
                 ChebychevBasis are"
            )));
        }
    })
}

fn transform(node: &Node, atomic_numbers: &[u8]) -> Result<DistanceTransform> {
    let radii = radii(&node.child("covalent_radii")?, atomic_numbers)?;
    Ok(match node.class().as_str() {
        "AgnesiTransform" => DistanceTransform::Agnesi {
            q: node.child("q")?.number()?,
            p: node.child("p")?.number()?,
            a: node.child("a")?.number()?,
            radii,
        },
        "SoftTransform" => DistanceTransform::Soft {
            alpha: node.child("alpha")?.number()?,
            radii,
        },
        class => {
            return Err(ModelError::unsupported(format!(
                "the distance transform {class} is not known; AgnesiTransform and SoftTransform are"
            )));
        }
    })
}

/// Radii of the model's species from a table indexed by atomic number.
fn radii(node: &Node, atomic_numbers: &[u8]) -> Result<Vec<f64>> {
    let table = node.array()?.data;
    let radius = |&z: &u8| match table.get(usize::from(z)) {
        Some(&r) if r > 0.0 => Ok(r),
        _ => Err(node.error(format!("there is no radius for atomic number {z}"))),
    };
    atomic_numbers.iter().map(radius).collect()
}

fn zbl(module: &Node, atomic_numbers: &[u8]) -> Result<Option<Zbl>> {
    let Some(node) = module.some("pair_repulsion_fn") else {
        return Ok(None);
    };
    let c = node.child("c")?;
    let amplitudes = c.array_of(&[4])?;
    Ok(Some(Zbl {
        c: amplitudes
            .try_into()
            .map_err(|_| c.error("four numbers are expected"))?,
        p: node.child("p")?.number()?,
        a_exp: node.child("a_exp")?.number()?,
        a_prefactor: node.child("a_prefactor")?.number()?,
        radii: radii(&node.child("covalent_radii")?, atomic_numbers)?,
    }))
}

/// Submodules of a ModuleList, at most [`MAX_LAYERS`].
fn module_list<'t>(module: &Node<'t>, name: &str) -> Result<Vec<Node<'t>>> {
    let list = module.child(name)?;
    let items = list.items();
    if items.is_empty() || items.len() > MAX_LAYERS {
        return Err(list.error(format!(
            "{} entries, expected 1 to {MAX_LAYERS}",
            items.len()
        )));
    }
    Ok(items)
}
