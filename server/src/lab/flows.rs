//! One message through each flow, by real sockets, with the time it took.

use std::net::SocketAddr;
use std::time::Duration;

use lab::application::Application;
use lab::esme::{Delivery, Esme, EsmeError, Outgoing};
use lab::mobile_network::Phone;
use lab::user_agent::UserAgent;
use smpp::pdu::BindKind;

use super::network::SHOW_PHONE;
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
    /// The phone could not do its part.
    #[error("phone: {0}")]
    Phone(String),
    /// The API refused.
    #[error("API: {0}")]
    Api(String),
}

/// The lab's own partners.
struct Partners<'a> {
    lab: &'a Lab,
    esme: Esme,
    agent: UserAgent,
    phone: Option<Phone>,
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
    if partners.network_serves().await? {
        let began = clock::instant();
        show(
            "flow 1  phone, MAP mo-forwardSM -> application, webhook",
            began,
            partners.phone_to_application().await,
        );
        let began = clock::instant();
        show(
            "        application's answer -> phone, MAP mt-forwardSM",
            began,
            partners.answer_to_phone().await,
        );
    }
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
    if partners.phone.is_some() {
        let began = clock::instant();
        show(
            "flow 4  API -> phone, MAP mt-forwardSM, status delivered",
            began,
            partners.api_to_phone().await,
        );
        let began = clock::instant();
        show("        ESME submit_sm -> phone, receipt back", began, partners.esme_to_phone().await);
        let began = clock::instant();
        show("        phone -> ESME deliver_sm, status report back", began, partners.phone_to_esme().await);
    }
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
        let phone = lab.phones.as_ref().and_then(|phones| phones.network.phone(SHOW_PHONE));
        Ok(Self { lab, esme, agent, phone, api: reqwest::Client::new() })
    }

    /// Waits until the association with the mobile network is up; there may be none.
    async fn network_serves(&self) -> Result<bool, FlowError> {
        let (Some(_), Some(ss7)) = (&self.phone, &self.lab.system.ss7) else { return Ok(false) };
        in_time(async {
            while !ss7.serves() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Some(())
        })
        .await?;
        Ok(true)
    }

    async fn phone_to_application(&self) -> Result<(), FlowError> {
        self.text(SHOW_NUMBER, "Hello from a phone").await?;
        self.webhook_with("Hello from a phone").await
    }

    async fn answer_to_phone(&self) -> Result<(), FlowError> {
        self.inbox_with(REPLY).await
    }

    async fn api_to_phone(&self) -> Result<(), FlowError> {
        let sid = self.create(SHOW_PHONE, "Hello phone, from the API").await?;
        self.inbox_with("Hello phone, from the API").await?;
        self.status_delivered(&sid).await
    }

    async fn esme_to_phone(&mut self) -> Result<(), FlowError> {
        let id = self.submit(SHOW_PHONE, b"Hello phone, from an ESME", 1).await?;
        self.inbox_with("Hello phone, from an ESME").await?;
        self.delivered(|delivered| delivered.receipt.as_ref().is_some_and(|receipt| receipt.message_id == id))
            .await
    }

    async fn phone_to_esme(&mut self) -> Result<(), FlowError> {
        let phone = self.phone()?;
        let outgoing = lab::mobile_network::Submission {
            status_report: true,
            ..lab::mobile_network::Submission::text("Hello ESME, from a phone", SHOW_ESME_ADDRESS)
        };
        let sent = phone.submit(outgoing).await.map_err(|error| FlowError::Phone(error.to_string()))?;
        let tp_mr = sent.message_references.first().copied().unwrap_or_default();
        self.delivered(|delivered| delivered.short_message == b"Hello ESME, from a phone").await?;
        in_time(async { Some(phone.wait_for_report(tp_mr).await) }).await
    }

    fn phone(&self) -> Result<Phone, FlowError> {
        self.phone.clone().ok_or_else(|| FlowError::Phone("this lab has none".to_owned()))
    }

    async fn text(&self, to: &str, text: &str) -> Result<(), FlowError> {
        let sent = self.phone()?.send(text, to).await;
        sent.map(|_| ()).map_err(|error| FlowError::Phone(error.to_string()))
    }

    async fn inbox_with(&self, text: &str) -> Result<(), FlowError> {
        let phone = self.phone()?;
        in_time(async { Some(phone.wait_for_text(|found| found == text).await) }).await
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
        let fits = |received: &lab::application::WebhookRequest| {
            received.path == "/sms" && received.params.get("Body").is_some_and(|body| body == text)
        };
        in_time(async { Some(self.application().wait_for(fits).await) }).await
    }

    async fn status_delivered(&self, sid: &str) -> Result<(), FlowError> {
        let fits = |received: &lab::application::WebhookRequest| {
            let is = |key: &str, value: &str| received.params.get(key).is_some_and(|found| found == value);
            received.path == "/status" && is("MessageSid", sid) && is("MessageStatus", "delivered")
        };
        in_time(async { Some(self.application().wait_for(fits).await) }).await
    }

    async fn delivered(&mut self, fits: impl Fn(&Delivery) -> bool) -> Result<(), FlowError> {
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
