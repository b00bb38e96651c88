//! Which server a player believes: the one whose certificate has the hash that REST told, or one that
//! the usual authorities vouch for.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quinn::ClientConfig;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

/// What native clients name in their handshake.
pub const NATIVE: &[u8] = b"playhouse/1";

/// A client that speaks `protocol` and believes the certificate with this SHA-256, in base64, and no
/// other; without one, what the roots in `roots` vouch for.
///
/// # Panics
///
/// Never: ring speaks TLS 1.3.
#[must_use]
pub fn client(hash: Option<&str>, roots: RootCertStore, protocol: &[u8]) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring speaks TLS 1.3");
    let mut tls = match hash {
        Some(hash) => {
            let verifier = Arc::new(ByHash { hash: hash.to_owned(), provider });
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        None => builder.with_root_certificates(roots).with_no_client_auth(),
    };
    tls.alpn_protocols = vec![protocol.to_vec()];
    // Used if the server offers it, which it must not.
    tls.enable_early_data = true;
    let tls = QuicClientConfig::try_from(tls).expect("TLS 1.3 has what QUIC begins with");
    ClientConfig::new(Arc::new(tls))
}

/// Believes one certificate, as a browser does with `serverCertificateHashes`.
#[derive(Debug)]
struct ByHash {
    hash: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByHash {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match STANDARD.encode(Sha256::digest(certificate)) == self.hash {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(rustls::Error::General("the certificate has another hash".into())),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("QUIC has no TLS 1.2".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
