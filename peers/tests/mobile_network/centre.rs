//! A centre for the tests: one application server process over TCP that asks what it is told to,
//! and answers what phones send as it is told to.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use m3ua::{
    LinkId, LinkSettings, M3ua, Role, ServerId, ServerSettings, ServerState, Timers, TrafficMode, Transfer,
};
use map::{Context, MapError, Request, Response, Version};
use sccp::{
    Address, Destination, GlobalTitle, Network, NetworkId, PointCodeState, Remote, Sccp, TranslationRule,
};
use sctp::{BadFrame, Endpoint, Framing, Transport, Tuning};
use tcap::{
    AbortReason, Begin, Code, Component, DialogueAnswer, DialogueId, Oid, OperationClass, PAbortCause, Tcap,
    UserAbort,
};
use tokio::sync::{mpsc, oneshot};

pub(crate) const TITLE: &str = "15550001000";
const LINK: LinkId = LinkId(0);
const SERVER: ServerId = ServerId(0);
const NETWORK: NetworkId = NetworkId(0);

/// How a dialogue that the centre opened came to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Ended,
    Aborted { reason: AbortReason, offered: Option<u8> },
    ProviderAborted(PAbortCause),
    Returned(u8),
    TimedOut,
}

/// All that a node said in a dialogue.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) components: Vec<Component>,
    pub(crate) end: End,
    /// Messages of the node.
    pub(crate) messages: usize,
    request: Option<Request>,
}

/// What to ask.
pub(crate) struct Ask {
    pub(crate) called: Address,
    pub(crate) version: Version,
    pub(crate) requests: Vec<Request>,
    pub(crate) empty_begin: bool,
    pub(crate) patience: Duration,
}

/// How the centre behaves.
pub(crate) struct Policy {
    pub(crate) answer: Result<Response, MapError>,
    pub(crate) version_max: u8,
    /// Refuse a higher version without a word, as nodes of version 1 do.
    pub(crate) plain_refusal: bool,
    pub(crate) silent: bool,
}

pub(crate) struct Centre {
    asks: mpsc::UnboundedSender<(Ask, oneshot::Sender<Said>)>,
    received: mpsc::UnboundedReceiver<(Version, Request)>,
    pub(crate) policy: Arc<Mutex<Policy>>,
    active: Arc<tokio::sync::Notify>,
}

impl Centre {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let endpoint = Endpoint {
            transport: Transport::Tcp,
            local: Vec::new(),
            remote: vec![address],
            tuning: Tuning::default(),
        };
        let framing = Framing {
            payload_protocol: 3,
            length: |head| m3ua::framed(head).map_err(|_| BadFrame("no M3UA")),
        };
        let association = sctp::connect(&endpoint, framing, Duration::from_secs(5)).await.unwrap();
        let (asks, asked) = mpsc::unbounded_channel();
        let (tell, received) = mpsc::unbounded_channel();
        let policy = Policy {
            answer: Ok(Response::MoForwardSm(map::operation::ForwardSmRes::default())),
            version_max: 3,
            plain_refusal: false,
            silent: false,
        };
        let policy = Arc::new(Mutex::new(policy));
        let active = Arc::new(tokio::sync::Notify::new());
        let node = Node {
            m3ua: m3ua(),
            sccp: sccp(),
            tcap: Tcap::new(tcap::Settings { first: 0x77_0000, ..tcap::Settings::default() }),
            open: HashMap::new(),
            tell,
            policy: Arc::clone(&policy),
            active: Arc::clone(&active),
        };
        tokio::spawn(node.run(association, asked));
        let centre = Self { asks, received, policy, active };
        tokio::time::timeout(Duration::from_secs(5), centre.active.notified()).await.unwrap();
        centre
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Said {
        let (said, heard) = oneshot::channel();
        self.asks.send((ask, said)).ok().unwrap();
        tokio::time::timeout(Duration::from_secs(10), heard).await.expect("no end").unwrap()
    }

