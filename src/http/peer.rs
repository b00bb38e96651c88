//! Where a request comes from: the peer's address, or what a trusted proxy says of it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, web};

use crate::config::Config;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: u128,
    prefix: u8,
}

/// A text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network looks like 10.0.0.0/8 or ::1")]
pub struct BadNetwork;

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let (bits, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let prefix: u8 = prefix.map_or(Ok(bits), str::parse).map_err(|_| BadNetwork)?;
        if prefix > bits {
            return Err(BadNetwork);
        }
        Ok(Self { base: number(address), prefix: prefix + offset })
    }
}

impl Network {
    /// True if `address` lies within.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = 128 - u32::from(self.prefix);
        let high = |n: u128| n.checked_shr(shift).unwrap_or(0);
        high(self.base) == high(number(address))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", std::net::Ipv6Addr::from(self.base), self.prefix)
    }
}

/// IPv4 as IPv4-mapped IPv6, so that both compare.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

/// The address that a request comes from. `X-Forwarded-For` is read from its end: each trusted
/// proxy vouches for the one before it, and the first address that no trusted one vouches for is
/// the client. Whatever a client wrote in front of it is left out.
#[must_use]
pub fn address(req: &HttpRequest) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |addr| addr.ip().to_canonical());
    match req.app_data::<web::Data<Config>>() {
        Some(config) if !config.http.trusted_proxies.is_empty() => {
            let trusted: Vec<Network> =
                config.http.trusted_proxies.iter().filter_map(|p| p.parse().ok()).collect();
            behind(peer, req.headers(), &trusted)
        }
        _ => peer,
    }
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let believed = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !believed(client) {
            break;
        }
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

/// The host by which the server was reached, with its port if it was named.
#[must_use]
pub fn host(req: &HttpRequest) -> Option<&str> {
    let named = req.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| req.uri().authority().map(actix_http::uri::Authority::as_str))
}

/// True if the request comes from the machine itself. A request that went through a proxy on the
/// machine comes from elsewhere.
#[must_use]
pub fn is_local(req: &HttpRequest) -> bool {
    let forwarded = ["x-forwarded-for", "forwarded"];
    req.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !forwarded.iter().any(|name| req.headers().contains_key(*name))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let trusted: Vec<Network> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let net = &["10.0.0.0/8"][..];
        assert_eq!(client("203.0.113.9", &["1.1.1.1"], net), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["203.0.113.9"], net), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["9.9.9.9, 203.0.113.9, 10.0.0.7"], net), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["9.9.9.9", "203.0.113.9"], net), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["nonsense"], net), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &[], net), "10.1.2.3");
        assert_eq!(client("::1", &["2001:db8::7"], &["::1"]), "2001:db8::7");
    }

    #[test]
    fn a_network_holds_its_addresses_alone() {
        let holds =
            |net: &str, ip: &str| net.parse::<Network>().unwrap().contains(ip.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1") && holds("127.0.0.1", "127.0.0.1"));
        for bad in ["", "10.0.0.0/33", "::/129", "x", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
