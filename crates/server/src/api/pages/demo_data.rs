//! `POST /demo-data`: made-up events into a server that has none, by a button of the overview.
//!
//! They come as a file's do, so none of them is late, under a datastream of their own. One batch after another is made and
//! stored; the pages tell how far that is. It takes the right to do everything: events can't be taken away one by one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dashboard::{DEMO_DATA_PATH, DEMO_DATASTREAM, DemoData};
use generate::{Generator, Options, Style};
use intake::{Answers, EventAnswer, Framing, Request, Source};
use serde_json::json;

use super::told::led;
use crate::api::endpoint::Endpoint;
use crate::api::openapi::problems;
use crate::app::access::principal::Principal;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::datastream;
use crate::app::demo_data::{DemoNow, DemoTurn};
use crate::app::operation::{Operation, Success};
use crate::app::options::ServerOptions;
use crate::app::route::{Audience, RouteSpec};
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::body::Received;
use crate::http::problem::{Code, Problem};

/// How many events there are.
const EVENTS: u64 = 20_000;
/// Of them so many break rules, so that the page of quality has something to show.
const INVALID: u64 = 100;
/// The days that they are spread over, up to now.
const DAYS: u32 = 30;
/// The last session begins so long before now that it is over now.
const BEFORE_NOW_MS: i64 = 90 * 60 * 1_000;
/// Decides what they look like; the same every time.
const SEED: u64 = 1;
/// Events that are made and stored at once: about half a megabyte.
const BATCH: u64 = 500;
/// How long it may take.
const TIME_MAX: Duration = Duration::from_secs(120);
/// Longest wait where there is no room for a batch.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// The form has no fields.
const FORM_BYTES_MAX: usize = 1 << 10;

pub(in crate::api) enum PostDemoData {}

impl Endpoint for PostDemoData {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "The overview's button: load made-up events into a server that has none",
        audience: Audience::People,
        openapi: || Operation {
            id: "loadDemoData",
            success: Success {
                status: "303",
                response: json!({ "description": "It has begun, or goes on already; the overview tells how far it is.", "headers": { "location": { "schema": { "type": "string" } } } }),
            },
            problems: [problems::RECEIVING, problems::DATASTREAM, &[Code::NotEmpty]].concat(),
            ..Operation::default()
        },
        ..RouteSpec::form(DEMO_DATA_PATH, Access::Admin)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { body, .. } = call;
        let Received { claim: _claim, .. } = body.read(FORM_BYTES_MAX, &state.body_limits, &state.budget).await?;
        if let Some(code) = refused(&state.options) {
            return Err(Problem::of(code));
        }
        // Whoever presses it again sees how far it is.
        if let Some(turn) = state.demo_load.begin(EVENTS) {
            if state.backend.has_events() {
                turn.forget();
                return Err(Problem::of(Code::NotEmpty));
            }
            tokio::spawn(load(Arc::clone(&state), turn));
        }
        Ok(led("/"))
    }
}

/// What there is to tell of it on the overview of whoever reads it.
pub(super) fn told<B: Backend>(state: &AppState<B>, principal: &Principal) -> Option<DemoData> {
    let offered = |failed| {
        let may = principal.administers() && refused(&state.options).is_none() && !state.backend.has_events();
        may.then_some(DemoData::Offered { events: EVENTS, days: DAYS, failed })
    };
    match state.demo_load.now() {
        DemoNow::Nothing => offered(None),
        DemoNow::Loading(loaded) => {
            Some(DemoData::Loading { loaded: loaded.accepted + loaded.rejected, of: loaded.of })
        }
        DemoNow::Over(loaded, _) => Some(DemoData::Loaded { accepted: loaded.accepted, rejected: loaded.rejected }),
        DemoNow::GivenUp(loaded, why) if loaded.accepted + loaded.rejected > 0 => {
            Some(DemoData::Stopped { loaded: loaded.accepted + loaded.rejected, of: loaded.of, why })
        }
        DemoNow::GivenUp(_, why) => offered(Some(why)),
    }
}

/// Why the datastream doesn't take them.
fn refused(options: &ServerOptions) -> Option<Code> {
    match datastream::find(&options.datastreams, DEMO_DATASTREAM) {
        None => Some(Code::DatastreamUnknown),
        Some(datastream) if !datastream.enabled => Some(Code::DatastreamDisabled),
        Some(_) => None,
    }
}

async fn load<B: Backend>(state: Arc<AppState<B>>, turn: DemoTurn) {
    let loading = tokio::time::timeout(TIME_MAX, batches(&state, &turn));
    let ended = tokio::select! {
        ended = loading => ended,
        () = state.stopping.cancelled() => return,
    };
    match ended {
        Ok(Ok(())) => turn.finish(),
        Ok(Err(problem)) => {
            problem.log(DEMO_DATA_PATH);
            turn.give_up(format!("{}: {}", problem.code().title(), problem.detail()));
        }
        Err(_) => turn.give_up(format!("it would have taken longer than {} s", TIME_MAX.as_secs())),
    }
}

async fn batches<B: Backend>(state: &AppState<B>, turn: &DemoTurn) -> Result<(), Problem> {
    let mut generator = Generator::new(Options {
        events: EVENTS,
        seed: SEED,
        days: DAYS,
        until_ms: state.backend.now_micros() / 1_000 - BEFORE_NOW_MS,
        invalid: INVALID,
        style: Style::Platform,
    });
    for batch in 0.. {
        let made = tokio::task::spawn_blocking(move || {
            let mut lines = Vec::new();
            let count = generator.write_next(BATCH, &mut lines);
            (generator, lines, count)
        });
        let lines;
        let count;
        (generator, lines, count) = made.await.map_err(|error| Problem::internal(error.to_string()))?;
        if count == 0 {
            break;
        }
        let answers = stored(state, &lines.into(), batch).await?;
        let accepted = answers.iter().filter(|answer| EventAnswer::is_accepted(answer)).count() as u64;
        turn.add(accepted, (answers.len() as u64).saturating_sub(accepted));
    }
    Ok(())
}

/// Stores a batch, as soon as there is room for it.
async fn stored<B: Backend>(state: &AppState<B>, lines: &Bytes, batch: u64) -> Result<Answers, Problem> {
    loop {
        let request = Request {
            datastream: DEMO_DATASTREAM.to_owned(),
            request_id: Some(format!("demo-data-{batch}")),
            source: Source::File,
            framing: Framing::Lines,
            body: lines.clone(),
        };
        let problem = match state.budget.claim(lines.len()) {
            Some(_room) => match submit(state, request).await {
                Ok(answers) => return Ok(answers),
                Err(problem) => problem,
            },
            None => Problem::overloaded(),
        };
        match problem.wait() {
            Some(wait) if problem.code() == Code::Overloaded => tokio::time::sleep(wait.min(WAIT_MAX)).await,
            _ => return Err(problem),
        }
    }
}
