//! What the process counts: one table for `/metrics`, `fernpost status` and the reference page.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gateway_sip::SipGateway;
use gateway_smpp::SmppGateway;
use gateway_ss7::{Ss7Gateway, Ss7Status};
use serde_json::{Value, json};
use smsc::ports::{Pressure, Store};
use smsc::receipt::State;
use store_embedded::EmbeddedStore;

use node::centre::ServiceCentre;

/// All that counts, held once.
#[derive(Clone)]
pub struct Metrics {
    /// The centre.
    pub centre: ServiceCentre,
    /// The store.
    pub store: EmbeddedStore,
    /// SMPP, where this process has it.
    pub smpp: Option<SmppGateway>,
    /// SIP, where this process has it.
    pub sip: Option<Arc<SipGateway>>,
    /// Mobile networks, where this process has some.
    pub ss7: Option<Ss7Gateway>,
}

struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    values: Vec<(String, u64)>,
}

impl Metrics {
    /// Whether the process can take submissions.
    pub fn ready(&self) -> Result<(), String> {
        match self.store.pressure() {
            Pressure::Closed => Err("the store takes nothing".to_owned()),
            Pressure::Free | Pressure::High => Ok(()),
        }
    }

    /// The text form of Prometheus.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for metric in self.all() {
            let _infallible = writeln!(
                text,
                "# HELP {} {}\n# TYPE {} {}",
                metric.name, metric.help, metric.name, metric.kind
            );
            for (labels, value) in metric.values {
                let _infallible = writeln!(text, "{}{labels} {value}", metric.name);
            }
        }
        text
    }

    /// The same as JSON, with the sessions.
    pub fn status(&self) -> Value {
        let mut counters = serde_json::Map::new();
        for metric in self.all() {
            for (labels, value) in metric.values {
                counters.insert(format!("{}{labels}", metric.name), value.into());
            }
        }
        let sessions: Vec<String> =
            self.smpp.iter().flat_map(SmppGateway::sessions).map(|session| format!("{session:?}")).collect();
        let endpoints = self.sip.iter().flat_map(|sip| sip.status());
        let endpoints: Vec<Value> = endpoints
            .map(|endpoint| json!({ "party": endpoint.endpoint.to_string(), "up": endpoint.up, "open": endpoint.open, "contacts": endpoint.contacts }))
            .collect();
        let associations: Vec<Value> = self
            .ss7
            .iter()
            .flat_map(|ss7| ss7.status().associations)
            .map(|(name, state)| json!({ "name": name, "state": state }))
            .collect();
        let syncs = self.store.metrics().sync_micros;
        json!({
            "counters": counters,
            "smpp_sessions": sessions,
            "sip_parties": endpoints,
            "ss7_associations": associations,
            "store_sync_micros": syncs,
        })
    }

    fn all(&self) -> Vec<Metric> {
        let counts = self.centre.journey().metrics().counts();
        let gauges = self.centre.dispatch().metrics();
        let single =
            |name, kind, help, value| Metric { name, kind, help, values: vec![(String::new(), value)] };
        let load = |gauge: &std::sync::atomic::AtomicUsize| gauge.load(Ordering::Relaxed) as u64;
        let ended = State::ALL.into_iter().filter(|state| state.is_final()).map(|state| {
            let count = counts.ended.get(usize::from(state.number())).copied().unwrap_or(0);
            (format!("{{state=\"{}\"}}", format!("{state:?}").to_lowercase()), count)
        });
        let pressure = match self.store.pressure() {
            Pressure::Free => 0,
            Pressure::High => 1,
            Pressure::Closed => 2,
        };
        let sessions = self.smpp.iter().map(|smpp| smpp.sessions().len() as u64).sum();
        let mut all = vec![
            single(
                "fernpost_messages_accepted_total",
                "counter",
                "Submissions that became messages.",
                counts.accepted,
            ),
            single(
                "fernpost_messages_refused_total",
                "counter",
                "Submissions that were refused.",
                counts.refused,
            ),
            Metric {
                name: "fernpost_messages_ended_total",
                kind: "counter",
                help: "Messages that ended, by final state.",
                values: ended.collect(),
            },
            single(
                "fernpost_attempts_succeeded_total",
                "counter",
                "Attempts that a next hop took.",
                counts.handed_over,
            ),
            single(
                "fernpost_attempts_failed_total",
                "counter",
                "Attempts that failed.",
                counts.attempts_failed,
            ),
            single("fernpost_receipts_total", "counter", "Receipts that set out.", counts.receipts),
            single(
                "fernpost_messages_waiting",
                "gauge",
                "Messages that wait for an attempt.",
                load(&gauges.waiting),
            ),
            single("fernpost_attempts_open", "gauge", "Attempts that run.", load(&gauges.open)),
            single(
                "fernpost_messages_handed_over",
                "gauge",
                "Messages whose next hop owes a receipt.",
                load(&gauges.handed_over),
            ),
            single(
                "fernpost_store_pressure",
                "gauge",
                "0 free, 1 throttling new submissions, 2 refusing them.",
                pressure,
            ),
            single("fernpost_smpp_sessions", "gauge", "Bound SMPP sessions.", sessions),
        ];
        all.extend(self.ss7.iter().flat_map(|ss7| signalling(&ss7.status())));
        all
    }
}

/// What is counted about mobile networks.
fn signalling(status: &Ss7Status) -> Vec<Metric> {
    let single = |name, kind, help, value| Metric { name, kind, help, values: vec![(String::new(), value)] };
    let associations = status.associations.iter();
    let active = associations.filter(|(_, state)| *state == "active").count();
    let others = status.counters.iter().map(|(name, count)| (format!("{{event=\"{name}\"}}"), *count));
    vec![
        single(
            "fernpost_ss7_originated_total",
            "counter",
            "Messages of phones that were taken over.",
            status.originated,
        ),
        single(
            "fernpost_ss7_refused_total",
            "counter",
            "Messages of phones that were refused.",
            status.refused,
        ),
        single("fernpost_ss7_delivered_total", "counter", "Messages that phones took.", status.delivered),
        single("fernpost_ss7_alerts_total", "counter", "Alerts of home location registers.", status.alerts),
        single("fernpost_ss7_dialogues", "gauge", "Open TCAP dialogues.", status.dialogues as u64),
        single(
            "fernpost_ss7_associations_active",
            "gauge",
            "Associations that carry traffic.",
            active as u64,
        ),
        Metric {
            name: "fernpost_ss7_events_total",
            kind: "counter",
            help: "Signalling that was refused, discarded or screened, by what it was.",
            values: others.collect(),
        },
    ]
}
