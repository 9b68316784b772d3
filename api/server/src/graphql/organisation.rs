//! Organisations: the tenants that are metered and billed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use billing::ids::OrganisationId;
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter, page_of};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::issuing_entity::IssuingEntity;
use super::money::CurrencyCode;
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::restrict_access::{self, AccessChange};
use crate::app::tenants::{self, NewOrganisation};
use crate::error::Error;
use crate::store::Keyed as _;
use crate::store::{self, organisation as records};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("organisation", Permission::OrganisationsRead),
    Need::query("organisations", Permission::OrganisationsRead),
    Need::mutation("organisationCreate", Permission::OrganisationsWrite),
    Need::mutation("organisationAccessUpdate", Permission::AccessWrite),
    Need::field("Organisation.issuingEntity", Permission::IssuersRead),
];

/// A tenant.
pub(super) struct Organisation(Arc<records::Organisation>);

impl From<records::Organisation> for Organisation {
    fn from(row: records::Organisation) -> Self {
        Self(Arc::new(row))
    }
}

impl From<Arc<records::Organisation>> for Organisation {
    fn from(row: Arc<records::Organisation>) -> Self {
        Self(row)
    }
}

/// An organisation: a customer of the operator that is metered and billed.
#[Object]
impl Organisation {
    /// Its id, `org_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its name on invoices.
    async fn legal_name(&self) -> &str {
        &self.0.legal_name
    }

    /// The lines of its address.
    async fn address(&self) -> &[String] {
        &self.0.address
    }

    /// Its country, ISO 3166-1 alpha-2.
    async fn country(&self) -> &str {
        &self.0.country
    }

    /// Its state or province, where the tax law asks for it.
    async fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// Its tax registration number.
    async fn tax_id(&self) -> Option<&str> {
        self.0.tax_id.as_deref()
    }

    /// Further facts that taxes depend on.
    async fn tax_attributes(&self) -> Vec<TaxAttribute> {
        self.0
            .tax_attributes
            .iter()
            .map(|(name, value)| TaxAttribute { name: name.clone(), value: value.clone() })
            .collect()
    }

    /// The IANA time zone its billing periods are cut in, such as `Asia/Kolkata`.
    async fn timezone(&self) -> &str {
        self.0.timezone.name()
    }

    /// The currency it is billed in.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// Who bills it; null for keys that may not read issuing entities.
    async fn issuing_entity(&self, ctx: &Context<'_>) -> Option<Result<IssuingEntity>> {
        linked(ctx, "Organisation.issuingEntity", async {
            Ok(loaders(ctx)?.load_one(self.0.issuing_entity_id).await?.map(IssuingEntity))
        })
        .await
    }

    /// Where its invoices are sent.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// From which addresses its keys and those of its projects may be used: ranges such as `203.0.113.0/24` or
    /// `2001:db8::/32`. Empty for everywhere.
    async fn ip_allow_list(&self) -> &[String] {
        &self.0.ip_allow_list
    }

    /// Raised by each change; 1 at first.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// A fact that taxes depend on, such as `sez` = `true`.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TaxAttributeInput")]
pub(super) struct TaxAttribute {
    /// Its name, as the tax plugin knows it.
    name: String,
    /// Its value.
    value: String,
}

#[derive(Default)]
pub(super) struct OrganisationQuery;

#[Object]
impl OrganisationQuery {
    /// One organisation: the caller's own when `id` is left out. NOT_FOUND when it does not exist or is not yours.
    async fn organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id; a key of the operator must give it.")] id: Option<ID>,
    ) -> Option<Result<Organisation>> {
        nullable(async {
            let call = enter(ctx)?;
            let id = call.viewer.organisation(id.as_ref().map(|id| parse_id(id, "id")).transpose()?)?;
            Ok(Some(tenants::find_organisation(call.app, id).await?.into()))
        })
        .await
    }

    /// All organisations the caller may see, newest first: every one for the operator, else only its own.
    async fn organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Organisation>> {
        let call = enter(ctx)?;
        let list = List::of("organisations", call.viewer.own_organisation());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        if let Some(own) = call.viewer.own_organisation() {
            let rows = page_of(vec![tenants::find_organisation(&app, own).await?], &page, |row| row.cursor());
            return Ok(Connection::of(rows, &list, counter(|| async { Ok(1) }), Organisation::from));
        }
        let rows = records::page(&app.store, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Organisation::from))
    }
}

