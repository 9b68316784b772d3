//! Plugins that are ready to be called: linked once, instantiated for each call, bounded in memory.
//!
//! Linking against exactly the interfaces of a world happens here, so that an import the inspection overlooked still
//! finds nothing to call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::inspect::PluginKind;
use crate::sandbox::Sandbox;
use crate::v1::bindings::{pricing, tax, template};
use crate::v1::shared::undash::types::{log, values};

/// A linked plugin.
pub(crate) enum Prepared {
    Pricing(pricing::PricingRulePre<Sandbox>),
    Tax(tax::TaxCalculatorPre<Sandbox>),
    Template(template::InvoiceTemplatePre<Sandbox>),
}

impl Prepared {
    pub(crate) fn kind(&self) -> PluginKind {
        match self {
            Self::Pricing(_) => PluginKind::Pricing,
            Self::Tax(_) => PluginKind::Tax,
            Self::Template(_) => PluginKind::Template,
        }
    }

    /// Loads machine code this process compiled, or read from a file whose code it checked, and links it.
    ///
    /// # Errors
    /// When the machine code is of another engine, or the component does not fit its world.
    #[allow(
        unsafe_code,
        reason = "loading machine code; every caller has it from `compile` or from `Cache::load`, which authenticates"
    )]
    pub(crate) fn load(engine: &Engine, kind: PluginKind, native: &[u8]) -> wasmtime::Result<(Self, usize)> {
        // SAFETY: `native` is output of `Engine::precompile_component` for this engine's fingerprint: either made in
        // this process or covered by an HMAC under a key only this process has. It is in memory and cannot change.
        let component = unsafe { Component::deserialize(engine, native)? };
        let range = component.image_range();
        let weight = (range.end as usize).saturating_sub(range.start as usize);
        let mut linker = Linker::<Sandbox>::new(engine);
        values::add_to_linker::<Sandbox, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
        log::add_to_linker::<Sandbox, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
        let linked = linker.instantiate_pre(&component)?;
        let prepared = match kind {
            PluginKind::Pricing => Self::Pricing(pricing::PricingRulePre::new(linked)?),
            PluginKind::Tax => Self::Tax(tax::TaxCalculatorPre::new(linked)?),
            PluginKind::Template => Self::Template(template::InvoiceTemplatePre::new(linked)?),
        };
        Ok((prepared, weight))
    }
}

/// Ready plugins by digest; the ones unused for longest go first.
pub(crate) struct Shelf {
    entries: RwLock<HashMap<String, Entry>>,
    clock: AtomicU64,
    capacity: usize,
}

struct Entry {
    prepared: Arc<Prepared>,
    weight: usize,
    used_at: AtomicU64,
}

impl Shelf {
    /// `capacity` bounds the bytes of machine code kept.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: RwLock::new(HashMap::new()), clock: AtomicU64::new(0), capacity }
    }

    pub(crate) fn get(&self, digest: &str) -> Option<Arc<Prepared>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(digest)?;
        entry.used_at.store(self.now(), Ordering::Relaxed);
        Some(Arc::clone(&entry.prepared))
    }

    /// Adds a plugin and evicts others until the rest fits; the new one always stays.
    pub(crate) fn put(&self, digest: &str, prepared: Prepared, weight: usize) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(
            digest.to_owned(),
            Entry { prepared: Arc::new(prepared), weight, used_at: AtomicU64::new(self.now()) },
        );
        let mut total: usize = entries.values().map(|entry| entry.weight).sum();
        while total > self.capacity && entries.len() > 1 {
            let oldest = entries
                .iter()
                .filter(|(key, _)| key.as_str() != digest)
                .min_by_key(|(_, entry)| entry.used_at.load(Ordering::Relaxed))
                .map(|(key, _)| key.clone());
            let Some(entry) = oldest.and_then(|key| entries.remove(&key)) else {
                return;
            };
            total -= entry.weight;
        }
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}
