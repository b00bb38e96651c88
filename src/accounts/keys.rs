//! The keys that sign tokens: `keys.json` in the data directory, readable by its owner alone.
//!
//! A rotation adds a key and signs with it from then on; older ones are believed for as long as
//! their tokens can live.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playhouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::private::{self, PrivateError};

/// The file's name in the data directory.
const FILE: &str = "keys.json";

/// How many keys are kept at most. 40: one a day over the life of a refresh token, and some. One
/// more, and the tokens of the oldest are no longer good.
const KEYS_MAX: usize = 40;

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] PrivateError),
    /// The file is not one of ours.
    #[error("{} does not hold keys", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
}

/// One key.
#[derive(Clone, Serialize, Deserialize)]
struct Key {
    kid: String,
    /// 32 bytes, base64url.
    secret: String,
    since: Timestamp,
}

/// All keys, the newest last. Never shown.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    keys: Vec<Key>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kids: Vec<&str> = self.keys.iter().map(|k| k.kid.as_str()).collect();
        f.debug_struct("Keys").field("kids", &kids).finish_non_exhaustive()
    }
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

impl Keys {
    /// Reads the keys in `data`, or draws the first one at `now`.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn open(data: &Path, now: Timestamp) -> Result<Self, KeysError> {
        let path = path(data);
        match private::read(&path)? {
            Some(bytes) => serde_json::from_slice::<Self>(&bytes)
                .ok()
                .filter(|keys| !keys.keys.is_empty() && keys.keys.iter().all(Key::is_whole))
                .ok_or(KeysError::Malformed { path }),
            None => {
                let keys = Self { keys: vec![Key::draw(now)] };
                keys.save(data)?;
                Ok(keys)
            }
        }
    }

    /// Adds a key to those in `data`; tokens live at most `life`.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn rotate(data: &Path, now: Timestamp, life: Duration) -> Result<Self, KeysError> {
        let mut keys = Self::open(data, now)?;
        // A key was replaced when the next one came; its tokens are gone one life after that.
        let replaced: Vec<Timestamp> = keys.keys.iter().skip(1).map(|k| k.since).collect();
        let mut replaced = replaced.into_iter().chain([now]);
        keys.keys.retain(|_| replaced.next().is_none_or(|at| at + life > now));
        keys.keys.push(Key::draw(now));
        let surplus = keys.keys.len().saturating_sub(KEYS_MAX);
        keys.keys.drain(..surplus);
        keys.save(data)?;
        Ok(keys)
    }

    /// No token may outlive its key in a crash: the keys are on the disk when this returns.
    fn save(&self, data: &Path) -> Result<(), KeysError> {
        let text = serde_json::to_vec_pretty(self).expect("keys have a JSON form");
        Ok(private::write(data, FILE, &text)?)
    }

    /// The id and secret of the key that signs.
    #[must_use]
    pub fn current(&self) -> (&str, Vec<u8>) {
        let key = self.keys.last().expect("there is a key");
        (&key.kid, key.bytes())
    }

    /// The secret of the key called `kid`.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<Vec<u8>> {
        self.keys.iter().find(|key| key.kid == kid).map(Key::bytes)
    }
}

impl Key {
    fn draw(now: Timestamp) -> Self {
        let secret: [u8; 32] = rand::random();
        let kid: [u8; 6] = rand::random();
        Self {
            kid: URL_SAFE_NO_PAD.encode(kid),
            secret: URL_SAFE_NO_PAD.encode(secret),
            since: now,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.secret).unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        self.bytes().len() == 32
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_drawn_once_and_are_for_their_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let first = Keys::open(data.path(), Timestamp::ZERO).unwrap();
        let again = Keys::open(data.path(), Timestamp::ZERO).unwrap();
        assert_eq!(first.current(), again.current());
        let mode = std::fs::metadata(path(data.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{first:?}").contains(&first.keys[0].secret));
    }

    #[test]
    fn a_replaced_key_is_believed_for_one_life_of_its_tokens() {
        let data = tempfile::tempdir().unwrap();
        let (life, second) = (Duration::from_secs(100), Duration::from_secs(1));
        let at = |n: u32| Timestamp::ZERO + second * n;
        let old = Keys::open(data.path(), at(0)).unwrap().current().0.to_owned();
        let keys = Keys::rotate(data.path(), at(10), life).unwrap();
        assert!(keys.find(&old).is_some() && keys.current().0 != old);
        assert!(Keys::rotate(data.path(), at(109), life).unwrap().find(&old).is_some());
        assert!(Keys::rotate(data.path(), at(111), life).unwrap().find(&old).is_none());
    }

    #[test]
    fn a_file_that_holds_no_keys_is_named() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(path(data.path()), "{}").unwrap();
        assert!(matches!(
            Keys::open(data.path(), Timestamp::ZERO),
            Err(KeysError::Malformed { .. })
        ));
    }
}
