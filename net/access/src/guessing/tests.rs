//! Tests of the limits in virtual time.

use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn start() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn refused(guessing: &Guessing, address: IpAddr, name: &str, now: Instant) -> Option<Duration> {
    match guessing.check(address, name, now) {
        Verdict::Refuse { retry_after } => Some(retry_after),
        Verdict::Verify | Verdict::Delay(_) => None,
    }
}

#[test]
fn refusals_begin_at_the_limit_and_double() {
    let (mut guessing, mut now) = (Guessing::default(), start());
    for _ in 0..4 {
        guessing.failed(HERE, "acme", now);
        assert_eq!(guessing.check(HERE, "acme", now), Verdict::Verify);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        guessing.failed(HERE, "acme", now);
        let wait = Duration::from_secs(seconds);
        assert_eq!(refused(&guessing, HERE, "acme", now), Some(wait));
        assert!(refused(&guessing, HERE, "acme", now + wait - Duration::from_millis(1)).is_some());
        assert_eq!(guessing.check(HERE, "acme", now + wait), Verdict::Verify);
        // A failure within the window keeps the count.
        now += wait.min(Duration::from_secs(299));
    }
}

#[test]
fn failures_are_forgotten_after_the_window() {
    let (mut guessing, now) = (Guessing::default(), start());
    for _ in 0..5 {
        guessing.failed(HERE, "acme", now);
    }
    let later = now + Policy::default().wait_max;
    guessing.failed(HERE, "acme", later);
    assert_eq!(guessing.check(HERE, "acme", later), Verdict::Verify);
}

#[test]
fn a_right_password_resets_the_name_for_its_address_only() {
    let (mut guessing, now) = (Guessing::default(), start());
    for _ in 0..5 {
        guessing.failed(HERE, "acme", now);
        guessing.failed(THERE, "acme", now);
    }
    guessing.succeeded(HERE, "acme");
    assert_eq!(guessing.check(HERE, "acme", now), Verdict::Verify);
    assert!(refused(&guessing, THERE, "acme", now).is_some());
}

#[test]
fn a_flood_from_one_address_refuses_no_other_address() {
    let (mut guessing, now) = (Guessing::default(), start());
    for _ in 0..1000 {
        guessing.failed(HERE, "acme", now);
    }
    assert!(refused(&guessing, HERE, "acme", now).is_some());
    assert_eq!(guessing.check(THERE, "acme", now), Verdict::Delay(Policy::default().name_delay_max));
}

#[test]
fn a_flood_from_many_addresses_delays_a_name_by_a_bounded_time() {
    let (mut guessing, now) = (Guessing::default(), start());
    for number in 0..100_000_u32 {
        guessing.failed(Ipv4Addr::from_bits(0x0a00_0000 + number).into(), "acme", now);
    }
    assert_eq!(guessing.check(THERE, "acme", now), Verdict::Delay(Policy::default().name_delay_max));
    assert_eq!(guessing.check(THERE, "other", now), Verdict::Verify);
}

#[test]
fn names_cannot_be_tried_in_turn_without_limit() {
    let (mut guessing, now) = (Guessing::default(), start());
    for number in 0..20 {
        assert_eq!(guessing.check(HERE, &number.to_string(), now), Verdict::Verify);
        guessing.failed(HERE, &number.to_string(), now);
    }
    assert!(refused(&guessing, HERE, "20", now).is_some());
    assert_eq!(guessing.check(THERE, "20", now), Verdict::Verify);
}

#[test]
fn an_own_right_password_forgets_no_failures_for_other_names() {
    let (mut guessing, now) = (Guessing::default(), start());
    for number in 0..20 {
        guessing.failed(HERE, &number.to_string(), now);
        guessing.succeeded(HERE, "own");
    }
    assert!(refused(&guessing, HERE, "20", now).is_some());
}

#[test]
fn addresses_of_one_ipv6_subscriber_count_together() {
    let (mut guessing, now) = (Guessing::default(), start());
    for number in 1..=5_u128 {
        guessing.failed(Ipv6Addr::from_bits((0x2001_0db8 << 96) + number).into(), "acme", now);
    }
    assert!(refused(&guessing, "2001:db8::9".parse().unwrap(), "acme", now).is_some());
    assert_eq!(guessing.check("2001:db8:0:1::9".parse().unwrap(), "acme", now), Verdict::Verify);
}

#[test]
fn a_million_names_stay_within_the_bound_and_the_oldest_go() {
    let (mut guessing, now) = (Guessing::default(), start());
    for number in 0..1_000_000_u32 {
        let address = Ipv4Addr::from_bits(number).into();
        guessing.failed(address, &number.to_string(), now);
    }
    let entries_max = Policy::default().entries_max;
    assert_eq!(guessing.pairs.records.len(), entries_max);
    assert_eq!(guessing.pairs.order.len(), entries_max);
    assert_eq!(guessing.addresses.records.len(), entries_max);
    assert_eq!(guessing.names.records.len(), entries_max);
    let (address, name) = guessing.key(Ipv4Addr::from_bits(999_999).into(), "999999");
    assert!(guessing.pairs.records.contains_key(&(address, name)));
}
