//! Measures Andon from outside.

fn main() {}
