//! The byte codec of packets and journal records. The only file that names bincode, so that
//! replacing it is a change to one file.
//!
//! Little-endian, variable-length integers, no self-description: a changed type is a new schema
//! version. Bytes from outside never make it allocate more than [`DECODE_BYTES_MAX`].

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most that one decode may claim. 16 MiB: four times the largest snapshot that is expected,
/// and small enough that 50 rooms loading at once stay under a gigabyte.
pub const DECODE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes could not be read as the value they should hold.
#[derive(Debug, thiserror::Error)]
#[error("failed to decode {len} bytes as {what}")]
pub struct DecodeError {
    /// How many bytes there were.
    pub len: usize,
    /// The Rust name of the type that was asked for.
    pub what: &'static str,
    #[source]
    source: DecodeCause,
}

#[derive(Debug, thiserror::Error)]
enum DecodeCause {
    #[error(transparent)]
    Malformed(#[from] bincode::error::DecodeError),
    #[error("{0} bytes are left over")]
    LeftOver(usize),
}

fn config<const LIMIT: usize>() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LIMIT>()
}

/// Encodes `value`.
///
/// # Panics
///
/// If the value cannot be expressed: only types with serde attributes that need self-description
/// (`flatten`, `untagged`) or over [`DECODE_BYTES_MAX`] cannot, which is a mistake in the program.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, config::<DECODE_BYTES_MAX>())
        .expect("a value of ours can be encoded")
}

/// Encodes `value` into `to` as it goes, for what takes bytes and keeps none, as a hash.
///
/// # Panics
///
/// As [`encode`], and if `to` does not take what it is given.
pub fn encode_to<T: Serialize + ?Sized>(value: &T, to: &mut impl std::io::Write) {
    bincode::serde::encode_into_std_write(value, to, config::<DECODE_BYTES_MAX>())
        .expect("a value of ours is taken");
}

/// Decodes all of `bytes`.
///
/// # Errors
///
/// [`DecodeError`] if the bytes are not a `T`, or if any are left over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_within::<T, DECODE_BYTES_MAX>(bytes)
}

/// Decodes all of `bytes`, which may claim no more than `LIMIT` bytes of memory at once.
///
/// # Errors
///
/// [`DecodeError`] if the bytes are not such a `T`, or if any are left over.
pub fn decode_within<T: DeserializeOwned, const LIMIT: usize>(
    bytes: &[u8],
) -> Result<T, DecodeError> {
    let (value, rest) = decode_start::<T, LIMIT>(bytes)?;
    match rest.len() {
        0 => Ok(value),
        rest => Err(fail::<T>(bytes, DecodeCause::LeftOver(rest))),
    }
}

/// Decodes the start of `bytes` within `LIMIT`, and gives what is left over.
///
/// # Errors
///
/// [`DecodeError`] if the bytes do not start with such a `T`.
pub fn decode_start<T: DeserializeOwned, const LIMIT: usize>(
    bytes: &[u8],
) -> Result<(T, &[u8]), DecodeError> {
    let (value, read) = bincode::serde::decode_from_slice(bytes, config::<LIMIT>())
        .map_err(|e| fail::<T>(bytes, e.into()))?;
    Ok((value, &bytes[read..]))
}

fn fail<T>(bytes: &[u8], source: DecodeCause) -> DecodeError {
    DecodeError { len: bytes.len(), what: std::any::type_name::<T>(), source }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Sample = (u64, String, Vec<Option<u16>>);

    #[test]
    fn bytes_left_over_are_an_error() {
        let mut bytes = encode(&7_u64);
        bytes.push(0);
        assert!(decode::<u64>(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_the_same(value: Sample) {
            let mut written = Vec::new();
            encode_to(&value, &mut written);
            prop_assert_eq!(&written, &encode(&value));
            prop_assert_eq!(decode::<Sample>(&written).unwrap(), value);
        }

        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = decode::<Sample>(&bytes);
        }
    }
}
