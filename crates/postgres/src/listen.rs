//! Accepting connections, each a task of its own, and ending them in order.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use pgwire::messages::response::TransactionStatus;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::budget::Budget;
use crate::cancel::Cancels;
use crate::connection::{Connection, Stop};
use crate::login::log_in;
use crate::negotiate::{Channel, First, Startup, greet};
use crate::port::PortOptions;
use crate::prepared::Store;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::strangers::{Stranger, Strangers};
use crate::stream::SharedSocket;

/// A pause after a failed accept, and how long the next failure isn't logged.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const ACCEPT_LOGGED_EVERY: Duration = Duration::from_secs(10);
/// What all connections share.
#[derive(Clone)]
struct Shared {
    options: Arc<PortOptions>,
    budget: Budget,
    cancels: Cancels,
    strangers: Strangers,
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
        strangers: Strangers::default(),
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
        if stream.set_nodelay(true).is_ok() {
            tokio::spawn(serve_one(stream, shared.clone(), shared.strangers.enter()));
        }
    }
}

async fn serve_one(stream: TcpStream, mut shared: Shared, mut stranger: Stranger) {
    let socket = SharedSocket(Arc::new(stream));
    let options = Arc::clone(&shared.options);
    let deadline = Instant::now() + options.login_timeout;
    let mut closing = shared.closing.clone();
    let greeted = tokio::select! {
        biased;
        _ = closing.wait_for(|closing| *closing) => return,
        () = stranger.gives_way() => return,
        greeted = timeout_at(deadline, greet(socket.clone(), &options)) => greeted,
    };
    let Ok(Ok((mut connection, channel, first))) = greeted else { return };
    match first {
        First::Cancel { number, secret } => shared.cancels.cancel(number, secret),
        First::Startup(startup) => {
            let login = (stranger, deadline);
            let stop = converse(&mut connection, (socket, &channel), &startup, &mut shared, login).await;
            if let Stop::Refused(refusal) = stop {
                connection.refuse(&refusal).await;
            }
        }
    }
}

async fn converse(
    connection: &mut Connection,
    (socket, channel): (SharedSocket, &Channel),
    startup: &Startup,
    shared: &mut Shared,
    (mut stranger, deadline): (Stranger, Instant),
) -> Stop {
    let options = Arc::clone(&shared.options);
    let Ok(cancel) = shared.cancels.register() else {
        return Stop::Refused(Refusal::fatal("58000", "the system gives no random numbers"));
    };
    let logged_in = log_in(connection, (channel, shared.listens_on), startup, &cancel, &options);
    let logged_in = tokio::select! {
        biased;
        _ = shared.closing.wait_for(|closing| *closing) => return Stop::Refused(crate::session::stopping()),
        () = stranger.gives_way() => return Stop::Gone,
        logged_in = timeout_at(deadline, logged_in) => logged_in,
    };
    let (pass, variables, _slot) = match logged_in {
        Ok(Ok(logged_in)) => logged_in,
        Ok(Err(stop)) => {
            if matches!(&stop, Stop::Refused(refusal) if refusal.code != "53300") {
                options.counters.login_refused();
            }
            return stop;
        }
        Err(_) => return Stop::Refused(Refusal::fatal("08P01", "the login took too long")),
    };
    drop(stranger);
    let mut session = Session {
        connection,
        socket,
        options: &options,
        budget: shared.budget.share(options.limits.answer_bytes_max),
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
