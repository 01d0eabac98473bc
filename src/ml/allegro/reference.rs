//! Plain evaluation of an Allegro model in f64 with the analytic gradient by reverse sweep.
//!
//! Imports the model, edges and [`crate::ml::plain`].

use super::model::{Allegro, AllegroLayer, TwoBody};
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::layers::Mlp;
use crate::ml::plain::dual::Dual;
use crate::ml::plain::{radial, sphere};

/// Inputs of the layers of a perceptron, then its outputs.
type Trace = Vec<Vec<f64>>;

/// One edge inside its cutoff.
struct Edge {
    /// Number in the list.
    number: usize,
    receiver: usize,
    r: f64,
    /// Direction of the vector in the list.
    unit: [f64; 3],
    /// Harmonics of the opposite direction.
    y: Vec<f64>,
    /// First scalars, with slopes by r.
    x: Vec<Dual>,
}

/// Features of one edge after the forward sweep.
struct EdgeState {
    embed: Trace,
    tensor_embed: Trace,
    projection: Trace,
    /// Environment weights used in each layer.
    weights: Vec<Vec<f64>>,
    /// Tensors that enter each layer, then the last ones, \[U\]\[components\].
    tensors: Vec<Vec<f64>>,
    latents: Vec<Trace>,
    readout: Trace,
}

/// Energies and the gradient by all edge vectors. Edges beyond the cutoff of their pair give zero.
///
/// # Panics
/// Where a species or node index is out of range, or slices differ in length.
pub fn evaluate(model: &Allegro, list: &EdgeList) -> Evaluation {
    let species: Vec<usize> = list.species.iter().map(|&z| z.into()).collect();
    let edges = edges(model, list, &species);
    let mut states: Vec<EdgeState> = edges.iter().map(|edge| start(model, edge)).collect();
    let mut environments = Vec::new();
    for (t, layer) in model.layers.iter().enumerate() {
        let environment = environment(model, &species, &edges, &states, t);
        for (edge, state) in edges.iter().zip(&mut states) {
            advance(model, layer, &environment[edge.receiver], state);
        }
        environments.push(environment);
    }
    let mut node_energy: Vec<f64> = species.iter().map(|&z| model.shift[z]).collect();
    let factor = |z: usize| model.scale[z] * model.edge_norms[z];
    for (edge, state) in edges.iter().zip(&mut states) {
        state.readout = radial::layers(&model.readout, &accumulated(model, state));
        let energy = output(&state.readout)[0];
        node_energy[edge.receiver] += factor(species[edge.receiver]) * energy;
    }

    // reverse: adjoints of all p, the tensors and the environment weights of each edge
    let mut scalars_bar = Vec::new();
    for (edge, state) in edges.iter().zip(&states) {
        let bar = [factor(species[edge.receiver])];
        scalars_bar.push(radial::transpose(&model.readout, &state.readout, &bar));
    }
    let tensor = |state: &EdgeState, t: usize| vec![0.0; state.tensors[t].len()];
    let last = model.layers.len();
    let mut tensors_bar: Vec<_> = states.iter().map(|s| tensor(s, last)).collect();
    let mut weights_bar: Vec<Vec<f64>> = vec![Vec::new(); edges.len()];
    let mut y_bar: Vec<Vec<f64>> = edges.iter().map(|e| vec![0.0; e.y.len()]).collect();
    for (t, layer) in model.layers.iter().enumerate().rev() {
        let environment = &environments[t];
        let mut environment_bar: Vec<_> = environment.iter().map(|a| vec![0.0; a.len()]).collect();
        for (e, (edge, state)) in edges.iter().zip(&states).enumerate() {
            let mut latent_bar =
                scalars_bar[e][(t + 1) * model.scalars..][..model.scalars].to_vec();
            latent_bar.append(&mut weights_bar[e]);
            let input = radial::transpose(&layer.latent, &state.latents[t], &latent_bar);
            let (p_bar, invariants) = input.split_at((t + 1) * model.scalars);
            add(&mut scalars_bar[e], p_bar);
            for (u, bar) in invariants.iter().enumerate() {
                tensors_bar[e][u * layer.output] += bar;
            }
            let mut before = tensor(state, t);
            let (a, a_bar) = (
                &environment[edge.receiver],
                &mut environment_bar[edge.receiver],
            );
            let n = a.len() / model.channels;
            for (&[i, j, k], c) in layer.couplings.iter().zip(rows(layer, model.channels)) {
                let (i, j, k) = (usize::from(i), usize::from(j), usize::from(k));
                for (u, c) in c.iter().enumerate() {
                    let bar = c * tensors_bar[e][u * layer.output + k];
                    before[u * layer.input + i] += bar * a[u * n + j];
                    a_bar[u * n + j] += bar * state.tensors[t][u * layer.input + i];
                }
            }
            tensors_bar[e] = before;
        }
        for (e, (edge, state)) in edges.iter().zip(&states).enumerate() {
            let norm = model.norms[species[edge.receiver]];
            let bar: Vec<f64> = environment_bar[edge.receiver]
                .iter()
                .map(|b| norm * b)
                .collect();
            weights_bar[e] = weigh_back(model, &edge.y, &state.weights[t], &bar, &mut y_bar[e]);
        }
    }
    let mut edge_gradient = vec![[0.0; 3]; list.vector.len()];
    for (e, (edge, state)) in edges.iter().zip(&states).enumerate() {
        let (y_bar, tensor_weights) = (&mut y_bar[e], output(&state.tensor_embed));
        let tensor_bar = weigh_back(model, &edge.y, tensor_weights, &tensors_bar[e], y_bar);
        let mut projection_bar = scalars_bar[e][..model.scalars].to_vec();
        projection_bar.extend(&weights_bar[e]);
        let mut s_bar = radial::transpose(&model.projection, &state.projection, &projection_bar);
        let more = radial::transpose(&model.tensor_embed, &state.tensor_embed, &tensor_bar);
        add(&mut s_bar, &more);
        let x_bar = radial::transpose(&model.embed, &state.embed, &s_bar);
        let r_bar = x_bar.iter().zip(&edge.x).map(|(b, x)| b * x.slope).sum();
        edge_gradient[edge.number] = gradient(model.l_max, edge, r_bar, y_bar);
    }
    add_repulsion(model, list, &species, &mut node_energy, &mut edge_gradient);
    Evaluation {
        energy: node_energy.iter().sum(),
        node_energy,
        edge_gradient,
    }
}

