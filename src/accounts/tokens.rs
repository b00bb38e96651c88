//! Tokens: what they hold, and how they are made and believed.
//!
//! An access token is a JWT (RFC 7519), HS256 and nothing else, with `kid`. A refresh token is
//! opaque: `<kid>.<base64url>` of account, session, 32 bytes of chance and their HMAC-SHA-256, so
//! that one which was made up never reaches a room.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use playhouse_domain::account::AccountInfo;
use playhouse_domain::account::sessions::TokenHash;
use playhouse_domain::room::Role;
use playhouse_protocol::ids::{AccountId, GuestId, SessionId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keys::Keys;

pub(crate) const ISSUER: &str = "playhouse";
const AUDIENCE: &str = "playhouse";

/// The audience of voter tokens, so that neither token is ever taken for the other.
const VOTERS: &str = "playhouse-voter";

/// The longest token that is looked at, in bytes. 2 KiB, several times what ours have.
const TOKEN_BYTES_MAX: usize = 2048;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The account.
    pub sub: AccountId,
    /// The session.
    pub sid: SessionId,
    /// What the account could do when the token was made. For other programs; what it may do now
    /// is asked of its room.
    pub role: Role,
    /// The user name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub iat: u64,
    /// When it ends.
    pub exp: u64,
    iss: String,
    aud: String,
}

/// Makes an access token for the session `sid` of `account` from `iat` until `exp`.
///
/// # Panics
///
/// Never: a key of 32 bytes signs.
#[must_use]
pub fn access(keys: &Keys, account: &AccountInfo, sid: SessionId, iat: u64, exp: u64) -> String {
    let claims = Claims {
        sub: account.id,
        sid,
        role: account.role,
        name: account.username.clone(),
        iat,
        exp,
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
    };
    sign(keys, &claims)
}

/// Signs `claims`, which must name the issuer and an audience of their own.
///
/// # Panics
///
/// Never: a key of 32 bytes signs.
pub(crate) fn sign(keys: &Keys, claims: &impl Serialize) -> String {
    let (kid, secret) = keys.current();
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
    encode(&header, claims, &EncodingKey::from_secret(&secret)).expect("a key of ours signs")
}

/// What a voter token says: which browser joined, and nothing about whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest {
    /// The browser.
    pub id: GuestId,
    /// When the token ends, in seconds since 1970.
    pub expires_at: u64,
}

#[derive(Serialize, Deserialize)]
struct GuestClaims {
    sub: GuestId,
    exp: u64,
    iss: String,
    aud: String,
}

/// Makes a voter token for `guest`.
///
/// # Panics
///
/// Never: a key of 32 bytes signs.
#[must_use]
pub fn voter(keys: &Keys, guest: Guest) -> String {
    let Guest { id: sub, expires_at: exp } = guest;
    sign(keys, &GuestClaims { sub, exp, iss: ISSUER.into(), aud: VOTERS.into() })
}

/// Believes a voter token, or not.
///
/// # Errors
///
/// As [`read_access`].
pub fn read_voter(keys: &Keys, token: &str) -> Result<Guest, Unbelieved> {
    let claims: GuestClaims = read(keys, token, VOTERS)?;
    Ok(Guest { id: claims.sub, expires_at: claims.exp })
}

/// Why an access token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unbelieved {
    /// It was one of ours, and its time is over.
    Expired,
    /// It is none of ours.
    Foreign,
}

/// Believes an access token, or not.
///
/// # Errors
///
/// [`Unbelieved`]: a client whose token is merely expired should fetch a new one.
pub fn read_access(keys: &Keys, token: &str) -> Result<Claims, Unbelieved> {
    read(keys, token, AUDIENCE)
}

/// Believes a token for `audience`, or not.
///
/// # Errors
///
/// As [`read_access`].
pub(crate) fn read<C: DeserializeOwned>(
    keys: &Keys,
    token: &str,
    audience: &str,
) -> Result<C, Unbelieved> {
    read_until(keys, token, audience, true)
}

/// What a token of ours for `audience` says whose time is over, or may be. It is believed in nothing else.
///
/// # Errors
///
/// [`Unbelieved::Foreign`].
pub(crate) fn read_ended<C: DeserializeOwned>(
    keys: &Keys,
    token: &str,
    audience: &str,
) -> Result<C, Unbelieved> {
    read_until(keys, token, audience, false)
}

