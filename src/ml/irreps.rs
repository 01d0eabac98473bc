//! Irreducible representations of O(3) and their concatenations, as equivariant networks name
//! them: `128x0e+128x1o` is 128 copies of (l = 0, even) followed by 128 copies of (l = 1, odd).
//!
//! Layout of a feature vector ("mul_ir"): block after block; inside a block the component (u, m)
//! of copy u and m = -l..l is at `u * (2l + 1) + m + l`.
//! Imports nothing of the crate.

use std::fmt;

/// One irreducible representation: degree and parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Irrep {
    /// Degree l.
    pub l: usize,
    /// Parity: true for odd (`o`, -1), false for even (`e`, +1).
    pub odd: bool,
}

impl Irrep {
    /// The even scalar `0e`.
    pub const SCALAR: Irrep = Irrep { l: 0, odd: false };

    /// Representation of the spherical harmonics of degree `l`: parity (-1)^l.
    pub fn spherical(l: usize) -> Irrep {
        Irrep { l, odd: l % 2 == 1 }
    }

    /// Number of components, 2l + 1.
    pub fn dim(self) -> usize {
        2 * self.l + 1
    }
}

impl fmt::Display for Irrep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.l, if self.odd { 'o' } else { 'e' })
    }
}

/// `mul` copies of one representation: a block of a feature vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Number of copies (channels).
    pub mul: usize,
    /// The representation.
    pub irrep: Irrep,
}

impl Block {
    /// Length of the block, mul * (2l + 1).
    pub fn dim(self) -> usize {
        self.mul * self.irrep.dim()
    }
}

/// Concatenation of blocks, in the order of the feature vector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Irreps(pub Vec<Block>);

impl Irreps {
    /// Number of components of the whole feature vector.
    pub fn dim(&self) -> usize {
        self.0.iter().map(|b| b.dim()).sum()
    }

    /// Offset of each block in the feature vector; one entry more than blocks, the last is `dim()`.
    pub fn offsets(&self) -> Vec<usize> {
        let mut at = 0;
        let mut out = vec![0];
        for block in &self.0 {
            at += block.dim();
            out.push(at);
        }
        out
    }

    /// Number of copies of even scalars (0e) over all blocks.
    pub fn scalars(&self) -> usize {
        let scalar = |b: &&Block| b.irrep == Irrep::SCALAR;
        self.0.iter().filter(scalar).map(|b| b.mul).sum()
    }

    /// Largest degree, 0 when there is no block.
    pub fn l_max(&self) -> usize {
        self.0.iter().map(|b| b.irrep.l).max().unwrap_or(0)
    }

    /// The blocks in ascending order of degree, odd before even, and stable; with the position
    /// of each block in the result.
    pub fn sorted(&self) -> (Irreps, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&i| (self.0[i].irrep.l, !self.0[i].irrep.odd));
        let mut position = vec![0; order.len()];
        for (at, &i) in order.iter().enumerate() {
            position[i] = at;
        }
        let blocks = order.iter().map(|&i| self.0[i]).collect();
        (Irreps(blocks), position)
    }

    /// Neighbouring blocks of one representation as one block, without empty blocks: another name
    /// of the same vector.
    pub fn joined(&self) -> Irreps {
        let mut out: Vec<Block> = Vec::new();
        for &block in self.0.iter().filter(|b| b.mul > 0) {
            match out.last_mut() {
                Some(last) if last.irrep == block.irrep => last.mul += block.mul,
                _ => out.push(block),
            }
        }
        Irreps(out)
    }

    /// Parses `16x0e+16x1o` (a multiplicity of one may be left out). None where the text has
    /// another form, where a degree is above 64 or a multiplicity above 2^24.
    pub fn parse(text: &str) -> Option<Irreps> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if text.is_empty() {
            return Some(Irreps::default());
        }
        text.split('+')
            .map(parse_block)
            .collect::<Option<Vec<_>>>()
            .map(Irreps)
    }
}

fn parse_block(term: &str) -> Option<Block> {
    let (mul, irrep) = match term.split_once('x') {
        Some((mul, irrep)) => (mul.parse().ok()?, irrep),
        None => (1, term),
    };
    let odd = match irrep.as_bytes().last()? {
        b'o' => true,
        b'e' => false,
        _ => return None,
    };
    let l = irrep[..irrep.len() - 1].parse().ok()?;
    (l <= 64 && mul <= 1 << 24).then_some(Block {
        mul,
        irrep: Irrep { l, odd },
    })
}

impl fmt::Display for Irreps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.0.iter().enumerate() {
            let plus = if i > 0 { "+" } else { "" };
            write!(f, "{plus}{}x{}", block.mul, block.irrep)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let irreps = Irreps::parse("128x0e + 64x1o+3x2e").unwrap();
        assert_eq!(irreps.to_string(), "128x0e+64x1o+3x2e");
        assert_eq!(irreps.dim(), 128 + 192 + 15);
        assert_eq!(irreps.offsets(), [0, 128, 320, 335]);
        assert_eq!((irreps.scalars(), irreps.l_max()), (128, 2));
        assert_eq!(Irreps::parse("0e").unwrap().to_string(), "1x0e");
        assert_eq!(Irreps::parse("").unwrap().dim(), 0);
    }

    #[test]
    fn sorting_and_joining_keep_the_vector() {
        let irreps = Irreps::parse("3x1e+2x0e+1x1o+4x0o+5x0e").unwrap();
        let (sorted, position) = irreps.sorted();
        assert_eq!(sorted.to_string(), "4x0o+2x0e+5x0e+1x1o+3x1e");
        assert_eq!(position, [4, 1, 3, 0, 2]);
        assert_eq!(sorted.joined().to_string(), "4x0o+7x0e+1x1o+3x1e");
    }

    #[test]
    fn wrong_text_is_refused() {
        for text in [
            "x",
            "1x",
            "1x0",
            "ax0e",
            "1x0e+",
            "1x65e",
            "99999999999x0e",
            "1x0é",
            "é",
        ] {
            assert_eq!(Irreps::parse(text), None, "{text}");
        }
    }
}
