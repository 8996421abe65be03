//! Tests of the user agent against a scripted registrar on raw datagrams.

use std::net::Ipv4Addr;

use super::*;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The scripted registrar.
struct Registrar(UdpSocket);

impl Registrar {
    async fn new() -> Self {
        Self(UdpSocket::bind(ANY).await.unwrap())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    async fn receive(&self) -> (String, SocketAddr) {
        let mut buffer = vec![0; 65_536];
        let received = tokio::time::timeout(TIMEOUT, self.0.recv_from(&mut buffer)).await.unwrap();
        let (octets, source) = received.unwrap();
        (String::from_utf8(buffer[..octets].to_vec()).unwrap(), source)
    }

    /// Answers `request` with `status` and `fields`, encoded without the `sip` crate.
    async fn answer(&self, request: &str, to: SocketAddr, status: &str, fields: &str) {
        let echoed = |name: &str| field(request, name).map(|value| format!("{name}: {value}\r\n"));
        let names = ["Via", "From", "To", "Call-ID", "CSeq"];
        let head: String = names.into_iter().filter_map(echoed).collect();
        let answer = format!("SIP/2.0 {status}\r\n{head}{fields}Content-Length: 0\r\n\r\n");
        self.0.send_to(answer.as_bytes(), to).await.unwrap();
    }

    /// A registered agent, and its address.
    async fn register(&self) -> (UserAgent, SocketAddr) {
        let registering = tokio::spawn(UserAgent::register(self.address(), "alice", "pa55word", ANY));
        let (request, source) = self.receive().await;
        self.answer(&request, source, "200 OK", "").await;
        (registering.await.unwrap().unwrap(), source)
    }
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_challenge_is_answered_and_wrong_credentials_are_final() {
    let registrar = Registrar::new().await;
    let registering = tokio::spawn(UserAgent::register(registrar.address(), "Mufasa", "Circle of Life", ANY));
    let (first, source) = registrar.receive().await;
    assert!(first.starts_with(&format!("REGISTER sip:{} SIP/2.0\r\n", registrar.address())), "{first}");
    assert_eq!(field(&first, "Authorization"), None);
    assert_eq!(field(&first, "Contact"), Some(format!("<sip:Mufasa@{source}>").as_str()));
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
    registrar.answer(&first, source, "401 Unauthorized", challenge).await;
    let (second, source) = registrar.receive().await;
    let credentials = field(&second, "Authorization").unwrap();
    assert!(credentials.starts_with("Digest username=\"Mufasa\", realm=\"r\", nonce=\"n\""), "{credentials}");
    assert_eq!(field(&first, "Call-ID"), field(&second, "Call-ID"));
    assert_ne!(field(&first, "CSeq"), field(&second, "CSeq"));
    registrar.answer(&second, source, "401 Unauthorized", challenge).await;
    assert!(matches!(registering.await.unwrap(), Err(UserAgentError::Refused(401))));
}

#[tokio::test]
async fn a_lost_message_is_retransmitted_and_its_id_is_read() {
    let registrar = Registrar::new().await;
    let (agent, _) = registrar.register().await;
    let sending =
        tokio::spawn(
            async move { agent.send("+4915112345678", "grüß dich", &[("X-REG-DELIVERY", "1")]).await },
        );
    let (lost, _) = registrar.receive().await;
    let (again, source) = registrar.receive().await;
    assert_eq!(lost, again, "a retransmission is the same octets");
    assert!(lost.starts_with(&format!("MESSAGE sip:+4915112345678@{} SIP/2.0\r\n", registrar.address())));
    assert_eq!(field(&lost, "X-REG-DELIVERY"), Some("1"));
    assert!(lost.ends_with("\r\nContent-Length: 11\r\n\r\ngrüß dich"), "{lost}");
    registrar.answer(&again, source, "200 OK", "X-SMS-MSG-ID: 17\r\n").await;
    assert_eq!(sending.await.unwrap().unwrap(), (200, Some("17".to_owned())));
}

#[tokio::test]
async fn a_delivery_is_answered_at_once_and_its_retransmission_is_not_delivered_again() {
    let registrar = Registrar::new().await;
    let (mut agent, source) = registrar.register().await;
    let message = "MESSAGE sip:alice@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP c.example;branch=z9hG4bK7\r\n\
        From: <sip:+4915112345678@c.example>;tag=1\r\nTo: <sip:alice@c.example>\r\nCall-ID: 7\r\n\
        CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nX-SMS-CODING: 0\r\nContent-Length: 5\r\n\r\nhello";
    for _copy in 0..2 {
        registrar.0.send_to(message.as_bytes(), source).await.unwrap();
        let (answer, _) = registrar.receive().await;
        assert!(
            answer.starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP c.example;branch=z9hG4bK7\r\n"),
            "{answer}"
        );
    }
    let incoming = agent.next().await.unwrap();
    assert_eq!((incoming.from.as_str(), incoming.to.as_str()), ("+4915112345678", "alice"));
    assert_eq!(incoming.text, "hello");
    assert!(incoming.headers.contains(&("X-SMS-CODING".to_owned(), "0".to_owned())));
    assert!(agent.inbox.try_recv().is_err(), "the retransmission was answered and not delivered");
    assert!(!format!("{incoming:?}").contains("hello"));
}

#[tokio::test]
async fn a_message_too_long_for_a_datagram_is_refused_locally() {
    let registrar = Registrar::new().await;
    let (agent, _) = registrar.register().await;
    let refused = agent.send("1", &"a".repeat(1300), &[]).await;
    assert!(matches!(refused, Err(UserAgentError::Unwritable(sip::Error::TooLarge))));
}
