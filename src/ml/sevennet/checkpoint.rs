//! Reads a SevenNet checkpoint (`checkpoint_*.pth`): settings and bare weights.
//!
//! The layout of the weights follows from the settings by e3nn's rules ([`crate::ml::e3nn::rules`])
//! and from the version: before 0.11 the radial weights stand in the order of the loops over
//! paths, since then in the order of the messages; before April 2024 names were spelled with spaces.
//! The sign of Wigner symbols comes from the tables in the file.
//! Imports the formats, e3nn's rules, the network description.

use std::collections::HashMap;

use super::config::{Config, SelfConnectionKind};
use super::modality::{self, with_modality};
use crate::ml::activation::Activation;
use crate::ml::e3nn::rules::{self, WeightOrder};
use crate::ml::e3nn::scalars;
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::equivariant::check::check;
use crate::ml::equivariant::model::{Gate, Layer, Network, Readout, SelfConnection};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Linear, Mlp, MlpLayer, Path, Stored};
use crate::ml::radial::form::{DistanceTransform, RadialBasis, RadialEmbedding};

/// Most tensors of a checkpoint.
const MAX_TENSORS: usize = 1 << 14;

/// Reads a checkpoint.
///
/// `modality` chooses the modality of a model trained on several; it must be given where there is
/// more than one, and must be absent where there is none.
///
/// # Errors
/// Where the file is damaged, has features that argyro lacks, or the modality is not one of the
/// model's.
pub fn load(file: &TorchFile, modality: Option<&str>) -> Result<Network> {
    let root = Node::root(file);
    let config = Config::read(&root.child("config")?)?;
    let modality = modality::choose(&config.modalities, modality)?;
    let network = Reader {
        state: State::read(&root.child("model_state_dict")?)?,
        modality,
        config: &config,
    }
    .network()?;
    check(&network)?;
    Ok(network)
}

/// Names of the modalities of a checkpoint, empty where it has none.
///
/// # Errors
/// Where the settings are damaged.
pub fn modalities(file: &TorchFile) -> Result<Vec<String>> {
    Ok(Config::read(&Node::root(file).child("config")?)?.modalities)
}

/// Tensors by their present-day names.
struct State<'t>(HashMap<String, Node<'t>>);

impl<'t> State<'t> {
    fn read(node: &Node<'t>) -> Result<State<'t>> {
        let keys = node.keys();
        if keys.len() > MAX_TENSORS {
            return Err(node.error(format!("{} tensors are too many", keys.len())));
        }
        let mut state = HashMap::new();
        for key in keys {
            state.insert(current_name(&key), node.child(&key)?);
        }
        Ok(State(state))
    }

    fn get(&self, name: &str) -> Option<&Node<'t>> {
        self.0.get(name)
    }

    fn child(&self, name: &str) -> Result<&Node<'t>> {
        let missing = || ModelError::malformed(format!("the weights `{name}` are missing"));
        self.get(name).ok_or_else(missing)
    }

    /// Elements of a tensor.
    fn data(&self, name: &str) -> Result<Vec<f64>> {
        Ok(self.child(name)?.array()?.data)
    }

    /// Elements of a tensor; none where it is absent.
    fn data_or_none(&self, name: &str) -> Result<Vec<f64>> {
        match self.get(name) {
            Some(node) => Ok(node.array()?.data),
            None => Ok(Vec::new()),
        }
    }
}

/// Present-day spelling of a name: before April 2024 it was `0 convolution.denumerator`.
fn current_name(name: &str) -> String {
    let (module, rest) = name.split_once('.').unwrap_or((name, ""));
    let module = match module {
        "EdgeEmbedding" => "edge_embedding".to_owned(),
        "reducing nn input to hidden" => "reduce_input_to_hidden".to_owned(),
        "reducing nn hidden to energy" => "reduce_hidden_to_energy".to_owned(),
        "rescale atomic energy" => "rescale_atomic_energy".to_owned(),
        other => other.replace(' ', "_"),
    };
    let rest = match rest {
        "denumerator" => "denominator",
        other => other,
    };
    format!("{module}.{rest}")
}

struct Reader<'n, 't> {
    state: State<'t>,
    config: &'n Config,
    /// Index of the modality and their number.
    modality: Option<(usize, usize)>,
}

