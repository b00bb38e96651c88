//! How often something may be tried: windows in bounded memory.
//!
//! - [`Limit`]: an exact sliding window, for what is rare: registrations, failed log-ins.
//! - [`Rate`]: a count within each second, for what is frequent: requests. Time comes in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::config::Limits as Settings;
use crate::http::error::Problem;
use crate::http::window::{KEYS_MAX, Limit, Place, Refused};

/// Counts what each key does within seconds. When `KEYS_MAX` keys are in use its second begins
/// anew, which lets more through and never less.
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

/// How many programs a second may come through Piston's interface without a name from one address of elsewhere.
/// 5: what Piston's own public server takes, so that its clients keep to it already.
const PROGRAMS_PER_SECOND: u32 = 5;

/// The same of this machine itself. 50: as many as may wait of those without a name; whoever is here could do
/// more harm otherwise.
const PROGRAMS_PER_SECOND_LOCAL: u32 = 50;

/// How many of them one address of elsewhere may have under way at once. 8: six addresses are needed to take
/// every place of those without a name.
const PROGRAMS_UNDER_WAY: usize = 8;

/// The limits of accounts: registrations, log-ins, requests.
#[derive(Debug)]
pub struct Limits {
    registrations: Arc<Limit>,
    failed_logins: Arc<Limit>,
    failed_logins_address: Arc<Limit>,
    joins: Arc<Limit>,
    wrong_codes: Arc<Limit>,
    requests: Rate<Uuid>,
    requests_per_second: u32,
    programs: Rate<IpAddr>,
    /// Bounded by the jobs that may wait.
    under_way: ByAddress,
}

/// How many programs of each address are under way.
type ByAddress = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A program of an address that is under way, until it is dropped.
#[derive(Debug)]
pub struct UnderWay(Option<(ByAddress, IpAddr)>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some((all, address)) = self.0.take() else { return };
        let mut all = all.lock();
        if let Some(many) = all.get_mut(&address) {
            *many -= 1;
            if *many == 0 {
                all.remove(&address);
            }
        }
    }
}

/// A try that counts unless it is given back: also when whoever tries goes away before its outcome.
#[derive(Debug)]
#[must_use]
pub struct Try(Vec<Place>);

impl Try {
    /// It was none that counts.
    pub fn give_back(mut self) {
        self.0.iter_mut().for_each(|place| place.set_counts(false));
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
            programs: Rate::default(),
            under_way: Arc::default(),
        }
    }

    /// A program from `address` without a name, from this machine itself if it is `local`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`.
    pub fn program(&self, address: IpAddr, local: bool, now: Instant) -> Result<UnderWay, Problem> {
        let address = network(address);
        let limit = if local { PROGRAMS_PER_SECOND_LOCAL } else { PROGRAMS_PER_SECOND };
        let refuse = |detail: String| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                .retry_after(Duration::from_secs(1))
        };
        if !self.programs.admit(address, now, limit) {
            return Err(refuse(format!("more than {limit} programs a second from one address")));
        }
        if local {
            return Ok(UnderWay(None));
        }
        let mut all = self.under_way.lock();
        let many = all.entry(address).or_default();
        if *many >= PROGRAMS_UNDER_WAY {
            let detail = format!("{many} programs from this address are under way already");
            return Err(refuse(detail));
        }
        *many += 1;
        drop(all);
        Ok(UnderWay(Some((self.under_way.clone(), address))))
    }

    /// A registration from `address`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`, `overloaded`.
    pub async fn registration(&self, address: IpAddr) -> Result<Try, Problem> {
        let counted = [(&self.registrations, network(address).to_string())];
        take(counted, "registrations from one address").await
    }

    /// A password for `whom` (an account, or a name that nobody has) that comes from `address`: to
    /// be given back unless it is wrong.
    ///
    /// # Errors
    ///
    /// `too_many_requests`, `overloaded`.
    pub async fn password(&self, whom: String, address: IpAddr) -> Result<Try, Problem> {
        let from = network(address).to_string();
        let counted = [(&self.failed_logins, whom), (&self.failed_logins_address, from)];
        take(counted, "wrong passwords").await
    }

    /// A browser that nobody has seen joins from `address`.
    ///
    /// # Errors
    ///
    /// `too_many_requests`, `overloaded`.
    pub async fn join(&self, address: IpAddr) -> Result<Try, Problem> {
        let counted = [(&self.joins, network(address).to_string())];
        take(counted, "browsers from one address").await
    }

    /// A join code that comes from `address`: to be given back if somebody has it.
    ///
    /// # Errors
    ///
    /// `too_many_requests`, `overloaded`.
    pub async fn code(&self, address: IpAddr) -> Result<Try, Problem> {
        let counted = [(&self.wrong_codes, network(address).to_string())];
        take(counted, "wrong codes").await
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
}

