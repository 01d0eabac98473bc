//! Frozen TensorFlow graphs (`.pb`) of versions 1 to 3, plain and compressed: weights are constants
//! with known names; settings come from the environment operations and, where the graph has it,
//! from the training input, otherwise from the names of operations and the shapes of weights.
//! Imports the graph reader, the tree, the shared builders and the model description.

use super::build::{self, Grid, bad};
use crate::ml::deepmd::model::{
    DeepmdModel, Dense, Descriptor, Embedding, Environment, Fitting, Network, PairEmbeddings,
    Parameters, Residual, SeE2A, SeE2R, SeE3, Selection, Stored, Switch,
};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::graph::Graph;
use crate::ml::formats::torch::Array;
use crate::ml::formats::tree::{Data, Item, Tree};

/// Reads the model of a graph.
///
/// # Errors
/// Where it is damaged or of a kind that argyro does not evaluate.
pub fn load(bytes: Vec<u8>) -> Result<DeepmdModel> {
    let graph = Graph::open(bytes)?;
    let kind = graph.text("model_attr/model_type")?.unwrap_or("ener");
    if kind != "ener" {
        return Err(super::unsupported_model(&format!("of type `{kind}`")));
    }
    let Some(names) = graph.text("model_attr/tmap")? else {
        return bad("the graph has no list of types (model_attr/tmap)");
    };
    let type_map: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
    let script = match graph.text("train_attr/training_script")? {
        Some(text) => Some(Tree::from_text(text.as_bytes())?),
        None => None,
    };
    let settings = script.as_ref().and_then(|tree| tree.root().some("model"));
    let reader = Reader {
        graph: &graph,
        types: type_map.len(),
    };
    if reader.types == 0 || reader.types > build::MAX_TYPES {
        return bad(format!("the model knows {} types", reader.types));
    }
    refuse_variants(&graph, settings.as_ref())?;
    let fit_settings = settings.as_ref().and_then(|s| s.some("fitting_net"));
    let (fitting, energy_bias) = reader.fitting(fit_settings.as_ref())?;
    let inputs = fitting.networks.first().map_or(0, Network::inputs);
    let width = inputs.saturating_sub(fitting.frame.len() + fitting.atomic.len());
    let descriptor_settings = settings.as_ref().and_then(|s| s.some("descriptor"));
    let descriptor = reader.descriptor(descriptor_settings.as_ref(), width)?;
    let min_distance = graph.array("train_attr/min_nbor_dist")?;
    Ok(DeepmdModel {
        descriptor,
        fitting,
        energy_bias,
        excluded_pairs: vec![false; reader.types.pow(2)],
        excluded_atoms: vec![false; reader.types],
        nearest: None,
        min_distance: min_distance
            .and_then(|r| r.data.first().copied())
            .filter(|&r| r > 0.0),
        version: match graph.text("model_attr/model_version")? {
            Some(version) => format!("graph {version}"),
            None => String::new(),
        },
        type_map,
    })
}

/// Refuses what is not evaluated and would go unnoticed.
fn refuse_variants(graph: &Graph, settings: Option<&Item>) -> Result<()> {
    let given = |name: &str| settings.and_then(|s| s.some(name));
    for name in ["use_srtab", "spin", "modifier"] {
        if given(name).is_some() {
            return Err(super::unsupported_model(&format!("one with `{name}`")));
        }
    }
    let has_op = |op: &str| {
        let nodes = graph.names().iter().filter_map(|name| graph.node(name));
        nodes.into_iter().any(|node| node.op == op)
    };
    if has_op("ProdEnvMatAMix") || has_op("ProdEnvMatAMixNvnmdQuantize") {
        return Err(ModelError::unsupported(
            "the graph is a se_atten (DPA-1) model of the TensorFlow backend, whose smooth type \
             embedding differs from that of the other backends; argyro evaluates DPA-1 models that \
             were trained with the PyTorch backend (`dp --pt train`, `dp --pt freeze`)",
        ));
    }
    if graph.has("type_embed_net/matrix_1") || has_op("PairTab") {
        return Err(super::unsupported_model(
            "one with a type embedding in se_e2_a or with a pair table",
        ));
    }
    Ok(())
}

struct Reader<'g> {
    graph: &'g Graph,
    types: usize,
}

/// Operation that makes an environment matrix and what it says.
struct EnvironmentOp {
    /// Suffix of the descriptor in a hybrid.
    suffix: String,
    cutoff: f64,
    smooth: f64,
    sel: Vec<usize>,
    columns: usize,
}

