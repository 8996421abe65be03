//! Writes the header and fields of one PDU behind the PDUs that a buffer holds already.

use bytes::{BufMut, BytesMut};

use crate::command::{CommandId, Header};
use crate::error::Error;
use crate::field::Field;
use crate::pdu::Address;
use crate::status::Status;
use crate::tlv::Tlvs;

/// The PDU being written; its length is filled in at the end.
pub(crate) struct Writer<'o> {
    out: &'o mut BytesMut,
    start: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn open(out: &'o mut BytesMut, id: CommandId, status: Status, sequence: u32) -> Self {
        let start = out.len();
        // Most PDUs fit in this, so that the buffer grows at most once for each.
        out.reserve(256);
        Header { command_length: 0, command_id: id, command_status: status, sequence_number: sequence }
            .encode(out);
        Self { out, start }
    }

    /// Fills in `command_length`, or restores the buffer if `written` is an error.
    pub(crate) fn close(self, written: Result<(), Error>) -> Result<(), Error> {
        if let Err(error) = written {
            self.out.truncate(self.start);
            return Err(error);
        }
        let too_long = Error::Length { field: "command_length", status: Status::ESME_RINVCMDLEN };
        let length = u32::try_from(self.out.len() - self.start).map_err(|_| too_long)?;
        let room = self.out.get_mut(self.start..).and_then(<[u8]>::first_chunk_mut::<4>);
        if let Some(room) = room {
            *room = length.to_be_bytes();
        }
        Ok(())
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.out.put_u8(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.out.put_u32(value);
    }

    pub(crate) fn octets(&mut self, value: &[u8]) {
        self.out.put_slice(value);
    }

    pub(crate) fn c_octets(&mut self, field: &Field, value: &[u8]) -> Result<(), Error> {
        if value.len() >= field.octets_max || value.contains(&0) {
            return Err(Error::Length { field: field.name, status: field.status });
        }
        self.out.put_slice(value);
        self.out.put_u8(0);
        Ok(())
    }

    pub(crate) fn counted(&mut self, field: &Field, value: &[u8]) -> Result<(), Error> {
        let too_long = Error::Length { field: field.name, status: field.status };
        self.out.put_u8(u8::try_from(value.len()).map_err(|_| too_long)?);
        self.out.put_slice(value);
        Ok(())
    }

    pub(crate) fn address(&mut self, field: &Field, value: &Address<'_>) -> Result<(), Error> {
        self.out.put_u8(value.ton.0);
        self.out.put_u8(value.npi.0);
        self.c_octets(field, value.addr)
    }

    pub(crate) fn tlvs(&mut self, tlvs: Tlvs<'_>) {
        self.out.put_slice(tlvs.as_octets());
    }
}
