//! A model of any family as the pair-style framework sees it, and its evaluation over bricks.

use super::species::Species;
use crate::domain::host::Data;
use crate::ml::brick::{Dropped, Unsupported};
use crate::ml::edges::{EdgeList, Evaluation};
use crate::pair::{BrickForces, ForceContext, PairInput};
use std::fmt;

/// Unit styles of scripts in which a family works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitStyles {
    /// `metal`, the units of the models.
    Metal,
    /// Also `real`; energies are converted by the ratio of the Boltzmann constants.
    MetalOrReal,
}

/// A model that was read and what its family knows about it. Units: eV and Å.
pub trait NetworkModel: Send + Sync + fmt::Debug {
    /// Cutoff radius (Å): atoms further apart do not see each other.
    fn r_max(&self) -> f64;

    /// Species in the order of the model.
    fn species(&self) -> Vec<Species>;

    /// Whether the file stores the weights in 32 bits, which decides precision `auto`.
    fn stored_single(&self) -> bool;

    /// Lines for the log about what was chosen in the model (a head, a modality).
    fn describe(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the fast evaluation interpolates radial functions in tables where `exact` is false.
    fn has_tables(&self) -> bool {
        true
    }

    /// Whether there is no evaluation in f32, whatever precision is asked for.
    fn only_double(&self) -> bool {
        false
    }

    /// Whether types may have masses of elements that the model does not know, as in LAMMPS.
    fn any_mass(&self) -> bool {
        false
    }

    /// Units of scripts.
    fn units(&self) -> UnitStyles {
        UnitStyles::Metal
    }

    /// Own atoms per brick that suit the fast evaluation.
    ///
    /// The default is small enough that a small cell gives every thread something, large enough that
    /// ghosts cost less than a tenth of the step.
    fn brick_atoms(&self) -> usize {
        48
    }

    /// The fast evaluation, made by [`super::prepared`] from a [`crate::ml::brick::BrickModel`]: in
    /// f32 if `single`, with radial networks evaluated for every pair if `exact`.
    ///
    /// # Errors
    /// The model has a feature that only the plain evaluation knows.
    fn fast(&self, single: bool, exact: bool) -> Result<Box<dyn Evaluate>, Unsupported>;

    /// The plain evaluation, in f64.
    fn plain(&self, edges: &EdgeList) -> Evaluation;

    /// The plain evaluation with what was given last; `atoms` are the places of the nodes among the
    /// atoms of the simulation.
    fn plain_of(&self, edges: &EdgeList, _atoms: &[u32]) -> Evaluation {
        self.plain(edges)
    }

    /// Outputs of computes and fixes that the model takes.
    fn inputs(&self) -> Vec<PairInput> {
        Vec::new()
    }

    /// Takes the present values of [`NetworkModel::inputs`], in their order.
    ///
    /// # Errors
    /// They are not as many as the model takes.
    fn give(&mut self, _values: &[Data]) -> crate::error::Result<()> {
        Ok(())
    }
}

/// The energy of an atom is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFinite {
    /// Brick.
    pub brick: usize,
    /// Own atom in it.
    pub atom: usize,
}

/// An evaluation over bricks, with its buffers.
pub trait Evaluate: Send + Sync + fmt::Debug {
    /// Sets the species of every atom type (index 0 unused;
    /// [`NO_SPECIES`](crate::ml::brick::NO_SPECIES) for types that the model does not see).
    fn set_types(&mut self, of_type: &[u8]);

    /// Adds energies, forces and virials of all bricks to `out`.
    ///
    /// # Errors
    /// An energy is not finite; `out` is unchanged.
    fn compute(
        &mut self,
        context: &ForceContext<'_>,
        out: &mut [BrickForces],
    ) -> Result<(), NotFinite>;

    /// The first atom, with its brick, that had more neighbours than the model has places for.
    fn dropped(&self) -> Option<(usize, Dropped)>;
}
