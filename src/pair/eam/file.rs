//! DYNAMO files of embedded-atom potentials: funcfl (one element), setfl (`eam/alloy`) and the Finnis-Sinclair
//! variant of setfl (`eam/fs`). Functions of r are at 0, dr, ..., those of the density at 0, drho, ...

use super::super::potential_file::{PotentialFile, Words};
use crate::error::Result;

/// Number of points and their distance for functions of the density and of r, and the cutoff.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Grid {
    /// Points of functions of the density.
    pub nrho: usize,
    /// Their distance.
    pub drho: f64,
    /// Points of functions of r.
    pub nr: usize,
    /// Their distance.
    pub dr: f64,
    /// Cutoff.
    pub cut: f64,
}

fn grid(words: &mut Words<'_>, file: &PotentialFile) -> Result<Grid> {
    let grid = Grid {
        nrho: words.count("Nrho")?,
        drho: words.real("drho")?,
        nr: words.count("Nr")?,
        dr: words.real("dr")?,
        cut: words.real("the cutoff")?,
    };
    let good = grid.drho > 0.0 && grid.dr > 0.0 && grid.cut > 0.0;
    if !good || grid.nrho < 5 || grid.nr < 5 {
        return Err(file.error(
            words.line(),
            "Invalid EAM potential file: Nrho and Nr must be at least 5, drho, dr and the cutoff above zero",
        ));
    }
    Ok(grid)
}

/// A funcfl file.
#[derive(Debug, Clone, Default)]
pub struct Funcfl {
    /// Mass of the element.
    pub mass: f64,
    /// Points.
    pub grid: Grid,
    /// Embedding energy.
    pub embed: Vec<f64>,
    /// Effective charge, whose products over r are the pair energy in Hartree and Bohr.
    pub charge: Vec<f64>,
    /// Density.
    pub density: Vec<f64>,
}

impl Funcfl {
    /// Parses a file.
    ///
    /// # Errors
    /// It is no such file.
    pub fn parse(file: &PotentialFile) -> Result<Self> {
        let mut words = file.words(2);
        words.real("the atomic number")?;
        let mass = words.real("the mass")?;
        // the rest of the line is the lattice
        let mut words = file.words(3);
        let grid = grid(&mut words, file)?;
        let mut f = Self {
            mass,
            grid,
            embed: words.reals(grid.nrho, "the embedding function")?,
            charge: words.reals(grid.nr, "the effective charge")?,
            density: words.reals(grid.nr, "the density")?,
        };
        f.embed.iter_mut().for_each(|v| *v *= file.energy);
        let root = file.energy.sqrt();
        f.charge.iter_mut().for_each(|v| *v *= root);
        Ok(f)
    }
}

/// A setfl file of either kind.
#[derive(Debug, Clone, Default)]
pub struct Setfl {
    /// Names of the elements.
    pub elements: Vec<String>,
    /// Masses.
    pub mass: Vec<f64>,
    /// Points.
    pub grid: Grid,
    /// Embedding energies.
    pub embed: Vec<Vec<f64>>,
    /// Densities: of element i alone, or of element i at an atom of element j (element-major).
    pub density: Vec<Vec<f64>>,
    /// r times the pair energy of i and j <= i, row by row.
    pub pair: Vec<Vec<f64>>,
}

impl Setfl {
    /// Parses a file; with `finnis_sinclair` densities depend on both elements.
    ///
    /// # Errors
    /// It is no such file.
    pub fn parse(file: &PotentialFile, finnis_sinclair: bool) -> Result<Self> {
        let mut words = file.words(4);
        let n = words.count("the number of elements")?;
        let mut s = Self::default();
        for _ in 0..n {
            s.elements.push(words.word("an element")?.to_string());
        }
        // what follows the names on their line belongs to nothing
        let mut words = file.words(5);
        s.grid = grid(&mut words, file)?;
        let densities = if finnis_sinclair { n } else { 1 };
        // an unlikely grid is refused before it is read
        if s.grid.nrho.max(s.grid.nr).saturating_mul(n) > file.size() {
            return Err(file.error(
                words.line(),
                "Nrho and Nr are too large for a file of this size",
            ));
        }
        for _ in 0..n {
            words.real("the atomic number")?;
            s.mass.push(words.real("the mass")?);
            words.real("the lattice constant")?;
            words.word("the lattice")?;
            s.embed
                .push(words.reals(s.grid.nrho, "the embedding function")?);
            for _ in 0..densities {
                s.density.push(words.reals(s.grid.nr, "the density")?);
            }
        }
        for _ in 0..n * (n + 1) / 2 {
            s.pair.push(words.reals(s.grid.nr, "the pair function")?);
        }
        let functions = s.embed.iter_mut().chain(&mut s.pair);
        functions.flatten().for_each(|v| *v *= file.energy);
        Ok(s)
    }
}
