//! One message through each flow, by real sockets, with the time it took.

use std::net::SocketAddr;
use std::time::Duration;

use peers::application::Application;
use peers::esme::{Delivered, Esme, EsmeError, Outgoing};
use peers::user_agent::UserAgent;
use smpp::pdu::BindKind;

use super::setup::{SHOW_ESME, SHOW_ESME_ADDRESS, SHOW_NUMBER, SHOW_SIP_NUMBER, SHOW_SIP_USER};
use super::{Lab, REPLY};
use crate::clock;

/// How long one flow may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a flow failed.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Nothing came out in time.
    #[error("nothing came out within 15 s")]
    Late,
    /// The ESME could not do its part.
    #[error("ESME: {0}")]
    Esme(#[from] EsmeError),
    /// The SIP user could not do its part.
    #[error("SIP: {0}")]
    Sip(String),
    /// The API refused.
    #[error("API: {0}")]
    Api(String),
}

/// The lab's own partners.
struct Partners<'a> {
    lab: &'a Lab,
    esme: Esme,
    agent: UserAgent,
    api: reqwest::Client,
}

/// Shows every flow; returns how many failed.
pub async fn run(lab: &Lab) -> Result<usize, FlowError> {
    let mut partners = Partners::gather(lab).await?;
    let mut failed = 0;
    let mut show = |name: &str, began: std::time::Instant, result: Result<(), FlowError>| match result {
        Ok(()) => println!("  {name:<58} {:>7.1} ms", began.elapsed().as_secs_f64() * 1000.0),
        Err(error) => {
            failed += 1;
            println!("  {name:<58} FAILED: {error}");
        }
    };
    let began = clock::instant();
    show("flow 2  ESME submit_sm -> application, webhook", began, partners.esme_to_application().await);
    let began = clock::instant();
    show("        application's answer -> ESME deliver_sm", began, partners.answer_to_esme().await);
    let began = clock::instant();
    show("flow 3  SIP MESSAGE -> application, webhook", began, partners.sip_to_application().await);
    let began = clock::instant();
    show("        application's answer -> SIP MESSAGE", began, partners.answer_to_sip().await);
    let began = clock::instant();
    show("flow 4  API -> ESME deliver_sm, status delivered", began, partners.api_to_esme().await);
    let began = clock::instant();
    show("flow 4  API -> SIP MESSAGE, status delivered", began, partners.api_to_sip().await);
    let began = clock::instant();
    show("        ESME submit_sm -> SIP MESSAGE, receipt back", began, partners.esme_to_sip().await);
    let began = clock::instant();
    show("        SIP MESSAGE -> ESME deliver_sm", began, partners.sip_to_esme().await);
    Ok(failed)
}

impl<'a> Partners<'a> {
    async fn gather(lab: &'a Lab) -> Result<Self, FlowError> {
        let nobody = || FlowError::Sip("this lab has no listener".to_owned());
        let smpp = lab.system.smpp.iter().flat_map(|smpp| smpp.local_addresses().to_vec()).next();
        let sip = lab.system.sip.iter().flat_map(|sip| sip.local_addresses()).next();
        let ((_, registrar), centre) = (sip.ok_or_else(nobody)?, smpp.ok_or_else(nobody)?);
        let esme =
            Esme::bind(centre, BindKind::Transceiver, SHOW_ESME, &lab.credentials.smpp_password).await?;
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let agent = UserAgent::register(registrar, SHOW_SIP_USER, &lab.credentials.sip_password, local)
            .await
            .map_err(|error| FlowError::Sip(error.to_string()))?;
        Ok(Self { lab, esme, agent, api: reqwest::Client::new() })
    }

    fn application(&self) -> &Application {
        &self.lab.application
    }

    async fn esme_to_application(&mut self) -> Result<(), FlowError> {
        self.submit(SHOW_NUMBER, b"Hello from an ESME", 0).await?;
        self.webhook_with("Hello from an ESME").await
    }

    async fn answer_to_esme(&mut self) -> Result<(), FlowError> {
        self.delivered(|delivered| delivered.short_message == REPLY.as_bytes()).await
    }

    async fn sip_to_application(&mut self) -> Result<(), FlowError> {
        self.message(SHOW_NUMBER, "Hello from a SIP user").await?;
        self.webhook_with("Hello from a SIP user").await
    }

    async fn answer_to_sip(&mut self) -> Result<(), FlowError> {
        self.incoming(REPLY).await
    }

