//! Which pages may open a live connection. Browsers ask no leave for a WebSocket as they do for
//! other calls to foreign servers, so the server looks at the page's origin itself.

use actix_web::http::header::{self, HeaderMap};

/// True if the request comes from no page (it names no origin), from a page of the server itself,
/// or from a page of one of `allowed` (`*`: of any). `public` is how the server is reached.
pub(crate) fn admitted(headers: &HeaderMap, public: &str, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed.iter().any(|a| a == "*" || a.eq_ignore_ascii_case(origin)) {
        return true;
    }
    if origin.eq_ignore_ascii_case(public.trim_end_matches('/')) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = ["http://", "https://"].iter().find_map(|s| origin.strip_prefix(s));
    matches!((host, authority), (Some(h), Some(a)) if h.eq_ignore_ascii_case(a))
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
}
