//! What the API answers, octet by octet, where a library would hide it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends at the first surprise")]

mod world;

use gateway_http::Http;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use world::{ACCOUNT, NUMBER, TOKEN, World};

/// Basic credentials of the account.
fn authorization() -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")))
}

struct Said {
    status: u16,
    head: String,
    body: Value,
}

/// One request on a connection of its own, without any HTTP library.
async fn ask(world: &World, request: &str, headers: &str, body: &str) -> Said {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
    Said { status, head: head.to_ascii_lowercase(), body }
}

async fn asked(world: &World, request: &str, body: &str) -> Said {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    ask(world, request, &format!("Authorization: {}\r\n{form}", authorization()), body).await
}

fn path(resource: &str) -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}{resource}")
}

#[tokio::test]
async fn every_refusal_is_json_of_one_shape() {
    let world = World::start(Http { request_octets_max: 1000, ..Http::default() }).await;
    let messages = path("/Messages.json");
    let stranger = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    let long = "Body=".to_owned() + &"x".repeat(2000);
    let said = [
        (ask(&world, &format!("GET {messages}"), "", "").await, 401, 20003),
        (ask(&world, &format!("GET {messages}"), "Authorization: Basic !\r\n", "").await, 401, 20003),
        (asked(&world, &format!("GET {stranger}"), "").await, 403, 20003),
        (asked(&world, "GET /nowhere", "").await, 404, 20404),
        (asked(&world, &format!("GET {}", path("/Calls.json")), "").await, 404, 20404),
        (asked(&world, &format!("GET {}", path("/Messages/SM1.json")), "").await, 404, 20404),
        (asked(&world, &format!("PUT {messages}"), "").await, 405, 20004),
        (asked(&world, &format!("POST {messages}"), &long).await, 413, 20413),
        (asked(&world, &format!("POST {messages}"), "From=x").await, 400, 21604),
        (asked(&world, &format!("GET {messages}?PageToken=x"), "").await, 400, 20001),
    ];
    for (said, status, code) in said {
        assert_eq!((said.status, said.body["code"].as_u64()), (status, Some(code)), "{}", said.body);
        assert!(said.head.contains("content-type: application/json"), "{}", said.head);
        assert_eq!(said.body["status"], status);
        assert_eq!(said.body["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
        assert_eq!(said.body.as_object().unwrap().len(), 4);
        assert_eq!(said.head.contains("www-authenticate: basic"), status == 401);
    }
}

#[tokio::test]
async fn a_created_message_has_every_field() {
    let world = World::start(Http::default()).await;
    let form = "To=%2B4915112345678&From=%2B4915100000001&Body=hi";
    let said = asked(&world, &format!("POST {}", path("/Messages.json")), form).await;
    assert_eq!(said.status, 201);
    let keys: Vec<_> = said.body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "account_sid api_version body date_created date_sent date_updated direction error_code \
        error_message from messaging_service_sid num_media num_segments price price_unit sid status \
        subresource_uris to uri";
    assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!((&said.body["num_segments"], &said.body["date_sent"]), (&json!("1"), &Value::Null));
    let created = said.body["date_created"].as_str().unwrap();
    assert!(created.ends_with(" +0000") && created.len() == 31, "{created}");
    let sid = said.body["sid"].as_str().unwrap();
    assert_eq!(said.body["uri"], path(&format!("/Messages/{sid}.json")));
    let again = asked(&world, &format!("GET {}", path(&format!("/Messages/{sid}"))), "").await;
    assert_eq!((again.status, &again.body["sid"]), (200, &said.body["sid"]));
}

#[tokio::test]
async fn a_congested_centre_is_asked_again() {
    let world = World::start(Http::default()).await;
    let form = "To=%2B88812345678&From=%2B4915100000001&Body=hi";
    let said = asked(&world, &format!("POST {}", path("/Messages.json")), form).await;
    let fetch = format!("GET {}", path(&format!("/Messages/{}.json", said.body["sid"].as_str().unwrap())));
    for _ in 0..100 {
        if asked(&world, &fetch, "").await.body["status"] == "delivered" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the message was not sent");
}

#[tokio::test]
async fn the_plain_door_takes_and_shows_json() {
    let world = World::start(Http::default()).await;
    let bearer = format!("Authorization: Bearer {ACCOUNT}:{TOKEN}\r\n");
    let message = json!({ "from": NUMBER, "to": "+4915112345678", "text": "grüß dich" }).to_string();
    let said = ask(&world, "POST /v1/messages", &bearer, &message).await;
    assert_eq!((said.status, &said.body["status"]), (201, &json!("queued")));
    let id = said.body["id"].as_str().unwrap();
    assert!(said.head.contains(&format!("location: /v1/messages/{}", id.to_ascii_lowercase())));
    let said = ask(&world, &format!("GET /v1/messages/{id}"), &bearer, "").await;
    assert_eq!((said.status, &said.body["text"]), (200, &json!("grüß dich")));
    let said = ask(&world, "POST /v1/messages", &bearer, "{}").await;
    assert_eq!((said.status, &said.body["code"]), (400, &json!(20001)));
}

#[tokio::test]
async fn an_account_that_hurries_is_told_when_to_come_back() {
    let world = World::start(Http { account_requests_per_second: 2, ..Http::default() }).await;
    let mut last = asked(&world, &format!("GET {}", path(".json")), "").await;
    for _ in 0..3 {
        last = asked(&world, &format!("GET {}", path(".json")), "").await;
    }
    assert_eq!((last.status, &last.body["code"]), (429, &json!(20429)));
    assert!(last.head.contains("retry-after: 1"), "{}", last.head);
}

#[tokio::test]
async fn wrong_tokens_beyond_the_limit_get_429() {
    let world = World::start(Http::default()).await;
    let own = format!("GET {}", path(".json"));
    let wrong = format!("Authorization: Bearer {ACCOUNT}:wrong\r\n");
    for _ in 0..5 {
        let response = ask(&world, &own, &wrong, "").await;
        assert_eq!((response.status, &response.body["code"]), (401, &json!(20003)));
    }
    let lower_case = format!("Authorization: Bearer {}:wrong\r\n", ACCOUNT.to_ascii_lowercase());
    let right = format!("Authorization: {}\r\n", authorization());
    for headers in [&wrong, &lower_case, &right] {
        let response = ask(&world, &own, headers, "").await;
        assert_eq!((response.status, &response.body["code"]), (429, &json!(20429)), "{headers}");
        assert!(response.head.contains("retry-after: 1\r\n"), "{}", response.head);
    }
    let other = "Authorization: Bearer AC00000000000000000000000000000000:wrong\r\n";
    assert_eq!(ask(&world, &own, other, "").await.status, 401, "another SID has its own count");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(ask(&world, &own, &right, "").await.status, 200);
    assert_eq!(ask(&world, &own, &wrong, "").await.status, 401, "a success clears the count");
}

#[tokio::test]
async fn the_operators_doors_need_no_credentials() {
    let world = World::start(Http::default()).await;
    assert_eq!(ask(&world, "GET /health/live", "", "").await.status, 200);
    let ready = ask(&world, "GET /health/ready", "", "").await;
    assert_eq!((ready.status, &ready.body["reason"]), (503, &json!("the lab is not built")));
    let metrics = ask(&world, "GET /metrics", "", "").await;
    assert_eq!((metrics.status, metrics.body), (200, json!("fernpost_messages_total 1\n")));
}

#[tokio::test]
async fn a_client_that_sends_no_head_is_let_go() {
    let world = World::start(Http { request_seconds_max: 1, ..Http::default() }).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection is still open");
}
