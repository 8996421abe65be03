//! Fuzz target for the configuration tables of the gateways.

/// The tables of the gateways: accepted or refused, without a panic.
pub(crate) fn config(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else { return };
    if let Ok(config) = toml::from_str::<gateway_smpp::config::SmppConfig>(text) {
        let _ = config.check();
    }
    if let Ok(config) = toml::from_str::<gateway_sip::SipConfig>(text) {
        let _ = config.check();
    }
    let _ = toml::from_str::<gateway_http::Http>(text);
}
