//! What one page shows, as drawing operations. Fonts and the file around it are not made here.

use std::collections::BTreeMap;

use printpdf::{
    Codepoint, Color, DictItem, FontId, Line, LinePoint, Op, PdfFontHandle, Point, Pt, Rgb, TextItem, XObjectId,
    XObjectTransform,
};

use super::{LOGO, UsedFace, resource_name};
use crate::pdf::canvas::{Item, Page, Text};
use crate::pdf::fonts::FaceId;
use crate::pdf::shaping::{FaceRun, Glyph};
use crate::pdf::theme::{Colour, PAGE_HEIGHT};

pub(super) fn operations(page: &Page, faces: &BTreeMap<FaceId, UsedFace>) -> Vec<Op> {
    let mut pen = Pen { ops: Vec::new(), font: None, colour: None, open: None };
    for item in page {
        match item {
            Item::Text(text) => pen.text(text, faces),
            Item::Rule { x, y, width, thickness, colour } => pen.rule(*x, *y, *width, *thickness, *colour),
            Item::Logo { x, y, width, height } => pen.logo(*x, *y, *width, *height),
        }
    }
    pen.close();
    pen.ops
}

/// Text being collected: glyphs that follow each other on one baseline become one operation.
struct Open {
    /// Where the last glyph leaves the pen.
    x: f32,
    y: f32,
    items: Vec<TextItem>,
}

struct Pen {
    ops: Vec<Op>,
    font: Option<(FaceId, f32)>,
    colour: Option<Colour>,
    open: Option<Open>,
}

impl Pen {
    fn text(&mut self, text: &Text, faces: &BTreeMap<FaceId, UsedFace>) {
        let Some(run) = text.word.runs.get(text.run) else {
            return;
        };
        let Some(face) = faces.get(&run.face) else {
            return;
        };
        let font = (run.face, text.style.size);
        if self.font != Some(font) || self.colour != Some(text.style.colour) {
            self.close();
        }
        if self.colour != Some(text.style.colour) {
            self.ops.push(Op::SetFillColor { col: colour(text.style.colour) });
            self.colour = Some(text.style.colour);
        }
        if self.font != Some(font) {
            let handle = PdfFontHandle::External(FontId(resource_name(run.face)));
            self.ops.push(Op::SetFont { font: handle, size: Pt(text.style.size) });
            self.font = Some(font);
        }
        let spelled_out = !reads_by_itself(run, face);
        if spelled_out {
            self.close();
            let spoken = DictItem::Dict { map: BTreeMap::from([("ActualText".to_owned(), utf16(&run.text))]) };
            self.ops.push(Op::BeginMarkedContentWithProperties { tag: "Span".to_owned(), properties: spoken });
        }
        let mut x = text.x;
        for glyph in &run.glyphs {
            self.glyph(glyph, x, text.y, text.style.size, face);
            x += glyph.advance * text.style.size;
        }
        if spelled_out {
            self.close();
            self.ops.push(Op::EndMarkedContentWithProperties);
        }
    }

    fn glyph(&mut self, glyph: &Glyph, x: f32, y: f32, size: f32, face: &UsedFace) {
        let number = face.subset.renumbered(glyph.id);
        let spoken = face.texts.get(&glyph.id).cloned().unwrap_or_default();
        let advance = face.advances.get(usize::from(number)).copied().unwrap_or(0.0);
        let (x, y) = (x + glyph.dx * size, y - glyph.dy * size);
        let follows = |open: &Open| (open.y - y).abs() < 0.001 && (open.x - x).abs() < size;
        if !self.open.as_ref().is_some_and(follows) {
            self.close();
            self.open = Some(Open { x, y, items: vec![TextItem::GlyphIds(Vec::new())] });
            self.ops.push(Op::StartTextSection);
            let pos = Point { x: Pt(rounded(x)), y: Pt(rounded(PAGE_HEIGHT - y)) };
            self.ops.push(Op::SetTextCursor { pos });
        }
        let Some(open) = self.open.as_mut() else {
            return;
        };
        let off = (open.x - x) / size * 1000.0;
        if off.abs() > 0.5 {
            open.items.push(TextItem::Offset(off.round()));
            open.x -= off.round() * size / 1000.0;
            open.items.push(TextItem::GlyphIds(Vec::new()));
        }
        if let Some(TextItem::GlyphIds(glyphs)) = open.items.last_mut() {
            glyphs.push(Codepoint::with_cid(number, 0.0, spoken));
            open.x += advance * size / 1000.0;
        }
    }

    /// Ends the text being collected.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.ops.push(Op::ShowText { items: open.items });
            self.ops.push(Op::EndTextSection);
        }
    }

    fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, line: Colour) {
        self.close();
        let y = Pt(rounded(PAGE_HEIGHT - y));
        let end = |x: f32| LinePoint { p: Point { x: Pt(rounded(x)), y }, bezier: false };
        self.ops.extend([
            Op::SetOutlineColor { col: colour(line) },
            Op::SetOutlineThickness { pt: Pt(thickness) },
            Op::DrawLine { line: Line { points: vec![end(x), end(x + width)], is_closed: false } },
        ]);
    }

    fn logo(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.close();
        let transform = XObjectTransform {
            translate_x: Some(Pt(rounded(x))),
            translate_y: Some(Pt(rounded(PAGE_HEIGHT - y - height))),
            scale_x: Some(rounded(width)),
            scale_y: Some(rounded(height)),
            no_auto_scale: true,
            ..XObjectTransform::default()
        };
        self.ops.push(Op::UseXobject { id: XObjectId(LOGO.to_owned()), transform });
    }
}

/// Whether copying the glyphs one by one gives the run's text.
fn reads_by_itself(run: &FaceRun, face: &UsedFace) -> bool {
    run.clusters().all(|(words, glyphs)| match glyphs {
        [glyph] => face.texts.get(&glyph.id).is_some_and(|t| t == words),
        _ => false,
    })
}

/// Text as PDF wants it outside of content: UTF-16, big end first, with a mark.
pub(super) fn utf16(text: &str) -> DictItem {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    DictItem::String { data: units.flat_map(u16::to_be_bytes).collect(), literal: false }
}

fn colour(colour: Colour) -> Color {
    let [r, g, b] = colour.map(|c| (f32::from(c) / 255.0 * 1000.0).round() / 1000.0);
    Color::Rgb(Rgb { r, g, b, icc_profile: None })
}

/// A hundredth of a point is finer than any printer.
fn rounded(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}
