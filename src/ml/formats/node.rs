//! Typed access to the attribute tree of a torch module: `node.child("a")?.array()?`, with
//! messages that name the place. The same names work for pickled modules, whose parameters,
//! buffers and submodules are kept apart, and for TorchScript, where all attributes are side by
//! side. Imports the torch reader, irreps and the model error.

use super::torch::{Array, TorchFile};
use super::value::{Value, ValueId};
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Block, Irrep, Irreps};

/// A value of the tree and the path that led to it.
#[derive(Clone)]
pub struct Node<'t> {
    file: &'t TorchFile,
    id: ValueId,
    path: String,
}

impl<'t> Node<'t> {
    /// The value that was saved.
    pub fn root(file: &'t TorchFile) -> Node<'t> {
        Node {
            file,
            id: file.pickle().root,
            path: String::new(),
        }
    }

    /// Dotted path from the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file.
    pub fn file(&self) -> &'t TorchFile {
        self.file
    }

    /// The raw value.
    pub fn value(&self) -> &'t Value {
        self.file.pickle().values.get(self.id)
    }

    /// An error about this node.
    pub fn error(&self, text: impl std::fmt::Display) -> ModelError {
        let path = if self.path.is_empty() {
            "the root"
        } else {
            &self.path
        };
        ModelError::malformed(format!("{path}: {text}"))
    }

    fn with(&self, id: ValueId, name: &str) -> Node<'t> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Node {
            file: self.file,
            id,
            path: format!("{}{dot}{name}", self.path),
        }
    }

    /// Dict that holds the attributes: the state of an object, or the dict itself.
    fn attributes(&self) -> Option<ValueId> {
        match self.value() {
            Value::Object(object) => object.state,
            Value::Dict(_) => Some(self.id),
            _ => None,
        }
    }

    /// Attribute, parameter, buffer or submodule, or entry of a dict; None where absent.
    pub fn get(&self, name: &str) -> Option<Node<'t>> {
        let values = &self.file.pickle().values;
        let state = self.attributes()?;
        let direct = values.lookup(state, name);
        let found = direct.or_else(|| {
            let groups = ["_parameters", "_buffers", "_modules"];
            groups
                .iter()
                .find_map(|group| values.lookup(values.lookup(state, group)?, name))
        });
        found.map(|id| self.with(id, name))
    }

    /// As `get`, and None also where the value is Python's None.
    pub fn some(&self, name: &str) -> Option<Node<'t>> {
        self.get(name)
            .filter(|node| !matches!(node.value(), Value::None))
    }

    /// As `get`.
    ///
    /// # Errors
    /// Where it is absent.
    pub fn child(&self, name: &str) -> Result<Node<'t>> {
        self.get(name)
            .ok_or_else(|| self.error(format!("`{name}` is missing")))
    }

    /// Keys of a dict that are texts, in order; empty where the value is no dict.
    pub fn keys(&self) -> Vec<String> {
        let values = &self.file.pickle().values;
        let Value::Dict(pairs) = self.value() else {
            return Vec::new();
        };
        pairs
            .iter()
            .filter_map(|(key, _)| values.text(*key))
            .map(str::to_owned)
            .collect()
    }

    /// Names of all attributes, parameters, buffers and submodules, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        let values = &self.file.pickle().values;
        let Some(state) = self.attributes() else {
            return Vec::new();
        };
        let own = self.with(state, "").keys().into_iter();
        let groups = ["_parameters", "_buffers", "_modules"].map(|group| {
            let dict = values.lookup(state, group);
            dict.map(|id| self.with(id, group).keys())
                .unwrap_or_default()
        });
        own.filter(|name| !matches!(name.as_str(), "_parameters" | "_buffers" | "_modules"))
            .chain(groups.into_iter().flatten())
            .collect()
    }

    /// Submodules (or parameters) of a ModuleList, Sequential, ModuleDict or ParameterList, in
    /// order: by number where the names are numbers, otherwise as stored.
    pub fn items(&self) -> Vec<Node<'t>> {
        let values = &self.file.pickle().values;
        let Some(state) = self.attributes() else {
            return Vec::new();
        };
        let mut found: Vec<(String, ValueId)> = Vec::new();
        let groups = ["_parameters", "_modules"].map(|group| values.lookup(state, group));
        let grouped = groups.iter().any(Option::is_some);
        for dict in groups
            .into_iter()
            .flatten()
            .chain((!grouped).then_some(state))
        {
            let Value::Dict(pairs) = values.get(dict) else {
                continue;
            };
            for &(key, value) in pairs {
                let Some(name) = values.text(key) else {
                    continue;
                };
                let module = matches!(values.get(value), Value::Object(_));
                let number = name.bytes().all(|b| b.is_ascii_digit());
                if module || number {
                    found.push((name.to_owned(), value));
                }
            }
        }
        let key = |name: &str| name.parse::<u32>().ok();
        if found.iter().all(|(name, _)| key(name).is_some()) {
            found.sort_by_key(|(name, _)| key(name));
        }
        found
            .into_iter()
            .map(|(name, id)| self.with(id, &name))
            .collect()
    }

    /// Full class name: `mace.modules.blocks.RealAgnosticInteractionBlock`; empty where the value
    /// is no object. TorchScript's decoration of names is removed.
    pub fn full_class(&self) -> String {
        let name = match self.value() {
            Value::Object(_) => self.file.pickle().values.class_name(self.id),
            _ => None,
        };
        plain_name(&name.unwrap_or_default())
    }

    /// Class name without its module.
    pub fn class(&self) -> String {
        let full = self.full_class();
        full.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// Name of a function or class without its module; None where the value is neither.
    pub fn function(&self) -> Option<&'t str> {
        match self.value() {
            Value::Global { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Source code of the class in a TorchScript archive, None where the file has none.
    ///
    /// # Errors
    /// Where the member is damaged.
    pub fn source(&self) -> Result<Option<String>> {
        let values = &self.file.pickle().values;
        let Value::Object(object) = self.value() else {
            return Ok(None);
        };
        let Value::Global { module, .. } = values.get(object.class) else {
            return Ok(None);
        };
        let member = format!("code/{}.py", module.replace('.', "/"));
        let source = self.file.member(&member)?;
        Ok(source.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Number: int, float, bool or a tensor with one element; must be finite.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn number(&self) -> Result<f64> {
        let x = match self.value() {
            Value::Int(i) => *i as f64,
            Value::Float(x) => *x,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Tensor(tensor) => match self.file.array(tensor)?.data[..] {
                [x] => x,
                _ => return Err(self.error("one number is expected")),
            },
            _ => return Err(self.error("a number is expected")),
        };
        if x.is_finite() {
            Ok(x)
        } else {
            Err(self.error("a number that is not finite"))
        }
    }

    /// Non-negative integer of at most 2^32.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn count(&self) -> Result<usize> {
        let x = self.number()?;
        if x.fract() == 0.0 && (0.0..=4294967296.0).contains(&x) {
            Ok(x as usize)
        } else {
            Err(self.error(format!("{x} is not a count")))
        }
    }

    /// Truth value.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn flag(&self) -> Result<bool> {
        Ok(self.number()? != 0.0)
    }

    /// Text.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn text(&self) -> Result<&'t str> {
        match self.value() {
            Value::Str(text) => Ok(text),
            _ => Err(self.error("a text is expected")),
        }
    }

    /// Tensor with finite elements; a plain number counts as a tensor without dimensions.
    ///
    /// # Errors
    /// Where it is something else or damaged.
    pub fn array(&self) -> Result<Array> {
        let array = match self.value() {
            Value::Tensor(tensor) => self
                .file
                .array(tensor)
                .map_err(|e| self.error(e.to_string()))?,
            _ => {
                let dtype = super::torch::DType::F64;
                Array {
                    shape: Vec::new(),
                    data: vec![self.number()?],
                    dtype,
                }
            }
        };
        if array.data.iter().all(|x| x.is_finite()) {
            Ok(array)
        } else {
            Err(self.error("the tensor holds numbers that are not finite"))
        }
    }

    /// Tensor of an expected shape.
    ///
    /// # Errors
    /// Where it is something else or has another shape.
    pub fn array_of(&self, shape: &[usize]) -> Result<Vec<f64>> {
        let array = self.array()?;
        if array.shape == shape {
            Ok(array.data)
        } else {
            Err(self.error(format!(
                "the shape is {:?}, expected {shape:?}",
                array.shape
            )))
        }
    }

    /// Elements of a tuple or list, or of a named tuple (the arguments of its class).
    ///
    /// # Errors
    /// Where it is something else.
    pub fn elements(&self) -> Result<Vec<Node<'t>>> {
        let values = &self.file.pickle().values;
        let id = match self.value() {
            Value::Object(object) => object.args,
            _ => self.id,
        };
        let items = values
            .elements(id)
            .ok_or_else(|| self.error("a tuple or list is expected"))?;
        if items.len() > 1 << 16 {
            return Err(self.error("a list of absurd length"));
        }
        Ok(items
            .iter()
            .enumerate()
            .map(|(i, &id)| self.with(id, &i.to_string()))
            .collect())
    }

    /// e3nn irreps: an `Irreps` object, nested tuples, or text.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn irreps(&self) -> Result<Irreps> {
        if let Value::Str(text) = self.value() {
            return Irreps::parse(text).ok_or_else(|| self.error("irreps are expected"));
        }
        let mut parts = self.elements()?;
        // Irreps(((mul, ir), ..)): the object has one argument, the tuple of blocks
        if matches!(self.value(), Value::Object(_)) {
            match parts.pop() {
                Some(blocks) if parts.is_empty() => parts = blocks.elements()?,
                _ => return Err(self.error("irreps are expected")),
            }
        }
        parts
            .iter()
            .map(Node::block)
            .collect::<Result<_>>()
            .map(Irreps)
    }

    /// `(mul, (l, p))`, tuples or objects with these arguments (or one tuple of them).
    fn block(&self) -> Result<Block> {
        let [mul, irrep] = &self.pair()?;
        let [l, p] = &irrep.pair()?;
        let (mul, l) = (mul.count()?, l.count()?);
        let odd = match p.number()? {
            1.0 => false,
            -1.0 => true,
            _ => return Err(self.error("a parity is neither 1 nor -1")),
        };
        if l > 64 || mul > 1 << 24 {
            return Err(self.error("irreps out of range"));
        }
        Ok(Block {
            mul,
            irrep: Irrep { l, odd },
        })
    }

    fn pair(&self) -> Result<[Node<'t>; 2]> {
        let mut parts = self.elements()?;
        if let [only] = &parts[..] {
            parts = only.elements()?;
        }
        parts
            .try_into()
            .map_err(|_| self.error("a pair is expected"))
    }
}

/// Removes what TorchScript adds to class names: `__torch__.` and `.___torch_mangle_N`.
fn plain_name(name: &str) -> String {
    let parts = name.split('.');
    let plain = parts.filter(|p| *p != "__torch__" && !p.starts_with("___torch_mangle_"));
    plain.collect::<Vec<_>>().join(".")
}
