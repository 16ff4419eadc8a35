//! What a demo visitor does in one session: pages, an invitation to chat, a click.
//!
//! Where visitors come from decides where they land and how many of them ask. Who has come for that asks on the first
//! page, so its referrer is the outside; the others look around and ask later. The shares are set so that about 60 % of all events are page views and the funnel
//! has every outcome: declined, ignored, started and ended, started and left open,
//! started without an invitation.

use super::random::Random;
use super::words::{INVITING, PAGES, SOURCES, SUBJECTS};

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
    /// How the visitor came: index into [`SOURCES`].
    pub(crate) source: usize,
    /// What it is about: index into [`SUBJECTS`].
    pub(crate) subject: usize,
    /// Number of the chat, for `chatSessionID`.
    pub(crate) chat: u32,
}

/// Draws a session's plan.
pub(crate) fn plan(random: &mut Random, is_handheld: bool) -> Plan {
    let source = random.place_by(SOURCES, |source| source.of_100);
    let mut plan = Plan {
        steps: Vec::with_capacity(12),
        source,
        subject: random.below(SUBJECTS.len() as u32) as usize,
        chat: random.between(1_000_000, 9_999_999),
    };
    let source = &SOURCES[source];
    let mut walk = Walk { at_ms: 0, page: *random.pick(source.landing), from: None };
    plan.push(&walk, Action::PageView);
    // Who lands where one can ask has mostly come for it.
    let asks_at_once = random.chance(if walk.page >= INVITING { 60 } else { 25 });
    if !asks_at_once {
        let more = random.between(1, 4);
        plan.browse(&mut walk, random, more);
    }
    let dice = random.below(100);
    if dice < source.invited_of_100 {
        plan.invitation(&mut walk, random);
    } else if dice < source.invited_of_100 + 6 {
        plan.chat(&mut walk, random);
    }
    if random.chance(source.clicking_of_100) {
        plan.click(&mut walk, random, is_handheld);
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
            walk.from = Some(walk.page);
            walk.at_ms += random.between(4_000, 90_000);
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

    fn click(&mut self, walk: &mut Walk, random: &mut Random, is_handheld: bool) {
        walk.at_ms += random.between(3_000, 60_000);
        let [call, text, email] = if is_handheld { [46, 22, 14] } else { [28, 4, 48] };
        let dice = random.below(100);
        let action = if dice < call {
            Action::ClickToCall
        } else if dice < call + text {
            Action::ClickToText
        } else if dice < call + text + email {
            Action::ClickToEmail
        } else {
            Action::ClickToDirectMessage
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

    fn plans(count: u32) -> impl Iterator<Item = (bool, Plan)> {
        let mut random = Random::new(11);
        (0..count).map(move |number| (number % 2 == 0, plan(&mut random, number % 2 == 0)))
    }

    fn is_request(step: &Step) -> bool {
        !matches!(step.action, Action::PageView | Action::ChatOffered | Action::ChatDeclined | Action::ChatEnd)
    }

    #[test]
    fn has_about_sixty_percent_page_views_and_every_outcome() {
        let mut counts = std::collections::BTreeMap::new();
        let mut all = 0u32;
        for (_, plan) in plans(20_000) {
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

    #[test]
    fn people_ask_on_the_first_page_and_later_and_more_of_those_who_came_for_it() {
        let (mut outside, mut inside) = (0u32, 0u32);
        let mut by_source = vec![[0u32; 2]; SOURCES.len()];
        let mut calls = [0u32; 2];
        for (is_handheld, plan) in plans(20_000) {
            // The first page is the one that one came to; all others are reached from one of the shop's.
            assert!(plan.steps[0].from.is_none() && SOURCES[plan.source].landing.contains(&plan.steps[0].page));
            let requests: Vec<&Step> = plan.steps.iter().filter(|step| is_request(step)).collect();
            by_source[plan.source][0] += 1;
            by_source[plan.source][1] += u32::from(!requests.is_empty());
            for step in requests {
                *(if step.from.is_none() { &mut outside } else { &mut inside }) += 1;
                calls[usize::from(is_handheld)] += u32::from(step.action == Action::ClickToCall);
            }
        }
        let share = f64::from(outside) / f64::from(outside + inside);
        assert!((0.25..0.45).contains(&share), "{share} of the requests on the first page");
        let rates: Vec<f64> = by_source.iter().map(|[all, asking]| f64::from(*asking) / f64::from(*all)).collect();
        let (least, most) =
            rates.iter().fold((1.0f64, 0.0f64), |(least, most), rate| (least.min(*rate), most.max(*rate)));
        assert!(most > least + 0.3 && most < 0.95, "{rates:?}");
        assert!(calls[1] > calls[0] * 5 / 4, "{calls:?}");
    }

    #[test]
    fn shares_are_of_100_and_landings_are_pages() {
        assert_eq!(SOURCES.iter().map(|source| source.of_100).sum::<u32>(), 100);
        assert_eq!(super::super::words::BROWSERS.iter().map(|browser| browser.of_100).sum::<u32>(), 100);
        for source in SOURCES {
            assert!(source.landing.iter().all(|page| usize::from(*page) < PAGES.len()), "{}", source.url);
            assert!(
                source.url.is_empty() || source.url.split('/').nth(2).is_some_and(|host| host.ends_with(".example"))
            );
        }
    }
}
