//! The eight integers of `customerFeedback`: each a flag and a count at once.
//!
//! The one place that says how a counter is called in XDM and in our views, and which of its
//! values count.

use crate::Channel;

/// A counter outside 0..=COUNTER_MAX is an anomaly and stays out of every sum. The
/// bound is the product's own: nobody starts a thousand chats between two events.
pub const COUNTER_MAX: u32 = 1_000;

/// A counter of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Chats offered to the visitor.
    ChatOffered,
    /// Chats that the visitor declined.
    ChatDeclined,
    /// Chats started.
    ChatStart,
    /// Chats ended.
    ChatEnd,
    /// Clicks on a telephone link.
    ClickToCall,
    /// Clicks on a link that opens a text message.
    ClickToText,
    /// Clicks on an e-mail link.
    ClickToEmail,
    /// Uses of a message or feedback form.
    ClickToDirectMessage,
}

impl Counter {
    /// In the order of [`Event::counters`](crate::Event::counters), each at the index of its number.
    pub const ALL: [Counter; 8] = [
        Counter::ChatOffered,
        Counter::ChatDeclined,
        Counter::ChatStart,
        Counter::ChatEnd,
        Counter::ClickToCall,
        Counter::ClickToText,
        Counter::ClickToEmail,
        Counter::ClickToDirectMessage,
    ];

    /// The column of `activity` and `contacts`.
    pub const fn column(self) -> &'static str {
        match self {
            Counter::ChatOffered => "chat_offered",
            Counter::ChatDeclined => "chat_declined",
            Counter::ChatStart => "chat_start",
            Counter::ChatEnd => "chat_end",
            Counter::ClickToCall => "click_to_call",
            Counter::ClickToText => "click_to_text",
            Counter::ClickToEmail => "click_to_email",
            Counter::ClickToDirectMessage => "click_to_direct_message",
        }
    }

    /// The channel that it counts something of.
    pub const fn channel(self) -> Channel {
        match self {
            Counter::ChatOffered | Counter::ChatDeclined | Counter::ChatStart | Counter::ChatEnd => Channel::Chat,
            Counter::ClickToCall => Channel::Call,
            Counter::ClickToText => Channel::Text,
            Counter::ClickToEmail => Channel::Email,
            Counter::ClickToDirectMessage => Channel::DirectMessage,
        }
    }

    /// The field of `events`.
    pub const fn field(self) -> &'static str {
        match self {
            Counter::ChatOffered => "customerFeedback.chatOffered",
            Counter::ChatDeclined => "customerFeedback.chatDeclined",
            Counter::ChatStart => "customerFeedback.chatStart",
            Counter::ChatEnd => "customerFeedback.chatEnd",
            Counter::ClickToCall => "customerFeedback.clickToCall",
            Counter::ClickToText => "customerFeedback.clickToText",
            Counter::ClickToEmail => "customerFeedback.clickToEmail",
            Counter::ClickToDirectMessage => "customerFeedback.clickToDirectMessage",
        }
    }
}
