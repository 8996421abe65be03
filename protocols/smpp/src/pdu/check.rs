//! Checks the field values of submit_sm and data_sm as a centre does; each fault
//! has its status (SMPP 3.4 §5.1.3).

use crate::error::Error;
use crate::pdu::{DataSm, EsmClass, RegisteredDelivery, Sm};
use crate::status::Status;
use crate::time;
use crate::tlv::Tag;

impl Sm<'_> {
    /// Checks the values of all fields and TLVs, as a centre does with submit_sm.
    ///
    /// `registered_delivery` 3 passes, although only SMPP 5.0 names it.
    pub fn check(&self) -> Result<(), Error> {
        check_esm_class(self.esm_class)?;
        check_registered_delivery(self.registered_delivery)?;
        check_that(self.priority_flag <= 4, "priority_flag", Status::ESME_RINVPRTFLG)?;
        check_that(self.replace_if_present_flag <= 1, "replace_if_present_flag", Status::ESME_RINVREPFLAG)?;
        check_that(!self.destination.addr.is_empty(), "destination_addr", Status::ESME_RINVDSTADR)?;
        let schedule = time::parse(self.schedule_delivery_time, 0);
        check_that(schedule.is_ok(), "schedule_delivery_time", Status::ESME_RINVSCHED)?;
        let validity = time::parse(self.validity_period, 0);
        check_that(validity.is_ok(), "validity_period", Status::ESME_RINVEXPIRY)?;
        let payload = self.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some_and(|payload| !payload.value.is_empty());
        // The standard allows one or the other; of two texts neither can be preferred.
        let one_text = self.short_message.is_empty() || !payload;
        check_that(one_text, "message_payload", Status::ESME_RTLVNOTALLWD)?;
        check_user_data_header(self.esm_class, self.user_data())?;
        self.tlvs.check()
    }
}

impl DataSm<'_> {
    /// Checks the values of all fields and TLVs, as a centre does with data_sm.
    pub fn check(&self) -> Result<(), Error> {
        check_esm_class(self.esm_class)?;
        check_registered_delivery(self.registered_delivery)?;
        check_that(!self.destination.addr.is_empty(), "destination_addr", Status::ESME_RINVDSTADR)?;
        check_user_data_header(self.esm_class, self.user_data())?;
        self.tlvs.check()
    }
}

fn check_esm_class(esm_class: EsmClass) -> Result<(), Error> {
    check_that(esm_class.message_type().is_some(), "esm_class", Status::ESME_RINVESMCLASS)
}

fn check_registered_delivery(registered_delivery: RegisteredDelivery) -> Result<(), Error> {
    let reserved = registered_delivery.0 & 0xe0;
    check_that(reserved == 0, "registered_delivery", Status::ESME_RINVREGDLVFLG)
}

/// With the UDH indicator, the first octet counts the header's octets after it.
fn check_user_data_header(esm_class: EsmClass, user_data: &[u8]) -> Result<(), Error> {
    let fits = match user_data.split_first() {
        Some((&length, rest)) => usize::from(length) <= rest.len(),
        None => false,
    };
    check_that(!esm_class.has_udhi() || fits, "user data header", Status::ESME_RINVMSGLEN)
}

fn check_that(good: bool, field: &'static str, status: Status) -> Result<(), Error> {
    if good { Ok(()) } else { Err(Error::Value { field, status }) }
}
