//! Who the server is to game clients: a certificate by path, or one of its own making.
//!
//! A browser believes a certificate of our own making if the page names its SHA-256
//! (`serverCertificateHashes`): then it must be an ECDSA one and live at most 14 days. It is kept in
//! the data directory, so that a page that was told its hash can come back after a restart, and is
//! renewed when less than half of its life is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::RwLock;
use playhouse_domain::time::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::private::{self, PrivateError};
use crate::tls::{Certificates, TlsError};

/// The file's name in the data directory.
const FILE: &str = "quic-certificate.json";

/// How far a client's clock may be behind. 1 h, so that a certificate that was made just now is good
/// for it. With the longest life of 13 days it stays below the 14 days that browsers allow.
const CLOCK_MARGIN: Duration = Duration::from_secs(3600);

/// The certificate for games cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The certificate by path cannot be used.
    #[error(transparent)]
    Given(#[from] TlsError),
    /// The own one cannot be read or written.
    #[error(transparent)]
    Io(#[from] PrivateError),
    /// The file is not one of ours.
    #[error("{} does not hold a certificate; remove it, and another is made", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
    /// The own one cannot be made.
    #[error("failed to make a certificate for {}", names.join(", "))]
    Make {
        /// For which names.
        names: Vec<String>,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
}

/// Who the server is to game clients.
#[derive(Debug, Clone)]
pub enum Identity {
    /// By a certificate that others vouch for.
    Given(Arc<Certificates>),
    /// By one of its own making.
    Own(Arc<OwnCertificate>),
}

impl Identity {
    /// Reads the certificate that `config` names, or else the own one of the data directory, which is
    /// made for `names` if it is not there or past half of its life at `now`.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub fn open(
        config: &Config,
        names: Vec<String>,
        now: Timestamp,
    ) -> Result<Self, IdentityError> {
        let (cert, key) = (config.quic.cert.as_deref(), config.quic.key.as_deref());
        let named = match Certificates::named(cert, key)? {
            Some(certificates) => Some(certificates),
            None => Certificates::open(&config.tls)?,
        };
        match named {
            Some(certificates) => Ok(Self::Given(certificates)),
            None => {
                let (data, life) = (&config.store.data, config.quic.certificate_life);
                Ok(Self::Own(Arc::new(OwnCertificate::open(data, names, life, now)?)))
            }
        }
    }

    /// What rustls asks for a certificate.
    #[must_use]
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        match self {
            Self::Given(certificates) => certificates.clone(),
            Self::Own(own) => own.clone(),
        }
    }

    /// The SHA-256 of the own certificate, in base64, for clients to believe it by. None for one that
    /// others vouch for.
    #[must_use]
    pub fn hash(&self) -> Option<String> {
        match self {
            Self::Given(_) => None,
            Self::Own(own) => Some(STANDARD.encode(own.now.read().hash)),
        }
    }

    /// Looks whether the files changed, or whether the own certificate must be renewed at `now`. True
    /// if there is a new one.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`]; the old one stays in use.
    pub fn refresh(&self, now: Timestamp) -> Result<bool, IdentityError> {
        match self {
            Self::Given(certificates) => Ok(certificates.reload()?),
            Self::Own(own) => own.renew(now),
        }
    }
}

/// A certificate of the server's own making.
#[derive(Debug)]
pub struct OwnCertificate {
    data: PathBuf,
    names: Vec<String>,
    life: Duration,
    now: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    pair: Arc<CertifiedKey>,
    hash: [u8; 32],
    made_at: Timestamp,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    names: Vec<String>,
    made_at: Timestamp,
    life_s: u64,
    /// DER in base64.
    certificate: String,
    /// PKCS #8 in base64.
    key: String,
}

impl OwnCertificate {
    fn open(
        data: &Path,
        names: Vec<String>,
        life: Duration,
        now: Timestamp,
    ) -> Result<Self, IdentityError> {
        let path = data.join(FILE);
        let kept = match private::read(&path)? {
            None => None,
            Some(bytes) => {
                let malformed = || IdentityError::Malformed { path: path.clone() };
                let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
                let fits = kept.names == names && kept.life_s == life.as_secs();
                let current = kept.current().ok_or_else(malformed)?;
                Some(current).filter(|current| fits && current.is_fresh(life, now))
            }
        };
        let current = match kept {
            Some(current) => current,
            None => make(data, &names, life, now)?,
        };
        Ok(Self { data: data.to_owned(), names, life, now: RwLock::new(current) })
    }

    fn renew(&self, now: Timestamp) -> Result<bool, IdentityError> {
        if self.now.read().is_fresh(self.life, now) {
            return Ok(false);
        }
        let current = make(&self.data, &self.names, self.life, now)?;
        *self.now.write() = current;
        Ok(true)
    }
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.read().pair.clone())
    }
}

impl Current {
    /// True in the first half of its life. A clock that was set back before it was made ends it too.
    fn is_fresh(&self, life: Duration, now: Timestamp) -> bool {
        self.made_at <= now && now < self.made_at + life / 2
    }
}

