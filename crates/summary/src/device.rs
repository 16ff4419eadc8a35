//! What kind of device an event comes from, by what the event says.
//!
//! The Web SDK sends no kind: it sends `environment.type` (`browser`) and the size of the screen in CSS
//! pixels; our tag sends the width of the window. Other senders fill in `device.type`. The `User-Agent` header isn't looked at, since it isn't stored.

/// A kind of device. An event of which none is known has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// A computer with a desk or a lap under it.
    Desktop,
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
    /// An application of the site's own, on whatever it runs.
    App,
    /// Anything else that is known: a television, a console, a reader, a thing.
    Other,
}

/// The shorter side of a tablet's screen at least, and of a telephone's less, in CSS pixels: Android's
/// `sw600dp`.
pub const TABLET_SIDE_MIN: i64 = 600;

/// The shorter side of a tablet's screen at most, in CSS pixels: that of the largest iPad. What is larger and
/// upright is a monitor that stands on its side.
pub const TABLET_SIDE_MAX: i64 = 1_032;

/// What an event says of its device.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceSigns<'a> {
    /// `device.type`.
    pub kind: Option<&'a [u8]>,
    /// `environment.type`.
    pub environment: Option<&'a [u8]>,
    /// `device.screenWidth`.
    pub screen_width: Option<i64>,
    /// `device.screenHeight`.
    pub screen_height: Option<i64>,
    /// `environment.browserDetails.viewportWidth`.
    pub viewport_width: Option<i64>,
}

/// What an `environment.type` tells of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    Application,
    Browser,
    Other,
}

impl Environment {
    pub(crate) fn of(text: &[u8]) -> Option<Environment> {
        match text {
            [] => None,
            text if is_any(text, &["application"]) => Some(Environment::Application),
            text if is_any(text, &["browser"]) => Some(Environment::Browser),
            _ => Some(Environment::Other),
        }
    }
}

fn is_any(text: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes()))
}

