//! Progress on a terminal; silence everywhere else.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `total` items called `what`, hidden when `quiet` or when nobody looks.
pub(super) fn bar(total: usize, what: &'static str, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total as u64).with_message(what);
    let template = "  {msg} [{bar:32}] {human_pos}/{human_len}  {per_sec}  {eta}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
