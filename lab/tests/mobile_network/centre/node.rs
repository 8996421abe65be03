//! The protocol stack of the scripted centre: M3UA, SCCP, TCAP and MAP in one loop.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use m3ua::{LinkId, M3ua, ServerState, Transfer};
use map::{Context, Map, MapError, Request, Response, Version};
use sccp::{Address, PointCodeState, Sccp};
use tcap::{Begin, Code, Component, DialogueAnswer, DialogueId, Oid, OperationClass, Tcap, UserAbort};
use tokio::sync::{mpsc, oneshot};

use super::{
    Command, DialogueRecord, DialogueRequest, End, NETWORK, NegotiationResult, OTHER_TITLE, Policy, SERVER,
    TITLE, layers, title,
};

const LINK: LinkId = LinkId(0);

struct Open {
    dialogue: DialogueRequest,
    pending: VecDeque<Request>,
    record: DialogueRecord,
    answer: oneshot::Sender<DialogueRecord>,
}

pub(super) struct Node {
    m3ua: M3ua,
    sccp: Sccp,
    tcap: Tcap<Address>,
    map: Map<Address>,
    negotiations: Vec<Option<oneshot::Sender<NegotiationResult>>>,
    open: HashMap<DialogueId, Open>,
    requests: mpsc::UnboundedSender<(Version, Request)>,
    policy: Arc<Mutex<Policy>>,
    active: Arc<tokio::sync::Notify>,
}

impl Node {
    pub(super) fn new(
        requests: mpsc::UnboundedSender<(Version, Request)>,
        policy: Arc<Mutex<Policy>>,
        active: Arc<tokio::sync::Notify>,
    ) -> Self {
        Self {
            m3ua: layers::m3ua(),
            sccp: layers::sccp(),
            tcap: Tcap::new(tcap::Settings { first: 0x77_0000, ..tcap::Settings::default() }),
            map: Map::new(map::Settings::default()),
            negotiations: Vec::new(),
            open: HashMap::new(),
            requests,
            policy,
            active,
        }
    }

    pub(super) async fn run(
        mut self,
        association: sctp::Association,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) {
        let streams = association.streams();
        let (sender, mut receiver) = association.split();
        self.m3ua.handle(m3ua::Input::Connected { link: LINK, streams }, now());
        let mut events = Vec::new();
        loop {
            let mut batch = Vec::new();
            self.process(&mut batch);
            if !batch.is_empty() && sender.send_all(batch).await.is_err() {
                return;
            }
            let deadlines =
                [self.m3ua.deadline(), self.sccp.deadline(), self.tcap.deadline(), self.map.deadline()];
            let due = deadlines.into_iter().flatten().min().unwrap_or(now() + Duration::from_secs(3600));
            tokio::select! {
                ended = receiver.receive_all(&mut events) => if ended.is_err() { return },
                command = commands.recv() => match command {
                    Some(Command::Dialogue(dialogue, answer)) => self.begin(dialogue, answer),
                    Some(Command::Raw(called, octets)) => self.send(called, title(TITLE, 8), octets.into(), 0, false),
                    Some(Command::Negotiate(open, result)) => self.open_map(open.0, open.1, result),
                    None => return,
                },
                () = tokio::time::sleep_until(due.into()) => {
                    self.m3ua.handle(m3ua::Input::Tick, now());
                    self.sccp.handle(sccp::Input::Tick, now());
                    self.tcap.handle(tcap::Input::Tick, now());
                    self.map.handle(tcap::Input::Tick, now());
                }
            }
            for event in events.drain(..) {
                if let sctp::Event::Message(message) = event {
                    let sctp::Message { stream, octets, .. } = message;
                    self.m3ua.handle(m3ua::Input::Received { link: LINK, stream, octets }, now());
                }
            }
        }
    }

    fn begin(&mut self, request: DialogueRequest, answer: oneshot::Sender<DialogueRecord>) {
        let mut pending = VecDeque::from(request.requests.clone());
        let context = request.requests[0].context();
        let first = if request.empty_begin { None } else { pending.pop_front() };
        let (version, timeout) = (request.version, request.timeout);
        let components = first.iter().map(|first| invoke(first, version, 1, timeout)).collect();
        let begin = Begin {
            local: title(TITLE, 8),
            remote: request.called.clone(),
            application_context: name(context, version),
            user_information: None,
            components,
            idle: Some(timeout),
        };
        let record =
            DialogueRecord { components: Vec::new(), end: End::TimedOut, messages: 0, request: first };
        let dialogue = self.tcap.begin(begin, now()).unwrap();
        self.open.insert(dialogue, Open { dialogue: request, pending, record, answer });
    }

