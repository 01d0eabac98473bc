//! Modules of e3nn and torch that occur in the files of several families: linear maps, tensor
//! products, perceptrons, activations. Normalisation coefficients are folded into the weights.
//!
//! Here they are read from an attribute tree, which names every instruction; [`rules`] has the
//! rules by which e3nn derives the instructions, for files that hold bare arrays.
//! Imports the attribute tree, irreps and the plain data of layers.

pub mod activation;
pub mod rules;
pub mod wigner_sign;

pub use activation::{activation, normalized};
pub use rules::Instruction;

use crate::ml::activation::{Activation, Function};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, Mlp, MlpLayer, Path, SpeciesLinear};

/// Highest degree of any representation.
pub const MAX_L: usize = 11;
/// Longest feature vector.
pub const MAX_DIM: usize = 1 << 20;

/// Most blocks of one layout.
pub const MAX_BLOCKS: usize = rules::MAX_PATHS;

/// Irreps whose number, dimension and degree are within reason.
pub fn irreps(node: &Node) -> Result<Irreps> {
    let irreps = node.irreps()?;
    let dim = irreps
        .0
        .iter()
        .try_fold(0usize, |n, b| n.checked_add(b.dim()));
    if irreps.0.len() > MAX_BLOCKS || irreps.l_max() > MAX_L || dim.is_none_or(|n| n > MAX_DIM) {
        return Err(node.error(format!("{irreps} is too large")));
    }
    Ok(irreps)
}

/// e3nn `Linear`: instructions (i_in, i_out, path_shape, path_weight); i_in = -1 marks a bias.
pub fn linear(node: &Node) -> Result<Linear> {
    refuse_foreign(node)?;
    let (input, output) = (
        irreps(&node.child("irreps_in")?)?,
        irreps(&node.child("irreps_out")?)?,
    );
    let mut instructions = Vec::new();
    for instruction in node.child("instructions")?.elements()? {
        let parts = instruction.elements()?;
        let [i_in, i_out, _, coefficient] = &parts[..] else {
            return Err(instruction.error("an instruction of a linear map has four parts"));
        };
        if i_in.number()? >= 0.0 {
            let (input, output) = (i_in.count()?, i_out.count()?);
            instructions.push(Instruction {
                input,
                output,
                coefficient: coefficient.number()?,
            });
        }
    }
    let weight = node.child("weight")?.array()?.data;
    let blocks = rules::blocks(&input, &output, &instructions, &weight, &[1.0], 1)
        .map_err(|e| node.error(e))?;
    let bias = match node.some("bias") {
        Some(bias) => bias.array()?.data,
        None => Vec::new(),
    };
    if !bias.is_empty() && bias.len() != output.scalars() {
        return Err(node.error(format!("{} biases for {output}", bias.len())));
    }
    Ok(Linear {
        input,
        output,
        blocks,
        bias,
    })
}

/// e3nn `FullyConnectedTensorProduct` with a vector of even scalars per species, `attributes`
/// \[species\]\[V\] (None: one-hot vectors): instructions (i_in1, i_in2, i_out, mode, has_weight,
/// path_weight, path_shape), weights (u, v, w).
pub fn species_linear(
    node: &Node,
    species: usize,
    attributes: Option<&[f64]>,
) -> Result<SpeciesLinear> {
    let identity;
    let attributes = match attributes {
        Some(attributes) => attributes,
        None => {
            identity = rules::identity(species);
            &identity
        }
    };
    refuse_foreign(node)?;
    let input = irreps(&node.child("irreps_in1")?)?;
    let output = irreps(&node.child("irreps_out")?)?;
    if node.child("irreps_in2")?.irreps()? != scalars(attributes.len() / species.max(1)) {
        return Err(node.error("the second input is not the species vector"));
    }
    let mut instructions = Vec::new();
    for instruction in node.child("instructions")?.elements()? {
        let parts = instruction.elements()?;
        let [i_in, _, i_out, mode, has_weight, coefficient, ..] = &parts[..] else {
            return Err(instruction.error("an instruction of a tensor product has seven parts"));
        };
        if mode.text()? != "uvw" || !has_weight.flag()? {
            return Err(instruction.error("the mode is not `uvw` with weights"));
        }
        let (from, to) = (i_in.count()?, i_out.count()?);
        let Some(block) = output.0.get(to) else {
            return Err(instruction.error("a block is named that is not there"));
        };
        // the coupling of l with a scalar, identity / sqrt(2l + 1), is a factor of the product
        let coefficient = coefficient.number()? / (block.irrep.dim() as f64).sqrt();
        instructions.push(Instruction {
            input: from,
            output: to,
            coefficient,
        });
    }
    let weight = node.child("weight")?.array()?.data;
    let blocks = rules::blocks(&input, &output, &instructions, &weight, attributes, species)
        .map_err(|e| node.error(e))?;
    Ok(SpeciesLinear {
        input,
        output,
        blocks,
    })
}

