//! What is needed of an event before it is stored: its id and its time.

use xdm::{ListSlot, PersonalSlot, Plan, Sink, Slot, Span, StructSlot};

/// Keeps an event's `_id` and `timestamp` and nothing else.
pub(crate) struct HeadSink {
    id_slot: Slot,
    time_slot: Slot,
    id: String,
    has_id: bool,
    time: Option<i64>,
}

impl HeadSink {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (id_slot, time_slot) = (plan.id_slot(), plan.timestamp_slot());
        HeadSink { id_slot, time_slot, id: String::new(), has_id: false, time: None }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.has_id.then_some(self.id.as_str())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn time(&self) -> Option<i64> {
        self.time
    }

    /// Keeps no more memory than this for a next event.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        self.clear();
        self.id.clear();
        self.id.shrink_to(bytes);
    }

    /// Makes room for the next event.
    pub(crate) fn clear(&mut self) {
        self.has_id = false;
        self.time = None;
    }
}

impl Sink for HeadSink {
    const KEEPS: bool = false;

    #[inline]
    fn text(&mut self, slot: Slot, value: &str) {
        if slot == self.id_slot {
            self.id.clear();
            self.id.push_str(value);
            self.has_id = true;
        }
    }
    #[inline]
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        if slot == self.time_slot {
            self.time = Some(micros);
        }
    }
    #[inline]
    fn object(&mut self, _: StructSlot) {}
    #[inline]
    fn integer(&mut self, _: Slot, _: i64) {}
    #[inline]
    fn number(&mut self, _: Slot, _: f64) {}
    #[inline]
    fn boolean(&mut self, _: Slot, _: bool) {}
    #[inline]
    fn begin(&mut self, _: ListSlot) {}
    #[inline]
    fn item(&mut self, _: ListSlot) {}
    #[inline]
    fn end(&mut self, _: ListSlot) {}
    #[inline]
    fn extra(&mut self, _: &str, _: &str) {}
    #[inline]
    fn redacted(&mut self, _: Slot, _: &str, _: &[Span]) {}
    #[inline]
    fn personal(&mut self, _: Option<PersonalSlot>, _: &str, _: &str) {}
}
