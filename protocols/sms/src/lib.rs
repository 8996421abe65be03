//! x
pub mod address;
pub mod alphabet;
pub mod coding;
pub mod error;
pub mod header;
pub mod look_alike;
pub mod packing;
pub mod protocol_identifier;
pub mod segment;
pub mod status;
pub mod text;
pub mod timestamp;
pub mod tpdu;
pub mod ucs2;
pub mod user_data;
pub use error::{Error, Truncated, Unencodable};
pub mod validity;
pub use user_data::UserData;
