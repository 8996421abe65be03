//! Dialogue portion: AARQ, AARE, ABRT and AUDT, encoding and decoding (Q.773 §3.2).

use std::fmt;

use bytes::Bytes;

use crate::ber::{BerError, Element, Fault, Oid, Reader, Tag, Writer};
use crate::event::Diagnostic;

const EXTERNAL: Tag = Tag::EXTERNAL;
const SINGLE_ASN1_TYPE: Tag = Tag::context(0);
const OCTET_ALIGNED: Tag = Tag::context(1);
const ARBITRARY: Tag = Tag::context(2);
const OBJECT_DESCRIPTOR: Tag = Tag::universal(7);
const AARQ: Tag = Tag::application(0);
const AARE: Tag = Tag::application(1);
const ABRT: Tag = Tag::application(4);
const USER_INFORMATION: Tag = Tag::context(30);

/// dialogue-as-id, `{itu-t recommendation q 773 as(1) dialogue-as(1) version1(1)}`.
const STRUCTURED: [u8; 7] = [0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01];
/// uniDialogue-as-id, `{itu-t recommendation q 773 as(1) unidialogue-as(2) version1(1)}`.
const UNSTRUCTURED: [u8; 7] = [0x00, 0x11, 0x86, 0x05, 0x01, 0x02, 0x01];

/// One dialogue portion. User information is whole EXTERNAL elements, one after the other.
#[derive(Clone, Eq, PartialEq)]
pub enum DialoguePortion {
    /// Proposes an application context, in a BEGIN.
    Aarq(Proposal),
    /// Accepts or refuses the proposal, in the first backward message.
    Aare {
        /// The application context of the responder.
        application_context: Oid,
        /// Whether the dialogue is accepted, or else rejected permanently.
        accepted: bool,
        /// Source and reason.
        diagnostic: Diagnostic,
        /// User information.
        user_information: Option<Bytes>,
    },
    /// Aborts the dialogue, in an ABORT.
    Abrt {
        /// Whether the source is the dialogue service provider, not the user.
        by_provider: bool,
        /// User information.
        user_information: Option<Bytes>,
    },
    /// Names the application context of a UNIDIRECTIONAL.
    Audt(Proposal),
    /// One whole EXTERNAL element in an abstract syntax that is not TCAP's own.
    Foreign(Bytes),
    /// A dialogue portion that cannot be decoded. It is never sent.
    Malformed,
}

/// A proposed application context with its user information.
#[derive(Clone, Eq, PartialEq)]
pub struct Proposal {
    /// Whether the sender supports protocol version 1 of the dialogue portion, the only one defined.
    pub version_1: bool,
    /// The application context name.
    pub application_context: Oid,
    /// User information.
    pub user_information: Option<Bytes>,
}

impl DialoguePortion {
    /// Decodes the content of the element dialoguePortion.
    pub(crate) fn read(portion: &Element<'_>, whole: &Bytes) -> Self {
        portion.explicit().and_then(|external| read_external(&external, whole)).unwrap_or(Self::Malformed)
    }

    /// Encodes the content of the element dialoguePortion.
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Aarq(proposal) => external(&STRUCTURED, writer, |w| write_proposal(proposal, w)),
            Self::Audt(proposal) => external(&UNSTRUCTURED, writer, |w| write_proposal(proposal, w)),
            Self::Aare { application_context, accepted, diagnostic, user_information } => {
                external(&STRUCTURED, writer, |w| {
                    w.constructed(AARE, |w| {
                        w.bit_string(Tag::context(0), 7, &[0x80]);
                        w.constructed(Tag::context(1), |w| {
                            w.oid(Tag::OBJECT_IDENTIFIER, application_context);
                        });
                        w.constructed(Tag::context(2), |w| w.integer(Tag::INTEGER, i64::from(!accepted)));
                        w.constructed(Tag::context(3), |w| write_diagnostic(*diagnostic, w));
                        write_user_information(user_information.as_ref(), w);
                    });
                });
            }
            Self::Abrt { by_provider, user_information } => external(&STRUCTURED, writer, |w| {
                w.constructed(ABRT, |w| {
                    w.integer(Tag::context(0), i64::from(*by_provider));
                    write_user_information(user_information.as_ref(), w);
                });
            }),
            Self::Foreign(external) => writer.raw(external),
            Self::Malformed => {}
        }
    }
}

