//! A centre at the other end of the link that follows the script of a test: another implementation,
//! with another's timing.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::PATIENCE;

/// What it was sent.
pub(crate) struct Asked {
    text: String,
    back: SocketAddr,
}

impl Asked {
    /// The value of a header field, as it is written by us.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// Whether it is a MESSAGE to this user.
    pub(crate) fn is_to(&self, user: &str) -> bool {
        self.text.starts_with(&format!("MESSAGE sip:{user}@"))
    }
}

/// See the module. It answers OPTIONS by itself.
pub(crate) struct ScriptedCentre {
    socket: std::sync::Arc<UdpSocket>,
    messages: UnboundedReceiver<Asked>,
    answers: UnboundedReceiver<String>,
}

impl ScriptedCentre {
    pub(crate) async fn listen(port: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
        let socket = std::sync::Arc::new(socket);
        let ((sender, messages), (answered, answers)) = (unbounded_channel(), unbounded_channel());
        tokio::spawn(read(socket.clone(), sender, answered));
        Self { socket, messages, answers }
    }

    /// The next MESSAGE, retransmissions among them.
    pub(crate) async fn message(&mut self) -> Asked {
        timeout(PATIENCE, self.messages.recv()).await.expect("a MESSAGE in time").expect("it reads")
    }

    /// Takes a message under this id.
    pub(crate) async fn accept(&self, asked: &Asked, id: &str) {
        self.answer(asked, &format!("X-SMS-MSG-ID: {id}\r\n")).await;
    }

    /// Sends the receipt of the message that it gave this id, and does not wait for the answer.
    pub(crate) async fn report_delivered(&self, platform: u16, id: &str) {
        let own = self.socket.local_addr().expect("it is bound");
        let request = format!(
            "MESSAGE sip:+15550100@127.0.0.1:{platform} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};branch=z9hG4bK-receipt-{id}\r\nMax-Forwards: 70\r\n\
             From: <sip:6666@{own}>;tag=receipt\r\nTo: <sip:+15550100@127.0.0.1:{platform}>\r\n\
             Call-ID: receipt-{id}\r\nCSeq: 1 MESSAGE\r\nX-SMS-TYPE: receipt\r\nX-SMS-MSG-ID: {id}\r\n\
             X-SMS-STATE: DELIVRD\r\nX-SMS-ERR: 000\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
        );
        let to = (Ipv4Addr::LOCALHOST, platform);
        self.socket.send_to(request.as_bytes(), to).await.expect("it is sent");
    }

    /// The status line of the next answer to a request of its own.
    pub(crate) async fn answered(&mut self) -> String {
        timeout(PATIENCE, self.answers.recv()).await.expect("an answer in time").expect("it reads")
    }

    async fn answer(&self, asked: &Asked, extra: &str) {
        answer(&self.socket, asked, extra).await;
    }
}

async fn read(
    socket: std::sync::Arc<UdpSocket>,
    messages: UnboundedSender<Asked>,
    answers: UnboundedSender<String>,
) {
    let mut buffer = [0; 4096];
    while let Ok((octets, back)) = socket.recv_from(&mut buffer).await {
        let asked = Asked { text: String::from_utf8_lossy(&buffer[..octets]).into_owned(), back };
        let _test_is_over = if asked.text.starts_with("OPTIONS") {
            answer(&socket, &asked, "").await;
            Ok(())
        } else if asked.text.starts_with("SIP/2.0") {
            answers.send(asked.text.lines().next().unwrap_or_default().to_owned()).map_err(drop)
        } else {
            messages.send(asked).map_err(drop)
        };
    }
}

async fn answer(socket: &UdpSocket, asked: &Asked, extra: &str) {
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| {
        let tag = if name == "To" { ";tag=scripted" } else { "" };
        format!("{name}: {}{tag}\r\n", asked.header(name))
    });
    let response = format!("SIP/2.0 200 OK\r\n{}{extra}Content-Length: 0\r\n\r\n", copied.concat());
    socket.send_to(response.as_bytes(), asked.back).await.expect("it is sent");
}
