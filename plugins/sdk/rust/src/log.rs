//! The plugin's log: the only thing a plugin may do besides answer.
//!
//! The platform keeps 64 lines and 8 KiB of a call. Natively, where authors test, lines go nowhere.

use std::sync::Once;

pub use crate::bindings::shared::undash::types::log::Level;

/// Writes one line.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::shared::undash::types::log::write(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (level, message);
}

/// A line for the author.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// A line worth keeping.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// A line about something that looks wrong.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// A line about something that is wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}

/// Sends a panic's message to the log before the plugin dies, so that its author sees where. The export macros call
/// it; natively it leaves the test runner's own hook in place.
pub fn report_panics() {
    static ONCE: Once = Once::new();
    if cfg!(target_arch = "wasm32") {
        ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| error(&panic.to_string()))));
    }
}
