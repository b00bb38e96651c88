//! The live connection over real sockets.

mod rig;

use std::time::Duration;

use playhouse_protocol::live::command::FRAME_BYTES_MAX;
use serde_json::json;

use self::rig::{ANN, Rig, SHOWING};

#[actix_web::test]
async fn several_commands_in_one_frame_are_answered_in_one_frame() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.client().await;
    client
        .send("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"ping\":{}}\n{\"id\":3,\"publish\":{}}")
        .await;
    let frame = client.frame().await.unwrap();
    let lines: Vec<serde_json::Value> =
        frame.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{frame}");
    assert_eq!(lines[0]["connect"]["ping"], 25);
    assert_eq!(lines[0]["connect"]["pong"], true);
    assert_eq!(lines[1], json!({"id": 2, "ping": {}}));
    assert_eq!(lines[2]["error"]["code"], 103);
    rig.stop().await;
}

#[actix_web::test]
async fn commands_wait_for_the_token_of_the_connect_before_them() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.client().await;
    client
        .send(format!(
            "{{\"id\":1,\"connect\":{{\"token\":\"user\"}}}}\n\
             {{\"id\":2,\"rpc\":{{\"method\":\"echo\",\"data\":{{\"key\":\"k\"}}}}}}\n\
             {{\"id\":3,\"subscribe\":{{\"channel\":\"{SHOWING}\"}}}}"
        ))
        .await;
    assert_eq!(client.line().await["connect"]["expires"], true);
    let (one, other) = (client.line().await, client.line().await);
    let mut ids = [one["id"].as_u64(), other["id"].as_u64()];
    ids.sort_unstable();
    assert_eq!(ids, [Some(2), Some(3)]);
    rig.stop().await;
}

#[actix_web::test]
async fn a_subscriber_starts_from_the_view_and_gets_every_change_after_it() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    let start = client.subscribe().await;
    assert_eq!(start["data"], json!({"to": 1, "view": 1}));
    assert_eq!((&start["recoverable"], &start["offset"]), (&json!(true), &json!(1)));
    rig.add(5).await;
    let publication = client.publication().await;
    assert_eq!(publication["offset"], 2);
    assert_eq!(publication["data"]["from"], 1);
    assert_eq!(publication["data"]["to"], 2);
    rig.stop().await;
}

#[actix_web::test]
async fn who_was_away_gets_what_was_missed_and_nothing_twice() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    let start = client.subscribe().await;
    drop(client);
    for _ in 0..3 {
        rig.add(1).await;
    }
    let mut client = rig.connected("").await;
    let recover = json!({
        "channel": SHOWING, "recover": true, "epoch": start["epoch"], "offset": start["offset"],
    });
    let answer = client.ask("subscribe", recover).await["subscribe"].clone();
    assert_eq!(answer["recovered"], true);
    assert_eq!(answer["offset"], 1, "the position that the publications lead on from");
    let publications = answer["publications"].as_array().unwrap();
    let mut at = 1;
    for publication in publications {
        assert_eq!(publication["data"]["from"], at, "no gap and no repeat");
        at = publication["offset"].as_u64().unwrap();
    }
    assert_eq!(at, 4);
    assert!(answer.get("data").is_none(), "no view where nothing is missing");
    rig.add(1).await;
    assert_eq!(client.publication().await["data"]["from"], 4);
    rig.stop().await;
}

#[actix_web::test]
async fn a_foreign_epoch_gets_the_view_and_never_another_streams_messages() {
    let rig = Rig::start(|_| ()).await;
    for (epoch, offset) in [("foreign", 1), ("", 1), ("_", 0), ("", 0)] {
        let mut client = rig.connected("").await;
        let mut recover =
            json!({"channel": SHOWING, "recover": true, "epoch": epoch, "offset": offset});
        let answer = client.ask("subscribe", recover.clone()).await["subscribe"].clone();
        assert_eq!(answer["recovered"], false, "{epoch}");
        assert_eq!(answer["was_recovering"], true);
        assert_eq!(answer["publications"], json!([]));
        assert_eq!(answer["data"]["view"], 1);
        client.ask("unsubscribe", json!({ "channel": SHOWING })).await;
        recover["flag"] = json!(2);
        assert_eq!(client.ask("subscribe", recover).await["error"]["code"], 112);
    }
    rig.stop().await;
}

