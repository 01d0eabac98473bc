//! Values that a pickle builds, in an arena: references are indices, so that shared and cyclic
//! structures cost nothing and can be dropped without recursion. Imports nothing of the crate.

/// Index of a value in its [`Values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueId(u32);

/// One Python value. Containers hold references.
#[derive(Debug)]
pub enum Value {
    /// None.
    None,
    /// bool.
    Bool(bool),
    /// int that fits 64 bits.
    Int(i64),
    /// Larger int: two's complement, little-endian.
    BigInt(Vec<u8>),
    /// float.
    Float(f64),
    /// str.
    Str(String),
    /// bytes.
    Bytes(Vec<u8>),
    /// tuple.
    Tuple(Vec<ValueId>),
    /// list or set.
    List(Vec<ValueId>),
    /// dict, in the order of insertion; of equal keys the last counts.
    Dict(Vec<(ValueId, ValueId)>),
    /// A class or function, by name; never executed.
    Global {
        /// Module path.
        module: String,
        /// Name in the module.
        name: String,
    },
    /// Raw storage of tensors.
    Storage(Box<Storage>),
    /// A view of a storage.
    Tensor(Box<Tensor>),
    /// Instance of any other class, inert.
    Object(Box<Object>),
}

/// Reference to the raw data of tensors in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Name of the storage class, such as `DoubleStorage`.
    pub class: String,
    /// Member of the container.
    pub key: String,
}

/// A strided view of a storage, in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// The storage.
    pub storage: Storage,
    /// First element.
    pub offset: usize,
    /// Length of each dimension.
    pub size: Vec<usize>,
    /// Step of each dimension.
    pub stride: Vec<usize>,
}

/// Instance of a class that the reader does not know.
#[derive(Debug)]
pub struct Object {
    /// The class or function that made it.
    pub class: ValueId,
    /// Positional arguments, a tuple.
    pub args: ValueId,
    /// What BUILD gave it, normally the dict of its attributes.
    pub state: Option<ValueId>,
}

/// The arena.
#[derive(Debug, Default)]
pub struct Values {
    nodes: Vec<Value>,
}

impl Values {
    /// Adds a value.
    pub fn push(&mut self, value: Value) -> ValueId {
        let id = ValueId(self.nodes.len() as u32);
        self.nodes.push(value);
        id
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True before the first `push`.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The value.
    pub fn get(&self, id: ValueId) -> &Value {
        &self.nodes[id.0 as usize]
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self, id: ValueId) -> &mut Value {
        &mut self.nodes[id.0 as usize]
    }

    /// Value of a key of a dict, None where `id` is no dict or lacks the key.
    pub fn lookup(&self, id: ValueId, key: &str) -> Option<ValueId> {
        let Value::Dict(pairs) = self.get(id) else {
            return None;
        };
        let found = pairs.iter().rev().find(|(k, _)| self.text(*k) == Some(key));
        found.map(|(_, value)| *value)
    }

    /// Text of a str.
    pub fn text(&self, id: ValueId) -> Option<&str> {
        match self.get(id) {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Integer value of an int.
    pub fn int(&self, id: ValueId) -> Option<i64> {
        match self.get(id) {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// Elements of a tuple or list.
    pub fn elements(&self, id: ValueId) -> Option<&[ValueId]> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// `module.name` of a class, function, or of the class of an object.
    pub fn class_name(&self, id: ValueId) -> Option<String> {
        match self.get(id) {
            Value::Global { module, name } => Some(format!("{module}.{name}")),
            Value::Object(object) => match self.get(object.class) {
                Value::Global { module, name } => Some(format!("{module}.{name}")),
                _ => None,
            },
            _ => None,
        }
    }
}
