//! Strips to pages: decides where a page ends, keeps together what belongs together and repeats a
//! table's header. Knows nothing of what the strips show.

use super::canvas::{Page, Piece};
use super::{MAX_PAGES, PdfError};

/// The part of every page that content may fill, in points from the top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) first_top: f32,
    pub(super) later_top: f32,
    pub(super) bottom: f32,
}

pub(super) struct Flow {
    frame: Frame,
    pages: Vec<Page>,
    y: f32,
    /// Nothing but a repeated header is on this page.
    fresh: bool,
    gap: f32,
    extra: f32,
    /// Headings waiting for what they introduce.
    waiting: Vec<Piece>,
    header: Option<Piece>,
    pub(super) warnings: Vec<String>,
}

impl Flow {
    pub(super) fn new(frame: Frame) -> Self {
        Self {
            frame,
            pages: vec![Page::new()],
            y: frame.first_top,
            fresh: true,
            gap: 0.0,
            extra: 0.0,
            waiting: Vec::new(),
            header: None,
            warnings: Vec::new(),
        }
    }

    /// The most one page can hold, below the repeated header if there is one.
    pub(super) fn capacity(&self) -> f32 {
        let header = self.header.as_ref().map_or(0.0, |h| h.height);
        self.frame.bottom - self.frame.later_top - header
    }

    /// Asks for space before the next strip.
    pub(super) fn gap(&mut self, points: f32) {
        self.gap = self.gap.max(points);
    }

    /// Adds space that is not shared with neighbours.
    pub(super) fn space(&mut self, points: f32) {
        self.extra += points;
    }

    /// Holds a strip back until the next group comes, and keeps it with that group.
    pub(super) fn keep_with_next(&mut self, piece: Piece) {
        self.waiting.push(piece);
    }

    /// Repeats no header any more.
    pub(super) fn end_table(&mut self) {
        self.header = None;
    }

    /// Places strips on one page if they fit on any, or one after the other if they do not.
    pub(super) fn group(&mut self, pieces: Vec<Piece>) -> Result<(), PdfError> {
        let mut all = std::mem::take(&mut self.waiting);
        all.extend(pieces);
        let height = total(&all);
        if self.fits(height + self.gap_before(all.first())) {
            all.into_iter().for_each(|p| self.put(p));
            return Ok(());
        }
        let inner = height - all.first().map_or(0.0, |p| p.gap);
        if inner <= self.capacity() {
            self.new_page()?;
            all.into_iter().for_each(|p| self.put(p));
            return Ok(());
        }
        for at in 0..all.len() {
            let rest = all.get(at..).unwrap_or_default();
            let Some(piece) = rest.first().cloned() else {
                break;
            };
            let kept = rest.iter().take_while(|p| p.keep_with_next).count();
            let mut need = total(rest.get(..=kept).unwrap_or(rest));
            if need - piece.gap > self.capacity() {
                need = piece.height + piece.gap; // Too much to keep together: do without.
            }
            if !self.fits(need + self.gap_before(Some(&piece))) {
                self.new_page()?;
            }
            self.put(piece);
        }
        Ok(())
    }

    /// Starts a page, unless this one is still empty.
    pub(super) fn page_break(&mut self) -> Result<(), PdfError> {
        if !self.waiting.is_empty() {
            self.group(Vec::new())?;
        }
        if self.fresh { Ok(()) } else { self.new_page() }
    }

    pub(super) fn finish(mut self) -> Vec<Page> {
        let waiting = std::mem::take(&mut self.waiting);
        for piece in waiting {
            self.put(piece);
        }
        self.pages
    }

    fn gap_before(&self, piece: Option<&Piece>) -> f32 {
        let wish = piece.map_or(0.0, |p| p.gap);
        if self.fresh { -wish } else { self.gap.max(wish) - wish + self.extra }
    }

    fn fits(&self, height: f32) -> bool {
        self.y + height <= self.frame.bottom + 0.01
    }

    fn new_page(&mut self) -> Result<(), PdfError> {
        if self.fresh {
            return Ok(());
        }
        if self.pages.len() >= MAX_PAGES {
            return Err(PdfError::TooLarge { what: "pages", limit: MAX_PAGES });
        }
        self.pages.push(Page::new());
        self.y = self.frame.later_top;
        self.fresh = true;
        if let Some(header) = self.header.clone() {
            self.put(header);
            self.fresh = true;
        }
        Ok(())
    }

    fn put(&mut self, piece: Piece) {
        if !self.fresh {
            self.y += self.gap.max(piece.gap) + self.extra;
        }
        (self.gap, self.extra) = (0.0, 0.0);
        let y = self.y;
        if let Some(page) = self.pages.last_mut() {
            page.extend(piece.items.iter().map(|item| item.moved_down(y)));
        }
        self.y += piece.height;
        self.fresh = false;
        if piece.repeats {
            self.header = Some(piece);
        }
    }
}

fn total(pieces: &[Piece]) -> f32 {
    pieces.iter().map(|p| p.height + p.gap).sum()
}
