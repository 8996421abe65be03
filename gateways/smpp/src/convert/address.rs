//! Addresses of PDUs to those of the centre and back.

use std::borrow::Cow;

use compact_str::CompactString;
use smpp::pdu::{Npi, Ton};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};

/// Reads an address. Octets beyond ASCII are Latin-1, as alphanumeric senders are
/// usually written. `None` for control characters, which no address has.
pub(crate) fn inward(address: &smpp::pdu::Address<'_>) -> Option<Address> {
    if address.addr.iter().any(u8::is_ascii_control) {
        return None;
    }
    let digits = match std::str::from_utf8(address.addr) {
        Ok(text) if text.is_ascii() => CompactString::from(text),
        _ => address.addr.iter().map(|&octet| char::from(octet)).collect(),
    };
    Some(Address {
        type_of_number: TypeOfNumber(address.ton.0),
        numbering_plan: NumberingPlan(address.npi.0),
        digits,
    })
}

/// The octets of an address: Latin-1 where that carries it, else UTF-8. Never cut: one
/// that is too long for a PDU is refused when the PDU is written.
pub(crate) fn octets(address: &Address) -> Cow<'_, [u8]> {
    let text = address.digits.as_str();
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let latin: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(character).ok()).collect();
    Cow::Owned(latin.unwrap_or_else(|| text.as_bytes().to_vec()))
}

/// The address with `octets` in place of its digits.
pub(crate) fn outward<'a>(address: &Address, octets: &'a [u8]) -> smpp::pdu::Address<'a> {
    smpp::pdu::Address {
        ton: Ton(address.type_of_number.0),
        npi: Npi(address.numbering_plan.0),
        addr: octets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_34_the_address_is_kept_as_the_submitter_wrote_it() {
        for (ton, npi, digits) in [(0, 0, "+49 151 123"), (1, 1, "4915112345678"), (0, 0, "0049151")] {
            let written = smpp::pdu::Address { ton: Ton(ton), npi: Npi(npi), addr: digits.as_bytes() };
            let address = inward(&written).unwrap();
            assert_eq!(address, Address::new(TypeOfNumber(ton), NumberingPlan(npi), digits));
            assert_eq!(outward(&address, &octets(&address)), written);
        }
    }

    #[test]
    fn letters_beyond_ascii_come_back_as_they_were() {
        let written = smpp::pdu::Address { ton: Ton::ALPHANUMERIC, npi: Npi(0), addr: b"Caf\xe9" };
        let address = inward(&written).unwrap();
        assert_eq!(address.digits, "Café");
        assert_eq!(octets(&address), &b"Caf\xe9"[..]);
        let control = smpp::pdu::Address { ton: Ton(0), npi: Npi(0), addr: b"1\n2" };
        assert_eq!(inward(&control), None);
    }
}
