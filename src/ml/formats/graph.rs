//! TensorFlow's GraphDef (`.pb`): names, operations, inputs and attributes of the nodes of a graph,
//! and the constants among them. Own reader of the protocol buffers wire format, for the fields of
//! `node_def.proto`, `attr_value.proto` and `tensor.proto` that are needed. Nothing is executed;
//! tensors are decoded on request, bounded by the size of the file.
//! Imports the array type and the model error.

use std::cell::Cell;
use std::collections::HashMap;

use super::torch::{Array, DType};
use crate::ml::error::{ModelError, Result};

/// How many times its own size a file may expand to: constants of one repeated value.
const EXPANSION: usize = 8;

fn bad<T>(text: impl std::fmt::Display) -> Result<T> {
    Err(ModelError::malformed(format!("graph: {text}")))
}

/// Value of a field.
#[derive(Debug, Clone, Copy)]
enum Field<'a> {
    Varint(u64),
    /// 4 or 8 bytes.
    Fixed(&'a [u8]),
    Bytes(&'a [u8]),
}

/// Reader of the fields of a message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for i in 0..10 {
            let Some((&byte, rest)) = self.0.split_first() else {
                break;
            };
            self.0 = rest;
            value |= u64::from(byte & 0x7f).wrapping_shl(7 * i);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        bad("a number is cut off")
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        match self.0.split_at_checked(n) {
            Some((these, rest)) => {
                self.0 = rest;
                Ok(these)
            }
            None => bad("a field reaches beyond its message"),
        }
    }

    /// The next field: its number and value, None at the end.
    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed(self.take(8)?),
            2 => {
                let n = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                Field::Bytes(self.take(n)?)
            }
            5 => Field::Fixed(self.take(4)?),
            wire => return bad(format!("a field of wire type {wire}")),
        };
        Ok(Some((tag >> 3, field)))
    }
}

/// Where bytes stand in the file.
type Span = std::ops::Range<usize>;

/// One node.
#[derive(Debug)]
pub struct GraphNode {
    /// Operation, such as `Const`.
    pub op: String,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Attributes and the place of their values.
    attributes: Vec<(String, Span)>,
}

/// A graph.
pub struct Graph {
    data: Vec<u8>,
    /// Names in the order of the file.
    names: Vec<String>,
    nodes: HashMap<String, GraphNode>,
    /// Elements that may still be decoded.
    budget: Cell<usize>,
}

