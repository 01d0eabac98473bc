//! se_atten (DPA-1) as a TensorFlow graph. The type embedding has a zero vector for padding, queries,
//! keys and values are always normalised, and the embedding of the centre's type always follows D.
//! Imports the parent, the shared builders and the model description.

use super::{EnvironmentOp, Reader};
use crate::ml::deepmd::load::build::{self, bad};
use crate::ml::deepmd::load::{strip_table, type_vectors, unsupported_descriptor};
use crate::ml::deepmd::model::{AttentionLayer, Embedding, Network, SeAtten, TypeInput};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::torch::Array;
use crate::ml::formats::tree::Item;

/// Layers of attention where the training input does not say.
const LAYERS: usize = 2;

/// Activation function of the type embedding by the section `type_embedding` of the training input.
pub(super) fn type_activation(settings: Option<&Item>) -> Result<String> {
    let Some(settings) = settings else {
        return Ok("none".to_owned());
    };
    if flag(settings, "use_econf_tebd", false)? {
        return Err(unsupported_descriptor(
            "a se_atten with electronic configurations (`use_econf_tebd`) as a TensorFlow graph",
        ));
    }
    match settings.some("activation_function") {
        Some(name) => Ok(name.text()?.to_owned()),
        None => Ok("tanh".to_owned()),
    }
}

fn flag(settings: &Item, name: &str, default: bool) -> Result<bool> {
    settings.some(name).map_or(Ok(default), |node| node.flag())
}

impl Reader<'_> {
    /// The descriptor; `width` is the length of D that the fitting takes.
    pub(super) fn attended(
        &self,
        op: &EnvironmentOp,
        settings: &Item,
        width: usize,
    ) -> Result<SeAtten> {
        let kind = settings.child("type")?.text()?;
        let v2 = kind == "se_atten_v2";
        if !v2 && !["se_atten", "dpa1"].contains(&kind) {
            return Err(unsupported_descriptor(kind));
        }
        if self
            .graph
            .node("filter_type_all/TabulateFusionSeAtten")
            .is_some()
        {
            return Err(ModelError::unsupported(
                "the graph is a compressed se_atten (DPA-1) model of the TensorFlow backend; give \
                 the graph that it was made from, which argyro tabulates itself",
            ));
        }
        let mode = settings.some("tebd_input_mode");
        let mode = mode.map_or(Ok("concat"), |m| m.text())?;
        let strip = v2 || mode == "strip" || flag(settings, "stripped_type_embedding", false)?;
        let layers = match settings.some("attn_layer") {
            _ if v2 => 0,
            Some(n) => n.count()?,
            None => LAYERS,
        };
        let smooth = v2 || flag(settings, "smooth_type_embedding", false)?;
        if smooth && (strip || layers > 0) {
            return Err(ModelError::unsupported(
                "the graph is a se_atten (DPA-1) model of the TensorFlow backend with smooth type \
                 embedding, whose switch is not that of the other backends; train with `dp --pt \
                 train` and freeze with `dp --pt freeze`, or without `smooth_type_embedding`",
            ));
        }
        if flag(settings, "attn_mask", false)? && layers > 0 {
            return Err(unsupported_descriptor("a se_atten with `attn_mask`"));
        }
        let activation = match settings.some("activation_function") {
            Some(name) => name.text()?.to_owned(),
            None => "tanh".to_owned(),
        };
        let (type_embedding, tebd_width) = self.type_embedding()?;
        let one_side = !strip && flag(settings, "type_one_side", false)?;
        let net = self.net("filter_type_all", "", &activation)?;
        let outputs = net.outputs().max(1);
        let first = self.required("filter_type_all/matrix_1")?;
        let input = if strip {
            let types = self.net("filter_type_all", "_two_side_ebd", &activation)?;
            TypeInput::Strip {
                radial: Embedding::Network(net),
                types: strip_table(&types, &type_embedding, tebd_width, false)?,
                smooth: false,
            }
        } else {
            TypeInput::Concat(net)
        };
        let mut environment = self.environment(op, build::stored(first.dtype))?;
        environment.excluded = self.excluded(Some(settings))?;
        let layers = (0..layers.min(build::MAX_LAYERS)).map(|k| self.layer(k, settings));
        Ok(SeAtten {
            attention: layers.collect::<Result<_>>()?,
            axis: match settings.some("axis_neuron") {
                Some(axis) => axis.count()?,
                None => width.saturating_sub(tebd_width) / outputs,
            },
            divisor: self.divisor(op)?,
            padding_row: self.types,
            environment,
            type_embedding,
            tebd_width,
            one_side,
            input,
            append_type: true,
        })
    }

    /// A network that must be there.
    fn net(&self, scope: &str, index: &str, activation: &str) -> Result<Network> {
        match self.embedding_net(scope, index, activation)? {
            Some(net) => Ok(net),
            None => bad(format!("the graph has no network {scope}/matrix_1{index}")),
        }
    }

    /// Embedding vectors of the types and of padding, and their length.
    fn type_embedding(&self) -> Result<(Vec<f64>, usize)> {
        let net = self.net("type_embed_net", "", &self.types_activation)?;
        type_vectors(&net, self.types, None)
    }

    fn layer(&self, k: usize, settings: &Item) -> Result<AttentionLayer> {
        let scope = format!("attention_layer_{k}");
        let part = |name: &str| self.required(&format!("{scope}/{name}"));
        let parts = ["c_query", "c_key", "c_value"];
        let weights = parts.map(|p| part(&format!("{p}/matrix")));
        let [query, key, value] = weights;
        let (query, key, value) = (query?, key?, value?);
        let hidden = query.shape.get(1).copied().unwrap_or(0);
        if hidden == 0 || query.shape != key.shape || query.shape != value.shape {
            return bad(format!("{scope}: the matrices do not fit each other"));
        }
        let rows = |a: &Array| -> Vec<Vec<f64>> {
            a.data.chunks_exact(hidden).map(<[f64]>::to_vec).collect()
        };
        let all = rows(&query).into_iter().zip(rows(&key)).zip(rows(&value));
        let joined = Array {
            shape: vec![query.shape[0], 3 * hidden],
            data: all.flat_map(|((q, k), v)| [q, k, v].concat()).collect(),
            dtype: query.dtype,
        };
        let mut bias = part("c_query/bias")?;
        bias.data.extend(part("c_key/bias")?.data);
        bias.data.extend(part("c_value/bias")?.data);
        let (out, out_bias) = (part("c_out/matrix")?, part("c_out/bias")?);
        let eps = match self
            .graph
            .array(&format!("{scope}/layer_normalization/add/y"))?
        {
            Some(eps) => eps.data.first().copied(),
            None => settings.some("ln_eps").map(|e| e.number()).transpose()?,
        };
        Ok(AttentionLayer {
            input: build::dense(joined, Some(bias), None, "none", false)?,
            output: build::dense(out, Some(out_bias), None, "none", false)?,
            hidden,
            scaling: 1.0,
            normalize: true,
            smooth: false,
            angular: flag(settings, "attn_dotr", true)?,
            shortest: 1e-6,
            norm_weight: part("layer_normalization/gamma")?.data,
            norm_bias: part("layer_normalization/beta")?.data,
            norm_eps: eps.unwrap_or(1e-3),
        })
    }
}
