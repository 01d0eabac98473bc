//! NequIP models: readers of the files that the trainer writes. The networks are
//! [`crate::ml::equivariant`].

pub mod load;
