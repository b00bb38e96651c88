//! Passwords: argon2id on a few threads of its own behind a bounded queue, so that a storm of
//! log-ins makes log-ins wait and nothing else.
//!
//! Parameters: OWASP's Password Storage Cheat Sheet, first choice for argon2id: 19 MiB, two passes,
//! one lane.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use actix_web::http::StatusCode;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::http::error::Problem;

/// The shortest password, in characters. 8, as NIST SP 800-63B asks at least.
pub const PASSWORD_MIN: usize = 8;

/// The longest password, in bytes. 256: any passphrase; more would only cost time.
pub const PASSWORD_MAX: usize = 256;

enum Job {
    Hash(String, oneshot::Sender<String>),
    Verify(String, String, oneshot::Sender<bool>),
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    jobs: SyncSender<Job>,
    /// The hash of a password that nobody knows: checked in place of one that is not there.
    dummy: Arc<str>,
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("OWASP's parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2().hash_password(password.as_bytes(), &salt);
    hash.expect("a password within its bounds can be hashed").to_string()
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().recv();
        match job {
            // Whoever asked has gone: others wait.
            Ok(Job::Hash(_, done)) if done.is_closed() => {}
            Ok(Job::Verify(.., done)) if done.is_closed() => {}
            Ok(Job::Hash(password, done)) => drop(done.send(hash(&password))),
            Ok(Job::Verify(password, hash, done)) => drop(done.send(verify(&password, &hash))),
            Err(_) => return,
        }
    }
}

fn overloaded() -> Problem {
    let detail = "too many people are logging in, try again in a few seconds";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
        .retry_after(Duration::from_secs(3))
}

impl Passwords {
    /// Starts `threads` threads behind a queue of `queue` passwords.
    ///
    /// # Panics
    ///
    /// If the system has no more threads.
    #[must_use]
    pub fn start(threads: usize, queue: usize) -> Self {
        let (jobs, inbox) = sync_channel(queue);
        let inbox = Arc::new(Mutex::new(inbox));
        for n in 0..threads.max(1) {
            let inbox = inbox.clone();
            let thread = std::thread::Builder::new().name(format!("passwords-{n}"));
            thread.spawn(move || work(&inbox)).expect("a thread can be started");
        }
        let dummy = hash(&uuid::Uuid::new_v4().to_string()).into();
        Self { jobs, dummy }
    }

    fn send(&self, job: Job) -> Result<(), Problem> {
        self.jobs.try_send(job).map_err(|e| match e {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => overloaded(),
        })
    }

    /// Checks that `password` may be one, and hashes it: argon2id in PHC form.
    ///
    /// # Errors
    ///
    /// `bad_password`, `overloaded`.
    pub async fn hash(&self, password: &str) -> Result<String, Problem> {
        check(password)?;
        let (done, hash) = oneshot::channel();
        self.send(Job::Hash(password.to_owned(), done))?;
        hash.await.map_err(|_| overloaded())
    }

    /// True if `password` is the one of `hash`. Takes as long without a hash as with one.
    ///
    /// # Errors
    ///
    /// `overloaded`.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        // A password that is too long is none; the time is spent all the same.
        let fits = password.len() <= PASSWORD_MAX;
        let password = if fits { password.to_owned() } else { String::new() };
        let (done, fits_hash) = oneshot::channel();
        self.send(Job::Verify(password, hash, done))?;
        Ok(fits_hash.await.map_err(|_| overloaded())? && known && fits)
    }
}

fn check(password: &str) -> Result<(), Problem> {
    let long_enough = password.chars().count() >= PASSWORD_MIN;
    if long_enough && password.len() <= PASSWORD_MAX {
        return Ok(());
    }
    let detail = format!(
        "a password has at least {PASSWORD_MIN} characters and at most {PASSWORD_MAX} bytes"
    );
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_password", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::start(1, 4);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("", None).await.unwrap());
        assert!(!passwords.verify(&"x".repeat(1_000_000), Some(hash)).await.unwrap());
    }

    #[actix_web::test]
    async fn a_password_that_is_too_short_or_too_long_is_refused() {
        let passwords = Passwords::start(1, 4);
        for password in ["", "1234567", &"x".repeat(257)] {
            assert_eq!(passwords.hash(password).await.unwrap_err().code(), "bad_password");
        }
    }

    #[actix_web::test]
    async fn a_storm_beyond_the_queue_is_told_to_come_back() {
        let passwords = Passwords::start(1, 1);
        let storm = (0..20).map(|_| passwords.verify("12345678", None));
        let answers = futures_util::future::join_all(storm).await;
        let refused = answers.iter().filter(|a| a.is_err()).count();
        assert!(refused > 0 && refused < 20, "{refused} of 20 were refused");
    }
}
