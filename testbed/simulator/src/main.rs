//! Runs the simulation from the seeds that are given: `cargo run -p fernpost-simulator -- 17`.

fn main() {
    for seed in std::env::args().skip(1).filter_map(|seed| seed.parse().ok()) {
        println!("{seed}: {:?}", simulator::run(seed));
    }
}
