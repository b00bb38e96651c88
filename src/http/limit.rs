//! How often something may be tried: windows in bounded memory. Time comes in.
//!
//! - [`Limit`]: an exact sliding window, for what is rare: registrations, failed log-ins.
//! - [`Rate`]: a count within each second, for what is frequent: requests.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::config::Limits as Settings;
use crate::http::error::Problem;

/// How many keys one limit remembers. 65,536, some MiB. When they are all in use a [`Limit`] lets
/// new keys through uncounted rather than refuse strangers, and a [`Rate`] begins its second anew:
/// both let more through and never less.
const KEYS_MAX: usize = 65_536;

/// How often a full [`Limit`] looks for keys whose window is over: 16 times in a window, so that a
/// flood of keys does not pay for a look each.
const SWEEPS_A_WINDOW: u32 = 16;

/// At most so many tries of one key within a window.
#[derive(Debug)]
pub struct Limit {
    max: usize,
    window: Duration,
    tries: Mutex<Tries>,
}

#[derive(Debug, Default)]
struct Tries {
    /// Each at most `max` long, oldest first.
    by_key: HashMap<String, VecDeque<Instant>>,
    swept: Option<Instant>,
}

impl Limit {
    /// At most `max` tries within `window`; no limit if `max` is 0.
    #[must_use]
    pub fn new(max: u32, window: Duration) -> Self {
        Self { max: max as usize, window, tries: Mutex::default() }
    }

    /// Counts a try of `key`, unless that is over the limit. Counted before its outcome is known,
    /// so that many at once do not all slip through; see [`Self::give_back`].
    ///
    /// # Errors
    ///
    /// How long to wait before the next try.
    pub fn take(&self, key: &str, now: Instant) -> Result<(), Duration> {
        if self.max == 0 {
            return Ok(());
        }
        let mut tries = self.tries.lock();
        if tries.by_key.len() >= KEYS_MAX && !tries.by_key.contains_key(key) {
            self.sweep(&mut tries, now);
            if tries.by_key.len() >= KEYS_MAX {
                return Ok(());
            }
        }
        let times = tries.by_key.entry(key.to_owned()).or_default();
        self.drop_old(times, now);
        match times.front() {
            Some(first) if times.len() >= self.max => {
                Err(self.window.saturating_sub(now.saturating_duration_since(*first)))
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    /// The try of `key` at `at` was none that counts.
    pub fn give_back(&self, key: &str, at: Instant) {
        let mut tries = self.tries.lock();
        let Some(times) = tries.by_key.get_mut(key) else { return };
        if let Some(place) = times.iter().rposition(|time| *time == at) {
            times.remove(place);
        }
        if times.is_empty() {
            tries.by_key.remove(key);
        }
    }

    fn sweep(&self, tries: &mut Tries, now: Instant) {
        let pause = self.window / SWEEPS_A_WINDOW;
        if tries.swept.is_some_and(|at| now.saturating_duration_since(at) < pause) {
            return;
        }
        tries.swept = Some(now);
        tries.by_key.retain(|_, times| {
            self.drop_old(times, now);
            !times.is_empty()
        });
    }

    fn drop_old(&self, times: &mut VecDeque<Instant>, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= self.window;
        while times.front().is_some_and(old) {
            times.pop_front();
        }
    }
}

/// Counts what each key does within seconds.
#[derive(Debug)]
pub struct Rate<K>(Mutex<Option<(Instant, HashMap<K, u32>)>>);

impl<K> Default for Rate<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: Hash + Eq> Rate<K> {
    /// Counts one more of `key` at `now`; false if that is over `limit`.
    pub fn admit(&self, key: K, now: Instant, limit: u32) -> bool {
        let mut window = self.0.lock();
        let (start, counts) = window.get_or_insert_with(|| (now, HashMap::new()));
        let over = now.saturating_duration_since(*start) >= Duration::from_secs(1);
        if over || counts.len() >= KEYS_MAX {
            *start = now;
            counts.clear();
        }
        let count = counts.entry(key).or_default();
        *count = count.saturating_add(1);
        *count <= limit
    }
}

/// The limits of accounts: registrations, log-ins, requests.
#[derive(Debug)]
pub struct Limits {
    registrations: Limit,
    failed_logins: Limit,
    failed_logins_address: Limit,
    joins: Limit,
    wrong_codes: Limit,
    requests: Rate<Uuid>,
    requests_per_second: u32,
}

/// A try that counts unless it is given back.
#[derive(Debug)]
#[must_use]
pub struct Try<'a> {
    counted: Vec<(&'a Limit, String)>,
    at: Instant,
}

impl Try<'_> {
    /// It was none that counts.
    pub fn give_back(self) {
        for (limit, key) in &self.counted {
            limit.give_back(key, self.at);
        }
    }
}

impl Limits {
    /// The limits of `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let failed = settings.failed_logins_window;
        Self {
            registrations: Limit::new(settings.registrations, settings.registrations_window),
            failed_logins: Limit::new(settings.failed_logins, failed),
            failed_logins_address: Limit::new(settings.failed_logins_address, failed),
            joins: Limit::new(settings.joins, settings.joins_window),
            wrong_codes: Limit::new(settings.wrong_codes, settings.joins_window),
            requests: Rate::default(),
            requests_per_second: settings.requests_per_second_account,
        }
    }

    /// A registration from `address`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn registration(&self, address: IpAddr, at: Instant) -> Result<Try<'_>, Problem> {
        Self::count(vec![(&self.registrations, network(address).to_string())], at)
            .map_err(|wait| too_many("registrations from one address", wait))
    }

