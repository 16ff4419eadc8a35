//! `frontdesk serve`: the HTTP server over an open data directory.
//!
//! The order matters: the directory is claimed before the port is bound, so that a
//! second start finds the first; the address is announced only when the directory is
//! open, so that a command that reads it gets answers.

mod dev_tls;
mod kept;
mod mails;
mod open;
mod postgres;
pub(crate) mod reload;
mod tls;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{SecondsFormat, Utc};
use server::{Keys, LinkKey, Listeners, LocalKey};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use crate::access::{self, Opening};
use crate::args::ServeArgs;
use crate::data_dir::{self, Claim, DataDir, Holder};
use crate::failure::Failure;
use crate::policies::{self, ValidationPolicies};
use crate::settings::Settings;
use crate::terminal;
use crate::upkeep;
use mails::Mails;
use open::AccessNotice;
use postgres::Port;
use reload::{ReadSettings, Reloader};
use tls::{Plan, Ready};

/// Runs the server until SIGINT or SIGTERM. At SIGHUP `read` gives the settings anew, for the schemas that they
/// name.
///
/// # Errors
/// The directory is held or can't be used, the port is taken, or the data are damaged.
pub(crate) async fn run(args: &ServeArgs, settings: &Settings, read: ReadSettings) -> Result<(), Failure> {
    let mut options = access::server_options(settings)?;
    let postgres_connections = settings.postgres_listen.as_ref().map_or(0, |_| settings.postgres_connections_max);
    let lowered = fit_descriptors(&mut options, postgres_connections)?;
    let plan = Plan::of(settings, args.dev_tls)?;
    let mails = Mails::of(settings)?;
    let mut dir = claim(&settings.data)?;
    let local_key = LocalKey::new()?;
    // What is wrong with files and stops nothing is told when the directory is opened.
    options.schemas.set(policies::collected(settings, &ValidationPolicies::of(settings)?));
    options.keys = Keys::open(&settings.data, Some(&local_key))?;
    let (plain, address) = bind("--listen", &settings.listen.0).await?;
    let (tls, over_tls) = match plan {
        None => (None, None),
        Some(plan) => {
            let (listener, address) = bind("--tls-listen", &plan.listen.0).await?;
            let Ready { tls, ca } = plan.open(settings)?;
            (Some((listener, tls)), Some(OverTls { address, ca }))
        }
    };
    let postgres = Port::bind(settings).await?;
    // Before anything is acknowledged, so that no signal finds the default action.
    let lost_terminal = Arc::new(Notify::new());
    let stop = stopped(Arc::clone(&lost_terminal))?;
    let hangups = reload::listen()?;
    let state = kept::open(&settings.data, &mut options).await;
    if let (Some(mails), Some(state)) = (&mails, &state) {
        mails.check(state).await?;
    }
    let opening = Opening::of(&dir, settings).await?;
    options.link_key = Some(LinkKey::new(&opening.intake.link_key()));
    let reloader = Reloader::new(opening.intake.clone(), read, options.schemas.clone());
    options.schema_reader = Some(reloader.for_requests());
    for repair in &opening.opened.repairs {
        tracing::warn!("repaired: {repair}");
    }
    for damage in &opening.opened.damage {
        tracing::error!("{damage}");
    }
    if opening.opened.replayed_records > 0 {
        tracing::info!(records = opening.opened.replayed_records, "recovered from the journal");
    }
    let is_reached_otherwise = postgres.as_ref().is_some_and(Port::is_on_network);
    let certificate = tls.as_ref().map(|(_, tls)| tls.clone());
    let listeners = Listeners { plain: Some(plain), tls, is_reached_otherwise };
    let notice = AccessNotice::of(&listeners, &options, settings)?;
    dir.leave_key(&settings.data, &local_key).and_then(|()| dir.announce(&address.to_string())).map_err(|error| {
        Failure::unavailable(format_args!("cannot write the lock file and the key for commands: {error}"))
    })?;
    let mut out = terminal::people();
    let trouble = options.state_trouble.clone();
    let said = opening
        .intake
        .degraded()
        .iter()
        .chain(&lowered)
        .chain(&trouble)
        .try_for_each(|line| writeln!(out, "warning: {line}"));
    // Nobody may be reading; the server is no less needed for that.
    let ways = Ways { address, over_tls, postgres: postgres.as_ref().map(|port| port.address) };
    if let Err(error) = said.and_then(|()| welcome(&mut out, &ways, &settings.data, &notice)) {
        tracing::info!(%address, %error, "running; the welcome could not be written");
    }
    drop(out);
    notice.log();
    if let Some(lowered) = lowered {
        tracing::warn!("{lowered}");
    }
    let reloading = tokio::spawn(reload::run(hangups, reloader, lost_terminal));
    let upkeep = tokio::spawn(upkeep::run(opening.intake.store().clone(), settings.upkeep_every));
    let queries = opening.queries(&options)?;
    queries.warm();
    let summaries = opening.summaries(&settings.data);
    let summing = tokio::spawn(upkeep::summarize(summaries.clone(), settings.upkeep_every));
    let mut backend = opening.backend(queries.clone(), summaries.clone());
    let mut sending = None;
    match (mails, state.clone()) {
        (Some(mails), Some(state)) => {
            let parts = (queries.clone(), summaries.clone());
            let (with_mails, task) = mails.start(&opening, parts, &options, state, backend);
            (backend, sending) = (with_mails, Some(task));
        }
        (Some(_), None) => {
            tracing::error!("no mails are sent and no alerts are raised while the state file can't be used")
        }
        (None, _) => {}
    }
    let copying = state.clone().map(|state| tokio::spawn(kept::copy(state)));
    let (stopping, stopped) = watch::channel(false);
    let port = match postgres {
        None => None,
        Some(port) => {
            let parts = postgres::Parts { queries: queries.clone(), intake: opening.intake.clone(), tls: certificate };
            let (counters, served) = port.start(parts, &listeners, &options, settings, stopped)?;
            backend = backend.with_samples(move || postgres::samples(&counters));
            Some(served)
        }
    };
    let stop = async move {
        stop.await;
        // Both stop taking connections at once.
        stopping.send_replace(true);
    };
    let served = server::serve_embedded(listeners, backend, options, Box::pin(stop)).await;
    if let Some(port) = port {
        // It has stopped by the signal as well; if serving failed, by what was dropped with it.
        let _ = port.await;
    }
    if let Some(sending) = sending {
        sending.stop().await;
    }
    queries.close();
    summaries.close();
    reloading.abort();
    summing.abort();
    upkeep.abort();
    if let Some(copying) = copying {
        copying.abort();
    }
    tracing::info!("stopping: committing what is in the journal");
    opening.intake.close().await;
    if let Some(state) = state {
        state.close().await;
    }
    drop(dir);
    served.map_err(|error| Failure::unavailable(format_args!("serving failed: {error}")))
}

