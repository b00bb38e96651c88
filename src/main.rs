//! The server `playhouse`.

fn main() {}
