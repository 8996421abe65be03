//! The sendRoutingInfoForSM request to the HLR (TS 29.002 §12.1).

use map::operation::RoutingInfoForSmArg;
use map::{AddressString, Request, Response};
use smsc::failure::Failure;
use smsc::names::Name;

use crate::codes;
use crate::config::Phase;
use crate::mt::context::MtContext;
use crate::mt::routing_info::RoutingInfo;
use crate::network_context::NetworkContext;
use crate::signalling::confirmation::Fault;
use crate::signalling::stack::Opening;

/// The routing information of a phone, from the cache or else from its HLR.
///
/// # Errors
/// The failure of the HLR's answer.
pub(crate) async fn cached(
    context: &MtContext,
    network: &NetworkContext,
    number: &Name,
) -> Result<RoutingInfo, Failure> {
    if let Some(routing_info) = context.routing_infos.get(network, number) {
        return Ok(routing_info);
    }
    let routing_info = request(context, network, number).await?;
    context.routing_infos.insert(network, number, &routing_info);
    Ok(routing_info)
}

/// Requests routing information from the HLR, without the cache.
///
/// # Errors
/// The failure of the HLR's answer.
pub(crate) async fn request(
    context: &MtContext,
    network: &NetworkContext,
    number: &Name,
) -> Result<RoutingInfo, Failure> {
    let remote = network.hlr_of(number).map_err(|_| Failure::Unsupported)?;
    let opening = Opening {
        local: network.here(),
        remote,
        peer: network.hlr_name(number),
        request: Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
            msisdn: AddressString::international(number),
            // The HLR answers even for an absent phone, and alerts when it comes back.
            sm_rp_pri: true,
            service_centre_address: network.service_centre_address(),
            gprs_support_indicator: network.config.packet_nodes,
            ..RoutingInfoForSmArg::default()
        }),
        version_max: network.version_max(),
    };
    let confirmation = context.engine.open(opening).await;
    match confirmation.result {
        Ok(Response::SendRoutingInfoForSm(found)) => {
            Ok(RoutingInfo::new(network, number, *found, confirmation.informed.as_ref()))
        }
        Ok(_) => Err(Failure::PeerMisbehaved("the HLR answered another question")),
        Err(Fault::Peer(map::Failure::User(error))) => {
            let action = context.actions.of(&error, Phase::Routing);
            Err(codes::failure(&error, action))
        }
        Err(fault) => Err(context.failure(network, fault)),
    }
}