impl Graph {
    /// Reads the nodes of a graph.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn open(data: Vec<u8>) -> Result<Graph> {
        let (mut names, mut nodes) = (Vec::new(), HashMap::new());
        let mut fields = Fields(&data);
        while let Some((number, field)) = fields.next()? {
            if let (1, Field::Bytes(body)) = (number, field) {
                let (name, node) = node(&data, body)?;
                names.push(name.clone());
                nodes.insert(name, node);
            }
        }
        let budget = Cell::new(EXPANSION * data.len());
        Ok(Graph {
            data,
            names,
            nodes,
            budget,
        })
    }

    /// Names of all nodes, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A node.
    pub fn node(&self, name: &str) -> Option<&GraphNode> {
        self.nodes.get(name)
    }

    /// Attribute of a node as the fields of its value.
    fn attribute(&self, node: &str, name: &str) -> Option<Fields<'_>> {
        let node = self.nodes.get(node)?;
        let (_, span) = node.attributes.iter().find(|(key, _)| key == name)?;
        Some(Fields(&self.data[span.clone()]))
    }

    /// Attribute that is a float, None where it is absent.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn float(&self, node: &str, name: &str) -> Result<Option<f64>> {
        let Some(mut fields) = self.attribute(node, name) else {
            return Ok(None);
        };
        // a float of value 0 is not written
        let mut value = 0.0;
        while let Some(field) = fields.next()? {
            if let (4, Field::Fixed(&[a, b, c, d])) = field {
                value = f32::from_le_bytes([a, b, c, d]).into();
            }
        }
        Ok(Some(value))
    }

    /// Attribute that is a list of integers, None where it is absent.
    ///
    /// # Errors
    /// Where the file is damaged or a number negative.
    pub fn counts(&self, node: &str, name: &str) -> Result<Option<Vec<usize>>> {
        let Some(mut fields) = self.attribute(node, name) else {
            return Ok(None);
        };
        let mut list = Vec::new();
        while let Some(field) = fields.next()? {
            let (1, Field::Bytes(body)) = field else {
                continue;
            };
            let mut inner = Fields(body);
            while let Some(field) = inner.next()? {
                match field {
                    (3, Field::Varint(n)) => list.push(n),
                    (3, Field::Bytes(packed)) => {
                        let mut packed = Fields(packed);
                        while !packed.0.is_empty() {
                            list.push(packed.varint()?);
                        }
                    }
                    _ => {}
                }
            }
        }
        let count = |&n: &u64| match u32::try_from(n) {
            Ok(n) => Ok(n as usize),
            Err(_) => bad(format!("{node}: {name} is no list of counts")),
        };
        list.iter().map(count).collect::<Result<_>>().map(Some)
    }

    /// Name of the constant that a node is, or that it only passes on.
    fn constant(&self, name: &str) -> Option<&str> {
        let mut name = name;
        for _ in 0..8 {
            let plain = name.strip_prefix('^').unwrap_or(name);
            let plain = plain.split(':').next().unwrap_or(plain);
            let (key, node) = self.nodes.get_key_value(plain)?;
            match &node.op[..] {
                "Const" => return Some(key),
                "Identity" | "Cast" | "ReadVariableOp" => name = node.inputs.first()?,
                _ => return None,
            }
        }
        None
    }

    /// True where a node is a constant.
    pub fn has(&self, name: &str) -> bool {
        self.constant(name).is_some()
    }

    /// Numbers of a constant, None where there is none of that name.
    ///
    /// # Errors
    /// Where it is damaged, no array of numbers, or larger than the file supports.
    pub fn array(&self, name: &str) -> Result<Option<Array>> {
        let Some(tensor) = self.tensor(name)? else {
            return Ok(None);
        };
        let array = tensor.numbers(&self.budget).map_err(|e| match e {
            ModelError::Malformed(text) => ModelError::Malformed(format!("{name}: {text}")),
            other => other,
        })?;
        if array.data.iter().all(|x| x.is_finite()) {
            Ok(Some(array))
        } else {
            bad(format!("{name} holds numbers that are not finite"))
        }
    }

    /// The single text of a constant, None where there is none of that name.
    ///
    /// # Errors
    /// Where it is damaged or no text.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        let Some(tensor) = self.tensor(name)? else {
            return Ok(None);
        };
        match tensor.text.map(std::str::from_utf8) {
            Some(Ok(text)) => Ok(Some(text)),
            _ => bad(format!("{name} is no text")),
        }
    }

    fn tensor(&self, name: &str) -> Result<Option<Tensor<'_>>> {
        let Some(constant) = self.constant(name) else {
            return Ok(None);
        };
        let Some(mut fields) = self.attribute(constant, "value") else {
            return bad(format!("the constant {constant} has no value"));
        };
        while let Some(field) = fields.next()? {
            if let (8, Field::Bytes(body)) = field {
                return Tensor::read(body).map(Some);
            }
        }
        bad(format!("the constant {constant} has no tensor"))
    }
}

fn text_of(bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => bad("a name is not UTF-8"),
    }
}

/// Name and contents of a node.
fn node(data: &[u8], body: &[u8]) -> Result<(String, GraphNode)> {
    let (mut name, mut op) = (String::new(), String::new());
    let (mut inputs, mut attributes) = (Vec::new(), Vec::new());
    let mut fields = Fields(body);
    while let Some(field) = fields.next()? {
        match field {
            (1, Field::Bytes(text)) => name = text_of(text)?,
            (2, Field::Bytes(text)) => op = text_of(text)?,
            (3, Field::Bytes(text)) => inputs.push(text_of(text)?),
            (5, Field::Bytes(entry)) => {
                let (mut key, mut value) = (String::new(), 0..0);
                let mut entry = Fields(entry);
                while let Some(field) = entry.next()? {
                    match field {
                        (1, Field::Bytes(text)) => key = text_of(text)?,
                        (2, Field::Bytes(body)) => {
                            // slices of one buffer: the difference of addresses is a position
                            let start = body.as_ptr() as usize - data.as_ptr() as usize;
                            value = start..start + body.len();
                        }
                        _ => {}
                    }
                }
                attributes.push((key, value));
            }
            _ => {}
        }
    }
    let node = GraphNode {
        op,
        inputs,
        attributes,
    };
    Ok((name, node))
}

