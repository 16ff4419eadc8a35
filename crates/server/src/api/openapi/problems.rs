//! The problems that many routes can answer with, by what the routes do.

use crate::app::access::scope::Access;
use crate::app::route::RouteSpec;
use crate::http::problem::Code;

/// Receiving a body.
pub(crate) const RECEIVING: &[Code] = &[Code::BodyCut, Code::BodyTimeout, Code::BodyTooLarge, Code::Overloaded];
/// Taking in what is in it.
pub(crate) const TAKING_IN: &[Code] =
    &[Code::CodingBroken, Code::CodingUnsupported, Code::DiskFull, Code::Poisoned, Code::Stopping];
/// Finding the datastream that was named.
pub(crate) const DATASTREAM: &[Code] = &[Code::DatastreamMissing, Code::DatastreamUnknown, Code::DatastreamDisabled];
/// A call of the Edge Network API, around its body.
pub(crate) const EDGE_NETWORK: &[Code] = &[
    Code::QueryInvalid,
    Code::DatastreamMissing,
    Code::DatastreamUnknown,
    Code::DatastreamDisabled,
    Code::OriginRefused,
    Code::Unavailable,
];
/// Running a query.
pub(crate) const QUERYING: &[Code] = &[Code::SqlLimit, Code::SqlBusy, Code::Unavailable];

/// The problems of those who may not.
pub(super) fn of_access(route: &RouteSpec) -> Vec<Code> {
    let keys = [Code::KeyMissing, Code::KeyInvalid, Code::ScopeMissing, Code::KeyRestricted, Code::KeysUnreadable];
    let names = [Code::OriginForeign, Code::HostUnknown];
    match route.access {
        Access::Public | Access::Link => Vec::new(),
        Access::Collect => keys.to_vec(),
        Access::Key if route.content.is_fixed() => keys.to_vec(),
        Access::Key | Access::Read | Access::Desk | Access::Admin => [&keys[..], &names].concat(),
    }
}
