//! Batching: what many items of one page point to is read in one statement.
//!
//! Loaders live as long as one request and their keys carry the tenant, so that one caller's batch can
//! never hold another's rows. Nothing is cached.

use async_graphql::dataloader::{DataLoader, Loader};
use billing::ids::{
    AlertRuleId, CreditNoteId, InvoiceId, IssuingEntityId, MetricId, OrganisationId, PaymentId, PlanId, PlanVersionId,
    PluginId, PluginVersionId, ProjectId, RoleId, SubscriptionId,
};
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::fault::Fault;
use crate::store::invoice::{InCurrency, InvoiceTax, Line};
use crate::store::{self, JsonText, Store};

/// The loaders of one request.
pub(super) type Loaders = DataLoader<Batch>;

/// How long a batch waits for more keys; the resolvers of one page ask within microseconds.
const GATHER: Duration = Duration::from_micros(200);

/// Fresh loaders.
pub(super) fn loaders(store: &Store) -> Loaders {
    DataLoader::new(Batch(store.clone()), tokio::spawn).delay(GATHER)
}

/// Reads whole batches.
pub(super) struct Batch(Store);

/// Something of one tenant.
pub(super) type Of<Id> = (OrganisationId, Id);

/// The lines of an invoice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LinesOf(pub(super) Of<InCurrency>);

/// The taxes of an invoice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TaxesOf(pub(super) Of<InCurrency>);

/// The frozen facts of an invoice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FactsOf(pub(super) Of<InvoiceId>);

fn by_tenant<Id>(keys: impl Iterator<Item = Of<Id>>) -> HashMap<OrganisationId, Vec<Id>> {
    let mut tenants: HashMap<OrganisationId, Vec<Id>> = HashMap::new();
    for (organisation, id) in keys {
        tenants.entry(organisation).or_default().push(id);
    }
    tenants
}

macro_rules! shared {
    ($($id:ty => $record:ty, $read:path;)*) => {$(
        impl Loader<$id> for Batch {
            type Value = $record;
            type Error = Fault;

            async fn load(&self, keys: &[$id]) -> Result<HashMap<$id, $record>, Fault> {
                Ok($read(&self.0, keys).await?.into_iter().map(|record| (record.id, record)).collect())
            }
        }
    )*};
}

shared! {
    OrganisationId => store::organisation::Organisation, store::organisation::find_many;
    IssuingEntityId => store::issuing_entity::IssuingEntity, store::issuing_entity::find_many;
    MetricId => store::metric::Metric, store::metric::find_many;
    PlanId => store::plan::Plan, store::plan::find_many;
    PlanVersionId => store::plan::PlanVersion, store::plan::versions_many;
    RoleId => store::role::Role, store::role::find_many;
    PluginId => store::plugin::Plugin, store::plugin::find_many;
    PluginVersionId => store::plugin::PluginVersion, store::plugin::find_versions_many;
}

macro_rules! of_tenant {
    ($($id:ty => $record:ty, $read:path;)*) => {$(
        impl Loader<Of<$id>> for Batch {
            type Value = $record;
            type Error = Fault;

            async fn load(&self, keys: &[Of<$id>]) -> Result<HashMap<Of<$id>, $record>, Fault> {
                let mut found = HashMap::new();
                for (organisation, ids) in by_tenant(keys.iter().copied()) {
                    found.extend($read(&self.0, organisation, &ids).await?.into_iter().map(|record| ((organisation, record.id), record)));
                }
                Ok(found)
            }
        }
    )*};
}

of_tenant! {
    ProjectId => store::project::Project, store::project::find_many;
    SubscriptionId => store::subscription::Subscription, store::subscription::find_many;
    AlertRuleId => store::alert_rule::AlertRule, store::alert_rule::find_many;
    InvoiceId => store::invoice::Invoice, store::invoice::find_many;
    PaymentId => store::payment::Payment, store::payment::find_many;
    CreditNoteId => store::credit_note::CreditNote, store::credit_note::find_many;
}

macro_rules! below_invoices {
    ($($key:ident => $record:ty, $read:path;)*) => {$(
        impl Loader<$key> for Batch {
            type Value = Vec<$record>;
            type Error = Fault;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$record>>, Fault> {
                let mut found = HashMap::new();
                for (organisation, invoices) in by_tenant(keys.iter().map(|key| key.0)) {
                    let mut below = $read(&self.0, organisation, &invoices).await?;
                    let keys = invoices.into_iter().map(|billed| (billed.0, $key((organisation, billed))));
                    found.extend(keys.filter_map(|(id, key)| Some((key, below.remove(&id)?))));
                }
                Ok(found)
            }
        }
    )*};
}

below_invoices! {
    LinesOf => Line, store::invoice::lines_for_many;
    TaxesOf => InvoiceTax, store::invoice::taxes_for_many;
}

impl Loader<FactsOf> for Batch {
    type Value = JsonText;
    type Error = Fault;

    async fn load(&self, keys: &[FactsOf]) -> Result<HashMap<FactsOf, JsonText>, Fault> {
        let mut found = HashMap::new();
        for (organisation, ids) in by_tenant(keys.iter().map(|key| key.0)) {
            let facts = store::invoice::facts_for_many(&self.0, organisation, &ids).await?;
            found.extend(facts.into_iter().map(|(id, facts)| (FactsOf((organisation, id)), facts)));
        }
        Ok(found)
    }
}
