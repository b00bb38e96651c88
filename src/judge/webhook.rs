//! Telling somebody outside that a job is judged: signed, again and again for an hour, and never to an address
//! of this machine or its network unless that is allowed.
//!
//! The name is resolved here, every address of it is looked at, and the connection goes to these addresses and
//! no other: a name that means something else a moment later leads nowhere. Redirects are not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hmac::{Hmac, Mac};
use playhouse_actors::performer::{Attempt, Performer, Performing, TryAgain};
use playhouse_domain::duty::DutyResult;
use playhouse_domain::judge::job::Told;
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use reqwest::Url;
use reqwest::redirect::Policy;
use sha2::Sha256;
use uuid::Uuid;

use crate::asking::server_time;

/// How many are told at once. 32: one that hangs keeps its turn for [`ATTEMPT`].
const PARALLEL: usize = 32;

/// How long one attempt may take. 10 s, as long as others wait for theirs.
const ATTEMPT: Duration = Duration::from_secs(10);

/// For how long it is tried, with pauses of up to half a minute. 1 h: whoever is away longer asks by themselves.
const TOLD_FOR: Duration = Duration::from_secs(60 * 60);

/// What signs: HMAC-SHA256 of the time, a dot and the body, in hexadecimal digits behind `sha256=`.
const SIGNATURE: &str = "x-playhouse-signature";

/// When it was signed, in seconds since 1970.
const TIMESTAMP: &str = "x-playhouse-timestamp";

/// Which telling this is: the same for every attempt.
const DELIVERY: &str = "x-playhouse-delivery";

/// Performs duties of kind [`playhouse_domain::judge::job::WEBHOOK`].
#[derive(Debug)]
pub struct Webhooks {
    /// Whether addresses of this machine and its network are told too.
    pub private: bool,
}

impl Performer for Webhooks {
    fn parallel(&self) -> usize {
        PARALLEL
    }

    fn attempt_timeout(&self) -> Duration {
        2 * ATTEMPT
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let private = self.private;
        Box::pin(async move {
            let told: Told = codec::decode(&attempt.payload)
                .map_err(|e| TryAgain { reason: format!("the telling cannot be read: {e}") })?;
            let now = server_time();
            if now.since(Timestamp::from_ms(told.at_ms)) > TOLD_FOR {
                tracing::warn!(job = %told.job, "a webhook was tried for an hour and is given up");
                return Ok(DutyResult::Done(Vec::new()));
            }
            match tell(&told, attempt.key, private, now).await {
                Ok(()) => Ok(DutyResult::Done(Vec::new())),
                Err(NotTold::Never(why)) => {
                    tracing::warn!(job = %told.job, why, "a webhook is not told");
                    let refusal = Refusal::new(RefusalKind::Invalid, "webhook_refused", why);
                    Ok(DutyResult::Refused(refusal))
                }
                Err(NotTold::Now(reason)) => Err(TryAgain { reason }),
            }
        })
    }
}

/// Why somebody was not told.
#[derive(Debug, PartialEq, Eq)]
enum NotTold {
    /// It may work in a moment.
    Now(String),
    /// It must not, or never will.
    Never(String),
}

async fn tell(told: &Told, key: Uuid, private: bool, now: Timestamp) -> Result<(), NotTold> {
    let url = Url::parse(&told.url).map_err(|e| NotTold::Never(format!("its url: {e}")))?;
    let (host, addresses) = resolve(&url, private).await?;
    let shown = |e: reqwest::Error| NotTold::Now(crate::cli::chain(&e.without_url()));
    // Installed once; a second time is no fault.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .timeout(ATTEMPT)
        .redirect(Policy::none())
        .no_proxy()
        .resolve_to_addrs(&host, &addresses)
        .build()
        .map_err(shown)?;
    let seconds = (now.ms() / 1000).to_string();
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", "playhouse")
        .header(DELIVERY, key.to_string())
        .header(TIMESTAMP, &seconds)
        .body(told.body.clone());
    if let Some(secret) = &told.secret {
        request = request.header(SIGNATURE, signature(secret, &seconds, &told.body));
    }
    let status = request.send().await.map_err(shown)?.status();
    match status.as_u16() {
        200..=299 => Ok(()),
        // Whoever it was says that nobody is to come again.
        410 => Err(NotTold::Never("it answered 410".to_owned())),
        status => Err(NotTold::Now(format!("it answered {status}"))),
    }
}

