//! Arguments in, surface out.

fn main() {}
