//! Weights of a checkpoint by name, averaged ones where the checkpoint holds them.

use std::collections::HashMap;

use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::Array;
use crate::ml::formats::value::Value;

/// A name that every network has, behind the path of the network's modules.
const MARK: &str = "layer0_convnet.conv.linear_1.weight";

/// The arrays of one network.
pub struct State<'t> {
    /// Path of the network's modules.
    prefix: String,
    nodes: HashMap<String, Node<'t>>,
    names: Vec<String>,
}

impl<'t> State<'t> {
    /// Arrays of `state_dict`; `trainable` tells which names behind the network's path are
    /// parameters besides the weights and biases.
    ///
    /// # Errors
    /// Where no network or several are found, or averages do not fit the weights.
    pub fn new(node: &Node<'t>, trainable: impl Fn(&str) -> bool) -> Result<State<'t>> {
        let all = node.keys();
        let mut prefixes = all.iter().filter_map(|key| key.strip_suffix(MARK));
        let Some(prefix) = prefixes.next().map(str::to_owned) else {
            return Err(ModelError::unsupported(
                "the checkpoint holds no NequIP network (no weights named \
                 layer0_convnet.conv.linear_1.weight)",
            ));
        };
        if prefixes.next().is_some() {
            return Err(ModelError::unsupported(
                "the checkpoint holds several networks; package the one that is meant \
                 (`nequip-package build NAME.ckpt NAME.nequip.zip`)",
            ));
        }
        let mut nodes = HashMap::new();
        let mut names = Vec::new();
        for key in &all {
            if let Some(name) = key.strip_prefix(&prefix)
                && let Some(array) = node.get(key)
            {
                nodes.insert(name.to_owned(), array);
                names.push(name.to_owned());
            }
        }
        let mut state = State {
            prefix,
            nodes,
            names,
        };
        state.average(node, trainable)?;
        Ok(state)
    }

    /// Puts exponential averages in the place of the weights they belong to: they are numbered in
    /// the order of the parameters.
    fn average(&mut self, node: &Node<'t>, trainable: impl Fn(&str) -> bool) -> Result<()> {
        let average = |k: usize| node.get(&format!("ema.ema_weight_{k}"));
        if average(0).is_none() {
            return Ok(());
        }
        // false while weights and averages are exchanged: then the weights are the averages
        let held = node.get("ema._extra_state");
        let held = held.and_then(|n| n.some("is_holding_ema_weights"));
        if held.map(|n| n.flag()).transpose()? == Some(false) {
            return Ok(());
        }
        let wrong = |text: &str| {
            Err(ModelError::malformed(format!(
                "the averaged weights (ema_weight_N) {text}"
            )))
        };
        let mut k = 0;
        for name in self.names.clone() {
            let shape = self.shape(&name)?;
            let empty = shape.contains(&0);
            let last = name.rsplit('.').next().unwrap_or_default();
            let number = last.bytes().all(|b| b.is_ascii_digit());
            if empty || !(matches!(last, "weight" | "bias") || number || trainable(&name)) {
                continue;
            }
            let Some(array) = average(k) else {
                return wrong("are fewer than the weights");
            };
            if array.array()?.shape != shape {
                return wrong(&format!("do not fit: number {k} and {name}"));
            }
            self.nodes.insert(name, array);
            k += 1;
        }
        if average(k).is_some() {
            return wrong("are more than the weights");
        }
        Ok(())
    }

    fn shape(&self, name: &str) -> Result<Vec<usize>> {
        let node = self.node(name)?;
        match node.value() {
            Value::Tensor(tensor) => Ok(tensor.size.clone()),
            _ => Err(node.error("a tensor is expected")),
        }
    }

    /// Names behind the network's path, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// An array, None where it is absent.
    pub fn get(&self, name: &str) -> Option<&Node<'t>> {
        self.nodes.get(name)
    }

    /// An array's place in the file.
    ///
    /// # Errors
    /// Where it is absent.
    pub fn node(&self, name: &str) -> Result<&Node<'t>> {
        self.get(name).ok_or_else(|| {
            ModelError::malformed(format!("the array {}{name} is missing", self.prefix))
        })
    }

    /// An array.
    ///
    /// # Errors
    /// Where it is absent or damaged.
    pub fn array(&self, name: &str) -> Result<Array> {
        self.node(name)?.array()
    }

    /// Elements of an array; empty where it is absent.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn data_or_empty(&self, name: &str) -> Result<Vec<f64>> {
        match self.get(name) {
            Some(node) => Ok(node.array()?.data),
            None => Ok(Vec::new()),
        }
    }
}
