//! Readers of model containers: bounded by the size of the file, nothing in a file is executed.
