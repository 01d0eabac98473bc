//! The trainer's portable serialisation (`.dp`, `.yaml`, `.json`): a tree of settings and arrays.
//! Imports the tree, the shared builders and the model description.

use super::build::{self, Grid, bad};
use crate::ml::deepmd::model::{
    AttentionLayer, DeepmdModel, Dense, Descriptor, Embedding, Environment, Fitting, Network,
    PairEmbeddings, Parameters, SHORTEST, SeAtten, SeE2A, SeE2R, SeE3, Selection, Stored, Switch,
    TypeInput,
};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::tree::Item;

/// Reads the model of a serialised tree.
///
/// # Errors
/// Where it is damaged or of a kind that argyro does not evaluate.
pub fn load(root: &Item) -> Result<DeepmdModel> {
    let model = root.child("model")?;
    let kind = model.some("type").map_or(Ok("standard"), |t| t.text())?;
    if kind != "standard" {
        return Err(super::unsupported_model(&format!("of type `{kind}`")));
    }
    let names = model.child("type_map")?.elements()?;
    let names = names.iter().map(|name| name.text().map(str::to_owned));
    let type_map = names.collect::<Result<Vec<_>>>()?;
    let types = type_map.len();
    if types == 0 || types > build::MAX_TYPES {
        return bad(format!("the model knows {types} types"));
    }
    let descriptor = descriptor(&model.child("descriptor")?, types, 0)?;
    let (fitting, atom_bias) = fitting(&model.child("fitting")?, types)?;
    // versions before 3.0.0b1 had no such bias
    let bias = match variable(&model, "out_bias")? {
        Some(bias) => bias.array_of(&[1, types, 1])?,
        None => vec![0.0; types],
    };
    let mut excluded_atoms = vec![false; types];
    for t in indices(&model, "atom_exclude_types", types)? {
        excluded_atoms[t] = true;
    }
    let min_distance = match variable(root, "min_nbor_dist")? {
        Some(node) => Some(node.number()?).filter(|&r| r > 0.0),
        None => None,
    };
    let version = match root.some("version") {
        Some(version) => version.text().unwrap_or_default().to_owned(),
        None => String::new(),
    };
    Ok(DeepmdModel {
        nearest: Some(limit(&descriptor)),
        descriptor,
        fitting,
        energy_bias: bias.iter().zip(atom_bias).map(|(a, b)| a + b).collect(),
        excluded_pairs: excluded(&model, "pair_exclude_types", types)?,
        excluded_atoms,
        min_distance,
        version,
        type_map,
    })
}

/// Neighbours that the trainer's list has: the slots, or for hybrids the largest sections.
fn limit(descriptor: &Descriptor) -> usize {
    let environments = descriptor.environments();
    let mixed = environments
        .iter()
        .any(|e| matches!(e.selection, Selection::Total(_)));
    let slots = environments
        .iter()
        .map(|e| e.selection.slots())
        .max()
        .unwrap_or(0);
    if mixed {
        return slots;
    }
    let mut sections: Vec<usize> = Vec::new();
    for environment in environments {
        if let Selection::PerType(sel) = &environment.selection {
            sections.resize(sections.len().max(sel.len()), 0);
            sections
                .iter_mut()
                .zip(sel)
                .for_each(|(s, &n)| *s = n.max(*s));
        }
    }
    sections.iter().sum()
}

fn flag(node: &Item, name: &str) -> Result<bool> {
    node.some(name).map_or(Ok(false), |node| node.flag())
}

/// Array of a node by its name among the variables.
fn variable<'t>(node: &Item<'t>, name: &str) -> Result<Option<Item<'t>>> {
    Ok(node.some("@variables").and_then(|v| v.some(name)))
}

fn required<'t>(node: &Item<'t>, name: &str) -> Result<Item<'t>> {
    node.child("@variables")?.child(name)
}

/// Types in a list.
fn indices(node: &Item, name: &str, types: usize) -> Result<Vec<usize>> {
    let Some(list) = node.some(name) else {
        return Ok(Vec::new());
    };
    let index = |item: &Item| match item.count()? {
        t if t < types => Ok(t),
        t => Err(item.error(format!("type {t} of {types}"))),
    };
    list.elements()?.iter().map(index).collect()
}

