//! Message-passing networks of the NequIP kind, which NequIP and SevenNet both are: one
//! description, a plain evaluation and a fast one. Loaders fill the description from the files of
//! each trainer and pass it through [`check::check`].

pub mod check;
pub mod fast;
pub mod model;
pub mod reference;
pub mod summary;
