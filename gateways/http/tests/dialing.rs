//! Calls to applications that behave badly.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends at the first surprise")]

use std::time::Duration;

use gateway_http::{Dialer, Webhooks};
use platform::Sid;
use platform::ports::{ANSWER_OCTETS_MAX, Answer, Call, CallError, Method, Webhooks as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An application with one fixed response; `$URL` in it is its own.
async fn application(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = answer.replace("$URL", &url);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).await;
                let _written = stream.write_all(answer.as_bytes()).await;
                if answer.is_empty() {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            });
        }
    });
    url
}

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}

async fn call(url: &str, allow_private_targets: bool) -> Result<Answer, CallError> {
    let config = Webhooks { allow_private_targets, ..Webhooks::default() };
    let call = Call {
        message: Sid::new(Sid::MESSAGE, [2; 16]),
        account: Sid::new(Sid::ACCOUNT, [1; 16]),
        status: "received".to_owned(),
        method: Method::Post,
        url: url.to_owned(),
        params: vec![("Body".to_owned(), "hi".to_owned())],
        headers: vec![("X-Twilio-Signature", "s".to_owned())],
        connect_timeout: Duration::from_millis(500),
        read_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_secs(5),
    };
    Dialer::new(&config).unwrap().call(call).await
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was() {
    let url = application(response("404 Not Found", "Content-Type: text/plain\r\n", "gone")).await;
    let answer = call(&url, true).await.unwrap();
    assert_eq!((answer.status, answer.content_type.as_deref()), (404, Some("text/plain")));
    assert_eq!(&answer.body[..], b"gone");
}

#[tokio::test]
async fn an_application_gets_the_form_the_signature_and_the_urls_own_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:pass@{}/p?q=1#ct=100", listener.local_addr().unwrap());
    let calling = tokio::spawn(async move { call(&url, true).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).to_ascii_lowercase();
    assert!(request.starts_with("post /p?q=1 http/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: basic dxnlcjpwyxnz\r\n"), "{request}");
    assert!(request.contains("x-twilio-signature: s\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nbody=hi"), "{request}");
    stream.write_all(response("204 No Content", "", "").as_bytes()).await.unwrap();
    assert_eq!(calling.await.unwrap().unwrap().status, 204);
}

#[tokio::test]
async fn every_failure_has_its_kind() {
    let long = application(response("200 OK", "", &"x".repeat(ANSWER_OCTETS_MAX + 1))).await;
    assert_eq!(call(&long, true).await, Err(CallError::TooLong));
    let round = application(response("307 Temporary Redirect", "Location: $URL\r\n", "")).await;
    assert_eq!(call(&round, true).await, Err(CallError::Redirects));
    let silent = application(String::new()).await;
    assert_eq!(call(&silent, true).await, Err(CallError::Timeout));
    let rude = application("Hello!\r\n\r\n".to_owned()).await;
    assert_eq!(call(&rude, true).await, Err(CallError::Protocol));
    assert_eq!(call(&rude.replace("http:", "https:"), true).await, Err(CallError::Tls));
    assert_eq!(call("http://127.0.0.1:1/", true).await, Err(CallError::Connect));
    assert_eq!(call("http://no-such-host.invalid/", true).await, Err(CallError::BadHost));
    assert_eq!(call("no url", true).await, Err(CallError::BadUrl));
}

#[tokio::test]
async fn the_operators_network_cannot_be_reached() {
    let url = application(response("200 OK", "", "secret")).await;
    assert_eq!(call(&url, false).await, Err(CallError::BadHost));
    let by_name = url.replace("127.0.0.1", "localhost");
    assert_eq!(call(&by_name, false).await, Err(CallError::BadHost));
}
