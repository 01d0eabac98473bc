//! From bricks to the evaluations of `ml` and back.

use super::Loaded;
use crate::domain::{Bricks, Comm, Tally};
use crate::error::{Error, Result};
use crate::ml::edges::EdgeList;
use crate::ml::mace::fast::{
    BrickWork, Exchange, FastMace, FastOptions, NO_SPECIES, Network, Unsupported,
};
use crate::ml::mace::{model::MaceModel, reference};
use crate::pair::{BrickForces, ForceContext};
use crate::simd::Level;
use rayon::prelude::*;

/// An evaluation and its buffers.
#[derive(Debug)]
pub enum Evaluator {
    /// Fast, in f32.
    Single(Box<Fast<f32>>),
    /// Fast, in f64.
    Double(Box<Fast<f64>>),
    /// Plain, in f64, and why.
    Plain(Unsupported),
}

/// A prepared model and one buffer per brick.
#[derive(Debug)]
pub struct Fast<T> {
    model: FastMace<T>,
    works: Vec<BrickWork<T>>,
    /// Species of each type.
    species: Vec<u8>,
}

impl Evaluator {
    /// The best evaluation for a model.
    pub fn new(loaded: &Loaded) -> Evaluator {
        let made = if loaded.single {
            Fast::new(loaded).map(|f| Evaluator::Single(Box::new(f)))
        } else {
            Fast::new(loaded).map(|f| Evaluator::Double(Box::new(f)))
        };
        made.unwrap_or_else(Evaluator::Plain)
    }

    /// Adds energies, forces and virials of all bricks to `out`.
    ///
    /// # Errors
    /// An energy is not finite.
    pub fn compute(
        &mut self,
        loaded: &Loaded,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) -> Result<()> {
        match self {
            Evaluator::Single(fast) => fast.compute(context, out)?,
            Evaluator::Double(fast) => fast.compute(context, out)?,
            Evaluator::Plain(_) => plain(loaded, context, out)?,
        }
        Ok(())
    }
}

/// Exchange between bricks by the engine.
pub struct Between<'a> {
    bricks: &'a Bricks,
    comm: &'a dyn Comm,
}

impl Exchange<f32> for Between<'_> {
    fn forward(&self, rows: &mut [Vec<f32>], width: usize) {
        self.comm.forward_f32(self.bricks, rows, width);
    }
    fn reverse(&self, rows: &mut [Vec<f32>], width: usize) {
        self.comm.reverse_f32(self.bricks, rows, width);
    }
}

impl Exchange<f64> for Between<'_> {
    fn forward(&self, rows: &mut [Vec<f64>], width: usize) {
        self.comm.forward_f64(self.bricks, rows, width);
    }
    fn reverse(&self, rows: &mut [Vec<f64>], width: usize) {
        self.comm.reverse_f64(self.bricks, rows, width);
    }
}

impl<T: Network> Fast<T>
where
    for<'a> Between<'a>: Exchange<T>,
{
    fn new(loaded: &Loaded) -> std::result::Result<Self, Unsupported> {
        let options = FastOptions {
            head: loaded.head,
            exact: loaded.exact,
            level: Level::detect(),
        };
        let model = FastMace::new(&loaded.model, options)?;
        model.prepare(&loaded.species.present(loaded.model.species()));
        let of = |t| loaded.species.of(t).map_or(NO_SPECIES, |z| z as u8);
        Ok(Fast {
            model,
            works: Vec::new(),
            species: (0..loaded.species.width() as u32).map(of).collect(),
        })
    }

    fn compute(&mut self, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
        let bricks = context.bricks;
        let (model, species, tally) = (&self.model, &self.species, context.tally);
        self.works
            .resize_with(bricks.bricks.len(), BrickWork::default);
        self.works
            .par_iter_mut()
            .zip(&bricks.bricks)
            .for_each(|(w, b)| {
                w.want_atom_virial(tally.atom_virial);
                let kinds = b.kind.iter().map(|&t| species[t as usize]);
                let list = (b.full.start.as_slice(), b.full.index.as_slice());
                w.set(model, b.own, kinds, &b.x, list);
            });
        let between = Between {
            bricks,
            comm: context.comm,
        };
        model.evaluate(&mut self.works, &between);
        for (b, w) in self.works.iter().enumerate() {
            if let Some(i) = w.energies().iter().position(|e| !e.is_finite()) {
                return Err(not_finite(context, b, i));
            }
        }
        let pairs = out.par_iter_mut().zip(&self.works);
        pairs.for_each(|(o, w)| add(o, w, tally));
        Ok(())
    }
}