/// Symmetric mask of a list of pairs.
fn excluded(node: &Item, name: &str, types: usize) -> Result<Vec<bool>> {
    let mut mask = vec![false; types * types];
    let Some(list) = node.some(name) else {
        return Ok(mask);
    };
    for pair in list.elements()? {
        let ends = pair.elements()?;
        let ends: Vec<usize> = ends.iter().map(Item::count).collect::<Result<_>>()?;
        match ends[..] {
            [i, j] if i < types && j < types => {
                mask[i * types + j] = true;
                mask[j * types + i] = true;
            }
            _ => return Err(pair.error("a pair of types is expected")),
        }
    }
    Ok(mask)
}

fn dense(node: &Item) -> Result<Dense> {
    let array = |name: &str| variable(node, name)?.map(|n| n.array()).transpose();
    let function = node.some("activation_function");
    build::dense(
        required(node, "w")?.array()?,
        array("b")?,
        array("idt")?,
        function.map_or(Ok("none"), |f| f.text())?,
        flag(node, "resnet")?,
    )
    .map_err(|e| node.error(e))
}

fn network(node: &Item) -> Result<Network> {
    let layers = node.child("layers")?.elements()?;
    build::network(layers.iter().map(dense).collect::<Result<_>>()?)
}

fn networks<'t>(collection: &Item<'t>) -> Result<Vec<Item<'t>>> {
    let list = collection.child("networks")?.elements()?;
    if list.is_empty() || list.len() > build::MAX_TYPES.pow(2) {
        return Err(collection.error(format!("{} networks", list.len())));
    }
    Ok(list)
}

/// Type of the weights of the first network.
fn stored(collection: &Item) -> Result<Stored> {
    for net in networks(collection)? {
        if let Some(layer) = net.child("layers")?.elements()?.first() {
            return Ok(build::stored(required(layer, "w")?.array()?.dtype));
        }
    }
    Ok(Stored::Double)
}

fn descriptor(node: &Item, types: usize, depth: usize) -> Result<Descriptor> {
    match node.child("type")?.text()? {
        "se_e2_a" | "se_a" => se_e2_a(node, types).map(Descriptor::SeE2A),
        "se_e2_r" | "se_r" => se_e2_r(node, types).map(Descriptor::SeE2R),
        "se_e3" | "se_at" | "se_a_3be" | "se_t" => se_e3(node, types).map(Descriptor::SeE3),
        "dpa1" | "se_atten" | "se_atten_v2" => se_atten(node, types).map(Descriptor::SeAtten),
        "hybrid" if depth < 8 => {
            let list = node.child("list")?.elements()?;
            let parts = list.iter().map(|d| descriptor(d, types, depth + 1));
            Ok(Descriptor::Hybrid(parts.collect::<Result<_>>()?))
        }
        other => Err(super::unsupported_descriptor(other)),
    }
}

fn environment(node: &Item, types: usize, columns: usize, total: bool) -> Result<Environment> {
    let list = node.child("sel")?;
    let sel = match list.elements() {
        Ok(list) => list.iter().map(Item::count).collect::<Result<Vec<_>>>()?,
        Err(_) => vec![list.count()?],
    };
    let selection = if total {
        Selection::Total(sel.iter().sum())
    } else {
        Selection::PerType(sel)
    };
    let shape = [types, selection.slots(), columns];
    let matrix = node.some("env_mat");
    let exponential = matrix.map_or(Ok(false), |m| flag(&m, "use_exp_switch"))?;
    Ok(Environment {
        cutoff: node.child("rcut")?.number()?,
        smooth: node.child("rcut_smth")?.number()?,
        protection: node
            .some("env_protection")
            .map_or(Ok(0.0), |n| n.number())?,
        switch: if exponential {
            Switch::Exponential
        } else {
            Switch::Quintic
        },
        mean: required(node, "davg")?.array_of(&shape)?,
        stddev: required(node, "dstd")?.array_of(&shape)?,
        selection,
        stored: stored(&node.child("embeddings")?)?,
        columns,
        excluded: excluded(node, "exclude_types", types)?,
        excluded_padding: false,
    })
}

