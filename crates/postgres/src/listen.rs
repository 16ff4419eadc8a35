//! Accepting connections, each a task with a slot of its own, and ending them in order.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use pgwire::messages::response::TransactionStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use crate::budget::Budget;
use crate::cancel::Cancels;
use crate::connection::{Connection, Stop};
use crate::counters::PortCounters;
use crate::login::log_in;
use crate::negotiate::{First, Startup, greet};
use crate::port::PortOptions;
use crate::prepared::Store;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::stream::SharedSocket;

/// A pause after a failed accept, and how long the next failure isn't logged.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const ACCEPT_LOGGED_EVERY: Duration = Duration::from_secs(10);
/// Connections beyond the limit that are told so at once; others are only closed.
const REFUSALS_MAX: usize = 16;
/// Time for each of them.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// What all connections share.
#[derive(Clone)]
struct Shared {
    options: Arc<PortOptions>,
    budget: Budget,
    cancels: Cancels,
    listens_on: IpAddr,
    closing: watch::Receiver<bool>,
}

/// Serves the port until `shutdown` resolves, then ends its connections.
///
/// # Errors
/// The listener isn't bound. A failed accept is logged and tried again.
pub async fn serve(listener: TcpListener, options: PortOptions, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let (close, closing) = watch::channel(false);
    let shutdown_timeout = options.shutdown_timeout;
    let shared = Shared {
        listens_on: listener.local_addr()?.ip(),
        budget: Budget::new(options.answers_bytes_max),
        options: Arc::new(options),
        cancels: Cancels::default(),
        closing,
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        () = accept(&listener, &shared) => {}
    }
    drop((listener, shared));
    close.send_replace(true);
    if timeout(shutdown_timeout, close.closed()).await.is_err() {
        tracing::warn!("connections of the PostgreSQL port did not end in time and were dropped");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, shared: &Shared) {
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let mut logged: Option<Instant> = None;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if logged.is_none_or(|at| at.elapsed() >= ACCEPT_LOGGED_EVERY) {
                    logged = Some(Instant::now());
                    tracing::warn!(%error, "a connection to the PostgreSQL port could not be accepted; it is tried again");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(slot) = Slot::of(&shared.options) else {
            if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                tokio::spawn(async move {
                    // Its first message is read, so that the answer isn't lost with it.
                    let _ = timeout(REFUSAL_TIME, refuse(stream)).await;
                    drop(permit);
                });
            }
            continue;
        };
        if stream.set_nodelay(true).is_ok() {
            tokio::spawn(serve_one(stream, shared.clone(), slot));
        }
    }
}

async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    let mut first = [0; 1_024];
    let _ = stream.read(&mut first).await?;
    let mut bytes = bytes::BytesMut::new();
    let refusal =
        Refusal::fatal("53300", "there are too many connections; close some, or raise postgres_connections_max");
    if refusal.message().encode(&mut bytes).is_ok() {
        stream.write_all(&bytes).await?;
    }
    stream.shutdown().await
}

/// A connection's place: free when its task ends, however that happens.
struct Slot(Arc<PortCounters>);

impl Slot {
    fn of(options: &PortOptions) -> Option<Slot> {
        options.counters.try_open(options.connections_max).then(|| Slot(Arc::clone(&options.counters)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn serve_one(stream: TcpStream, mut shared: Shared, slot: Slot) {
    let socket = SharedSocket(Arc::new(stream));
    let options = Arc::clone(&shared.options);
    let mut closing = shared.closing.clone();
    let greeted = tokio::select! {
        biased;
        _ = closing.wait_for(|closing| *closing) => return,
        greeted = timeout(options.login_timeout, greet(socket.clone(), &options)) => greeted,
    };
    let Ok(Ok((mut connection, is_tls, first))) = greeted else { return };
    match first {
        First::Cancel { number, secret } => shared.cancels.cancel(number, secret),
        First::Startup(startup) => {
            if let Stop::Refused(refusal) = converse(&mut connection, socket, is_tls, &startup, &mut shared).await {
                connection.refuse(&refusal).await;
            }
        }
    }
    drop(slot);
}

async fn converse(
    connection: &mut Connection,
    socket: SharedSocket,
    is_tls: bool,
    startup: &Startup,
    shared: &mut Shared,
) -> Stop {
    let options = Arc::clone(&shared.options);
    let Ok(cancel) = shared.cancels.register() else {
        return Stop::Refused(Refusal::fatal("58000", "the system gives no random numbers"));
    };
    let logged_in = log_in(connection, (is_tls, shared.listens_on), startup, &cancel, &options);
    let logged_in = tokio::select! {
        biased;
        _ = shared.closing.wait_for(|closing| *closing) => return Stop::Refused(crate::session::stopping()),
        logged_in = timeout(options.login_timeout, logged_in) => logged_in,
    };
    let (pass, variables) = match logged_in {
        Ok(Ok(logged_in)) => logged_in,
        Ok(Err(stop)) => {
            if matches!(stop, Stop::Refused(_)) {
                options.counters.login_refused();
            }
            return stop;
        }
        Err(_) => return Stop::Refused(Refusal::fatal("08P01", "the login took too long")),
    };
    let mut session = Session {
        connection,
        socket,
        options: &options,
        budget: shared.budget.clone(),
        pass,
        variables,
        cancel,
        closing: shared.closing.clone(),
        store: Store::default(),
        status: TransactionStatus::Idle,
        is_skipping: false,
    };
    session.serve().await
}
