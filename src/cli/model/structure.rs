//! One structure for `argyro model compare`, as the commands of a script that make it: a LAMMPS data
//! file as it is, or the first frame of a trajectory (extended XYZ, LAMMPS dump, H5MD).

use crate::analysis::trajectory::{self, Frame, ReadOptions};
use crate::elements;
use crate::io::data::LAYOUTS;
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A structure, before it is read by a script.
pub struct Structure {
    /// Commands that make it, up to the masses.
    pub commands: String,
    /// Elements of the atom types, where the file or the user says so; otherwise they follow from the
    /// masses.
    pub elements: Option<Vec<String>>,
    /// Holds the data file made from a trajectory.
    _folder: tempfile::TempDir,
}

/// Looks at a file; `type_map` are the elements of its types 1, 2, ...
///
/// # Errors
/// It cannot be read.
pub fn open(path: &Path, type_map: &[String]) -> Result<Structure> {
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let mut head = String::new();
    {
        use std::io::Read;
        let file =
            std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
        let mut bytes = Vec::new();
        file.take(1 << 20).read_to_end(&mut bytes)?;
        head.push_str(&String::from_utf8_lossy(&bytes));
    }
    let is_data = head.lines().take(200).any(|l| {
        let words: Vec<&str> = l.split_whitespace().collect();
        words.len() >= 2 && words[1] == "atoms" && words[0].parse::<u64>().is_ok()
    });
    let given = (!type_map.is_empty()).then(|| type_map.to_vec());
    if is_data {
        let style = atom_style(&head).with_context(|| {
            format!(
                "{}: the atom style is not stated (`Atoms # atomic`) and does not follow from the columns",
                path.display()
            )
        })?;
        return Ok(Structure {
            commands: commands(style, "p p p", path)?,
            elements: given,
            _folder: folder,
        });
    }
    let options = ReadOptions {
        type_map: type_map.to_vec(),
        ..ReadOptions::default()
    };
    let mut reader = trajectory::open(path, &options)?;
    let mut frame = Frame::empty();
    ensure!(
        reader.read_frame(&mut frame)?,
        "{}: no frame in the file",
        path.display()
    );
    let species = reader.info().species.clone();
    let mut types: Vec<String> = species.clone();
    types.sort_by_key(|s| (elements::atomic_number(s), s.clone()));
    types.dedup();
    let data = folder.path().join("structure.data");
    std::fs::write(&data, data_file(&frame, &species, &types)?)
        .with_context(|| format!("writing {}", data.display()))?;
    let letter = |periodic: bool| if periodic { "p" } else { "f" };
    let boundary = frame.cell.as_ref().map_or([false; 3], |c| c.periodic);
    Ok(Structure {
        commands: commands("atomic", &boundary.map(letter).join(" "), &data)?,
        elements: Some(types),
        _folder: folder,
    })
}

fn commands(style: &str, boundary: &str, path: &Path) -> Result<String> {
    let full: PathBuf = std::path::absolute(path)?;
    Ok(format!(
        "units metal\natom_style {style}\nboundary {boundary}\nread_data {}\n",
        quoted(&full.to_string_lossy())?
    ))
}

/// A file name as one word of a script.
///
/// # Errors
/// It has a character that no quotes protect.
pub fn quoted(name: &str) -> Result<String> {
    if name.contains(['"', '$', '\n']) {
        bail!("the name of the file {name} has a character that scripts cannot have");
    }
    Ok(format!("\"{name}\""))
}

/// The atom style that a data file states behind `Atoms`, or that its columns suggest.
fn atom_style(text: &str) -> Option<&'static str> {
    let mut lines = text
        .lines()
        .skip_while(|l| l.split_whitespace().next() != Some("Atoms"));
    let title = lines.next()?;
    let stated = title.split_once('#').map(|(_, s)| s.trim());
    if let Some(layout) = LAYOUTS.iter().find(|l| stated == Some(l.name)) {
        return Some(layout.name);
    }
    let first = lines.find(|l| !l.trim().is_empty())?;
    let columns = first.split('#').next()?.split_whitespace().count();
    let fits = |n: usize| columns == n || columns == n + 3;
    // molecular styles need topology to be told apart, so only these two are guessed
    ["atomic", "charge"]
        .into_iter()
        .find(|name| LAYOUTS.iter().any(|l| l.name == *name && fits(l.columns())))
}

/// A data file of a frame; a cell of any orientation is a general triclinic box.
fn data_file(frame: &Frame, species: &[String], types: &[String]) -> Result<String> {
    let mut text = format!(
        "structure\n\n{} atoms\n{} atom types\n",
        species.len(),
        types.len()
    );
    match &frame.cell {
        Some(cell) => {
            for (name, v) in ["avec", "bvec", "cvec"].into_iter().zip(&cell.edges) {
                writeln!(text, "{:e} {:e} {:e} {name}", v[0], v[1], v[2])?;
            }
            let o = frame.origin;
            writeln!(text, "{:e} {:e} {:e} abc origin", o[0], o[1], o[2])?;
        }
        None => {
            for (k, axis) in ["xlo xhi", "ylo yhi", "zlo zhi"].into_iter().enumerate() {
                let all = frame.position.iter().map(|x| x[k]);
                let low = all.clone().fold(f64::INFINITY, f64::min);
                let high = all.fold(f64::NEG_INFINITY, f64::max);
                writeln!(text, "{:e} {:e} {axis}", low - 10.0, high + 10.0)?;
            }
        }
    }
    text.push_str("\nMasses\n\n");
    for (t, name) in types.iter().enumerate() {
        let mass = elements::mass(name).with_context(|| {
            format!("'{name}' is not the symbol of an element; --type-map names the types")
        })?;
        writeln!(text, "{} {mass}", t + 1)?;
    }
    text.push_str("\nAtoms # atomic\n\n");
    for (i, (x, name)) in frame.position.iter().zip(species).enumerate() {
        let t = types.iter().position(|n| n == name).unwrap_or_default();
        writeln!(text, "{} {} {:e} {:e} {:e}", i + 1, t + 1, x[0], x[1], x[2])?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atom_styles_are_stated_or_guessed() {
        assert_eq!(
            atom_style("Atoms # charge\n\n1 1 0.5 0 0 0\n"),
            Some("charge")
        );
        assert_eq!(
            atom_style("x\n\nAtoms\n\n1 1 0.0 0.0 0.0 0 0 0\n"),
            Some("atomic")
        );
        assert_eq!(atom_style("Atoms\n\n1 1 1.0 0.0 0.0 0.0\n"), Some("charge"));
        assert_eq!(atom_style("Masses\n\n1 1\n"), None);
        assert!(quoted("a b.data").is_ok() && quoted("a$b").is_err());
    }
}
