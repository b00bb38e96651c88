//! What a single value cannot say by its type: ranges, and settings that belong together.

use playhouse_actors::ticker::MATCHES_MAX;

use super::Config;
use crate::quic::Contact;

/// A setting has a value that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {path} {what}")]
pub struct BadSetting {
    /// Where it stands: `http.workers`.
    pub path: &'static str,
    /// What is wrong with it.
    pub what: String,
}

impl Config {
    /// Looks at every setting that has bounds.
    ///
    /// # Errors
    ///
    /// The first [`BadSetting`].
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |path, what: String| Err(BadSetting { path, what });
        for (path, value, low, high) in self.bounded() {
            if !(low..=high).contains(&value) {
                let about = Self::about().into_iter().find(|about| about.path == path);
                let unit = about.filter(|about| about.unit == "duration").map_or("", |_| " s");
                let range = format!("between {low} and {high}{unit}");
                return bad(path, format!("is {value}{unit}, it must lie {range}"));
            }
        }
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return bad("tls.cert", "and tls.key must be given together".to_owned());
        }
        if self.quic.cert.is_some() != self.quic.key.is_some() {
            return bad("quic.cert", "and quic.key must be given together".to_owned());
        }
        if let Some(public) = &self.quic.public
            && Contact::read(public).is_none()
        {
            return bad(
                "quic.public",
                format!("is '{public}', it must look like play.example.org:4433"),
            );
        }
        if let Some(url) = &self.http.public_url
            && origin_of(url).is_none()
        {
            return bad(
                "http.public_url",
                format!("is '{url}', it must look like https://play.example.org"),
            );
        }
        for origin in &self.http.cors_origins {
            if origin != "*" && origin_of(origin).is_none() {
                return bad(
                    "http.cors_origins",
                    format!("names '{origin}', an origin looks like https://example.org"),
                );
            }
        }
        for proxy in &self.http.trusted_proxies {
            if let Err(error) = proxy.parse::<crate::http::peer::Network>() {
                return bad("http.trusted_proxies", format!("names '{proxy}': {error}"));
            }
        }
        let currency = &self.cinema.currency;
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return bad(
                "cinema.currency",
                format!("is '{currency}', it must be three capital letters"),
            );
        }
        if let Err(error) = self.log.level.parse::<tracing_subscriber::filter::Targets>() {
            return bad("log.level", format!("is '{}': {error}", self.log.level));
        }
        Ok(())
    }

    /// Path, value, lowest, highest.
    fn bounded(&self) -> Vec<(&'static str, u64, u64, u64)> {
        let secs = |d: std::time::Duration| d.as_secs();
        let n = |n: usize| n as u64;
        vec![
            ("store.check_timeout", secs(self.store.check_timeout), 1, 3600),
            ("cinema.payment_attempt", secs(self.cinema.payment_attempt), 1, 600),
            ("cinema.hold", secs(self.cinema.hold), 1, 3600),
            ("cinema.hold_max", secs(self.cinema.hold_max), secs(self.cinema.hold), 24 * 3600),
            ("cinema.offer", secs(self.cinema.offer), 1, 24 * 3600),
            ("cinema.seats_per_buyer", u64::from(self.cinema.seats_per_buyer), 1, 1000),
            ("cinema.cancel_before", secs(self.cinema.cancel_before), 0, 365 * 24 * 3600),
            ("http.workers", n(self.http.workers), 1, 256),
            ("http.backlog", u64::from(self.http.backlog), 1, 65_535),
            ("http.max_connections", n(self.http.max_connections), 1, 1_000_000),
            ("http.keep_alive", secs(self.http.keep_alive), 1, 3600),
            ("http.request_timeout", secs(self.http.request_timeout), 1, 600),
            ("http.send_timeout", secs(self.http.send_timeout), 1, 600),
            ("http.shutdown_deadline", secs(self.http.shutdown_deadline), 1, 600),
            ("http.body_max_bytes", n(self.http.body_max_bytes), 1024, 16 << 20),
            ("http.body_max_depth", n(self.http.body_max_depth), 4, 100),
            ("quic.certificate_life", secs(self.quic.certificate_life), 2, 13 * 24 * 3600),
            ("quic.retry_above", n(self.quic.retry_above), 0, 100_000),
            ("games.threads", n(self.games.threads), 1, 64),
            ("games.matches", n(self.games.matches), 1, n(MATCHES_MAX)),
            ("games.connections", n(self.games.connections), 1, 1_000_000),
            ("games.connections_per_address", n(self.games.connections_per_address), 1, 1_000_000),
            ("games.joins", n(self.games.joins), 1, 100_000),
            ("games.joins_per_address", n(self.games.joins_per_address), 1, 100_000),
            ("games.watchers", n(self.games.watchers), 0, 1_000_000),
            ("games.keep", secs(self.games.keep), 3600, 10 * 366 * 86_400),
            ("judge.slots", n(self.judge.slots), 0, 64),
            ("judge.cache_bytes", self.judge.cache_bytes, 1 << 20, 1 << 40),
            ("judge.keep", secs(self.judge.keep), 60, 10 * 366 * 86_400),
            ("tls.reload_every", secs(self.tls.reload_every), 1, 86_400),
            ("limits.registrations", self.limits.registrations.into(), 1, 1_000_000),
            ("limits.registrations_window", secs(self.limits.registrations_window), 1, 86_400),
            ("limits.failed_logins_window", secs(self.limits.failed_logins_window), 1, 86_400),
            ("limits.failed_logins", self.limits.failed_logins.into(), 1, 1_000_000),
            ("limits.joins", self.limits.joins.into(), 1, 10_000_000),
            ("limits.wrong_codes", self.limits.wrong_codes.into(), 1, 1_000_000),
            ("limits.joins_window", secs(self.limits.joins_window), 1, 86_400),
            ("accounts.hash_threads", n(self.accounts.hash_threads), 1, 64),
            ("accounts.hash_queue", n(self.accounts.hash_queue), 1, 100_000),
            ("accounts.access_ttl", secs(self.accounts.access_ttl), 1, 86_400),
            ("accounts.refresh_ttl", secs(self.accounts.refresh_ttl), 60, 366 * 86_400),
            ("accounts.refresh_repeat", secs(self.accounts.refresh_repeat), 0, 3600),
            ("accounts.voter_ttl", secs(self.accounts.voter_ttl), 60, 31 * 86_400),
            ("live.connections", n(self.live.connections), 1, 1_000_000),
            ("live.connections_per_account", n(self.live.connections_per_account), 1, 10_000),
            ("live.connections_per_address", n(self.live.connections_per_address), 1, 1_000_000),
            ("live.subscriptions", n(self.live.subscriptions), 1, 10_000),
            ("live.message_max_bytes", n(self.live.message_max_bytes), 1024, 64 << 10),
            ("live.queue", n(self.live.queue), 8, 65_536),
            ("live.ping", secs(self.live.ping), 1, 600),
            ("live.pong_timeout", secs(self.live.pong_timeout), 1, 600),
            ("demo.people", n(self.demo.people), 0, 2000),
        ]
    }
}

