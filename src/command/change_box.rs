//! `change_box`

use super::boundary::parse_boundary;
use crate::domain::Cell;
use crate::domain::wrap::settle;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{CommandEntry, Flow, Session};
use crate::signature::{Args, Kind, Signature, arg, parse_real, rest};

/// The command.
pub const COMMAND: CommandEntry = CommandEntry {
    signature: &Signature {
        name: "change_box",
        summary: "Changes size, shape and boundaries of the box",
        args: &[
            arg(
                "group-ID",
                Kind::Uses("group"),
                "atoms that remap moves with the box",
            ),
            rest(
                "operations",
                "x|y|z final lo hi, delta dlo dhi, scale factor, volume; xy|xz|yz final tilt, delta dtilt; boundary x y z; ortho; triclinic; set; remap; units lattice|box",
            ),
        ],
        keywords: &[],
        description: "Operations are done in the order given. `scale` keeps the centre; `volume` (once or twice, after a change of another direction) restores the volume. `remap` moves the atoms of the group affinely from the box at the last `set` (or the beginning) to the present one. In the end atoms are wrapped into the periodic box. Lengths are in lattice spacings unless `units box`.",
        examples: &[
            "change_box all x scale 1.05 remap",
            "change_box all x scale 1.02 y volume z volume remap units box",
            "change_box all triclinic",
            "change_box all boundary p p f",
        ],
    },
    run,
};

/// How a direction changes.
enum Length {
    Final(f64, f64),
    Delta(f64, f64),
    Scale(f64),
    Volume,
}

/// One operation.
enum Operation {
    Length(usize, Length),
    /// Tilt number, value, whether it is added.
    Tilt(usize, f64, bool),
    Boundary([[crate::domain::Boundary; 2]; 3]),
    Ortho,
    Triclinic,
    Set,
    Remap,
}

fn run(s: &mut Session<'_>, args: &Args) -> Result<Flow> {
    let state = &mut s.engine.state;
    settle(state);
    let old = state.cell("Change_box")?.clone();
    let bit = state
        .groups
        .require("change_box", args.str("group-ID"))
        .map_err(|e| e.at(0))?;
    if s.words.len() < 2 {
        return Err(Error::input(
            "Illegal change_box command: no operation is given",
        ));
    }
    let spacing = spacing(s)?;
    let operations = read(&s.words[1..], spacing).map_err(|e| e.shifted(1))?;
    s.log().line("Changing box ...");
    let mut cell = old.clone();
    let mut saved = old;
    let mut history = Vec::new();
    for (i, (at, operation)) in operations.iter().enumerate() {
        history.push(cell.clone());
        let place = |e: Error| e.or_at(at + 1);
        if let Operation::Length(k, Length::Volume) = operation {
            let factor = volume_factor(&operations, i, &history).map_err(place)?;
            scale(&mut cell, *k, factor).map_err(place)?;
        } else {
            apply(s, &mut cell, &mut saved, bit, operation).map_err(place)?;
        }
        if matches!(operation, Operation::Remap) {
            continue;
        }
        cell.validate().map_err(|e| e.or_at(at + 1))?;
        if !matches!(operation, Operation::Set) {
            (0..3).for_each(|k| cell.minimum[k] = [cell.lo[k], cell.hi[k]]);
            super::support::pad(&mut cell);
        }
        if !matches!(operation, Operation::Boundary(_)) {
            s.log()
                .line(&format!("  {}", super::support::box_text(&cell)));
        }
    }
    if (0..3).any(|k| history[0].periodic(k) && !cell.periodic(k)) {
        reset_images(s.engine, &cell);
    }
    let state = &mut s.engine.state;
    state.boundary = cell.boundary;
    state.cell = Some(cell);
    settle(state);
    state.touch();
    Ok(Flow::Next)
}

