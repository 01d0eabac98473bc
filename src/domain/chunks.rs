//! What computes and fixes over chunks read from a `compute chunk/atom`.

use super::host::{Data, Host, Part, Source};
use crate::error::{Error, Result};
use std::sync::Weak;

/// Keeps the number of chunks of a `compute chunk/atom` as it is while somebody averages over them.
#[derive(Debug, Clone)]
pub struct ChunkLock {
    /// First step.
    pub start: i64,
    /// Last step; none: as long as the holder lives.
    pub stop: Option<i64>,
    /// Who holds it.
    pub holder: Weak<()>,
}

impl ChunkLock {
    /// Whether it holds at `step`.
    pub fn holds(&self, step: i64) -> bool {
        self.holder.strong_count() > 0
            && step >= self.start
            && self.stop.is_none_or(|stop| step <= stop)
    }
}

/// The chunks of a `compute chunk/atom` now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chunks {
    /// Chunk of each atom, from 1; 0 for none.
    pub ids: Vec<usize>,
    /// Number of chunks.
    pub count: usize,
    /// Columns of `table`.
    pub columns: usize,
    /// Per chunk: original number (not a number if chunks are not compressed), volume, coordinates.
    pub table: Vec<f64>,
}

impl Chunks {
    /// Reads them; `what` names the style that asks.
    ///
    /// # Errors
    /// `id` is no `compute chunk/atom`.
    pub fn read(host: &mut dyn Host, id: &str, what: &str) -> Result<Self> {
        let wrong = || Error::input(format!("{what}: compute {id} is not a compute chunk/atom"));
        let Data::PerAtom(ids) = host.data(Source::Compute, id, Part::PerAtom)? else {
            return Err(wrong());
        };
        let Data::Array { columns, values } = host.data(Source::Compute, id, Part::Array)? else {
            return Err(wrong());
        };
        let count = values.len() / columns.max(1);
        Ok(Self {
            ids: ids.iter().map(|&c| (c as usize).min(count)).collect(),
            count,
            columns,
            table: values,
        })
    }

    /// Original number of chunk `c` (from 0) if chunks are compressed.
    pub fn original(&self, c: usize) -> Option<i64> {
        let n = self.table[c * self.columns];
        (!n.is_nan()).then_some(n as i64)
    }

    /// Volume of chunk `c`, length units cubed.
    pub fn volume(&self, c: usize) -> f64 {
        self.table[c * self.columns + 1]
    }

    /// Coordinates of chunk `c`.
    pub fn coordinates(&self, c: usize) -> &[f64] {
        &self.table[c * self.columns + 2..(c + 1) * self.columns]
    }
}
