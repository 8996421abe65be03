//! TwiML: what an application answers to an incoming message.
//!
//! `<Response>` holds `<Message>` (or its old name `<Sms>`) and `<Redirect>`; names are case-sensitive.
//! A document type, an entity of its own or another root refuse the whole document; a verb that we do
//! not know is passed over, so that one written for voice does no harm.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error_numbers;
use crate::ports::Method;

/// One thing to do.
#[derive(Clone, Eq, PartialEq)]
pub enum Verb {
    /// Send a message.
    Message(Reply),
    /// Go on with another document; what follows is never reached.
    Redirect {
        /// Relative to the document; empty is the document itself.
        url: String,
        /// POST unless stated.
        method: Method,
    },
}

/// A message that the application answers with. What is absent comes from the message it answers to.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Reply {
    /// The receiver.
    pub to: Option<String>,
    /// The sender.
    pub from: Option<String>,
    /// Where its status callbacks go: `statusCallback`, else `action`, its older name.
    pub status_callback: Option<String>,
    /// How they are made.
    pub method: Method,
    /// The text.
    pub body: String,
    /// Whether media were asked for, which we cannot send.
    pub has_media: bool,
}

/// Why a document cannot be followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TwimlError {
    /// It is no well-formed XML, or uses what TwiML must not.
    #[error("document cannot be parsed")]
    Parse,
    /// An attribute has a value that it cannot have.
    #[error("document breaks the schema")]
    Schema,
}

impl TwimlError {
    /// Its error number.
    pub const fn code(self) -> u32 {
        match self {
            Self::Parse => error_numbers::DOCUMENT_PARSE,
            Self::Schema => error_numbers::DOCUMENT_SCHEMA,
        }
    }
}

/// Reads a document. An empty one, or a `<Response>` without verbs, is nothing to do.
///
/// # Errors
/// [`TwimlError`]; then none of it may be done.
pub fn parse(document: &str) -> Result<Vec<Verb>, TwimlError> {
    let document = document.trim_start_matches('\u{feff}').trim();
    if document.is_empty() {
        return Ok(Vec::new());
    }
    let mut parser = Parser::default();
    let mut reader = Reader::from_str(document);
    loop {
        let event = reader.read_event().map_err(|_| TwimlError::Parse)?;
        match event {
            Event::Start(element) => parser.open(&element)?,
            Event::Empty(element) => {
                parser.open(&element)?;
                parser.close();
            }
            Event::End(_) => parser.close(),
            Event::Text(text) => parser.text(&text.decode().map_err(|_| TwimlError::Parse)?)?,
            Event::CData(text) => parser.text(&text.decode().map_err(|_| TwimlError::Parse)?)?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| TwimlError::Parse)?;
                let name = reference.decode().map_err(|_| TwimlError::Parse)?;
                parser.character(character.or_else(|| predefined(&name)).ok_or(TwimlError::Parse)?)?;
            }
            Event::DocType(_) => return Err(TwimlError::Parse),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return parser.finish(),
        }
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

#[derive(Default)]
struct Parser {
    has_root: bool,
    /// Open elements.
    depth: usize,
    verb: Option<Open>,
    /// The text of a child (`<Body>`) replaces the text beside it.
    in_body: bool,
    /// Open elements that mean nothing to us.
    unknown: usize,
    verbs: Vec<Verb>,
}

/// A verb that is being read.
struct Open {
    verb: Verb,
    text: String,
    body: Option<String>,
}

impl Parser {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), TwimlError> {
        self.depth += 1;
        let name = element.name();
        if self.unknown > 0 {
            self.unknown += 1;
            return Ok(());
        }
        match (self.depth, name.as_ref()) {
            (1, b"Response") if !self.has_root => self.has_root = true,
            (1, _) => return Err(TwimlError::Parse),
            (2, b"Message" | b"Sms") => self.verb = Some(Open::of(Verb::Message(reply(element)?))),
            (2, b"Redirect") => {
                let method = method(attribute(element, "method")?)?;
                self.verb = Some(Open::of(Verb::Redirect { url: String::new(), method }));
            }
            (3, b"Body") if self.verb.is_some() => self.in_body = true,
            (3, b"Media") => {
                if let Some(Open { verb: Verb::Message(reply), .. }) = &mut self.verb {
                    reply.has_media = true;
                }
                self.unknown = 1;
            }
            _ => self.unknown = 1,
        }
        Ok(())
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.unknown > 0 {
            self.unknown -= 1;
        } else if self.in_body {
            self.in_body = false;
        } else if let Some(open) = self.verb.take() {
            self.verbs.push(open.close());
        }
    }

    fn text(&mut self, text: &str) -> Result<(), TwimlError> {
        if self.depth == 0 && !text.trim().is_empty() {
            return Err(TwimlError::Parse);
        }
        if self.unknown > 0 {
            return Ok(());
        }
        if let Some(open) = &mut self.verb {
            let place = if self.in_body { open.body.get_or_insert_default() } else { &mut open.text };
            place.push_str(text);
        }
        Ok(())
    }

    fn character(&mut self, character: char) -> Result<(), TwimlError> {
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn finish(self) -> Result<Vec<Verb>, TwimlError> {
        if self.depth == 0 && self.has_root { Ok(self.verbs) } else { Err(TwimlError::Parse) }
    }
}

