//! What every page carries: the small print with "Page x of y", and from the second page on a
//! running head. Content is elsewhere.

use super::blocks::stack;
use super::canvas::Page;
use super::flow::Frame;
use super::shaping::Shaper;
use super::table::{height, rule};
use super::theme::{CONTENT_WIDTH, HAIRLINE, MARGIN_BOTTOM, MARGIN_SIDE, MARGIN_TOP, PAGE_HEIGHT, RUNNING_HEAD, Theme};
use super::wrap::{self, Line};
use super::{Align, Document};

const FOOTER_LINES: usize = 4;
const PAGE_NUMBER_WIDTH: f32 = 80.0;
const FOOTER_WIDTH: f32 = CONTENT_WIDTH - PAGE_NUMBER_WIDTH - 16.0;
const ABOVE_FOOTER: f32 = 14.0;

/// How much of each page is left for content.
pub(super) fn frame(document: &Document, theme: &Theme, shaper: &mut Shaper<'_>, warnings: &mut Vec<String>) -> Frame {
    let lines = footer(document, theme, shaper).len();
    if lines > FOOTER_LINES {
        warnings.push(format!("The footer is longer than {FOOTER_LINES} lines and was cut; shorten it."));
    }
    Frame {
        first_top: MARGIN_TOP,
        later_top: MARGIN_TOP - 8.0 + RUNNING_HEAD,
        bottom: footer_top(lines, theme) - ABOVE_FOOTER,
    }
}

fn footer_top(lines: usize, theme: &Theme) -> f32 {
    let lines = lines.clamp(1, FOOTER_LINES);
    PAGE_HEIGHT - MARGIN_BOTTOM - height(lines, theme.small()) - 6.0
}

fn footer(document: &Document, theme: &Theme, shaper: &mut Shaper<'_>) -> Vec<Line> {
    wrap::plain(shaper, &document.footer, theme.small(), FOOTER_WIDTH)
}

/// Adds head and foot to the finished pages.
pub(super) fn decorate(document: &Document, theme: &Theme, shaper: &mut Shaper<'_>, pages: &mut [Page]) {
    let style = theme.small();
    let mut lines = footer(document, theme, shaper);
    let top = footer_top(lines.len(), theme);
    lines.truncate(FOOTER_LINES);
    let count = pages.len();
    let half = CONTENT_WIDTH / 2.0 - 8.0;
    let issuer = wrap::plain(shaper, &document.branding.issuer_name, style, half);
    let title = wrap::plain(shaper, &document.title, style, half);
    for (at, page) in pages.iter_mut().enumerate() {
        page.push(rule(top, HAIRLINE, theme.line));
        stack(&lines, (MARGIN_SIDE, FOOTER_WIDTH), top + 6.0, style, Align::Left, page);
        let number = format!("Page {} of {count}", at + 1);
        let number = wrap::plain(shaper, &number, style, PAGE_NUMBER_WIDTH);
        let x = MARGIN_SIDE + CONTENT_WIDTH - PAGE_NUMBER_WIDTH;
        stack(&number, (x, PAGE_NUMBER_WIDTH), top + 6.0, style, Align::Right, page);
        if at > 0 {
            let y = MARGIN_TOP - 14.0;
            let across = (MARGIN_SIDE, CONTENT_WIDTH);
            stack(issuer.get(..1).unwrap_or_default(), across, y, style, Align::Left, page);
            stack(title.get(..1).unwrap_or_default(), across, y, style, Align::Right, page);
            page.push(rule(y + style.leading + 3.0, HAIRLINE, theme.line));
        }
    }
}
