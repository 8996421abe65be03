//! MAP short message operations: codes, arguments and results (TS 29.002 §17.5, §17.6.5).

mod alert_service_centre;
mod inform_service_centre;
mod mo_forward_sm;
mod mt_forward_sm;
mod ready_for_sm;
mod report_sm_delivery_status;
mod send_routing_info_for_sm;
mod sm_rp;

pub use alert_service_centre::{AlertServiceCentreArg, SmsGmscAlertEvent};
pub use inform_service_centre::{InformServiceCentreArg, MwStatus};
pub use mo_forward_sm::MoForwardSmArg;
pub use mt_forward_sm::{ForwardSmRes, MtForwardSmArg};
pub use ready_for_sm::{AlertReason, ReadyForSmArg};
pub use report_sm_delivery_status::{
    ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes, SmDeliveryOutcome,
};
pub use send_routing_info_for_sm::{
    AdditionalNumber, IpSmGwGuidance, LocationInfoWithLmsi, RoutingInfoForSmArg, RoutingInfoForSmRes,
    SmDeliveryNotIntended,
};
pub use sm_rp::{SmRpDa, SmRpOa};

use crate::context::{Context, Version};
use crate::error::Error;

/// mt-forwardSM of version 3.
pub const MT_FORWARD_SM: i64 = 44;
/// sendRoutingInfoForSM.
pub const SEND_ROUTING_INFO_FOR_SM: i64 = 45;
/// mo-forwardSM of version 3; forwardSM, in either direction, of versions 1 and 2.
pub const MO_FORWARD_SM: i64 = 46;
/// reportSM-DeliveryStatus.
pub const REPORT_SM_DELIVERY_STATUS: i64 = 47;
/// noteSubscriberPresent of version 1, class 4.
pub const NOTE_SUBSCRIBER_PRESENT: i64 = 48;
/// alertServiceCentreWithoutResult of version 1, class 4.
pub const ALERT_SERVICE_CENTRE_WITHOUT_RESULT: i64 = 49;
/// informServiceCentre, class 4.
pub const INFORM_SERVICE_CENTRE: i64 = 63;
/// alertServiceCentre of version 2.
pub const ALERT_SERVICE_CENTRE: i64 = 64;
/// readyForSM.
pub const READY_FOR_SM: i64 = 66;

/// The argument of an operation to invoke.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// sendRoutingInfoForSM.
    SendRoutingInfoForSm(RoutingInfoForSmArg),
    /// mt-forwardSM.
    MtForwardSm(MtForwardSmArg),
    /// mo-forwardSM.
    MoForwardSm(MoForwardSmArg),
    /// reportSM-DeliveryStatus.
    ReportSmDeliveryStatus(ReportSmDeliveryStatusArg),
    /// informServiceCentre.
    InformServiceCentre(InformServiceCentreArg),
    /// alertServiceCentre.
    AlertServiceCentre(AlertServiceCentreArg),
    /// readyForSM, or noteSubscriberPresent.
    ReadyForSm(ReadyForSmArg),
}

impl Request {
    /// The application context of this request.
    pub const fn context(&self) -> Context {
        match self {
            Self::SendRoutingInfoForSm(_)
            | Self::ReportSmDeliveryStatus(_)
            | Self::InformServiceCentre(_) => Context::ShortMsgGateway,
            Self::MtForwardSm(_) => Context::ShortMsgMtRelay,
            Self::MoForwardSm(_) => Context::ShortMsgMoRelay,
            Self::AlertServiceCentre(_) => Context::ShortMsgAlert,
            Self::ReadyForSm(_) => Context::MwdMngt,
        }
    }