/// Fewest connections that a server is worth starting for.
const CONNECTIONS_MIN: u64 = 8;

/// Lets no more connections in than there are file descriptors beside those for the
/// server's own files. A limit that is too low is no reason not to start: what is lowered
/// is said. One that leaves nothing is.
fn fit_descriptors(options: &mut server::ServerOptions, others: u64) -> Result<Option<String>, Failure> {
    let limit = server::raise_descriptor_limit()
        .map_err(|error| Failure::unavailable(format_args!("cannot read the limit of open files: {error}")))?;
    let fit = server::connections_that_fit(limit).saturating_sub(others);
    if fit < CONNECTIONS_MIN {
        return Err(Failure::unavailable(format_args!("{limit} open files are too few for a server"))
            .help("permit more of them: ulimit -n 4096, or LimitNOFILE=4096 in a systemd unit"));
    }
    let wanted = options.connections_max;
    options.connections_max = wanted.min(usize::try_from(fit).unwrap_or(usize::MAX));
    let lowered = format!(
        "connections_max is {} and not {wanted}: only {limit} files may be open, and some are set aside for the journal and the tables; \
         raise the limit with ulimit -n or LimitNOFILE",
        options.connections_max
    );
    Ok((options.connections_max < wanted).then_some(lowered))
}

fn claim(data: &Path) -> Result<DataDir, Failure> {
    match data_dir::claim(data)? {
        Claim::Ours(dir) => Ok(dir),
        Claim::Theirs(holder) => match &holder {
            Holder { address: Some(address), pid, .. } => {
                let pid = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
                Err(Failure::unavailable(format_args!(
                    "a server is already running on {} at http://{address}{pid}",
                    data.display()
                ))
                .help("use it, stop it, or start this one on another directory with --data"))
            }
            Holder { address: None, .. } => Err(holder.busy(data)),
        },
    }
}

/// Listens on the address that `flag` sets; the port is known afterwards.
async fn bind(flag: &str, address: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|error: io::Error| {
        let failure = Failure::unavailable(format_args!("cannot listen on {address}: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.help(format_args!(
                "another program has this port; stop it, or choose another one: {flag} 127.0.0.1:0 takes a free one"
            )),
            io::ErrorKind::PermissionDenied => failure.help(format_args!(
                "ports below 1024 need privileges; choose a higher one with {flag}, or run: sudo sysctl net.ipv4.ip_unprivileged_port_start=443"
            )),
            _ => failure.help(format_args!("name an address of this machine, such as {flag} 127.0.0.1:8080")),
        }
    })
}

