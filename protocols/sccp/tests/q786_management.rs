//! Purposes of the SCCP test specification Q.786: management of points and subsystems.

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

/// A number at the watched point, routed on subsystem number 6 there.
const ON_SSN: &str = "52";
/// A number at the watched point, routed on its title.
const ON_GT: &str = "51";

fn changed(point_code: u32, subsystem: u8, up: bool) -> Output {
    Output::Subsystem { network: NET, point_code, subsystem, up }
}

/// Asserts that exactly one management message goes out.
fn says(outputs: &[Output], to: u32, kind: u8, subsystem: u8, affected: u32) {
    let expected = management(kind, subsystem, affected);
    assert_eq!(sent(outputs), [(to, 0, expected)]);
}

#[test]
fn every_point_is_prohibited_until_it_is_known_to_be_available() {
    let mut station = Station::silent(settings());
    for digits in ["2", "3", "4", ON_GT, ON_SSN] {
        assert_eq!(notice(&station.sends(digits, 1)), ReturnCause::MTP_FAILURE);
    }
    station.point(NET, PLAIN, PointCodeState::Available);
    station.point(NET, EXTENDED, PointCodeState::Restricted);
    assert_eq!(one_sent(&station.sends("2", 1)).0, PLAIN);
    assert_eq!(one_sent(&station.sends("3", 1)).0, EXTENDED);
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(notice(&station.sends("2", 1)), ReturnCause::MTP_FAILURE);
}

#[test]
fn a_watched_subsystem_is_asked_for_and_prohibited_until_it_answers() {
    let mut station = Station::silent(settings());
    let outputs = station.point(NET, WATCHED, PointCodeState::Available);
    says(&outputs, WATCHED, SST, 6, WATCHED);
    assert_eq!(notice(&station.sends(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
    assert_eq!(one_sent(&station.sends(ON_GT, 1)).0, WATCHED);
    assert_eq!(station.arrives(WATCHED, &management(SSA, 6, WATCHED)), [changed(WATCHED, 6, true)]);
    assert_eq!(one_sent(&station.sends(ON_SSN, 1)).0, WATCHED);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(station.arrives(WATCHED, &management(SSA, 6, WATCHED)), []);
    // Word that the point is available is no news.
    assert_eq!(station.point(NET, WATCHED, PointCodeState::Available), []);
}

#[test]
fn the_status_test_is_repeated_at_growing_intervals() {
    let mut station = Station::silent(settings());
    station.point(NET, WATCHED, PointCodeState::Available);
    let begin = station.now;
    let mut asked = Vec::new();
    while station.now < begin + 2_700 * SECOND {
        let at = station.sccp.deadline().unwrap();
        says(&station.pass(at - station.now), WATCHED, SST, 6, WATCHED);
        asked.push((at - begin).as_secs());
    }
    assert_eq!(asked, [30, 90, 210, 450, 930, 1_530, 2_130, 2_730]);
}

#[test]
fn a_subsystem_that_goes_is_asked_for_until_it_comes_back() {
    let mut station = Station::new();
    // Not watched, so it was taken to be up.
    assert_eq!(station.arrives(PLAIN, &management(SSP, 8, PLAIN)), [changed(PLAIN, 8, false)]);
    assert_eq!(station.arrives(PLAIN, &management(SSP, 8, PLAIN)), []);
    let to_it = || Input::Unitdata(unitdata(Address::ssn(Some(PLAIN), 8), 1));
    assert_eq!(notice(&station.give(to_it())), ReturnCause::SUBSYSTEM_FAILURE);
    says(&station.pass(30 * SECOND), PLAIN, SST, 8, PLAIN);
    assert_eq!(station.arrives(PLAIN, &management(SSA, 8, PLAIN)), [changed(PLAIN, 8, true)]);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(one_sent(&station.give(to_it())).0, PLAIN);
}

#[test]
fn a_point_that_goes_takes_its_subsystems_along() {
    let mut station = Station::new();
    station.arrives(WATCHED, &management(SSP, 7, WATCHED));
    let outputs = station.point(NET, WATCHED, PointCodeState::Unavailable);
    assert_eq!(outputs, [changed(WATCHED, 6, false)]);
    assert_eq!(station.sccp.deadline(), None);
    assert_eq!(notice(&station.sends(ON_SSN, 1)), ReturnCause::MTP_FAILURE);
    // What it says about itself meanwhile cannot be.
    let outputs = station.arrives(PLAIN, &management(SSA, 6, WATCHED));
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]));
    let asked = sent(&station.point(NET, WATCHED, PointCodeState::Available));
    assert_eq!(asked.len(), 2);
    assert_eq!(station.arrives(WATCHED, &management(SSA, 7, WATCHED)), [changed(WATCHED, 7, true)]);
}

