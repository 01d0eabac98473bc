//! Trees of named values as DeePMD-kit writes them in three forms: JSON text, YAML text, and an
//! HDF5 file whose JSON refers to arrays by their names. Typed access with messages that name the
//! place. Imports the readers of the three forms and the model error.

use super::hdf5::Hdf5;
use super::torch::{Array, DType};
use super::yaml;
use crate::ml::error::{ModelError, Result};

/// Depth to which values may be nested.
pub const MAX_DEPTH: usize = 96;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// null.
    Null,
    /// true or false.
    Bool(bool),
    /// Integer or float.
    Number(f64),
    /// Text.
    Text(String),
    /// List.
    List(Vec<Data>),
    /// Names and values in the order of the file.
    Map(Vec<(String, Data)>),
}

/// A tree and the file of its arrays.
pub struct Tree {
    root: Data,
    arrays: Option<Hdf5>,
}

impl Tree {
    /// Parses JSON (which begins with a brace) or YAML.
    ///
    /// # Errors
    /// Where the text is neither.
    pub fn from_text(bytes: &[u8]) -> Result<Tree> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| ModelError::malformed("the text is not UTF-8"))?;
        let root = if text.trim_start().starts_with('{') {
            json(text)?
        } else {
            yaml::parse(text)?
        };
        Ok(Tree { root, arrays: None })
    }

    /// Reads an HDF5 file with the attribute `json`.
    ///
    /// # Errors
    /// Where it is damaged or lacks the attribute.
    pub fn from_hdf5(bytes: Vec<u8>) -> Result<Tree> {
        let file = Hdf5::open(bytes)?;
        let Some(text) = file.text_attribute("json")? else {
            return Err(ModelError::unsupported(
                "the HDF5 file is no DeePMD model: it has no attribute `json`",
            ));
        };
        Ok(Tree {
            root: json(&text)?,
            arrays: Some(file),
        })
    }

    /// The outermost value.
    pub fn root(&self) -> Item<'_> {
        Item {
            tree: self,
            data: &self.root,
            path: String::new(),
        }
    }
}

/// Parses JSON; its depth is bounded by the parser.
///
/// # Errors
/// Where it is none.
pub fn json(text: &str) -> Result<Data> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|e| ModelError::malformed(format!("the JSON text is damaged: {e}")))?;
    Ok(convert(value))
}

fn convert(value: serde_json::Value) -> Data {
    use serde_json::Value as V;
    match value {
        V::Null => Data::Null,
        V::Bool(b) => Data::Bool(b),
        V::Number(n) => Data::Number(n.as_f64().unwrap_or(f64::NAN)),
        V::String(text) => Data::Text(text),
        V::Array(list) => Data::List(list.into_iter().map(convert).collect()),
        V::Object(map) => Data::Map(map.into_iter().map(|(k, v)| (k, convert(v))).collect()),
    }
}

/// A value and the path that led to it.
#[derive(Clone)]
pub struct Item<'t> {
    tree: &'t Tree,
    data: &'t Data,
    path: String,
}

