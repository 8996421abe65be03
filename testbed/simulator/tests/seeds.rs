//! Two hundred runs from fixed seeds.

use simulator::RunSummary;

#[test]
fn two_hundred_runs_keep_every_promise() {
    let runs: Vec<RunSummary> = (0..200).map(simulator::run).collect();
    // Runs in which nothing happens would prove nothing.
    assert!(runs.iter().map(|run| run.crashes).sum::<usize>() > 100);
    assert!(runs.iter().map(|run| run.drains).sum::<usize>() > 30);
    assert!(runs.iter().map(|run| run.attempts).sum::<u64>() > 10_000);
    assert!(runs.iter().map(|run| run.store_errors).sum::<u64>() > 500);
    assert!(runs.iter().map(|run| run.alerts).sum::<usize>() > 50);
}

#[test]
fn a_route_has_the_window_of_its_targets() {
    let overlaps: usize = (0..50).map(|seed| simulator::run(seed).overlaps).sum();
    assert!(overlaps > 200, "the carrier takes several messages to one number at a time: {overlaps}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_eq!(simulator::run(7), simulator::run(7));
}
