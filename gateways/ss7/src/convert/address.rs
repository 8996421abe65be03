//! Addresses of TPDUs to those of the centre and back.

use smsc::address::{Address, NumberingPlan, TypeOfNumber};
use smsc::failure::Failure;

/// The centre's form of a TP address.
pub(crate) fn inward(address: &sms::address::Address) -> Address {
    Address::new(
        TypeOfNumber(address.type_of_number() as u8),
        NumberingPlan(address.numbering_plan().bits()),
        address.value(),
    )
}

/// The TP address of one of the centre's.
///
/// # Errors
/// [`Failure::Unsupported`] if no TP address can carry it: too long, or letters of no GSM alphabet.
pub(crate) fn outward(address: &Address) -> Result<sms::address::Address, Failure> {
    let type_of_number = sms::address::TypeOfNumber::from_bits(address.type_of_number.0);
    let plan = sms::address::NumberingPlan::from_bits(address.numbering_plan.0);
    sms::address::Address::new(type_of_number, plan, &address.digits).map_err(|_| Failure::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_sender_come_back_as_they_were() {
        for address in [Address::international("15550201"), Address::alphanumeric("ACME")] {
            assert_eq!(inward(&outward(&address).unwrap()), address);
        }
    }

    #[test]
    fn what_no_tp_address_carries_is_refused() {
        for address in
            [Address::alphanumeric("twelve chars"), Address::international("123456789012345678901")]
        {
            assert_eq!(outward(&address), Err(Failure::Unsupported));
        }
    }
}
