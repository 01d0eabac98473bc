//! Reader tests, with a mutation test: no input may make it panic.

use super::*;
use crate::error::{Error, Result};
use std::io::Cursor;

const CHARGE: &str = "title

3 atoms
2 atom types

0.0 10.0 xlo xhi
0.0 11.0 ylo yhi
-1.0 12.0 zlo zhi
1.0 0.5 -0.25 xy xz yz

Atom Type Labels

1 Li
2 S # sulphur

Masses # two

Li 6.94

# a comment line
2 32.06
Pair Coeffs # lj/cut

1 0.1 2.0
2 0.2 3.0

Atoms # charge

1 Li 1.0 0.5 0.25 0.125 0 -1 2
2 2 -1.0 1.5 1e-1 .125   # no image flags
3 1 +1 9.5 10 11.75 0 0 0

Velocities

3 0.1 0.2 0.3
1 1 2 3
2 4 5 6
";

#[derive(Default, Debug, PartialEq)]
struct Record {
    header: Option<Header>,
    lines: Vec<String>,
}

impl Sink for Record {
    fn header(&mut self, header: &Header) -> Result<()> {
        self.header = Some(header.clone());
        Ok(())
    }
    fn section(&mut self, name: &str, hint: &str) -> Result<bool> {
        self.lines.push(format!("{name}|{hint}"));
        Ok(name != "Pair Coeffs")
    }
    fn label(&mut self, kind: i64, label: &str) -> Result<()> {
        self.lines.push(format!("{kind} {label}"));
        Ok(())
    }
    fn bonded_label(&mut self, section: &str, kind: i64, label: &str) -> Result<()> {
        self.lines.push(format!("{section} {kind} {label}"));
        Ok(())
    }
    fn mass(&mut self, kind: &str, mass: f64) -> Result<()> {
        self.lines.push(format!("{kind} {mass}"));
        Ok(())
    }
    fn atom(&mut self, a: &AtomLine<'_>) -> Result<()> {
        self.lines.push(format!(
            "{} {} {} {:?} {:?}",
            a.id, a.kind, a.charge, a.x, a.image
        ));
        Ok(())
    }
    fn velocity(&mut self, id: i64, v: [f64; 3]) -> Result<()> {
        self.lines.push(format!("{id} {v:?}"));
        Ok(())
    }
    fn pair(&mut self, which: Coefficients, words: &[&str]) -> Result<()> {
        self.lines.push(format!("{which:?} {}", words.join(" ")));
        Ok(())
    }
    fn bonded(&mut self, kind: &str, atoms: &[i64]) -> Result<()> {
        self.lines.push(format!("{kind} {atoms:?}"));
        Ok(())
    }
    fn bonded_coefficients(&mut self, section: &str, words: &[&str]) -> Result<()> {
        self.lines.push(format!("{section} {}", words.join(" ")));
        Ok(())
    }
    fn end(&mut self, _: &str, _: u64) -> Result<()> {
        Ok(())
    }
}

fn layout(name: &str) -> AtomLayout {
    *LAYOUTS.iter().find(|l| l.name == name).unwrap()
}

fn parse(bytes: &[u8], style: &str) -> std::result::Result<Record, Error> {
    let mut record = Record::default();
    let mut lines = Lines::new(Box::new(Cursor::new(bytes.to_vec())), "test.data".into());
    read(&mut lines, layout(style), &mut record)?;
    Ok(record)
}

#[test]
fn all_forms_of_lines_are_read() {
    let r = parse(CHARGE.as_bytes(), "charge").unwrap();
    let h = r.header.unwrap();
    assert_eq!(
        (h.atoms, h.atom_types, h.lo[2], h.tilt),
        (3, 2, -1.0, Some([1.0, 0.5, -0.25]))
    );
    let expected = [
        "Atom Type Labels|",
        "1 Li",
        "2 S",
        "Masses|two",
        "Li 6.94",
        "2 32.06",
        "Pair Coeffs|lj/cut",
        "Atoms|charge",
        "1 Li 1 [0.5, 0.25, 0.125] [0, -1, 2]",
        "2 2 -1 [1.5, 0.1, 0.125] [0, 0, 0]",
        "3 1 1 [9.5, 10.0, 11.75] [0, 0, 0]",
        "Velocities|",
        "3 [0.1, 0.2, 0.3]",
        "1 [1.0, 2.0, 3.0]",
        "2 [4.0, 5.0, 6.0]",
    ];
    assert_eq!(r.lines, expected);
}

#[test]
fn line_ends_of_other_systems_and_compression_change_nothing() {
    let plain = parse(CHARGE.as_bytes(), "charge").unwrap();
    let crlf = CHARGE.replace('\n', "\r\n");
    assert_eq!(parse(crlf.as_bytes(), "charge").unwrap(), plain);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no-extension");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gz, CHARGE.as_bytes()).unwrap();
    std::fs::write(&path, gz.finish().unwrap()).unwrap();
    let mut record = Record::default();
    read(
        &mut Lines::open(&path).unwrap(),
        layout("charge"),
        &mut record,
    )
    .unwrap();
    assert_eq!(record, plain);
}

