//! Puts the description of a network together from what a frozen model says when it is asked, and
//! compares the two on a cluster of atoms: a model that is read wrongly is refused.
//! Imports siblings, the network description and its plain evaluation.

use std::collections::HashMap;

use super::gates;
use super::layout::{self, Layouts};
use super::probe::{Affine, Edges, Frozen, LinearQuestion, Sections};
use super::radial::{EdgeFunctions, edge_functions, perceptron};
use super::survey::{LayerEvents, Survey, survey};
use crate::elements;
use crate::ml::edges::EdgeList;
use crate::ml::equivariant::check::check;
use crate::ml::equivariant::model::{Gate, Layer, Network, Readout, SelfConnection};
use crate::ml::equivariant::reference;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::torch::TorchFile;
use crate::ml::layers::{Mlp, MlpLayer, Path, SpeciesLinear};
use crate::ml::plain::dual::Dual;
use crate::ml::plain::{radial, sphere};
use crate::ml::wigner::wigner_3j;

/// Most species.
const MAX_SPECIES: usize = 200;

/// Reads a deployed model: one file, or the parts of a parallel deployment in order.
///
/// # Errors
/// Where a file is damaged, or its code has another form than that of SevenNet models.
pub fn load(files: &[TorchFile]) -> Result<Network> {
    let model = Frozen::read(files)?;
    let species = model.symbols.len();
    if species == 0 || species > MAX_SPECIES {
        return Err(ModelError::malformed(format!("{species} species")));
    }
    let survey = survey(&model)?;
    let functions = edge_functions(&model, &survey)?;
    let reader = Reader {
        model: &model,
        survey: &survey,
        functions: &functions,
    };
    let network = reader.network()?;
    check(&network)?;
    reader.compare(&network)?;
    Ok(network)
}

fn other(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the deployed model has {what} of another form; give argyro the checkpoint that it was \
         deployed from"
    ))
}

struct Reader<'a> {
    model: &'a Frozen,
    survey: &'a Survey,
    functions: &'a EdgeFunctions,
}

/// What the code makes of unit vectors in the linear maps of a layer.
struct Maps {
    connection: Vec<Affine>,
    before: Affine,
    after: Affine,
}

