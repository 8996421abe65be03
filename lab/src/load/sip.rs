//! SIP load over UDP: sockets that send with a window each, and sinks that answer at once.
//!
//! Requests are rendered once and differ at fixed offsets; of responses only the status and the
//! branch are read. The cost of a whole parser would be part of the measurement otherwise.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::pacing::{Connection, merge, run};
use super::{LoadMetrics, Pace, SinkMetrics};
use crate::user_agent::random;

/// The centre to load. It has to accept the local address without credentials.
#[derive(Clone, Debug)]
pub struct Target {
    /// The centre.
    pub centre: SocketAddr,
    /// The prefix of destinations; a number follows that differs from message to message.
    pub destination_prefix: String,
}

/// How many destinations a run spreads over.
const DESTINATIONS: u64 = 1_000_000;
/// A typical text.
const TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or \
                    call us, reference 4711-0815. Thank you for your order!";
/// The prefix of every branch (RFC 3261 §8.1.1.7).
const BRANCH: &[u8] = b";branch=z9hG4bK";
/// Timer E's first interval (RFC 3261 §17.1.2.2); kept for all later ones.
const RETRANSMISSION_INTERVAL: Duration = Duration::from_millis(500);
/// After the end of a run: how long the last responses may take.
const TAIL: Duration = Duration::from_secs(10);
/// Responses read before the window is filled again.
const RESPONSES_MAX: usize = 64;
/// The longest datagram.
const DATAGRAM: usize = 65_536;

/// Sends over `sockets` sockets until the pace is done; then waits for the last responses. A request
/// without one by then counts as refused.
///
/// # Errors
/// A socket failed, for instance because the port is closed.
pub async fn submit(target: &Target, sockets: usize, pace: Pace) -> io::Result<LoadMetrics> {
    let mut tasks = Vec::with_capacity(sockets);
    for number in 0..sockets {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        socket.connect(target.centre).await?;
        let template = Template::new(target, socket.local_addr()?);
        let submitter = Submitter::new(template, socket, number as u64, pace.window)?;
        tasks.push(tokio::spawn(run(submitter, pace, sockets, TAIL)));
    }
    merge(tasks).await
}

