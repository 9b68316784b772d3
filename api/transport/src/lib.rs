//! GraphQL over HTTP, WebSocket and server-sent events to the letter of the specifications, between axum
//! and an async-graphql schema.
//!
//! This crate exists because the stock integration answers 200 to everything, leaks `Debug` text
//! and closes sockets with codes that make clients stop retrying for ever. It knows no billing
//! word: who may call, what an identity is and what the schema offers all come from outside.
//!
//! One operation passes these rooms in this order: `http`, `events` or `ws` (framing), [`Authenticator`]
//! (who), `documents` (which text), `document` (how much, measured before async-graphql sees it), `cost`
//! and [`Budget`] (for what price), `execute` (time and panics), `shape` (what the answer must look like), `polish` (error codes and masking), and
//! back out through `http::answer`, `events` or `ws::writer`.

mod admit;
mod budget;
mod census;
pub mod code;
mod cost;
mod document;
mod documents;
mod envelope;
mod events;
mod execute;
mod failure;
mod files;
mod graphiql;
mod http;
mod identity;
mod inspect;
mod limits;
mod observer;
mod payload;
mod polish;
mod report;
mod request_id;
mod settings;
mod shape;
mod transport;
mod ws;

pub use budget::{Bucket, Budget, Charge};
pub use cost::{Arguments, CostModel, CostModelError, CostSettings, FieldCost};
pub use documents::TrustedDocuments;
pub use events::{LastEventId, cursor_of};
pub use graphiql::graphiql;
pub use identity::{Authenticator, Caller, Denied, PeerAddress};
pub use inspect::{Inspection, Inspector, Refusal};
pub use limits::Limits;
pub use observer::{Observer, OperationKind, Outcome};
pub use report::LimitsReport;
pub use request_id::RequestId;
pub use settings::{EventSettings, SocketSettings, TransportSettings, UploadSettings};
pub use transport::{Drain, SchemaText, Transport};
