//! SCCP management tests, after the test purposes of Q.786: status of points and subsystems.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use std::time::Duration;

use bytes::Bytes;
use sccp::message::{Form, Message};
use sccp::{
    Address, Discard, Input, Network, NetworkId, Output, PointCodeState, Remote, ReturnCause, Settings,
    Timers,
};
use station::*;

const SECOND: Duration = Duration::from_secs(1);

/// A number at the concerned point, routed on subsystem number 6 there.
const ON_SSN: &str = "52";
/// A number at the concerned point, routed on its title.
const ON_GT: &str = "51";

fn changed(point_code: u32, subsystem: u8, up: bool) -> Output {
    Output::Subsystem { network: NET, point_code, subsystem, up }
}

/// Asserts that exactly one management message goes out.
fn assert_one_management(outputs: &[Output], to: u32, kind: u8, subsystem: u8, affected: u32) {
    let expected = management(kind, subsystem, affected);
    assert_eq!(sent(outputs), [(to, 0, expected)]);
}

#[test]
fn every_point_is_prohibited_until_it_is_known_to_be_available() {
    let mut station = Station::without_points(settings());
    for digits in ["2", "3", "4", ON_GT, ON_SSN] {
        assert_eq!(notice(&station.send_unitdata(digits, 1)), ReturnCause::MTP_FAILURE);
    }
    station.point(NET, PLAIN, PointCodeState::Available);
    station.point(NET, EXTENDED, PointCodeState::Restricted);
    assert_eq!(one_sent(&station.send_unitdata("2", 1)).0, PLAIN);
    assert_eq!(one_sent(&station.send_unitdata("3", 1)).0, EXTENDED);
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(notice(&station.send_unitdata("2", 1)), ReturnCause::MTP_FAILURE);
}

#[test]
fn a_concerned_subsystem_is_tested_and_prohibited_until_it_answers() {
    let mut station = Station::without_points(settings());
    let outputs = station.point(NET, WATCHED, PointCodeState::Available);
    assert_one_management(&outputs, WATCHED, SST, 6, WATCHED);
    assert_eq!(notice(&station.send_unitdata(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
    assert_eq!(one_sent(&station.send_unitdata(ON_GT, 1)).0, WATCHED);
    assert_eq!(station.receive(WATCHED, &management(SSA, 6, WATCHED)), [changed(WATCHED, 6, true)]);
    assert_eq!(one_sent(&station.send_unitdata(ON_SSN, 1)).0, WATCHED);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(station.receive(WATCHED, &management(SSA, 6, WATCHED)), []);
    // A repeated report that the point is available has no effect.
    assert_eq!(station.point(NET, WATCHED, PointCodeState::Available), []);
}

#[test]
fn the_status_test_is_repeated_at_growing_intervals() {
    let mut station = Station::without_points(settings());
    station.point(NET, WATCHED, PointCodeState::Available);
    let begin = station.now;
    let mut tests = Vec::new();
    while station.now < begin + 2_700 * SECOND {
        let at = station.sccp.deadline().unwrap();
        assert_one_management(&station.pass(at - station.now), WATCHED, SST, 6, WATCHED);
        tests.push((at - begin).as_secs());
    }
    assert_eq!(tests, [30, 90, 210, 450, 930, 1_530, 2_130, 2_730]);
}

#[test]
fn a_prohibited_subsystem_is_tested_until_it_is_allowed() {
    let mut station = Station::new();
    // Not concerned, so it was allowed.
    assert_eq!(station.receive(PLAIN, &management(SSP, 8, PLAIN)), [changed(PLAIN, 8, false)]);
    assert_eq!(station.receive(PLAIN, &management(SSP, 8, PLAIN)), []);
    let to_it = || Input::Unitdata(unitdata(Address::ssn(Some(PLAIN), 8), 1));
    assert_eq!(notice(&station.input(to_it())), ReturnCause::SUBSYSTEM_FAILURE);
    assert_one_management(&station.pass(30 * SECOND), PLAIN, SST, 8, PLAIN);
    assert_eq!(station.receive(PLAIN, &management(SSA, 8, PLAIN)), [changed(PLAIN, 8, true)]);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(one_sent(&station.input(to_it())).0, PLAIN);
}

#[test]
fn an_inaccessible_point_prohibits_its_subsystems() {
    let mut station = Station::new();
    station.receive(WATCHED, &management(SSP, 7, WATCHED));
    let outputs = station.point(NET, WATCHED, PointCodeState::Unavailable);
    assert_eq!(outputs, [changed(WATCHED, 6, false)]);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(notice(&station.send_unitdata(ON_SSN, 1)), ReturnCause::MTP_FAILURE);
    // Management messages about an inaccessible point are discarded.
    let outputs = station.receive(PLAIN, &management(SSA, 6, WATCHED));
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]));
    let tests = sent(&station.point(NET, WATCHED, PointCodeState::Available));
    assert_eq!(tests.len(), 2);
    assert_eq!(station.receive(WATCHED, &management(SSA, 7, WATCHED)), [changed(WATCHED, 7, true)]);
}

