//! A frozen model as something to be asked: what does a section of its code make of given features?
//! Imports siblings, the formats and the model error.

use std::collections::HashMap;

use super::evaluate::{Inputs, Memory, Program, Watch, evaluate, resume};
use super::operations::Value;
use super::syntax;
use super::tensor::Tensor;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::layers::Stored;

/// Rows of the matrices of one evaluation.
pub const ROWS: usize = 32;

/// The code, constants and metadata of a deployed model.
#[derive(Debug)]
pub struct Frozen {
    /// One program per file.
    pub programs: Vec<Program>,
    /// Chemical symbols in the model's order.
    pub symbols: Vec<String>,
    /// Cutoff radius (Å).
    pub cutoff: f64,
    /// Version of SevenNet.
    pub version: String,
    /// Type of the constants.
    pub stored: Stored,
    /// Whether the first file is a part of a parallel deployment.
    pub part: bool,
}

impl Frozen {
    /// Reads the files of a model: one, or the parts of a parallel deployment in order.
    ///
    /// # Errors
    /// Where a file is damaged or no deployed SevenNet model.
    pub fn read(files: &[TorchFile]) -> Result<Frozen> {
        let Some(first) = files.first() else {
            return Err(ModelError::malformed("a model of no files"));
        };
        let text = |name: &str| -> Result<String> {
            let bytes = first.member(&format!("extra/{name}"))?;
            let missing = || ModelError::malformed(format!("the entry `extra/{name}` is missing"));
            Ok(String::from_utf8_lossy(&bytes.ok_or_else(missing)?)
                .trim()
                .to_owned())
        };
        for accelerator in ["flashTP", "oeq"] {
            if text(accelerator).is_ok_and(|used| used == "yes") {
                return Err(ModelError::unsupported(format!(
                    "the model was deployed for the accelerator library {accelerator}; give argyro \
                     the checkpoint, or deploy it without (`sevenn get_model checkpoint.pth`)"
                )));
            }
        }
        let mut stored = Stored::Single;
        let mut programs = Vec::new();
        for file in files {
            let missing = || ModelError::malformed("the code of the model is missing");
            let code = Node::root(file).source()?.ok_or_else(missing)?;
            let mut constants = Vec::new();
            for constant in file.constants()? {
                constants.push(match constant {
                    Some(array) => {
                        if array.dtype == DType::F64 {
                            stored = Stored::Double;
                        }
                        Some(Tensor::new(array.shape, array.data)?)
                    }
                    None => None,
                });
            }
            programs.push(Program {
                body: syntax::parse(&code)?,
                constants,
            });
        }
        let cutoff = text("cutoff")?
            .parse()
            .ok()
            .filter(|c| (0.1..1000.0).contains(c));
        let symbols = text("chemical_symbols_to_index")?;
        Ok(Frozen {
            programs,
            symbols: symbols.split_whitespace().map(str::to_owned).collect(),
            cutoff: cutoff.ok_or_else(|| ModelError::malformed("the cutoff is no number"))?,
            version: text("version").unwrap_or_default(),
            stored,
            part: first.member("extra/comm_size")?.is_some(),
        })
    }

    /// Evaluates the code for atoms of some species and edges.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn run(
        &self,
        species: &[usize],
        edges: &Edges,
        watch: &mut dyn Watch,
    ) -> Result<Memory<'_>> {
        let n = species.len();
        let column = |values: &[usize]| values.iter().map(|&x| x as f64).collect::<Vec<_>>();
        let index = [column(&edges.receiver), column(&edges.sender)].concat();
        let count = edges.receiver.len();
        let mut inputs = Inputs::new();
        let mut set =
            |key: &str, value: Tensor| inputs.insert(key.to_owned(), Value::Tensor(value));
        set("x", Tensor::new(vec![n], column(species))?);
        set("x_ghost", Tensor::new(vec![0], Vec::new())?);
        set("nlocal", Tensor::new(vec![1], vec![n as f64])?);
        set("edge_index", Tensor::new(vec![2, count], index)?);
        set("edge_vec", edges.vectors()?);
        // models that make the vectors themselves are given them when they put them there
        set("pos", Tensor::filled(vec![n, 3], 0.0)?);
        set("cell_lattice_vectors", Tensor::filled(vec![3, 3], 0.0)?);
        set("cell_volume", Tensor::new(Vec::new(), vec![1.0])?);
        set("pbc_shift", Tensor::filled(vec![count, 3], 0.0)?);
        set("batch", Tensor::filled(vec![n], 0.0)?);
        evaluate(&self.programs, inputs, watch)
    }

    /// Values at the events `wanted` where the features at some events are `replaced`.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn ask(
        &self,
        species: &[usize],
        edges: &Edges,
        replaced: HashMap<usize, Vec<f64>>,
        wanted: &[usize],
    ) -> Result<HashMap<usize, Tensor>> {
        let mut question = Question {
            edges,
            rows: species.len(),
            replaced,
            last: wanted.iter().copied().max().unwrap_or(0),
            wanted,
            answers: HashMap::new(),
        };
        self.run(species, edges, &mut question)?;
        Ok(question.answers)
    }
}

struct Question<'a> {
    edges: &'a Edges,
    rows: usize,
    replaced: HashMap<usize, Vec<f64>>,
    wanted: &'a [usize],
    last: usize,
    answers: HashMap<usize, Tensor>,
}

