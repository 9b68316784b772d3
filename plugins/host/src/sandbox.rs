//! What one call may use: the data of a store, its limiter and its log.
//!
//! Nothing survives a call. Limits depend on the profile alone, never on what the machine has left, so that a
//! refusal is the same on every machine.

use plugin_contract::LimitProfile;
use wasmtime::{ResourceLimiter, Result};

use crate::call::{LogLevel, LogLine};
use crate::v1::shared::undash::types::{log, values};

/// The data of one store.
pub(crate) struct Sandbox {
    memory: Ceiling,
    tables: Ceiling,
    max_memories: usize,
    max_tables: usize,
    max_instances: usize,
    log: Log,
}

/// A sum with an upper bound.
struct Ceiling {
    used: usize,
    limit: usize,
    refused: bool,
}

impl Ceiling {
    fn new(limit: usize) -> Self {
        Self { used: 0, limit, refused: false }
    }

    /// Grows one of the things summed from `current` to `desired`.
    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let wanted = desired.checked_sub(current).and_then(|more| self.used.checked_add(more));
        match wanted {
            Some(wanted) if wanted <= self.limit => {
                self.used = wanted;
                true
            }
            _ => {
                self.refused = true;
                false
            }
        }
    }
}

/// Lines kept of a call.
struct Log {
    lines: Vec<LogLine>,
    lines_left: usize,
    bytes_left: usize,
}

impl Sandbox {
    pub(crate) fn new(profile: &LimitProfile) -> Self {
        Self {
            memory: Ceiling::new(profile.memory_size),
            tables: Ceiling::new(profile.table_elements),
            max_memories: profile.memories,
            max_tables: profile.tables,
            max_instances: profile.core_instances,
            log: Log { lines: Vec::new(), lines_left: profile.log_lines, bytes_left: profile.log_bytes },
        }
    }

    /// Bytes of linear memory in use; memories never shrink, so this is the peak.
    pub(crate) fn memory_peak(&self) -> usize {
        self.memory.used
    }

    /// Whether the guest was ever denied memory or table elements.
    pub(crate) fn was_denied(&self) -> bool {
        self.memory.refused || self.tables.refused
    }

    pub(crate) fn take_log(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.log.lines)
    }
}

impl ResourceLimiter for Sandbox {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.memory.grow(current, desired))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.tables.grow(current, desired))
    }

    fn instances(&self) -> usize {
        self.max_instances
    }

    fn tables(&self) -> usize {
        self.max_tables
    }

    fn memories(&self) -> usize {
        self.max_memories
    }
}

impl values::Host for Sandbox {}

impl log::Host for Sandbox {
    /// Never fails and never blocks: a guest must not learn whether anybody listens.
    fn write(&mut self, level: log::Level, message: String) {
        let log = &mut self.log;
        if log.lines_left == 0 || log.bytes_left == 0 {
            return;
        }
        log.lines_left -= 1;
        let text = clean(&message, log.bytes_left);
        log.bytes_left -= text.len().min(log.bytes_left);
        log.lines.push(LogLine {
            level: match level {
                log::Level::Debug => LogLevel::Debug,
                log::Level::Info => LogLevel::Info,
                log::Level::Warn => LogLevel::Warn,
                log::Level::Error => LogLevel::Error,
            },
            text,
        });
    }
}

/// Guest text for people and logs: at most `limit` bytes, without control characters or direction overrides, which
/// could forge a line of a log or hide part of it.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let c = if c.is_control() || is_bidi_control(c) { ' ' } else { c };
        if out.len() + c.len_utf8() > limit {
            break;
        }
        out.push(c);
    }
    out
}

/// Characters that reorder the text around them.
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
