//! Deliveries to peers and registered users: outbound requests, and OPTIONS that monitor peers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sip::digest::Challenge;
use sip::header::{Contact, retry_after};
use sip::{Method, Name, Request, Response, Status, Transport, Uri, transport_for};
use smsc::delivery::{Delivery, DeliveryAck};
use smsc::failure::Failure;
use smsc::names::Name as ShortName;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::codes;
use crate::config::{ClientTls, Quirks};
use crate::context::{Context, bracketed};
use crate::convert::{self, Ends, RequestBuilder, header};
use crate::peer::{Peer, resolve};
use crate::registrar::Binding;
use crate::transactions::event::{Event, RequestError};
use crate::transport::connections::Target;
use crate::transport::{Hop, Way};

/// Challenges that one request answers; the second covers a nonce that has become stale.
const CHALLENGES_MAX: u8 = 2;

/// Seconds between OPTIONS to a peer that is down.
const DOWN_SECONDS: u64 = 5;

/// Delivers a message to a peer, once its window has a free permit.
pub(crate) async fn to_peer(
    context: Arc<Context>,
    name: ShortName,
    delivery: Delivery,
) -> Result<DeliveryAck, Failure> {
    let peer = context.peer(&name).ok_or(Failure::NoRoute)?;
    let permit = peer.window.clone().acquire_owned().await.map_err(|_| Failure::NoPeer)?;
    let outcome = send_all(&context, peer, &delivery).await;
    release(&context, peer, permit);
    Ok(DeliveryAck { remote_id: outcome?, via: name })
}

/// Sends every segment in turn; returns the id of the first in the peer, if the peer sends receipts.
async fn send_all(
    context: &Arc<Context>,
    peer: &Peer,
    delivery: &Delivery,
) -> Result<Option<ShortName>, Failure> {
    let builders = convert::request_builders(delivery, &peer.config.quirks)?;
    let wants_receipt = delivery.receipt_wanted || delivery.message.receipt.0 & 0x13 != 0;
    let mut remote_id = None;
    for builder in &builders {
        let answers = peer.answers();
        let answer = exchange_with_peer(context, peer, |ends, cseq| builder.request(ends, cseq)).await;
        // A peer that answered other requests meanwhile is up; only this request failed.
        update_state(context, peer, peer.answers() != answers);
        let headers = success_headers(answer.as_ref())?;
        // A notification repeats the Message-ID of the request, a receipt the id of the response.
        let id = builder.imdn_message_id().or_else(|| headers.get_named(header::MSG_ID)).map(ShortName::from);
        remote_id = remote_id.or(id);
    }
    Ok(remote_id.filter(|_| wants_receipt && peer.config.quirks.sends_receipts))
}

/// Sends a message to every contact of a registered user; one success is enough.
pub(crate) async fn to_user(
    context: Arc<Context>,
    name: ShortName,
    delivery: Delivery,
) -> Result<DeliveryAck, Failure> {
    let account = context.registrar.by_party(&name).ok_or(Failure::NoRoute)?;
    let bindings = account.bindings(context.now());
    let builders = convert::request_builders(&delivery, &Quirks::default())?;
    let builder = builders.first().ok_or(Failure::Unsupported)?;
    let mut attempts: FuturesUnordered<_> =
        bindings.iter().map(|binding| exchange_with_contact(&context, binding, builder)).collect();
    let mut failure = Failure::ABSENT;
    while let Some(answer) = attempts.next().await {
        match success_headers(answer.as_ref()) {
            Ok(_) => return Ok(DeliveryAck { remote_id: None, via: name }),
            // An unreachable contact does not decide the outcome.
            Err(Failure::Timeout | Failure::NoPeer) => {}
            Err(other) => failure = other,
        }
    }
    Err(failure)
}