#[actix_web::test]
async fn an_unsubscribed_channel_is_silent_and_can_be_followed_again() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    client.subscribe().await;
    let twice = client.ask("subscribe", json!({ "channel": SHOWING })).await;
    assert_eq!(twice["error"]["code"], 105);
    client.ask("unsubscribe", json!({ "channel": SHOWING })).await;
    rig.add(1).await;
    assert_eq!(client.subscribe().await["data"]["view"], 2);
    rig.add(1).await;
    assert_eq!(client.publication().await["data"]["from"], 2);
    rig.stop().await;
}

#[actix_web::test]
async fn what_is_no_frame_of_the_protocol_ends_the_connection() {
    let rig = Rig::start(|_| ()).await;
    let deep = format!(r#"{{"id":1,"rpc":{{"data":{}1{}}}}}"#, "[".repeat(99), "]".repeat(99));
    for frame in ["", "x", "[]", "{\"connect\":{}}", "{\"id\":1}", &deep, &"{}\n".repeat(65)] {
        let mut client = rig.client().await;
        client.send(frame).await;
        assert_eq!(client.closed().await, 3501, "{frame}");
    }
    let mut client = rig.client().await;
    client.send(" ".repeat(FRAME_BYTES_MAX + 1)).await;
    assert_eq!(client.closed().await, 1009);
    let mut twice = rig.connected("").await;
    twice.send(r#"{"id":9,"connect":{}}"#).await;
    assert_eq!(twice.closed().await, 3501);
    rig.stop().await;
}

#[actix_web::test]
async fn a_token_lets_in_whose_it_is_and_nobody_else() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.client().await;
    let expired = client.ask("connect", json!({ "token": "expired" })).await;
    assert_eq!(expired["error"]["code"], 109);
    let mut client = rig.client().await;
    client.send(r#"{"id":1,"connect":{"token":"forged"}}"#).await;
    assert_eq!(client.closed().await, 3500);
    rig.stop().await;
    let rig = Rig::start(|config| config.live.anonymous = false).await;
    let answer = rig.client().await.ask("connect", json!({})).await;
    assert_eq!(answer["error"]["code"], 101);
    rig.stop().await;
}

#[actix_web::test]
async fn a_connection_ends_with_its_token_unless_it_is_refreshed() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("user:1").await;
    assert_eq!(client.closed().await, 3005);
    let mut client = rig.connected("user:1").await;
    let answer = client.ask("refresh", json!({ "token": "user:600" })).await;
    assert_eq!(answer["refresh"]["ttl"], 570);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(client.ask("ping", json!({})).await["ping"], json!({}));
    client.send(r#"{"id":50,"refresh":{"token":"admin"}}"#).await;
    assert_eq!(client.closed().await, 3005, "another role connects again");
    rig.stop().await;
}

#[actix_web::test]
async fn a_session_that_ends_closes_its_connections_at_once() {
    let rig = Rig::start(|_| ()).await;
    let (mut client, mut nobody) = (rig.connected("user").await, rig.connected("").await);
    rig.over.send_replace(true);
    assert_eq!(client.closed().await, 3500);
    assert_eq!(nobody.ask("ping", json!({})).await["ping"], json!({}));
    rig.stop().await;
}

#[actix_web::test]
async fn a_call_is_answered_under_its_id_and_a_refusal_names_its_values() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("user").await;
    let echo = client.ask("rpc", json!({"method": "echo", "data": {"a": [1]}})).await;
    assert_eq!(echo["rpc"]["data"], json!({"a": [1]}));
    let refused = client.ask("rpc", json!({"method": "showing.hold", "data": {}})).await;
    assert_eq!(refused["error"]["code"], 1409);
    assert_eq!(refused["error"]["message"], "seat_taken: taken");
    assert_eq!(refused["error"]["problem"]["seats"], json!(["A1"]));
    for id in 100..116 {
        client.send(format!(r#"{{"id":{id},"rpc":{{"method":"wait"}}}}"#)).await;
    }
    let over = client.ask("rpc", json!({"method": "echo"})).await;
    assert_eq!(over["error"]["code"], 111, "16 calls are under way");
    let nobody = rig.connected("").await.ask("rpc", json!({"method": "echo"})).await;
    assert_eq!(nobody["error"]["code"], 1401);
    rig.stop().await;
}

#[actix_web::test]
async fn only_organizers_see_who_is_there_and_everybody_how_many() {
    let rig = Rig::start(|_| ()).await;
    let mut boss = rig.connected("organizer").await;
    let request = json!({"channel": SHOWING, "join_leave": true});
    boss.ask("subscribe", request.clone()).await;
    let mut client = rig.connected("user").await;
    assert_eq!(
        client.ask("presence_stats", json!({"channel": SHOWING})).await["error"]["code"],
        103
    );
    client.ask("subscribe", request).await;
    let join = boss.line().await;
    assert_eq!(join["push"]["join"]["info"]["user"], ANN);
    let stats = client.ask("presence_stats", json!({"channel": SHOWING})).await;
    assert_eq!(stats["presence_stats"], json!({"num_clients": 2, "num_users": 1}));
    assert_eq!(client.ask("presence", json!({"channel": SHOWING})).await["error"]["code"], 103);
    let presence = boss.ask("presence", json!({"channel": SHOWING})).await;
    assert_eq!(presence["presence"]["presence"].as_object().unwrap().len(), 2);
    drop(client);
    assert_eq!(boss.line().await["push"]["leave"]["info"]["user"], ANN);
    rig.stop().await;
}

#[actix_web::test]
async fn administrators_get_the_rooms_figures_every_second() {
    let rig = Rig::start(|_| ()).await;
    let mut admin = rig.connected("admin").await;
    let start =
        admin.ask("subscribe", json!({"channel": "admin:rooms"})).await["subscribe"].clone();
    assert!(start["data"]["kinds"]["showing"]["loaded"].is_u64(), "{start}");
    assert!(start.get("recoverable").is_none());
    assert_eq!(admin.publication().await["data"]["connections"], 1);
    let mut user = rig.connected("organizer").await;
    let refused = user.ask("subscribe", json!({"channel": "admin:rooms"})).await;
    assert_eq!(refused["error"]["code"], 103);
    rig.stop().await;
}

#[actix_web::test]
async fn a_channel_without_a_room_is_unknown() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    let nothing = format!("showing:{ANN}");
    for channel in [nothing.as_str(), "movie:x", "showing"] {
        let answer = client.ask("subscribe", json!({ "channel": channel })).await;
        assert_eq!(answer["error"]["code"], 102, "{channel}");
    }
    rig.stop().await;
}

#[actix_web::test]
async fn the_history_of_a_followed_channel_can_be_asked_for() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    let start = client.subscribe().await;
    rig.add(1).await;
    rig.add(1).await;
    let mut ask = json!({"channel": SHOWING, "limit": 10,
        "since": {"epoch": start["epoch"], "offset": 2}});
    let told = client.ask("history", ask.clone()).await;
    assert_eq!(told["history"]["publications"][0]["offset"], 3);
    ask["since"]["epoch"] = json!("foreign");
    assert_eq!(client.ask("history", ask).await["error"]["code"], 112);
    let top = client.ask("history", json!({ "channel": SHOWING })).await;
    assert_eq!(top["history"]["offset"], 3);
    rig.stop().await;
}

#[actix_web::test]
async fn connections_are_bounded_in_all_by_address_and_by_account() {
    let rig = Rig::start(|config| {
        config.live.connections = 3;
        config.live.connections_per_account = 1;
    })
    .await;
    let mut first = rig.connected("user").await;
    let _second = rig.connected("user").await;
    assert_eq!(first.closed().await, 3504, "the oldest makes room");
    let _third = rig.connected("").await;
    drop(first);
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while rig.live.connections() > 2 && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let _fourth = rig.connected("").await;
    assert_eq!(rig.client_from(None).await.err(), Some(503));
    rig.stop().await;
    let rig = Rig::start(|config| config.live.connections_per_address = 1).await;
    let _first = rig.connected("").await;
    assert_eq!(rig.client_from(None).await.err(), Some(429));
    rig.stop().await;
}

#[actix_web::test]
async fn pages_of_foreign_origins_do_not_connect() {
    let rig = Rig::start(|_| ()).await;
    assert_eq!(rig.client_from(Some("https://evil.example")).await.err(), Some(403));
    assert!(rig.client_from(Some("http://house.example")).await.is_ok());
    assert!(rig.client_from(Some(&format!("http://{}", rig.addr))).await.is_ok());
    rig.stop().await;
}

#[actix_web::test]
async fn a_client_that_does_not_answer_a_ping_is_let_go() {
    let rig = Rig::start(|config| {
        config.live.ping = Duration::from_millis(50);
        config.live.pong_timeout = Duration::from_millis(100);
    })
    .await;
    let mut client = rig.connected("").await;
    assert_eq!(client.closed().await, 3012);
    let mut client = rig.connected("").await;
    for _ in 0..5 {
        assert_eq!(client.frame().await.as_deref(), Ok("{}"));
        client.send("{}").await;
    }
    rig.stop().await;
}

#[actix_web::test]
async fn a_shutdown_asks_clients_to_come_back() {
    let rig = Rig::start(|_| ()).await;
    let mut client = rig.connected("").await;
    let live = rig.live.clone();
    actix::spawn(async move { live.shut_down(Duration::from_secs(5)).await });
    assert_eq!(client.closed().await, 3001);
    assert_eq!(rig.client_from(None).await.err(), Some(503));
    rig.stop().await;
}

#[actix_web::test]
async fn subscriptions_of_one_connection_are_bounded() {
    let rig = Rig::start(|config| config.live.subscriptions = 1).await;
    let mut client = rig.connected("admin").await;
    client.subscribe().await;
    let answer = client.ask("subscribe", json!({"channel": "admin:rooms"})).await;
    assert_eq!(answer["error"]["code"], 106);
    rig.stop().await;
}

#[actix_web::test]
async fn a_slow_client_gets_the_newest_view_and_never_goes_back() {
    let rig = Rig::start(|config| config.live.queue = 8).await;
    let (mut slow, mut quick) = (rig.connected("").await, rig.connected("").await);
    slow.subscribe().await;
    quick.subscribe().await;
    let reader = actix::spawn(async move {
        let mut at = 1;
        loop {
            let said = quick.publication().await;
            assert_eq!(said["data"]["from"], at, "who reads gets every step");
            at = said["offset"].as_u64().unwrap();
            if said["data"]["change"] == "x" {
                return at;
            }
        }
    });
    rig.flood(Duration::from_secs(4)).await;
    rig.add(1).await;
    let newest = reader.await.unwrap();
    let (mut at, mut views) = (1, 0);
    while at < newest {
        let said = slow.publication().await;
        let to = said["offset"].as_u64().unwrap();
        assert!(to > at, "{to} after {at}");
        if said["data"]["view"].is_u64() {
            views += 1;
        } else {
            assert_eq!(said["data"]["from"], at, "a change follows on what the client has");
        }
        at = to;
    }
    assert!(views > 0, "what it missed came as the newest view");
    rig.stop().await;
}

#[actix_web::test]
async fn a_client_that_does_not_read_for_too_long_is_cut_off_with_a_reason() {
    let rig = Rig::start(|config| config.live.queue = 8).await;
    let mut slow = rig.connected("").await;
    slow.subscribe().await;
    rig.flood(Duration::from_secs(14)).await;
    assert_eq!(slow.closed().await, 3008);
    rig.stop().await;
}
