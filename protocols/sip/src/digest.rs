//! Digest authentication for client and server (RFC 7616, RFC 8760, RFC 3261 §22).
//!
//! A server keeps a [`Verifier`]: it writes challenges and verifies credentials.
//! Its nonces are stateless (a time and a random number under an HMAC); only the counts of
//! nonces in use are held, bounded. A client answers a [`Challenge`] with
//! [`Challenge::answer`].

mod algorithm;
mod challenge;
mod credentials;
mod nonce;
mod verifier;

pub use algorithm::Algorithm;
pub use challenge::{Challenge, Qop};
pub use credentials::{Credentials, Login, Secret};
pub use nonce::{Age, Nonces};
pub use verifier::{Verdict, Verifier};
