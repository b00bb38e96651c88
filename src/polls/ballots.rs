//! Secret polls: ballots that are signed without being seen.
//!
//! A voter makes a ballot (32 bytes of chance), blinds it and has it signed once, by name. The
//! unblinded ballot is cast later without a name: the signature says that some voter was given it,
//! and nothing says which. RFC 9474, variant `RSABSSA-SHA384-PSS-Randomized`, 2,048 bits.
//!
//! Each secret poll has a key of its own, so that a ballot of one poll is none of another. The secret
//! half is a file in the data directory (`ballots/<poll>.der`) and in no journal and no backup: after
//! a restore ballots that were given out can be cast, and no more are given out.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playhouse_actors::handle::Rooms;
use playhouse_domain::poll::{self, Command, Digest16, Poll, Reply, Voter, roll};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::PollId;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::OsRng;
use rsa::{BigUint, Pss, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha384};

use super::requests::{BallotRequest, SignedBallot};
use super::votes;
use crate::accounts::Bearer;
use crate::app::App;
use crate::asking::{ask_now, invalid, unexpected};
use crate::http::error::Problem;

/// The size of a poll's key, in bits. 2,048: what RFC 9474 asks for at least, for ballots that are
/// worth something for an evening.
const KEY_BITS: usize = 2048;

/// The size of a blinded message and of a signature, in bytes.
const SIGNATURE_BYTES: usize = KEY_BITS / 8;

/// The size of the salt that the signature's padding has, in bytes: as long as the hash, SHA-384.
const SALT_BYTES: usize = 48;

/// The size of a ballot's token, in bytes: the randomizer of RFC 9474, and 32 bytes of chance.
const TOKEN_BYTES: usize = 64;

fn path(data: &Path, poll: PollId) -> PathBuf {
    data.join("ballots").join(format!("{poll}.der"))
}

fn broken(what: &str, error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "failed to {what}");
    let detail = format!("failed to {what}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

/// Does what takes a core for long, elsewhere.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|e| broken("work on a ballot key", &e))?
}

/// The public key of `poll`'s ballots: DER of its `SubjectPublicKeyInfo` in base64url. Drawn and
/// stored the first time.
///
/// # Errors
///
/// `internal` if it cannot be stored.
pub async fn key_for(data: &Path, poll: PollId) -> Result<String, Problem> {
    let path = path(data, poll);
    apart(move || {
        if load(&path)?.is_none() {
            draw(&path)?;
        }
        let gone = || broken("read a ballot key", &"it is gone");
        let secret = load(&path)?.ok_or_else(gone)?;
        let public = secret.to_public_key().to_public_key_der();
        let public = public.map_err(|e| broken("tell a ballot key", &e))?;
        Ok(URL_SAFE_NO_PAD.encode(public.as_bytes()))
    })
    .await
}

fn load(path: &Path) -> Result<Option<RsaPrivateKey>, Problem> {
    match std::fs::read(path) {
        Ok(der) => RsaPrivateKey::from_pkcs8_der(&der)
            .map(Some)
            .map_err(|e| broken("read a ballot key", &e)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(broken("read a ballot key", &e)),
    }
}

fn draw(path: &Path) -> Result<(), Problem> {
    let secret = RsaPrivateKey::new(&mut OsRng, KEY_BITS);
    let secret = secret.map_err(|e| broken("draw a ballot key", &e))?;
    let der = secret.to_pkcs8_der().map_err(|e| broken("write a ballot key", &e))?;
    store(path, der.as_bytes()).map_err(|e| broken("write a ballot key", &e))
}

/// The whole file or none, and on disk before anybody is told the key. Its owner alone may read it. A key
/// that is there stays: drawing takes so long that the same request may come again meanwhile, and both
/// must end with one key.
fn store(path: &Path, der: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = path.with_extension(format!("{:016x}.partial", rand::random::<u64>()));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
    let stored = file.write_all(der).and_then(|()| file.sync_all());
    let stored = stored.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match stored {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        stored => stored?,
    }
    File::open(folder)?.sync_all()
}

/// Signs a blinded ballot for whoever may vote, once.
///
/// # Errors
///
/// `poll_not_secret`, `poll_not_open`, `ballot_issued_before`, `bad_ballot`, `ballot_key_lost`.
pub async fn issue(
    app: &App,
    who: Option<&Bearer>,
    id: PollId,
    request: &BallotRequest,
) -> Result<String, Problem> {
    let blinded = bytes(&request.blinded, SIGNATURE_BYTES, "the blinded message")?;
    let voter = votes::voter(id, who, request.code.as_deref(), None)?;
    let caller = who.map_or(Caller::Nobody, Bearer::caller);
    admit(app, caller.clone(), id, voter).await?;
    let path = path(&app.config.store.data, id);
    let lost = || {
        let detail =
            "the key of this poll's ballots is not here, as after a restore: no more are given out";
        Problem::new(StatusCode::GONE, "ballot_key_lost", detail)
    };
    // Before the voter is marked: who could not be given a ballot may ask again.
    let secret = apart(move || load(&path)).await?.ok_or_else(lost)?;
    let room = roll::room(id);
    let command = roll::Command::Issue { voter, request: Digest16::of(&blinded) };
    let issued = ask_now::<roll::Roll>(&app.rooms, caller, &room, None, &command).await?;
    let roll::Reply::Issued = issued.reply;
    apart(move || sign(&secret, &blinded).map(|signature| URL_SAFE_NO_PAD.encode(signature))).await
}

/// Has the roll of `poll` wake up, so that it falls asleep again and forgets who came when, also if
/// the server was stopped before it could.
pub async fn wake_roll(rooms: &Rooms, poll: PollId) {
    // Nobody may see it; that it was looked at is enough.
    drop(rooms.view(&roll::room(poll), Caller::System).await);
}

/// RFC 9474, 4.3 (BlindSign): the bare operation of RSA, checked against faults; blinded once more
/// against whoever measures its time.
fn sign(secret: &RsaPrivateKey, blinded: &[u8]) -> Result<Vec<u8>, Problem> {
    let message = BigUint::from_bytes_be(blinded);
    let signed = rsa::hazmat::rsa_decrypt_and_check(secret, Some(&mut OsRng), &message);
    // A message that is no smaller than the key's modulus.
    let bad = |_| invalid("bad_ballot", "the blinded message cannot be signed");
    let signed = signed.map_err(bad)?.to_bytes_be();
    let mut signature = vec![0; SIGNATURE_BYTES.saturating_sub(signed.len())];
    signature.extend_from_slice(&signed);
    Ok(signature)
}

async fn admit(app: &App, caller: Caller, id: PollId, voter: Voter) -> Result<(), Problem> {
    let room = poll::room(id);
    match ask_now::<Poll>(&app.rooms, caller, &room, None, &Command::Admit { voter }).await?.reply {
        Reply::Admitted => Ok(()),
        _ => Err(unexpected(&room)),
    }
}

fn bytes(text: &str, len: usize, what: &str) -> Result<Vec<u8>, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == len);
    let bad = || format!("{what} must be {len} bytes in base64url without padding");
    bytes.ok_or_else(|| invalid("bad_ballot", bad()))
}

