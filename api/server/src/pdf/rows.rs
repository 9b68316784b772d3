//! One row of a table: how it looks and how tall it becomes once its cells are wrapped.

use super::canvas::{Item, Piece};
use super::shaping::Shaper;
use super::table::{height, rule};
use super::theme::{CONTENT_WIDTH, DETAIL_INDENT, HAIRLINE, MARGIN_SIDE, Style, Theme};
use super::wrap::{self, Line};
use super::{Align, RowStyle, TableRow};

/// Where a column's text goes.
pub(super) struct Slot {
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) align: Align,
}

pub(super) fn pieces(
    row: &TableRow,
    (before, after): (Option<RowStyle>, Option<RowStyle>),
    slots: &[Slot],
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    room: f32,
) -> Vec<Piece> {
    let style = style(row.style, theme);
    let whole = Slot { x: MARGIN_SIDE, width: CONTENT_WIDTH, align: Align::Left };
    let slots = if spans(row) { std::slice::from_ref(&whole) } else { slots };
    let mut cells = Vec::with_capacity(slots.len());
    for (at, (slot, text)) in slots.iter().zip(&row.cells).enumerate() {
        cells.push(wrap::plain(shaper, text, style, slot.width - indent(row.style, at)));
    }
    let (above, below) = padding(row.style, before, after);
    let most = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let per_piece = lines_in((room - above - below).max(style.leading), style).max(1);
    let mut pieces = Vec::new();
    let mut first = 0;
    while first < most {
        let last = (first + per_piece).min(most);
        let top = if first == 0 { above } else { 0.0 };
        let mut piece = Piece { height: top + height(last - first, style), ..Piece::default() };
        for (at, (lines, slot)) in cells.iter().zip(slots).enumerate() {
            let lines = lines.get(first..last.min(lines.len())).unwrap_or_default();
            draw(lines, slot, indent(row.style, at), top, style, &mut piece.items);
        }
        if last == most {
            piece.height += below;
            piece.keep_with_next = row.style == RowStyle::Section
                || after == Some(RowStyle::Strong)
                || (after == Some(RowStyle::Detail) && row.style != RowStyle::Detail);
            if after != Some(RowStyle::Detail) {
                piece.items.push(rule(piece.height, HAIRLINE, theme.line));
            }
        }
        pieces.push(piece);
        first = last;
    }
    pieces
}

/// Space above and below a row's text.
fn padding(style: RowStyle, before: Option<RowStyle>, after: Option<RowStyle>) -> (f32, f32) {
    let open = after == Some(RowStyle::Detail);
    match style {
        RowStyle::Detail => (0.0, if open { 0.5 } else { 4.5 }),
        RowStyle::Section => (if before.is_some() { 13.0 } else { 6.0 }, 4.0),
        RowStyle::Normal | RowStyle::Strong => (4.0, if open { 0.5 } else { 4.0 }),
    }
}

pub(super) fn style(row: RowStyle, theme: &Theme) -> Style {
    match row {
        RowStyle::Normal => theme.body(),
        RowStyle::Detail => theme.detail(),
        RowStyle::Strong => theme.body().bold(true),
        RowStyle::Section => theme.body().bold(true).colour(theme.brand_ink),
    }
}

pub(super) fn indent(row: RowStyle, column: usize) -> f32 {
    if row == RowStyle::Detail && column == 0 { DETAIL_INDENT } else { 0.0 }
}

/// A section title without figures may use the whole width.
pub(super) fn spans(row: &TableRow) -> bool {
    row.style == RowStyle::Section && row.cells.iter().skip(1).all(|c| c.trim().is_empty())
}

pub(super) fn draw(lines: &[Line], slot: &Slot, indent: f32, top: f32, style: Style, out: &mut Vec<Item>) {
    let mut baseline = top + style.baseline();
    for line in lines {
        line.draw(slot.x + indent, slot.width - indent, baseline, slot.align, out);
        baseline += style.leading;
    }
}

fn lines_in(room: f32, style: Style) -> usize {
    let mut lines = 0;
    while height(lines + 1, style) <= room && lines < 1_000 {
        lines += 1;
    }
    lines
}
