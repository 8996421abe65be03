use super::*;

fn read(text: &str) -> Result<SipConfig, toml::de::Error> {
    toml::from_str(text)
}

fn refused(text: &str) -> String {
    read(text).unwrap().check().unwrap_err().to_string()
}

#[test]
fn an_empty_table_is_valid_and_listens_on_loopback_only() {
    let config = read("").unwrap();
    assert!(config.check().is_ok());
    assert!(config.listeners.iter().all(|listener| listener.address.ip().is_loopback()));
    assert!(config.peers.is_empty() && config.users.is_empty());
}

#[test]
fn a_mistyped_key_is_an_error() {
    assert!(read("realms = 'x'").is_err());
    assert!(read("[[peers]]\nname = 'a'\nquirks = { legacy_date = true }").is_err());
}

#[test]
fn a_peer_needs_an_access_list_or_credentials() {
    let bare = "[[peers]]\nname = 'a'\nuri = 'sip:192.0.2.1'";
    assert_eq!(refused(bare), "peer a: needs allowed_addresses or inbound credentials");
    assert_eq!(refused("[[users]]\nuser = 'alice'"), "user alice: needs a user name and a password");
    let listed = "[[peers]]\nname = 'a'\nuri = 'sip:192.0.2.1'\nallowed_addresses = ['192.0.2.1']";
    assert!(read(listed).unwrap().check().is_ok());
}

#[test]
fn wrong_entries_are_named() {
    let tel = "[[peers]]\nname = 'a'\nuri = 'tel:+1'\nallowed_addresses = ['192.0.2.1']";
    assert_eq!(refused(tel), "peer a: uri must be sip:host or sip:host:port");
    let tls = "[[listeners]]\ntransport = 'tls'";
    assert_eq!(
        refused(tls),
        "listener 127.0.0.1:5060: tls and wss need a certificate, and the others have none"
    );
    let twice = "[[users]]\nuser='a'\npassword='x'\nnumber='+491'\n\
                 [[users]]\nuser='b'\npassword='x'\nnumber='+491'";
    assert_eq!(refused(twice), "user b: another user has this number");
}

#[test]
fn a_password_is_never_shown() {
    let config = read("[[users]]\nuser = 'a'\npassword = 'pa55word'").unwrap();
    assert!(!format!("{config:?}").contains("pa55word"));
    assert!(!serde_json::to_string(&config).unwrap().contains("pa55word"));
}
