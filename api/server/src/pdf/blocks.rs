//! The blocks of a document, one after the other, as strips for `flow`. Tables have their own
//! file; what every page carries is in `furniture`.

use super::canvas::{Item, Piece};
use super::flow::Flow;
use super::logo::Logo;
use super::shaping::Shaper;
use super::table::{self, rule};
use super::theme::{COLUMN_GUTTER, CONTENT_WIDTH, HAIRLINE, LOGO_HEIGHT, LOGO_WIDTH, MARGIN_SIDE, Style, Theme};
use super::totals;
use super::wrap::{self, Line};
use super::{Align, Block, Column, Document, PdfError, Run};

pub(super) fn layout(
    document: &Document,
    logo: Option<&Logo>,
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    flow: &mut Flow,
) -> Result<(), PdfError> {
    let mut rest = document.blocks.as_slice();
    while let Some((block, after)) = rest.split_first() {
        rest = after;
        match block {
            Block::Masthead { title, subtitle } => {
                let piece = masthead(document, (title, subtitle), logo, theme, shaper, flow);
                flow.group(vec![piece])?;
                flow.gap(20.0);
            }
            Block::Heading { level, text } => heading(*level, text, theme, shaper, flow),
            Block::Paragraph { runs, align } => paragraph(runs, *align, theme, shaper, flow)?,
            Block::Columns(columns) => side_by_side(columns, theme, shaper, flow)?,
            Block::Table { columns, rows } => {
                let (tail, after) = totals::after_table(after, theme, shaper, flow);
                rest = after;
                table::layout((columns, rows), tail, theme, shaper, flow)?;
            }
            Block::Totals(lines) => {
                flow.gap(10.0);
                let pieces = totals::pieces(lines, theme, shaper, flow);
                flow.group(pieces)?;
                flow.gap(14.0);
            }
            Block::Rule => {
                let items = vec![rule(0.0, HAIRLINE, theme.line)];
                flow.gap(10.0);
                flow.group(vec![Piece { items, ..Piece::default() }])?;
                flow.gap(10.0);
            }
            Block::Spacer(points) => flow.space(points_of(*points)),
            Block::PageBreak => flow.page_break()?,
        }
    }
    Ok(())
}

pub(super) fn points_of(points: u32) -> f32 {
    u16::try_from(points).map_or(f32::from(u16::MAX), f32::from)
}

fn masthead(
    document: &Document,
    (title, subtitle): (&str, &str),
    logo: Option<&Logo>,
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    flow: &mut Flow,
) -> Piece {
    let half = (CONTENT_WIDTH - COLUMN_GUTTER) / 2.0;
    let right = MARGIN_SIDE + CONTENT_WIDTH - half;
    let mut piece = Piece::default();
    let left = match logo {
        Some(logo) => {
            let (width, height) = logo.fitted(LOGO_WIDTH, LOGO_HEIGHT);
            piece.items.push(Item::Logo { x: MARGIN_SIDE, y: 2.0, width, height });
            height + 2.0
        }
        None => {
            let style = theme.issuer();
            let lines = wrap::plain(shaper, &document.branding.issuer_name, style, half);
            let lines = shortened(lines, 3, "issuer name", flow);
            stack(&lines, (MARGIN_SIDE, half), 2.0, style, Align::Left, &mut piece.items)
        }
    };
    let style = theme.title();
    let lines = shortened(wrap::plain(shaper, title, style, half), 3, "title", flow);
    let middle = stack(&lines, (right, half), 0.0, style, Align::Right, &mut piece.items);
    let style = theme.subtitle();
    let lines = shortened(wrap::plain(shaper, subtitle, style, half), 6, "subtitle", flow);
    let bottom = stack(&lines, (right, half), middle, style, Align::Right, &mut piece.items);
    piece.height = left.max(bottom) + 14.0;
    piece.items.push(rule(piece.height, 1.6, theme.accent));
    piece
}

pub(super) fn shortened(mut lines: Vec<Line>, most: usize, what: &str, flow: &mut Flow) -> Vec<Line> {
    if lines.len() > most {
        flow.warnings.push(format!("The {what} is longer than {most} lines and was cut; shorten it."));
        lines.truncate(most);
    }
    lines
}

