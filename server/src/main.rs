//! Fernpost: a short message service centre with a programmable messaging platform.
//!
//! This file is a table of contents. `cli` reads the command line, `config` the
//! configuration, `wiring` puts a process together, `dispatch` keeps messages moving.

mod centre;
mod cli;
mod clock;
mod config;
mod dispatch;
mod outlets;
mod wiring;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("fernpost: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(cli::run())
}
