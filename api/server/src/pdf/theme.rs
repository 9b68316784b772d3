//! Sizes, spaces and colours: the one place to change how documents look. No layout here.

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

/// A4, in points.
pub(super) const PAGE_WIDTH: f32 = 595.276;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
pub(super) const MARGIN_SIDE: f32 = 51.0;
pub(super) const MARGIN_TOP: f32 = 48.0;
pub(super) const MARGIN_BOTTOM: f32 = 34.0;
/// What the running head of later pages takes, including the space under it.
pub(super) const RUNNING_HEAD: f32 = 32.0;
pub(super) const CONTENT_WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN_SIDE;

pub(super) const HAIRLINE: f32 = 0.5;
pub(super) const LOGO_WIDTH: f32 = 170.0;
pub(super) const LOGO_HEIGHT: f32 = 46.0;
/// Between two columns of a table, and between side-by-side blocks.
pub(super) const CELL_GUTTER: f32 = 12.0;
pub(super) const COLUMN_GUTTER: f32 = 24.0;
pub(super) const DETAIL_INDENT: f32 = 10.0;

const INK: Colour = [0x1b, 0x1f, 0x27];
const MUTED: Colour = [0x5f, 0x69, 0x78];
const LINE: Colour = [0xdd, 0xe1, 0xe7];

/// Size, weight and colour of a stretch of text; sizes in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) size: f32,
    /// Height of a line of it.
    pub(super) leading: f32,
    pub(super) bold: bool,
    pub(super) colour: Colour,
}

impl Style {
    /// Distance from the top of a line to its baseline: capitals stand in the middle of the line.
    pub(super) fn baseline(&self) -> f32 {
        const CAPITAL: f32 = 0.714;
        (self.leading + self.size * CAPITAL) / 2.0
    }

    pub(super) fn bold(self, bold: bool) -> Self {
        Self { bold, ..self }
    }

    pub(super) fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// The colours of one document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    /// For rules: the brand's colour, unless it would vanish on white.
    pub(super) accent: Colour,
    /// For text: the brand's colour, darkened until it reads well on white.
    pub(super) brand_ink: Colour,
    pub(super) ink: Colour,
    pub(super) muted: Colour,
    pub(super) line: Colour,
}

impl Theme {
    pub(super) fn new(brand: Colour) -> Self {
        Self {
            accent: darken_until(brand, 1.8),
            brand_ink: darken_until(brand, 4.5),
            ink: INK,
            muted: MUTED,
            line: LINE,
        }
    }

    fn style(&self, size: f32, leading: f32) -> Style {
        Style { size, leading, bold: false, colour: self.ink }
    }

    pub(super) fn body(&self) -> Style {
        self.style(9.0, 13.0)
    }

    pub(super) fn detail(&self) -> Style {
        self.style(8.0, 11.5).colour(self.muted)
    }

    pub(super) fn label(&self) -> Style {
        self.style(7.5, 11.0).bold(true).colour(self.muted)
    }

    pub(super) fn small(&self) -> Style {
        self.style(7.0, 10.0).colour(self.muted)
    }

    pub(super) fn grand_total(&self) -> Style {
        self.style(12.0, 17.0).bold(true)
    }

    pub(super) fn title(&self) -> Style {
        self.style(23.0, 28.0).bold(true)
    }

    pub(super) fn subtitle(&self) -> Style {
        self.style(10.0, 14.5).colour(self.muted)
    }

    pub(super) fn issuer(&self) -> Style {
        self.style(17.0, 22.0).bold(true).colour(self.brand_ink)
    }

    pub(super) fn heading(&self, level: u8) -> Style {
        match level {
            0 | 1 => self.style(14.0, 19.0).bold(true),
            2 => self.style(11.0, 15.5).bold(true),
            _ => self.style(9.0, 13.5).bold(true).colour(self.muted),
        }
    }
}

/// Mixes black in until the contrast with white is at least `contrast` (as WCAG counts it).
fn darken_until(colour: Colour, contrast: f32) -> Colour {
    let mut shade = colour;
    for step in 1..=20_u16 {
        if 1.05 / (luminance(shade) + 0.05) >= contrast {
            break;
        }
        let keep = 20 - step;
        shade = colour.map(|c| u8::try_from(u16::from(c) * keep / 20).unwrap_or(0));
    }
    shade
}

fn luminance(colour: Colour) -> f32 {
    let [r, g, b] = colour.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}