impl Reader<'_> {
    fn network(&self) -> Result<Network> {
        let (model, survey) = (self.model, self.survey);
        let species = model.symbols.len();
        let sections = Sections::new(model, 0, survey.energy)?;
        let maps = self.maps(&sections)?;
        let gates: Vec<Gate> = survey
            .layers
            .iter()
            .map(|layer| gates::gate(&sections, layer))
            .collect::<Result<_>>()?;
        let after: Vec<&Affine> = maps.iter().map(|m| &m.after).collect();
        let layouts = layout::layouts(survey, &gates, &after)?;
        let mut layers = Vec::new();
        for (t, ((events, maps), gate)) in survey.layers.iter().zip(&maps).zip(gates).enumerate() {
            layers.push(self.layer(t, events, maps, gate, &layouts)?);
        }
        let number = |symbol: &String| {
            elements::atomic_number(symbol)
                .and_then(|z| u8::try_from(z).ok())
                .unwrap_or(0)
        };
        let (scale, shift) = self.scale_and_shift(species)?;
        Ok(Network {
            origin: format!("SevenNet {}, deployed", model.version),
            atomic_numbers: model.symbols.iter().map(number).collect(),
            type_names: model.symbols.clone(),
            r_max: model.cutoff,
            pair_cutoffs: Vec::new(),
            stored: model.stored,
            l_max: self.functions.l_max,
            solid_harmonics: self.functions.solid,
            radial: self.functions.radial.clone(),
            embedding: self.embedding(species)?,
            layers,
            readout: self.readout(&sections)?,
            scale,
            shift,
            repulsion: None,
        })
    }

    /// Features of every species before the first layer.
    fn embedding(&self, species: usize) -> Result<Vec<f64>> {
        let all: Vec<usize> = (0..species).collect();
        let event = self.survey.layers[0].input;
        let edges = Edges::spread(1, 1, self.model.cutoff);
        let mut found = self.model.ask(&all, &edges, HashMap::new(), &[event])?;
        match found.remove(&event) {
            Some(rows) if rows.shape == [species, self.survey.layers[0].widths[0]] => {
                Ok(rows.data.to_vec())
            }
            _ => Err(other("a species embedding")),
        }
    }

    fn maps(&self, sections: &Sections<'_>) -> Result<Vec<Maps>> {
        let mut maps = Vec::new();
        let mut by_species = Vec::new();
        for (t, layer) in self.survey.layers.iter().enumerate() {
            let [input, message, ..] = layer.widths;
            let question = |from, width, columns: Vec<usize>, to| LinearQuestion {
                from,
                width,
                columns,
                to,
            };
            let connection = question(layer.input, input, (0..input).collect(), layer.connection);
            let before = question(layer.input, input, (0..input).collect(), layer.before);
            let after = question(layer.message, message, copies(layer)?, layer.after);
            maps.push(Maps {
                connection: vec![sections.linear(&connection)?],
                before: sections.linear(&before)?,
                after: sections.linear(&after)?,
            });
            if layer.by_species {
                by_species.push((t, connection));
            }
        }
        if !by_species.is_empty() {
            for z in 1..self.model.symbols.len() {
                let sections = Sections::new(self.model, z, self.survey.energy)?;
                for (t, question) in &by_species {
                    maps[*t].connection.push(sections.linear(question)?);
                }
            }
        }
        Ok(maps)
    }

    fn layer(
        &self,
        t: usize,
        events: &LayerEvents,
        maps: &Maps,
        mut gate: Gate,
        layouts: &Layouts,
    ) -> Result<Layer> {
        let (input, sum) = (&layouts.features[t], &layouts.sums[t]);
        let message = &layouts.messages[t];
        gate.input = sum.clone();
        gate.output = layouts.features[t + 1].clone();
        let radial = perceptron(&events.radial)?;
        let linear_1 = layout::full(&maps.before, input, input)?;
        let self_connection = match events.by_species {
            false => SelfConnection::Linear(layout::full(&maps.connection[0], input, sum)?),
            true => {
                let each: Vec<_> = maps
                    .connection
                    .iter()
                    .map(|map| layout::all_blocks(map, input, sum))
                    .collect::<Result<_>>()?;
                let mut blocks = each[0].clone();
                for other in &each[1..] {
                    let pairs = blocks.iter_mut().zip(other);
                    pairs.for_each(|(all, one)| all.weight.extend_from_slice(&one.weight));
                }
                SelfConnection::Species(SpeciesLinear {
                    input: input.clone(),
                    output: sum.clone(),
                    blocks,
                })
            }
        };
        let mut paths = Self::paths(events, layouts, t)?;
        self.weigh(events, &mut paths, &radial, layouts.features[t].dim())?;
        Ok(Layer {
            input: input.clone(),
            self_connection,
            linear_1,
            source_scale: Vec::new(),
            radial,
            paths,
            linear_2: layout::by_copies(&maps.after, &message.joined(), sum)?,
            message: message.clone(),
            gate,
            residual: false,
        })
    }

    /// Paths of a layer, with weights of one.
    fn paths(events: &LayerEvents, layouts: &Layouts, t: usize) -> Result<Vec<Path>> {
        let features = &layouts.features[t];
        let offsets = features.offsets();
        let mut out = Vec::new();
        for path in &events.paths {
            let block = (0..features.0.len())
                .find(|&b| (offsets[b], offsets[b + 1]) == path.features && features.0[b].mul > 0);
            let channels = path.weights.1 - path.weights.0;
            let l2 = (path.harmonics.0 as f64).sqrt() as usize;
            let fits = |b: &usize| features.0[*b].mul == channels;
            let block = block.filter(fits).ok_or_else(|| other("paths"))?;
            if path.harmonics != (l2 * l2, (l2 + 1) * (l2 + 1)) {
                return Err(other("paths"));
            }
            out.push(Path {
                input: block,
                l1: features.0[block].irrep.l,
                l2,
                l3: (path.message.1 / channels - 1) / 2,
                channels,
                weight_offset: path.weights.0,
                message_offset: path.message.0,
                weight: 1.0,
            });
        }
        Ok(out)
    }

    /// Finds the weights of paths: compares the messages of the code with those of weight one.
    fn weigh(
        &self,
        events: &LayerEvents,
        paths: &mut [Path],
        radial: &Mlp,
        width: usize,
    ) -> Result<()> {
        const ATOMS: usize = 2;
        let edges = Edges::spread(ATOMS, 6, self.model.cutoff);
        let value = |k: usize| ((k + 1) as f64 * 0.618_034).fract() - 0.45;
        let data: Vec<f64> = (0..ATOMS * width).map(value).collect();
        let replaced = HashMap::from([(events.before, data.clone())]);
        let found = self
            .model
            .ask(&[0; ATOMS], &edges, replaced, &[events.message])?;
        let found = found
            .get(&events.message)
            .filter(|t| t.shape == [ATOMS, events.widths[1]]);
        let found = found.ok_or_else(|| other("messages"))?;
        let mut denominator = None;
        // the path of scalars alone has no sign and no table; it comes first
        let mut order: Vec<usize> = (0..paths.len()).collect();
        order.sort_by_key(|&q| paths[q].l1 + paths[q].l2 + paths[q].l3);
        for q in order {
            let events_path = &events.paths[q];
            let path = &mut paths[q];
            let expected = self.message(path, events_path.features.0, radial, &data, width, &edges);
            let (start, length) = events_path.message;
            let rows = found.data.chunks_exact(events.widths[1].max(1));
            let given: Vec<f64> = rows
                .flat_map(|row| row[start..start + length].to_vec())
                .collect();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
            let size = dot(&expected, &expected);
            let ratio = dot(&expected, &given) / size;
            let rest: f64 = given
                .iter()
                .zip(&expected)
                .map(|(g, e)| (g - ratio * e).powi(2))
                .sum();
            if !(size > 0.0 && ratio.is_finite()) || rest > 1e-10 * dot(&given, &given) {
                return Err(other("messages"));
            }
            let degree = ((2 * path.l3 + 1) as f64).sqrt();
            let one = *denominator.get_or_insert(ratio / degree);
            let weight = one * degree;
            if (ratio.abs() / weight.abs() - 1.0).abs() > 1e-5 {
                return Err(other("messages"));
            }
            let direction = if path.l2 % 2 == 1 { -1.0 } else { 1.0 };
            path.weight = weight.abs() * ratio.signum() * direction;
        }
        Ok(())
    }

    /// Messages of a path of weight one, \[atom\]\[u\]\[m3\], of edge vectors as SevenNet has them.
    fn message(
        &self,
        path: &Path,
        first: usize,
        radial: &Mlp,
        features: &[f64],
        width: usize,
        edges: &Edges,
    ) -> Vec<f64> {
        let symbol = wigner_3j(path.l1, path.l2, path.l3);
        let (d1, d3) = (2 * path.l1 + 1, 2 * path.l3 + 1);
        let length = path.channels * d3;
        let mut out = vec![0.0; features.len() / width.max(1) * length];
        for (e, vector) in edges.vector.iter().enumerate() {
            let r = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            let y = sphere::harmonics(path.l2, vector.map(|x| x / r));
            let solid = match self.functions.solid {
                true => r.powi(path.l2 as i32),
                false => 1.0,
            };
            let basis = radial::inputs(&self.functions.radial, [0, 0], Dual::constant(r)).basis;
            let weights = radial::net(radial, &basis);
            let x = &features[edges.sender[e] * width..];
            for u in 0..path.channels {
                let weight = weights[path.weight_offset + u].value * solid;
                for &([a, b, c], w) in &symbol {
                    let at = edges.receiver[e] * length + u * d3 + c;
                    out[at] += w * weight * x[first + u * d1 + a] * y[path.l2 * path.l2 + b];
                }
            }
        }
        out
    }

    fn readout(&self, sections: &Sections<'_>) -> Result<Readout> {
        let (event, chain) = &self.survey.readout;
        if let Some(steps) = chain {
            let net = perceptron(steps)?;
            return Ok(Readout { start: 0, net });
        }
        let Some(last) = self.survey.layers.last() else {
            return Err(other("no layers"));
        };
        let question = LinearQuestion {
            from: last.gate,
            width: last.widths[3],
            columns: (0..last.widths[3]).collect(),
            to: *event,
        };
        let answer = sections.linear(&question)?;
        if answer.constant.len() != 1 {
            return Err(other("a readout"));
        }
        let read: Vec<bool> = answer.rows.iter().map(|row| row[0] != 0.0).collect();
        let start = read.iter().position(|r| *r).unwrap_or(0);
        let end = read.iter().rposition(|r| *r).map_or(read.len(), |k| k + 1);
        Ok(Readout {
            start,
            net: Mlp {
                inputs: end - start,
                outputs: 1,
                layers: vec![MlpLayer::Dense {
                    inputs: end - start,
                    outputs: 1,
                    weight: answer.rows[start..end].concat(),
                    bias: answer.constant,
                }],
            },
        })
    }

    fn scale_and_shift(&self, species: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let all: Vec<usize> = (0..species).collect();
        let edges = Edges::spread(1, 1, self.model.cutoff);
        let (event, energy) = (self.survey.readout.0, self.survey.energy);
        let at = |x: f64| -> Result<Vec<f64>> {
            let replaced = HashMap::from([(event, vec![x; species])]);
            let found = self.model.ask(&all, &edges, replaced, &[energy])?;
            match found.get(&energy) {
                Some(energies) if energies.data.len() == species => Ok(energies.data.to_vec()),
                _ => Err(other("energies")),
            }
        };
        let (shift, one) = (at(0.0)?, at(1.0)?);
        let scale = one.iter().zip(&shift).map(|(a, b)| a - b).collect();
        Ok((scale, shift))
    }

    /// Compares the energies of a cluster with those of the file's code.
    fn compare(&self, network: &Network) -> Result<()> {
        const ATOMS: usize = 5;
        let species: Vec<usize> = (0..ATOMS).map(|k| k * 7 % network.species()).collect();
        let edges = Edges::spread(ATOMS, 18, self.model.cutoff);
        let energy = self.survey.energy;
        let found = self
            .model
            .ask(&species, &edges, HashMap::new(), &[energy])?;
        let expected = found.get(&energy).ok_or_else(|| other("energies"))?;
        let of = |list: &[usize]| list.iter().map(|&k| k as u32).collect::<Vec<_>>();
        let z: Vec<u16> = species.iter().map(|&z| z as u16).collect();
        let (receiver, sender) = (of(&edges.receiver), of(&edges.sender));
        let vector: Vec<[f64; 3]> = edges.vector.iter().map(|v| v.map(|x| -x)).collect();
        let list = EdgeList {
            species: &z,
            receiver: &receiver,
            sender: &sender,
            vector: &vector,
        };
        let own = reference::evaluate(network, &list).node_energy;
        for ((a, b), &z) in own.iter().zip(expected.data.iter()).zip(&species) {
            let scale = 1.0 + (b - network.shift[z]).abs() + network.scale[z].abs();
            if (a - b).is_nan() || (a - b).abs() >= 1e-5 * scale {
                return Err(other("energies"));
            }
        }
        Ok(())
    }
}

/// The first component of every copy of the messages; the others have the same weights.
fn copies(layer: &LayerEvents) -> Result<Vec<usize>> {
    let mut out = Vec::new();
    for path in &layer.paths {
        let channels = path.weights.1 - path.weights.0;
        if channels == 0 || !path.message.1.is_multiple_of(channels) {
            return Err(other("paths"));
        }
        let dim = path.message.1 / channels;
        out.extend((0..channels).map(|u| path.message.0 + u * dim));
    }
    Ok(out)
}
