//! Paging by key: newest first, from a cursor, without counting what was skipped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::error::Error;

/// The most rows a page may have.
pub const MAX_PAGE: u32 = 100;

/// A place in a list ordered by time and identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time the list is ordered by.
    pub at: DateTime<Utc>,
    /// The identity that breaks ties.
    pub id: Uuid,
}

impl Cursor {
    /// The cursor as opaque text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = [0_u8; 24];
        bytes[..8].copy_from_slice(&self.at.timestamp_micros().to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor behind a text given by [`Cursor::to_text`]; `None` for any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (time, id) = bytes.split_at(8);
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(time.try_into().ok()?))?;
        Some(Self { at, id: Uuid::from_slice(id).ok()? })
    }
}

/// A record that has a place in a list.
pub trait Keyed {
    /// Its place.
    fn cursor(&self) -> Cursor;
}

/// Which part of a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many rows, 1 to [`MAX_PAGE`]; anything else is brought into that range.
    pub first: u32,
    /// Where to continue; the row at the cursor is not repeated. From the end of the list when absent.
    pub after: Option<Cursor>,
    /// Towards newer rows (the page *before* the cursor) instead of older ones.
    pub backward: bool,
}

impl Page {
    /// The first page.
    #[must_use]
    pub fn first(first: u32) -> Self {
        Self { first, after: None, backward: false }
    }

    /// Rows of the page.
    pub(super) fn size(&self) -> usize {
        self.first.clamp(1, MAX_PAGE) as usize
    }

    /// One more than the page has, to see whether there is more.
    pub(super) fn limit(&self) -> u64 {
        self.size() as u64 + 1
    }

    pub(super) fn order(&self) -> Order {
        if self.backward { Order::Asc } else { Order::Desc }
    }
}

/// A page of records, always newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOf<T> {
    /// The records.
    pub items: Vec<T>,
    /// Whether older ones follow.
    pub has_next: bool,
    /// Whether newer ones precede.
    pub has_previous: bool,
}

impl<T> PageOf<T> {
    /// From rows fetched in the direction of `page`, one more than wanted when there are more.
    pub(super) fn of(mut rows: Vec<T>, page: &Page) -> Self {
        let more = rows.len() > page.size();
        rows.truncate(page.size());
        let behind = page.after.is_some();
        if page.backward {
            rows.reverse();
            Self { items: rows, has_next: behind, has_previous: more }
        } else {
            Self { items: rows, has_next: more, has_previous: behind }
        }
    }
}

/// Rows beyond `cursor` in the direction of the page, by row-value comparison (both databases use the index for it).
fn beyond(at: SimpleExpr, id: SimpleExpr, page: &Page) -> Option<SimpleExpr> {
    let cursor = page.after?;
    let here = Expr::tuple([at, id]);
    let there = Expr::tuple([Expr::value(cursor.at), Expr::value(cursor.id)]);
    Some(if page.backward { here.gt(there) } else { here.lt(there) })
}

/// One page of `select`, ordered by (`at`, `id`), each row translated by `record`.
pub(super) async fn fetch<E, T>(
    db: &impl ConnectionTrait,
    mut select: Select<E>,
    at: impl ColumnTrait,
    id: impl ColumnTrait,
    page: &Page,
    record: impl Fn(E::Model) -> Result<T, Error>,
) -> Result<PageOf<T>, Error>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    if let Some(condition) = beyond(at.into_expr(), id.into_expr(), page) {
        select = select.filter(condition);
    }
    let rows = select.order_by(at, page.order()).order_by(id, page.order()).limit(page.limit()).all(db).await?;
    Ok(PageOf::of(rows.into_iter().map(record).collect::<Result<_, _>>()?, page))
}

/// The same for a select list that `record` reads by place.
pub(super) async fn fetch_cells<E: EntityTrait, T>(
    db: &impl ConnectionTrait,
    mut select: Select<E>,
    (at, id): (impl ColumnTrait, impl ColumnTrait),
    page: &Page,
    record: impl Fn(&QueryResult) -> Result<T, Error>,
) -> Result<PageOf<T>, Error> {
    if let Some(condition) = beyond(at.into_expr(), id.into_expr(), page) {
        select = select.filter(condition);
    }
    let select = select.order_by(at, page.order()).order_by(id, page.order()).limit(page.limit());
    let rows = db.query_all(&select.into_query()).await?;
    Ok(PageOf::of(rows.iter().map(record).collect::<Result<_, _>>()?, page))
}

/// How many rows `select` has, counting no further than `cap`.
pub(super) async fn count_capped<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    cap: u64,
) -> Result<u64, Error> {
    let mut rows = select.into_query();
    rows.clear_selects().expr(Expr::val(1)).limit(cap);
    let count = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(rows, "capped").to_owned();
    let count = db.query_one(&count).await?;
    let count: i64 = count.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(count.unsigned_abs())
}
