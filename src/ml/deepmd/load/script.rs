//! Frozen models of the PyTorch backend (`.pth`): TorchScript whose attribute tree holds all
//! settings and weights, of plain and of compressed models.
//! Imports the attribute tree, the shared builders and the model description.

use super::build::{self, Grid, bad};
use crate::ml::deepmd::model::{
    AttentionLayer, DeepmdModel, Descriptor, Embedding, Environment, Fitting, Network,
    PairEmbeddings, Parameters, SHORTEST, SeAtten, SeE2A, SeE2R, SeE3, Selection, Stored, Switch,
    TypeInput,
};
use crate::ml::error::Result;
use crate::ml::formats::node::Node;

/// Reads the model of an opened TorchScript file.
///
/// # Errors
/// Where it is damaged or of a kind that argyro does not evaluate.
pub fn load(root: &Node) -> Result<DeepmdModel> {
    let class = root.class();
    if class != "EnergyModel" {
        return Err(super::unsupported_model(&class));
    }
    let atomic = root.child("atomic_model")?;
    let names = atomic.child("type_map")?.elements()?;
    let type_map: Vec<String> = names
        .iter()
        .map(|name| name.text().map(str::to_owned))
        .collect::<Result<_>>()?;
    let types = type_map.len();
    if types == 0 || types > build::MAX_TYPES {
        return bad(format!("the model knows {types} types"));
    }
    if flag(&atomic, "add_chg_spin_ebd")? {
        return Err(super::unsupported_model("an embedding of charge and spin"));
    }
    let bias = atomic.child("out_bias")?.array_of(&[1, types, 1])?;
    let (fitting, atom_bias) = fitting(&atomic.child("fitting_net")?, types)?;
    let excluded_pairs = match atomic.some("pair_excl") {
        Some(mask) => pair_mask(&mask, types)?,
        None => vec![false; types * types],
    };
    let excluded_atoms = match atomic.some("atom_excl") {
        Some(mask) => {
            let mask = mask.child("type_mask")?.array_of(&[types])?;
            mask.iter().map(|&keep| keep == 0.0).collect()
        }
        None => vec![false; types],
    };
    let min_distance = match root.some("min_nbor_dist") {
        Some(node) => Some(node.number()?).filter(|&r| r > 0.0),
        None => None,
    };
    let sel = atomic.child("sel")?.elements()?;
    let sel: Vec<usize> = sel.iter().map(Node::count).collect::<Result<_>>()?;
    Ok(DeepmdModel {
        nearest: Some(sel.iter().sum()),
        descriptor: descriptor(&atomic.child("descriptor")?, types, 0)?,
        fitting,
        energy_bias: bias.iter().zip(atom_bias).map(|(a, b)| a + b).collect(),
        excluded_pairs,
        excluded_atoms,
        min_distance,
        version: String::new(),
        type_map,
    })
}

fn flag(node: &Node, name: &str) -> Result<bool> {
    node.some(name).map_or(Ok(false), |node| node.flag())
}

fn pair_mask(mask: &Node, types: usize) -> Result<Vec<bool>> {
    build::pair_mask(types, &mask.child("type_mask")?.array()?.data)
}

/// Layers of an embedding or fitting network.
fn network(node: &Node) -> Result<Network> {
    let layers = node.child("layers")?.items();
    build::network(layers.iter().map(dense).collect::<Result<_>>()?)
}

fn dense(node: &Node) -> Result<crate::ml::deepmd::model::Dense> {
    let optional = |name: &str| node.some(name).map(|n| n.array()).transpose();
    build::dense(
        node.child("matrix")?.array()?,
        optional("bias")?,
        optional("idt")?,
        // None in the output layer of models that were not converted
        node.some("activate_name")
            .map_or(Ok("none"), |n| n.text())?,
        flag(node, "resnet")?,
    )
    .map_err(|e| node.error(e))
}

/// Networks of a collection.
fn networks<'t>(collection: &Node<'t>) -> Result<Vec<Node<'t>>> {
    let list = collection.child("networks")?.items();
    if list.is_empty() || list.len() > build::MAX_TYPES.pow(2) {
        return Err(collection.error(format!("{} networks", list.len())));
    }
    Ok(list)
}

fn descriptor(node: &Node, types: usize, depth: usize) -> Result<Descriptor> {
    match node.class().as_str() {
        "DescrptSeA" => se_e2_a(&node.child("sea")?, types).map(Descriptor::SeE2A),
        "DescrptSeR" => se_e2_r(node, types).map(Descriptor::SeE2R),
        "DescrptSeT" => se_e3(&node.child("seat")?, types).map(Descriptor::SeE3),
        "DescrptDPA1" | "DescrptSeAttenV2" => se_atten(node, types).map(Descriptor::SeAtten),
        "DescrptHybrid" if depth < 8 => {
            let list = node.child("descrpt_list")?.items();
            let parts = list.iter().map(|d| descriptor(d, types, depth + 1));
            Ok(Descriptor::Hybrid(parts.collect::<Result<_>>()?))
        }
        class => Err(super::unsupported_descriptor(class)),
    }
}

