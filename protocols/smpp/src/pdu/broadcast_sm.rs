//! broadcast_sm, query_broadcast_sm and cancel_broadcast_sm (SMPP 5.0 §4.4, §4.6).
//!
//! Area, content and repetition are in TLVs; `broadcast_area_identifier`,
//! `broadcast_content_type`, `broadcast_rep_num` and
//! `broadcast_frequency_interval` are mandatory there.

use crate::error::Error;
use crate::field;
use crate::pdu::{Address, DataCoding};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::Writer;

/// The body of broadcast_sm.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BroadcastSm<'a> {
    /// The application service; empty is the default.
    pub service_type: &'a [u8],
    /// The sender.
    pub source: Address<'a>,
    /// The sender's id of the broadcast, or empty.
    pub message_id: &'a [u8],
    /// 0 (lowest) to 4.
    pub priority_flag: u8,
    /// When to start; empty is at once.
    pub schedule_delivery_time: &'a [u8],
    /// When to stop.
    pub validity_period: &'a [u8],
    /// 1 replaces a broadcast with the same `message_id`.
    pub replace_if_present_flag: u8,
    /// The encoding of the text.
    pub data_coding: DataCoding,
    /// A message that the centre keeps; 0 is none.
    pub sm_default_msg_id: u8,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> BroadcastSm<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            source: body.address(&field::SOURCE_ADDR)?,
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            priority_flag: body.u8("priority_flag")?,
            schedule_delivery_time: body.c_octets(&field::SCHEDULE_DELIVERY_TIME)?,
            validity_period: body.c_octets(&field::VALIDITY_PERIOD)?,
            replace_if_present_flag: body.u8("replace_if_present_flag")?,
            data_coding: DataCoding(body.u8("data_coding")?),
            sm_default_msg_id: body.u8("sm_default_msg_id")?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SERVICE_TYPE, self.service_type)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.u8(self.priority_flag);
        out.c_octets(&field::SCHEDULE_DELIVERY_TIME, self.schedule_delivery_time)?;
        out.c_octets(&field::VALIDITY_PERIOD, self.validity_period)?;
        out.octets(&[self.replace_if_present_flag, self.data_coding.0, self.sm_default_msg_id]);
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Asks for the state of a broadcast.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueryBroadcastSm<'a> {
    /// The centre's id of the broadcast.
    pub message_id: &'a [u8],
    /// The sender, as it was submitted.
    pub source: Address<'a>,
    /// Optional parameters; the standard names `user_message_reference`.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QueryBroadcastSm<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Cancels a broadcast.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CancelBroadcastSm<'a> {
    /// The application service; with a `message_id` it may be empty.
    pub service_type: &'a [u8],
    /// The centre's id of the broadcast, or empty.
    pub message_id: &'a [u8],
    /// The sender, as it was submitted.
    pub source: Address<'a>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> CancelBroadcastSm<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            message_id: body.c_octets(&field::MESSAGE_ID)?,
            source: body.address(&field::SOURCE_ADDR)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SERVICE_TYPE, self.service_type)?;
        out.c_octets(&field::MESSAGE_ID, self.message_id)?;
        out.address(&field::SOURCE_ADDR, &self.source)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}
