//! The key by which clients of a server that was killed learn it at once.
//!
//! A QUIC server that gets a packet of a connection it does not know answers with a stateless reset
//! (RFC 9000, 10.3): a token that only who has the key can make for that connection. With a key that is
//! drawn at each start, clients would wait for their time-out after a restart.

use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use quinn::crypto::{CryptoError, HmacKey};
use quinn_proto::{ConnectionIdGenerator, HashedConnectionIdGenerator};
use sha2::Sha256;

use crate::private::{self, PrivateError};

/// The file's name in the data directory.
const FILE: &str = "quic-reset-key";

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ResetKeyError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] PrivateError),
    /// The file is not one of ours.
    #[error("{} does not hold a key of 32 bytes", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
}

/// Signs the tokens of stateless resets. Never shown.
#[derive(Clone)]
pub(super) struct ResetKey([u8; 32]);

impl ResetKey {
    /// Reads the key in `data`, or draws it.
    pub(super) fn open(data: &Path) -> Result<Self, ResetKeyError> {
        let path = data.join(FILE);
        match private::read(&path)? {
            Some(bytes) => {
                bytes.try_into().map(Self).map_err(|_| ResetKeyError::Malformed { path })
            }
            None => {
                let key: [u8; 32] = rand::random();
                private::write(data, FILE, &key)?;
                Ok(Self(key))
            }
        }
    }

    fn mac(&self, data: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key");
        mac.update(data);
        mac
    }

    /// Gives connections their ids. The ids of an earlier process of the same house are recognized:
    /// a packet with any other id is dropped without a reset.
    pub(super) fn connection_ids(&self) -> Box<dyn ConnectionIdGenerator> {
        let sum = self.mac(b"connection ids").finalize().into_bytes();
        let key = sum[..8].try_into().map_or(0, u64::from_le_bytes);
        Box::new(HashedConnectionIdGenerator::from_key(key))
    }
}

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(&self.mac(data).finalize().into_bytes());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.mac(data).verify_slice(signature).map_err(|_| CryptoError)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn signed(key: &ResetKey) -> [u8; 32] {
        let mut sum = [0; 32];
        key.sign(b"a connection", &mut sum);
        sum
    }

    #[test]
    fn a_restart_signs_alike_and_knows_the_ids_from_before() {
        let data = tempfile::tempdir().unwrap();
        let first = ResetKey::open(data.path()).unwrap();
        let again = ResetKey::open(data.path()).unwrap();
        assert_eq!(signed(&first), signed(&again));
        again.verify(b"a connection", &signed(&first)).unwrap();
        assert!(again.verify(b"another", &signed(&first)).is_err());
        let id = first.connection_ids().generate_cid();
        again.connection_ids().validate(&id).unwrap();
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_house_signs_otherwise_and_knows_no_id_of_ours() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ours = ResetKey::open(ours.path()).unwrap();
        let theirs = ResetKey::open(theirs.path()).unwrap();
        assert_ne!(signed(&ours), signed(&theirs));
        let id = ours.connection_ids().generate_cid();
        assert!(theirs.connection_ids().validate(&id).is_err());
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "short").unwrap();
        let said = ResetKey::open(data.path()).map(|_| ()).unwrap_err().to_string();
        assert!(said.ends_with("quic-reset-key does not hold a key of 32 bytes"), "{said}");
    }
}