#[test]
fn an_unavailable_sccp_is_tested_and_then_its_subsystems() {
    let mut station = Station::new();
    let outputs = station.input(Input::UserUnavailable { network: NET, point_code: WATCHED });
    assert_eq!(outputs, [changed(WATCHED, 6, false)]);
    assert_eq!(notice(&station.send_unitdata(ON_GT, 1)), ReturnCause::SCCP_FAILURE);
    assert_one_management(&station.pass(30 * SECOND), WATCHED, SST, 1, WATCHED);
    assert_one_management(&station.receive(WATCHED, &management(SSA, 1, WATCHED)), WATCHED, SST, 6, WATCHED);
    assert_eq!(one_sent(&station.send_unitdata(ON_GT, 1)).0, WATCHED);
    assert_eq!(notice(&station.send_unitdata(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
}

#[test]
fn the_sccp_of_an_inaccessible_point_is_not_tested() {
    let mut station = Station::new();
    station.input(Input::UserUnavailable { network: NET, point_code: PLAIN });
    assert!(station.sccp.deadline().is_some());
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(station.sccp.deadline(), None);
    station.point(NET, PLAIN, PointCodeState::Available);
    assert_eq!(one_sent(&station.send_unitdata("2", 1)).0, PLAIN);
}

#[test]
fn a_status_test_is_answered_where_the_subsystem_is_up() {
    let mut station = Station::new();
    assert_one_management(&station.receive(PLAIN, &management(SST, 8, OWN)), PLAIN, SSA, 8, OWN);
    assert_one_management(&station.receive(PLAIN, &management(SST, 1, OWN)), PLAIN, SSA, 1, OWN);
    // An unknown point is answered too.
    assert_one_management(&station.receive(4_711, &management(SST, 8, OWN)), 4_711, SSA, 8, OWN);
    assert_eq!(station.receive(PLAIN, &management(SST, 7, OWN)), []);
    station.input(Input::Subsystem { network: NET, subsystem: 8, up: false });
    assert_eq!(station.receive(PLAIN, &management(SST, 8, OWN)), []);
    let outputs = station.receive(PLAIN, &management(SST, 8, PLAIN));
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]));
}

#[test]
fn the_status_of_a_local_subsystem_is_broadcast() {
    let mut station = Station::new();
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    for (up, kind) in [(false, SSP), (true, SSA)] {
        let sent_messages = sent(&station.input(Input::Subsystem { network: NET, subsystem: 8, up }));
        let expected = management(kind, 8, OWN);
        assert_eq!(sent_messages, [PLAIN, LONG, WATCHED].map(|point| (point, 0, expected.clone())));
        assert_eq!(station.input(Input::Subsystem { network: NET, subsystem: 8, up }), []);
    }
    assert_eq!(sent(&station.input(Input::Subsystem { network: NET, subsystem: 6, up: true })).len(), 3);
    assert_eq!(station.input(Input::Subsystem { network: NET, subsystem: 1, up: false }), []);
}

#[test]
fn a_message_for_a_prohibited_subsystem_is_answered_with_ssp() {
    let mut station = Station::new();
    station.input(Input::Subsystem { network: NET, subsystem: 8, up: false });
    let message = from_peer(Form::Basic, local_address(), true);
    let outputs = station.receive(PLAIN, &message);
    assert_eq!(sent(&outputs)[0], (PLAIN, 0, management(SSP, 8, OWN)));
    assert_eq!(returned(&outputs[1..]).2, ReturnCause::SUBSYSTEM_FAILURE);
    // Not for every message.
    assert_eq!(returned(&station.receive(PLAIN, &message)).2, ReturnCause::SUBSYSTEM_FAILURE);
    station.pass(SECOND);
    assert_eq!(sent(&station.receive(PLAIN, &message)).len(), 2);
}

