//! The SQL of an export. The values of filters are texts of strangers' choosing and stand in it as quoted text.

use summary::{Channel, Channels, Filter, Values};

use super::request::ExportTable;
use crate::Period;
use crate::views::columns::column_of;

pub(super) fn sql(table: ExportTable, period: &Period, filter: &Filter) -> String {
    let time = match table {
        ExportTable::Contacts | ExportTable::Activity => "time",
        ExportTable::Events => "timestamp",
    };
    let mut conditions = vec![period.sql(time, Some("event_date"))];
    for (dimension, choice) in filter.texts() {
        values(column_of(dimension), choice, &mut conditions);
    }
    channels(&filter.channel, &mut conditions);
    format!("select * from {} where {}", table.name(), conditions.join(" and "))
}

/// The empty text stands for null.
fn values(column: &str, choice: &Values, conditions: &mut Vec<String>) {
    let listed = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().filter(|text| !text.is_empty()).map(|text| quoted(text)).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let has_none = |texts: &[String]| texts.iter().any(String::is_empty);
    if !choice.any_of.is_empty() {
        let null = has_none(&choice.any_of).then(|| format!("{column} is null"));
        let one = listed(&choice.any_of).map(|texts| format!("{column} in ({texts})"));
        let either: Vec<String> = null.into_iter().chain(one).collect();
        conditions.push(format!("({})", either.join(" or ")));
    }
    if has_none(&choice.none_of) {
        conditions.push(format!("{column} is not null"));
    }
    if let Some(texts) = listed(&choice.none_of) {
        conditions.push(format!("({column} is null or {column} not in ({texts}))"));
    }
}

/// As summaries count them: an event with a counter above 0 passes if one of its channels does, one
/// without passes where no channel is asked for.
fn channels(choice: &Channels, conditions: &mut Vec<String>) {
    if *choice == Channels::default() {
        return;
    }
    let is_asked = |channel: &Channel| {
        (choice.any_of.is_empty() || choice.any_of.contains(channel)) && !choice.none_of.contains(channel)
    };
    let shown = |channels: &mut dyn Iterator<Item = Channel>| {
        let counters = channels.flat_map(|channel| channel.counters().iter());
        let above: Vec<String> = counters.map(|counter| format!("coalesce({}, 0) > 0", counter.column())).collect();
        if above.is_empty() { "false".to_owned() } else { above.join(" or ") }
    };
    let asked = shown(&mut Channel::ALL.into_iter().filter(is_asked));
    conditions.push(match choice.any_of.is_empty() {
        true => format!("({asked} or not ({}))", shown(&mut Channel::ALL.into_iter())),
        false => format!("({asked})"),
    });
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn values_are_text_and_the_empty_one_is_null() {
        let check = |any_of: &[&str], none_of: &[&str], expect: &[&str]| {
            let mut conditions = Vec::new();
            values("page", &Values { any_of: texts(any_of), none_of: texts(none_of) }, &mut conditions);
            assert_eq!(conditions, expect);
        };
        check(&[], &[], &[]);
        check(&["a", "it's' or 1=1 --"], &[], &["(page in ('a', 'it''s'' or 1=1 --'))"]);
        check(&["", "a"], &[], &["(page is null or page in ('a'))"]);
        check(&[""], &[""], &["(page is null)", "page is not null"]);
        check(&[], &["a"], &["(page is null or page not in ('a'))"]);
    }

    #[test]
    fn a_channel_is_all_its_counters() {
        let check = |any_of: &[Channel], none_of: &[Channel], expect: &[&str]| {
            let mut conditions = Vec::new();
            channels(&Channels { any_of: any_of.to_vec(), none_of: none_of.to_vec() }, &mut conditions);
            assert_eq!(conditions, expect);
        };
        let call = "coalesce(click_to_call, 0) > 0";
        check(&[], &[], &[]);
        check(&[Channel::Call], &[], &[&format!("({call})")]);
        check(&[Channel::Call], &[Channel::Call], &["(false)"]);
        let mut conditions = Vec::new();
        channels(&Channels { any_of: Vec::new(), none_of: vec![Channel::Call] }, &mut conditions);
        let [condition] = conditions.as_slice() else { panic!("{conditions:?}") };
        assert!(condition.starts_with("(coalesce(chat_start, 0) > 0 or ") && condition.matches(call).count() == 1);
        assert!(condition.contains(" or not (coalesce(chat_start, 0) > 0 or "), "{condition}");
    }
}
