//! Every operation that writes. The test fails by name for one that is missing here.

use std::collections::BTreeSet;

use super::case::Case;
use super::house::House;
use super::{admin, cinema, contests, finding, jobs, matches, people, polls, tournaments};

/// Every operation that writes; in brackets which of several ways.
pub(super) const OPERATIONS: [&str; 101] = [
    "POST /api/contests",
    "PATCH /api/contests/{contest}",
    "PUT /api/contests/{contest}/problems/{letter}",
    "DELETE /api/contests/{contest}/problems/{letter}",
    "POST /api/contests/{contest}/registration",
    "DELETE /api/contests/{contest}/registration",
    "POST /api/contests/{contest}/submissions",
    "POST /api/contests/{contest}/reveal",
    "POST /api/contests/{contest}/clarifications",
    "POST /api/contests/{contest}/clarifications/{clarification}/answer",
    "POST /api/contests/{contest}/rejudge",
    "POST /api/jobs",
    "DELETE /api/jobs/{job}",
    "POST /api/movies",
    "PUT /api/movies/{movie}",
    "POST /api/screens",
    "POST /api/showings",
    "POST /api/showings/{showing}/holds",
    "POST /api/showings/{showing}/holds (the best)",
    "DELETE /api/showings/{showing}/holds/{hold}",
    "POST /api/showings/{showing}/holds/{hold}/extend",
    "POST /api/showings/{showing}/holds/{hold}/purchase",
    "POST /api/showings/{showing}/blocks",
    "DELETE /api/showings/{showing}/blocks",
    "POST /api/showings/{showing}/waitlist",
    "DELETE /api/showings/{showing}/waitlist/{wait}",
    "POST /api/bookings/{booking}/cancel",
    "POST /api/bookings/{booking}/transfer",
    "POST /api/polls",
    "PUT /api/polls/{poll}",
    "POST /api/polls/{poll}/open",
    "POST /api/polls/{poll}/close",
    "POST /api/polls/{poll}/reset",
    "POST /api/polls/{poll}/reveal",
    "POST /api/polls/{poll}/hide",
    "POST /api/polls/{poll}/codes",
    "POST /api/polls/{poll}/words",
    "POST /api/polls/{poll}/names",
    "POST /api/polls/{poll}/ballots",
    "POST /api/polls/{poll}/votes (single)",
    "POST /api/polls/{poll}/votes (multiple)",
    "POST /api/polls/{poll}/votes (rating)",
    "POST /api/polls/{poll}/votes (ranked)",
    "POST /api/polls/{poll}/votes (words)",
    "POST /api/polls/{poll}/votes (quiz)",
    "POST /api/polls/{poll}/votes (secret)",
    "POST /api/polls/{poll}/questions",
    "PATCH /api/polls/{poll}/questions/{question}",
    "PUT /api/polls/{poll}/questions/{question}/vote",
    "DELETE /api/polls/{poll}/questions",
    "POST /api/series",
    "PUT /api/series/{series}",
    "POST /api/series/{series}/go",
    "POST /api/games/{game}/sessions",
    "POST /api/games/sessions/{session}/join",
    "POST /api/games/sessions/{session}/ready",
    "POST /api/games/sessions/{session}/start",
    "POST /api/games/sessions/{session}/leave",
    "POST /api/games/sessions/{session}/say",
    "POST /api/games/sessions/{session}/mute",
    "POST /api/games/sessions/{session}/remove",
    "POST /api/leaderboards/{game}/seasons",
    "PUT /api/friends/{player}",
    "DELETE /api/friends/{player}",
    "POST /api/match/tickets",
    "DELETE /api/match/tickets/{ticket}",
    "POST /api/parties",
    "POST /api/parties/join",
    "POST /api/parties/{party}/accept",
    "POST /api/parties/{party}/invitations",
    "PUT /api/parties/{party}/leader",
    "POST /api/parties/{party}/leave",
    "DELETE /api/parties/{party}/members/{account}",
    "POST /api/tournaments",
    "POST /api/tournaments/{tournament}/register",
    "POST /api/tournaments/{tournament}/withdraw",
    "POST /api/tournaments/{tournament}/check-in",
    "POST /api/tournaments/{tournament}/start",
    "POST /api/tournaments/{tournament}/add",
    "POST /api/tournaments/{tournament}/drop",
    "POST /api/tournaments/{tournament}/accept",
    "POST /api/tournaments/{tournament}/disputes",
    "POST /api/tournaments/{tournament}/decide",
    "POST /api/tournaments/{tournament}/cancel",
    "POST /api/accounts",
    "POST /api/accounts/me/password",
    "PATCH /api/admin/accounts/{id}",
    "PUT /api/admin/matches/{session}/verdicts/{player}",
    "DELETE /api/admin/matches/{session}/verdicts/{player}",
    "POST /api/sessions",
    "DELETE /api/sessions",
    "DELETE /api/sessions/current",
    "POST /api/sessions/refresh",
    "POST /api/admin/backups",
    "DELETE /api/admin/backups/{name}",
    "POST /api/admin/rooms/{room}/restart",
    "POST /api/admin/rooms/{room}/snapshot",
    "POST /api/admin/rooms/{room}/quarantine",
    "POST /api/admin/rooms/{room}/reopen",
    "POST /api/admin/rooms/{room}/rewind",
    "POST /api/admin/rooms/{room}/skip",
];

