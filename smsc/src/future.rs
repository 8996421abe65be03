//! The boxed future that every port returns.

use std::future::Future;
use std::pin::Pin;

/// A future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