    fn open_map(&mut self, called: Address, request: Request, result: oneshot::Sender<NegotiationResult>) {
        let (local, tag) = (title(OTHER_TITLE, 8), self.negotiations.len() as u64);
        self.negotiations.push(Some(result));
        let open = map::Open {
            peer: called.digits().unwrap().into(),
            room: self.sccp.room(NETWORK, &called, &local),
            local,
            remote: called,
            request,
            version: None,
            version_max: Version::V3,
            tag,
        };
        self.map.open(open, now()).unwrap();
    }

    fn on_map(&mut self, output: map::Output<Address>) {
        match output {
            map::Output::Send { local, remote, octets, sequence, first } => {
                self.on_tcap(tcap::Output::Send { local, remote, octets, sequence, first });
            }
            map::Output::Confirm { tag, version, result, .. } => {
                let sender = self.negotiations[usize::try_from(tag).unwrap()].take().unwrap();
                let _ = sender.send((version, result)); // the test may be over
            }
            other => panic!("{other:?}"),
        }
    }

    fn process(&mut self, batch: &mut Vec<sctp::Message>) {
        loop {
            let mut idle = true;
            while let Some(output) = self.m3ua.poll() {
                idle = false;
                self.on_m3ua(output, batch);
            }
            while let Some(output) = self.sccp.poll() {
                idle = false;
                self.on_sccp(output);
            }
            while let Some(output) = self.tcap.poll() {
                idle = false;
                self.on_tcap(output);
            }
            while let Some(output) = self.map.poll() {
                idle = false;
                self.on_map(output);
            }
            if idle {
                return;
            }
        }
    }

    fn on_m3ua(&mut self, output: m3ua::Output, batch: &mut Vec<sctp::Message>) {
        match output {
            m3ua::Output::Send { stream, octets, .. } => {
                batch.push(sctp::Message { stream, payload_protocol: 3, octets });
            }
            m3ua::Output::Transfer { transfer: Transfer { opc, dpc, sls, payload, .. }, .. } => {
                let input = sccp::Input::Transfer { network: NETWORK, opc, dpc, sls, payload };
                self.sccp.handle(input, now());
            }
            m3ua::Output::Server { state: ServerState::Active, .. } => {
                let state = PointCodeState::Available;
                let input = sccp::Input::PointCode { network: NETWORK, point_code: 2, state };
                self.sccp.handle(input, now());
                self.active.notify_one();
            }
            _ => {}
        }
    }

    fn on_sccp(&mut self, output: sccp::Output) {
        match output {
            sccp::Output::Transfer { opc, dpc, sls, payload, .. } => {
                let transfer = Transfer {
                    server: SERVER,
                    opc,
                    dpc,
                    service_indicator: 3,
                    network_indicator: 2,
                    priority: 0,
                    sls,
                    payload,
                };
                self.m3ua.handle(m3ua::Input::Transfer(transfer), now());
            }
            sccp::Output::Unitdata(unitdata) => {
                let sccp::Indication { called, calling, data, .. } = unitdata;
                let is_map = called.digits() == Some(OTHER_TITLE);
                let input = tcap::Input::Received { local: called, remote: calling, octets: data };
                if is_map { self.map.handle(input, now()) } else { self.tcap.handle(input, now()) }
            }
            sccp::Output::Notice { cause, data, .. } => {
                self.tcap.handle(tcap::Input::Undelivered { octets: data, cause: cause.0 }, now());
            }
            _ => {}
        }
    }

    fn on_tcap(&mut self, output: tcap::Output<Address>) {
        match output {
            tcap::Output::Send { local, remote, octets, sequence, first } => {
                self.send(remote, local, octets, sequence, first);
            }
            tcap::Output::Begun { dialogue, application_context, components, .. } => {
                self.begun(dialogue, application_context, components);
            }
            tcap::Output::Continued { dialogue, components, .. } => self.continued(dialogue, components),
            tcap::Output::Ended { dialogue, components, .. } => self.over(dialogue, components, End::Ended),
            tcap::Output::UserAborted { dialogue, reason, application_context, .. } => {
                let offered = application_context.and_then(|name| Context::from_oid(name.as_octets()));
                let offered = offered.map(|(_, number)| number);
                self.over(dialogue, Vec::new(), End::Aborted { reason, offered });
            }
            tcap::Output::ProviderAborted { dialogue, cause } => {
                self.over(dialogue, Vec::new(), End::ProviderAborted(cause));
            }
            tcap::Output::Undelivered { dialogue, cause } => {
                self.over(dialogue, Vec::new(), End::Returned(cause));
            }
            tcap::Output::Unanswered { dialogue, .. } | tcap::Output::TimedOut { dialogue } => {
                self.over(dialogue, Vec::new(), End::TimedOut);
            }
            tcap::Output::Rejected { dialogue, invoke_id, problem } => {
                if let Some(open) = self.open.get_mut(&dialogue) {
                    open.record.components.insert(0, Component::Reject { invoke_id, problem });
                }
            }
            _ => {}
        }
    }

