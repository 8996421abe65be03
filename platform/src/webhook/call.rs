//! The HTTP call to an application: signed, with the time-outs and retries that its URL's fragment asks for.
//!
//! The fragment is neither sent nor signed: `#ct=2000&rt=5000&tt=10000&rc=3&rp=ct,5xx`.
//!
//! | key | range | default | what |
//! |---|---|---|---|
//! | `ct` | 100–10000 ms | 5000 | connecting |
//! | `rt` | 100–15000 ms | 15000 | silence of the application once connected |
//! | `tt` | 100–15000 ms | 15000 | all attempts together |
//! | `rc` | 0–5 | 1 | retries |
//! | `rp` | `ct`, `rt`, `4xx`, `5xx`, `all` | `ct` | what is retried |

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::error_numbers::HTTP_RETRIEVAL;
use crate::errors;
use crate::message::Callback;
use crate::ports::{Answer, Call, CallError, Environment, Method, Ports, Webhooks};
use crate::sid::Sid;
use crate::webhook::signature;

/// Time-outs and retries of a call, from the fragment of its URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct CallPolicy {
    connect_ms: u64,
    read_ms: u64,
    total_ms: u64,
    retries: u64,
    on_connect: bool,
    on_read: bool,
    on_4xx: bool,
    on_5xx: bool,
}

impl Default for CallPolicy {
    fn default() -> Self {
        Self {
            connect_ms: 5000,
            read_ms: 15_000,
            total_ms: 15_000,
            retries: 1,
            on_connect: true,
            on_read: false,
            on_4xx: false,
            on_5xx: false,
        }
    }
}

impl CallPolicy {
    /// A value outside its range goes to its nearest end; one that cannot be read stays at its default.
    fn parse(fragment: &str) -> Self {
        let mut policy = Self::default();
        for (key, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            let number = |place: &mut u64, min: u64, max: u64| {
                *place = value.parse().map_or(*place, |number: u64| number.clamp(min, max));
            };
            match key {
                "ct" => number(&mut policy.connect_ms, 100, 10_000),
                "rt" => number(&mut policy.read_ms, 100, 15_000),
                "tt" => number(&mut policy.total_ms, 100, 15_000),
                "rc" => number(&mut policy.retries, 0, 5),
                "rp" => policy.read_policy(value),
                _ => {}
            }
        }
        policy
    }

    fn read_policy(&mut self, value: &str) {
        let words: Vec<&str> = value.split([',', '|']).collect();
        if !words.iter().all(|word| ["ct", "rt", "4xx", "5xx", "all"].contains(word)) {
            return;
        }
        let asks = |word: &str| words.contains(&word) || words.contains(&"all");
        (self.on_connect, self.on_read) = (asks("ct"), asks("rt"));
        (self.on_4xx, self.on_5xx) = (asks("4xx"), asks("5xx"));
    }

    fn repeats(&self, outcome: &Result<Answer, CallError>) -> bool {
        match outcome {
            Ok(answer) => match answer.status {
                400..=499 => self.on_4xx,
                500..=599 => self.on_5xx,
                _ => false,
            },
            Err(CallError::Connect | CallError::Tls) => self.on_connect,
            Err(CallError::Timeout | CallError::Protocol) => self.on_read,
            Err(_) => false,
        }
    }
}

