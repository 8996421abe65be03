//! A centre with a mobile network of others before it.

use std::cell::Cell;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::esme::Esme;
use serde_json::{Value, json};
use smpp::pdu::BindKind;
use tokio::runtime::Runtime;

use super::peer::Peer;
use super::{CENTRE, NODE, capture};
use crate::harness::PATIENCE;
use crate::harness::foreign::python;
use crate::harness::lab::Lab;
use crate::harness::process::{Process, run};
use crate::harness::scratch::Scratch;

/// pycrate's modules that the peer needs.
const MODULES: &str =
    "pycrate_mobile.M3UA, pycrate_mobile.SCCP, pycrate_asn1dir.TCAP_RAW, pycrate_asn1dir.MAP";

/// A running centre, its peer, and an ESME on the other side.
pub(super) struct Network {
    test: &'static str,
    pub(super) runtime: Runtime,
    pub(super) process: Process,
    pub(super) peer: Peer,
    pub(super) capture: PathBuf,
    description: Value,
    door: Value,
    http: reqwest::Client,
    dialogues: Cell<u32>,
    scratch: Scratch,
}

impl Network {
    /// Starts a lab without its own network, and a peer in its place; the association is active when
    /// this returns. `None`, with a printed line, where pycrate is missing.
    pub(super) fn start(test: &'static str) -> Option<Self> {
        let python = python(test, MODULES)?;
        let (process, description, scratch) = Lab::start(&["--no-network"]).into_parts();
        let data = PathBuf::from(description["data_dir"].as_str().expect("a path"));
        Some(Self::before(test, &python, process, description, &data, scratch))
    }

    /// The same for a centre without a lab, with short timers, so that a dead node costs little.
    /// `more` stands in the table of its network.
    pub(super) fn serve(test: &'static str, more: &str) -> Option<Self> {
        let python = python(test, MODULES)?;
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let config = scratch.write(
            "fernpost.toml",
            &format!(
                "roles = ['smsc']\n\
                 store.data_dir = '{}'\n\
                 http.listen = '127.0.0.1:0'\n\
                 smpp.listeners = []\n\
                 sip.listeners = []\n\
                 [ss7]\nrouting_seconds = 1\nforwarding_seconds = 1\ndialogue_seconds = 2\nbeat_seconds = 1\n\
                 [[ss7.networks]]\nname = 'lab'\npoint_code = 1\nglobal_title = '{CENTRE}'\ngateways = [2]\n{more}\n\
                 [[ss7.application_servers]]\nname = 'lab'\nnetwork = 'lab'\nrouting_context = 100\n\
                 [[ss7.associations]]\nname = 'gateway'\ntransport = 'tcp'\nremote = ['127.0.0.1:{port}']\n\
                 application_servers = ['lab']\nreconnect_seconds_max = 1\n\
                 [[routes]]\nname = 'phones'\ntargets = ['ss7:lab']\n[routes.to]\nprefix = ['+1555020']\n",
                data.display(),
            ),
        );
        let process = Process::start(&["serve", "--config", config.to_str().expect("the path is text")]);
        process.line(); // it listens
        let m3ua = json!({ "host": "127.0.0.1", "port": port, "routing_context": 100,
                           "point_code": 1, "peer_point_code": 2 });
        Some(Self::before(test, &python, process, json!({ "m3ua": m3ua }), &data, scratch))
    }

    /// Puts a peer before a running centre; the association is active when this returns.
    fn before(
        test: &'static str,
        python: &Path,
        process: Process,
        description: Value,
        data: &Path,
        scratch: Scratch,
    ) -> Self {
        let capture = capture::path(test);
        let peer = Peer::start(python, &description["m3ua"], &capture);
        let door = std::fs::read_to_string(data.join("admin.json")).expect("the door is published");
        let network = Self {
            test,
            runtime: Runtime::new().expect("a runtime"),
            process,
            peer,
            capture,
            door: serde_json::from_str(&door).expect("JSON"),
            http: http(),
            description,
            dialogues: Cell::new(0),
            scratch,
        };
        network.peer.expect("active association", |event| event["event"] == "active");
        network
    }

