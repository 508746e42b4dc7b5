//! Certificates for [`listen_tls`](crate::Server::listen_tls).

use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Makes what accepts TLS from a certificate chain and a private key, both in PEM.
///
/// # Errors
/// [`ErrorKind::Tls`] when one of them cannot be read or they do not belong together.
pub fn acceptor(certificates: &[u8], key: &[u8]) -> Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_slice_iter(certificates)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|cause| Error::new(ErrorKind::Tls, "the certificates are not PEM").with_source(cause))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|cause| Error::new(ErrorKind::Tls, "the private key is not PEM").with_source(cause))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|cause| Error::new(ErrorKind::Tls, "certificate and key cannot be used").with_source(cause))?;
    // WebSockets need HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
