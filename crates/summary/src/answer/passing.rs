//! Which places of a day pass a filter, and which channels count.

use crate::day::{DaySummary, OTHER};
use crate::rows::{NO_TEXT, Place, Texts};
use crate::{Channel, Channels, Filter, Values};

/// All channels, a bit each.
pub(crate) const EVERY: u8 = (1 << Channel::ALL.len()) - 1;

/// The channels that count, a bit each.
pub(crate) fn counted(channels: &Channels) -> u8 {
    let bits = |channels: &[Channel]| channels.iter().fold(0, |bits, channel| bits | 1 << *channel as u8);
    let any_of = if channels.any_of.is_empty() { bits(&Channel::ALL) } else { bits(&channels.any_of) };
    any_of & !bits(&channels.none_of)
}

/// Whether each place of the day passes.
pub(crate) fn passing(day: &DaySummary, filter: &Filter) -> Vec<bool> {
    let choices = filter.texts().into_iter().enumerate();
    let choices = choices.filter(|(_, (_, choice))| !choice.is_empty());
    // Places are many, so what keeps none of them out isn't asked of each.
    let chosen: Vec<(usize, Passing)> = choices
        .map(|(at, (_, choice))| (at, Passing::new(choice, &day.values[at])))
        .filter(|(_, passing)| !passing.has_all())
        .collect();
    let channels = &filter.channel;
    let has_all_channels = channels.any_of.is_empty() && channels.none_of.is_empty();
    if chosen.is_empty() && has_all_channels {
        return vec![true; day.places.len()];
    }
    let counted = counted(channels);
    let takes_others = channels.any_of.is_empty();
    let passes = |place: &Place| {
        let channels = place.mask.channels();
        let by_channel = if channels == 0 { takes_others } else { channels & counted != 0 };
        by_channel && chosen.iter().all(|(at, passing)| passing.has(place.texts[*at]))
    };
    day.places.iter().map(passes).collect()
}

/// Which values of a dimension pass.
struct Passing {
    /// By number, that of none first.
    values: Vec<bool>,
    /// Those without a number.
    other: bool,
}

impl Passing {
    fn new(choice: &Values, texts: &Texts) -> Passing {
        let starts_with = choice.any_of.is_empty();
        let mut values = vec![starts_with; texts.len() + 1];
        for (named, passes) in [(&choice.any_of, true), (&choice.none_of, false)] {
            for text in named {
                let id = if text.is_empty() { Some(NO_TEXT) } else { texts.find(text) };
                if let Some(id) = id {
                    values[id as usize] = passes;
                }
            }
        }
        Passing { values, other: starts_with }
    }

    fn has_all(&self) -> bool {
        self.other && self.values.iter().all(|passes| *passes)
    }

    fn has(&self, text: u32) -> bool {
        if text == OTHER { self.other } else { self.values.get(text as usize).copied().unwrap_or(false) }
    }
}
