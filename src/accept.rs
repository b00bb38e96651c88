//! From a listening socket to the library that speaks HTTP: what `actix_web::HttpServer` does, with
//! a layer of our own on every accepted connection, which it leaves no room for ([`Spoken`]).
//!
//! With a new actix-web, compare [`serve`] with `HttpServer::listen` and `listen_rustls_0_23`.

use std::io;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::config;
use crate::http::error::Problem;
use crate::wire::{self, Spoken};

/// How long idle and live connections may take to close at the end of a shutdown. 1 s: what was
/// asked has been answered by then.
pub const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How much of a plain request on an encrypted port is read and forgotten, in bytes. 64 KiB: a
/// browser's head with its cookies; closing with bytes unread would take the answer back.
const PLAIN_BYTES_MAX: u64 = 64 << 10;

/// Serves what `factory` makes on `listener`, encrypted where `tls` says how.
///
/// # Errors
///
/// What the system says of the listener.
pub fn serve<F, I, S, B>(
    listener: std::net::TcpListener,
    settings: &config::Http,
    tls: Option<ServerConfig>,
    factory: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let builder = ServerBuilder::new()
        .workers(settings.workers)
        .max_concurrent_connections(settings.max_connections)
        .shutdown_timeout(CLOSE_WITHIN.as_secs())
        .disable_signals();
    let (keep_alive, patience) = (settings.keep_alive, settings.request_timeout);
    let stopping = builder.graceful_shutdown_signal();
    macro_rules! http {
        () => {{
            let stopping = stopping.clone();
            let app = factory().into_factory().map_err(|e| e.into().error_response());
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(keep_alive)
                .client_request_timeout(patience)
                .client_disconnect_timeout(CLOSE_WITHIN)
                .finish(map_config(app, |_| AppConfig::default()))
        }};
    }
    let builder = match tls {
        None => builder.listen("http", listener, move || {
            fn_service(|io: TcpStream| async move {
                let peer = io.peer_addr().ok();
                Ok((Spoken::new(io), actix_http::Protocol::Http1, peer))
            })
            .and_then(http!())
        }),
        Some(mut config) => {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder.listen("https", listener, move || {
                let mut acceptor = Acceptor::new(config.clone());
                acceptor.set_handshake_timeout(patience);
                fn_service(move |io| async move {
                    let io = encrypted(io, patience).await.map_err(TlsError::Tls)?;
                    Ok(io)
                })
                .and_then(acceptor.map_init_err(|_| ()).map_err(TlsError::into_service_error))
                .and_then(fn_service(|io: TlsStream<TcpStream>| async move {
                    let (tcp, session) = io.get_ref();
                    let peer = tcp.peer_addr().ok();
                    Ok(match session.alpn_protocol() {
                        Some(b"h2") => (Spoken::through(io), actix_http::Protocol::Http2, peer),
                        _ => (Spoken::new(io), actix_http::Protocol::Http1, peer),
                    })
                }))
                .and_then(http!().map_err(TlsError::Service))
            })
        }
    };
    Ok(builder?.run())
}

/// Lets a connection through that starts to encrypt. One that speaks plain HTTP is told to.
async fn encrypted(io: TcpStream, patience: Duration) -> io::Result<TcpStream> {
    let mut first = [0];
    let looked = tokio::time::timeout(patience, io.peek(&mut first)).await;
    // A record of TLS starts with a byte below the letters, a request with a method's first letter.
    if looked.map_err(|_| io::ErrorKind::TimedOut)?? == 1 && first[0].is_ascii_alphabetic() {
        let _ = tokio::time::timeout(CLOSE_WITHIN, refuse(io)).await;
        return Err(io::Error::other("plain HTTP where TLS is spoken"));
    }
    Ok(io)
}

async fn refuse(mut io: TcpStream) -> io::Result<()> {
    let detail = "this port speaks TLS: use https:// or wss://";
    let problem = Problem::new(StatusCode::BAD_REQUEST, "tls_required", detail);
    io.write_all(&wire::answer(&problem, None)).await?;
    io.shutdown().await?;
    tokio::io::copy(&mut io.take(PLAIN_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}