#[test]
fn another_atom_style_is_recognised_by_its_columns() {
    let e = parse(CHARGE.as_bytes(), "atomic").unwrap_err();
    assert!(
        e.message
            .starts_with("Incorrect format in Atoms section of data file: 1 Li 1.0"),
        "{e}"
    );
    assert_eq!(e.help.as_deref(), Some("this looks like atom_style charge"));
    assert!(
        e.notes.contains(&"in test.data, line 29".to_string()),
        "{e}"
    );
}

#[test]
fn wrong_counts_and_lines_name_the_place() {
    let cases = [
        (
            CHARGE.replace("3 atoms", "4 atoms"),
            "section Atoms has 3 of 4 lines",
        ),
        (
            CHARGE.replace("3 atoms", "2 atoms"),
            "Unknown identifier in data file: 3 1 +1",
        ),
        (
            CHARGE.replace("2 4 5 6\n", ""),
            "section Velocities has 2 of 3 lines",
        ),
        (
            CHARGE.replace("9.5 10", "nan 10"),
            "Incorrect format in Atoms section",
        ),
        (
            CHARGE.replace("0 -1 2", "0 -1 2.5"),
            "'2.5' is no image flag",
        ),
        (
            CHARGE.replace("Masses #", "Massen #"),
            "Unknown identifier in data file: Massen",
        ),
        (
            CHARGE.replace("2 atom types", "2 atom typse"),
            "Unknown identifier in data file: 2 atom typse",
        ),
        (CHARGE.replace("Atoms #", "Bodies #"), "section Bodies"),
        (
            CHARGE[..CHARGE.find("Atoms").unwrap()].to_string(),
            "No Atoms section",
        ),
        (String::new(), "Unexpected end of data file"),
    ];
    for (text, expected) in cases {
        let e = parse(text.as_bytes(), "charge").unwrap_err().to_string();
        assert!(
            e.contains(expected) && e.contains("test.data"),
            "{expected}: {e}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let e = Lines::open(std::path::Path::new("nothere.data"))
        .err()
        .unwrap();
    assert!(e.message.contains("Cannot open file nothere.data"), "{e}");
}

#[test]
fn mutated_files_never_panic() {
    let mut random = crate::park::Park::new(4711).unwrap();
    let mut pick = |n: usize| (random.uniform() * n as f64) as usize % n.max(1);
    let words: [&[u8]; 12] = [
        b"99999999999999999999",
        b"-1",
        b"nan",
        b"1e999",
        b"atoms",
        b"\nAtoms\n\n",
        b"#",
        b"\xff\xfe",
        b"\0",
        b"18446744073709551615 atoms\n",
        b"\nVelocities\n\n",
        b"9223372036854775807",
    ];
    for _ in 0..6000 {
        let mut bytes = CHARGE.as_bytes().to_vec();
        for _ in 0..=pick(4) {
            let at = pick(bytes.len());
            match pick(5) {
                0 => bytes[at] = pick(256) as u8,
                1 => drop(bytes.drain(at..(at + pick(40)).min(bytes.len()))),
                2 => bytes.truncate(at.max(1)),
                3 => drop(bytes.splice(at..at, words[pick(words.len())].iter().copied())),
                _ => {
                    let end = (at + pick(60)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        for style in ["atomic", "charge", "full"] {
            drop(parse(&bytes, style));
        }
    }
}

#[test]
fn what_is_written_is_read_back_to_the_bit() {
    let x = [[0.1 + 0.2, -0.0, 1e-300], [1.0 / 3.0, 2e20, 5.0]];
    let v = [[f64::MIN_POSITIVE, 1.0, -2.5e-7], [0.0; 3]];
    let file = DataFile {
        title: "t".into(),
        atom_style: "full",
        bounds: ([0.0, -1.5, 0.1], [10.0, 3.0, 7.7]),
        edges: None,
        tilt: Some([0.1, 0.0, 1e-9]),
        masses: Some(vec![1.5, 2.5]),
        types: 2,
        labels: Some(vec!["Li", "S"]),
        label_types: true,
        pair: None,
        bonded: None,
        properties: Vec::new(),
        id: &[7, 3],
        kind: &[1, 2],
        molecule: &[4, 0],
        charge: &[0.25, -1.0],
        x: &x,
        image: &[[0, -3, 1], [0; 3]],
        v: &v,
    };
    let mut bytes = Vec::new();
    write(&file, &mut bytes).unwrap();
    let r = parse(&bytes, "full").unwrap();
    assert_eq!(r.header.unwrap().hi, [10.0, 3.0, 7.7]);
    assert!(
        r.lines
            .contains(&format!("7 Li 0.25 {:?} [0, -3, 1]", x[0])),
        "{:?}",
        r.lines
    );
    assert!(r.lines.contains(&format!("7 {:?}", v[0])));
    assert!(r.lines.contains(&"2 2.5".to_string()));
}