/// Directions that are not periodic any more have no images.
fn reset_images(engine: &mut Engine, cell: &Cell) {
    let mut changed = false;
    for image in &mut engine.state.atoms.image {
        for (k, n) in image.iter_mut().enumerate() {
            changed |= *n != 0 && !cell.periodic(k);
            *n = if cell.periodic(k) { *n } else { 0 };
        }
    }
    if changed {
        let text = "Resetting image flags for non-periodic box dimensions";
        engine.log.warn(text);
    }
}

fn spacing(s: &Session<'_>) -> Result<[f64; 3]> {
    let at = s.words.iter().rposition(|w| *w == "units");
    let lattice = match at.map(|i| (i, s.words.get(i + 1).copied())) {
        None | Some((_, Some("lattice"))) => true,
        Some((_, Some("box"))) => false,
        Some((i, _)) => {
            return Err(Error::input(
                "Illegal change_box command: expected lattice or box after units",
            )
            .at(i));
        }
    };
    Ok(s.engine
        .state
        .lattice
        .as_ref()
        .filter(|_| lattice)
        .map_or([1.0; 3], |l| l.spacing))
}

/// The operations with the index of their first word.
fn read(words: &[&str], spacing: [f64; 3]) -> Result<Vec<(usize, Operation)>> {
    let number = |i: usize| -> Result<f64> {
        let Some(w) = words.get(i) else {
            return Err(
                Error::input("Illegal change_box command: missing argument(s)").at(words.len() - 1),
            );
        };
        parse_real(w).ok_or_else(|| Error::input(format!("expected a number, found '{w}'")).at(i))
    };
    let mut operations = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let how = words.get(i + 1).copied().unwrap_or("");
        let (operation, used) = match words[i] {
            w @ ("x" | "y" | "z") => {
                let k = ["x", "y", "z"].iter().position(|a| *a == w).unwrap_or(0);
                let (length, used) = match how {
                    "final" => (
                        Length::Final(number(i + 2)? * spacing[k], number(i + 3)? * spacing[k]),
                        4,
                    ),
                    "delta" => (
                        Length::Delta(number(i + 2)? * spacing[k], number(i + 3)? * spacing[k]),
                        4,
                    ),
                    "scale" => (Length::Scale(number(i + 2)?), 3),
                    "volume" => (Length::Volume, 2),
                    _ => {
                        return Err(Error::input(format!(
                            "unknown change_box style '{how}' of {w}"
                        ))
                        .at(i + 1)
                        .suggest(how, ["final", "delta", "scale", "volume"]));
                    }
                };
                (Some(Operation::Length(k, length)), used)
            }
            w @ ("xy" | "xz" | "yz") => {
                let k = ["xy", "xz", "yz"].iter().position(|a| *a == w).unwrap_or(0);
                let value = number(i + 2)? * spacing[usize::from(k == 2)];
                match how {
                    "final" => (Some(Operation::Tilt(k, value, false)), 3),
                    "delta" => (Some(Operation::Tilt(k, value, true)), 3),
                    _ => {
                        return Err(Error::input(format!(
                            "unknown change_box style '{how}' of {w}"
                        ))
                        .at(i + 1)
                        .suggest(how, ["final", "delta"]));
                    }
                }
            }
            "boundary" => {
                let mut b = [[crate::domain::Boundary::Periodic; 2]; 3];
                for (k, pair) in b.iter_mut().enumerate() {
                    *pair = parse_boundary(words.get(i + 1 + k).copied().unwrap_or(""), i + 1 + k)?;
                }
                (Some(Operation::Boundary(b)), 4)
            }
            "ortho" => (Some(Operation::Ortho), 1),
            "triclinic" => (Some(Operation::Triclinic), 1),
            "set" => (Some(Operation::Set), 1),
            "remap" => (Some(Operation::Remap), 1),
            "units" => (None, 2),
            w => {
                let known = [
                    "x",
                    "y",
                    "z",
                    "xy",
                    "xz",
                    "yz",
                    "boundary",
                    "ortho",
                    "triclinic",
                    "set",
                    "remap",
                    "units",
                ];
                return Err(Error::input(format!(
                    "Illegal change_box command: unknown operation '{w}'"
                ))
                .at(i)
                .suggest(w, known));
            }
        };
        operations.extend(operation.map(|o| (i, o)));
        i += used;
    }
    Ok(operations)
}

