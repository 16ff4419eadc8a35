//! Asking the server that holds the data directory, over loopback HTTP.
//!
//! The address comes from the lock file. What the server answers is what the command
//! would have found itself; errors arrive as problem documents and are told with their
//! own words. Sending events is retried for as long as the server says "later".

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::SecondsFormat;
use report::{ContactsReport, Period, Report, ReportName};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use server::{Alerts, Receipt, SchemasRead};

use crate::args::RowFormat;
use crate::data_dir::Holder;
use crate::failure::{Exit, Failure, warn};

/// Time to connect; the server is on this machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one batch is sent again while the server is overloaded or its disk full.
const RETRY_TIME_MAX: Duration = Duration::from_secs(300);

/// How long a question is asked again while the server is busy.
const READ_RETRY_TIME_MAX: Duration = Duration::from_secs(30);

/// The wait before sending again when the server names none.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Says that the tables were read without some rows.
const INCOMPLETE: &str = "frontdesk-incomplete";

/// A running server.
#[derive(Clone)]
pub(crate) struct Remote {
    client: Client,
    base: String,
    /// What it works on, where it was found by that.
    data: Option<PathBuf>,
}

/// What the server says about a batch of events.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    /// Events taken in.
    pub(crate) accepted: u64,
    /// Events kept in `rejects`.
    pub(crate) rejected: u64,
    /// One entry per event; none when all were accepted.
    #[serde(default)]
    pub(crate) events: Vec<EventAnswer>,
}

/// What the server says about one event.
#[derive(Debug, Deserialize)]
pub(crate) struct EventAnswer {
    /// Broken rules; none for an accepted event.
    #[serde(default)]
    pub(crate) violations: Vec<xdm::Violation>,
}

/// Saved views, as far as they are looked at.
#[derive(Deserialize)]
struct SavedViews {
    views: Vec<SavedView>,
}

#[derive(Deserialize)]
struct SavedView {
    name: String,
    page: String,
    query: String,
}

/// An RFC 9457 problem, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
}

impl Remote {
    /// The server that the lock file tells of; `None` when its holder is no server.
    pub(crate) fn of(holder: &Holder, data: &Path) -> Result<Option<Remote>, Failure> {
        let Some(address) = &holder.address else { return Ok(None) };
        let base = format!("http://{}", reachable(address));
        Ok(Some(Remote { client: client(holder.local_key.as_deref())?, base, data: Some(data.to_owned()) }))
    }