    /// A password for `whom` (an account, or a name that nobody has) that comes from `address`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn password(&self, whom: String, address: IpAddr, at: Instant) -> Result<Try<'_>, Problem> {
        let counted = vec![
            (&self.failed_logins, whom),
            (&self.failed_logins_address, network(address).to_string()),
        ];
        Self::count(counted, at).map_err(|wait| too_many("wrong passwords", wait))
    }

    /// A browser that nobody has seen joins from `address`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn join(&self, address: IpAddr, at: Instant) -> Result<Try<'_>, Problem> {
        Self::count(vec![(&self.joins, network(address).to_string())], at)
            .map_err(|wait| too_many("browsers from one address", wait))
    }

    /// A join code that comes from `address`: to be given back if somebody has it.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn code(&self, address: IpAddr, at: Instant) -> Result<Try<'_>, Problem> {
        Self::count(vec![(&self.wrong_codes, network(address).to_string())], at)
            .map_err(|wait| too_many("wrong codes", wait))
    }

    /// A request of `whom`, an account or a browser that joined a poll.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn request(&self, whom: Uuid, now: Instant) -> Result<(), Problem> {
        let limit = self.requests_per_second;
        if limit == 0 || self.requests.admit(whom, now, limit) {
            return Ok(());
        }
        let detail = format!("more than {limit} requests a second of one account");
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .retry_after(Duration::from_secs(1)))
    }

    /// All of them, or none.
    fn count(wanted: Vec<(&Limit, String)>, at: Instant) -> Result<Try<'_>, Duration> {
        let mut counted = Vec::new();
        for (limit, key) in wanted {
            if let Err(wait) = limit.take(&key, at) {
                Try { counted, at }.give_back();
                return Err(wait);
            }
            counted.push((limit, key));
        }
        Ok(Try { counted, at })
    }
}

/// The address that limits know somebody by: itself, or the /64 network of an IPv6 address, which
/// one household has.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

