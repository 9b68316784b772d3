//! Legal entities of the operator that issue invoices: records ⇄ rows.

use billing::ids::IssuingEntityId;
use billing::tax::TaxRegime;
use chrono::{DateTime, Utc};
use entities::issuing_entities::{Column, Entity, Model};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use super::column::{from_json, micros, to_json};
use super::connection::{Conn, Tx};
use super::parameters::{self, ParameterRow};
use crate::error::Error;

const TABLE: &str = "issuing_entities";

/// A legal entity that issues invoices.
#[derive(Clone, Debug, PartialEq)]
pub struct IssuingEntity {
    /// Its identity.
    pub id: IssuingEntityId,
    /// What the operator calls it.
    pub name: String,
    /// Its name on documents.
    pub legal_name: String,
    /// Address lines.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// State or province, where the tax law asks for it.
    pub region: Option<String>,
    /// Tax registration number.
    pub tax_id: Option<String>,
    /// Which taxes apply.
    pub tax_regime: TaxRegime,
    /// `#rrggbb`.
    pub brand_colour: String,
    /// PNG or JPEG bytes.
    pub logo: Option<Vec<u8>>,
    /// What invoice numbers begin with; unique.
    pub invoice_prefix: String,
    /// Days between issue and due date.
    pub payment_terms_days: i32,
    /// Text at the foot of each page.
    pub footer: String,
    /// Raised by each update; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct RegimeRow {
    model: String,
    parameters: Vec<ParameterRow>,
}

/// Adds one; a taken invoice prefix is a `Conflict` (see [`super::is_taken`]).
///
/// # Errors
/// `Conflict`, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, entity: &IssuingEntity) -> Result<(), Error> {
    Entity::insert(row(entity)?.into_active_model()).exec_without_returning(&tx.shared()).await?;
    Ok(())
}

/// Replaces one that still has `entity.version`; answers whether it had. The stored version is then one higher.
///
/// # Errors
/// `Conflict` for a taken invoice prefix, `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, entity: &IssuingEntity) -> Result<bool, Error> {
    let mut row = row(entity)?;
    row.version += 1;
    let mut change = row.into_active_model().reset_all();
    change.id = ActiveValue::NotSet;
    let result = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(entity.id.uuid()))
        .filter(Column::Version.eq(entity.version))
        .exec(&tx.shared())
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: IssuingEntityId) -> Result<Option<IssuingEntity>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.shared()).await?.map(record).transpose()
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(conn: &impl Conn, ids: &[IssuingEntityId]) -> Result<Vec<IssuingEntity>, Error> {
    let ids = ids.iter().map(|id| id.uuid());
    Entity::find().filter(Column::Id.is_in(ids)).all(&conn.shared()).await?.into_iter().map(record).collect()
}

/// All of them, oldest first; there are few.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn list(conn: &impl Conn) -> Result<Vec<IssuingEntity>, Error> {
    let rows = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&conn.shared()).await?;
    rows.into_iter().map(record).collect()
}

fn row(entity: &IssuingEntity) -> Result<Model, Error> {
    let regime = RegimeRow {
        model: entity.tax_regime.model.clone(),
        parameters: parameters::to_rows(&entity.tax_regime.parameters),
    };
    Ok(Model {
        id: entity.id.uuid(),
        name: entity.name.clone(),
        legal_name: entity.legal_name.clone(),
        address: to_json(&entity.address)?,
        country: entity.country.clone(),
        region: entity.region.clone(),
        tax_id: entity.tax_id.clone(),
        tax_regime: to_json(&regime)?,
        brand_colour: entity.brand_colour.clone(),
        logo: entity.logo.clone(),
        invoice_prefix: entity.invoice_prefix.clone(),
        payment_terms_days: entity.payment_terms_days,
        footer: entity.footer.clone(),
        version: entity.version,
        created_at: micros(entity.created_at),
    })
}

fn record(row: Model) -> Result<IssuingEntity, Error> {
    let regime: RegimeRow = from_json(TABLE, "tax_regime", row.tax_regime)?;
    Ok(IssuingEntity {
        id: IssuingEntityId::from_uuid(row.id),
        name: row.name,
        legal_name: row.legal_name,
        address: from_json(TABLE, "address", row.address)?,
        country: row.country,
        region: row.region,
        tax_id: row.tax_id,
        tax_regime: TaxRegime { model: regime.model, parameters: parameters::from_rows(TABLE, regime.parameters)? },
        brand_colour: row.brand_colour,
        logo: row.logo,
        invoice_prefix: row.invoice_prefix,
        payment_terms_days: row.payment_terms_days,
        footer: row.footer,
        version: row.version,
        created_at: row.created_at,
    })
}