/// A place of each, in this order, or of none. Nothing counts while it waits.
async fn take<const N: usize>(
    wanted: [(&Arc<Limit>, String); N],
    what: &str,
) -> Result<Try, Problem> {
    let mut places = Vec::with_capacity(N);
    for (limit, key) in wanted {
        places.push(limit.take(&key).await.map_err(|why| refused(what, why))?);
    }
    places.iter_mut().for_each(|place| place.set_counts(true));
    Ok(Try(places))
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
fn refused(what: &str, why: Refused) -> Problem {
    match why {
        Refused::Over(wait) => {
            let detail = format!("too many {what}, try again in {} s", wait.as_secs() + 1);
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                .retry_after(wait)
        }
        Refused::Crowded => {
            let detail = "too many tries are under way, try again in a second";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
                .retry_after(Duration::from_secs(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
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

    #[actix_web::test]
    async fn a_hall_of_phones_behind_one_address_joins_and_a_guesser_does_not() {
        let limits = Limits::new(&Settings::default());
        let (hall, elsewhere) = (address("203.0.113.9"), address("203.0.113.10"));
        for n in 0..200 {
            assert_eq!(limits.registration(hall).await.is_ok(), n < 100, "{n}");
        }
        assert!(limits.registration(elsewhere).await.is_ok());

        let guess = |whom: &str, from| limits.password(whom.to_owned(), from);
        for n in 0..50 {
            assert_eq!(guess("ann", hall).await.is_ok(), n < 10, "{n}");
        }
        // From elsewhere it is the same account, and from here another one.
        assert!(guess("ann", elsewhere).await.is_err());
        assert!(guess("bob", hall).await.is_ok());
        // Whoever knows the password is not counted.
        for _ in 0..50 {
            guess("eve", hall).await.unwrap().give_back();
        }
    }

    #[actix_web::test]
    async fn a_refusal_by_one_limit_costs_nothing_at_the_other() {
        let settings =
            Settings { failed_logins: 1, failed_logins_address: 2, ..Settings::default() };
        let limits = Limits::new(&settings);
        let (here, elsewhere) = (address("192.0.2.7"), address("192.0.2.8"));
        for (whom, from, may) in [
            ("ann", here, true),
            ("ann", here, false),
            // Only one of them counted for the address.
            ("bob", here, true),
            ("eve", here, false),
            ("eve", elsewhere, true),
        ] {
            assert_eq!(limits.password(whom.to_owned(), from).await.is_ok(), may, "{whom} {from}");
        }
    }

    #[test]
    fn strangers_hand_programs_in_at_a_measured_pace_and_a_few_at_once() {
        let (limits, now) = (Limits::new(&Settings::default()), Instant::now());
        let (here, there) = (address("127.0.0.1"), address("203.0.113.9"));
        let burst = |from, local, at| {
            let all = (0..60).map(|_| limits.program(from, local, at));
            all.filter_map(Result::ok).collect::<Vec<_>>()
        };
        assert_eq!(burst(here, true, now).len(), 50);
        let kept = burst(there, false, now);
        assert_eq!(kept.len(), 5);
        let more = burst(there, false, now + SECOND);
        assert_eq!(more.len(), 3, "eight are under way");
        assert_eq!(burst(address("203.0.113.10"), false, now + SECOND).len(), 5);
        drop((kept, more));
        assert_eq!(burst(there, false, now + 2 * SECOND).len(), 5);
        assert!(limits.under_way.lock().is_empty());
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
