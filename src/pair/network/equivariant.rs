//! Networks of the NequIP kind ([`crate::ml::equivariant`]) in the pair-style framework, for every
//! trainer whose files describe one.

use super::fast::prepared;
use super::model::{Evaluate, NetworkModel};
use super::species::Species;
use crate::ml::brick::Unsupported;
use crate::ml::edges::{EdgeList, Evaluation};
use crate::ml::equivariant::fast::{FastNetwork, FastOptions};
use crate::ml::equivariant::model::Network;
use crate::ml::equivariant::reference;
use crate::ml::layers::Stored;
use crate::simd::Level;

/// A network and what was chosen in its file.
#[derive(Debug)]
pub struct Equivariant {
    network: Network,
    chosen: Vec<String>,
}

impl Equivariant {
    /// A network; `chosen` are lines for the log about choices in the file.
    pub fn new(network: Network, chosen: Vec<String>) -> Equivariant {
        Equivariant { network, chosen }
    }
}

impl NetworkModel for Equivariant {
    fn r_max(&self) -> f64 {
        self.network.r_max
    }

    fn species(&self) -> Vec<Species> {
        let numbers = self.network.atomic_numbers.iter();
        let named = numbers.zip(&self.network.type_names);
        named
            .map(|(&z, name)| Species {
                name: name.clone(),
                number: (z > 0).then_some(z),
            })
            .collect()
    }

    fn stored_single(&self) -> bool {
        self.network.stored == Stored::Single
    }

    fn describe(&self) -> Vec<String> {
        let mut lines = vec![format!("written by {}", self.network.origin)];
        lines.extend(self.chosen.iter().cloned());
        lines
    }

    fn fast(&self, single: bool, exact: bool) -> Result<Box<dyn Evaluate>, Unsupported> {
        let options = FastOptions {
            exact,
            level: Level::detect(),
        };
        Ok(if single {
            prepared::<f32, _>(FastNetwork::new(&self.network, options)?)
        } else {
            prepared::<f64, _>(FastNetwork::new(&self.network, options)?)
        })
    }

    fn plain(&self, edges: &EdgeList) -> Evaluation {
        reference::evaluate(&self.network, edges)
    }
}
