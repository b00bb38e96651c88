//! Every setting: what it is, its unit, its default and the reason for it, in one tree of structs.
//!
//! A setting comes from its default, the file (`--config`, TOML), the environment
//! (`PLAYHOUSE_HTTP_ADDR` for `http.addr`) and the flags; the later wins. A key that does not exist
//! is an error that names it, wherever it stands: a misspelt setting that is silently left out is
//! worse than a server that does not start.

mod check;
mod declare;
mod load;
mod show;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact;
use serde::{Deserialize, Serialize};

pub use self::check::BadSetting;
pub use self::declare::About;
use self::declare::section;
pub use self::load::{ConfigError, Flags, load};
pub use self::show::{markdown, text};

/// What the name of every environment variable of ours starts with.
pub const ENV_PREFIX: &str = "PLAYHOUSE_";

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Every setting of the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where things are kept.
    pub store: Store,
    /// REST, pages and the live connection's sockets.
    pub http: Http,
    /// The game transport.
    pub quic: Quic,
    /// Matches.
    pub games: Games,
    /// Encryption of HTTP and WebSocket.
    pub tls: Tls,
    /// What is written to the log.
    pub log: Log,
    /// How often one address or account may try something.
    pub limits: Limits,
    /// Passwords and tokens.
    pub accounts: Accounts,
    /// The first administrator.
    pub admin: Admin,
    /// The live connection.
    pub live: Live,
    /// Selling seats.
    pub cinema: Cinema,
    /// Judging programs.
    pub judge: Judge,
    /// The demo.
    pub demo: Demo,
}

impl Config {
    /// What is known of every setting, in the order of the file.
    #[must_use]
    pub fn about() -> Vec<About> {
        [
            Store::about("store."),
            Http::about("http."),
            Quic::about("quic."),
            Games::about("games."),
            Tls::about("tls."),
            Log::about("log."),
            Limits::about("limits."),
            Accounts::about("accounts."),
            Admin::about("admin."),
            Live::about("live."),
            Cinema::about("cinema."),
            Judge::about("judge."),
            Demo::about("demo."),
        ]
        .concat()
    }
}

section! {
    /// Where things are kept.
    pub struct Store {
        /// The data directory; made if it does not exist. One server at a time uses it.
        data: PathBuf = PathBuf::from("data"), "path",
            "Beside where the server is started, so that a first try leaves nothing elsewhere.";
        /// How long the check of the store at start may take before it is called damaged.
        #[serde(with = "compact::required")]
        check_timeout: Duration = seconds(60), "duration",
            "A damaged store can hang while it opens; a sound one of some gigabytes opens within seconds.";
    }
}

