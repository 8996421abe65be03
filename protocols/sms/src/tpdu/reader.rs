//! Reads the fields of a TPDU from its front (3GPP TS 23.040 §9.2.2); a missing octet is [`Truncated`].

use crate::address::Address;
use crate::coding::DataCoding;
use crate::error::{Error, Truncated};
use crate::timestamp::Timestamp;
use crate::user_data::UserData;

pub(super) struct Reader<'a> {
    left: &'a [u8],
    whole: usize,
}

impl<'a> Reader<'a> {
    /// A reader behind the first octet, which it checks for the type indicator and returns.
    pub(super) fn new(octets: &'a [u8], message_type: u8) -> Result<(u8, Self), Error> {
        let mut reader = Self { left: octets, whole: octets.len() };
        match reader.octet()? {
            first if first & super::TYPE_MASK == message_type => Ok((first, reader)),
            first => Err(Error::MessageType(first & super::TYPE_MASK)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn octet(&mut self) -> Result<u8, Truncated> {
        self.array().map(|[octet]| octet)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let (&array, left) = self.left.split_first_chunk().ok_or(self.truncated(N))?;
        self.left = left;
        Ok(array)
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], Truncated> {
        let (slice, left) = self.left.split_at_checked(length).ok_or(self.truncated(length))?;
        self.left = left;
        Ok(slice)
    }

    pub(super) fn address(&mut self) -> Result<Address, Error> {
        let (address, left) = Address::decode(self.left)?;
        self.left = left;
        Ok(address)
    }

    pub(super) fn timestamp(&mut self) -> Result<Timestamp, Truncated> {
        self.array().map(Timestamp)
    }

    /// TP-UDL and TP-UD, the last field of each TPDU that has it; up to `max` octets.
    pub(super) fn user_data(
        &mut self,
        has_header: bool,
        coding: DataCoding,
        max: usize,
    ) -> Result<UserData, Error> {
        let length = self.octet()?;
        let octets = UserData::packed_octets(length, coding);
        if octets > max {
            return Err(Error::UserDataTooLong { octets, max });
        }
        UserData::decode(self.slice(octets)?, length, has_header, coding)
    }

    fn truncated(&self, more: usize) -> Truncated {
        Truncated { needed: self.whole - self.left.len() + more, present: self.whole }
    }
}
