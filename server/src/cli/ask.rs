//! Commands that ask a running process: send, trace, find, audit, status.

use smsc::ports::StoreAdmin;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use store_embedded::{EmbeddedConfig, EmbeddedStore};

use super::CommandResult;
use crate::admin::{AdminDoor, Line, audit_report};
use crate::clock;

/// Where to find the process.
#[derive(clap::Args)]
pub struct Where {
    /// The data directory of the process; by default that of `serve`, then that of `lab`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What `send` takes.
#[derive(clap::Args)]
pub struct SendArguments {
    /// The sender: a number, a short code or up to 11 letters.
    #[arg(long)]
    from: String,
    /// The destination.
    #[arg(long)]
    to: String,
    /// What to say.
    text: String,
    #[command(flatten)]
    place: Where,
}

/// What `trace` takes.
#[derive(clap::Args)]
pub struct TraceArguments {
    /// The message's id, or the SID that the API gave it.
    id: String,
    #[command(flatten)]
    place: Where,
}

/// What `find` takes.
#[derive(clap::Args)]
pub struct FindArguments {
    /// Messages to this number.
    #[arg(long, conflicts_with_all = ["from", "account"])]
    to: Option<String>,
    /// Messages from this number.
    #[arg(long, conflicts_with = "account")]
    from: Option<String>,
    /// Messages of this account.
    #[arg(long)]
    account: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    place: Where,
}

/// What `audit` takes.
#[derive(clap::Args)]
pub struct AuditArguments {
    #[command(flatten)]
    place: Where,
}

/// What `status` takes.
#[derive(clap::Args)]
pub struct StatusArguments {
    #[command(flatten)]
    place: Where,
}

/// What `hlr` takes.
#[derive(clap::Args)]
pub struct HlrArguments {
    /// The number of the phone.
    number: String,
    /// The network to ask, by its name; the first one when absent.
    #[arg(long)]
    network: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// Where `serve` and `lab` keep their stores by default.
const DATA_DIRS: [&str; 2] = ["fernpost-data", "fernpost-lab/store"];

/// `fernpost send`.
pub async fn send(arguments: SendArguments) -> CommandResult {
    let body = json!({ "from": arguments.from, "to": arguments.to, "text": arguments.text });
    let answer = Door::open(&arguments.place)?.post("/admin/v1/messages", body).await?;
    match answer.get("id").and_then(Value::as_str) {
        Some(id) if !arguments.place.json => println!("{id}"),
        _ => println!("{answer}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// `fernpost trace`.
pub async fn trace(arguments: TraceArguments) -> CommandResult {
    let answer = Door::open(&arguments.place)?.get(&format!("/admin/v1/messages/{}", arguments.id)).await?;
    if arguments.place.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    println!(
        "message {}  {} -> {}  {}",
        text("/message/id"),
        text("/message/from"),
        text("/message/to"),
        text("/message/state")
    );
    let lines: Vec<Line> = serde_json::from_value(answer.get("trace").cloned().unwrap_or_default())?;
    for line in lines {
        println!("  {}  {:>8} ms  {:<9} {}", line.at, line.after_ms, line.station, line.text);
    }
    Ok(ExitCode::SUCCESS)
}

/// `fernpost find`.
pub async fn find(arguments: FindArguments) -> CommandResult {
    let mut path = format!("/admin/v1/messages?limit={}", arguments.limit);
    for (name, value) in [("to", &arguments.to), ("from", &arguments.from), ("account", &arguments.account)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", value.replace('+', "%2B").replace(' ', "%20")));
        }
    }
    let answer = Door::open(&arguments.place)?.get(&path).await?;
    if arguments.place.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    for message in answer.get("messages").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
        println!(
            "{}  {}  {:>16} -> {:<16} {:<13} {}",
            text("id"),
            text("accepted"),
            text("from"),
            text("to"),
            text("state"),
            text("origin")
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// `fernpost audit`: asks the running process, or reads the store where none runs.
pub async fn audit(arguments: AuditArguments) -> CommandResult {
    let report = match Door::open(&arguments.place) {
        Ok(door) => match door.post("/admin/v1/audit", json!({})).await {
            Ok(report) => report,
            Err(_nobody_answers) => audit_at_rest(&door.data_dir).await?,
        },
        Err(error) => match &arguments.place.data {
            Some(data_dir) => audit_at_rest(data_dir).await?,
            None => return Err(error),
        },
    };
    if arguments.place.json {
        println!("{report}");
    } else {
        let number = |key: &str| report.get(key).and_then(Value::as_u64).unwrap_or(0);
        println!(
            "accepted {} = ended {} + waiting {}",
            number("accepted"),
            number("ended"),
            number("waiting")
        );
        println!(
            "lost {}, undead {}, orphans {}, doubles {}, damaged {}",
            number("lost"),
            number("undead"),
            number("orphans"),
            number("doubles"),
            number("damaged")
        );
    }
    let holds = report.get("holds").and_then(Value::as_bool).unwrap_or(false);
    if !holds {
        eprintln!("the books do not balance");
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `fernpost hlr`.
pub async fn hlr(arguments: HlrArguments) -> CommandResult {
    let question = json!({ "number": arguments.number, "network": arguments.network });
    let answer = Door::open(&arguments.place)?.post("/admin/v1/lookups", question).await?;
    if arguments.place.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    println!("imsi {}  msisdn {}", text("imsi"), text("msisdn"));
    for node in answer.get("nodes").and_then(Value::as_array).into_iter().flatten() {
        let number = node.get("number").and_then(Value::as_str).unwrap_or_default();
        println!("served by {number}, subsystem {}", node.get("subsystem").unwrap_or(&Value::Null));
    }
    Ok(ExitCode::SUCCESS)
}

/// `fernpost status`.
pub async fn status(arguments: StatusArguments) -> CommandResult {
    let answer = Door::open(&arguments.place)?.get("/admin/v1/status").await?;
    if arguments.place.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    for (name, value) in answer.get("counters").and_then(Value::as_object).into_iter().flatten() {
        println!("{name:<52} {value:>12}");
    }
    for session in answer.get("smpp_sessions").and_then(Value::as_array).into_iter().flatten() {
        println!("smpp  {}", session.as_str().unwrap_or_default());
    }
    for association in answer.get("ss7_associations").and_then(Value::as_array).into_iter().flatten() {
        println!("ss7   {association}");
    }
    for endpoint in answer.get("sip_parties").and_then(Value::as_array).into_iter().flatten() {
        println!("sip   {endpoint}");
    }
    Ok(ExitCode::SUCCESS)
}

/// What `fernpost status` asks, of the process with this data directory.
pub async fn status_of(data_dir: &Path) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
    let place = Where { data: Some(data_dir.to_owned()), json: true };
    Door::open(&place)?.get("/admin/v1/status").await
}

async fn audit_at_rest(data_dir: &Path) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
    if !data_dir.exists() {
        return Err(format!("{}: there is no store", data_dir.display()).into());
    }
    let config = EmbeddedConfig { data_dir: data_dir.to_owned(), ..EmbeddedConfig::default() };
    let store = EmbeddedStore::open(&config, clock::now(), Box::new(|_| {}))?;
    let audit = store.audit().await?;
    store.close();
    Ok(audit_report(&audit))
}

/// The admin door of a running process.
struct Door {
    door: AdminDoor,
    data_dir: PathBuf,
    client: reqwest::Client,
}

impl Door {
    fn open(place: &Where) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let candidates: Vec<PathBuf> = match &place.data {
            Some(data) => vec![data.clone(), data.join("store")],
            None => DATA_DIRS.map(PathBuf::from).to_vec(),
        };
        let found = candidates.into_iter().find(|directory| AdminDoor::path(directory).exists());
        let Some(data_dir) = found else {
            return Err("no process was found; say --data with the directory of its store".into());
        };
        let door = AdminDoor::read(&data_dir)?;
        Ok(Self { door, data_dir, client: reqwest::Client::new() })
    }

    async fn get(&self, path: &str) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        self.answer(self.client.get(format!("{}{path}", self.door.base_url))).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let request = self.client.post(format!("{}{path}", self.door.base_url));
        self.answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn answer(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let answer = request.bearer_auth(&self.door.token).send().await?;
        let status = answer.status();
        let body: Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        let reason = body.get("error").and_then(Value::as_str).unwrap_or("no reason given");
        Err(format!("{status}: {reason}").into())
    }
}