/// What a new organisation is.
#[derive(InputObject)]
struct OrganisationCreateInput {
    /// What people call it; 1 to 200 characters.
    name: String,
    /// Its name on invoices; the name when left out.
    legal_name: Option<String>,
    /// The lines of its address.
    #[graphql(default)]
    address: Vec<String>,
    /// Its country, ISO 3166-1 alpha-2.
    country: String,
    /// Its state or province, where the tax law asks for it.
    region: Option<String>,
    /// Its tax registration number.
    tax_id: Option<String>,
    /// Further facts that taxes depend on.
    #[graphql(default)]
    tax_attributes: Vec<TaxAttribute>,
    /// The IANA time zone its billing periods are cut in, such as `Asia/Kolkata`.
    #[graphql(default = "UTC")]
    timezone: String,
    /// The currency it is billed in.
    currency: CurrencyCode,
    /// Who bills it.
    issuing_entity_id: ID,
    /// Where its invoices are sent.
    email: Option<String>,
}

payload! {
    /// What `organisationCreate` answers.
    OrganisationCreatePayload {
        /// The new organisation; null when there are errors.
        organisation: Organisation
    }
}

/// From where an organisation may be reached.
#[derive(InputObject)]
struct OrganisationAccessUpdateInput {
    /// The organisation; the caller's own when left out.
    organisation_id: Option<ID>,
    /// Ranges of addresses such as `203.0.113.0/24`, `2001:db8::/32` or one address; at most 100. Empty for everywhere.
    /// It binds every key and session of the organisation and of its projects, besides the list of the key itself; keys
    /// of the operator are bound by their own lists only.
    ip_allow_list: Vec<String>,
    /// The version of the organisation that was looked at; VERSION_CONFLICT when it changed since.
    expected_version: i32,
    /// Whether the caller's own address may be left out; otherwise that is LOCKS_YOU_OUT.
    #[graphql(default)]
    force: bool,
}

payload! {
    /// What `organisationAccessUpdate` answers.
    OrganisationAccessUpdatePayload {
        /// The changed organisation; null when there are errors.
        organisation: Organisation
    }
}

#[derive(Default)]
pub(super) struct OrganisationMutation;

#[Object]
impl OrganisationMutation {
    /// Makes an organisation.
    async fn organisation_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: OrganisationCreateInput,
    ) -> Result<OrganisationCreatePayload> {
        let call = enter(ctx)?;
        OrganisationCreatePayload::answer(create(&call, input).await)
    }

    /// Changes from which addresses an organisation may be reached. Takes effect within seconds, and within a minute on
    /// sockets that are open.
    async fn organisation_access_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and from where.")] input: OrganisationAccessUpdateInput,
    ) -> Result<OrganisationAccessUpdatePayload> {
        let call = enter(ctx)?;
        OrganisationAccessUpdatePayload::answer(update_access(&call, input).await)
    }
}

async fn create(call: &Call<'_>, input: OrganisationCreateInput) -> Result<Organisation, Error> {
    let new = NewOrganisation {
        legal_name: input.legal_name.unwrap_or_else(|| input.name.clone()),
        name: input.name,
        address: input.address,
        country: input.country,
        region: input.region,
        tax_id: input.tax_id,
        tax_attributes: input.tax_attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect(),
        timezone: timezone(&input.timezone)?,
        currency: input.currency.0,
        issuing_entity_id: parse_id(&input.issuing_entity_id, "issuingEntityId")?,
        email: input.email,
    };
    tenants::create_organisation(call.app, call.viewer, new, call.now).await.map(Organisation::from)
}

async fn update_access(call: &Call<'_>, input: OrganisationAccessUpdateInput) -> Result<Organisation, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    let change = AccessChange {
        expected_version: input.expected_version,
        ip_allow_list: input.ip_allow_list,
        force: input.force,
    };
    restrict_access::update_access(call.app, call.viewer, organisation, change, call.now).await.map(Organisation::from)
}

/// A time zone by its IANA name.
pub(super) fn timezone(name: &str) -> Result<chrono_tz::Tz, Error> {
    name.parse().map_err(|_| {
        Error::invalid(
            "BAD_TIMEZONE",
            format!("`{name}` is not a time zone. Use a name of the IANA list, such as Europe/Berlin or UTC."),
        )
        .at(["timezone"])
    })
}

/// One that the caller may see, for `node`.
pub(super) async fn node(call: &Call<'_>, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    if call.viewer.own_organisation().is_some_and(|own| own != id) {
        return Err(unknown("organisation", id));
    }
    Ok(store::organisation::find(&call.app.store, id).await?.map(Organisation::from))
}
