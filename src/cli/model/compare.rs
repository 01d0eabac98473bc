//! `argyro model compare`: two models on one structure.

use super::structure::{self, Structure, quoted};
use crate::cli::generate::print_bytes;
use crate::cli::run::report;
use crate::command::COMMANDS;
use crate::diag::Diagnostic;
use crate::domain::State;
use crate::elements;
use crate::graph::Executor;
use crate::io::log::Log;
use crate::ml::describe::describe_file;
use crate::ml::formats::kind::Family;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Arguments of `argyro model compare`.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// Model file
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Model file that is compared with it
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Structure: LAMMPS data file, extended XYZ, LAMMPS dump or H5MD (first frame)
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Elements of the atom types, e.g. Li,P,S,Cl [default: from the file or its masses]
    #[arg(long, value_delimiter = ',', value_name = "EL,...")]
    type_map: Vec<String>,
    /// Head of model A, if it has several
    #[arg(long, value_name = "NAME")]
    head_a: Option<String>,
    /// Head of model B, if it has several
    #[arg(long, value_name = "NAME")]
    head_b: Option<String>,
    /// Precision of the networks: auto, single or double
    #[arg(long, default_value = "auto", value_parser = ["auto", "single", "double"])]
    precision: String,
    /// Writes JSON
    #[arg(long)]
    json: bool,
}

/// What one model says.
struct Prediction {
    file: String,
    what: String,
    sha256: String,
    energy: f64,
    forces: Vec<[f64; 3]>,
    virial: [f64; 6],
    /// Element and ID of every atom.
    atoms: Vec<(String, i64)>,
}

/// Root mean square and largest length of vectors, and whose the largest is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Size {
    rms: f64,
    max: f64,
    atom: i64,
}

/// Runs `argyro model compare`.
pub fn run(args: &CompareArgs) -> i32 {
    match compare(args) {
        Ok(text) => print_bytes(text.as_bytes()),
        Err(e) => report(&Diagnostic::error(format!("{e:#}")), 1),
    }
}

fn compare(args: &CompareArgs) -> Result<String> {
    let structure = structure::open(&args.data, &args.type_map)?;
    let predict = |file: &Path, head: &Option<String>| {
        predict(file, head.as_deref(), &args.precision, &structure)
            .with_context(|| file.display().to_string())
    };
    let a = predict(&args.a, &args.head_a)?;
    let b = predict(&args.b, &args.head_b)?;
    let data = args.data.display().to_string();
    Ok(if args.json {
        format!("{:#}\n", to_json(&a, &b, &data))
    } else {
        to_text(&a, &b, &data)?
    })
}

/// The commands that evaluate a model file of a family.
fn style(family: Family, file: &str, head: Option<&str>, elements: &str) -> Result<String> {
    let file = quoted(file)?;
    let (name, option) = match family {
        Family::Mace => ("mace", "head "),
        Family::Nequip => ("nequip", ""),
        Family::SevenNet => ("e3gnn", "modal "),
        Family::Pace => ("pace", ""),
        Family::Deepmd => {
            if head.is_some() {
                bail!("a DeePMD model has no heads");
            }
            return Ok(format!(
                "pair_style deepmd {file}\npair_coeff * * {elements}\n"
            ));
        }
    };
    let head = match head {
        None => String::new(),
        Some(_) if option.is_empty() => bail!("models of pair_style {name} have no heads"),
        Some(head) => format!(" {option}{head}"),
    };
    Ok(format!(
        "pair_style {name}{head}\npair_coeff * * {file} {elements}\n"
    ))
}

fn execute(text: &str) -> Result<Executor> {
    let mut executor = Executor::new(COMMANDS, Log::silent(), false);
    let failed = |f: Box<crate::graph::Failure>| {
        let help = f.diagnostic.help.clone().map(|h| format!(" ({h})"));
        anyhow::anyhow!("{}{}", f.diagnostic.message, help.unwrap_or_default())
    };
    executor.open_text("<compare>", text).map_err(failed)?;
    executor.run().map_err(failed)?;
    Ok(executor)
}

