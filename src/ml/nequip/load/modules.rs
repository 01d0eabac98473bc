//! NequIP 0.7 and later as modules: packages and TorchScript. The modules name their layouts and
//! instructions, so that nothing has to be derived.

use super::parts;
use crate::ml::activation::{Activation, Function};
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::e3nn::{self, rules};
use crate::ml::equivariant::model::{Gate, Layer, Network, Readout, SelfConnection};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::formats::value::Value;
use crate::ml::irreps::{Block, Irreps};
use crate::ml::layers::{Mlp, MlpLayer, Stored};

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
pub fn load(file: &TorchFile) -> Result<Network> {
    let (modules, names) = find(&Node::root(file))?;
    Reader {
        modules: &modules,
        names,
        versions: Versions::of(file)?,
        settings: text_member(file, "model/config.yaml")?,
    }
    .read()
}

/// The module that holds the network's modules, and the type names on the way to it.
fn find<'t>(root: &Node<'t>) -> Result<(Node<'t>, Option<Node<'t>>)> {
    if root.get("sole_model").is_some() && root.items().len() > 1 {
        return Err(ModelError::unsupported(
            "the package holds several models; package the one that is meant \
             (`nequip-package build NAME.ckpt NAME.nequip.zip`)",
        ));
    }
    let mut node = root.clone();
    let mut names = None;
    for _ in 0..8 {
        names = node.some("type_names").or(names);
        if node.get("layer0_convnet").is_some() {
            return Ok((node, names));
        }
        if node.get("allegro").is_some() {
            return Err(ModelError::unsupported(
                "the file is an Allegro model, which argyro does not evaluate yet; a NequIP model \
                 is needed",
            ));
        }
        let inner = ["sole_model", "model", "func"];
        match inner.iter().find_map(|name| node.some(name)) {
            Some(next) => node = next,
            None => break,
        }
    }
    Err(ModelError::unsupported(format!(
        "the file holds a {}, in which no NequIP network is found",
        root.full_class()
    )))
}

