//! Settings of a SevenNet network, from the `config` of a checkpoint, with what each version of
//! SevenNet takes for settings that are absent.
//! Imports the attribute tree, irreps, activations and the element table.

use crate::elements;
use crate::ml::activation::{Activation, Function};
use crate::ml::e3nn::activation::normalized;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::value::Value;
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::radial::form::Cutoff;

/// Most layers, and most channels of a block.
const MAX_LAYERS: usize = 64;
/// Most species or modalities.
const MAX_ENTRIES: usize = 254;
const MAX_CHANNELS: usize = 1 << 14;

/// Version of SevenNet: major, minor, and whether it is a preliminary one (`.dev0`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Major and minor number.
    pub number: (u32, u32),
    /// `0.11.0.dev0` still wrote the layout of 0.10.
    pub dev: bool,
}

impl Version {
    /// Reads `0.11.2.post1`; None where the text is no version.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim().split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(Version {
            number: (major, minor),
            dev: parts.any(|p| p == "dev0"),
        })
    }

    /// True for versions before this minor number of major version 0.
    pub fn before(self, minor: u32) -> bool {
        self.number < (0, minor) || (self.dev && self.number == (0, minor))
    }
}

/// Kind of the map of an atom's own features in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfConnectionKind {
    /// Tensor product with the one-hot species.
    Nequip,
    /// Linear map.
    Linear,
    /// None.
    None,
}

/// Settings of a network.
#[derive(Debug, Clone)]
pub struct Config {
    /// Version that wrote the file, as it is written and as numbers.
    pub version: (String, Version),
    /// Atomic number of each species, in the model's order.
    pub atomic_numbers: Vec<u8>,
    /// Cutoff radius (Å).
    pub cutoff: f64,
    /// Cutoff function.
    pub envelope: Cutoff,
    /// Channels of every representation where `irreps_manual` is absent.
    pub channel: usize,
    /// Largest degree of the features between layers.
    pub lmax_node: usize,
    /// Largest degree of the spherical harmonics.
    pub lmax_edge: usize,
    /// Whether the representations are of O(3); otherwise all are labelled even.
    pub parity: bool,
    /// Features before the first and after every layer, or None for the rule.
    pub irreps_manual: Option<Vec<Irreps>>,
    /// Number of layers.
    pub layers: usize,
    /// Self-connection of each layer.
    pub self_connection: Vec<SelfConnectionKind>,
    /// Activation of radial networks.
    pub act_radial: Activation,
    /// Activation of even and odd scalars.
    pub act_scalar: [Option<Activation>; 2],
    /// Activation of even and odd gates.
    pub act_gate: [Option<Activation>; 2],
    /// Activation of the readout where it is a network.
    pub act_readout: Option<Activation>,
    /// True for Y(r / |r|), false for the solid harmonics Y(r).
    pub normalize_sph: bool,
    /// Names of the modalities in the order of their indices; empty where the model has none.
    pub modalities: Vec<String>,
    /// Which maps take the modality, by the name of their switch.
    pub modal: ModalSwitches,
}

