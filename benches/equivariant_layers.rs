//! A network of the NequIP kind on Li6PS5Cl: a whole evaluation of 52 and 416 atoms in both
//! precisions; one thread. Time per atom = time / atoms.
//!
//! The network is the NequIP checkpoint (of at least four species) or SevenNet checkpoint that the
//! environment variable `ARGYRO_BENCH_NETWORK` names, by default the small one of the tests.

use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, OneBrick};
use argyro::ml::equivariant::fast::{BrickWork, Compiled, FastNetwork, FastOptions};
use argyro::ml::equivariant::model::Network;
use argyro::ml::nequip::load::{Loaded, load_bytes};
use argyro::ml::sevennet;
use argyro::simd::Level;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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
    fast.prepare(&vec![true; fast.species()]);
    let exchange = OneBrick {
        owner: structure.owner.clone(),
    };
    // the chemistry does not matter, only that all species exist
    let known = network.species().min(4) as u8;
    let species: Vec<u8> = structure.species.iter().map(|z| z % known).collect();
    let mut works = vec![BrickWork::default()];
    let mut group = c.benchmark_group("equivariant network");
    group.throughput(Throughput::Elements(structure.own as u64));
    group.bench_function(format!("{} atoms {name}", structure.own), |b| {
        b.iter(|| {
            let atoms = BrickAtoms {
                own: structure.own,
                species: &species,
                x: &structure.x,
                start: &structure.start,
                index: &structure.index,
            };
            fast.set(&mut works[0], &atoms, false);
            fast.evaluate(&mut works, &exchange);
            works[0].energies()[0]
        });
    });
    group.finish();
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
