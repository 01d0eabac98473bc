//! Finds the layers of a frozen model: the order in which its code puts values into its dict, and
//! on what each of them depends.
//! Imports siblings and the model error.

use std::rc::Rc;

use super::evaluate::Watch;
use super::probe::{Edges, Frozen};
use super::tensor::{Column, Source, Step, Tensor, Trace};
use crate::ml::error::{ModelError, Result};

/// Most layers.
const MAX_LAYERS: usize = 64;

/// What was put into the dict at one place of the code.
#[derive(Debug)]
pub struct Event {
    /// Number of the event.
    pub number: usize,
    /// Key.
    pub key: String,
    /// Columns.
    pub width: usize,
    /// Origin.
    pub trace: Trace,
}

/// One path of a convolution.
#[derive(Debug, Clone)]
pub struct PartPath {
    /// Columns of the features.
    pub features: (usize, usize),
    /// Columns of the harmonics.
    pub harmonics: (usize, usize),
    /// Columns of the radial weights.
    pub weights: (usize, usize),
    /// First column of the message, and their number.
    pub message: (usize, usize),
}

/// Places of one layer; numbers of events.
#[derive(Debug)]
pub struct LayerEvents {
    /// The features that enter.
    pub input: usize,
    /// The self-connection.
    pub connection: usize,
    /// Whether it depends on the species.
    pub by_species: bool,
    /// The features before the convolution.
    pub before: usize,
    /// The messages.
    pub message: usize,
    /// The features after the second linear map.
    pub after: usize,
    /// The sum with the self-connection, which is what the gate takes.
    pub sum: usize,
    /// What the gate gives.
    pub gate: usize,
    /// Columns of the features that enter, of the messages, of the gate's input and output.
    pub widths: [usize; 4],
    /// Paths of the convolution.
    pub paths: Vec<PartPath>,
    /// The radial network.
    pub radial: Rc<Vec<Step>>,
}

/// Places of the whole model; numbers of events.
#[derive(Debug)]
pub struct Survey {
    /// Radial basis, with its width.
    pub basis: (usize, usize),
    /// Spherical harmonics, with their width.
    pub harmonics: (usize, usize),
    /// The layers.
    pub layers: Vec<LayerEvents>,
    /// The output of the readout, and its perceptron where it is one.
    pub readout: (usize, Option<Rc<Vec<Step>>>),
    /// The energies of the atoms.
    pub energy: usize,
}

struct Surveyor<'e> {
    edges: &'e Edges,
    events: Vec<Event>,
}

impl Watch for Surveyor<'_> {
    fn put(&mut self, event: usize, key: &str, value: Tensor) -> Result<Option<Tensor>> {
        let width = value.width();
        let trace = value.trace.clone();
        self.events.push(Event {
            number: event,
            key: key.to_owned(),
            width,
            trace,
        });
        Ok(match key {
            "edge_vec" => Some(self.edges.vectors()?),
            "edge_embedding" => Some(value.traced(Trace::of(Source::Radial, width))),
            "edge_attr" => Some(value.traced(Trace::of(Source::Harmonics, width))),
            "node_attr" => Some(value.traced(Trace::of(Source::Species, width))),
            "self_cont_tmp" => Some(value.traced(Trace::of(Source::SelfConnection, width))),
            "x" => Some(value.traced(Trace::of(Source::Features, width))),
            "atomic_energy" => None,
            _ => Some(value.traced(Trace::default())),
        })
    }
}

