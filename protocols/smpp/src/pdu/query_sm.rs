//! query_sm, cancel_sm and replace_sm, the operations on a message that the centre
//! stores (SMPP 3.4 §4.8 to §4.10; SMPP 5.0 §4.5).

use crate::error::Error;
use crate::field;
use crate::pdu::{Address, RegisteredDelivery};
use crate::reader::Reader;
use crate::state::MessageState;
use crate::tlv::{Tag, Tlvs};
use crate::writer::Writer;

/// Asks for the state of a message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QuerySm<'a> {
    /// The centre's id of the message.
    pub message_id: &'a [u8],
    /// The sender of the message, as it was submitted.
    pub source: Address<'a>,
    /// Optional parameters; the standard names none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QuerySm<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Answers query_sm.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QuerySmResp<'a> {
    /// The centre's id of the message; `None` if the response has no body.
    pub message_id: Option<&'a [u8]>,
    /// When the message reached its final state; empty if it has not.
    pub final_date: &'a [u8],
    /// The state.
    pub message_state: MessageState,
    /// The network's error, 0 if there is none.
    pub error_code: u8,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QuerySmResp<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            message_id: Some(body.c_octets(&field::MESSAGE_ID)?),
            final_date: body.c_octets(&field::FINAL_DATE)?,
            message_state: MessageState(body.u8("message_state")?),
            error_code: body.u8("error_code")?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        let Some(message_id) = self.message_id else { return Ok(()) };
        out.c_octets(&field::MESSAGE_ID, message_id)?;
        out.c_octets(&field::FINAL_DATE, self.final_date)?;
        out.octets(&[self.message_state.0, self.error_code]);
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Cancels one message, or with an empty `message_id` all that match the
/// addresses and the service type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CancelSm<'a> {
    /// The application service; with a `message_id` it may be empty.
    pub service_type: &'a [u8],
    /// The centre's id of the message, or empty.
    pub message_id: &'a [u8],
    /// The sender of the message, as it was submitted.
    pub source: Address<'a>,
    /// Its destination; with a `message_id` it may be empty.
    pub destination: Address<'a>,
    /// Optional parameters; the standard names none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> CancelSm<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            destination: body.address(&field::DESTINATION_ADDR)?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SERVICE_TYPE, self.service_type)?;
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.address(&field::DESTINATION_ADDR, &self.destination)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Changes a message that has not been delivered.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct ReplaceSm<'a> {
    /// The centre's id of the message.
    pub message_id: &'a [u8],
    /// The sender of the message, as it was submitted.
    pub source: Address<'a>,
    /// The new time of the first attempt; empty keeps the old one.
    pub schedule_delivery_time: &'a [u8],
    /// The new validity; empty keeps the old one.
    pub validity_period: &'a [u8],
    /// Which receipts are wanted.
    pub registered_delivery: RegisteredDelivery,
    /// A message that the centre keeps; 0 is none.
    pub sm_default_msg_id: u8,
    /// The new text.
    pub short_message: &'a [u8],
    /// Optional parameters; SMPP 5.0 allows `message_payload`.
    pub tlvs: Tlvs<'a>,
}

impl<'a> ReplaceSm<'a> {
    /// The new text, wherever it is: `short_message`, or else `message_payload`.
    pub fn user_data(&self) -> &'a [u8] {
        match self.tlvs.get(Tag::MESSAGE_PAYLOAD) {
            Some(payload) if self.short_message.is_empty() => payload.value,
            _ => self.short_message,
        }
    }

    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            schedule_delivery_time: body.c_octets(&field::SCHEDULE_DELIVERY_TIME)?,
            validity_period: body.c_octets(&field::VALIDITY_PERIOD)?,
            registered_delivery: RegisteredDelivery(body.u8("registered_delivery")?),
            sm_default_msg_id: body.u8("sm_default_msg_id")?,
            short_message: body.counted(&field::SHORT_MESSAGE)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.c_octets(&field::SCHEDULE_DELIVERY_TIME, self.schedule_delivery_time)?;
        out.c_octets(&field::VALIDITY_PERIOD, self.validity_period)?;
        out.octets(&[self.registered_delivery.0, self.sm_default_msg_id]);
        out.counted(&field::SHORT_MESSAGE, self.short_message)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Hides the text.
impl std::fmt::Debug for ReplaceSm<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplaceSm")
            .field("source", &self.source)
            .field("registered_delivery", &self.registered_delivery)
            .field("sm_length", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}
