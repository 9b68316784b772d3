//! Tables: column widths, rows of wrapped cells, and which rows must share a page. Page breaks
//! themselves are made by `flow`.

use super::canvas::{Item, Piece};
use super::flow::Flow;
use super::rows::{self, Slot, draw, indent, spans, style};
use super::shaping::Shaper;
use super::theme::{CELL_GUTTER, CONTENT_WIDTH, Colour, MARGIN_SIDE, Style, Theme};
use super::widths::{Wish, share_out};
use super::wrap::{self, Line};
use super::{Align, PdfError, RowStyle, TableColumn, TableRow};

const HEADER_LINES: usize = 4;
const HEADER_RULE: f32 = 0.9;

/// Lays a table out; `tail` is kept with its last rows (the totals that follow it).
pub(super) fn layout(
    (columns, rows): (&[TableColumn], &[TableRow]),
    tail: Vec<Piece>,
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    flow: &mut Flow,
) -> Result<(), PdfError> {
    if columns.is_empty() {
        flow.warnings.push("A table without columns was left out; give it at least one.".to_owned());
        return flow.group(tail);
    }
    let surplus = rows.iter().filter(|r| r.cells.len() > columns.len()).count();
    if surplus > 0 {
        flow.warnings
            .push(format!("{surplus} table rows have more cells than there are columns; the surplus was left out."));
    }
    let slots = slots(columns, rows, theme, shaper);
    flow.gap(14.0);
    let mut opening = vec![header(columns, &slots, theme, shaper, flow)];
    let mut tail = Some(tail);
    let mut start = 0;
    while start < rows.len() {
        let end = group_end(rows, start);
        let mut pieces = std::mem::take(&mut opening);
        let room = flow.capacity() - pieces.iter().map(|p| p.height).sum::<f32>();
        for at in start..end {
            let before = at.checked_sub(1).and_then(|b| rows.get(b));
            if let Some(row) = rows.get(at) {
                let neighbours = (before.map(|r| r.style), rows.get(at + 1).map(|r| r.style));
                pieces.extend(rows::pieces(row, neighbours, &slots, theme, shaper, room));
            }
        }
        if end == rows.len() {
            let tail = kept_tail(tail.take().unwrap_or_default(), &mut pieces);
            pieces.extend(tail);
        }
        flow.group(pieces)?;
        start = end;
    }
    flow.end_table();
    opening.extend(tail.unwrap_or_default());
    if !opening.is_empty() {
        flow.group(opening)?;
    }
    flow.gap(12.0);
    Ok(())
}

/// The last row holds on to the tail even when the whole group is too tall for a page.
fn kept_tail(tail: Vec<Piece>, rows: &mut [Piece]) -> Vec<Piece> {
    if let (Some(last), false) = (rows.last_mut(), tail.is_empty()) {
        last.keep_with_next = true;
    }
    tail
}

/// A row, its details, the section title above it and the sum below it belong together.
fn group_end(rows: &[TableRow], start: usize) -> usize {
    let mut end = start + 1;
    while let (Some(last), Some(next)) = (rows.get(end - 1), rows.get(end)) {
        let joined = last.style == RowStyle::Section
            || next.style == RowStyle::Detail
            || (next.style == RowStyle::Strong && last.style != RowStyle::Strong);
        if !joined {
            break;
        }
        end += 1;
    }
    end
}

fn slots(columns: &[TableColumn], rows: &[TableRow], theme: &Theme, shaper: &mut Shaper<'_>) -> Vec<Slot> {
    let mut wishes = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let (mut least, mut most) = wrap::extents(shaper, &column.title, theme.label());
        for row in rows.iter().filter(|r| !spans(r)) {
            let Some(text) = row.cells.get(at) else {
                continue;
            };
            let (word, line) = wrap::extents(shaper, text, style(row.style, theme));
            let indent = indent(row.style, at);
            // Figures are not broken between number and unit.
            least = least.max(if column.align == Align::Left { word } else { line } + indent);
            most = most.max(line + indent);
        }
        wishes.push(Wish { least: least + 0.1, most: most + 0.1, weight: column.weight });
    }
    let gutters = f32::from(u16::try_from(columns.len() - 1).unwrap_or(u16::MAX));
    let gutter = CELL_GUTTER.min(CONTENT_WIDTH / 4.0 / gutters.max(1.0));
    let widths = share_out(&wishes, CONTENT_WIDTH - gutters * gutter);
    let mut x = MARGIN_SIDE;
    let placed = columns.iter().zip(widths).map(|(column, width)| {
        let slot = Slot { x, width, align: column.align };
        x += width + gutter;
        slot
    });
    placed.collect()
}

fn header(columns: &[TableColumn], slots: &[Slot], theme: &Theme, shaper: &mut Shaper<'_>, flow: &mut Flow) -> Piece {
    let style = theme.label();
    let mut titles: Vec<Vec<Line>> =
        columns.iter().zip(slots).map(|(column, slot)| wrap::plain(shaper, &column.title, style, slot.width)).collect();
    for lines in titles.iter_mut().filter(|t| t.len() > HEADER_LINES) {
        flow.warnings.push("A table column's title is too long for its width and was cut.".to_owned());
        lines.truncate(HEADER_LINES);
    }
    let tallest = titles.iter().map(Vec::len).max().unwrap_or(0);
    let mut piece = Piece { keep_with_next: true, repeats: true, ..Piece::default() };
    for (lines, slot) in titles.iter().zip(slots) {
        // Short titles stand on the rule, not under the ceiling.
        let top = height(tallest - lines.len(), style);
        draw(lines, slot, 0.0, top, style, &mut piece.items);
    }
    piece.height = height(tallest, style) + 5.0;
    piece.items.push(rule(piece.height, HEADER_RULE, theme.accent));
    piece
}

pub(super) fn rule(y: f32, thickness: f32, colour: Colour) -> Item {
    Item::Rule { x: MARGIN_SIDE, y, width: CONTENT_WIDTH, thickness, colour }
}

pub(super) fn height(lines: usize, style: Style) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * style.leading
}
