//! Routing key management: registration and deregistration, both sides (RFC 4666 §3.6, §4.4).

use std::time::Instant;

use codec::error_code;

use crate::link::{ProcessState, Shutdown};
use crate::message::{nested, parameters, quads, tags};
use crate::node::{M3ua, Refusal};
use crate::ssnm_asp::packed;
use crate::{Error, Kind, LinkId, Message, Parameter, RoutingKey, ServerId, TrafficMode};

/// Registration status (RFC 4666 §3.6.2).
mod registration {
    pub(super) const REGISTERED: u32 = 0;
    pub(super) const UNIQUE_ROUTING: u32 = 6;
    pub(super) const NOT_PROVISIONED: u32 = 7;
    pub(super) const TRAFFIC_MODE: u32 = 10;
    pub(super) const ALREADY: u32 = 12;
}

/// Deregistration status (RFC 4666 §3.6.4).
mod deregistration {
    pub(super) const DEREGISTERED: u32 = 0;
    pub(super) const INVALID_CONTEXT: u32 = 2;
    pub(super) const PERMISSION_DENIED: u32 = 3;
    pub(super) const NOT_REGISTERED: u32 = 4;
    pub(super) const ACTIVE: u32 = 5;
}

/// A routing key in a REG REQ.
struct KeyRequest {
    key: RoutingKey,
    context: Option<u32>,
    mode: Option<u32>,
}

impl M3ua {
    /// Sends REG REQ for every key that is not registered. Whether it was sent.
    pub(crate) fn register(&mut self, id: LinkId, again: bool) -> bool {
        let mut request = Message::new(Kind::RegReq);
        let mut any = false;
        for server in self.servers_of(id) {
            let Some(settings) = self.settings.servers.get(usize::from(server.0)) else { continue };
            let Some(key) = settings.registers.as_ref() else { continue };
            let (mode, context) = (settings.traffic_mode, settings.routing_context);
            let appearance = settings.network_appearance;
            let value = encode_key(key, context, mode, appearance);
            let Some(member) = self.member_mut(id, server) else { continue };
            let due = member.own == ProcessState::Idle || (again && member.own == ProcessState::Registering);
            if member.unregistered && due {
                member.own = ProcessState::Registering;
                request = request.with(tags::ROUTING_KEY, value);
                any = true;
            }
        }
        if any {
            self.send(id, &request);
        }
        any
    }

    pub(crate) fn registration_response(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        if !self.link(id).is_some_and(|link| link.acts_as_asp && link.own_up) {
            return Err(Refusal::unexpected());
        }
        let results = message.parameters().iter().filter(|found| found.tag == tags::REGISTRATION_RESULT);
        for result in results {
            let result = inner(result)?;
            let identifier = required(&result, tags::LOCAL_ROUTING_KEY_ID)?;
            let status = required(&result, tags::REGISTRATION_STATUS)?;
            let context = result.number(tags::ROUTING_CONTEXT)?;
            if !matches!(status, registration::REGISTERED | registration::ALREADY) {
                continue;
            }
            let matching = |server: &ServerId| {
                let key = self.server_settings(*server).and_then(|server| server.registers.as_ref());
                key.is_some_and(|key| key.local_identifier == identifier)
            };
            let server = self.servers_of(id).into_iter().find(matching);
            let member = server.and_then(|server| self.member_mut(id, server));
            if let Some(member) = member.filter(|member| member.own == ProcessState::Registering) {
                member.own = ProcessState::Idle;
                member.unregistered = false;
                member.routing_context = match status {
                    registration::REGISTERED => context.or(member.routing_context),
                    _ => member.routing_context.or(context.filter(|&context| context != 0)),
                };
            }
        }
        self.advance(id, false, now);
        Ok(())
    }

    /// Sends DEREG REQ for every key that is registered. Whether it was sent.
    pub(crate) fn deregister(&mut self, id: LinkId) -> bool {
        let mut contexts = Vec::new();
        for server in self.servers_of(id) {
            let registers = self.server_settings(server).is_some_and(|server| server.registers.is_some());
            let member = self.link(id).filter(|link| link.acts_as_asp).and_then(|link| link.member(server));
            let registered = member.filter(|member| registers && !member.unregistered);
            contexts.extend(registered.and_then(|member| member.routing_context));
        }
        if contexts.is_empty() {
            return false;
        }
        self.send(id, &Message::new(Kind::DeregReq).with_numbers(tags::ROUTING_CONTEXT, &contexts));
        true
    }