impl Reader<'_> {
    /// A constant that must be there.
    fn required(&self, name: &str) -> Result<Array> {
        match self.graph.array(name)? {
            Some(array) => Ok(array),
            None => bad(format!("the graph has no constant {name}")),
        }
    }

    // ---- environments

    fn environment_ops(&self) -> Result<Vec<EnvironmentOp>> {
        let mut ops = Vec::new();
        for name in self.graph.names() {
            let Some(node) = self.graph.node(name) else {
                continue;
            };
            let radial = match &node.op[..] {
                "ProdEnvMatA" | "DescrptSeA" => false,
                "ProdEnvMatR" | "DescrptSeR" => true,
                "DescrptNorot" => false,
                "Descrpt" => return Err(super::unsupported_descriptor("loc_frame")),
                _ => continue,
            };
            let attribute = |names: [&str; 2]| -> Result<f64> {
                for attribute in names {
                    if let Some(x) = self.graph.float(name, attribute)? {
                        return Ok(x);
                    }
                }
                bad(format!("{name} has no attribute {}", names[0]))
            };
            let lists = if radial {
                ["sel", "sel_r"]
            } else {
                ["sel_a", "sel_a"]
            };
            let mut sel = None;
            for list in lists {
                sel = sel.or(self.graph.counts(name, list)?);
            }
            let Some(sel) = sel else {
                return bad(format!("{name} has no list of neighbours"));
            };
            // the mean of the rows names the descriptor: descrpt_attr_1/t_avg/read
            let mean = node.inputs.get(5).map_or("", String::as_str);
            let scope = mean.split('/').next().unwrap_or_default();
            let suffix = scope.strip_prefix("descrpt_attr").unwrap_or_default();
            ops.push(EnvironmentOp {
                suffix: suffix.to_owned(),
                cutoff: attribute(["rcut_r", "rcut"])?,
                smooth: attribute(["rcut_r_smth", "rcut_smth"])?,
                sel,
                columns: if radial { 1 } else { 4 },
            });
        }
        Ok(ops)
    }

    fn environment(&self, op: &EnvironmentOp, stored: Stored) -> Result<Environment> {
        let selection = Selection::PerType(op.sel.clone());
        let statistics = |name: &str| -> Result<Vec<f64>> {
            let prefixed = format!("descrpt_attr{}/{name}", op.suffix);
            // version 1.0 has no prefix
            match self.graph.array(&prefixed)? {
                Some(array) => Ok(array.data),
                None => Ok(self.required(name)?.data),
            }
        };
        Ok(Environment {
            cutoff: op.cutoff,
            smooth: op.smooth,
            protection: 0.0,
            switch: Switch::Quintic,
            selection,
            stored,
            columns: op.columns,
            mean: statistics("t_avg")?,
            stddev: statistics("t_std")?,
            excluded: vec![false; self.types.pow(2)],
            excluded_padding: false,
        })
    }

    // ---- descriptors

    /// The whole descriptor; `width` is the length of D that the fitting takes.
    fn descriptor(&self, settings: Option<&Item>, width: usize) -> Result<Descriptor> {
        let ops = self.environment_ops()?;
        if let Some(settings) = settings {
            return self.configured(settings, &ops, "", width, 0);
        }
        match &ops[..] {
            [op] => self.single(op, None, width),
            ops => Err(ModelError::unsupported(format!(
                "the graph has {} environments and no training input that orders them; freeze it \
                 again with DeePMD-kit 2.0 or later",
                ops.len()
            ))),
        }
    }

    /// A descriptor by the training input.
    fn configured(
        &self,
        settings: &Item,
        ops: &[EnvironmentOp],
        suffix: &str,
        width: usize,
        depth: usize,
    ) -> Result<Descriptor> {
        if let Some(list) = settings.some("list") {
            if depth > 8 {
                return bad("hybrids of hybrids of hybrids");
            }
            let parts = list.elements()?;
            let parts = parts.iter().enumerate().map(|(i, part)| {
                self.configured(part, ops, &format!("{suffix}_{i}"), 0, depth + 1)
            });
            return Ok(Descriptor::Hybrid(parts.collect::<Result<_>>()?));
        }
        match ops.iter().find(|op| op.suffix == suffix) {
            Some(op) => self.single(op, Some(settings), width),
            // version 1 has one descriptor, whose constants have no prefix
            None if ops.len() == 1 && suffix.is_empty() => {
                self.single(&ops[0], Some(settings), width)
            }
            None => bad(format!(
                "the graph has no environment for descriptor {suffix:?}"
            )),
        }
    }

    fn single(
        &self,
        op: &EnvironmentOp,
        settings: Option<&Item>,
        width: usize,
    ) -> Result<Descriptor> {
        if op.sel.len() != self.types || op.sel.iter().any(|&n| n > build::MAX_SLOTS) {
            return bad("`sel` does not fit the list of types");
        }
        let text = |name: &str| settings.and_then(|s| s.some(name)?.text().ok());
        let scope = format!("filter_type_all{}", op.suffix);
        let angular = match text("type") {
            Some("se_e2_a" | "se_a" | "se_e2_r" | "se_r") => false,
            Some("se_e3" | "se_at" | "se_a_3be" | "se_t") => true,
            Some(other) => return Err(super::unsupported_descriptor(other)),
            None => {
                self.graph.has(&format!("{scope}/matrix_1_0_0"))
                    || self
                        .graph
                        .node(&format!("{scope}/TabulateFusionSeT"))
                        .is_some()
            }
        };
        let activation = match text("activation_function") {
            Some(name) => name.to_owned(),
            None if settings.is_some() => "tanh".to_owned(),
            None => self.activation_in("filter_type_"),
        };
        let mut excluded = vec![false; self.types.pow(2)];
        if let Some(list) = settings.and_then(|s| s.some("exclude_types")) {
            for pair in list.elements()? {
                let ends = pair.elements()?;
                let ends: Vec<usize> = ends.iter().map(Item::count).collect::<Result<_>>()?;
                match ends[..] {
                    [i, j] if i < self.types && j < self.types => {
                        excluded[i * self.types + j] = true;
                        excluded[j * self.types + i] = true;
                    }
                    _ => return Err(pair.error("a pair of types is expected")),
                }
            }
        }
        if angular {
            let (embeddings, stored) = self.triples(&op.suffix, &activation)?;
            let environment = self.environment(op, stored)?;
            return Ok(Descriptor::SeE3(SeE3 {
                environment,
                embeddings,
            }));
        }
        let (embeddings, stored) = self.pairs(&op.suffix, &activation, &excluded)?;
        let mut environment = self.environment(op, stored)?;
        if embeddings.one_side {
            // two-sided graphs leave excluded pairs out altogether
            environment.excluded = excluded;
            environment.excluded_padding = true;
        }
        if op.columns == 1 {
            return Ok(Descriptor::SeE2R(SeE2R {
                environment,
                embeddings,
            }));
        }
        let outputs = embeddings.outputs().max(1);
        let axis = match settings.and_then(|s| s.some("axis_neuron")) {
            Some(axis) => axis.count()?,
            None if settings.is_some() => 4,
            None => width / outputs,
        };
        Ok(Descriptor::SeE2A(SeE2A {
            divisor: self.divisor(op)?,
            environment,
            embeddings,
            axis,
        }))
    }

    /// Divisor of se_e2_a: a constant of the graph.
    fn divisor(&self, op: &EnvironmentOp) -> Result<f64> {
        for scope in ["all", "0"] {
            for name in ["truediv/y", "nnei"] {
                let name = format!("filter_type_{scope}{}/{name}", op.suffix);
                if let Some(array) = self.graph.array(&name)?
                    && let [x] = array.data[..]
                {
                    return Ok(x);
                }
            }
        }
        Ok(op.sel.iter().sum::<usize>() as f64)
    }

    /// Activation by the operations below scopes that begin with `prefix`; that of the first.
    fn activation_in(&self, prefix: &str) -> String {
        let below = self
            .graph
            .names()
            .iter()
            .filter(|name| name.starts_with(prefix));
        let known = below.filter_map(|name| match &self.graph.node(name)?.op[..] {
            "Tanh" => Some("tanh"),
            "Relu" => Some("relu"),
            "Relu6" => Some("relu6"),
            "Softplus" => Some("softplus"),
            "Sigmoid" => Some("sigmoid"),
            "Gelu" | "GeluCustom" => Some("gelu"),
            _ => None,
        });
        known.into_iter().next().unwrap_or("none").to_owned()
    }

    // ---- embeddings

    /// A network of `scope/matrix_<layer>_<index>`, None where there is none.
    fn embedding_net(&self, scope: &str, index: &str, activation: &str) -> Result<Option<Network>> {
        let mut layers = Vec::new();
        for k in 1..=build::MAX_LAYERS {
            let part = |name: &str| self.graph.array(&format!("{scope}/{name}_{k}{index}"));
            let Some(weight) = part("matrix")? else {
                break;
            };
            let mut layer = build::dense(weight, part("bias")?, part("idt")?, activation, true)?;
            // the time step exists for all layers and is used in those with a skip connection
            if layer.residual == Residual::None {
                layer.step.clear();
            }
            layers.push(layer);
        }
        if layers.is_empty() {
            return Ok(None);
        }
        build::network(layers).map(Some)
    }

    /// Table number `index` of a scope and its type, None where there is none.
    fn table(&self, scope: &str, op: &str, index: usize) -> Result<Option<(Embedding, Stored)>> {
        let name = match index {
            0 => format!("{scope}/{op}"),
            n => format!("{scope}/{op}_{n}"),
        };
        let Some(node) = self.graph.node(&name) else {
            return Ok(None);
        };
        let [data, info, ..] = &node.inputs[..] else {
            return bad(format!("{name} has no inputs"));
        };
        let (info, data) = (self.required(info)?.data, self.required(data)?);
        let stored = build::stored(data.dtype);
        let grid = if op == "TabulateFusionSeT" {
            Grid::TwoSided
        } else {
            Grid::OneSided
        };
        let table = build::table(&info, data, grid)?;
        Ok(Some((Embedding::Table(table), stored)))
    }

    /// Embedding of a scope by name or by its number among the tables of the scope.
    fn embedding(
        &self,
        scope: &str,
        index: &str,
        number: usize,
        op: &str,
        activation: &str,
    ) -> Result<Option<(Embedding, Stored)>> {
        if let Some(found) = self.table(scope, op, number)? {
            return Ok(Some(found));
        }
        let Some(net) = self.embedding_net(scope, index, activation)? else {
            return Ok(None);
        };
        let first = self.graph.array(&format!("{scope}/matrix_1{index}"))?;
        let stored = first.map_or(Stored::Double, |array| build::stored(array.dtype));
        Ok(Some((Embedding::Network(net), stored)))
    }

    /// Embeddings of se_e2_a and se_e2_r.
    fn pairs(
        &self,
        suffix: &str,
        activation: &str,
        excluded: &[bool],
    ) -> Result<(PairEmbeddings, Stored)> {
        let ops = ["TabulateFusionSeA", "TabulateFusionSeR"];
        let all = format!("filter_type_all{suffix}");
        let one_side = self.graph.has(&format!("{all}/matrix_1_0"))
            || ops
                .iter()
                .any(|op| self.graph.node(&format!("{all}/{op}")).is_some());
        let mut found: Vec<Option<Embedding>> = Vec::new();
        let mut stored = None;
        let centres = if one_side { 1 } else { self.types };
        for i in 0..centres {
            let scope = if one_side {
                all.clone()
            } else {
                format!("filter_type_{i}{suffix}")
            };
            let op = ops
                .iter()
                .find(|op| self.graph.node(&format!("{scope}/{op}")).is_some());
            let op = op.copied().unwrap_or(ops[0]);
            let mut number = 0;
            for j in 0..self.types {
                if !one_side && excluded[i * self.types + j] {
                    found.push(None);
                    continue;
                }
                let index = format!("_{j}");
                let Some((embedding, kind)) =
                    self.embedding(&scope, &index, number, op, activation)?
                else {
                    return bad(format!("the graph has no embedding network {scope}{index}"));
                };
                number += 1;
                stored = stored.or(Some(kind));
                found.push(Some(embedding));
            }
        }
        let outputs = found.iter().flatten().next().map_or(0, Embedding::outputs);
        let list = found
            .into_iter()
            .map(|e| e.unwrap_or(Embedding::Zero(outputs)));
        let embeddings = PairEmbeddings {
            one_side,
            list: list.collect(),
        };
        Ok((embeddings, stored.unwrap_or(Stored::Double)))
    }

    /// Embeddings of se_e3.
    fn triples(&self, suffix: &str, activation: &str) -> Result<(Vec<Option<Embedding>>, Stored)> {
        let scope = format!("filter_type_all{suffix}");
        let (mut list, mut number, mut stored) = (Vec::new(), 0, None);
        for i in 0..self.types {
            for j in 0..self.types {
                if i > j {
                    list.push(None);
                    continue;
                }
                let index = format!("_{i}_{j}");
                let found =
                    self.embedding(&scope, &index, number, "TabulateFusionSeT", activation)?;
                let Some((embedding, kind)) = found else {
                    return bad(format!("the graph has no embedding network {scope}{index}"));
                };
                number += 1;
                stored = stored.or(Some(kind));
                list.push(Some(embedding));
            }
        }
        Ok((list, stored.unwrap_or(Stored::Double)))
    }

    // ---- fitting

    /// The fitting and the bias of each type.
    fn fitting(&self, settings: Option<&Item>) -> Result<(Fitting, Vec<f64>)> {
        let flag = |name: &str| settings.and_then(|s| s.some(name)?.flag().ok()) == Some(true);
        if flag("use_aparam_as_mask") {
            return Err(super::masked_parameters());
        }
        let kind = settings.and_then(|s| s.some("type")?.text().ok());
        if let Some(kind) = kind.filter(|&kind| kind != "ener") {
            return Err(super::unsupported_model(&format!(
                "a model of type `{kind}`"
            )));
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
