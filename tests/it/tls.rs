//! HTTP and WebSocket over TLS, with a certificate of one's own from two files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::server::Server;

/// How long a new certificate may take to be served. 30 s; the files are looked at every second.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// Writes a new certificate for `localhost` and its key into `folder`.
fn write_pair(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
}

/// Connects as somebody who trusts nothing but the certificate that is in `folder` now.
async fn connect(server: &Server, folder: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()).unwrap();
    let config =
        ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let tcp = TcpStream::connect(server.base().replace("http://", "")).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

type Live = WebSocketStream<TlsStream<TcpStream>>;

async fn live(server: &Server, folder: &Path) -> Live {
    let tls = connect(server, folder).await.expect("the certificate is the one on disk");
    let (mut live, answer) =
        client_async("wss://localhost/connection/websocket", tls).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    let reply = ask(&mut live, json!({ "id": 1, "connect": {} })).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    live
}

/// Sends `command` and returns its reply.
async fn ask(live: &mut Live, command: Value) -> Value {
    live.send(Message::text(command.to_string())).await.unwrap();
    let answered = async {
        loop {
            let message = live.next().await.expect("the connection is open").unwrap();
            let Message::Text(text) = message else { continue };
            for line in text.lines() {
                let reply: Value = serde_json::from_str(line).unwrap();
                if reply["id"] == command["id"] {
                    return reply;
                }
            }
        }
    };
    tokio::time::timeout(SERVED_WITHIN, answered).await.expect("there is a reply")
}

async fn ask_plainly(mut io: impl AsyncReadExt + AsyncWriteExt + Unpin) -> String {
    io.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    io.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn live_connections_outlast_a_renewal_and_new_ones_see_the_new_certificate() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let server = Server::with(&[
        ("PLAYHOUSE_TLS_CERT", &file("cert.pem")),
        ("PLAYHOUSE_TLS_KEY", &file("key.pem")),
        ("PLAYHOUSE_TLS_RELOAD_EVERY", "1s"),
    ]);
    let mut old = live(&server, folder.path()).await;
    write_pair(folder.path());
    // Who trusts the new certificate alone is let down until it is served.
    let renewed = async {
        loop {
            if let Ok(tls) = connect(&server, folder.path()).await {
                return tls;
            }
        }
    };
    let tls = tokio::time::timeout(SERVED_WITHIN, renewed).await.expect("it is served in time");
    let answer = ask_plainly(tls).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");
    let mut new = live(&server, folder.path()).await;
    for live in [&mut old, &mut new] {
        let subscribe = json!({ "id": 2, "subscribe": { "channel": "nothing:here" } });
        let reply = ask(live, subscribe).await;
        assert!(reply["error"]["code"].is_number(), "{reply}");
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_the_port_of_tls_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let server = Server::with(&[
        ("PLAYHOUSE_TLS_CERT", &file("cert.pem")),
        ("PLAYHOUSE_TLS_KEY", &file("key.pem")),
    ]);
    let tcp = TcpStream::connect(server.base().replace("http://", "")).await.unwrap();
    let answer = ask_plainly(tcp).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"tls_required\""), "{answer}");
    // No word of HSTS where anybody in between could have written it.
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    server.saw_no_panic();
}
