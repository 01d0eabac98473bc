//! NequIP 0.7 and later as a checkpoint (`.ckpt`): arrays by name and the settings of the model
//! builder. The layouts are derived from the settings as the builder derives them
//! (nequip/model/nequip_models.py, nn/convnetlayer.py, nn/interaction_block.py).

use super::layers::{dense, plain};
use super::parts;
use super::state::State;
use crate::ml::activation::{Activation, Function};
use crate::ml::e3nn::wigner_sign::WignerSigns;
use crate::ml::e3nn::{activation, rules, scalars};
use crate::ml::equivariant::model::{Gate, Layer, Network, Readout, SelfConnection};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::{Mlp, MlpLayer, Stored};

/// Degrees above this are refused before anything is built from them.
const MAX_L: usize = 11;

/// The network of a checkpoint.
pub fn load(file: &TorchFile) -> Result<Network> {
    let root = Node::root(file);
    let settings = Settings::find(&root.child("hyper_parameters")?)?;
    let trainable = |name: &str| settings.is_parameter(name);
    let state = State::new(&root.child("state_dict")?, trainable)?;
    Builder { settings, state }.build()
}

/// Settings of the model builder.
struct Settings<'t> {
    model: Node<'t>,
    /// Builder function.
    target: String,
    /// Program and version.
    origin: String,
    /// True from 0.16 on, where features are ordered by degree and parity is natural without
    /// `parity`.
    by_degree: bool,
    e3nn: String,
}

