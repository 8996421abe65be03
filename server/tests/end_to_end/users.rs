//! A SIP user of the lab: registers with digest, sends to the application, and gets what the API sends.

use std::net::SocketAddr;

use lab::user_agent::{UserAgent, UserAgentError};
use tokio::time::timeout;

use crate::harness::lab::Lab;
use crate::harness::{PATIENCE, block_on};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn registrar(lab: &Lab) -> SocketAddr {
    format!("{}:{}", lab.text("/sip/host"), lab.port("/sip/port")).parse().expect("an address")
}

#[test]
fn a_sip_user_sends_to_the_application_and_hears_from_the_api() {
    let lab = Lab::start(&[]);
    block_on(async {
        let (user, password) = (lab.text("/sip/user"), lab.text("/sip/password"));
        let mut agent =
            UserAgent::register(registrar(&lab), user, password, ANY).await.expect("it registers");
        let sent =
            agent.send(lab.text("/api/number"), "to the application: ümläut", &[("X-Colour", "blue")]).await;
        let (status, id) = sent.expect("an answer");
        assert_eq!(status, 200);
        assert!(id.is_some_and(|id| !id.is_empty()), "a 200 names the message");
        let params = wait_for_body(&lab, "to the application: ümläut").await;
        assert_eq!(params["SipHeader_X-Colour"], "blue", "what means nothing to the centre travels on");

        let api = format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            lab.text("/http/base_url"),
            lab.text("/api/account_sid")
        );
        let body = format!(
            "From=%2B{}&To=%2B{}&Body=from+the+API&X-Colour=red",
            lab.text("/api/number").trim_start_matches('+'),
            lab.text("/sip/number").trim_start_matches('+'),
        );
        let created = http()
            .post(api)
            .basic_auth(lab.text("/api/account_sid"), Some(lab.text("/api/auth_token")))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("the API answers");
        assert_eq!(created.status(), 201);
        // The application's reply to the first message, and what the API was asked to send.
        let mut texts = Vec::new();
        while !texts.contains(&"from the API".to_owned()) {
            let incoming = timeout(PATIENCE, agent.next()).await.expect("in time").expect("the agent runs");
            assert_eq!(incoming.from, lab.text("/api/number"));
            let colour = ("X-Colour".to_owned(), "red".to_owned());
            assert_eq!(incoming.headers.contains(&colour), incoming.text == "from the API");
            texts.push(incoming.text);
        }
    });
    let log = lab.process.log();
    for secret in [lab.text("/sip/number"), lab.text("/api/number"), lab.text("/sip/password"), "ümläut"] {
        let secret = secret.trim_start_matches('+');
        assert!(!log.contains(secret), "{secret:?} is in the log:\n{log}");
    }
}

#[test]
fn a_wrong_password_registers_nobody() {
    let lab = Lab::start(&[]);
    block_on(async {
        let refused = UserAgent::register(registrar(&lab), lab.text("/sip/user"), "wrong", ANY).await;
        assert!(matches!(refused, Err(UserAgentError::Refused(401 | 403))), "{refused:?}");
    });
}

/// An HTTP client. The library is built without a provider of cryptography, and wants one even here.
fn http() -> reqwest::Client {
    let _installed_already = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn wait_for_body(lab: &Lab, body: &str) -> serde_json::Value {
    let found = async {
        loop {
            let received = http().get(lab.text("/webhook/received_url")).send().await.expect("it answers");
            let received: serde_json::Value =
                serde_json::from_str(&received.text().await.expect("a body")).expect("JSON");
            let all = received.as_array().expect("a list");
            if let Some(one) = all.iter().find(|one| one["params"]["Body"] == body) {
                return one["params"].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, found).await.expect("it is at the application in time")
}
