//! Building blocks of e3nn and torch that occur in several places: linear maps, radial networks,
//! activations. Normalisation coefficients are folded into the weights here.

use crate::ml::activation::{Activation, Function};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::irreps::Irreps;
use crate::ml::layers::{Linear, LinearBlock, Mlp, MlpLayer, SpeciesLinear};

/// Highest degree of any representation.
pub const MAX_L: usize = 11;
/// Longest feature vector.
const MAX_DIM: usize = 1 << 20;

/// Irreps whose dimension and degree are within reason.
pub fn irreps(node: &Node) -> Result<Irreps> {
    let irreps = node.irreps()?;
    let dim = irreps
        .0
        .iter()
        .try_fold(0usize, |n, b| n.checked_add(b.dim()));
    if irreps.l_max() > MAX_L || dim.is_none_or(|n| n > MAX_DIM) {
        return Err(node.error(format!("{irreps} is too large")));
    }
    Ok(irreps)
}

/// One instruction of a linear map or tensor product: from block to block with a coefficient.
struct Instruction {
    input: usize,
    output: usize,
    coefficient: f64,
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
    let blocks = linear_blocks(node, &input, &output, &instructions, &weight, 1)?;
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

/// e3nn `FullyConnectedTensorProduct` with a one-hot species vector: instructions
/// (i_in1, i_in2, i_out, mode, has_weight, path_weight, path_shape), weights (u, species, w).
pub fn species_linear(node: &Node, species: usize) -> Result<SpeciesLinear> {
    refuse_foreign(node)?;
    let input = irreps(&node.child("irreps_in1")?)?;
    let output = irreps(&node.child("irreps_out")?)?;
    if node.child("irreps_in2")?.irreps()? != one_hot(species) {
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
    let blocks = linear_blocks(node, &input, &output, &instructions, &weight, species)?;
    Ok(SpeciesLinear {
        input,
        output,
        blocks,
    })
}

/// Cuts the weights (u, species, w) of consecutive instructions apart; returns them as
/// (species, u, w) with the coefficient folded in.
fn linear_blocks(
    node: &Node,
    input: &Irreps,
    output: &Irreps,
    instructions: &[Instruction],
    weight: &[f64],
    species: usize,
) -> Result<Vec<LinearBlock>> {
    let mut blocks = Vec::new();
    let mut rest = weight;
    for &Instruction {
        input: i,
        output: o,
        coefficient,
    } in instructions
    {
        let (Some(from), Some(to)) = (input.0.get(i), output.0.get(o)) else {
            return Err(node.error("an instruction names a block that is not there"));
        };
        if from.irrep != to.irrep {
            return Err(node.error(format!(
                "an instruction maps {} to {}",
                from.irrep, to.irrep
            )));
        }
        let count = from.mul * species * to.mul;
        if rest.len() < count {
            return Err(node.error("there are too few weights"));
        }
        let (these, others) = rest.split_at(count);
        rest = others;
        let mut weight = Vec::with_capacity(count);
        for z in 0..species {
            for u in 0..from.mul {
                let row = &these[(u * species + z) * to.mul..][..to.mul];
                weight.extend(row.iter().map(|w| w * coefficient));
            }
        }
        blocks.push(LinearBlock {
            input: i,
            output: o,
            weight,
        });
    }
    if rest.is_empty() {
        Ok(blocks)
    } else {
        Err(node.error("there are too many weights"))
    }
}

fn one_hot(species: usize) -> Irreps {
    use crate::ml::irreps::{Block, Irrep};
    Irreps(vec![Block {
        mul: species,
        irrep: Irrep::SCALAR,
    }])
}

/// A `Linear` of the species vector: one row of even scalars per species.
pub fn one_hot_linear(node: &Node, species: usize) -> Result<Vec<f64>> {
    let map = linear(node)?;
    match (&map.blocks[..], map.bias.is_empty()) {
        ([block], true) if map.input == one_hot(species) && map.output.0.len() == 1 => {
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
    let mut width = None;
    let mut inputs = 0;
    for layer in &layers {
        let (expected, next) = match layer {
            MlpLayer::Dense {
                inputs, outputs, ..
            } => (Some(*inputs), Some(*outputs)),
            MlpLayer::LayerNorm { weight, .. } => (Some(weight.len()), Some(weight.len())),
            MlpLayer::Activation(_) => (width, width),
        };
        match (width, expected) {
            (None, Some(n)) => inputs = n,
            (Some(a), Some(b)) if a == b => {}
            _ => return Err(node.error("the layers do not fit together")),
        }
        width = next;
    }
    match width {
        Some(outputs) if inputs > 0 && outputs > 0 => Ok(Mlp {
            inputs,
            outputs,
            layers,
        }),
        _ => Err(node.error("the network is empty")),
    }
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

/// Constants by which e3nn multiplies activations. They are means over a fixed random sample, not
/// integrals, and must not be recomputed; TorchScript files bake them into code.
fn second_moment(function: Function) -> f64 {
    match function {
        Function::Identity => 1.0,
        Function::Silu => 1.6791767923989418,
        Function::Tanh => 1.5937334472592695,
        Function::Abs => 1.001110600838467,
        Function::Sigmoid => 1.8467055342154763,
        Function::Relu => 1.4163393446331365,
        // functions of Deep Potential networks, which are not normalised
        Function::Relu6 | Function::Softplus | Function::GeluTanh | Function::SiluTanh { .. } => {
            1.0
        }
    }
}

/// The activation with e3nn's constant.
pub fn normalized(function: Function) -> Activation {
    Activation {
        function,
        factor: second_moment(function),
    }
}

/// e3nn `normalize2mom`: the function by name (pickles) or by its source code (TorchScript).
pub fn activation(node: &Node) -> Result<Activation> {
    if node.class() != "normalize2mom" {
        return Err(node.error(format!("the activation {} is not known", node.class())));
    }
    let function = match node.some("f") {
        Some(f) => function_named(&f)?,
        None => function_in_source(node)?,
    };
    let identity = node
        .some("_is_id")
        .map(|n| n.flag())
        .transpose()?
        .unwrap_or(false);
    let factor = match node.some("cst") {
        _ if identity => 1.0,
        Some(factor) => factor.number()?,
        None => second_moment(function),
    };
    Ok(Activation { function, factor })
}

fn function_named(node: &Node) -> Result<Function> {
    let last;
    let name = match node.function() {
        Some(name) => name,
        // builtin functions are pickled as getattr(module, name), modules by their class
        None if node.full_class().ends_with(".getattr") => match node.elements()?.last() {
            Some(name) => name.text()?,
            None => "",
        },
        None => {
            last = node.class();
            &last
        }
    };
    match name.to_ascii_lowercase().as_str() {
        "silu" => Ok(Function::Silu),
        "tanh" => Ok(Function::Tanh),
        "abs" => Ok(Function::Abs),
        "sigmoid" => Ok(Function::Sigmoid),
        _ => Err(unknown_function(name)),
    }
}

fn function_in_source(node: &Node) -> Result<Function> {
    let source = node.source()?.unwrap_or_default();
    let known = [
        ("torch.silu(", Function::Silu),
        ("torch.tanh(", Function::Tanh),
        ("torch.abs(", Function::Abs),
        ("torch.sigmoid(", Function::Sigmoid),
    ];
    let mut found = known.iter().filter(|(call, _)| source.contains(call));
    match (found.next(), found.next()) {
        (Some((_, function)), None) => Ok(*function),
        _ => Err(unknown_function("of the file's code")),
    }
}

fn unknown_function(name: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the activation function {name} is not known; silu, tanh, abs and sigmoid are"
    ))
}
