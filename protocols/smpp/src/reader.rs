//! Reads the mandatory fields from the front of a PDU body (SMPP 3.4 §3.1); no step can panic.

use crate::error::Error;
use crate::field::Field;
use crate::pdu::Address;
use crate::tlv::Tlvs;

/// What is left of a body.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        let (&value, rest) = self.rest.split_first().ok_or(Error::Missing { field })?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        let (&value, rest) = self.rest.split_first_chunk().ok_or(Error::Missing { field })?;
        self.rest = rest;
        Ok(u32::from_be_bytes(value))
    }

    /// A C-octet string without its NUL.
    pub(crate) fn c_octets(&mut self, field: &Field) -> Result<&'a [u8], Error> {
        if self.rest.is_empty() {
            return Err(Error::Missing { field: field.name });
        }
        let room = self.rest.get(..field.octets_max).unwrap_or(self.rest);
        let too_long = Error::Length { field: field.name, status: field.status };
        let end = room.iter().position(|&octet| octet == 0).ok_or(too_long)?;
        let (value, rest) = self.rest.split_at_checked(end).ok_or(too_long)?;
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(value)
    }

    /// Octets counted by the octet before them (`sm_length`, `short_message`).
    pub(crate) fn counted(&mut self, field: &Field) -> Result<&'a [u8], Error> {
        let length = self.u8(field.name)?;
        let too_long = Error::Length { field: field.name, status: field.status };
        let (value, rest) = self.rest.split_at_checked(usize::from(length)).ok_or(too_long)?;
        self.rest = rest;
        Ok(value)
    }

    /// TON, NPI and digits.
    pub(crate) fn address(&mut self, field: &Field) -> Result<Address<'a>, Error> {
        Ok(Address {
            ton: self.u8(field.name)?.into(),
            npi: self.u8(field.name)?.into(),
            addr: self.c_octets(field)?,
        })
    }

    /// All that is left, as optional parameters.
    pub(crate) fn tlvs(self) -> Result<Tlvs<'a>, Error> {
        Tlvs::parse(self.rest)
    }

    /// All that is left of a PDU to which the standard gives no optional
    /// parameters. Well-formed ones are kept all the same; anything else
    /// means that `command_length` was wrong.
    pub(crate) fn end(self) -> Result<Tlvs<'a>, Error> {
        Tlvs::parse(self.rest).map_err(|_| Error::Trailing)
    }
}