fn apply(
    s: &mut Session<'_>,
    cell: &mut Cell,
    saved: &mut Cell,
    bit: u32,
    operation: &Operation,
) -> Result<()> {
    match operation {
        Operation::Length(k, length) => {
            let (lo, hi) = (cell.lo[*k], cell.hi[*k]);
            match length {
                Length::Final(a, b) => set(cell, *k, *a, *b),
                Length::Delta(a, b) => set(cell, *k, lo + a, hi + b),
                Length::Scale(f) => scale(cell, *k, *f),
                Length::Volume => Ok(()),
            }
        }
        Operation::Tilt(k, value, add) => {
            if !cell.triclinic {
                return Err(
                    Error::input("Cannot change_box tilt factors of an orthogonal box")
                        .help("put the keyword triclinic before"),
                );
            }
            cell.tilt[*k] = if *add { cell.tilt[*k] + value } else { *value };
            Ok(())
        }
        Operation::Boundary(b) => {
            if s.engine.state.dimension == 2 && b[2][0] != crate::domain::Boundary::Periodic {
                return Err(Error::input(
                    "Change_box z boundary must be periodic for a 2d simulation",
                ));
            }
            cell.boundary = *b;
            Ok(())
        }
        Operation::Ortho => {
            if cell.tilt != [0.0; 3] {
                return Err(Error::input(
                    "Cannot change box to orthogonal when tilt is non-zero",
                ));
            }
            cell.triclinic = false;
            Ok(())
        }
        Operation::Triclinic => {
            cell.triclinic = true;
            Ok(())
        }
        Operation::Set => {
            *saved = cell.clone();
            Ok(())
        }
        Operation::Remap => {
            cell.validate()?;
            let atoms = &mut s.engine.state.atoms;
            for (x, mask) in atoms.x.iter_mut().zip(&atoms.mask) {
                if mask & bit != 0 {
                    *x = cell.to_cartesian(saved.to_fractional(*x));
                }
            }
            *saved = cell.clone();
            Ok(())
        }
    }
}

/// Changes a length about its centre.
fn scale(cell: &mut Cell, k: usize, factor: f64) -> Result<()> {
    let (lo, hi) = (cell.lo[k], cell.hi[k]);
    let (middle, half) = (0.5 * (lo + hi), 0.5 * factor * (hi - lo));
    set(cell, k, middle - half, middle + half)
}

/// The factor by which each of one or two successive `volume` operations scales, so that together they
/// restore the volume before the change in front of them. `history` are the cells before each operation.
fn volume_factor(all: &[(usize, Operation)], index: usize, history: &[Cell]) -> Result<f64> {
    let is_volume = |o: &(usize, Operation)| matches!(o.1, Operation::Length(_, Length::Volume));
    let first = (0..index)
        .rev()
        .find(|&i| !is_volume(&all[i]))
        .map_or(0, |i| i + 1);
    let count = all[first..].iter().take_while(|o| is_volume(o)).count();
    let change = first
        .checked_sub(1)
        .filter(|&c| matches!(all[c].1, Operation::Length(..)));
    let Some(change) = change.filter(|_| count <= 2) else {
        return Err(Error::input(
            "change_box volume must follow a change of another direction, once or twice",
        ));
    };
    let ratio = history[change].volume(3) / history[first].volume(3);
    Ok(ratio.powf(1.0 / count as f64))
}

fn set(cell: &mut Cell, k: usize, lo: f64, hi: f64) -> Result<()> {
    (cell.lo[k], cell.hi[k]) = (lo, hi);
    cell.validate()
}
