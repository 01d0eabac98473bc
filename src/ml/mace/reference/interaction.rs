//! Message passing of one layer, forward and reverse; see [`Interaction`] for the formulas.

use super::{Edge, EdgeAdjoint, Features, add_scaled, radial};
use crate::ml::layers::Path;
use crate::ml::mace::model::{Gate, Interaction, MaceModel, Mixing, Normalization};
use crate::ml::plain::{self, dual::Dual, linear};
use crate::ml::wigner::wigner_3j;

/// What the reverse sweep needs, and the results.
pub struct InteractionState {
    /// up(h).
    up: Features,
    /// linear(Phi) before the division.
    mixed: Features,
    /// Divisor N of each node.
    divisor: Vec<f64>,
    /// Input of the gate; empty for the classes without one.
    gate_input: Features,
    /// Atomic basis A.
    pub basis: Features,
    /// Skip connection.
    pub skip: Option<Features>,
}

/// Path with the non-zero elements of its coupling, the path's factor included.
struct Coupled<'m> {
    path: &'m Path,
    /// First component of the entering block.
    input_offset: usize,
    elements: Vec<([usize; 3], f64)>,
}

fn coupled(interaction: &Interaction) -> Vec<Coupled<'_>> {
    let offsets = interaction.up.output.offsets();
    let paths = interaction.paths.iter();
    paths
        .map(|path| {
            let scaled = |(m, value)| (m, path.weight * value);
            let elements = wigner_3j(path.l1, path.l2, path.l3)
                .into_iter()
                .map(scaled)
                .collect();
            Coupled {
                path,
                input_offset: offsets[path.input],
                elements,
            }
        })
        .collect()
}

impl Coupled<'_> {
    /// K\[m1\]\[m3\] = sum over m2 of the coupling times Y.
    fn matrix(&self, harmonics: &[f64]) -> Vec<f64> {
        let n3 = 2 * self.path.l3 + 1;
        let mut k = vec![0.0; (2 * self.path.l1 + 1) * n3];
        for &([m1, m2, m3], value) in &self.elements {
            k[m1 * n3 + m3] += value * harmonics[self.path.l2 * self.path.l2 + m2];
        }
        k
    }
}

/// Radial weights R of all paths and the edge density, with their slopes.
fn radial_of(
    model: &MaceModel,
    interaction: &Interaction,
    species: &[usize],
    edge: &Edge,
) -> (Vec<Dual>, Dual) {
    let pair = [species[edge.receiver], species[edge.sender]];
    let inputs = plain::radial::inputs(&model.radial, pair, Dual::variable(edge.r));
    let x = radial::net_inputs(model, interaction, pair, &inputs);
    let weights = plain::radial::net(&interaction.radial, &x);
    let density = match &interaction.normalization {
        Normalization::AverageNeighbors(_) => Dual::constant(0.0),
        Normalization::Density { net, .. } => {
            let d = plain::radial::net(net, &x)[0];
            (d * d).tanh() * inputs.factor
        }
    };
    (
        weights.into_iter().map(|w| w * inputs.factor).collect(),
        density,
    )
}

/// Atomic basis and skip connection from the features h.
pub fn forward(
    model: &MaceModel,
    interaction: &Interaction,
    species: &[usize],
    edges: &[Edge],
    h: &Features,
) -> InteractionState {
    let up: Features = h
        .iter()
        .map(|h| linear::apply(&interaction.up, h))
        .collect();
    let paths = coupled(interaction);
    let mut phi = vec![vec![0.0; interaction.message.dim()]; h.len()];
    let mut density = vec![0.0; h.len()];
    for edge in edges {
        let (weights, rho) = radial_of(model, interaction, species, edge);
        density[edge.receiver] += rho.value;
        for coupled in &paths {
            let k = coupled.matrix(&edge.harmonics);
            let (n1, n3) = (2 * coupled.path.l1 + 1, 2 * coupled.path.l3 + 1);
            for u in 0..coupled.path.channels {
                let r = weights[coupled.path.weight_offset + u].value;
                let from = &up[edge.sender][coupled.input_offset + u * n1..][..n1];
                let at = coupled.path.message_offset + u * n3;
                let to = &mut phi[edge.receiver][at..at + n3];
                for (m1, x) in from.iter().enumerate() {
                    add_scaled(to, r * x, &k[m1 * n3..(m1 + 1) * n3]);
                }
            }
        }
    }
    let divisor: Vec<f64> = density
        .iter()
        .map(|rho| match interaction.normalization {
            Normalization::AverageNeighbors(average) => average,
            Normalization::Density { alpha, beta, .. } => alpha + beta * rho,
        })
        .collect();
    mix(interaction, species, h, up, &phi, divisor)
}