    /// The operation code in `version`.
    ///
    /// # Errors
    ///
    /// [`Error::NotInVersion`]: alertServiceCentre has no version 3, informServiceCentre no version 1.
    pub const fn code(&self, version: Version) -> Result<i64, Error> {
        Ok(match (self, version) {
            (Self::MtForwardSm(_), Version::V3) => MT_FORWARD_SM,
            (Self::SendRoutingInfoForSm(_), _) => SEND_ROUTING_INFO_FOR_SM,
            (Self::MtForwardSm(_) | Self::MoForwardSm(_), _) => MO_FORWARD_SM,
            (Self::ReportSmDeliveryStatus(_), _) => REPORT_SM_DELIVERY_STATUS,
            (Self::ReadyForSm(_), Version::V1) => NOTE_SUBSCRIBER_PRESENT,
            (Self::ReadyForSm(_), _) => READY_FOR_SM,
            (Self::AlertServiceCentre(_), Version::V1) => ALERT_SERVICE_CENTRE_WITHOUT_RESULT,
            (Self::AlertServiceCentre(_), Version::V2) => ALERT_SERVICE_CENTRE,
            (Self::InformServiceCentre(_), Version::V2 | Version::V3) => INFORM_SERVICE_CENTRE,
            (Self::AlertServiceCentre(_), Version::V3) | (Self::InformServiceCentre(_), Version::V1) => {
                return Err(Error::NotInVersion);
            }
        })
    }

    /// Whether the operation has a response in `version`. One without is of class 4.
    pub const fn is_answered(&self, version: Version) -> bool {
        match self {
            Self::InformServiceCentre(_) => false,
            Self::AlertServiceCentre(_) | Self::ReadyForSm(_) => !matches!(version, Version::V1),
            _ => true,
        }
    }

    /// Whether another message follows in the dialogue (moreMessagesToSend).
    pub const fn more_messages_to_send(&self) -> bool {
        match self {
            Self::MtForwardSm(arg) => arg.more_messages_to_send,
            Self::MoForwardSm(arg) => arg.more_messages_to_send,
            _ => false,
        }
    }

    /// Decodes the argument of an operation, one whole element. Version 1 has no context.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownOperation`] if the context does not have the operation, [`Error::Mistyped`] or
    /// [`Error::Ber`] if the argument is malformed.
    pub fn read(
        code: i64,
        context: Option<Context>,
        version: Version,
        parameter: Option<&[u8]>,
    ) -> Result<Self, Error> {
        if !has(context, version, code) {
            return Err(Error::UnknownOperation(code));
        }
        let parameter = parameter.unwrap_or_default();
        match code {
            MT_FORWARD_SM => MtForwardSmArg::read(parameter).map(Self::MtForwardSm),
            MO_FORWARD_SM => forward_sm(context, parameter),
            SEND_ROUTING_INFO_FOR_SM => RoutingInfoForSmArg::read(parameter).map(Self::SendRoutingInfoForSm),
            REPORT_SM_DELIVERY_STATUS => {
                ReportSmDeliveryStatusArg::read(parameter).map(Self::ReportSmDeliveryStatus)
            }
            INFORM_SERVICE_CENTRE => InformServiceCentreArg::read(parameter).map(Self::InformServiceCentre),
            ALERT_SERVICE_CENTRE | ALERT_SERVICE_CENTRE_WITHOUT_RESULT => {
                AlertServiceCentreArg::read(parameter).map(Self::AlertServiceCentre)
            }
            NOTE_SUBSCRIBER_PRESENT => ReadyForSmArg::read_note(parameter).map(Self::ReadyForSm),
            READY_FOR_SM => ReadyForSmArg::read(parameter).map(Self::ReadyForSm),
            other => Err(Error::UnknownOperation(other)),
        }
    }

    /// Encodes the argument, one whole element. Fields that `version` does not have are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`] if a value is outside its ASN.1 type.
    pub fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        match self {
            Self::SendRoutingInfoForSm(arg) => arg.write(version),
            Self::MtForwardSm(arg) => arg.write(version),
            Self::MoForwardSm(arg) => arg.write(version),
            Self::ReportSmDeliveryStatus(arg) => arg.write(version),
            Self::InformServiceCentre(arg) => arg.write(version),
            Self::AlertServiceCentre(arg) => arg.write(version),
            Self::ReadyForSm(arg) => arg.write(version),
        }
    }
}

