//! What a model file is, by its content alone, and what to say where it is not what is needed.
//! Imports the containers, the attribute tree and the model error.

use super::archive::Archive;
use super::node::Node;
use super::torch::{Layout, TorchFile};
use super::tree::Tree;
use super::value::Value;
use crate::ml::error::{ModelError, Result};

/// Kinds of files that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelKind {
    /// Pickled MACE module (`NAME.model`).
    Mace,
    /// MACE as TorchScript (`NAME-lammps.pt`, `NAME_compiled.model`).
    MaceScript,
    /// Export for ML-IAP (`NAME-mliap_lammps.pt`).
    MaceMliap,
    /// Training checkpoint of MACE: weights without the architecture.
    MaceCheckpoint,
    /// SevenNet checkpoint.
    SevenNet,
    /// SevenNet deployed for LAMMPS.
    SevenNetDeployed,
    /// NequIP or Allegro package.
    NequipPackage,
    /// NequIP or Allegro as TorchScript.
    NequipScript,
    /// NequIP or Allegro training checkpoint.
    NequipCheckpoint,
    /// NequIP or Allegro compiled to machine code.
    NequipCompiled,
    /// DeePMD TensorFlow graph.
    DeepmdGraph,
    /// DeePMD as TorchScript.
    DeepmdScript,
    /// DeePMD PyTorch checkpoint.
    DeepmdCheckpoint,
    /// DeePMD's portable `.dp`: HDF5 with the attribute `json`.
    DeepmdPortable,
    /// Another HDF5 file.
    Hdf5,
    /// DeePMD model as YAML or JSON text.
    DeepmdText,
    /// ACE potential `.yace`.
    PaceYaml,
    /// ACE potential `.ace`.
    PaceText,
    /// ACE potential as it is fitted, `.yaml`.
    PaceBasis,
    /// Stream of torch before 1.6.
    TorchLegacy,
    /// Tar file of torch before 0.2.
    TorchTar,
    /// Another torch file; says which.
    OtherTorch(String),
    /// A zip file cut short.
    Truncated,
    /// Pointer of git-lfs in place of the file.
    LfsPointer,
    /// Web page in place of the file.
    WebPage,
    /// Nothing known; says what.
    Unknown(String),
}

/// Families of models that pair styles evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// MACE.
    Mace,
    /// NequIP and Allegro.
    Nequip,
    /// SevenNet.
    SevenNet,
    /// DeePMD.
    Deepmd,
    /// Atomic cluster expansion.
    Pace,
}

impl ModelKind {
    /// Family of the model, None where the file is none.
    pub fn family(&self) -> Option<Family> {
        use ModelKind as K;
        Some(match self {
            K::Mace | K::MaceScript | K::MaceMliap | K::MaceCheckpoint => Family::Mace,
            K::SevenNet | K::SevenNetDeployed => Family::SevenNet,
            K::NequipPackage | K::NequipScript | K::NequipCheckpoint | K::NequipCompiled => {
                Family::Nequip
            }
            K::DeepmdGraph
            | K::DeepmdScript
            | K::DeepmdCheckpoint
            | K::DeepmdPortable
            | K::DeepmdText => Family::Deepmd,
            K::PaceYaml | K::PaceText | K::PaceBasis => Family::Pace,
            _ => return None,
        })
    }

    /// True where argyro reads this kind.
    pub fn is_readable(&self) -> bool {
        use ModelKind as K;
        matches!(
            self,
            K::Mace
                | K::MaceScript
                | K::NequipPackage
                | K::NequipScript
                | K::NequipCheckpoint
                | K::SevenNet
                | K::SevenNetDeployed
                | K::DeepmdGraph
                | K::DeepmdScript
                | K::DeepmdPortable
                | K::DeepmdText
                | K::PaceYaml
                | K::PaceText
        )
    }

    /// What the file is, to follow "the file is".
    pub fn what(&self) -> String {
        use ModelKind as K;
        match self {
            K::Mace => "a MACE model (.model)",
            K::MaceScript => "a MACE model as TorchScript (-lammps.pt or _compiled.model)",
            K::MaceMliap => "a MACE export for ML-IAP (-mliap_lammps.pt)",
            K::MaceCheckpoint => "a MACE training checkpoint, weights without their architecture",
            K::SevenNet => "a SevenNet checkpoint",
            K::SevenNetDeployed => "a SevenNet model deployed for LAMMPS",
            K::NequipPackage => "a NequIP or Allegro package (.nequip.zip)",
            K::NequipScript => "a NequIP or Allegro model as TorchScript (.nequip.pth)",
            K::NequipCheckpoint => "a NequIP or Allegro training checkpoint (.ckpt)",
            K::NequipCompiled => "an AOTInductor package (.nequip.pt2): machine code for libtorch",
            K::DeepmdGraph => "a DeePMD TensorFlow graph (.pb)",
            K::DeepmdScript => "a DeePMD model as TorchScript (.pth)",
            K::DeepmdCheckpoint => "a DeePMD PyTorch checkpoint (.pt)",
            K::DeepmdPortable => "a portable DeePMD model (.dp, HDF5)",
            K::Hdf5 => "an HDF5 file without a model, such as a trajectory",
            K::DeepmdText => "a DeePMD model as text (.yaml or .json)",
            K::PaceYaml => "an ACE potential (.yace)",
            K::PaceText => "an ACE potential as text (.ace)",
            K::PaceBasis => "an ACE potential in the form that it is fitted in (.yaml)",
            K::TorchLegacy => "a file of torch before 1.6",
            K::TorchTar => "a tar file of torch before 0.2",
            K::OtherTorch(content) => return format!("a torch file that holds {content}"),
            K::Truncated => "a zip or torch file that was cut short",
            K::LfsPointer => "a git-lfs pointer, not the model itself",
            K::WebPage => "a web page, not a model",
            K::Unknown(what) => return what.clone(),
        }
        .to_owned()
    }

