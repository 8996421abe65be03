//! TCP, TLS, WebSocket and secure WebSocket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod rig;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use gateway_sip::config::{ClientTls, Limits, Listener, Peer, ServerTls, SipConfig, Wire};
use rig::*;
use sip::Transport;
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ports::Gateways as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

const URI: &str = "sip:+491701234567@smsc";

/// A certificate for `localhost` that is its own authority, in a folder of its own.
fn certificate(test: &str) -> (ServerTls, ClientTls) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("fernpost-sip-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: String| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate_file = write("certificate.pem", made.cert.pem());
    let key_file = write("key.pem", made.signing_key.serialize_pem());
    let client = ClientTls { authorities_file: certificate_file.clone(), server_name: "localhost".into() };
    (ServerTls { certificate_file, key_file }, client)
}

/// A listener with this transport, and a peer with all loopback addresses.
fn listening(wire: Wire, tls: Option<ServerTls>) -> SipConfig {
    let address = "127.0.0.1:0".parse().unwrap();
    SipConfig {
        listeners: vec![Listener { transport: wire, address, tls }],
        peers: vec![peer("connect", unused_address())],
        ..config()
    }
}

/// Two gateways, one sends a message to the other over `wire`.
async fn between_two(wire: Wire, server: Option<ServerTls>, client: ClientTls) {
    let (far, centre) = start(listening(wire, server));
    let transport = Transport::from(wire);
    let target = Peer { transport: wire, tls: client, ..peer("far", address_of(&far, transport)) };
    let (near, _) = start(SipConfig { t1_ms: 500, peers: vec![target], ..config() });
    let endpoint = Endpoint::SipPeer("far".into());
    for id in 1..=3 {
        let outcome = near.deliver(&endpoint, delivery(outgoing(id, "Hello"))).await;
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    assert_eq!(centre.messages().len(), 3);
    assert_eq!(&centre.messages()[0].content.body[..], b"Hello");
}

/// One client sends and does not read until the send queue of its connection is full; a second client
/// uses the same gateway.
#[tokio::test]
async fn messages_wait_until_their_answers_could_be_written() {
    let (gateway, centre) = start(listening(Wire::Tcp, None));
    let address = address_of(&gateway, Transport::Tcp);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(address).await.unwrap();
    let started = || centre.started.load(Ordering::Relaxed);
    // The copied header fields of the responses fill the connection.
    let subject = format!("To: <{URI}>;far={}\r\n", "x".repeat(4000));
    let mut sent = 0;
    while started() == sent {
        assert!(sent < 10_000, "the connection is never full");
        for _ in 0..20 {
            let request = message(URI, "", "Hello").replace(&format!("To: <{URI}>\r\n"), &subject);
            deaf.write_all(request.replace("UDP", "TCP").as_bytes()).await.unwrap();
        }
        sent += 20;
        while centre.messages().len() < sent {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for _ in 0..100 {
            if started() < sent {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
    let held = started();
    assert!(held < sent && held > 0, "{held} of {sent} went off");

    let mut other = TcpStream::connect(address).await.unwrap();
    let request = message(URI, "", "Hello").replace("UDP", "TCP");
    other.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    other.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"SIP/2.0 200 ");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(started(), held + 1, "the message of the second client is not delayed");

    let mut octets = vec![0; 1 << 16];
    while started() < sent + 1 {
        assert!(deaf.read(&mut octets).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn two_gateways_over_udp() {
    between_two(Wire::Udp, None, ClientTls::default()).await;
}

#[tokio::test]
async fn two_gateways_over_tcp() {
    between_two(Wire::Tcp, None, ClientTls::default()).await;
}

#[tokio::test]
async fn two_gateways_over_tls() {
    let (server, client) = certificate("tls");
    between_two(Wire::Tls, Some(server), client).await;
}

#[tokio::test]
async fn two_gateways_over_websocket() {
    between_two(Wire::Ws, None, ClientTls::default()).await;
}

#[tokio::test]
async fn two_gateways_over_secure_websocket() {
    let (server, client) = certificate("wss");
    between_two(Wire::Wss, Some(server), client).await;
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (server, _) = certificate("one");
    let (_, other) = certificate("other");
    let (far, centre) = start(listening(Wire::Tls, Some(server)));
    let target = Peer { transport: Wire::Tls, tls: other, ..peer("far", address_of(&far, Transport::Tls)) };
    let (near, _) = start(SipConfig { peers: vec![target], ..config() });
    let outcome = near.deliver(&Endpoint::SipPeer("far".into()), delivery(outgoing(1, "Hello"))).await;
    assert_eq!(outcome, Err(Failure::NoPeer));
    assert!(centre.messages().is_empty());
}

/// RFC 3261 §18.1.1: more than 1300 octets are sent over TCP, or over UDP if there is no TCP.
#[tokio::test]
async fn field_58_a_long_message_leaves_udp_for_tcp() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let socket = tokio::net::UdpSocket::bind(address).await.unwrap();
    let (gateway, _) = start(SipConfig { peers: vec![peer("far", address)], t1_ms: 200, ..config() });
    let endpoint = Endpoint::SipPeer("far".into());
    let long = "x".repeat(1300);
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, &long))));
    let (mut stream, _) = tcp.accept().await.unwrap();
    let request = read_request(&mut stream).await;
    assert_eq!(request.body.len(), 1300);
    assert_eq!(request.headers.via().unwrap().transport, "TCP");
    stream.write_all(answer(&request, 200, "").as_bytes()).await.unwrap();
    assert!(pending.await.unwrap().is_ok());
    drop((tcp, stream));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(2, &long))));
    let phone = UserAgent { socket, address, towards: udp_of(&gateway) };
    let request = phone.request().await;
    phone.answer(&request, 200, "").await;
    assert!(pending.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_broken_connection_ends_what_is_open_on_it() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Peer { transport: Wire::Tcp, ..peer("far", tcp.local_addr().unwrap()) };
    let (gateway, _) = start(SipConfig { peers: vec![target], t1_ms: 500, ..config() });
    let endpoint = Endpoint::SipPeer("far".into());
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    let (mut stream, _) = tcp.accept().await.unwrap();
    read_request(&mut stream).await;
    drop(stream);
    assert_eq!(pending.await.unwrap(), Err(Failure::NoPeer));
}

