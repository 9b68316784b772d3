//! The sums under a table: labels and amounts at the right margin, the one that matters largest.

use super::blocks::{points_of, shortened, stack};
use super::canvas::{Item, Piece};
use super::flow::Flow;
use super::shaping::Shaper;
use super::table::height;
use super::theme::{CONTENT_WIDTH, MARGIN_SIDE, Style, Theme};
use super::wrap;
use super::{Align, Block, RowStyle, TotalLine};

/// Totals that follow a table, with the space between them.
pub(super) fn after_table<'b>(
    rest: &'b [Block],
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    flow: &mut Flow,
) -> (Vec<Piece>, &'b [Block]) {
    let spacers = rest.iter().take_while(|b| matches!(b, Block::Spacer(_))).count();
    let Some(Block::Totals(lines)) = rest.get(spacers) else {
        return (Vec::new(), rest);
    };
    let space = rest.iter().take(spacers).map(|b| if let Block::Spacer(p) = b { points_of(*p) } else { 0.0 });
    let gap = 10.0 + space.sum::<f32>().min(flow.capacity() / 4.0);
    let mut pieces = pieces(lines, theme, shaper, flow);
    if let Some(first) = pieces.first_mut() {
        first.gap = gap;
    }
    (pieces, rest.get(spacers + 1..).unwrap_or_default())
}

pub(super) fn pieces(lines: &[TotalLine], theme: &Theme, shaper: &mut Shaper<'_>, flow: &mut Flow) -> Vec<Piece> {
    const GUTTER: f32 = 20.0;
    let (mut widest_value, mut widest_label) = (0.0_f32, 0.0_f32);
    for line in lines {
        let (label, value) = total_styles(line.style, theme);
        widest_value = widest_value.max(wrap::extents(shaper, &line.value, value).1 + 0.1);
        if line.style != RowStyle::Detail {
            widest_label = widest_label.max(wrap::extents(shaper, &line.label, label).1 + 0.1);
        }
    }
    let value_width = widest_value.min(CONTENT_WIDTH * 0.5);
    let wanted = widest_label + GUTTER + value_width;
    let width = wanted.clamp(CONTENT_WIDTH * 0.42, CONTENT_WIDTH * 0.75);
    let left = MARGIN_SIDE + CONTENT_WIDTH - width;
    let mut pieces = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let (label, value) = total_styles(line.style, theme);
        let mut piece = Piece { keep_with_next: at + 1 < lines.len(), ..Piece::default() };
        let mut top = 2.0;
        if line.style == RowStyle::Strong {
            top = if at == 0 { 6.0 } else { 10.0 };
            let y = top - 6.0;
            piece.items.push(Item::Rule { x: left, y, width, thickness: 0.9, colour: theme.accent });
        }
        let beside = if line.value.is_empty() { 0.0 } else { value_width + GUTTER };
        let words = wrap::plain(shaper, &line.label, label, width - beside);
        let words = shortened(words, 6, "label of a total", flow);
        let amount = shortened(wrap::plain(shaper, &line.value, value, value_width), 3, "value of a total", flow);
        stack(&words, (left, width), top, label, Align::Left, &mut piece.items);
        stack(&amount, (left, width), top, value, Align::Right, &mut piece.items);
        piece.height = top + height(words.len(), label).max(height(amount.len(), value)) + 2.0;
        pieces.push(piece);
    }
    pieces
}

/// Styles of the label and of the value.
fn total_styles(style: RowStyle, theme: &Theme) -> (Style, Style) {
    match style {
        RowStyle::Normal => (theme.body().colour(theme.muted), theme.body()),
        RowStyle::Detail => (theme.detail(), theme.detail()),
        RowStyle::Strong => (theme.grand_total(), theme.grand_total()),
        RowStyle::Section => (theme.body().bold(true), theme.body().bold(true)),
    }
}
