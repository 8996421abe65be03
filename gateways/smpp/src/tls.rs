//! TLS from PEM files, by rustls with the ring provider.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Error;
use crate::config::{ClientTls, ServerTls};

/// What a listener needs.
pub(crate) fn acceptor(config: &ServerTls) -> Result<TlsAcceptor, Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match &config.client_authorities_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider());
            let verifier = verifier
                .build()
                .map_err(|error| Error::config(path.display().to_string(), error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let certificates = certificates(&config.certificate_file)?;
    let server = builder.with_single_cert(certificates, key(&config.key_file)?)?;
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// What a link needs.
pub(crate) fn connector(config: &ClientTls) -> Result<TlsConnector, Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots(&config.authorities_file)?);
    let client = match (&config.certificate_file, &config.key_file) {
        (Some(certificate), Some(private)) => {
            builder.with_client_auth_cert(certificates(certificate)?, key(private)?)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(client)))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err(Error::config(path.display().to_string(), "holds no certificate in PEM form"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(Error::config(path.display().to_string(), error.to_string())),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| Error::config(path.display().to_string(), error.to_string()))
}