#[tokio::test]
async fn a_stream_in_pieces_with_keep_alives() {
    let (gateway, centre) = start(listening(Wire::Tcp, None));
    let mut stream = TcpStream::connect(address_of(&gateway, Transport::Tcp)).await.unwrap();
    stream.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\r\n");
    let two = message(URI, "", "one") + &message(URI, "", "two");
    for piece in two.as_bytes().chunks(37) {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
    }
    for _ in 0..2 {
        assert!(read_text(&mut stream).await.starts_with("SIP/2.0 200 "));
    }
    assert_eq!(centre.messages().len(), 2);
}

#[tokio::test]
async fn a_stream_without_content_length_is_answered_and_closed() {
    let (gateway, _) = start(listening(Wire::Tcp, None));
    let mut stream = TcpStream::connect(address_of(&gateway, Transport::Tcp)).await.unwrap();
    let request = message(URI, "", "").replace("Content-Length: 0\r\n", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    tokio::time::timeout(DEADLINE, stream.read_to_end(&mut all)).await.unwrap().unwrap();
    assert!(all.starts_with(b"SIP/2.0 400 "));
}

#[tokio::test]
async fn a_websocket_client_exchanges_messages() {
    let (gateway, centre) = start(listening(Wire::Ws, None));
    let address = address_of(&gateway, Transport::Ws);
    let mut plain = format!("ws://{address}/").into_client_request().unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    assert!(tokio_tungstenite::client_async(plain.clone(), tcp).await.is_err(), "without subprotocol sip");
    plain.headers_mut().insert("Sec-WebSocket-Protocol", "chat, sip".parse().unwrap());
    let tcp = TcpStream::connect(address).await.unwrap();
    let (mut socket, response) = tokio_tungstenite::client_async(plain, tcp).await.unwrap();
    assert_eq!(response.headers().get("Sec-WebSocket-Protocol").unwrap(), "sip");
    for body in ["one", "two"] {
        socket.send(WsMessage::text(message(URI, "", body).replace("UDP", "WS"))).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        assert!(answer.into_text().unwrap().starts_with("SIP/2.0 200 "));
    }
    assert_eq!(centre.messages().len(), 2);
}

#[tokio::test]
async fn connections_are_bounded_and_need_authentication() {
    let limits = Limits { connections_per_address_max: 2, unproven_seconds: 1, ..Limits::default() };
    let (gateway, _) = start(SipConfig { limits, ..listening(Wire::Tcp, None) });
    let address = address_of(&gateway, Transport::Tcp);
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(message(URI, "", "one").as_bytes()).await.unwrap();
    assert!(read_text(&mut first).await.starts_with("SIP/2.0 200 "));
    let mut second = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut third = TcpStream::connect(address).await.unwrap();
    for closed in [&mut third, &mut second] {
        let read = tokio::time::timeout(DEADLINE, closed.read(&mut [0; 16])).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)), "the third at once, the second after its deadline");
    }
    first.write_all(message(URI, "", "two").as_bytes()).await.unwrap();
    assert!(read_text(&mut first).await.starts_with("SIP/2.0 200 "), "the first is authenticated");
}

