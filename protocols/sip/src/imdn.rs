//! Instant message disposition notifications, and the headers that request them (RFC 5438).
//!
//! A sender requests one with two headers in the [`Cpim`] envelope of its message. The notification
//! is a document of type `message/imdn+xml`, in an envelope as well.

use std::fmt::Write as _;

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::cpim::Cpim;
use crate::error::Error;
use crate::header::Name;

/// The extension of the envelope (RFC 5438 §6).
pub const NAMESPACE: &str = "urn:ietf:params:imdn";

/// The XML namespace of the document (§11.1).
const XML_NAMESPACE: &str = "urn:ietf:params:xml:ns:imdn";

/// What is wrong with a document, for [`Error::Malformed`].
const IMDN: &str = "message/imdn+xml";

/// The notifications that a sender requests for its message (§7.1.1, Disposition-Notification).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DispositionRequest {
    /// The sender's own id of the message, which the notification repeats.
    pub message_id: String,
    /// Whether a notification of a successful delivery is requested.
    pub positive_delivery: bool,
    /// Whether a notification of a failed delivery is requested.
    pub negative_delivery: bool,
}

impl DispositionRequest {
    /// The request of an envelope; `None` if it has no id, or requests no delivery notification.
    pub fn of(envelope: &Cpim) -> Option<Self> {
        let message_id = envelope.get_in(NAMESPACE, "Message-ID").filter(|id| !id.is_empty())?;
        let wanted = envelope.get_in(NAMESPACE, "Disposition-Notification")?;
        let wants = |word: &str| wanted.split(',').any(|each| each.trim().eq_ignore_ascii_case(word));
        let request = Self {
            message_id: message_id.into_owned(),
            positive_delivery: wants("positive-delivery"),
            negative_delivery: wants("negative-delivery"),
        };
        (request.positive_delivery || request.negative_delivery).then_some(request)
    }

    /// Adds the headers of the request.
    pub fn ask(&self, envelope: &mut Cpim) {
        envelope.push_namespace("imdn", NAMESPACE);
        envelope.push("imdn.Message-ID", &self.message_id);
        let words = match (self.positive_delivery, self.negative_delivery) {
            (true, true) => "positive-delivery, negative-delivery",
            (true, false) => "positive-delivery",
            (false, true) => "negative-delivery",
            (false, false) => return,
        };
        envelope.push("imdn.Disposition-Notification", words);
    }
}

/// The delivery status of a message (§7.2.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The message was delivered.
    Delivered,
    /// The message was not delivered.
    Failed,
    /// The notification is not permitted, or the message was not allowed.
    Forbidden,
    /// An error occurred; the result is unknown.
    Error,
}

impl Delivery {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Delivered, "delivered"),
        (Self::Failed, "failed"),
        (Self::Forbidden, "forbidden"),
        (Self::Error, "error"),
    ];

    /// The name of its element.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(each, _)| *each == self).map_or("error", |(_, word)| word)
    }
}

/// A notification.
#[derive(Clone, Eq, PartialEq)]
pub struct Imdn {
    /// The sender's id of the message that it is about.
    pub message_id: String,
    /// DateTime of that message; empty if it is not known.
    pub datetime: String,
    /// The receiver of that message, as a URI.
    pub recipient_uri: String,
    /// The delivery status; `None` if the notification is about a display, or about the processing
    /// by a server on the way.
    pub delivery: Option<Delivery>,
}

