//! Deliveries: requests that go out, until somebody takes the message or nobody will.

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
use crate::convert::{self, Draft, Ends, header};
use crate::peer::{Peer, resolve};
use crate::registrar::Binding;
use crate::site::{Site, bracketed};
use crate::transport::connections::Target;
use crate::transport::{Event, Hop, Lost, Way};

/// Challenges that one request answers; the second is for a nonce that went stale meanwhile.
const CHALLENGES_MAX: u8 = 2;

/// Seconds between questions whether a peer that is down is there again.
const DOWN_SECONDS: u64 = 5;

/// Hands a delivery to a peer, once its window has room.
pub(crate) async fn to_peer(
    site: Arc<Site>,
    name: ShortName,
    delivery: Delivery,
) -> Result<DeliveryAck, Failure> {
    let peer = site.peer(&name).ok_or(Failure::NoRoute)?;
    let permit = peer.window.clone().acquire_owned().await.map_err(|_| Failure::NoPeer)?;
    let taken = hand_over(&site, peer, &delivery).await;
    free(&site, peer, permit);
    Ok(DeliveryAck { remote_id: taken?, via: name })
}

/// Every part in turn; the peer's id for the first if it will send a receipt with it.
async fn hand_over(site: &Arc<Site>, peer: &Peer, delivery: &Delivery) -> Result<Option<ShortName>, Failure> {
    let drafts = convert::drafts(delivery, &peer.config.quirks)?;
    let asked = delivery.receipt_wanted || delivery.message.receipt.0 & 0x13 != 0;
    let mut remote_id = None;
    for draft in &drafts {
        let answers = peer.answers();
        let answer = exchange_with_peer(site, peer, |ends, cseq| draft.request(ends, cseq)).await;
        // One that answered others meanwhile is there, and this message alone is lost on it.
        note_answer(site, peer, peer.answers() != answers);
        let headers = judge(answer.as_ref())?;
        // A notification names the message by the id that it was asked for with, a receipt by the answer's.
        let id = draft.asked_id().or_else(|| headers.get_named(header::MSG_ID)).map(ShortName::from);
        remote_id = remote_id.or(id);
    }
    Ok(remote_id.filter(|_| asked && peer.config.quirks.sends_receipts))
}

/// Hands a delivery to every contact of a registered user; one that takes it is enough.
pub(crate) async fn to_user(
    site: Arc<Site>,
    name: ShortName,
    delivery: Delivery,
) -> Result<DeliveryAck, Failure> {
    let account = site.registrar.by_party(&name).ok_or(Failure::NoRoute)?;
    let bindings = account.bindings(site.now());
    let drafts = convert::drafts(&delivery, &Quirks::default())?;
    let draft = drafts.first().ok_or(Failure::Unsupported)?;
    let mut attempts: FuturesUnordered<_> =
        bindings.iter().map(|binding| exchange_with_contact(&site, binding, draft)).collect();
    let mut failure = Failure::ABSENT;
    while let Some(answer) = attempts.next().await {
        match judge(answer.as_ref()) {
            Ok(_) => return Ok(DeliveryAck { remote_id: None, via: name }),
            // A contact that is gone says nothing about the message.
            Err(Failure::Timeout | Failure::NoPeer) => {}
            Err(other) => failure = other,
        }
    }
    Err(failure)
}