/// The idempotency token of a call: the same for each retry.
pub(crate) fn idempotency_token(sid: Sid, number: u8) -> String {
    let digest = Sha256::new().chain_update(sid.octets()).chain_update([number]).finalize();
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(octet, random)| *octet = random);
    let mut number = u128::from_be_bytes(octets);
    number = number & !(0xf << 76) | 0x4 << 76; // version and variant of a UUID
    number = number & !(0x3 << 62) | 0x2 << 62;
    let digits = format!("{number:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// The message that a call is about.
#[derive(Clone)]
pub(crate) struct Subject {
    /// The message.
    pub(crate) message: Sid,
    /// Its account.
    pub(crate) account: Sid,
    /// The status that the call reports.
    pub(crate) status: String,
}

/// Calls applications.
pub(crate) struct Caller {
    webhooks: Arc<dyn Webhooks>,
    environment: Arc<dyn Environment>,
}

impl Caller {
    /// A caller by the webhooks of `ports`.
    pub(crate) fn new(ports: &Ports) -> Self {
        Self { webhooks: Arc::clone(&ports.webhooks), environment: Arc::clone(&ports.environment) }
    }

    /// Calls an application until it answers or its policy ends: a 2xx answer, or the error number
    /// that its log shows.
    pub(crate) async fn call(
        &self,
        auth_token: &str,
        subject: &Subject,
        callback: &Callback,
        params: &[(String, String)],
        idempotency_token: &str,
    ) -> Result<Answer, u32> {
        let (url, fragment) = callback.url.split_once('#').unwrap_or((&callback.url, ""));
        let policy = CallPolicy::parse(fragment);
        let deadline = self.environment.now() + Duration::from_millis(policy.total_ms);
        let mut call = call_of(auth_token, subject, (callback.method, url), params, idempotency_token);
        let mut retries = policy.retries;
        loop {
            let left = deadline.since(self.environment.now());
            call.connect_timeout = Duration::from_millis(policy.connect_ms).min(left);
            call.read_timeout = Duration::from_millis(policy.read_ms).min(left);
            call.total_timeout = left;
            let outcome = self.webhooks.call(call.clone()).await;
            let time_is_left = self.environment.now() < deadline;
            if retries > 0 && time_is_left && policy.repeats(&outcome) {
                retries -= 1;
                continue;
            }
            return match outcome {
                Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
                Ok(_) => Err(HTTP_RETRIEVAL),
                Err(error) => Err(errors::of_call(error)),
            };
        }
    }
}

fn call_of(
    auth_token: &str,
    subject: &Subject,
    (method, url): (Method, &str),
    params: &[(String, String)],
    idempotency_token: &str,
) -> Call {
    let (url, params) = match method {
        Method::Post => (url.to_owned(), params.to_vec()),
        Method::Get => (with_query(url, params), Vec::new()),
    };
    let headers = vec![
        ("X-Twilio-Signature", signature::sign(auth_token, &url, &params)),
        ("I-Twilio-Idempotency-Token", idempotency_token.to_owned()),
        ("User-Agent", "TwilioProxy/1.1".to_owned()),
        ("Accept", "*/*".to_owned()),
    ];
    let none = Duration::ZERO;
    Call {
        message: subject.message,
        account: subject.account,
        status: subject.status.clone(),
        method,
        url,
        params,
        headers,
        connect_timeout: none,
        read_timeout: none,
        total_timeout: none,
    }
}

fn with_query(url: &str, params: &[(String, String)]) -> String {
    if params.is_empty() {
        return url.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let message = Sid::new(Sid::MESSAGE, [2; 16]);
        Subject { message, account: Sid::new(Sid::ACCOUNT, [1; 16]), status: "sent".to_owned() }
    }

    #[test]
    fn field_60_a_fragment_sets_time_outs_and_retries() {
        assert_eq!(CallPolicy::parse(""), CallPolicy::default());
        let asked = CallPolicy::parse("ct=1&rt=99999&tt=2000&rc=9&rp=5xx,rt&e=dublin&sni=y");
        assert_eq!((asked.connect_ms, asked.read_ms, asked.total_ms, asked.retries), (100, 15_000, 2000, 5));
        assert_eq!((asked.on_connect, asked.on_read, asked.on_4xx, asked.on_5xx), (false, true, false, true));
        let unread = CallPolicy::parse("ct=soon&rp=6xx&rc&=&&");
        assert_eq!(unread, CallPolicy::default());
        let all = CallPolicy::parse("rp=all");
        assert!(all.on_connect && all.on_read && all.on_4xx && all.on_5xx);
    }

    #[test]
    fn a_get_is_signed_over_its_whole_url() {
        let params = [("Body".to_owned(), "a b&c".to_owned())];
        let call = call_of("t", &subject(), (Method::Get, "http://h/?x=1"), &params, "i");
        assert_eq!(call.url, "http://h/?x=1&Body=a+b%26c");
        assert_eq!(call.headers[0].1, signature::sign("t", &call.url, &[]));
        assert_eq!(with_query("http://h/?", &params), "http://h/?Body=a+b%26c");
    }

    #[test]
    fn the_token_looks_like_a_uuid_and_is_the_same_again() {
        let sid = Sid::new(Sid::MESSAGE, [9; 16]);
        let token = idempotency_token(sid, 1);
        assert_eq!(token, idempotency_token(sid, 1));
        assert_ne!(token, idempotency_token(sid, 2));
        assert_eq!((token.len(), token.as_bytes()[14]), (36, b'4'));
        assert!(b"89ab".contains(&token.as_bytes()[19]));
    }
}
