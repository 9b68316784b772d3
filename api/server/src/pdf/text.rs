//! What may be printed: text is normalised, stripped of what could deceive or break a reader, and
//! cut into tokens between which a line may break. No measuring here.

use unicode_bidi::BidiInfo;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Tokens are never longer than this, so that breaking an endless word stays cheap.
const LONGEST_TOKEN: usize = 64;

/// Drops control characters, direction overrides and invisible marks; a line feed survives.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = text.chars().filter_map(|c| match c {
        '\n' | '\u{2028}' | '\u{2029}' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' => Some('\n'),
        '\t' | '\u{2000}'..='\u{2006}' | '\u{2008}' | '\u{205f}' | '\u{3000}' => Some(' '),
        // Spaces that hold figures together.
        '\u{2007}' | '\u{2009}' | '\u{200a}' | '\u{202f}' => Some('\u{a0}'),
        '\u{200c}' | '\u{200d}' => Some(c), // joiners decide the shape of some scripts
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' => None,
        _ if c.is_control() || u32::from(c) & 0xfffe == 0xfffe => None,
        _ => Some(c),
    });
    let kept: String = kept.collect();
    if is_nfc(&kept) { kept } else { kept.nfc().collect() }
}

/// What a token is to the line breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Space,
    NewLine,
}

/// A stretch of one look and one direction that is measured as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    /// Which of the runs it came from.
    pub(super) run: usize,
    /// Embedding level; odd ones run right to left.
    pub(super) level: u8,
    pub(super) kind: Kind,
    /// No line break may come between this token and the one before.
    pub(super) glued: bool,
}

/// Cuts cleaned runs, joined into `whole`, at spaces, after hyphens between letters, where the
/// direction changes and where a run ends.
pub(super) fn tokens<'t>(whole: &'t str, run_ends: &[usize]) -> Vec<Token<'t>> {
    let levels = levels(whole);
    let mut out: Vec<Token<'t>> = Vec::new();
    let (mut start, mut run) = (0, 0);
    let mut chars = whole.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        while run_ends.get(run).is_some_and(|&e| at >= e) {
            run += 1;
        }
        let next = chars.peek().map(|&(_, n)| n);
        let level = level_at(&levels, at);
        let hyphen = c == '-' && before.is_some_and(char::is_alphabetic) && next.is_some_and(char::is_alphabetic);
        let cut = hyphen
            || kind_of(c) == Kind::NewLine
            || next.is_none_or(|n| kind_of(n) != kind_of(c))
            || run_ends.contains(&end)
            || level_at(&levels, end) != level
            || end - start >= LONGEST_TOKEN;
        if cut {
            let kind = kind_of(c);
            let glued =
                kind == Kind::Word && out.last().is_some_and(|t| t.kind == Kind::Word && !breaks_after(t.text, c));
            out.push(Token { text: &whole[start..end], run, level, kind, glued });
            start = end;
        }
        before = Some(c);
    }
    out
}

fn breaks_after(text: &str, next: char) -> bool {
    let mut last = text.chars().rev();
    last.next() == Some('-') && next.is_alphabetic() && last.next().is_some_and(char::is_alphabetic)
}

fn kind_of(c: char) -> Kind {
    match c {
        '\n' => Kind::NewLine,
        ' ' => Kind::Space,
        _ => Kind::Word,
    }
}

/// Embedding level of every byte; empty when everything runs left to right.
fn levels(whole: &str) -> Vec<u8> {
    if whole.chars().all(|c| u32::from(c) < 0x590) {
        return Vec::new();
    }
    let info = BidiInfo::new(whole, None);
    info.levels.iter().map(unicode_bidi::Level::number).collect()
}

fn level_at(levels: &[u8], at: usize) -> u8 {
    levels.get(at).copied().unwrap_or(0)
}
