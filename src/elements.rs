//! Symbols and standard masses of the elements. Imports nothing.

/// Symbols in the order of the atomic number, hydrogen first.
const SYMBOLS: [&str; 118] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl",
    "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As",
    "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In",
    "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb",
    "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl",
    "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk",
    "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh",
    "Fl", "Mc", "Lv", "Ts", "Og",
];

/// Standard atomic masses in atomic mass units (IUPAC abridged values, 2021), up to radon; heavier
/// elements have none.
const MASSES: [f64; 86] = [
    1.008, 4.0026, 6.94, 9.0122, 10.81, 12.011, 14.007, 15.999, 18.998, 20.180, 22.990, 24.305,
    26.982, 28.085, 30.974, 32.06, 35.45, 39.95, 39.098, 40.078, 44.956, 47.867, 50.942, 51.996,
    54.938, 55.845, 58.933, 58.693, 63.546, 65.38, 69.723, 72.630, 74.922, 78.971, 79.904, 83.798,
    85.468, 87.62, 88.906, 91.224, 92.906, 95.95, 97.0, 101.07, 102.91, 106.42, 107.87, 112.41,
    114.82, 118.71, 121.76, 127.60, 126.90, 131.29, 132.91, 137.33, 138.91, 140.12, 140.91, 144.24,
    145.0, 150.36, 151.96, 157.25, 158.93, 162.50, 164.93, 167.26, 168.93, 173.05, 174.97, 178.49,
    180.95, 183.84, 186.21, 190.23, 192.22, 195.08, 196.97, 200.59, 204.38, 207.2, 208.98, 209.0,
    210.0, 222.0,
];

/// Symbol of atomic number `z` (1 is hydrogen), if there is such an element.
pub fn symbol(z: i64) -> Option<&'static str> {
    let index = usize::try_from(z.checked_sub(1)?).ok()?;
    SYMBOLS.get(index).copied()
}

/// Atomic number of a symbol.
pub fn atomic_number(name: &str) -> Option<usize> {
    SYMBOLS.iter().position(|s| *s == name).map(|i| i + 1)
}

/// Standard mass of a symbol in atomic mass units.
pub fn mass(name: &str) -> Option<f64> {
    MASSES.get(atomic_number(name)? - 1).copied()
}

/// The element whose standard mass is within 0.1 (or 0.3 %) of `mass`, in atomic mass units.
pub fn by_mass(mass: f64) -> Option<&'static str> {
    let off = |i: &usize| (MASSES[*i] - mass).abs();
    let nearest = (0..MASSES.len()).min_by(|a, b| off(a).total_cmp(&off(b)))?;
    (off(&nearest) <= 0.1f64.max(0.003 * mass)).then(|| SYMBOLS[nearest])
}

/// Whether `mass` (atomic mass units) can be that of the element: the standard mass or an isotope. A name that is no
/// element fits any mass.
pub fn fits_mass(symbol: &str, given: f64) -> bool {
    match (by_mass(given), mass(symbol)) {
        (Some(other), _) if other == symbol => true,
        // heavy and light isotopes: hydrogen up to tritium, others within 15 %
        (None, Some(_)) if symbol == "H" => given > 0.9 && given < 3.2,
        (None, Some(standard)) => (given - standard).abs() < 0.15 * standard,
        // neighbours whose masses overlap (Co and Ni, Te and I) are told apart by `by_mass`
        (Some(_), Some(standard)) => (given - standard).abs() < 0.002 * standard,
        (_, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_masses_agree() {
        assert_eq!(symbol(3), Some("Li"));
        assert_eq!(symbol(0), None);
        assert_eq!(symbol(119), None);
        assert_eq!(symbol(i64::MIN), None);
        assert_eq!(atomic_number("Rn"), Some(86));
        assert!((mass("Cl").unwrap() - 35.45).abs() < 1e-9);
        assert!((mass("I").unwrap() - 126.90).abs() < 1e-9);
        assert!((mass("Au").unwrap() - 196.97).abs() < 1e-9);
        assert_eq!(mass("X"), None);
        assert_eq!(by_mass(6.941), Some("Li"));
        assert_eq!(by_mass(35.453), Some("Cl"));
        assert_eq!(by_mass(17.5), None);
    }

    #[test]
    fn masses_must_be_those_of_the_elements() {
        assert!(
            fits_mass("Li", 6.941)
                && fits_mass("Li", 6.015)
                && fits_mass("H", 2.014)
                && fits_mass("Cl", 35.453)
        );
        assert!(fits_mass("Cl", 36.966) && fits_mass("S", 32.06) && fits_mass("Pu", 244.0));
        assert!(!fits_mass("S", 35.453) && !fits_mass("Li", 30.974) && !fits_mass("H", 4.0));
    }
}
