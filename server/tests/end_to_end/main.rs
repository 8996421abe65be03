//! End to end: the real binary, real sockets, and clients of other people.
//!
//! | module | what must hold |
//! |---|---|
//! | `kill` | SIGKILL at any moment loses nothing that was acknowledged |
//! | `disk` | a full disk refuses and loses nothing; a failed sync ends the process |
//! | `stop` | SIGTERM under load loses nothing and doubles nothing |
//! | `order` | messages to one destination arrive in their order |
//! | `receipts` | receipts wait for an ESME that is away, and survive a restart |
//! | `changes` | what waits can be asked for and changed, and stays so over a restart |
//! | `faults` | malformed PDUs harm no other session; a wrong configuration is refused whole |
//! | `privacy` | no whole number and no body in the log |
//! | `phones` | messages reach phones of a mobile network, wait for them, and come from them |
//! | `signalling` | a mobile network on another implementation gets along with us, message by message |
//! | `users` | a SIP user registers, sends and receives |
//! | `foreign` | smpplib, the Twilio library and sipp get along with us, and tshark agrees |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod changes;
mod disk;
mod faults;
mod foreign;
mod harness;
mod kill;
mod order;
mod phones;
mod privacy;
mod receipts;
mod signalling;
mod stop;
mod users;
