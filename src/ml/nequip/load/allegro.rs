//! Allegro models as modules: packages and TorchScript. The tables of couplings are read from the
//! file, Wigner symbols included.

use super::layers::{exact_norms, mlp, norms};
use super::modules::{
    Found, Versions, cutoff_p, l_max, repulsion, scale_shift, text_member, type_names,
};
use super::parts;
use crate::ml::allegro::model::{Allegro, AllegroLayer, TwoBody};
use crate::ml::e3nn::{MAX_DIM, MAX_L};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::formats::torch::{DType, TorchFile};
use crate::ml::layers::{Mlp, Stored};

/// Modules that are known.
const KNOWN: [&str; 11] = [
    "edge_norm",
    "radial_chemical_embed",
    "scalar_embed_mlp",
    "tensor_embed",
    "allegro",
    "edge_readout",
    "edge_eng_sum",
    "per_type_energy_scale_shift",
    "cutoff",
    "pair_potential",
    "total_energy_sum",
];
/// Channels and scalars that a file may have.
const MAX_WIDTH: usize = 1 << 16;
/// Couplings of all channels of a layer that a file may have.
const MAX_COUPLINGS: usize = 1 << 24;

/// The model of a package or TorchScript file.
pub fn load(file: &TorchFile, found: &Found) -> Result<Allegro> {
    let modules = &found.modules;
    super::modules::refuse_unknown(modules, &KNOWN)?;
    let names = type_names(found)?;
    let species = names.len();
    let edge_norm = modules.child("edge_norm")?;
    let r_max = edge_norm.child("r_max")?.number()?;
    let reciprocals = match edge_norm.some("_rmax_recip") {
        Some(node) => node.array()?.data,
        None => vec![1.0 / r_max],
    };
    let (two_body, stored) = two_body(&modules.child("radial_chemical_embed")?, r_max, species)?;
    let core = modules.child("allegro")?;
    let embed = modules.child("tensor_embed")?;
    let l_max = l_max(&embed.child("sh")?)?;
    for weighter in [embed.child("_edge_weighter")?, core.child("_env_weighter")?] {
        let each = weighter.child("weight_individual_irreps")?.flag()?;
        let alpha = weighter.some("alpha").map(|n| n.number()).transpose()?;
        if !each || alpha.is_some_and(|a| a != 1.0) {
            return Err(weighter.error("the weights are not one per channel and degree"));
        }
    }
    let width = |name: &str| -> Result<usize> {
        let node = core.child(name)?;
        match node.count()? {
            n if (1..=MAX_WIDTH).contains(&n) => Ok(n),
            n => Err(node.error(format!("{n} is out of range"))),
        }
    };
    let sum = modules.child("edge_eng_sum")?;
    if sum
        .some("reduce")
        .is_some_and(|n| n.text().ok() != Some("sum"))
    {
        return Err(sum.error("edge energies are not summed"));
    }
    let settings = text_member(file, "model/config.yaml")?;
    let per_species = |values| parts::per_species(&exact_norms(&settings, values), 1.0, species);
    let edge_norms = per_species(norms_of(&sum)?)?;
    let (scale, shift) = scale_shift(modules, species)?;
    let version = Versions::of(file)?.allegro.unwrap_or_default();
    let channels = width("num_tensor_features")?;
    let tensor_embed = mlp(&embed.child("env_embed_linear")?)?;
    if tensor_embed.outputs != channels * (l_max + 1) {
        return Err(embed.error("the weights of the tensors do not fit the channels"));
    }
    let mut model = Allegro {
        origin: format!("Allegro {version}").trim_end().to_owned(),
        atomic_numbers: parts::atomic_numbers(&names),
        type_names: names,
        r_max,
        pair_cutoffs: parts::pair_cutoffs(&reciprocals, r_max, species)?,
        stored,
        l_max,
        two_body,
        embed: mlp(&modules.child("scalar_embed_mlp")?.child("mlp_module")?)?,
        scalars: width("num_scalar_features")?,
        channels,
        tensor_embed,
        projection: mlp(&core.child("first_layer_env_embed_projection")?)?,
        norms: per_species(norms(&core)?)?,
        layers: layers(&core, channels)?,
        readout: mlp(&modules.child("edge_readout")?.child("mlp_module")?)?,
        // each pair is in the sums of both of its atoms
        edge_norms: edge_norms.iter().map(|n| n / 2f64.sqrt()).collect(),
        scale,
        shift,
        repulsion: None,
    };
    if let Some(node) = modules.some("pair_potential") {
        let mut numbers = model.atomic_numbers.clone();
        let cutoff = |i, j| model.cutoff(i, j);
        model.repulsion = Some(repulsion(&node, cutoff_p(&node)?, &mut numbers, cutoff)?);
        model.atomic_numbers = numbers;
    }
    check(&model)?;
    Ok(model)
}

