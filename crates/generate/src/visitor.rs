//! One demo visitor: the parts of an event that stay the same for a whole session.
//!
//! They are written once per session as finished JSON text, so that an event is a
//! handful of copies. Nothing about a visitor is stored: the number decides it all.

use super::random::Random;
use super::words::{BROWSERS, Browser, MAIL_HOSTS, NAMES, PLACES, Place};

/// A visitor as text, in the order in which the Web SDK writes.
pub(crate) struct Visitor {
    /// `"device":…` up to the opening quote of `localTime`'s value.
    pub(crate) before_local_time: Vec<u8>,
    /// From the closing quote of `localTime` to the opening quote of `timestamp`'s value.
    pub(crate) before_timestamp: Vec<u8>,
    /// From the closing quote of `timestamp` to the end of `identityMap`.
    pub(crate) after_timestamp: Vec<u8>,
    /// `"callBackNumber":{…}`.
    pub(crate) call_back: Vec<u8>,
    /// `"replyToEmailAddress":{…}`.
    pub(crate) reply_to: Vec<u8>,
    /// Where the visitor is: decides the local time.
    pub(crate) place: &'static Place,
    /// What is held in a hand calls and texts; who sits at a desk writes.
    pub(crate) is_handheld: bool,
}

impl Visitor {
    /// Visitor number `index` of the run with this seed.
    pub(crate) fn new(seed: u64, index: u64) -> Visitor {
        let mut random = Random::of(seed ^ 0x5649_5349_544F_5253, index);
        let browser = &BROWSERS[random.place_by(BROWSERS, |browser| browser.of_100)];
        let place = random.pick(PLACES);
        Visitor {
            before_local_time: surroundings(&mut random, browser, place),
            before_timestamp: format!(r#"","ianaTimezone":"{}"}},"timestamp":""#, place.zone).into_bytes(),
            after_timestamp: identity(&mut random),
            call_back: call_back(&mut random, place),
            reply_to: reply_to(&mut random),
            place,
            is_handheld: browser.device == "mobile",
        }
    }
}

/// Device, environment and the begin of the place.
fn surroundings(random: &mut Random, browser: &Browser, place: &Place) -> Vec<u8> {
    let (width, height) = browser.screen;
    let orientation = if width > height { "landscape" } else { "portrait" };
    let chrome = if browser.device == "desktop" { random.between(90, 180) } else { 110 };
    let mut text = String::with_capacity(512);
    // Sites that keep data to a minimum switch these contexts of the SDK off.
    if random.chance(90) {
        text += &format!(
            concat!(
                r#""device":{{"type":"{}","screenHeight":{},"screenWidth":{},"screenOrientation":"{}"}},"#,
                r#""environment":{{"type":"browser","operatingSystem":"{}","browserDetails":{{"#,
                r#""viewportWidth":{},"viewportHeight":{}"#
            ),
            browser.device,
            height,
            width,
            orientation,
            browser.system,
            width,
            height - chrome,
        );
        if random.chance(80) {
            text += &format!(r#","userAgent":"{}""#, browser.agent);
        }
        text += "}},";
    }
    text += &format!(r#""placeContext":{{"localTimezoneOffset":{},"localTime":""#, -place.east_minutes);
    text.into_bytes()
}

/// The SDK and the visitor's ECID: 38 digits, as the real ones.
fn identity(random: &mut Random) -> Vec<u8> {
    const DIGITS_19: u64 = 10_000_000_000_000_000_000;
    let (high, low) = (random.next() % DIGITS_19, random.next() % DIGITS_19);
    let state = if random.chance(25) { "authenticated" } else { "ambiguous" };
    format!(
        concat!(
            r#"","implementationDetails":{{"name":"https://ns.adobe.com/experience/alloy","#,
            r#""version":"2.33.1","environment":"browser"}},"#,
            r#""identityMap":{{"ECID":[{{"id":"{:019}{:019}","authenticatedState":"{}","primary":true}}]}}"#
        ),
        high, low, state,
    )
    .into_bytes()
}

fn call_back(random: &mut Random, place: &Place) -> Vec<u8> {
    let number: String = random
        .pick(place.numbers)
        .chars()
        .map(|c| if c == '#' { char::from(b'0' + random.below(10) as u8) } else { c })
        .collect();
    format!(
        r#""callBackNumber":{{"primary":true,"countryCode":"{}","number":"{number}","status":"active"}}"#,
        place.calling_code
    )
    .into_bytes()
}

fn reply_to(random: &mut Random) -> Vec<u8> {
    let name = random.pick(NAMES);
    let host = random.pick(MAIL_HOSTS);
    let kind = random.pick(&["personal", "work", "unknown"]);
    format!(
        concat!(
            r#""replyToEmailAddress":{{"primary":false,"address":"{}.{}@{}","#,
            r#""label":"{} Example","type":"{}","status":"active"}}"#
        ),
        name.to_ascii_lowercase(),
        random.below(10_000),
        host,
        name,
        kind,
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_person_for_the_same_number() {
        let (a, b, c) = (Visitor::new(1, 5), Visitor::new(1, 5), Visitor::new(1, 6));
        assert_eq!(a.after_timestamp, b.after_timestamp);
        assert_eq!(a.call_back, b.call_back);
        assert_ne!(a.after_timestamp, c.after_timestamp);
    }

    #[test]
    fn has_an_ecid_of_38_digits() {
        for index in 0..200 {
            let text = String::from_utf8(Visitor::new(3, index).after_timestamp).unwrap();
            let id = text.split(r#""id":""#).nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(id.len(), 38, "{text}");
            assert!(id.bytes().all(|b| b.is_ascii_digit()), "{id}");
        }
    }
}
