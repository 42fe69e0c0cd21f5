//! The program: see `tributary --help`.

fn main() {}
