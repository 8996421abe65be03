//! Where: the route table and what it matches.

pub mod directory;
pub mod matcher;
pub mod table;
