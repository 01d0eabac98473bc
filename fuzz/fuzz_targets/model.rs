//! Any bytes as a model file of every family: an error or a model.
#![no_main]

use argyro::ml::{deepmd, mace, nequip, sevennet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = mace::load::load_bytes(data.to_vec());
    let _ = nequip::load::load_bytes(data.to_vec());
    let _ = sevennet::load_bytes(data.to_vec(), None);
    let _ = deepmd::load::load_bytes(data.to_vec());
});
