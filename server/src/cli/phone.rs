//! `fernpost phone`: drives a simulated phone of a running lab.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::CommandResult;
use crate::lab::network::PhonesDoor;

/// What `phone` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The phone's number, for instance +15550201.
    number: String,
    #[command(subcommand)]
    action: Action,
    /// The lab's directory.
    #[arg(long, value_name = "DIR", default_value = "fernpost-lab", global = true)]
    data: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Send a message from the phone.
    Send {
        /// The destination.
        to: String,
        /// What to say.
        text: String,
        /// Ask for a status report.
        #[arg(long)]
        status_report: bool,
    },
    /// Show what the phone has received, newest first.
    Inbox,
    /// Show how the phone is.
    Show,
    /// Switch it off.
    Off,
    /// Switch it on.
    On,
    /// Fill its memory.
    Full,
    /// Free its memory.
    Empty,
    /// Keep it busy with a call.
    Busy,
    /// End the call.
    Free,
    /// Move it to another switching centre, by that one's number.
    Roam {
        /// The centre's global title.
        msc: String,
    },
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> CommandResult {
    let door = PhonesDoor::read(&arguments.data)
        .map_err(|_| "no lab with phones was found; say --data with its directory")?;
    let digits = arguments.number.trim_start_matches('+');
    let phone = Phone { url: format!("{}/phones/{digits}", door.base_url), client: reqwest::Client::new() };
    let answer = match &arguments.action {
        Action::Send { to, text, status_report } => {
            phone.post("send", json!({ "to": to, "text": text, "status_report": status_report })).await?
        }
        Action::Inbox => phone.get("/inbox").await?,
        Action::Show => phone.get("").await?,
        Action::Off => phone.post("off", json!({})).await?,
        Action::On => phone.post("on", json!({})).await?,
        Action::Full => phone.post("full", json!({})).await?,
        Action::Empty => phone.post("empty", json!({})).await?,
        Action::Busy => phone.post("busy", json!({})).await?,
        Action::Free => phone.post("free", json!({})).await?,
        Action::Roam { msc } => phone.post("roam", json!({ "msc": msc })).await?,
    };
    match (&arguments.action, &answer) {
        _ if arguments.json => println!("{answer}"),
        (Action::Inbox, _) => print_inbox(&answer),
        // An order that was carried out has no answer.
        (_, Value::Null) => {}
        _ => println!("{answer}"),
    }
    // A message that the centre did not take is a failure, as it is on the phone.
    let refused = answer.get("result").and_then(Value::as_str).is_some_and(|result| result != "accepted");
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print_inbox(answer: &Value) {
    for entry in answer.as_array().into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        match entry.get("tp_status") {
            Some(status) => println!("status report  about {}  status {status}", text("recipient")),
            None => println!("{}  {}", text("from"), text("text")),
        }
    }
}

struct Phone {
    url: String,
    client: reqwest::Client,
}

type Answer = Result<Value, Box<dyn std::error::Error + Send + Sync>>;

impl Phone {
    async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(format!("{}{path}", self.url))).await
    }

    async fn post(&self, action: &str, body: Value) -> Answer {
        let request = self.client.post(format!("{}/{action}", self.url));
        answer(request.header("content-type", "application/json").body(body.to_string())).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if status.is_success() {
        return Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? });
    }
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let reason = body.get("error").and_then(Value::as_str).unwrap_or(&text).to_owned();
    Err(format!("{status}: {reason}").into())
}