impl Reader<'_, '_> {
    fn network(&self) -> Result<Network> {
        let config = self.config;
        let species = config.atomic_numbers.len();
        let mut features = config.features(0, &[]);
        let (embedding, stored) = self.embedding(species, &features)?;
        let mut layers = Vec::new();
        for t in 0..config.layers {
            let signs = self.signs(t)?;
            let layer = self
                .layer(t, &features, &signs)
                .map_err(|e| in_layer(t, e))?;
            features = layer.gate.output.clone();
            layers.push(layer);
        }
        let coeffs = self.state.data("edge_embedding.basis_function.coeffs")?;
        Ok(Network {
            origin: format!("SevenNet {}", config.version.0),
            type_names: config.symbols(),
            atomic_numbers: config.atomic_numbers.clone(),
            r_max: config.cutoff,
            pair_cutoffs: Vec::new(),
            stored,
            l_max: config.lmax_edge,
            solid_harmonics: !config.normalize_sph,
            radial: RadialEmbedding {
                basis: RadialBasis::Bessel {
                    prefactor: 2.0 / config.cutoff,
                    weights: coeffs,
                },
                cutoff: config.envelope,
                cutoff_r_max: config.cutoff,
                apply_cutoff: true,
                transform: DistanceTransform::None,
            },
            embedding,
            readout: self.readout(&features)?,
            layers,
            scale: self.per_species("scale", species)?,
            shift: self.per_species("shift", species)?,
            repulsion: None,
        })
    }

    /// Linear map `module.linear` with the chosen modality folded into its bias.
    fn linear(&self, module: &str, modal: bool, input: &Irreps, output: &Irreps) -> Result<Linear> {
        let weight = self.state.data(&format!("{module}.linear.weight"))?;
        let bias = self.state.data_or_none(&format!("{module}.linear.bias"))?;
        let modality = self.modality.filter(|(_, count)| modal && *count > 1);
        with_modality(input, output, &weight, &bias, modality)
            .map_err(|e| ModelError::malformed(format!("{module}: {e}")))
    }

    /// Rows of the species embedding, and the type of the stored weights.
    fn embedding(&self, species: usize, features: &Irreps) -> Result<(Vec<f64>, Stored)> {
        let name = "onehot_to_feature_x";
        if features.scalars() != features.dim() {
            return Err(ModelError::unsupported(format!(
                "the species embedding {features} has parts that are not even scalars"
            )));
        }
        let map = self.linear(
            name,
            self.config.modal.node_embedding,
            &scalars(species),
            features,
        )?;
        let width = features.dim();
        let mut rows = vec![0.0; species * width];
        let offsets = features.offsets();
        for block in &map.blocks {
            let (at, mul) = (offsets[block.output], features.0[block.output].mul);
            for (row, weight) in rows
                .chunks_exact_mut(width.max(1))
                .zip(block.weight.chunks_exact(mul.max(1)))
            {
                row[at..at + mul].copy_from_slice(weight);
            }
        }
        for row in rows.chunks_exact_mut(width.max(1)) {
            row.iter_mut().zip(&map.bias).for_each(|(x, b)| *x += b);
        }
        let dtype = self
            .state
            .child(&format!("{name}.linear.weight"))?
            .array()?
            .dtype;
        let stored = match dtype {
            DType::F64 => Stored::Double,
            _ => Stored::Single,
        };
        Ok((rows, stored))
    }

    /// Signs of the Wigner symbols that the layer was trained with. Files without tables are those
    /// of accelerator libraries, which follow the later convention of e3nn.
    fn signs(&self, t: usize) -> Result<WignerSigns> {
        let mut signs = WignerSigns::of_e3nn_0_5();
        let prefix = format!("{t}_convolution.");
        for (name, node) in &self.state.0 {
            if name.starts_with(&prefix) && name.contains("._w3j_") {
                signs.add_table(name, &node.array()?.data)?;
            }
        }
        Ok(signs)
    }

    fn layer(&self, t: usize, input: &Irreps, signs: &WignerSigns) -> Result<Layer> {
        let config = self.config;
        let radial = self.perceptron(&format!("{t}_convolution.weight_nn"), config.act_radial)?;
        let output = config.features(t + 1, &reachable(input, &config.harmonics()));
        let (mut paths, message) = self.paths(t, input, &output, radial.outputs)?;
        let denominator = self
            .state
            .child(&format!("{t}_convolution.denominator"))?
            .number()?;
        if denominator == 0.0 {
            return Err(ModelError::malformed("the denominator is zero"));
        }
        for path in &mut paths {
            // the edge vector of this crate is the negative of SevenNet's
            let direction = if path.l2 % 2 == 1 { -1.0 } else { 1.0 };
            path.weight *= signs.of([path.l1, path.l2, path.l3])? * direction / denominator;
        }
        let gate = self.gate(&output)?;
        let name = |what: &str| format!("{t}_self_{what}");
        let intro = name("connection_intro");
        let self_connection = match config.self_connection[t] {
            SelfConnectionKind::None => SelfConnection::None,
            SelfConnectionKind::Linear => {
                SelfConnection::Linear(self.linear(&intro, false, input, &gate.input)?)
            }
            SelfConnectionKind::Nequip => {
                let weight = self
                    .state
                    .data(&format!("{intro}.fc_tensor_product.weight"))?;
                let species = config.atomic_numbers.len();
                SelfConnection::Species(rules::species_linear(
                    input,
                    &gate.input,
                    &weight,
                    &rules::identity(species),
                    species,
                )?)
            }
        };
        let modal = config.modal;
        Ok(Layer {
            input: input.clone(),
            self_connection,
            linear_1: self.linear(&name("interaction_1"), modal.self_inter_intro, input, input)?,
            source_scale: Vec::new(),
            radial,
            paths,
            linear_2: self.linear(
                &name("interaction_2"),
                modal.self_inter_outro,
                &message.joined(),
                &gate.input,
            )?,
            message,
            gate,
            residual: false,
        })
    }

