//! TLS for listeners and outbound connections, by rustls with ring (RFC 3261 §26.3.1).

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::Error;
use crate::config::{ClientTls, ServerTls};

/// The acceptor with the certificate of a listener.
pub(crate) fn acceptor(tls: &ServerTls) -> Result<TlsAcceptor, Error> {
    let certificates = certificates(&tls.certificate_file)?;
    let key =
        PrivateKeyDer::from_pem_file(&tls.key_file).map_err(|error| unreadable(&tls.key_file, &error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Checks at start that the authorities of a peer can be read.
pub(crate) fn check(tls: &ClientTls) -> Result<(), Error> {
    client_config(tls).map(drop)
}

/// The server's side of a new connection.
pub(crate) async fn accept(
    acceptor: &TlsAcceptor,
    tcp: TcpStream,
) -> io::Result<server::TlsStream<TcpStream>> {
    acceptor.accept(tcp).await
}

/// The client's side of a new connection to `host`.
pub(crate) async fn connect(
    tcp: TcpStream,
    host: &str,
    tls: &ClientTls,
) -> io::Result<client::TlsStream<TcpStream>> {
    let name = if tls.server_name.is_empty() { host.trim_matches(['[', ']']) } else { &tls.server_name };
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let config = client_config(tls).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

fn client_config(tls: &ClientTls) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&tls.authorities_file)? {
        roots.add(authority)?;
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(path, &error))?;
    read.collect::<Result<_, _>>().map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> Error {
    Error::File { path: path.to_owned(), source: io::Error::other(error.to_string()) }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