#[test]
fn congestion_restricts_less_important_messages_until_its_timer_expires() {
    let mut station = Station::new();
    let sscongested = |level| {
        let mut message = management(6, 1, PLAIN);
        message.data = [message.data.as_ref(), &[level]].concat().into();
        message
    };
    for (level, passes) in [(4, true), (5, false), (8, false), (0, true)] {
        assert_eq!(station.receive(PLAIN, &sscongested(level)), []);
        assert_eq!(sent(&station.send_unitdata("2", 1)).len(), usize::from(passes), "{level}");
    }
    for (level, passes) in [(1, true), (2, true), (3, false), (0, true), (3, false)] {
        assert_eq!(station.point(NET, PLAIN, PointCodeState::Congested(level)), []);
        assert_eq!(sent(&station.send_unitdata("2", 1)).len(), usize::from(passes), "{level}");
    }
    assert_eq!(notice(&station.send_unitdata("2", 1)), ReturnCause::NETWORK_CONGESTION);
    let mut important = from_peer(Form::Extended, title("2", 6), false);
    important.importance = Some(7);
    assert_eq!(sent(&station.receive(EXTENDED, &important)).len(), 1);
    station.pass(10 * SECOND);
    assert_eq!(sent(&station.send_unitdata("2", 1)).len(), 1);
    assert_eq!(station.sccp.deadline(), None);
}

#[test]
fn management_is_answered_in_the_routing_domain_it_came_from() {
    let other = NetworkId(2);
    let mut both = settings();
    let remotes = vec![Remote { subsystems: vec![6], ..Remote::new(WATCHED) }];
    both.networks.push(Network {
        id: other,
        point_codes: vec![OWN],
        remotes,
        subsystems: vec![8],
        ..Network::default()
    });
    let mut station = Station::with(both);
    let arrives = |station: &mut Station, message: &Message| {
        let payload = message.encode().unwrap();
        station.input(Input::Transfer { network: other, opc: WATCHED, dpc: OWN, sls: 0, payload })
    };
    let outputs = arrives(&mut station, &management(SST, 8, OWN));
    assert!(
        matches!(outputs.as_slice(), [Output::Transfer { network, dpc: WATCHED, .. }] if *network == other)
    );
    let up = Output::Subsystem { network: other, point_code: WATCHED, subsystem: 6, up: true };
    assert_eq!(arrives(&mut station, &management(SSA, 6, WATCHED)), [up]);
    assert_eq!(notice(&station.send_unitdata(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
}

#[test]
fn invalid_management_messages_are_counted() {
    let mut station = Station::new();
    for data in [
        &b""[..],
        b"\x01",
        b"\x01\x08\x02\x00",
        b"\x09\x08\x01\x00\x00",
        b"\x01\x08\x09\x00\x00",
        b"\x02\x01\x02\x00\x00",
    ] {
        let mut message = management(SSA, 8, PLAIN);
        message.data = Bytes::from_static(data);
        let outputs = station.receive(PLAIN, &message);
        assert!(
            matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]),
            "{data:?}"
        );
    }
}

#[test]
fn contradictory_settings_are_refused() {
    let refused = |change: &dyn Fn(&mut Settings)| {
        let mut changed = settings();
        change(&mut changed);
        assert!(sccp::Sccp::new(changed).is_err());
    };
    refused(&|settings| settings.networks[0].point_codes.clear());
    refused(&|settings| settings.networks[0].point_codes[0] = 0x4000);
    refused(&|settings| settings.networks[0].point_codes[0] = PLAIN);
    refused(&|settings| settings.networks[0].network_indicator = 4);
    refused(&|settings| settings.networks[0].subsystems.push(1));
    refused(&|settings| settings.networks[0].remotes[3].subsystems.push(0));
    refused(&|settings| settings.networks[0].remotes[3].point_code = PLAIN);
    refused(&|settings| settings.networks.push(settings.networks[0].clone()));
    refused(&|settings| settings.timers.status = Duration::ZERO);
    refused(&|settings| settings.timers = Timers { status_max: SECOND, ..Timers::default() });
}
