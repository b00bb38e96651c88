//! How often something may be tried: sliding windows in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use parking_lot::Mutex;

use crate::config::Limits as Settings;
use crate::http::error::Problem;

/// How many keys one limit remembers. 50,000; past it windows that are over go, and if none is,
/// the limit lets new keys through rather than refuse strangers.
const KEYS_MAX: usize = 50_000;

/// At most so many tries of one key within a window.
#[derive(Debug)]
pub struct Limit {
    max: usize,
    window: Duration,
    tries: Mutex<HashMap<String, VecDeque<Instant>>>,
}

impl Limit {
    /// At most `max` tries within `window`; no limit if `max` is 0.
    #[must_use]
    pub fn new(max: u32, window: Duration) -> Self {
        Self { max: max as usize, window, tries: Mutex::default() }
    }

    /// How long `key` must wait before its next try, if it must.
    #[must_use]
    pub fn wait(&self, key: &str, now: Instant) -> Option<Duration> {
        let mut tries = self.tries.lock();
        let times = tries.get_mut(key)?;
        self.drop_old(times, now);
        let first = times.front().copied()?;
        let over = self.max > 0 && times.len() >= self.max;
        over.then(|| self.window.saturating_sub(now.duration_since(first)))
    }

    /// Counts a try of `key`.
    pub fn count(&self, key: &str, now: Instant) {
        let mut tries = self.tries.lock();
        if tries.len() >= KEYS_MAX && !tries.contains_key(key) {
            tries.retain(|_, times| {
                self.drop_old(times, now);
                !times.is_empty()
            });
        }
        if tries.len() < KEYS_MAX || tries.contains_key(key) {
            let times = tries.entry(key.to_owned()).or_default();
            times.push_back(now);
            if times.len() > self.max.max(1) {
                times.pop_front();
            }
        }
    }

    fn drop_old(&self, times: &mut VecDeque<Instant>, now: Instant) {
        while times.front().is_some_and(|at| now.duration_since(*at) >= self.window) {
            times.pop_front();
        }
    }
}

/// The limits of registrations and log-ins.
#[derive(Debug)]
pub struct Limits {
    /// Registrations by address.
    pub registrations: Limit,
    /// Failed log-ins by account.
    pub failed_logins: Limit,
    /// Failed log-ins by address.
    pub failed_logins_address: Limit,
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
        }
    }
}

/// The key of an address: itself, or the /64 network of an IPv6 address, which one household has.
#[must_use]
pub fn address_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
    }
}

/// The answer to one try too many.
#[must_use]
pub fn too_many(what: &str, wait: Duration) -> Problem {
    let detail = format!("too many {what}, try again in {} s", wait.as_secs() + 1);
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_try_past_the_limit_waits_until_the_first_is_out_of_the_window() {
        let (limit, start) = (Limit::new(2, SECOND * 10), Instant::now());
        for n in 0..2 {
            assert_eq!(limit.wait("ann", start + SECOND * n), None);
            limit.count("ann", start + SECOND * n);
        }
        assert_eq!(limit.wait("ann", start + SECOND * 4), Some(SECOND * 6));
        assert_eq!(limit.wait("bob", start + SECOND * 4), None);
        assert_eq!(limit.wait("ann", start + SECOND * 10), None);
    }

    #[test]
    fn no_more_than_so_many_keys_are_remembered() {
        let (limit, start) = (Limit::new(1, SECOND), Instant::now());
        for n in 0..KEYS_MAX + 10 {
            limit.count(&n.to_string(), start);
        }
        assert_eq!(limit.tries.lock().len(), KEYS_MAX);
        limit.count("later", start + SECOND);
        assert_eq!(limit.tries.lock().len(), 1);
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("192.0.2.7"), "192.0.2.7");
    }
}
