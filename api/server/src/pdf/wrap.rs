//! Tokens to lines of a given width. Breaks between words, and inside a word only when it is
//! wider than a whole line. Does not know where on the page the lines go.

use std::rc::Rc;

use unicode_normalization::char::is_combining_mark;

use super::Align;
use super::canvas::{Item, Text};
use super::shaping::{Shaper, Word};
use super::text::{self, Kind, Token};
use super::theme::Style;

/// A finished line.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    /// In points, without spaces at the end.
    pub(super) width: f32,
}

#[derive(Clone, Debug)]
struct Piece {
    word: Rc<Word>,
    style: Style,
    level: u8,
}

impl Piece {
    fn width(&self) -> f32 {
        self.word.width * self.style.size
    }
}

impl Line {
    /// Draws into a box that starts at `x` and is `width` wide, on the given baseline.
    pub(super) fn draw(&self, x: f32, width: f32, baseline: f32, align: Align, out: &mut Vec<Item>) {
        let free = width - self.width;
        let mut x = x + match align {
            Align::Left => 0.0,
            Align::Right => free,
            Align::Centre => free / 2.0,
        };
        let runs = self.pieces.iter().flat_map(|p| (0..p.word.runs.len()).map(move |at| (p, at)));
        let mut visual: Vec<(&Piece, usize)> = runs.collect();
        reorder(&mut visual);
        for (piece, at) in visual {
            let width = piece.word.runs.get(at).map_or(0.0, |r| r.width) * piece.style.size;
            out.push(Item::Text(Text { x, y: baseline, style: piece.style, word: Rc::clone(&piece.word), run: at }));
            x += width;
        }
    }

    fn push(&mut self, pieces: &mut Vec<Piece>) {
        self.width += pieces.iter().map(Piece::width).sum::<f32>();
        self.pieces.append(pieces);
    }
}

/// Reverses stretches of higher level, highest first: reading order becomes printing order.
fn reorder(runs: &mut [(&Piece, usize)]) {
    let highest = runs.iter().map(|(p, _)| p.level).max().unwrap_or(0);
    for level in (1..=highest).rev() {
        let mut at = 0;
        while at < runs.len() {
            let length = runs.iter().skip(at).take_while(|(p, _)| p.level >= level).count();
            if let Some(stretch) = runs.get_mut(at..at + length) {
                stretch.reverse();
            }
            at += length + 1;
        }
    }
}

/// Breaks text of one look.
pub(super) fn plain(shaper: &mut Shaper<'_>, text: &str, style: Style, width: f32) -> Vec<Line> {
    runs(shaper, &[(text, style)], width)
}

/// Breaks text of several looks into lines; empty text is no line.
pub(super) fn runs(shaper: &mut Shaper<'_>, runs: &[(&str, Style)], width: f32) -> Vec<Line> {
    let (mut whole, mut ends) = (String::new(), Vec::with_capacity(runs.len()));
    for (text, _) in runs {
        whole.push_str(&text::clean(text));
        ends.push(whole.len());
    }
    let tokens = text::tokens(&whole, &ends);
    let mut breaker = Breaker { width, line: Line::default(), spaces: Vec::new(), lines: Vec::new() };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let length = 1 + tokens.iter().skip(at + 1).take_while(|t| t.glued).count();
        let chunk = tokens.get(at..at + length).unwrap_or_default();
        match token.kind {
            Kind::NewLine => breaker.end_line(),
            Kind::Space => {
                let piece = shape(shaper, token, runs);
                breaker.spaces.extend(piece);
            }
            Kind::Word => breaker.word(shaper, chunk, runs),
        }
        at += length;
    }
    if !breaker.line.pieces.is_empty() {
        breaker.end_line();
    }
    breaker.lines
}