    /// How to get from this file to one that is readable; empty where nothing helps but
    /// another file.
    fn remedy(&self) -> &'static str {
        use ModelKind as K;
        match self {
            K::MaceMliap => {
                "give argyro the .model file that it was made from: the export contains modules \
                 of an accelerator library"
            }
            K::MaceCheckpoint => {
                "let `mace_run_train` with the same arguments and --restart_latest write the \
                 .model file, which holds both"
            }
            K::NequipCompiled => {
                "it contains no readable model: give the package or checkpoint that it was \
                 compiled from (`nequip-package build NAME.ckpt NAME.nequip.zip`)"
            }
            K::DeepmdCheckpoint => {
                "let `dp --pt freeze -c NAME.pt -o NAME.pth` write the model that it belongs to"
            }
            K::PaceBasis => "convert it by `pace_yaml2yace NAME.yaml`",
            K::TorchLegacy | K::TorchTar => {
                "load it in Python and write it again with `torch.save(model, NAME)`"
            }
            K::Truncated => "copy or download it again",
            K::LfsPointer => "run `git lfs pull` where it comes from",
            K::WebPage => "download the file itself, not the page that shows it",
            _ => "",
        }
    }

    /// The error for a file that is not a readable model of the family a pair style needs.
    pub fn refusal(&self, needed: Family) -> ModelError {
        let needs = match needed {
            Family::Mace => {
                "needed is a MACE model: NAME.model as mace_run_train writes it, or \
                 NAME.model-lammps.pt as `mace_create_lammps_model NAME.model` makes it"
            }
            Family::Nequip => {
                "needed is a NequIP or Allegro package (.nequip.zip), TorchScript file (.nequip.pth, or \
                 .pth of nequip-deploy) or NequIP checkpoint (.ckpt)"
            }
            Family::SevenNet => {
                "needed is a SevenNet checkpoint (checkpoint_best.pth) or what `sevenn get_model` \
                 deploys for LAMMPS"
            }
            Family::Deepmd => {
                "needed is a DeePMD model: NAME.pb or NAME.pth as `dp freeze` or `dp compress` \
                 write it, or the portable NAME.dp, NAME.yaml of `dp convert-backend`"
            }
            Family::Pace => "needed is an ACE potential: NAME.yace or NAME.ace",
        };
        let remedy = match self.remedy() {
            "" => String::new(),
            remedy => format!("; {remedy}"),
        };
        ModelError::Unsupported(format!("the file is {}{remedy}; {needs}", self.what()))
    }
}

/// A model file, recognised and as far opened as that took.
pub struct ModelFile {
    /// What it is.
    pub kind: ModelKind,
    /// The opened torch file, where it is one that could be opened.
    pub torch: Option<TorchFile>,
    /// The bytes of a file that is no zip file; empty otherwise.
    pub bytes: Vec<u8>,
}

impl ModelFile {
    /// Recognises a file by its contents.
    ///
    /// # Errors
    /// Where it is a torch file and damaged.
    pub fn open(bytes: Vec<u8>) -> Result<ModelFile> {
        let zip = bytes.starts_with(b"PK\x03\x04") || Archive::is_zip(&bytes);
        if !zip {
            return Ok(ModelFile {
                kind: plain_kind(&bytes),
                torch: None,
                bytes,
            });
        }
        if !Archive::is_zip(&bytes) {
            return Ok(ModelFile {
                kind: ModelKind::Truncated,
                torch: None,
                bytes: Vec::new(),
            });
        }
        let archive = Archive::open(bytes)?;
        if archive
            .names()
            .iter()
            .any(|name| name.contains("/aotinductor/"))
        {
            return Ok(ModelFile {
                kind: ModelKind::NequipCompiled,
                torch: None,
                bytes: Vec::new(),
            });
        }
        if !TorchFile::is_torch(&archive) {
            let kind = ModelKind::Unknown("a zip file without a model".to_owned());
            return Ok(ModelFile {
                kind,
                torch: None,
                bytes: Vec::new(),
            });
        }
        let torch = TorchFile::from_archive(archive)?;
        Ok(ModelFile {
            kind: torch_kind(&torch),
            torch: Some(torch),
            bytes: Vec::new(),
        })
    }
}

