//! x
pub mod alphabet;
pub mod coding;
pub mod error;
pub mod header;
pub mod look_alike;
pub mod packing;
pub mod segment;
pub mod text;
pub mod ucs2;
pub mod user_data;
pub use error::{Error, Truncated, Unencodable};
pub use user_data::UserData;
