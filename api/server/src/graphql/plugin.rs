//! Plugins and their immutable versions. Only the operator sees them.

use async_graphql::{Context, ID, Object, SimpleObject};
use billing::ids::{PluginId, PluginVersionId};
use std::sync::Arc;

use super::access::{Call, Need, enter, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::invoice_explain::PluginKind;
use super::scalar::{Decimal, Instant};
use crate::error::Error;
use crate::store::plugin as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] =
    &[Need::query("plugin", Permission::PluginsRead), Need::query("plugins", Permission::PluginsRead)];

/// A plugin over all its versions.
pub(super) struct Plugin(pub(super) records::Plugin);

/// A plugin: prices charges, calculates taxes or arranges documents, over all its versions.
#[Object]
impl Plugin {
    /// Its id, `plg_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it does.
    async fn kind(&self) -> PluginKind {
        self.0.kind.into()
    }

    /// Its versions, newest first.
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<PluginVersion>> {
        let call = Call::within(ctx)?;
        Ok(records::versions(&call.app.store, self.0.id).await?.into_iter().map(PluginVersion).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// An immutable version of a plugin.
pub(super) struct PluginVersion(pub(super) records::PluginVersion);

/// A version of a plugin: exactly these bytes, which never change.
#[Object]
impl PluginVersion {
    /// Its id, `pgv_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// Counted from 1 within the plugin.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// The plugin.
    async fn plugin(&self, ctx: &Context<'_>) -> Option<Result<Plugin>> {
        nullable(async { Ok(loaders(ctx)?.load_one(self.0.plugin_id).await?.map(Plugin)) }).await
    }

    /// The SHA-256 of its bytes.
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What was found when it was uploaded.
    async fn report(&self) -> PluginReport {
        PluginReport::of(&self.0.report)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// What inspection and rehearsal of a plugin version found.
#[derive(SimpleObject)]
struct PluginReport {
    /// The contract it answers to.
    world: Option<String>,
    /// Its size in bytes.
    size_bytes: Option<Decimal>,
    /// The instructions the rehearsal spent.
    fuel_used: Option<Decimal>,
    /// The most memory the rehearsal used, in bytes.
    memory_peak_bytes: Option<Decimal>,
    /// The engine that ran the rehearsal.
    engine: Option<String>,
}

impl PluginReport {
    fn of(report: &serde_json::Value) -> Self {
        let text = |place: &str| report.pointer(place).and_then(serde_json::Value::as_str).map(str::to_owned);
        let number = |place: &str| {
            report.pointer(place).and_then(serde_json::Value::as_u64).map(|number| Decimal(number.into()))
        };
        Self {
            world: text("/world"),
            size_bytes: number("/size"),
            fuel_used: number("/fixture/fuel"),
            memory_peak_bytes: number("/fixture/memoryPeak"),
            engine: text("/fixture/fingerprint"),
        }
    }
}

/// One by id.
pub(super) async fn find(call: &Call<'_>, id: PluginId) -> Result<Option<Plugin>, Error> {
    Ok(records::find(&call.app.store, id).await?.map(Plugin))
}

/// One version by id.
pub(super) async fn find_version(call: &Call<'_>, id: PluginVersionId) -> Result<Option<PluginVersion>, Error> {
    Ok(records::find_version(&call.app.store, id).await?.map(PluginVersion))
}

#[derive(Default)]
pub(super) struct PluginQuery;

#[Object]
impl PluginQuery {
    /// One plugin. NOT_FOUND when it does not exist.
    async fn plugin(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Result<Plugin>> {
        nullable(async {
            let call = enter(ctx)?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, id).await?.ok_or_else(|| unknown("plugin", id))?))
        })
        .await
    }

    /// All uploaded plugins, newest first. The standard plugins are built in and are not listed.
    async fn plugins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Plugin>> {
        let call = enter(ctx)?;
        let list = List::of("plugins", ());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Plugin))
    }
}