/// Kind of a file that is no zip file.
fn plain_kind(bytes: &[u8]) -> ModelKind {
    const TORCH_MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let text = |n: usize| String::from_utf8_lossy(&bytes[..n.min(bytes.len())]).into_owned();
    let head = text(4096);
    let start = head.trim_start().to_ascii_lowercase();
    if bytes.is_empty() {
        ModelKind::Unknown("empty".to_owned())
    } else if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        match Tree::from_hdf5(bytes.to_vec()) {
            // what else is wrong is said by the loader
            Err(ModelError::Unsupported(text)) if text.contains("attribute") => ModelKind::Hdf5,
            _ => ModelKind::DeepmdPortable,
        }
    } else if bytes.starts_with(TORCH_MAGIC) {
        ModelKind::TorchLegacy
    } else if bytes.get(257..262) == Some(b"ustar") {
        ModelKind::TorchTar
    } else if start.starts_with("version https://git-lfs") {
        ModelKind::LfsPointer
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") {
        ModelKind::WebPage
    } else if head.contains("deltaSplineBins:") && head.contains("elements:") {
        ModelKind::PaceYaml
    } else if head.contains("speciesblock:") {
        // functions of species blocks, before they are expanded in products
        ModelKind::PaceBasis
    } else if head.contains("nelements=") && head.contains("elements:") {
        ModelKind::PaceText
    } else if is_graph(bytes) {
        ModelKind::DeepmdGraph
    } else if [
        "descriptor",
        "fitting",
        "@variables",
        "model_def_script",
        "backend: ",
    ]
    .iter()
    .any(|word| head.contains(word))
    {
        ModelKind::DeepmdText
    } else if head
        .bytes()
        .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    {
        ModelKind::Unknown("a text file, not a model".to_owned())
    } else {
        ModelKind::Unknown("of no known format".to_owned())
    }
}

/// True for a protobuf GraphDef: field 1 (a node), whose field 1 is its name.
fn is_graph(bytes: &[u8]) -> bool {
    let Some((0x0a, rest)) = bytes.split_first().map(|(b, rest)| (*b, rest)) else {
        return false;
    };
    let (mut length, mut used) = (0usize, 0);
    for (i, &byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        used = i + 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let node = &rest[used..];
    length >= 4 && length <= node.len() && node.first() == Some(&0x0a)
}

fn torch_kind(file: &TorchFile) -> ModelKind {
    let root = Node::root(file);
    if file.layout() == Layout::Package {
        return ModelKind::NequipPackage;
    }
    let script = file.layout() == Layout::TorchScript;
    let class = root.full_class();
    let family = class.split('.').next().unwrap_or_default();
    match (family, script) {
        ("mace", _) if class.contains("mliap") || class.contains("MLIAP") => ModelKind::MaceMliap,
        ("mace", true) => ModelKind::MaceScript,
        ("mace", false) => ModelKind::Mace,
        ("sevenn", _) => ModelKind::SevenNetDeployed,
        ("nequip" | "allegro", _) => ModelKind::NequipScript,
        ("deepmd", _) => ModelKind::DeepmdScript,
        ("", _) => dict_kind(&root),
        _ => ModelKind::OtherTorch(format!("a {class}")),
    }
}

/// Kind of a pickled dict: checkpoints.
fn dict_kind(root: &Node) -> ModelKind {
    let has = |name: &str| root.get(name).is_some();
    let keys = |node: &Node| -> Vec<String> {
        match node.value() {
            Value::Dict(_) => node.keys(),
            _ => Vec::new(),
        }
    };
    let weights = root
        .get("model")
        .map(|model| keys(&model))
        .unwrap_or_default();
    let own = keys(root);
    let any = |names: &[String], start: &str| names.iter().any(|name| name.starts_with(start));
    if has("model_state_dict") && has("config") {
        ModelKind::SevenNet
    } else if has("state_dict") && has("hyper_parameters") {
        ModelKind::NequipCheckpoint
    } else if any(&weights, "model.Default.") || any(&weights, "model.") && has("_extra_state") {
        ModelKind::DeepmdCheckpoint
    } else if any(&weights, "interactions.0") || any(&own, "interactions.0") {
        ModelKind::MaceCheckpoint
    } else {
        let some: Vec<_> = own.iter().take(4).map(String::as_str).collect();
        ModelKind::OtherTorch(match &some[..] {
            [] => "no model".to_owned(),
            names => format!("a dict with the keys {}", names.join(", ")),
        })
    }
}