    /// A server by its address, such as `http://127.0.0.1:8080`, with an API key if it demands one.
    ///
    /// # Errors
    /// The address can't be used, or the key would cross a network in clear.
    pub(crate) fn at(address: &str, key: Option<&str>) -> Result<Remote, Failure> {
        const TUNNEL: &str = "run this command beside the server, or make a tunnel (ssh -N -L 8080:127.0.0.1:8080 HOST) and name http://127.0.0.1:8080";
        let address = address.trim_end_matches('/');
        let host = address.strip_prefix("http://").ok_or_else(|| match address.starts_with("https://") {
            true => Failure::usage("commands don't speak TLS").help(TUNNEL),
            false => Failure::usage("the server's address isn't one").help("write it as http://127.0.0.1:8080"),
        })?;
        let url = reqwest::Url::parse(address).ok().filter(|url| {
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && !host.contains('@')
        });
        let url = url.ok_or_else(|| {
            Failure::usage("the server's address isn't one").help("write it as http://127.0.0.1:8080")
        })?;
        let is_here = match url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']')) {
            Some("localhost") => true,
            Some(host) => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        };
        if key.is_some() && !is_here {
            return Err(Failure::usage("the key would cross the network in clear").help(TUNNEL));
        }
        Ok(Remote { client: client(key)?, base: address.to_owned(), data: None })
    }

    /// Runs a query; the rows as bytes, ready to print.
    pub(crate) async fn sql(&self, sql: &str, format: RowFormat) -> Result<Bytes, Failure> {
        let accept = match format {
            RowFormat::Table => "text/plain",
            RowFormat::Csv => "text/csv",
            RowFormat::Json => "application/json",
            RowFormat::Ndjson => "application/x-ndjson",
        };
        let request =
            self.client.post(self.url("/v1/sql")).header(ACCEPT, accept).header(CONTENT_TYPE, "application/sql");
        let response = self.answered(request.body(sql.to_owned()).send().await)?;
        let response = accepted(response).await?;
        response.bytes().await.map_err(|error| self.away(&error))
    }

    /// The report of contact requests.
    pub(crate) async fn contacts(&self, period: &Period) -> Result<ContactsReport, Failure> {
        let [since, until] =
            [period.since(), period.until()].map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let url = self.url(&format!(
            "/v1/reports/contacts?format=json&since={}&until={}",
            percent_encoded(&since),
            percent_encoded(&until)
        ));
        let response = self.patiently(|| self.client.get(&url)).await?;
        self.json(accepted(response).await?).await
    }

    /// A report, from the parameters as they were written.
    pub(crate) async fn report(&self, name: ReportName, parameters: &[(&str, &str)]) -> Result<Report, Failure> {
        let mut url = self.url(&format!("/v1/reports/{}?format=json", name.name()));
        for (parameter, value) in parameters {
            url += &format!("&{parameter}={}", percent_encoded(value));
        }
        let response = self.patiently(|| self.client.get(&url)).await?;
        self.json(accepted(response).await?).await
    }

    /// The page and the query of the saved view of this name.
    pub(crate) async fn saved_view(&self, name: &str) -> Result<Option<(String, String)>, Failure> {
        let url = self.url("/v1/views");
        let response = self.patiently(|| self.client.get(&url)).await?;
        let list: SavedViews = self.json(accepted(response).await?).await?;
        Ok(list.views.into_iter().find(|view| view.name == name).map(|view| (view.page, view.query)))
    }

    /// The alerts as the server read them last.
    pub(crate) async fn alerts(&self) -> Result<Alerts, Failure> {
        let url = self.url("/v1/alerts");
        let response = self.patiently(|| self.client.get(&url)).await?;
        self.json(accepted(response).await?).await
    }

    /// Has the server read its schemas anew; what has changed.
    pub(crate) async fn reload_schemas(&self) -> Result<SchemasRead, Failure> {
        let request = self.client.post(self.url("/v1/schemas/reload"));
        // Each fault of the schemas has a line.
        let answer = accepted(self.answered(request.send().await)?).await.map_err(Failure::of_lines)?;
        self.json(answer).await
    }

    /// All rows of an export, from the parameters as they were written.
    pub(crate) async fn export(&self, parameters: &[(&str, &str)]) -> Result<Stream, Failure> {
        let mut url = self.url("/v1/export");
        for (place, (parameter, value)) in parameters.iter().enumerate() {
            let separator = if place == 0 { '?' } else { '&' };
            url += &format!("{separator}{parameter}={}", percent_encoded(value));
        }
        let response = self.patiently(|| self.client.get(&url)).await?;
        Ok(Stream { remote: self.clone(), response: accepted(response).await? })
    }

    /// Asks again for as long as the server says "later".
    async fn patiently(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, Failure> {
        let begin = Instant::now();
        loop {
            let response = self.answered(request().send().await)?;
            let is_busy = matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
            if !is_busy || begin.elapsed() >= READ_RETRY_TIME_MAX {
                return Ok(response);
            }
            tokio::time::sleep(retry_after(&response)).await;
        }
    }

    /// What became of an event; `None` for an unknown id.
    pub(crate) async fn receipt(&self, id: &str) -> Result<Option<Receipt>, Failure> {
        let url = self.url(&format!("/v1/events/{}", percent_encoded(id)));
        let response = self.answered(self.client.get(url).send().await)?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.json(accepted(response).await?).await.map(Some)
    }

    /// Sends a batch of events of a file; the same request id makes a second sending harmless.
    pub(crate) async fn send(
        &self,
        body: Bytes,
        media_type: &'static str,
        request_id: &str,
        datastream: &str,
    ) -> Result<Answer, Failure> {
        let url =
            self.url(&format!("/v1/events?answer=summary&source=file&datastream={}", percent_encoded(datastream)));
        let begin = Instant::now();
        loop {
            let request = self.client.post(&url).header(CONTENT_TYPE, media_type).header("x-request-id", request_id);
            let response = self.answered(request.body(body.clone()).send().await)?;
            let is_busy = matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
            if is_busy && begin.elapsed() < RETRY_TIME_MAX {
                tokio::time::sleep(retry_after(&response)).await;
                continue;
            }
            // 422 is the answer when every event was rejected; its body is the same.
            if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
                let body = response.bytes().await.map_err(|error| self.away(&error))?;
                return serde_json::from_slice(&body).map_err(|_| told(StatusCode::UNPROCESSABLE_ENTITY, &body));
            }
            return self.json(accepted(response).await?).await;
        }
    }

    /// Everything that arrives from now on.
    pub(crate) async fn tail(&self) -> Result<Stream, Failure> {
        let response = self.answered(self.client.get(self.url("/v1/tail")).send().await)?;
        Ok(Stream { remote: self.clone(), response: accepted(response).await? })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn json<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let body = response.bytes().await.map_err(|error| self.away(&error))?;
        serde_json::from_slice(&body).map_err(|error| {
            Failure::unavailable(format_args!("the server at {} gave an answer that can't be read: {error}", self.base))
                .help("use the same version of frontdesk as the server")
        })
    }

    fn answered(&self, outcome: Result<Response, reqwest::Error>) -> Result<Response, Failure> {
        outcome.map_err(|error| self.away(&error))
    }

    fn away(&self, error: &reqwest::Error) -> Failure {
        // The outer error only repeats the URL; the innermost one says why.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let works_on = self.data.as_deref().map(|data| format!(" that works on {}", data.display()));
        let works_on = works_on.unwrap_or_default();
        Failure::unavailable(format_args!("the server at {}{works_on} can't be reached: {cause}", self.base))
            .help("try again; if the server is stopping, wait until it has ended")
    }
}