/// A TensorProto.
#[derive(Default)]
struct Tensor<'a> {
    dtype: u64,
    shape: Vec<usize>,
    /// Raw elements, little-endian.
    content: &'a [u8],
    /// Elements by kind of their field.
    floats: Vec<&'a [u8]>,
    integers: Vec<&'a [u8]>,
    single: Vec<f64>,
    text: Option<&'a [u8]>,
}

impl<'a> Tensor<'a> {
    fn read(body: &'a [u8]) -> Result<Tensor<'a>> {
        let mut tensor = Tensor::default();
        let mut fields = Fields(body);
        while let Some((number, field)) = fields.next()? {
            match (number, field) {
                (1, Field::Varint(n)) => tensor.dtype = n,
                (2, Field::Bytes(shape)) => tensor.shape = dimensions(shape)?,
                (4, Field::Bytes(content)) => tensor.content = content,
                (5 | 6, Field::Bytes(packed) | Field::Fixed(packed)) => tensor.floats.push(packed),
                (7 | 10 | 11, Field::Bytes(packed)) => tensor.integers.push(packed),
                (7 | 10 | 11, Field::Varint(n)) => tensor.single.push(n as i64 as f64),
                (8, Field::Bytes(text)) => tensor.text = Some(text),
                _ => {}
            }
        }
        Ok(tensor)
    }

    /// The elements; a short list of them is filled up with its last.
    fn numbers(&self, budget: &Cell<usize>) -> Result<Array> {
        let dtype = match self.dtype {
            1 => DType::F32,
            2 => DType::F64,
            3 => DType::I32,
            4 => DType::U8,
            6 => DType::I8,
            9 => DType::I64,
            10 => DType::Bool,
            19 => DType::F16,
            14 => DType::BF16,
            other => {
                return Err(ModelError::unsupported(format!(
                    "tensors of TensorFlow's type {other} are not read"
                )));
            }
        };
        let count = self.shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        let Some(count) = count.filter(|&n| n <= budget.get()) else {
            return bad("a tensor claims more elements than the file supports");
        };
        budget.set(budget.get() - count);
        let size = dtype.size();
        let mut data: Vec<f64> = if self.content.is_empty() {
            self.listed(dtype)?
        } else {
            self.content
                .chunks_exact(size)
                .map(|b| dtype.decode(b))
                .collect()
        };
        if data.len() > count || (data.len() < count && !self.content.is_empty()) {
            return bad("a tensor has not as many elements as its shape says");
        }
        data.resize(count, data.last().copied().unwrap_or(0.0));
        Ok(Array {
            shape: self.shape.clone(),
            data,
            dtype,
        })
    }

    fn listed(&self, dtype: DType) -> Result<Vec<f64>> {
        let width = if dtype == DType::F64 { 8 } else { 4 };
        let floats = self.floats.iter().flat_map(|p| p.chunks_exact(width));
        let mut list: Vec<f64> = match dtype {
            DType::F32 | DType::F64 => floats.map(|b| dtype.decode(b)).collect(),
            _ => Vec::new(),
        };
        list.extend(&self.single);
        for packed in &self.integers {
            let mut packed = Fields(packed);
            while !packed.0.is_empty() {
                list.push(packed.varint()? as i64 as f64);
            }
        }
        Ok(list)
    }
}

fn dimensions(shape: &[u8]) -> Result<Vec<usize>> {
    let mut all = Vec::new();
    let mut fields = Fields(shape);
    while let Some(field) = fields.next()? {
        let (2, Field::Bytes(dim)) = field else {
            continue;
        };
        let (mut dim, mut size) = (Fields(dim), 0);
        while let Some(field) = dim.next()? {
            if let (1, Field::Varint(n)) = field {
                size = n;
            }
        }
        match usize::try_from(size) {
            Ok(n) if all.len() < 8 => all.push(n),
            _ => return bad("a tensor of absurd shape"),
        }
    }
    Ok(all)
}
