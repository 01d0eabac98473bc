//! Neighbour list builds of a Lennard-Jones liquid: time per atom must not depend on the number of atoms.

mod support;

use argyro::domain::build::build;
use argyro::domain::{Needs, NeighborSettings};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn lists(c: &mut Criterion) {
    let half = Needs {
        half: true,
        ..Needs::default()
    };
    let full = Needs {
        full: true,
        brick_atoms: 48,
        ..Needs::default()
    };
    let settings = NeighborSettings::default();
    let mut group = c.benchmark_group("neighbor");
    group.sample_size(20);
    for (name, needs) in [("half", half), ("full in bricks of 48", full)] {
        for cells in [10, 20, 40] {
            let s = support::liquid(cells);
            group.throughput(Throughput::Elements(s.atoms.len() as u64));
            group.bench_function(format!("{name}, {} atoms", s.atoms.len()), |b| {
                b.iter(|| build(&s, 2.5, 0.3, &settings, needs));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, lists);
criterion_main!(benches);
