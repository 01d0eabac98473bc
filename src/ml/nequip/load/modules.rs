//! NequIP 0.7 and later as modules: packages and TorchScript. The modules name their layouts and
//! instructions, so that nothing has to be derived.

use super::layers::{LayerReader, mlp};
use super::{old, parts};
use crate::ml::equivariant::model::{Network, Readout};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::layers::Stored;
use crate::ml::repulsion::Repulsion;

/// Modules of the network besides its layers.
const KNOWN: [&str; 9] = [
    "type_embed",
    "spharm",
    "edge_norm",
    "bessel_encode",
    "factor",
    "per_atom_energy_readout",
    "per_type_energy_scale_shift",
    "pair_potential",
    "total_energy_sum",
];

/// The network of a package or TorchScript file.
pub fn load(file: &TorchFile, found: &Found) -> Result<Network> {
    if found.modules.get("one_hot").is_some() {
        return old::load(file, found);
    }
    Reader {
        modules: &found.modules,
        names: type_names(found)?,
        versions: Versions::of(file)?,
        settings: text_member(file, "model/config.yaml")?,
    }
    .read()
}

/// Where a network is in a file.
pub struct Found<'t> {
    /// The module that holds the network's modules.
    pub modules: Node<'t>,
    /// The type names, where a module on the way has them.
    pub names: Option<Node<'t>>,
    /// The modules on the way, outermost first.
    pub outer: Vec<Node<'t>>,
}

/// Finds the network of a file.
pub fn find<'t>(root: &Node<'t>) -> Result<Found<'t>> {
    if root.get("sole_model").is_some() && root.items().len() > 1 {
        return Err(ModelError::unsupported(
            "the package holds several models; package the one that is meant \
             (`nequip-package build NAME.ckpt NAME.nequip.zip`)",
        ));
    }
    let mut node = root.clone();
    let mut names = None;
    let mut outer = Vec::new();
    for _ in 0..8 {
        names = node.some("type_names").or(names);
        if node.get("layer0_convnet").is_some() || node.get("allegro").is_some() {
            return Ok(Found {
                modules: node,
                names,
                outer,
            });
        }
        let inner = ["sole_model", "model", "func"];
        match inner.iter().find_map(|name| node.some(name)) {
            Some(next) => outer.push(std::mem::replace(&mut node, next)),
            None => break,
        }
    }
    Err(ModelError::unsupported(format!(
        "the file holds a {}, in which no NequIP network is found",
        root.full_class()
    )))
}

