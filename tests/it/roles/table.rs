//! Who may do what: one line for each operation of the API.
//!
//! The five signs say what nobody, a voter, a user, an organizer and an administrator are answered when
//! the things in the path belong to somebody else:
//!
//! - `-`: 401, log in as somebody;
//! - `x`: 403, not with this role;
//! - `?`: 404, not for them, told as if it were not there (or it is not: nobody has a name in this poll);
//! - `+`: let in: done, or refused for a reason that has nothing to do with who asks.

/// One operation.
pub(super) struct Row {
    pub(super) method: &'static str,
    /// As in the description; `{name}` is filled in with somebody else's.
    pub(super) path: &'static str,
    /// For nobody, voter, user, organizer, administrator.
    pub(super) answers: &'static str,
    /// A sound body, if there is one to be sent, with names as in the path.
    pub(super) body: &'static str,
}

const fn row(
    method: &'static str,
    path: &'static str,
    answers: &'static str,
    body: &'static str,
) -> Row {
    Row { method, path, answers, body }
}

const MOVIE: &str = r#"{"title":"Nosferatu","minutes":94}"#;
const SCREEN: &str = r#"{"name":"Two","theater":"Odeon","rows":[{"row":"A","seats":4}]}"#;
const SHOWING: &str = r#"{"movie_id":"{movie}","screen_id":"{screen}","starts_at":"2031-05-01T20:00:00Z","prices":{"standard":"9.50"}}"#;
const POLL: &str = r#"{"title":"Theirs","kind":"single","options":["A","B"]}"#;
const SERIES: &str = r#"{"title":"Theirs","polls":["{poll}"]}"#;
const CUP: &str = r#"{"title":"Theirs","game":"arena","format":"swiss","starts_at":"{soon}"}"#;
const REFRESH: &str = r#"{"refresh_token":"none"}"#;

