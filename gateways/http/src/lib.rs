//! HTTP on sockets: the REST API that applications call and the webhooks that they are called by.
//!
//! [`router`] answers for the platform: Twilio's paths under `/2010-04-01`, a plain JSON door at
//! `/v1/messages`, and `/health/live`, `/health/ready` and `/metrics` for the operator. [`serve`] puts a
//! router on a listener. [`Dialer`] is the platform's way to applications.
//!
//! | file | what |
//! |---|---|
//! | `listen` | connections, their bounds and their end |
//! | `dial`, `guard` | calls to applications, and which addresses they may live at |
//! | `convert`, `dates` | forms, queries and JSON to and from the platform's own words (pure) |
//! | `codes` | refusals (pure) |
//! | `config` | what an operator sets |
//! | `api/` | one file a resource |

mod api;
mod codes;
mod config;
mod convert;
mod dates;
mod dial;
mod guard;
mod listen;

pub use api::{OperatorViews, router};
pub use config::{Http, Webhooks};
pub use dial::{Dialer, NoTls};
pub use listen::serve;