/// The answer to one try too many.
fn too_many(what: &str, wait: Duration) -> Problem {
    let detail = format!("too many {what}, try again in {} s", wait.as_secs() + 1);
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_try_past_the_limit_waits_until_the_first_is_out_of_the_window() {
        let (limit, start) = (Limit::new(2, SECOND * 10), Instant::now());
        for n in 0..2 {
            assert_eq!(limit.take("ann", start + SECOND * n), Ok(()));
        }
        assert_eq!(limit.take("ann", start + SECOND * 4), Err(SECOND * 6));
        assert_eq!(limit.take("bob", start + SECOND * 4), Ok(()));
        assert_eq!(limit.take("ann", start + SECOND * 10), Ok(()));
        assert_eq!(limit.take("ann", start + SECOND * 10), Err(SECOND));
    }

    #[test]
    fn a_try_that_is_given_back_leaves_its_place() {
        let (limit, start) = (Limit::new(1, SECOND * 10), Instant::now());
        assert_eq!(limit.take("ann", start), Ok(()));
        limit.give_back("ann", start + SECOND);
        assert_eq!(limit.take("ann", start + SECOND), Err(SECOND * 9), "that was another");
        limit.give_back("ann", start);
        assert_eq!(limit.take("ann", start + SECOND), Ok(()));
    }

    #[test]
    fn no_more_than_so_many_keys_are_remembered() {
        let (limit, start) = (Limit::new(1, SECOND), Instant::now());
        for n in 0..KEYS_MAX + 10 {
            assert_eq!(limit.take(&n.to_string(), start), Ok(()));
        }
        assert_eq!(limit.tries.lock().by_key.len(), KEYS_MAX);
        assert!(limit.take("0", start).is_err(), "those that are known still count");
        assert_eq!(limit.take("later", start + SECOND), Ok(()));
        assert_eq!(limit.tries.lock().by_key.len(), 1);
    }

    #[test]
    fn an_account_over_its_limit_waits_for_the_next_second_and_others_do_not() {
        let settings = Settings { requests_per_second_account: 2, ..Settings::default() };
        let (limits, now) = (Limits::new(&settings), Instant::now());
        let [ann, bob] = [1, 2].map(Uuid::from_u128);
        assert!(limits.request(ann, now).is_ok() && limits.request(ann, now).is_ok());
        let refused = limits.request(ann, now).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (429, "too_many_requests"));
        assert!(limits.request(bob, now).is_ok());
        assert!(limits.request(ann, now + SECOND).is_ok());
    }

    #[test]
    fn a_hall_of_phones_behind_one_address_joins_and_a_guesser_does_not() {
        let (limits, now) = (Limits::new(&Settings::default()), Instant::now());
        let hall = address("203.0.113.9");
        let joined = (0..200).filter(|_| limits.registration(hall, now).is_ok()).count();
        assert_eq!(joined, 100);
        assert!(limits.registration(address("203.0.113.10"), now).is_ok());
        assert!(limits.registration(hall, now + SECOND * 600).is_ok());

        let guess = |whom: &str, from| limits.password(whom.to_owned(), from, now);
        let guessed = (0..50).filter(|_| guess("ann", hall).is_ok()).count();
        assert_eq!(guessed, 10);
        // From elsewhere it is the same account, and from here another one.
        assert!(guess("ann", address("203.0.113.10")).is_err());
        assert!(guess("bob", hall).is_ok());
        // Whoever knows the password is not counted.
        for _ in 0..50 {
            guess("eve", hall).unwrap().give_back();
        }
    }

    #[test]
    fn a_refusal_by_one_limit_costs_nothing_at_the_other() {
        let settings =
            Settings { failed_logins: 1, failed_logins_address: 2, ..Settings::default() };
        let (limits, now, from) = (Limits::new(&settings), Instant::now(), address("192.0.2.7"));
        let guess = |whom: &str| limits.password(whom.to_owned(), from, now).is_ok();
        assert!(guess("ann") && !guess("ann") && !guess("ann"));
        assert!(guess("bob"), "only one of them counted for the address");
        assert!(!guess("eve"));
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        let key = |text: &str| network(address(text));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("192.0.2.7"), address("192.0.2.7"));
        assert_eq!(key("::ffff:192.0.2.7"), address("192.0.2.7"));
    }
}
