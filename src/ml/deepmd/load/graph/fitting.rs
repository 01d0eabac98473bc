//! Fitting networks of a graph, their parameters and the biases of the types.
//! Imports the parent, the shared builders and the model description.

use super::Reader;
use crate::ml::deepmd::load::build::{self, bad};
use crate::ml::deepmd::load::{masked_parameters, unsupported_model};
use crate::ml::deepmd::model::{Dense, Fitting, Network, Parameters};
use crate::ml::error::Result;
use crate::ml::formats::tree::{Data, Item};

impl Reader<'_> {
    /// The fitting and the bias of each type.
    pub(super) fn fitting(&self, settings: Option<&Item>) -> Result<(Fitting, Vec<f64>)> {
        let flag = |name: &str| settings.and_then(|s| s.some(name)?.flag().ok()) == Some(true);
        if flag("use_aparam_as_mask") {
            return Err(masked_parameters());
        }
        let kind = settings.and_then(|s| s.some("type")?.text().ok());
        if let Some(kind) = kind.filter(|&kind| kind != "ener") {
            return Err(unsupported_model(&format!("a model of type `{kind}`")));
        }
        let activation = match settings {
            Some(settings) => match settings.some("activation_function") {
                Some(name) => name.text()?.to_owned(),
                None => "tanh".to_owned(),
            },
            None => self.activation_in("layer_"),
        };
        let shared = self.graph.has("final_layer/matrix");
        let suffixes: Vec<String> = if shared {
            vec![String::new()]
        } else {
            (0..self.types).map(|t| format!("_type_{t}")).collect()
        };
        let networks = suffixes
            .iter()
            .map(|suffix| self.fitting_net(suffix, &activation));
        let last = self.required(&format!("final_layer{}/matrix", suffixes[0]))?;
        let bias = self.per_type("fitting_attr/t_bias_atom_e", 0.0)?;
        let scale = self.per_type("model_attr/model_attr/t_out_std", 1.0)?;
        let shift = self.per_type("model_attr/model_attr/t_out_bias", 0.0)?;
        let mut networks = networks.collect::<Result<Vec<_>>>()?;
        scale_outputs(&mut networks, &scale);
        let bias = bias.iter().zip(&scale).zip(shift);
        let bias = bias.map(|((b, factor), shift)| b * factor + shift);
        let vacuum = match settings.and_then(|s| s.some("atom_ener")) {
            Some(list) => {
                let given = list.elements()?;
                let of = |t| given.get(t).is_some_and(|x: &Item| *x.data() != Data::Null);
                (0..self.types).map(of).collect()
            }
            None => vec![false; self.types],
        };
        let fitting = Fitting {
            networks,
            frame: self.parameters("dfparam", "fparam")?,
            atomic: self.parameters("daparam", "aparam")?,
            case: Vec::new(),
            subtract_vacuum: vacuum,
            stored: build::stored(last.dtype),
        };
        Ok((fitting, bias.collect()))
    }

    /// A constant with one number for each type, `default` where there is none of that name.
    fn per_type(&self, name: &str, default: f64) -> Result<Vec<f64>> {
        match self.graph.array(name)? {
            None => Ok(vec![default; self.types]),
            Some(array) if array.data.len() == self.types => Ok(array.data),
            Some(_) => bad(format!("{name} does not fit the list of types")),
        }
    }

    fn parameters(&self, count: &str, name: &str) -> Result<Parameters> {
        let number = self.graph.array(&format!("fitting_attr/{count}"))?;
        if number.is_none_or(|n| n.data.iter().all(|&n| n == 0.0)) {
            return Ok(Parameters::default());
        }
        Ok(Parameters {
            mean: self.required(&format!("fitting_attr/t_{name}_avg"))?.data,
            inverse_std: self.required(&format!("fitting_attr/t_{name}_istd"))?.data,
            default: None,
        })
    }

    fn fitting_net(&self, suffix: &str, activation: &str) -> Result<Network> {
        let layer = |scope: String, activation: &str, skip: bool| -> Result<Option<Dense>> {
            let part = |name: &str| self.graph.array(&format!("{scope}/{name}"));
            let Some(weight) = part("matrix")? else {
                return Ok(None);
            };
            let residual = skip && weight.shape.first() == weight.shape.get(1);
            build::dense(weight, part("bias")?, part("idt")?, activation, residual).map(Some)
        };
        let mut layers = Vec::new();
        for k in 0..build::MAX_LAYERS {
            match layer(format!("layer_{k}{suffix}"), activation, k > 0)? {
                Some(layer) => layers.push(layer),
                None => break,
            }
        }
        match layer(format!("final_layer{suffix}"), "none", false)? {
            Some(last) => layers.push(last),
            None => {
                return bad(format!(
                    "the graph has no constant final_layer{suffix}/matrix"
                ));
            }
        }
        build::network(layers)
    }
}

/// Multiplies the outputs of the networks of all types by `scale`, one factor for each type. This
/// backend multiplies the energy of the fitting (its bias included) by the deviation of the
/// training data; the others, and the files that they write, do not.
fn scale_outputs(networks: &mut Vec<Network>, scale: &[f64]) {
    let same = scale.windows(2).all(|pair| pair[0] == pair[1]);
    if let [shared] = &networks[..]
        && !same
    {
        *networks = vec![shared.clone(); scale.len()];
    }
    for (net, factor) in networks.iter_mut().zip(scale) {
        if let Some(last) = net.layers.last_mut() {
            let numbers = last.weight.iter_mut().chain(&mut last.bias);
            numbers.for_each(|x| *x *= factor);
        }
    }
}