/// Asks a peer again and again whether it is there, and tells the centre when it is back.
pub(crate) async fn watch(site: Arc<Site>, at: usize) {
    let Some(peer) = site.peers.get(at) else { return };
    let seconds = u64::from(peer.config.options_seconds);
    loop {
        let answer = exchange_with_peer(&site, peer, |ends, cseq| options(&site, ends, cseq)).await;
        let up = match answer {
            Ok(response) => !matches!(response.status, Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE),
            Err(_) => false,
        };
        note(&site, peer, up);
        let pause = if up { seconds } else { seconds.min(DOWN_SECONDS) };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

fn options(site: &Site, ends: &Ends<'_>, cseq: u32) -> Request {
    let Ends { their_host, our_host, .. } = *ends;
    let mut request = Request::new(Method::Options, format!("sip:{their_host}"));
    let headers = &mut request.headers;
    headers.push(Name::MaxForwards, 70);
    headers.push(Name::From, format_args!("<sip:{our_host}>;tag={}", sip::tag(site.chance.next())));
    headers.push(Name::To, format_args!("<sip:{their_host}>"));
    headers.push(Name::CallId, sip::call_id(site.chance.next_wide(), our_host));
    headers.push(Name::CSeq, format_args!("{cseq} OPTIONS"));
    headers.push(Name::Accept, "text/plain");
    request
}

/// Gives a window's permit back and says so.
fn free(site: &Site, peer: &Peer, permit: OwnedSemaphorePermit) {
    drop(permit);
    site.centre.endpoint_available(peer.endpoint());
}

/// Notes whether a peer answers. One that does not is asked by OPTIONS until it does.
fn note(site: &Site, peer: &Peer, up: bool) {
    if !peer.note_up(up) {
        return;
    }
    if up {
        tracing::info!(peer = peer.config.name, "SIP peer is up");
        site.centre.endpoint_available(peer.endpoint());
    } else {
        tracing::warn!(peer = peer.config.name, "SIP peer does not answer");
    }
}

/// The headers of a success, or what its absence means.
fn judge(answer: Result<&Response, &Lost>) -> Result<sip::Headers, Failure> {
    let response = match answer {
        Ok(response) => response,
        Err(Lost::Timeout) => return Err(Failure::Timeout),
        Err(Lost::Broken) => return Err(Failure::NoPeer),
    };
    let wait = response.headers.get(Name::RetryAfter).and_then(retry_after);
    match codes::failure(response.status, wait.map(|seconds| Duration::from_secs(seconds.into()))) {
        None => Ok(response.headers.clone()),
        Some(failure) => Err(failure),
    }
}

/// Where a request goes next.
struct Next {
    host: String,
    port: u16,
    transport: Transport,
    /// The Request-URI that a redirection asked for.
    request_uri: Option<String>,
}

/// One request to a peer, with what belongs to it: credentials where it asks for them, and one
/// redirection.
async fn exchange_with_peer(
    site: &Arc<Site>,
    peer: &Peer,
    draft: impl Fn(&Ends<'_>, u32) -> Request,
) -> Result<Response, Lost> {
    let (host, port) = peer.target.clone();
    let mut next = Next { host, port, transport: peer.config.transport.into(), request_uri: None };
    let (mut challenges, mut redirected) = (0, false);
    for cseq in 1.. {
        let response = ask_peer(site, peer, &next, |ends| draft(ends, cseq)).await?;
        peer.count_answer();
        let field = match response.status {
            Status::UNAUTHORIZED => Name::WwwAuthenticate,
            Status::PROXY_AUTHENTICATION_REQUIRED => Name::ProxyAuthenticate,
            Status::MOVED_PERMANENTLY | Status::MOVED_TEMPORARILY if !redirected => {
                redirected = true;
                match redirection(&response, next.transport) {
                    Some(elsewhere) => next = elsewhere,
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
    Err(Lost::Broken)
}

/// Notes what a message told about its peer. One that is not asked by OPTIONS is never taken
/// for gone: nobody would find out that it is back.
fn note_answer(site: &Site, peer: &Peer, answered: bool) {
    if answered || peer.config.options_seconds > 0 {
        note(site, peer, answered);
    }
}

async fn ask_peer(
    site: &Arc<Site>,
    peer: &Peer,
    next: &Next,
    draft: impl Fn(&Ends<'_>) -> Request,
) -> Result<Response, Lost> {
    let Next { host, port, transport, request_uri } = next;
    let address = if request_uri.is_some() { resolve(host, *port).await } else { peer.address().await };
    let address = address.ok_or(Lost::Broken)?;
    let their_host = format!("{host}:{port}");
    let our_host = site.sent_by(*transport, address);
    let ends = Ends { request_uri: request_uri.as_deref(), their_host: &their_host, our_host: &our_host };
    let mut request = draft(&ends);
    peer.authorize(&mut request, &format!("{:016x}", site.chance.next()));
    let target = Target { transport: *transport, address, host, tls: &peer.config.tls };
    ask(site, request, target).await
}

async fn exchange_with_contact(site: &Arc<Site>, binding: &Binding, draft: &Draft) -> Result<Response, Lost> {
    let our_host = site.sent_by(binding.transport, binding.hop.source);
    let ends = Ends { request_uri: Some(&binding.contact), their_host: &our_host, our_host: &our_host };
    let request = draft.request(&ends, 1);
    match binding.hop.way {
        Way::Connection(_) => send(site, request, binding.hop, binding.transport).await,
        Way::Datagram { .. } => {
            let address = contact_address(binding);
            let host = bracketed(address.ip());
            let tls = ClientTls::default();
            let target = Target { transport: Transport::Udp, address, host: &host, tls: &tls };
            ask(site, request, target).await
        }
    }
}

/// Where a contact that registered over UDP is: at its Contact's address if the REGISTER came
/// from that host, else where it came from, since then a NAT stands between.
fn contact_address(binding: &Binding) -> SocketAddr {
    let source = binding.hop.source;
    let uri = Uri::parse(&binding.contact).ok();
    let stated = uri.filter(|uri| uri.ip() == Some(source.ip()));
    stated.map_or(source, |uri| SocketAddr::new(source.ip(), uri.port.unwrap_or(5060)))
}

/// Sends a request over the transport that its size asks for, and waits for the final answer.
async fn ask(site: &Arc<Site>, request: Request, target: Target<'_>) -> Result<Response, Lost> {
    let Target { transport, address, .. } = target;
    // Via is not there yet: some 100 octets.
    let transport = transport_for(transport, request.to_bytes().len() + 100);
    if transport != Transport::Udp {
        match site.connections.to(site, Target { transport, ..target }).await {
            Ok(id) => {
                let hop = Hop { way: Way::Connection(id), source: address };
                return send(site, request, hop, transport).await;
            }
            // It has no TCP: a long datagram may arrive, a refused connection does not (§18.1.1).
            Err(_) if target.transport == Transport::Udp => {}
            Err(error) => {
                tracing::debug!(%address, %error, "could not connect");
                return Err(Lost::Broken);
            }
        }
    }
    let socket = site.socket_towards(address).ok_or(Lost::Broken)?;
    let hop = Hop { way: Way::Datagram { socket, to: address }, source: address };
    send(site, request, hop, Transport::Udp).await
}

async fn send(site: &Site, mut request: Request, hop: Hop, transport: Transport) -> Result<Response, Lost> {
    let sent_by = site.sent_by(transport, hop.source);
    let branch = sip::branch(site.chance.next_wide());
    request
        .headers
        .push_front(Name::Via, format_args!("SIP/2.0/{transport} {sent_by};branch={branch};rport"));
    let (reply, answer) = oneshot::channel();
    let request = Box::new(request);
    let sent = site.events.send(Event::Send { request, hop, transport, reply }).await;
    sent.map_err(|_| Lost::Broken)?;
    answer.await.unwrap_or(Err(Lost::Broken))
}

/// The first SIP URI of a 301 or 302.
fn redirection(response: &Response, transport: Transport) -> Option<Next> {
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
    Some(Next { host: uri.host.to_owned(), port, transport, request_uri: Some(request_uri) })
}
