//! Prints `docs/conformance-ss7.md` as the tests of this repository make it.

use std::io;
use std::path::Path;

use tidy::{Repository, conformance};

fn main() -> io::Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    print!("{}", conformance::page(&Repository::read(root)?));
    Ok(())
}
