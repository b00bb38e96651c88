//! Watching a match without playing in it, what is said in it, and who keeps order.

use playhouse_loadtest::live::Live;
use playhouse_loadtest::play::spectator::Spectator;
use playhouse_protocol::game::control::{ClientControl, Entry, Hello};
use serde_json::json;

use super::{By, House, WITHIN, begin, connect, ended, enter, player, resume, schema, seat, soon};

/// A match that Ann and a bot play, and the ways by which one can watch it.
async fn played(house: &House) -> playhouse_loadtest::play::player::Player {
    let mut players = vec![player(By::Native, &house.seat(&house.ann).await).await];
    begin(&mut players).await;
    players.remove(0)
}

async fn watch(house: &House, by: By) -> Spectator {
    let id = house.path.rsplit('/').next().unwrap();
    let games = house.ann.get("/api/games").await.unwrap();
    let mut way = games.clone();
    (way["session_id"], way["seat"], way["ticket"]) = (json!(id), json!(0), json!(""));
    let way = playhouse_loadtest::play::Way::read(&way).unwrap();
    Spectator::enter(connect(by, &way).await, schema(), id).await.expect("it may be watched")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_watched_three_seconds_late_by_every_transport_and_to_its_end() {
    let house = House::open().await;
    let mut ann = played(&house).await;
    let mut watchers = [watch(&house, By::Native).await, watch(&house, By::Web).await];
    for watcher in &mut watchers {
        assert_eq!((watcher.watched.tick_hz, watcher.watched.delay_ms), (30, 3000));
        let mut before = None;
        for _ in 0..40 {
            let table = tokio::select! {
                table = watcher.next() => table.expect("it goes on"),
                _ = ann.play(WITHIN, |_| false) => panic!("the match should go on"),
            };
            assert!(before.is_none_or(|before| table.tick() == before + 1), "no tick is left out");
            assert!(table.iter().count() >= 2, "everybody is seen");
            before = Some(table.tick());
        }
        // What is seen now happened three seconds ago at least: the player has seen it long since.
        let newest = ann.peer.world().tick();
        assert!(before.unwrap() + 85 <= newest, "{before:?} is too new at {newest}");
    }
    let seats = house.info().await["players"].as_array().unwrap().len();
    assert_eq!(seats, 2, "whoever watches has no seat");

    house.ann.post(&format!("{}/leave", house.path), json!({})).await.unwrap();
    for watcher in &mut watchers {
        let end = soon(async {
            loop {
                if let Err(end) = watcher.next().await {
                    return end.to_string();
                }
            }
        });
        assert!(end.await.contains("over"), "it ends with the match");
    }
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_can_do_nothing_else_and_takes_no_place_of_the_players() {
    let house = House::with(&[("PLAYHOUSE_GAMES_WATCHERS", "1")]).await;
    let _ann = played(&house).await;
    let mut watcher = watch(&house, By::Native).await;
    let way = house.guest_seat().await;
    let id = house.path.rsplit('/').next().unwrap().to_owned();

    let mut second = connect(By::Web, &way).await;
    let hello = Hello::new(schema().hash(), Entry::Watch(id));
    second.say(&ClientControl::Hello(hello)).await.unwrap();
    assert_eq!(ended(&mut second).await, 19, "as many watch as may");
    let mut other = connect(By::Native, &way).await;
    let hello = Hello::new(schema().hash(), Entry::Watch("nonsense".into()));
    other.say(&ClientControl::Hello(hello)).await.unwrap();
    assert_eq!(ended(&mut other).await, 18);

    watcher.connection.say(&ClientControl::Ready(true)).await.unwrap();
    assert_eq!(ended(&mut watcher.connection).await, 6, "who only watches is not asked");
    // The place is free again.
    let mut again = watch(&house, By::Web).await;
    again.connection.say(&ClientControl::Leave).await.unwrap();
    assert_eq!(ended(&mut again.connection).await, 0);
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_seen_by_all_and_whoever_is_muted_or_banned_stays_so() {
    let house = House::open().await;
    let (path, bob) = (&house.path, house.server.person("bob").await);
    let (_ann, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    let (mut inside, welcome) = enter(By::Native, &house.seat(&bob).await).await;
    let mut live = Live::connect(&house.server.base(), None).await.unwrap();
    let channel = format!("game:{}", path.rsplit('/').next().unwrap());
    live.command("subscribe", json!({ "channel": channel })).await.unwrap();

    let say = format!("{path}/say");
    bob.post(&say, json!({ "text": "good evening" })).await.unwrap();
    let heard = soon(async {
        loop {
            let pushed = live.push(WITHIN).await.expect("something is published");
            let said = &pushed["pub"]["data"]["view"]["said"];
            if let Some(line) = said.get(0) {
                return line.clone();
            }
        }
    })
    .await;
    assert_eq!((&heard["number"], &heard["text"]), (&json!(1), &json!("good evening")));

    let mute = json!({ "seat": 1, "muted": true });
    let refused = bob.post(&format!("{path}/mute"), mute.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "not_the_host");
    house.ann.post(&format!("{path}/mute"), mute).await.unwrap();
    let more = bob.post(&say, json!({ "text": "more" })).await.unwrap_err();
    assert_eq!(more.code(), "muted");

    let ban = json!({ "seat": 1, "ban": true });
    house.ann.post(&format!("{path}/remove"), ban).await.unwrap();
    assert_eq!(ended(&mut inside).await, 5, "removed");
    let way = seat(&house.ann, path).await;
    let back = super::enter_by(By::Native, &way, resume(&welcome)).await;
    assert!(back.is_err(), "an old token brings nobody back");
    let again = bob.post(&format!("{path}/join"), json!({ "name": "Robert" })).await;
    assert_eq!(again.unwrap_err().code(), "banned_from_match");
    house.server.saw_no_panic();
}
