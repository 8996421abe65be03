//! Floors 0 to 2 use no socket, file, thread, process or clock.
//!
//! clippy.toml bans the clock and the environment of `std` everywhere; this rule reads the sources of the lower
//! floors for the rest. Only the shipped part of a file counts: tests read vectors from files.

use regex::Regex;

use crate::floors::Area;
use crate::{File, Finding, Repository};

const TOUCHES: &str = concat!(
    r"\bstd::(?:fs|thread|process|os)\b|\bnet::(?:Tcp|Udp)|\bnet::\{[^}]*(?:Tcp|Udp)",
    r"|\b(?:Tcp|Udp|Unix)(?:Stream|Listener|Socket|Datagram)\b",
    r"|\b(?:Instant|SystemTime|Timestamp|Zoned|Utc|Local)::now\b"
);

/// Every line of floors 0 to 2 that names a socket, a file, a thread, a process or a clock.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let Ok(touches) = Regex::new(TOUCHES) else { return vec![Finding::new("tidy", "pure: bad pattern")] };
    repository
        .ending(".rs")
        .filter(|file| decides(&file.path))
        .flat_map(|file| touched(file, &touches))
        .collect()
}

/// Whether the file is shipped source of floors 0 to 2.
fn decides(path: &str) -> bool {
    let Some((folder, module)) = path.split_once("/src/") else { return false };
    let test = module == "tests.rs" || module.ends_with("/tests.rs") || module.contains("tests/");
    Area::of(folder).is_some_and(|area| area.floor() <= 2) && !test
}

fn touched(file: &File, touches: &Regex) -> Vec<Finding> {
    file.shipped_lines()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter_map(|(number, line)| {
            let what = touches.find(line)?.as_str();
            let text = format!("floors 0 to 2 do no I/O, but this names `{what}`: pass the outcome in");
            Some(Finding::at(&file.path, number, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Repository::of(vec![File::new(path, text)])).len()
    }

    #[test]
    fn finds_sockets_files_threads_and_clocks() {
        assert_eq!(found("smsc/src/routing/table.rs", "use std::fs::read;"), 1);
        assert_eq!(found("protocols/sip/src/lib.rs", "    std::thread::sleep(pause);"), 1);
        assert_eq!(found("platform/src/webhook.rs", "use std::net::{IpAddr, TcpStream};"), 1);
        assert_eq!(found("platform/src/account.rs", "let now = jiff::Timestamp::now();"), 1);
    }

    #[test]
    fn leaves_addresses_tests_and_upper_floors_alone() {
        assert_eq!(found("protocols/sip/src/lib.rs", "use std::net::{IpAddr, SocketAddr};"), 0);
        assert_eq!(found("smsc/src/lib.rs", "#[cfg(test)]\nmod tests { use std::fs::read; }"), 0);
        assert_eq!(found("smsc/tests/vectors.rs", "use std::fs::read;"), 0);
        assert_eq!(found("gateways/sip/src/transport/udp.rs", "use std::net::UdpSocket;"), 0);
    }
}