/// A client that sends this key with each request, and follows no redirect with it.
fn client(key: Option<&str>) -> Result<Client, Failure> {
    let client =
        Client::builder().connect_timeout(CONNECT_TIMEOUT).no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.default_headers(authorization(key)).build();
    client.map_err(|error| Failure::unavailable(format_args!("cannot start an HTTP client: {error}")))
}

/// The server's secret for this machine's commands, which open the way whatever it demands.
fn authorization(local_key: Option<&str>) -> HeaderMap {
    let value = local_key.and_then(|key| HeaderValue::from_str(&format!("Bearer {key}")).ok());
    value
        .map(|mut value| {
            value.set_sensitive(true);
            (AUTHORIZATION, value)
        })
        .into_iter()
        .collect()
}

/// An answer without an end of its own.
pub(crate) struct Stream {
    remote: Remote,
    response: Response,
}

impl Stream {
    /// The next bytes; `None` when the server has ended it.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.response.chunk().await.map_err(|error| self.remote.away(&error))
    }

    /// The next bytes of an export, which has an end: without it, what came is a part.
    pub(crate) async fn next_of_export(&mut self) -> Result<Option<Bytes>, Failure> {
        self.response.chunk().await.map_err(|_| {
            Failure::unavailable(format_args!(
                "the server at {} cut the export off; what came is a part of it",
                self.remote.base
            ))
            .help("the server's log says why; an export may take export_time_max")
        })
    }
}

/// The response, if it is a success; else the problem in its own words.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        if let Some(text) = response.headers().get(INCOMPLETE).and_then(|text| text.to_str().ok()) {
            // A report asks several times.
            static SAID: Once = Once::new();
            SAID.call_once(|| warn(text));
        }
        return Ok(response);
    }
    let body = response.bytes().await.unwrap_or_default();
    Err(told(status, &body))
}

fn told(status: StatusCode, body: &[u8]) -> Failure {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let exit = if status.is_client_error() { Exit::Usage } else { Exit::Unavailable };
    match (problem.title.is_empty(), problem.detail.is_empty()) {
        (_, false) => Failure::new(exit, problem.detail),
        (false, true) => Failure::new(exit, problem.title),
        (true, true) => Failure::new(exit, format_args!("the server answered {status}")),
    }
}

fn retry_after(response: &Response) -> Duration {
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    header.and_then(|text| text.parse().ok()).map_or(RETRY_PAUSE, Duration::from_secs)
}

/// A server that listens on every address is reached on loopback.
fn reachable(address: &str) -> String {
    match address.parse::<SocketAddr>() {
        Ok(mut address) if address.ip().is_unspecified() => {
            let loopback = match address.ip() {
                IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
                IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            };
            address.set_ip(loopback);
            address.to_string()
        }
        _ => address.to_owned(),
    }
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_servers_that_listen_everywhere() {
        let check = |address: &str, expect: &str| assert_eq!(reachable(address), expect);
        check("127.0.0.1:8080", "127.0.0.1:8080");
        check("0.0.0.0:80", "127.0.0.1:80");
        check("[::]:80", "[::1]:80");
        check("192.0.2.7:80", "192.0.2.7:80");
    }

    #[test]
    fn an_address_is_plain_and_a_key_stays_on_this_machine() {
        let check = |address: &str, key: Option<&str>, expect: Option<&str>| {
            let told = Remote::at(address, key).err().map(|failure| failure.to_string());
            match expect {
                None => assert_eq!(told, None, "{address}"),
                Some(expect) => {
                    assert!(told.as_deref().is_some_and(|told| told.contains(expect)), "{address}: {told:?}")
                }
            }
        };
        for here in ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:8080"] {
            check(here, Some("key"), None);
        }
        check("http://desk.example:8080", None, None);
        for there in ["http://desk.example:8080", "http://192.0.2.7", "http://127.0.0.1.evil.example"] {
            check(there, Some("key"), Some("in clear"));
        }
        check("https://127.0.0.1:8080", None, Some("don't speak TLS"));
        for odd in
            ["127.0.0.1:8080", "http://", "http://a/b", "http://a?b", "http://u:p@127.0.0.1", "file:///etc/passwd", ""]
        {
            check(odd, Some("key"), Some("isn't one"));
        }
    }

    #[test]
    fn encodes_ids_for_a_path() {
        let check = |id: &str, expect: &str| assert_eq!(percent_encoded(id), expect);
        check("a-1_.~", "a-1_.~");
        check("https://shop.example/e?1", "https%3A%2F%2Fshop.example%2Fe%3F1");
        check("é ", "%C3%A9%20");
    }

    #[test]
    fn tells_problems_in_their_own_words() {
        let check = |status: StatusCode, body: &str, expect: &str| {
            assert_eq!(told(status, body.as_bytes()).to_string(), expect);
        };
        check(StatusCode::BAD_REQUEST, r#"{"title":"Bad SQL","detail":"no such column"}"#, "no such column");
        check(StatusCode::BAD_REQUEST, r#"{"title":"Bad SQL"}"#, "Bad SQL");
        check(StatusCode::BAD_GATEWAY, "<html>", "the server answered 502 Bad Gateway");
    }
}
