//! What set-up commands share: texts about the box, values given by variables, checks.

use crate::cformat::general;
use crate::domain::{Cell, State};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::signature::parse_real;

/// An error if there are more than `count` words after the command's name.
///
/// # Errors
/// Points at the first word too many.
pub fn surplus(words: &[&str], count: usize, context: &str) -> Result<()> {
    match words.get(count) {
        None => Ok(()),
        Some(word) => Err(Error::input(format!(
            "Illegal {context} command: unexpected word '{word}'"
        ))
        .at(count)),
    }
}

/// `orthogonal box = (0 0 0) to (4 4 4)`, with tilts if triclinic.
pub(super) fn box_text(cell: &Cell) -> String {
    let triple = |v: [f64; 3]| v.map(|c| general(8, c)).join(" ");
    let kind = if cell.triclinic {
        "triclinic"
    } else {
        "orthogonal"
    };
    let mut s = format!(
        "{kind} box = ({}) to ({})",
        triple(cell.lo),
        triple(cell.hi)
    );
    if cell.triclinic {
        s += &format!(" with tilt ({})", triple(cell.tilt));
    }
    s
}

/// Refuses a command that must come before the box.
pub(super) fn before_box(state: &State, what: &str) -> Result<()> {
    match state.cell {
        None => Ok(()),
        Some(_) => Err(
            Error::input(format!("{what} command after simulation box is defined"))
                .help("use 'clear' to start over"),
        ),
    }
}

/// Checks a new cell and pads shrink-wrapped faces by 1e-4 of the edge, as LAMMPS does.
pub(super) fn finish_cell(engine: &mut Engine, mut cell: Cell) -> Result<()> {
    cell.validate()?;
    if engine.state.dimension == 2 && !cell.periodic(2) {
        return Err(Error::input(
            "Cannot run 2d simulation with nonperiodic Z dimension",
        ));
    }
    let tilts = [
        (cell.tilt[0], 0, 1),
        (cell.tilt[1], 0, 2),
        (cell.tilt[2], 1, 2),
    ];
    if cell.triclinic {
        let l = cell.lengths();
        for (tilt, _, upper) in tilts {
            if tilt != 0.0 && engine.state.dimension == 2 && upper == 2 {
                return Err(Error::input(
                    "Cannot skew triclinic box in z for 2d simulation",
                ));
            }
        }
        let large = tilts
            .iter()
            .any(|&(t, edge, _)| (t / l[edge]).abs() > 0.5 + 0.05 && cell.periodic(edge));
        if large && !engine.state.tilt_large {
            engine
                .log
                .warn("Triclinic box skew is large. LAMMPS will run inefficiently.");
        }
    }
    pad(&mut cell);
    engine.state.cell = Some(cell);
    engine.state.touch();
    Ok(())
}

/// Moves shrink-wrapped faces outwards by 1e-4 of the edge.
pub(super) fn pad(cell: &mut Cell) {
    use crate::domain::Boundary::Shrink;
    let l = cell.lengths();
    for k in 0..3 {
        let [lower, upper] = cell.boundary[k];
        if lower == Shrink {
            cell.lo[k] -= 1e-4 * l[k];
        }
        if upper == Shrink {
            cell.hi[k] += 1e-4 * l[k];
        }
    }
}

/// A number given as such or by a variable, one value or one per atom.
pub(super) enum Value {
    /// The same for every atom.
    Number(f64),
    /// From an atom-style variable.
    PerAtom(Vec<f64>),
}

impl Value {
    /// Reads `word`; errors point at word `at`.
    pub(super) fn read(engine: &mut Engine, at: usize, word: &str) -> Result<Self> {
        let Some(name) = word.strip_prefix("v_") else {
            return parse_real(word).map(Self::Number).ok_or_else(|| {
                Error::input(format!("expected a number or v_name, found '{word}'")).at(at)
            });
        };
        match engine.variables.style(name) {
            None => Err(Error::input(format!("Variable name {name} does not exist")).at(at)),
            Some("atom" | "atomfile") => per_atom_variable(engine, name)
                .map(Self::PerAtom)
                .map_err(|e| e.or_at(at)),
            Some(_) => equal_variable(engine, name)
                .map(Self::Number)
                .map_err(|e| e.or_at(at)),
        }
    }

    /// The value for atom `i`.
    pub(super) fn of(&self, i: usize) -> f64 {
        match self {
            Self::Number(v) => *v,
            Self::PerAtom(v) => v[i],
        }
    }
}

/// Value of an equal-style variable now.
pub(super) fn equal_variable(engine: &mut Engine, name: &str) -> Result<f64> {
    let variables = engine.variables.clone();
    variables.equal(name, engine)
}

/// Values of an atom-style variable now.
pub(super) fn per_atom_variable(engine: &mut Engine, name: &str) -> Result<Vec<f64>> {
    let variables = engine.variables.clone();
    let values = variables.atom(name, engine)?;
    if values.len() != engine.state.atoms.len() {
        return Err(Error::input(format!(
            "Variable {name} does not have one value per atom"
        )));
    }
    Ok(values)
}

/// The temperature compute that the `temp` keyword of velocity names.
pub(super) fn require_compute(engine: &Engine, id: &str) -> Result<()> {
    if engine.computes.contains_key(id) {
        return Ok(());
    }
    Err(Error::input(format!(
        "Could not find velocity temperature compute ID {id}"
    ))
    .suggest(id, engine.computes.keys().map(String::as_str)))
}

/// Refuses types without a mass.
pub(super) fn check_masses(state: &State) -> Result<()> {
    if state.atoms.rmass.is_some() {
        return Ok(());
    }
    match (1..=state.types.count).find(|t| state.types.mass.get(*t).is_none_or(Option::is_none)) {
        None => Ok(()),
        Some(t) => Err(Error::input(format!(
            "Not all per-type masses are set. Type {t} is missing."
        ))
        .help(format!("add: mass {t} <value>"))),
    }
}

/// The atom type that `word` names: a number or a type label.
pub(super) fn atom_type(state: &State, word: &str, at: usize) -> Result<u32> {
    let types = &state.types;
    if let Some(t) = types.label.iter().position(|l| l.as_deref() == Some(word)) {
        return Ok(t as u32);
    }
    match word.parse::<usize>() {
        Ok(t) if t >= 1 && t <= types.count => Ok(t as u32),
        Ok(t) => Err(Error::input(format!(
            "Invalid atom type {t}: there {} atom type{}",
            if types.count == 1 {
                "is 1".to_string()
            } else {
                format!("are {}", types.count)
            },
            if types.count == 1 { "" } else { "s" }
        ))
        .at(at)),
        Err(_) => Err(Error::input(format!(
            "expected an atom type or type label, found '{word}'"
        ))
        .at(at)
        .suggest(word, types.label.iter().flatten().map(String::as_str))),
    }
}

/// Refuses type labels that could be mistaken for numbers, ranges or comments, as LAMMPS does.
pub(super) fn check_label(label: &str) -> Result<()> {
    let bad = label.is_empty()
        || label.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '#')
        || label.contains(char::is_whitespace);
    if bad {
        return Err(
            Error::input(format!("Type label string {label} is invalid"))
                .help("a label must not begin with a digit, '*' or '#'"),
        );
    }
    Ok(())
}