/// `mul` even scalars.
pub fn scalars(mul: usize) -> Irreps {
    Irreps(vec![Block {
        mul,
        irrep: Irrep::SCALAR,
    }])
}

/// e3nn `TensorProduct` of features of the layout `input` with spherical harmonics, mode `uvu`:
/// its paths, with the factor that the file gives, and the layout of the result.
///
/// Instructions are (i_in1, i_in2, i_out, mode, has_weight, path_weight, path_shape); the
/// weights of all paths follow each other in this order.
pub fn tensor_product(node: &Node, input: &Irreps) -> Result<(Vec<Path>, Irreps)> {
    let sphere = node.child("irreps_in2")?.irreps()?;
    let message = irreps(&node.child("irreps_out")?)?;
    if node.child("irreps_in1")?.irreps()?.joined() != input.joined() {
        return Err(node.error("the input is not what the linear map before it gives"));
    }
    let offsets = message.offsets();
    let mut paths = Vec::new();
    let mut weight_offset = 0;
    for instruction in node.child("instructions")?.elements()? {
        let parts = instruction.elements()?;
        let [i1, i2, i3, mode, has_weight, weight, ..] = &parts[..] else {
            return Err(instruction.error("an instruction of a tensor product has seven parts"));
        };
        let (i1, i2, i3) = (i1.count()?, i2.count()?, i3.count()?);
        let (Some(from), Some(y), Some(to)) =
            (input.0.get(i1), sphere.0.get(i2), message.0.get(i3))
        else {
            return Err(instruction.error("a block is named that is not there"));
        };
        let (l1, l2, l3) = (from.irrep.l, y.irrep.l, to.irrep.l);
        let triangle = l3 <= l1 + l2 && l1 <= l2 + l3 && l2 <= l1 + l3;
        if mode.text()? != "uvu" || !has_weight.flag()? || from.mul != to.mul || !triangle {
            return Err(instruction.error("the path is not of the form u,1 -> u"));
        }
        if y.mul != 1 || i2 != l2 {
            return Err(instruction.error("the second input is not the spherical harmonics"));
        }
        paths.push(Path {
            input: i1,
            l1,
            l2,
            l3,
            channels: from.mul,
            weight_offset,
            message_offset: offsets[i3],
            weight: weight.number()?,
        });
        weight_offset += from.mul;
    }
    if paths.is_empty() || paths.len() > rules::MAX_PATHS {
        return Err(node.error("the number of paths is out of range"));
    }
    Ok((paths, message))
}

/// A `Linear` of the species vector: one row of even scalars per species.
pub fn one_hot_linear(node: &Node, species: usize) -> Result<Vec<f64>> {
    let map = linear(node)?;
    match (&map.blocks[..], map.bias.is_empty()) {
        ([block], true) if map.input == scalars(species) && map.output.0.len() == 1 => {
            Ok(block.weight.clone())
        }
        _ => Err(node.error(format!(
            "{} -> {} is no species embedding",
            map.input, map.output
        ))),
    }
}

