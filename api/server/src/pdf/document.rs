//! The document as its author describes it: blocks of content, and nothing about pages.

use chrono::NaiveDate;

/// Everything a rendered document says and how it is branded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Shown in the viewer's title bar and at the head of every page after the first.
    pub title: String,
    /// What the document is about, for the file's properties only.
    pub subject: String,
    /// Who issued it, for the file's properties only.
    pub author: String,
    /// Becomes the creation date in the file's properties (midnight UTC); absent for drafts.
    pub issued_on: Option<NaiveDate>,
    /// Language tag such as `en-IN`, read by screen readers.
    pub language: String,
    /// Logo, name and colour of the issuer.
    pub branding: Branding,
    /// The content, top to bottom.
    pub blocks: Vec<Block>,
    /// Small print at the foot of every page, left of "Page x of y".
    pub footer: String,
}

/// How the issuer wants to be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branding {
    /// Printed in the masthead when there is no usable logo, and at the head of later pages.
    pub issuer_name: String,
    /// A PNG or JPEG file. One that cannot be used becomes a warning, never an error.
    pub logo: Option<Vec<u8>>,
    /// Red, green, blue. Used for rules and accents; text in it is darkened until readable.
    pub colour: [u8; 3],
}

/// One piece of the document's content.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Logo or issuer name on the left, title and subtitle on the right, a coloured rule below.
    Masthead {
        /// The large words, such as "Invoice".
        title: String,
        /// Smaller words under it, such as the invoice number.
        subtitle: String,
    },
    /// A heading that stays with what follows it.
    Heading {
        /// 1 is the largest, 3 and above the smallest.
        level: u8,
        /// The words.
        text: String,
    },
    /// Running text; a line feed starts a new line.
    Paragraph {
        /// The words, with their weight.
        runs: Vec<Run>,
        /// Where the lines sit.
        align: Align,
    },
    /// Blocks of short lines side by side, such as addresses.
    Columns(Vec<Column>),
    /// A table whose header is repeated on every page it reaches.
    Table {
        /// Titles, alignment and widths, left to right.
        columns: Vec<TableColumn>,
        /// The rows, top to bottom.
        rows: Vec<TableRow>,
    },
    /// Labelled amounts at the right margin, never split across pages when they fit on one.
    Totals(Vec<TotalLine>),
    /// A hairline across the page.
    Rule,
    /// Empty space of so many points; it never starts a page.
    Spacer(u32),
    /// What follows starts on a new page, unless this one is still empty.
    PageBreak,
}

/// One of the side-by-side blocks of [`Block::Columns`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// A small muted title above the lines.
    pub heading: Option<String>,
    /// Each wraps on its own.
    pub lines: Vec<Vec<Run>>,
    /// Share of the page's width relative to the other columns; 0 counts as 1.
    pub weight: u32,
    /// Where the lines sit inside the column.
    pub align: Align,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableColumn {
    /// Printed in the header.
    pub title: String,
    /// Right for figures, so that their digits stand under each other.
    pub align: Align,
    /// Share of the width relative to the other columns; 0 means as narrow as its content.
    pub weight: u32,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRow {
    /// One text for each column; missing ones are empty, surplus ones are a warning.
    pub cells: Vec<String>,
    /// How the row looks and what it stays with.
    pub style: RowStyle,
}

/// How a row or a total looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowStyle {
    /// An ordinary row.
    #[default]
    Normal,
    /// Smaller and muted, indented, and kept on the page of the row above.
    Detail,
    /// Bold; as a total the one that matters most.
    Strong,
    /// A title for the rows below it, kept on their page.
    Section,
}

/// One line of [`Block::Totals`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TotalLine {
    /// What is being summed.
    pub label: String,
    /// The amount, already formatted.
    pub value: String,
    /// How it looks.
    pub style: RowStyle,
}

/// A stretch of text with one look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The words; control characters and direction overrides in them are dropped.
    pub text: String,
    /// Heavier.
    pub bold: bool,
    /// Greyer.
    pub muted: bool,
}

/// Where text sits in the width it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// At the right edge.
    Right,
    /// In the middle.
    Centre,
}

impl Document {
    /// How many rows, lines and blocks it has, and how many bytes of text.
    pub(super) fn size(&self) -> (usize, usize) {
        let frame = self.title.len() + self.footer.len() + self.branding.issuer_name.len();
        self.blocks.iter().map(Block::size).fold((0, frame), |(rows, text), (r, t)| (rows + r, text + t))
    }
}

impl Block {
    fn size(&self) -> (usize, usize) {
        let length = |runs: &[Run]| runs.iter().map(|r| r.text.len()).sum::<usize>();
        match self {
            Self::Masthead { title, subtitle } => (1, title.len() + subtitle.len()),
            Self::Heading { text, .. } => (1, text.len()),
            Self::Paragraph { runs, .. } => (1, length(runs)),
            Self::Columns(columns) => columns.iter().fold((0, 0), |(rows, text), column| {
                let heading = column.heading.as_ref().map_or(0, String::len);
                let lines = column.lines.iter().map(|l| length(l)).sum::<usize>();
                (rows + column.lines.len(), text + heading + lines)
            }),
            Self::Table { columns, rows } => {
                let titles = columns.iter().map(|c| c.title.len()).sum::<usize>();
                let cells = rows.iter().flat_map(|r| &r.cells).map(String::len).sum::<usize>();
                (columns.len() + rows.len(), titles + cells)
            }
            Self::Totals(lines) => (lines.len(), lines.iter().map(|l| l.label.len() + l.value.len()).sum()),
            Self::Rule | Self::Spacer(_) | Self::PageBreak => (1, 0),
        }
    }
}