/// Sends OPTIONS to a peer at an interval, and reports to the centre when the peer is up again.
pub(crate) async fn monitor(context: Arc<Context>, at: usize) {
    let Some(peer) = context.peers.get(at) else { return };
    let seconds = u64::from(peer.config.options_seconds);
    loop {
        let answer = exchange_with_peer(&context, peer, |ends, cseq| options(&context, ends, cseq)).await;
        let up = match answer {
            Ok(response) => !matches!(response.status, Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE),
            Err(_) => false,
        };
        set_peer_state(&context, peer, up);
        let pause = if up { seconds } else { seconds.min(DOWN_SECONDS) };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

fn options(context: &Context, ends: &Ends<'_>, cseq: u32) -> Request {
    let Ends { their_host, our_host, .. } = *ends;
    let mut request = Request::new(Method::Options, format!("sip:{their_host}"));
    let headers = &mut request.headers;
    headers.push(Name::MaxForwards, 70);
    headers.push(Name::From, format_args!("<sip:{our_host}>;tag={}", sip::tag(context.rng.next())));
    headers.push(Name::To, format_args!("<sip:{their_host}>"));
    headers.push(Name::CallId, sip::call_id(context.rng.next_wide(), our_host));
    headers.push(Name::CSeq, format_args!("{cseq} OPTIONS"));
    headers.push(Name::Accept, "text/plain");
    request
}

/// Returns a permit of the window and reports the free window to the centre.
fn release(context: &Context, peer: &Peer, permit: OwnedSemaphorePermit) {
    drop(permit);
    context.centre.endpoint_available(peer.endpoint());
}

/// Sets whether a peer is up. A peer that is down gets OPTIONS until it answers.
fn set_peer_state(context: &Context, peer: &Peer, up: bool) {
    if !peer.set_state(up) {
        return;
    }
    if up {
        tracing::info!(peer = peer.config.name, "SIP peer is up");
        context.centre.endpoint_available(peer.endpoint());
    } else {
        tracing::warn!(peer = peer.config.name, "SIP peer does not answer");
    }
}

/// The header fields of a 2xx response, or the failure that corresponds to the outcome.
fn success_headers(answer: Result<&Response, &RequestError>) -> Result<sip::Headers, Failure> {
    let response = match answer {
        Ok(response) => response,
        Err(RequestError::Timeout) => return Err(Failure::Timeout),
        Err(RequestError::Broken) => return Err(Failure::NoPeer),
    };
    let wait = response.headers.get(Name::RetryAfter).and_then(retry_after);
    match codes::failure(response.status, wait.map(|seconds| Duration::from_secs(seconds.into()))) {
        None => Ok(response.headers.clone()),
        Some(failure) => Err(failure),
    }
}

/// Where a request is sent.
struct NextHop {
    host: String,
    port: u16,
    transport: Transport,
    /// The Request-URI from a redirection.
    request_uri: Option<String>,
}

/// Sends one request to a peer, answers its digest challenges, and follows one redirection.
async fn exchange_with_peer(
    context: &Arc<Context>,
    peer: &Peer,
    builder: impl Fn(&Ends<'_>, u32) -> Request,
) -> Result<Response, RequestError> {
    let (host, port) = peer.target.clone();
    let mut next_hop = NextHop { host, port, transport: peer.config.transport.into(), request_uri: None };
    let (mut challenges, mut redirected) = (0, false);
    for cseq in 1.. {
        let response = send_to_peer(context, peer, &next_hop, |ends| builder(ends, cseq)).await?;
        peer.count_answer();
        let field = match response.status {
            Status::UNAUTHORIZED => Name::WwwAuthenticate,
            Status::PROXY_AUTHENTICATION_REQUIRED => Name::ProxyAuthenticate,
            Status::MOVED_PERMANENTLY | Status::MOVED_TEMPORARILY if !redirected => {
                redirected = true;
                match redirection(&response, next_hop.transport) {
                    Some(elsewhere) => next_hop = elsewhere,
                    None => return Ok(response),
                }
                continue;
            }
            _ => return Ok(response),
        };
        let challenge = Challenge::first_supported(&response.headers, field);
        let Some(challenge) =
            challenge.filter(|_| peer.config.outbound.is_some() && challenges < CHALLENGES_MAX)
        else {
            return Ok(response);
        };
        challenges += 1;
        let answer_field =
            if field == Name::WwwAuthenticate { Name::Authorization } else { Name::ProxyAuthorization };
        peer.remember(challenge, answer_field);
    }
    Err(RequestError::Broken)
}

/// Updates the state of a peer after a delivery. Without OPTIONS a peer stays up, since nothing would
/// detect that it answers again.
fn update_state(context: &Context, peer: &Peer, answered: bool) {
    if answered || peer.config.options_seconds > 0 {
        set_peer_state(context, peer, answered);
    }
}

async fn send_to_peer(
    context: &Arc<Context>,
    peer: &Peer,
    next_hop: &NextHop,
    builder: impl Fn(&Ends<'_>) -> Request,
) -> Result<Response, RequestError> {
    let NextHop { host, port, transport, request_uri } = next_hop;
    let address = if request_uri.is_some() { resolve(host, *port).await } else { peer.address().await };
    let address = address.ok_or(RequestError::Broken)?;
    let their_host = format!("{host}:{port}");
    let our_host = context.sent_by(*transport, address);
    let ends = Ends { request_uri: request_uri.as_deref(), their_host: &their_host, our_host: &our_host };
    let mut request = builder(&ends);
    peer.authorize(&mut request, &format!("{:016x}", context.rng.next()));
    let target = Target { transport: *transport, address, host, tls: &peer.config.tls };
    send_over(context, request, target).await
}

async fn exchange_with_contact(
    context: &Arc<Context>,
    binding: &Binding,
    builder: &RequestBuilder,
) -> Result<Response, RequestError> {
    let our_host = context.sent_by(binding.transport, binding.hop.source);
    let ends = Ends { request_uri: Some(&binding.contact), their_host: &our_host, our_host: &our_host };
    let request = builder.request(&ends, 1);
    match binding.hop.way {
        Way::Connection(_) => send_on(context, request, binding.hop, binding.transport).await,
        Way::Datagram { .. } => {
            let address = contact_address(binding);
            let host = bracketed(address.ip());
            let tls = ClientTls::default();
            let target = Target { transport: Transport::Udp, address, host: &host, tls: &tls };
            send_over(context, request, target).await
        }
    }
}

/// The address of a contact that registered over UDP: the one in its Contact if that host sent the
/// REGISTER, else the source address, since a NAT is in between.
fn contact_address(binding: &Binding) -> SocketAddr {
    let source = binding.hop.source;
    let uri = Uri::parse(&binding.contact).ok();
    let stated = uri.filter(|uri| uri.ip() == Some(source.ip()));
    stated.map_or(source, |uri| SocketAddr::new(source.ip(), uri.port.unwrap_or(5060)))
}

/// Sends a request over the transport that its size requires, and waits for the final response.
async fn send_over(
    context: &Arc<Context>,
    request: Request,
    target: Target<'_>,
) -> Result<Response, RequestError> {
    let Target { transport, address, .. } = target;
    // Reserves 100 octets for Via, which is added later.
    let transport = transport_for(transport, request.to_bytes().len() + 100);
    if transport != Transport::Udp {
        match context.connections.connect(Target { transport, ..target }).await {
            Ok(id) => {
                let hop = Hop { way: Way::Connection(id), source: address };
                return send_on(context, request, hop, transport).await;
            }
            // The peer has no TCP: a long datagram is sent instead (§18.1.1).
            Err(_) if target.transport == Transport::Udp => {}
            Err(error) => {
                tracing::debug!(%address, %error, "could not connect");
                return Err(RequestError::Broken);
            }
        }
    }
    let socket = context.socket_towards(address).ok_or(RequestError::Broken)?;
    let hop = Hop { way: Way::Datagram { socket, to: address }, source: address };
    send_on(context, request, hop, Transport::Udp).await
}

async fn send_on(
    context: &Context,
    mut request: Request,
    hop: Hop,
    transport: Transport,
) -> Result<Response, RequestError> {
    let sent_by = context.sent_by(transport, hop.source);
    let branch = sip::branch(context.rng.next_wide());
    request
        .headers
        .push_front(Name::Via, format_args!("SIP/2.0/{transport} {sent_by};branch={branch};rport"));
    let (reply, answer) = oneshot::channel();
    let request = Box::new(request);
    let sent = context.events.send(Event::Send { request, hop, transport, reply }).await;
    sent.map_err(|_| RequestError::Broken)?;
    answer.await.unwrap_or(Err(RequestError::Broken))
}

/// The first SIP URI of a 301 or 302.
fn redirection(response: &Response, transport: Transport) -> Option<NextHop> {
    let mut contacts = response.headers.elements(Name::Contact).map(Contact::parse);
    let uri = contacts.find_map(|contact| match contact {
        Ok(Contact::Address(address)) if matches!(address.uri.scheme, sip::uri::Scheme::Sip) => {
            Some(address.uri)
        }
        _ => None,
    })?;
    let named = uri.params.value("transport").and_then(Transport::parse);
    let transport = named.unwrap_or(transport);
    let port = uri.port.unwrap_or(transport.default_port());
    let request_uri = Uri { headers: None, ..uri }.to_string();
    Some(NextHop { host: uri.host.to_owned(), port, transport, request_uri: Some(request_uri) })
}
