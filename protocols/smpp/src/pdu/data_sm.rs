//! data_sm: a message in either direction, without the fields of a store (SMPP 3.4 §4.7; SMPP 5.0 §4.2.2).

use crate::error::Error;
use crate::field;
use crate::pdu::{Address, DataCoding, EsmClass, RegisteredDelivery};
use crate::reader::Reader;
use crate::tlv::{Tag, Tlvs};
use crate::writer::Writer;

/// The body of data_sm.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DataSm<'a> {
    /// The application service; empty is the default.
    pub service_type: &'a [u8],
    /// The sender; up to 64 octets.
    pub source: Address<'a>,
    /// The receiver; up to 64 octets.
    pub destination: Address<'a>,
    /// Mode, type and GSM features.
    pub esm_class: EsmClass,
    /// Which receipts are wanted.
    pub registered_delivery: RegisteredDelivery,
    /// The encoding of the text.
    pub data_coding: DataCoding,
    /// Optional parameters; the text is `message_payload`.
    pub tlvs: Tlvs<'a>,
}

impl<'a> DataSm<'a> {
    /// The text, or nothing if `message_payload` is missing.
    pub fn user_data(&self) -> &'a [u8] {
        self.tlvs.get(Tag::MESSAGE_PAYLOAD).map(|payload| payload.value).unwrap_or_default()
    }

    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            source: body.address(&field::SOURCE_ADDR_LONG)?,
            destination: body.address(&field::DESTINATION_ADDR_LONG)?,
            esm_class: EsmClass(body.u8("esm_class")?),
            registered_delivery: RegisteredDelivery(body.u8("registered_delivery")?),
            data_coding: DataCoding(body.u8("data_coding")?),
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SERVICE_TYPE, self.service_type)?;
        out.address(&field::SOURCE_ADDR_LONG, &self.source)?;
        out.address(&field::DESTINATION_ADDR_LONG, &self.destination)?;
        out.octets(&[self.esm_class.0, self.registered_delivery.0, self.data_coding.0]);
        out.tlvs(self.tlvs);
        Ok(())
    }
}
