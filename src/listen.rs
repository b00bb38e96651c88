//! Listening sockets, and the file that says where they are.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};

/// Where the server listens, as the ready file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// REST, pages and the live connection.
    pub http: SocketAddr,
    /// The game transport; none where it is off.
    pub quic: Option<SocketAddr>,
}

/// How many bytes may wait unsent in the system before a socket counts as full. 16 KiB: what a player
/// over WebSocket is told must not be seconds old, and two packets' worth is enough to keep a network
/// busy that acknowledges within milliseconds.
const UNSENT_BYTES: u32 = 16 << 10;

/// Listens at `addr`.
///
/// A connection whose peer acknowledges nothing for `send_timeout` is cut by the kernel
/// (`TCP_USER_TIMEOUT`): a session whose client stopped reading is frozen and cannot end itself.
/// The option is set here because accepted sockets inherit it, encrypted ones too.
///
/// # Errors
///
/// What the system says, as for a port in use.
pub fn listen(addr: SocketAddr, backlog: u32, send_timeout: Duration) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A restart may listen again at once; two servers on one port stay impossible.
    socket.set_reuse_address(true)?;
    socket.set_tcp_user_timeout(Some(send_timeout))?;
    // A match's tick must not wait for the acknowledgement of the one before.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    // Peers that vanished while nothing was on its way to them are asked after a minute.
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(addr))?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Writes `ready` to `path`, whole or not at all: whoever waits for the file never reads half of it.
///
/// # Errors
///
/// What the system says.
pub fn write_ready(path: &Path, ready: &Ready) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    std::fs::write(&draft, serde_json::to_vec(ready)?)?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;

    use super::*;

    #[test]
    fn an_accepted_connection_is_cut_when_its_peer_stops_reading() {
        let timeout = Duration::from_secs(20);
        let listener = listen("127.0.0.1:0".parse().unwrap(), 8, timeout).unwrap();
        listener.set_nonblocking(false).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(SockRef::from(&accepted).tcp_user_timeout().unwrap(), Some(timeout));
        assert!(SockRef::from(&accepted).keepalive().unwrap());
        assert!(SockRef::from(&accepted).tcp_nodelay().unwrap());
        assert_eq!(SockRef::from(&accepted).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    }

    #[test]
    fn a_port_in_use_is_an_error() {
        let listener = listen("127.0.0.1:0".parse().unwrap(), 8, Duration::from_secs(1)).unwrap();
        let again = listen(listener.local_addr().unwrap(), 8, Duration::from_secs(1));
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn the_ready_file_says_where_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        let ready = Ready { http: "127.0.0.1:41234".parse().unwrap(), quic: None };
        write_ready(&path, &ready).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text, r#"{"http":"127.0.0.1:41234","quic":null}"#);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
