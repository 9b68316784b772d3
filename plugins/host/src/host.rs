//! The public face of the host: inspect, prepare, call.
//!
//! Requests go in and answers come out as plain data, so that the executor can move to a process of its own. Nothing
//! in here decides what a failure means for an invoice.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use wasmtime::Engine;

use crate::answer;
use crate::cache::Cache;
use crate::call::{self, Call, Stage, Terms};
use crate::compile::{CompileError, compile};
use crate::engine;
use crate::failure::Failure;
use crate::fingerprint::{digest, engine_fingerprint};
use crate::inspect::{self, Inspection, PluginKind, Refusal};
use crate::pool::Pool;
use crate::prepared::{Prepared, Shelf};
use crate::settings::{HostError, HostSettings};
use crate::v1;

/// Machine code kept in memory.
const SHELF: usize = 256 << 20;

/// Runs plugins. Cheap to share; everything ends when the last one is dropped.
pub struct Host {
    core: Arc<Core>,
    pool: Pool,
    preparing: std::sync::Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// What the threads of the pool need.
struct Core {
    engine: Engine,
    fingerprint: String,
    shelf: Shelf,
    cache: Option<Cache>,
    settings: HostSettings,
}

impl Host {
    /// Starts the engine and its threads.
    ///
    /// # Errors
    /// When the engine's settings do not suit this machine, or a thread could not start.
    pub fn new(settings: HostSettings) -> Result<Arc<Self>, HostError> {
        let engine = engine::start(&settings.profile, settings.threads)?;
        let fingerprint = engine_fingerprint(&engine, &settings.profile);
        let cache = settings.cache.as_ref().map(|cache| Cache::new(cache, &fingerprint));
        let pool = Pool::start(settings.threads, settings.queue)?;
        Ok(Arc::new(Self {
            core: Arc::new(Core { engine, fingerprint, shelf: Shelf::new(SHELF), cache, settings }),
            pool,
            preparing: std::sync::Mutex::default(),
        }))
    }

    /// Names the engine with its settings and limits. Fuel is comparable between equal fingerprints only.
    pub fn fingerprint(&self) -> &str {
        &self.core.fingerprint
    }

    /// Judges an upload: form, structure, imports, world, compilation and a first instantiation under the limits of
    /// a call.
    ///
    /// # Errors
    /// Why it is refused, in words for its author.
    pub async fn inspect(&self, bytes: Arc<[u8]>) -> Result<Inspection, Refusal> {
        let core = Arc::clone(&self.core);
        self.pool
            .run(move || core.inspect(&bytes))
            .await
            .unwrap_or_else(|failure| Err(Refusal::new(failure.code(), failure.message(), "try again")))
    }

    /// Makes a plugin callable: from memory, from the cache, or by compiling it. Concurrent calls compile once.
    ///
    /// # Errors
    /// `Failure::Internal` when `bytes` are not those of `digest` or cannot be compiled, `Failure::Capacity` when the
    /// queue is full.
    pub async fn prepare(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), Failure> {
        if self.is_ready(digest) {
            return Ok(());
        }
        let turn = {
            let mut preparing = self.preparing.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(preparing.entry(digest.to_owned()).or_default())
        };
        let _turn = turn.lock().await;
        let outcome = if self.is_ready(digest) {
            Ok(())
        } else {
            let core = Arc::clone(&self.core);
            let name = digest.to_owned();
            self.pool.run(move || core.prepare(&name, &bytes)).await.and_then(|prepared| prepared)
        };
        // Whoever still waits finds the plugin ready, or tries again by itself.
        self.preparing.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
        outcome
    }

    /// Whether calls with this digest find the plugin in memory.
    pub fn is_ready(&self, digest: &str) -> bool {
        self.core.shelf.get(digest).is_some()
    }

    /// Asks a pricing rule.
    pub async fn price(&self, digest: &str, input: v1::pricing::Input) -> Call<v1::pricing::Output> {
        let core = Arc::clone(&self.core);
        let digest = digest.to_owned();
        flatten(self.pool.run(move || core.price(&digest, &input)).await)
    }

