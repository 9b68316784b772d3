//! Text to glyphs: picks a face for each character, lets the shaper place the glyphs, and
//! remembers words, because the words of a bill repeat. Knows nothing of lines or pages.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rustybuzz::{Direction, GlyphBuffer, Script, ShapePlan, UnicodeBuffer};

use super::fonts::{FaceId, Library, REPLACEMENT, units_per_em};

/// A shaped stretch of text of one weight and direction. Measures are fractions of the font size.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// In reading order.
    pub(super) runs: Vec<FaceRun>,
    pub(super) width: f32,
}

/// The part of a word set in one face.
#[derive(Debug)]
pub(super) struct FaceRun {
    pub(super) face: FaceId,
    /// What a reader should be able to copy.
    pub(super) text: String,
    /// No face has the characters: the glyphs are replacement marks.
    pub(super) replaced: bool,
    /// Left to right as printed.
    pub(super) glyphs: Vec<Glyph>,
    clusters: Vec<Cluster>,
    pub(super) width: f32,
}

/// Characters that became glyphs together: a range of the text and how many glyphs.
#[derive(Debug)]
struct Cluster {
    start: usize,
    end: usize,
    glyphs: usize,
}

impl FaceRun {
    /// Glyphs with the characters they stand for, as printed.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (&str, &[Glyph])> {
        let mut rest = self.glyphs.as_slice();
        self.clusters.iter().filter_map(move |cluster| {
            let (glyphs, after) = rest.split_at_checked(cluster.glyphs)?;
            rest = after;
            Some((self.text.get(cluster.start..cluster.end)?, glyphs))
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) id: u16,
    pub(super) advance: f32,
    pub(super) dx: f32,
    pub(super) dy: f32,
}

/// Face, whether right to left, script.
type PlanKey = (FaceId, bool, Option<Script>);

pub(super) struct Shaper<'a> {
    library: &'a Library<'a>,
    /// One for each weight and direction.
    words: [HashMap<String, Rc<Word>>; 4],
    plans: Vec<(PlanKey, ShapePlan)>,
    buffer: Option<UnicodeBuffer>,
    missing: BTreeSet<char>,
}

impl<'a> Shaper<'a> {
    pub(super) fn new(library: &'a Library<'a>) -> Self {
        Self { library, words: Default::default(), plans: Vec::new(), buffer: None, missing: BTreeSet::new() }
    }

    /// Shapes cleaned text that holds neither line feeds nor a change of direction.
    pub(super) fn shape(&mut self, text: &str, bold: bool, right_to_left: bool) -> Rc<Word> {
        let slot = usize::from(bold) * 2 + usize::from(right_to_left);
        if let Some(word) = self.words.get(slot).and_then(|known| known.get(text)) {
            return Rc::clone(word);
        }
        let mut word = Word::default();
        for (face, part) in self.split_by_face(text, bold) {
            let run = match face {
                Some(face) => self.shape_in(face, &part, right_to_left),
                None => self.replace(&part, bold),
            };
            word.width += run.width;
            word.runs.push(run);
        }
        let word = Rc::new(word);
        if let Some(known) = self.words.get_mut(slot) {
            known.insert(text.to_owned(), Rc::clone(&word));
        }
        word
    }

    /// One sentence for each character that no face has.
    pub(super) fn warnings(&self) -> Vec<String> {
        const SHOWN: usize = 20;
        let mut out: Vec<String> = self.missing.iter().take(SHOWN).map(|&c| {
            format!("No font has the character {c} (U+{:04X}); a replacement mark is printed. Add a font that covers it.", u32::from(c))
        }).collect();
        if self.missing.len() > SHOWN {
            let more = self.missing.len() - SHOWN;
            out.push(format!("{more} more characters are in no font and were replaced."));
        }
        out
    }

