//! The schemas that come with this crate, written in our own words after the public
//! vocabulary; `schemas/README.md` says what differs. A test compares this list with the
//! folder.

/// The text of each bundled schema.
pub(crate) const TEXTS: &[&str] = &[
    include_str!("../../schemas/GeoCircle.json"),
    include_str!("../../schemas/GeoCoordinates.json"),
    include_str!("../../schemas/GeoShape.json"),
    include_str!("../../schemas/browserdetails.json"),
    include_str!("../../schemas/channel.json"),
    include_str!("../../schemas/device.json"),
    include_str!("../../schemas/emailaddress.json"),
    include_str!("../../schemas/environment.json"),
    include_str!("../../schemas/experienceevent-channel.json"),
    include_str!("../../schemas/experienceevent-contact-request-details.json"),
    include_str!("../../schemas/experienceevent-environment-details.json"),
    include_str!("../../schemas/experienceevent-implementation-details.json"),
    include_str!("../../schemas/experienceevent-web.json"),
    include_str!("../../schemas/experienceevent.json"),
    include_str!("../../schemas/extensible.json"),
    include_str!("../../schemas/geo.json"),
    include_str!("../../schemas/identityitem.json"),
    include_str!("../../schemas/identitymap.json"),
    include_str!("../../schemas/implementationdetails.json"),
    include_str!("../../schemas/keyedlist.json"),
    include_str!("../../schemas/keyvalue.json"),
    include_str!("../../schemas/measure.json"),
    include_str!("../../schemas/phonenumber.json"),
    include_str!("../../schemas/placecontext.json"),
    include_str!("../../schemas/poi-detail.json"),
    include_str!("../../schemas/time-series.json"),
    include_str!("../../schemas/webinfo.json"),
];