fn shape(shaper: &mut Shaper<'_>, token: &Token<'_>, runs: &[(&str, Style)]) -> Option<Piece> {
    let (_, style) = *runs.get(token.run)?;
    let word = shaper.shape(token.text, style.bold, token.level % 2 == 1);
    Some(Piece { word, style, level: token.level })
}

struct Breaker {
    width: f32,
    line: Line,
    /// Seen since the last word; dropped when the line ends here.
    spaces: Vec<Piece>,
    lines: Vec<Line>,
}

impl Breaker {
    fn end_line(&mut self) {
        self.spaces.clear();
        self.lines.push(std::mem::take(&mut self.line));
    }

    fn fits(&self, more: f32) -> bool {
        let spaces: f32 = self.spaces.iter().map(Piece::width).sum();
        self.line.width + spaces + more <= self.width + 0.01
    }

    fn word(&mut self, shaper: &mut Shaper<'_>, chunk: &[Token<'_>], runs: &[(&str, Style)]) {
        let mut pieces: Vec<Piece> = chunk.iter().filter_map(|t| shape(shaper, t, runs)).collect();
        let width: f32 = pieces.iter().map(Piece::width).sum();
        if !self.fits(width) && !self.line.pieces.is_empty() {
            self.end_line();
        }
        if self.line.pieces.is_empty() && !self.lines.is_empty() {
            self.spaces.clear();
        }
        if self.fits(width) {
            self.line.push(&mut self.spaces);
            self.line.push(&mut pieces);
            return;
        }
        self.spaces.clear();
        for (token, piece) in chunk.iter().zip(pieces) {
            self.broken(shaper, token.text, &piece);
        }
    }

    /// Places as many characters as fit on each line, at least one.
    fn broken(&mut self, shaper: &mut Shaper<'_>, text: &str, whole: &Piece) {
        let (mut rest, mut piece) = (text, whole.clone());
        while !self.fits(piece.width()) {
            let cuts = cuts(rest);
            let mut head = |end: usize| {
                let head = rest.get(..end).unwrap_or_default();
                let word = shaper.shape(head, piece.style.bold, piece.level % 2 == 1);
                Piece { word, ..piece.clone() }
            };
            let fitting = cuts.partition_point(|&end| self.fits(head(end).width()));
            let at = if self.line.pieces.is_empty() { fitting.max(1) } else { fitting };
            let end = at.checked_sub(1).and_then(|at| cuts.get(at)).copied().unwrap_or(0);
            if end > 0 {
                self.line.push(&mut vec![head(end)]);
            }
            rest = rest.get(end..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            self.end_line();
            let word = shaper.shape(rest, piece.style.bold, piece.level % 2 == 1);
            piece = Piece { word, ..piece };
        }
        self.line.push(&mut vec![piece]);
    }
}

/// Where a word may be cut: after each character with the marks that belong to it.
fn cuts(text: &str) -> Vec<usize> {
    let starts = text.char_indices().filter(|&(_, c)| !is_combining_mark(c) && !matches!(c, '\u{200c}' | '\u{200d}'));
    starts.map(|(at, _)| at).filter(|&at| at > 0).chain([text.len()]).collect()
}

/// The widest unbreakable word and the widest line of a text, in points.
pub(super) fn extents(shaper: &mut Shaper<'_>, text: &str, style: Style) -> (f32, f32) {
    let whole = text::clean(text);
    let (mut word, mut widest_word, mut line, mut widest_line) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    for token in text::tokens(&whole, &[whole.len()]) {
        let width = match token.kind {
            Kind::NewLine => 0.0,
            _ => shaper.shape(token.text, style.bold, token.level % 2 == 1).width * style.size,
        };
        line = if token.kind == Kind::NewLine { 0.0 } else { line + width };
        word = match token.kind {
            Kind::Word if token.glued => word + width,
            Kind::Word => width,
            _ => 0.0,
        };
        widest_word = widest_word.max(word);
        widest_line = widest_line.max(line);
    }
    (widest_word, widest_line)
}
