//! Random models of many shapes.

use super::super::function::tests::{net, number};
use crate::ml::activation::Function as Curve;
use crate::ml::deepmd::model::{Fitting, *};

/// Number of types of the models here.
pub const TYPES: usize = 2;

/// Statistics of slots that are the same in each section.
pub fn environment(columns: usize, selection: Selection, mean: f64) -> Environment {
    let slots = selection.slots();
    let (mut m, mut s) = (Vec::new(), Vec::new());
    for i in 0..TYPES {
        for slot in 0..slots {
            let sections = 0..TYPES;
            let z = match &selection {
                Selection::PerType(_) => sections
                    .into_iter()
                    .find(|&z| selection.section(z).contains(&slot))
                    .unwrap(),
                Selection::Total(_) => 0,
            };
            for d in 0..columns {
                m.push(if d == 0 {
                    mean * (1.0 + 0.1 * (i * 2 + z) as f64)
                } else {
                    0.0
                });
                s.push(0.2 + 0.05 * (i + 2 * z + usize::from(d > 0)) as f64);
            }
        }
    }
    Environment {
        cutoff: 3.4,
        smooth: 0.5,
        protection: 0.0,
        switch: Switch::Quintic,
        selection,
        stored: Stored::Double,
        columns,
        mean: m,
        stddev: s,
        excluded: vec![false; TYPES * TYPES],
        excluded_padding: false,
    }
}

pub fn embeddings(one_side: bool, sizes: &[usize], seed: usize) -> PairEmbeddings {
    let count = if one_side { TYPES } else { TYPES * TYPES };
    let one = |k| Embedding::Network(net(sizes, seed + k, Curve::Tanh));
    PairEmbeddings {
        one_side,
        list: (0..count).map(one).collect(),
    }
}

pub fn se_e2_a(one_side: bool) -> Descriptor {
    Descriptor::SeE2A(SeE2A {
        environment: environment(4, Selection::PerType(vec![36, 60]), 0.08),
        embeddings: embeddings(one_side, &[1, 5, 10, 20], 1),
        axis: 6,
        divisor: 96.0,
    })
}

pub fn se_e2_r() -> Descriptor {
    Descriptor::SeE2R(SeE2R {
        environment: environment(1, Selection::PerType(vec![36, 60]), 0.05),
        embeddings: embeddings(true, &[1, 4, 8], 7),
    })
}

pub fn se_e3() -> Descriptor {
    let net = |k: usize| Embedding::Network(net(&[1, 3, 6], 11 + k, Curve::Tanh));
    Descriptor::SeE3(SeE3 {
        environment: environment(4, Selection::PerType(vec![36, 60]), 0.08),
        embeddings: vec![Some(net(0)), Some(net(1)), None, Some(net(2))],
    })
}

pub fn se_atten(strip: bool, smooth: bool, one_side: bool, append: bool) -> Descriptor {
    let width = 3;
    let mut type_embedding: Vec<f64> = (0..TYPES * width).map(number).collect();
    type_embedding.extend([0.0; 3]);
    let rows = if one_side {
        TYPES + 1
    } else {
        (TYPES + 1) * (TYPES + 1)
    };
    let input = if strip {
        TypeInput::Strip {
            radial: Embedding::Network(net(&[1, 6, 12], 3, Curve::Tanh)),
            types: (0..rows * 12).map(|i| number(i + 5)).collect(),
            smooth,
        }
    } else {
        let inputs = 1 + width * if one_side { 1 } else { 2 };
        TypeInput::Concat(net(&[inputs, 7, 14], 3, Curve::Tanh))
    };
    Descriptor::SeAtten(SeAtten {
        environment: environment(4, Selection::Total(90), 0.03),
        type_embedding,
        tebd_width: width,
        padding_row: TYPES,
        one_side,
        input,
        attention: Vec::new(),
        axis: 5,
        divisor: 90.0,
        append_type: append,
    })
}

/// Layer `seed` of attention over functions of width 12 or 14.
pub fn attention(width: usize, seed: usize, smooth: bool, angular: bool) -> AttentionLayer {
    let hidden = 5;
    let linear = |inputs: usize, outputs: usize, seed: usize| {
        let mut dense = net(&[inputs, outputs], seed, Curve::Identity)
            .layers
            .remove(0);
        dense.residual = Residual::None;
        dense
    };
    AttentionLayer {
        input: linear(width, 3 * hidden, seed),
        output: linear(hidden, width, seed + 1),
        hidden,
        scaling: 0.7,
        normalize: seed.is_multiple_of(2),
        smooth,
        angular,
        shortest: SHORTEST,
        norm_weight: (0..width).map(|i| 1.0 + 0.3 * number(i + seed)).collect(),
        norm_bias: (0..width).map(|i| 0.2 * number(i + 3 * seed)).collect(),
        norm_eps: 1e-5,
    }
}

