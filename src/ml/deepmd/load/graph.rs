//! Frozen TensorFlow graphs (`.pb`) of versions 1 to 3, plain and compressed: weights are constants
//! with known names; settings come from the environment operations and, where the graph has it,
//! from the training input, otherwise from the names of operations and the shapes of weights.
//! Imports the graph reader, the tree, the shared builders and the model description.

mod attention;
mod embedding;
mod fitting;

use super::build::{self, bad};
use crate::ml::deepmd::model::{
    DeepmdModel, Descriptor, Environment, Network, SeE2A, SeE2R, SeE3, Selection, Stored, Switch,
};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::graph::Graph;
use crate::ml::formats::torch::Array;
use crate::ml::formats::tree::{Item, Tree};

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
    let types_net = settings.as_ref().and_then(|s| s.some("type_embedding"));
    let reader = Reader {
        graph: &graph,
        types: type_map.len(),
        types_activation: attention::type_activation(types_net.as_ref())?,
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
    if has_op("ProdEnvMatAMixNvnmdQuantize") {
        return Err(super::unsupported_model(
            "one that was quantised for a processor (NVNMD)",
        ));
    }
    let extra_types = graph.has("type_embed_net/matrix_1") && !has_op("ProdEnvMatAMix");
    if extra_types || has_op("PairTab") {
        return Err(super::unsupported_model(
            "one with a type embedding in se_e2_a or with a pair table",
        ));
    }
    Ok(())
}

struct Reader<'g> {
    graph: &'g Graph,
    types: usize,
    /// Activation function of the type embedding.
    types_activation: String,
}

/// Operation that makes an environment matrix and what it says.
struct EnvironmentOp {
    /// Suffix of the descriptor in a hybrid.
    suffix: String,
    cutoff: f64,
    smooth: f64,
    sel: Vec<usize>,
    columns: usize,
    /// One section for all types (se_atten).
    mixed: bool,
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
            let mixed = node.op == "ProdEnvMatAMix";
            let radial = match &node.op[..] {
                "ProdEnvMatA" | "ProdEnvMatAMix" | "DescrptSeA" => false,
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
                mixed,
            });
        }
        Ok(ops)
    }

    fn environment(&self, op: &EnvironmentOp, stored: Stored) -> Result<Environment> {
        let selection = if op.mixed {
            Selection::Total(op.sel.iter().sum())
        } else {
            Selection::PerType(op.sel.clone())
        };
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
        if op.mixed {
            return match settings {
                // hybrids with a type embedding do not exist in this backend
                Some(settings) if op.suffix.is_empty() => {
                    self.attended(op, settings, width).map(Descriptor::SeAtten)
                }
                _ => bad("a se_atten descriptor without its training input"),
            };
        }
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
        let excluded = self.excluded(settings)?;
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

    /// Pairs of types without interaction by the training input.
    fn excluded(&self, settings: Option<&Item>) -> Result<Vec<bool>> {
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
        Ok(excluded)
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
}
