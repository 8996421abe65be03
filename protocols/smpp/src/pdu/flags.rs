//! The bit fields `esm_class` and `registered_delivery`, and the octet
//! `data_coding` (SMPP 3.4 §5.2.12, §5.2.17, §5.2.19).

use crate::codes::codes;

/// `esm_class`: messaging mode, message type and GSM features.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct EsmClass(pub u8);

impl EsmClass {
    /// A delivery receipt of the centre.
    pub const DELIVERY_RECEIPT: Self = Self(0x04);
    /// An intermediate delivery notification.
    pub const INTERMEDIATE_NOTIFICATION: Self = Self(0x20);
    /// The UDH indicator: the message starts with a user data header.
    pub const UDHI: u8 = 0x40;
    /// The bit that asks for a reply path.
    pub const REPLY_PATH: u8 = 0x80;

    /// How the centre shall treat the message (bits 1 and 0).
    pub const fn messaging_mode(self) -> MessagingMode {
        match self.0 & 0x03 {
            0 => MessagingMode::Default,
            1 => MessagingMode::Datagram,
            2 => MessagingMode::Transaction,
            _ => MessagingMode::StoreAndForward,
        }
    }

    /// What the message is (bits 5 to 2), or `None` for a reserved value.
    pub const fn message_type(self) -> Option<MessageType> {
        match self.0 >> 2 & 0x0f {
            0 => Some(MessageType::Default),
            1 => Some(MessageType::DeliveryReceipt),
            2 => Some(MessageType::DeliveryAcknowledgement),
            4 => Some(MessageType::UserAcknowledgement),
            6 => Some(MessageType::ConversationAbort),
            8 => Some(MessageType::IntermediateNotification),
            _ => None,
        }
    }

    /// Whether the message starts with a user data header (bit 6).
    pub const fn has_udhi(self) -> bool {
        self.0 & Self::UDHI != 0
    }

    /// Whether a reply path is asked for (bit 7).
    pub const fn has_reply_path(self) -> bool {
        self.0 & Self::REPLY_PATH != 0
    }
}

/// How the centre shall treat a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessagingMode {
    /// As the centre does by default, which is store and forward.
    Default,
    /// One attempt, nothing stored.
    Datagram,
    /// One attempt; the response has its outcome.
    Transaction,
    /// Stored, then forwarded.
    StoreAndForward,
}

/// What a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageType {
    /// An ordinary message.
    Default,
    /// The centre's delivery receipt.
    DeliveryReceipt,
    /// A short message entity's delivery acknowledgement.
    DeliveryAcknowledgement,
    /// A short message entity's user acknowledgement.
    UserAcknowledgement,
    /// Conversation abort (Korean CDMA).
    ConversationAbort,
    /// The centre's notice that delivery is still being tried.
    IntermediateNotification,
}

/// `registered_delivery`: which receipts the sender wants.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RegisteredDelivery(pub u8);

impl RegisteredDelivery {
    /// Which final receipt is wanted (bits 1 and 0).
    pub const fn receipt(self) -> ReceiptRequest {
        match self.0 & 0x03 {
            0 => ReceiptRequest::None,
            1 => ReceiptRequest::SuccessAndFailure,
            2 => ReceiptRequest::Failure,
            _ => ReceiptRequest::Success,
        }
    }

    /// Whether the receiving entity shall acknowledge delivery (bit 2).
    pub const fn wants_delivery_acknowledgement(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// Whether the receiving user shall acknowledge (bit 3).
    pub const fn wants_user_acknowledgement(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Whether intermediate notifications are wanted (bit 4).
    pub const fn wants_intermediate_notification(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// Which final receipt the sender wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptRequest {
    /// None.
    None,
    /// One however the message ends.
    SuccessAndFailure,
    /// One if the message is not delivered.
    Failure,
    /// One if the message is delivered. SMPP 5.0; reserved in 3.4.
    Success,
}

codes! {
    /// `data_coding`: the encoding of the text. From 0xC0 up it is a GSM data coding scheme.
    DataCoding(u8) {
        DEFAULT = 0x00, "default alphabet of the centre";
        IA5 = 0x01, "IA5 (CCITT T.50), ASCII";
        BINARY_ALIAS = 0x02, "octets, unspecified (8-bit binary)";
        LATIN1 = 0x03, "Latin-1 (ISO-8859-1)";
        BINARY = 0x04, "octets, unspecified (8-bit binary), all technologies";
        JIS = 0x05, "JIS (X 0208-1990)";
        CYRILLIC = 0x06, "Cyrillic (ISO-8859-5)";
        HEBREW = 0x07, "Latin and Hebrew (ISO-8859-8)";
        UCS2 = 0x08, "UCS2 (ISO/IEC-10646)";
        PICTOGRAM = 0x09, "pictogram encoding";
        MUSIC_CODES = 0x0a, "ISO-2022-JP (music codes)";
        EXTENDED_KANJI = 0x0d, "extended Kanji JIS (X 0212-1990)";
        KS_C_5601 = 0x0e, "KS C 5601";
    }
}
