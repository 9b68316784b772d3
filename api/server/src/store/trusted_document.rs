//! The documents of the operator's front ends: found by the digest of their text, which never changes.

use billing::ids::{ApiKeyId, TrustedDocumentId};
use chrono::{DateTime, Utc};
use entities::trusted_documents::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::column::micros;
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

/// Rows per statement; well below the parameters a statement may have on either database.
const CHUNK: usize = 100;

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedDocument {
    /// Its identity.
    pub id: TrustedDocumentId,
    /// SHA-256 of its text, in lower-case hexadecimal; unique.
    pub digest: String,
    /// The text.
    pub text: String,
    /// What people call it.
    pub name: String,
    /// The key that registered it.
    pub registered_by: ApiKeyId,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl Keyed for TrustedDocument {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds those whose digests are not there yet; the others stay as they are.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, documents: &[TrustedDocument]) -> Result<(), Error> {
    for chunk in documents.chunks(CHUNK) {
        let rows = chunk.iter().map(|document| {
            let row = Model {
                id: document.id.uuid(),
                digest: document.digest.clone(),
                text: document.text.clone(),
                name: document.name.clone(),
                registered_by: document.registered_by.uuid(),
                created_at: micros(document.created_at),
            };
            row.into_active_model()
        });
        Entity::insert_many(rows)
            .on_conflict_do_nothing_on([Column::Digest])
            .exec_without_returning(&tx.shared())
            .await?;
    }
    Ok(())
}

/// Removes one; answers whether it was there.
///
/// # Errors
/// `Unavailable`.
pub async fn remove_in_tx(tx: &Tx, id: TrustedDocumentId) -> Result<bool, Error> {
    Ok(Entity::delete_by_id(id.uuid()).exec(&tx.shared()).await?.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`.
pub async fn find(conn: &impl Conn, id: TrustedDocumentId) -> Result<Option<TrustedDocument>, Error> {
    Ok(Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record))
}

/// One by the digest of its text.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_digest(conn: &impl Conn, digest: &str) -> Result<Option<TrustedDocument>, Error> {
    Ok(Entity::find().filter(Column::Digest.eq(digest)).one(&conn.shared()).await?.map(record))
}

/// Several by the digests of their texts, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_digests(conn: &impl Conn, digests: &[String]) -> Result<Vec<TrustedDocument>, Error> {
    let mut found = Vec::new();
    for chunk in digests.chunks(CHUNK) {
        let rows = Entity::find().filter(Column::Digest.is_in(chunk)).all(&conn.shared()).await?;
        found.extend(rows.into_iter().map(record));
    }
    Ok(found)
}

/// A page of all of them.
///
/// # Errors
/// `Unavailable`.
pub async fn page(conn: &impl Conn, page: &Page) -> Result<PageOf<TrustedDocument>, Error> {
    page::fetch(&conn.shared(), Entity::find(), Column::CreatedAt, Column::Id, page, |row| Ok(record(row))).await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.shared(), Entity::find(), cap).await
}

fn record(row: Model) -> TrustedDocument {
    TrustedDocument {
        id: TrustedDocumentId::from_uuid(row.id),
        digest: row.digest,
        text: row.text,
        name: row.name,
        registered_by: ApiKeyId::from_uuid(row.registered_by),
        created_at: row.created_at,
    }
}
