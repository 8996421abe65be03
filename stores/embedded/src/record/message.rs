//! The record of a message: everything that was accepted. Only its submitter changes it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Mode};
use smsc::receipt::{Receipt, ReceiptRequest, State};
use smsc::timestamp::Timestamp;

use super::{Damaged, Octets, open_form_and_rest, seal_form};
use crate::key;

/// A message as a sealed value.
pub(crate) fn seal_message(message: &Message) -> Vec<u8> {
    let room = 160 + message.content.body.len() + message.content.header.len() + message.optional.len();
    let (key, form) = (key::message(message.id), MessageForm::of(message));
    if message.headers.is_empty() {
        return seal_form(&key, &form, room);
    }
    let headers: HeadersForm<'_> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    seal_form(&key, &(form, headers), room + 40 * message.headers.len())
}

/// The message of a sealed value.
pub(crate) fn open_message(id: MessageId, value: &[u8]) -> Result<Message, Damaged> {
    let (form, rest) = open_form_and_rest::<MessageForm<'_>>(&key::message(id), value)?;
    let mut message = form.into_message(id)?;
    if !rest.is_empty() {
        let headers: HeadersForm<'_> = postcard::from_bytes(rest).map_err(|_| Damaged)?;
        message.headers = headers.into_iter().map(|(name, value)| (name.into(), value.to_owned())).collect();
    }
    Ok(message)
}

/// The submitter's header fields. They stand behind the form of a message that has some, so that the
/// form is the same as it was before there were any.
type HeadersForm<'a> = Vec<(&'a str, &'a str)>;

/// A message, borrowed. Fields are written in this order; a change is a new version.
#[derive(Deserialize, Serialize)]
struct MessageForm<'a> {
    #[serde(borrow)]
    origin: PartyForm<'a>,
    account: &'a str,
    source: AddressForm<'a>,
    destination: AddressForm<'a>,
    presented: Option<(AddressForm<'a>, AddressForm<'a>)>,
    route: &'a str,
    data_coding: u8,
    header: Octets<'a>,
    body: Octets<'a>,
    mode: u8,
    receipt: u8,
    priority: u8,
    protocol_id: u8,
    reply_path: bool,
    service_type: &'a str,
    optional: Octets<'a>,
    accepted_at: u64,
    deliver_after: u64,
    expires_at: u64,
    client_key: Option<&'a str>,
    receipt_to: Option<(PartyForm<'a>, ReceiptForm<'a>)>,
}

impl<'a> MessageForm<'a> {
    fn of(message: &'a Message) -> Self {
        Self {
            origin: PartyForm::of(&message.origin),
            account: &message.account,
            source: AddressForm::of(&message.source),
            destination: AddressForm::of(&message.destination),
            presented: message
                .presented
                .as_ref()
                .map(|both| (AddressForm::of(&both.0), AddressForm::of(&both.1))),
            route: &message.route,
            data_coding: message.content.data_coding,
            header: Octets(&message.content.header),
            body: Octets(&message.content.body),
            mode: mode_number(message.mode),
            receipt: message.receipt.0,
            priority: message.priority,
            protocol_id: message.protocol_id,
            reply_path: message.reply_path,
            service_type: &message.service_type,
            optional: Octets(&message.optional),
            accepted_at: message.accepted_at.millis(),
            deliver_after: message.deliver_after.millis(),
            expires_at: message.expires_at.millis(),
            client_key: message.client_key.as_deref(),
            receipt_to: match &message.kind {
                Kind::Ordinary => None,
                Kind::Receipt { to, receipt } => Some((PartyForm::of(to), ReceiptForm::of(receipt))),
            },
        }
    }

    fn into_message(self, id: MessageId) -> Result<Message, Damaged> {
        let [header, body, optional] = own([self.header, self.body, self.optional]);
        Ok(Message {
            id,
            origin: self.origin.into_endpoint(),
            account: self.account.into(),
            source: self.source.into_address(),
            destination: self.destination.into_address(),
            presented: self.presented.map(|(from, to)| Box::new((from.into_address(), to.into_address()))),
            route: self.route.into(),
            content: Content { data_coding: self.data_coding, header, body },
            mode: mode_of(self.mode)?,
            receipt: ReceiptRequest(self.receipt),
            priority: self.priority,
            protocol_id: self.protocol_id,
            reply_path: self.reply_path,
            service_type: self.service_type.into(),
            optional,
            accepted_at: Timestamp::from_millis(self.accepted_at),
            deliver_after: Timestamp::from_millis(self.deliver_after),
            expires_at: Timestamp::from_millis(self.expires_at),
            client_key: self.client_key.map(Into::into),
            headers: Vec::new(),
            kind: match self.receipt_to {
                None => Kind::Ordinary,
                Some((to, receipt)) => {
                    Kind::Receipt { to: to.into_endpoint(), receipt: Box::new(receipt.into_receipt()?) }
                }
            },
        })
    }
}