/// The environment of a descriptor block; `total` where all types share the slots.
fn environment(node: &Node, types: usize, columns: usize, total: bool) -> Result<Environment> {
    let sel = node.child("sel")?.elements()?;
    let sel: Vec<usize> = sel.iter().map(Node::count).collect::<Result<_>>()?;
    let selection = match (total, &sel[..]) {
        (true, &[n]) => Selection::Total(n),
        (true, sel) => Selection::Total(sel.iter().sum()),
        (false, _) => Selection::PerType(sel),
    };
    let shape = [types, selection.slots(), columns];
    let weight = networks(&node.child("filter_layers")?)?
        .iter()
        .find_map(|net| net.get("layers")?.items().first()?.get("matrix"));
    let stored = match weight {
        Some(weight) => build::stored(weight.array()?.dtype),
        None => Stored::Double,
    };
    Ok(Environment {
        cutoff: node.child("rcut")?.number()?,
        smooth: node.child("rcut_smth")?.number()?,
        protection: node
            .some("env_protection")
            .map_or(Ok(0.0), |n| n.number())?,
        switch: if flag(node, "use_exp_switch")? {
            Switch::Exponential
        } else {
            Switch::Quintic
        },
        mean: node.child("mean")?.array_of(&shape)?,
        stddev: node.child("stddev")?.array_of(&shape)?,
        selection,
        stored,
        columns,
        excluded: match node.some("emask") {
            Some(mask) => pair_mask(&mask, types)?,
            None => vec![false; types * types],
        },
        excluded_padding: false,
    })
}

/// Embedding number `index` of a block: a network, or a table where the block is compressed.
fn embedding(block: &Node, nets: &[Node], index: usize, grid: Grid) -> Result<Embedding> {
    let compressed = flag(block, "compress")? || flag(block, "geo_compress")?;
    if compressed {
        let part = |name: &str| -> Result<Option<_>> {
            let list = block.child(name)?.items();
            list.get(index).map(Node::array).transpose()
        };
        match (part("compress_info")?, part("compress_data")?) {
            (Some(info), Some(data)) if !data.data.is_empty() => {
                let table = build::table(&info.data, data, grid);
                return table.map(Embedding::Table).map_err(|e| block.error(e));
            }
            _ => {}
        }
    }
    match nets.get(index) {
        Some(net) => network(net).map(Embedding::Network),
        None => Err(block.error(format!("embedding network {index} is missing"))),
    }
}

/// Embeddings by the types of the pair; the file has the type of the centre running fastest.
fn pair_embeddings(block: &Node, types: usize) -> Result<PairEmbeddings> {
    let collection = block.child("filter_layers")?;
    let nets = networks(&collection)?;
    let ends = collection.child("ndim")?.count()?;
    let embedding = |index| embedding(block, &nets, index, Grid::OneSided);
    build::pair_embeddings(ends, types, embedding)?
        .ok_or_else(|| collection.error(format!("networks of {ends} types each")))
}

fn se_e2_a(node: &Node, types: usize) -> Result<SeE2A> {
    let environment = environment(node, types, 4, false)?;
    Ok(SeE2A {
        embeddings: pair_embeddings(node, types)?,
        axis: node.child("axis_neuron")?.count()?,
        divisor: environment.selection.slots() as f64,
        environment,
    })
}

fn se_e2_r(node: &Node, types: usize) -> Result<SeE2R> {
    Ok(SeE2R {
        environment: environment(node, types, 1, false)?,
        embeddings: pair_embeddings(node, types)?,
    })
}

fn se_e3(node: &Node, types: usize) -> Result<SeE3> {
    let nets = networks(&node.child("filter_layers")?)?;
    let embedding = |index| embedding(node, &nets, index, Grid::TwoSided);
    Ok(SeE3 {
        environment: environment(node, types, 4, false)?,
        embeddings: build::angle_embeddings(types, embedding)?,
    })
}

fn se_atten(node: &Node, types: usize) -> Result<SeAtten> {
    let block = node.child("se_atten")?;
    if block.some("lmax").map_or(Ok(1), |n| n.count())? > 1 {
        return Err(super::unsupported_descriptor("se_atten with lmax > 1"));
    }
    let environment = environment(&block, types, 4, true)?;
    let nets = networks(&block.child("filter_layers")?)?;
    let tebd = node.child("type_embedding")?.child("embedding")?;
    let (type_embedding, tebd_width) = type_embedding(&tebd, types)?;
    let one_side = flag(&block, "type_one_side")?;
    let input = match block.child("tebd_input_mode")?.text()? {
        "concat" => match nets.first() {
            Some(net) => TypeInput::Concat(network(net)?),
            None => return Err(block.error("the embedding network is missing")),
        },
        "strip" => TypeInput::Strip {
            radial: embedding(&block, &nets, 0, Grid::OneSided)?,
            types: strip_table(&block, &type_embedding, tebd_width, one_side)?,
            smooth: flag(&block, "smooth")?,
        },
        mode => {
            return Err(super::unsupported_descriptor(&format!(
                "tebd_input_mode {mode}"
            )));
        }
    };
    let attention = block.child("dpa1_attention")?.child("attention_layers")?;
    Ok(SeAtten {
        type_embedding,
        tebd_width,
        padding_row: super::padding_row(&environment, types)?,
        one_side,
        input,
        attention: attention
            .items()
            .iter()
            .map(attention_layer)
            .collect::<Result<_>>()?,
        axis: block.child("axis_neuron")?.count()?,
        divisor: environment.selection.slots() as f64,
        append_type: flag(node, "concat_output_tebd")?,
        environment,
    })
}

