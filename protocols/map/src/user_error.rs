//! MAP user errors and their parameters (TS 29.002 §17.6, §17.7.7).
//!
//! An error with a malformed parameter is reported without details. An unknown error is kept with its
//! parameter. Extension containers are skipped.

use tcap::ber::{Reader, Tag};

use crate::address::Imsi;
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Value, Writer, whole};
use crate::value::{Octets, SignalInfo, Time, enumerated};

enumerated! {
    /// UnknownSubscriberDiagnostic.
    UnknownSubscriberDiagnostic {
        /// The IMSI is unknown.
        ImsiUnknown = 0,
        /// The IMSI is known, but has no subscription for packets.
        GprsEpsSubscriptionUnknown = 1,
        /// The number portability database disagrees.
        NpdbMismatch = 2,
    }
}

enumerated! {
    /// CallBarringCause.
    CallBarringCause {
        /// A barring service of the subscriber.
        BarringServiceActive = 0,
        /// Barred by the operator.
        OperatorBarring = 1,
    }
}

enumerated! {
    /// AbsentSubscriberReason.
    AbsentSubscriberReason {
        /// The phone is switched off.
        ImsiDetach = 0,
        /// The phone is in a restricted area.
        RestrictedArea = 1,
        /// The phone did not answer the page.
        NoPageResponse = 2,
        /// The node has purged the subscriber.
        PurgedMs = 3,
        /// Try again through another node.
        MtRoamingRetry = 4,
        /// The subscriber is busy.
        BusySubscriber = 5,
    }
}

enumerated! {
    /// SM-EnumeratedDeliveryFailureCause.
    SmDeliveryFailureCause {
        /// The phone's memory is full.
        MemoryCapacityExceeded = 0,
        /// Protocol error of the phone or the node.
        EquipmentProtocolError = 1,
        /// The phone cannot take short messages.
        EquipmentNotSmEquipped = 2,
        /// The centre is unknown.
        UnknownServiceCentre = 3,
        /// The centre is congested.
        ScCongestion = 4,
        /// The address of the SME is invalid.
        InvalidSmeAddress = 5,
        /// The subscriber does not belong to the centre.
        SubscriberNotScSubscriber = 6,
    }
}

enumerated! {
    /// NetworkResource: where a system failed.
    NetworkResource {
        /// The network.
        Plmn = 0,
        /// The HLR.
        Hlr = 1,
        /// The VLR.
        Vlr = 2,
        /// The previous VLR.
        Pvlr = 3,
        /// The controlling MSC.
        ControllingMsc = 4,
        /// The visited MSC.
        Vmsc = 5,
        /// The equipment identity register.
        Eir = 6,
        /// The radio subsystem.
        Rss = 7,
    }
}

/// AbsentSubscriberSM-Param. A diagnostic is a value of TS 23.040 §3.3.2.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AbsentSubscriberSm {
    /// Diagnostic of the MSC, or of the only node addressed.
    pub absent_subscriber_diagnostic_sm: Option<u8>,
    /// Diagnostic of the SGSN, beside that of the MSC.
    pub additional_absent_subscriber_diagnostic_sm: Option<u8>,
    /// The subscriber.
    pub imsi: Option<Imsi>,
    /// When the subscriber is expected.
    pub requested_retransmission_time: Option<Time>,
    /// The identity of an alert to come.
    pub user_identifier_alert: Option<Imsi>,
}

/// CallBarredParam.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallBarred {
    /// The cause.
    pub call_barring_cause: Option<CallBarringCause>,
    /// The originator is not authorised to send to the subscriber. Version 3.
    pub unauthorised_message_originator: bool,
    /// Anonymous call rejection. Version 3.
    pub anonymous_call_rejection: bool,
}

/// SM-DeliveryFailureCause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SmDeliveryFailure {
    /// The cause.
    pub sm_enumerated_delivery_failure_cause: SmDeliveryFailureCause,
    /// The TPDU with the reason: SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT with a TP-FCS. Not in version 1.
    pub diagnostic_info: Option<SignalInfo>,
}

/// SystemFailureParam.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SystemFailure {
    /// The network resource that failed.
    pub network_resource: Option<NetworkResource>,
    /// AdditionalNetworkResource: 0 SGSN, 1 GGSN, 2 GMLC, 3 gsmSCF, 4 NPLR, 5 AuC, 6 UE, 7 MME. Version 3.
    pub additional_network_resource: Option<u8>,
    /// FailureCauseParam: 0 is a limit of frequent registrations. Version 3.
    pub failure_cause_param: Option<u8>,
}

