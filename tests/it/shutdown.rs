//! The end of a server, and who may use its data.

use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::server::{Server, showing};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_finishes_what_it_took_and_exits_0_within_10_s() {
    let mut server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 10, 20).await;
    let mut buyers = Vec::new();
    for n in 0..8 {
        buyers.push(server.person(&format!("buyer{n}")).await);
    }
    // Each holds seats one by one until the server is gone; what was acknowledged is noted.
    let held = buyers.iter().enumerate().map(|(n, buyer)| {
        let (buyer, path) = (buyer.clone(), format!("{path}/holds"));
        tokio::spawn(async move {
            let mut held = Vec::new();
            for seat in 1..=10 {
                let row = char::from(b'A' + u8::try_from(n).unwrap());
                let want = json!({ "seats": [format!("{row}{seat}")] });
                let (post, key) = (reqwest::Method::POST, format!("{n}-{seat}"));
                match buyer.once(post, &path, Some(&key), Some(&want)).await {
                    Ok((status, hold)) if status.is_success() => held.push(hold),
                    _ => break,
                }
            }
            held
        })
    });
    let running: Vec<_> = held.collect();
    tokio::time::timeout(Duration::from_secs(20), async {
        while server.client().get(&format!("{path}/seats")).await.unwrap()["seats"]["held"].as_u64()
            < Some(4)
        {}
    })
    .await
    .expect("some seats are held");
    let (status, took) = tokio::task::block_in_place(|| server.stop());
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let held: Vec<_> = join_all(running).await.into_iter().flat_map(Result::unwrap).collect();
    server.run();
    let map = server.client().get(&format!("{path}/seats")).await.unwrap();
    let seats: Vec<&serde_json::Value> = map["rows"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r["seats"].as_array().unwrap())
        .collect();
    for hold in &held {
        let seat = seats.iter().find(|s| s["id"] == hold["seats"][0]).unwrap();
        assert_eq!(seat["state"], "held", "{hold}");
    }
    server.saw_no_panic();
}

#[test]
fn a_second_server_on_the_same_data_is_told_who_has_it() {
    let server = Server::start();
    let ready = server.data().join("second-ready");
    let second: Command = Server::command(&server.data(), "127.0.0.1:0", &ready);
    let mut second = second;
    let output = second.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is in use by process"), "{said}");
}
