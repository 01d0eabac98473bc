//! Reference data of DFT-D3: covalent radii, cutoff radii, C6 of reference systems.
//!
//! Published with S. Grimme, J. Antony, S. Ehrlich, H. Krieg, J. Chem. Phys. 132, 154104 (2010); the
//! table `reference.bin` was made by `generate.py` from the MIT-licensed package torch-dftd 0.5.3.
//! Atomic units except where Å is stated.

/// Elements 1 (H) to 94 (Pu).
pub const ELEMENTS: usize = 94;
/// Most reference systems of an element.
pub const REFERENCES: usize = 5;

const TABLE: &[u8] = include_bytes!("reference.bin");
const PAIRS: usize = ELEMENTS * (ELEMENTS + 1) / 2;

/// Data of some elements.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// Covalent radii times 4/3 (bohr).
    pub radius: Vec<f64>,
    /// sqrt(Q), with C8 = 3 C6 sqrt(Q_i Q_j).
    pub root_q: Vec<f64>,
    /// Coordination numbers of the reference systems.
    pub numbers: Vec<Vec<f64>>,
    /// Cutoff radii R0 \[element\]\[element\] (Å).
    pub r0: Vec<Vec<f64>>,
    /// C6 \[element\]\[element\]\[reference\]\[reference\] (hartree bohr^6).
    pub c6: Vec<Vec<[[f64; REFERENCES]; REFERENCES]>>,
}

fn number(index: usize) -> f64 {
    let bytes = TABLE.get(4 * index..4 * index + 4);
    let value = bytes
        .and_then(|b| b.try_into().ok())
        .map(f32::from_le_bytes);
    f64::from(value.expect("the table covers all elements"))
}

/// Index of the pair of elements with the larger number first.
fn pair(z: usize, y: usize) -> usize {
    (z - 1) * z / 2 + y - 1
}

impl Reference {
    /// Data of the elements with atomic numbers `z` (1 to [`ELEMENTS`]).
    pub fn new(z: &[usize]) -> Reference {
        let count: Vec<usize> = (0..ELEMENTS)
            .map(|k| number(2 * ELEMENTS + k) as usize)
            .collect();
        let cn = |z: usize, a: usize| number(3 * ELEMENTS + REFERENCES * (z - 1) + a);
        let r0_at = (3 + REFERENCES) * ELEMENTS;
        // first number of each pair's block
        let mut start = vec![0; PAIRS + 1];
        start[0] = r0_at + PAIRS;
        for z in 1..=ELEMENTS {
            for y in 1..=z {
                let k = pair(z, y);
                start[k + 1] = start[k] + count[z - 1] * count[y - 1];
            }
        }
        let c6 = |z: usize, y: usize| {
            let (big, small) = (z.max(y), z.min(y));
            let from = start[pair(big, small)];
            let mut block = [[0.0; REFERENCES]; REFERENCES];
            for (a, row) in block.iter_mut().enumerate().take(count[z - 1]) {
                for (b, c6) in row.iter_mut().enumerate().take(count[y - 1]) {
                    let (i, j) = if z == big { (a, b) } else { (b, a) };
                    *c6 = number(from + i * count[small - 1] + j);
                }
            }
            block
        };
        let r0 = |z: usize, y: usize| number(r0_at + pair(z.max(y), z.min(y)));
        Reference {
            radius: z.iter().map(|&z| number(z - 1)).collect(),
            root_q: z.iter().map(|&z| number(ELEMENTS + z - 1)).collect(),
            numbers: z
                .iter()
                .map(|&z| (0..count[z - 1]).map(|a| cn(z, a)).collect())
                .collect(),
            r0: z
                .iter()
                .map(|&a| z.iter().map(|&b| r0(a, b)).collect())
                .collect(),
            c6: z
                .iter()
                .map(|&a| z.iter().map(|&b| c6(a, b)).collect())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_published_numbers() {
        let all: Vec<usize> = (1..=ELEMENTS).collect();
        let r = Reference::new(&all);
        // H-H: C6 of H2 and of the free atom; R0 of H-H 2.1823 A
        assert_eq!(r.numbers[0], [0.9118f32, 0.0].map(f64::from));
        assert!((r.c6[0][0][0][0] - 3.0267).abs() < 1e-6);
        assert!((r.c6[0][0][1][1] - 7.5916).abs() < 1e-6);
        assert!((r.r0[0][0] - 2.1823).abs() < 1e-6);
        assert!((r.root_q[0] - 2.00734898).abs() < 1e-7);
        assert_eq!(r.numbers[5].len(), 5);
        for (i, j) in [(2, 15), (93, 0), (5, 7)] {
            for a in 0..REFERENCES {
                for b in 0..REFERENCES {
                    assert_eq!(r.c6[i][j][a][b], r.c6[j][i][b][a]);
                }
            }
        }
        let last = Reference::new(&[94]);
        let end: usize = last.numbers[0].len();
        assert_eq!(number(TABLE.len() / 4 - 1), last.c6[0][0][end - 1][end - 1]);
    }
}