fn add<T: Network>(out: &mut BrickForces, w: &BrickWork<T>, tally: Tally) {
    out.vdwl += w.energies().iter().sum::<f64>();
    (0..6).for_each(|k| out.virial[k] += w.virial()[k]);
    for (f, g) in out.f.iter_mut().zip(w.forces()) {
        (0..3).for_each(|k| f[k] += g[k]);
    }
    if tally.atom_energy {
        let pairs = out.atom_energy.iter_mut().zip(w.energies());
        pairs.for_each(|(sum, e)| *sum += e);
    }
    if tally.atom_virial {
        for (v, u) in out.atom_virial.iter_mut().zip(w.atom_virial()) {
            (0..6).for_each(|k| v[k] += u[k]);
        }
    }
}

fn not_finite(context: &ForceContext<'_>, brick: usize, i: usize) -> Error {
    let atom = context.bricks.bricks[brick].owner[i] as usize;
    let id = context
        .state
        .atoms
        .id
        .get(atom)
        .copied()
        .unwrap_or_default();
    Error::run(format!(
        "pair_style mace: the energy of atom {id} is not finite at step {}",
        context.state.step
    ))
    .help("atoms on top of each other, or a time step that is too long")
}

/// The plain evaluation: all bricks as one structure.
fn plain(loaded: &Loaded, context: &ForceContext<'_>, out: &mut [BrickForces]) -> Result<()> {
    let model: &MaceModel = &loaded.model;
    let bricks = &context.bricks.bricks;
    // Nodes are the atoms whose type has a species.
    let mut node = vec![u32::MAX; context.bricks.home.len()];
    let mut species = Vec::new();
    for b in bricks {
        for i in 0..b.own {
            if let Some(z) = loaded.species.of(b.kind[i]) {
                node[b.owner[i] as usize] = species.len() as u32;
                species.push(z as u16);
            }
        }
    }
    let (mut receiver, mut sender, mut vector) = (Vec::new(), Vec::new(), Vec::new());
    let mut place = Vec::new();
    for (k, b) in bricks.iter().enumerate() {
        for i in 0..b.own {
            for &j in b.full.of(i) {
                let ends = [i, j as usize].map(|a| node[b.owner[a] as usize]);
                let d: [f64; 3] = std::array::from_fn(|c| b.x[i][c] - b.x[j as usize][c]);
                let near = d.iter().map(|x| x * x).sum::<f64>() < model.r_max * model.r_max;
                if near && !ends.contains(&u32::MAX) {
                    receiver.push(ends[0]);
                    sender.push(ends[1]);
                    vector.push(d);
                    place.push((k, i, j as usize));
                }
            }
        }
    }
    let list = EdgeList {
        species: &species,
        receiver: &receiver,
        sender: &sender,
        vector: &vector,
    };
    let result = reference::evaluate(model, &list, loaded.head);
    for (k, b) in bricks.iter().enumerate() {
        for i in (0..b.own).filter(|&i| node[b.owner[i] as usize] != u32::MAX) {
            let energy = result.node_energy[node[b.owner[i] as usize] as usize];
            if !energy.is_finite() {
                return Err(not_finite(context, k, i));
            }
            out[k].vdwl += energy;
            if context.tally.atom_energy {
                out[k].atom_energy[i] += energy;
            }
        }
    }
    for ((&(k, i, j), d), g) in place.iter().zip(&vector).zip(&result.edge_gradient) {
        let o = &mut out[k];
        for c in 0..3 {
            o.f[i][c] -= g[c];
            o.f[j][c] += g[c];
        }
        for (v, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
            .into_iter()
            .enumerate()
        {
            let part = -d[a] * g[b];
            o.virial[v] += part;
            if context.tally.atom_virial {
                o.atom_virial[i][v] += 0.5 * part;
                o.atom_virial[j][v] += 0.5 * part;
            }
        }
    }
    Ok(())
}
