//! The older form `.ace`: text of words in a fixed order, for one element. Imports the model.

use super::check::charge;
use super::{unknown_basis, unknown_embedding};
use crate::ml::error::{ModelError, Result};
use crate::ml::pace::embedding::{Embedding, Shape};
use crate::ml::pace::model::{
    Expansion, Factor, Form, MAX_COUNT, MAX_L, MAX_RANK, PaceModel, Radial,
};
use crate::ml::pace::radial::{Basis, Bond, Core};

/// Words with the numbers of their lines; brackets and equals signs are only separators.
struct Words<'a> {
    words: std::iter::Peekable<Box<dyn Iterator<Item = (usize, &'a str)> + 'a>>,
    line: usize,
}

const SEPARATORS: [char; 6] = ['=', '(', ')', '<', '>', ':'];

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_start().starts_with('#'));
        let words: Box<dyn Iterator<Item = _>> = Box::new(lines.flat_map(|(k, line)| {
            let words = line.split(|c: char| c.is_whitespace() || SEPARATORS.contains(&c));
            words.filter(|w| !w.is_empty()).map(move |w| (k + 1, w))
        }));
        Words {
            words: words.peekable(),
            line: 1,
        }
    }

    fn error<T>(&self, text: impl std::fmt::Display) -> Result<T> {
        let line = self.line;
        Err(ModelError::malformed(format!("line {line}: {text}")))
    }

    fn word(&mut self, what: &str) -> Result<&'a str> {
        match self.words.next() {
            Some((line, word)) => {
                self.line = line;
                Ok(word)
            }
            None => self.error(format!("the file ends where {what} should be")),
        }
    }

    /// Reads the given words.
    fn title(&mut self, title: &str) -> Result<()> {
        for expected in title.split(' ') {
            let word = self.word(expected)?;
            if word != expected {
                return self.error(format!("expected `{title}`, found `{word}`"));
            }
        }
        Ok(())
    }

    /// Reads a title if it is there.
    fn maybe(&mut self, title: &str) -> bool {
        self.words.next_if(|(_, word)| *word == title).is_some()
    }

    fn number(&mut self, what: &str) -> Result<f64> {
        let word = self.word(what)?;
        match word.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(x),
            _ => self.error(format!("expected {what}, found `{word}`")),
        }
    }

    fn integer(&mut self, what: &str, low: i64, high: usize) -> Result<i64> {
        let word = self.word(what)?;
        match word.parse::<i64>() {
            Ok(n) if n >= low && n <= high as i64 => Ok(n),
            Ok(n) => self.error(format!("{what} is {n}, expected {low} to {high}")),
            Err(_) => self.error(format!("expected {what}, found `{word}`")),
        }
    }

    fn titled(&mut self, title: &str) -> Result<f64> {
        self.title(title)?;
        self.number(title)
    }

    fn count(&mut self, title: &str, low: i64, high: usize) -> Result<usize> {
        self.title(title)?;
        Ok(self.integer(title, low, high)? as usize)
    }
}

/// Any count that nothing is allocated for.
const ANY: usize = u32::MAX as usize;

/// Reads a potential.
///
/// # Errors
/// A word is not what it should be; the message names its line.
pub fn read(text: &str) -> Result<PaceModel> {
    let mut w = Words::new(text);
    if w.count("nelements", 1, MAX_COUNT)? != 1 {
        return Err(ModelError::unsupported(
            "the text form .ace holds one element; write potentials of several elements as .yace (pace_yaml2yace)",
        ));
    }
    w.title("elements")?;
    let element = w.word("an element")?.to_owned();
    let degrees = w.count("lmax", 0, MAX_L)? + 1;
    let mut embedding = embedding(&mut w)?;
    let isolated = if w.maybe("E0") { w.number("E0")? } else { 0.0 };
    w.title("radbasename")?;
    let name = w.word("radbasename")?;
    let basis = Basis::named(name).ok_or_else(|| unknown_basis(name))?;
    let basis_count = w.count("nradbase", 0, MAX_COUNT)?;
    let mixed_count = w.count("nradmax", 0, MAX_COUNT)?;
    w.titled("cutoffmax")?;
    let spacing = w.titled("deltaSplineBins")?;
    let core = w.titled("core repulsion parameters")?;
    let core_decay = w.number("the decay of the core repulsion")?;
    let lambda = w.titled("radparameter")?;
    let cut = w.titled("cutoff")?;
    let width = w.titled("dcut")?;
    w.title("crad")?;
    let shape = [mixed_count, degrees, basis_count];
    let mut coefficients = Vec::new();
    for _ in 0..shape.iter().product() {
        coefficients.push(w.number("a coefficient crad")?);
    }
    let bond = Bond {
        basis,
        lambda,
        cut,
        width,
        inner: 0.0,
        inner_width: 1e-5,
        core,
        core_decay,
        mixing: reordered(&coefficients, shape),
        shape,
        charges: [charge(&element); 2],
    };
    w.count("rankmax", 0, ANY)?;
    let densities = w.count("ndensitymax", 1, MAX_COUNT)?;
    if embedding.terms.len() < densities {
        return w.error(format!("{densities} densities have too few FS parameters"));
    }
    embedding.terms.truncate(densities);
    w.count("num_c_tilde_max", 0, ANY)?;
    w.count("num_ms_combinations_max", 0, ANY)?;
    let mut expansion = Expansion::default();
    for title in ["total_basis_size_rank1", "total_basis_size"] {
        for _ in 0..w.count(title, 0, ANY)? {
            let single = title.ends_with("rank1");
            function(&mut w, single, densities, shape, &mut expansion)?;
        }
    }
    Ok(PaceModel {
        form: Form::Text,
        elements: vec![element],
        isolated: vec![isolated],
        spacing,
        r_max: cut,
        core: Core::Density,
        embeddings: vec![embedding],
        bonds: vec![bond],
        expansions: vec![expansion],
    })
}