/// Three pieces in one allocation.
fn own(pieces: [Octets<'_>; 3]) -> [Bytes; 3] {
    let mut all = Bytes::from(pieces.map(|piece| piece.0).concat());
    pieces.map(|piece| all.split_to(piece.0.len()))
}

#[derive(Deserialize, Serialize)]
enum PartyForm<'a> {
    Esme(&'a str),
    Smpp(&'a str),
    SipPeer(&'a str),
    SipUser(&'a str),
    Platform,
    Operator,
    // New kinds come last: the form is known by its place.
    Ss7(&'a str),
}

impl<'a> PartyForm<'a> {
    fn of(endpoint: &'a Endpoint) -> Self {
        match endpoint {
            Endpoint::Esme(name) => Self::Esme(name),
            Endpoint::Smpp(name) => Self::Smpp(name),
            Endpoint::SipPeer(name) => Self::SipPeer(name),
            Endpoint::SipUser(name) => Self::SipUser(name),
            Endpoint::Ss7(name) => Self::Ss7(name),
            Endpoint::Platform => Self::Platform,
            Endpoint::Operator => Self::Operator,
        }
    }

    fn into_endpoint(self) -> Endpoint {
        match self {
            Self::Esme(name) => Endpoint::Esme(name.into()),
            Self::Smpp(name) => Endpoint::Smpp(name.into()),
            Self::SipPeer(name) => Endpoint::SipPeer(name.into()),
            Self::SipUser(name) => Endpoint::SipUser(name.into()),
            Self::Ss7(name) => Endpoint::Ss7(name.into()),
            Self::Platform => Endpoint::Platform,
            Self::Operator => Endpoint::Operator,
        }
    }
}

#[derive(Deserialize, Serialize)]
struct AddressForm<'a>(u8, u8, &'a str);

impl<'a> AddressForm<'a> {
    fn of(address: &'a Address) -> Self {
        Self(address.type_of_number.0, address.numbering_plan.0, &address.digits)
    }

    fn into_address(self) -> Address {
        Address::new(TypeOfNumber(self.0), NumberingPlan(self.1), self.2)
    }
}

#[derive(Deserialize, Serialize)]
struct ReceiptForm<'a> {
    about: u64,
    state: u8,
    error: u8,
    submitted_at: u64,
    done_at: u64,
    #[serde(borrow)]
    excerpt: Octets<'a>,
    excerpt_coding: u8,
    client_key: Option<&'a str>,
}

impl<'a> ReceiptForm<'a> {
    fn of(receipt: &'a Receipt) -> Self {
        Self {
            about: receipt.about.get(),
            state: receipt.state.number(),
            error: receipt.error,
            submitted_at: receipt.submitted_at.millis(),
            done_at: receipt.done_at.millis(),
            excerpt: Octets(&receipt.excerpt),
            excerpt_coding: receipt.excerpt_coding,
            client_key: receipt.client_key.as_deref(),
        }
    }

    fn into_receipt(self) -> Result<Receipt, Damaged> {
        Ok(Receipt {
            about: MessageId::from_u64(self.about),
            state: State::from_number(self.state).ok_or(Damaged)?,
            error: self.error,
            submitted_at: Timestamp::from_millis(self.submitted_at),
            done_at: Timestamp::from_millis(self.done_at),
            excerpt: Bytes::copy_from_slice(self.excerpt.0),
            excerpt_coding: self.excerpt_coding,
            client_key: self.client_key.map(Into::into),
        })
    }
}

const fn mode_number(mode: Mode) -> u8 {
    match mode {
        Mode::StoreAndForward => 0,
        Mode::Datagram => 1,
        Mode::Transactional => 2,
    }
}

const fn mode_of(number: u8) -> Result<Mode, Damaged> {
    match number {
        0 => Ok(Mode::StoreAndForward),
        1 => Ok(Mode::Datagram),
        2 => Ok(Mode::Transactional),
        _ => Err(Damaged),
    }
}
