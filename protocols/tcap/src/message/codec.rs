//! Messages to octets and back (Q.773 §3.1).

use bytes::Bytes;

use super::{Abort, Decoded, Malformed, Message, TransactionId};
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

pub(super) fn decode(octets: &Bytes) -> Result<Decoded, Malformed> {
    read(octets).map_err(|error| {
        let glimpse = glimpse(octets);
        let known = matches!(glimpse.tag, Some(UNIDIRECTIONAL | BEGIN | END | CONTINUE | ABORT));
        let cause = match error.fault {
            _ if glimpse.tag.is_some() && !known => PAbortCause::UnrecognizedMessageType,
            Fault::Unexpected | Fault::Content => PAbortCause::IncorrectTransactionPortion,
            _ => PAbortCause::BadlyFormattedTransactionPortion,
        };
        // What its sender takes for the last word is never answered.
        let last = matches!(glimpse.tag, Some(UNIDIRECTIONAL | END | ABORT));
        Malformed { otid: glimpse.otid.filter(|_| !last), dtid: glimpse.dtid, cause }
    })
}

/// What can be told of a message that may have lost its end or make no sense.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Glimpse {
    tag: Option<Tag>,
    /// The sender's transaction.
    pub(crate) otid: Option<TransactionId>,
    /// The receiver's transaction.
    pub(crate) dtid: Option<TransactionId>,
}

impl Glimpse {
    /// Whether it opens a transaction.
    pub(crate) fn is_begin(&self) -> bool {
        self.tag == Some(BEGIN)
    }
}

/// Looks at the first elements of a message, whatever its length says.
pub(crate) fn glimpse(octets: &[u8]) -> Glimpse {
    let Some((tag, mut inside)) = Reader::enter(octets) else { return Glimpse::default() };
    let mut id = |tag| match inside.optional(tag) {
        Ok(Some(element)) if !element.constructed => TransactionId::from_octets(element.content),
        _ => None,
    };
    let otid = id(OTID);
    Glimpse { tag: Some(tag), otid, dtid: id(DTID) }
}

fn read(octets: &Bytes) -> Result<Decoded, BerError> {
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
            Ok(Decoded { message: Message::Unidirectional { dialogue, components }, broken: rest.broken })
        }
        BEGIN => {
            let otid = transaction_id(OTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            Ok(Decoded { message: Message::Begin { otid, dialogue, components }, broken: rest.broken })
        }
        END => {
            let dtid = transaction_id(DTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            Ok(Decoded { message: Message::End { dtid, dialogue, components }, broken: rest.broken })
        }
        CONTINUE => {
            let otid = transaction_id(OTID, &mut inside)?;
            let dtid = transaction_id(DTID, &mut inside)?;
            let rest = Rest::read(&mut inside, octets)?;
            let (dialogue, components) = (rest.dialogue, rest.components);
            let message = Message::Continue { otid, dtid, dialogue, components };
            Ok(Decoded { message, broken: rest.broken })
        }
        ABORT => {
            let dtid = transaction_id(DTID, &mut inside)?;
            let abort = abort(&mut inside, octets)?;
            Ok(Decoded { message: Message::Abort { dtid, abort }, broken: None })
        }
        _ => Err(element.fault(Fault::Unexpected)),
    }
}

fn transaction_id(tag: Tag, inside: &mut Reader<'_>) -> Result<TransactionId, BerError> {
    let element = inside.required(tag)?;
    TransactionId::from_octets(&element.octet_string()?).ok_or_else(|| element.fault(Fault::Content))
}

/// What follows the transaction ids.
struct Rest {
    dialogue: Option<DialoguePortion>,
    components: Vec<Component>,
    broken: Option<component::Broken>,
}

impl Rest {
    fn read(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Self, BerError> {
        let dialogue = dialogue(inside, whole)?;
        let (components, broken) = match inside.optional(COMPONENT_PORTION)? {
            Some(portion) if portion.constructed => component::read(&portion, whole),
            Some(portion) => return Err(portion.fault(Fault::Content)),
            None => (Vec::new(), None),
        };
        end(inside)?;
        Ok(Self { dialogue, components, broken })
    }
}

fn dialogue(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Option<DialoguePortion>, BerError> {
    let portion: Option<Element<'_>> = inside.optional(DIALOGUE_PORTION)?;
    Ok(portion.map(|portion| DialoguePortion::read(&portion, whole)))
}

fn abort(inside: &mut Reader<'_>, whole: &Bytes) -> Result<Abort, BerError> {
    let abort = match inside.optional(P_ABORT_CAUSE)? {
        Some(element) => {
            // Whatever the number is, the transaction is over.
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

    /// Those of a BEGIN.
    pub(crate) const fn begin(otid: TransactionId) -> Self {
        Self::new(BEGIN, Some(otid), None)
    }

    /// Those of a CONTINUE.
    pub(crate) const fn proceed(otid: TransactionId, dtid: TransactionId) -> Self {
        Self::new(CONTINUE, Some(otid), Some(dtid))
    }

    /// Those of an END.
    pub(crate) const fn end(dtid: TransactionId) -> Self {
        Self::new(END, None, Some(dtid))
    }

    /// Those of an ABORT by the user.
    pub(crate) const fn abort(dtid: TransactionId) -> Self {
        Self::new(ABORT, None, Some(dtid))
    }

    /// Those of an ABORT by TCAP.
    pub(crate) const fn provider_abort(dtid: TransactionId, cause: PAbortCause) -> Self {
        Self { cause: cause.code(), ..Self::abort(dtid) }
    }

    /// With what follows the transaction ids.
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