/// A member of the file as text; empty where it is absent.
fn text_member(file: &TorchFile, name: &str) -> Result<String> {
    let bytes = file.member(name)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Versions of the programs that wrote a package.
struct Versions {
    nequip: Option<String>,
    e3nn: Option<String>,
}

impl Versions {
    fn of(file: &TorchFile) -> Result<Versions> {
        let text = text_member(file, "model/package_metadata.txt")?;
        let version = |name: &str| {
            let line = |l: &str| Some(l.trim().strip_prefix(name)?.strip_prefix(':')?.to_owned());
            let value = text.lines().find_map(line)?;
            Some(value.trim().trim_matches(['\'', '"']).to_owned())
        };
        Ok(Versions {
            nequip: version("nequip"),
            e3nn: version("e3nn"),
        })
    }
}

struct Reader<'n, 't> {
    modules: &'n Node<'t>,
    names: Option<Node<'t>>,
    versions: Versions,
    /// Training settings of a package; empty elsewhere.
    settings: String,
}

impl Reader<'_, '_> {
    fn read(self) -> Result<Network> {
        self.refuse_unknown()?;
        let names = self.names()?;
        let species = names.len();
        let embedding = self.embedding(species)?;
        let edge_norm = self.modules.child("edge_norm")?;
        let r_max = edge_norm.child("r_max")?.number()?;
        let reciprocals = match edge_norm.some("_rmax_recip") {
            Some(node) => node.array()?.data,
            None => vec![1.0 / r_max],
        };
        let l_max = self.l_max()?;
        let bessel = self.modules.child("bessel_encode")?;
        let factor = match self.modules.some("factor") {
            Some(node) => node.child("factor")?.number()?,
            None => 1.0,
        };
        let scale_shift = self.modules.child("per_type_energy_scale_shift")?;
        let constants = |name: &str, default| -> Result<Vec<f64>> {
            let values = match scale_shift.some(name) {
                Some(node) => node.array()?.data,
                None => Vec::new(),
            };
            parts::per_species(&values, default, species)
        };
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
            layers: self.layers(&embedding.0, species)?,
            embedding: embedding.0,
            readout: Readout {
                start: 0,
                net: mlp(&self
                    .modules
                    .child("per_atom_energy_readout")?
                    .child("mlp_module")?)?,
            },
            scale: constants("scales", 1.0)?,
            shift: constants("shifts", 0.0)?,
            repulsion: None,
        };
        if let Some(node) = self.modules.some("pair_potential") {
            network.repulsion = Some(repulsion(&node, &mut network)?);
        }
        Ok(network)
    }

    fn refuse_unknown(&self) -> Result<()> {
        for module in self.modules.items() {
            let path = module.path();
            let name = path.rsplit('.').next().unwrap_or(path);
            let layer = name
                .strip_prefix("layer")
                .and_then(|n| n.strip_suffix("_convnet"));
            let numbered = layer.is_some_and(|n| n.parse::<usize>().is_ok());
            if !numbered && !KNOWN.contains(&name) {
                return Err(ModelError::unsupported(format!(
                    "the network has a module {name} ({}), which argyro does not know",
                    module.class()
                )));
            }
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>> {
        let scale_shift = self.modules.some("per_type_energy_scale_shift");
        let node = self.names.clone();
        let node = node.or_else(|| scale_shift.and_then(|n| n.some("type_names")));
        let node = node.ok_or_else(|| self.modules.error("the type names are missing"))?;
        node.elements()?
            .iter()
            .map(|name| name.text().map(str::to_owned))
            .collect()
    }

    fn embedding(&self, species: usize) -> Result<(Vec<f64>, Stored)> {
        let node = self.modules.child("type_embed")?;
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

    fn l_max(&self) -> Result<usize> {
        let node = self.modules.child("spharm")?.child("sh")?;
        let kind = node.some("normalization").map(|n| n.text()).transpose()?;
        let normalize = node.some("normalize").map(|n| n.flag()).transpose()?;
        if normalize == Some(false) || kind.is_some_and(|k| k != "component") {
            return Err(ModelError::unsupported(
                "the spherical harmonics have another normalisation than `component`",
            ));
        }
        parts::l_max(&node.child("irreps_out")?.irreps()?)
    }

    fn layers(&self, attributes: &[f64], species: usize) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        while let Some(node) = self.modules.get(&format!("layer{}_convnet", layers.len())) {
            if layers.len() >= parts::MAX_LAYERS {
                return Err(node.error("too many layers"));
            }
            layers.push(self.layer(&node, attributes, species)?);
        }
        Ok(layers)
    }

    fn layer(&self, node: &Node, attributes: &[f64], species: usize) -> Result<Layer> {
        let conv = node.child("conv")?;
        let linear_1 = e3nn::linear(&conv.child("linear_1")?)?;
        let product = match conv.some("tp_scatter") {
            Some(scatter) => scatter.child("tp")?,
            None => conv.child("tp")?,
        };
        let (mut paths, message) = e3nn::tensor_product(&product, &linear_1.output)?;
        parts::couple(&mut paths, &self.signs(&product)?)?;
        let self_connection = match conv.some("sc") {
            Some(sc) => {
                SelfConnection::Species(e3nn::species_linear(&sc, species, Some(attributes))?)
            }
            None => SelfConnection::None,
        };
        let residual = node.some("resnet").map(|n| n.flag()).transpose()?;
        let mut layer = Layer {
            input: linear_1.input.clone(),
            self_connection,
            linear_1,
            source_scale: Vec::new(),
            radial: mlp(&conv.child("edge_mlp")?)?,
            paths,
            message,
            linear_2: e3nn::linear(&conv.child("linear_2")?)?,
            gate: gate(&node.child("equivariant_nonlin")?)?,
            residual: residual.unwrap_or(false),
        };
        parts::normalise(&mut layer, self.exact_norms(norms(&conv)?));
        Ok(layer)
    }

    /// Neighbour norms without the rounding of a file in f32: from the settings of the package,
    /// where they give numbers that round to those of the network.
    fn exact_norms(&self, norms: Vec<f64>) -> Vec<f64> {
        let mut lines = self.settings.lines().map(str::trim);
        let value = |line: &str| line.rsplit(':').next()?.trim().parse::<f64>().ok();
        while let Some(line) = lines.next() {
            let Some(rest) = line.strip_prefix("avg_num_neighbors:") else {
                continue;
            };
            let averages: Vec<f64> = match rest.trim() {
                "" => lines.clone().map_while(value).take(norms.len()).collect(),
                number => number.parse().into_iter().collect(),
            };
            let exact: Vec<f64> = averages.iter().map(|n| 1.0 / n.sqrt()).collect();
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-7 * b;
            if exact.len() == norms.len() && exact.iter().zip(&norms).all(near) {
                return exact;
            }
        }
        norms
    }

    /// Signs of the tables beside the tensor product; packages hold them in compiled form, there
    /// the version decides.
    fn signs(&self, product: &Node) -> Result<WignerSigns> {
        let mut signs = match &self.versions.e3nn {
            Some(version) => WignerSigns::of_version(version),
            None => WignerSigns::of_e3nn_0_5(),
        };
        add_tables(&mut signs, product)?;
        Ok(signs)
    }
}

/// Takes the tables `_w3j_l1_l2_l3` of a tensor product's compiled part.
pub fn add_tables(signs: &mut WignerSigns, product: &Node) -> Result<()> {
    let Some(compiled) = product.some("_compiled_main_left_right") else {
        return Ok(());
    };
    for name in compiled.names() {
        if name.starts_with("_w3j_")
            && let Some(table) = compiled.some(&name)
        {
            signs.add_table(&name, &table.array()?.data)?;
        }
    }
    Ok(())
}

/// Exponent of the polynomial cutoff of a module.
fn cutoff_p(node: &Node) -> Result<f64> {
    let cutoff = node.child("cutoff")?;
    match cutoff.class().as_str() {
        "PolynomialCutoff" => cutoff.child("p")?.number(),
        class => Err(ModelError::unsupported(format!(
            "the cutoff function {class} is not known; PolynomialCutoff is"
        ))),
    }
}

/// Factors of the senders: 1 / sqrt(average number of neighbours), one or one per species.
fn norms(conv: &Node) -> Result<Vec<f64>> {
    if let Some(norm) = conv.some("avg_num_neighbors_norm") {
        return Ok(norm.child("norm_const")?.array()?.data);
    }
    if let Some(factor) = conv.some("scatter_norm_factor") {
        return Ok(vec![factor.number()?]);
    }
    match conv.some("avg_num_neighbors") {
        Some(n) => Ok(vec![1.0 / n.number()?.sqrt()]),
        None => Ok(vec![1.0]),
    }
}

/// e3nn `Gate`.
pub fn gate(node: &Node) -> Result<Gate> {
    let class = node.class();
    if class != "Gate" {
        return Err(ModelError::unsupported(format!(
            "the non-linearity {class} is not supported; Gate is \
             (train with `convnet_nonlinearity_type: gate`)"
        )));
    }
    let irreps = |name: &str| e3nn::irreps(&node.child(name)?);
    let scalars = activations(&node.child("act_scalars")?, irreps("irreps_scalars")?)?;
    let gates = activations(&node.child("act_gates")?, irreps("irreps_gates")?)?;
    // the product with the gates keeps blocks apart that `irreps_gated` joins
    let gated = match node.some("mul").and_then(|mul| mul.some("irreps_in1")) {
        Some(blocks) => e3nn::irreps(&blocks)?,
        None => irreps("irreps_gated")?,
    };
    rules::gate(&scalars, &gates, &gated).map_err(|e| node.error(e))
}

/// e3nn `Activation`: its blocks, each with a function. TorchScript does not name its blocks:
/// there they are `joined`, the gate's own, in which blocks of one irrep are one.
fn activations(node: &Node, joined: Irreps) -> Result<Vec<(Block, Activation)>> {
    let irreps = match node.some("irreps_in") {
        Some(irreps) => e3nn::irreps(&irreps)?,
        None => joined,
    };
    let acts = node.child("acts")?;
    let mut functions = Vec::new();
    while let Some(act) = acts.get(&functions.len().to_string()) {
        functions.push(match act.value() {
            Value::None => Activation::IDENTITY,
            _ => e3nn::activation(&act)?,
        });
    }
    let same = functions.windows(2).all(|pair| pair[0] == pair[1]);
    if functions.len() != irreps.0.len() && !same {
        return Err(node.error(format!("{} functions for {irreps}", functions.len())));
    }
    let last = functions.last().copied();
    let each = functions.into_iter().chain(last.into_iter().cycle());
    let blocks: Vec<_> = irreps.0.iter().copied().zip(each).collect();
    if blocks.len() == irreps.0.len() {
        Ok(blocks)
    } else {
        Err(node.error("there is no activation"))
    }
}

/// `ScalarMLPFunction`: layers of `weight * alpha`, activations without a constant between them.
fn mlp(node: &Node) -> Result<Mlp> {
    let chain = node.child("mlp")?;
    let mut layers = Vec::new();
    if chain.class() == "DeepLinearMLP" {
        let mut alpha = chain.child("alpha")?.number()?;
        for weight in chain.child("weights")?.items() {
            layers.push(dense(&weight, std::mem::replace(&mut alpha, 1.0), None)?);
        }
    } else {
        for item in chain.items() {
            let class = item.class();
            if class == "ScalarLinearLayer" {
                let alpha = item.child("alpha")?.number()?;
                layers.push(dense(&item.child("weight")?, alpha, item.some("bias"))?);
            } else {
                layers.push(MlpLayer::Activation(plain(&class)?));
            }
            if layers.len() > parts::MAX_LAYERS {
                return Err(node.error("too many layers"));
            }
        }
    }
    Mlp::new(layers).ok_or_else(|| node.error("the layers do not fit together"))
}

/// A function without a constant, by the name of its module or its setting.
pub fn plain(name: &str) -> Result<Activation> {
    let function: Option<Function> = e3nn::activation::function(name);
    let function = function.ok_or_else(|| {
        ModelError::unsupported(format!(
            "the activation {name} of a perceptron is not known; silu, mish, ssp, tanh, sigmoid and \
             softplus are"
        ))
    })?;
    Ok(Activation {
        function,
        factor: 1.0,
    })
}

/// Dense layer of a weight (in, out) times `alpha`, or the number that `alpha` is a rounding of.
pub fn dense(weight: &Node, alpha: f64, bias: Option<Node>) -> Result<MlpLayer> {
    let array = weight.array()?;
    let [inputs, outputs] = array.shape[..] else {
        return Err(weight.error("the weight is no matrix"));
    };
    // the builder's factors are 1/sqrt(n) or sqrt(2/n); files in f32 hold them rounded
    let fan = [inputs, outputs].map(|n| n.max(1) as f64);
    let exact = fan.iter().flat_map(|n| [1.0 / n.sqrt(), (2.0 / n).sqrt()]);
    let near = |exact: &f64| (exact - alpha).abs() < 1e-7 * exact;
    let alpha = exact.into_iter().find(near).unwrap_or(alpha);
    Ok(MlpLayer::Dense {
        inputs,
        outputs,
        weight: array.data.iter().map(|w| w * alpha).collect(),
        bias: match bias {
            Some(bias) => bias.array_of(&[outputs])?,
            None => Vec::new(),
        },
    })
}

/// The term added to the network's energy: ZBL.
fn repulsion(node: &Node, network: &mut Network) -> Result<crate::ml::repulsion::Repulsion> {
    let class = node.class();
    if class != "ZBL" {
        return Err(ModelError::unsupported(format!(
            "the pair potential {class} is not supported; ZBL is"
        )));
    }
    let numbers = node.child("atomic_numbers")?;
    let numbers = numbers.array_of(&[network.species()])?;
    parts::fill_numbers(&mut network.atomic_numbers, &numbers);
    let charge = node.child("_qqr2exesquare")?;
    let charge = match charge.value() {
        Value::None => return Err(charge.error("a number is expected")),
        _ => charge.number()?,
    };
    let cutoff = |i, j| network.cutoff(i, j);
    Ok(parts::zbl(&numbers, charge, cutoff_p(node)?, cutoff))
}