fn read_until<C: DeserializeOwned>(
    keys: &Keys,
    token: &str,
    audience: &str,
    ends: bool,
) -> Result<C, Unbelieved> {
    let foreign = Unbelieved::Foreign;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(foreign);
    }
    let header = decode_header(token).map_err(|_| foreign)?;
    if header.alg != Algorithm::HS256 {
        return Err(foreign);
    }
    let secret = header.kid.and_then(|kid| keys.find(&kid)).ok_or(foreign)?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = 0;
    // None of ours has `nbf`, but one that had it would mean it.
    validation.validate_nbf = true;
    validation.validate_exp = ends;
    // From `exp` on it is over (RFC 7519, 4.1.4), as it is for live connections.
    validation.reject_tokens_expiring_in_less_than = 1;
    // The signature is looked at before the time: only a token of ours is ever called expired.
    let read = decode::<C>(token, &DecodingKey::from_secret(&secret), &validation);
    read.map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => Unbelieved::Expired,
        _ => foreign,
    })
}

/// A refresh token that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// What is kept of the token.
    pub hash: TokenHash,
}

fn mac(secret: &[u8], purpose: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes any key");
    mac.update(purpose);
    mac.update(body);
    mac
}

/// An opaque token: `<kid>.<base64url>` of `body` and its HMAC-SHA-256 for `purpose`, so that one which
/// was made up, or made for something else, is not believed.
pub(crate) fn seal(keys: &Keys, purpose: &[u8], mut body: Vec<u8>) -> String {
    let (kid, secret) = keys.current();
    let sum = mac(&secret, purpose, &body).finalize().into_bytes();
    body.extend_from_slice(&sum);
    format!("{kid}.{}", URL_SAFE_NO_PAD.encode(body))
}

/// The body of an opaque token of ours for `purpose`; none if it is not one.
pub(crate) fn unseal(keys: &Keys, purpose: &[u8], token: &str) -> Option<Vec<u8>> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (kid, sealed) = token.split_once('.')?;
    let mut body = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let sum = body.split_off(body.len().checked_sub(32)?);
    mac(&keys.find(kid)?, purpose, &body).verify_slice(&sum).ok()?;
    Some(body)
}

/// What refresh tokens are sealed for.
const REFRESH: &[u8] = b"refresh";

/// Draws a refresh token for `session` of `account`: the token, and what is kept of it.
#[must_use]
pub fn refresh(keys: &Keys, account: AccountId, session: SessionId) -> (String, TokenHash) {
    let chance: [u8; 32] = rand::random();
    let body = [account.0.as_bytes().as_slice(), session.0.as_bytes(), &chance].concat();
    let hash = Sha256::digest(&body).into();
    (seal(keys, REFRESH, body), hash)
}

/// Believes a refresh token, or not.
#[must_use]
pub fn read_refresh(keys: &Keys, token: &str) -> Option<Refresh> {
    let body = unseal(keys, REFRESH, token).filter(|body| body.len() == 64)?;
    let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).ok();
    Some(Refresh {
        account: AccountId(uuid(&body[..16])?),
        session: SessionId(uuid(&body[16..32])?),
        hash: Sha256::digest(&body).into(),
    })
}

#[cfg(test)]
mod tests {
    use playhouse_domain::time::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn keys() -> Keys {
        Keys::open(tempfile::tempdir().unwrap().path(), Timestamp::ZERO).unwrap()
    }

