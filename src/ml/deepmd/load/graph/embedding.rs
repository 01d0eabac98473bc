//! Embedding networks of a graph, plain and tabulated, by the names of their constants.
//! Imports the parent, the shared builders and the model description.

use super::Reader;
use crate::ml::deepmd::load::build::{self, Grid, bad};
use crate::ml::deepmd::model::{Embedding, Network, PairEmbeddings, Residual, Stored};
use crate::ml::error::Result;

impl Reader<'_> {
    /// Activation by the operations below scopes that begin with `prefix`; that of the first.
    pub(super) fn activation_in(&self, prefix: &str) -> String {
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

    /// A network of `scope/matrix_<layer>_<index>`, None where there is none.
    pub(super) fn embedding_net(
        &self,
        scope: &str,
        index: &str,
        activation: &str,
    ) -> Result<Option<Network>> {
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
    pub(super) fn embedding(
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
    pub(super) fn pairs(
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
    pub(super) fn triples(
        &self,
        suffix: &str,
        activation: &str,
    ) -> Result<(Vec<Option<Embedding>>, Stored)> {
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
}