fn norms_of(sum: &Node) -> Result<Vec<f64>> {
    if let Some(module) = sum.some("norm_module") {
        return Ok(module.child("norm_const")?.array()?.data);
    }
    match sum.some("_factor") {
        // the root of two is part of the factor of old versions
        Some(factor) => Ok(vec![factor.number()? * 2f64.sqrt()]),
        None => Err(sum.error("the neighbour norm is missing")),
    }
}

fn two_body(node: &Node, r_max: f64, species: usize) -> Result<(TwoBody, Stored)> {
    let stored = |dtype| match dtype {
        DType::F64 => Stored::Double,
        _ => Stored::Single,
    };
    if let Some(spline) = node.some("spline") {
        let (functions, span) = (
            spline.child("num_splines")?.count()?,
            spline.child("spline_span")?.count()?,
        );
        let channels = spline.child("num_channels")?.count()?;
        let weight = spline.child("class_embed")?.child("weight")?;
        let array = weight.array()?;
        let row = channels.checked_mul(functions);
        if row.is_none_or(|n| n == 0 || array.shape != [species * species, n]) || span > functions {
            return Err(weight.error("the weights do not fit the splines"));
        }
        let two_body = TwoBody::Spline {
            functions,
            span,
            channels,
            weights: array.data,
        };
        return Ok((two_body, stored(array.dtype)));
    }
    let encode = node.child("bessel_encode")?;
    let embed = node.child("type_embed")?;
    let rows = |name: &str| embed.child(name)?.child("weight")?.array();
    let (center, neighbor) = (rows("center_embed")?, rows("neighbor_embed")?);
    let linear = mlp(&embed.child("basis_linear")?)?;
    let half = linear.outputs / 2;
    if [&center, &neighbor]
        .iter()
        .any(|a| a.shape != [species, half])
        || half * 2 != linear.outputs
    {
        return Err(embed.error("the species embeddings do not fit the radial map"));
    }
    let stored = stored(center.dtype);
    let roots = encode.child("bessel_weights")?.array()?.data;
    let two_body = TwoBody::Bessel {
        radial: parts::radial(r_max, 1.0, &roots, cutoff_p(&encode)?),
        linear,
        center: center.data,
        neighbor: neighbor.data,
    };
    Ok((two_body, stored))
}

fn layers(core: &Node, channels: usize) -> Result<Vec<AllegroLayer>> {
    let (products, latents) = (core.child("tps")?.items(), core.child("latents")?.items());
    if products.len() != latents.len() || !(1..=parts::MAX_LAYERS).contains(&products.len()) {
        return Err(core.error("the numbers of tensor products and perceptrons differ"));
    }
    let pairs = products.iter().zip(&latents);
    pairs
        .map(|(product, net)| layer(product, mlp(net)?, channels))
        .collect()
}

