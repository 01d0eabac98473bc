//! Styles of regions: the table, common arguments, and the region made of a style and its parameters.
//! One file and one line in [`REGIONS`] per style.

mod block;
mod combine;
mod cone;
mod cylinder;
mod ellipsoid;
mod moving;
mod plane;
mod prism;
mod sphere;

use super::host::{Host, Reference, Source};
use super::region::Region;
use super::state::State;
use crate::error::{Error, Result};
use crate::signature::{Args, Keyword, Kind, Signature, arg, keyword, parse_real};
use indexmap::IndexMap;

/// Bounds at or beyond this value are infinite (`INF`).
pub const INFINITE: f64 = 1.0e20;

/// Lower and upper corner.
pub type Bounds = ([f64; 3], [f64; 3]);

/// A cell: lower corner, upper corner, tilts if it is a prism.
pub type CellBounds = ([f64; 3], [f64; 3], Option<[f64; 3]>);

/// The options that every region style has.
pub const OPTIONS: &[Keyword] = &[
    keyword(
        "side",
        &[arg(
            "side",
            Kind::OneOf(&["in", "out"]),
            "which side counts as inside",
        )],
        "`in` (default) or `out`",
    ),
    keyword(
        "units",
        &[arg(
            "units",
            Kind::OneOf(&["lattice", "box"]),
            "unit of lengths",
        )],
        "`lattice` (default: lattice spacings) or `box` (distance units)",
    ),
    moving::MOVE,
    moving::ROTATE,
    keyword(
        "open",
        &[arg("face", Kind::Count, "number of the face, 1 to 6")],
        "face that is no wall; may be repeated. As in LAMMPS, all atoms are inside of a region with an open face",
    ),
];

/// A number that may be given by an equal-style variable.
#[derive(Debug, Clone, PartialEq)]
enum Parameter {
    Constant(f64),
    Variable { name: String, scale: f64 },
}

/// The functions of a solid body; `p` are its parameters in the order of `parameters`.
struct Solid {
    parameters: fn(&Reader<'_>) -> Result<Vec<Parameter>>,
    check: fn(p: &[f64]) -> Result<()>,
    contains: fn(p: &[f64], x: [f64; 3]) -> bool,
    bounds: fn(p: &[f64]) -> Option<Bounds>,
    cell: fn(p: &[f64]) -> Option<CellBounds>,
}

enum Body {
    Solid(&'static Solid),
    /// Union (true) or intersection (false) of other regions.
    Combination(bool),
}

/// A line of the table of regions.
pub struct RegionEntry {
    /// Signature of the words after `region ID NAME`; also the manual page.
    pub signature: &'static Signature,
    body: Body,
}

/// All region styles, by name.
pub const REGIONS: &[RegionEntry] = &[
    block::REGION,
    cone::REGION,
    cylinder::REGION,
    ellipsoid::REGION,
    combine::INTERSECT,
    plane::REGION,
    prism::REGION,
    sphere::REGION,
    combine::UNION,
];

/// The entry of style `name`.
///
/// # Errors
/// There is no such style.
pub fn find(name: &str) -> Result<&'static RegionEntry> {
    REGIONS
        .iter()
        .find(|e| e.signature.name == name)
        .ok_or_else(|| {
            Error::input(format!("Unrecognized region style '{name}'"))
                .suggest(name, REGIONS.iter().map(|e| e.signature.name))
        })
}

/// Makes a region from the words after its style name.
///
/// # Errors
/// The words do not fit; indices count from the first of them.
pub fn build(entry: &RegionEntry, args: &Args, state: &State) -> Result<Box<dyn Region>> {
    for k in args.keywords().filter(|k| k.name() == "open") {
        check_face(entry, k.int("face")?).map_err(|e| e.at(k.word("face")))?;
    }
    let word = |k: &str, default: &'static str| {
        args.keyword(k)
            .map_or(default.to_string(), |v| v.str(k).to_string())
    };
    let outside = word("side", "in") == "out";
    let lattice = word("units", "lattice") == "lattice";
    let spacing = state
        .lattice
        .as_ref()
        .filter(|_| lattice)
        .map_or([1.0; 3], |l| l.spacing);
    let body = match &entry.body {
        Body::Combination(any) => {
            let region = combine::build(*any, outside, args, state)?;
            return moving::wrap(region, args, spacing);
        }
        Body::Solid(s) => *s,
    };
    let reader = Reader {
        args,
        spacing,
        state,
    };
    let parameters = (body.parameters)(&reader)?;
    let values: Vec<f64> = parameters
        .iter()
        .map(|p| match p {
            Parameter::Constant(v) => *v,
            Parameter::Variable { .. } => f64::NAN,
        })
        .collect();
    if values.iter().all(|v| !v.is_nan()) {
        (body.check)(&values)?;
    }
    let region = SolidRegion {
        body,
        parameters,
        values,
        outside,
    };
    let region = moving::wrap(Box::new(region), args, spacing)?;
    Ok(match args.keyword("open") {
        Some(_) => Box::new(Open(region)),
        None => region,
    })
}

