//! Log-ins and the rotation of refresh tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::ids::SessionId;
use uuid::Uuid;

use super::rig::{Room, person, registered};
use crate::account::sessions::{SESSIONS_MAX, TokenHash};
use crate::account::{Account, Command, Reply};
use crate::room::{self, Audience, Caller, Role, Rules};
use crate::time::Timestamp;

pub(super) const REPEAT: Duration = Duration::from_secs(30);
pub(super) const LIFE: Duration = Duration::from_secs(1000);

/// What passwords of [`registered`] accounts are checked against at first.
pub(super) const FIRST: &str = "hash of ann";

/// Sessions and tokens by name: the tokens of `phone` are `phone1`, `phone2`, … in the order in
/// which they were drawn.
struct Story {
    room: Room<Account>,
    sessions: BTreeMap<String, SessionId>,
    drawn: BTreeMap<String, u8>,
    /// The hash that passwords are checked against, as somebody saw it.
    password: String,
}

fn hash(session: &str, n: u8) -> TokenHash {
    room::Seed::derive(&[session.as_bytes(), &[n]]).0
}

impl Story {
    fn new() -> Self {
        let room = registered("ann", Role::Organizer);
        let (sessions, drawn) = (BTreeMap::new(), BTreeMap::new());
        Self { room, sessions, drawn, password: FIRST.to_owned() }
    }

    fn draw(&mut self, session: &str) -> (String, TokenHash) {
        let n = self.drawn.entry(session.to_owned()).or_default();
        *n += 1;
        (format!("{session}{n}"), hash(session, *n))
    }

    fn ask(&mut self, now: Timestamp, command: Command) -> String {
        let caller = match command {
            Command::SetRole(_) | Command::SetBanned(_) => person(Role::Admin),
            _ => Caller::System,
        };
        match self.room.ask(now, &caller, command) {
            Ok(room::Reply::Now(Reply::Reused)) => "reused".to_owned(),
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.code.into_owned(),
        }
    }

    fn open(&self) -> String {
        let infos = self.room.rules.session_infos();
        let open = |id: &SessionId| infos.iter().any(|info| info.id == *id);
        let names = self.sessions.iter().filter(|(_, id)| open(id)).map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(" ")
    }

    fn step(&mut self, now: Timestamp, what: &str) -> String {
        let words: Vec<&str> = what.split_whitespace().collect();
        let until = now + LIFE;
        match words[..] {
            ["log-in", name] => {
                let session = SessionId(Uuid::from_u128(self.sessions.len() as u128 + 1));
                self.sessions.insert(name.to_owned(), session);
                let (token, refresh) = self.draw(name);
                let checked = self.password.clone();
                let said = self.ask(now, Command::LogIn { checked, session, refresh, until });
                if said == "ok" { token } else { said }
            }
            ["refresh", token] => {
                let (name, n) = token.split_at(token.len() - 1);
                let (session, presented) = (self.sessions[name], hash(name, n.parse().unwrap()));
                let (token, next) = self.draw(name);
                let repeat = REPEAT;
                let command = Command::Refresh { session, presented, next, until, repeat };
                match self.ask(now, command).as_str() {
                    "ok" => token,
                    said => {
                        *self.drawn.get_mut(name).unwrap() -= 1;
                        said.to_owned()
                    }
                }
            }
            ["log-out", name] => self.ask(now, Command::LogOut { session: self.sessions[name] }),
            ["log-out-everywhere"] => self.ask(now, Command::LogOutAll),
            ["new-password", password] => {
                let (checked, password) = (self.password.clone(), password.to_owned());
                self.ask(now, Command::ChangePassword { checked, password })
            }
            // What is asked from here on was checked against this password.
            ["checked", password] => {
                password.clone_into(&mut self.password);
                "ok".to_owned()
            }
            ["ban"] => self.ask(now, Command::SetBanned(true)),
            ["let-in"] => self.ask(now, Command::SetBanned(false)),
            ["demote"] => self.ask(now, Command::SetRole(Role::User)),
            ["promote"] => self.ask(now, Command::SetRole(Role::Admin)),
            ["open"] => {
                self.room.wake(now);
                self.open()
            }
            _ => panic!("no such step: {what}"),
        }
    }
}

/// Plays a story: each line is a time, what is done, and what it leads to.
fn check(story: &str) {
    let mut told = Story::new();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, expected) = line.split_once("->").unwrap();
        let (at, what) = step.trim().split_once(' ').unwrap();
        let seconds = at.strip_suffix('s').unwrap().parse().unwrap();
        let now = Timestamp::ZERO + Duration::from_secs(seconds);
        assert_eq!(told.step(now, what.trim()), expected.trim(), "{line}");
        told.room.crash();
    }
}

#[test]
fn a_token_is_exchanged_once_and_its_reuse_ends_the_session() {
    check(
        "
        0s    log-in phone    -> phone1
        0s    log-in laptop   -> laptop1
        10s   refresh phone1  -> phone2
        20s   refresh phone2  -> phone3
        21s   refresh phone1  -> reused
        22s   refresh phone3  -> session_ended
        23s   open            -> laptop
    ",
    );
}