    /// Paths of a layer. What degrees of messages are kept depends on the version where the
    /// features are given by hand; the number of radial weights decides.
    fn paths(
        &self,
        t: usize,
        input: &Irreps,
        output: &Irreps,
        columns: usize,
    ) -> Result<(Vec<Path>, Irreps)> {
        let config = self.config;
        let last = t + 1 == config.layers;
        let order = match config.version.1.before(11) {
            true => WeightOrder::Loop,
            false => WeightOrder::Output,
        };
        let of_setting = if last { 0 } else { config.lmax_node };
        let mut limits = [output.l_max(), of_setting];
        if config.version.1.before(10) {
            limits.reverse();
        }
        for limit in limits {
            let keep = |irrep: Irrep| irrep.l <= limit && !(last && irrep.odd);
            let (paths, message) = rules::tensor_product(input, &config.harmonics(), keep, order)?;
            if paths.iter().map(|p| p.channels).sum::<usize>() == columns {
                return Ok((paths, message));
            }
        }
        Err(ModelError::malformed(format!(
            "{columns} radial weights do not belong to the paths of {input}"
        )))
    }

    /// Gate whose output is `features`: scalars are activated, others multiplied by gates, which
    /// are even where there is any even scalar.
    fn gate(&self, features: &Irreps) -> Result<Gate> {
        let act = |table: &[Option<Activation>; 2], odd: bool| {
            let parity = if odd { "odd" } else { "even" };
            table[usize::from(odd)].ok_or_else(|| {
                ModelError::malformed(format!("there is no activation of {parity} scalars"))
            })
        };
        let (mut heads, mut gated) = (Vec::new(), Vec::new());
        for &block in &features.0 {
            if block.irrep.l == 0 {
                heads.push((block, act(&self.config.act_scalar, block.irrep.odd)?));
            } else {
                gated.push(block);
            }
        }
        let odd = !heads.iter().any(|(block, _)| block.irrep == Irrep::SCALAR);
        let mut gates = Vec::new();
        for block in &gated {
            let irrep = Irrep { l: 0, odd };
            let gate = Block {
                mul: block.mul,
                irrep,
            };
            gates.push((gate, act(&self.config.act_gate, odd)?));
        }
        let mut gate = rules::gate(&heads, &gates, &Irreps(gated))?;
        // SevenNet takes the features for what its settings say, whatever activations make of them
        gate.output = features.clone();
        Ok(gate)
    }

    /// e3nn `FullyConnectedNet`: no activation after the last layer.
    fn perceptron(&self, module: &str, activation: Activation) -> Result<Mlp> {
        let mut layers: Vec<MlpLayer> = Vec::new();
        let (mut first, mut width) = (0, 0);
        for k in 0.. {
            let Some(node) = self.state.get(&format!("{module}.layer{k}.weight")) else {
                break;
            };
            let array = node.array()?;
            let [inputs, outputs] = array.shape[..] else {
                return Err(node.error("the weight is no matrix"));
            };
            if k == 0 {
                first = inputs;
            } else {
                layers.push(MlpLayer::Activation(activation));
            }
            let factor = 1.0 / (inputs.max(1) as f64).sqrt();
            layers.push(MlpLayer::Dense {
                inputs,
                outputs,
                weight: array.data.iter().map(|w| w * factor).collect(),
                bias: Vec::new(),
            });
            width = outputs;
        }
        if layers.is_empty() {
            return Err(ModelError::malformed(format!("{module} has no layers")));
        }
        Ok(Mlp {
            inputs: first,
            outputs: width,
            layers,
        })
    }

