//! A server of connections whose number, memory and time are bounded (`http::connections`, `http::stream`).
//!
//! actix-web's own `HttpServer` gives no hand on the stream of a connection; so the same is put together here from the same
//! parts.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{Server, ServerBuilder};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::web;
use socket2::{Domain, SockRef, Socket, Type};

use crate::app::{Serving, app};
use crate::http::connection::Connection;
use crate::http::connections::Connections;
use crate::http::state::State;
use crate::http::stream::GuardedStream;

/// How long an idle connection is kept: longer than the minute after which common balancers close theirs, so that it is
/// not we who close one that a balancer is about to use.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to close its side.
const DISCONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// How much of an answer actix writes at once, and so about the memory that an idle connection keeps for the next one.
const WRITE_BUFFER: usize = 16 << 10;

/// How many connections may wait for being accepted.
const BACKLOG: i32 = 1_024;

/// How much the system holds of what a client has sent and we have not read. It takes twice that.
const RECEIVE_BUFFER: usize = 32 << 10;

/// How much it holds of what a client has not acknowledged. It takes twice that.
const SEND_BUFFER: usize = 128 << 10;

/// How much of that may be waiting for being sent at all: for a client that reads nothing, the system holds no more. One that
/// reads has the whole buffer on its way.
const UNSENT: u32 = 32 << 10;

/// How long the system goes on with what a client does not take, also after we have closed.
const SYSTEM_PATIENCE: Duration = Duration::from_secs(30);

/// What a client is told for which there is no place.
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Listens on all that an address stands for. What is set here each connection inherits.
///
/// # Errors
/// If it can listen on none of them.
pub fn bind(address: &str) -> io::Result<Vec<TcpListener>> {
    let bind = |address: SocketAddr| -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.set_tcp_notsent_lowat(UNSENT)?;
        // An answer is written in parts. Else the last one would wait until the client has acknowledged the others: for 40 ms.
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_user_timeout(Some(SYSTEM_PATIENCE))?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    let (mut listeners, mut failure) = (Vec::new(), None);
    for address in address.to_socket_addrs()? {
        match bind(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

/// How many connections a worker may have that are accepted and not yet given a place, or refused.
const UNADMITTED: usize = 64;

/// A server with so many workers, which accepts no more connections than there are places, and some to be refused. Each worker
/// may have as many blocking threads as use cases may hold: all of them may come to one.
#[must_use]
pub fn server(workers: usize, connections: &Connections, state: &State) -> ServerBuilder {
    Server::build()
        .workers(workers)
        .worker_max_blocking_threads(state.bulkheads.threads())
        .max_concurrent_connections(connections.most().div_ceil(workers) + UNADMITTED)
}

/// Has a server serve the application on a listener.
///
/// # Errors
/// If the listener cannot be used.
pub fn listen(
    server: ServerBuilder,
    listener: TcpListener,
    connections: Arc<Connections>,
    state: web::Data<State>,
    serving: Serving,
) -> io::Result<ServerBuilder> {
    let stop = server.graceful_shutdown_signal();
    server.listen("http", listener, move || {
        let (connections, stop) = (Arc::clone(&connections), stop.clone());
        let http = HttpService::build()
            .keep_alive(KEEP_ALIVE)
            .client_disconnect_timeout(DISCONNECT_PATIENCE)
            .h1_write_buffer_size(WRITE_BUFFER)
            // As `HttpServer` does, so that idle connections end when the server is to stop.
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .on_connect_ext(|stream: &GuardedStream, data| {
                data.insert(Rc::clone(stream.connection()));
            })
            .finish(map_config(app(state.clone(), serving), |()| AppConfig::default()));
        fn_service(move |io: TcpStream| {
            let accepted = accept(io, &connections).map_err(DispatchError::Io);
            async { accepted }
        })
        .and_then(http)
    })
}

/// Gives a connection a place, or refuses it.
fn accept(
    io: TcpStream,
    connections: &Arc<Connections>,
) -> io::Result<(GuardedStream, Protocol, Option<SocketAddr>)> {
    let peer = io.peer_addr()?;
    let Ok(place) = connections.admit(peer.ip()) else {
        // It fits into the buffer. If the client has left, all the better.
        let _ = SockRef::from(&io).send(REFUSAL);
        return Err(io::ErrorKind::QuotaExceeded.into());
    };
    Ok((GuardedStream::new(io, Connection::new(place)), Protocol::Http1, Some(peer)))
}
