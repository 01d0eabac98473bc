//! A whole evaluation of a network as a benchmark.

use super::structure::Structure;
use argyro::ml::brick::{BrickAtoms, BrickModel, BrickResult, OneBrick};
use argyro::simd::Real;
use criterion::{Criterion, Throughput};

/// Times energies, forces and virial of a structure; the time per atom is the time over `structure.own`.
pub fn whole<T: Real, M: BrickModel<T>>(
    c: &mut Criterion,
    group: &str,
    name: &str,
    model: &M,
    structure: &Structure,
) {
    model.prepare(&vec![true; model.species()]);
    let exchange = OneBrick {
        owner: structure.owner.clone(),
    };
    // the chemistry does not matter, only that all species exist
    let known = model.species().min(4) as u8;
    let species: Vec<u8> = structure.species.iter().map(|z| z % known).collect();
    let mut works = vec![M::Work::default()];
    let mut group = c.benchmark_group(group);
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
            model.set(&mut works[0], &atoms, false);
            model.evaluate(&mut works, &exchange);
            works[0].energies()[0]
        });
    });
    group.finish();
}