/// Embedding number `index`: a network, or a table where the descriptor is compressed.
fn embedding(node: &Item, nets: &[Item], index: usize, grid: Grid) -> Result<Embedding> {
    if let Some(compressed) = node.some("compress") {
        let part = |name: &str| -> Result<Option<_>> {
            match variable(&compressed, name)? {
                Some(list) => list.elements()?.get(index).map(Item::array).transpose(),
                None => Ok(None),
            }
        };
        match (part("compress_info")?, part("compress_data")?) {
            (Some(info), Some(data)) if !data.data.is_empty() => {
                let table = build::table(&info.data, data, grid);
                return table.map(Embedding::Table).map_err(|e| node.error(e));
            }
            _ => {}
        }
    }
    match nets.get(index) {
        Some(net) => network(net).map(Embedding::Network),
        None => Err(node.error(format!("embedding network {index} is missing"))),
    }
}

fn pair_embeddings(node: &Item, types: usize) -> Result<PairEmbeddings> {
    let collection = node.child("embeddings")?;
    let nets = networks(&collection)?;
    let ends = collection.child("ndim")?.count()?;
    let embedding = |index| embedding(node, &nets, index, Grid::OneSided);
    build::pair_embeddings(ends, types, embedding)?
        .ok_or_else(|| collection.error(format!("networks of {ends} types each")))
}

fn se_e2_a(node: &Item, types: usize) -> Result<SeE2A> {
    let environment = environment(node, types, 4, false)?;
    Ok(SeE2A {
        embeddings: pair_embeddings(node, types)?,
        axis: node.child("axis_neuron")?.count()?,
        divisor: environment.selection.slots() as f64,
        environment,
    })
}

fn se_e2_r(node: &Item, types: usize) -> Result<SeE2R> {
    Ok(SeE2R {
        environment: environment(node, types, 1, false)?,
        embeddings: pair_embeddings(node, types)?,
    })
}

fn se_e3(node: &Item, types: usize) -> Result<SeE3> {
    let nets = networks(&node.child("embeddings")?)?;
    let embedding = |index| embedding(node, &nets, index, Grid::TwoSided);
    Ok(SeE3 {
        environment: environment(node, types, 4, false)?,
        embeddings: build::angle_embeddings(types, embedding)?,
    })
}

fn se_atten(node: &Item, types: usize) -> Result<SeAtten> {
    if node.some("lmax").map_or(Ok(1), |n| n.count())? > 1 {
        return Err(super::unsupported_descriptor("se_atten with lmax > 1"));
    }
    let environment = environment(node, types, 4, true)?;
    let nets = networks(&node.child("embeddings")?)?;
    let tebd = node.child("type_embedding")?;
    if flag(&tebd, "use_econf_tebd")? {
        return Err(ModelError::unsupported(
            "the model uses electronic configurations (`use_econf_tebd`), which this form of the \
             file does not hold; convert it with `dp convert-backend` to NAME.pth",
        ));
    }
    let net = network(&tebd.child("embedding")?)?;
    let (type_embedding, tebd_width) = super::type_vectors(&net, types, None)?;
    let one_side = flag(node, "type_one_side")?;
    // se_atten_v2 does not say what it always is
    let v2 = node.child("type")?.text()? == "se_atten_v2";
    let mode = node.some("tebd_input_mode");
    let input = match mode.map_or(Ok(if v2 { "strip" } else { "concat" }), |m| m.text())? {
        "concat" => TypeInput::Concat(network(&nets[0])?),
        "strip" => TypeInput::Strip {
            radial: embedding(node, &nets, 0, Grid::OneSided)?,
            types: strip_table(node, &type_embedding, tebd_width, one_side)?,
            smooth: v2 || flag(node, "smooth_type_embedding")?,
        },
        mode => {
            return Err(super::unsupported_descriptor(&format!(
                "tebd_input_mode {mode}"
            )));
        }
    };
    let attention = node.child("attention_layers")?.child("attention_layers")?;
    let attention = attention.elements()?;
    Ok(SeAtten {
        type_embedding,
        tebd_width,
        padding_row: super::padding_row(&environment, types)?,
        one_side,
        input,
        attention: attention
            .iter()
            .map(attention_layer)
            .collect::<Result<_>>()?,
        axis: node.child("axis_neuron")?.count()?,
        divisor: environment.selection.slots() as f64,
        append_type: flag(node, "concat_output_tebd")?,
        environment,
    })
}

