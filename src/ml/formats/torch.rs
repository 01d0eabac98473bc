//! torch's zip files: pickles (`torch.save`), TorchScript archives (`torch.jit.save`) and
//! packages (`torch.package`), read as an attribute tree and arrays.
//! Imports the container, the pickle machine and the model error.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::archive::Archive;
use super::pickle::{self, Pickle};
use super::value::{Tensor, Value, ValueId};
use crate::ml::error::{ModelError, Result};

/// Form of a torch zip file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `torch.save`: `data.pkl` and `data/`.
    Pickle,
    /// `torch.jit.save`: `data.pkl`, `data/`, `constants.pkl`, `code/`.
    TorchScript,
    /// `torch.package`: pickles with any name and `.data/`.
    Package,
}

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DType {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl DType {
    fn of_storage(class: &str) -> Option<DType> {
        Some(match class {
            "DoubleStorage" => DType::F64,
            "FloatStorage" => DType::F32,
            "HalfStorage" => DType::F16,
            "BFloat16Storage" => DType::BF16,
            "LongStorage" => DType::I64,
            "IntStorage" => DType::I32,
            "ShortStorage" => DType::I16,
            "CharStorage" => DType::I8,
            "ByteStorage" => DType::U8,
            "BoolStorage" => DType::Bool,
            _ => return None,
        })
    }

    pub(super) fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 | DType::I32 => 4,
            DType::F16 | DType::BF16 | DType::I16 => 2,
            DType::I8 | DType::U8 | DType::Bool => 1,
        }
    }

    /// Value of one element; `bytes` has [`DType::size`] bytes, little-endian.
    pub(super) fn decode(self, bytes: &[u8]) -> f64 {
        let mut raw = [0; 8];
        raw[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(raw);
        match self {
            DType::F64 => f64::from_bits(bits),
            DType::F32 => f32::from_bits(bits as u32).into(),
            DType::F16 => half::f16::from_bits(bits as u16).into(),
            DType::BF16 => half::bf16::from_bits(bits as u16).into(),
            DType::I64 => bits as i64 as f64,
            DType::I32 => (bits as u32 as i32).into(),
            DType::I16 => (bits as u16 as i16).into(),
            DType::I8 => (bits as u8 as i8).into(),
            DType::U8 | DType::Bool => (bits as u8).into(),
        }
    }
}

/// A tensor copied out of the file, row-major.
#[derive(Debug, Clone)]
pub struct Array {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// Elements (integers above 2^53 are rounded).
    pub data: Vec<f64>,
    /// Type in the file.
    pub dtype: DType,
}

/// A torch zip file with one of its pickles loaded.
pub struct TorchFile {
    archive: RefCell<Archive>,
    storages: RefCell<HashMap<String, Rc<Vec<u8>>>>,
    root: String,
    layout: Layout,
    storage_prefix: String,
    storage_suffix: &'static str,
    /// Elements that may still be copied out; bounds what repeated or stretched views cost.
    budget: Cell<usize>,
    pickle: Pickle,
}

impl TorchFile {
    /// True where the members of a zip file are those of a torch file.
    pub fn is_torch(archive: &Archive) -> bool {
        find_root(archive).is_ok()
    }

    /// Opens a file from its bytes and loads the main pickle (`data.pkl`, or
    /// `model/eager_model.pkl` of a NequIP package).
    ///
    /// # Errors
    /// Where the container or the pickle is damaged, or no pickle is there.
    pub fn open(bytes: Vec<u8>) -> Result<TorchFile> {
        TorchFile::from_archive(Archive::open(bytes)?)
    }

    /// As [`TorchFile::open`], from an opened container.
    ///
    /// # Errors
    /// Where the pickle is damaged or not there.
    pub fn from_archive(mut archive: Archive) -> Result<TorchFile> {
        let budget = 2 * archive.len();
        let (root, layout) = find_root(&archive)?;
        let member = match layout {
            Layout::Package => "model/eager_model.pkl",
            Layout::Pickle | Layout::TorchScript => "data.pkl",
        };
        let byteorder = format!("{root}byteorder");
        if archive.contains(&byteorder) && archive.read(&byteorder)? == b"big" {
            return Err(ModelError::unsupported(
                "the file was written on a big-endian machine; load and save it again with torch \
                 on an ordinary (little-endian) one",
            ));
        }
        let bytes = archive.read(&format!("{root}{member}"))?;
        let pickle = pickle::load_within(&bytes, archive.len())?;
        let (storage_prefix, storage_suffix) = match layout {
            Layout::Package => (format!("{root}.data/"), ".storage"),
            Layout::Pickle | Layout::TorchScript => (format!("{root}data/"), ""),
        };
        Ok(TorchFile {
            archive: RefCell::new(archive),
            storages: RefCell::default(),
            root,
            layout,
            storage_prefix,
            storage_suffix,
            budget: Cell::new(budget),
            pickle,
        })
    }

    /// Form of the file.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The loaded pickle.
    pub fn pickle(&self) -> &Pickle {
        &self.pickle
    }