impl Device {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Device; 5] = [Device::Desktop, Device::Mobile, Device::Tablet, Device::App, Device::Other];

    /// As in the views' column `device`, in filters, in JSON and in CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Device::Desktop => "desktop",
            Device::Mobile => "mobile",
            Device::Tablet => "tablet",
            Device::App => "app",
            Device::Other => "other",
        }
    }

    /// Its name in prose.
    pub const fn label(self) -> &'static str {
        match self {
            Device::Desktop => "Desktop",
            Device::Mobile => "Mobile",
            Device::Tablet => "Tablet",
            Device::App => "App",
            Device::Other => "Other",
        }
    }

    /// The kind that the signs show, the first of these that applies: an environment `application` is an app; a
    /// kind that is named is that one; an environment other than a browser is another; a screen tells by its
    /// size, and without one the width of the window.
    pub fn of(signs: &DeviceSigns<'_>) -> Option<Device> {
        let environment = signs.environment.and_then(Environment::of);
        let screen = || signs.screen_width.zip(signs.screen_height);
        Device::told(environment, signs.kind.and_then(Device::of_kind), screen, || signs.viewport_width)
    }

    /// As [`of`](Device::of), of signs that were looked at.
    pub(crate) fn told(
        environment: Option<Environment>,
        kind: Option<Device>,
        screen: impl FnOnce() -> Option<(i64, i64)>,
        window_width: impl FnOnce() -> Option<i64>,
    ) -> Option<Device> {
        match (environment, kind) {
            (Some(Environment::Application), _) => Some(Device::App),
            (_, Some(kind)) => Some(kind),
            (Some(Environment::Other), None) => Some(Device::Other),
            (Some(Environment::Browser) | None, None) => screen()
                .and_then(|(width, height)| Device::of_screen(width, height))
                .or_else(|| Device::of_window(window_width()?)),
        }
    }

    /// By a `device.type`.
    pub(crate) fn of_kind(kind: &[u8]) -> Option<Device> {
        match kind {
            [] => None,
            kind if is_any(kind, &["desktop", "computers"]) => Some(Device::Desktop),
            kind if is_any(kind, &["mobile"]) => Some(Device::Mobile),
            kind if is_any(kind, &["tablet"]) => Some(Device::Tablet),
            _ => Some(Device::Other),
        }
    }

    /// By a screen's size in CSS pixels. A tablet that tells its size as it is held, on its side, is taken for a
    /// desktop; one of Apple's always tells it upright.
    fn of_screen(width: i64, height: i64) -> Option<Device> {
        match width.min(height) {
            ..=0 => None,
            1..TABLET_SIDE_MIN => Some(Device::Mobile),
            TABLET_SIDE_MIN..=TABLET_SIDE_MAX if width < height => Some(Device::Tablet),
            _ => Some(Device::Desktop),
        }
    }

    /// By the width of a browser's window in CSS pixels, which tells tablets from nothing: they are taken for
    /// desktops.
    fn of_window(width: i64) -> Option<Device> {
        match width {
            ..=0 => None,
            1..TABLET_SIDE_MIN => Some(Device::Mobile),
            _ => Some(Device::Desktop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_what_its_event_says() {
        let check = |kind: &str, environment: &str, width: i64, height: i64, expect: Option<Device>| {
            let text = |text: &'static str| (text != "-").then_some(text.as_bytes());
            let signs = DeviceSigns {
                kind: text(Box::leak(kind.to_owned().into_boxed_str())),
                environment: text(Box::leak(environment.to_owned().into_boxed_str())),
                screen_width: Some(width),
                screen_height: Some(height),
                viewport_width: None,
            };
            assert_eq!(Device::of(&signs), expect, "{kind} {environment} {width} {height}");
        };
        check("mobile", "browser", 1_920, 1_080, Some(Device::Mobile));
        check("Tablet", "-", 0, 0, Some(Device::Tablet));
        check("computers", "-", 0, 0, Some(Device::Desktop));
        check("desktop", "widget", 0, 0, Some(Device::Desktop));
        check("tv screens", "browser", 393, 852, Some(Device::Other));
        check("mobile", "application", 393, 852, Some(Device::App));
        check("-", "Application", 0, 0, Some(Device::App));
        check("", "iot", 393, 852, Some(Device::Other));
        check("-", "external", 0, 0, Some(Device::Other));
        for environment in ["browser", "", "-"] {
            check("-", environment, 393, 852, Some(Device::Mobile));
            check("-", environment, 852, 393, Some(Device::Mobile));
            check("-", environment, 599, 5_000, Some(Device::Mobile));
            check("-", environment, 600, 960, Some(Device::Tablet));
            check("-", environment, 1_032, 1_376, Some(Device::Tablet));
            check("-", environment, 1_033, 1_376, Some(Device::Desktop));
            check("-", environment, 1_080, 1_920, Some(Device::Desktop));
            check("-", environment, 1_280, 800, Some(Device::Desktop));
            check("-", environment, 800, 800, Some(Device::Desktop));
            check("-", environment, 0, 800, None);
            check("-", environment, -1, 800, None);
            check("-", environment, i64::MIN, i64::MAX, None);
        }
        assert_eq!(Device::of(&DeviceSigns { screen_width: Some(300), ..DeviceSigns::default() }), None);
        assert_eq!(Device::of(&DeviceSigns::default()), None);
        for (width, expect) in [(-1, None), (0, None), (599, Some(Device::Mobile)), (600, Some(Device::Desktop))] {
            let signs = DeviceSigns { viewport_width: Some(width), ..DeviceSigns::default() };
            assert_eq!(Device::of(&signs), expect, "{width}");
            let with_screen = DeviceSigns { screen_width: Some(1_180), screen_height: Some(1_366), ..signs };
            assert_eq!(Device::of(&with_screen), Some(Device::Desktop), "a screen tells more");
            let with_none = DeviceSigns { screen_width: Some(0), screen_height: Some(0), ..signs };
            assert_eq!(Device::of(&with_none), expect);
        }
    }
}
