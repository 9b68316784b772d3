//! Relay connections: pages by key, a capped count that is only made when asked for, and their price.

use async_graphql::{Items, Object, OutputType, SimpleObject, TypeName};
use futures_util::future::BoxFuture;
use std::borrow::Cow;
use tokio::sync::OnceCell;

use super::cursor::List;
use super::fault::Result;
use crate::error::Error;
use crate::store::{Cursor, Keyed, Page, PageOf};

/// Items on a page when nothing is said.
pub(super) const DEFAULT_PAGE: i32 = 25;

/// Items on a page at most.
pub(super) const LARGEST_PAGE: i32 = 100;

/// How far `totalCount` counts.
pub(super) const COUNT_CAP: u64 = 10_000;

/// Which page, as the client said it.
#[derive(Clone, Debug, Default)]
pub(super) struct PageArgs {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

impl PageArgs {
    pub(super) fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Self {
        Self { first, after, last, before }
    }

    /// Whether it reads from the end of the list.
    pub(super) fn is_backward(&self) -> Result<bool, Error> {
        let backward = self.last.is_some() || self.before.is_some();
        if backward && (self.first.is_some() || self.after.is_some()) {
            return Err(Error::invalid(
                "BAD_PAGE",
                "Use first and after to read forward, or last and before to read backward, not both.",
            )
            .at(["first"]));
        }
        Ok(backward)
    }

    /// How many items.
    pub(super) fn size(&self) -> Result<u32, Error> {
        let (field, size) = match (self.first, self.last) {
            (Some(first), _) => ("first", first),
            (None, last) => ("last", last.unwrap_or(DEFAULT_PAGE)),
        };
        match u32::try_from(size) {
            Ok(found) if (1..=LARGEST_PAGE).contains(&size) => Ok(found),
            _ => Err(Error::invalid("BAD_PAGE", format!("{field} must be from 1 to {LARGEST_PAGE}.")).at([field])),
        }
    }

    /// The page of a list that is ordered by time and identity.
    pub(super) fn page(&self, list: &List) -> Result<Page, Error> {
        let backward = self.is_backward()?;
        let (field, cursor) = if backward { ("before", &self.before) } else { ("after", &self.after) };
        let after = cursor.as_ref().map(|cursor| list.place(cursor, field)).transpose()?;
        Ok(Page { first: self.size()?, after, backward })
    }
}

/// Counts a list when asked to, no further than [`COUNT_CAP`] and one.
pub(super) type Counter = Box<dyn Fn() -> BoxFuture<'static, Result<u64, Error>> + Send + Sync>;

/// A counter from a closure that makes a future.
pub(super) fn counter<F, Fut>(count: F) -> Counter
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<u64, Error>> + Send + 'static,
{
    Box::new(move || Box::pin(count()))
}

/// A page of `T`.
pub(super) struct Connection<T> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
    counter: Counter,
    count: OnceCell<u64>,
}

impl<T> Connection<T> {
    /// From rows of the store.
    pub(super) fn of<R: Keyed>(rows: PageOf<R>, list: &List, counter: Counter, wrap: impl Fn(R) -> T) -> Self {
        let edges =
            rows.items.into_iter().map(|row| Edge { cursor: list.cursor(&row.cursor()), node: wrap(row) }).collect();
        Self::from_edges(edges, rows.has_previous, rows.has_next, counter)
    }

    /// From items that know their cursors.
    pub(super) fn from_edges(
        edges: Vec<Edge<T>>,
        has_previous_page: bool,
        has_next_page: bool,
        counter: Counter,
    ) -> Self {
        let page_info = PageInfo::of(&edges, has_previous_page, has_next_page);
        Self { edges, page_info, counter, count: OnceCell::new() }
    }

    async fn counted(&self) -> Result<u64, Error> {
        self.count.get_or_try_init(|| (self.counter)()).await.copied()
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <T as OutputType>::type_name()).into()
    }
}

