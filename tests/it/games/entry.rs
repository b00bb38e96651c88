//! Tickets: what lets a connection in, and what does not.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use playhouse_loadtest::play::{PlayError, Way};
use playhouse_protocol::game::control::{ClientControl, Entry, Hello, Refused, ServerControl};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{By, House, connect, ended, enter, enter_by, make, schema, seat, soon, ticket, told};

fn refused(outcome: Result<impl Sized, PlayError>) -> Refused {
    match outcome.map(|_| ()).expect_err("it is let in") {
        PlayError::Refused(why) => why,
        other => panic!("{other}"),
    }
}

fn with_ticket(way: &Way, ticket: impl Into<String>) -> Way {
    Way { ticket: ticket.into(), ..way.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lets_in_one_connection_once_by_whatever_transport() {
    let house = House::open().await;
    for (first, second) in [(By::Native, By::Web), (By::Web, By::Native)] {
        let way = house.guest_seat().await;
        let (mut inside, welcome) = enter(first, &way).await;
        assert_eq!((welcome.seat, welcome.schema_hash), (way.seat, schema().hash()));
        assert_eq!(refused(enter_by(second, &way, ticket(&way)).await), Refused::Entry);
        let lobby = told(&mut inside, |message| match message {
            ServerControl::Lobby(lobby) => Some(lobby),
            _ => None,
        });
        let lobby = lobby.await;
        assert!(lobby.players.iter().any(|player| player.seat == way.seat && player.present));
    }
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_show_one_ticket_at_once_one_gets_in() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let tries = (0..8).map(|n| {
        let by = if n % 2 == 0 { By::Native } else { By::Web };
        enter_by(by, &way, ticket(&way))
    });
    let outcomes = soon(futures_util::future::join_all(tries)).await;
    let inside = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(inside, 1);
}

/// A ticket's claims, and the secret of the server that signed it.
fn taken_apart(house: &House, way: &Way) -> (String, Value, Vec<u8>) {
    let keys = std::fs::read(house.server.data().join("keys.json")).unwrap();
    let keys: Value = serde_json::from_slice(&keys).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(keys["keys"][0]["secret"].as_str().unwrap()).unwrap();
    let parts: Vec<&str> = way.ticket.split('.').collect();
    let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    (parts[0].to_owned(), claims, secret)
}

fn signed(head: &str, claims: &Value, secret: &[u8]) -> String {
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_expired_and_foreign_tickets_let_nobody_in_and_use_nothing_up() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let other = make(&house.ann, json!({})).await;
    let (head, claims, secret) = taken_apart(&house, &way);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(&head, &claims, &secret)
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let another = other.rsplit('/').next().unwrap();
    let guest = "guest:00000000-0000-4000-8000-000000000007";
    let mut parts: Vec<&str> = way.ticket.split('.').collect();
    parts[2] = "AAAA";
    let forged = [
        ("a changed seal", parts.join(".")),
        ("another's key", signed(&head, &claims, b"the key of another house, of 32 b!")),
        // Whoever has the key can sign: the match itself still knows no such ticket.
        ("another id", with("jti", json!("00000000-0000-4000-8000-000000000001"))),
        ("another match", with("mid", json!(another))),
        ("another player", with("sub", json!(guest))),
        ("its time is over", with("exp", json!(now - 1))),
        ("another audience", with("aud", json!("playhouse"))),
        ("an access token", house.ann.token().unwrap().to_owned()),
        ("nothing", String::new()),
        ("much", "x".repeat(10_000)),
    ];
    for (what, forged) in forged {
        for by in [By::Native, By::Web] {
            let way = with_ticket(&way, &*forged);
            let why = refused(enter_by(by, &way, ticket(&way)).await);
            assert_eq!(why, Refused::Entry, "{what}");
        }
    }
    let as_resume = Entry::Resume(way.ticket.clone());
    assert_eq!(refused(enter_by(By::Native, &way, as_resume).await), Refused::Entry);
    let bearer = house.server.client().with_token(&way.ticket);
    assert_eq!(bearer.get("/api/accounts/me").await.unwrap_err().code(), "bad_token");
    // After all that the ticket is as good as before.
    enter(By::Native, &way).await;
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_again_gives_another_ticket_for_the_same_seat_and_the_older_one_is_void() {
    let house = House::open().await;
    let (first, second) = (house.seat(&house.ann).await, house.seat(&house.ann).await);
    assert_eq!(first.seat, second.seat);
    assert_eq!(refused(enter_by(By::Native, &first, ticket(&first)).await), Refused::Entry);
    let (mut inside, _) = enter(By::Native, &second).await;
    let third = house.seat(&house.ann).await;
    assert_eq!(third.seat, second.seat);
    let (_newer, _) = enter(By::Web, &third).await;
    assert_eq!(ended(&mut inside).await, 2, "a newer connection has the seat");
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_or_schema_is_told_so_and_the_ticket_is_still_good() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    for by in [By::Native, By::Web] {
        let mut stranger = connect(by, &way).await;
        let strange = stranger.enter(schema().hash() ^ 1, ticket(&way)).await;
        assert_eq!(refused(strange), Refused::Schema);
        let mut newer = connect(by, &way).await;
        let hello = Hello { oldest: 900, newest: 901, ..Hello::new(0, ticket(&way)) };
        newer.say(&ClientControl::Hello(hello)).await.unwrap();
        let told = soon(newer.control()).await.unwrap();
        let ServerControl::Refused(Refused::Version { newest, .. }) = told else {
            panic!("{told:?}")
        };
        assert_eq!((newest, ended(&mut newer).await), (1, 16));
    }
    enter(By::Web, &way).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_nonsense_is_let_go_and_told_why() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    for by in [By::Native, By::Web] {
        let mut silent = connect(by, &way).await;
        assert_eq!(ended(&mut silent).await, 8);
        let mut early = connect(by, &way).await;
        early.say(&ClientControl::Start).await.unwrap();
        assert_eq!(ended(&mut early).await, 22);
    }
    let mut long = connect(By::Native, &way).await;
    long.say_bytes(&u32::MAX.to_le_bytes()).await.unwrap();
    assert_eq!(ended(&mut long).await, 22);
    for nonsense in [&[7_u8, 1, 2][..], &[], &[1], &[1, 0xff, 0xff]] {
        let mut web = connect(By::Web, &way).await;
        web.say_bytes(nonsense).await.unwrap();
        assert_eq!(ended(&mut web).await, 22, "{nonsense:?}");
    }
    let (mut inside, _) = enter(By::Native, &way).await;
    inside.say(&ClientControl::Hello(Hello::new(0, ticket(&way)))).await.unwrap();
    assert_eq!(ended(&mut inside).await, 6, "one hello is enough");
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_particular_gets_no_seat_and_a_guest_does() {
    let house = House::open().await;
    let join = format!("{}/join", house.path);
    let nobody = house.server.client().post(&join, json!({})).await.unwrap_err();
    assert_eq!(nobody.code(), "not_logged_in");
    let way = house.guest_seat().await;
    let (_inside, welcome) = enter(By::Native, &way).await;
    assert_eq!(welcome.seat, way.seat);
    let gone = "/api/games/sessions/00000000-0000-4000-8000-000000000000";
    let nowhere = house.ann.post(&format!("{gone}/join"), json!({})).await.unwrap_err();
    assert_eq!(nowhere.code(), "not_found");
    let no_game = house.ann.post("/api/games/chess/sessions", json!({})).await.unwrap_err();
    assert_eq!(no_game.code(), "not_found");
    assert!(seat(&house.ann, &house.path).await.seat != way.seat);
}
