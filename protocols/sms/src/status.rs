//! The outcome of a message in TPDUs: TP-Status and TP-Failure-Cause
//! (3GPP TS 23.040 §9.2.3.15 and §9.2.3.22).

/// TP-ST of an SMS-STATUS-REPORT, kept as it came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Status(pub u8);

/// The class of a [`Status`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StatusClass {
    /// 0x00–0x1F: the short message transaction is completed.
    Completed,
    /// 0x20–0x3F: a temporary error, and the centre is still trying.
    StillTrying,
    /// 0x40–0x5F: a permanent error, the centre makes no more attempts.
    Permanent,
    /// 0x60–0x7F: a temporary error, and the centre makes no more attempts.
    GaveUp,
    /// 0x80–0xFF: reserved.
    Reserved,
}

impl Status {
    /// Received by the recipient.
    pub const RECEIVED: Self = Self(0x00);
    /// Forwarded, but the centre cannot confirm the delivery.
    pub const FORWARDED: Self = Self(0x01);
    /// Replaced by the centre.
    pub const REPLACED: Self = Self(0x02);
    /// Congestion, still trying.
    pub const TRYING_CONGESTION: Self = Self(0x20);
    /// Recipient busy, still trying.
    pub const TRYING_BUSY: Self = Self(0x21);
    /// No response from the recipient, still trying.
    pub const TRYING_NO_RESPONSE: Self = Self(0x22);
    /// Service rejected, still trying.
    pub const TRYING_SERVICE_REJECTED: Self = Self(0x23);
    /// Remote procedure error.
    pub const REMOTE_PROCEDURE_ERROR: Self = Self(0x40);
    /// Incompatible destination.
    pub const INCOMPATIBLE_DESTINATION: Self = Self(0x41);
    /// Connection rejected by the recipient.
    pub const CONNECTION_REJECTED: Self = Self(0x42);
    /// Not obtainable.
    pub const NOT_OBTAINABLE: Self = Self(0x43);
    /// Validity period expired.
    pub const VALIDITY_PERIOD_EXPIRED: Self = Self(0x46);
    /// Deleted by the originator.
    pub const DELETED_BY_ORIGINATOR: Self = Self(0x47);
    /// Deleted by the centre's administration.
    pub const DELETED_BY_ADMINISTRATION: Self = Self(0x48);
    /// The message does not exist; the centre cannot find it.
    pub const DOES_NOT_EXIST: Self = Self(0x49);
    /// Congestion, given up.
    pub const CONGESTION: Self = Self(0x60);
    /// Recipient busy, given up.
    pub const BUSY: Self = Self(0x61);
    /// No response from the recipient, given up.
    pub const NO_RESPONSE: Self = Self(0x62);
    /// Service rejected, given up.
    pub const SERVICE_REJECTED: Self = Self(0x63);

    /// The class of the status.
    pub const fn class(self) -> StatusClass {
        match self.0 {
            0x00..=0x1f => StatusClass::Completed,
            0x20..=0x3f => StatusClass::StillTrying,
            0x40..=0x5f => StatusClass::Permanent,
            0x60..=0x7f => StatusClass::GaveUp,
            0x80..=0xff => StatusClass::Reserved,
        }
    }
}

/// TP-FCS: why a TPDU was refused, kept as it came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct FailureCause(pub u8);

impl FailureCause {
    /// Telematic interworking not supported.
    pub const TELEMATIC_INTERWORKING_NOT_SUPPORTED: Self = Self(0x80);
    /// Short message Type 0 not supported.
    pub const TYPE_0_NOT_SUPPORTED: Self = Self(0x81);
    /// Cannot replace short message.
    pub const CANNOT_REPLACE: Self = Self(0x82);
    /// Unspecified TP-PID error.
    pub const UNSPECIFIED_PID: Self = Self(0x8f);
    /// Data coding scheme (alphabet) not supported.
    pub const ALPHABET_NOT_SUPPORTED: Self = Self(0x90);
    /// Message class not supported.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x91);
    /// Unspecified TP-DCS error.
    pub const UNSPECIFIED_DCS: Self = Self(0x9f);
    /// Command cannot be actioned.
    pub const COMMAND_CANNOT_BE_ACTIONED: Self = Self(0xa0);
    /// Command unsupported.
    pub const COMMAND_UNSUPPORTED: Self = Self(0xa1);
    /// Unspecified TP-Command error.
    pub const UNSPECIFIED_COMMAND: Self = Self(0xaf);
    /// TPDU not supported.
    pub const TPDU_NOT_SUPPORTED: Self = Self(0xb0);
    /// Service centre busy.
    pub const SC_BUSY: Self = Self(0xc0);
    /// No service centre subscription.
    pub const NO_SC_SUBSCRIPTION: Self = Self(0xc1);
    /// Service centre system failure.
    pub const SC_SYSTEM_FAILURE: Self = Self(0xc2);
    /// Invalid SME address.
    pub const INVALID_SME_ADDRESS: Self = Self(0xc3);
    /// Destination SME barred.
    pub const DESTINATION_SME_BARRED: Self = Self(0xc4);
    /// Rejected as a duplicate.
    pub const DUPLICATE: Self = Self(0xc5);
    /// TP-VPF not supported.
    pub const VPF_NOT_SUPPORTED: Self = Self(0xc6);
    /// TP-VP not supported.
    pub const VP_NOT_SUPPORTED: Self = Self(0xc7);
    /// SIM SMS storage full.
    pub const SIM_STORAGE_FULL: Self = Self(0xd0);
    /// No SMS storage capability in SIM.
    pub const NO_SIM_STORAGE: Self = Self(0xd1);
    /// Error in MS.
    pub const ERROR_IN_MS: Self = Self(0xd2);
    /// Memory capacity exceeded.
    pub const MEMORY_CAPACITY_EXCEEDED: Self = Self(0xd3);
    /// SIM application toolkit busy.
    pub const SIM_TOOLKIT_BUSY: Self = Self(0xd4);
    /// SIM data download error.
    pub const SIM_DATA_DOWNLOAD_ERROR: Self = Self(0xd5);
    /// Unspecified error cause.
    pub const UNSPECIFIED: Self = Self(0xff);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_22_status_classes() {
        for (octets, class) in [
            (0x00..=0x1f, StatusClass::Completed),
            (0x20..=0x3f, StatusClass::StillTrying),
            (0x40..=0x5f, StatusClass::Permanent),
            (0x60..=0x7f, StatusClass::GaveUp),
            (0x80..=0xff, StatusClass::Reserved),
        ] {
            assert!(octets.map(Status).all(|status| status.class() == class));
        }
    }
}