    /// Asks a tax calculator.
    pub async fn tax(&self, digest: &str, input: v1::tax::Input) -> Call<v1::tax::Output> {
        let core = Arc::clone(&self.core);
        let digest = digest.to_owned();
        flatten(self.pool.run(move || core.tax(&digest, &input)).await)
    }

    /// Asks a template.
    pub async fn render(&self, digest: &str, input: v1::template::Input) -> Call<v1::template::Output> {
        let core = Arc::clone(&self.core);
        let digest = digest.to_owned();
        flatten(self.pool.run(move || core.render(&digest, &input)).await)
    }

    /// [`Self::inspect`] on the calling thread, which needs 4 MiB of stack.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn inspect_now(&self, bytes: &[u8]) -> Result<Inspection, Refusal> {
        self.core.inspect(bytes)
    }

    /// [`Self::prepare`] on the calling thread.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn prepare_now(&self, digest: &str, bytes: &[u8]) -> Result<(), Failure> {
        if self.is_ready(digest) {
            return Ok(());
        }
        self.core.prepare(digest, bytes)
    }

    /// [`Self::price`] on the calling thread, which needs 4 MiB of stack.
    pub fn price_now(&self, digest: &str, input: &v1::pricing::Input) -> Call<v1::pricing::Output> {
        self.core.price(digest, input)
    }

    /// [`Self::tax`] on the calling thread, which needs 4 MiB of stack.
    pub fn tax_now(&self, digest: &str, input: &v1::tax::Input) -> Call<v1::tax::Output> {
        self.core.tax(digest, input)
    }

    /// [`Self::render`] on the calling thread, which needs 4 MiB of stack.
    pub fn render_now(&self, digest: &str, input: &v1::template::Input) -> Call<v1::template::Output> {
        self.core.render(digest, input)
    }
}

fn flatten<T>(outcome: Result<Call<T>, Failure>) -> Call<T> {
    outcome.unwrap_or_else(Call::refused)
}

impl Core {
    fn inspect(&self, bytes: &[u8]) -> Result<Inspection, Refusal> {
        let found = inspect::inspect(bytes, &self.settings.profile)?;
        if self.shelf.get(&found.digest).is_some() {
            return Ok(found);
        }
        let native = compile(&self.engine, bytes, &self.settings.profile).map_err(|e| refuse(&e))?;
        let (prepared, _) = Prepared::load(&self.engine, found.kind, &native).map_err(|error| {
            Refusal::new(
                "world-mismatch",
                format!("the component does not link: {error:#}"),
                "generate the bindings again from the published WIT and change nothing in it",
            )
        })?;
        self.try_instantiate(&prepared)?;
        if let Some(cache) = &self.cache {
            cache.save(&found.digest, &native);
        }
        Ok(found)
    }

    /// Runs the start functions under the limits of a call.
    fn try_instantiate(&self, prepared: &Prepared) -> Result<(), Refusal> {
        let terms = self.terms(prepared.kind(), 0);
        let internal = |error: wasmtime::Error| Refusal::new("internal", format!("{error:#}"), "try again");
        let (mut store, fuel) = call::store(&self.engine, &terms).map_err(internal)?;
        let made = match prepared {
            Prepared::Pricing(pre) => pre.instantiate(&mut store).map(drop),
            Prepared::Tax(pre) => pre.instantiate(&mut store).map(drop),
            Prepared::Template(pre) => pre.instantiate(&mut store).map(drop),
        };
        let Err(error) = made else { return Ok(()) };
        let failure = call::classify(&Stage::Instantiating(error), store.data(), &terms, fuel);
        let code = match failure {
            Failure::Fuel { .. } | Failure::HostTimeout => "budget-exceeded",
            Failure::MemoryLimit { .. } => "memory-limit",
            _ => "start-failed",
        };
        Err(Refusal::new(
            code,
            format!("the component does not start: {}", failure.message()),
            "do nothing in start functions and global constructors",
        ))
    }

