//! Layers and perceptrons of a network as modules, in the forms of all versions.

use super::parts;
use crate::ml::activation::{Activation, Function};
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::e3nn::{self, rules};
use crate::ml::equivariant::model::{Gate, Layer, SelfConnection};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::value::Value;
use crate::ml::irreps::{Block, Irreps};
use crate::ml::layers::{Mlp, MlpLayer};

/// What layers are read with.
pub struct LayerReader<'n, 't> {
    /// The network's modules.
    pub modules: &'n Node<'t>,
    /// Vector of each species that the self-connections take (None: one-hot vectors).
    pub attributes: Option<&'n [f64]>,
    /// Number of species.
    pub species: usize,
    /// Version of e3nn; None where the file does not name it.
    pub e3nn: Option<String>,
    /// Training settings of a package; empty elsewhere.
    pub settings: String,
}

impl LayerReader<'_, '_> {
    /// All layers.
    pub fn layers(&self) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        while let Some(node) = self.modules.get(&format!("layer{}_convnet", layers.len())) {
            if layers.len() >= parts::MAX_LAYERS {
                return Err(node.error("too many layers"));
            }
            layers.push(self.layer(&node)?);
        }
        Ok(layers)
    }

    fn layer(&self, node: &Node) -> Result<Layer> {
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
                let map = e3nn::species_linear(&sc, self.species, self.attributes)?;
                SelfConnection::Species(map)
            }
            None => SelfConnection::None,
        };
        let residual = node.some("resnet").map(|n| n.flag()).transpose()?;
        let mut layer = Layer {
            input: linear_1.input.clone(),
            self_connection,
            linear_1,
            source_scale: Vec::new(),
            radial: match conv.get("fc") {
                Some(net) => e3nn::radial_net(&net)?,
                None => mlp(&conv.child("edge_mlp")?)?,
            },
            paths,
            message,
            linear_2: e3nn::linear(&conv.child("linear_2")?)?,
            gate: gate(&node.child("equivariant_nonlin")?)?,
            residual: residual.unwrap_or(false),
        };
        parts::normalise(&mut layer, exact_norms(&self.settings, norms(&conv)?));
        Ok(layer)
    }

    /// Signs of the tables beside the tensor product; packages hold them in compiled form, there
    /// the version decides.
    fn signs(&self, product: &Node) -> Result<WignerSigns> {
        let mut signs = match &self.e3nn {
            Some(version) => WignerSigns::of_version(version),
            None => WignerSigns::of_e3nn_0_5(),
        };
        add_tables(&mut signs, product)?;
        Ok(signs)
    }
}

/// Neighbour norms without the rounding of a file in f32: from the settings of the package,
/// where they give numbers that round to those of the network.
pub fn exact_norms(settings: &str, norms: Vec<f64>) -> Vec<f64> {
    let mut lines = settings.lines().map(str::trim);
    let value = |line: &str| line.rsplit(':').next()?.trim().parse::<f64>().ok();
    while let Some(line) = lines.next() {
        let Some(rest) = line.strip_prefix("avg_num_neighbors:") else {
            continue;
        };
        let averages: Vec<f64> = match rest.trim() {
            "" => lines.clone().map_while(value).take(norms.len()).collect(),
            number => number.parse().into_iter().collect(),
        };
        // settings may name the types in another order than the model
        let all: Vec<f64> = averages.iter().map(|n| 1.0 / n.sqrt()).collect();
        let exact: Option<Vec<f64>> = norms.iter().map(|&norm| nearest(norm, &all)).collect();
        if let Some(exact) = exact {
            return exact;
        }
    }
    norms
}

/// The candidate that `x` is a rounding to f32 of, if there is one.
fn nearest(x: f64, candidates: &[f64]) -> Option<f64> {
    let off = |c: &f64| (c - x).abs();
    let near = candidates.iter().copied().filter(|c| off(c) < 1e-7 * c);
    near.min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// Takes the tables `_w3j_l1_l2_l3` of a tensor product's compiled part.
fn add_tables(signs: &mut WignerSigns, product: &Node) -> Result<()> {
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

/// Factors of the senders: 1 / sqrt(average number of neighbours), one or one per species.
pub fn norms(conv: &Node) -> Result<Vec<f64>> {
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
fn gate(node: &Node) -> Result<Gate> {
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
pub fn mlp(node: &Node) -> Result<Mlp> {
    let chain = node.child("mlp")?;
    let mut layers = Vec::new();
    if chain.class() == "DeepLinearMLP" {
        // one factor for all: the product of those of its layers, 1/sqrt(inputs) or
        // 1/sqrt(outputs) each
        let (mut inputs, mut outputs) = (1.0, 1.0);
        for weight in chain.child("weights")?.items() {
            let layer = dense(&weight, 1.0, None)?;
            if let MlpLayer::Dense {
                inputs: n,
                outputs: m,
                ..
            } = layer
            {
                inputs *= n.max(1) as f64;
                outputs *= m.max(1) as f64;
            }
            layers.push(layer);
        }
        let alpha = chain.child("alpha")?.number()?;
        let exact = [inputs, outputs].map(|n: f64| 1.0 / n.sqrt());
        let alpha = nearest(alpha, &exact).unwrap_or(alpha);
        if let Some(MlpLayer::Dense { weight, .. }) = layers.first_mut() {
            weight.iter_mut().for_each(|w| *w *= alpha);
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
            "the activation {name} of a perceptron is not known; silu, mish, gelu, ssp, tanh, \
             sigmoid and softplus are"
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
    let exact = fan.map(|n| [1.0 / n.sqrt(), (2.0 / n).sqrt()]);
    let alpha = nearest(alpha, exact.as_flattened()).unwrap_or(alpha);
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