impl<'t> Settings<'t> {
    fn find(hyper: &Node<'t>) -> Result<Settings<'t>> {
        let mut model = hyper.child("model")?;
        let mut target = String::new();
        // modifiers wrap the model's own settings
        for _ in 0..8 {
            target = model.child("_target_")?.text()?.to_owned();
            match model.some("model") {
                Some(inner) => model = inner,
                None => break,
            }
        }
        let target = target.rsplit('.').next().unwrap_or_default().to_owned();
        if target.contains("Allegro") {
            return Err(ModelError::unsupported(
                "the file is an Allegro checkpoint, which argyro does not evaluate; package it \
                 (`nequip-package build NAME.ckpt NAME.nequip.zip`)",
            ));
        }
        let known = [
            "NequIPGNNModel",
            "FullNequIPGNNModel",
            "PresetNequIPGNNModel",
            "NequIPGNNEnergyModel",
            "FullNequIPGNNEnergyModel",
        ];
        if !known.contains(&target.as_str()) {
            return Err(ModelError::unsupported(format!(
                "the checkpoint's model is made by {target}, which does not tell its architecture; \
                 package it (`nequip-package build NAME.ckpt NAME.nequip.zip`)"
            )));
        }
        let version = |name: &str| -> String {
            let node = hyper.get("info_dict").and_then(|n| n.get("versions"));
            let node = node.and_then(|n| n.get(name));
            let text = node.and_then(|n| n.text().ok().map(str::to_owned));
            text.unwrap_or_default()
        };
        let nequip = version("nequip");
        Ok(Settings {
            by_degree: at_least(&nequip, 16),
            origin: format!("NequIP {nequip}").trim_end().to_owned(),
            e3nn: version("e3nn"),
            model,
            target,
        })
    }

    /// True for builders whose settings give the layouts themselves.
    fn is_full(&self) -> bool {
        self.target.starts_with("Full")
    }

    fn number(&self, name: &str) -> Result<Option<f64>> {
        self.model.some(name).map(|n| n.number()).transpose()
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool> {
        let flag = self.model.some(name).map(|n| n.flag()).transpose()?;
        Ok(flag.unwrap_or(default))
    }

    fn is_parameter(&self, name: &str) -> bool {
        let set = |key: &str| self.flag(key, false).unwrap_or(false);
        match name {
            "bessel_encode.bessel_weights" => set("bessel_trainable"),
            "per_type_energy_scale_shift.scales" => set("per_type_energy_scales_trainable"),
            "per_type_energy_scale_shift.shifts" => set("per_type_energy_shifts_trainable"),
            _ => false,
        }
    }

    /// Names of the presets, their layers, degree and channels (nequip >= 0.18).
    fn preset(&self) -> Result<Option<(usize, usize, &'static [usize])>> {
        if self.target != "PresetNequIPGNNModel" {
            return Ok(None);
        }
        let name = self.model.child("preset")?;
        Ok(Some(match name.text()?.to_ascii_uppercase().as_str() {
            "S" => (2, 1, &[128, 64]),
            "M" => (4, 2, &[128, 64, 32]),
            "L" => (6, 3, &[128, 64, 32, 32]),
            "XL" => (6, 4, &[320, 96, 64, 32, 32]),
            other => return Err(name.error(format!("the preset {other} is not known"))),
        }))
    }

    /// Harmonics, and the layout that each layer may keep.
    fn layouts(&self) -> Result<(Irreps, Vec<Irreps>)> {
        if self.is_full() {
            return self.full_layouts();
        }
        let preset = self.preset()?;
        let count = |name: &str, preset: Option<usize>, default: usize| -> Result<usize> {
            match self.model.some(name) {
                Some(node) => node.count(),
                None => Ok(preset.unwrap_or(default)),
            }
        };
        let layers = count("num_layers", preset.map(|p| p.0), 4)?;
        let l_max = count("l_max", preset.map(|p| p.1), 1)?;
        if !(1..=parts::MAX_LAYERS).contains(&layers) || l_max > MAX_L {
            return Err(self
                .model
                .error(format!("{layers} layers of degree {l_max}")));
        }
        let parity = self.flag("parity", preset.is_none())?;
        let channels = match self.model.some("num_features") {
            Some(node) if node.number().is_ok() => vec![node.count()?; l_max + 1],
            Some(node) => {
                let each = node.elements()?;
                each.iter().map(Node::count).collect::<Result<_>>()?
            }
            None => match preset {
                Some((_, _, channels)) => channels.to_vec(),
                None => vec![32; l_max + 1],
            },
        };
        if channels.len() != l_max + 1 || channels.iter().any(|&n| n > 1 << 16) {
            return Err(self.model.error("`num_features` does not fit `l_max`"));
        }
        let degrees = 0..=l_max;
        let even = !parity && !self.by_degree;
        let irrep = |l: usize| match even {
            true => Irrep { l, odd: false },
            false => Irrep::spherical(l),
        };
        let block = |irrep: Irrep| Block {
            mul: channels[irrep.l],
            irrep,
        };
        let both = |l: usize| [false, true].map(|odd| block(Irrep { l, odd }));
        let hidden: Vec<Block> = match (parity, self.by_degree) {
            (false, _) => degrees.clone().map(|l| block(irrep(l))).collect(),
            (true, true) => degrees.clone().flat_map(both).collect(),
            (true, false) => [0, 1]
                .into_iter()
                .flat_map(|p| degrees.clone().map(move |l| (l, p)))
                .map(|(l, p)| both(l)[p])
                .collect(),
        };
        let mut all = vec![Irreps(hidden); layers - 1];
        all.push(scalars(channels[0]));
        let one = |l: usize| Block {
            mul: 1,
            irrep: irrep(l),
        };
        Ok((Irreps(degrees.map(one).collect()), all))
    }

    fn full_layouts(&self) -> Result<(Irreps, Vec<Irreps>)> {
        let edge = self.model.child("irreps_edge_sh")?;
        let harmonics = match edge.count() {
            Ok(l) if l > MAX_L => return Err(edge.error(format!("degree {l}"))),
            Ok(l) => Irreps(
                (0..=l)
                    .map(|l| Block {
                        mul: 1,
                        irrep: Irrep::spherical(l),
                    })
                    .collect(),
            ),
            Err(_) => crate::ml::e3nn::irreps(&edge)?,
        };
        let hidden = self.model.child("feature_irreps_hidden")?.elements()?;
        if !(1..=parts::MAX_LAYERS).contains(&hidden.len()) {
            return Err(self.model.error("no layers"));
        }
        let hidden = hidden.iter().map(crate::ml::e3nn::irreps);
        Ok((harmonics, hidden.collect::<Result<_>>()?))
    }

    /// Activation of scalars or gates of a parity.
    fn nonlinearity(&self, of: &str, odd: bool) -> Result<Activation> {
        let (key, default) = if odd { ("o", "tanh") } else { ("e", "silu") };
        let map = self.model.some(&format!("convnet_nonlinearity_{of}"));
        match map.and_then(|map| map.some(key)) {
            Some(name) => activation::named(name.text()?),
            None => activation::named(default),
        }
    }
}

/// True where a version 0.MINOR.x is at least 0.`minor`, or newer than 0; true for no version.
fn at_least(version: &str, minor: u32) -> bool {
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(0), Some(n)) => n >= minor,
        _ => true,
    }
}