/// Embedding vectors of the types and of padding, and their length.
fn type_embedding(node: &Node, types: usize) -> Result<(Vec<f64>, usize)> {
    let net = network(&node.child("embedding_net")?)?;
    let inputs = match node.some("econf_tebd") {
        Some(table) => Some(table.array_of(&[types, net.inputs()])?),
        None => None,
    };
    super::type_vectors(&net, types, inputs.as_deref())
}

/// Outputs of the network of the stripped type embedding for all types or pairs.
fn strip_table(block: &Node, vectors: &[f64], width: usize, one_side: bool) -> Result<Vec<f64>> {
    if flag(block, "tebd_compress")?
        && let Some(table) = block.some("type_embd_data")
    {
        return Ok(table.array()?.data);
    }
    let nets = networks(&block.child("filter_layers_strip")?)?;
    match nets.first() {
        Some(net) => super::strip_table(&network(net)?, vectors, width, one_side),
        None => Err(block.error("the network of the type embedding is missing")),
    }
}

fn attention_layer(node: &Node) -> Result<AttentionLayer> {
    let gate = node.child("attention_layer")?;
    let norm = node.child("attn_layer_norm")?;
    if gate.some("num_heads").map_or(Ok(1), |n| n.count())? != 1 {
        return Err(gate.error("attention with several heads"));
    }
    Ok(AttentionLayer {
        input: dense(&gate.child("in_proj")?)?,
        output: dense(&gate.child("out_proj")?)?,
        hidden: gate.child("hidden_dim")?.count()?,
        scaling: gate.child("scaling")?.number()?,
        normalize: flag(&gate, "normalize")?,
        smooth: flag(&gate, "smooth")?,
        angular: flag(&gate, "dotr")?,
        shortest: SHORTEST,
        norm_weight: norm.child("matrix")?.array()?.data,
        norm_bias: norm.child("bias")?.array()?.data,
        norm_eps: norm.some("eps").map_or(Ok(1e-5), |n| n.number())?,
    })
}

/// The fitting and the bias of each type that it adds.
fn fitting(node: &Node, types: usize) -> Result<(Fitting, Vec<f64>)> {
    let class = node.class();
    if class != "EnergyFittingNet" {
        return Err(super::unsupported_model(&class));
    }
    if flag(node, "use_aparam_as_mask")? {
        return Err(super::masked_parameters());
    }
    let nets = networks(&node.child("filter_layers")?)?;
    let networks: Vec<Network> = nets.iter().map(network).collect::<Result<_>>()?;
    let mixed = flag(node, "mixed_types")?;
    let stored = match nets[0].child("layers")?.items().first() {
        Some(layer) => build::stored(layer.child("matrix")?.array()?.dtype),
        None => Stored::Double,
    };
    let parameters = |count: &str, name: &str, default: Option<&str>| -> Result<Parameters> {
        if node.some(count).map_or(Ok(0), |n| n.count())? == 0 {
            return Ok(Parameters::default());
        }
        let array = |suffix: &str| -> Result<Vec<f64>> {
            Ok(node.child(&format!("{name}_{suffix}"))?.array()?.data)
        };
        Ok(Parameters {
            mean: array("avg")?,
            inverse_std: array("inv_std")?,
            default: match default.and_then(|name| node.some(name)) {
                Some(node) => Some(node.array()?.data),
                None => None,
            },
        })
    };
    let vacuum = match node.some("remove_vaccum_contribution") {
        None => vec![false; types],
        Some(list) => {
            let list = list.elements()?;
            let list: Vec<bool> = list.iter().map(Node::flag).collect::<Result<_>>()?;
            super::vacuum(types, mixed, &list)
        }
    };
    let fitting = Fitting {
        networks,
        frame: parameters("numb_fparam", "fparam", Some("default_fparam_tensor"))?,
        atomic: parameters("numb_aparam", "aparam", None)?,
        case: match node.some("case_embd") {
            Some(case) => case.array()?.data,
            None => Vec::new(),
        },
        subtract_vacuum: vacuum,
        stored,
    };
    Ok((fitting, node.child("bias_atom_e")?.array_of(&[types, 1])?))
}
