//! Model deviation: how far the models of a committee disagree about one structure.
//!
//! With the force f_k of model k on an atom and the mean over the models < >, the deviation of the
//! force is eps = `sqrt(<|f_k - <f>|^2>)`, relative `eps / (|<f>| + level)`; that of a component of the
//! virial per atom is its standard deviation, relative to |mean| + level; that of the energy is the
//! standard deviation of the energy per atom. (Y. Zhang et al., Comput. Phys. Commun. 253, 107206
//! (2020); J. Zeng et al., J. Chem. Phys. 159, 054801 (2023), Eq. 71.)
//!
//! The file has the format of the LAMMPS interface of DeePMD-kit. Imports `signature`.

use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Keyword, Kind, arg, keyword};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

const FREQUENCY: &[Arg] = &[arg("N", Kind::Int, "steps, 0 for never")];
const FILE: &[Arg] = &[arg("NAME", Kind::FileOut, "file to be written")];
const FORCE_LEVEL: &[Arg] = &[arg("level", Kind::Real, "eV/A")];
const VIRIAL_LEVEL: &[Arg] = &[arg("level", Kind::Real, "eV")];

/// Keyword of the number of steps between lines.
pub const OUT_FREQ: Keyword = keyword(
    "out_freq",
    FREQUENCY,
    "steps between lines of the model deviation of a committee (default 100)",
);
/// Keyword of the file.
pub const OUT_FILE: Keyword = keyword(
    "out_file",
    FILE,
    "file of the model deviation (default model_devi.out)",
);
/// Keyword of the relative deviation of forces.
pub const RELATIVE: Keyword = keyword(
    "relative",
    FORCE_LEVEL,
    "divide the deviation of a force by its mean plus level",
);
/// Keyword of the relative deviation of virials.
pub const RELATIVE_V: Keyword = keyword(
    "relative_v",
    VIRIAL_LEVEL,
    "divide the deviation of the virial by its mean plus level",
);
/// Keyword of the deviation of every atom.
pub const ATOMIC: Keyword = keyword(
    "atomic",
    &[],
    "also write the deviation of the force on every atom, in the order of the atom IDs",
);
/// Keyword of the deviation of the energy.
pub const OUT_ENERGY: Keyword = keyword(
    "out_energy",
    &[],
    "also write the deviation of the energy per atom, eV, as the column devi_e of `dp model-devi`",
);

/// What to write, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviationOptions {
    /// Steps between lines; 0 for never.
    pub every: i64,
    /// File name.
    pub file: String,
    /// Level of the relative deviation of forces (eV/Å).
    pub relative: Option<f64>,
    /// Level of the relative deviation of virials (eV).
    pub relative_v: Option<f64>,
    /// Deviations of all atoms.
    pub atomic: bool,
    /// Deviation of the energy.
    pub energy: bool,
}

impl DeviationOptions {
    /// Reads the keywords of this module.
    ///
    /// # Errors
    /// A frequency or level is negative.
    pub fn from_args(args: &Args) -> Result<DeviationOptions> {
        let level = |name: &str| -> Result<Option<f64>> {
            let Some(given) = args.keyword(name) else {
                return Ok(None);
            };
            let level = given.real("level")?;
            if level < 0.0 {
                return Err(
                    Error::input(format!("{name}: the level must not be negative"))
                        .at(given.word("level")),
                );
            }
            Ok(Some(level))
        };
        let mut options = DeviationOptions {
            every: 100,
            file: "model_devi.out".to_owned(),
            relative: level("relative")?,
            relative_v: level("relative_v")?,
            atomic: args.keyword("atomic").is_some(),
            energy: args.keyword("out_energy").is_some(),
        };
        if let Some(given) = args.keyword("out_freq") {
            options.every = given.int("N")?;
            if options.every < 0 {
                return Err(Error::input("Illegal out_freq, should be >= 0").at(given.word("N")));
            }
        }
        if let Some(given) = args.keyword("out_file") {
            options.file = given.str("NAME").to_owned();
        }
        Ok(options)
    }

