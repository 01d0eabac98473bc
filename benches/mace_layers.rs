//! MACE (32x0e, two layers, cutoff 5 A) on Li6PS5Cl: a whole evaluation of 52 and 416 atoms in both
//! precisions, and the kernels that it spends its time in. Time per atom = time / 416; one thread.

use argyro::ml::mace::fast::{FastMace, FastOptions, Network};
use argyro::ml::mace::load::load_file;
use argyro::ml::mace::model::MaceModel;
use argyro::simd::matmul::{Matrix, Product, Rows};
use argyro::simd::polynomial::{Gradient, Tree};
use argyro::simd::{Level, Real};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "support/evaluation.rs"]
mod evaluation;
#[path = "support/structure.rs"]
mod structure;
use structure::{Structure, path};

fn whole<T: Network>(c: &mut Criterion, name: &str, model: &MaceModel, structure: &Structure) {
    let options = FastOptions {
        head: 0,
        exact: false,
        level: Level::detect(),
    };
    let fast = FastMace::<T>::new(model, options).expect("the fast evaluation knows the model");
    evaluation::whole(c, "mace 32x0e", name, &fast, structure);
}

fn evaluations(c: &mut Criterion) {
    // an error only says that the pool exists already
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global();
    let model = load_file(&path("potentials/mace_chgnet_pbe.model")).expect("the model is there");
    for size in [52, 416] {
        let file = format!("examples/01-li6ps5cl/li6ps5cl_{size}.data");
        let structure = Structure::new(&file, model.r_max);
        whole::<f32>(c, "f32", &model, &structure);
        whole::<f64>(c, "f64", &model, &structure);
    }
}

fn kernels<T: Real>(c: &mut Criterion, name: &str) {
    let level = Level::detect();
    let channels = 64;
    let number = |i: usize| ((i * 37 % 101) as f64 - 50.0) / 50.0;
    let array = |n: usize| -> Vec<T> { (0..n).map(|i| T::from_f64(number(i))).collect() };
    let mut group = c.benchmark_group("kernel, 64 channels");

    let weights: Vec<f64> = (0..channels * channels).map(number).collect();
    let matrix = Matrix::<T>::new(channels, channels, &weights);
    let order: Vec<u32> = (0..24).collect();
    let (input, mut output) = (array(24 * 7 * channels), array(24 * 7 * channels));
    let rows = Rows {
        order: &order,
        per: 7,
        outer: 7 * channels,
        inner: channels,
        base: 0,
    };
    group.bench_function(format!("linear map of 168 rows {name}"), |b| {
        b.iter(|| {
            let product = Product {
                matrix: &matrix,
                input: &input,
                from: rows,
                output: &mut output,
                to: rows,
                accumulate: false,
            };
            T::dispatch(level, product);
        });
    });

    // about as many monomials as the scalars of three-body products up to l = 3
    let mut monomials: Vec<Vec<u8>> = vec![vec![0]];
    monomials.extend((0..16).map(|i| vec![i, i]));
    monomials.extend((0..16).flat_map(|i| (i..16).step_by(2).map(move |j| vec![i / 2, i, j])));
    let tree = Tree::new(&monomials);
    let coefficients = array(tree.monomials().len() * channels);
    let (variables, seed) = (array(16 * channels), array(channels));
    let mut gradient = array(16 * channels);
    group.bench_function(
        format!("gradient of {} monomials {name}", monomials.len()),
        |b| {
            b.iter(|| {
                let op = Gradient {
                    tree: &tree,
                    coefficients: &coefficients,
                    variables: &variables,
                    seed: &seed,
                    gradient: &mut gradient,
                };
                T::dispatch(level, op);
            });
        },
    );
    group.finish();
}

fn all_kernels(c: &mut Criterion) {
    kernels::<f32>(c, "f32");
    kernels::<f64>(c, "f64");
}

criterion_group!(benches, evaluations, all_kernels);
criterion_main!(benches);