    fn ids() -> (AccountId, SessionId) {
        (AccountId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)))
    }

    fn ann() -> AccountInfo {
        AccountInfo {
            id: ids().0,
            username: "ann".into(),
            email: "ann@example.org".into(),
            role: Role::Organizer,
            banned: false,
            since: Timestamp::ZERO,
        }
    }

    const LATE: u64 = 4_000_000_000;

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    #[test]
    fn a_token_of_ours_is_believed_until_it_ends() {
        let (keys, (account, session)) = (keys(), ids());
        let claims = read_access(&keys, &access(&keys, &ann(), session, 1, LATE)).unwrap();
        assert_eq!((claims.sub, claims.sid), (account, session));
        assert_eq!((claims.name.as_str(), claims.role), ("ann", Role::Organizer));
        let now = jsonwebtoken::get_current_timestamp();
        let over = access(&keys, &ann(), session, 1, now);
        assert_eq!(read_access(&keys, &over), Err(Unbelieved::Expired), "from that second on");
        let old = access(&keys, &ann(), session, 1, 1_000_000_000);
        assert_eq!(read_access(&keys, &old), Err(Unbelieved::Expired));
        let stranger = super::tests::keys();
        assert_eq!(read_access(&stranger, &old), Err(Unbelieved::Foreign), "another house's");
        let (token, hash) = refresh(&keys, account, session);
        assert_eq!(read_refresh(&keys, &token), Some(Refresh { account, session, hash }));
    }

    #[test]
    fn a_forged_token_is_not_believed() {
        let (keys, (account, session)) = (keys(), ids());
        let good = access(&keys, &ann(), session, 1, LATE);
        let [head, body, sum] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let kid = keys.current().0;
        let claims = json!({ "sub": account, "sid": session, "role": "admin", "name": "ann",
            "iat": 1, "exp": LATE, "iss": "playhouse", "aud": "playhouse" });
        let mut forged = vec![
            format!("{head}.{body}."),
            format!("{head}.{body}.{}", sum.to_uppercase()),
            format!(
                "{head}.{}.{sum}",
                part(&json!({ "sub": session, "sid": session, "exp": LATE }))
            ),
            String::new(),
            ".".repeat(3),
            "x".repeat(3000),
        ];
        for alg in ["none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
            let header = part(&json!({ "alg": alg, "typ": "JWT", "kid": kid }));
            forged.push(format!("{header}.{}.", part(&claims)));
            forged.push(format!("{header}.{}.{sum}", part(&claims)));
        }
        for kid in ["", "../../dev/null", "' OR 1=1 --", "0"] {
            let header = part(&json!({ "alg": "HS256", "kid": kid }));
            forged.push(format!("{header}.{body}.{sum}"));
        }
        let header = part(&json!({ "alg": "HS256", "jku": "http://127.0.0.1/k", "jwk": {} }));
        forged.push(format!("{header}.{body}.{sum}"));
        for token in forged {
            assert_eq!(read_access(&keys, &token), Err(Unbelieved::Foreign), "{token}");
        }
        assert_eq!(
            read_access(&super::tests::keys(), &good),
            Err(Unbelieved::Foreign),
            "another house's token"
        );
    }

    #[test]
    fn a_token_that_we_signed_for_something_else_is_not_believed() {
        let (keys, (account, session)) = (keys(), ids());
        let (kid, secret) = keys.current();
        let sign = |algorithm, claims: &Value| {
            let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
            encode(&header, claims, &EncodingKey::from_secret(&secret)).unwrap()
        };
        let whole = json!({ "sub": account, "sid": session, "role": "user", "name": "ann",
            "iat": 1, "exp": LATE, "iss": "playhouse", "aud": "playhouse" });
        assert!(read_access(&keys, &sign(Algorithm::HS256, &whole)).is_ok());
        assert!(read_access(&keys, &sign(Algorithm::HS512, &whole)).is_err(), "another algorithm");
        let with = |name: &str, value: Value| {
            let mut claims = whole.clone();
            claims[name] = value;
            claims
        };
        for (name, value) in [
            ("iss", json!("elsewhere")),
            ("aud", json!("elsewhere")),
            ("sub", json!("ann")),
            ("sid", Value::Null),
            ("role", json!("owner")),
            ("exp", Value::Null),
            ("exp", json!("never")),
            ("exp", json!(-1)),
            ("nbf", json!(LATE)),
            ("nbf", json!("later")),
        ] {
            let token = sign(Algorithm::HS256, &with(name, value));
            assert!(read_access(&keys, &token).is_err(), "{name}");
        }
        for name in ["iss", "aud", "sub", "sid", "role", "name", "exp", "iat"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(name);
            let token = sign(Algorithm::HS256, &claims);
            assert_eq!(read_access(&keys, &token), Err(Unbelieved::Foreign), "without {name}");
        }
    }

    #[test]
    fn a_voter_token_is_no_access_token_and_the_other_way_round() {
        let (keys, (_, session)) = (keys(), ids());
        let guest = Guest { id: GuestId(Uuid::from_u128(7)), expires_at: LATE };
        let token = voter(&keys, guest);
        assert_eq!(read_voter(&keys, &token), Ok(guest));
        assert_eq!(read_access(&keys, &token), Err(Unbelieved::Foreign));
        let access = access(&keys, &ann(), session, 1, LATE);
        assert_eq!(read_voter(&keys, &access), Err(Unbelieved::Foreign));
        let old = voter(&keys, Guest { expires_at: 1_000_000_000, ..guest });
        assert_eq!(read_voter(&keys, &old), Err(Unbelieved::Expired));
        assert_eq!(read_voter(&super::tests::keys(), &token), Err(Unbelieved::Foreign));
    }

    #[test]
    fn a_changed_refresh_token_is_not_believed() {
        let (keys, (account, session)) = (keys(), ids());
        let (token, _) = refresh(&keys, account, session);
        let (kid, body) = token.split_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
        for at in [0, 20, 40, 70, 95] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let token = format!("{kid}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(read_refresh(&keys, &token), None);
        }
        for token in ["", ".", "a.b", &format!("x.{body}"), &format!("{kid}.{}", &body[..80])] {
            assert_eq!(read_refresh(&keys, token), None, "{token}");
        }
    }
}