/// Whether a context has an operation (TS 29.002 §17.2.2). forwardSM is accepted in both relay contexts
/// and in all versions: nodes of version 2 use either, and some of version 3 keep the old code.
fn has(context: Option<Context>, version: Version, code: i64) -> bool {
    match (context, code) {
        (None, MO_FORWARD_SM | SEND_ROUTING_INFO_FOR_SM | REPORT_SM_DELIVERY_STATUS) => true,
        (None, ALERT_SERVICE_CENTRE_WITHOUT_RESULT | NOTE_SUBSCRIBER_PRESENT) => true,
        (Some(Context::ShortMsgGateway), SEND_ROUTING_INFO_FOR_SM | REPORT_SM_DELIVERY_STATUS) => true,
        (Some(Context::ShortMsgGateway), INFORM_SERVICE_CENTRE) => true,
        (Some(Context::ShortMsgMoRelay | Context::ShortMsgMtRelay), MO_FORWARD_SM) => true,
        (Some(Context::ShortMsgMtRelay), MT_FORWARD_SM) => version == Version::V3,
        (Some(Context::ShortMsgAlert), ALERT_SERVICE_CENTRE) => true,
        (Some(Context::MwdMngt), READY_FOR_SM) => true,
        _ => false,
    }
}

/// The direction of a forwardSM follows from its addresses, or else from its context.
fn forward_sm(context: Option<Context>, parameter: &[u8]) -> Result<Request, Error> {
    let arg = MoForwardSmArg::read(parameter)?;
    let from_centre = match (&arg.sm_rp_da, &arg.sm_rp_oa) {
        (SmRpDa::Imsi(_) | SmRpDa::Lmsi(_) | SmRpDa::RoamingNumber(_), _) => true,
        (_, SmRpOa::Msisdn(_)) => false,
        (SmRpDa::None, SmRpOa::ServiceCentreAddress(_)) => true,
        _ => context == Some(Context::ShortMsgMtRelay),
    };
    if from_centre {
        MtForwardSmArg::read(parameter).map(Request::MtForwardSm)
    } else {
        Ok(Request::MoForwardSm(arg))
    }
}

/// The result of an operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Response {
    /// The location of the subscriber.
    SendRoutingInfoForSm(Box<RoutingInfoForSmRes>),
    /// The message was delivered.
    MtForwardSm(ForwardSmRes),
    /// The centre accepted the message.
    MoForwardSm(ForwardSmRes),
    /// The HLR accepted the report.
    ReportSmDeliveryStatus(ReportSmDeliveryStatusRes),
    /// The centre accepted the alert.
    AlertServiceCentre,
    /// The HLR accepted readyForSM.
    ReadyForSm,
}

impl Response {
    /// Decodes the result of `request`, one whole element.
    ///
    /// # Errors
    ///
    /// [`Error::Mistyped`] or [`Error::Ber`] if the result is malformed.
    pub fn read(request: &Request, parameter: Option<&[u8]>) -> Result<Self, Error> {
        match request {
            Request::SendRoutingInfoForSm(_) => {
                let res = RoutingInfoForSmRes::read(parameter.unwrap_or_default())?;
                Ok(Self::SendRoutingInfoForSm(Box::new(res)))
            }
            Request::MtForwardSm(_) => ForwardSmRes::read(parameter).map(Self::MtForwardSm),
            Request::MoForwardSm(_) => ForwardSmRes::read(parameter).map(Self::MoForwardSm),
            Request::ReportSmDeliveryStatus(_) => {
                ReportSmDeliveryStatusRes::read(parameter).map(Self::ReportSmDeliveryStatus)
            }
            Request::AlertServiceCentre(_) => Ok(Self::AlertServiceCentre),
            Request::ReadyForSm(_) => Ok(Self::ReadyForSm),
            Request::InformServiceCentre(_) => Err(Error::Mistyped("informServiceCentre has no result")),
        }
    }

    /// Encodes the result, one whole element or nothing. Fields that `version` does not have are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`] if a value is outside its ASN.1 type.
    pub fn write(&self, version: Version) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::SendRoutingInfoForSm(res) => res.write(version).map(Some),
            Self::MtForwardSm(res) | Self::MoForwardSm(res) => res.write(version),
            Self::ReportSmDeliveryStatus(res) => res.write(version),
            Self::AlertServiceCentre | Self::ReadyForSm => Ok(None),
        }
    }
}
