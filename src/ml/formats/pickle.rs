//! A pickle machine that builds values and executes nothing: classes and functions stay names,
//! calls become inert objects except for the few that torch uses to describe tensors.
//!
//! Invariants: work and memory are linear in the length of the data (no operation copies a value
//! of unbounded size); no recursion. Protocols 2 to 5, the opcodes that torch, torch.package and
//! their models use (Python's `pickletools` is the description of the format).
//! Imports the value arena and the model error.

use std::collections::HashMap;

use super::value::{Object, Storage, Tensor, Value, ValueId, Values};
use crate::ml::error::{ModelError, Result};

/// Values one pickle may have; real models have some 10^5.
const MAX_VALUES: usize = 8_000_000;

/// Values that any file may have, and bytes of the file for each one above.
const FREE_VALUES: usize = 100_000;
const BYTES_PER_VALUE: usize = 24;

/// Deepest nesting of open marks.
const MAX_MARKS: usize = 10_000;

/// A loaded pickle.
#[derive(Debug)]
pub struct Pickle {
    /// All values.
    pub values: Values,
    /// The value that was pickled.
    pub root: ValueId,
}

/// Reads one pickle; what follows its end is ignored.
///
/// # Errors
/// Where the data are truncated, contradictory or use an opcode that no model file has.
pub fn load(data: &[u8]) -> Result<Pickle> {
    load_within(data, usize::MAX)
}

/// As [`load`], for a member of a file of `file` bytes: a value takes several times the byte that can
/// make it, so that their number is bounded by the length of the whole file.
///
/// # Errors
/// As [`load`].
pub fn load_within(data: &[u8], file: usize) -> Result<Pickle> {
    let mut machine = Machine::new(data);
    machine.most = MAX_VALUES.min(FREE_VALUES + file / BYTES_PER_VALUE);
    loop {
        let op = machine.byte()?;
        if op == b'.' {
            let root = machine.pop()?;
            return Ok(Pickle {
                values: machine.values,
                root,
            });
        }
        machine.step(op)?;
    }
}

struct Machine<'a> {
    data: &'a [u8],
    at: usize,
    values: Values,
    stack: Vec<ValueId>,
    /// Stack heights at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u64, ValueId>,
    /// Values, places on the stack and in the memo that there may be.
    most: usize,
    none: ValueId,
    yes: ValueId,
    no: ValueId,
}

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(ModelError::malformed(format!("pickle: {}", text.into())))
}

