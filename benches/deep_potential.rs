//! Deep Potential on Li6PS5Cl: a whole evaluation of 52 and 416 atoms in both precisions; one thread.
//! Time per atom = time / atoms.
//!
//! The model is the file (for Li P S Cl) that the environment variable `ARGYRO_BENCH_DEEPMD` names, by
//! default se_e2_a of standard size (25-50-100, 16 axes, fitting 240x3, 6 A) with arbitrary weights.

use argyro::ml::activation::{Activation, Function};
use argyro::ml::deepmd::fast::{FastDeepmd, FastOptions, Given};
use argyro::ml::deepmd::load::load_file;
use argyro::ml::deepmd::model::{
    DeepmdModel, Dense, Descriptor, Embedding, Environment, Fitting, Network, PairEmbeddings,
    Parameters, Residual, SeE2A, Selection, Stored, Switch,
};
use argyro::simd::{Level, Real};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "support/evaluation.rs"]
mod evaluation;
#[path = "support/structure.rs"]
mod structure;
use structure::Structure;

const TYPES: usize = 4;

fn number(i: usize) -> f64 {
    ((i * 7919 + 17) % 2003) as f64 / 1001.0 - 1.0
}

fn network(sizes: &[usize], seed: usize) -> Network {
    let last = sizes.len() - 2;
    let layer = |(k, pair): (usize, &[usize])| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let scale = 1.0 / (inputs as f64).sqrt();
        let weight = |i| scale * number(i + 31 * k + 101 * seed);
        let function = if outputs == 1 {
            Function::Identity
        } else {
            Function::Tanh
        };
        Dense {
            inputs,
            outputs,
            weight: (0..inputs * outputs).map(weight).collect(),
            bias: (0..outputs).map(|i| 0.1 * number(i + k)).collect(),
            step: Vec::new(),
            activation: Activation {
                function,
                factor: 1.0,
            },
            residual: match outputs {
                _ if k == 0 || k == last && outputs == 1 => Residual::None,
                n if n == inputs => Residual::Same,
                n if n == 2 * inputs => Residual::Twice,
                _ => Residual::None,
            },
        }
    };
    Network {
        layers: sizes.windows(2).enumerate().map(layer).collect(),
    }
}

fn standard() -> DeepmdModel {
    let sel = vec![60, 20, 50, 20];
    let slots: usize = sel.iter().sum();
    let environment = Environment {
        cutoff: 6.0,
        smooth: 0.5,
        protection: 0.0,
        switch: Switch::Quintic,
        selection: Selection::PerType(sel),
        stored: Stored::Double,
        columns: 4,
        mean: [0.04, 0.0, 0.0, 0.0].repeat(TYPES * slots),
        stddev: vec![0.1; TYPES * slots * 4],
        excluded: vec![false; TYPES * TYPES],
        excluded_padding: false,
    };
    let embedding = |z| Embedding::Network(network(&[1, 25, 50, 100], z));
    DeepmdModel {
        type_map: ["Li", "P", "S", "Cl"].map(str::to_owned).to_vec(),
        descriptor: Descriptor::SeE2A(SeE2A {
            environment,
            embeddings: PairEmbeddings {
                one_side: true,
                list: (0..TYPES).map(embedding).collect(),
            },
            axis: 16,
            divisor: slots as f64,
        }),
        fitting: Fitting {
            networks: (0..TYPES)
                .map(|z| network(&[1600, 240, 240, 240, 1], 9 + z))
                .collect(),
            frame: Parameters::default(),
            atomic: Parameters::default(),
            case: Vec::new(),
            subtract_vacuum: vec![false; TYPES],
            stored: Stored::Double,
        },
        energy_bias: vec![0.0; TYPES],
        excluded_pairs: vec![false; TYPES * TYPES],
        excluded_atoms: vec![false; TYPES],
        nearest: None,
        min_distance: None,
        version: String::new(),
    }
}

fn whole<T: Real>(c: &mut Criterion, name: &str, model: &DeepmdModel, structure: &Structure) {
    let options = FastOptions {
        exact: false,
        level: Level::detect(),
        given: Given::default(),
    };
    let fast = FastDeepmd::<T>::new(model, &options).expect("the fast evaluation knows the model");
    evaluation::whole(c, "deep potential", name, &fast, structure);
}

fn evaluations(c: &mut Criterion) {
    // an error only says that the pool exists already
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global();
    let model = match std::env::var_os("ARGYRO_BENCH_DEEPMD") {
        Some(file) => load_file(file.as_ref()).expect("a Deep Potential model"),
        None => standard(),
    };
    for size in [52, 416] {
        let file = format!("examples/01-li6ps5cl/li6ps5cl_{size}.data");
        let structure = Structure::new(&file, model.cutoff());
        whole::<f32>(c, "f32", &model, &structure);
        whole::<f64>(c, "f64", &model, &structure);
    }
}

criterion_group!(benches, evaluations);
criterion_main!(benches);
