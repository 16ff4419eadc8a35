//! The numbers of the texts of events that are given as columns.

use super::made::Made;
use super::{EventColumns, IntegerColumn, TextColumn};
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
        let mut datastream = |text: &[u8]| datastreams.intern_bytes(Some(text));
        let mut subject = |text: &[u8]| subjects.intern_bytes(Some(cut_bytes(text)));
        for event in events {
            let row = event.row;
            let [of_datastream, of_subject, of_page, ..] = &mut event.texts;
            *of_datastream = number(&mut made.datastreams, &columns.datastreams, row, &mut datastream);
            *of_subject = number(&mut made.subjects, &columns.subjects, row, &mut subject);
            *of_page = number(&mut made.pages, &columns.page_urls, row, |url| {
                pages.intern_bytes(page_bytes(Some(url), None).map(cut_bytes))
            });
            if *of_page == NO_TEXT {
                *of_page = number(&mut made.page_names, &columns.page_names, row, |name| {
                    pages.intern_bytes(page_bytes(None, Some(name)).map(cut_bytes))
                });
            }
        }
    }

    fn name_devices(&mut self, columns: &EventColumns<'_>, events: &mut [Added]) {
        let Numbering { interners: [.., devices, _], made, .. } = self;
        let mut numbers = [None; Device::ALL.len()];
        for event in events {
            let row = event.row;
            let integer = |column: &Option<IntegerColumn<'_>>| column.as_ref().and_then(|column| column.get(row));
            let environment = made.environments.of(&columns.environments, row, Environment::of).flatten();
            let kind = made.devices.of(&columns.device_types, row, Device::of_kind).flatten();
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
        for event in events {
            let row = event.row;
            let host = number(&mut made.hosts_of_referrers, &columns.referrer_urls, row, |url| hosts.number(url));
            if host == NO_TEXT {
                continue;
            }
            let own = number(&mut made.hosts_of_pages, &columns.page_urls, row, |url| hosts.number(url));
            let [.., of_referrer] = &mut event.texts;
            *of_referrer = match own == host {
                true => *internal.get_or_insert_with(|| referrers.intern(Some(INTERNAL_REFERRER))),
                false => hosts.referrer(host, referrers),
            };
        }
    }
}

fn number(made: &mut Made<u32>, column: &Option<TextColumn<'_>>, row: usize, make: impl FnOnce(&[u8]) -> u32) -> u32 {
    made.of(column, row, make).unwrap_or(NO_TEXT)
}