impl Watch for Question<'_> {
    fn put(&mut self, event: usize, key: &str, value: Tensor) -> Result<Option<Tensor>> {
        if self.wanted.contains(&event) {
            self.answers.insert(event, value.clone());
        }
        if event >= self.last {
            return Ok(None);
        }
        let value = match self.replaced.remove(&event) {
            Some(data) if self.rows > 0 => {
                let width = data.len() / self.rows;
                Tensor::new(vec![self.rows, width], data)?
            }
            _ if key == "edge_vec" => self.edges.vectors()?,
            _ => value,
        };
        Ok(Some(value))
    }
}

/// Edges of a question.
#[derive(Debug, Clone)]
pub struct Edges {
    /// Centres.
    pub receiver: Vec<usize>,
    /// Neighbours.
    pub sender: Vec<usize>,
    /// From centre to neighbour, as SevenNet has it (Å).
    pub vector: Vec<[f64; 3]>,
}

impl Edges {
    /// `count` edges among `atoms` atoms: lengths between a third of the cutoff and the cutoff,
    /// directions without symmetry.
    pub fn spread(atoms: usize, count: usize, cutoff: f64) -> Edges {
        let part = |k: usize, factor: f64| ((k + 1) as f64 * factor).fract();
        let mut edges = Edges {
            receiver: Vec::new(),
            sender: Vec::new(),
            vector: Vec::new(),
        };
        for k in 0..count {
            let cos = 2.0 * part(k, 0.618_034) - 1.0;
            let phi = 6.2 * part(k, 0.414_214);
            let r = cutoff * (0.35 + 0.6 * part(k, 0.732_051));
            let sin = (1.0 - cos * cos).sqrt();
            edges
                .vector
                .push([r * sin * phi.cos(), r * cos, r * sin * phi.sin()]);
            edges.receiver.push(k % atoms);
            edges.sender.push((k + 1 + k / atoms) % atoms);
        }
        edges
    }

    /// The vectors as a matrix.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn vectors(&self) -> Result<Tensor> {
        Tensor::new(vec![self.vector.len(), 3], self.vector.concat())
    }
}

/// What a section of the code makes of features, if it is linear.
#[derive(Debug, Clone)]
pub struct Affine {
    /// Image of each column asked for, without the constant.
    pub rows: Vec<Vec<f64>>,
    /// Image of zero.
    pub constant: Vec<f64>,
}

/// A question for a linear section.
#[derive(Debug, Clone)]
pub struct LinearQuestion {
    /// Event whose features are replaced.
    pub from: usize,
    /// Their number of columns.
    pub width: usize,
    /// Columns whose images are wanted.
    pub columns: Vec<usize>,
    /// Event at which the image is.
    pub to: usize,
}

/// A model evaluated for [`ROWS`] atoms of one species, to ask single sections of its code.
#[derive(Debug)]
pub struct Sections<'m> {
    model: &'m Frozen,
    memory: Memory<'m>,
}

impl<'m> Sections<'m> {
    /// Evaluates the model, up to the event `last`.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn new(model: &'m Frozen, species: usize, last: usize) -> Result<Sections<'m>> {
        let edges = Edges::spread(1, 1, model.cutoff);
        let mut question = Question {
            edges: &edges,
            rows: ROWS,
            replaced: HashMap::new(),
            last,
            wanted: &[],
            answers: HashMap::new(),
        };
        let memory = model.run(&[species; ROWS], &edges, &mut question)?;
        Ok(Sections { model, memory })
    }

    /// What the code between two events makes of features, [`ROWS`] rows.
    ///
    /// # Errors
    /// As [`evaluate`], or where the result has not as many rows.
    pub fn ask(&self, from: usize, features: Vec<f64>, to: usize) -> Result<Tensor> {
        let edges = Edges::spread(1, 1, self.model.cutoff);
        let mut question = Question {
            edges: &edges,
            rows: ROWS,
            replaced: HashMap::new(),
            last: to,
            wanted: &[to],
            answers: HashMap::new(),
        };
        let features = Tensor::new(vec![ROWS, features.len() / ROWS], features)?;
        resume(
            &self.model.programs,
            &self.memory,
            from,
            features,
            &mut question,
        )?;
        let image = question.answers.remove(&to);
        image
            .filter(|t| t.shape.len() == 2 && t.shape[0] == ROWS)
            .ok_or_else(|| ModelError::malformed("a section of the code gives no features"))
    }

    /// Answers a linear question.
    ///
    /// # Errors
    /// As [`Sections::ask`].
    pub fn linear(&self, question: &LinearQuestion) -> Result<Affine> {
        let width = question.width;
        let mut answer = Affine {
            rows: Vec::new(),
            constant: Vec::new(),
        };
        // the last row is zero
        for columns in question.columns.chunks(ROWS - 1) {
            let mut data = vec![0.0; ROWS * width];
            for (row, &column) in data.chunks_exact_mut(width.max(1)).zip(columns) {
                row[column] = 1.0;
            }
            let image = self.ask(question.from, data, question.to)?;
            let length = image.width();
            let constant = &image.data[(ROWS - 1) * length..];
            for row in image.data.chunks_exact(length.max(1)).take(columns.len()) {
                let linear = row.iter().zip(constant).map(|(x, c)| x - c);
                answer.rows.push(linear.collect());
            }
            answer.constant = constant.to_vec();
        }
        Ok(answer)
    }
}
