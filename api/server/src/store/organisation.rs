//! Organisations, the tenants: records ⇄ rows.

use std::collections::BTreeMap;

use billing::ids::{IssuingEntityId, OrganisationId};
use billing::money::Currency;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entities::organisations::{Column, Entity, Model};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::column::{currency, from_json, micros, parsed, to_json};
use super::connection::{Conn, Tx};
use super::page::{self, Cursor, Keyed, Page, PageOf};
use crate::error::Error;

const TABLE: &str = "organisations";

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its identity.
    pub id: OrganisationId,
    /// What people call it.
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
    /// Further tax facts such as `sez` = `true`, sorted by name.
    pub tax_attributes: Vec<(String, String)>,
    /// The zone in which its periods are cut.
    pub timezone: Tz,
    /// The currency it is billed in.
    pub currency: Currency,
    /// Who bills it.
    pub issuing_entity_id: IssuingEntityId,
    /// Where invoices are sent.
    pub email: Option<String>,
    /// Number of its latest alert event, 0 before the first; written only by `alert_event::append_in_tx`.
    pub alert_sequence: i64,
    /// Ranges of addresses its keys may be used from; empty for everywhere.
    pub ip_allow_list: Vec<String>,
    /// Raised by each update; 1 at first.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Keyed for Organisation {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.created_at, id: self.id.uuid() }
    }
}

/// Adds one.
///
/// # Errors
/// `Conflict` when the identity is taken, `Invalid` for an unknown issuing entity, `Unavailable`, `Internal`.
pub async fn insert_in_tx(tx: &Tx, organisation: &Organisation) -> Result<(), Error> {
    Entity::insert(row(organisation)?.into_active_model()).exec_without_returning(&tx.tenant(organisation.id)).await?;
    Ok(())
}

/// Replaces one that still has `organisation.version`; answers whether it had. The stored version is then one higher.
/// The alert sequence is left as it is.
///
/// # Errors
/// `Invalid` for an unknown issuing entity, `Unavailable`, `Internal`.
pub async fn update_in_tx(tx: &Tx, organisation: &Organisation) -> Result<bool, Error> {
    let mut row = row(organisation)?;
    row.version += 1;
    let mut change = row.into_active_model().reset_all();
    change.organisation_id = ActiveValue::NotSet;
    change.alert_sequence = ActiveValue::NotSet;
    let result = Entity::update_many()
        .set(change)
        .filter(Column::OrganisationId.eq(organisation.id.uuid()))
        .filter(Column::Version.eq(organisation.version))
        .exec(&tx.tenant(organisation.id))
        .await?;
    Ok(result.rows_affected == 1)
}

/// One by identity.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find(conn: &impl Conn, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    Entity::find_by_id(id.uuid()).one(&conn.tenant(id)).await?.map(record).transpose()
}

/// From which addresses its keys may be used; nothing when there is no such organisation.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn ip_allow_list(conn: &impl Conn, id: OrganisationId) -> Result<Vec<String>, Error> {
    let list = Entity::find_by_id(id.uuid()).select_only().column(Column::IpAllowList);
    let list: Option<Option<serde_json::Value>> = list.into_tuple().one(&conn.tenant(id)).await?;
    list.flatten().map_or_else(|| Ok(Vec::new()), |list| from_json(TABLE, "ip_allow_list", list))
}

/// Several by identity, in no particular order; unknown ones are left out.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn find_many(conn: &impl Conn, ids: &[OrganisationId]) -> Result<Vec<Organisation>, Error> {
    let select = Entity::find().filter(Column::OrganisationId.is_in(ids.iter().map(|id| id.uuid())));
    select.all(&conn.organisations(ids.iter().copied())).await?.into_iter().map(record).collect()
}

/// A page of all organisations; for the operator only.
///
/// # Errors
/// `Unavailable`, or `Internal` for a corrupt row.
pub async fn page(conn: &impl Conn, page: &Page) -> Result<PageOf<Organisation>, Error> {
    page::fetch(&conn.every_organisation(), Entity::find(), Column::CreatedAt, Column::OrganisationId, page, record)
        .await
}

/// How many there are, counting no further than `cap`.
///
/// # Errors
/// `Unavailable`.
pub async fn count_capped(conn: &impl Conn, cap: u64) -> Result<u64, Error> {
    page::count_capped(&conn.every_organisation(), Entity::find(), cap).await
}

fn row(organisation: &Organisation) -> Result<Model, Error> {
    let attributes: BTreeMap<_, _> = organisation.tax_attributes.iter().map(|(name, value)| (name, value)).collect();
    Ok(Model {
        organisation_id: organisation.id.uuid(),
        name: organisation.name.clone(),
        legal_name: organisation.legal_name.clone(),
        address: to_json(&organisation.address)?,
        country: organisation.country.clone(),
        region: organisation.region.clone(),
        tax_id: organisation.tax_id.clone(),
        tax_attributes: to_json(&attributes)?,
        timezone: organisation.timezone.name().to_owned(),
        currency: organisation.currency.code().to_owned(),
        issuing_entity_id: organisation.issuing_entity_id.uuid(),
        email: organisation.email.clone(),
        alert_sequence: organisation.alert_sequence,
        ip_allow_list: Some(to_json(&organisation.ip_allow_list)?),
        version: organisation.version,
        created_at: micros(organisation.created_at),
    })
}

fn record(row: Model) -> Result<Organisation, Error> {
    let attributes: BTreeMap<String, String> = from_json(TABLE, "tax_attributes", row.tax_attributes)?;
    Ok(Organisation {
        id: OrganisationId::from_uuid(row.organisation_id),
        name: row.name,
        legal_name: row.legal_name,
        address: from_json(TABLE, "address", row.address)?,
        country: row.country,
        region: row.region,
        tax_id: row.tax_id,
        tax_attributes: attributes.into_iter().collect(),
        timezone: parsed(TABLE, "timezone", &row.timezone)?,
        currency: currency(TABLE, &row.currency)?,
        issuing_entity_id: IssuingEntityId::from_uuid(row.issuing_entity_id),
        email: row.email,
        alert_sequence: row.alert_sequence,
        ip_allow_list: row
            .ip_allow_list
            .map_or_else(|| Ok(Vec::new()), |list| from_json(TABLE, "ip_allow_list", list))?,
        version: row.version,
        created_at: row.created_at,
    })
}