/// Draws lines under each other and returns where they end.
pub(super) fn stack(
    lines: &[Line],
    (x, width): (f32, f32),
    top: f32,
    style: Style,
    align: Align,
    out: &mut Vec<Item>,
) -> f32 {
    let mut y = top;
    for line in lines {
        line.draw(x, width, y + style.baseline(), align, out);
        y += style.leading;
    }
    y
}

/// One strip for each line across the page.
fn strips(lines: &[Line], style: Style, align: Align) -> Vec<Piece> {
    let strip = |line: &Line| {
        let mut piece = Piece { height: style.leading, ..Piece::default() };
        line.draw(MARGIN_SIDE, CONTENT_WIDTH, style.baseline(), align, &mut piece.items);
        piece
    };
    lines.iter().map(strip).collect()
}

fn heading(level: u8, text: &str, theme: &Theme, shaper: &mut Shaper<'_>, flow: &mut Flow) {
    let style = theme.heading(level);
    let lines = wrap::plain(shaper, text, style, CONTENT_WIDTH);
    for (at, mut piece) in strips(&lines, style, Align::Left).into_iter().enumerate() {
        piece.gap = if at == 0 { style.leading } else { 0.0 };
        piece.keep_with_next = true;
        if at + 1 == lines.len() {
            piece.height += 4.0;
        }
        flow.keep_with_next(piece);
    }
}

fn run_styles<'r>(runs: &'r [Run], theme: &Theme) -> Vec<(&'r str, Style)> {
    let styled = runs.iter().map(|run| {
        let style = theme.body().bold(run.bold);
        let style = if run.muted { style.colour(theme.muted) } else { style };
        (run.text.as_str(), style)
    });
    styled.collect()
}

fn paragraph(
    runs: &[Run],
    align: Align,
    theme: &Theme,
    shaper: &mut Shaper<'_>,
    flow: &mut Flow,
) -> Result<(), PdfError> {
    let lines = wrap::runs(shaper, &run_styles(runs, theme), CONTENT_WIDTH);
    let mut pieces = strips(&lines, theme.body(), align);
    flow.gap(7.0);
    if pieces.len() > 4 {
        // No single line of a paragraph is left alone on a page.
        let last = pieces.split_off(pieces.len() - 2);
        let middle = pieces.split_off(2);
        flow.group(pieces)?;
        middle.into_iter().try_for_each(|line| flow.group(vec![line]))?;
        pieces = last;
    }
    flow.group(pieces)?;
    flow.gap(7.0);
    Ok(())
}

fn side_by_side(columns: &[Column], theme: &Theme, shaper: &mut Shaper<'_>, flow: &mut Flow) -> Result<(), PdfError> {
    let weight = |c: &Column| points_of(c.weight.max(1));
    let total: f32 = columns.iter().map(weight).sum();
    let gutters = points_of(u32::try_from(columns.len().saturating_sub(1)).unwrap_or(u32::MAX));
    let gutter = COLUMN_GUTTER.min(CONTENT_WIDTH / 4.0 / gutters.max(1.0));
    let (label, body) = (theme.label(), theme.body());
    let mut heads = Piece { keep_with_next: true, ..Piece::default() };
    let mut rows: Vec<Piece> = Vec::new();
    let mut x = MARGIN_SIDE;
    for column in columns {
        let width = (CONTENT_WIDTH - gutters * gutter) * weight(column) / total;
        if let Some(words) = &column.heading {
            let lines = shortened(wrap::plain(shaper, words, label, width), 3, "heading of a column", flow);
            let end = stack(&lines, (x, width), 0.0, label, column.align, &mut heads.items);
            heads.height = heads.height.max(end + 2.0);
        }
        let mut at = 0;
        for runs in &column.lines {
            let mut lines = wrap::runs(shaper, &run_styles(runs, theme), width);
            if lines.is_empty() {
                lines.push(Line::default());
            }
            for line in lines {
                if at == rows.len() {
                    rows.push(Piece { height: body.leading, ..Piece::default() });
                }
                if let Some(row) = rows.get_mut(at) {
                    line.draw(x, width, body.baseline(), column.align, &mut row.items);
                }
                at += 1;
            }
        }
        x += width + gutter;
    }
    if heads.height > 0.0 {
        rows.insert(0, heads);
    }
    flow.gap(14.0);
    flow.group(rows)?;
    flow.gap(16.0);
    Ok(())
}
