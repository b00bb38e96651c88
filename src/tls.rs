//! Certificates: read from two files, and read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};

use crate::config::Tls;

/// The certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds no PEM of its sort.
    #[error("failed to read {what} from {}", path.display())]
    Read {
        /// `a certificate` or `a private key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: PemError,
    },
    /// The file with the chain holds no certificate.
    #[error("{} holds no certificate", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The two do not belong together, or are of a sort that is not supported.
    #[error("the certificate {} and the key {} cannot be used together", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// Serves the certificate that the two files hold now.
#[derive(Debug)]
pub struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    now: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    pair: Arc<CertifiedKey>,
    /// When the files were written last, as they stood before they were read.
    written: Written,
}

type Written = (Option<SystemTime>, Option<SystemTime>);

impl Certificates {
    /// Reads the files that `tls` names; none if it names none.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn open(tls: &Tls) -> Result<Option<Arc<Self>>, TlsError> {
        Self::named(tls.cert.as_deref(), tls.key.as_deref())
    }

    /// Reads the two files; none unless both are named.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn named(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Arc<Self>>, TlsError> {
        let (Some(cert), Some(key)) = (cert, key) else {
            return Ok(None);
        };
        let written = written(cert, key);
        let now = RwLock::new(Current { pair: read(cert, key)?, written });
        Ok(Some(Arc::new(Self { cert: cert.to_owned(), key: key.to_owned(), now })))
    }

    /// Reads the files again if they changed. True if there is a new certificate now. Where they
    /// cannot be used (half of a renewal is written) the old one stays, and the next look tries
    /// again.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn reload(&self) -> Result<bool, TlsError> {
        let written = written(&self.cert, &self.key);
        if self.now.read().written == written {
            return Ok(false);
        }
        let pair = read(&self.cert, &self.key)?;
        *self.now.write() = Current { pair, written };
        Ok(true)
    }

    /// A server's configuration that serves them.
    #[must_use]
    pub fn server_config(self: &Arc<Self>) -> ServerConfig {
        let resolver: Arc<dyn ResolvesServerCert> = self.clone();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks the versions that rustls calls safe")
            .with_no_client_auth()
            .with_cert_resolver(resolver)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.read().pair.clone())
    }
}

fn written(cert: &Path, key: &Path) -> Written {
    let at = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    (at(cert), at(key))
}

fn read(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let failed = |what, path: &Path, source| TlsError::Read { what, path: path.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|source| failed("a certificate", cert, source))?;
    if chain.is_empty() {
        return Err(TlsError::Empty { path: cert.to_owned() });
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|source| failed("a private key", key, source))?;
    let unusable =
        |source| TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), source };
    let pair =
        CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(unusable)?;
    match pair.keys_match() {
        // Unknown: the key cannot say, which rustls calls no fault.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(source) => return Err(unusable(source)),
    }
    Ok(Arc::new(pair))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write_pair(folder: &Path) -> Tls {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Tls { cert: Some(cert), key: Some(key), ..Tls::default() }
    }

    fn served(certificates: &Certificates) -> Vec<u8> {
        certificates.now.read().pair.cert[0].to_vec()
    }

    fn touch(tls: &Tls, seconds: u64) {
        let at = SystemTime::now() + Duration::from_secs(seconds);
        for path in [&tls.cert, &tls.key].into_iter().flatten() {
            std::fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
        }
    }

    #[test]
    fn a_renewed_certificate_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let tls = write_pair(folder.path());
        let certificates = Certificates::open(&tls).unwrap().unwrap();
        let first = served(&certificates);
        assert!(!certificates.reload().unwrap());
        write_pair(folder.path());
        touch(&tls, 5);
        assert!(certificates.reload().unwrap());
        assert_ne!(served(&certificates), first);
    }

    #[test]
    fn half_a_renewal_leaves_the_old_certificate_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let tls = write_pair(folder.path());
        let certificates = Certificates::open(&tls).unwrap().unwrap();
        let first = served(&certificates);
        let other = tempfile::tempdir().unwrap();
        let newer = write_pair(other.path());
        std::fs::copy(newer.cert.unwrap(), tls.cert.as_ref().unwrap()).unwrap();
        touch(&tls, 5);
        let error = certificates.reload().unwrap_err();
        assert!(matches!(error, TlsError::Unusable { .. }), "{error}");
        assert_eq!(served(&certificates), first);
        std::fs::copy(newer.key.unwrap(), tls.key.as_ref().unwrap()).unwrap();
        touch(&tls, 10);
        assert!(certificates.reload().unwrap());
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let tls = write_pair(folder.path());
        std::fs::write(tls.cert.as_ref().unwrap(), "nothing").unwrap();
        let said = Certificates::open(&tls).unwrap_err().to_string();
        assert!(said.contains("cert.pem"), "{said}");
    }
}