fn mix(
    interaction: &Interaction,
    species: &[usize],
    h: &Features,
    up: Features,
    phi: &Features,
    divisor: Vec<f64>,
) -> InteractionState {
    let first = match &interaction.mixing {
        Mixing::Plain { linear, .. } | Mixing::Residual { linear, .. } => linear,
        Mixing::NonLinear { linear_1, .. } => linear_1,
    };
    let mixed: Features = phi.iter().map(|phi| linear::apply(first, phi)).collect();
    let divided = mixed.iter().zip(&divisor);
    let divided: Features = divided
        .map(|(x, n)| x.iter().map(|x| x / n).collect())
        .collect();
    let mut gate_input = Features::new();
    let (basis, skip) = match &interaction.mixing {
        Mixing::Plain { skip, .. } => {
            let nodes = divided.iter().zip(species);
            (
                nodes
                    .map(|(x, &z)| linear::apply_species(skip, z, x))
                    .collect(),
                None,
            )
        }
        Mixing::Residual { skip, .. } => {
            let nodes = h.iter().zip(species);
            let skip = nodes
                .map(|(h, &z)| linear::apply_species(skip, z, h))
                .collect();
            (divided, Some(skip))
        }
        Mixing::NonLinear {
            residual,
            gate,
            linear_2,
            skip,
            ..
        } => {
            gate_input = divided;
            for (x, up) in gate_input.iter_mut().zip(&up) {
                add_scaled(x, 1.0, &linear::apply(residual, up));
            }
            let gated = gate_input.iter().map(|x| gate_forward(gate, x));
            let basis = gated.map(|x| linear::apply(linear_2, &x)).collect();
            (
                basis,
                Some(h.iter().map(|h| linear::apply(skip, h)).collect()),
            )
        }
    };
    InteractionState {
        up,
        mixed,
        divisor,
        gate_input,
        basis,
        skip,
    }
}

/// Adjoints of the features h from those of the basis and of the skip connection (None where the
/// product does not add it); adds to the adjoints of the edges.
pub fn backward(
    model: &MaceModel,
    interaction: &Interaction,
    species: &[usize],
    edges: &[Edge],
    state: &InteractionState,
    basis_bar: &Features,
    skip_bar: Option<&Features>,
    edge_bar: &mut [EdgeAdjoint],
) -> Features {
    let nodes = 0..basis_bar.len();
    let mut up_bar: Features = vec![vec![0.0; interaction.up.output.dim()]; basis_bar.len()];
    let mut h_bar: Features = vec![vec![0.0; interaction.up.input.dim()]; basis_bar.len()];
    let mut phi_bar = Features::new();
    let mut divisor_bar = Vec::new();
    for i in nodes {
        let (first, divided_bar) = match &interaction.mixing {
            Mixing::Plain { linear, skip } => (
                linear,
                linear::transpose_species(skip, species[i], &basis_bar[i]),
            ),
            Mixing::Residual { linear, skip } => {
                if let Some(bar) = skip_bar {
                    h_bar[i] = linear::transpose_species(skip, species[i], &bar[i]);
                }
                (linear, basis_bar[i].clone())
            }
            Mixing::NonLinear {
                linear_1,
                residual,
                gate,
                linear_2,
                skip,
            } => {
                if let Some(bar) = skip_bar {
                    h_bar[i] = linear::transpose(skip, &bar[i]);
                }
                let gated_bar = linear::transpose(linear_2, &basis_bar[i]);
                let x_bar = gate_backward(gate, &state.gate_input[i], &gated_bar);
                up_bar[i] = linear::transpose(residual, &x_bar);
                (linear_1, x_bar)
            }
        };
        // x = mixed / N
        let n = state.divisor[i];
        let dot: f64 = divided_bar
            .iter()
            .zip(&state.mixed[i])
            .map(|(a, b)| a * b)
            .sum();
        divisor_bar.push(-dot / (n * n));
        let mixed_bar: Vec<f64> = divided_bar.iter().map(|x| x / n).collect();
        phi_bar.push(linear::transpose(first, &mixed_bar));
    }
    let beta = match interaction.normalization {
        Normalization::AverageNeighbors(_) => 0.0,
        Normalization::Density { beta, .. } => beta,
    };
    let paths = coupled(interaction);
    for (edge, bar) in edges.iter().zip(edge_bar) {
        let (weights, rho) = radial_of(model, interaction, species, edge);
        bar.r += beta * divisor_bar[edge.receiver] * rho.slope;
        for coupled in &paths {
            let up = &state.up[edge.sender];
            let up_bar = &mut up_bar[edge.sender];
            path_backward(
                coupled,
                edge,
                &weights,
                up,
                &phi_bar[edge.receiver],
                up_bar,
                bar,
            );
        }
    }
    for (h, up) in h_bar.iter_mut().zip(&up_bar) {
        add_scaled(h, 1.0, &linear::transpose(&interaction.up, up));
    }
    h_bar
}

