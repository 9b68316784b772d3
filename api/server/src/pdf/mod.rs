//! The PDF room: a structured document goes in, bytes go out, always the same bytes for the same
//! document. Nothing here knows what an invoice is, reads a file, a clock or a database; whoever
//! fills the blocks decides what they say. The PDF library stays behind `writer` and `fonts`.
#![allow(clippy::float_arithmetic)] // Positions on paper are points; no amount is computed here.

mod blocks;
mod canvas;
mod document;
mod flow;
mod fonts;
mod furniture;
mod logo;
mod rows;
mod shaping;
mod table;
mod text;
mod theme;
mod totals;
mod widths;
mod wrap;
mod writer;

#[cfg(test)]
mod tests;

pub use document::{Align, Block, Branding, Column, Document, RowStyle, Run, TableColumn, TableRow, TotalLine};

/// A finished document.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The PDF file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// What could not be shown as asked, in sentences; empty when all went well.
    pub warnings: Vec<String>,
}

/// Why no PDF could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PdfError {
    /// The document is larger than any document should be.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The most that is accepted.
        limit: usize,
    },
    /// A font could not be read or reduced.
    Font(String),
    /// The file could not be put together.
    Write(String),
}

impl std::fmt::Display for PdfError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { what, limit } => {
                write!(f, "The document has more than {limit} {what}; split it into several documents.")
            }
            Self::Font(why) => write!(f, "A font cannot be used: {why}."),
            Self::Write(why) => write!(f, "The PDF file cannot be written: {why}."),
        }
    }
}

impl std::error::Error for PdfError {}

/// The most pages one document may have.
pub const MAX_PAGES: usize = 2_000;
/// The most table rows, lines and blocks one document may have, all together.
pub const MAX_ROWS: usize = 50_000;
/// The most text, in bytes, one document may carry.
pub const MAX_TEXT: usize = 2 << 20;

/// Renders with the embedded fonts (Latin, Greek, Cyrillic, Vietnamese).
///
/// # Errors
/// [`PdfError::TooLarge`] when the document exceeds a limit above; the other kinds mean a defect
/// here, not in the document.
pub fn render(document: &Document) -> Result<Rendered, PdfError> {
    render_with_fonts(document, &[])
}

/// Renders with further font files (TrueType or OpenType, one face each) for scripts that the
/// embedded fonts lack, tried in the order given.
///
/// # Errors
/// As [`render`]; also [`PdfError::Font`] when one of `extra` is not a font.
pub fn render_with_fonts(document: &Document, extra: &[Vec<u8>]) -> Result<Rendered, PdfError> {
    let (rows, text) = document.size();
    if rows > MAX_ROWS {
        return Err(PdfError::TooLarge { what: "rows", limit: MAX_ROWS });
    }
    if text > MAX_TEXT {
        return Err(PdfError::TooLarge { what: "bytes of text", limit: MAX_TEXT });
    }
    let mut warnings = Vec::new();
    let logo = match document.branding.logo.as_deref().map(logo::decode) {
        Some(Ok(logo)) => Some(logo),
        Some(Err(why)) => {
            warnings.push(why);
            None
        }
        None => None,
    };
    let library = fonts::Library::new(extra)?;
    let mut shaper = shaping::Shaper::new(&library);
    let theme = theme::Theme::new(document.branding.colour);
    let frame = furniture::frame(document, &theme, &mut shaper, &mut warnings);
    let mut flow = flow::Flow::new(frame);
    blocks::layout(document, logo.as_ref(), &theme, &mut shaper, &mut flow)?;
    warnings.append(&mut flow.warnings);
    let mut pages = flow.finish();
    furniture::decorate(document, &theme, &mut shaper, &mut pages);
    warnings.extend(shaper.warnings());
    let bytes = writer::write(document, &library, &pages, logo.as_ref())?;
    Ok(Rendered { bytes, pages: pages.len(), warnings })
}
