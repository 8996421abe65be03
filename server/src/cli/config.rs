//! `fernpost config`: check, show, explain, schema, reference.

use std::process::ExitCode;

use super::{CommandResult, ConfigArguments};
use crate::config;

/// What `config` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say whether a configuration is valid.
    Check(ConfigArguments),
    /// Print the whole configuration, defaults included, secrets hidden.
    Show(ConfigArguments),
    /// Say what a key is, such as smpp.listeners.address.
    Explain {
        /// The key.
        key: String,
    },
    /// Print the JSON schema.
    Schema,
    /// Print the reference page.
    Reference,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> CommandResult {
    match &arguments.what {
        What::Check(file) => {
            let config = file.load()?;
            config::check(&config)?;
            crate::bind_policy::check(&config)?;
            println!("valid");
        }
        What::Show(file) => print!("{}", toml::to_string_pretty(&file.load()?)?),
        What::Explain { key } => match config::explain(key) {
            Some(text) => print!("{text}"),
            None => {
                return Err(format!("there is no key {key:?}; `fernpost config reference` lists all").into());
            }
        },
        What::Schema => println!("{}", serde_json::to_string_pretty(&config::schema())?),
        What::Reference => print!("{}", config::reference()),
    }
    Ok(ExitCode::SUCCESS)
}
