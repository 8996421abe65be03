//! The mandatory fields of variable length: name, most octets, and the status for a malformed one.
//!
//! Limits are those of SMPP 3.4 §4 and 5.0 §4, the larger where they differ, and those of 3.3 for the
//! commands that it alone has.

use crate::status::Status;

/// One variable-length field.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    /// The standard's name.
    pub(crate) name: &'static str,
    /// Most octets, the NUL of a C-octet string included.
    pub(crate) octets_max: usize,
    /// What to answer when the field is malformed.
    pub(crate) status: Status,
}

const fn field(name: &'static str, octets_max: usize, status: Status) -> Field {
    Field { name, octets_max, status }
}

pub(crate) const SYSTEM_ID: Field = field("system_id", 16, Status::ESME_RINVSYSID);
pub(crate) const PASSWORD: Field = field("password", 9, Status::ESME_RINVPASWD);
pub(crate) const SYSTEM_TYPE: Field = field("system_type", 13, Status::ESME_RINVSYSTYP);
pub(crate) const ADDRESS_RANGE: Field = field("address_range", 41, Status::ESME_RBINDFAIL);
pub(crate) const SERVICE_TYPE: Field = field("service_type", 6, Status::ESME_RINVSERTYP);
pub(crate) const SOURCE_ADDR: Field = field("source_addr", 21, Status::ESME_RINVSRCADR);
pub(crate) const DESTINATION_ADDR: Field = field("destination_addr", 21, Status::ESME_RINVDSTADR);
/// data_sm and alert_notification give addresses more room than submit_sm does.
pub(crate) const SOURCE_ADDR_LONG: Field = field("source_addr", 65, Status::ESME_RINVSRCADR);
pub(crate) const DESTINATION_ADDR_LONG: Field = field("destination_addr", 65, Status::ESME_RINVDSTADR);
pub(crate) const ESME_ADDR: Field = field("esme_addr", 65, Status::ESME_RINVDSTADR);
pub(crate) const DL_NAME: Field = field("dl_name", 21, Status::ESME_RINVDLNAME);
pub(crate) const SCHEDULE_DELIVERY_TIME: Field = field("schedule_delivery_time", 17, Status::ESME_RINVSCHED);
pub(crate) const VALIDITY_PERIOD: Field = field("validity_period", 17, Status::ESME_RINVEXPIRY);
pub(crate) const FINAL_DATE: Field = field("final_date", 17, Status::ESME_RINVEXPIRY);
pub(crate) const MESSAGE_ID: Field = field("message_id", 65, Status::ESME_RINVMSGID);
pub(crate) const SHORT_MESSAGE: Field = field("short_message", 255, Status::ESME_RINVMSGLEN);
pub(crate) const PARAM_NAME: Field = field("param_name", 32, Status::ESME_RINVPARAM);
pub(crate) const PARAM_VALUE: Field = field("param_value", 101, Status::ESME_RINVPARAM);