/// A region with an open face: LAMMPS finds every point inside of it, since only walls ask for its surface.
struct Open(Box<dyn Region>);

impl Region for Open {
    fn contains(&self, _: [f64; 3]) -> bool {
        true
    }

    fn bounds(&self) -> Option<Bounds> {
        None
    }

    fn duplicate(&self) -> Box<dyn Region> {
        Box::new(Self(self.0.duplicate()))
    }

    fn as_cell(&self) -> Option<CellBounds> {
        self.0.as_cell()
    }
}

/// An error if a style has no face of this number that may be open.
fn check_face(entry: &RegionEntry, face: i64) -> Result<()> {
    let style = entry.signature.name;
    let faces = match style {
        "block" | "prism" => 6,
        "cone" | "cylinder" => 3,
        _ => 0,
    };
    if (1..=faces).contains(&face) {
        return Ok(());
    }
    Err(Error::input(match faces {
        0 => format!("region {style} has no faces that may be open"),
        n => format!("Illegal region open face index: {face} (region {style} has faces 1 to {n})"),
    }))
}

/// Reads the arguments of a solid.
struct Reader<'a> {
    args: &'a Args,
    spacing: [f64; 3],
    state: &'a State,
}

impl Reader<'_> {
    /// A length times `scale`, or a variable.
    fn scaled(&self, name: &str, scale: f64) -> Result<Parameter> {
        let word = self.args.str(name);
        if let Some(v) = word.strip_prefix("v_") {
            return Ok(Parameter::Variable {
                name: v.to_string(),
                scale,
            });
        }
        match parse_real(word) {
            Some(v) => Ok(Parameter::Constant(scale * v)),
            None => Err(Error::input(format!(
                "Illegal region command: expected a number or v_name for '{name}', found '{word}'"
            ))
            .at(self.args.word(name))),
        }
    }

    /// A length along direction `k`.
    fn length(&self, name: &str, k: usize) -> Result<Parameter> {
        self.scaled(name, self.spacing[k])
    }

    /// A bound along direction `k` that may be `INF` or `EDGE`.
    fn bound(&self, name: &str, k: usize, upper: bool) -> Result<Parameter> {
        let word = self.args.str(name);
        if word != "INF" && word != "EDGE" {
            return self.length(name, k);
        }
        let Some(cell) = &self.state.cell else {
            return Err(
                Error::input("Cannot use region INF or EDGE when box does not exist")
                    .at(self.args.word(name)),
            );
        };
        let (lo, hi) = cell.bounds();
        Ok(Parameter::Constant(match (word, upper) {
            ("INF", false) => -INFINITE,
            ("INF", true) => INFINITE,
            (_, false) => lo[k],
            (_, true) => hi[k],
        }))
    }

    /// The axis of a cylinder or cone, and the two other directions.
    fn axis(&self) -> Result<(usize, [usize; 2])> {
        match self.args.str("dim") {
            "x" => Ok((0, [1, 2])),
            "y" => Ok((1, [0, 2])),
            "z" => Ok((2, [0, 1])),
            w => Err(Error::input(format!(
                "Illegal region command: expected x, y or z for 'dim', found '{w}'"
            ))
            .at(self.args.word("dim"))),
        }
    }
}

/// The axis that was stored as a parameter, and the two other directions.
fn stored_axis(value: f64) -> (usize, [usize; 2]) {
    match value as usize {
        0 => (0, [1, 2]),
        1 => (1, [0, 2]),
        _ => (2, [0, 1]),
    }
}

#[derive(Clone)]
struct SolidRegion {
    body: &'static Solid,
    parameters: Vec<Parameter>,
    values: Vec<f64>,
    outside: bool,
}

impl Region for SolidRegion {
    fn contains(&self, x: [f64; 3]) -> bool {
        (self.body.contains)(&self.values, x) != self.outside
    }

    fn bounds(&self) -> Option<Bounds> {
        if self.outside {
            return None;
        }
        (self.body.bounds)(&self.values)
    }

    fn update(&mut self, host: &mut dyn Host) -> Result<()> {
        let mut changed = false;
        for (value, parameter) in self.values.iter_mut().zip(&self.parameters) {
            if let Parameter::Variable { name, scale } = parameter {
                let reference = Reference {
                    source: Source::Variable,
                    id: name.clone(),
                    index: Vec::new(),
                };
                *value = scale * host.scalar(&reference)?;
                changed = true;
            }
        }
        if changed {
            (self.body.check)(&self.values)
        } else {
            Ok(())
        }
    }

    fn varies(&self) -> bool {
        self.parameters
            .iter()
            .any(|p| matches!(p, Parameter::Variable { .. }))
    }

    fn duplicate(&self) -> Box<dyn Region> {
        Box::new(self.clone())
    }

    fn as_cell(&self) -> Option<CellBounds> {
        let finite = |v: &f64| v.abs() < INFINITE;
        if self.outside || !self.values.iter().all(finite) {
            return None;
        }
        (self.body.cell)(&self.values)
    }
}

