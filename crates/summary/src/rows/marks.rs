//! What few events have: counters above 0, and what can't be right.

use crate::{Channel, Counter};

/// To which channels an event belongs, and which of them it is a contact request by.
///
/// A bit for each channel of which a counter is above 0, and one for the start of a chat: in the other
/// channels the counter of contact requests is the only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mask(pub(crate) u8);

impl Mask {
    pub(crate) const CHAT: Mask = Mask(1);
    const CHAT_START: u8 = 1 << 5;
    /// Bits in use.
    pub(crate) const BITS: u32 = 6;

    pub(crate) fn of(counters: &[u16; 8]) -> Mask {
        let mut bits = 0;
        if *counters == [0; 8] {
            return Mask(bits);
        }
        for channel in Channel::ALL {
            let belongs = channel.counters().iter().any(|counter| counters[*counter as usize] > 0);
            bits |= u8::from(belongs) << channel as u8;
        }
        if counters[Counter::ChatStart as usize] > 0 {
            bits |= Mask::CHAT_START;
        }
        Mask(bits)
    }

    /// A bit for each channel it belongs to.
    pub(crate) fn channels(self) -> u8 {
        self.0 & 0b1_1111
    }

    /// A bit for each channel that it is a contact request by.
    pub(crate) fn requests(self) -> u8 {
        let chat = u8::from(self.0 & Mask::CHAT_START != 0);
        self.0 & 0b1_1110 | chat
    }

    /// Without the channels that it is no contact request by.
    pub(crate) fn only_requests(self) -> Mask {
        Mask(self.requests() | self.0 & Mask::CHAT_START)
    }
}

/// What is odd about an event, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const COUNTER: u8 = 1;
    pub(crate) const TIME: u8 = 1 << 1;
    pub(crate) const LATE: u8 = 1 << 2;
    pub(crate) const WITHOUT_SESSION: u8 = 1 << 3;
}

/// The counters of an event that has one above 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Hash of the chat session's id; 0 for none.
    pub(crate) session: u64,
    /// The event's place.
    pub(crate) row: u32,
    /// Anomalies are 0.
    pub(crate) counters: [u16; 8],
}

impl Mark {
    pub(crate) fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize].into()
    }

    /// Whether a counter of chats is above 0.
    pub(crate) fn is_chat(&self) -> bool {
        Channel::Chat.counters().iter().any(|counter| self.counters[*counter as usize] > 0)
    }
}