impl Kept {
    fn current(&self) -> Option<Current> {
        let certificate = CertificateDer::from(STANDARD.decode(&self.certificate).ok()?);
        let key = PrivatePkcs8KeyDer::from(STANDARD.decode(&self.key).ok()?);
        let hash = Sha256::digest(&certificate).into();
        let ring = ring::default_provider();
        let pair = CertifiedKey::from_der(vec![certificate], key.into(), &ring).ok()?;
        Some(Current { pair: Arc::new(pair), hash, made_at: self.made_at })
    }
}

/// Makes a certificate at `now`, and keeps it in `data`.
fn make(
    data: &Path,
    names: &[String],
    life: Duration,
    now: Timestamp,
) -> Result<Current, IdentityError> {
    let failed = |source| IdentityError::Make { names: names.to_vec(), source };
    let mut params = CertificateParams::new(names).map_err(failed)?;
    let day_zero = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = day_zero + Duration::from_millis(now.ms()).saturating_sub(CLOCK_MARGIN);
    params.not_after = day_zero + Duration::from_millis(now.ms()) + life;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "playhouse");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    let kept = Kept {
        names: names.to_vec(),
        made_at: now,
        life_s: life.as_secs(),
        certificate: STANDARD.encode(certificate.der()),
        key: STANDARD.encode(key.serialize_der()),
    };
    let bytes = serde_json::to_vec_pretty(&kept).expect("text has a JSON form");
    private::write(data, FILE, &bytes)?;
    kept.current().ok_or_else(|| IdentityError::Malformed { path: data.join(FILE) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn at(days: u32) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000) + DAY * days
    }

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        config.store.data = data.to_owned();
        config
    }

    fn open(data: &Path, now: Timestamp) -> Identity {
        Identity::open(&config(data), vec!["localhost".into(), "127.0.0.1".into()], now).unwrap()
    }

    /// The times between which a certificate is good, as seconds since 1970.
    fn validity(identity: &Identity) -> (i64, i64) {
        let Identity::Own(own) = identity else { panic!("it is given") };
        let der = own.now.read().pair.cert[0].to_vec();
        // Two `UTCTime`s of 13 characters: tag 0x17, length 13.
        let mut times = der.windows(15).filter(|w| w[0] == 0x17 && w[1] == 13).map(|w| {
            let text = std::str::from_utf8(&w[2..]).unwrap();
            let n = |at: usize| text[at..at + 2].parse::<i8>().unwrap();
            jiff::civil::date(2000 + i16::from(n(0)), n(2), n(4))
                .at(n(6), n(8), n(10), 0)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .unwrap()
                .timestamp()
                .as_second()
        });
        (times.next().unwrap(), times.next().unwrap())
    }

    #[test]
    fn a_restart_keeps_the_certificate_and_half_a_life_later_it_is_renewed() {
        let data = tempfile::tempdir().unwrap();
        let first = open(data.path(), at(0));
        let hash = first.hash().unwrap();
        assert_eq!(open(data.path(), at(6)).hash().unwrap(), hash);
        assert!(!first.refresh(at(6)).unwrap());
        assert!(first.refresh(at(7)).unwrap());
        let second = first.hash().unwrap();
        assert_ne!(second, hash);
        assert_eq!(open(data.path(), at(8)).hash().unwrap(), second, "the renewed one is kept");
        assert_ne!(open(data.path(), at(14)).hash().unwrap(), second, "a start renews it too");
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn it_is_good_for_less_than_the_fourteen_days_that_browsers_allow() {
        let data = tempfile::tempdir().unwrap();
        let (from, until) = validity(&open(data.path(), at(0)));
        assert!(until - from <= 14 * 24 * 3600, "{} s", until - from);
        let now = i64::try_from(at(0).ms() / 1000).unwrap();
        assert_eq!((from, until), (now - 3600, now + 13 * 24 * 3600));
    }

    #[test]
    fn other_names_and_a_clock_that_was_set_back_make_another() {
        let data = tempfile::tempdir().unwrap();
        let hash = open(data.path(), at(5)).hash();
        let other = Identity::open(&config(data.path()), vec!["play.example.org".into()], at(5));
        let other = other.unwrap().hash();
        assert_ne!(other, hash);
        assert_ne!(open(data.path(), at(1)).hash(), other);
    }

    #[test]
    fn a_certificate_by_path_has_no_hash_and_is_read_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let write = || {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(folder.path().join("c.pem"), made.cert.pem()).unwrap();
            std::fs::write(folder.path().join("k.pem"), made.signing_key.serialize_pem()).unwrap();
        };
        write();
        let mut config = config(folder.path());
        config.quic.cert = Some(folder.path().join("c.pem"));
        config.quic.key = Some(folder.path().join("k.pem"));
        let identity = Identity::open(&config, vec![], at(0)).unwrap();
        assert_eq!(identity.hash(), None);
        assert!(!identity.refresh(at(0)).unwrap());
        write();
        for name in ["c.pem", "k.pem"] {
            let file = std::fs::File::options().append(true).open(folder.path().join(name));
            let later = std::time::SystemTime::now() + Duration::from_secs(5);
            file.unwrap().set_modified(later).unwrap();
        }
        assert!(identity.refresh(at(0)).unwrap());
        assert!(!folder.path().join(FILE).exists(), "none of its own is made");
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "{}").unwrap();
        let error = Identity::open(&config(data.path()), vec![], at(0)).unwrap_err();
        assert!(error.to_string().contains("quic-certificate.json does not hold"), "{error}");
    }
}
