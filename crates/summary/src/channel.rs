//! The channels: ways of getting in touch that are counted.
//!
//! An event's column `channel` also knows `callback` and `reply`. They are no channel of a
//! metric: leaving a number or an address is no contact request by the definition.

use crate::Counter;

/// A way of getting in touch that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A chat.
    Chat,
    /// A click on a telephone link.
    Call,
    /// A click on a link that opens a text message.
    Text,
    /// A click on an e-mail link.
    Email,
    /// A message or feedback form.
    DirectMessage,
}

impl Channel {
    /// In the order in which they are shown, and in which an event's channel is decided.
    pub const ALL: [Channel; 5] = [Channel::Chat, Channel::Call, Channel::Text, Channel::Email, Channel::DirectMessage];

    /// As in the views' column `channel`, in JSON and in CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Chat => "chat",
            Channel::Call => "call",
            Channel::Text => "text",
            Channel::Email => "email",
            Channel::DirectMessage => "direct_message",
        }
    }

    /// Its name in prose.
    pub const fn label(self) -> &'static str {
        match self {
            Channel::Chat => "Chat",
            Channel::Call => "Call",
            Channel::Text => "Text",
            Channel::Email => "E-mail",
            Channel::DirectMessage => "Direct message",
        }
    }

    /// The counter of its contact requests.
    pub const fn requests(self) -> Counter {
        self.counters()[0]
    }

    /// The counters that show that an event belongs to it, that of its contact requests first.
    pub const fn counters(self) -> &'static [Counter] {
        match self {
            Channel::Chat => &[Counter::ChatStart, Counter::ChatOffered, Counter::ChatDeclined, Counter::ChatEnd],
            Channel::Call => &[Counter::ClickToCall],
            Channel::Text => &[Counter::ClickToText],
            Channel::Email => &[Counter::ClickToEmail],
            Channel::DirectMessage => &[Counter::ClickToDirectMessage],
        }
    }
}