impl<'a> Machine<'a> {
    fn new(data: &'a [u8]) -> Machine<'a> {
        let mut values = Values::default();
        let none = values.push(Value::None);
        let yes = values.push(Value::Bool(true));
        let no = values.push(Value::Bool(false));
        let (stack, marks, memo) = (Vec::new(), Vec::new(), HashMap::new());
        Machine {
            data,
            at: 0,
            values,
            stack,
            marks,
            memo,
            most: MAX_VALUES,
            none,
            yes,
            no,
        }
    }

    fn step(&mut self, op: u8) -> Result<()> {
        match op {
            // framing
            0x80 => self.take(1).map(|_| ()),
            0x95 => self.take(8).map(|_| ()),
            // constants
            b'N' => self.push_id(self.none),
            0x88 => self.push_id(self.yes),
            0x89 => self.push_id(self.no),
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))
            }
            b'K' => {
                let value = self.byte()?;
                self.push(Value::Int(value.into()))
            }
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))
            }
            0x8a => self.long(),
            b'G' => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(value))
            }
            0x8c | b'X' | 0x8d => {
                let text = self.counted(op, [0x8c, b'X', 0x8d])?;
                let text = text_of(text)?;
                self.push(Value::Str(text))
            }
            b'C' | b'B' | 0x8e => {
                let bytes = self.counted(op, [b'C', b'B', 0x8e])?.to_vec();
                self.push(Value::Bytes(bytes))
            }
            // containers
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85..=0x87 => {
                let items = self.pop_n((op - 0x84).into())?;
                self.push(Value::Tuple(items))
            }
            b't' => {
                let items = self.pop_mark()?;
                self.push(Value::Tuple(items))
            }
            b']' | 0x8f => self.push(Value::List(Vec::new())),
            b'l' | 0x91 => {
                let items = self.pop_mark()?;
                self.push(Value::List(items))
            }
            b'a' => {
                let items = self.pop_n(1)?;
                self.extend(&items)
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(&items)
            }
            b'}' => self.push(Value::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Value::Dict(Vec::new()))?;
                self.set_items(&items)
            }
            b's' => {
                let items = self.pop_n(2)?;
                self.set_items(&items)
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)
            }
            // stack
            b'(' => {
                if self.marks.len() >= MAX_MARKS {
                    return bad(format!("more than {MAX_MARKS} open marks"));
                }
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(|_| ()),
            b'1' => self.pop_mark().map(|_| ()),
            b'2' => {
                let top = self.pop()?;
                self.push_id(top)?;
                self.push_id(top)
            }
            // memo
            b'q' | b'r' => {
                let key = self.memo_key(op == b'q')?;
                self.memoize(key)
            }
            0x94 => self.memoize(self.memo.len() as u64),
            b'h' | b'j' => {
                let key = self.memo_key(op == b'h')?;
                match self.memo.get(&key) {
                    Some(&id) => self.push_id(id),
                    None => bad(format!("memo entry {key} was never written")),
                }
            }
            // objects
            b'c' => {
                let module = text_of(self.line()?)?;
                let name = text_of(self.line()?)?;
                self.push(Value::Global { module, name })
            }
            0x93 => self.stack_global(),
            b'R' | 0x81 => self.reduce(),
            b'b' => self.build(),
            b'Q' => self.persistent(),
            _ => bad(format!("unknown opcode 0x{op:02x} at byte {}", self.at - 1)),
        }
    }

    // input

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let Some(bytes) = self.data.get(self.at..).and_then(|rest| rest.get(..n)) else {
            return bad("the data end too early");
        };
        self.at += n;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        let mut out = [0; N];
        out.copy_from_slice(bytes);
        Ok(out)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// Bytes with a length before them of 1, 4 or 8 bytes, by opcode.
    fn counted(&mut self, op: u8, ops: [u8; 3]) -> Result<&'a [u8]> {
        let n = match ops.iter().position(|&o| o == op) {
            Some(0) => self.byte()?.into(),
            Some(1) => u32::from_le_bytes(self.array()?).into(),
            _ => u64::from_le_bytes(self.array()?),
        };
        match usize::try_from(n) {
            Ok(n) => self.take(n),
            Err(_) => bad("a length exceeds the address space"),
        }
    }

    fn line(&mut self) -> Result<&'a [u8]> {
        let rest = &self.data[self.at..];
        let Some(n) = rest.iter().position(|&b| b == b'\n') else {
            return bad("the data end too early");
        };
        self.at += n + 1;
        Ok(&rest[..n])
    }

    fn memo_key(&mut self, short: bool) -> Result<u64> {
        Ok(if short {
            self.byte()?.into()
        } else {
            u32::from_le_bytes(self.array()?).into()
        })
    }

    // stack

    fn push_id(&mut self, id: ValueId) -> Result<()> {
        if self.stack.len() >= self.most {
            return bad(format!("a stack of more than {} values", self.most));
        }
        self.stack.push(id);
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<()> {
        if self.values.len() >= self.most {
            return bad(format!("more than {} values", self.most));
        }
        let id = self.values.push(value);
        self.push_id(id)
    }

    /// Lowest height to which the stack may be popped: the innermost open mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop_n(&mut self, n: usize) -> Result<Vec<ValueId>> {
        if self.stack.len() < self.floor() + n {
            return bad("the stack is empty");
        }
        Ok(self.stack.split_off(self.stack.len() - n))
    }

    fn pop(&mut self) -> Result<ValueId> {
        if self.stack.len() <= self.floor() {
            return bad("the stack is empty");
        }
        self.stack
            .pop()
            .map_or_else(|| bad("the stack is empty"), Ok)
    }

    fn top(&self) -> Result<ValueId> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => bad("the stack is empty"),
        }
    }

    fn pop_mark(&mut self) -> Result<Vec<ValueId>> {
        match self.marks.pop() {
            Some(height) => Ok(self.stack.split_off(height)),
            None => bad("there is no mark"),
        }
    }

    fn memoize(&mut self, key: u64) -> Result<()> {
        let top = self.top()?;
        if self.memo.len() >= self.most {
            return bad(format!("a memo of more than {} values", self.most));
        }
        self.memo.insert(key, top);
        Ok(())
    }

    // values

    fn long(&mut self) -> Result<()> {
        let n = self.byte()?.into();
        let bytes = self.take(n)?;
        if n > 8 {
            return self.push(Value::BigInt(bytes.to_vec()));
        }
        let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut full = [if negative { 0xff } else { 0 }; 8];
        full[..n].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(full)))
    }

    fn extend(&mut self, new: &[ValueId]) -> Result<()> {
        let target = self.top()?;
        match self.values.get_mut(target) {
            Value::List(items) => items.extend_from_slice(new),
            // elements of list and set subclasses: nothing a model needs is kept there
            Value::Object(_) => {}
            _ => return bad("elements are appended to something that is no list"),
        }
        Ok(())
    }

    fn set_items(&mut self, new: &[ValueId]) -> Result<()> {
        let target = self.top()?;
        if !new.len().is_multiple_of(2) {
            return bad("a key without a value");
        }
        match self.values.get_mut(target) {
            Value::Dict(pairs) => pairs.extend(new.chunks_exact(2).map(|kv| (kv[0], kv[1]))),
            Value::Object(_) => {}
            _ => return bad("items are set in something that is no dict"),
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Result<()> {
        let ids = self.pop_n(2)?;
        let text = |id| match self.values.get(id) {
            // names are short; the limit keeps the copies linear in the data
            Value::Str(text) if text.len() < 1000 => Ok(text.clone()),
            _ => bad("a class name that is no text"),
        };
        let (module, name) = (text(ids[0])?, text(ids[1])?);
        self.push(Value::Global { module, name })
    }

    /// `callable(*args)`: the few calls that describe data are carried out, others are kept.
    fn reduce(&mut self) -> Result<()> {
        let ids = self.pop_n(2)?;
        let (callable, args) = (ids[0], ids[1]);
        let Value::Tuple(arg) = self.values.get(args) else {
            return bad("arguments that are no tuple");
        };
        let first = arg.first().copied();
        let name = match self.values.get(callable) {
            Value::Global { module, name } => (module.as_str(), name.as_str()),
            _ => ("", ""),
        };
        match (name, first) {
            (("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor"), _) => {
                let tensor = self.tensor(args)?;
                self.push(Value::Tensor(Box::new(tensor)))
            }
            (
                ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state")
                | (
                    "torch.jit._pickle",
                    "build_intlist" | "build_doublelist" | "build_boollist" | "build_tensorlist"
                    | "restore_type_tag",
                ),
                Some(value),
            ) => self.push_id(value),
            (("collections", "OrderedDict"), None) => self.push(Value::Dict(Vec::new())),
            _ => {
                let object = Object {
                    class: callable,
                    args,
                    state: None,
                };
                self.push(Value::Object(Box::new(object)))
            }
        }
    }

    fn tensor(&self, args: ValueId) -> Result<Tensor> {
        let parts = self.values.elements(args).unwrap_or_default();
        let [storage, offset, size, stride, ..] = parts else {
            return bad("a tensor with too few arguments");
        };
        let Value::Storage(storage) = self.values.get(*storage) else {
            return bad("a tensor without a storage");
        };
        let index = |id: ValueId| match self.values.int(id).and_then(|i| usize::try_from(i).ok()) {
            Some(i) => Ok(i),
            None => bad("a tensor with a negative or non-integer index"),
        };
        let shape = |id: ValueId| match self.values.elements(id) {
            Some(items) if items.len() <= 32 => items.iter().map(|&i| index(i)).collect(),
            _ => bad("a tensor with a strange shape"),
        };
        let tensor = Tensor {
            storage: (**storage).clone(),
            offset: index(*offset)?,
            size: shape(*size)?,
            stride: shape(*stride)?,
        };
        if tensor.size.len() != tensor.stride.len() {
            return bad("a tensor whose size and stride differ in length");
        }
        Ok(tensor)
    }

    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let target = self.top()?;
        // dicts and tensors can have a state too (metadata); it is of no use here
        if let Value::Object(object) = self.values.get_mut(target) {
            object.state = Some(state);
        }
        Ok(())
    }

    /// Storage reference `("storage", class, key, location, numel, ..)`; in the oldest streams
    /// `("module", class, source file, source)` stands for the class.
    fn persistent(&mut self) -> Result<()> {
        let id = self.pop()?;
        let parts = self.values.elements(id).unwrap_or_default();
        match (parts.first().and_then(|&p| self.values.text(p)), parts) {
            (Some("storage"), [_, class, key, _, _, ..]) => {
                let Value::Global { name, .. } = self.values.get(*class) else {
                    return bad("a storage without a type");
                };
                let key = match self.values.get(*key) {
                    Value::Str(key) if key.len() < 1000 => key.clone(),
                    Value::Int(key) => key.to_string(),
                    _ => return bad("a storage without a key"),
                };
                if name.len() > 100 {
                    return bad("a storage without a type");
                }
                let storage = Storage {
                    class: name.clone(),
                    key,
                };
                self.push(Value::Storage(Box::new(storage)))
            }
            (Some("module"), [_, class, ..]) => self.push_id(*class),
            _ => bad("a reference to something that is no storage"),
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        // Python can pickle lone surrogates; nothing that is needed has them
        Err(_) => Ok(String::from_utf8_lossy(bytes).into_owned()),
    }
}
