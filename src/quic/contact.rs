//! Where clients reach the game transport, and what they know it by.

use std::net::SocketAddr;
use std::sync::Arc;

use super::PATH;
use super::identity::Identity;
use crate::config::Config;

/// Where clients reach the game transport, if it is on. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Reach(Option<Arc<Transport>>);

#[derive(Debug)]
struct Transport {
    config: Arc<Config>,
    addr: SocketAddr,
    identity: Identity,
}

impl Reach {
    /// That of a transport that listens at `addr` as `identity`.
    #[must_use]
    pub fn new(config: Arc<Config>, addr: SocketAddr, identity: Identity) -> Self {
        Self(Some(Arc::new(Transport { config, addr, identity })))
    }

    /// Host and port for native clients. `asked` is the host by which one of them reached the API.
    #[must_use]
    pub fn contact(&self, asked: Option<&str>) -> Option<Contact> {
        self.0.as_ref().map(|transport| Contact::of(&transport.config, transport.addr, asked))
    }

    /// The address that browsers open WebTransport at.
    #[must_use]
    pub fn webtransport(&self, asked: Option<&str>) -> Option<String> {
        self.contact(asked).map(|contact| format!("https://{contact}{PATH}"))
    }

    /// The SHA-256 of a certificate of the server's own, in base64.
    #[must_use]
    pub fn certificate_hash(&self) -> Option<String> {
        self.0.as_ref().and_then(|transport| transport.identity.hash())
    }
}

/// A host and a port, as clients are told them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// A name or an address; one of IPv6 stands in brackets.
    pub host: String,
    /// The UDP port.
    pub port: u16,
}

impl std::fmt::Display for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Contact {
    /// Reads `play.example.org:4433`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host(host).then(|| Self { host: host.to_owned(), port })
    }

    /// Where clients reach the transport that listens at `addr`. `asked` is the host by which one of
    /// them reached the API, port or not, if that is known.
    #[must_use]
    pub fn of(config: &Config, addr: SocketAddr, asked: Option<&str>) -> Self {
        if let Some(public) = config.quic.public.as_deref().and_then(Self::read) {
            return public;
        }
        let url = config.http.public_url.as_deref();
        let named = url.and_then(|url| url.split_once("://")).map(|(_, authority)| authority);
        let host = [named, asked].into_iter().flatten().map(without_port).find(|h| is_host(h));
        // The name stands for two addresses, and a browser tries one of them.
        let host = host.filter(|host| !host.eq_ignore_ascii_case("localhost"));
        let host = host.map_or_else(|| host_of(addr), str::to_owned);
        Self { host, port: addr.port() }
    }
}

/// The address as a host; the machine itself where it stands for all addresses.
fn host_of(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// True for a name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=253).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(public: Option<&str>, url: Option<&str>, asked: Option<&str>) -> String {
        let mut config = Config::default();
        config.quic.public = public.map(str::to_owned);
        config.http.public_url = url.map(str::to_owned);
        Contact::of(&config, "0.0.0.0:4433".parse().unwrap(), asked).to_string()
    }

    #[test]
    fn the_setting_goes_before_the_public_address_and_that_before_what_was_asked() {
        let url = Some("https://play.example.org:8443");
        assert_eq!(contact(Some("udp.example.org:443"), url, Some("h")), "udp.example.org:443");
        assert_eq!(contact(None, url, Some("h")), "play.example.org:4433");
        assert_eq!(contact(None, None, Some("192.168.1.5:8080")), "192.168.1.5:4433");
        assert_eq!(contact(None, None, Some("[fe80::1]:8080")), "[fe80::1]:4433");
        assert_eq!(contact(None, None, Some("[fe80::1]")), "[fe80::1]:4433");
        assert_eq!(contact(None, None, None), "127.0.0.1:4433");
    }

    #[test]
    fn who_came_by_localhost_is_led_to_the_address_that_is_listened_on() {
        let at = |addr: &str, url: Option<&str>| {
            let mut config = Config::default();
            config.http.public_url = url.map(str::to_owned);
            Contact::of(&config, addr.parse().unwrap(), Some("localhost:8080")).to_string()
        };
        assert_eq!(at("127.0.0.1:4433", None), "127.0.0.1:4433");
        assert_eq!(at("[::1]:4433", None), "[::1]:4433");
        assert_eq!(at("0.0.0.0:4433", None), "127.0.0.1:4433");
        assert_eq!(at("127.0.0.1:4433", Some("http://localhost:8080")), "127.0.0.1:4433");
    }

    #[test]
    fn a_host_that_is_none_is_not_told_on() {
        for asked in ["", "a/b", "a b", "evil.example\r\nx", "[x]:1", "user@host"] {
            assert_eq!(contact(None, None, Some(asked)), "127.0.0.1:4433", "{asked:?}");
        }
    }
}
