//! Little-endian encoding of the state that styles keep in restart files.
//!
//! Reading is bounded by the bytes that are there; a file that ends early is an error.

use crate::error::{Error, Result};

/// Appends values to a byte string.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty byte string.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A whole number.
    pub fn int(&mut self, v: i64) -> &mut Self {
        self.bytes.extend_from_slice(&v.to_le_bytes());
        self
    }

    /// A number, bit by bit.
    pub fn real(&mut self, v: f64) -> &mut Self {
        self.bytes.extend_from_slice(&v.to_le_bytes());
        self
    }

    /// A flag.
    pub fn flag(&mut self, v: bool) -> &mut Self {
        self.int(i64::from(v))
    }

    /// A byte string with its length.
    pub fn bytes(&mut self, v: &[u8]) -> &mut Self {
        self.int(v.len() as i64);
        self.bytes.extend_from_slice(v);
        self
    }

    /// A text with its length.
    pub fn text(&mut self, v: &str) -> &mut Self {
        self.bytes(v.as_bytes())
    }

    /// Numbers with their count.
    pub fn reals(&mut self, v: &[f64]) -> &mut Self {
        self.int(v.len() as i64);
        v.iter().for_each(|&x| {
            self.real(x);
        });
        self
    }

    /// Whole numbers with their count.
    pub fn ints(&mut self, v: &[i64]) -> &mut Self {
        self.int(v.len() as i64);
        v.iter().for_each(|&x| {
            self.int(x);
        });
        self
    }

    /// Vectors with their count.
    pub fn vectors(&mut self, v: &[[f64; 3]]) -> &mut Self {
        self.int(v.len() as i64);
        v.iter().flatten().for_each(|&x| {
            self.real(x);
        });
        self
    }
}

/// Takes values from a byte string.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.rest.len() {
            return Err(Error::input(
                "the restart data end early: the file is damaged or of another version",
            ));
        }
        let (head, tail) = self.rest.split_at(n);
        self.rest = tail;
        Ok(head)
    }

    fn word(&mut self) -> Result<[u8; 8]> {
        let mut w = [0; 8];
        w.copy_from_slice(self.take(8)?);
        Ok(w)
    }

    /// A whole number.
    ///
    /// # Errors
    /// The bytes end.
    pub fn int(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.word()?))
    }

    /// A number.
    ///
    /// # Errors
    /// The bytes end.
    pub fn real(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.word()?))
    }

    /// A flag.
    ///
    /// # Errors
    /// The bytes end.
    pub fn flag(&mut self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    /// A count of items of `size` bytes each, which must still fit into the bytes.
    fn count(&mut self, size: usize) -> Result<usize> {
        let n = self.int()?;
        usize::try_from(n)
            .ok()
            .filter(|&n| n <= self.rest.len() / size)
            .ok_or_else(|| {
                Error::input(
                    "a length in the restart data is larger than the file: the file is damaged",
                )
            })
    }

    /// A byte string.
    ///
    /// # Errors
    /// The bytes end.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let n = self.count(1)?;
        self.take(n)
    }

    /// A text.
    ///
    /// # Errors
    /// The bytes end or are no text.
    pub fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.to_vec())
            .map_err(|_| Error::input("a text in the restart data is damaged"))
    }

    /// Numbers.
    ///
    /// # Errors
    /// The bytes end.
    pub fn reals(&mut self) -> Result<Vec<f64>> {
        let n = self.count(8)?;
        (0..n).map(|_| self.real()).collect()
    }

    /// Whole numbers.
    ///
    /// # Errors
    /// The bytes end.
    pub fn ints(&mut self) -> Result<Vec<i64>> {
        let n = self.count(8)?;
        (0..n).map(|_| self.int()).collect()
    }

    /// Vectors.
    ///
    /// # Errors
    /// The bytes end.
    pub fn vectors(&mut self) -> Result<Vec<[f64; 3]>> {
        let n = self.count(24)?;
        (0..n)
            .map(|_| Ok([self.real()?, self.real()?, self.real()?]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_bit_by_bit() {
        let mut w = Writer::new();
        w.int(-3)
            .text("nvt")
            .reals(&[0.1, f64::MIN_POSITIVE])
            .vectors(&[[1.0, 2.0, 3.0]])
            .flag(true);
        let b = w.finish();
        let mut r = Reader::new(&b);
        assert_eq!(r.int().unwrap(), -3);
        assert_eq!(r.text().unwrap(), "nvt");
        assert_eq!(r.reals().unwrap(), vec![0.1, f64::MIN_POSITIVE]);
        assert_eq!(r.vectors().unwrap(), vec![[1.0, 2.0, 3.0]]);
        assert!(r.flag().unwrap() && r.int().is_err());
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error() {
        let mut w = Writer::new();
        w.int(i64::MAX);
        assert!(Reader::new(&w.finish()).reals().is_err());
    }
}