fn edges(model: &Allegro, list: &EdgeList, species: &[usize]) -> Vec<Edge> {
    assert!(list.receiver.len() == list.sender.len() && list.sender.len() == list.vector.len());
    let mut edges = Vec::new();
    for (number, v) in list.vector.iter().enumerate() {
        let (receiver, sender) = (list.receiver[number] as usize, list.sender[number] as usize);
        let pair = [species[receiver], species[sender]];
        let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let d = Dual::variable(r) * (model.r_max / model.cutoff(pair[0], pair[1]));
        if d.value >= model.r_max {
            continue;
        }
        let unit = v.map(|x| x / r);
        edges.push(Edge {
            number,
            receiver,
            r,
            unit,
            y: sphere::harmonics(model.l_max, unit.map(|x| -x)),
            x: two_body(model, pair, d),
        });
    }
    edges
}

fn two_body(model: &Allegro, [i, j]: [usize; 2], d: Dual) -> Vec<Dual> {
    match &model.two_body {
        TwoBody::Bessel {
            radial: form,
            linear,
            center,
            neighbor,
        } => {
            let inputs = radial::inputs(form, [i, j], d).basis;
            let outputs = radial::net(linear, &inputs);
            let half = linear.outputs / 2;
            let row = |vectors: &'_ [f64], z: usize| vectors[z * half..(z + 1) * half].to_vec();
            let factors = row(center, i).into_iter().chain(row(neighbor, j));
            outputs.iter().zip(factors).map(|(x, f)| *x * f).collect()
        }
        TwoBody::Spline {
            functions,
            span,
            channels,
            weights,
        } => {
            let n = *functions as f64;
            let x = d / model.r_max;
            let basis: Vec<Dual> = (0..*functions)
                .map(|k| {
                    let start = (k as f64 - *span as f64) / n;
                    let t = (x - start) * (n / (*span as f64 + 1.0));
                    // constant beyond its support
                    if !(0.0..=1.0).contains(&t.value) {
                        return Dual::constant(0.0);
                    }
                    // 1 - cos(2 pi t) = 2 sin(pi t)^2
                    let sine = (t * std::f64::consts::PI).sin();
                    sine * sine * sine * sine
                })
                .collect();
            let pair = i * model.species() + j;
            let rows = weights[pair * channels * functions..].chunks_exact(*functions);
            let sum = |row: &[f64]| {
                let terms = basis.iter().zip(row).map(|(b, w)| *b * *w);
                terms.fold(Dual::constant(0.0), |a, b| a + b)
            };
            rows.take(*channels).map(sum).collect()
        }
    }
}

fn start(model: &Allegro, edge: &Edge) -> EdgeState {
    let x: Vec<f64> = edge.x.iter().map(|x| x.value).collect();
    let embed = radial::layers(&model.embed, &x);
    let run = |net: &Mlp| radial::layers(net, output(&embed));
    let (tensor_embed, projection) = (run(&model.tensor_embed), run(&model.projection));
    let tensors = weigh(model, &edge.y, output(&tensor_embed));
    let weights = output(&projection)[model.scalars..].to_vec();
    EdgeState {
        tensors: vec![tensors],
        weights: vec![weights],
        embed,
        tensor_embed,
        projection,
        latents: Vec::new(),
        readout: Vec::new(),
    }
}