/// Reverse of `Phi[u, m3] += R_u sum_m1 K[m1, m3] up[u, m1]` on one edge.
fn path_backward(
    coupled: &Coupled,
    edge: &Edge,
    weights: &[Dual],
    up: &[f64],
    phi_bar: &[f64],
    up_bar: &mut [f64],
    bar: &mut EdgeAdjoint,
) {
    let path = coupled.path;
    let k = coupled.matrix(&edge.harmonics);
    let (n1, n3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
    let mut k_bar = vec![0.0; k.len()];
    for u in 0..path.channels {
        let r = weights[path.weight_offset + u];
        let at = coupled.input_offset + u * n1;
        let phi = &phi_bar[path.message_offset + u * n3..][..n3];
        let mut r_bar = 0.0;
        for m1 in 0..n1 {
            let dot: f64 = k[m1 * n3..][..n3].iter().zip(phi).map(|(k, p)| k * p).sum();
            r_bar += up[at + m1] * dot;
            up_bar[at + m1] += r.value * dot;
            add_scaled(&mut k_bar[m1 * n3..][..n3], r.value * up[at + m1], phi);
        }
        bar.r += r_bar * r.slope;
    }
    for &([m1, m2, m3], value) in &coupled.elements {
        bar.harmonics[path.l2 * path.l2 + m2] += value * k_bar[m1 * n3 + m3];
    }
}

/// First component and length of the gated copies, each with the position of its gate.
fn gated_copies(gate: &Gate) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut at = 0;
    let mut index = gate.scalars;
    let blocks = gate.gated.0.iter();
    let copies = blocks.flat_map(|b| std::iter::repeat_n(b.irrep.dim(), b.mul));
    copies.map(move |dim| {
        let copy = (at, dim, index);
        at += dim;
        index += 1;
        copy
    })
}

fn gate_forward(gate: &Gate, x: &[f64]) -> Vec<f64> {
    let plain = x[..gate.scalars].iter().map(|&s| gate.scalar_act.value(s));
    let mut out: Vec<f64> = plain.collect();
    let gated = &x[gate.scalars + gate.gates..];
    for (at, dim, index) in gated_copies(gate) {
        let factor = gate.gate_act.value(x[index]);
        out.extend(gated[at..at + dim].iter().map(|v| factor * v));
    }
    out
}

fn gate_backward(gate: &Gate, x: &[f64], y_bar: &[f64]) -> Vec<f64> {
    let mut x_bar = vec![0.0; x.len()];
    for s in 0..gate.scalars {
        x_bar[s] = y_bar[s] * gate.scalar_act.slope(x[s]);
    }
    let start = gate.scalars + gate.gates;
    for (at, dim, index) in gated_copies(gate) {
        let y = &y_bar[gate.scalars + at..][..dim];
        let dot: f64 = x[start + at..][..dim]
            .iter()
            .zip(y)
            .map(|(x, y)| x * y)
            .sum();
        x_bar[index] = dot * gate.gate_act.slope(x[index]);
        add_scaled(
            &mut x_bar[start + at..][..dim],
            gate.gate_act.value(x[index]),
            y,
        );
    }
    x_bar
}