/// Every operation; the test fails by name for one that is missing here.
pub(super) const TABLE: &[Row] = &[
    row("GET", "/healthz", "+++++", ""),
    row("GET", "/readyz", "+++++", ""),
    row(
        "POST",
        "/api/accounts",
        "+++++",
        r#"{"username":"new{n}","email":"new{n}@example.org","password":"a long password"}"#,
    ),
    row("GET", "/api/accounts/me", "--+++", ""),
    row("POST", "/api/accounts/me/password", "--+++", r#"{"old":"{password}","new":"{password}"}"#),
    row("GET", "/api/admin/accounts", "--xx+", ""),
    row("PATCH", "/api/admin/accounts/{id}", "--xx+", r#"{"role":"user"}"#),
    row("GET", "/api/admin/acts", "--xx+", ""),
    row("GET", "/api/admin/backups", "--xx+", ""),
    row("POST", "/api/admin/backups", "--xx+", ""),
    row("DELETE", "/api/admin/backups/{name}", "--xx?", ""),
    row("GET", "/api/admin/connections", "--xx+", ""),
    row("GET", "/api/admin/matches", "--xx+", ""),
    row("GET", "/api/admin/rooms", "--xx+", ""),
    row("GET", "/api/admin/rooms/stored", "--xx+", ""),
    row("GET", "/api/admin/rooms/{room}", "--xx+", ""),
    row("GET", "/api/admin/rooms/{room}/journal", "--xx+", ""),
    row("GET", "/api/admin/rooms/{room}/at/{record}", "--xx+", ""),
    row("GET", "/api/admin/rooms/{room}/parts/{part}", "--xx?", ""),
    row("POST", "/api/admin/rooms/{room}/restart", "--xx+", ""),
    row("POST", "/api/admin/rooms/{room}/snapshot", "--xx+", ""),
    row("POST", "/api/admin/rooms/{room}/quarantine", "--xx+", r#"{"reason":"a look"}"#),
    row("POST", "/api/admin/rooms/{room}/reopen", "--xx+", ""),
    row("POST", "/api/admin/rooms/{room}/rewind", "--xx+", r#"{"to":1}"#),
    row("POST", "/api/admin/rooms/{room}/skip", "--xx+", r#"{"record":1}"#),
    row("GET", "/api/availability", "+++++", ""),
    row("GET", "/api/bookings", "--+++", ""),
    row("GET", "/api/bookings/{booking}", "--?++", ""),
    row("POST", "/api/bookings/{booking}/cancel", "--?++", ""),
    row("POST", "/api/bookings/{booking}/transfer", "--?++", r#"{"name":"Mine now"}"#),
    row("GET", "/api/games", "+++++", ""),
    row("POST", "/api/games/guests", "+++++", ""),
    row("GET", "/api/games/played", "--+++", ""),
    row("GET", "/api/games/sessions", "+++++", ""),
    row("GET", "/api/games/sessions/{session}", "+++++", ""),
    row("GET", "/api/games/sessions/{session}/figures", "+++++", ""),
    row("GET", "/api/games/sessions/{session}/film", "+++++", ""),
    row("GET", "/api/games/sessions/{session}/replay", "+++++", ""),
    row("POST", "/api/games/sessions/{session}/join", "-++++", "{}"),
    row("POST", "/api/games/sessions/{session}/leave", "-++++", ""),
    row("POST", "/api/games/sessions/{session}/ready", "-++++", r#"{"ready":true}"#),
    row("POST", "/api/games/sessions/{session}/start", "-xxxx", ""),
    row("GET", "/api/games/{game}", "+++++", ""),
    row("POST", "/api/games/{game}/sessions", "--+++", r#"{"seats":4}"#),
    row("POST", "/api/match/tickets", "--+++", r#"{"game":"arena"}"#),
    row("GET", "/api/match/tickets/{ticket}", "--???", ""),
    row("DELETE", "/api/match/tickets/{ticket}", "--???", ""),
    row("GET", "/api/match/queues/{game}", "--+++", ""),
    row("GET", "/api/movies", "+++++", ""),
    row("POST", "/api/movies", "--x++", MOVIE),
    row("GET", "/api/movies/{movie}", "+++++", ""),
    row("PUT", "/api/movies/{movie}", "--x++", MOVIE),
    row("GET", "/api/parties", "--+++", ""),
    row("POST", "/api/parties", "--+++", ""),
    row("POST", "/api/parties/join", "--???", r#"{"code":"222222"}"#),
    row("GET", "/api/parties/{party}", "--??+", ""),
    row("POST", "/api/parties/{party}/accept", "--???", ""),
    row("POST", "/api/parties/{party}/invitations", "--???", r#"{"username":"admin"}"#),
    row("PUT", "/api/parties/{party}/leader", "--???", r#"{"account":"{id}"}"#),
    row("POST", "/api/parties/{party}/leave", "--+++", ""),
    row("DELETE", "/api/parties/{party}/members/{account}", "--???", ""),
    row("GET", "/api/polls", "--+++", ""),
    row("POST", "/api/polls", "--x++", POLL),
    row("POST", "/api/polls/join", "+++++", r#"{"poll_id":"{poll}"}"#),
    row("GET", "/api/polls/{poll}", "+++++", ""),
    row("PUT", "/api/polls/{poll}", "--xx+", POLL),
    row("POST", "/api/polls/{poll}/ballots", "+++++", r#"{"blinded":"AAAA"}"#),
    row("POST", "/api/polls/{poll}/close", "--xx+", ""),
    row("POST", "/api/polls/{poll}/codes", "--xx+", r#"{"count":1}"#),
    row("GET", "/api/polls/{poll}/export.csv", "xxxx+", ""),
    row("POST", "/api/polls/{poll}/hide", "--xx+", ""),
    row("POST", "/api/polls/{poll}/mine", "x+xxx", "{}"),
    row("POST", "/api/polls/{poll}/names", "--xx?", r#"{"ballot":1,"hidden":true}"#),
    row("POST", "/api/polls/{poll}/open", "--xx+", ""),
    row("GET", "/api/polls/{poll}/qr.svg", "+++++", ""),
    row("GET", "/api/polls/{poll}/questions", "+++++", ""),
    row("POST", "/api/polls/{poll}/questions", "x+xxx", r#"{"text":"May I?"}"#),
    row("PATCH", "/api/polls/{poll}/questions/{question}", "--xx+", r#"{"answered":true}"#),
    row("PUT", "/api/polls/{poll}/questions/{question}/vote", "x+xxx", r#"{"up":true}"#),
    row("POST", "/api/polls/{poll}/reset", "--xx+", ""),
    row("POST", "/api/polls/{poll}/reveal", "--xx+", ""),
    row("POST", "/api/polls/{poll}/votes", "x+xxx", r#"{"choice":[0]}"#),
    row("POST", "/api/polls/{poll}/words", "--xx+", r#"{"word":"word","hidden":true}"#),
    row("DELETE", "/api/polls/{poll}/questions", "--xx+", ""),
    row("GET", "/api/screens", "+++++", ""),
    row("POST", "/api/screens", "--x++", SCREEN),
    row("GET", "/api/screens/{screen}", "+++++", ""),
    row("GET", "/api/screens/{screen}/schedule", "+++++", ""),
    row("GET", "/api/series", "--+++", ""),
    row("POST", "/api/series", "--xx+", SERIES),
    row("GET", "/api/series/{series}", "+++++", ""),
    row("PUT", "/api/series/{series}", "--xx+", SERIES),
    row("POST", "/api/series/{series}/go", "--xx+", r#"{"poll_id":"{poll}"}"#),
    row("GET", "/api/series/{series}/qr.svg", "+++++", ""),
    row("GET", "/api/sessions", "--+++", ""),
    row("POST", "/api/sessions", "+++++", r#"{"login":"uma","password":"a long password"}"#),
    row("DELETE", "/api/sessions", "--+++", ""),
    row("DELETE", "/api/sessions/current", "--+++", ""),
    row("POST", "/api/sessions/refresh", "-----", REFRESH),
    row("GET", "/api/showings", "+++++", ""),
    row("POST", "/api/showings", "--x++", SHOWING),
    row("GET", "/api/showings/{showing}", "+++++", ""),
    row("POST", "/api/showings/{showing}/blocks", "--x++", r#"{"seats":["A4"],"reason":"press"}"#),
    row("DELETE", "/api/showings/{showing}/blocks", "--x++", r#"{"seats":["A4"]}"#),
    row("POST", "/api/showings/{showing}/holds", "--+++", r#"{"seats":["A1"]}"#),
    row("DELETE", "/api/showings/{showing}/holds/{hold}", "--???", ""),
    row("POST", "/api/showings/{showing}/holds/{hold}/extend", "--???", ""),
    row(
        "POST",
        "/api/showings/{showing}/holds/{hold}/purchase",
        "--???",
        r#"{"payment_token":"ok"}"#,
    ),
    row("GET", "/api/showings/{showing}/qr.svg", "+++++", ""),
    row("GET", "/api/showings/{showing}/seats", "+-+++", ""),
    row("POST", "/api/showings/{showing}/waitlist", "--+++", r#"{"count":1}"#),
    row("DELETE", "/api/showings/{showing}/waitlist/{wait}", "--???", ""),
    row("GET", "/api/tournaments", "+++++", ""),
    row("POST", "/api/tournaments", "--x++", CUP),
    row("GET", "/api/tournaments/own", "--+++", ""),
    row("GET", "/api/tournaments/{tournament}", "+++++", ""),
    row("POST", "/api/tournaments/{tournament}/accept", "--???", r#"{"pairing":0}"#),
    row("POST", "/api/tournaments/{tournament}/add", "--xx+", r#"{"username":"uma"}"#),
    row("POST", "/api/tournaments/{tournament}/check-in", "--+++", ""),
    row("POST", "/api/tournaments/{tournament}/decide", "--xx?", r#"{"pairing":0,"ruling":"a"}"#),
    row("POST", "/api/tournaments/{tournament}/disputes", "--???", r#"{"pairing":0,"text":"no"}"#),
    row("POST", "/api/tournaments/{tournament}/drop", "--xx+", r#"{"account":"{id}"}"#),
    row("POST", "/api/tournaments/{tournament}/register", "--+++", "{}"),
    row("POST", "/api/tournaments/{tournament}/withdraw", "--+++", ""),
    row("POST", "/api/tournaments/{tournament}/start", "--xx+", ""),
    row("POST", "/api/tournaments/{tournament}/cancel", "--xx+", ""),
];
