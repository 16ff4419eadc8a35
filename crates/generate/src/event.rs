//! Writes one demo event as a line of JSON, as the Web SDK would send it.
//!
//! Only what differs from event to event is formatted here; the rest is copied from
//! the session's [`Visitor`]. That keeps the generator fast without optimisation.

use super::random::Random;
use super::session::{Action, Plan, Step};
use super::visitor::Visitor;
use super::words::{HOST, PAGES, SOURCES, SUBJECTS};

/// The two digits of every number below 100.
static DIGITS: [[u8; 2]; 100] = {
    let mut table = [[b'0'; 2]; 100];
    let mut n = 0;
    while n < 100 {
        table[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    table
};

/// The two hexadecimal digits of every byte.
static HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut n = 0;
    while n < 256 {
        table[n] = [digits[n >> 4], digits[n & 15]];
        n += 1;
    }
    table
};

/// Appends the event of `step` and a newline to `out`. `at_ms` is its time since 1970.
pub(crate) fn write(out: &mut Vec<u8>, plan: &Plan, step: &Step, visitor: &Visitor, at_ms: i64, random: &mut Random) {
    out.extend_from_slice(br#"{"_id":""#);
    uuid(out, random);
    out.extend_from_slice(br#"","eventType":""#);
    out.extend_from_slice(event_type(step.action).as_bytes());
    out.extend_from_slice(br#"","web":{"#);
    page(out, plan, step);
    out.push(b',');
    out.extend_from_slice(&visitor.before_local_time);
    let east = visitor.place.east_minutes;
    time(out, at_ms - 4 + i64::from(east) * 60_000);
    offset(out, east);
    out.extend_from_slice(&visitor.before_timestamp);
    time(out, at_ms);
    out.push(b'Z');
    out.extend_from_slice(&visitor.after_timestamp);
    if step.action != Action::PageView {
        feedback(out, plan, step, visitor);
    }
    out.extend_from_slice(b"}\n");
}

fn event_type(action: Action) -> &'static str {
    match action {
        Action::PageView => "web.webpagedetails.pageViews",
        Action::ChatOffered => "customerFeedback.chatOffered",
        Action::ChatDeclined => "customerFeedback.chatDeclined",
        Action::ChatStart => "customerFeedback.chatStart",
        Action::ChatEnd => "customerFeedback.chatEnd",
        Action::ClickToCall | Action::ClickToText | Action::ClickToEmail | Action::ClickToDirectMessage => {
            "web.webinteraction.linkClicks"
        }
    }
}

/// `web` without its opening brace: page, referrer and, for a click, the link.
fn page(out: &mut Vec<u8>, plan: &Plan, step: &Step) {
    let page = &PAGES[usize::from(step.page)];
    if let Some(link) = link(step.action) {
        out.extend_from_slice(link.as_bytes());
    }
    out.extend_from_slice(br#""webPageDetails":{"URL":"https://"#);
    out.extend_from_slice(HOST.as_bytes());
    out.extend_from_slice(page.path.as_bytes());
    out.extend_from_slice(br#"","name":""#);
    out.extend_from_slice(page.name.as_bytes());
    if step.action == Action::PageView {
        out.extend_from_slice(br#"","siteSection":""#);
        out.extend_from_slice(page.section.as_bytes());
        let measure: &[u8] = match step.page {
            0 => br#"","isHomePage":true,"pageViews":{"value":1}},"webReferrer":{"URL":""#,
            _ => br#"","pageViews":{"value":1}},"webReferrer":{"URL":""#,
        };
        out.extend_from_slice(measure);
    } else {
        out.extend_from_slice(br#""},"webReferrer":{"URL":""#);
    }
    match step.from {
        Some(from) => {
            out.extend_from_slice(b"https://");
            out.extend_from_slice(HOST.as_bytes());
            out.extend_from_slice(PAGES[usize::from(from)].path.as_bytes());
            out.extend_from_slice(br#"","type":"internal"}}"#);
        }
        None => {
            let source = &SOURCES[plan.source];
            out.extend_from_slice(source.url.as_bytes());
            out.extend_from_slice(br#"","type":""#);
            out.extend_from_slice(source.kind.as_bytes());
            out.extend_from_slice(br#""}}"#);
        }
    }
}

/// The clicked link. The addresses in it are the shop's, not the visitor's.
fn link(action: Action) -> Option<&'static str> {
    match action {
        Action::ClickToCall => Some(concat!(
            r#""webInteraction":{"name":"Call us","region":"HEADER","type":"exit","#,
            r#""URL":"tel:+1-408-555-0100","linkClicks":{"value":1}},"#
        )),
        Action::ClickToText => Some(concat!(
            r#""webInteraction":{"name":"Text us","region":"NAV","type":"exit","#,
            r#""URL":"sms:+14085550101","linkClicks":{"value":1}},"#
        )),
        Action::ClickToEmail => Some(concat!(
            r#""webInteraction":{"name":"Write to us","region":"MAIN","type":"exit","#,
            r#""URL":"mailto:help@shop.example","linkClicks":{"value":1}},"#
        )),
        Action::ClickToDirectMessage => Some(concat!(
            r#""webInteraction":{"name":"Message us","region":"FOOTER","type":"exit","#,
            r#""URL":"https://messenger.example/shop","linkClicks":{"value":1}},"#
        )),
        _ => None,
    }
}

fn feedback(out: &mut Vec<u8>, plan: &Plan, step: &Step, visitor: &Visitor) {
    let counter: &[u8] = match step.action {
        Action::PageView => return,
        Action::ChatOffered => br#","customerFeedback":{"chatOffered":1"#,
        Action::ChatDeclined => br#","customerFeedback":{"chatDeclined":1"#,
        Action::ChatStart => br#","customerFeedback":{"chatStart":1"#,
        Action::ChatEnd => br#","customerFeedback":{"chatEnd":1"#,
        Action::ClickToCall => br#","customerFeedback":{"clickToCall":1"#,
        Action::ClickToText => br#","customerFeedback":{"clickToText":1"#,
        Action::ClickToEmail => br#","customerFeedback":{"clickToEmail":1"#,
        Action::ClickToDirectMessage => br#","customerFeedback":{"clickToDirectMessage":1"#,
    };
    out.extend_from_slice(counter);
    if matches!(step.action, Action::ChatOffered | Action::ChatDeclined | Action::ChatStart | Action::ChatEnd) {
        out.extend_from_slice(br#","chatSessionID":"C"#);
        number(out, plan.chat, 7);
        out.push(b'"');
    }
    if !matches!(step.action, Action::ChatOffered | Action::ChatDeclined) {
        out.extend_from_slice(br#","subject":""#);
        out.extend_from_slice(SUBJECTS[plan.subject].as_bytes());
        out.push(b'"');
    }
    if step.call_back {
        out.push(b',');
        out.extend_from_slice(&visitor.call_back);
    }
    if step.reply_to {
        out.push(b',');
        out.extend_from_slice(&visitor.reply_to);
    }
    out.push(b'}');
}

/// A random (version 4) UUID.
fn uuid(out: &mut Vec<u8>, random: &mut Random) {
    let high = (random.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000;
    let low = (random.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
    let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
    let h = |byte: u8| HEX[byte as usize];
    let [a, b, c, d] = [h(high[0]), h(high[1]), h(high[2]), h(high[3])];
    let [e, f, g, i] = [h(high[4]), h(high[5]), h(high[6]), h(high[7])];
    let [j, k, l, m] = [h(low[0]), h(low[1]), h(low[2]), h(low[3])];
    let [n, o, p, q] = [h(low[4]), h(low[5]), h(low[6]), h(low[7])];
    out.extend_from_slice(&[
        a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1], b'-', e[0], e[1], f[0], f[1], b'-', g[0], g[1], i[0], i[1],
        b'-', j[0], j[1], k[0], k[1], b'-', l[0], l[1], m[0], m[1], n[0], n[1], o[0], o[1], p[0], p[1], q[0], q[1],
    ]);
}

/// `2026-11-22T14:07:15.762`, without a zone. Days to civil date after Howard Hinnant.
pub(crate) fn time(out: &mut Vec<u8>, ms: i64) {
    let day = ms.div_euclid(86_400_000);
    let of_day = ms.rem_euclid(86_400_000) as u32;
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (seconds, milli) = (of_day / 1_000, of_day % 1_000);
    let d = |n: i64| DIGITS[n as usize];
    let ([c, y], [mo, da]) = ([d(year / 100), d(year % 100)], [d(month), d(doy - (153 * mp + 2) / 5 + 1)]);
    let [h, mi, s] = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|n| DIGITS[n as usize]);
    let m = DIGITS[(milli % 100) as usize];
    out.extend_from_slice(&[
        c[0],
        c[1],
        y[0],
        y[1],
        b'-',
        mo[0],
        mo[1],
        b'-',
        da[0],
        da[1],
        b'T',
        h[0],
        h[1],
        b':',
        mi[0],
        mi[1],
        b':',
        s[0],
        s[1],
        b'.',
        b'0' + (milli / 100) as u8,
        m[0],
        m[1],
    ]);
}

/// `+01:00`.
fn offset(out: &mut Vec<u8>, east_minutes: i32) {
    out.push(if east_minutes < 0 { b'-' } else { b'+' });
    let minutes = east_minutes.unsigned_abs() as usize;
    out.extend_from_slice(&DIGITS[minutes / 60]);
    out.push(b':');
    out.extend_from_slice(&DIGITS[minutes % 60]);
}

fn number(out: &mut Vec<u8>, mut value: u32, width: usize) {
    let begin = out.len();
    out.resize(begin + width, b'0');
    let mut at = begin + width;
    while at > begin && value > 0 {
        at -= 1;
        out[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times() {
        let check = |ms: i64, expect: &str| {
            let mut out = Vec::new();
            time(&mut out, ms);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        };
        check(0, "1970-01-01T00:00:00.000");
        check(1_795_356_443_918, "2026-11-22T14:07:23.918");
        check(951_827_696_789, "2000-02-29T12:34:56.789");
        check(1_798_761_599_999, "2026-12-31T23:59:59.999");
    }

    #[test]
    fn writes_offsets_and_numbers() {
        let check = |minutes: i32, expect: &str| {
            let mut out = Vec::new();
            offset(&mut out, minutes);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        };
        check(0, "+00:00");
        check(-300, "-05:00");
        check(570, "+09:30");
        let mut out = Vec::new();
        number(&mut out, 1_234_567, 7);
        number(&mut out, 42, 4);
        assert_eq!(out, b"12345670042");
    }
}
