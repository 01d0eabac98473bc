//! Inputs of the radial networks of one edge.

use crate::ml::mace::model::{Interaction, MaceModel};
use crate::ml::plain::dual::Dual;
use crate::ml::plain::radial::RadialInputs;

/// Inputs of the radial networks of one interaction.
pub fn net_inputs(
    model: &MaceModel,
    interaction: &Interaction,
    [i, j]: [usize; 2],
    inputs: &RadialInputs,
) -> Vec<Dual> {
    debug_assert_eq!(model.radial.basis.len(), inputs.basis.len());
    let mut x = inputs.basis.clone();
    if let Some(pair) = &interaction.pair_embedding {
        let (n, m) = (pair.source_len, pair.target_len);
        let rows = [
            &pair.source[j * n..(j + 1) * n],
            &pair.target[i * m..(i + 1) * m],
        ];
        x.extend(rows.into_iter().flatten().map(|&v| Dual::constant(v)));
    }
    x
}