    fn split_by_face(&self, text: &str, bold: bool) -> Vec<(Option<FaceId>, String)> {
        let mut parts: Vec<(Option<FaceId>, String)> = Vec::new();
        for c in text.chars() {
            let c = if c == '\u{a0}' { ' ' } else { c };
            let joiner = matches!(c, '\u{200c}' | '\u{200d}');
            let (face, c) = match self.library.covering(c, bold) {
                None if joiner => match parts.last() {
                    Some(&(face, _)) => (face, c),
                    None => continue,
                },
                None => match stand_in(c).and_then(|s| Some((self.library.covering(s, bold)?, s))) {
                    Some((face, stand_in)) => (Some(face), stand_in),
                    None => (None, c),
                },
                face => (face, c),
            };
            match parts.last_mut() {
                Some((last, part)) if *last == face => part.push(c),
                _ => parts.push((face, c.to_string())),
            }
        }
        parts
    }

    fn shape_in(&mut self, face_id: FaceId, text: &str, right_to_left: bool) -> FaceRun {
        let mut run = FaceRun {
            face: face_id,
            text: text.to_owned(),
            glyphs: Vec::new(),
            replaced: false,
            clusters: Vec::new(),
            width: 0.0,
        };
        let Some(face) = self.library.face(face_id) else {
            return run;
        };
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.push_str(text);
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        let script = Some(buffer.script()).filter(|s| *s != rustybuzz::script::UNKNOWN);
        let key = (face_id, right_to_left, script);
        let known = self.plans.iter().position(|(k, _)| *k == key);
        let at = known.unwrap_or_else(|| {
            let direction = buffer.direction();
            self.plans.push((key, ShapePlan::new(face, direction, script, None, &[])));
            self.plans.len() - 1
        });
        let Some((_, plan)) = self.plans.get(at) else {
            return run;
        };
        let shaped = rustybuzz::shape_with_plan(face, plan, buffer);
        collect(&shaped, units_per_em(face), &mut run);
        self.buffer = Some(shaped.clear());
        run
    }

    /// A replacement mark for each character; copying still gives the characters.
    fn replace(&mut self, text: &str, bold: bool) -> FaceRun {
        let face = self.library.default_face(bold);
        let mark = self.library.face(face).and_then(|f| f.glyph_index(REPLACEMENT)).map_or(0, |g| g.0);
        let advance = self.library.advance(face, mark) / 1000.0;
        let mut run = FaceRun {
            face,
            text: text.to_owned(),
            glyphs: Vec::new(),
            replaced: true,
            clusters: Vec::new(),
            width: 0.0,
        };
        for (start, c) in text.char_indices() {
            self.missing.insert(c);
            run.glyphs.push(Glyph { id: mark, advance, dx: 0.0, dy: 0.0 });
            run.clusters.push(Cluster { start, end: start + c.len_utf8(), glyphs: 1 });
            run.width += advance;
        }
        run
    }
}

fn collect(shaped: &GlyphBuffer, em: f32, run: &mut FaceRun) {
    let scaled = |units: i32| i16::try_from(units).map_or(0.0, f32::from) / em;
    let (infos, places) = (shaped.glyph_infos(), shaped.glyph_positions());
    let mut starts: Vec<u32> = infos.iter().map(|i| i.cluster).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut current = None;
    for (info, place) in infos.iter().zip(places) {
        let glyph = Glyph {
            id: u16::try_from(info.glyph_id).unwrap_or(0),
            advance: scaled(place.x_advance),
            dx: scaled(place.x_offset),
            dy: scaled(place.y_offset),
        };
        if current != Some(info.cluster) {
            let next = starts.partition_point(|&s| s <= info.cluster);
            let end = starts.get(next).map_or(run.text.len(), |&s| s as usize);
            run.clusters.push(Cluster { start: info.cluster as usize, end, glyphs: 0 });
            current = Some(info.cluster);
        }
        if let Some(cluster) = run.clusters.last_mut() {
            cluster.glyphs += 1;
        }
        run.width += glyph.advance;
        run.glyphs.push(glyph);
    }
}

/// A character that reads the same, for faces that lack the exact one.
fn stand_in(c: char) -> Option<char> {
    match c {
        '\u{2010}' | '\u{2011}' | '\u{2212}' => Some('-'),
        _ => None,
    }
}
