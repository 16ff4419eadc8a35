//! The numbers of the texts that events are told apart by.

use super::{Interner, NO_TEXT};
use crate::columns::MadeOfTexts;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::referrer::host;

/// Gives texts their numbers, those of each dimension their own.
#[derive(Default)]
pub(crate) struct Numbering {
    pub(crate) interners: [Interner; TEXT_DIMENSIONS],
    pub(crate) hosts: Hosts,
    pub(crate) made: MadeOfTexts,
}

impl Numbering {
    /// The memory that it takes, in bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.interners.iter().map(Interner::bytes).sum::<usize>() + self.hosts.bytes() + self.made.bytes()
    }
}

/// The hosts of addresses, in lower case.
#[derive(Default)]
pub(crate) struct Hosts {
    interner: Interner,
    /// The number among referrers of each host, if it has one yet.
    referrers: Vec<u32>,
    lower_case: String,
}

impl Hosts {
    /// The number of an address's host; [`NO_TEXT`] if it has none.
    pub(crate) fn number(&mut self, url: &[u8]) -> u32 {
        let Some(host) = host(url) else { return NO_TEXT };
        self.lower_case.clear();
        self.lower_case.push_str(host);
        self.lower_case.make_ascii_lowercase();
        self.interner.intern(Some(&self.lower_case))
    }

    /// The number that a host has among referrers.
    pub(crate) fn referrer(&mut self, host: u32, referrers: &mut Interner) -> u32 {
        let at = host as usize;
        if at >= self.referrers.len() {
            self.referrers.resize(at + 1, NO_TEXT);
        }
        let number = &mut self.referrers[at];
        if *number == NO_TEXT {
            *number = referrers.intern(Some(self.interner.texts().get(host)));
        }
        *number
    }

    fn bytes(&self) -> usize {
        self.interner.bytes() + self.referrers.capacity() * size_of::<u32>()
    }
}
