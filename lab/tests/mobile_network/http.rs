//! The HTTP interface of the mobile network.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

struct Client(std::net::SocketAddr);

impl Client {
    async fn new(network: &MobileNetwork) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = network.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self(address)
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.0).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}");
        value
    }

    async fn post(&self, path: &str, body: Value) -> u16 {
        self.call("POST", path, body).await.0
    }
}

#[tokio::test]
async fn phones_are_listed_and_changed() {
    let (network, centre) = start().await;
    let client = Client::new(&network).await;
    let phones = client.get("/phones").await;
    assert_eq!(phones[0]["number"], "+15550201");
    assert_eq!(phones[0]["imsi"], IMSI);
    for (action, field, value) in [
        ("off", "reached_by_msc", false),
        ("on", "reached_by_msc", true),
        ("full", "is_full", true),
        ("empty", "is_full", false),
        ("busy", "is_busy", true),
        ("free", "is_busy", false),
        ("purge", "is_purged", true),
        ("on", "is_purged", false),
        ("off_msc", "reached_by_msc", false),
        ("off_sgsn", "reached_by_sgsn", false),
    ] {
        assert_eq!(client.post(&format!("/phones/+15550201/{action}"), Value::Null).await, 204);
        assert_eq!(client.get("/phones/15550201").await[field], value, "{action}");
    }
    assert_eq!(client.post("/phones/+15550201/dance", Value::Null).await, 404);
    assert_eq!(client.call("GET", "/phones/+1999", Value::Null).await.0, 404);
    assert_eq!(client.post("/phones/+15550201/roam", json!({"msc": OTHER_MSC, "sgsn": SGSN})).await, 204);
    assert_eq!(client.get("/phones/15550201").await["sgsn"], SGSN);
    let added = client.call("POST", "/phones", json!({"number": "+15550299", "has_lmsi": true})).await;
    assert_eq!((added.0, &added.1["imsi"]), (200, &json!("001010015550299")));
    assert!(routing(&centre, "15550299").await.unwrap().location_info_with_lmsi.lmsi.is_some());
    assert_eq!(client.post("/phones", json!({"number": "+1555 0299"})).await, 400);
}

#[tokio::test]
async fn a_message_is_sent_and_its_result_returned() {
    let (network, mut centre) = start().await;
    let client = Client::new(&network).await;
    let body = json!({"to": "7777", "text": "BALANCE", "status_report": true, "validity": 3600});
    let (status, result) = client.call("POST", "/phones/+15550201/send", body).await;
    assert_eq!(
        (status, &result["result"], &result["message_references"]),
        (200, &json!("accepted"), &json!([0]))
    );
    centre.received().await;
    centre.policy.lock().unwrap().answer = Err(MapError::SystemFailure(map::SystemFailure::default()));
    let (_, result) = client.call("POST", "/phones/+15550201/send", json!({"to": "7777", "text": "x"})).await;
    assert_eq!(result, json!({"result": "refused", "error": "systemFailure", "code": 34}));
    for bad in [
        json!({"to": "7777", "text": "x", "validity": 1, "validity_enhanced": 1}),
        json!({"to": "7777", "text": "x", "data": "00"}),
        json!({"to": "7777", "data": "0g"}),
        json!({"to": "7777", "test": "x"}),
    ] {
        assert!((400..500).contains(&client.post("/phones/+15550201/send", bad).await));
    }
    let (_, result) = client.call("POST", "/phones/+15550201/send", json!({"to": "no number"})).await;
    assert_eq!(result["result"], "failed");
    let body = json!({"to": "7777", "command_type": 2, "message_number": 0});
    centre.policy.lock().unwrap().answer = Ok(Response::MoForwardSm(map::operation::ForwardSmRes::default()));
    assert_eq!(client.call("POST", "/phones/+15550201/command", body).await.1["result"], "accepted");
}

#[tokio::test]
async fn the_inbox_is_read() {
    let (network, centre) = start().await;
    let client = Client::new(&network).await;
    deliver(&centre, MSC, text_tpdu("first")).await.unwrap();
    deliver(&centre, MSC, text_tpdu("second")).await.unwrap();
    let inbox = client.get("/phones/+15550201/inbox").await;
    assert_eq!(inbox.as_array().unwrap().len(), 2);
    let newest = json!({
        "kind": "message", "from": "Fernpost", "text": "second", "data": "", "segments": 1,
        "time": 1_764_000_000, "data_coding": 0, "protocol_id": 0, "doubled": false,
    });
    assert_eq!(inbox[0], newest);
    assert_eq!(client.post("/phones/+15550201/clear", Value::Null).await, 204);
    assert_eq!(client.get("/phones/+15550201/inbox").await, json!([]));
}

#[tokio::test]
async fn faults_and_versions_are_configured() {
    let (network, centre) = start().await;
    let client = Client::new(&network).await;
    let rule = json!({"operation": "mt_forward_sm", "fault": {"error": 34}, "times": 1});
    assert_eq!(client.post("/phones/+15550201/rules", rule.clone()).await, 204);
    assert_eq!(client.get("/phones/+15550201").await["rules"], json!([rule]));
    assert_eq!(client.call("DELETE", "/phones/+15550201/rules", Value::Null).await.0, 204);
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    let node = format!("/network/nodes/{MSC}");
    assert_eq!(client.post(&format!("{node}/rules"), rule).await, 204);
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_err());
    assert_eq!(client.post(&node, json!({"map_version_max": 2, "refusal": "plain_abort"})).await, 204);
    assert_eq!(client.post(&node, json!({"map_version_max": 4})).await, 400);
    assert_eq!(client.post("/network/nodes/1", json!({})).await, 404);
    let state = client.get("/network").await;
    assert_eq!(state["nodes"][1]["map_version_max"], 2);
    assert_eq!(state["associations"][0]["state"], "active");
    assert_eq!(state["counters"]["mt_delivered"], 1);
    assert_eq!(client.post("/network/associations/9/kill", Value::Null).await, 404);
    assert_eq!(client.post("/network/associations/0/kill", Value::Null).await, 204);
    soon(network.wait_until(|network| network.associations().is_empty())).await;
}
