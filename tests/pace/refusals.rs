//! What is wrong with a file is named with its place.

use crate::structure::fixtures;
use argyro::ml::pace::load::load_bytes;

/// The message about a fixture in which a text is replaced.
fn refusal(file: &str, old: &str, new: &str) -> String {
    let text = std::fs::read_to_string(fixtures("pace").join(file)).unwrap();
    assert!(text.contains(old), "{file} has no {old}");
    match load_bytes(text.replacen(old, new, 1).into_bytes()) {
        Ok(_) => panic!("{file} with {new} is read"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn yaml_files() {
    let cases = [
        (
            "elements: [Li, S]",
            "elements: [Li, S, P]",
            "embeddings: `2` is missing",
        ),
        (
            "elements: [Li, S]",
            "elements: [Li]",
            "is not the number of one of 1 elements",
        ),
        (
            "elements: [Li, S]",
            "elements: [Li, Li]",
            "Li is listed twice",
        ),
        (
            "radbasename: ChebPow",
            "radbasename: ACE.jl.Basic",
            "ACE.jl.Basic",
        ),
        (
            "npoti: FinnisSinclairShiftedScaled",
            "npoti: Cube",
            "`Cube`",
        ),
        (
            "inner_cutoff_type: distance",
            "inner_cutoff_type: soft",
            "inner_cutoff_type: an unknown inner cutoff",
        ),
        (
            "inner_cutoff_type: distance",
            "inner_cutoff_type: zbl",
            "different inner_cutoff_type",
        ),
        ("[0, 1]:", "[0, 2]:", "`[0, 2]` is not a pair of 2 elements"),
        ("[0, 1]:", "[0, 0]:", "the bond [0, 1] is missing"),
        (
            "deltaSplineBins: 0.01",
            "deltaSplineBins: 1e-9",
            "intervals",
        ),
        (
            "deltaSplineBins: 0.01",
            "deltaSplineBins: -1",
            "not a distance",
        ),
        ("rcut: 4.", "rcut: 4000.", "a cutoff of 4000"),
        (
            "nradmax: 2",
            "nradmax: 3",
            "radcoefficients: the shape is [2, 3, 4], expected [3, 3, 4]",
        ),
        ("lmax: 2", "lmax: 77", "lmax: 77, at most"),
        ("ns: [1, 1]", "ns: [1, 9]", "9 in ns, expected 1 to 2"),
        ("ns: [1, 1]", "ns: [1]", "1 numbers instead of 2"),
        (
            "ms_combs: [0, 0, 1, -1]",
            "ms_combs: [0, 0, 2, -2]",
            "m = 2 of degree l = 1",
        ),
        ("mus: [0, 1]", "mus: [0, 7]", "7 in mus"),
        ("rank: 2", "rank: 99", "rank 99"),
        ("num_ms_combs: 2", "num_ms_combs: 3", "instead of 6"),
        ("mu0: 0", "mu0: 1", "mu0"),
        ("ndensity: 2, num_ms", "ndensity: 1, num_ms", "ndensity"),
    ];
    for (old, new, expected) in cases {
        let message = refusal("pow.yace", old, new);
        assert!(message.contains(expected), "{new}: {message}");
    }
}

#[test]
fn text_files_name_the_line() {
    let cases = [
        ("nelements=1", "nelements=2", ".yace"),
        ("lmax=3", "lmax=many", "line 4: expected lmax, found `many`"),
        (
            "radbasename=ChebExpCos",
            "radbasename=ACE.jl.Basic",
            "ACE.jl.Basic",
        ),
        ("cutoff=", "cutof=", "expected `cutoff`, found `cutof`"),
        ("nradbase=5", "nradbase=6", "line "),
        ("rank=2 ndens=1", "rank=2 ndens=2", "ndens differs"),
        ("n=( 1  2 )", "n=( 1  5 )", "n is 5, expected 1 to 3"),
    ];
    for (old, new, expected) in cases {
        let message = refusal("expcos.ace", old, new);
        assert!(message.contains(expected), "{new}: {message}");
    }
    let whole = std::fs::read(fixtures("pace").join("expcos.ace")).unwrap();
    let cut = load_bytes(whole[..whole.len() - 40].to_vec())
        .unwrap_err()
        .to_string();
    assert!(cut.contains("the file ends where"), "{cut}");
}

#[test]
fn other_files_are_named() {
    let message = |text: &str| {
        load_bytes(text.as_bytes().to_vec())
            .unwrap_err()
            .to_string()
    };
    let fitted = message("global:\n  DeltaSplineBins: 0.001\nspecies:\n  - speciesblock: Al\n");
    assert!(fitted.contains("pace_yaml2yace"), "{fitted}");
    let other = message("units metal\nrun 0\n");
    assert!(other.contains("needed is an ACE potential"), "{other}");
}