/// A page of a list, with what is needed to read on.
#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// The items of the page with a cursor each.
    async fn edges(&self) -> Items<&Edge<T>> {
        self.edges.iter().collect()
    }

    /// The items of the page, for clients that need no cursor of each.
    async fn nodes(&self) -> Items<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many items the whole list has, counted up to 10,000 and only when this is asked for.
    async fn total_count(&self) -> Result<i32> {
        Ok(i32::try_from(self.counted().await?.min(COUNT_CAP)).unwrap_or(i32::MAX))
    }

    /// Whether the list has more items than `totalCount` says.
    async fn total_count_capped(&self) -> Result<bool> {
        Ok(self.counted().await? > COUNT_CAP)
    }
}

/// An item with its cursor.
pub(super) struct Edge<T> {
    pub(super) cursor: String,
    pub(super) node: T,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <T as OutputType>::type_name()).into()
    }
}

/// An item of a list with its place in it.
#[Object(name_type)]
impl<T: OutputType> Edge<T> {
    /// The place of the item, for `after` or `before`. Opaque; only good for the same list.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The item.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// Where a page lies in its list.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// Whether there are items before the page.
    has_previous_page: bool,
    /// Whether there are items after the page.
    has_next_page: bool,
    /// The cursor of the first item; null when the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last item; null when the page is empty.
    end_cursor: Option<String>,
}

impl PageInfo {
    pub(super) fn of<T>(edges: &[Edge<T>], has_previous_page: bool, has_next_page: bool) -> Self {
        let cursor = |edge: Option<&Edge<T>>| edge.map(|edge| edge.cursor.clone());
        Self { has_previous_page, has_next_page, start_cursor: cursor(edges.first()), end_cursor: cursor(edges.last()) }
    }
}

/// The page of a list that is short enough to be in memory, newest first as the store does it.
pub(super) fn page_of<R>(mut items: Vec<R>, page: &Page, place: impl Fn(&R) -> Cursor) -> PageOf<R> {
    let key = |cursor: Cursor| (cursor.at, cursor.id);
    items.sort_by_key(|item| std::cmp::Reverse(key(place(item))));
    let size = page.first as usize;
    if let Some(cursor) = page.after {
        items
            .retain(|item| if page.backward { key(place(item)) > key(cursor) } else { key(place(item)) < key(cursor) });
    }
    let more = items.len() > size;
    let behind = page.after.is_some();
    if page.backward {
        items.drain(..items.len().saturating_sub(size));
        return PageOf { items, has_next: behind, has_previous: more };
    }
    items.truncate(size);
    PageOf { items, has_next: more, has_previous: behind }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    #[test]
    fn pages_have_a_size_and_a_direction() {
        let list = List::of("x", ());
        let args = |first, last| PageArgs { first, last, ..PageArgs::default() };
        assert_eq!(args(None, None).page(&list).unwrap().first, 25);
        assert!(args(None, Some(3)).page(&list).unwrap().backward);
        for bad in [
            args(Some(0), None),
            args(Some(101), None),
            args(Some(-1), None),
            args(Some(1), Some(1)),
            args(None, Some(0)),
        ] {
            assert_eq!(bad.page(&list).unwrap_err().code, "BAD_PAGE");
        }
    }

    #[test]
    fn a_list_in_memory_pages_both_ways() {
        let at = |number: &u8| Cursor { at: DateTime::from_timestamp(i64::from(*number), 0).unwrap(), id: Uuid::nil() };
        let all = || vec![1_u8, 2, 3, 4, 5];
        let first = page_of(all(), &Page { first: 2, after: None, backward: false }, at);
        assert_eq!((first.items, first.has_next, first.has_previous), (vec![5, 4], true, false));
        let next = page_of(all(), &Page { first: 9, after: Some(at(&4)), backward: false }, at);
        assert_eq!((next.items, next.has_next, next.has_previous), (vec![3, 2, 1], false, true));
        let back = page_of(all(), &Page { first: 1, after: Some(at(&3)), backward: true }, at);
        assert_eq!((back.items, back.has_next, back.has_previous), (vec![4], true, true));
    }
}
