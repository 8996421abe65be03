//! query_last_msgs, query_msg_details and param_retrieve, the query commands that SMPP 3.3 alone
//! has. SMPP 3.4 reserves their numbers; ESMEs of that time still use them.

use crate::error::Error;
use crate::field;
use crate::pdu::submit_multi::{Destination, decode_counted};
use crate::pdu::{Address, DataCoding, RegisteredDelivery};
use crate::reader::Reader;
use crate::state::MessageState;
use crate::status::Status;
use crate::tlv::Tlvs;
use crate::writer::Writer;

/// Asks for the ids of the messages that were sent last from one address (SMPP 3.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueryLastMsgs<'a> {
    /// The sender of the messages, as they were submitted.
    pub source: Address<'a>,
    /// How many ids are wanted, 1 to 100.
    pub num_of_msgs: u8,
    /// Optional parameters; the standard has none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QueryLastMsgs<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            source: body.address(&field::SOURCE_ADDR)?,
            num_of_msgs: body.u8("num_of_msgs")?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.u8(self.num_of_msgs);
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Answers query_last_msgs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueryLastMsgsResp<'a> {
    /// The ids, at most 255; `None` if the response has no body.
    pub message_ids: Option<Vec<&'a [u8]>>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QueryLastMsgsResp<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let message_ids = decode_counted(&mut body, "num_of_msgs", |body| body.c_octets(&field::MESSAGE_ID))?;
        Ok(Self { message_ids: Some(message_ids), tlvs: body.end()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        let Some(message_ids) = &self.message_ids else { return Ok(()) };
        let count = u8::try_from(message_ids.len());
        out.u8(count.map_err(|_| Error::Length { field: "num_of_msgs", status: Status::ESME_RINVNUMMSGS })?);
        message_ids.iter().try_for_each(|id| out.c_octets(&field::MESSAGE_ID, id))?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Asks for the details of one message (SMPP 3.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueryMsgDetails<'a> {
    /// The centre's id of the message.
    pub message_id: &'a [u8],
    /// The sender of the message, as it was submitted.
    pub source: Address<'a>,
    /// How many octets of the text are wanted, 0 to 160.
    pub sm_length: u8,
    /// Optional parameters; the standard has none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QueryMsgDetails<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            sm_length: body.u8("sm_length")?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.u8(self.sm_length);
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// The details of a message: the body of query_msg_details_resp.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct MsgDetails<'a> {
    /// The application service; empty is the default.
    pub service_type: &'a [u8],
    /// The sender of the message.
    pub source: Address<'a>,
    /// Where it goes, at most 255.
    pub destinations: Vec<Destination<'a>>,
    /// TP-PID.
    pub protocol_id: u8,
    /// 0 (lowest) to 3.
    pub priority_flag: u8,
    /// When it is delivered first; empty is at once.
    pub schedule_delivery_time: &'a [u8],
    /// When the centre gives up; empty is the centre's default.
    pub validity_period: &'a [u8],
    /// Which receipts were asked for.
    pub registered_delivery: RegisteredDelivery,
    /// The encoding of the text.
    pub data_coding: DataCoding,
    /// The text, no more of it than was asked for.
    pub short_message: &'a [u8],
    /// The centre's id of the message.
    pub message_id: &'a [u8],
    /// When the message reached its final state; empty if it has not.
    pub final_date: &'a [u8],
    /// The state.
    pub message_state: MessageState,
    /// The network's error, 0 if there is none.
    pub error_code: u8,
}

/// Hides the text and the digits.
impl std::fmt::Debug for MsgDetails<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MsgDetails")
            .field("source", &self.source)
            .field("destinations", &self.destinations.len())
            .field("sm_length", &self.short_message.len())
            .field("message_state", &self.message_state)
            .finish_non_exhaustive()
    }
}

/// Answers query_msg_details.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueryMsgDetailsResp<'a> {
    /// The message; `None` if the response has no body.
    pub details: Option<MsgDetails<'a>>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QueryMsgDetailsResp<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let details = MsgDetails {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            source: body.address(&field::SOURCE_ADDR)?,
            destinations: decode_counted(&mut body, "number_of_dests", Destination::decode)?,
            protocol_id: body.u8("protocol_id")?,
            priority_flag: body.u8("priority_flag")?,
            schedule_delivery_time: body.c_octets(&field::SCHEDULE_DELIVERY_TIME)?,
            validity_period: body.c_octets(&field::VALIDITY_PERIOD)?,
            registered_delivery: RegisteredDelivery(body.u8("registered_delivery")?),
            data_coding: DataCoding(body.u8("data_coding")?),
            short_message: body.counted(&field::SHORT_MESSAGE)?,
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            final_date: body.c_octets(&field::FINAL_DATE)?,
            message_state: MessageState(body.u8("message_state")?),
            error_code: body.u8("error_code")?,
        };
        Ok(Self { details: Some(details), tlvs: body.end()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        let Some(details) = &self.details else { return Ok(()) };
        out.c_octets(&field::SERVICE_TYPE, details.service_type)?;
        out.address(&field::SOURCE_ADDR, &details.source)?;
        let count = u8::try_from(details.destinations.len());
        out.u8(count
            .map_err(|_| Error::Length { field: "number_of_dests", status: Status::ESME_RINVNUMDESTS })?);
        details.destinations.iter().try_for_each(|destination| destination.encode(out))?;
        out.octets(&[details.protocol_id, details.priority_flag]);
        out.c_octets(&field::SCHEDULE_DELIVERY_TIME, details.schedule_delivery_time)?;
        out.c_octets(&field::VALIDITY_PERIOD, details.validity_period)?;
        out.octets(&[details.registered_delivery.0, details.data_coding.0]);
        out.counted(&field::SHORT_MESSAGE, details.short_message)?;
        out.c_octets(&field::MESSAGE_ID, details.message_id)?;
        out.c_octets(&field::FINAL_DATE, details.final_date)?;
        out.octets(&[details.message_state.0, details.error_code]);
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Asks for the value of a parameter of the centre (SMPP 3.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ParamRetrieve<'a> {
    /// The name of the parameter, at most 31 characters; the standard leaves the names to the centre.
    pub param_name: &'a [u8],
    /// Optional parameters; the standard has none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> ParamRetrieve<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self { param_name: body.c_octets(&field::PARAM_NAME)?, tlvs: body.end()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::PARAM_NAME, self.param_name)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Answers param_retrieve.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ParamRetrieveResp<'a> {
    /// The value, at most 100 characters; `None` if the response has no body.
    pub param_value: Option<&'a [u8]>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> ParamRetrieveResp<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self { param_value: Some(body.c_octets(&field::PARAM_VALUE)?), tlvs: body.end()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        let Some(param_value) = self.param_value else { return Ok(()) };
        out.c_octets(&field::PARAM_VALUE, param_value)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}