impl<'t> Item<'t> {
    /// The value itself.
    pub fn data(&self) -> &'t Data {
        self.data
    }

    /// An error about this value.
    pub fn error(&self, text: impl std::fmt::Display) -> ModelError {
        let path = if self.path.is_empty() {
            "the root"
        } else {
            &self.path
        };
        ModelError::malformed(format!("{path}: {text}"))
    }

    fn with(&self, data: &'t Data, name: &str) -> Item<'t> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Item {
            tree: self.tree,
            data,
            path: format!("{}{dot}{name}", self.path),
        }
    }

    /// Value of a name; None where it is absent or null.
    pub fn some(&self, name: &str) -> Option<Item<'t>> {
        let Data::Map(entries) = self.data else {
            return None;
        };
        let found = entries.iter().rev().find(|(key, _)| key == name);
        let (_, data) = found.filter(|(_, data)| *data != Data::Null)?;
        Some(self.with(data, name))
    }

    /// As `some`.
    ///
    /// # Errors
    /// Where it is absent or null.
    pub fn child(&self, name: &str) -> Result<Item<'t>> {
        self.some(name)
            .ok_or_else(|| self.error(format!("`{name}` is missing")))
    }

    /// Names of a map, in order.
    pub fn keys(&self) -> Vec<&'t str> {
        match self.data {
            Data::Map(entries) => entries.iter().map(|(key, _)| &key[..]).collect(),
            _ => Vec::new(),
        }
    }

    /// Elements of a list.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn elements(&self) -> Result<Vec<Item<'t>>> {
        let Data::List(list) = self.data else {
            return Err(self.error("a list is expected"));
        };
        let numbered = list.iter().enumerate();
        Ok(numbered
            .map(|(i, d)| self.with(d, &i.to_string()))
            .collect())
    }

    /// Finite number, also from an array of one element.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn number(&self) -> Result<f64> {
        match self.data {
            Data::Number(x) if x.is_finite() => Ok(*x),
            Data::Bool(b) => Ok(f64::from(u8::from(*b))),
            Data::Number(_) => Err(self.error("a number that is not finite")),
            _ => match self.array()?.data[..] {
                [x] => Ok(x),
                _ => Err(self.error("one number is expected")),
            },
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
        match self.data {
            Data::Text(text) => Ok(text),
            _ => Err(self.error("a text is expected")),
        }
    }

    /// Array with finite elements: a name in the HDF5 file, a map of class `np.ndarray`, nested
    /// lists or a number.
    ///
    /// # Errors
    /// Where it is something else or damaged.
    pub fn array(&self) -> Result<Array> {
        let array = match (self.data, &self.tree.arrays) {
            (Data::Text(name), Some(file)) => {
                file.dataset(name).map_err(|e| self.error(e.to_string()))?
            }
            (Data::Map(_), _) if self.some("@class").is_some() => {
                let dtype = match self.child("dtype")?.text()? {
                    "float64" => DType::F64,
                    "float32" => DType::F32,
                    "float16" => DType::F16,
                    "bfloat16" => DType::BF16,
                    "int64" => DType::I64,
                    "int32" => DType::I32,
                    "bool" => DType::Bool,
                    other => return Err(self.error(format!("arrays of type {other} are not read"))),
                };
                self.nested(self.child("value")?.data, dtype)?
            }
            (data @ (Data::List(_) | Data::Number(_) | Data::Bool(_)), _) => {
                self.nested(data, DType::F64)?
            }
            _ => return Err(self.error("an array is expected")),
        };
        if array.data.iter().all(|x| x.is_finite()) {
            Ok(array)
        } else {
            Err(self.error("the array holds numbers that are not finite"))
        }
    }

    /// Array of an expected shape.
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

    fn nested(&self, data: &Data, dtype: DType) -> Result<Array> {
        let mut shape = Vec::new();
        let mut first = data;
        while let Data::List(list) = first {
            shape.push(list.len());
            match list.first() {
                Some(inner) if shape.len() < 8 => first = inner,
                _ => break,
            }
        }
        let mut numbers = Vec::new();
        if !gather(data, &shape, &mut numbers) {
            return Err(self.error("nested lists that are no array of numbers"));
        }
        Ok(Array {
            shape,
            data: numbers,
            dtype,
        })
    }
}

/// Appends the numbers of nested lists; false where they have not that shape.
fn gather(data: &Data, shape: &[usize], out: &mut Vec<f64>) -> bool {
    match (data, shape) {
        (Data::Number(x), []) => out.push(*x),
        (Data::Bool(b), []) => out.push(f64::from(u8::from(*b))),
        (Data::List(list), [n, inner @ ..]) if list.len() == *n => {
            return list.iter().all(|data| gather(data, inner, out));
        }
        _ => return false,
    }
    true
}
