//! `compute msd/chunk`: mean squared displacement of the centres of mass of chunks.

use super::{Compute, ComputeEntry, ComputeId};
use crate::domain::chunks::Chunks;
use crate::domain::host::{Data, Host, Output, Part, Source};
use crate::domain::values::{members, unwrapped};
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};
use crate::signature::{Args, Kind, Signature, arg};

const SIGNATURE: Signature = Signature {
    name: "msd/chunk",
    summary: "squared displacement of the centre of mass of every chunk",
    args: &[arg("chunk-ID", Kind::Uses("compute"), "compute chunk/atom")],
    keywords: &[],
    description: "An array with one row per chunk: dx^2, dy^2, dz^2 and their sum, length units squared, since the compute was \
first evaluated, from unwrapped positions. The number of chunks must not change: use `nchunk once ids once`.\n\n\
Related: compute msd, compute chunk/atom",
    examples: &["compute m all msd/chunk kinds"],
};

/// The line of the table.
pub const STYLE: ComputeEntry = ComputeEntry {
    signature: &SIGNATURE,
    build,
};

struct MsdChunk {
    bit: u32,
    chunks: String,
    rows: usize,
    reference: Vec<[f64; 3]>,
}

fn build(id: &ComputeId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Compute>> {
    let chunks = args.str("chunk-ID").to_string();
    host.output(Source::Compute, &chunks)
        .map_err(|e| e.or_at(args.word("chunk-ID")))?;
    let mut compute = MsdChunk {
        bit: id.bit,
        chunks,
        rows: 0,
        reference: Vec::new(),
    };
    // the size of the array must be known before it is first evaluated
    compute.rows = Chunks::read(host, &compute.chunks, "compute msd/chunk")?.count;
    Ok(Box::new(compute))
}

impl MsdChunk {
    /// Centres of mass of all chunks.
    fn centres(&self, host: &mut dyn Host) -> Result<Vec<[f64; 3]>> {
        let chunks = Chunks::read(host, &self.chunks, "compute msd/chunk")?;
        let s = host.state();
        let mut sum = vec![[0.0; 4]; chunks.count];
        for i in members(s, self.bit).filter(|&i| chunks.ids[i] > 0) {
            let (m, x) = (s.mass_of(i), unwrapped(s, i));
            let c = &mut sum[chunks.ids[i] - 1];
            (0..3).for_each(|k| c[k] += m * x[k]);
            c[3] += m;
        }
        let mean =
            |c: &[f64; 4]| std::array::from_fn(|k| if c[3] > 0.0 { c[k] / c[3] } else { 0.0 });
        Ok(sum.iter().map(mean).collect())
    }
}

impl Compute for MsdChunk {
    fn output(&self) -> Output {
        Output {
            array: (self.rows, 4),
            ..Output::default()
        }
    }

    fn init(&mut self, host: &mut dyn Host) -> Result<()> {
        if self.reference.is_empty() {
            self.reference = self.centres(host)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, _: Part, host: &mut dyn Host) -> Result<Data> {
        self.init(host)?;
        let centres = self.centres(host)?;
        if centres.len() != self.reference.len() {
            return Err(Error::run(
                "Compute msd/chunk nchunk is not static: use nchunk once in compute chunk/atom",
            ));
        }
        let mut values = Vec::with_capacity(4 * centres.len());
        for (c, r) in centres.iter().zip(&self.reference) {
            let d: [f64; 3] = std::array::from_fn(|k| (c[k] - r[k]).powi(2));
            values.extend(d);
            values.push(d.iter().sum());
        }
        Ok(Data::Array { columns: 4, values })
    }

    fn state(&self) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.vectors(&self.reference);
        Some(w.finish())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        self.reference = Reader::new(bytes).vectors()?;
        Ok(())
    }
}
