//! Two hundred lives.

#[test]
fn two_hundred_lives_keep_every_promise() {
    let lives: Vec<simulator::Life> = (0..200).map(simulator::run).collect();
    // Lives in which nothing happens would prove nothing.
    assert!(lives.iter().map(|life| life.crashes).sum::<usize>() > 100);
    assert!(lives.iter().map(|life| life.attempts).sum::<u64>() > 10_000);
}

#[test]
fn the_same_seed_is_the_same_life() {
    assert_eq!(simulator::run(7), simulator::run(7));
}
