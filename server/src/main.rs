//! Fernpost: a short message service centre with a programmable messaging platform.
//!
//! This file is a table of contents. `cli` reads the command line, `config` the
//! configuration, `wiring` puts a process together.

#![allow(unreachable_pub, reason = "in a binary, pub marks what a module offers to its siblings")]

mod admin;
mod bind_policy;
mod cli;
mod clock;
mod config;
mod lab;
mod wiring;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One TLS provider for every library of the process; it is set once.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("fernpost: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(cli::run())
}