    fn send(&mut self, called: Address, calling: Address, data: Bytes, sequence: u8, first: bool) {
        let unitdata = sccp::Unitdata {
            network: NETWORK,
            called,
            calling,
            sls: sequence & 15,
            in_sequence: true,
            return_on_error: first,
            data,
        };
        self.sccp.handle(sccp::Input::Unitdata(unitdata), now());
    }

    fn continued(&mut self, dialogue: DialogueId, components: Vec<Component>) {
        let Some(open) = self.open.get_mut(&dialogue) else {
            // The request of a node that opened with an empty BEGIN.
            self.answer(dialogue, components, Version::V3, Some(Context::ShortMsgMoRelay), None);
            return;
        };
        open.record.messages += 1;
        open.record.components.extend(components);
        let Some(request) = open.pending.pop_front() else {
            self.tcap.end(dialogue, None, Vec::new(), now()).unwrap();
            return self.over(dialogue, Vec::new(), End::Ended);
        };
        let invoke_id = i8::try_from(open.record.messages).unwrap() + 1;
        let invoke = invoke(&request, open.dialogue.version, invoke_id, open.dialogue.timeout);
        open.record.request = Some(request);
        self.tcap.proceed(dialogue, None, vec![invoke], now()).unwrap();
    }

    fn over(&mut self, dialogue: DialogueId, components: Vec<Component>, end: End) {
        let Some(mut open) = self.open.remove(&dialogue) else { return };
        open.record.messages += 1;
        open.record.components.extend(components);
        open.record.end = end;
        let _ = open.answer.send(open.record); // the test may be over
    }

    fn begun(&mut self, dialogue: DialogueId, name: Option<Oid>, components: Vec<Component>) {
        let (context, number) = match name {
            None => (None, 1),
            Some(name) => Context::from_oid(name.as_octets()).map(|(c, n)| (Some(c), n)).unwrap(),
        };
        let (version_max, plain, silent) = {
            let policy = self.policy.lock().unwrap();
            (policy.version_max, policy.plain_refusal, policy.silent)
        };
        if number > version_max {
            let offered = context.and_then(|context| self::name(context, Version::from_number(version_max)?));
            let reason = if plain { UserAbort::Plain } else { UserAbort::RefuseContext { offered } };
            self.tcap.abort(dialogue, reason, now());
            return;
        }
        let version = Version::from_number(number).unwrap();
        if components.is_empty() {
            let accepted = name.map(accept);
            self.tcap.proceed(dialogue, accepted, Vec::new(), now()).unwrap();
        } else if silent {
            self.tcap.release(dialogue, now());
        } else {
            self.answer(dialogue, components, version, context, name.map(accept));
        }
    }

    fn answer(
        &mut self,
        dialogue: DialogueId,
        components: Vec<Component>,
        version: Version,
        context: Option<Context>,
        acceptance: Option<DialogueAnswer>,
    ) {
        let mut answers = Vec::new();
        for component in components {
            let Component::Invoke { invoke_id, operation: Code::Local(code), parameter, .. } = component
            else {
                continue;
            };
            let parameter = parameter.as_ref().map(|octets| &octets[..]);
            let request = Request::read(code, context, version, parameter).unwrap();
            if request.is_answered(version) {
                answers.push(answer_to(&request, &self.policy.lock().unwrap().answer, invoke_id, version));
            }
            self.requests.send((version, request)).unwrap();
        }
        if answers.is_empty() {
            self.tcap.release(dialogue, now());
        } else {
            self.tcap.end(dialogue, acceptance, answers, now()).unwrap();
        }
    }
}

fn answer_to(
    request: &Request,
    answer: &Result<Response, MapError>,
    invoke_id: i8,
    version: Version,
) -> Component {
    match (request, answer) {
        (Request::MoForwardSm(_) | Request::AlertServiceCentre(_), Err(error)) => Component::Error {
            invoke_id,
            code: Code::Local(error.code(version)),
            parameter: error.write(version).unwrap().map(Into::into),
        },
        _ => Component::ResultLast { invoke_id, operation: None, parameter: None },
    }
}

fn accept(name: Oid) -> DialogueAnswer {
    DialogueAnswer { application_context: name, user_information: None }
}

fn invoke(request: &Request, version: Version, invoke_id: i8, timeout: Duration) -> Component {
    Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(request.code(version).unwrap()),
        parameter: Some(request.write(version).unwrap().into()),
        class: OperationClass::One,
        timeout,
    }
}

fn name(context: Context, version: Version) -> Option<Oid> {
    if version == Version::V1 { None } else { Oid::from_octets(&context.oid(version)) }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
