//! SIP load over UDP: many sockets with a window each, and sinks that answer at once.
//!
//! Requests are rendered once and differ in fixed places; of answers nothing is read but the
//! status and the branch. What a whole parser costs would be measured otherwise.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::smpp::Seen;
use super::{Outcome, Pace};
use crate::user_agent::random;

/// Whom to load. The centre has to know our address: credentials are not given.
#[derive(Clone, Debug)]
pub struct Target {
    /// The centre.
    pub centre: SocketAddr,
    /// Destinations begin so; a number follows that differs from message to message.
    pub destination_prefix: String,
}

/// How many destinations a run spreads over.
const DESTINATIONS: u64 = 1_000_000;
/// A usual text.
const TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or \
                    call us, reference 4711-0815. Thank you for your order!";
/// What every branch begins with (RFC 3261 §8.1.1.7).
const BRANCH: &[u8] = b";branch=z9hG4bK";
/// Timer E's first interval (RFC 3261 §17.1.2.2); kept for all later ones.
const RESEND: Duration = Duration::from_millis(500);
/// After the end of a run: how long the last answers may take.
const TAIL: Duration = Duration::from_secs(10);
/// Answers read before the window is filled again.
const ANSWERS_MAX: usize = 64;
/// The longest datagram.
const DATAGRAM: usize = 65_536;

/// Sends over `sockets` sockets until the pace is done; then waits for the last answers. A request
/// that has none by then counts as refused.
///
/// # Errors
/// A socket failed; also when nobody listens there.
pub async fn submit(target: &Target, sockets: usize, pace: Pace) -> io::Result<Outcome> {
    let mut tasks = Vec::with_capacity(sockets);
    for number in 0..sockets {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        socket.connect(target.centre).await?;
        let template = Template::new(target, socket.local_addr()?);
        tasks.push(tokio::spawn(Submitter::new(template, number as u64, sockets, pace)?.run(socket)));
    }
    let mut all = Outcome::new()?;
    for task in tasks {
        all.merge(&task.await.map_err(io::Error::other)??);
    }
    Ok(all)
}

/// Answers every MESSAGE that comes to `local` with 200, and counts it: a retransmission
/// counts again. Returns where it listens.
///
/// # Errors
/// The address cannot be had.
pub async fn sink(local: SocketAddr, seen: Arc<Seen>) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind(local).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let (mut read, mut write) = (vec![0; DATAGRAM], Vec::with_capacity(1024));
        loop {
            // An error is of one datagram, for instance that an answer found nobody.
            let Ok((octets, source)) = socket.recv_from(&mut read).await else { continue };
            let Ok(request) = str::from_utf8(read.get(..octets).unwrap_or_default()) else { continue };
            if answer(request, &mut write) {
                let counter = if is_receipt(request) { &seen.receipts } else { &seen.messages };
                counter.fetch_add(u64::from(request.starts_with("MESSAGE ")), Ordering::Relaxed);
                let _lost = socket.send_to(&write, source).await;
            }
        }
    });
    Ok(address)
}

/// Writes the 200 for a MESSAGE or an OPTIONS; `false` for anything else.
fn answer(request: &str, write: &mut Vec<u8>) -> bool {
    if !request.starts_with("MESSAGE ") && !request.starts_with("OPTIONS ") {
        return false;
    }
    write.clear();
    write.extend_from_slice(b"SIP/2.0 200 OK\r\n");
    for line in head(request) {
        let name = line.split(':').next().unwrap_or_default().trim_end();
        let is = |names: [&str; 2]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is(["Via", "v"]) || is(["From", "f"]) || is(["Call-ID", "i"]) || is(["CSeq", "CSeq"]) {
            write.extend_from_slice(line.as_bytes());
            write.extend_from_slice(b"\r\n");
        } else if is(["To", "t"]) {
            write.extend_from_slice(line.as_bytes());
            write.extend_from_slice(b";tag=sink\r\n");
        }
    }
    write.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    true
}

fn is_receipt(request: &str) -> bool {
    head(request).any(|line| line.eq_ignore_ascii_case("X-SMS-TYPE: receipt"))
}

/// The lines of the head after the first.
fn head(request: &str) -> impl Iterator<Item = &str> {
    request.split("\r\n").skip(1).take_while(|line| !line.is_empty())
}

/// A request with places for what differs.
struct Template {
    octets: Vec<u8>,
    /// Where the eight digits of the destination stand.
    destinations: [usize; 2],
    /// Where the sixteen hex digits of the serial number stand.
    serials: [usize; 2],
}