fn read_external(external: &Element<'_>, whole: &Bytes) -> Result<DialoguePortion, BerError> {
    if external.tag != EXTERNAL {
        return Err(external.fault(Fault::Unexpected));
    }
    let mut inside = external.sequence()?;
    let reference = inside.optional(Tag::OBJECT_IDENTIFIER)?.map(|oid| oid.oid()).transpose()?;
    inside.optional(Tag::INTEGER)?;
    inside.optional(OBJECT_DESCRIPTOR)?;
    let encoding = inside.next()?.ok_or_else(|| external.fault(Fault::Unexpected))?;
    if !inside.is_empty() || ![SINGLE_ASN1_TYPE, OCTET_ALIGNED, ARBITRARY].contains(&encoding.tag) {
        return Err(external.fault(Fault::Unexpected));
    }
    let structured = match reference {
        Some(oid) if oid.as_octets() == STRUCTURED => true,
        Some(oid) if oid.as_octets() == UNSTRUCTURED => false,
        _ => return Ok(DialoguePortion::Foreign(whole.slice_ref(external.octets()))),
    };
    let pdu = match encoding.tag {
        SINGLE_ASN1_TYPE => encoding.explicit()?,
        OCTET_ALIGNED if !encoding.constructed => {
            encoding.reader().next()?.ok_or_else(|| external.fault(Fault::Unexpected))?
        }
        _ => return Err(encoding.fault(Fault::Unexpected)),
    };
    match (structured, pdu.tag) {
        (true, AARQ) => read_proposal(&pdu, whole).map(DialoguePortion::Aarq),
        (true, AARE) => read_response(&pdu, whole),
        (true, ABRT) => read_abort(&pdu, whole),
        (false, AARQ) => read_proposal(&pdu, whole).map(DialoguePortion::Audt),
        _ => Err(pdu.fault(Fault::Unexpected)),
    }
}

/// The elements that the three PDUs share. An unknown tag is skipped.
struct Fields<'a> {
    by_tag: [Option<Element<'a>>; 4],
    user_information: Option<Bytes>,
}

impl<'a> Fields<'a> {
    fn read(pdu: &Element<'a>, whole: &Bytes) -> Result<Self, BerError> {
        let mut fields = Self { by_tag: [None; 4], user_information: None };
        let mut inside: Reader<'a> = pdu.sequence()?;
        while let Some(element) = inside.next()? {
            if element.tag == USER_INFORMATION {
                fields.user_information = Some(whole.slice_ref(element.content));
            }
            let place = usize::try_from(element.tag.number)
                .ok()
                .filter(|_| element.tag == Tag::context(element.tag.number));
            if let Some(field) = place.and_then(|place| fields.by_tag.get_mut(place))
                && field.replace(element).is_some()
            {
                return Err(element.fault(Fault::Unexpected));
            }
        }
        Ok(fields)
    }

