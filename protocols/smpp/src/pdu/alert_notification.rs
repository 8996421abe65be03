//! alert_notification: a subscriber that was absent is reachable (SMPP 3.4 §4.12; SMPP 5.0 §4.1.3).

use crate::error::Error;
use crate::field;
use crate::pdu::Address;
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::Writer;

/// The body of alert_notification, which has no response.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AlertNotification<'a> {
    /// The reachable subscriber.
    pub source: Address<'a>,
    /// The ESME that asked to be notified.
    pub esme: Address<'a>,
    /// Optional parameters; the standard names `ms_availability_status`.
    pub tlvs: Tlvs<'a>,
}

impl<'a> AlertNotification<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            source: body.address(&field::SOURCE_ADDR_LONG)?,
            esme: body.address(&field::ESME_ADDR)?,
            tlvs: body.tlvs()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.address(&field::SOURCE_ADDR_LONG, &self.source)?;
        out.address(&field::ESME_ADDR, &self.esme)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}
