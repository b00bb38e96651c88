//! The voter's half of a secret poll: a ballot is blinded, signed by the server unseen, and unblinded.
//!
//! RFC 9474, variant `RSABSSA-SHA384-PSS-Randomized`; the padding is EMSA-PSS (RFC 8017, 9.1.1) with
//! SHA-384, MGF1 and a salt of 48 bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint_dig::ModInverse;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pss, RsaPublicKey};
use sha2::{Digest, Sha384};

/// The size of a SHA-384 and of the salt, in bytes.
const HASH: usize = 48;

/// The key under which a poll's ballots are signed.
#[derive(Debug, Clone)]
pub struct Key(RsaPublicKey);

/// What turns the blind signature of one ballot into the ballot's own.
#[derive(Debug)]
pub struct Unblind {
    key: RsaPublicKey,
    token: Vec<u8>,
    factor: BigUint,
}

impl Key {
    /// Reads a poll's `ballot_key`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let der = URL_SAFE_NO_PAD.decode(text).ok()?;
        RsaPublicKey::from_public_key_der(&der).ok().map(Self)
    }

    /// Blinds `token`: what is to be signed, and what unblinds it.
    #[must_use]
    pub fn blind(&self, token: &[u8]) -> (Vec<u8>, Unblind) {
        let (n, e) = (self.0.n(), self.0.e());
        let message =
            BigUint::from_bytes_be(&padded(token, &rand::random::<[u8; HASH]>(), n.bits()));
        // Evenly drawn below the modulus, so that the blinded message says nothing: what is not below
        // it is drawn again. All but multiples of its factors have an inverse; nobody draws one.
        let (factor, inverse) = loop {
            let factor = BigUint::from_bytes_be(&rand::random::<[u8; 256]>());
            if factor < *n
                && let Some(inverse) = inverse(&factor, n)
            {
                break (factor, inverse);
            }
        };
        let blinded = message * factor.modpow(e, n) % n;
        let unblind = Unblind { key: self.0.clone(), token: token.to_vec(), factor: inverse };
        (to_bytes(&blinded, self.0.size()), unblind)
    }
}

impl Unblind {
    /// The signature of the ballot, if the blind one is good.
    #[must_use]
    pub fn finalize(&self, blind: &[u8]) -> Option<Vec<u8>> {
        let signature = BigUint::from_bytes_be(blind) * &self.factor % self.key.n();
        let signature = to_bytes(&signature, self.key.size());
        let padding = Pss::new_with_salt::<Sha384>(HASH);
        self.key.verify(padding, &Sha384::digest(&self.token), &signature).ok()?;
        Some(signature)
    }
}

fn inverse(factor: &BigUint, n: &BigUint) -> Option<BigUint> {
    factor.mod_inverse(n)?.to_biguint()
}

fn to_bytes(number: &BigUint, len: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; len.saturating_sub(bytes.len())], bytes].concat()
}

/// EMSA-PSS of `message` for a modulus of `bits` bits.
fn padded(message: &[u8], salt: &[u8; HASH], bits: usize) -> Vec<u8> {
    let len = (bits - 1).div_ceil(8);
    let hash = Sha384::digest([&[0; 8][..], &Sha384::digest(message), salt].concat());
    let mut block = vec![0; len - 2 * HASH - 2];
    block.push(1);
    block.extend_from_slice(salt);
    for (at, byte) in block.iter_mut().enumerate() {
        let counter = u32::try_from(at / HASH).unwrap_or(u32::MAX);
        let mask = Sha384::digest([&hash[..], &counter.to_be_bytes()].concat());
        *byte ^= mask[at % HASH];
    }
    block[0] &= 0xff >> (8 * len - (bits - 1));
    [block, hash.to_vec(), vec![0xbc]].concat()
}