async fn read_request<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> sip::Request {
    let text = read_text(stream).await;
    match sip::parse(&text.into_bytes().into()).unwrap() {
        sip::Message::Request(request) => request,
        sip::Message::Response(_) => unreachable!("it was to ask"),
    }
}

/// One message: its head, then a body of Content-Length octets.
async fn read_text<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut text = Vec::new();
    let read = async {
        while !text.ends_with(b"\r\n\r\n") {
            text.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(text.clone()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        head + &String::from_utf8(body).unwrap()
    };
    tokio::time::timeout(DEADLINE, read).await.unwrap()
}

#[tokio::test]
async fn a_user_over_tcp_is_reached_on_its_connection() {
    let users = vec![user("alice", "+491511111111")];
    let (gateway, _) = start(SipConfig { users, peers: Vec::new(), ..listening(Wire::Tcp, None) });
    let mut stream = TcpStream::connect(address_of(&gateway, Transport::Tcp)).await.unwrap();
    let register = |cseq: u32, proof: &str| {
        format!(
            "REGISTER sip:smsc SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5;branch=z9hG4bKt{cseq}\r\n\
             From: <sip:alice@smsc>;tag=1\r\nTo: <sip:alice@smsc>\r\nCall-ID: reg\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:alice@unreachable.invalid;transport=tcp>\r\n{proof}Content-Length: 0\r\n\r\n"
        )
    };
    stream.write_all(register(1, "").as_bytes()).await.unwrap();
    let challenged = sip::parse(&read_text(&mut stream).await.into_bytes().into()).unwrap();
    let headers = challenged.headers();
    let challenge = sip::digest::Challenge::first_supported(headers, sip::Name::WwwAuthenticate).unwrap();
    let secret = sip::digest::Secret::Password("pa55word");
    let login = sip::digest::Login { username: "alice", secret };
    let proof = challenge.answer(login, "REGISTER", "sip:smsc", b"", "c0ffee", 1);
    stream.write_all(register(2, &format!("Authorization: {proof}\r\n")).as_bytes()).await.unwrap();
    assert!(read_text(&mut stream).await.starts_with("SIP/2.0 200 "));

    let endpoint = Endpoint::SipUser("491511111111".into());
    let gateway = Arc::new(gateway);
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    let request = read_request(&mut stream).await;
    stream.write_all(answer(&request, 200, "").as_bytes()).await.unwrap();
    assert!(pending.await.unwrap().is_ok());

    drop(stream);
    while gateway.available(&endpoint) > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
