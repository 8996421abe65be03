//! SIP load.