/// Brings the variables of region `id` up to date; call it before `contains`.
///
/// # Errors
/// A variable cannot be evaluated. A region that does not exist is left to the caller.
pub fn update(host: &mut dyn Host, id: &str) -> Result<()> {
    let Some(index) = host.state().regions.get_index_of(id) else {
        return Ok(());
    };
    let mut copy = host.state().regions[index].duplicate();
    copy.update(host)?;
    host.state_mut().regions[index] = copy;
    Ok(())
}

/// The region `id`, which must exist. `what` names the command in the message.
///
/// # Errors
/// There is no such region.
pub fn require<'a>(
    regions: &'a IndexMap<String, Box<dyn Region>>,
    what: &str,
    id: &str,
) -> Result<&'a dyn Region> {
    match regions.get(id) {
        Some(r) => Ok(r.as_ref()),
        None => Err(Error::input(format!("{what} region {id} does not exist"))
            .suggest(id, regions.keys().map(String::as_str))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cell::{Boundary, Cell};
    use crate::domain::lattice::Definition;

    fn make(state: &State, words: &str) -> Result<Box<dyn Region>> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let entry = find(words[0])?;
        let args = entry.signature.parse("region", &words[1..])?;
        build(entry, &args, state)
    }

    fn with_box() -> State {
        State {
            cell: Some(Cell::orthogonal(
                [0.0; 3],
                [10.0; 3],
                [[Boundary::Periodic; 2]; 3],
            )),
            ..State::default()
        }
    }

    #[test]
    fn solids_contain_their_surface() {
        let s = with_box();
        let cases = [
            ("block 0 1 0 2 INF EDGE", [1.0, 2.0, 10.0], [1.0, 2.0, 10.1]),
            ("sphere 1 1 1 2", [3.0, 1.0, 1.0], [3.0, 1.1, 1.0]),
            (
                "cylinder y 1 2 0.5 0 INF",
                [1.5, 3.0, 2.0],
                [1.5, -0.1, 2.0],
            ),
            ("cone z 0 0 2 0 0 4", [1.0, 0.0, 2.0], [1.0, 0.0, 2.1]),
            ("plane 1 0 0 1 0 0", [1.0, 5.0, 5.0], [0.9, 0.0, 0.0]),
            ("prism 0 2 0 2 0 2 1 0 0", [1.5, 1.0, 1.0], [0.4, 1.0, 1.0]),
            ("ellipsoid 0 0 0 1 2 3", [0.0, 0.0, 3.0], [0.0, 2.1, 0.0]),
        ];
        for (words, inside, outside) in cases {
            let r = make(&s, words).unwrap();
            assert!(r.contains(inside) && !r.contains(outside), "{words}");
            let r = make(&s, &format!("{words} side out")).unwrap();
            assert!(!r.contains(inside) && r.contains(outside), "{words}");
        }
    }

    #[test]
    fn lengths_scale_with_the_lattice_unless_units_box() {
        let lattice = Definition::new("fcc", 4.0).build(3, false).unwrap();
        let s = State {
            lattice: Some(lattice),
            ..State::default()
        };
        let r = make(&s, "block 0 2 0 1 0 1").unwrap();
        assert_eq!(r.as_cell().unwrap().1, [8.0, 4.0, 4.0]);
        let r = make(&s, "block 0 2 0 1 0 1 units box").unwrap();
        assert_eq!(r.as_cell().unwrap().1, [2.0, 1.0, 1.0]);
    }

    #[test]
    fn combinations_use_their_members() {
        let mut s = with_box();
        for (id, words) in [("a", "sphere 1 1 1 1"), ("b", "block 1 4 1 4 1 4")] {
            let r = make(&s, words).unwrap();
            s.regions.insert(id.into(), r);
        }
        let u = make(&s, "union 2 a b").unwrap();
        let i = make(&s, "intersect 2 a b").unwrap();
        assert!(u.contains([0.5, 1.0, 1.0]) && !i.contains([0.5, 1.0, 1.0]));
        assert!(i.contains([1.5, 1.0, 1.0]));
        assert_eq!(i.bounds().unwrap(), ([1.0; 3], [2.0; 3]));
        assert_eq!(u.bounds().unwrap(), ([0.0; 3], [4.0; 3]));
        let e = make(&s, "union 2 a bb").err().unwrap();
        assert!(e.message.contains("bb"));
    }

    #[test]
    fn wrong_arguments_are_refused_with_their_word() {
        let s = State::default();
        assert_eq!(make(&s, "block 0 INF 0 1 0 1").err().unwrap().word, Some(1));
        assert!(make(&s, "block 0 -1 0 1 0 1").is_err());
        assert!(make(&s, "sphere 0 0 0 -1").is_err());
        assert!(make(&s, "sphere 0 0 x 1").is_err());
        let e = make(&s, "sphere 0 0 0 1 move 3 NULL NULL").err().unwrap();
        assert!(e.message.contains("move") && e.word == Some(5), "{e:?}");
    }
}
