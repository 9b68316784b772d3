//! Uploads: announced with size and digest, received once, then made into a version or left to expire.

use billing::ids::UploadId;
use chrono::{DateTime, Utc};
use entities::plugin_uploads::{Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect};

use crate::error::Error;
use crate::store::column::{micros, storable};
use crate::store::connection::{Conn, Store, Tx};

/// An upload, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its identity.
    pub id: UploadId,
    /// The name the uploader gave.
    pub filename: String,
    /// Announced size in bytes.
    pub size: i64,
    /// Announced digest, hex.
    pub sha256: String,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
    /// When all bytes had arrived.
    pub received_at: Option<DateTime<Utc>>,
    /// When it was announced.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Meta {
    id: uuid::Uuid,
    filename: String,
    size: i64,
    sha256: String,
    expires_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

const META: [Column; 7] = [
    Column::Id,
    Column::Filename,
    Column::Size,
    Column::Sha256,
    Column::ExpiresAt,
    Column::ReceivedAt,
    Column::CreatedAt,
];

/// Announces an upload.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn insert_upload_in_tx(tx: &Tx, upload: &Upload) -> Result<(), Error> {
    let row = Model {
        id: upload.id.uuid(),
        filename: storable(&upload.filename),
        size: upload.size,
        sha256: upload.sha256.clone(),
        bytes: None,
        expires_at: micros(upload.expires_at),
        received_at: None,
        created_at: micros(upload.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// Keeps the bytes of an upload that has not expired; the same bytes may arrive again. Answers whether they were kept.
/// The caller has compared size and digest.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn receive_upload_in_tx(tx: &Tx, id: UploadId, bytes: &[u8], now: DateTime<Utc>) -> Result<bool, Error> {
    let result = Entity::update_many()
        .col_expr(Column::Bytes, Expr::value(bytes.to_vec()))
        .col_expr(Column::ReceivedAt, Expr::value(micros(now)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::ExpiresAt.gt(micros(now)))
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity, without its bytes.
///
/// # Errors
/// `Unavailable`.
pub async fn find_upload(conn: &impl Conn, id: UploadId) -> Result<Option<Upload>, Error> {
    let select = Entity::find().select_only().columns(META).filter(Column::Id.eq(id.uuid()));
    Ok(select.into_model::<Meta>().one(&conn.shared()).await?.map(record))
}

/// The bytes of an upload, when they have arrived.
///
/// # Errors
/// `Unavailable`.
pub async fn upload_bytes(conn: &impl Conn, id: UploadId) -> Result<Option<Vec<u8>>, Error> {
    let select = Entity::find().select_only().column(Column::Bytes).filter(Column::Id.eq(id.uuid()));
    let bytes: Option<Option<Vec<u8>>> = select.into_tuple().one(&conn.shared()).await?;
    Ok(bytes.flatten())
}

/// Removes an upload in the transaction that makes it a version; answers whether it was there, so that one upload
/// becomes one version.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn finish_upload_in_tx(tx: &Tx, id: UploadId) -> Result<bool, Error> {
    Ok(Entity::delete_by_id(id.uuid()).exec(&tx.shared()).await?.rows_affected == 1)
}

/// Removes uploads that expired; answers how many.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn purge_expired_uploads(store: &Store, now: DateTime<Utc>) -> Result<u64, Error> {
    let result = Entity::delete_many().filter(Column::ExpiresAt.lte(micros(now))).exec(&store.writer()).await?;
    Ok(result.rows_affected)
}

fn record(row: Meta) -> Upload {
    Upload {
        id: UploadId::from_uuid(row.id),
        filename: row.filename,
        size: row.size,
        sha256: row.sha256,
        expires_at: row.expires_at,
        received_at: row.received_at,
        created_at: row.created_at,
    }
}
