//! Which reports there are.

use serde::{Deserialize, Serialize};
use summary::Dimension;

use super::words::Words;

/// A report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportName {
    /// The headline numbers, and the channels.
    Overview,
    /// What became of invitations to chat and of chats.
    Chat,
    /// By channel.
    Channels,
    /// By subject.
    Subjects,
    /// By page.
    Pages,
    /// By referrer.
    Referrers,
    /// By device.
    Devices,
    /// What became of the events, and what can't be right in them.
    Quality,
}

impl Words for ReportName {
    const ALL: &'static [(&'static str, ReportName)] = &[
        ("overview", ReportName::Overview),
        ("chat", ReportName::Chat),
        ("channels", ReportName::Channels),
        ("subjects", ReportName::Subjects),
        ("pages", ReportName::Pages),
        ("referrers", ReportName::Referrers),
        ("devices", ReportName::Devices),
        ("quality", ReportName::Quality),
    ];
}

impl ReportName {
    /// All of them, in the order of the documentation.
    pub const ALL: [ReportName; 8] = [
        ReportName::Overview,
        ReportName::Chat,
        ReportName::Channels,
        ReportName::Subjects,
        ReportName::Pages,
        ReportName::Referrers,
        ReportName::Devices,
        ReportName::Quality,
    ];

    /// The report of this name.
    pub fn of(name: &str) -> Option<ReportName> {
        <ReportName as Words>::of(name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.word()
    }

    /// What summaries are asked to tell apart. The totals have each channel's numbers.
    pub(super) fn dimension(self) -> Option<Dimension> {
        match self {
            ReportName::Subjects => Some(Dimension::Subject),
            ReportName::Pages => Some(Dimension::Page),
            ReportName::Referrers => Some(Dimension::Referrer),
            ReportName::Devices => Some(Dimension::Device),
            ReportName::Overview | ReportName::Channels | ReportName::Chat | ReportName::Quality => None,
        }
    }

    /// One line on what it tells.
    pub fn about(self) -> &'static str {
        match self {
            ReportName::Overview => "the headline numbers over time, and the channels",
            ReportName::Chat => "what became of invitations to chat and of chats, and how long they took",
            ReportName::Channels => "the numbers of each channel",
            ReportName::Subjects => "the numbers of each subject",
            ReportName::Pages => "the numbers of each page",
            ReportName::Referrers => "the numbers of each host that pages were reached from",
            ReportName::Devices => "the numbers of each kind of device",
            ReportName::Quality => "what became of the events that were sent, and what can't be right in them",
        }
    }
}