/// Looks through the code of a model.
///
/// # Errors
/// Where it has another structure than SevenNet's.
pub fn survey(model: &Frozen) -> Result<Survey> {
    let edges = Edges::spread(2, 2, model.cutoff);
    let mut watch = Surveyor {
        edges: &edges,
        events: Vec::new(),
    };
    model.run(&[0, 0], &edges, &mut watch)?;
    let events = watch.events;
    let first = |key: &str| {
        let found = events.iter().find(|e| e.key == key);
        found.ok_or_else(|| other(&format!("`{key}` is never set")))
    };
    if model.part && events.iter().all(|e| e.key != "atomic_energy") {
        return Err(ModelError::unsupported(
            "the file is a part of a model deployed for several ranks, which needs all its parts: \
             pair_style e3gnn/parallel with pair_coeff * * N FOLDER, or the checkpoint",
        ));
    }
    let (basis, harmonics) = (first("edge_embedding")?, first("edge_attr")?);
    let readout = first("scaled_atomic_energy")?;
    let energy = first("atomic_energy")?.number;
    let chain = readout.trace.chain.clone();
    let dense = |steps: &Rc<Vec<Step>>| steps.iter().any(|s| matches!(s, Step::Dense(..)));
    Ok(Survey {
        basis: (basis.number, basis.width),
        harmonics: (harmonics.number, harmonics.width),
        layers: layers(&events)?,
        readout: (readout.number, chain.filter(dense)),
        energy,
    })
}

fn other(what: &str) -> ModelError {
    ModelError::unsupported(format!(
        "the deployed model has another structure than SevenNet's ({what}); give argyro the \
         checkpoint that it was deployed from"
    ))
}

fn layers(events: &[Event]) -> Result<Vec<LayerEvents>> {
    let features: Vec<&Event> = events
        .iter()
        .filter(|e| e.key == "x" || e.key == "self_cont_tmp")
        .collect();
    let connections = |e: &&Event| e.key == "self_cont_tmp";
    let starts: Vec<usize> = (0..features.len())
        .filter(|&k| connections(&features[k]))
        .collect();
    if starts.is_empty() || starts.len() > MAX_LAYERS {
        return Err(other(&format!("{} layers", starts.len())));
    }
    starts.iter().map(|&at| layer(&features, at)).collect()
}

/// The layer whose self-connection is at `start`.
fn layer(features: &[&Event], start: usize) -> Result<LayerEvents> {
    let find = |from: usize, source: Source, what: &str| {
        let tail = features.iter().enumerate().skip(from);
        let found = tail
            .take_while(|(_, e)| e.key == "x")
            .find(|(_, e)| e.trace.has(source));
        found.map(|(k, _)| k).ok_or_else(|| other(what))
    };
    let message = find(start + 1, Source::Harmonics, "a layer without convolution")?;
    let sum = find(
        message + 1,
        Source::SelfConnection,
        "a layer without self-connection",
    )?;
    let Some(gate) = features.get(sum + 1).filter(|e| e.key == "x") else {
        return Err(other("a layer without gate"));
    };
    if start == 0 || message < start + 2 || sum < message + 2 {
        return Err(other("a layer without linear maps"));
    }
    let input = features[start - 1];
    let convolution = features[message];
    let radial = convolution.trace.weights.clone();
    Ok(LayerEvents {
        input: input.number,
        connection: features[start].number,
        by_species: features[start].trace.has(Source::Species),
        before: features[message - 1].number,
        message: convolution.number,
        after: features[sum - 1].number,
        sum: features[sum].number,
        gate: gate.number,
        widths: [
            input.width,
            convolution.width,
            features[sum].width,
            gate.width,
        ],
        paths: paths(convolution)?,
        radial: radial.ok_or_else(|| other("radial weights of another form"))?,
    })
}

fn paths(convolution: &Event) -> Result<Vec<PartPath>> {
    let trace = &convolution.trace;
    let single = vec![(convolution.width, trace.sources.clone())];
    let parts = trace.parts.as_ref().map_or(&single, |parts| &**parts);
    let mut start = 0;
    let mut out = Vec::new();
    for (width, sources) in parts {
        let range = |source: Source| columns(sources, source);
        if *width > 0 {
            out.push(PartPath {
                features: range(Source::Features)?,
                harmonics: range(Source::Harmonics)?,
                weights: range(Source::Radial)?,
                message: (start, *width),
            });
        }
        start += width;
    }
    if start != convolution.width {
        return Err(other("messages of another form"));
    }
    Ok(out)
}

fn columns(sources: &[Column], source: Source) -> Result<(usize, usize)> {
    let found = sources.iter().find(|(s, _)| *s == source);
    found
        .and_then(|(_, range)| *range)
        .ok_or_else(|| other("a convolution of another form"))
}