section! {
    /// REST, pages and the live connection's sockets.
    pub struct Http {
        /// Where to listen. Port 0 takes any free port.
        addr: SocketAddr = loopback(8080), "address",
            "Loopback alone: nothing is reachable from elsewhere unless somebody says so.";
        /// How the server is reached from outside (`https://play.example.org`): for links and QR pictures.
        public_url: Option<String> = None, "url",
            "Absent: links name the address that the server listens on.";
        /// Threads that serve requests.
        workers: usize = 2, "threads",
            "They only parse and write; rooms and passwords have threads of their own.";
        /// Connections that wait to be accepted.
        backlog: u32 = 1024, "connections",
            "A hall of phones connects within the same second.";
        /// Open connections a worker thread; more wait in the backlog.
        max_connections: usize = 25_000, "connections",
            "About 10 KiB each while idle: 250 MiB a worker when full.";
        /// How long an idle connection is kept for the next request.
        #[serde(with = "compact::required")]
        keep_alive: Duration = seconds(75), "duration",
            "Longer than the 60 s of usual proxies, so that the proxy closes first.";
        /// How long a request's head, and then its body, may take to arrive; after that 408.
        #[serde(with = "compact::required")]
        request_timeout: Duration = seconds(10), "duration",
            "Ten times what a poor phone needs for 64 KiB; a client that drips bytes is cut off.";
        /// How long written bytes may stay unacknowledged before the connection is cut.
        #[serde(with = "compact::required")]
        send_timeout: Duration = seconds(20), "duration",
            "A peer that stopped reading freezes its session from inside; this ends it from outside.";
        /// How long a shutdown may take: what was accepted is finished within it.
        #[serde(with = "compact::required")]
        shutdown_deadline: Duration = seconds(10), "duration",
            "Usual service managers kill after 10 s to 90 s.";
        /// The largest request body.
        body_max_bytes: usize = 64 << 10, "bytes",
            "A screen of 2,000 seats in full fits, and nothing is larger.";
        /// How deep the JSON of a body may nest.
        body_max_depth: usize = 32, "levels",
            "Ours nests four deep; parsers use stack by depth.";
        /// Origins whose pages may call the API (`https://example.org`), or `*`.
        cors_origins: Vec<String> = Vec::new(), "list",
            "None: the server's own pages need none.";
        /// Proxies whose `X-Forwarded-For` is believed (`10.0.0.0/8`, `::1`).
        trusted_proxies: Vec<String> = Vec::new(), "list",
            "None: a header that anyone may write says nothing.";
        /// Who may read `/metrics`: `loopback`, `admin` (administrators, and loopback) or `everyone`.
        metrics: MetricsAccess = MetricsAccess::Admin, "text",
            "Figures tell a stranger how busy the house is; a scraper on the machine needs no token.";
    }
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricsAccess {
    /// Whoever connects from the machine itself.
    Loopback,
    /// Administrators, and the machine itself.
    Admin,
    /// Everyone.
    Everyone,
}

section! {
    /// The game transport: QUIC for native clients and WebTransport for browsers, on one UDP port.
    pub struct Quic {
        /// Whether it listens. Without it matches are played over WebSocket.
        enabled: bool = true, "yes or no",
            "Games are better over datagrams; a host that blocks UDP can do without.";
        /// Where to listen (UDP). Port 0 takes any free port.
        addr: SocketAddr = loopback(4433), "address",
            "The port that QUIC servers use by habit; loopback alone.";
        /// How clients reach it from outside: host and port (`play.example.org:4433`).
        public: Option<String> = None, "text",
            "Absent: the host by which they reached the API, or that of http.public_url, and the port that is listened on.";
        /// The certificate chain, PEM.
        cert: Option<PathBuf> = None, "path",
            "Absent: that of tls.cert; without one, a certificate of the server's own, which clients know by its hash.";
        /// The private key, PEM.
        key: Option<PathBuf> = None, "path",
            "Absent: that of tls.key.";
        /// How long a certificate of the server's own is good. It is renewed in the middle of its life.
        #[serde(with = "compact::required")]
        certificate_life: Duration = seconds(13 * 24 * 60 * 60), "duration",
            "Browsers allow 14 days, and a client's clock may be behind.";
        /// How many may be on their way in before clients must prove that their address is theirs (Retry).
        retry_above: usize = 64, "connections",
            "A quiet evening has fewer; when a hall comes at once, or somebody forges addresses, it costs a round trip.";
    }
}

section! {
    /// Matches, whatever their players come by.
    pub struct Games {
        /// Threads on which matches tick.
        threads: usize = 1, "threads",
            "One keeps a hundred small matches; each more is worth having only on a core of its own.";
        /// Matches that are played at once; one more waits for a minute and is then called off.
        matches: usize = 1_024, "matches",
            "More than one machine has time for. Fewer, if those that are played must not feel one too many.";
        /// Open connections of players; one more is refused.
        connections: usize = 5_000, "connections",
            "Two cores play about as many; about 60 KiB each: 300 MiB when full.";
        /// The same from one address.
        connections_per_address: usize = 1_000, "connections",
            "A hall shares one address; one machine alone cannot take every place.";
        /// Connections that are on their way into a match; one more waits and knocks again.
        joins: usize = 256, "connections",
            "A handshake takes a third of a millisecond of a core: those in play must not feel many at once.";
        /// The same from one address.
        joins_per_address: usize = 128, "connections",
            "Half of all: a hall gets in quickly, and others still do.";
        /// Of these connections, how many may watch a match without playing; one more is refused.
        watchers: usize = 1_000, "connections",
            "A fifth of all, so that those who watch take no place of those who play.";
        /// How long a match that somebody played is kept once it is over: results, replay, rows in lists. Others are
        /// kept for a day.
        #[serde(with = "compact::required")]
        keep: Duration = seconds(30 * 24 * 60 * 60), "duration",
            "A month: who played may look at it and show it. Ten minutes of ten players are 200 KB.";
    }
}

section! {
    /// Encryption of HTTP and WebSocket.
    pub struct Tls {
        /// The certificate chain, PEM. With `tls.key` the server speaks TLS alone.
        cert: Option<PathBuf> = None, "path",
            "Absent: plain HTTP, which is right on loopback and behind a proxy.";
        /// The private key, PEM.
        key: Option<PathBuf> = None, "path",
            "Absent: plain HTTP.";
        /// How often the two files are looked at for a change.
        #[serde(with = "compact::required")]
        reload_every: Duration = seconds(5), "duration",
            "A renewed certificate serves within seconds; a look costs two system calls.";
        /// How long browsers are told to insist on TLS (HSTS).
        #[serde(with = "compact::required")]
        hsts_max_age: Duration = seconds(365 * 24 * 60 * 60), "duration",
            "A year, as the browsers' preload lists ask.";
    }
}

section! {
    /// What is written to the log.
    pub struct Log {
        /// `human` or `json`.
        format: LogFormat = LogFormat::Human, "text",
            "Somebody who starts the server by hand reads the log by eye.";
        /// What is logged: a level, or directives (`info,playhouse=debug`).
        level: String = "info".to_owned(), "text",
            "One line a request and one for what an operator should know. The demo's own default is `warn`.";
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For eyes.
    Human,
    /// One JSON object a line.
    Json,
}

section! {
    /// How often one address or account may try something; past it the answer is 429.
    pub struct Limits {
        /// Registrations from one address within `limits.registrations_window`.
        registrations: u32 = 100, "count",
            "A hall full of phones behind one address can join.";
        /// The window of `limits.registrations`.
        #[serde(with = "compact::required")]
        registrations_window: Duration = seconds(600), "duration",
            "The ten minutes before a show.";
        /// Browsers new to the house that join a poll from one address within
        /// `limits.joins_window`.
        joins: u32 = 5_000, "count",
            "A hall shares one address; somebody who makes devices by the million does not vote by the million.";
        /// Join codes that nobody has, tried from one address within `limits.joins_window`.
        wrong_codes: u32 = 100, "count",
            "A hall may mistype; a billion codes at 100 in ten minutes take centuries.";
        /// The window of `limits.joins` and `limits.wrong_codes`.
        #[serde(with = "compact::required")]
        joins_window: Duration = seconds(600), "duration",
            "The ten minutes in which a hall joins.";
        /// Failed log-ins to one account within `limits.failed_logins_window`.
        failed_logins: u32 = 10, "count",
            "Enough for a forgotten password, hopeless for guessing.";
        /// The window of `limits.failed_logins`.
        #[serde(with = "compact::required")]
        failed_logins_window: Duration = seconds(60), "duration",
            "A person who mistyped need not wait long.";
        /// Failed log-ins from one address within `limits.failed_logins_window`.
        failed_logins_address: u32 = 300, "count",
            "Many people share one address; one that tries many accounts is still slowed.";
        /// Requests from one address within a second; 0 for no limit.
        requests_per_second: u32 = 0, "count",
            "No limit: a hall shares one address, and rooms bound their own queues.";
        /// Requests of one account within a second; 0 for no limit.
        requests_per_second_account: u32 = 500, "count",
            "Far more than any person and every page of theirs; a program that runs wild is stopped.";
    }
}

section! {
    /// Passwords and tokens.
    pub struct Accounts {
        /// Threads that hash passwords.
        hash_threads: usize = 2, "threads",
            "A hash takes a core for 20 ms; more threads would only starve the rooms.";
        /// Passwords that wait to be hashed; one more is answered `overloaded`.
        hash_queue: usize = 256, "count",
            "About three seconds of work for two threads; who waits longer tries again anyway.";
        /// How long an access token lives.
        #[serde(with = "compact::required")]
        access_ttl: Duration = seconds(15 * 60), "duration",
            "Short, because another service may trust the token without asking.";
        /// How long a refresh token lives.
        #[serde(with = "compact::required")]
        refresh_ttl: Duration = seconds(30 * 24 * 60 * 60), "duration",
            "A month between visits without a new log-in.";
        /// How long a refresh whose answer was lost may be repeated.
        #[serde(with = "compact::required")]
        refresh_repeat: Duration = seconds(30), "duration",
            "A phone in a lift tries again within it; a thief rarely does.";
        /// How long a voter token lives, which is given to a browser that joins a poll.
        #[serde(with = "compact::required")]
        voter_ttl: Duration = seconds(12 * 60 * 60), "duration",
            "A day's event; joining again gives a new one to the same browser.";
    }
}

section! {
    /// The first administrator.
    pub struct Admin {
        /// The password of the account `admin`, which is made with it at the first start.
        password: Option<String> = None, "secret",
            "Absent: `serve` makes no administrator, `demo` draws a password and prints it.";
    }
}

section! {
    /// The live connection.
    pub struct Live {
        /// Open WebSocket connections; one more is answered 503.
        connections: usize = 20_000, "connections",
            "About 20 KiB each: 400 MiB when full.";
        /// Open connections of one account; the oldest is closed for one more.
        connections_per_account: usize = 20, "connections",
            "Several pages on several devices; no more than a person has.";
        /// Open connections from one address; one more is answered 429.
        connections_per_address: usize = 5_000, "connections",
            "A hall full of phones shares one address; one machine alone still cannot take every place.";
        /// Whether people who are not logged in may watch what is public.
        anonymous: bool = true, "yes or no",
            "The lobby shows seats before anybody logs in.";
        /// Subscriptions of one connection.
        subscriptions: usize = 128, "count",
            "A list of showings on one page, several times over.";
        /// The largest message from a client.
        message_max_bytes: usize = 64 << 10, "bytes",
            "As large as the largest command, and never larger.";
        /// Messages that wait to be written to one client; past it it gets the newest view instead.
        queue: usize = 256, "count",
            "A dozen seconds of a busy room.";
        /// How often a silent connection is asked whether it is alive.
        #[serde(with = "compact::required")]
        ping: Duration = seconds(25), "duration",
            "Shorter than the 30 s after which phone networks forget a connection.";
        /// How long a client may take to answer a ping.
        #[serde(with = "compact::required")]
        pong_timeout: Duration = seconds(10), "duration",
            "A phone that changes networks answers within it.";
    }
}

section! {
    /// Selling seats.
    pub struct Cinema {
        /// The currency of every price, ISO 4217.
        currency: String = "EUR".to_owned(), "text",
            "One house sells in one currency.";
        /// Who takes payments: `test`, the built-in test provider, is the only one.
        payments: PaymentProvider = PaymentProvider::Test, "text",
            "No money moves unless somebody connects a real provider.";
        /// How long the payment provider may take for one attempt; then the same charge is asked for again.
        #[serde(with = "compact::required")]
        payment_attempt: Duration = seconds(30), "duration",
            "Longer than a provider's slow answer; a lost one is asked again while the buyer still looks.";
        /// How long seats are held for a buyer.
        #[serde(with = "compact::required")]
        hold: Duration = seconds(120), "duration",
            "Enough to pay, short enough that seats come back.";
        /// How long a hold may last in all, extended or paying.
        #[serde(with = "compact::required")]
        hold_max: Duration = seconds(600), "duration",
            "A payment that takes longer has gone wrong.";
        /// How long seats are offered to a place on the wait list.
        #[serde(with = "compact::required")]
        offer: Duration = seconds(300), "duration",
            "Somebody who waits must first see the offer.";
        /// Seats of one showing that one buyer may hold and own.
        seats_per_buyer: u16 = 10, "seats",
            "A family and their friends; a resale trade is more.";
        /// How long before the start a booking can still be cancelled.
        #[serde(with = "compact::required")]
        cancel_before: Duration = seconds(30 * 60), "duration",
            "Seats that come back later are hard to sell.";
    }
}

/// Who takes payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentProvider {
    /// The built-in test provider: no money moves.
    Test,
}

section! {
    /// Judging programs.
    pub struct Judge {
        /// Whether programs are taken.
        enabled: bool = true, "yes or no",
            "Nothing runs outside a jail, and where there can be none nothing runs.";
        /// How many jobs run at once; 0 for as many as there are cores.
        slots: usize = 0, "jobs",
            "More than cores would only make all slower, and what is measured less true.";
        /// How strong the walls must be: `full`, `rootless` or `rootless-no-cgroup`.
        tier: JudgeTier = JudgeTier::Full, "text",
            "A weaker tier is chosen by whoever runs the place, and never by the server.";
        /// Languages that come to the server's own, or replace one (TOML).
        languages: Option<PathBuf> = None, "path",
            "Absent: the server's own.";
        /// How much disk programs may take that were compiled before.
        cache_bytes: u64 = 256 << 20, "bytes",
            "Some ten thousand small programs: what a class hands in during a term.";
        /// Who may hand programs in through the interface of Piston without a name: `loopback` (this machine
        /// itself), `everybody` or `nobody`. Accounts always may.
        piston: PistonCallers = PistonCallers::Loopback, "text",
            "Programs of nobody in particular cost the machine's time: who gives it to strangers says so.";
        /// Whether those who are told of a job may be on this machine or its network.
        webhook_private: bool = false, "yes or no",
            "Whoever hands a program in could else reach what only this machine can.";
        /// How long a job is kept once it is judged.
        #[serde(with = "compact::required")]
        keep: Duration = seconds(7 * 24 * 60 * 60), "duration",
            "A week: long enough to look at it again.";
    }
}

/// Who may hand programs in through the interface of Piston without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PistonCallers {
    /// Who is on the machine itself.
    Loopback,
    /// Whoever reaches it.
    Everybody,
    /// Nobody: accounts alone.
    Nobody,
}

/// How strong the walls around programs must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgeTier {
    /// Nothing is left out. Needs root.
    Full,
    /// For an ordinary user with delegated cgroups.
    Rootless,
    /// For an ordinary user: each process is limited, not the job.
    RootlessNoCgroup,
}

section! {
    /// The demo.
    pub struct Demo {
        /// Simulated people who look, hold and buy, and as many who vote in polls.
        people: usize = 40, "count",
            "Enough that something changes every second, few enough to leave seats for you.";
    }
}