    /// Whether a line is due at `step`.
    pub fn due(&self, step: i64) -> bool {
        self.every > 0 && step % self.every == 0
    }
}

/// What one model says about a structure.
#[derive(Debug, Clone, Default)]
pub struct Prediction {
    /// Energy (eV).
    pub energy: f64,
    /// Forces in the order of the atoms (eV/Å).
    pub forces: Vec<[f64; 3]>,
    /// Virial xx yy zz xy xz yz (eV).
    pub virial: [f64; 6],
}

/// Largest, smallest and average.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// Largest.
    pub max: f64,
    /// Smallest.
    pub min: f64,
    /// Average: of forces the mean, of virial components the root of the mean square.
    pub avg: f64,
}

/// Deviation of the models from each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deviation {
    /// Of the nine components of the virial per atom (eV).
    pub virial: Spread,
    /// Of the forces (eV/Å).
    pub force: Spread,
    /// Of the energy per atom (eV).
    pub energy: f64,
    /// Of the force on each atom (eV/Å).
    pub atoms: Vec<f64>,
}

impl Deviation {
    /// Compares the predictions of all models, for the same atoms.
    pub fn new(models: &[Prediction], options: &DeviationOptions) -> Deviation {
        let Some(first) = models.first() else {
            return Deviation::default();
        };
        let n = first.forces.len();
        let atoms: Vec<f64> = (0..n)
            .map(|i| force_deviation(models, i, options.relative))
            .collect();
        let per_atom = 1.0 / n.max(1) as f64;
        let component = |k: usize| {
            let (mean, std) = moments(models.iter().map(|m| m.virial[k] * per_atom));
            relative(std, mean.abs(), options.relative_v)
        };
        // off-diagonal components stand twice in the tensor
        let nine = [0, 1, 2, 3, 3, 4, 4, 5, 5].map(component);
        let mut virial = Spread::new(&nine);
        virial.avg = (nine.iter().map(|x| x * x).sum::<f64>() / 9.0).sqrt();
        Deviation {
            virial,
            force: Spread::new(&atoms),
            energy: moments(models.iter().map(|m| m.energy * per_atom)).1,
            atoms,
        }
    }

    /// A line of the file; `order` are the indices of the atoms by ID.
    fn line(&self, step: i64, order: &[usize], options: &DeviationOptions) -> String {
        let (v, f) = (self.virial, self.force);
        let mut line = format!("{step:>12}");
        let mut add = |x: f64| {
            // writing to a String cannot fail
            let _ = write!(line, " {:>18}", scientific(x));
        };
        [v.max, v.min, v.avg, f.max, f.min, f.avg]
            .into_iter()
            .for_each(&mut add);
        if options.energy {
            add(self.energy);
        }
        if options.atomic {
            order.iter().for_each(|&i| add(self.atoms[i]));
        }
        line
    }
}

fn header(options: &DeviationOptions) -> String {
    let mut text = format!("#{:>11}", "step");
    let mut columns = vec![
        "max_devi_v",
        "min_devi_v",
        "avg_devi_v",
        "max_devi_f",
        "min_devi_f",
        "avg_devi_f",
    ];
    columns.extend(options.energy.then_some("devi_e"));
    columns.extend(options.atomic.then_some("atm_devi_f(N)"));
    for name in columns {
        let _ = write!(text, "{name:>19}");
    }
    text
}