/// A member of the file as text; empty where it is absent.
pub fn text_member(file: &TorchFile, name: &str) -> Result<String> {
    let bytes = file.member(name)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Versions of the programs that wrote a package.
pub struct Versions {
    /// NequIP.
    pub nequip: Option<String>,
    /// Allegro.
    pub allegro: Option<String>,
    /// e3nn.
    pub e3nn: Option<String>,
}

impl Versions {
    /// Versions in the package's metadata; none in other files.
    pub fn of(file: &TorchFile) -> Result<Versions> {
        let text = text_member(file, "model/package_metadata.txt")?;
        let version = |name: &str| {
            let line = |l: &str| Some(l.trim().strip_prefix(name)?.strip_prefix(':')?.to_owned());
            let value = text.lines().find_map(line)?;
            Some(value.trim().trim_matches(['\'', '"']).to_owned())
        };
        Ok(Versions {
            nequip: version("nequip"),
            allegro: version("allegro"),
            e3nn: version("e3nn"),
        })
    }
}

struct Reader<'n, 't> {
    modules: &'n Node<'t>,
    names: Vec<String>,
    versions: Versions,
    /// Training settings of a package; empty elsewhere.
    settings: String,
}

impl Reader<'_, '_> {
    fn read(self) -> Result<Network> {
        refuse_unknown(self.modules, &KNOWN)?;
        let names = self.names;
        let species = names.len();
        let embedding = embedding(self.modules, species)?;
        let edge_norm = self.modules.child("edge_norm")?;
        let r_max = edge_norm.child("r_max")?.number()?;
        let reciprocals = match edge_norm.some("_rmax_recip") {
            Some(node) => node.array()?.data,
            None => vec![1.0 / r_max],
        };
        let l_max = l_max(&self.modules.child("spharm")?.child("sh")?)?;
        let bessel = self.modules.child("bessel_encode")?;
        let factor = match self.modules.some("factor") {
            Some(node) => node.child("factor")?.number()?,
            None => 1.0,
        };
        let (scale, shift) = scale_shift(self.modules, species)?;
        let version = self.versions.nequip.as_deref().unwrap_or("");
        let mut network = Network {
            origin: format!("NequIP {version}").trim_end().to_owned(),
            atomic_numbers: parts::atomic_numbers(&names),
            type_names: names,
            r_max,
            pair_cutoffs: parts::pair_cutoffs(&reciprocals, r_max, species)?,
            stored: embedding.1,
            l_max,
            solid_harmonics: false,
            radial: parts::radial(
                r_max,
                factor,
                &bessel.child("bessel_weights")?.array()?.data,
                cutoff_p(&bessel)?,
            ),
            layers: LayerReader {
                modules: self.modules,
                attributes: Some(&embedding.0),
                species,
                e3nn: self.versions.e3nn.clone(),
                settings: self.settings,
            }
            .layers()?,
            embedding: embedding.0,
            readout: Readout {
                start: 0,
                net: mlp(&self
                    .modules
                    .child("per_atom_energy_readout")?
                    .child("mlp_module")?)?,
            },
            scale,
            shift,
            repulsion: None,
        };
        if let Some(node) = self.modules.some("pair_potential") {
            let p = cutoff_p(&node)?;
            network.repulsion = Some(network_repulsion(&node, p, &mut network)?);
        }
        Ok(network)
    }
}

/// Vectors of the species and the type of the stored weights.
fn embedding(modules: &Node, species: usize) -> Result<(Vec<f64>, Stored)> {
    let node = modules.child("type_embed")?;
    let fields = node.some("do_categorical_graph_field_embed");
    if fields.map(|n| n.flag()).transpose()?.unwrap_or(false) {
        return Err(ModelError::unsupported(
            "the model takes inputs beside the structure (categorical graph fields); argyro \
                 reads NequIP models that depend on types and positions only",
        ));
    }
    let weight = node.child("embed_module")?.child("weight")?;
    let array = weight.array()?;
    if array.shape.first() != Some(&species) || array.shape.len() != 2 {
        return Err(weight.error(format!("{:?} for {species} species", array.shape)));
    }
    let stored = match array.dtype {
        DType::F64 => Stored::Double,
        _ => Stored::Single,
    };
    Ok((array.data, stored))
}

/// Names of the species.
pub fn type_names(found: &Found) -> Result<Vec<String>> {
    let scale_shift = found.modules.some("per_type_energy_scale_shift");
    let node = found.names.clone();
    let node = node.or_else(|| scale_shift.and_then(|n| n.some("type_names")));
    let node = node.ok_or_else(|| found.modules.error("the type names are missing"))?;
    let names = node.elements()?;
    let names = names.iter().map(|name| name.text().map(str::to_owned));
    parts::type_names(names.collect::<Result<_>>()?)
}

/// Scale and shift of the energy of each species.
pub fn scale_shift(modules: &Node, species: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let node = modules.child("per_type_energy_scale_shift")?;
    let constants = |name: &str, default| -> Result<Vec<f64>> {
        let values = match node.some(name) {
            Some(node) => node.array()?.data,
            None => Vec::new(),
        };
        parts::per_species(&values, default, species)
    };
    Ok((constants("scales", 1.0)?, constants("shifts", 0.0)?))
}

/// Refuses modules besides the layers and the `known` ones.
pub fn refuse_unknown(modules: &Node, known: &[&str]) -> Result<()> {
    for module in modules.items() {
        let path = module.path();
        let name = path.rsplit('.').next().unwrap_or(path);
        let layer = name.strip_prefix("layer");
        let layer = layer.and_then(|n| n.strip_suffix("_convnet"));
        let numbered = layer.is_some_and(|n| n.parse::<usize>().is_ok());
        if !numbered && !known.contains(&name) {
            return Err(ModelError::unsupported(format!(
                "the network has a module {name} ({}), which argyro does not know",
                module.class()
            )));
        }
    }
    Ok(())
}

/// Highest degree of a module of spherical harmonics.
pub fn l_max(node: &Node) -> Result<usize> {
    let kind = node.some("normalization").map(|n| n.text()).transpose()?;
    let normalize = node.some("normalize").map(|n| n.flag()).transpose()?;
    if normalize == Some(false) || kind.is_some_and(|k| k != "component") {
        return Err(ModelError::unsupported(
            "the spherical harmonics have another normalisation than `component`",
        ));
    }
    parts::l_max(&node.child("irreps_out")?.irreps()?)
}

/// Exponent of the polynomial cutoff of a module.
pub fn cutoff_p(node: &Node) -> Result<f64> {
    let cutoff = node.child("cutoff")?;
    match cutoff.class().as_str() {
        "PolynomialCutoff" => cutoff.child("p")?.number(),
        class => Err(ModelError::unsupported(format!(
            "the cutoff function {class} is not known; PolynomialCutoff is"
        ))),
    }
}

/// The term added to the network's energy.
pub fn network_repulsion(node: &Node, p: f64, network: &mut Network) -> Result<Repulsion> {
    let mut numbers = network.atomic_numbers.clone();
    let zbl = repulsion(node, p, &mut numbers, |i, j| network.cutoff(i, j))?;
    network.atomic_numbers = numbers;
    Ok(zbl)
}

/// ZBL with the exponent `p` of its cutoff function; fills in the atomic numbers that the names of
/// the species do not tell.
pub fn repulsion(
    node: &Node,
    p: f64,
    atomic_numbers: &mut [u8],
    cutoff: impl Fn(usize, usize) -> f64,
) -> Result<Repulsion> {
    let class = node.class();
    if class != "ZBL" {
        return Err(ModelError::unsupported(format!(
            "the pair potential {class} is not supported; ZBL is"
        )));
    }
    let numbers = node.child("atomic_numbers")?;
    let numbers = numbers.array_of(&[atomic_numbers.len()])?;
    parts::fill_numbers(atomic_numbers, &numbers);
    let charge = node.child("_qqr2exesquare")?.number()?;
    Ok(parts::zbl(&numbers, charge, p, cutoff))
}
