//! Test fixture: one node in virtual time, with the test as its user and as its peer.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use tcap::{
    Begin, Code, Component, DialogueAnswer, DialogueId, DialoguePortion, Input, Message, Oid, OperationClass,
    Output, Proposal, Settings, Tcap, TransactionId,
};

pub(crate) type Address = &'static str;

pub(crate) const CENTRE: Address = "centre";
pub(crate) const PEER: Address = "peer";
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// The transaction id that the peer uses.
pub(crate) const THEIRS: [u8; 3] = [0xaa, 0xbb, 0xcc];

pub(crate) struct Rig {
    pub(crate) tcap: Tcap<Address>,
    pub(crate) now: Instant,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Settings { first: 0x0102_0304, dialogues_max: 100, ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self { tcap: Tcap::new(settings), now: start() }
    }

    /// All outputs since the last time.
    pub(crate) fn outputs(&mut self) -> Vec<Output<Address>> {
        std::iter::from_fn(|| self.tcap.poll()).collect()
    }

    /// All outputs since the last time: messages that were sent, and the rest.
    pub(crate) fn split(&mut self) -> (Vec<Message>, Vec<Output<Address>>) {
        let (mut sent, mut outputs) = (Vec::new(), Vec::new());
        for output in self.outputs() {
            match output {
                Output::Send { octets, .. } => sent.push(read(&octets)),
                other => outputs.push(other),
            }
        }
        (sent, outputs)
    }

    /// Passes a message of the peer in.
    pub(crate) fn receive(&mut self, message: &Message) -> (Vec<Message>, Vec<Output<Address>>) {
        self.receive_octets(message.encode())
    }

    pub(crate) fn receive_octets(&mut self, octets: Bytes) -> (Vec<Message>, Vec<Output<Address>>) {
        let input = Input::Received { local: CENTRE, remote: PEER, octets };
        self.tcap.handle(input, self.now);
        self.split()
    }

    /// Advances the clock, with a tick whenever one is due.
    pub(crate) fn wait(&mut self, time: Duration) -> (Vec<Message>, Vec<Output<Address>>) {
        let until = self.now + time;
        while let Some(due) = self.tcap.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.tcap.handle(Input::Tick, self.now);
        }
        self.now = until;
        self.split()
    }

    /// Opens a dialogue with the peer and drops the BEGIN.
    pub(crate) fn begin(&mut self, context: Option<Oid>, components: Vec<Component>) -> DialogueId {
        let dialogue = self.try_begin(context, components).unwrap();
        assert!(matches!(self.outputs()[..], [Output::Send { first: true, remote: PEER, .. }]));
        dialogue
    }

    pub(crate) fn try_begin(
        &mut self,
        application_context: Option<Oid>,
        components: Vec<Component>,
    ) -> Result<DialogueId, tcap::Error> {
        let (local, remote) = (CENTRE, PEER);
        let user_information = None;
        let begin = Begin { local, remote, application_context, user_information, components, idle: None };
        self.tcap.begin(begin, self.now)
    }

    /// A local dialogue that the peer has answered with an empty CONTINUE.
    pub(crate) fn active(&mut self, components: Vec<Component>) -> DialogueId {
        let dialogue = self.begin(None, components);
        let (sent, outputs) = self.receive(&proceed(dialogue, None, vec![]));
        assert!(sent.is_empty() && matches!(outputs[..], [Output::Continued { .. }]));
        dialogue
    }

    /// A dialogue opened by the peer.
    pub(crate) fn begun(&mut self, context: Option<Oid>, components: Vec<Component>) -> DialogueId {
        let (sent, outputs) = self.receive(&begin(context.map(aarq), components));
        assert!(sent.is_empty());
        let [Output::Begun { dialogue, .. }, ..] = outputs[..] else { panic!("{outputs:?}") };
        dialogue
    }
}

#[allow(clippy::disallowed_methods, reason = "an arbitrary point to count from")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn read(octets: &Bytes) -> Message {
    let decoded = Message::decode(octets).unwrap();
    assert_eq!(decoded.fault, None);
    decoded.message
}

pub(crate) fn theirs() -> TransactionId {
    TransactionId::from_octets(&THEIRS).unwrap()
}

pub(crate) fn ours(dialogue: DialogueId) -> TransactionId {
    TransactionId::from(dialogue.0)
}

/// The peer's BEGIN.
pub(crate) fn begin(dialogue: Option<DialoguePortion>, components: Vec<Component>) -> Message {
    Message::Begin { otid: theirs(), dialogue, components }
}

/// The peer's CONTINUE.
pub(crate) fn proceed(
    to: DialogueId,
    dialogue: Option<DialoguePortion>,
    components: Vec<Component>,
) -> Message {
    Message::Continue { otid: theirs(), dtid: ours(to), dialogue, components }
}

/// The peer's END.
pub(crate) fn end(to: DialogueId, dialogue: Option<DialoguePortion>, components: Vec<Component>) -> Message {
    Message::End { dtid: ours(to), dialogue, components }
}

/// The application context of short message transfer, in this version.
pub(crate) fn context(version: u32) -> Oid {
    Oid::new(&[0, 4, 0, 0, 1, 0, 25, version]).unwrap()
}

pub(crate) fn aarq(application_context: Oid) -> DialoguePortion {
    DialoguePortion::Aarq(Proposal { version_1: true, application_context, user_information: None })
}

pub(crate) fn aare(application_context: Oid) -> DialoguePortion {
    let diagnostic = tcap::Diagnostic::User(0);
    DialoguePortion::Aare { application_context, accepted: true, diagnostic, user_information: None }
}

pub(crate) fn answer(application_context: Oid) -> Option<DialogueAnswer> {
    Some(DialogueAnswer { application_context, user_information: None })
}

pub(crate) fn invoke(invoke_id: i8) -> Component {
    invoke_of(invoke_id, OperationClass::One)
}

pub(crate) fn invoke_of(invoke_id: i8, class: OperationClass) -> Component {
    let (linked, operation) = (None, Code::Local(45));
    let parameter = Some(Bytes::from_static(&[0x30, 0x03, 0x80, 0x01, 0x00]));
    Component::Invoke { invoke_id, linked, operation, parameter, class, timeout: 30 * SECOND }
}

/// An [`invoke`] as received by the peer.
pub(crate) fn as_received(component: Component) -> Component {
    match component {
        Component::Invoke { invoke_id, linked, operation, parameter, .. } => {
            let (class, timeout) = (OperationClass::One, Duration::ZERO);
            Component::Invoke { invoke_id, linked, operation, parameter, class, timeout }
        }
        other => other,
    }
}

pub(crate) fn result(invoke_id: i8) -> Component {
    Component::ResultLast { invoke_id, operation: None, parameter: None }
}

pub(crate) fn part(invoke_id: i8) -> Component {
    let parameter = Some(Bytes::from_static(&[0x04, 0x01, 0x07]));
    Component::ResultNotLast { invoke_id, operation: Some(Code::Local(45)), parameter }
}

pub(crate) fn error(invoke_id: i8) -> Component {
    Component::Error { invoke_id, code: Code::Local(27), parameter: None }
}
