//! HTTP load: keep-alive connections that post one form after the other.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::pacing::{Schedule, merge};
use super::{LoadMetrics, Pace};

/// The server and the request.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server.
    pub server: SocketAddr,
    /// The path with its query.
    pub path: String,
    /// The value of the Authorization header.
    pub authorization: String,
    /// Content-Type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Posts over `connections` connections, each with one request open at a time.
pub async fn post(target: &Target, connections: usize, pace: Pace) -> io::Result<LoadMetrics> {
    let mut tasks = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(target.server).await?;
        stream.set_nodelay(true)?;
        tasks.push(tokio::spawn(run(stream, target.clone(), connections, pace)));
    }
    merge(tasks).await
}

async fn run(
    mut stream: TcpStream,
    target: Target,
    connections: usize,
    pace: Pace,
) -> io::Result<LoadMetrics> {
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
        target.path,
        target.server,
        target.authorization,
        target.content_type,
        target.body.len(),
        target.body
    );
    let mut metrics = LoadMetrics::new()?;
    let mut schedule = Schedule::new(Pace { window: 1, ..pace }, connections);
    let mut buffer = Vec::with_capacity(8192);
    loop {
        let sent_at = Instant::now();
        if sent_at >= schedule.end() {
            break;
        }
        if schedule.take_due(sent_at, 0) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        stream.write_all(request.as_bytes()).await?;
        let status = read_response(&mut stream, &mut buffer).await?;
        if (200..300).contains(&status) {
            metrics.record_accepted(sent_at.elapsed());
        } else {
            metrics.refused += 1;
        }
    }
    metrics.elapsed = pace.duration;
    Ok(metrics)
}

/// Reads one response with a Content-Length; returns its status.
async fn read_response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<u16> {
    buffer.clear();
    let malformed =
        || io::Error::new(io::ErrorKind::InvalidData, "the response is not HTTP/1.1 with a length");
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head_end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(buffer.get(..head_end).unwrap_or_default()).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).ok_or_else(malformed)?;
        while buffer.len() < head_end + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        return head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed);
    }
}