/// What a poll knows of `ballot`, whose signature is good under `key`.
///
/// # Errors
///
/// `bad_ballot`; `poll_not_secret` if there is no key.
pub(super) fn checked(key: Option<&str>, ballot: &SignedBallot) -> Result<Digest16, Problem> {
    let none = || {
        let detail = "only a secret poll takes ballots";
        Problem::new(StatusCode::CONFLICT, "poll_not_secret", detail)
    };
    let key = URL_SAFE_NO_PAD.decode(key.ok_or_else(none)?).ok();
    let key = key.and_then(|der| RsaPublicKey::from_public_key_der(&der).ok());
    let key = key.ok_or_else(|| broken("read a ballot key", &"it is no key"))?;
    let token = bytes(&ballot.token, TOKEN_BYTES, "the token")?;
    let signature = bytes(&ballot.signature, SIGNATURE_BYTES, "the signature")?;
    // The token is the prepared message: RFC 9474 signs nothing else.
    let padding = Pss::new_with_salt::<Sha384>(SALT_BYTES);
    match key.verify(padding, &Sha384::digest(&token), &signature) {
        Ok(()) => Ok(Digest16::of(&token)),
        Err(_) => Err(invalid("bad_ballot", "the ballot's signature is not good")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_ballot_that_was_signed_unseen_is_good_in_its_poll_and_in_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = [1, 2].map(|n| PollId(Uuid::from_u128(n)));
        // Asked again while it is drawn, too: it is one key.
        let asked = || key_for(folder.path(), one);
        let (key, meanwhile) = tokio::join!(asked(), asked());
        let key = key.unwrap();
        assert_eq!([meanwhile.unwrap(), asked().await.unwrap()], [key.clone(), key.clone()]);
        assert_eq!(std::fs::read_dir(folder.path().join("ballots")).unwrap().count(), 1);
        let file = path(folder.path(), one);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let secret = load(&file).unwrap().unwrap();
        let public = playhouse_loadtest::ballot::Key::read(&key).unwrap();
        let token: [u8; TOKEN_BYTES] = rand::random();
        let (blinded, unblind) = public.blind(&token);
        let signature = unblind.finalize(&sign(&secret, &blinded).unwrap()).unwrap();
        let mut ballot = SignedBallot {
            token: URL_SAFE_NO_PAD.encode(token),
            signature: URL_SAFE_NO_PAD.encode(&signature),
        };
        assert_eq!(checked(Some(&key), &ballot).unwrap(), Digest16::of(&token));
        let foreign = key_for(folder.path(), other).await.unwrap();
        assert_eq!(checked(Some(&foreign), &ballot).unwrap_err().code(), "bad_ballot");
        assert_eq!(checked(None, &ballot).unwrap_err().code(), "poll_not_secret");
        ballot.token = URL_SAFE_NO_PAD.encode([&token[1..], &[0]].concat());
        assert_eq!(checked(Some(&key), &ballot).unwrap_err().code(), "bad_ballot");
    }
}