/// A descriptor with two attention layers.
pub fn attended(strip: bool, smooth: bool, angular: bool) -> Descriptor {
    let Descriptor::SeAtten(mut d) = se_atten(strip, smooth, strip, true) else {
        unreachable!()
    };
    let width = d.outputs();
    d.attention = vec![
        attention(width, 3, smooth, angular),
        attention(width, 8, smooth, angular),
    ];
    Descriptor::SeAtten(d)
}

pub fn model(descriptor: Descriptor, curve: Curve) -> DeepmdModel {
    let frame = Parameters {
        mean: vec![0.5],
        inverse_std: vec![2.0],
        default: None,
    };
    let width = descriptor.width() + 1;
    let fit = |k| {
        let mut fit = net(&[width, 11, 11, 1], 40 + k, curve);
        fit.layers[2].residual = Residual::None;
        fit.layers[2].activation.function = Curve::Identity;
        fit
    };
    let shared = matches!(descriptor, Descriptor::SeAtten(_));
    DeepmdModel {
        type_map: vec!["O".into(), "H".into()],
        fitting: Fitting {
            networks: (0..if shared { 1 } else { TYPES }).map(fit).collect(),
            frame,
            atomic: Parameters::default(),
            case: Vec::new(),
            subtract_vacuum: vec![true, false],
            stored: Stored::Double,
        },
        descriptor,
        energy_bias: vec![-1.5, 0.25],
        excluded_pairs: vec![false; TYPES * TYPES],
        excluded_atoms: vec![false; TYPES],
        nearest: None,
        min_distance: None,
        version: String::new(),
    }
}

pub fn many_models() -> Vec<DeepmdModel> {
    let mut list = vec![
        model(se_e2_a(true), Curve::Tanh),
        model(se_e2_a(false), Curve::GeluTanh),
        model(se_e2_r(), Curve::Softplus),
        model(
            Descriptor::Hybrid(vec![se_e2_a(false), se_e2_r()]),
            Curve::Tanh,
        ),
        model(se_atten(false, false, true, true), Curve::Silu),
        model(se_atten(false, false, false, true), Curve::Tanh),
        model(se_atten(true, false, false, false), Curve::Tanh),
        model(se_atten(true, true, false, true), Curve::Tanh),
        model(se_atten(true, true, true, false), Curve::Tanh),
        model(attended(false, true, true), Curve::Tanh),
        model(attended(true, true, false), Curve::Tanh),
        model(attended(false, false, true), Curve::Tanh),
        model(se_e3(), Curve::Tanh),
        model(
            Descriptor::Hybrid(vec![se_e3(), se_e2_a(true)]),
            Curve::Tanh,
        ),
    ];
    let mut excluded = model(
        Descriptor::Hybrid(vec![se_e2_r(), se_e2_a(true), se_e3()]),
        Curve::Tanh,
    );
    if let Descriptor::Hybrid(parts) = &mut excluded.descriptor {
        for part in parts {
            let environment = match part {
                Descriptor::SeE2A(d) => &mut d.environment,
                Descriptor::SeE2R(d) => &mut d.environment,
                Descriptor::SeE3(d) => &mut d.environment,
                _ => continue,
            };
            environment.excluded = vec![false, true, true, false];
            environment.protection = 0.01;
            environment.excluded_padding = environment.columns == 1;
        }
    }
    list.push(excluded);
    let mut hidden = model(se_e2_a(true), Curve::Tanh);
    hidden.excluded_pairs = vec![true, false, false, false];
    hidden.excluded_atoms = vec![false, true];
    list.push(hidden);
    // fitting networks whose first layer adds its input, parameters and type included
    for repeats in [1, 2] {
        let mut skipping = model(se_atten(false, false, true, true), Curve::Tanh);
        let inputs = skipping.descriptor.width() + 1;
        let mut fit = net(&[inputs, repeats * inputs, 1], 77, Curve::Tanh);
        fit.layers[1].residual = Residual::None;
        skipping.fitting.networks = vec![fit];
        list.push(skipping);
    }
    list
}
