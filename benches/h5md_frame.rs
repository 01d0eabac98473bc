//! One H5MD frame with positions, image flags and velocities, compressed and flushed.

mod support;

use argyro::domain::Host;
use argyro::dump::{DumpId, find};
use argyro::engine::{Engine, NoVariables};
use argyro::io::log::Log;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::rc::Rc;

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("h5md frame");
    group.sample_size(20);
    for cells in [5, 10, 20] {
        let mut engine = Engine::new(Log::silent(), Rc::new(NoVariables), false);
        engine.state = support::liquid(cells);
        let atoms = engine.state.atoms.len();
        let dir = tempfile::tempdir().expect("folder");
        let file = dir.path().join("bench.h5").to_string_lossy().into_owned();
        let id = DumpId {
            id: "1".into(),
            group: "all".into(),
            bit: 1,
            every: 1,
            file,
        };
        let entry = find("h5md").expect("style");
        let words = ["position", "image", "velocity"];
        let args = entry
            .signature
            .parse("dump h5md", &words)
            .expect("arguments");
        let mut dump = (entry.build)(&id, &args, &mut engine).expect("dump");
        group.throughput(Throughput::Elements(atoms as u64));
        group.bench_function(format!("{atoms} atoms"), |b| {
            b.iter(|| {
                engine.state_mut().step += 1;
                dump.write(&mut engine).expect("frame");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