/// The table `w3j` \[path\]\[m\]\[n\]\[k\] (m = n: \[path\]\[m\]\[k\]; one path: without its axis)
/// contracted with the `weights` \[channel\]\[path\] (or \[path\] for all channels).
fn layer(node: &Node, latent: Mlp, channels: usize) -> Result<AllegroLayer> {
    let count = |name: &str| node.child(name).and_then(|n| n.count());
    let (input, environment) = (count("base_dim1")?, count("base_dim2")?);
    let (output, paths) = (count("base_dim_out")?, count("num_paths")?);
    let diagonal = node.child("w3j_is_ij_diagonal")?.flag()?;
    let table = node.child("w3j")?.array()?;
    let sizes = [input, environment, output, paths];
    if sizes.iter().any(|&n| n == 0 || n > 1 << 12) || diagonal && input != environment {
        return Err(node.error("the dimensions are out of range"));
    }
    let dims = if diagonal { input } else { input * environment };
    let weights = node.child("weights")?.array()?.data;
    let coupled = weights.len() == channels * paths;
    if table.data.len() != paths * dims * output || !(coupled || weights.len() == paths) {
        return Err(node.error("the table of couplings does not fit"));
    }
    let mut couplings = Vec::new();
    let mut values = Vec::new();
    for at in 0..dims * output {
        let (k, ij) = (at % output, at / output);
        let (i, j) = if diagonal {
            (ij, ij)
        } else {
            (ij / environment, ij % environment)
        };
        let of_path = |p: usize| table.data[p * dims * output + at];
        if (0..paths).all(|p| of_path(p) == 0.0) {
            continue;
        }
        if (couplings.len() + 1) * channels > MAX_COUPLINGS {
            return Err(node.error("there are too many couplings"));
        }
        couplings.push([i as u16, j as u16, k as u16]);
        for u in 0..channels {
            let row = if coupled { u * paths } else { 0 };
            values.push((0..paths).map(|p| weights[row + p] * of_path(p)).sum());
        }
    }
    Ok(AllegroLayer {
        input,
        output,
        couplings,
        weights: values,
        latent,
    })
}

/// That the parts fit together.
fn check(model: &Allegro) -> Result<()> {
    let fits = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(ModelError::malformed(format!("{what} does not fit"))),
    };
    let (s, u, ladder) = (model.scalars, model.channels, model.l_max + 1);
    let basis = match &model.two_body {
        TwoBody::Bessel { radial, linear, .. } => linear.inputs == radial.basis.len(),
        TwoBody::Spline { .. } => true,
    };
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let cutoffs = model.pair_cutoffs.iter();
    fits(
        positive(model.r_max)
            && cutoffs
                .into_iter()
                .all(|&c| positive(c) && c <= model.r_max)
            && model.l_max <= MAX_L
            && model.species() > 0
            && u * ladder * ladder <= MAX_DIM,
        "the size of the model",
    )?;
    fits(basis, "the radial map")?;
    fits(
        model.embed.inputs == model.two_body.outputs(),
        "the scalar embedding",
    )?;
    let maps = [
        (&model.tensor_embed, u * ladder),
        (&model.projection, s + u * ladder),
    ];
    for (map, outputs) in maps {
        let linear = map.inputs == model.embed.outputs && map.outputs == outputs;
        fits(linear, "a map of the scalar embedding")?;
    }
    let mut components = ladder * ladder;
    for (t, layer) in model.layers.iter().enumerate() {
        let weights = if t + 1 < model.layers.len() {
            u * ladder
        } else {
            0
        };
        let inside = layer.couplings.iter().all(|&[i, j, k]| {
            usize::from(i) < layer.input
                && usize::from(j) < ladder * ladder
                && usize::from(k) < layer.output
        });
        fits(
            layer.input == components
                && inside
                && layer.latent.inputs == (t + 1) * s + u
                && layer.latent.outputs == s + weights,
            "a layer",
        )?;
        components = layer.output;
    }
    let inputs = (model.layers.len() + 1) * s;
    fits(
        model.readout.inputs == inputs && model.readout.outputs == 1,
        "the readout",
    )
}