/// Operations that write no record, each with the reason.
const WRITE_NOTHING: [(&str, &str); 4] = [
    (
        "POST /api/v2/execute",
        "its job is made as by POST /api/jobs, and whoever waits for its end has lost it with the server",
    ),
    ("POST /api/games/guests", "a guest's token is kept nowhere"),
    ("POST /api/polls/join", "the voter token is made of a cookie and a key, and kept nowhere"),
    (
        "POST /api/polls/{poll}/mine",
        "a look at one's own vote, with a code that belongs in no address",
    ),
];

/// Those in which several rooms take part, so that another one may be the first to answer.
pub(super) const ASK_OTHERS: [&str; 8] = [
    "PUT /api/contests/{contest}/problems/{letter}",
    "POST /api/contests/{contest}/submissions",
    "POST /api/jobs",
    "POST /api/showings",
    "POST /api/polls",
    "POST /api/series",
    "POST /api/parties",
    "POST /api/accounts",
];

/// Those that write more than one record, one after the other. Jobs do so long after they are answered, and contests
/// with them: what becomes of them `judge/kill.rs` and `contests.rs` try.
pub(super) const SAGAS: [&str; 21] = [
    "POST /api/leaderboards/{game}/seasons",
    "POST /api/showings",
    "POST /api/showings/{showing}/holds/{hold}/purchase",
    "POST /api/bookings/{booking}/cancel",
    "POST /api/bookings/{booking}/transfer",
    "POST /api/polls",
    "PUT /api/polls/{poll}",
    "POST /api/series",
    "POST /api/parties",
    "POST /api/accounts",
    "PATCH /api/admin/accounts/{id}",
    "PUT /api/admin/matches/{session}/verdicts/{player}",
    "DELETE /api/admin/matches/{session}/verdicts/{player}",
    "POST /api/admin/backups",
    "DELETE /api/admin/backups/{name}",
    "POST /api/admin/rooms/{room}/restart",
    "POST /api/admin/rooms/{room}/snapshot",
    "POST /api/admin/rooms/{room}/quarantine",
    "POST /api/admin/rooms/{room}/reopen",
    "POST /api/admin/rooms/{room}/rewind",
    "POST /api/admin/rooms/{room}/skip",
];

