//! async-graphql as the schema sees it: everything it has, with two parts of its own.
//!
//! The stock resolver makes a task on the heap of each field of each object and lets a set of tasks find out that
//! nearly all of them had nothing to wait for; on a page of fifty invoices that is most of the work. Here a field is
//! asked once where it stands, and only one that has to wait becomes a task.
//!
//! The server depends on this crate under the name `async_graphql`, so that what the derive macros write,
//! `::async_graphql::resolver_utils::resolve_container`, is what stands here. Lists that may be long return [`Items`]:
//! how a `Vec` is resolved belongs to the library. Extensions that want to see each field would see none.

mod container;
mod gather;
mod items;

pub use async_graphql::*;

pub use self::items::Items;

/// How values become answers; see the head of the crate.
pub mod resolver_utils {
    pub use async_graphql::resolver_utils::*;

    pub use crate::container::resolve_container;
}

#[cfg(test)]
mod tests;
