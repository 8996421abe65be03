//! The octet stream below a connection: TCP, or TLS over TCP.

use tokio::io::{AsyncRead, AsyncWrite};

/// An octet stream in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The octet stream of any transport.
pub(crate) type Io = Box<dyn Duplex>;
