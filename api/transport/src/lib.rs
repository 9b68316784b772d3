//! GraphQL over HTTP and WebSocket to the letter of the specifications, between axum and an
//! async-graphql schema.
//!
//! This crate exists because the stock integration answers 200 to everything, leaks `Debug` text
//! and closes sockets with codes that make clients stop retrying for ever. It knows no billing
//! word: who may call, what an identity is and what the schema offers all come from outside.
//!
//! One request passes these rooms in this order: `http` or `ws` (framing), [`Authenticator`]
//! (who), `document` (how much, measured before async-graphql sees it), `execute` (time and
//! panics), `polish` (error codes and masking), and back out through `http::answer` or `ws::writer`.

pub mod code;
mod document;
mod envelope;
mod execute;
mod failure;
mod graphiql;
mod http;
mod identity;
mod limits;
mod mend;
mod payload;
mod polish;
mod request_id;
mod settings;
mod transport;
mod ws;

pub use graphiql::graphiql;
pub use identity::{Authenticator, Denied, PeerAddress};
pub use limits::Limits;
pub use request_id::RequestId;
pub use settings::{SocketSettings, TransportSettings};
pub use transport::{Drain, Transport};
