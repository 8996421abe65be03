//! submit_sm and deliver_sm, which share one body, and their responses
//! (SMPP 3.4 §4.4, §4.6; SMPP 5.0 §4.2.1, §4.3.1).

use crate::error::Error;
use crate::field;
use crate::pdu::{Address, DataCoding, EsmClass, RegisteredDelivery};
use crate::reader::Reader;
use crate::tlv::{Tag, Tlvs};
use crate::writer::Writer;

/// The body of submit_sm and deliver_sm.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Sm<'a> {
    /// The application service, as `CMT` or `USSD`; empty is the default.
    pub service_type: &'a [u8],
    /// The sender.
    pub source: Address<'a>,
    /// The receiver.
    pub destination: Address<'a>,
    /// Mode, type and GSM features.
    pub esm_class: EsmClass,
    /// TP-PID.
    pub protocol_id: u8,
    /// 0 (lowest) to 3, in SMPP 5.0 to 4.
    pub priority_flag: u8,
    /// When to deliver first; empty is at once. See [`crate::time`].
    pub schedule_delivery_time: &'a [u8],
    /// When to give up; empty is the centre's default. See [`crate::time`].
    pub validity_period: &'a [u8],
    /// Which receipts are wanted.
    pub registered_delivery: RegisteredDelivery,
    /// 1 replaces a waiting message with the same addresses and service type.
    pub replace_if_present_flag: u8,
    /// The encoding of the text.
    pub data_coding: DataCoding,
    /// A message that the centre keeps, 1 to 254; 0 is none.
    pub sm_default_msg_id: u8,
    /// The text, at most 255 octets. NUL is an ordinary octet in it ("@" of
    /// the GSM alphabet). Empty if the text is in `message_payload`.
    pub short_message: &'a [u8],
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Sm<'a> {
    /// The text, wherever it is: `short_message`, or else `message_payload`.
    pub fn user_data(&self) -> &'a [u8] {
        match self.tlvs.get(Tag::MESSAGE_PAYLOAD) {
            Some(payload) if self.short_message.is_empty() => payload.value,
            _ => self.short_message,
        }
    }

    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            source: body.address(&field::SOURCE_ADDR)?,
            destination: body.address(&field::DESTINATION_ADDR)?,
            esm_class: EsmClass(body.u8("esm_class")?),
            protocol_id: body.u8("protocol_id")?,
            priority_flag: body.u8("priority_flag")?,
            schedule_delivery_time: body.c_octets(&field::SCHEDULE_DELIVERY_TIME)?,
            validity_period: body.c_octets(&field::VALIDITY_PERIOD)?,
            registered_delivery: RegisteredDelivery(body.u8("registered_delivery")?),
            replace_if_present_flag: body.u8("replace_if_present_flag")?,
            data_coding: DataCoding(body.u8("data_coding")?),
            sm_default_msg_id: body.u8("sm_default_msg_id")?,
            short_message: body.counted(&field::SHORT_MESSAGE)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SERVICE_TYPE, self.service_type)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.address(&field::DESTINATION_ADDR, &self.destination)?;
        out.octets(&[self.esm_class.0, self.protocol_id, self.priority_flag]);
        out.c_octets(&field::SCHEDULE_DELIVERY_TIME, self.schedule_delivery_time)?;
        out.c_octets(&field::VALIDITY_PERIOD, self.validity_period)?;
        out.octets(&[
            self.registered_delivery.0,
            self.replace_if_present_flag,
            self.data_coding.0,
            self.sm_default_msg_id,
        ]);
        out.counted(&field::SHORT_MESSAGE, self.short_message)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Hides the text and the digits.
impl std::fmt::Debug for Sm<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sm")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("esm_class", &self.esm_class)
            .field("registered_delivery", &self.registered_delivery)
            .field("data_coding", &self.data_coding)
            .field("sm_length", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}

/// The body of submit_sm_resp, deliver_sm_resp and data_sm_resp.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SmResp<'a> {
    /// The centre's id of the message; empty in deliver_sm_resp, `None` if the
    /// response has no body.
    pub message_id: Option<&'a [u8]>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> SmResp<'a> {
    /// A positive response.
    pub const fn new(message_id: &'a [u8]) -> Self {
        Self { message_id: Some(message_id), tlvs: Tlvs::NONE }
    }

    /// A response without a body, for errors.
    pub const fn bare() -> Self {
        Self { message_id: None, tlvs: Tlvs::NONE }
    }

    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::bare());
        }
        Ok(Self { message_id: Some(body.c_octets(&field::MESSAGE_ID)?), tlvs: body.tlvs()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        if let Some(message_id) = self.message_id {
            out.c_octets(&field::MESSAGE_ID, message_id)?;
            out.tlvs(self.tlvs);
        }
        Ok(())
    }
}