    /// Asks one thing in the usual way.
    pub(crate) async fn request(&self, called: Address, version: Version, request: Request) -> Said {
        let patience = Duration::from_secs(5);
        self.ask(Ask { called, version, requests: vec![request], empty_begin: false, patience }).await
    }

    /// The next request of a node.
    pub(crate) async fn received(&mut self) -> (Version, Request) {
        tokio::time::timeout(Duration::from_secs(10), self.received.recv())
            .await
            .expect("nothing came")
            .unwrap()
    }
}

impl Centre {
    /// Waits for the next request, or until the association is gone, which it returns.
    pub(crate) async fn is_gone(&mut self) -> bool {
        self.received.recv().await.is_none()
    }
}

impl Said {
    /// The result or the error of the last request.
    pub(crate) fn result(&self, version: Version) -> Result<Response, MapError> {
        let request = self.request.as_ref().unwrap();
        for component in self.components.iter().rev() {
            match component {
                Component::ResultLast { parameter, .. } => {
                    return Ok(Response::read(request, parameter.as_ref().map(|octets| &octets[..])).unwrap());
                }
                Component::Error { code: Code::Local(code), parameter, .. } => {
                    let error = MapError::read(*code, parameter.as_ref().map(|octets| &octets[..]));
                    assert_eq!(error.code(version), *code, "an error of another version");
                    return Err(error);
                }
                _ => {}
            }
        }
        panic!("neither result nor error: {self:?}")
    }

    /// What the node asked in the dialogue, such as informServiceCentre.
    pub(crate) fn invoked(&self, version: Version) -> Vec<Request> {
        let read = |component: &Component| match component {
            Component::Invoke { operation: Code::Local(code), parameter, .. } => {
                let parameter = parameter.as_ref().map(|octets| &octets[..]);
                Some(Request::read(*code, Some(Context::ShortMsgGateway), version, parameter).unwrap())
            }
            _ => None,
        };
        self.components.iter().filter_map(read).collect()
    }
}

pub(crate) fn title(digits: &str, subsystem: u8) -> Address {
    Address::gt(GlobalTitle::e164(digits).unwrap(), subsystem)
}

struct Open {
    ask: Ask,
    waiting: VecDeque<Request>,
    said: Said,
    answer: oneshot::Sender<Said>,
}

struct Node {
    m3ua: M3ua,
    sccp: Sccp,
    tcap: Tcap<Address>,
    open: HashMap<DialogueId, Open>,
    tell: mpsc::UnboundedSender<(Version, Request)>,
    policy: Arc<Mutex<Policy>>,
    active: Arc<tokio::sync::Notify>,
}

