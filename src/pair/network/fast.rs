//! From bricks to the fast evaluation of a family and back.

use super::model::{Evaluate, NotFinite};
use crate::domain::{Bricks, Comm, Tally};
use crate::ml::brick::{BrickAtoms, BrickModel, BrickResult, Dropped, Exchange, NO_SPECIES};
use crate::pair::{BrickForces, ForceContext};
use crate::simd::Real;
use rayon::prelude::*;

/// The evaluation over bricks of a prepared model, in T.
pub fn prepared<T, M>(model: M) -> Box<dyn Evaluate>
where
    T: Real,
    M: BrickModel<T> + 'static,
    for<'a> Between<'a>: Exchange<T>,
{
    Box::new(Fast {
        model,
        bricks: Vec::new(),
        of_type: Vec::new(),
        number: std::marker::PhantomData,
    })
}

/// A prepared model and its buffers.
#[derive(Debug)]
struct Fast<T, M: BrickModel<T>> {
    model: M,
    bricks: Vec<M::Work>,
    /// Species of each type.
    of_type: Vec<u8>,
    number: std::marker::PhantomData<T>,
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

impl<T, M> Evaluate for Fast<T, M>
where
    T: Real,
    M: BrickModel<T>,
    for<'a> Between<'a>: Exchange<T>,
{
    fn set_types(&mut self, of_type: &[u8]) {
        self.of_type = of_type.to_vec();
        let mut present = vec![false; self.model.species()];
        for &z in of_type.iter().filter(|&&z| z != NO_SPECIES) {
            present[usize::from(z)] = true;
        }
        self.model.prepare(&present);
    }

    fn compute(
        &mut self,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) -> Result<(), NotFinite> {
        let (bricks, tally) = (context.bricks, context.tally);
        let (model, of_type) = (&self.model, &self.of_type);
        self.bricks
            .resize_with(bricks.bricks.len(), M::Work::default);
        let pairs = self.bricks.par_iter_mut().zip(&bricks.bricks);
        pairs.for_each_init(Vec::new, |species, (work, b)| {
            species.clear();
            species.extend(b.kind.iter().map(|&t| of_type[t as usize]));
            let atoms = BrickAtoms {
                own: b.own,
                species,
                x: &b.x,
                start: &b.full.start,
                index: &b.full.index,
            };
            model.set(work, &atoms, tally.atom_virial);
        });
        let between = Between {
            bricks,
            comm: context.comm,
        };
        model.evaluate(&mut self.bricks, &between);
        for (brick, work) in self.bricks.iter().enumerate() {
            if let Some(atom) = work.energies().iter().position(|e| !e.is_finite()) {
                return Err(NotFinite { brick, atom });
            }
        }
        let pairs = out.par_iter_mut().zip(&self.bricks);
        pairs.for_each(|(o, work)| add(o, work, tally));
        Ok(())
    }

    fn dropped(&self) -> Option<(usize, Dropped)> {
        let mut all = self.bricks.iter().enumerate();
        all.find_map(|(b, work)| Some((b, work.dropped()?)))
    }
}

fn add(out: &mut BrickForces, work: &impl BrickResult, tally: Tally) {
    out.vdwl += work.energies().iter().sum::<f64>();
    let virial = work.virial();
    (0..6).for_each(|k| out.virial[k] += virial[k]);
    for (f, g) in out.f.iter_mut().zip(work.forces()) {
        (0..3).for_each(|k| f[k] += g[k]);
    }
    if tally.atom_energy {
        let pairs = out.atom_energy.iter_mut().zip(work.energies());
        pairs.for_each(|(sum, e)| *sum += e);
    }
    if tally.atom_virial {
        for (v, u) in out.atom_virial.iter_mut().zip(work.atom_virial()) {
            (0..6).for_each(|k| v[k] += u[k]);
        }
    }
}
