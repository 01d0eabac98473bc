//! Activation functions as e3nn writes them, with their normalisation constants.

use crate::ml::activation::{Activation, Function};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;

/// Constants by which e3nn multiplies activations. They are means over a fixed random sample, not
/// integrals, and must not be recomputed; TorchScript files bake them into code.
fn second_moment(function: Function) -> Option<f64> {
    Some(match function {
        Function::Identity => 1.0,
        Function::Silu => 1.6791767923989418,
        Function::Tanh => 1.5937334472592695,
        Function::Abs => 1.001110600838467,
        Function::Sigmoid => 1.8467055342154763,
        Function::Relu => 1.4163393446331365,
        Function::Elu => 1.2467863885570512,
        Function::ShiftedSoftplus => 1.878204668541552,
        // no known network normalises these
        Function::Mish
        | Function::Relu6
        | Function::Softplus
        | Function::Gelu
        | Function::GeluTanh
        | Function::SiluTanh { .. } => return None,
    })
}

/// The activation with e3nn's constant, 1 where the function has none.
pub fn normalized(function: Function) -> Activation {
    Activation {
        function,
        factor: second_moment(function).unwrap_or(1.0),
    }
}

/// The activation of this name with e3nn's constant.
///
/// # Errors
/// The function is not known, or e3nn's constant for it.
pub fn named(name: &str) -> Result<Activation> {
    let function = function(name).ok_or_else(|| unknown_function(name))?;
    let factor = second_moment(function).ok_or_else(|| unknown_function(name))?;
    Ok(Activation { function, factor })
}

/// A function by the name that settings, Python functions or torch modules have for it.
pub fn function(name: &str) -> Option<Function> {
    Some(match name.to_ascii_lowercase().as_str() {
        "silu" | "swish" => Function::Silu,
        "tanh" => Function::Tanh,
        "abs" => Function::Abs,
        "sigmoid" => Function::Sigmoid,
        "relu" => Function::Relu,
        "elu" => Function::Elu,
        "mish" => Function::Mish,
        "gelu" => Function::Gelu,
        "softplus" => Function::Softplus,
        "ssp" | "shiftedsoftplus" | "shifted_softplus" => Function::ShiftedSoftplus,
        "identity" => Function::Identity,
        _ => return None,
    })
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
        None => second_moment(function).ok_or_else(|| unknown_function("without its constant"))?,
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
    function(name).ok_or_else(|| unknown_function(name))
}

fn function_in_source(node: &Node) -> Result<Function> {
    let source = node.source()?.unwrap_or_default();
    let known = [
        ("torch.silu(", Function::Silu),
        ("torch.tanh(", Function::Tanh),
        ("torch.abs(", Function::Abs),
        ("torch.sigmoid(", Function::Sigmoid),
        ("torch.sub(torch.softplus(", Function::ShiftedSoftplus),
        (".ShiftedSoftPlus\n", Function::ShiftedSoftplus),
        ("torch.relu(", Function::Relu),
        ("torch.elu(", Function::Elu),
    ];
    let mut found = known.iter().filter(|(call, _)| source.contains(call));
    match (found.next(), found.next()) {
        (Some((_, function)), None) => Ok(*function),
        _ => Err(unknown_function("of the file's code")),
    }
}

fn unknown_function(name: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the activation function {name} is not known; silu, tanh, abs, sigmoid, relu, \
         elu and ssp are"
    ))
}
