//! What a demo visitor does in one session: pages, an invitation to chat, a click.
//!
//! The shares are set so that about 60 % of all events are page views and the funnel
//! has every outcome: declined, ignored, started and ended, started and left open,
//! started without an invitation.

use super::random::Random;
use super::words::{PAGES, REFERRERS, SUBJECTS};

/// What an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A page was opened.
    PageView,
    /// A chat was offered.
    ChatOffered,
    /// The visitor closed the invitation.
    ChatDeclined,
    /// The chat began.
    ChatStart,
    /// The chat ended.
    ChatEnd,
    /// A telephone link was clicked.
    ClickToCall,
    /// A text message link was clicked.
    ClickToText,
    /// A mail link was clicked.
    ClickToEmail,
    /// A messenger link was clicked.
    ClickToDirectMessage,
}

/// One event to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// When, in milliseconds after the session's begin.
    pub(crate) after_ms: u32,
    /// What.
    pub(crate) action: Action,
    /// On which page: index into [`PAGES`].
    pub(crate) page: u8,
    /// The page before: index into [`PAGES`], or `None` for the session's first page.
    pub(crate) from: Option<u8>,
    /// A number to call back was left.
    pub(crate) call_back: bool,
    /// An address to reply to was left.
    pub(crate) reply_to: bool,
}

/// A session's plan, in time order.
pub(crate) struct Plan {
    /// The events; at least one.
    pub(crate) steps: Vec<Step>,
    /// How the visitor came: index into [`REFERRERS`].
    pub(crate) referrer: usize,
    /// What it is about: index into [`SUBJECTS`].
    pub(crate) subject: usize,
    /// Number of the chat, for `chatSessionID`.
    pub(crate) chat: u32,
}

/// Draws a session's plan.
pub(crate) fn plan(random: &mut Random) -> Plan {
    let mut plan = Plan {
        steps: Vec::with_capacity(12),
        referrer: random.below(REFERRERS.len() as u32) as usize,
        subject: random.below(SUBJECTS.len() as u32) as usize,
        chat: random.between(1_000_000, 9_999_999),
    };
    let mut walk = Walk { at_ms: 0, page: 0, from: None };
    plan.browse(&mut walk, random, 1);
    let more = 1 + random.below(3);
    plan.browse(&mut walk, random, more);
    let dice = random.below(100);
    if dice < 62 {
        plan.invitation(&mut walk, random);
    } else if dice < 67 {
        plan.chat(&mut walk, random);
    }
    if random.chance(45) {
        plan.click(&mut walk, random);
    }
    if random.chance(30) {
        plan.browse(&mut walk, random, 1);
    }
    plan
}

/// Where the visitor is in the course of the plan.
struct Walk {
    at_ms: u32,
    page: u8,
    from: Option<u8>,
}

impl Plan {
    fn push(&mut self, walk: &Walk, action: Action) {
        let (page, from) = (walk.page, walk.from);
        self.steps.push(Step { after_ms: walk.at_ms, action, page, from, call_back: false, reply_to: false });
    }

    fn browse(&mut self, walk: &mut Walk, random: &mut Random, pages: u32) {
        for _ in 0..pages {
            if let Some(last) = self.steps.last() {
                walk.from = Some(last.page);
                walk.at_ms += random.between(4_000, 90_000);
            }
            walk.page = random.below(PAGES.len() as u32) as u8;
            self.push(walk, Action::PageView);
        }
    }

    fn invitation(&mut self, walk: &mut Walk, random: &mut Random) {
        walk.at_ms += random.between(5_000, 40_000);
        self.push(walk, Action::ChatOffered);
        match random.below(100) {
            0..25 => {
                walk.at_ms += random.between(800, 12_000);
                self.push(walk, Action::ChatDeclined);
            }
            25..45 => {} // ignored: nothing is sent
            _ => self.chat(walk, random),
        }
    }

    fn chat(&mut self, walk: &mut Walk, random: &mut Random) {
        walk.at_ms += random.between(1_500, 20_000);
        self.push(walk, Action::ChatStart);
        if random.chance(92) {
            // Most chats take minutes, some half an hour.
            let long = random.chance(10);
            walk.at_ms += if long { random.between(600_000, 1_800_000) } else { random.between(45_000, 600_000) };
            self.push(walk, Action::ChatEnd);
            self.leave_contact(random, 35, 30);
        }
    }

    fn click(&mut self, walk: &mut Walk, random: &mut Random) {
        walk.at_ms += random.between(3_000, 60_000);
        let action = match random.below(100) {
            0..38 => Action::ClickToCall,
            38..55 => Action::ClickToText,
            55..82 => Action::ClickToEmail,
            _ => Action::ClickToDirectMessage,
        };
        self.push(walk, action);
        match action {
            Action::ClickToCall => self.leave_contact(random, 20, 0),
            Action::ClickToEmail => self.leave_contact(random, 0, 25),
            _ => {}
        }
    }

    /// Adds a callback number or a reply address to the last step, by these percentages.
    fn leave_contact(&mut self, random: &mut Random, call_back: u32, reply_to: u32) {
        let dice = random.below(100);
        if let Some(step) = self.steps.last_mut() {
            step.call_back = dice < call_back;
            step.reply_to = (call_back..call_back + reply_to).contains(&dice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_about_sixty_percent_page_views_and_every_outcome() {
        let mut random = Random::new(11);
        let mut counts = std::collections::BTreeMap::new();
        let mut all = 0u32;
        for _ in 0..20_000 {
            let plan = plan(&mut random);
            assert!(plan.steps.is_sorted_by_key(|step| step.after_ms));
            for step in plan.steps {
                *counts.entry(format!("{:?}", step.action)).or_insert(0u32) += 1;
                all += 1;
            }
        }
        let share = f64::from(counts["PageView"]) / f64::from(all);
        assert!((0.57..0.63).contains(&share), "{share} {counts:?}");
        assert!(counts["ChatOffered"] > counts["ChatStart"], "{counts:?}");
        assert!(counts["ChatStart"] > counts["ChatEnd"], "{counts:?}");
        assert_eq!(counts.len(), 9, "{counts:?}");
    }
}
