//! Which places of a day pass a filter, and which channels count.

use crate::day::{DaySummary, OTHER};
use crate::dimensions::TEXT_DIMENSIONS;
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
    if *filter == Filter::default() {
        return vec![true; day.places.len()];
    }
    let values = filter.texts();
    let values: [Passing; TEXT_DIMENSIONS] = std::array::from_fn(|at| Passing::new(values[at].1, &day.values[at]));
    let counted = counted(&filter.channel);
    let takes_others = filter.channel.any_of.is_empty();
    let passes = |place: &Place| {
        let channels = place.mask.channels();
        let by_channel = if channels == 0 { takes_others } else { channels & counted != 0 };
        by_channel && values.iter().zip(place.texts).all(|(values, text)| values.has(text))
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

    fn has(&self, text: u32) -> bool {
        if text == OTHER { self.other } else { self.values.get(text as usize).copied().unwrap_or(false) }
    }
}
