//! TLS both ways: our server and our link, over a certificate of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gateway_smpp::SmppGateway;
use gateway_smpp::config::{ClientTls, Link, Listener, Secret, ServerTls, SmppConfig};
use rig::{NOW, Rig, SmallCentre, loopback, plain};
use smpp::Status;

/// A certificate for localhost and its key, as files.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("fernpost-smpp-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate_file, key_file) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate_file, made.cert.pem()).unwrap();
    std::fs::write(&key_file, made.signing_key.serialize_pem()).unwrap();
    (certificate_file, key_file)
}

fn server(name: &str) -> (Rig, PathBuf) {
    let (certificate_file, key_file) = certificate(name);
    let tls =
        ServerTls { certificate_file: certificate_file.clone(), key_file, client_authorities_file: None };
    let rig = Rig::with(|config| config.listeners = vec![Listener { address: loopback(), tls: Some(tls) }]);
    (rig, certificate_file)
}

fn client(rig: &Rig, authorities_file: PathBuf, server_name: &str) -> SmppGateway {
    let link = Link {
        name: "far".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: rig.address().port(),
        tls: Some(ClientTls {
            authorities_file,
            server_name: server_name.to_owned(),
            ..ClientTls::default()
        }),
        system_id: "acme".to_owned(),
        password: Secret::new("secret"),
        ..Link::default()
    };
    let config = SmppConfig { listeners: Vec::new(), links: vec![link], ..SmppConfig::default() };
    SmppGateway::start(&config, SmallCentre::new(), Arc::new(|| NOW), 1).unwrap()
}

#[tokio::test]
async fn a_message_travels_encrypted_between_two_centres() {
    let (rig, authorities_file) = server("both");
    let far = client(&rig, authorities_file, "localhost");
    for _ in 0..200 {
        if !far.sessions().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let delivery = smsc::delivery::Delivery { message: plain(b"secret text").into(), receipt_wanted: false };
    let handover =
        smsc::ports::Gateways::deliver(&far, &"smpp:far".parse().unwrap(), delivery).await.unwrap();
    assert_eq!(handover.remote_id.unwrap().len(), 19);
    assert!(rig.gateway.sessions()[0].tls && far.sessions()[0].tls);
    assert_eq!(rig.centre.accepted.lock()[0].content.body, b"secret text"[..]);
    far.shutdown(Duration::from_secs(5)).await;
    assert!(far.sessions().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (rig, authorities_file) = server("name");
    let far = client(&rig, authorities_file, "elsewhere.example");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(far.sessions().is_empty());
    assert_eq!(far.stats().binds.get(), 0);
}

#[tokio::test]
async fn plain_text_at_a_tls_listener_gets_nowhere() {
    let (rig, _) = server("plain");
    let mut esme = rig.connect().await;
    esme.send(&rig::bind(smpp::pdu::BindKind::Transceiver, "acme", "secret", 0x34)).await;
    if let Some(came) = esme.next_or_end().await {
        // A TLS alert, if anything; never a bind response.
        assert_ne!(came.header.command_status, Status::ESME_ROK);
    }
    assert_eq!(rig.gateway.stats().binds.get(), 0);
}
