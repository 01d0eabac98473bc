//! Several runs of one script at the same time ("worlds"), as far as variables see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which of how many worlds this is, and the counter that all share.
///
/// The counter hands out the values of universe- and uloop-style variables: world i begins with value i,
/// and every `next` in any world takes the next value that nobody has.
#[derive(Debug, Clone)]
pub struct Partition {
    worlds: usize,
    world: usize,
    counter: Arc<AtomicUsize>,
}

impl Default for Partition {
    fn default() -> Self {
        Self::all(1).remove(0)
    }
}

impl Partition {
    /// The contexts of `worlds` worlds (at least one) with one shared counter.
    pub fn all(worlds: usize) -> Vec<Self> {
        let worlds = worlds.max(1);
        let counter = Arc::new(AtomicUsize::new(worlds));
        (0..worlds)
            .map(|world| Self {
                worlds,
                world,
                counter: counter.clone(),
            })
            .collect()
    }

    /// Number of worlds.
    pub fn worlds(&self) -> usize {
        self.worlds
    }

    /// Index of this world, from 0.
    pub fn world(&self) -> usize {
        self.world
    }

    /// Takes the next value (from 0) of universe- and uloop-style variables.
    pub fn take(&self) -> usize {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }
}