/// A MAP user error.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MapError {
    /// unknownSubscriber, 1: no such subscriber.
    UnknownSubscriber(Option<UnknownSubscriberDiagnostic>),
    /// unidentifiedSubscriber, 5: the node no longer serves the subscriber.
    UnidentifiedSubscriber,
    /// absentSubscriberSM, 6. Before version 3 it is encoded as absentSubscriber.
    AbsentSubscriberSm(AbsentSubscriberSm),
    /// illegalSubscriber, 9: authentication failed.
    IllegalSubscriber,
    /// teleserviceNotProvisioned, 11: the subscriber has no short messages.
    TeleserviceNotProvisioned,
    /// illegalEquipment, 12: the phone is not allowed.
    IllegalEquipment,
    /// callBarred, 13.
    CallBarred(CallBarred),
    /// facilityNotSupported, 21: the node or the phone has no short messages.
    FacilityNotSupported,
    /// absentSubscriber, 27: absentSubscriberSM in versions 1 and 2.
    AbsentSubscriber {
        /// The centre is in the subscriber's message waiting data. Version 1 alone.
        mwd_set: Option<bool>,
        /// The reason. Version 3 alone.
        absent_subscriber_reason: Option<AbsentSubscriberReason>,
    },
    /// subscriberBusyForMT-SMS, 31.
    SubscriberBusyForMtSms {
        /// The packet connection is suspended by a call. Version 3.
        gprs_connection_suspended: bool,
    },
    /// sm-DeliveryFailure, 32.
    SmDeliveryFailure(SmDeliveryFailure),
    /// messageWaitingListFull, 33: the HLR cannot store the centre's address.
    MessageWaitingListFull,
    /// systemFailure, 34.
    SystemFailure(SystemFailure),
    /// dataMissing, 35: a required parameter is missing.
    DataMissing,
    /// unexpectedDataValue, 36.
    UnexpectedDataValue {
        /// unexpectedSubscriber. Version 3.
        unexpected_subscriber: bool,
    },
    /// resourceLimitation, 51: a temporary condition.
    ResourceLimitation,
    /// Another error.
    Other {
        /// Its code.
        code: i64,
        /// Its parameter, one whole element.
        parameter: Option<Octets>,
    },
}

impl MapError {
    /// absentSubscriberSM with a diagnostic.
    pub fn absent(diagnostic: Option<u8>) -> Self {
        let absent_subscriber_diagnostic_sm = diagnostic;
        Self::AbsentSubscriberSm(AbsentSubscriberSm { absent_subscriber_diagnostic_sm, ..Default::default() })
    }

    /// The error code in `version`.
    pub const fn code(&self, version: Version) -> i64 {
        match self {
            Self::UnknownSubscriber(_) => 1,
            Self::UnidentifiedSubscriber => 5,
            Self::AbsentSubscriberSm(_) if matches!(version, Version::V3) => 6,
            Self::IllegalSubscriber => 9,
            Self::TeleserviceNotProvisioned => 11,
            Self::IllegalEquipment => 12,
            Self::CallBarred(_) => 13,
            Self::FacilityNotSupported => 21,
            Self::AbsentSubscriberSm(_) | Self::AbsentSubscriber { .. } => 27,
            Self::SubscriberBusyForMtSms { .. } => 31,
            Self::SmDeliveryFailure(_) => 32,
            Self::MessageWaitingListFull => 33,
            Self::SystemFailure(_) => 34,
            Self::DataMissing => 35,
            Self::UnexpectedDataValue { .. } => 36,
            Self::ResourceLimitation => 51,
            Self::Other { code, .. } => *code,
        }
    }

    /// Decodes an error from its code and its parameter, one whole element. Where versions have
    /// different forms of a parameter, every form is accepted in all versions.
    pub fn read(code: i64, parameter: Option<&[u8]>) -> Self {
        let element = parameter.and_then(|parameter| whole(parameter).ok());
        // Fields of a parameter that is a SEQUENCE; none if it is not.
        let fields = || parameter.and_then(|parameter| Fields::of(parameter).ok());
        match code {
            1 => Self::UnknownSubscriber(fields().and_then(|fields| known(fields.find(Tag::ENUMERATED)))),
            5 => Self::UnidentifiedSubscriber,
            6 => Self::AbsentSubscriberSm(
                fields().map(|fields| AbsentSubscriberSm::read(&fields)).unwrap_or_default(),
            ),
            9 => Self::IllegalSubscriber,
            11 => Self::TeleserviceNotProvisioned,
            12 => Self::IllegalEquipment,
            13 => Self::CallBarred(CallBarred {
                call_barring_cause: bare_or_field(parameter),
                unauthorised_message_originator: fields().is_some_and(|fields| fields.flag(Tag::context(1))),
                anonymous_call_rejection: fields().is_some_and(|fields| fields.flag(Tag::context(2))),
            }),
            21 => Self::FacilityNotSupported,
            27 => Self::AbsentSubscriber {
                mwd_set: element
                    .filter(|element| element.tag == Tag::BOOLEAN)
                    .and_then(|set| set.boolean().ok()),
                absent_subscriber_reason: fields().and_then(|fields| known(fields.find(Tag::context(0)))),
            },
            31 => Self::SubscriberBusyForMtSms {
                gprs_connection_suspended: fields().is_some_and(|fields| fields.flag(Tag::NULL)),
            },
            32 => Self::SmDeliveryFailure(SmDeliveryFailure {
                // The cause is mandatory: without it the failure counts as a protocol error.
                sm_enumerated_delivery_failure_cause: bare_or_field(parameter)
                    .unwrap_or(SmDeliveryFailureCause::EquipmentProtocolError),
                diagnostic_info: fields().and_then(|fields| known(fields.find(Tag::OCTET_STRING))),
            }),
            33 => Self::MessageWaitingListFull,
            34 => Self::SystemFailure(SystemFailure {
                network_resource: bare_or_field(parameter),
                additional_network_resource: fields().and_then(|fields| known(fields.find(Tag::context(0)))),
                failure_cause_param: fields().and_then(|fields| known(fields.find(Tag::context(1)))),
            }),
            35 => Self::DataMissing,
            36 => Self::UnexpectedDataValue {
                unexpected_subscriber: fields().is_some_and(|fields| fields.flag(Tag::context(0))),
            },
            51 => Self::ResourceLimitation,
            code => Self::Other { code, parameter: parameter.map(|octets| Octets(octets.to_vec().into())) },
        }
    }