    fn prepare(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let internal = |message: String| Failure::Internal { message };
        if digest(bytes) != name {
            return Err(internal(format!("the bytes given for {name} are others")));
        }
        let cached = self.cache.as_ref().and_then(|cache| cache.load(name));
        // Only what passed inspection is ever compiled, whoever stored it.
        let found = inspect::inspect(bytes, &self.settings.profile).map_err(|refusal| internal(refusal.to_string()))?;
        let loaded = cached.and_then(|native| {
            Prepared::load(&self.engine, found.kind, &native)
                .inspect_err(|error| tracing::warn!(digest = name, %error, "a cached plugin did not load"))
                .ok()
        });
        let (prepared, weight) = match loaded {
            Some(loaded) => loaded,
            None => {
                let native = compile(&self.engine, bytes, &self.settings.profile)
                    .map_err(|error| internal(refuse(&error).to_string()))?;
                if let Some(cache) = &self.cache {
                    cache.save(name, &native);
                }
                Prepared::load(&self.engine, found.kind, &native).map_err(|error| internal(format!("{error:#}")))?
            }
        };
        self.shelf.put(name, prepared, weight);
        Ok(())
    }

    fn terms(&self, kind: PluginKind, lines: usize) -> Terms<'_> {
        let profile = &self.settings.profile;
        Terms {
            profile,
            budget: match kind {
                PluginKind::Pricing | PluginKind::Tax => profile.numbers,
                PluginKind::Template => profile.document,
            },
            lines,
        }
    }

    fn price(&self, digest: &str, input: &v1::pricing::Input) -> Call<v1::pricing::Output> {
        let terms = self.terms(PluginKind::Pricing, input.charges.len());
        let prepared = self.shelf.get(digest);
        let pre = match prepared.as_deref() {
            Some(Prepared::Pricing(pre)) => pre,
            other => return Call::refused(unusable(other, PluginKind::Pricing)),
        };
        call::run(
            &self.engine,
            &terms,
            |store| {
                let plugin = pre.instantiate(&mut *store).map_err(Stage::Instantiating)?;
                plugin.undash_pricing_rule().call_price(&mut *store, input).map_err(Stage::Running)
            },
            |output| answer::check_pricing(output, terms.budget),
        )
    }

    fn tax(&self, digest: &str, input: &v1::tax::Input) -> Call<v1::tax::Output> {
        let terms = self.terms(PluginKind::Tax, input.lines.len());
        let prepared = self.shelf.get(digest);
        let pre = match prepared.as_deref() {
            Some(Prepared::Tax(pre)) => pre,
            other => return Call::refused(unusable(other, PluginKind::Tax)),
        };
        call::run(
            &self.engine,
            &terms,
            |store| {
                let plugin = pre.instantiate(&mut *store).map_err(Stage::Instantiating)?;
                plugin.undash_tax_calculator().call_calculate(&mut *store, input).map_err(Stage::Running)
            },
            |output| answer::check_tax(output, terms.budget),
        )
    }

    fn render(&self, digest: &str, input: &v1::template::Input) -> Call<v1::template::Output> {
        let terms = self.terms(PluginKind::Template, input.lines.len());
        let prepared = self.shelf.get(digest);
        let pre = match prepared.as_deref() {
            Some(Prepared::Template(pre)) => pre,
            other => return Call::refused(unusable(other, PluginKind::Template)),
        };
        call::run(
            &self.engine,
            &terms,
            |store| {
                let plugin = pre.instantiate(&mut *store).map_err(Stage::Instantiating)?;
                plugin.undash_template_template().call_render(&mut *store, input).map_err(Stage::Running)
            },
            |output| answer::check_template(output, terms.budget),
        )
    }
}

fn unusable(found: Option<&Prepared>, expected: PluginKind) -> Failure {
    match found {
        None => Failure::NotPrepared,
        Some(_) => Failure::WrongKind { expected: expected.as_str() },
    }
}

fn refuse(error: &CompileError) -> Refusal {
    match error {
        CompileError::Failed(message) => Refusal::new(
            "compile-failed",
            format!("the component does not compile: {message}"),
            "build with one of the supported toolchains, optimised for size",
        ),
        CompileError::TooLarge { found, limit } => Refusal::new(
            "too-large-native",
            format!("the machine code has {found} bytes; at most {limit} are allowed"),
            "make the component smaller",
        ),
    }
}