/// Outputs of the network of the stripped type embedding for all types or pairs.
fn strip_table(node: &Item, vectors: &[f64], width: usize, one_side: bool) -> Result<Vec<f64>> {
    if let Some(compressed) = node.some("compress")
        && let Some(table) = variable(&compressed, "type_embd_data")?
    {
        return Ok(table.array()?.data);
    }
    let nets = networks(&node.child("embeddings_strip")?)?;
    super::strip_table(&network(&nets[0])?, vectors, width, one_side)
}

fn attention_layer(node: &Item) -> Result<AttentionLayer> {
    let gate = node.child("attention_layer")?;
    let norm = node.child("attn_layer_norm")?;
    if gate.some("num_heads").map_or(Ok(1), |n| n.count())? != 1 {
        return Err(gate.error("attention with several heads"));
    }
    let hidden = gate.child("hidden_dim")?.count()?;
    let number = |name: &str| gate.some(name).map(|n| n.number()).transpose();
    let scaling = match number("temperature")? {
        Some(temperature) => temperature,
        None => 1.0 / (hidden as f64 * number("scaling_factor")?.unwrap_or(1.0)).sqrt(),
    };
    Ok(AttentionLayer {
        input: dense(&gate.child("in_proj")?)?,
        output: dense(&gate.child("out_proj")?)?,
        hidden,
        scaling,
        normalize: flag(&gate, "normalize")?,
        smooth: flag(&gate, "smooth")?,
        angular: flag(&gate, "dotr")?,
        shortest: SHORTEST,
        norm_weight: required(&norm, "w")?.array()?.data,
        norm_bias: required(&norm, "b")?.array()?.data,
        norm_eps: norm.some("eps").map_or(Ok(1e-5), |n| n.number())?,
    })
}

/// The fitting and the bias of each type that it adds.
fn fitting(node: &Item, types: usize) -> Result<(Fitting, Vec<f64>)> {
    let kind = node.some("type").map_or(Ok("ener"), |t| t.text())?;
    if kind != "ener" {
        return Err(super::unsupported_model(&format!(
            "a model of type `{kind}`"
        )));
    }
    if flag(node, "use_aparam_as_mask")? {
        return Err(super::masked_parameters());
    }
    let collection = node.child("nets")?;
    let nets = networks(&collection)?;
    let parameters = |count: &str, name: &str| -> Result<Parameters> {
        if node.some(count).map_or(Ok(0), |n| n.count())? == 0 {
            return Ok(Parameters::default());
        }
        let array = |suffix: &str| -> Result<Vec<f64>> {
            Ok(required(node, &format!("{name}_{suffix}"))?.array()?.data)
        };
        let default = node.some(&format!("default_{name}"));
        Ok(Parameters {
            mean: array("avg")?,
            inverse_std: array("inv_std")?,
            default: default.map(|d| d.array()).transpose()?.map(|a| a.data),
        })
    };
    // energies of isolated atoms: null where there is none
    let vacuum = match node.some("atom_ener") {
        Some(list) => {
            use crate::ml::formats::tree::Data;
            let given = list.elements()?;
            let given: Vec<bool> = given.iter().map(|x| *x.data() != Data::Null).collect();
            match given.contains(&true) {
                true => super::vacuum(types, flag(node, "mixed_types")?, &given),
                false => vec![false; types],
            }
        }
        None => vec![false; types],
    };
    let fitting = Fitting {
        networks: nets.iter().map(network).collect::<Result<_>>()?,
        frame: parameters("numb_fparam", "fparam")?,
        atomic: parameters("numb_aparam", "aparam")?,
        case: match variable(node, "case_embd")? {
            Some(case) => case.array()?.data,
            None => Vec::new(),
        },
        subtract_vacuum: vacuum,
        stored: stored(&collection)?,
    };
    let bias = match variable(node, "bias_atom_e")? {
        Some(bias) => bias.array()?.data,
        None => vec![0.0; types],
    };
    if bias.len() != types {
        return Err(node.error("the atomic energies do not fit the list of types"));
    }
    Ok((fitting, bias))
}
