//! Which pages may open a live connection. Browsers ask no leave for a WebSocket as they do for
//! other calls to foreign servers, so the server looks at the page's origin itself.

use actix_web::http::header::{self, HeaderMap};

/// True if the request comes from no page (it names no origin), from a page of the server itself,
/// or from a page of one of `allowed` (`*`: of any). `public` is how the server is reached.
pub(crate) fn admitted(headers: &HeaderMap, public: &str, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = matches!((host, authority(origin)), (Some(h), Some(a)) if h.eq_ignore_ascii_case(a));
    own || is_friend(origin, public, allowed)
}

/// As [`admitted`], for a WebTransport request of a page of `origin` to `host`, which is the same
/// server on a port of its own: pages of that host may connect, whatever their port. Those of `localhost` are led to
/// its address.
pub(crate) fn admitted_beside(
    origin: Option<&str>,
    host: &str,
    public: &str,
    allowed: &[String],
) -> bool {
    let Some(origin) = origin else { return true };
    let own = |page: &str| {
        let here = page.eq_ignore_ascii_case("localhost") && is_loopback(name(host));
        here || page.eq_ignore_ascii_case(name(host))
    };
    authority(origin).is_some_and(|authority| own(name(authority)))
        || is_friend(origin, public, allowed)
}

/// True if pages of `origin` may connect to whatever name the server is called by.
fn is_friend(origin: &str, public: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|a| a == "*" || a.eq_ignore_ascii_case(origin))
        || origin.eq_ignore_ascii_case(public.trim_end_matches('/'))
}

/// The host and port of a page's origin; none if it is none of the web's.
fn authority(origin: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme))
}

/// The host of an authority, without its port.
fn name(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// True if `host`, by which the server was reached, is a name of the machine itself or the server's `public` one. A
/// name that somebody else owns may lead here too, and a page of theirs would take the server for its own.
pub(crate) fn is_own(host: &str, public: &str) -> bool {
    let bare = name(host);
    let public = authority(public.trim_end_matches('/'));
    bare.eq_ignore_ascii_case("localhost")
        || is_loopback(bare)
        || public.is_some_and(|public| public.eq_ignore_ascii_case(host))
}

/// True for an address of the machine itself.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn from(origin: Option<&str>, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("play.example.org:8080"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let allowed: Vec<String> = allowed.iter().map(|a| (*a).to_owned()).collect();
        admitted(&headers, "https://live.example.org", &allowed)
    }

    #[test]
    fn only_pages_of_the_house_and_of_its_friends_connect() {
        assert!(from(None, &[]), "no browser");
        assert!(from(Some("http://play.example.org:8080"), &[]), "the same host");
        assert!(from(Some("https://LIVE.example.org"), &[]), "the public name");
        assert!(from(Some("https://friend.example"), &["https://friend.example"]));
        assert!(from(Some("https://anyone.example"), &["*"]));
        for foreign in [
            "null",
            "",
            "https://evil.example",
            "http://play.example.org",
            "http://play.example.org:8080.evil.example",
            "file://play.example.org:8080",
        ] {
            assert!(!from(Some(foreign), &["https://friend.example"]), "{foreign}");
        }
    }

    #[test]
    fn a_name_that_somebody_else_owns_is_not_the_machines() {
        let public = "https://play.example.org";
        for own in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080", "127.9.9.9"] {
            assert!(is_own(own, public), "{own}");
        }
        assert!(is_own("Play.example.org", public));
        for foreign in
            ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "", "[::2]:1"]
        {
            assert!(!is_own(foreign, public), "{foreign}");
        }
    }

    #[test]
    fn pages_of_the_same_host_may_play_whatever_their_port() {
        let beside = |origin, host| {
            admitted_beside(origin, host, "https://live.example.org", &["https://a.b".to_owned()])
        };
        assert!(beside(None, "play.example.org:4433"), "no browser");
        assert!(beside(Some("http://play.example.org:8080"), "play.example.org:4433"));
        assert!(beside(Some("https://Play.example.org"), "play.example.org:4433"));
        assert!(beside(Some("http://[::1]:8080"), "[::1]:4433"));
        assert!(beside(Some("http://localhost:8080"), "127.0.0.1:4433"));
        assert!(beside(Some("http://localhost:8080"), "[::1]:4433"));
        assert!(!beside(Some("http://localhost:8080"), "10.0.0.1:4433"), "another machine's");
        assert!(beside(Some("https://live.example.org"), "10.0.0.1:4433"), "the public name");
        assert!(beside(Some("https://a.b"), "play.example.org:4433"));
        for foreign in ["null", "", "https://evil.example", "http://[::2]:8080", "http://:8080"] {
            assert!(!beside(Some(foreign), "[::1]:4433"), "{foreign}");
        }
    }
}
