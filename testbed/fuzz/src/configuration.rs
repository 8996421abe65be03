//! What operators write.

/// The tables of the gateways: refused or sound, never a panic.
pub(crate) fn config(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else { return };
    if let Ok(config) = toml::from_str::<gateway_smpp::config::SmppConfig>(text) {
        let _any = config.check();
    }
    if let Ok(config) = toml::from_str::<gateway_sip::SipConfig>(text) {
        let _any = config.check();
    }
    let _any = toml::from_str::<gateway_http::Http>(text);
}