impl Node {
    async fn run(
        mut self,
        association: sctp::Association,
        mut asked: mpsc::UnboundedReceiver<(Ask, oneshot::Sender<Said>)>,
    ) {
        let streams = association.streams();
        let (sender, mut receiver) = association.split();
        self.m3ua.handle(m3ua::Input::Connected { link: LINK, streams }, now());
        let mut events = Vec::new();
        loop {
            let mut batch = Vec::new();
            self.turn(&mut batch);
            if !batch.is_empty() && sender.send_all(batch).await.is_err() {
                return;
            }
            let dues = [self.m3ua.deadline(), self.sccp.deadline(), self.tcap.deadline()];
            let due = dues.into_iter().flatten().min().unwrap_or(now() + Duration::from_secs(3600));
            tokio::select! {
                ended = receiver.receive_all(&mut events) => if ended.is_err() { return },
                ask = asked.recv() => match ask {
                    Some((ask, answer)) => self.begin(ask, answer),
                    None => return,
                },
                () = tokio::time::sleep_until(due.into()) => {
                    self.m3ua.handle(m3ua::Input::Tick, now());
                    self.sccp.handle(sccp::Input::Tick, now());
                    self.tcap.handle(tcap::Input::Tick, now());
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

    fn begin(&mut self, ask: Ask, answer: oneshot::Sender<Said>) {
        let mut waiting = VecDeque::from(ask.requests.clone());
        let context = ask.requests[0].context();
        let first = if ask.empty_begin { None } else { waiting.pop_front() };
        let components = first.iter().map(|request| invoke(request, ask.version, 1, ask.patience)).collect();
        let begin = Begin {
            local: title(TITLE, 8),
            remote: ask.called.clone(),
            application_context: name(context, ask.version),
            user_information: None,
            components,
            idle: Some(ask.patience),
        };
        let said = Said { components: Vec::new(), end: End::TimedOut, messages: 0, request: first };
        let dialogue = self.tcap.begin(begin, now()).unwrap();
        self.open.insert(dialogue, Open { ask, waiting, said, answer });
    }

    fn turn(&mut self, batch: &mut Vec<sctp::Message>) {
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
                self.tcap
                    .handle(tcap::Input::Received { local: called, remote: calling, octets: data }, now());
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
                let unitdata = sccp::Unitdata {
                    network: NETWORK,
                    called: remote,
                    calling: local,
                    sls: sequence & 15,
                    in_sequence: true,
                    return_on_error: first,
                    data: octets,
                };
                self.sccp.handle(sccp::Input::Unitdata(unitdata), now());
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
                    open.said.components.insert(0, Component::Reject { invoke_id, problem });
                }
            }
            _ => {}
        }
    }

    fn continued(&mut self, dialogue: DialogueId, components: Vec<Component>) {
        let Some(open) = self.open.get_mut(&dialogue) else {
            // A node that opened with nothing now asks.
            self.answer(dialogue, components, Version::V3, Some(Context::ShortMsgMoRelay), None);
            return;
        };
        open.said.messages += 1;
        open.said.components.extend(components);
        let Some(request) = open.waiting.pop_front() else {
            self.tcap.end(dialogue, None, Vec::new(), now()).unwrap();
            return self.over(dialogue, Vec::new(), End::Ended);
        };
        let invoke_id = i8::try_from(open.said.messages).unwrap() + 1;
        let invoke = invoke(&request, open.ask.version, invoke_id, open.ask.patience);
        open.said.request = Some(request);
        self.tcap.proceed(dialogue, None, vec![invoke], now()).unwrap();
    }

    fn over(&mut self, dialogue: DialogueId, components: Vec<Component>, end: End) {
        let Some(mut open) = self.open.remove(&dialogue) else { return };
        open.said.messages += 1;
        open.said.components.extend(components);
        open.said.end = end;
        let _the_test_may_be_over = open.answer.send(open.said);
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
        accepted: Option<DialogueAnswer>,
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
            self.tell.send((version, request)).unwrap();
        }
        if answers.is_empty() {
            self.tcap.release(dialogue, now());
        } else {
            self.tcap.end(dialogue, accepted, answers, now()).unwrap();
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
        (Request::MoForwardSm(_), Err(error)) => Component::Error {
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

fn m3ua() -> M3ua {
    M3ua::new(m3ua::Settings {
        links: vec![LinkSettings {
            name: "gateway".into(),
            role: Role::Asp,
            asp_identifier: None,
            servers: vec![SERVER],
        }],
        servers: vec![ServerSettings {
            name: "centre".into(),
            routing_context: Some(100),
            network_appearance: None,
            traffic_mode: TrafficMode::Loadshare,
            minimum_active: 1,
            registers: None,
            point_codes: Vec::new(),
        }],
        timers: Timers::default(),
        pending_max: 1000,
    })
    .unwrap()
}

fn sccp() -> Sccp {
    let ours = TranslationRule {
        pattern: TITLE.parse().unwrap(),
        destination: Destination::Local,
        ..TranslationRule::default()
    };
    let theirs = TranslationRule { destination: Destination::Solitary(2), ..TranslationRule::default() };
    Sccp::new(sccp::Settings {
        networks: vec![Network {
            id: NETWORK,
            point_codes: vec![1],
            network_indicator: 2,
            remotes: vec![Remote { takes_xudt: true, ..Remote::new(2) }],
            subsystems: vec![8],
        }],
        rules: vec![ours, theirs],
        ..sccp::Settings::default()
    })
    .unwrap()
}
