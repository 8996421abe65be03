//! Names of accounts, links, peers and routes.

use compact_str::CompactString;

/// A short name of an account, a link, a peer or a route. Cheap to clone.
pub type Name = CompactString;
