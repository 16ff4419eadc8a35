//! The numbers of the texts of events that are given as columns.

use super::{EventColumns, IntegerColumn};
use crate::device::Environment;
use crate::rows::{Added, NO_TEXT, Numbering};
use crate::text::{cut_bytes, page_bytes};
use crate::{Device, INTERNAL_REFERRER};

impl Numbering {
    /// Sets the numbers of the events' texts.
    pub(super) fn name(&mut self, columns: &EventColumns<'_>, events: &mut [Added]) {
        self.name_texts(columns, events);
        self.name_devices(columns, events);
        self.name_referrers(columns, events);
    }

    fn name_texts(&mut self, columns: &EventColumns<'_>, events: &mut [Added]) {
        let Numbering { interners: [datastreams, subjects, pages, ..], made, .. } = self;
        let mut of_datastream = made.datastreams.of(columns.datastreams.as_ref());
        let mut of_subject = made.subjects.of(columns.subjects.as_ref());
        let mut of_url = made.pages.of(columns.page_urls.as_ref());
        let mut of_name = made.page_names.of(columns.page_names.as_ref());
        for event in events {
            let row = event.row;
            let [datastream, subject, page, ..] = &mut event.texts;
            *datastream = number(of_datastream.row(row, |text| datastreams.intern_bytes(Some(text))));
            *subject = number(of_subject.row(row, |text| subjects.intern_bytes(Some(cut_bytes(text)))));
            *page = number(of_url.row(row, |url| pages.intern_bytes(page_bytes(Some(url), None).map(cut_bytes))));
            if *page == NO_TEXT {
                *page =
                    number(of_name.row(row, |name| pages.intern_bytes(page_bytes(None, Some(name)).map(cut_bytes))));
            }
        }
    }

    fn name_devices(&mut self, columns: &EventColumns<'_>, events: &mut [Added]) {
        let Numbering { interners: [.., devices, _], made, .. } = self;
        let mut numbers = [None; Device::ALL.len()];
        let mut of_environment = made.environments.of(columns.environments.as_ref());
        let mut of_kind = made.devices.of(columns.device_types.as_ref());
        for event in events {
            let row = event.row;
            let integer = |column: &Option<IntegerColumn<'_>>| column.as_ref().and_then(|column| column.get(row));
            let environment = of_environment.row(row, Environment::of).flatten();
            let kind = of_kind.row(row, Device::of_kind).flatten();
            let screen = || integer(&columns.screen_widths).zip(integer(&columns.screen_heights));
            let device = Device::told(environment, kind, screen, || integer(&columns.viewport_widths));
            let [.., of_device, _] = &mut event.texts;
            *of_device = device.map_or(NO_TEXT, |device| {
                *numbers[device as usize].get_or_insert_with(|| devices.intern(Some(device.name())))
            });
        }
    }

    fn name_referrers(&mut self, columns: &EventColumns<'_>, events: &mut [Added]) {
        let Numbering { interners: [.., referrers], hosts, made, .. } = self;
        let mut internal = None;
        let mut of_url = made.hosts_of_referrers.of(columns.referrer_urls.as_ref());
        let mut of_page = made.hosts_of_pages.of(columns.page_urls.as_ref());
        for event in events {
            let row = event.row;
            let host = number(of_url.row(row, |url| hosts.number(url)));
            if host == NO_TEXT {
                continue;
            }
            let own = number(of_page.row(row, |url| hosts.number(url)));
            let [.., of_referrer] = &mut event.texts;
            *of_referrer = match own == host {
                true => *internal.get_or_insert_with(|| referrers.intern(Some(INTERNAL_REFERRER))),
                false => hosts.referrer(host, referrers),
            };
        }
    }
}

fn number(made: Option<u32>) -> u32 {
    made.unwrap_or(NO_TEXT)
}