impl Imdn {
    /// Reads a document. Elements that no standard names are passed over.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no XML, has a document type, or lacks the id or the status.
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed(IMDN);
        let document = std::str::from_utf8(document).map_err(|_| Error::NotUtf8)?;
        let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}').trim());
        let mut fields = DocumentReader::default();
        loop {
            match reader.read_event().map_err(|_| malformed)? {
                Event::Start(element) => fields.open(element.local_name().as_ref())?,
                Event::Empty(element) => {
                    fields.open(element.local_name().as_ref())?;
                    fields.close();
                }
                Event::End(_) => fields.close(),
                Event::Text(text) => fields.text(&text.decode().map_err(|_| malformed)?),
                Event::CData(text) => fields.text(&text.decode().map_err(|_| malformed)?),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|_| malformed)?;
                    let name = reference.decode().map_err(|_| malformed)?;
                    let character = character.or_else(|| predefined(&name)).ok_or(malformed)?;
                    fields.text(character.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(malformed),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return fields.finish().ok_or(malformed),
            }
        }
    }

    /// The document.
    pub fn write(&self) -> String {
        let mut document = String::with_capacity(512);
        document.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        let status = self.delivery.unwrap_or(Delivery::Error).word();
        // Writing into a String does not fail.
        let _ = write!(
            document,
            "<imdn xmlns=\"{XML_NAMESPACE}\">\r\n<message-id>{}</message-id>\r\n\
             <datetime>{}</datetime>\r\n<recipient-uri>{}</recipient-uri>\r\n\
             <delivery-notification><status><{status}/></status></delivery-notification>\r\n</imdn>\r\n",
            escape(&self.message_id),
            escape(&self.datetime),
            escape(&self.recipient_uri),
        );
        document
    }

    /// The notification in its envelope, under an id of its own (§7.2.1.1).
    pub fn envelope(&self, from: &str, to: &str, id: &str, sent_at: &str) -> Cpim {
        let mut envelope = Cpim::new();
        envelope.push("From", from);
        envelope.push("To", to);
        envelope.push("DateTime", sent_at);
        DispositionRequest { message_id: id.to_owned(), ..DispositionRequest::default() }.ask(&mut envelope);
        let document = self.write();
        envelope.content.push(Name::ContentType, IMDN);
        envelope.content.push(Name::ContentDisposition, "notification");
        envelope.content.push(Name::ContentLength, document.len());
        envelope.body = Bytes::from(document);
        envelope
    }
}

impl std::fmt::Debug for Imdn {
    /// Hides the receiver.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Imdn({:?})", self.delivery)
    }
}

/// The fields of a document as far as it was read.
#[derive(Default)]
struct DocumentReader {
    depth: usize,
    place: Place,
    has_root: bool,
    message_id: String,
    datetime: String,
    recipient_uri: String,
    notification: Option<Kind>,
    status: Option<Delivery>,
    has_status: bool,
}

/// The element that a text belongs to.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Place {
    #[default]
    Elsewhere,
    MessageId,
    Datetime,
    Recipient,
    Status,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Delivery,
    Other,
}

impl DocumentReader {
    fn open(&mut self, name: &[u8]) -> Result<(), Error> {
        self.depth += 1;
        match (self.depth, name) {
            (1, b"imdn") if !self.has_root => self.has_root = true,
            (1, _) => return Err(Error::Malformed(IMDN)),
            (2, b"message-id") => self.place = Place::MessageId,
            (2, b"datetime") => self.place = Place::Datetime,
            (2, b"recipient-uri") => self.place = Place::Recipient,
            (2, b"delivery-notification") => self.notification = Some(Kind::Delivery),
            (2, b"display-notification" | b"processing-notification") => {
                self.notification = Some(Kind::Other);
            }
            (3, b"status") if self.notification.is_some() => self.place = Place::Status,
            (4, word) if self.place == Place::Status => {
                self.has_status = true;
                let known = Delivery::ALL.into_iter().find(|(_, each)| each.as_bytes() == word);
                self.status = self.status.or(known.map(|(status, _)| status));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        // An element of the second level, or the status, has ended.
        if self.depth == 2 || (self.depth == 3 && self.place == Place::Status) {
            self.place = Place::Elsewhere;
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn text(&mut self, text: &str) {
        let place = match (self.depth, self.place) {
            (2, Place::MessageId) => &mut self.message_id,
            (2, Place::Datetime) => &mut self.datetime,
            (2, Place::Recipient) => &mut self.recipient_uri,
            _ => return,
        };
        place.push_str(text);
    }

    fn finish(self) -> Option<Imdn> {
        let own = |text: String| text.trim().to_owned();
        let whole = self.has_root && self.depth == 0 && self.has_status;
        let delivery = match self.notification? {
            Kind::Delivery => Some(self.status.unwrap_or(Delivery::Error)),
            Kind::Other => None,
        };
        let message_id = own(self.message_id);
        (whole && !message_id.is_empty()).then(|| Imdn {
            message_id,
            datetime: own(self.datetime),
            recipient_uri: own(self.recipient_uri),
            delivery,
        })
    }
}

/// The entities that XML has without a document type.
fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Text of an element. What XML cannot carry at all is left out.
fn escape(text: &str) -> String {
    let carried = |each: &char| !each.is_control() || matches!(each, '\t' | '\n' | '\r');
    text.chars().filter(carried).fold(String::with_capacity(text.len()), |mut escaped, each| {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            each => escaped.push(each),
        }
        escaped
    })
}