/// Elements of the types of a structure: those that are known, or those of its masses.
fn elements_of(structure: &Structure) -> Result<Vec<String>> {
    if let Some(known) = &structure.elements {
        return Ok(known.clone());
    }
    let mut executor = execute(&structure.commands)?;
    let types = &executor.engine().state.types;
    let name = |t: usize| {
        let mass = types.mass.get(t).copied().flatten();
        let element = mass.and_then(elements::by_mass);
        element.map(str::to_owned).with_context(|| {
            format!("the element of atom type {t} does not follow from its mass; give --type-map")
        })
    };
    (1..=types.count).map(name).collect()
}

fn predict(
    path: &Path,
    head: Option<&str>,
    precision: &str,
    structure: &Structure,
) -> Result<Prediction> {
    let described = describe_file(path)?;
    let summary = described.model.map_err(anyhow::Error::msg)?;
    let family = described.kind.family().context("of no known family")?;
    let names = elements_of(structure)?;
    let file = std::path::absolute(path)?;
    let mut script = structure.commands.clone();
    for (t, name) in names.iter().enumerate() {
        if let Some(mass) = elements::mass(name) {
            writeln!(script, "mass {} {mass}", t + 1)?;
        }
    }
    write!(
        script,
        "package argyro precision {precision}\n{}thermo_style custom step pe press\nrun 0\n",
        style(family, &file.to_string_lossy(), head, &names.join(" "))?
    )?;
    let mut executor = execute(&script)?;
    let state: &State = &executor.engine().state;
    let order = by_id(state);
    let element = |&i: &usize| {
        let kind = state.atoms.kind[i] as usize;
        (names[kind - 1].clone(), state.atoms.id[i])
    };
    Ok(Prediction {
        file: path.display().to_string(),
        what: summary.architecture,
        sha256: described.sha256,
        energy: state.tallies.vdwl + state.tallies.coul,
        forces: order.iter().map(|&i| state.atoms.f[i]).collect(),
        virial: state.tallies.virial,
        atoms: order.iter().map(element).collect(),
    })
}

fn by_id(state: &State) -> Vec<usize> {
    let mut order: Vec<usize> = (0..state.atoms.len()).collect();
    order.sort_by_key(|&i| state.atoms.id[i]);
    order
}

/// Size of the vectors of the atoms of one element, or of all.
fn size(vectors: &[[f64; 3]], atoms: &[(String, i64)], element: Option<&str>) -> (usize, Size) {
    let mut s = Size::default();
    let mut count = 0;
    for (v, (name, id)) in vectors.iter().zip(atoms) {
        if element.is_some_and(|e| e != name) {
            continue;
        }
        let square: f64 = v.iter().map(|x| x * x).sum();
        s.rms += square;
        count += 1;
        if square.sqrt() > s.max {
            (s.max, s.atom) = (square.sqrt(), *id);
        }
    }
    // per component, as errors of models are usually stated
    s.rms = (s.rms / (3 * count.max(1)) as f64).sqrt();
    (count, s)
}

fn difference(a: &Prediction, b: &Prediction) -> Vec<[f64; 3]> {
    let pairs = a.forces.iter().zip(&b.forces);
    pairs.map(|(f, g)| [0, 1, 2].map(|k| g[k] - f[k])).collect()
}

fn elements_in(a: &Prediction) -> Vec<&str> {
    let mut names: Vec<&str> = a.atoms.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_by_key(|n| (elements::atomic_number(n), *n));
    names.dedup();
    names
}

