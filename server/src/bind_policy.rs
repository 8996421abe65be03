//! What may listen beyond this machine: only what has TLS and authentication, unless the
//! operator states that something else protects it.

use std::net::SocketAddr;

use crate::config::{Config, ConfigError};

/// Refuses a configuration that would open a listener to the outside by mistake.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    if config.insecure {
        return Ok(());
    }
    let plain = |address: &SocketAddr, has_tls: bool| !address.ip().is_loopback() && !has_tls;
    let advice = "listens beyond this machine without TLS; configure TLS, or set insecure = true where a private network protects it";
    for (index, listener) in config.smpp.listeners.iter().enumerate() {
        if plain(&listener.address, listener.tls.is_some()) {
            return Err(ConfigError::entry("smpp.listeners", Some(index), "address", advice));
        }
    }
    for (index, listener) in config.sip.listeners.iter().enumerate() {
        if plain(&listener.address, listener.tls.is_some()) {
            return Err(ConfigError::entry("sip.listeners", Some(index), "address", advice));
        }
    }
    for (index, association) in config.ss7.associations.iter().enumerate() {
        // What connects goes to a configured address; what listens accepts any peer.
        let listens = association.remote.is_empty();
        if listens && association.local.iter().any(|address| plain(address, false)) {
            let advice = "listens beyond this machine, and signalling has no TLS; connect from here, or set insecure = true where a private network protects it";
            return Err(ConfigError::entry("ss7.associations", Some(index), "local", advice));
        }
    }
    if plain(&config.http.listen, false) {
        let advice =
            "listens beyond this machine without TLS; put a proxy with TLS before it, or set insecure = true";
        return Err(ConfigError::entry("http", None, "listen", advice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_listens_beyond_loopback_by_mistake() {
        assert!(check(&Config::default()).is_ok());
        let open: Config = toml::from_str("http.listen = '0.0.0.0:8080'").unwrap();
        assert!(check(&open).unwrap_err().to_string().contains("http.listen"));
        let said: Config = toml::from_str("insecure = true\nhttp.listen = '0.0.0.0:8080'").unwrap();
        assert!(check(&said).is_ok());
        let ss7: Config = toml::from_str(
            "[ss7]\nassociations = [{ name = 'stp', local = ['0.0.0.0:2905'], application_servers = [] }]",
        )
        .unwrap();
        assert!(check(&ss7).unwrap_err().to_string().contains("ss7.associations"));
        let smpp: Config = toml::from_str("[smpp]\nlisteners = [{ address = '[::]:2775' }]").unwrap();
        assert!(check(&smpp).is_err());
    }
}
