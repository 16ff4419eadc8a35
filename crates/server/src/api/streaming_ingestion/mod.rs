//! Adobe's streaming-ingestion API, so that a sender of it only changes its address.
//!
//! `POST /collection/{inletId}` takes one message, `POST /collection/batch/{inletId}`
//! many; below any base path, since one host of the original has one. A message is an
//! envelope around one event; the event goes to the same pipeline as any other, into the
//! datastream that the inlet feeds. Shapes, names and statuses are those of the original
//! (Adobe's documentation of streaming validation and of multiple messages). Where it
//! differs:
//!
//! * Every broken rule is reported, not the first five, and in batches too.
//! * An invalid message is kept in `rejects` in every mode. The original drops it when
//!   asked to validate at once; here the sender still gets its 400.
//! * Without `syncValidation` a readable message gets its 200 whether or not it is valid,
//!   as in the original; what was invalid is in `rejects`.
//! * `imsOrgId`, `datasetId` and `schemaRef` are not compared with anything: there is one
//!   schema, and the inlet says where events go.

pub(super) mod batch;
mod envelope;
mod inlet;
pub(super) mod message;
mod reply;