/// `sha256=` and the HMAC of `seconds`, a dot and `body` under `secret`.
fn signature(secret: &str, seconds: &str, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let digits: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

/// The host of `url`, and every address that it has; none of them private unless that is allowed.
async fn resolve(url: &Url, private: bool) -> Result<(String, Vec<SocketAddr>), NotTold> {
    let host = url.host_str().ok_or_else(|| NotTold::Never("its url has no host".to_owned()))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => {
            let found = tokio::net::lookup_host((bare, port)).await;
            found.map_err(|e| NotTold::Now(format!("'{bare}' has no address: {e}")))?.collect()
        }
    };
    if addresses.is_empty() {
        return Err(NotTold::Now(format!("'{bare}' has no address")));
    }
    match addresses.iter().find(|address| !private && !is_public(address.ip())) {
        Some(address) => {
            let address = address.ip();
            let why = format!(
                "'{bare}' is {address}, an address of this machine or its network, which judge.webhook_private forbids"
            );
            Err(NotTold::Never(why))
        }
        None => Ok((bare.to_owned(), addresses)),
    }
}

/// True if everybody can reach `address`: it is none of this machine, of a network of one's own, or of no
/// single machine.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a, b & 0xc0) == (100, 64)
        || (a, b, c) == (192, 0, 0)
        || (a, b & 0xfe) == (198, 18))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let embedded = |at: usize| {
        let octets = address.octets();
        Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3])
    };
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match (a, b) {
        // Translated by the network, and 6to4: what it leads to counts.
        (0x64, 0xff9b) => is_public_v4(embedded(12)),
        (0x2002, _) => is_public_v4(embedded(2)),
        // Teredo, documentation.
        (0x2001, 0 | 0xdb8) => false,
        // Only this part of all addresses is given out.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use playhouse_protocol::ids::JobId;

    use super::*;

    fn told(url: &str, secret: Option<&str>) -> Told {
        Told {
            job: JobId(Uuid::from_u128(7)),
            url: url.to_owned(),
            secret: secret.map(str::to_owned),
            body: r#"{"verdict":"accepted"}"#.to_owned(),
            at_ms: server_time().ms(),
        }
    }

    /// Somebody who takes one request, answers `status`, and hands over what came.
    fn listener(status: u16) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let heard = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 1024];
            while !request.ends_with(b"}") {
                let many = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..many]);
            }
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        (url, heard)
    }

    #[tokio::test]
    async fn whoever_is_told_can_check_the_signature() {
        let (url, heard) = listener(204);
        let now = Timestamp::from_ms(1_700_000_000_000);
        tell(&told(&url, Some("hush")), Uuid::from_u128(3), true, now).await.unwrap();
        let request = heard.join().unwrap();
        let sum = signature("hush", "1700000000", r#"{"verdict":"accepted"}"#);
        assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("{SIGNATURE}: {sum}\r\n")), "{request}");
        assert!(request.contains("x-playhouse-timestamp: 1700000000\r\n"), "{request}");
        assert!(request.ends_with(r#"{"verdict":"accepted"}"#) && !request.contains("hush"));
        assert_eq!(sum.len(), "sha256=".len() + 64);
    }

    #[tokio::test]
    async fn what_is_not_taken_is_tried_again_and_redirects_lead_nowhere() {
        for (status, never) in [(500, false), (302, false), (404, false), (410, true)] {
            let (url, heard) = listener(status);
            let why = tell(&told(&url, None), Uuid::nil(), true, server_time()).await.unwrap_err();
            assert_eq!(matches!(why, NotTold::Never(_)), never, "{status}: {why:?}");
            assert!(!heard.join().unwrap().contains(SIGNATURE));
        }
    }

    #[tokio::test]
    async fn addresses_of_this_machine_are_refused_whatever_their_name() {
        for url in [
            "http://127.0.0.1:1/",
            "http://localhost:1/",
            "http://[::1]:1/",
            "http://0.0.0.0:1/",
            "http://[::ffff:127.0.0.1]:1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://169.254.169.254/",
        ] {
            let why = tell(&told(url, None), Uuid::nil(), false, server_time()).await.unwrap_err();
            assert!(
                matches!(&why, NotTold::Never(why) if why.contains("forbids")),
                "{url}: {why:?}"
            );
        }
    }

    #[test]
    fn what_everybody_can_reach_is_told_from_what_is_ones_own() {
        for text in ["8.8.8.8", "1.1.1.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "127.1.2.3",
            "169.254.169.254",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn after_an_hour_it_is_given_up() {
        let mut old = told("http://127.0.0.1:1/", None);
        old.at_ms -= 3_601_000;
        let attempt = Attempt { key: Uuid::nil(), number: 1, payload: codec::encode(&old) };
        let done = Webhooks { private: true }.perform(attempt).await.unwrap();
        assert_eq!(done, DutyResult::Done(Vec::new()));
    }
}