struct Builder<'t> {
    settings: Settings<'t>,
    state: State<'t>,
}

impl Builder<'_> {
    fn build(self) -> Result<Network> {
        let model = &self.settings.model;
        for name in ["categorical_graph_field_embed"] {
            if model
                .some(name)
                .is_some_and(|n| n.elements().is_ok_and(|e| !e.is_empty()))
            {
                return Err(ModelError::unsupported(format!(
                    "the model takes inputs beside the structure (`{name}`)"
                )));
            }
        }
        let names = model.child("type_names")?.elements()?;
        let names = names.iter().map(|n| n.text().map(str::to_owned));
        let names = parts::type_names(names.collect::<Result<_>>()?)?;
        let species = names.len();
        let embedding = self.state.array("type_embed.embed_module.weight")?;
        if embedding.shape.first() != Some(&species) || embedding.shape.len() != 2 {
            return Err(model.error(format!("{:?} weights of {species} types", embedding.shape)));
        }
        let r_max = model.child("r_max")?.number()?;
        let reciprocals = self.state.array("edge_norm._rmax_recip")?.data;
        let (harmonics, hidden) = self.settings.layouts()?;
        let constants = |name: &str, default| -> Result<Vec<f64>> {
            let name = format!("per_type_energy_scale_shift.{name}");
            parts::per_species(&self.state.data_or_empty(&name)?, default, species)
        };
        let p = self.settings.number("polynomial_cutoff_p")?.unwrap_or(6.0);
        let mut network = Network {
            origin: self.settings.origin.clone(),
            atomic_numbers: parts::atomic_numbers(&names),
            r_max,
            pair_cutoffs: parts::pair_cutoffs(&reciprocals, r_max, species)?,
            stored: match embedding.dtype {
                DType::F64 => Stored::Double,
                _ => Stored::Single,
            },
            l_max: parts::l_max(&harmonics)?,
            solid_harmonics: false,
            radial: parts::radial(
                r_max,
                2.0 * std::f64::consts::PI / (r_max * r_max),
                &self.state.array("bessel_encode.bessel_weights")?.data,
                p,
            ),
            layers: self.layers(&names, &embedding.data, &harmonics, &hidden)?,
            embedding: embedding.data,
            readout: Readout {
                start: 0,
                net: self.readout()?,
            },
            scale: constants("scales", 1.0)?,
            shift: constants("shifts", 0.0)?,
            repulsion: None,
            type_names: names,
        };
        self.repulsion(&mut network)?;
        Ok(network)
    }

    fn layers(
        &self,
        names: &[String],
        attributes: &[f64],
        harmonics: &Irreps,
        hidden: &[Irreps],
    ) -> Result<Vec<Layer>> {
        let mut features = scalars(attributes.len() / names.len());
        let mut layers = Vec::new();
        for (t, hidden) in hidden.iter().enumerate() {
            let layer = self.layer(t, names, attributes, harmonics, hidden, &features)?;
            features = layer.gate.output.clone();
            layers.push(layer);
        }
        Ok(layers)
    }

    fn layer(
        &self,
        t: usize,
        names: &[String],
        attributes: &[f64],
        harmonics: &Irreps,
        hidden: &Irreps,
        features: &Irreps,
    ) -> Result<Layer> {
        let gate = self.gate(hidden, harmonics, features)?;
        let sphere: Vec<Irrep> = harmonics.0.iter().map(|b| b.irrep).collect();
        let kept = |irrep: Irrep| gate.input.0.iter().any(|b| b.irrep == irrep);
        let (mut paths, message) =
            rules::tensor_product(features, &sphere, kept, rules::WeightOrder::Loop)?;
        let conv = format!("layer{t}_convnet.conv");
        let product = match self.state.get(&format!("{conv}.tp_scatter.tp.weight")) {
            Some(_) => format!("{conv}.tp_scatter.tp"),
            None => format!("{conv}.tp"),
        };
        parts::couple(&mut paths, &self.signs(&product)?)?;
        let weight = |name: &str| self.state.array(&format!("{conv}.{name}.weight"));
        let self_connection = match self.state.get(&format!("{conv}.sc.weight")) {
            Some(_) => SelfConnection::Species(rules::species_linear(
                features,
                &gate.input,
                &weight("sc")?.data,
                attributes,
                names.len(),
            )?),
            None => SelfConnection::None,
        };
        let resnet = self.settings.flag("convnet_resnet", false)?
            && (t > 0 || self.settings.flag("learnable_shift", false)?)
            && features.joined() == gate.output.joined();
        let mut layer = Layer {
            input: features.clone(),
            self_connection,
            linear_1: rules::linear(features, features, &weight("linear_1")?.data, &[])?,
            source_scale: Vec::new(),
            radial: self.mlp(&format!("{conv}.edge_mlp"), Some("silu"))?,
            paths,
            linear_2: rules::linear(
                &message.joined(),
                &gate.input,
                &weight("linear_2")?.data,
                &[],
            )?,
            message,
            residual: resnet,
            gate,
        };
        parts::normalise(&mut layer, self.norms(names)?);
        Ok(layer)
    }

    /// The gate of what the layer may keep and the tensor product reaches.
    fn gate(&self, hidden: &Irreps, harmonics: &Irreps, features: &Irreps) -> Result<Gate> {
        let kind = self.settings.model.some("convnet_nonlinearity_type");
        if let Some(kind) = kind.map(|n| n.text()).transpose()?
            && kind != "gate"
        {
            return Err(ModelError::unsupported(format!(
                "the non-linearity `{kind}` is not supported; `gate` is"
            )));
        }
        let reached = |to: Irrep| {
            features.0.iter().any(|from| {
                harmonics.0.iter().any(|y| {
                    let (l1, l2) = (from.irrep.l, y.irrep.l);
                    (from.irrep.odd != y.irrep.odd) == to.odd
                        && (l1.abs_diff(l2)..=l1 + l2).contains(&to.l)
                })
            })
        };
        let kept = hidden.0.iter().filter(|b| reached(b.irrep));
        let (plain, gated): (Vec<Block>, Vec<Block>) = kept.partition(|b| b.irrep.l == 0);
        let odd_gates = !reached(Irrep::SCALAR);
        let with = |of: &'static str| {
            move |block: Block| -> Result<(Block, Activation)> {
                Ok((block, self.settings.nonlinearity(of, block.irrep.odd)?))
            }
        };
        let gates = gated.iter().map(|b| Block {
            mul: b.mul,
            irrep: Irrep {
                l: 0,
                odd: odd_gates,
            },
        });
        let plain = plain.into_iter().map(with("scalars"));
        let plain = plain.collect::<Result<Vec<_>>>()?;
        let gates = gates.map(with("gates")).collect::<Result<Vec<_>>>()?;
        rules::gate(&plain, &gates, &Irreps(gated))
    }

    fn signs(&self, product: &str) -> Result<WignerSigns> {
        let mut signs = WignerSigns::of_version(&self.settings.e3nn);
        let tables = format!("{product}._compiled_main_left_right.");
        for name in self.state.names() {
            if let Some(table) = name.strip_prefix(&tables)
                && table.starts_with("_w3j_")
            {
                signs.add_table(table, &self.state.array(name)?.data)?;
            }
        }
        Ok(signs)
    }

    fn norms(&self, names: &[String]) -> Result<Vec<f64>> {
        let Some(node) = self.settings.model.some("avg_num_neighbors") else {
            return Ok(vec![1.0]);
        };
        let norm = |node: &Node| -> Result<f64> {
            match node.number()? {
                n if n > 0.0 => Ok(1.0 / n.sqrt()),
                n => Err(node.error(format!("{n} neighbours"))),
            }
        };
        if node.number().is_ok() {
            return Ok(vec![norm(&node)?]);
        }
        names.iter().map(|name| norm(&node.child(name)?)).collect()
    }

    fn readout(&self) -> Result<Mlp> {
        let node = self.settings.model.get("readout_mlp_nonlinearity");
        let name = match &node {
            Some(node) => node.text().ok(),
            None => Some("silu"),
        };
        self.mlp("per_atom_energy_readout.mlp_module", name)
    }

    /// `ScalarMLPFunction` with the activation of this name (None: Python's None). Its factors are
    /// 1/sqrt(inputs), times sqrt(2) after the first layer where there is an activation.
    fn mlp(&self, module: &str, nonlinearity: Option<&str>) -> Result<Mlp> {
        let act = match nonlinearity {
            None => None,
            Some("None" | "null") => Some(Activation {
                function: Function::Identity,
                factor: 1.0,
            }),
            Some(name) => Some(plain(name)?),
        };
        let mut layers = Vec::new();
        for k in 0..parts::MAX_LAYERS {
            // activations count in the sequence; a network without them has a list of weights
            let step = if act.is_some() { 2 * k } else { k };
            let names = [
                format!("{module}.mlp.{step}.weight"),
                format!("{module}.mlp.weights.{k}"),
            ];
            let Some(weight) = names.iter().find_map(|name| self.state.get(name)) else {
                break;
            };
            let inputs = weight.array()?.shape.first().copied().unwrap_or(1);
            let gain = if k > 0 && act.is_some() { 2.0 } else { 1.0 };
            let alpha = (gain / inputs.max(1) as f64).sqrt();
            if let (true, Some(act)) = (k > 0, act) {
                layers.push(MlpLayer::Activation(act));
            }
            let bias = self.state.get(&format!("{module}.mlp.{step}.bias"));
            layers.push(dense(weight, alpha, bias.cloned())?);
        }
        Mlp::new(layers).ok_or_else(|| {
            ModelError::malformed(format!("the layers of {module} do not fit together"))
        })
    }

    fn repulsion(&self, network: &mut Network) -> Result<()> {
        let Some(node) = self.settings.model.some("pair_potential") else {
            return Ok(());
        };
        let target = node.child("_target_")?.text()?;
        if target.rsplit('.').next() != Some("ZBL") {
            return Err(ModelError::unsupported(format!(
                "the pair potential {target} is not supported; ZBL is"
            )));
        }
        let numbers = self.state.node("pair_potential.atomic_numbers")?;
        let numbers = numbers.array_of(&[network.species()])?;
        parts::fill_numbers(&mut network.atomic_numbers, &numbers);
        let charge = self.state.node("pair_potential._qqr2exesquare")?.number()?;
        let p = node.some("polynomial_cutoff_p").map(|n| n.number());
        let p = p.transpose()?.unwrap_or(6.0);
        let cutoff = |i, j| network.cutoff(i, j);
        network.repulsion = Some(parts::zbl(&numbers, charge, p, cutoff));
        Ok(())
    }
}
