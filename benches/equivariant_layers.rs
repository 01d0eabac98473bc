//! A network of the NequIP kind on Li6PS5Cl: a whole evaluation of 52 and 416 atoms in both
//! precisions; one thread. Time per atom = time / atoms.
//!
//! The network is the NequIP checkpoint (of at least four species) or SevenNet checkpoint that the
//! environment variable `ARGYRO_BENCH_NETWORK` names, by default the small one of the tests.

use argyro::ml::equivariant::fast::{Compiled, FastNetwork, FastOptions};
use argyro::ml::equivariant::model::Network;
use argyro::ml::nequip::load::{Loaded, load_bytes};
use argyro::ml::sevennet;
use argyro::simd::Level;
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "support/evaluation.rs"]
mod evaluation;
#[path = "support/structure.rs"]
mod structure;
use structure::{Structure, path};

fn network() -> Network {
    let file = std::env::var_os("ARGYRO_BENCH_NETWORK")
        .map_or_else(|| path("tests/fixtures/nequip/pairs_l2.ckpt"), Into::into);
    let bytes = std::fs::read(&file).expect("the network is there");
    match load_bytes(bytes.clone()) {
        Ok(Loaded::Network(network)) => network,
        Ok(Loaded::Allegro(_)) => panic!("Allegro has no fast evaluation of this kind"),
        Err(_) => {
            sevennet::load::load_bytes(bytes, None).expect("a checkpoint of NequIP or SevenNet")
        }
    }
}

fn whole<T: Compiled>(c: &mut Criterion, name: &str, network: &Network, structure: &Structure) {
    let options = FastOptions {
        exact: false,
        level: Level::detect(),
    };
    let fast = FastNetwork::<T>::new(network, options).expect("the fast evaluation knows it");
    evaluation::whole(c, "equivariant network", name, &fast, structure);
}

fn evaluations(c: &mut Criterion) {
    // an error only says that the pool exists already
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global();
    let network = network();
    for size in [52, 416] {
        let file = format!("examples/01-li6ps5cl/li6ps5cl_{size}.data");
        let structure = Structure::new(&file, network.r_max);
        whole::<f32>(c, "f32", &network, &structure);
        whole::<f64>(c, "f64", &network, &structure);
    }
}

criterion_group!(benches, evaluations);
criterion_main!(benches);