    /// Names of the members below the top folder.
    pub fn members(&self) -> Vec<String> {
        let archive = self.archive.borrow();
        let names = archive.names().iter();
        names
            .filter_map(|name| name.strip_prefix(&self.root))
            .map(str::to_owned)
            .collect()
    }

    /// Contents of a member below the top folder, None where it is absent.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn member(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let name = format!("{}{name}", self.root);
        let mut archive = self.archive.borrow_mut();
        if archive.contains(&name) {
            archive.read(&name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Copies a tensor out of its storage.
    ///
    /// # Errors
    /// Where the storage is absent or damaged, its type unknown, or an index outside of it.
    pub fn array(&self, tensor: &Tensor) -> Result<Array> {
        self.array_below(&self.storage_prefix, self.storage_suffix, tensor)
    }

    /// The constants of TorchScript code, `CONSTANTS.c0`, `c1`, ..; None where one is no tensor.
    /// Empty where the file has none.
    ///
    /// # Errors
    /// Where they are damaged.
    pub fn constants(&self) -> Result<Vec<Option<Array>>> {
        let Some(bytes) = self.member("constants.pkl")? else {
            return Ok(Vec::new());
        };
        let pickle = pickle::load_within(&bytes, self.archive.borrow().len())?;
        let Some(items) = pickle.values.elements(pickle.root) else {
            return Err(ModelError::malformed("constants.pkl holds no tuple"));
        };
        let prefix = format!("{}constants/", self.root);
        let read = |id: &ValueId| match pickle.values.get(*id) {
            Value::Tensor(tensor) => self.array_below(&prefix, "", tensor).map(Some),
            _ => Ok(None),
        };
        items.iter().map(read).collect()
    }

    /// Copies a tensor out of the storages `prefix` KEY `suffix`.
    fn array_below(&self, prefix: &str, suffix: &str, tensor: &Tensor) -> Result<Array> {
        let class = &tensor.storage.class;
        let Some(dtype) = DType::of_storage(class) else {
            return Err(ModelError::unsupported(format!(
                "tensors of type {class} are not read"
            )));
        };
        let outside = || ModelError::malformed("a tensor reaches outside of its storage");
        let count = tensor
            .size
            .iter()
            .try_fold(1usize, |n, &s| n.checked_mul(s));
        let count = count
            .filter(|&n| n <= self.budget.get())
            .ok_or_else(outside)?;
        self.budget.set(self.budget.get() - count);
        let (shape, mut data) = (tensor.size.clone(), Vec::with_capacity(count));
        if count == 0 {
            return Ok(Array { shape, data, dtype });
        }
        let storage = self.storage(format!("{prefix}{}{suffix}", tensor.storage.key))?;
        let elements = storage.len() / dtype.size();
        let last = tensor
            .size
            .iter()
            .zip(&tensor.stride)
            .try_fold(tensor.offset, |at, (&n, &s)| {
                (n - 1).checked_mul(s).and_then(|step| at.checked_add(step))
            });
        if last.is_none_or(|last| last >= elements) {
            return Err(outside());
        }
        let mut index = vec![0; shape.len()];
        let mut at = tensor.offset;
        for _ in 0..count {
            let byte = at * dtype.size();
            data.push(dtype.decode(&storage[byte..byte + dtype.size()]));
            for d in (0..shape.len()).rev() {
                index[d] += 1;
                at += tensor.stride[d];
                if index[d] < shape[d] {
                    break;
                }
                at -= index[d] * tensor.stride[d];
                index[d] = 0;
            }
        }
        Ok(Array { shape, data, dtype })
    }

    /// Contents of a storage, by the whole name of its member.
    fn storage(&self, name: String) -> Result<Rc<Vec<u8>>> {
        if let Some(data) = self.storages.borrow().get(&name) {
            return Ok(Rc::clone(data));
        }
        let data = Rc::new(self.archive.borrow_mut().read(&name)?);
        self.storages.borrow_mut().insert(name, Rc::clone(&data));
        Ok(data)
    }
}

/// Top folder (with its slash) and form of a torch zip file.
fn find_root(archive: &Archive) -> Result<(String, Layout)> {
    let below_top = |name: &str, tail: &str| {
        let root = name.strip_suffix(tail)?;
        let top = root.strip_suffix('/')?;
        (!top.contains('/')).then(|| root.to_owned())
    };
    let names = archive.names();
    if let Some(root) = names.iter().find_map(|n| below_top(n, "data.pkl")) {
        let script = names.iter().any(|n| n.starts_with(&format!("{root}code/")))
            || archive.contains(&format!("{root}constants.pkl"));
        return Ok((
            root,
            if script {
                Layout::TorchScript
            } else {
                Layout::Pickle
            },
        ));
    }
    if let Some(root) = names
        .iter()
        .find_map(|n| below_top(n, "model/eager_model.pkl"))
    {
        return Ok((root, Layout::Package));
    }
    Err(ModelError::malformed(
        "a zip archive without data.pkl, not written by torch",
    ))
}