    /// The parameter of the error in `version`, one whole element.
    pub fn write(&self, version: Version) -> Result<Option<Vec<u8>>, Error> {
        let mut out = Writer::default();
        match self {
            Self::Other { parameter, .. } => {
                return Ok(parameter.as_ref().map(|parameter| parameter.0.to_vec()));
            }
            Self::AbsentSubscriber { mwd_set, .. } if version == Version::V1 => {
                return some(out.put_some(Tag::BOOLEAN, mwd_set).fields());
            }
            Self::CallBarred(barred) if version != Version::V3 => {
                return some(out.put_some(Tag::ENUMERATED, &barred.call_barring_cause).fields());
            }
            Self::SystemFailure(failure) if version != Version::V3 => {
                return some(out.put_some(Tag::ENUMERATED, &failure.network_resource).fields());
            }
            Self::SmDeliveryFailure(failure) => {
                out.put(Tag::ENUMERATED, &failure.sm_enumerated_delivery_failure_cause);
                if version == Version::V1 {
                    return some(out.fields());
                }
                out.put_some(Tag::OCTET_STRING, &failure.diagnostic_info);
            }
            _ if version == Version::V3 => self.write_details(&mut out),
            _ => {}
        }
        let fields = out.fields()?;
        if fields.is_empty() {
            return Ok(None);
        }
        let mut whole = tcap::ber::Writer::new();
        whole.constructed(Tag::SEQUENCE, |inside| inside.raw(&fields));
        Ok(Some(whole.into_vec()))
    }

    /// What version 3 adds to its errors.
    fn write_details(&self, out: &mut Writer) {
        match self {
            Self::UnknownSubscriber(diagnostic) => out.put_some(Tag::ENUMERATED, diagnostic),
            Self::AbsentSubscriberSm(absent) => out
                .put_some(Tag::INTEGER, &absent.absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(0), &absent.additional_absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(1), &absent.imsi)
                .put_some(Tag::context(2), &absent.requested_retransmission_time)
                .put_some(Tag::context(3), &absent.user_identifier_alert),
            Self::CallBarred(barred) => out
                .put_some(Tag::ENUMERATED, &barred.call_barring_cause)
                .flag(Tag::context(1), barred.unauthorised_message_originator)
                .flag(Tag::context(2), barred.anonymous_call_rejection),
            Self::AbsentSubscriber { absent_subscriber_reason, .. } => {
                out.put_some(Tag::context(0), absent_subscriber_reason)
            }
            Self::SubscriberBusyForMtSms { gprs_connection_suspended } => {
                out.flag(Tag::NULL, *gprs_connection_suspended)
            }
            Self::SystemFailure(failure) => out
                .put_some(Tag::ENUMERATED, &failure.network_resource)
                .put_some(Tag::context(0), &failure.additional_network_resource)
                .put_some(Tag::context(1), &failure.failure_cause_param),
            Self::UnexpectedDataValue { unexpected_subscriber } => {
                out.flag(Tag::context(0), *unexpected_subscriber)
            }
            _ => out,
        };
    }
}

impl AbsentSubscriberSm {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            absent_subscriber_diagnostic_sm: known(fields.find(Tag::INTEGER)),
            additional_absent_subscriber_diagnostic_sm: known(fields.find(Tag::context(0))),
            imsi: known(fields.find(Tag::context(1))),
            requested_retransmission_time: known(fields.find(Tag::context(2))),
            user_identifier_alert: known(fields.find(Tag::context(3))),
        }
    }
}

/// An ENUMERATED that is the parameter, or the first of its kind within it.
fn bare_or_field<T: Value>(parameter: Option<&[u8]>) -> Option<T> {
    let parameter = parameter?;
    match Reader::new(parameter).optional(Tag::ENUMERATED) {
        Ok(Some(bare)) => T::read(&bare).ok(),
        _ => known(Fields::of(parameter).ok()?.find(Tag::ENUMERATED)),
    }
}

fn known<T>(read: Result<Option<T>, Error>) -> Option<T> {
    read.ok().flatten()
}

fn some(parameter: Result<Vec<u8>, Error>) -> Result<Option<Vec<u8>>, Error> {
    Ok(Some(parameter?).filter(|octets| !octets.is_empty()))
}