#[test]
fn an_exchange_whose_answer_was_lost_can_be_repeated_for_30_seconds() {
    check(
        "
        0s    log-in phone    -> phone1
        10s   refresh phone1  -> phone2
        40s   refresh phone1  -> phone3
        50s   refresh phone3  -> phone4
        51s   refresh phone4  -> phone5
        60s   log-in tablet   -> tablet1
        60s   refresh tablet1 -> tablet2
        91s   refresh tablet1 -> reused
        91s   open            -> phone
    ",
    );
}

#[test]
fn a_repeat_does_not_make_the_window_longer() {
    check(
        "
        0s    log-in phone    -> phone1
        10s   refresh phone1  -> phone2
        39s   refresh phone1  -> phone3
        41s   refresh phone1  -> reused
    ",
    );
}

#[test]
fn of_the_answers_to_one_token_any_may_be_the_one_that_arrived() {
    check(
        "
        0s    log-in phone    -> phone1
        10s   refresh phone1  -> phone2
        10s   refresh phone1  -> phone3
        900s  refresh phone2  -> phone4
        901s  refresh phone4  -> phone5
        902s  open            -> phone
    ",
    );
}

#[test]
fn once_an_answer_has_arrived_the_others_are_old() {
    check(
        "
        0s    log-in phone    -> phone1
        10s   refresh phone1  -> phone2
        11s   refresh phone1  -> phone3
        12s   refresh phone2  -> phone4
        13s   refresh phone3  -> reused
        14s   refresh phone4  -> session_ended
        15s   log-in tablet   -> tablet1
        16s   refresh tablet1 -> tablet2
        17s   refresh tablet2 -> tablet3
        18s   refresh tablet1 -> reused
    ",
    );
}

#[test]
fn a_session_ends_when_it_was_not_used_for_the_life_of_its_token() {
    check(
        "
        0s    log-in phone    -> phone1
        900s  refresh phone1  -> phone2
        1899s open            -> phone
        1900s open            ->
        1900s refresh phone2  -> session_ended
    ",
    );
}

#[test]
fn a_new_password_ends_every_session() {
    check(
        "
        0s    log-in phone       -> phone1
        0s    log-in laptop      -> laptop1
        1s    new-password other -> ok
        1s    open               ->
        2s    refresh laptop1    -> session_ended
        2s    refresh phone1     -> session_ended
        3s    checked other      -> ok
        3s    log-in tablet      -> tablet1
        3s    open               -> tablet
        4s    log-out tablet     -> ok
        4s    log-out tablet     -> ok
        4s    open               ->
    ",
    );
}

#[test]
fn who_was_checked_against_a_password_that_is_no_longer_good_gets_nothing() {
    check(
        "
        0s    new-password other -> ok
        0s    log-in phone       -> wrong_login
        0s    new-password third -> wrong_password
        0s    open               ->
        1s    checked other      -> ok
        1s    new-password third -> ok
    ",
    );
}

#[test]
fn a_ban_and_a_lost_role_end_every_session_and_a_gained_role_ends_none() {
    check(
        "
        0s    log-in phone    -> phone1
        1s    promote         -> ok
        1s    open            -> phone
        2s    demote          -> ok
        2s    open            ->
        3s    log-in phone    -> phone2
        4s    ban             -> ok
        4s    open            ->
        5s    log-in phone    -> banned
        6s    let-in          -> ok
        7s    log-in phone    -> phone4
        8s    log-out-everywhere -> ok
        8s    open            ->
    ",
    );
}

#[test]
fn one_session_more_than_the_bound_ends_the_one_that_was_used_least_recently() {
    let mut story = Story::new();
    for n in 0..u64::try_from(SESSIONS_MAX).unwrap() {
        let now = Timestamp::ZERO + Duration::from_secs(n);
        story.step(now, &format!("log-in s{n:02}x"));
    }
    let now = Timestamp::ZERO + Duration::from_secs(100);
    story.step(now, "refresh s00x1");
    story.step(now, "log-in another");
    let open = story.open();
    assert_eq!(open.split(' ').count(), SESSIONS_MAX);
    assert!(open.contains("s00x") && !open.contains("s01x"), "{open}");
}

#[test]
fn the_server_is_told_which_sessions_ended_and_nobody_else() {
    let mut story = Story::new();
    story.step(Timestamp::ZERO, "log-in phone");
    let event =
        crate::account::Event::LoggedOut { sessions: vec![story.sessions["phone"]], reused: false };
    let own = Audience::Own(story.room.id.uuid().map(playhouse_protocol::ids::AccountId).unwrap());
    let change = story.room.rules.change(&event, &Audience::Presenter).unwrap();
    assert_eq!(change.sessions_ended, [story.sessions["phone"]]);
    assert!(story.room.rules.change(&event, &own).is_none());
    assert!(story.room.rules.change(&event, &Audience::Public).is_none());
    assert!(story.room.rules.view(Timestamp::ZERO, &Audience::Public).is_none());
}
