//! Forms of radial functions as plain data: basis, cutoff function, distance transform, and the
//! species-dependent inputs of radial networks. Units: Å. Imports nothing of the crate.

/// From the edge length to the inputs of the radial networks.
///
/// With d the transformed distance and f_c the cutoff function of the plain distance r, the inputs
/// are `e_n = b_n(d) * f_c(r)`; where `apply_cutoff` is false they are `e_n = b_n(d)` and f_c
/// multiplies the outputs of the radial networks (path weights and edge densities) instead.
#[derive(Debug, Clone)]
pub struct RadialEmbedding {
    /// Basis functions b_n.
    pub basis: RadialBasis,
    /// Cutoff function f_c; zero from `cutoff_r_max` on.
    pub cutoff: Cutoff,
    /// Radius of the cutoff function (Å).
    pub cutoff_r_max: f64,
    /// See above.
    pub apply_cutoff: bool,
    /// Map of the distance before the basis.
    pub transform: DistanceTransform,
}

impl RadialEmbedding {
    /// Distance (Å) below the cutoff where the functions have a kink in their second derivative.
    pub fn kink(&self) -> Option<f64> {
        match self.cutoff {
            Cutoff::Polynomial { .. } => None,
            Cutoff::Xplor { on } => Some(on),
        }
    }
}

/// Cutoff functions of the distance r that end at a radius r_c (Å); zero for r >= r_c.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cutoff {
    /// `1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2 x^(p+2)`, x = r / r_c.
    Polynomial {
        /// Exponent p.
        p: f64,
    },
    /// 1 for r < on, then `(r_c^2 - r^2)^2 (r_c^2 + 2 r^2 - 3 on^2) / (r_c^2 - on^2)^3`.
    Xplor {
        /// Distance from which it falls (Å), below r_c.
        on: f64,
    },
}

/// Radial basis functions of the (transformed) distance d.
#[derive(Debug, Clone)]
pub enum RadialBasis {
    /// `b_n = prefactor * sin(w_n d) / d`.
    Bessel {
        /// sqrt(2 / r_max).
        prefactor: f64,
        /// Wave numbers w_n (1/Å).
        weights: Vec<f64>,
    },
    /// `b_n = exp(coeff * (d - center_n)^2)`.
    Gaussian {
        /// Negative inverse squared width.
        coeff: f64,
        /// Centres.
        centers: Vec<f64>,
    },
    /// Chebyshev polynomials of the first kind `b_n = T_n(d)`, n = 1..=count.
    Chebyshev {
        /// Number of functions.
        count: usize,
    },
}

impl RadialBasis {
    /// Number of functions.
    pub fn len(&self) -> usize {
        match self {
            RadialBasis::Bessel { weights, .. } => weights.len(),
            RadialBasis::Gaussian { centers, .. } => centers.len(),
            RadialBasis::Chebyshev { count } => *count,
        }
    }

    /// True where there is no function; no loaded model has that.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Distance transform; radii are indexed by species.
#[derive(Debug, Clone)]
pub enum DistanceTransform {
    /// d = r.
    None,
    /// `d = 1 / (1 + a y^q / (1 + y^(q-p)))`, y = r / r0, r0 = (R_i + R_j) / 2.
    Agnesi {
        /// Exponent q.
        q: f64,
        /// Exponent p.
        p: f64,
        /// Strength a.
        a: f64,
        /// Covalent radii R (Å), \[Nz\].
        radii: Vec<f64>,
    },
    /// `d = p0 + (r - p0) (1 + tanh(alpha/(p1-p0) (r - (p0+p1)/2))) / 2`, p0 = 3/4 r0,
    /// p1 = 4/3 r0, r0 = R_i + R_j.
    Soft {
        /// Steepness.
        alpha: f64,
        /// Covalent radii R (Å), \[Nz\].
        radii: Vec<f64>,
    },
}

impl DistanceTransform {
    /// True where the radial functions depend on the species of the (unordered) pair.
    pub fn depends_on_species(&self) -> bool {
        !matches!(self, DistanceTransform::None)
    }
}

/// Species-dependent inputs appended to the radial basis: `[e, source[z_j], target[z_i]]`.
#[derive(Debug, Clone)]
pub struct PairEmbedding {
    /// Length of one row of `source`.
    pub source_len: usize,
    /// Row of the sender, \[Nz\]\[source_len\].
    pub source: Vec<f64>,
    /// Length of one row of `target`.
    pub target_len: usize,
    /// Row of the receiver, \[Nz\]\[target_len\].
    pub target: Vec<f64>,
}
