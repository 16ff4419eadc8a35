//! `frontdesk mcp`: answers an assistant's questions over the Model Context Protocol, on standard input and output.
//!
//! Its tools only read, and read what the other commands read, with the same access and the same limits. Questions
//! are answered one after the other, by the thread that runs the command: without a server each opens the data
//! directory and closes it again, so that a server may be started in between.

mod handler;
mod tools;

use std::fs::File;
use std::io::Read;

use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;
use tokio::sync::{mpsc, oneshot};

use self::handler::Assistant;
use self::tools::Tool;
use crate::access::Access;
use crate::args::McpArgs;
use crate::failure::Failure;
use crate::remote::Remote;
use crate::settings::{API_KEY_VARIABLE, Settings};

/// Longest line of a question, in bytes: a query has 64 KiB at most.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Longest file of a key, in bytes.
const KEY_BYTES_MAX: u64 = 4 << 10;
/// Questions that may wait; the next one waits to be read.
const WAITING_MAX: usize = 16;

/// A question, and where its answer goes.
struct Question {
    tool: Tool,
    answer: oneshot::Sender<Result<String, Failure>>,
}

/// Runs the command until its input ends.
///
/// # Errors
/// The server's address or key can't be used, or the peer speaks another protocol.
pub(crate) async fn run(args: &McpArgs, settings: &Settings) -> Result<(), Failure> {
    let remote = match &args.server {
        Some(server) => Some(Remote::at(server, key(args)?.as_deref())?),
        None => None,
    };
    let (ask, mut questions) = mpsc::channel::<Question>(WAITING_MAX);
    let (input, output) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(LINE_BYTES_MAX);
    let served = async {
        let service = Assistant::new(ask).serve(transport).await;
        let service =
            service.map_err(|error| Failure::usage(format_args!("no assistant is at the other end: {error}")))?;
        // It ends with its input, which is how assistants end such a process.
        let _ = service.waiting().await;
        Ok(())
    };
    let answering = async {
        while let Some(Question { tool, answer }) = questions.recv().await {
            let answered = match &remote {
                Some(remote) => tools::answer(&tool, &Access::Asking(remote.clone()), settings).await,
                None => Access::with(settings, async |access| tools::answer(&tool, access, settings).await).await,
            };
            // Who doesn't wait any more needs no answer.
            let _ = answer.send(answered);
        }
    };
    tokio::select! {
        served = served => served,
        () = answering => Ok(()),
    }
}

/// The API key, from its file or the environment.
fn key(args: &McpArgs) -> Result<Option<String>, Failure> {
    let Some(path) = &args.api_key_file else { return Ok(std::env::var(API_KEY_VARIABLE).ok()) };
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::usage(format_args!("cannot read the key in {}: {why}", path.display()))
            .help("write the key alone into it, as `frontdesk key new` printed it")
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(KEY_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    let key = text.trim();
    if key.is_empty() || text.len() as u64 > KEY_BYTES_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unreadable(&"that is no key"));
    }
    Ok(Some(key.to_owned()))
}