    pub(crate) fn deregistration_response(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let shutdown = self.link(id).filter(|link| link.acts_as_asp).and_then(|link| link.shutdown);
        if shutdown != Some(Shutdown::Deregister) {
            return Err(Refusal::unexpected());
        }
        let results = message.parameters().iter().filter(|found| found.tag == tags::DEREGISTRATION_RESULT);
        for result in results {
            let context = required(&inner(result)?, tags::ROUTING_CONTEXT)?;
            let Some(link) = self.link_mut(id) else { continue };
            let known = link.members.iter_mut().filter(|member| member.routing_context == Some(context));
            known.for_each(|member| member.unregistered = true);
        }
        self.shut_down(id, now);
        Ok(())
    }

    pub(crate) fn registration_request(&mut self, id: LinkId, message: &Message) -> Result<(), Refusal> {
        self.check_registration_allowed(id)?;
        let keys = message.parameters().iter().filter(|found| found.tag == tags::ROUTING_KEY);
        let requests: Vec<KeyRequest> = keys.map(decode_key).collect::<Result<_, _>>()?;
        if requests.is_empty() {
            return Err(Error::Missing(tags::ROUTING_KEY).into());
        }
        let mut response = Message::new(Kind::RegRsp);
        let mut registered = Vec::new();
        for request in requests {
            let (status, context, server) = self.register_peer(id, &request);
            registered.extend(server);
            let result = nested(&[
                number(tags::LOCAL_ROUTING_KEY_ID, request.key.local_identifier),
                number(tags::REGISTRATION_STATUS, status),
                number(tags::ROUTING_CONTEXT, context),
            ]);
            response = response.with(tags::REGISTRATION_RESULT, result);
        }
        self.send(id, &response);
        for server in registered {
            self.notify_state(server, Some(id));
        }
        Ok(())
    }

    pub(crate) fn deregistration_request(&mut self, id: LinkId, message: &Message) -> Result<(), Refusal> {
        self.check_registration_allowed(id)?;
        let contexts = message.routing_contexts()?;
        if contexts.is_empty() {
            return Err(Error::Missing(tags::ROUTING_CONTEXT).into());
        }
        let mut response = Message::new(Kind::DeregRsp);
        for context in contexts {
            let status = self.deregister_peer(id, context);
            let result = nested(&[
                number(tags::ROUTING_CONTEXT, context),
                number(tags::DEREGISTRATION_STATUS, status),
            ]);
            response = response.with(tags::DEREGISTRATION_RESULT, result);
        }
        self.send(id, &response);
        Ok(())
    }

    /// Checks that the link supports registration and that its state allows it.
    fn check_registration_allowed(&mut self, id: LinkId) -> Result<(), Refusal> {
        let registers = self
            .servers_of(id)
            .into_iter()
            .any(|server| self.server_settings(server).is_some_and(|server| server.registers.is_some()));
        if !registers {
            return Err(Refusal::new(error_code::UNSUPPORTED_MESSAGE_TYPE));
        }
        let link = self.sgp_link(id)?;
        if link.peer_up && link.shutdown.is_none() { Ok(()) } else { Err(Refusal::unexpected()) }
    }

    /// The registration status, the routing context or 0, and the application server if it is new.
    fn register_peer(&mut self, id: LinkId, request: &KeyRequest) -> (u32, u32, Option<ServerId>) {
        let provisioned = |server: &ServerId| {
            let key = self.server_settings(*server).and_then(|server| server.registers.as_ref());
            key.is_some_and(|key| is_same_key(key, &request.key))
        };
        let Some(server) = self.servers_of(id).into_iter().find(provisioned) else {
            return (registration::NOT_PROVISIONED, 0, None);
        };
        let settings = self.server_settings(server);
        let mode = settings.map(|settings| settings.traffic_mode.number());
        let configured = settings.and_then(|settings| settings.routing_context);
        if request.mode.is_some() && request.mode != mode {
            return (registration::TRAFFIC_MODE, 0, None);
        }
        let fallback = u32::from(server.0).saturating_add(1);
        let context = configured.or(request.context).unwrap_or(fallback);
        let Some(link) = self.link_mut(id) else { return (registration::NOT_PROVISIONED, 0, None) };
        let mut others = link.members.iter().filter(|member| member.server != server);
        if others.any(|member| member.routing_context == Some(context)) {
            return (registration::UNIQUE_ROUTING, 0, None);
        }
        let Some(member) = link.member_mut(server) else { return (registration::NOT_PROVISIONED, 0, None) };
        if !member.unregistered {
            return (registration::ALREADY, member.routing_context.unwrap_or_default(), None);
        }
        member.unregistered = false;
        member.routing_context = Some(context);
        (registration::REGISTERED, context, Some(server))
    }

