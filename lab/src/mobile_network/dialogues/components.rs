//! Building blocks of MAP dialogues: addresses, application contexts, Invoke and result components.

use std::time::Duration;

use bytes::Bytes;
use map::{Context, MapError, Request, Response, Version};
use sccp::{Address, GlobalTitle};
use tcap::{Code, Component, Oid, OperationClass};

use crate::mobile_network::network_state::NetworkState;
use crate::mobile_network::settings::NodeKind;

/// An address that is routed by global title; `None` if the digits are none.
pub(super) fn address(global_title: &str, subsystem: u8) -> Option<Address> {
    Some(Address::gt(GlobalTitle::e164(global_title).ok()?, subsystem))
}

/// The object identifier of an application context; version 1 has none.
pub(super) fn context_name(context: Context, version: Version) -> Option<Oid> {
    if version == Version::V1 { None } else { Oid::from_octets(&context.oid(version)) }
}

/// The lower of a node's highest version and that of an application context.
pub(super) fn version_for(map_version_max: u8, context: Context) -> Version {
    Version::from_number(map_version_max).unwrap_or(Version::V3).min(context.version_max())
}

/// The index of the first node of a kind.
pub(super) fn first_of(state: &NetworkState, kind: NodeKind) -> Option<usize> {
    state.nodes.iter().position(|node| node.kind == kind)
}

/// An Invoke, or `None` if MAP has no octets for it.
pub(super) fn invoke(
    invoke_id: i8,
    request: &Request,
    version: Version,
    timeout: Duration,
) -> Option<Component> {
    let class = if request.is_answered(version) { OperationClass::One } else { OperationClass::Four };
    Some(Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(request.code(version).ok()?),
        parameter: Some(request.write(version).ok()?.into()),
        class,
        timeout,
    })
}

/// The component with the result of an invocation.
pub(super) fn result(
    invoke_id: i8,
    request: &Request,
    version: Version,
    result: &Result<Response, MapError>,
) -> Component {
    match result {
        Ok(response) => {
            let parameter: Option<Bytes> = response.write(version).ok().flatten().map(Bytes::from);
            let code = request.code(version).ok().filter(|_| parameter.is_some());
            Component::ResultLast { invoke_id, operation: code.map(Code::Local), parameter }
        }
        Err(error) => Component::Error {
            invoke_id,
            code: Code::Local(error.code(version)),
            parameter: error.write(version).ok().flatten().map(Bytes::from),
        },
    }
}
