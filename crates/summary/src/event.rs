//! One stored event, as far as the numbers need it.

/// One event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// When it happened: microseconds since 1970-01-01T00:00:00Z.
    pub micros: i64,
    /// When it was received, likewise.
    pub received_micros: i64,
    /// The datastream that it came in by.
    pub datastream: &'a str,
    /// The view's column `visitor`.
    pub visitor: Option<&'a str>,
    /// `chatSessionID`.
    pub session: Option<&'a str>,
    /// `subject`.
    pub subject: Option<&'a str>,
    /// The view's column `page`.
    pub page: Option<&'a str>,
    /// The view's column `device`.
    pub device: Option<&'a str>,
    /// The view's column `referrer`.
    pub referrer: Option<&'a str>,
    /// The counters as they were sent, in the order of [`Counter::ALL`](crate::Counter::ALL).
    pub counters: [Option<i64>; 8],
    /// Whether the event's time is marked as far from that of its receipt (`time_anomaly`).
    pub is_time_off: bool,
}