    fn deregister_peer(&mut self, id: LinkId, context: u32) -> u32 {
        let Some(link) = self.link(id) else { return deregistration::INVALID_CONTEXT };
        let found = link.members.iter().find(|member| member.routing_context == Some(context));
        let Some((server, active)) = found.map(|member| (member.server, member.peer_active)) else {
            return deregistration::INVALID_CONTEXT;
        };
        if self.server_settings(server).is_none_or(|server| server.registers.is_none()) {
            return deregistration::PERMISSION_DENIED;
        }
        if active {
            return deregistration::ACTIVE;
        }
        let Some(member) = self.member_mut(id, server) else { return deregistration::INVALID_CONTEXT };
        if std::mem::replace(&mut member.unregistered, true) {
            deregistration::NOT_REGISTERED
        } else {
            deregistration::DEREGISTERED
        }
    }
}

fn encode_key(
    key: &RoutingKey,
    context: Option<u32>,
    mode: TrafficMode,
    appearance: Option<u32>,
) -> bytes::Bytes {
    let mut parts = vec![number(tags::LOCAL_ROUTING_KEY_ID, key.local_identifier)];
    parts.extend(context.map(|context| number(tags::ROUTING_CONTEXT, context)));
    parts.push(number(tags::TRAFFIC_MODE_TYPE, mode.number()));
    parts.push(number(tags::DESTINATION_POINT_CODE, packed((0, key.dpc))));
    parts.extend(appearance.map(|appearance| number(tags::NETWORK_APPEARANCE, appearance)));
    if !key.service_indicators.is_empty() {
        let value = bytes::Bytes::copy_from_slice(&key.service_indicators);
        parts.push(Parameter { tag: tags::SERVICE_INDICATORS, value });
    }
    if !key.opcs.is_empty() {
        let opcs: Vec<u32> = key.opcs.iter().map(|&opc| packed((0, opc))).collect();
        parts.push(Parameter { tag: tags::ORIGINATING_POINT_CODE_LIST, value: quads(&opcs) });
    }
    nested(&parts)
}

fn decode_key(parameter: &Parameter) -> Result<KeyRequest, Error> {
    let found = inner(parameter)?;
    let opcs = found.numbers(tags::ORIGINATING_POINT_CODE_LIST)?;
    Ok(KeyRequest {
        key: RoutingKey {
            local_identifier: required(&found, tags::LOCAL_ROUTING_KEY_ID)?,
            dpc: required(&found, tags::DESTINATION_POINT_CODE)?,
            service_indicators: found
                .first(tags::SERVICE_INDICATORS)
                .map(|value| value.to_vec())
                .unwrap_or_default(),
            opcs,
        },
        context: found.number(tags::ROUTING_CONTEXT)?,
        mode: found.number(tags::TRAFFIC_MODE_TYPE)?,
    })
}

/// Whether two keys select the same traffic, regardless of their identifiers.
fn is_same_key(one: &RoutingKey, other: &RoutingKey) -> bool {
    let sorted = |key: &RoutingKey| {
        let (mut indicators, mut opcs) = (key.service_indicators.clone(), key.opcs.clone());
        indicators.sort_unstable();
        opcs.sort_unstable();
        (key.dpc, indicators, opcs)
    };
    sorted(one) == sorted(other)
}

/// The parameters inside a parameter, with the accessors of a message.
fn inner(parameter: &Parameter) -> Result<Message, Error> {
    let found = parameters(&parameter.value)?;
    Ok(found.into_iter().fold(Message::new(Kind::RegReq), |all, one| all.with(one.tag, one.value)))
}

fn required(message: &Message, tag: u16) -> Result<u32, Error> {
    message.number(tag)?.ok_or(Error::Missing(tag))
}

fn number(tag: u16, number: u32) -> Parameter {
    Parameter { tag, value: quads(&[number]) }
}