/// The text if it is an origin: a scheme of the web, a host, perhaps a port, no path.
fn origin_of(text: &str) -> Option<&str> {
    let uri: actix_web::http::Uri = text.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
    (web && uri.host().is_some_and(|h| !h.is_empty()) && bare).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_sound() {
        Config::default().check().unwrap();
    }

    #[test]
    fn a_complaint_names_the_setting_and_the_value() {
        assert_eq!(
            complaint(|c| c.http.workers = 0),
            "setting http.workers is 0, it must lie between 1 and 256"
        );
        let said = complaint(|c| c.cinema.payment_attempt = std::time::Duration::ZERO);
        assert!(said.ends_with("is 0 s, it must lie between 1 and 600 s"), "{said}");
        assert_eq!(
            complaint(|c| c.tls.cert = Some("a".into())),
            "setting tls.cert and tls.key must be given together"
        );
        let said = complaint(|c| c.http.public_url = Some("play.example.org".into()));
        assert!(said.starts_with("setting http.public_url is 'play.example.org'"), "{said}");
        for public in ["play.example.org", "https://play.example.org:4433", "a b:1", ":4433", "a:0"]
        {
            let said = complaint(|c| c.quic.public = Some(public.into()));
            assert!(said.starts_with(&format!("setting quic.public is '{public}'")), "{said}");
        }
        let said = complaint(|c| c.http.trusted_proxies = vec!["10.0.0.0/40".into()]);
        assert!(said.starts_with("setting http.trusted_proxies names '10.0.0.0/40'"), "{said}");
        assert!(complaint(|c| c.log.level = "a=b=c".into()).starts_with("setting log.level"));
    }
}
