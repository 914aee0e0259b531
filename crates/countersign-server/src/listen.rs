use std::{convert::Infallible, future::Future, io, net::SocketAddr, time::Duration};

use axum::Router;
use axum_server::{Handle, Server, accept::DefaultAcceptor};
use hyper_util::rt::TokioTimer;

/// A listening socket, and how HTTP is spoken on it: HTTP/1.1 alone.
///
/// A server that takes HTTP/2 beside it has to wait for a connection's first bytes to know which it is, and has no bound on
/// that wait; and a connection would carry many requests at once, for which there would have to be other bounds.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: std::net::TcpListener,
    headers: Duration,
    grace: Duration,
}

/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// So many bytes of all of them are always taken, and twice as many never.
const MAX_HEADER_BYTES: usize = 32 * 1024;

impl Listening {
    /// A socket on which a client may take so long to send the headers of a request, its first or a later one of the same
    /// connection, and accepted requests so long once the server is to stop.
    #[must_use]
    pub(crate) const fn new(listener: std::net::TcpListener, headers: Duration, grace: Duration) -> Self {
        Self { listener, headers, grace }
    }

    /// Serves until `stop` is ready; then what was accepted is answered, and nothing more is accepted.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub(crate) async fn serve(self, app: Router, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
        let (server, handle, grace) = self.server()?;
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        until_stopped(server.serve(app), stop, handle, grace).await
    }

    /// The same, over TLS.
    ///
    /// # Errors
    /// When the socket cannot be used.
    #[cfg(feature = "tls")]
    pub(crate) async fn serve_tls(
        self,
        app: Router,
        acceptor: axum_server::tls_rustls::RustlsAcceptor,
        stop: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        let headers = self.headers;
        let (server, handle, grace) = self.server()?;
        let server = server.acceptor(acceptor.handshake_timeout(headers));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        until_stopped(server.serve(app), stop, handle, grace).await
    }

    fn server(self) -> io::Result<(Server<SocketAddr, DefaultAcceptor>, Handle<SocketAddr>, Duration)> {
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(self.listener)?.handle(handle.clone()).http1_only();
        let mut http = server.http_builder().http1();
        http.timer(TokioTimer::new()).header_read_timeout(self.headers);
        http.max_headers(MAX_HEADERS).max_buf_size(MAX_HEADER_BYTES);
        Ok((server, handle, self.grace))
    }
}

async fn until_stopped(
    serving: impl Future<Output = io::Result<()>> + Send,
    stop: impl Future<Output = ()> + Send,
    handle: Handle<SocketAddr>,
    grace: Duration,
) -> io::Result<()> {
    let stopping = async {
        stop.await;
        handle.graceful_shutdown(Some(grace));
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        served = serving => served,
        never = stopping => match never {},
    }
}
