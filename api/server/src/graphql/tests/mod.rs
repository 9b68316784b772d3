//! What must hold over the whole schema, and a walk through it on a real database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod borders;
mod conventions;
mod journey;
