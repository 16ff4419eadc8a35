//! What kinds of devices and referrers are called.

use report::{Device, INTERNAL_REFERRER};

use crate::text;

/// Events that don't tell their device.
pub(crate) const UNKNOWN_DEVICE: &str = "Unknown";
/// Events that have no referrer.
const NO_REFERRER: &str = "None (typed, bookmarked or kept back)";

/// A kind of device; the empty one is unknown, and so is the word that filters have for it.
pub(crate) fn device(value: &str) -> String {
    if value.is_empty() || value == report::UNKNOWN_DEVICE {
        return UNKNOWN_DEVICE.to_owned();
    }
    let known = Device::ALL.into_iter().find(|device| device.name() == value);
    known.map_or_else(|| text::shown(value), |device| device.label().to_owned())
}

/// A referrer, likewise.
pub(crate) fn referrer(value: &str) -> String {
    match value {
        "" | report::NO_REFERRER => NO_REFERRER.to_owned(),
        INTERNAL_REFERRER => "Pages of the same host".to_owned(),
        host => text::shown(host),
    }
}
