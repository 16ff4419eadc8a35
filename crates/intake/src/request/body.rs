//! A request as it is handed in, and why its body may be refused as a whole.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use super::framing::Framing;
use crate::input::format::Foreign;

/// Where the events of a request come from, which decides what is odd about their times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Their sender: a page, a server, a batch job. One that comes long after its time is late.
    #[default]
    Sender,
    /// A file that is loaded. It is about the past, so nothing in it is late or too old; its rows are those that
    /// [`crate::load()`] makes. Whoever may say this decides who may hide that events are late.
    File,
}

/// A request as its sender sent it, decompressed.
#[derive(Clone)]
pub struct Request {
    /// The stream of events that it belongs to; `default` when there is only one.
    pub datastream: String,
    /// The sender's name for the request. A request sent again with the same id
    /// gives the same ids to events that have none, so that they collapse.
    pub request_id: Option<String>,
    /// Where its events come from.
    pub source: Source,
    /// How the body holds events.
    pub framing: Framing,
    /// The events.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    /// Shows nothing of the body: it holds personal values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("datastream", &self.datastream)
            .field("source", &self.source)
            .field("framing", &self.framing)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why a whole body can't be read as events. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// There is no event in it.
    #[error("the body holds no event; send one JSON object, an array of them, or one a line")]
    Empty,
    /// The body is no JSON text but another format.
    #[error("the body is {}; {}", .0.name, .0.remedy)]
    Foreign(Foreign),
    /// The body is not UTF-8 text.
    #[error("the body is not UTF-8 at byte {offset}; send JSON encoded as UTF-8")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// The body is not JSON, so where its events end is unknown.
    #[error("{message}")]
    Syntax {
        /// Offset of the event, or of the place between events, that can't be read.
        offset: usize,
        /// Where and what was expected, without the value that was found.
        message: String,
    },
    /// More events than one request may hold.
    #[error("the body holds more than {events_max} events; send them in several requests")]
    TooManyEvents {
        /// The limit.
        events_max: usize,
    },
    /// The body is longer than bodies may be.
    #[error("the body is longer than {bytes_max} bytes; send it in several requests")]
    BodyTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// The answer to so many events finds no room at the moment.
    #[error(
        "there is no room at the moment for an answer to so many events; send the body again, or in several requests"
    )]
    NoRoom,
    /// The name of the datastream or the request id is too long.
    #[error("the {name} is longer than {bytes_max} bytes; shorten it")]
    NameTooLong {
        /// `datastream` or `request id`.
        name: &'static str,
        /// The limit.
        bytes_max: usize,
    },
}

impl BodyError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            BodyError::Empty => "empty",
            BodyError::Foreign(_) => "format",
            BodyError::NotUtf8 { .. } => "encoding",
            BodyError::Syntax { .. } => "syntax",
            BodyError::TooManyEvents { .. } => "tooManyEvents",
            BodyError::BodyTooLarge { .. } => "bodyTooLarge",
            BodyError::NoRoom => "noRoom",
            BodyError::NameTooLong { .. } => "nameTooLong",
        }
    }
}