impl Open {
    fn of(verb: Verb) -> Self {
        Self { verb, text: String::new(), body: None }
    }

    fn close(self) -> Verb {
        let text = self.text.trim();
        match self.verb {
            Verb::Message(reply) => {
                Verb::Message(Reply { body: self.body.unwrap_or_else(|| text.to_owned()), ..reply })
            }
            Verb::Redirect { method, .. } => Verb::Redirect { url: text.to_owned(), method },
        }
    }
}

fn reply(element: &BytesStart<'_>) -> Result<Reply, TwimlError> {
    let status_callback = match attribute(element, "statusCallback")? {
        Some(url) => Some(url),
        None => attribute(element, "action")?,
    };
    Ok(Reply {
        to: attribute(element, "to")?,
        from: attribute(element, "from")?,
        status_callback,
        method: method(attribute(element, "method")?)?,
        ..Reply::default()
    })
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, TwimlError> {
    let Some(found) = element.try_get_attribute(name).map_err(|_| TwimlError::Parse)? else {
        return Ok(None);
    };
    let value = found.unescape_value().map_err(|_| TwimlError::Parse)?;
    Ok(Some(value.into_owned()).filter(|value| !value.is_empty()))
}

fn method(value: Option<String>) -> Result<Method, TwimlError> {
    value.map_or(Ok(Method::Post), |text| Method::parse(&text).ok_or(TwimlError::Schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(document: &str) -> Vec<String> {
        parse(document)
            .unwrap()
            .into_iter()
            .map(|verb| match verb {
                Verb::Message(reply) => reply.body,
                Verb::Redirect { url, .. } => format!("-> {url}"),
            })
            .collect()
    }

    /// The examples of Twilio's page "TwiML for Programmable Messaging".
    #[test]
    fn reads_the_published_examples() {
        let example = r#"<?xml version="1.0" encoding="UTF-8"?>
            <Response>
                <Message><Body>Store Location: 123 Easy St.</Body><Media>https://demo.twilio.com/owl.png</Media></Message>
            </Response>"#;
        assert_eq!(bodies(example), ["Store Location: 123 Easy St."]);
        assert_eq!(
            bodies(
                "<Response><Message>This is message 1 of 2.</Message><Message>This is message 2 of 2.</Message></Response>"
            ),
            ["This is message 1 of 2.", "This is message 2 of 2."]
        );
        let redirect =
            "<Response><Redirect method=\"GET\">../nextInstructions?a=1&amp;b=2</Redirect></Response>";
        assert_eq!(bodies(redirect), ["-> ../nextInstructions?a=1&b=2"]);
    }

    #[test]
    fn reads_attributes_the_old_name_and_characters() {
        let document = "<Response><Sms to='+1&#x35;' from=\"12345\" action=\"/a?b=1&amp;c=2\" method=\"get\">\n \
            caf&#233; &lt;<![CDATA[3>2]]>\n</Sms></Response>";
        let [Verb::Message(reply)] = &parse(document).unwrap()[..] else { panic!("one message") };
        assert_eq!((reply.to.as_deref(), reply.from.as_deref()), (Some("+15"), Some("12345")));
        assert_eq!(reply.status_callback.as_deref(), Some("/a?b=1&c=2"));
        assert_eq!((reply.method, reply.body.as_str()), (Method::Get, "café <3>2"));
    }

    #[test]
    fn field_60_nothing_to_say_is_no_reply() {
        for document in
            ["", " \n", "\u{feff}", "<Response/>", "<Response></Response>", "<Response><!-- - --></Response>"]
        {
            assert_eq!(bodies(document), [""; 0], "{document}");
        }
        let unknown = "<Response><Say>Hello <b>you</b></Say><Message>hi</Message><Pause/></Response>";
        assert_eq!(bodies(unknown), ["hi"]);
    }

    #[test]
    fn entities_and_broken_documents_are_refused_whole() {
        let bomb = "<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><Response><Message>&b;</Message></Response>";
        let wrong = [
            bomb,
            "<Response><Message>&b;</Message></Response>",
            "<Response><Message>hi</Message>",
            "<Response><Message>hi</Response>",
            "<response><Message>hi</Message></response>",
            "<Message>hi</Message>",
            "<Response/><Response/>",
            "Hello",
            "<Response/>tail",
            "<Response><Message method='PUT'>hi</Message></Response>",
            "<Response><Message to='&x;'>hi</Message></Response>",
            "<Response><Message to=1>hi</Message></Response>",
        ];
        for document in wrong {
            assert!(parse(document).is_err(), "{document}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let document = "<Response><Message to=\"+1\"><Body>a&amp;b</Body></Message></Response>";
        for end in 1..document.len() {
            assert!(parse(&document[..end]).is_err(), "{}", &document[..end]);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>/&;!\\[\\]A-Za-z'\"= ]{0,80}") {
            let _outcome = parse(&text);
            let _outcome = parse(&format!("<Response>{text}</Response>"));
        }
    }
}