/// Which parts depend on the modality.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModalSwitches {
    /// The species embedding.
    pub node_embedding: bool,
    /// The linear map before the convolution.
    pub self_inter_intro: bool,
    /// The linear map after the convolution.
    pub self_inter_outro: bool,
    /// The readout.
    pub output_block: bool,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is missing without a default, of a wrong kind, or asks for what argyro lacks.
    pub fn read(node: &Node) -> Result<Config> {
        let version_text = node.child("version")?.text()?.to_owned();
        let version = Version::parse(&version_text)
            .ok_or_else(|| node.error(format!("the version {version_text:?} is no version")))?;
        if let Some(kind) = node.some("interaction_type") {
            let kind = kind.text()?;
            if kind != "nequip" {
                return Err(ModelError::unsupported(format!(
                    "the interaction type `{kind}` of SevenNet is not known; `nequip` is"
                )));
            }
        }
        let layers = node.child("num_convolution_layer")?.count()?;
        if layers == 0 || layers > MAX_LAYERS {
            return Err(node.error(format!("{layers} layers, expected 1 to {MAX_LAYERS}")));
        }
        let channel = node.child("channel")?.count()?;
        if channel > MAX_CHANNELS {
            return Err(node.error(format!("{channel} channels are too many")));
        }
        let lmax = node.child("lmax")?.count()?;
        // version 0.9 takes 0 as a degree, later ones as "not given"
        let degree = |name: &str| -> Result<usize> {
            let own = node.some(name).map(|n| n.number()).transpose()?;
            let least = if version.before(10) { 0.0 } else { 1.0 };
            match own {
                Some(l) if l >= least => node.child(name)?.count(),
                _ => Ok(lmax),
            }
        };
        let readout = match flag(node, "readout_as_fcn", false)? {
            true => Some(activation(&node.child("readout_fcn_activation")?)?),
            false => None,
        };
        let use_modality = flag(node, "use_modality", false)?;
        let config = Config {
            atomic_numbers: type_map(&node.child("_type_map")?)?,
            cutoff: node.child("cutoff")?.number()?,
            envelope: envelope(&node.child("cutoff_function")?)?,
            channel,
            lmax_node: degree("lmax_node")?,
            lmax_edge: degree("lmax_edge")?,
            parity: node.child("is_parity")?.flag()?,
            irreps_manual: irreps_manual(node, layers)?,
            layers,
            self_connection: self_connection(node, layers)?,
            act_radial: activation(&node.child("act_radial")?)?,
            act_scalar: by_parity(node, "act_scalar")?,
            act_gate: by_parity(node, "act_gate")?,
            act_readout: readout,
            normalize_sph: flag(node, "_normalize_sph", !version.before(10))?,
            modalities: match use_modality {
                true => modal_map(&node.child("_modal_map")?)?,
                false => Vec::new(),
            },
            modal: ModalSwitches {
                node_embedding: flag(node, "use_modal_node_embedding", false)?,
                self_inter_intro: flag(node, "use_modal_self_inter_intro", false)?,
                self_inter_outro: flag(node, "use_modal_self_inter_outro", false)?,
                output_block: flag(node, "use_modal_output_block", false)?,
            },
            version: (version_text, version),
        };
        check_basis(&node.child("radial_basis")?)?;
        if config.lmax_edge.max(config.lmax_node) > crate::ml::e3nn::MAX_L {
            return Err(node.error("a degree is too large"));
        }
        Ok(config)
    }

    /// Chemical symbols of the species.
    pub fn symbols(&self) -> Vec<String> {
        let symbol = |&z: &u8| elements::symbol(z.into()).unwrap_or("?").to_owned();
        self.atomic_numbers.iter().map(symbol).collect()
    }

    /// Spherical harmonics, degrees 0, 1, .. of the edges.
    pub fn harmonics(&self) -> Vec<Irrep> {
        let of = |l: usize| Irrep {
            l,
            odd: self.parity && l % 2 == 1,
        };
        (0..=self.lmax_edge).map(of).collect()
    }

    /// Features before layer `t` by the rule or the list of the file; `reachable` are the
    /// representations that the product of the features before it and the harmonics gives.
    pub fn features(&self, t: usize, reachable: &[Irrep]) -> Irreps {
        if let Some(list) = &self.irreps_manual {
            return list[t].clone();
        }
        let block = |irrep: Irrep| Block {
            mul: self.channel,
            irrep,
        };
        if t == 0 {
            return Irreps(vec![block(Irrep::SCALAR)]);
        }
        let last = t == self.layers;
        let limit = if last { 0 } else { self.lmax_node };
        let kept = reachable
            .iter()
            .filter(|irrep| irrep.l <= limit && !(last && irrep.odd));
        Irreps(kept.map(|&irrep| block(irrep)).collect())
    }
}

fn flag(node: &Node, name: &str, absent: bool) -> Result<bool> {
    Ok(node
        .some(name)
        .map(|n| n.flag())
        .transpose()?
        .unwrap_or(absent))
}

/// Function of a name in SevenNet's tables, with e3nn's constant.
///
/// # Errors
/// Where the name is not known.
pub fn activation_named(name: &str) -> Result<Activation> {
    Ok(normalized(match name {
        "silu" => Function::Silu,
        "tanh" => Function::Tanh,
        "abs" => Function::Abs,
        "sigmoid" => Function::Sigmoid,
        "relu" => Function::Relu,
        "elu" => Function::Elu,
        "ssp" => Function::ShiftedSoftplus,
        _ => {
            return Err(ModelError::unsupported(format!(
                "the activation function `{name}` is not known; relu, silu, tanh, abs, ssp, \
                 sigmoid and elu are"
            )));
        }
    }))
}

fn activation(node: &Node) -> Result<Activation> {
    activation_named(node.text()?)
}

