//! The file around the pages: properties, language, honest font descriptions, and an identifier
//! that depends on the content alone, so that the same document gives the same bytes everywhere.

use std::collections::BTreeMap;

use printpdf::{DictItem, PdfDocument, PdfSaveOptions};
use sha2::{Digest, Sha256};

use super::UsedFace;
use super::content::utf16;
use crate::pdf::fonts::FaceId;
use crate::pdf::{Document, PdfError, text};

/// Stands in the file for its identifier until the content is known; of the same length.
const PLACEHOLDER: [u8; 16] = [0xa5; 16];

/// Completes what the library makes of the pages and writes the file.
pub(super) fn bytes(
    pdf: &PdfDocument,
    document: &Document,
    faces: &BTreeMap<FaceId, UsedFace>,
) -> Result<Vec<u8>, PdfError> {
    let failed = |what: &str| PdfError::Write(what.to_owned());
    let options = PdfSaveOptions { image_optimization: None, ..PdfSaveOptions::default() };
    let mut file = printpdf::to_lopdf_doc(pdf, &options, &mut Vec::new());
    // Opacity, language tags and spelled-out text are younger than the library's "1.3".
    file.version = "1.7".to_owned();

    let info = file.trailer.get(b"Info").and_then(|o| o.as_reference());
    let info = info.map_err(|_| failed("it has no properties"))?;
    file.objects.insert(info, properties(document).to_lopdf());
    let catalog = file.catalog_mut().map_err(|_| failed("it has no catalogue"))?;
    let language = text::clean(&document.language);
    if !language.is_empty() {
        catalog.set("Lang", utf16(&language).to_lopdf());
    }
    let title_bar = dict([("DisplayDocTitle", DictItem::Bool(true))]);
    catalog.set("ViewerPreferences", title_bar.to_lopdf());

    for object in file.objects.values_mut() {
        let Ok(font) = object.as_dict_mut() else {
            continue;
        };
        let name = font.get(b"BaseFont").or_else(|_| font.get(b"FontName")).and_then(|o| o.as_name());
        let Some(face) = name.ok().and_then(|n| faces.values().find(|f| f.subset.name.as_bytes() == n)) else {
            continue;
        };
        if font.has(b"FontName") {
            font.set("CapHeight", DictItem::Int(i64::from(whole(face.subset.cap_height))).to_lopdf());
            font.set("StemV", DictItem::Int(stem(face.subset.weight)).to_lopdf());
        }
        let parts = font.get_mut(b"DescendantFonts").and_then(|o| o.as_array_mut());
        for part in parts.into_iter().flatten().filter_map(|o| o.as_dict_mut().ok()) {
            // The library cuts widths down to whole numbers, which would let text drift.
            part.set("W", widths(face).to_lopdf());
        }
    }

    let placeholder = || DictItem::Bytes(PLACEHOLDER.to_vec());
    file.trailer.set("ID", DictItem::Array(vec![placeholder(), placeholder()]).to_lopdf());
    file.compress();
    let mut out = Vec::new();
    file.save_to(&mut out).map_err(|e| PdfError::Write(e.to_string()))?;
    identify(&mut out).ok_or_else(|| failed("it has no place for its identifier"))?;
    Ok(out)
}

/// Puts a digest of the whole file where the placeholders stand.
fn identify(file: &mut [u8]) -> Option<()> {
    let digest = Sha256::digest(&*file);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    let (mark, name) = (hex(&PLACEHOLDER), hex(digest.get(..PLACEHOLDER.len())?));
    for _ in 0..2 {
        let at = file.windows(mark.len()).rposition(|w| w.eq_ignore_ascii_case(mark.as_bytes()))?;
        file.get_mut(at..at + name.len())?.copy_from_slice(name.as_bytes());
    }
    Some(())
}

fn properties(document: &Document) -> DictItem {
    let words = [("Title", &document.title), ("Author", &document.author), ("Subject", &document.subject)];
    let words = words.map(|(key, words)| (key, text::clean(words)));
    let mut all: Vec<(&str, DictItem)> =
        words.iter().filter(|(_, w)| !w.is_empty()).map(|(key, w)| (*key, utf16(w))).collect();
    all.push(("Producer", utf16("Undash")));
    if let Some(day) = document.issued_on {
        let date = day.format("D:%Y%m%d000000Z").to_string();
        for key in ["CreationDate", "ModDate"] {
            all.push((key, DictItem::String { data: date.clone().into_bytes(), literal: true }));
        }
    }
    dict(all)
}

fn dict<'k>(entries: impl IntoIterator<Item = (&'k str, DictItem)>) -> DictItem {
    DictItem::Dict { map: entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect() }
}

fn widths(face: &UsedFace) -> DictItem {
    let advances = face.advances.iter().map(|a| DictItem::Real((a * 100.0).round() / 100.0));
    DictItem::Array(vec![DictItem::Int(0), DictItem::Array(advances.collect())])
}

/// Thickness of a stem, guessed from the weight as PDF producers do.
fn stem(weight: u16) -> i64 {
    let weight = i64::from(weight);
    50 + weight * weight / (65 * 65)
}

fn whole(number: f32) -> i16 {
    // Capital heights lie between 0 and a few thousand.
    number.round().clamp(0.0, 10_000.0) as i16
}