impl Template {
    fn new(target: &Target, local: SocketAddr) -> Self {
        let Target { centre, destination_prefix } = target;
        let mut octets = Vec::with_capacity(1024);
        let mut place = |before: String, width: usize| {
            octets.extend_from_slice(before.as_bytes());
            let at = octets.len();
            octets.resize(at + width, b'0');
            at
        };
        let uri = place(format!("MESSAGE sip:{destination_prefix}"), 8);
        let branch = place(format!("@{centre} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK"), 16);
        let from = format!("Max-Forwards: 70\r\nFrom: <sip:+4915100000000@{local}>;tag=load");
        let to = place(format!("\r\n{from}\r\nTo: <sip:{destination_prefix}"), 8);
        let call_id = place(format!("@{centre}>\r\nCall-ID: "), 16);
        let length = TEXT.len();
        let rest =
            format!("\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
        place(rest + TEXT, 0);
        Self { octets, destinations: [uri, to], serials: [branch, call_id] }
    }

    /// The request with this serial number and destination.
    fn render(&mut self, serial: u64, destination: u64) -> &[u8] {
        let (serial, destination) = (format!("{serial:016x}"), format!("{destination:08}"));
        let serials = self.serials.map(|at| (at, serial.as_bytes()));
        for (at, digits) in
            self.destinations.map(|at| (at, destination.as_bytes())).into_iter().chain(serials)
        {
            if let Some(place) = self.octets.get_mut(at..at + digits.len()) {
                place.copy_from_slice(digits);
            }
        }
        &self.octets
    }
}

/// The status and serial number of an answer; `None` if it is none of ours.
fn read_answer(octets: &[u8]) -> Option<(u16, u64)> {
    let status = str::from_utf8(octets.strip_prefix(b"SIP/2.0 ")?.get(..3)?).ok()?.parse().ok()?;
    let branch = octets.windows(BRANCH.len()).position(|window| window == BRANCH)? + BRANCH.len();
    let serial = str::from_utf8(octets.get(branch..branch + 16)?).ok()?;
    Some((status, u64::from_str_radix(serial, 16).ok()?))
}

struct Submitter {
    template: Template,
    pace: Pace,
    sockets: usize,
    outcome: Outcome,
    /// When each unanswered request was sent first.
    open: HashMap<u64, Instant>,
    /// What was sent, and when it is sent again if it is still unanswered; earliest first.
    resends: VecDeque<(Instant, u64)>,
    /// Differs between runs, so that no request looks like one of an earlier run.
    serial_first: u64,
    sent: u64,
    destination_first: u64,
}

impl Submitter {
    fn new(template: Template, number: u64, sockets: usize, pace: Pace) -> io::Result<Self> {
        Ok(Self {
            template,
            pace,
            sockets,
            outcome: Outcome::new()?,
            open: HashMap::with_capacity(pace.window * 2),
            resends: VecDeque::new(),
            serial_first: random(),
            sent: 0,
            destination_first: number * 7919,
        })
    }

    async fn run(mut self, socket: UdpSocket) -> io::Result<Outcome> {
        let mut read = vec![0; DATAGRAM];
        let began = now();
        let end = began + self.pace.lasts;
        // With a rate to keep, look at the clock every millisecond; else answers set the pace.
        let wait = Duration::from_millis(if self.pace.per_second.is_some() { 1 } else { 100 });
        loop {
            let moment = now();
            if moment < end {
                self.fill(&socket, moment - began, moment)?;
            } else if self.open.is_empty() || moment > end + TAIL {
                self.outcome.refused += self.open.len() as u64;
                self.outcome.took = self.pace.lasts;
                return Ok(self.outcome);
            }
            self.resend(&socket, moment)?;
            if let Ok(readable) = tokio::time::timeout(wait, socket.readable()).await {
                readable?;
                self.take(&socket, &mut read, end)?;
            }
        }
    }

    /// Sends requests until the window is full or the pace is kept.
    fn fill(&mut self, socket: &UdpSocket, elapsed: Duration, moment: Instant) -> io::Result<()> {
        let owed = self.pace.owed(elapsed, self.sockets);
        while self.open.len() < self.pace.window && self.sent < owed {
            let serial = self.serial_first.wrapping_add(self.sent);
            self.send(socket, serial)?;
            self.open.insert(serial, moment);
            self.resends.push_back((moment + RESEND, serial));
            self.sent += 1;
        }
        Ok(())
    }

    /// Sends again what is due.
    fn resend(&mut self, socket: &UdpSocket, moment: Instant) -> io::Result<()> {
        while let Some((due, serial)) = self.resends.front().copied()
            && due <= moment
        {
            self.resends.pop_front();
            if self.open.contains_key(&serial) {
                self.send(socket, serial)?;
                self.resends.push_back((moment + RESEND, serial));
            }
        }
        Ok(())
    }

