//! The faces text can be set in: which face has a character, and a reduced copy of a face for
//! embedding. What is written with them is decided elsewhere.

use std::collections::BTreeSet;

use rustybuzz::Face;
use rustybuzz::ttf_parser::GlyphId;
use subsetter::GlyphRemapper;

use super::PdfError;

/// Position of a face in the library: 0 regular, 1 bold, then the extra ones.
pub(super) type FaceId = usize;

const REGULAR: FaceId = 0;
const BOLD: FaceId = 1;

/// Printed for a character no face has.
pub(super) const REPLACEMENT: char = '\u{fffd}';

pub(super) struct Library<'a> {
    faces: Vec<(Face<'a>, &'a [u8])>,
}

impl<'a> Library<'a> {
    pub(super) fn new(extra: &'a [Vec<u8>]) -> Result<Self, PdfError> {
        let embedded = [notosans::REGULAR_TTF, notosans::BOLD_TTF];
        let all = embedded.into_iter().chain(extra.iter().map(Vec::as_slice));
        let faces = all.enumerate().map(|(at, data)| {
            let face = Face::from_slice(data, 0)
                .ok_or_else(|| PdfError::Font(format!("face {at} is not a TrueType or OpenType file")))?;
            Ok((face, data))
        });
        Ok(Self { faces: faces.collect::<Result<_, PdfError>>()? })
    }

    pub(super) fn face(&self, id: FaceId) -> Option<&Face<'a>> {
        self.faces.get(id).map(|(face, _)| face)
    }

    /// The first face that has `c`: the one of the asked weight, then the extra ones.
    pub(super) fn covering(&self, c: char, bold: bool) -> Option<FaceId> {
        let first = self.default_face(bold);
        let extra = BOLD + 1..self.faces.len();
        std::iter::once(first).chain(extra).find(|&id| self.face(id).is_some_and(|face| face.glyph_index(c).is_some()))
    }

    pub(super) fn default_face(&self, bold: bool) -> FaceId {
        if bold { BOLD } else { REGULAR }
    }

    /// The advance of a glyph in thousandths of the font size.
    pub(super) fn advance(&self, id: FaceId, glyph: u16) -> f32 {
        self.face(id).map_or(0.0, |face| {
            let units = face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
            f32::from(units) * 1000.0 / units_per_em(face)
        })
    }

    /// A copy of the face with only these glyphs, and their new numbers.
    pub(super) fn subset(&self, id: FaceId, glyphs: &BTreeSet<u16>) -> Result<Subset, PdfError> {
        let (face, data) = self.faces.get(id).ok_or_else(|| PdfError::Font(format!("there is no face {id}")))?;
        let mut remapper = GlyphRemapper::new();
        for &glyph in glyphs {
            remapper.remap(glyph);
        }
        let bytes = subsetter::subset(data, 0, &remapper)
            .map_err(|e| PdfError::Font(format!("face {id} cannot be reduced: {e}")))?;
        let name = postscript_name(face).unwrap_or_else(|| format!("Face{id}"));
        let scale = 1000.0 / units_per_em(face);
        Ok(Subset {
            bytes,
            name: format!("{}+{name}", tag(glyphs)),
            cap_height: f32::from(face.capital_height().unwrap_or(face.ascender())) * scale,
            weight: face.weight().to_number(),
            remapper,
        })
    }
}

/// A reduced face, ready for embedding.
pub(super) struct Subset {
    pub(super) bytes: Vec<u8>,
    /// PostScript name with the tag that marks a subset.
    pub(super) name: String,
    /// In thousandths of the font size.
    pub(super) cap_height: f32,
    /// 400 is regular, 700 bold.
    pub(super) weight: u16,
    remapper: GlyphRemapper,
}

impl Subset {
    /// The number a glyph of the full face has here.
    pub(super) fn renumbered(&self, glyph: u16) -> u16 {
        self.remapper.get(glyph).unwrap_or(0)
    }
}

/// Font units in one font size, never 0.
pub(super) fn units_per_em(face: &Face<'_>) -> f32 {
    let units = u16::try_from(face.units_per_em()).unwrap_or(1000);
    f32::from(units.max(1))
}

fn postscript_name(face: &Face<'_>) -> Option<String> {
    let names = face.names().into_iter();
    let name = names.filter(|n| n.name_id == 6).find_map(|n| n.to_string())?;
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (!plain.is_empty()).then_some(plain)
}

/// Six capital letters that depend on the chosen glyphs only.
fn tag(glyphs: &BTreeSet<u16>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for glyph in glyphs {
        hash = (hash ^ u64::from(*glyph)).wrapping_mul(0x0100_0000_01b3);
    }
    let letters = (0..6).map(|place: u32| {
        let digit = (hash / 26_u64.pow(place)) % 26;
        char::from(b'A' + u8::try_from(digit).unwrap_or(0))
    });
    letters.collect()
}