/// Answers every MESSAGE to `local` with 200, and counts it: a retransmission counts again.
/// Returns the local address.
///
/// # Errors
/// The address is not available.
pub async fn sink(local: SocketAddr, metrics: Arc<SinkMetrics>) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind(local).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let (mut read, mut write) = (vec![0; DATAGRAM], Vec::with_capacity(1024));
        loop {
            // An error concerns one datagram, for instance a response to a closed port.
            let Ok((octets, source)) = socket.recv_from(&mut read).await else { continue };
            let Ok(request) = str::from_utf8(read.get(..octets).unwrap_or_default()) else { continue };
            if answer(request, &mut write) {
                let counter = if is_receipt(request) { &metrics.receipts } else { &metrics.messages };
                counter.fetch_add(u64::from(request.starts_with("MESSAGE ")), Ordering::Relaxed);
                let _ = socket.send_to(&write, source).await; // a lost response: the request is retransmitted
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

/// A request with offsets of the parts that differ.
struct Template {
    octets: Vec<u8>,
    /// Offsets of the eight digits of the destination.
    destinations: [usize; 2],
    /// Offsets of the sixteen hex digits of the serial number.
    serials: [usize; 2],
}

impl Template {
    fn new(target: &Target, local: SocketAddr) -> Self {
        let Target { centre, destination_prefix } = target;
        let mut octets = Vec::with_capacity(1024);
        let mut append = |before: String, width: usize| {
            octets.extend_from_slice(before.as_bytes());
            let at = octets.len();
            octets.resize(at + width, b'0');
            at
        };
        let uri = append(format!("MESSAGE sip:{destination_prefix}"), 8);
        let branch =
            append(format!("@{centre} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK"), 16);
        let from = format!("Max-Forwards: 70\r\nFrom: <sip:+4915100000000@{local}>;tag=load");
        let to = append(format!("\r\n{from}\r\nTo: <sip:{destination_prefix}"), 8);
        let call_id = append(format!("@{centre}>\r\nCall-ID: "), 16);
        let length = TEXT.len();
        let rest =
            format!("\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
        append(rest + TEXT, 0);
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

/// The status and serial number of a response; `None` if it belongs to no request.
fn read_response(octets: &[u8]) -> Option<(u16, u64)> {
    let status = str::from_utf8(octets.strip_prefix(b"SIP/2.0 ")?.get(..3)?).ok()?.parse().ok()?;
    let branch = octets.windows(BRANCH.len()).position(|window| window == BRANCH)? + BRANCH.len();
    let serial = str::from_utf8(octets.get(branch..branch + 16)?).ok()?;
    Some((status, u64::from_str_radix(serial, 16).ok()?))
}

/// One socket that sends.
struct Submitter {
    template: Template,
    socket: UdpSocket,
    read: Vec<u8>,
    metrics: LoadMetrics,
    /// When each unanswered request was sent first.
    unanswered: HashMap<u64, Instant>,
    /// Requests and when they are retransmitted if still unanswered; earliest first.
    retransmissions: VecDeque<(Instant, u64)>,
    /// Differs between runs, so that no request looks like one of an earlier run.
    serial_first: u64,
    sent: u64,
    destination_first: u64,
}

impl Submitter {
    fn new(template: Template, socket: UdpSocket, number: u64, window: usize) -> io::Result<Self> {
        Ok(Self {
            template,
            socket,
            read: vec![0; DATAGRAM],
            metrics: LoadMetrics::new()?,
            unanswered: HashMap::with_capacity(window * 2),
            retransmissions: VecDeque::new(),
            serial_first: random(),
            sent: 0,
            destination_first: number * 7919,
        })
    }

    /// Retransmits what is due.
    fn retransmit(&mut self, now: Instant) -> io::Result<()> {
        while let Some((due, serial)) = self.retransmissions.front().copied()
            && due <= now
        {
            self.retransmissions.pop_front();
            if self.unanswered.contains_key(&serial) {
                self.transmit(serial)?;
                self.retransmissions.push_back((now + RETRANSMISSION_INTERVAL, serial));
            }
        }
        Ok(())
    }

    fn transmit(&mut self, serial: u64) -> io::Result<()> {
        let number = serial.wrapping_sub(self.serial_first);
        let request =
            self.template.render(serial, self.destination_first.wrapping_add(number) % DESTINATIONS);
        match self.socket.try_send(request) {
            // A full socket buffer loses the datagram: it is retransmitted.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    fn read_responses(&mut self, end: Instant) -> io::Result<()> {
        let now = Instant::now();
        for _ in 0..RESPONSES_MAX {
            let octets = match self.socket.try_recv(&mut self.read) {
                Ok(octets) => octets,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let octets = self.read.get(..octets).unwrap_or_default();
            let Some((status @ 200.., serial)) = read_response(octets) else {
                continue; // 100 Trying is not final
            };
            let Some(sent_at) = self.unanswered.remove(&serial) else { continue };
            if status >= 300 {
                self.metrics.refused += 1;
            } else if now <= end {
                self.metrics.record_accepted(now - sent_at);
            }
        }
        Ok(())
    }
}

impl Connection for Submitter {
    type Error = io::Error;

    fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    fn send(&mut self, count: usize, now: Instant) -> io::Result<()> {
        for _ in 0..count {
            let serial = self.serial_first.wrapping_add(self.sent);
            self.transmit(serial)?;
            self.unanswered.insert(serial, now);
            self.retransmissions.push_back((now + RETRANSMISSION_INTERVAL, serial));
            self.sent += 1;
        }
        Ok(())
    }

    async fn receive(&mut self, wait: Duration, end: Instant) -> io::Result<()> {
        self.retransmit(Instant::now())?;
        if let Ok(readable) = tokio::time::timeout(wait, self.socket.readable()).await {
            readable?;
            self.read_responses(end)?;
        }
        Ok(())
    }

    fn into_metrics(mut self) -> LoadMetrics {
        self.metrics.refused += self.unanswered.len() as u64;
        self.metrics
    }
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
    fn the_template_is_a_valid_message_request() {
        let octets = template().render(0xabc, 42).to_vec();
        let Ok(sip::Message::Request(request)) = sip::parse(&octets.into()) else { panic!("no request") };
        assert_eq!(request.uri, "sip:+491700000042@127.0.0.1:5060");
        assert_eq!(request.headers.to().unwrap().uri.user, Some("+491700000042"));
        assert_eq!(request.headers.via().unwrap().branch(), Some("z9hG4bK0000000000000abc"));
        assert_eq!(request.headers.call_id(), Ok("0000000000000abc"));
        assert_eq!(request.body, TEXT);
    }

    #[test]
    fn a_response_of_the_sip_crate_is_read() {
        let octets = template().render(0xabc, 42).to_vec();
        let Ok(sip::Message::Request(request)) = sip::parse(&octets.into()) else { panic!("no request") };
        let refusal = sip::reply::response(&request, sip::Status::SERVICE_UNAVAILABLE, "t").to_bytes();
        assert_eq!(read_response(&refusal), Some((503, 0xabc)));
        for length in 0..refusal.len() {
            let _ = read_response(&refusal[..length]);
        }
        assert_eq!(read_response(b"SIP/2.0 200 OK\r\n\r\n"), None);
    }

    #[test]
    fn the_sink_answers_with_a_valid_response() {
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
    async fn all_requests_of_a_run_at_a_rate_are_accepted() {
        let sink_metrics = Arc::new(SinkMetrics::default());
        let centre = sink(LOOPBACK, Arc::clone(&sink_metrics)).await.unwrap();
        let pace = Pace { duration: Duration::from_millis(500), per_second: Some(1000.0), window: 50 };
        let target = Target { centre, destination_prefix: "+4917".to_owned() };
        let metrics = submit(&target, 2, pace).await.unwrap();
        assert!((300..=500).contains(&metrics.accepted), "{}", metrics.accepted);
        assert_eq!(metrics.refused, 0);
        assert!(sink_metrics.messages.load(Ordering::Relaxed) >= metrics.accepted);
    }

    #[tokio::test]
    async fn a_closed_port_is_an_error() {
        let closed = UdpSocket::bind(LOOPBACK).await.unwrap().local_addr().unwrap();
        let pace = Pace { duration: Duration::from_secs(1), per_second: None, window: 1 };
        let target = Target { centre: closed, destination_prefix: "+4917".to_owned() };
        assert!(submit(&target, 1, pace).await.is_err());
    }

    /// `cargo test --release -p fernpost-lab -- --ignored --nocapture generator`
    #[tokio::test(flavor = "current_thread")]
    #[ignore = "a measurement"]
    async fn generator_and_sink_on_one_core() {
        let sink_metrics = Arc::new(SinkMetrics::default());
        let centre = sink(LOOPBACK, sink_metrics).await.unwrap();
        let pace = Pace { duration: Duration::from_secs(3), per_second: None, window: 50 };
        let target = Target { centre, destination_prefix: "+4917".to_owned() };
        let metrics = submit(&target, 2, pace).await.unwrap();
        println!("{:.0} MESSAGE/s, p99 {} ms", metrics.per_second(), metrics.ms_at(0.99));
        assert!(metrics.per_second() > 20_000.0);
    }
}