fn by_parity(node: &Node, name: &str) -> Result<[Option<Activation>; 2]> {
    let table = node.child(name)?;
    let of = |key: &str| table.some(key).map(|n| activation(&n)).transpose();
    Ok([of("e")?, of("o")?])
}

fn envelope(node: &Node) -> Result<Cutoff> {
    match node.child("cutoff_function_name")?.text()? {
        "poly_cut" => {
            let p = node.some("poly_cut_p_value").map(|n| n.number());
            Ok(Cutoff::Polynomial {
                p: p.transpose()?.unwrap_or(6.0),
            })
        }
        "XPLOR" => Ok(Cutoff::Xplor {
            on: node.child("cutoff_on")?.number()?,
        }),
        name => Err(ModelError::unsupported(format!(
            "the cutoff function `{name}` is not known; poly_cut and XPLOR are"
        ))),
    }
}

fn check_basis(node: &Node) -> Result<()> {
    match node.child("radial_basis_name")?.text()? {
        "bessel" => Ok(()),
        name => Err(ModelError::unsupported(format!(
            "the radial basis `{name}` is not known; `bessel` is"
        ))),
    }
}

fn self_connection(node: &Node, layers: usize) -> Result<Vec<SelfConnectionKind>> {
    let kind = |n: &Node| -> Result<SelfConnectionKind> {
        Ok(match n.text()? {
            "nequip" => SelfConnectionKind::Nequip,
            "linear" => SelfConnectionKind::Linear,
            "none" => SelfConnectionKind::None,
            other => return Err(n.error(format!("`{other}` is no kind of self-connection"))),
        })
    };
    let Some(setting) = node.some("self_connection_type") else {
        return Ok(vec![SelfConnectionKind::Nequip; layers]);
    };
    if matches!(setting.value(), Value::Str(_)) {
        return Ok(vec![kind(&setting)?; layers]);
    }
    let list: Vec<_> = setting
        .elements()?
        .iter()
        .map(kind)
        .collect::<Result<_>>()?;
    if list.len() == layers {
        Ok(list)
    } else {
        Err(setting.error(format!("{} entries for {layers} layers", list.len())))
    }
}

fn irreps_manual(node: &Node, layers: usize) -> Result<Option<Vec<Irreps>>> {
    let Some(setting) = node.some("irreps_manual") else {
        return Ok(None);
    };
    if matches!(setting.value(), Value::Bool(false)) {
        return Ok(None);
    }
    let list: Vec<Irreps> = setting
        .elements()?
        .iter()
        .map(crate::ml::e3nn::irreps)
        .collect::<Result<_>>()?;
    if list.len() == layers + 1 {
        Ok(Some(list))
    } else {
        Err(setting.error(format!("{} layouts for {layers} layers", list.len())))
    }
}

/// Keys of a dict in the order of their values 0, 1, ..; `read` turns a key into what is wanted.
fn in_order<T>(node: &Node, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>> {
    let values = &node.file().pickle().values;
    let Value::Dict(pairs) = node.value() else {
        return Err(node.error("a dict is expected"));
    };
    if pairs.len() > MAX_ENTRIES {
        return Err(node.error(format!("{} entries are too many", pairs.len())));
    }
    let mut entries = Vec::new();
    for &(key, value) in pairs {
        let key = read(values.get(key)).ok_or_else(|| node.error("a key is of a wrong kind"))?;
        let index = values.int(value).and_then(|i| usize::try_from(i).ok());
        entries.push((index.ok_or_else(|| node.error("an index is missing"))?, key));
    }
    entries.sort_by_key(|(index, _)| *index);
    let consecutive = entries
        .iter()
        .enumerate()
        .all(|(i, (index, _))| i == *index);
    if entries.is_empty() || !consecutive {
        return Err(node.error("the indices are not 0, 1, .."));
    }
    Ok(entries.into_iter().map(|(_, key)| key).collect())
}

fn type_map(node: &Node) -> Result<Vec<u8>> {
    in_order(node, |key| match key {
        Value::Int(z @ 1..=118) => Some(*z as u8),
        _ => None,
    })
}

fn modal_map(node: &Node) -> Result<Vec<String>> {
    in_order(node, |key| match key {
        Value::Str(name) => Some(name.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_minor_number() {
        let version = |text: &str| Version::parse(text).unwrap();
        assert!(version("0.9.1").before(10));
        assert!(version("0.10.4").before(11));
        assert!(version("0.11.0.dev0").before(11));
        assert!(!version("0.11.2.post1").before(11));
        assert!(!version("1.0").before(11));
        assert_eq!(Version::parse("new"), None);
    }
}
