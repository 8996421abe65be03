//! Encoding and decoding of TCAP messages (Q.773 §3.1).

use bytes::Bytes;

use super::{Abort, DecodedMessage, MalformedMessage, Message, TransactionId};
use crate::ber::{BerError, Element, Fault, Reader, Tag, Writer};
use crate::component::{self, Component};
use crate::dialogue::DialoguePortion;
use crate::event::PAbortCause;

const UNIDIRECTIONAL: Tag = Tag::application(1);
const BEGIN: Tag = Tag::application(2);
const END: Tag = Tag::application(4);
const CONTINUE: Tag = Tag::application(5);
const ABORT: Tag = Tag::application(7);
const OTID: Tag = Tag::application(8);
const DTID: Tag = Tag::application(9);
const P_ABORT_CAUSE: Tag = Tag::application(10);
const DIALOGUE_PORTION: Tag = Tag::application(11);
const COMPONENT_PORTION: Tag = Tag::application(12);

pub(super) fn decode(octets: &Bytes) -> Result<DecodedMessage, MalformedMessage> {
    read(octets).map_err(|error| {
        let partial_header = partial_header(octets);
        let known = matches!(partial_header.tag, Some(UNIDIRECTIONAL | BEGIN | END | CONTINUE | ABORT));
        let cause = match error.fault {
            _ if partial_header.tag.is_some() && !known => PAbortCause::UnrecognizedMessageType,
            Fault::Unexpected | Fault::Content => PAbortCause::IncorrectTransactionPortion,
            _ => PAbortCause::BadlyFormattedTransactionPortion,
        };
        // A message that ends the transaction for its sender is never answered.
        let last = matches!(partial_header.tag, Some(UNIDIRECTIONAL | END | ABORT));
        MalformedMessage { otid: partial_header.otid.filter(|_| !last), dtid: partial_header.dtid, cause }
    })
}

/// Message type and transaction ids of a message that may be truncated or malformed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PartialHeader {
    tag: Option<Tag>,
    /// The sender's transaction.
    pub(crate) otid: Option<TransactionId>,
    /// The receiver's transaction.
    pub(crate) dtid: Option<TransactionId>,
}

impl PartialHeader {
    /// Whether it opens a transaction.
    pub(crate) fn is_begin(&self) -> bool {
        self.tag == Some(BEGIN)
    }
}

/// Decodes the first elements of a message, regardless of its length field.
pub(crate) fn partial_header(octets: &[u8]) -> PartialHeader {
    let Some((tag, mut inside)) = Reader::enter(octets) else { return PartialHeader::default() };
    let mut id = |tag| match inside.optional(tag) {
        Ok(Some(element)) if !element.constructed => TransactionId::from_octets(element.content),
        _ => None,
    };
    let otid = id(OTID);
    PartialHeader { tag: Some(tag), otid, dtid: id(DTID) }
}