fn embedding(w: &mut Words) -> Result<Embedding> {
    let shape = match w.maybe("embedding-function") {
        false => None,
        true => {
            let name = w.word("the embedding function")?;
            Some(Shape::named(name).ok_or_else(|| unknown_embedding(name))?)
        }
    };
    let count = w.integer("the number of FS parameters", 2, 2 * MAX_COUNT)?;
    w.title("FS parameters")?;
    let mut terms = Vec::new();
    for _ in 0..count / 2 {
        terms.push((w.number("an FS parameter")?, w.number("an FS parameter")?));
    }
    if count % 2 == 1 {
        w.number("an FS parameter")?;
    }
    if shape.is_none() && terms.iter().any(|(_, m)| *m != 1.0) {
        return w.error("a line `embedding-function: NAME` must say which function it is, since an exponent is not 1");
    }
    Ok(Embedding {
        shape: shape.unwrap_or(Shape::FinnisSinclair),
        terms,
        core_cut: w.titled("core energy-cutoff parameters")?,
        core_width: w.number("the width of the core cutoff")?,
    })
}

/// Coefficients \[k\]\[n\]\[l\] of the file as \[n\]\[l\]\[k\].
fn reordered(c: &[f64], [ns, ls, ks]: [usize; 3]) -> Vec<f64> {
    let mut out = Vec::with_capacity(c.len());
    for n in 0..ns {
        for l in 0..ls {
            out.extend((0..ks).map(|k| c[(k * ns + n) * ls + l]));
        }
    }
    out
}

fn function(
    w: &mut Words,
    single: bool,
    densities: usize,
    [mixed, degrees, basis]: [usize; 3],
    out: &mut Expansion,
) -> Result<()> {
    w.title("ctilde_basis_func")?;
    let rank = w.count("rank", 1, MAX_RANK)?;
    if (rank == 1) != single {
        return w.error(format!("a function of rank {rank} in the wrong list"));
    }
    if w.count("ndens", 1, MAX_COUNT)? != densities {
        return w.error(format!("ndens differs from ndensitymax, {densities}"));
    }
    w.count("mu0", 0, 0)?;
    let mut factors = [Factor {
        species: 0,
        radial: Radial::Basis(0),
        l: 0,
        m: 0,
    }; MAX_RANK];
    let factors = &mut factors[..rank];
    w.title("mu")?;
    for _ in 0..rank {
        w.integer("mu", 0, 0)?;
    }
    w.title("n")?;
    for f in factors.iter_mut() {
        let n = w.integer("n", 1, if single { basis } else { mixed })? as u8 - 1;
        f.radial = if single {
            Radial::Basis(n)
        } else {
            Radial::Mixed(n)
        };
    }
    w.title("l")?;
    for f in factors.iter_mut() {
        f.l = w.integer("l", 0, if single { 0 } else { degrees - 1 })? as u8;
    }
    out.functions[usize::from(!single)] += 1;
    let mut c = vec![0.0; densities];
    for _ in 0..w.count("num_ms", 0, ANY)? {
        for f in factors.iter_mut() {
            f.m = w.integer("m", -i64::from(f.l), f.l.into())? as i8;
        }
        for c in &mut c {
            *c = w.number("a coefficient")?;
        }
        out.push(factors, &c);
    }
    Ok(())
}