    fn required(&self, place: usize, pdu: &Element<'_>) -> Result<Element<'a>, BerError> {
        self.by_tag.get(place).copied().flatten().ok_or_else(|| pdu.fault(Fault::Unexpected))
    }

    /// The element of this tag inside the explicit one at `place`.
    fn explicit(&self, place: usize, tag: Tag, pdu: &Element<'_>) -> Result<Element<'a>, BerError> {
        let inside = self.required(place, pdu)?.explicit()?;
        if inside.tag == tag { Ok(inside) } else { Err(inside.fault(Fault::Unexpected)) }
    }

    /// protocol-version, of which the default is version 1.
    fn version_1(&self) -> Result<bool, BerError> {
        let [version, ..] = &self.by_tag;
        let Some(version) = version else { return Ok(true) };
        let (_, octets) = version.bit_string()?;
        Ok(octets.first().is_some_and(|octet| octet & 0x80 != 0))
    }
}

fn read_proposal(pdu: &Element<'_>, whole: &Bytes) -> Result<Proposal, BerError> {
    let fields = Fields::read(pdu, whole)?;
    Ok(Proposal {
        version_1: fields.version_1()?,
        application_context: fields.explicit(1, Tag::OBJECT_IDENTIFIER, pdu)?.oid()?,
        user_information: fields.user_information,
    })
}

fn read_response(pdu: &Element<'_>, whole: &Bytes) -> Result<DialoguePortion, BerError> {
    let fields = Fields::read(pdu, whole)?;
    if !fields.version_1()? {
        return Err(pdu.fault(Fault::Content));
    }
    let result = fields.explicit(2, Tag::INTEGER, pdu)?;
    let accepted = match result.integer()? {
        0 => true,
        1 => false,
        _ => return Err(result.fault(Fault::Content)),
    };
    let source = fields.required(3, pdu)?.explicit()?;
    let code = source.explicit()?;
    if code.tag != Tag::INTEGER {
        return Err(code.fault(Fault::Unexpected));
    }
    let code = code.integer()?;
    let diagnostic = match source.tag {
        tag if tag == Tag::context(1) => Diagnostic::User(code),
        tag if tag == Tag::context(2) => Diagnostic::Provider(code),
        _ => return Err(source.fault(Fault::Unexpected)),
    };
    Ok(DialoguePortion::Aare {
        application_context: fields.explicit(1, Tag::OBJECT_IDENTIFIER, pdu)?.oid()?,
        accepted,
        diagnostic,
        user_information: fields.user_information,
    })
}

fn read_abort(pdu: &Element<'_>, whole: &Bytes) -> Result<DialoguePortion, BerError> {
    let fields = Fields::read(pdu, whole)?;
    let source = fields.required(0, pdu)?;
    let by_provider = match source.integer()? {
        0 => false,
        1 => true,
        _ => return Err(source.fault(Fault::Content)),
    };
    Ok(DialoguePortion::Abrt { by_provider, user_information: fields.user_information })
}

fn external(reference: &[u8], writer: &mut Writer, pdu: impl FnOnce(&mut Writer)) {
    writer.constructed(EXTERNAL, |w| {
        w.primitive(Tag::OBJECT_IDENTIFIER, reference);
        w.constructed(SINGLE_ASN1_TYPE, pdu);
    });
}

fn write_proposal(proposal: &Proposal, writer: &mut Writer) {
    writer.constructed(AARQ, |w| {
        w.bit_string(Tag::context(0), 7, if proposal.version_1 { &[0x80] } else { &[0x00] });
        w.constructed(Tag::context(1), |w| w.oid(Tag::OBJECT_IDENTIFIER, &proposal.application_context));
        write_user_information(proposal.user_information.as_ref(), w);
    });
}

fn write_diagnostic(diagnostic: Diagnostic, writer: &mut Writer) {
    let (source, code) = match diagnostic {
        Diagnostic::User(code) => (1, code),
        Diagnostic::Provider(code) => (2, code),
    };
    writer.constructed(Tag::context(source), |w| w.integer(Tag::INTEGER, code));
}

fn write_user_information(information: Option<&Bytes>, writer: &mut Writer) {
    if let Some(information) = information {
        writer.constructed(USER_INFORMATION, |w| w.raw(information));
    }
}

/// User information may contain subscriber numbers, so `Debug` omits it.
impl fmt::Debug for DialoguePortion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aarq(proposal) => f.debug_tuple("Aarq").field(&proposal.application_context).finish(),
            Self::Aare { application_context, accepted, diagnostic, .. } => f
                .debug_struct("Aare")
                .field("application_context", application_context)
                .field("accepted", accepted)
                .field("diagnostic", diagnostic)
                .finish_non_exhaustive(),
            Self::Abrt { by_provider, .. } => {
                f.debug_struct("Abrt").field("by_provider", by_provider).finish_non_exhaustive()
            }
            Self::Audt(proposal) => f.debug_tuple("Audt").field(&proposal.application_context).finish(),
            Self::Foreign(external) => f.debug_tuple("Foreign").field(&external.len()).finish(),
            Self::Malformed => f.write_str("Malformed"),
        }
    }
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposal")
            .field("version_1", &self.version_1)
            .field("application_context", &self.application_context)
            .finish_non_exhaustive()
    }
}