/// C's `%e`.
fn scientific(x: f64) -> String {
    let text = format!("{x:.6e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}

fn relative(deviation: f64, mean: f64, level: Option<f64>) -> f64 {
    level.map_or(deviation, |level| deviation / (mean + level))
}

/// Mean and standard deviation (of all values, not of a sample).
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    let square: f64 = values.map(|x| (x - mean) * (x - mean)).sum();
    (mean, (square / n).sqrt())
}

fn force_deviation(models: &[Prediction], i: usize, level: Option<f64>) -> f64 {
    let axes = [0, 1, 2].map(|k| moments(models.iter().map(move |m| m.forces[i][k])));
    let norm = |part: fn(&(f64, f64)) -> f64| {
        let squares = axes.iter().map(|a| part(a) * part(a));
        squares.sum::<f64>().sqrt()
    };
    relative(norm(|a| a.1), norm(|a| a.0), level)
}

impl Spread {
    fn new(values: &[f64]) -> Spread {
        let Some(&first) = values.first() else {
            return Spread::default();
        };
        Spread {
            max: values.iter().copied().fold(first, f64::max),
            min: values.iter().copied().fold(first, f64::min),
            avg: values.iter().sum::<f64>() / values.len() as f64,
        }
    }
}

/// The file of a committee; it is created with its first line.
#[derive(Debug, Default)]
pub struct DeviationFile {
    file: Option<File>,
    /// The last line: energies that are asked for again at the same positions, and a run that begins
    /// where the last ended, do not repeat it.
    last: String,
}

impl DeviationFile {
    /// Writes the line of `step`; `ids` are the IDs of the atoms.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(
        &mut self,
        step: i64,
        deviation: &Deviation,
        ids: &[i64],
        options: &DeviationOptions,
    ) -> Result<()> {
        let mut order: Vec<usize> = (0..deviation.atoms.len()).collect();
        if options.atomic {
            order.sort_by_key(|&i| ids.get(i));
        }
        let line = deviation.line(step, &order, options);
        if line == self.last {
            return Ok(());
        }
        let failed =
            |e: std::io::Error| Error::run(format!("Cannot write file {}: {e}", options.file));
        let mut text = String::new();
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                text = header(options) + "\n";
                empty.insert(File::create(&options.file).map_err(failed)?)
            }
        };
        text += &line;
        text.push('\n');
        // one write per line, so that a killed run leaves whole lines
        file.write_all(text.as_bytes()).map_err(failed)?;
        self.last = line;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> DeviationOptions {
        DeviationOptions {
            every: 100,
            file: String::new(),
            relative: None,
            relative_v: None,
            atomic: true,
            energy: false,
        }
    }

    fn models() -> Vec<Prediction> {
        let model = |f: [[f64; 3]; 2], v: f64| Prediction {
            energy: 2.0 * v,
            forces: f.to_vec(),
            virial: [v, 0.0, 0.0, 2.0 * v, 0.0, 0.0],
        };
        vec![
            model([[1.0, 0.0, 0.0], [0.0, 3.0, 4.0]], 1.0),
            model([[3.0, 0.0, 0.0], [0.0, 3.0, 4.0]], 5.0),
        ]
    }

    #[test]
    fn deviations_are_standard_deviations_over_models() {
        let d = Deviation::new(&models(), &options());
        assert_eq!(d.atoms, [1.0, 0.0]);
        let f = Spread {
            max: 1.0,
            min: 0.0,
            avg: 0.5,
        };
        assert_eq!(d.force, f);
        // components per atom: xx 0.5 and 2.5, xy (twice) 1 and 5
        assert_eq!((d.virial.max, d.virial.min), (2.0, 0.0));
        assert!((d.virial.avg - (9.0f64 / 9.0).sqrt()).abs() < 1e-15);
        assert_eq!(d.energy, 2.0);
        let relative = DeviationOptions {
            relative: Some(0.5),
            relative_v: Some(1.0),
            ..options()
        };
        let d = Deviation::new(&models(), &relative);
        assert_eq!(d.atoms, [1.0 / 2.5, 0.0]);
        assert_eq!(d.virial.max, 2.0 / 4.0);
    }

    #[test]
    fn lines_have_the_columns_of_the_upstream_file() {
        let d = Deviation::new(&models(), &options());
        let line = d.line(100, &[1, 0], &options());
        assert_eq!(
            line,
            "         100       2.000000e+00       0.000000e+00       1.000000e+00       \
             1.000000e+00       0.000000e+00       5.000000e-01       0.000000e+00       1.000000e+00"
        );
        assert_eq!(
            header(&options()),
            "#       step         max_devi_v         min_devi_v         avg_devi_v         \
             max_devi_f         min_devi_f         avg_devi_f      atm_devi_f(N)"
        );
        assert_eq!(scientific(1.5e-123), "1.500000e-123");
    }
}