fn to_json(a: &Prediction, b: &Prediction, data: &str) -> Value {
    let n = a.atoms.len().max(1) as f64;
    let diff = difference(a, b);
    let model = |m: &Prediction| {
        json!({
            "file": m.file, "architecture": m.what, "sha256": m.sha256,
            "energy_eV": m.energy, "energy_per_atom_eV": m.energy / n,
            "force_rms_eV_A": size(&m.forces, &m.atoms, None).1.rms,
            "virial_eV": m.virial,
        })
    };
    let entry = |element: Option<&str>| {
        let (count, s) = size(&diff, &a.atoms, element);
        json!({"atoms": count, "force_rmse_eV_A": s.rms, "force_max_eV_A": s.max, "atom_of_max": s.atom})
    };
    let elements: serde_json::Map<String, Value> = elements_in(a)
        .into_iter()
        .map(|e| (e.to_owned(), entry(Some(e))))
        .collect();
    let virial: Vec<f64> = (0..6).map(|k| (b.virial[k] - a.virial[k]) / n).collect();
    json!({
        "structure": data, "atoms": a.atoms.len(), "a": model(a), "b": model(b),
        "difference": {
            "energy_per_atom_eV": (b.energy - a.energy) / n,
            "forces": entry(None), "virial_per_atom_eV": virial, "elements": elements,
        },
    })
}

fn to_text(a: &Prediction, b: &Prediction, data: &str) -> Result<String> {
    let n = a.atoms.len().max(1) as f64;
    let diff = difference(a, b);
    let mut text = String::new();
    for (name, m) in [("A", a), ("B", b)] {
        let hash = m.sha256.get(..12).unwrap_or_default();
        writeln!(text, "{name}  {}  ({}, sha256 {hash}...)", m.file, m.what)?;
    }
    let counts = elements_in(a).into_iter().map(|e| {
        let count = a.atoms.iter().filter(|(name, _)| name == e).count();
        format!("{e} {count}")
    });
    let counts: Vec<String> = counts.collect();
    writeln!(
        text,
        "on {data}: {} atoms ({})\n",
        a.atoms.len(),
        counts.join(", ")
    )?;
    writeln!(text, "{:<26}{:>16}{:>16}{:>16}", "", "A", "B", "B - A")?;
    let mut row = |name: &str, x: f64, y: f64| {
        // writing to a String cannot fail
        let _ = writeln!(text, "{name:<26}{x:>16.6}{y:>16.6}{:>16.6}", y - x);
    };
    row("energy (eV)", a.energy, b.energy);
    row("energy per atom (eV)", a.energy / n, b.energy / n);
    for (k, axes) in ["xx", "yy", "zz", "xy", "xz", "yz"].into_iter().enumerate() {
        let name = format!("virial {axes} per atom (eV)");
        row(&name, a.virial[k] / n, b.virial[k] / n);
    }
    writeln!(
        text,
        "\n{:<10}{:>8}{:>14}{:>14}{:>14}{:>12}",
        "forces", "atoms", "rms of A", "RMSE", "largest", "of atom"
    )?;
    let names = elements_in(a);
    for element in names.iter().map(|e| Some(*e)).chain([None]) {
        let (count, d) = size(&diff, &a.atoms, element);
        let own = size(&a.forces, &a.atoms, element).1;
        writeln!(
            text,
            "{:<10}{count:>8}{:>14.6}{:>14.6}{:>14.6}{:>12}",
            element.unwrap_or("all"),
            own.rms,
            d.rms,
            d.max,
            d.atom
        )?;
    }
    text.push_str("(eV/A; rms and RMSE per component, largest as length of the difference)\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_per_component_and_name_the_atom() {
        let atoms = [("Li".to_owned(), 7), ("S".to_owned(), 9)];
        let v = [[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]];
        let (count, all) = size(&v, &atoms, None);
        assert_eq!((count, all.max, all.atom), (2, 4.0, 9));
        assert!((all.rms - (25.0f64 / 6.0).sqrt()).abs() < 1e-15);
        let (count, li) = size(&v, &atoms, Some("Li"));
        assert_eq!((count, li.max, li.atom), (1, 3.0, 7));
    }
}
