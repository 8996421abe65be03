//! The tags of optional parameters and the forms of their values (SMPP 3.4 §5.3.2, SMPP 5.0 §4.8.4).

use crate::codes::codes;

/// The form of a TLV's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An integer of this many octets.
    Integer(usize),
    /// Octets; least and most.
    Octets(usize, usize),
    /// A C-octet string; most octets, its NUL included.
    CString(usize),
    /// Nothing, or one octet.
    EmptyOrInteger,
}

impl Kind {
    /// Whether a value may have this many octets.
    pub const fn takes_length(self, length: usize) -> bool {
        match self {
            Self::Integer(octets) => length == octets,
            Self::Octets(least, most) => least <= length && length <= most,
            Self::CString(most) => 1 <= length && length <= most,
            Self::EmptyOrInteger => length <= 1,
        }
    }
}

codes! {
    /// A TLV's tag. Tags 0x1400 to 0x3FFF are left to vendors.
    Tag(u16) {
        DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit";
        DEST_NETWORK_TYPE = 0x0006, "dest_network_type";
        DEST_BEARER_TYPE = 0x0007, "dest_bearer_type";
        DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id";
        SOURCE_ADDR_SUBUNIT = 0x000d, "source_addr_subunit";
        SOURCE_NETWORK_TYPE = 0x000e, "source_network_type";
        SOURCE_BEARER_TYPE = 0x000f, "source_bearer_type";
        SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id";
        QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live, in seconds";
        PAYLOAD_TYPE = 0x0019, "payload_type";
        ADDITIONAL_STATUS_INFO_TEXT = 0x001d, "additional_status_info_text";
        RECEIPTED_MESSAGE_ID = 0x001e, "receipted_message_id";
        MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities";
        PRIVACY_INDICATOR = 0x0201, "privacy_indicator";
        SOURCE_SUBADDRESS = 0x0202, "source_subaddress";
        DEST_SUBADDRESS = 0x0203, "dest_subaddress";
        USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference";
        USER_RESPONSE_CODE = 0x0205, "user_response_code";
        SOURCE_PORT = 0x020a, "source_port";
        DESTINATION_PORT = 0x020b, "destination_port";
        SAR_MSG_REF_NUM = 0x020c, "sar_msg_ref_num";
        LANGUAGE_INDICATOR = 0x020d, "language_indicator";
        SAR_TOTAL_SEGMENTS = 0x020e, "sar_total_segments";
        SAR_SEGMENT_SEQNUM = 0x020f, "sar_segment_seqnum";
        SC_INTERFACE_VERSION = 0x0210, "sc_interface_version";
        CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind";
        CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag";
        NUMBER_OF_MESSAGES = 0x0304, "number_of_messages";
        CALLBACK_NUM = 0x0381, "callback_num";
        DPF_RESULT = 0x0420, "dpf_result";
        SET_DPF = 0x0421, "set_dpf";
        MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status";
        NETWORK_ERROR_CODE = 0x0423, "network_error_code";
        MESSAGE_PAYLOAD = 0x0424, "message_payload";
        DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason";
        MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send";
        MESSAGE_STATE = 0x0427, "message_state";
        CONGESTION_STATE = 0x0428, "congestion_state, 0 to 100 per cent";
        USSD_SERVICE_OP = 0x0501, "ussd_service_op";
        BROADCAST_CHANNEL_INDICATOR = 0x0600, "broadcast_channel_indicator";
        BROADCAST_CONTENT_TYPE = 0x0601, "broadcast_content_type";
        BROADCAST_CONTENT_TYPE_INFO = 0x0602, "broadcast_content_type_info";
        BROADCAST_MESSAGE_CLASS = 0x0603, "broadcast_message_class";
        BROADCAST_REP_NUM = 0x0604, "broadcast_rep_num";
        BROADCAST_FREQUENCY_INTERVAL = 0x0605, "broadcast_frequency_interval";
        BROADCAST_AREA_IDENTIFIER = 0x0606, "broadcast_area_identifier";
        BROADCAST_ERROR_STATUS = 0x0607, "broadcast_error_status";
        BROADCAST_AREA_SUCCESS = 0x0608, "broadcast_area_success";
        BROADCAST_END_TIME = 0x0609, "broadcast_end_time";
        BROADCAST_SERVICE_GROUP = 0x060a, "broadcast_service_group";
        BILLING_IDENTIFICATION = 0x060b, "billing_identification";
        SOURCE_NETWORK_ID = 0x060d, "source_network_id";
        DEST_NETWORK_ID = 0x060e, "dest_network_id";
        SOURCE_NODE_ID = 0x060f, "source_node_id";
        DEST_NODE_ID = 0x0610, "dest_node_id";
        DEST_ADDR_NP_RESOLUTION = 0x0611, "dest_addr_np_resolution";
        DEST_ADDR_NP_INFORMATION = 0x0612, "dest_addr_np_information";
        DEST_ADDR_NP_COUNTRY = 0x0613, "dest_addr_np_country";
        DISPLAY_TIME = 0x1201, "display_time";
        SMS_SIGNAL = 0x1203, "sms_signal";
        MS_VALIDITY = 0x1204, "ms_validity";
        ALERT_ON_MESSAGE_DELIVERY = 0x130c, "alert_on_message_delivery";
        ITS_REPLY_TYPE = 0x1380, "its_reply_type";
        ITS_SESSION_INFO = 0x1383, "its_session_info";
    }
}

