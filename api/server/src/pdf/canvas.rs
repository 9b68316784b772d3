//! What lands on a page: text, rules and the logo at places counted in points from the top left
//! corner. The vocabulary between layout and writer; neither knows the other.

use std::rc::Rc;

use super::shaping::Word;
use super::theme::{Colour, Style};

/// Something printed.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Text(Text),
    /// A horizontal line; `y` is its middle.
    Rule {
        x: f32,
        y: f32,
        width: f32,
        thickness: f32,
        colour: Colour,
    },
    /// The logo; `y` is its top.
    Logo {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

/// One face's part of a word.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) x: f32,
    /// The baseline.
    pub(super) y: f32,
    pub(super) style: Style,
    pub(super) word: Rc<Word>,
    /// Which of the word's runs.
    pub(super) run: usize,
}

impl Item {
    pub(super) fn moved_down(&self, by: f32) -> Self {
        let mut item = self.clone();
        match &mut item {
            Self::Text(text) => text.y += by,
            Self::Rule { y, .. } | Self::Logo { y, .. } => *y += by,
        }
        item
    }
}

/// A strip across the page that is never cut; its items count from its top.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) height: f32,
    /// Space above, unless the strip opens a page; the larger of two neighbours' wishes counts.
    pub(super) gap: f32,
    /// It must not be the last on its page.
    pub(super) keep_with_next: bool,
    /// Once placed, it is repeated at the top of every page until told otherwise.
    pub(super) repeats: bool,
    pub(super) items: Vec<Item>,
}

/// A finished page.
pub(super) type Page = Vec<Item>;
