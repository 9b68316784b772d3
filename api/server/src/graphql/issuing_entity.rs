//! Issuing entities: the operator's legal sellers. Only the operator sees them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use billing::ids::IssuingEntityId;
use billing::tax::TaxRegime as Regime;

use super::access::{Call, Need, enter};
use super::connection::{Connection, PageArgs, counter, page_of};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::parameter::{self, Parameter};
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::catalogue::{self, NewIssuingEntity};
use crate::error::Error;
use crate::store::{Cursor, Keyed, issuing_entity as records};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("issuingEntity", Permission::IssuersRead),
    Need::query("issuingEntities", Permission::IssuersRead),
    Need::mutation("issuingEntityCreate", Permission::CatalogueWrite),
];

/// A legal seller.
pub(super) struct IssuingEntity(pub(super) records::IssuingEntity);

/// An issuing entity: the operator's legal seller, who issues invoices.
#[Object]
impl IssuingEntity {
    /// Its id, `ise_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What the operator calls it.
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

    /// Which taxes it charges.
    async fn tax_regime(&self) -> TaxRegime {
        let regime = &self.0.tax_regime;
        TaxRegime { model: regime.model.clone(), parameters: regime.parameters.iter().map(Parameter::of).collect() }
    }

    /// The colour of its documents, such as `#1a2b3c`.
    async fn brand_colour(&self) -> &str {
        &self.0.brand_colour
    }

    /// Whether its documents carry a logo.
    async fn has_logo(&self) -> bool {
        self.0.logo.is_some()
    }

    /// What its invoice numbers begin with.
    async fn invoice_prefix(&self) -> &str {
        &self.0.invoice_prefix
    }

    /// Days between the issue of an invoice and its due date.
    async fn payment_terms_days(&self) -> i32 {
        self.0.payment_terms_days
    }

    /// The text at the foot of each page.
    async fn footer(&self) -> &str {
        &self.0.footer
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

/// Which taxes apply: a name the tax plugin knows, and its parameters.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TaxRegimeInput")]
pub(super) struct TaxRegime {
    /// `FLAT`, `IN_GST`, or a name your tax plugin knows.
    model: String,
    /// The parameters of the regime. `FLAT`: `rate_percent`, `code` and `name`; for several taxes `component.1.rate_percent`,
    /// `component.1.code`, `component.1.name` and so on instead. `IN_GST`: `rate_percent`, and the flag `lut` for exports
    /// under a letter of undertaking.
    parameters: Vec<Parameter>,
}

#[derive(Default)]
pub(super) struct IssuingEntityQuery;

#[Object]
impl IssuingEntityQuery {
    /// One issuing entity. NOT_FOUND when it does not exist.
    async fn issuing_entity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Option<Result<IssuingEntity>> {
        nullable(async {
            let call = enter(ctx)?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, id).await?.ok_or_else(|| unknown("issuing entity", id))?))
        })
        .await
    }

    /// All issuing entities, newest first.
    async fn issuing_entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<IssuingEntity>> {
        let call = enter(ctx)?;
        let list = List::of("issuingEntities", ());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let all: Vec<Listed> = records::list(&call.app.store).await?.into_iter().map(Listed).collect();
        let count = all.len() as u64;
        let rows = page_of(all, &page, Keyed::cursor);
        Ok(Connection::of(rows, &list, counter(move || async move { Ok(count) }), |row| IssuingEntity(row.0)))
    }
}

/// The store keeps no pages of these few; here they get the same places as everything else.
struct Listed(records::IssuingEntity);

impl Keyed for Listed {
    fn cursor(&self) -> Cursor {
        Cursor { at: self.0.created_at, id: self.0.id.uuid() }
    }
}

/// What a new issuing entity is.
#[derive(InputObject)]
struct IssuingEntityCreateInput {
    /// What the operator calls it; 1 to 200 characters.
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
    /// Which taxes it charges.
    tax_regime: TaxRegime,
    /// The colour of its documents, such as `#1a2b3c`.
    #[graphql(default = "#1f3a5f")]
    brand_colour: String,
    /// Its logo: a PNG or JPEG file in base64, at most 512 KiB.
    logo: Option<String>,
    /// What its invoice numbers begin with: 1 to 8 of A-Z, 0-9 and `-`, used by no other issuing entity.
    invoice_prefix: String,
    /// Days between the issue of an invoice and its due date, 0 to 365.
    #[graphql(default = 30)]
    payment_terms_days: i32,
    /// The text at the foot of each page.
    #[graphql(default)]
    footer: String,
}

payload! {
    /// What `issuingEntityCreate` answers.
    IssuingEntityCreatePayload {
        /// The new issuing entity; null when there are errors.
        issuing_entity: IssuingEntity
    }
}

#[derive(Default)]
pub(super) struct IssuingEntityMutation;

#[Object]
impl IssuingEntityMutation {
    /// Makes an issuing entity.
    async fn issuing_entity_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: IssuingEntityCreateInput,
    ) -> Result<IssuingEntityCreatePayload> {
        let call = enter(ctx)?;
        IssuingEntityCreatePayload::answer(create(&call, input).await)
    }
}

async fn create(call: &Call<'_>, input: IssuingEntityCreateInput) -> Result<IssuingEntity, Error> {
    let logo = input.logo.map(|text| {
        BASE64
            .decode(text)
            .map_err(|_| Error::invalid("BAD_BASE64", "logo must be a PNG or JPEG file in base64.").at(["logo"]))
    });
    let new = NewIssuingEntity {
        legal_name: input.legal_name.unwrap_or_else(|| input.name.clone()),
        name: input.name,
        address: input.address,
        country: input.country,
        region: input.region,
        tax_id: input.tax_id,
        tax_regime: Regime {
            model: input.tax_regime.model,
            parameters: parameter::read_all(
                input.tax_regime.parameters,
                &["taxRegime".to_owned(), "parameters".to_owned()],
            )?,
        },
        brand_colour: input.brand_colour,
        logo: logo.transpose()?,
        invoice_prefix: input.invoice_prefix,
        payment_terms_days: input.payment_terms_days,
        footer: input.footer,
    };
    catalogue::create_issuing_entity(call.app, call.viewer, new, call.now).await.map(IssuingEntity)
}

/// One by id.
pub(super) async fn find(call: &Call<'_>, id: IssuingEntityId) -> Result<Option<IssuingEntity>, Error> {
    Ok(records::find(&call.app.store, id).await?.map(IssuingEntity))
}