impl Tag {
    /// The form of this tag's value, or `None` for a tag that no standard names.
    pub const fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::DEST_ADDR_SUBUNIT
            | Self::DEST_NETWORK_TYPE
            | Self::DEST_BEARER_TYPE
            | Self::SOURCE_ADDR_SUBUNIT
            | Self::SOURCE_NETWORK_TYPE
            | Self::SOURCE_BEARER_TYPE
            | Self::SOURCE_TELEMATICS_ID
            | Self::PAYLOAD_TYPE
            | Self::MS_MSG_WAIT_FACILITIES
            | Self::PRIVACY_INDICATOR
            | Self::USER_RESPONSE_CODE
            | Self::LANGUAGE_INDICATOR
            | Self::SAR_TOTAL_SEGMENTS
            | Self::SAR_SEGMENT_SEQNUM
            | Self::SC_INTERFACE_VERSION
            | Self::CALLBACK_NUM_PRES_IND
            | Self::NUMBER_OF_MESSAGES
            | Self::DPF_RESULT
            | Self::SET_DPF
            | Self::MS_AVAILABILITY_STATUS
            | Self::DELIVERY_FAILURE_REASON
            | Self::MORE_MESSAGES_TO_SEND
            | Self::MESSAGE_STATE
            | Self::CONGESTION_STATE
            | Self::USSD_SERVICE_OP
            | Self::BROADCAST_CHANNEL_INDICATOR
            | Self::BROADCAST_MESSAGE_CLASS
            | Self::BROADCAST_AREA_SUCCESS
            | Self::DEST_ADDR_NP_RESOLUTION
            | Self::DISPLAY_TIME
            | Self::ITS_REPLY_TYPE => Kind::Integer(1),
            Self::DEST_TELEMATICS_ID
            | Self::USER_MESSAGE_REFERENCE
            | Self::SOURCE_PORT
            | Self::DESTINATION_PORT
            | Self::SAR_MSG_REF_NUM
            | Self::BROADCAST_REP_NUM
            | Self::SMS_SIGNAL => Kind::Integer(2),
            Self::QOS_TIME_TO_LIVE | Self::BROADCAST_ERROR_STATUS => Kind::Integer(4),
            Self::ALERT_ON_MESSAGE_DELIVERY => Kind::EmptyOrInteger,
            Self::ADDITIONAL_STATUS_INFO_TEXT => Kind::CString(256),
            Self::RECEIPTED_MESSAGE_ID | Self::SOURCE_NETWORK_ID | Self::DEST_NETWORK_ID => Kind::CString(65),
            Self::SOURCE_SUBADDRESS | Self::DEST_SUBADDRESS => Kind::Octets(2, 23),
            Self::CALLBACK_NUM => Kind::Octets(4, 19),
            Self::CALLBACK_NUM_ATAG => Kind::Octets(1, 65),
            Self::NETWORK_ERROR_CODE | Self::BROADCAST_CONTENT_TYPE | Self::BROADCAST_FREQUENCY_INTERVAL => {
                Kind::Octets(3, 3)
            }
            Self::MESSAGE_PAYLOAD => Kind::Octets(0, 65_535),
            Self::BROADCAST_CONTENT_TYPE_INFO | Self::BROADCAST_SERVICE_GROUP => Kind::Octets(1, 255),
            Self::BROADCAST_AREA_IDENTIFIER => Kind::Octets(1, 101),
            Self::BROADCAST_END_TIME => Kind::Octets(16, 17),
            Self::BILLING_IDENTIFICATION => Kind::Octets(1, 1024),
            Self::SOURCE_NODE_ID | Self::DEST_NODE_ID => Kind::Octets(6, 6),
            Self::DEST_ADDR_NP_INFORMATION => Kind::Octets(10, 10),
            Self::DEST_ADDR_NP_COUNTRY => Kind::Octets(1, 5),
            // 3.4 gives ms_validity one octet, 5.0 four when it carries a period.
            Self::MS_VALIDITY => Kind::Octets(1, 4),
            Self::ITS_SESSION_INFO => Kind::Octets(2, 2),
            _ => return None,
        })
    }

    /// Whether tags of this range are left to vendors (SMPP 3.4 §5.3.1).
    pub const fn is_vendor(self) -> bool {
        self.0 >= 0x1400 && self.0 <= 0x3fff
    }

    /// Whether the standard's list of values for this tag has `value`; `true`
    /// where the standard lists none. The length was checked before.
    pub(crate) fn takes_value(self, value: &[u8]) -> bool {
        let Some(&first) = value.first() else { return true };
        match self {
            Self::DEST_ADDR_SUBUNIT | Self::SOURCE_ADDR_SUBUNIT => first <= 4,
            Self::PAYLOAD_TYPE
            | Self::MORE_MESSAGES_TO_SEND
            | Self::DPF_RESULT
            | Self::SET_DPF
            | Self::DEST_ADDR_NP_RESOLUTION => first <= 2,
            Self::PRIVACY_INDICATOR => first <= 3,
            Self::SOURCE_SUBADDRESS | Self::DEST_SUBADDRESS => matches!(first, 0x80 | 0x88 | 0xa0),
            Self::CALLBACK_NUM => first <= 1,
            Self::NUMBER_OF_MESSAGES => first <= 99,
            Self::DISPLAY_TIME | Self::MS_AVAILABILITY_STATUS => first <= 2,
            Self::MESSAGE_STATE => first <= 9,
            Self::SAR_TOTAL_SEGMENTS | Self::SAR_SEGMENT_SEQNUM => first >= 1,
            _ => true,
        }
    }
}