fn read(octets: &Bytes) -> Result<DecodedMessage, BerError> {
    let mut outer = Reader::new(octets);
    let Some(element) = outer.next()? else {
        return Err(BerError { position: 0, fault: Fault::Truncated });
    };
    if !outer.is_empty() {
        return Err(BerError { position: outer.position(), fault: Fault::Length });
    }
    let mut inside = element.sequence()?;
    match element.tag {
        UNIDIRECTIONAL => {
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            Ok(DecodedMessage {
                message: Message::Unidirectional { dialogue, components },
                fault: rest.fault,
            })
        }
        BEGIN => {
            let otid = transaction_id(OTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            Ok(DecodedMessage { message: Message::Begin { otid, dialogue, components }, fault: rest.fault })
        }
        END => {
            let dtid = transaction_id(DTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            Ok(DecodedMessage { message: Message::End { dtid, dialogue, components }, fault: rest.fault })
        }
        CONTINUE => {
            let otid = transaction_id(OTID, &mut inside)?;
            let dtid = transaction_id(DTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            let message = Message::Continue { otid, dtid, dialogue, components };
            Ok(DecodedMessage { message, fault: rest.fault })
        }
        ABORT => {
            let dtid = transaction_id(DTID, &mut inside)?;
            let abort = abort(&mut inside, octets)?;
            Ok(DecodedMessage { message: Message::Abort { dtid, abort }, fault: None })
        }
        _ => Err(element.fault(Fault::Unexpected)),
    }
}

fn transaction_id(tag: Tag, inside: &mut Reader<'_>) -> Result<TransactionId, BerError> {
    let element = inside.required(tag)?;
    TransactionId::from_octets(&element.octet_string()?).ok_or_else(|| element.fault(Fault::Content))
}

/// The elements after the transaction ids.
struct Rest {
    dialogue: Option<DialoguePortion>,
    components: Vec<Component>,
    fault: Option<component::ComponentFault>,
}

impl Rest {
    fn read(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Self, BerError> {
        let dialogue = dialogue(inside, whole)?;
        let (components, fault) = match inside.optional(COMPONENT_PORTION)? {
            Some(portion) if portion.constructed => component::read(&portion, whole),
            Some(portion) => return Err(portion.fault(Fault::Content)),
            None => (Vec::new(), None),
        };
        end(inside)?;
        Ok(Self { dialogue, components, fault })
    }
}

fn dialogue(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Option<DialoguePortion>, BerError> {
    let portion: Option<Element<'_>> = inside.optional(DIALOGUE_PORTION)?;
    Ok(portion.map(|portion| DialoguePortion::read(&portion, whole)))
}

fn abort(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Abort, BerError> {
    let abort = match inside.optional(P_ABORT_CAUSE)? {
        Some(element) => {
            // The transaction ends whatever the number is.
            let code = u8::try_from(element.integer()?).unwrap_or(u8::MAX);
            Abort::Provider(PAbortCause::from_code(code))
        }
        None => Abort::User(dialogue(inside, whole)?),
    };
    end(inside)?;
    Ok(abort)
}

fn end(inside: &mut Reader<'_>) -> Result<(), BerError> {
    inside.next()?.map_or(Ok(()), |element| Err(element.fault(Fault::Unexpected)))
}

/// The parts of a message, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    tag: Tag,
    otid: Option<TransactionId>,
    dtid: Option<TransactionId>,
    cause: Option<u8>,
    dialogue: Option<&'a DialoguePortion>,
    components: &'a [Component],
}

impl<'a> Parts<'a> {
    const fn new(tag: Tag, otid: Option<TransactionId>, dtid: Option<TransactionId>) -> Self {
        Self { tag, otid, dtid, cause: None, dialogue: None, components: &[] }
    }

    /// The parts of a BEGIN.
    pub(crate) const fn begin(otid: TransactionId) -> Self {
        Self::new(BEGIN, Some(otid), None)
    }

    /// The parts of a CONTINUE.
    pub(crate) const fn proceed(otid: TransactionId, dtid: TransactionId) -> Self {
        Self::new(CONTINUE, Some(otid), Some(dtid))
    }

    /// The parts of an END.
    pub(crate) const fn end(dtid: TransactionId) -> Self {
        Self::new(END, None, Some(dtid))
    }

    /// The parts of an ABORT by the user.
    pub(crate) const fn abort(dtid: TransactionId) -> Self {
        Self::new(ABORT, None, Some(dtid))
    }

    /// The parts of an ABORT by TCAP.
    pub(crate) const fn provider_abort(dtid: TransactionId, cause: PAbortCause) -> Self {
        Self { cause: cause.code(), ..Self::abort(dtid) }
    }

    /// Adds the elements after the transaction ids.
    #[must_use]
    pub(crate) const fn with(
        self,
        dialogue: Option<&'a DialoguePortion>,
        components: &'a [Component],
    ) -> Self {
        Self { dialogue, components, ..self }
    }

    pub(super) fn of(message: &'a Message) -> Self {
        match message {
            Message::Unidirectional { dialogue, components } => {
                Self::new(UNIDIRECTIONAL, None, None).with(dialogue.as_ref(), components)
            }
            Message::Begin { otid, dialogue, components } => {
                Self::begin(*otid).with(dialogue.as_ref(), components)
            }
            Message::End { dtid, dialogue, components } => {
                Self::end(*dtid).with(dialogue.as_ref(), components)
            }
            Message::Continue { otid, dtid, dialogue, components } => {
                Self::proceed(*otid, *dtid).with(dialogue.as_ref(), components)
            }
            Message::Abort { dtid, abort: Abort::Provider(cause) } => Self::provider_abort(*dtid, *cause),
            Message::Abort { dtid, abort: Abort::User(dialogue) } => {
                Self::abort(*dtid).with(dialogue.as_ref(), &[])
            }
        }
    }

    /// The octets of the message.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::with_capacity(256);
        writer.constructed(self.tag, |w| {
            if let Some(otid) = self.otid {
                w.primitive(OTID, otid.as_octets());
            }
            if let Some(dtid) = self.dtid {
                w.primitive(DTID, dtid.as_octets());
            }
            if let Some(cause) = self.cause {
                w.integer(P_ABORT_CAUSE, i64::from(cause));
            }
            if let Some(dialogue) = self.dialogue {
                w.constructed(DIALOGUE_PORTION, |w| dialogue.write(w));
            }
            if !self.components.is_empty() {
                w.constructed(COMPONENT_PORTION, |w| {
                    self.components.iter().for_each(|component| component::write(component, w));
                });
            }
        });
        writer.into_bytes()
    }
}