    async fn api_to_esme(&mut self) -> Result<(), FlowError> {
        let sid = self.create(SHOW_ESME_ADDRESS, "Hello ESME, from the API").await?;
        self.delivered(|delivered| delivered.short_message == b"Hello ESME, from the API").await?;
        self.status_delivered(&sid).await
    }

    async fn api_to_sip(&mut self) -> Result<(), FlowError> {
        let sid = self.create(SHOW_SIP_NUMBER, "Hello SIP user, from the API").await?;
        self.incoming("Hello SIP user, from the API").await?;
        self.status_delivered(&sid).await
    }

    async fn esme_to_sip(&mut self) -> Result<(), FlowError> {
        let id = self.submit(SHOW_SIP_NUMBER, b"Hello SIP user, from an ESME", 1).await?;
        self.incoming("Hello SIP user, from an ESME").await?;
        self.delivered(|delivered| delivered.receipt.as_ref().is_some_and(|receipt| receipt.message_id == id))
            .await
    }

    async fn sip_to_esme(&mut self) -> Result<(), FlowError> {
        self.message(SHOW_ESME_ADDRESS, "Hello ESME, from a SIP user").await?;
        self.delivered(|delivered| delivered.short_message == b"Hello ESME, from a SIP user").await
    }

    async fn submit(&self, to: &str, text: &[u8], receipt: u8) -> Result<String, FlowError> {
        let outgoing = Outgoing {
            source: SHOW_ESME_ADDRESS,
            destination: to,
            short_message: text,
            registered_delivery: receipt,
            ..Outgoing::default()
        };
        Ok(self.esme.submit(&outgoing).await?)
    }

    async fn message(&mut self, to: &str, text: &str) -> Result<(), FlowError> {
        match self.agent.send(to, text, &[]).await {
            Ok((200 | 202, _)) => Ok(()),
            Ok((status, _)) => Err(FlowError::Sip(format!("the centre answered {status}"))),
            Err(error) => Err(FlowError::Sip(error.to_string())),
        }
    }

    async fn create(&self, to: &str, text: &str) -> Result<String, FlowError> {
        let wrong = |error: reqwest::Error| FlowError::Api(error.to_string());
        let credentials = &self.lab.credentials;
        let url = format!(
            "http://{}/2010-04-01/Accounts/{}/Messages.json",
            self.lab.system.http, credentials.account_sid
        );
        let callback = self.application().url("/status");
        let form = [("From", SHOW_NUMBER), ("To", to), ("Body", text), ("StatusCallback", &callback)];
        let request = self.api.post(url).basic_auth(&credentials.account_sid, Some(&credentials.auth_token));
        let body = form_body(&form);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.map_err(wrong)?;
        let status = answer.status();
        let text = answer.text().await.map_err(wrong)?;
        let body: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| FlowError::Api(error.to_string()))?;
        match body.get("sid").and_then(serde_json::Value::as_str) {
            Some(sid) if status == 201 => Ok(sid.to_owned()),
            _ => Err(FlowError::Api(format!("{status}: {text}"))),
        }
    }

    async fn webhook_with(&self, text: &str) -> Result<(), FlowError> {
        let fits = |received: &peers::application::Received| {
            received.path == "/sms" && received.params.get("Body").is_some_and(|body| body == text)
        };
        in_time(async { Some(self.application().wait_for(fits).await) }).await
    }

    async fn status_delivered(&self, sid: &str) -> Result<(), FlowError> {
        let fits = |received: &peers::application::Received| {
            let is = |key: &str, value: &str| received.params.get(key).is_some_and(|found| found == value);
            received.path == "/status" && is("MessageSid", sid) && is("MessageStatus", "delivered")
        };
        in_time(async { Some(self.application().wait_for(fits).await) }).await
    }

    async fn delivered(&mut self, fits: impl Fn(&Delivered) -> bool) -> Result<(), FlowError> {
        in_time(async {
            while let Some(delivered) = self.esme.next().await {
                if fits(&delivered) {
                    return Some(delivered);
                }
            }
            None
        })
        .await
    }

    async fn incoming(&mut self, text: &str) -> Result<(), FlowError> {
        in_time(async {
            while let Some(incoming) = self.agent.next().await {
                if incoming.text == text {
                    return Some(incoming);
                }
            }
            None
        })
        .await
    }
}

async fn in_time<T>(event: impl Future<Output = Option<T>>) -> Result<(), FlowError> {
    match tokio::time::timeout(PATIENCE, event).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(_) => Err(FlowError::Late),
    }
}

/// A form as browsers write it.
fn form_body(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|octet| match octet {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(octet).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    fields.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect::<Vec<_>>().join("&")
}
