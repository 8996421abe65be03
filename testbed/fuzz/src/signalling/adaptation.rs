//! Fuzz target for M3UA (RFC 4666).

use std::time::Instant;

use bytes::Bytes;
use m3ua::{
    Exchange, Input, LinkId, LinkSettings, M3ua, Message, Output, Role, RoutingKey, ServerId, ServerSettings,
    Settings, Timers, TrafficMode,
};

/// M3UA messages one after the other, as over TCP, to a node of every role: a message that is read is
/// written so that it reads the same, and a node sends on streams that exist.
pub(crate) fn m3ua(octets: &[u8]) {
    let messages = messages(octets);
    for octets in &messages {
        if let Ok(message) = Message::decode(octets) {
            let again = Message::decode(&message.encode());
            assert!(
                again.is_ok_and(|again| again == message),
                "a value that was read is written differently"
            );
        }
    }
    let ipsp = |exchange, initiates| Role::Ipsp { exchange, initiates };
    let (single, double) = (ipsp(Exchange::Single, false), ipsp(Exchange::Double, true));
    for role in [Role::Asp, Role::Sgp, single, double] {
        let Ok(mut node) = M3ua::new(settings(role)) else { continue };
        live(&mut node, &messages);
    }
}

fn messages(octets: &[u8]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(octets);
    let mut messages = Vec::new();
    while let Ok(Some(length)) = m3ua::framed(&rest) {
        messages.push(rest.split_to(length.min(rest.len())));
    }
    messages.push(rest);
    messages
}

fn live(node: &mut M3ua, messages: &[Bytes]) {
    const STREAMS: u16 = 3;
    #[allow(clippy::disallowed_methods, reason = "virtual time needs a moment to start from")]
    let mut now = Instant::now();
    let link = LinkId(0);
    node.handle(Input::Connected { link, streams: STREAMS }, now);
    for octets in messages {
        node.handle(Input::Received { link, stream: 0, octets: octets.clone() }, now);
        while let Some(output) = node.poll() {
            if let Output::Send { stream, octets, .. } = output {
                assert!(stream < STREAMS && Message::decode(&octets).is_ok(), "an output cannot be read");
            }
        }
    }
    for _ in 0..4 {
        now = node.deadline().unwrap_or(now).max(now);
        node.handle(Input::Tick, now);
    }
    node.handle(Input::Stop, now);
    while node.poll().is_some() {}
}

fn settings(role: Role) -> Settings {
    let server = |routing_context, registers| ServerSettings {
        name: String::new(),
        routing_context,
        network_appearance: None,
        traffic_mode: TrafficMode::Loadshare,
        minimum_active: 1,
        registers,
        point_codes: vec![1, 2, 5],
    };
    let key = RoutingKey { local_identifier: 9, dpc: 1, service_indicators: vec![3], opcs: Vec::new() };
    Settings {
        links: vec![LinkSettings {
            name: String::new(),
            role,
            asp_identifier: None,
            servers: vec![ServerId(0), ServerId(1)],
        }],
        servers: vec![server(Some(100), None), server(None, Some(key))],
        timers: Timers::default(),
        pending_max: 4,
    }
}