/// Those of which followers hear, once. Of a program that is sent in they hear again when it is judged.
pub(super) const TOLD: [&str; 51] = [
    "PATCH /api/contests/{contest}",
    "POST /api/contests/{contest}/registration",
    "DELETE /api/contests/{contest}/registration",
    "POST /api/contests/{contest}/reveal",
    "POST /api/contests/{contest}/clarifications/{clarification}/answer",
    "POST /api/showings/{showing}/holds",
    "POST /api/showings/{showing}/holds (the best)",
    "DELETE /api/showings/{showing}/holds/{hold}",
    "POST /api/showings/{showing}/holds/{hold}/purchase",
    "POST /api/showings/{showing}/blocks",
    "DELETE /api/showings/{showing}/blocks",
    "POST /api/bookings/{booking}/cancel",
    "PUT /api/polls/{poll}",
    "POST /api/polls/{poll}/open",
    "POST /api/polls/{poll}/close",
    "POST /api/polls/{poll}/reset",
    "POST /api/polls/{poll}/reveal",
    "POST /api/polls/{poll}/hide",
    "POST /api/polls/{poll}/codes",
    "POST /api/polls/{poll}/words",
    "POST /api/polls/{poll}/names",
    "POST /api/polls/{poll}/votes (single)",
    "POST /api/polls/{poll}/votes (multiple)",
    "POST /api/polls/{poll}/votes (rating)",
    "POST /api/polls/{poll}/votes (ranked)",
    "POST /api/polls/{poll}/votes (words)",
    "POST /api/polls/{poll}/votes (quiz)",
    "POST /api/polls/{poll}/votes (secret)",
    "POST /api/polls/{poll}/questions",
    "PATCH /api/polls/{poll}/questions/{question}",
    "PUT /api/polls/{poll}/questions/{question}/vote",
    "DELETE /api/polls/{poll}/questions",
    "PUT /api/series/{series}",
    "POST /api/series/{series}/go",
    "POST /api/games/sessions/{session}/join",
    "POST /api/games/sessions/{session}/ready",
    "POST /api/games/sessions/{session}/start",
    "POST /api/games/sessions/{session}/leave",
    "POST /api/games/sessions/{session}/say",
    "POST /api/games/sessions/{session}/mute",
    "POST /api/games/sessions/{session}/remove",
    "POST /api/tournaments/{tournament}/register",
    "POST /api/tournaments/{tournament}/withdraw",
    "POST /api/tournaments/{tournament}/check-in",
    "POST /api/tournaments/{tournament}/start",
    "POST /api/tournaments/{tournament}/add",
    "POST /api/tournaments/{tournament}/drop",
    "POST /api/tournaments/{tournament}/accept",
    "POST /api/tournaments/{tournament}/disputes",
    "POST /api/tournaments/{tournament}/decide",
    "POST /api/tournaments/{tournament}/cancel",
];

/// What is about to be sent for `operation`, with everything that it needs.
pub(super) async fn case(house: &House, operation: &str) -> Case {
    let path = operation.split(' ').nth(1).unwrap_or_default();
    let is = |part: &str| path.contains(part);
    if let Some((_, kind)) = operation.split_once("/votes (") {
        return polls::of_votes(house, kind.trim_end_matches(')')).await;
    }
    match path {
        "/api/polls/{poll}/ballots" => polls::of_ballots(house).await,
        _ if is("/questions") => polls::of_questions(house, operation).await,
        _ if is("/api/polls") => polls::of_polls(house, operation).await,
        _ if is("/api/leaderboards") || is("/api/friends") => {
            matches::of_players(house, operation).await
        }
        _ if is("/api/contests") => contests::of_contests(house, operation).await,
        _ if is("/api/tournaments") => tournaments::of_tournaments(house, operation).await,
        _ if is("/verdicts") => matches::of_verdicts(house, operation).await,
        _ if is("/api/games") => matches::of_matches(house, operation).await,
        _ if is("/api/match") => finding::of_tickets(house, operation).await,
        _ if is("/api/jobs") => jobs::of_jobs(house, operation).await,
        _ if is("/api/parties") => finding::of_parties(house, operation).await,
        _ if is("/api/series") => polls::of_series(house, operation).await,
        _ if is("/accounts") || is("/sessions") => people::of_people(house, operation).await,
        _ if is("/api/admin") => admin::of_acts(house, operation).await,
        _ if is("/api/bookings") || is("/api/showings/") => {
            cinema::of_seats(house, operation).await
        }
        _ => cinema::of_plans(house, operation).await,
    }
}

#[test]
fn every_operation_that_writes_is_tried() {
    let description = serde_json::to_value(playhouse::http::openapi::description()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let methods = ["post", "put", "patch", "delete"];
        let methods = methods.iter().filter(|method| item.get(**method).is_some());
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let bare = |operation: &str| operation.split(" (").next().unwrap_or_default().to_owned();
    let tried: BTreeSet<_> = OPERATIONS.iter().map(|operation| bare(operation)).collect();
    let left_out: BTreeSet<_> = WRITE_NOTHING.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(tried.is_disjoint(&left_out));
    let known: BTreeSet<_> = tried.union(&left_out).cloned().collect();
    let missing: Vec<_> = described.difference(&known).collect();
    assert!(missing.is_empty(), "say in kill_points/operations.rs how to try these: {missing:?}");
    let gone: Vec<_> = known.difference(&described).collect();
    assert!(gone.is_empty(), "the server has no such operation: {gone:?}");
    for operation in SAGAS.iter().chain(&TOLD).chain(&ASK_OTHERS) {
        assert!(OPERATIONS.contains(operation), "{operation}");
    }
}
