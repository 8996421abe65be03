//! Addresses: type of number, numbering plan, digits (SMPP 3.4 §5.2.5 to §5.2.9).

use crate::codes::codes;

codes! {
    /// Type of number.
    Ton(u8) {
        UNKNOWN = 0, "unknown";
        INTERNATIONAL = 1, "international";
        NATIONAL = 2, "national";
        NETWORK_SPECIFIC = 3, "network specific";
        SUBSCRIBER_NUMBER = 4, "subscriber number";
        ALPHANUMERIC = 5, "alphanumeric";
        ABBREVIATED = 6, "abbreviated";
    }
}

codes! {
    /// Numbering plan indicator.
    Npi(u8) {
        UNKNOWN = 0, "unknown";
        ISDN = 1, "ISDN (E.163, E.164)";
        DATA = 3, "data (X.121)";
        TELEX = 4, "telex (F.69)";
        LAND_MOBILE = 6, "land mobile (E.212)";
        NATIONAL = 8, "national";
        PRIVATE = 9, "private";
        ERMES = 10, "ERMES";
        INTERNET = 14, "Internet (IP)";
        WAP_CLIENT_ID = 18, "WAP client id";
    }
}

/// The address of a short message entity.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Address<'a> {
    /// Type of number.
    pub ton: Ton,
    /// Numbering plan.
    pub npi: Npi,
    /// Digits, or letters where the TON is alphanumeric; without the NUL.
    pub addr: &'a [u8],
}

/// Hides the digits: they are personal data.
impl std::fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({}/{}, {} octets)", self.ton.0, self.npi.0, self.addr.len())
    }
}
