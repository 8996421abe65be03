//! The form of one GSM 7 bit character table: 128 characters by septet (3GPP TS 23.038 §6.2.1).

/// Characters by septet; [`NONE`] where the standard leaves a place empty.
pub(super) type Table = [char; 128];

/// An empty place. U+0000 is in no table, so it can mark them.
pub(super) const NONE: char = '\0';
