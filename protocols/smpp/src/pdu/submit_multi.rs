//! submit_multi: one message to up to 255 destinations (SMPP 3.4 §4.5; SMPP 5.0 §4.2.3).

use crate::error::Error;
use crate::field;
use crate::pdu::{Address, DataCoding, EsmClass, RegisteredDelivery};
use crate::reader::Reader;
use crate::status::Status;
use crate::tlv::Tlvs;
use crate::writer::Writer;

/// One destination of submit_multi.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Destination<'a> {
    /// A short message entity (dest_flag 1).
    Address(Address<'a>),
    /// The name of a distribution list that the centre keeps (dest_flag 2).
    DistributionList(&'a [u8]),
}

impl<'a> Destination<'a> {
    pub(super) fn decode(body: &mut Reader<'a>) -> Result<Self, Error> {
        match body.u8("dest_flag")? {
            1 => Ok(Self::Address(body.address(&field::DESTINATION_ADDR)?)),
            2 => Ok(Self::DistributionList(body.c_octets(&field::DL_NAME)?)),
            _ => Err(Error::Value { field: "dest_flag", status: Status::ESME_RINVDESTFLAG }),
        }
    }

    pub(super) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        match self {
            Self::Address(address) => {
                out.u8(1);
                out.address(&field::DESTINATION_ADDR, address)
            }
            Self::DistributionList(name) => {
                out.u8(2);
                out.c_octets(&field::DL_NAME, name)
            }
        }
    }
}

/// The body of submit_multi.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct SubmitMulti<'a> {
    /// The application service; empty is the default.
    pub service_type: &'a [u8],
    /// The sender.
    pub source: Address<'a>,
    /// The receivers, at most 255.
    pub destinations: Vec<Destination<'a>>,
    /// Mode, type and GSM features.
    pub esm_class: EsmClass,
    /// TP-PID.
    pub protocol_id: u8,
    /// 0 (lowest) to 3, in SMPP 5.0 to 4.
    pub priority_flag: u8,
    /// When to deliver first; empty is at once.
    pub schedule_delivery_time: &'a [u8],
    /// When to give up; empty is the centre's default.
    pub validity_period: &'a [u8],
    /// Which receipts are wanted.
    pub registered_delivery: RegisteredDelivery,
    /// 1 replaces a waiting message.
    pub replace_if_present_flag: u8,
    /// The encoding of the text.
    pub data_coding: DataCoding,
    /// A message that the centre keeps; 0 is none.
    pub sm_default_msg_id: u8,
    /// The text, at most 255 octets.
    pub short_message: &'a [u8],
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> SubmitMulti<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            service_type: body.c_octets(&field::SERVICE_TYPE)?,
            source: body.address(&field::SOURCE_ADDR)?,
            destinations: decode_counted(&mut body, "number_of_dests", Destination::decode)?,
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
        let count = u8::try_from(self.destinations.len());
        out.u8(count
            .map_err(|_| Error::Length { field: "number_of_dests", status: Status::ESME_RINVNUMDESTS })?);
        self.destinations.iter().try_for_each(|destination| destination.encode(out))?;
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
impl std::fmt::Debug for SubmitMulti<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubmitMulti")
            .field("source", &self.source)
            .field("destinations", &self.destinations.len())
            .field("sm_length", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}

/// A destination that submit_multi did not reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnsuccessSme<'a> {
    /// The destination.
    pub address: Address<'a>,
    /// The fault.
    pub error_status_code: Status,
}

impl<'a> UnsuccessSme<'a> {
    fn decode(body: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            address: body.address(&field::DESTINATION_ADDR)?,
            error_status_code: Status(body.u32("error_status_code")?),
        })
    }

    fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.address(&field::DESTINATION_ADDR, &self.address)?;
        out.u32(self.error_status_code.0);
        Ok(())
    }
}

/// The body of submit_multi_resp.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SubmitMultiResp<'a> {
    /// The centre's id of the message; `None` if the response has no body.
    pub message_id: Option<&'a [u8]>,
    /// The destinations that failed; at most 255.
    pub unsuccess_smes: Vec<UnsuccessSme<'a>>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> SubmitMultiResp<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            message_id: Some(body.c_octets(&field::MESSAGE_ID)?),
            unsuccess_smes: decode_counted(&mut body, "no_unsuccess", UnsuccessSme::decode)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        let Some(message_id) = self.message_id else { return Ok(()) };
        out.c_octets(&field::MESSAGE_ID, message_id)?;
        let count = u8::try_from(self.unsuccess_smes.len());
        out.u8(count.map_err(|_| Error::Length { field: "no_unsuccess", status: Status::ESME_RINVNUMDESTS })?);
        self.unsuccess_smes.iter().try_for_each(|sme| sme.encode(out))?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// A count in one octet, then as many items.
pub(super) fn decode_counted<'a, T>(
    body: &mut Reader<'a>,
    count: &'static str,
    item: impl Fn(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    (0..body.u8(count)?).map(|_| item(body)).collect()
}
