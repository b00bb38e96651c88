//! A match from its lobby to its beginning, whatever its players come by.

use playhouse_loadtest::live::Live;
use playhouse_protocol::game::control::ServerControl;
use serde_json::json;

use super::{By, House, WITHIN, begin, enter, make, player, told};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_who_comes_and_who_is_ready_and_when_it_begins() {
    let house = House::open().await;
    let bob = house.server.person("bob").await;
    let mut players = vec![
        player(By::Native, &house.seat(&house.ann).await).await,
        player(By::Web, &house.seat(&bob).await).await,
        player(By::Native, &house.guest_seat().await).await,
    ];
    begin(&mut players).await;
    for player in &mut players {
        assert!(player.begun, "it was told of the beginning");
        player.measure_anew();
        assert!(player.play(WITHIN, |p| p.states >= 60).await.unwrap());
    }
    let info = house.info().await;
    assert_eq!(info["phase"], "active", "{info}");
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_over_rest_gets_ready_and_starts_as_one_over_the_connection_does() {
    let house = House::open().await;
    let (mut connection, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    let eve = house.server.person("eve").await;
    let start = format!("{}/start", house.path);
    assert_eq!(eve.post(&start, json!({})).await.unwrap_err().code(), "not_the_host");
    let ready = house.ann.post(&format!("{}/ready", house.path), json!({ "ready": true })).await;
    assert_eq!(ready.unwrap()["players"][0]["ready"], true);
    let seen = |message| match message {
        ServerControl::Lobby(lobby) => lobby.players.iter().any(|p| p.ready).then_some(()),
        _ => None,
    };
    told(&mut connection, seen).await;
    house.ann.post(&start, json!({})).await.unwrap();
    let counts = |message| match message {
        ServerControl::Countdown(Some(ms)) => Some(ms),
        _ => None,
    };
    let ms = told(&mut connection, counts).await;
    assert!((1..=3000).contains(&ms), "{ms}");
    let begun = |message| matches!(message, ServerControl::Begun { .. }).then_some(());
    told(&mut connection, begun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_follow_a_match_on_its_channel() {
    let house = House::open().await;
    let id = house.path.rsplit('/').next().unwrap().to_owned();
    let mut live = Live::connect(&house.server.base(), None).await.unwrap();
    let channel = format!("game:{id}");
    let subscribed = live.command("subscribe", json!({ "channel": channel })).await.unwrap();
    assert_eq!(subscribed["data"]["view"]["phase"], "lobby", "{subscribed}");
    let (_inside, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    let pushed = live.push(WITHIN).await.expect("something is published");
    assert!(pushed.is_object(), "{pushed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_matches_are_in_the_list_and_others_are_not() {
    let house = House::open().await;
    let hidden = make(&house.ann, json!({ "listed": false, "title": "Hidden" })).await;
    let list = house.ann.get("/api/games/sessions").await.unwrap();
    let text = list.to_string();
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    assert!(text.contains(&id(&house.path)) && !text.contains(&id(&hidden)), "{text}");
    let seen = house.ann.get(&hidden).await.unwrap();
    assert_eq!(seen["title"], "Hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_is_off_matches_are_played_over_websocket() {
    let off = [("PLAYHOUSE_QUIC_ENABLED", "false")];
    let house = House::with(&off).await;
    assert_eq!(house.server.quic(), None);
    let way = house.seat(&house.ann).await;
    assert_eq!((&way.quic, &way.webtransport, &way.certificate_hash), (&None, &None, &None));
    let mut players = vec![player(By::Web, &way).await];
    begin(&mut players).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_that_finds_no_room_waits_and_is_played_once_another_has_ended() {
    let house = House::with(&[("PLAYHOUSE_GAMES_MATCHES", "1")]).await;
    let mut first = vec![player(By::Native, &house.seat(&house.ann).await).await];
    begin(&mut first).await;
    let bob = house.server.person("bob").await;
    let path = super::make(&bob, json!({ "seats": 2, "bots": 1 })).await;
    let way = super::seat(&bob, &path).await;
    let mut second = player(By::Native, &way).await;
    bob.post(&format!("{path}/start"), json!({})).await.unwrap();
    let start = std::time::Instant::now();
    while bob.get(&path).await.unwrap()["phase"] != "active" {
        assert!(start.elapsed() < WITHIN, "it does not begin");
        second.play(std::time::Duration::from_millis(50), |_| false).await.unwrap();
    }
    let told = bob.get(&format!("{path}/figures")).await.unwrap();
    assert!(told["running"].is_null(), "there is no room: {told}");
    // Nobody is left in the first: it ends.
    house.ann.post(&format!("{}/leave", house.path), json!({})).await.unwrap();
    assert!(second.play(WITHIN, |p| p.states > 30).await.unwrap(), "its turn does not come");
    house.server.saw_no_panic();
}
