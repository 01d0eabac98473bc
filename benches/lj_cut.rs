//! lj/cut on 32,000 atoms: forces alone, forces with tallies, and whole steps of molecular dynamics with
//! neighbour list builds, to be compared with LAMMPS' `-suffix opt` on `bench/in.lj`.

mod support;

use argyro::domain::build::build;
use argyro::domain::wrap::wrap_atoms;
use argyro::domain::{Bricks, LocalComm, NeighborSettings, NeighborState, State, Tally};
use argyro::pair::{BrickForces, ForceContext, PairOptions, PairStyle, collect, find, prepare};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// `pair_style lj/cut 2.5`, `pair_coeff 1 1 1.0 1.0`.
fn style(state: &State) -> Box<dyn PairStyle> {
    let entry = find("lj/cut").expect("the style exists");
    let args = entry
        .signature
        .parse("pair_style", &["2.5"])
        .expect("valid");
    let mut style = (entry.build)(&args, state).expect("valid");
    style
        .coeff(&["1", "1", "1.0", "1.0"], state, &PairOptions::default())
        .expect("valid");
    style.init(state).expect("complete");
    style
}

/// A minimal velocity Verlet loop around the parts that are measured.
struct Run {
    state: State,
    style: Box<dyn PairStyle>,
    settings: NeighborSettings,
    held: NeighborState,
    bricks: Bricks,
    out: Vec<BrickForces>,
}

impl Run {
    fn new(cells: usize) -> Self {
        let state = support::liquid(cells);
        let style = style(&state);
        let settings = NeighborSettings {
            every: 20,
            check: false,
            ..NeighborSettings::default()
        };
        let mut run = Self {
            state,
            style,
            settings,
            held: NeighborState::default(),
            bricks: Bricks::default(),
            out: Vec::new(),
        };
        run.rebuild();
        run.forces(Tally::NONE);
        (0..200).for_each(|_| run.step());
        run
    }

    fn rebuild(&mut self) {
        wrap_atoms(&mut self.state).expect("no atom is lost");
        self.held.hold(&self.state);
        let (cutoff, needs) = (self.style.cutoff(), self.style.needs());
        self.bricks = build(&self.state, cutoff, 0.3, &self.settings, needs).expect("lists fit");
    }

    fn forces(&mut self, tally: Tally) {
        prepare(&self.bricks, tally, &mut self.out);
        let context = ForceContext {
            bricks: &self.bricks,
            comm: &LocalComm,
            state: &self.state,
            tally,
            special: self.state.special,
        };
        self.style.compute(&context, &mut self.out).expect("finite");
        self.state.atoms.f.fill([0.0; 3]);
        collect(&self.bricks, &self.out, tally, &mut self.state);
    }

    fn step(&mut self) {
        let dt = self.state.dt;
        let kick = |s: &mut State| {
            for (v, f) in s.atoms.v.iter_mut().zip(&s.atoms.f) {
                (0..3).for_each(|k| v[k] += 0.5 * dt * f[k]);
            }
        };
        kick(&mut self.state);
        let atoms = &mut self.state.atoms;
        for (x, v) in atoms.x.iter_mut().zip(&atoms.v) {
            (0..3).for_each(|k| x[k] += dt * v[k]);
        }
        self.state.step += 1;
        if self.held.needs_rebuild(&self.state, &self.settings) {
            self.rebuild();
        } else {
            self.bricks.refresh(&self.state);
        }
        self.forces(Tally::NONE);
        kick(&mut self.state);
    }
}

fn lj_cut(c: &mut Criterion) {
    let mut run = Run::new(20);
    let mut group = c.benchmark_group("lj/cut, 32000 atoms");
    group.sample_size(20);
    group.throughput(Throughput::Elements(run.state.atoms.len() as u64));
    group.bench_function("refresh", |b| b.iter(|| run.bricks.refresh(&run.state)));
    group.bench_function("forces", |b| b.iter(|| run.forces(Tally::NONE)));
    group.bench_function("forces, energy and virial", |b| {
        b.iter(|| run.forces(Tally::GLOBAL));
    });
    group.finish();
    let mut group = c.benchmark_group("lj/cut, 32000 atoms, 20 steps with one build");
    group.sample_size(10);
    group.throughput(Throughput::Elements(20 * run.state.atoms.len() as u64));
    group.bench_function("steps", |b| b.iter(|| (0..20).for_each(|_| run.step())));
    group.finish();
}

criterion_group!(benches, lj_cut);
criterion_main!(benches);