    fn send(&mut self, socket: &UdpSocket, serial: u64) -> io::Result<()> {
        let number = serial.wrapping_sub(self.serial_first);
        let request =
            self.template.render(serial, self.destination_first.wrapping_add(number) % DESTINATIONS);
        match socket.try_send(request) {
            // What finds no room is a lost datagram: it is sent again.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    fn take(&mut self, socket: &UdpSocket, read: &mut [u8], end: Instant) -> io::Result<()> {
        let moment = now();
        for _ in 0..ANSWERS_MAX {
            let octets = match socket.try_recv(read) {
                Ok(octets) => octets,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some((status @ 200.., serial)) = read_answer(read.get(..octets).unwrap_or_default()) else {
                continue; // 100 Trying is not the end
            };
            let Some(sent_at) = self.open.remove(&serial) else { continue };
            if status >= 300 {
                self.outcome.refused += 1;
            } else if moment <= end {
                self.outcome.accepted += 1;
                let micros = u64::try_from((moment - sent_at).as_micros()).unwrap_or(u64::MAX);
                self.outcome.note_latency(micros);
            }
        }
        Ok(())
    }
}

fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    fn template() -> Template {
        let centre = "127.0.0.1:5060".parse().unwrap();
        let target = Target { centre, destination_prefix: "+4917".to_owned() };
        Template::new(&target, "127.0.0.1:40000".parse().unwrap())
    }

    #[test]
    fn what_is_sent_is_a_message_by_the_whole_parser() {
        let octets = template().render(0xabc, 42).to_vec();
        let Ok(sip::Message::Request(request)) = sip::parse(&octets.into()) else { panic!("no request") };
        assert_eq!(request.uri, "sip:+491700000042@127.0.0.1:5060");
        assert_eq!(request.headers.to().unwrap().uri.user, Some("+491700000042"));
        assert_eq!(request.headers.via().unwrap().branch(), Some("z9hG4bK0000000000000abc"));
        assert_eq!(request.headers.call_id(), Ok("0000000000000abc"));
        assert_eq!(request.body, TEXT);
    }

    #[test]
    fn an_answer_of_the_whole_reply_is_read() {
        let octets = template().render(0xabc, 42).to_vec();
        let Ok(sip::Message::Request(request)) = sip::parse(&octets.into()) else { panic!("no request") };
        let refusal = sip::reply::response(&request, sip::Status::SERVICE_UNAVAILABLE, "t").to_bytes();
        assert_eq!(read_answer(&refusal), Some((503, 0xabc)));
        for length in 0..refusal.len() {
            let _no_panic = read_answer(&refusal[..length]);
        }
        assert_eq!(read_answer(b"SIP/2.0 200 OK\r\n\r\n"), None);
    }

    #[test]
    fn the_sink_answers_as_the_standard_demands() {
        let octets = template().render(1, 1).to_vec();
        let mut write = Vec::new();
        assert!(answer(str::from_utf8(&octets).unwrap(), &mut write));
        let Ok(sip::Message::Response(response)) = sip::parse(&write.into()) else { panic!("no response") };
        assert_eq!(response.status, sip::Status::OK);
        assert_eq!(response.headers.to().unwrap().tag(), Some("sink"));
        assert_eq!(response.headers.cseq().unwrap().method, "MESSAGE");
        assert!(!answer("INVITE sip:a@b SIP/2.0\r\n\r\n", &mut Vec::new()));
    }

    #[tokio::test]
    async fn a_run_at_a_rate_is_answered_whole() {
        let seen = Arc::new(Seen::default());
        let centre = sink(LOOPBACK, Arc::clone(&seen)).await.unwrap();
        let pace = Pace { lasts: Duration::from_millis(500), per_second: Some(1000.0), window: 50 };
        let target = Target { centre, destination_prefix: "+4917".to_owned() };
        let outcome = submit(&target, 2, pace).await.unwrap();
        assert!((300..=500).contains(&outcome.accepted), "{}", outcome.accepted);
        assert_eq!(outcome.refused, 0);
        assert!(seen.messages.load(Ordering::Relaxed) >= outcome.accepted);
    }

    #[tokio::test]
    async fn nobody_there_is_an_error() {
        let closed = UdpSocket::bind(LOOPBACK).await.unwrap().local_addr().unwrap();
        let pace = Pace { lasts: Duration::from_secs(1), per_second: None, window: 1 };
        let target = Target { centre: closed, destination_prefix: "+4917".to_owned() };
        assert!(submit(&target, 1, pace).await.is_err());
    }

    /// `cargo test --release -p fernpost-peers -- --ignored --nocapture generator`
    #[tokio::test(flavor = "current_thread")]
    #[ignore = "a measurement"]
    async fn generator_and_sink_on_one_core() {
        let seen = Arc::new(Seen::default());
        let centre = sink(LOOPBACK, seen).await.unwrap();
        let pace = Pace { lasts: Duration::from_secs(3), per_second: None, window: 50 };
        let target = Target { centre, destination_prefix: "+4917".to_owned() };
        let outcome = submit(&target, 2, pace).await.unwrap();
        println!("{:.0} MESSAGE/s, p99 {} ms", outcome.per_second(), outcome.ms_at(0.99));
        assert!(outcome.per_second() > 20_000.0);
    }
}