    fn readout(&self, features: &Irreps) -> Result<Readout> {
        if let Some(activation) = self.config.act_readout {
            let net = self.perceptron("readout_FCN.fcn", activation)?;
            return Ok(Readout { start: 0, net });
        }
        let last = self.state.data("reduce_hidden_to_energy.linear.weight")?;
        let hidden = scalars(last.len());
        let first = self.linear(
            "reduce_input_to_hidden",
            self.config.modal.output_block,
            features,
            &hidden,
        )?;
        let second = self.linear("reduce_hidden_to_energy", false, &hidden, &scalars(1))?;
        let (start, matrix) = scalar_matrix(&first)?;
        let dense =
            |inputs: usize, outputs: usize, weight: Vec<f64>, bias: Vec<f64>| MlpLayer::Dense {
                inputs,
                outputs,
                weight,
                bias,
            };
        let inputs = matrix.len() / last.len().max(1);
        let (_, energies) = scalar_matrix(&second)?;
        Ok(Readout {
            start,
            net: Mlp {
                inputs,
                outputs: 1,
                layers: vec![
                    dense(inputs, last.len(), matrix, first.bias),
                    dense(last.len(), 1, energies, second.bias),
                ],
            },
        })
    }

    /// Scale or shift of the species: one number for all, one each, or one each per modality.
    fn per_species(&self, name: &str, species: usize) -> Result<Vec<f64>> {
        let node = self.state.child(&format!("rescale_atomic_energy.{name}"))?;
        let mut data = node.array()?.data;
        match (data.len(), self.modality) {
            (1, _) => Ok(vec![data[0]; species]),
            (n, _) if n == species => Ok(data),
            (n, Some((index, count))) if n == count * species => {
                Ok(data.drain(index * species..(index + 1) * species).collect())
            }
            (n, _) => Err(node.error(format!("{n} numbers for {species} species"))),
        }
    }
}

fn in_layer(t: usize, error: ModelError) -> ModelError {
    match error {
        ModelError::Malformed(text) => ModelError::Malformed(format!("layer {t}: {text}")),
        other => other,
    }
}

/// Representations in the product of features and harmonics, in order, once each.
fn reachable(features: &Irreps, harmonics: &[Irrep]) -> Vec<Irrep> {
    let mut found: Vec<Irrep> = Vec::new();
    for from in features.0.iter().filter(|b| b.mul > 0) {
        for y in harmonics {
            found.extend(
                (from.irrep.l.abs_diff(y.l)..=from.irrep.l + y.l).map(|l| Irrep {
                    l,
                    odd: from.irrep.odd != y.odd,
                }),
            );
        }
    }
    // odd before even, as e3nn orders them
    found.sort_by_key(|irrep| (irrep.l, !irrep.odd));
    found.dedup();
    found
}

/// Matrix of a map between even scalars, and the first component that it reads.
///
/// # Errors
/// Where the even scalars of the input do not follow each other.
fn scalar_matrix(map: &Linear) -> Result<(usize, Vec<f64>)> {
    let offsets = map.input.offsets();
    let columns = map.output.dim();
    let mut rows = Vec::new();
    let mut start = None;
    for (b, block) in map.input.0.iter().enumerate() {
        if block.irrep != Irrep::SCALAR || block.mul == 0 {
            continue;
        }
        let first = *start.get_or_insert(offsets[b]);
        if first + rows.len() / columns.max(1) != offsets[b] {
            return Err(ModelError::unsupported(format!(
                "the readout takes scalars that do not follow each other in {}",
                map.input
            )));
        }
        let found = map.blocks.iter().find(|linear| linear.input == b);
        match found {
            Some(linear) => rows.extend_from_slice(&linear.weight),
            None => rows.resize(rows.len() + block.mul * columns, 0.0),
        }
    }
    Ok((start.unwrap_or(0), rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_understood() {
        for (old, new) in [
            (
                "EdgeEmbedding.basis_function.coeffs",
                "edge_embedding.basis_function.coeffs",
            ),
            ("0 convolution.denumerator", "0_convolution.denominator"),
            (
                "1_self_interaction_1.linear.weight",
                "1_self_interaction_1.linear.weight",
            ),
            (
                "12 self connection intro.linear.weight",
                "12_self_connection_intro.linear.weight",
            ),
            (
                "reducing nn hidden to energy.linear.bias",
                "reduce_hidden_to_energy.linear.bias",
            ),
            ("rescale atomic energy.shift", "rescale_atomic_energy.shift"),
        ] {
            assert_eq!(current_name(old), new);
        }
    }

    #[test]
    fn representations_are_ordered_as_in_e3nn() {
        let names = |features: &str, harmonics: &[Irrep]| -> Vec<String> {
            let found = reachable(&Irreps::parse(features).unwrap(), harmonics);
            found.iter().map(Irrep::to_string).collect()
        };
        let odd: Vec<Irrep> = (0..=1).map(Irrep::spherical).collect();
        assert_eq!(names("4x0e", &odd), ["0e", "1o"]);
        assert_eq!(names("4x0e+2x1o", &odd), ["0e", "1o", "1e", "2e"]);
        let even = odd.iter().map(|i| Irrep { odd: false, ..*i });
        assert_eq!(
            names("4x0e+2x1e", &even.collect::<Vec<_>>()),
            ["0e", "1e", "2e"]
        );
    }
}
