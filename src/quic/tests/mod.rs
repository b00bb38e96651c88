//! Real clients over loopback.

mod links;
mod rig;

use std::net::UdpSocket;

use quinn::{ConnectionError, VarInt};

use self::rig::{Rig, echoed, now, soon};
use super::By;

const OWN: &str = "https://play.example.org";

/// What a stream that is opened now says back to `text`.
async fn over_a_stream(session: &web_transport_quinn::Session, text: &[u8]) {
    let (mut send, mut recv) = soon(session.open_bi()).await.unwrap();
    send.write_all(text).await.unwrap();
    let mut back = vec![0; text.len()];
    soon(recv.read_exact(&mut back)).await.unwrap();
    assert_eq!(back, text);
}

#[tokio::test]
async fn native_clients_and_browsers_come_in_by_one_socket() {
    let mut rig = Rig::start(|_| {});
    let (_a, native) = rig.native().await;
    assert_eq!(soon(rig.came_again()).await, By::Native);
    let (_b, page) = rig.page("/play", OWN).await.unwrap();
    assert_eq!(soon(rig.came_again()).await, By::WebTransport);
    for session in [&native, &page] {
        echoed(session, b"a tick").await;
        over_a_stream(session, b"a message").await;
    }
    assert_eq!(rig.admission.connections(), 2);
    assert!(page.max_datagram_size() >= 1100, "{}", page.max_datagram_size());
}

#[tokio::test]
async fn who_speaks_another_protocol_gets_no_connection() {
    let rig = Rig::start(|_| {});
    let error = rig.by(b"playhouse/9").await.map(|_| ()).unwrap_err();
    assert!(matches!(error, ConnectionError::ConnectionClosed(_)), "{error}");
}

#[tokio::test]
async fn foreign_pages_and_other_paths_are_refused() {
    let rig = Rig::start(|config| config.http.cors_origins = vec!["https://a.b".into()]);
    for (path, origin) in [("/play", "https://evil.example"), ("/", OWN), ("/play/x", OWN)] {
        assert!(rig.page(path, origin).await.is_err(), "{path} of {origin}");
    }
    for origin in ["https://a.b", "http://127.0.0.1:8080"] {
        rig.page("/play", origin).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_changes_its_address_plays_on() {
    let rig = Rig::start(|_| {});
    let (endpoint, session) = rig.native().await;
    echoed(&session, b"before").await;
    endpoint.rebind(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
    echoed(&session, b"after").await;
    over_a_stream(&session, b"streams too").await;
    assert_eq!(rig.admission.connections(), 1);
}

#[tokio::test]
async fn addresses_prove_themselves_and_get_in_all_the_same() {
    let rig = Rig::start(|config| config.quic.retry_above = 0);
    let (_a, session) = rig.native().await;
    echoed(&session, b"a tick").await;
    let (_b, page) = rig.page("/play", OWN).await.unwrap();
    echoed(&page, b"a tick").await;
}

#[tokio::test]
async fn nothing_can_be_sent_before_the_handshake_is_through() {
    let rig = Rig::start(|_| {});
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let config = rig::client_config(&rig.identity, super::NATIVE);
    for _ in 0..3 {
        let connecting = endpoint.connect_with(config.clone(), rig.addr, "localhost").unwrap();
        let connecting = connecting.into_0rtt().map(|_| ()).expect_err("there is early data");
        let session = web_transport_quinn::Session::raw(soon(connecting).await.unwrap());
        echoed(&session, b"a tick").await;
    }
}

#[tokio::test]
async fn early_data_that_another_servers_ticket_allows_is_not_taken() {
    let rig = Rig::start(|_| {});
    let (endpoint, config) = rig::with_a_foreign_ticket(&rig.identity).await;
    let connecting = endpoint.connect_with(config, rig.addr, "localhost").unwrap();
    let Ok((connection, accepted)) = connecting.into_0rtt() else { panic!("it holds no ticket") };
    for _ in 0..8 {
        connection.send_datagram(bytes::Bytes::from_static(b"too early")).unwrap();
    }
    assert!(!soon(accepted).await, "it is not refused");
    // What the host gets it says back: nothing came through, and what is sent now does.
    let session = web_transport_quinn::Session::raw(connection);
    echoed(&session, b"in time").await;
}

#[tokio::test]
async fn who_waits_for_the_way_in_gets_in_when_it_is_free() {
    // The host lets nobody join, so that one stands in the way until it leaves.
    let rig = Rig::start(|config| config.games.joins = 1);
    let (_a, first) = rig.native().await;
    echoed(&first, b"a tick").await;
    let mut second = Box::pin(rig.native());
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut second).await;
    assert!(early.is_err(), "the way was not free");
    first.close(0, b"");
    let (_b, second) = second.await;
    echoed(&second, b"a tick").await;
}

#[tokio::test]
async fn one_too_many_is_told_so() {
    let rig = Rig::start(|config| config.games.connections = 1);
    let (_a, first) = rig.native().await;
    let error = rig.by(super::NATIVE).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, ConnectionError::ConnectionClosed(_)), "{error}");
    echoed(&first, b"undisturbed").await;
}

#[tokio::test]
async fn a_renewed_certificate_is_served_to_those_who_come_then() {
    let rig = Rig::start(|_| {});
    let (_a, before) = rig.native().await;
    let week = std::time::Duration::from_secs(7 * 24 * 3600);
    assert!(rig.identity.refresh(now() + week).unwrap());
    let (_b, after) = rig.native().await;
    echoed(&before, b"the old connection").await;
    echoed(&after, b"the new one").await;
}

#[tokio::test]
async fn clients_of_a_transport_that_stops_are_told_why() {
    let rig = Rig::start(|_| {});
    let (_a, session) = rig.native().await;
    echoed(&session, b"a tick").await;
    rig.quic.stop(7, "over", std::time::Duration::from_secs(5)).await;
    let error = soon(async { quinn::Connection::closed(&session).await }).await;
    let ConnectionError::ApplicationClosed(close) = error else { panic!("{error}") };
    assert_eq!((close.error_code, &close.reason[..]), (VarInt::from_u32(7), &b"over"[..]));
}