#[test]
fn an_sccp_that_goes_is_asked_for_and_then_its_subsystems() {
    let mut station = Station::new();
    let outputs = station.give(Input::UserUnavailable { network: NET, point_code: WATCHED });
    assert_eq!(outputs, [changed(WATCHED, 6, false)]);
    assert_eq!(notice(&station.sends(ON_GT, 1)), ReturnCause::SCCP_FAILURE);
    says(&station.pass(30 * SECOND), WATCHED, SST, 1, WATCHED);
    says(&station.arrives(WATCHED, &management(SSA, 1, WATCHED)), WATCHED, SST, 6, WATCHED);
    assert_eq!(one_sent(&station.sends(ON_GT, 1)).0, WATCHED);
    assert_eq!(notice(&station.sends(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
}

#[test]
fn a_point_that_goes_is_not_asked_for_its_sccp_any_more() {
    let mut station = Station::new();
    station.give(Input::UserUnavailable { network: NET, point_code: PLAIN });
    assert!(station.sccp.deadline().is_some());
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(station.sccp.deadline(), None);
    station.point(NET, PLAIN, PointCodeState::Available);
    assert_eq!(one_sent(&station.sends("2", 1)).0, PLAIN);
}

#[test]
fn a_status_test_is_answered_where_the_subsystem_is_up() {
    let mut station = Station::new();
    says(&station.arrives(PLAIN, &management(SST, 8, OWN)), PLAIN, SSA, 8, OWN);
    says(&station.arrives(PLAIN, &management(SST, 1, OWN)), PLAIN, SSA, 1, OWN);
    // A point that we do not know has a right to know too.
    says(&station.arrives(4_711, &management(SST, 8, OWN)), 4_711, SSA, 8, OWN);
    assert_eq!(station.arrives(PLAIN, &management(SST, 7, OWN)), []);
    station.give(Input::Subsystem { network: NET, subsystem: 8, up: false });
    assert_eq!(station.arrives(PLAIN, &management(SST, 8, OWN)), []);
    let outputs = station.arrives(PLAIN, &management(SST, 8, PLAIN));
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]));
}

#[test]
fn everybody_around_is_told_about_a_local_subsystem() {
    let mut station = Station::new();
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    for (up, kind) in [(false, SSP), (true, SSA)] {
        let told = sent(&station.give(Input::Subsystem { network: NET, subsystem: 8, up }));
        let expected = management(kind, 8, OWN);
        assert_eq!(told, [PLAIN, LONG, WATCHED].map(|point| (point, 0, expected.clone())));
        assert_eq!(station.give(Input::Subsystem { network: NET, subsystem: 8, up }), []);
    }
    assert_eq!(sent(&station.give(Input::Subsystem { network: NET, subsystem: 6, up: true })).len(), 3);
    assert_eq!(station.give(Input::Subsystem { network: NET, subsystem: 1, up: false }), []);
}

#[test]
fn who_calls_a_subsystem_that_is_down_is_told_so() {
    let mut station = Station::new();
    station.give(Input::Subsystem { network: NET, subsystem: 8, up: false });
    let message = from_peer(Form::Basic, ours(), true);
    let outputs = station.arrives(PLAIN, &message);
    assert_eq!(sent(&outputs)[0], (PLAIN, 0, management(SSP, 8, OWN)));
    assert_eq!(returned(&outputs[1..]).2, ReturnCause::SUBSYSTEM_FAILURE);
    // Not with every message.
    assert_eq!(returned(&station.arrives(PLAIN, &message)).2, ReturnCause::SUBSYSTEM_FAILURE);
    station.pass(SECOND);
    assert_eq!(sent(&station.arrives(PLAIN, &message)).len(), 2);
}

#[test]
fn congestion_holds_back_what_is_less_important_for_a_while() {
    let mut station = Station::new();
    let sscongested = |level| {
        let mut message = management(6, 1, PLAIN);
        message.data = [message.data.as_ref(), &[level]].concat().into();
        message
    };
    for (level, passes) in [(4, true), (5, false), (8, false), (0, true)] {
        assert_eq!(station.arrives(PLAIN, &sscongested(level)), []);
        assert_eq!(sent(&station.sends("2", 1)).len(), usize::from(passes), "{level}");
    }
    for (level, passes) in [(1, true), (2, true), (3, false), (0, true), (3, false)] {
        assert_eq!(station.point(NET, PLAIN, PointCodeState::Congested(level)), []);
        assert_eq!(sent(&station.sends("2", 1)).len(), usize::from(passes), "{level}");
    }
    assert_eq!(notice(&station.sends("2", 1)), ReturnCause::NETWORK_CONGESTION);
    let mut important = from_peer(Form::Extended, title("2", 6), false);
    important.importance = Some(7);
    assert_eq!(sent(&station.arrives(EXTENDED, &important)).len(), 1);
    station.pass(10 * SECOND);
    assert_eq!(sent(&station.sends("2", 1)).len(), 1);
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
        station.give(Input::Transfer { network: other, opc: WATCHED, dpc: OWN, sls: 0, payload })
    };
    let outputs = arrives(&mut station, &management(SST, 8, OWN));
    assert!(
        matches!(outputs.as_slice(), [Output::Transfer { network, dpc: WATCHED, .. }] if *network == other)
    );
    let up = Output::Subsystem { network: other, point_code: WATCHED, subsystem: 6, up: true };
    assert_eq!(arrives(&mut station, &management(SSA, 6, WATCHED)), [up]);
    assert_eq!(notice(&station.sends(ON_SSN, 1)), ReturnCause::SUBSYSTEM_FAILURE);
}

#[test]
fn management_messages_that_say_nothing_are_counted() {
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
        let outputs = station.arrives(PLAIN, &message);
        assert!(
            matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Management, .. }]),
            "{data:?}"
        );
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
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
