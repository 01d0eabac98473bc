//! The universal screened repulsion of nuclei: J. F. Ziegler, J. P. Biersack, U. Littmark, The Stopping and Range of Ions
//! in Matter (1985). Imports nothing.

/// Amplitudes and decay constants of the screening function.
pub const PHI: [(f64, f64); 4] = [
    (0.02817, 0.20162),
    (0.28022, 0.40290),
    (0.50986, 0.94229),
    (0.18175, 3.19980),
];

/// Screening length of two nuclei with these charges, Å.
pub fn length(zi: f64, zj: f64) -> f64 {
    0.46850 / (zi.powf(0.23) + zj.powf(0.23))
}

/// phi(r / a) / r and its first and second derivative; `decay` are the constants of [`PHI`] over the screening length a.
#[inline]
pub fn screened(decay: &[f64; 4], r: f64) -> [f64; 3] {
    let mut s = [0.0; 3];
    for ((c, _), d) in PHI.iter().zip(decay) {
        let e = c * (-d * r).exp();
        s[0] += e;
        s[1] -= d * e;
        s[2] += d * d * e;
    }
    let i = 1.0 / r;
    [
        s[0] * i,
        (s[1] - s[0] * i) * i,
        (s[2] - 2.0 * s[1] * i + 2.0 * s[0] * i * i) * i,
    ]
}

/// Coefficients A, B, C of A/3 x^3 + B/4 x^4 + C, which brings an energy with the value and derivatives `e` at the end
/// of a range of this width to zero, with two derivatives.
pub fn switch(e: [f64; 3], width: f64) -> [f64; 3] {
    [
        (-3.0 * e[1] + width * e[2]) / (width * width),
        (2.0 * e[1] - width * e[2]) / width.powi(3),
        -e[0] + 0.5 * width * e[1] - width * width / 12.0 * e[2],
    ]
}