/// A of all nodes, \[U\]\[components of Y\].
fn environment(
    model: &Allegro,
    species: &[usize],
    edges: &[Edge],
    states: &[EdgeState],
    t: usize,
) -> Vec<Vec<f64>> {
    let width = model.channels * (model.l_max + 1).pow(2);
    let mut sums = vec![vec![0.0; width]; species.len()];
    for (edge, state) in edges.iter().zip(states) {
        let part = weigh(model, &edge.y, &state.weights[t]);
        add(&mut sums[edge.receiver], &part);
    }
    for (sum, &z) in sums.iter_mut().zip(species) {
        sum.iter_mut().for_each(|a| *a *= model.norms[z]);
    }
    sums
}

fn rows(layer: &AllegroLayer, channels: usize) -> impl Iterator<Item = &[f64]> {
    layer.weights.chunks_exact(channels)
}

fn advance(model: &Allegro, layer: &AllegroLayer, a: &[f64], state: &mut EdgeState) {
    let before = &state.tensors[state.tensors.len() - 1];
    let n = a.len() / model.channels;
    let mut after = vec![0.0; model.channels * layer.output];
    for (&[i, j, k], c) in layer.couplings.iter().zip(rows(layer, model.channels)) {
        let (i, j, k) = (usize::from(i), usize::from(j), usize::from(k));
        for (u, c) in c.iter().enumerate() {
            after[u * layer.output + k] += c * before[u * layer.input + i] * a[u * n + j];
        }
    }
    let mut input = accumulated(model, state);
    input.extend(after.iter().step_by(layer.output));
    let latent = radial::layers(&layer.latent, &input);
    state
        .weights
        .push(output(&latent)[model.scalars..].to_vec());
    state.latents.push(latent);
    state.tensors.push(after);
}

/// All p so far.
fn accumulated(model: &Allegro, state: &EdgeState) -> Vec<f64> {
    let mut all = output(&state.projection)[..model.scalars].to_vec();
    for latent in &state.latents {
        all.extend(&output(latent)[..model.scalars]);
    }
    all
}

fn output(trace: &Trace) -> &[f64] {
    &trace[trace.len() - 1]
}

/// `w_ur Y_r`, \[U\]\[components\].
fn weigh(model: &Allegro, y: &[f64], weights: &[f64]) -> Vec<f64> {
    let rows = weights.chunks_exact(model.l_max + 1);
    let row = |row: &[f64]| -> Vec<f64> {
        let components = row.iter().enumerate();
        let part = |(l, w): (usize, &f64)| {
            let w = *w;
            y[l * l..(l + 1) * (l + 1)].iter().map(move |y| w * y)
        };
        components.flat_map(part).collect()
    };
    rows.flat_map(row).collect()
}

/// Adjoint of the weights of [`weigh`]; adds to that of Y.
fn weigh_back(
    model: &Allegro,
    y: &[f64],
    weights: &[f64],
    bar: &[f64],
    y_bar: &mut [f64],
) -> Vec<f64> {
    let mut weights_bar = vec![0.0; weights.len()];
    let ladder = model.l_max + 1;
    for (u, bar) in bar.chunks_exact(y.len()).enumerate() {
        for l in 0..ladder {
            let at = u * ladder + l;
            for m in l * l..(l + 1) * (l + 1) {
                weights_bar[at] += bar[m] * y[m];
                y_bar[m] += bar[m] * weights[at];
            }
        }
    }
    weights_bar
}

/// dE/d(vector) from the adjoints of the length and of Y, which is taken of the opposite direction.
fn gradient(l_max: usize, edge: &Edge, r_bar: f64, y_bar: &[f64]) -> [f64; 3] {
    let opposite = edge.unit.map(|x| -x);
    let mut by_direction = [0.0; 3];
    for (slope, y) in sphere::gradients(l_max, opposite).iter().zip(y_bar) {
        (0..3).for_each(|k| by_direction[k] -= slope[k] * y);
    }
    let along: f64 = (0..3).map(|k| by_direction[k] * edge.unit[k]).sum();
    [0, 1, 2].map(|k| r_bar * edge.unit[k] + (by_direction[k] - along * edge.unit[k]) / edge.r)
}

fn add_repulsion(
    model: &Allegro,
    list: &EdgeList,
    species: &[usize],
    node_energy: &mut [f64],
    edge_gradient: &mut [[f64; 3]],
) {
    let Some(repulsion) = &model.repulsion else {
        return;
    };
    for (e, v) in list.vector.iter().enumerate() {
        let (i, j) = (list.receiver[e] as usize, list.sender[e] as usize);
        let r = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let energy = radial::repulsion(repulsion, [species[i], species[j]], r);
        node_energy[i] += energy.value;
        (0..3).for_each(|k| edge_gradient[e][k] += energy.slope * v[k] / r);
    }
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
}
