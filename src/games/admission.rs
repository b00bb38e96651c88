//! Who is let in, of those who knock, by whatever transport: how many at once, in all and from one
//! address, and who must prove first that the address is theirs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::figures;
use crate::config::Config;
use crate::http::limit::network;

/// Counts who is inside, and who is on the way in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    counts: Mutex<Counts>,
}

/// How many there may be.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    connections: usize,
    connections_per_address: usize,
    joins: usize,
    joins_per_address: usize,
    retry_above: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: Count,
    /// Those with at least one connection.
    addresses: HashMap<IpAddr, Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    /// Open connections, those on the way in among them.
    connections: usize,
    /// Those that are not joined to a match yet.
    joins: usize,
}

/// What to do with one that knocks.
#[derive(Debug)]
pub enum Verdict {
    /// Let it in.
    Enter(Permit),
    /// Have it prove that its address is its own (a QUIC Retry), at the cost of a round trip.
    Prove,
    /// Say nothing: it knocks again by itself, and there may be room then.
    Wait,
    /// Tell it that there is no room.
    Full,
}

impl Admission {
    /// Nobody is inside yet; how many may be, `config` says.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let games = &config.games;
        let bounds = Bounds {
            connections: games.connections,
            connections_per_address: games.connections_per_address,
            joins: games.joins,
            joins_per_address: games.joins_per_address,
            retry_above: config.quic.retry_above,
        };
        Self(Arc::new(Inner { bounds, counts: Mutex::default() }))
    }

    /// What to do with one from `address`, which is `proven` to be its own or not.
    #[must_use]
    pub fn knock(&self, address: IpAddr, proven: bool) -> Verdict {
        let bounds = self.0.bounds;
        let address = network(address);
        let counts = &mut *self.0.counts.lock();
        let own = counts.addresses.get(&address).copied().unwrap_or_default();
        let all = counts.all;
        if all.connections >= bounds.connections {
            return Verdict::Full;
        }
        let many = own.connections >= bounds.connections_per_address;
        let busy = own.joins >= bounds.joins_per_address;
        // Whoever writes a foreign address on their packets takes nothing from its owner by it.
        if !proven && (many || busy || all.joins >= bounds.retry_above) {
            return Verdict::Prove;
        }
        if many {
            return Verdict::Full;
        }
        if busy || all.joins >= bounds.joins {
            return Verdict::Wait;
        }
        for count in [&mut counts.all, counts.addresses.entry(address).or_default()] {
            count.connections += 1;
            count.joins += 1;
        }
        figures::joining(1.0);
        Verdict::Enter(Permit { admission: self.clone(), address, joining: true })
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.counts.lock().all.connections
    }
}

/// A connection's place; free again when dropped.
#[derive(Debug)]
pub struct Permit {
    admission: Admission,
    address: IpAddr,
    joining: bool,
}

impl Permit {
    /// It has joined: there is room for another on the way in.
    pub fn joined(&mut self) {
        if std::mem::take(&mut self.joining) {
            figures::joining(-1.0);
            self.count(|count| count.joins -= 1);
        }
    }

    fn count(&self, change: impl Fn(&mut Count)) {
        let mut counts = self.admission.0.counts.lock();
        change(&mut counts.all);
        if let Some(own) = counts.addresses.get_mut(&self.address) {
            change(own);
            if own.connections == 0 {
                counts.addresses.remove(&self.address);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.joined();
        self.count(|count| count.connections -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections: [usize; 2], joins: [usize; 2], retry_above: usize) -> Admission {
        let mut config = Config::default();
        config.games.connections = connections[0];
        config.games.connections_per_address = connections[1];
        config.games.joins = joins[0];
        config.games.joins_per_address = joins[1];
        config.quic.retry_above = retry_above;
        Admission::new(&config)
    }

    fn ip(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    fn enter(admission: &Admission, n: u8, proven: bool) -> Permit {
        match admission.knock(ip(n), proven) {
            Verdict::Enter(permit) => permit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn under_load_an_address_must_be_proven_and_then_gets_in() {
        let admission = admission([10, 10], [10, 10], 2);
        let mut first = enter(&admission, 1, false);
        let _second = enter(&admission, 2, false);
        assert!(matches!(admission.knock(ip(3), false), Verdict::Prove));
        let _third = enter(&admission, 3, true);
        drop(enter(&admission, 4, true));
        first.joined();
        assert!(matches!(admission.knock(ip(4), false), Verdict::Prove), "two are still joining");
        drop(_second);
        enter(&admission, 4, false);
    }

    #[test]
    fn one_address_cannot_take_every_place_and_nobody_takes_places_in_its_name() {
        let admission = admission([10, 2], [10, 10], 10);
        let (a, b) = (enter(&admission, 1, false), enter(&admission, 1, false));
        assert!(matches!(admission.knock(ip(1), false), Verdict::Prove));
        assert!(matches!(admission.knock(ip(1), true), Verdict::Full));
        let _other = enter(&admission, 2, false);
        drop((a, b));
        enter(&admission, 1, false);
        assert_eq!(admission.connections(), 1);
    }

    #[test]
    fn joins_that_wait_leave_room_when_they_are_through() {
        let admission = admission([10, 10], [3, 2], 10);
        let mut a = enter(&admission, 1, true);
        let _b = enter(&admission, 1, true);
        assert!(matches!(admission.knock(ip(1), true), Verdict::Wait), "its own are under way");
        let _c = enter(&admission, 2, true);
        assert!(matches!(admission.knock(ip(3), true), Verdict::Wait), "all are");
        a.joined();
        a.joined();
        let _d = enter(&admission, 1, true);
        assert!(matches!(admission.knock(ip(3), true), Verdict::Wait));
    }

    #[test]
    fn a_full_house_says_so_and_nothing_is_kept_of_those_who_left() {
        let admission = admission([2, 2], [2, 2], 2);
        let places = [enter(&admission, 1, true), enter(&admission, 2, true)];
        assert!(matches!(admission.knock(ip(3), true), Verdict::Full));
        assert!(matches!(admission.knock(ip(3), false), Verdict::Full));
        drop(places);
        let counts = admission.0.counts.lock();
        assert_eq!((counts.all.connections, counts.all.joins, counts.addresses.len()), (0, 0, 0));
    }

    #[test]
    fn a_household_on_ipv6_is_one_address() {
        let admission = admission([10, 1], [10, 10], 10);
        let _a = match admission.knock("2001:db8::1".parse().unwrap(), true) {
            Verdict::Enter(permit) => permit,
            other => panic!("{other:?}"),
        };
        let again = admission.knock("2001:db8::2".parse().unwrap(), true);
        assert!(matches!(again, Verdict::Full));
        let mapped = admission.knock("::ffff:10.0.0.9".parse().unwrap(), true);
        assert!(matches!(mapped, Verdict::Enter(_)));
    }
}