    /// Kills the centre; the proof of conservation of what it had on disk comes back.
    pub(super) fn kill(self) -> Value {
        let data = self.description["data_dir"].as_str().expect("a path").to_owned();
        self.process.kill();
        let output = run(&["audit", "--json", "--data", &data]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        drop(self.scratch);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Ends the test: pycrate could read all that came, and tshark has nothing to object to.
    pub(super) fn end(self) {
        let faults = self.peer.rest(|event| event["event"] == "fault");
        assert_eq!(faults, [Value::Null; 0], "the peer objects");
        drop(self.process);
        self.peer.expect("end of the association", |event| event["event"] == "lost");
        drop(self.peer);
        capture::assert_well_formed(self.test, &self.capture);
    }

    /// Ends a test in which the peer has sent damage on purpose: pycrate could read all that came.
    pub(super) fn damaged(self) {
        let faults = self.peer.rest(|event| event["event"] == "fault");
        assert_eq!(faults, [Value::Null; 0], "the peer objects");
        drop(self.process);
        drop(self.peer);
        capture::assert_own_well_formed(self.test, &self.capture);
    }

    /// What happens to a phone; see `scripts/signalling/dialogues.py`.
    pub(super) fn rule(&self, rule: Value) {
        self.peer.order(&json!({ "rule": rule }));
        self.peer.expect("obedience", |event| event["event"] == "ruled");
    }

    /// The next request of the centre about this phone.
    pub(super) fn invoke(&self, operation: &str, number: &str) -> Value {
        self.peer.expect(&format!("{operation} for {number}"), |event| {
            event["event"] == "invoke" && event["operation"] == operation && event["number"] == number
        })
    }

    /// Requests about this phone that no test has taken.
    pub(super) fn others(&self, number: &str) -> Vec<Value> {
        self.peer.rest(|event| event["event"] == "invoke" && event["number"] == number)
    }

    /// Opens a dialogue from a node, and waits for the centre's answer.
    pub(super) fn ask(&self, context: Value, component: Value) -> Value {
        self.ask_from(json!({ "context": context, "components": [component] }))
    }

    /// The same, with whatever else the peer can do to a dialogue.
    pub(super) fn ask_from(&self, begin: Value) -> Value {
        let tag = self.tell(begin);
        self.answer(&tag)
    }

    /// Opens a dialogue from a node, and does not wait. The dialogue's tag comes back.
    pub(super) fn tell(&self, mut begin: Value) -> String {
        self.dialogues.set(self.dialogues.get() + 1);
        let tag = format!("dialogue {}", self.dialogues.get());
        let fields = begin.as_object_mut().expect("an object");
        fields.insert("tag".to_owned(), json!(tag));
        fields.entry("calling").or_insert(json!(NODE));
        fields.entry("called").or_insert(json!(CENTRE));
        self.peer.order(&json!({ "begin": begin }));
        tag
    }

    /// The centre's answer in a dialogue of ours.
    pub(super) fn answer(&self, tag: &str) -> Value {
        self.peer
            .expect(&format!("answer in {tag}"), |event| event["event"] == "answer" && event["tag"] == tag)
    }

    /// A phone sends a TPDU (`{"submit": …}`, `{"command": …}` or `{"tpdu": hex}`) with MAP version 3;
    /// the centre's only component comes back.
    pub(super) fn originate(&self, from: &str, tpdu: Value) -> Value {
        self.ask(context(21, 3), originated(from, tpdu))["components"][0].clone()
    }

    /// The operator sends a text; its id comes back.
    pub(super) fn send(&self, from: &str, to: &str, text: &str) -> String {
        let body = json!({ "from": from, "to": format!("+{to}"), "text": text });
        let made = self.admin(reqwest::Method::POST, "/messages", Some(&body));
        made["id"].as_str().unwrap_or_else(|| panic!("it is refused: {made}")).to_owned()
    }

    /// An ESME of the lab.
    pub(super) fn esme(&self) -> Esme {
        let smpp = &self.description["smpp"];
        let text = |key: &str| smpp[key].as_str().expect("text");
        let address = format!("{}:{}", text("host"), smpp["port"]).parse().expect("an address");
        let bound = Esme::bind(address, BindKind::Transceiver, text("system_id"), text("password"));
        self.runtime.block_on(bound).expect("it binds")
    }

    /// The message's state and trace once it has ended.
    pub(super) fn ended(&self, id: &str) -> Value {
        self.until(id, "ended", |message| {
            message["message"]["state"] != "enroute" && message["message"]["state"] != "scheduled"
        })
    }

    /// Waits until the message was delivered.
    pub(super) fn delivered(&self, id: &str) -> Value {
        let message = self.ended(id);
        assert_eq!(message["message"]["state"], "delivered", "{message:#}");
        message
    }

    /// Waits until the message was tried, and waits for its next attempt with this error.
    pub(super) fn waiting(&self, id: &str, error: u8) -> Value {
        let message = self.until(id, "tried", |message| !attempts(message).is_empty());
        assert_eq!(message["message"]["state"], "enroute", "{message:#}");
        let last = attempts(&message).pop().expect("there is one");
        assert!(last.contains(&format!("(error {error:03})")), "error {error}: {last}");
        message
    }

    /// What the centre knows of the last message of this phone.
    pub(super) fn newest(&self, from: &str) -> Value {
        let found = self.admin(reqwest::Method::GET, &format!("/messages?from=%2B{from}&limit=20"), None);
        let own = found["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|message| message["origin"] == "ss7:lab");
        self.message(own.expect("there is one")["id"].as_str().expect("an id"))
    }

    /// What the centre knows of a message.
    pub(super) fn message(&self, id: &str) -> Value {
        self.admin(reqwest::Method::GET, &format!("/messages/{id}"), None)
    }

    /// Asks the HLR by the command line: what it printed, or its complaint.
    pub(super) fn look_up(&self, number: &str) -> Result<Value, String> {
        let data = self.description["data_dir"].as_str().expect("a path");
        let output = run(&["hlr", &format!("+{number}"), "--json", "--data", data]);
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout).expect("JSON"));
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// How often the centre has counted this event of signalling.
    pub(super) fn counted(&self, event: &str) -> u64 {
        let base = self.door["base_url"].as_str().expect("text");
        let page = self.runtime.block_on(async {
            self.http
                .get(format!("{base}/metrics"))
                .send()
                .await
                .expect("an answer")
                .text()
                .await
                .expect("text")
        });
        let wanted = format!("fernpost_ss7_events_total{{event=\"{event}\"}} ");
        page.lines()
            .find_map(|line| line.strip_prefix(&wanted))
            .map_or(0, |count| count.parse().expect("a number"))
    }

    fn until(&self, id: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let step = Duration::from_millis(20);
        for _ in 0..PATIENCE.as_millis() / 3 / step.as_millis() {
            let message = self.message(id);
            if fits(&message) {
                return message;
            }
            std::thread::sleep(step);
        }
        panic!("not {what} in time: {:#}\n{}", self.message(id), self.process.log());
    }

    fn admin(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}/admin/v1{path}", self.door["base_url"].as_str().expect("text"));
        let mut request =
            self.http.request(method, url).bearer_auth(self.door["token"].as_str().expect("text"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let text = self.runtime.block_on(async { request.send().await.expect("an answer").text().await });
        serde_json::from_str(&text.expect("text")).expect("JSON")
    }
}

/// The application context of a procedure in a version.
pub(super) fn context(procedure: u8, version: u8) -> Value {
    json!([0, 4, 0, 0, 1, 0, procedure, version])
}

/// The request of a phone's node: mo-forwardSM, or what versions 1 and 2 have in its place.
pub(super) fn originated(from: &str, tpdu: Value) -> Value {
    let mut argument = tpdu;
    let fields = argument.as_object_mut().expect("an object");
    fields.insert("sm-RP-DA".to_owned(), json!(["serviceCentreAddressDA", CENTRE]));
    fields.insert("sm-RP-OA".to_owned(), json!(["msisdn", from]));
    json!({ "operation": 46, "argument": argument })
}

/// The lines about attempts of a message.
pub(super) fn attempts(message: &Value) -> Vec<String> {
    let lines = message["trace"].as_array().expect("lines").iter();
    let attempts = lines.filter(|line| line["station"] == "attempt");
    attempts.map(|line| line["text"].as_str().expect("text").to_owned()).collect()
}

/// An HTTP client. The library is built without a provider of cryptography, and wants one even here.
fn http() -> reqwest::Client {
    let _installed_already = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