/// Resolves at the first SIGINT or SIGTERM; the second one ends the process at once,
/// which is as safe as a crash.
fn stopped(lost_terminal: Arc<Notify>) -> Result<impl Future<Output = ()>, Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::unavailable(format_args!("cannot listen for signals: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let (send, receive) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut send = Some(send);
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = lost_terminal.notified() => {}
            }
            match send.take() {
                Some(send) => drop(send.send(())),
                None => std::process::exit(130),
            }
        }
    });
    Ok(async move {
        // An error means that the task is gone, and with it all listening for signals.
        let _ = receive.await;
    })
}

/// The ways in.
struct Ways {
    address: SocketAddr,
    over_tls: Option<OverTls>,
    postgres: Option<SocketAddr>,
}

/// What is said about the second way in.
struct OverTls {
    address: SocketAddr,
    /// What has to be trusted first.
    ca: Option<PathBuf>,
}

/// What is running, where the data are, and what to try next.
fn welcome(out: &mut dyn Write, ways: &Ways, data: &Path, notice: &AccessNotice) -> io::Result<()> {
    let Ways { address, over_tls, postgres } = ways;
    let is_default = access::is_default(data);
    let at = data_dir::as_flag(data, is_default);
    // Under `cargo run` the binary is on nobody's path.
    let frontdesk = if std::env::var_os("CARGO").is_some() { "cargo run --" } else { "frontdesk" };
    writeln!(out, "Frontdesk is running on http://{address}, its data are in {}. Ctrl-C stops it.", data.display())?;
    if let Some(OverTls { address, ca }) = over_tls {
        writeln!(out, "Over TLS it is on https://{address}")?;
        if let Some(ca) = ca {
            write!(out, "{}", tls::trust(ca, *address))?;
        }
    }
    if let Some(address) = postgres {
        writeln!(out, "For PostgreSQL's tools it is on postgresql://frontdesk@{address}/frontdesk")?;
    }
    notice.tell(out, frontdesk, &at)?;
    writeln!(out, "\nSend a contact request:\n")?;
    writeln!(out, "  curl {} -d '{}'", notice.events_url(*address), example())?;
    writeln!(out, "\nOr open http://{address}/demo/ and click. Look at it, from a second terminal:\n")?;
    writeln!(out, "  {frontdesk} sql 'select time, channel, subject, callback, reply_to from contacts'{at}")?;
    writeln!(out, "  {frontdesk} report contacts{at}")?;
    out.flush()
}

/// The reference example with made-up values and the time of now, so that it is in
/// every report.
fn example() -> String {
    let now = Utc::now();
    format!(
        concat!(
            r#"{{"_id":"example-{}","timestamp":"{}","eventType":"web.webinteraction.linkClicks","#,
            r#""identityMap":{{"ECID":[{{"id":"92312748749128","primary":true}}]}},"#,
            r#""customerFeedback":{{"chatOffered":1,"chatStart":1,"chatSessionID":"C0192910","#,
            r#""subject":"Service Request","callBackNumber":{{"number":"1-408-555-0100"}},"#,
            r#""replyToEmailAddress":{{"address":"jo@shop.example"}}}}}}"#
        ),
        now.timestamp(),
        now.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}

#[cfg(test)]
mod tests {
    use xdm::{Checker, NullSink, Verdict};

    use super::*;

    #[test]
    fn the_example_is_valid_and_survives_a_shell() {
        let example = example();
        assert!(!example.contains('\''));
        let mut checker = Checker::new(xdm::standard_plan(), xdm::Profile::aep_strict());
        let verdict = checker.check(&example, &mut NullSink);
        assert_eq!(verdict, Verdict::Valid, "{:?}", checker.violations());
    }

    #[test]
    fn says_where_it_is_and_what_to_try() {
        let mut out = Vec::new();
        let address = "127.0.0.1:4711".parse().unwrap();
        let notice = AccessNotice::default();
        let ways = |over_tls| Ways { address, over_tls, postgres: None };
        welcome(&mut out, &ways(None), Path::new("/srv/desk"), &notice).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in
            ["http://127.0.0.1:4711,", "curl http://127.0.0.1:4711/v1/events -d '{", "report contacts --data /srv/desk"]
        {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("https://"), "{text}");

        let check = |ca: Option<&str>, says_trust: bool| {
            let mut out = Vec::new();
            let over_tls = OverTls { address: "127.0.0.1:4712".parse().unwrap(), ca: ca.map(PathBuf::from) };
            welcome(&mut out, &ways(Some(over_tls)), Path::new("/srv/desk"), &notice).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains("Ctrl-C stops it.\nOver TLS it is on https://127.0.0.1:4712\n"), "{text}");
            assert_eq!(text.contains("update-ca-certificates"), says_trust, "{text}");
        };
        check(None, false);
        check(Some("/srv/desk/dev-tls/ca.pem"), true);
    }
}