/// Modules rewritten for cuequivariance or openequivariance carry other classes.
fn refuse_foreign(node: &Node) -> Result<()> {
    let class = node.full_class();
    if class.starts_with("e3nn.") {
        return Ok(());
    }
    Err(ModelError::unsupported(format!(
        "{} is a {class}: the model was converted for an accelerator library; give argyro the \
         original .model file, or convert it back with `mace_convert_cueq_e3nn` \
         (python -m mace.cli.convert_cueq_e3nn)",
        node.path()
    )))
}

/// e3nn `FullyConnectedNet` (layer0, layer1, ..) or MACE's `RadialMLP` (net.0, net.1, ..).
pub fn radial_net(node: &Node) -> Result<Mlp> {
    let layers = if node.get("net").is_some() {
        sequential(node)?
    } else {
        fully_connected(node)?
    };
    Mlp::new(layers).ok_or_else(|| node.error("the layers do not fit together"))
}

fn fully_connected(node: &Node) -> Result<Vec<MlpLayer>> {
    let mut layers = Vec::new();
    while let Some(layer) = node.get(&format!("layer{}", layers_named(&layers))) {
        let array = layer.child("weight")?.array()?;
        let [inputs, outputs] = array.shape[..] else {
            return Err(layer.error("the weight is no matrix"));
        };
        for name in ["var_in", "var_out"] {
            if layer
                .some(name)
                .map(|n| n.number())
                .transpose()?
                .is_some_and(|v| v != 1.0)
            {
                return Err(layer.error(format!("`{name}` is not 1")));
            }
        }
        let factor = 1.0 / (inputs as f64).sqrt();
        let weight = array.data.iter().map(|w| w * factor).collect();
        layers.push(MlpLayer::Dense {
            inputs,
            outputs,
            weight,
            bias: Vec::new(),
        });
        if let Some(act) = layer.some("act") {
            layers.push(MlpLayer::Activation(activation(&act)?));
        }
    }
    Ok(layers)
}

fn layers_named(layers: &[MlpLayer]) -> usize {
    layers
        .iter()
        .filter(|l| matches!(l, MlpLayer::Dense { .. }))
        .count()
}

fn sequential(node: &Node) -> Result<Vec<MlpLayer>> {
    let mut layers = Vec::new();
    for module in node.child("net")?.items() {
        layers.push(match module.class().as_str() {
            "Linear" => dense(&module)?,
            "LayerNorm" => {
                let weight = module.child("weight")?.array()?.data;
                let bias = module.child("bias")?.array_of(&[weight.len()])?;
                // TorchScript keeps eps as an attribute too; 1e-5 is torch's default
                let eps = module
                    .some("eps")
                    .map(|n| n.number())
                    .transpose()?
                    .unwrap_or(1e-5);
                MlpLayer::LayerNorm { weight, bias, eps }
            }
            "SiLU" => {
                let silu = Activation {
                    function: Function::Silu,
                    factor: 1.0,
                };
                MlpLayer::Activation(silu)
            }
            class => return Err(module.error(format!("{class} in a radial network"))),
        });
        if layers.len() > 256 {
            return Err(node.error("too many layers"));
        }
    }
    Ok(layers)
}

/// torch `Linear`: weight (out, in), turned to (in, out).
fn dense(node: &Node) -> Result<MlpLayer> {
    let array = node.child("weight")?.array()?;
    let [outputs, inputs] = array.shape[..] else {
        return Err(node.error("the weight is no matrix"));
    };
    let bias = match node.some("bias") {
        Some(bias) => bias.array_of(&[outputs])?,
        None => Vec::new(),
    };
    let columns = (0..inputs).flat_map(|i| array.data[i..].iter().step_by(inputs));
    let weight = columns.copied().collect();
    Ok(MlpLayer::Dense {
        inputs,
        outputs,
        weight,
        bias,
    })
}
