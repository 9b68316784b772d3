//! Pages to PDF bytes. The only file that speaks to the PDF library; all that would differ
//! between two runs (generated names, file identifiers, clocks) is replaced here.

mod content;
mod finish;

use std::collections::{BTreeMap, BTreeSet};

use printpdf::{
    DictItem, ExternalStream, ExternalXObject, FontId, Mm, ParsedFont, PdfDocument, PdfFont, PdfPage, Pt, Rect,
    XObject, XObjectId,
};

use super::canvas::{Item, Page};
use super::fonts::{FaceId, Library, REPLACEMENT, Subset};
use super::logo::Logo;
use super::theme::{PAGE_HEIGHT, PAGE_WIDTH};
use super::{Document, PdfError};

/// The resource name of the logo.
const LOGO: &str = "Logo";

/// What the pages use of one face.
struct UsedFace {
    subset: Subset,
    /// What copying a glyph gives, by the full face's glyph number.
    texts: BTreeMap<u16, String>,
    /// Advances by the subset's glyph number, in thousandths of the font size.
    advances: Vec<f32>,
}

fn resource_name(face: FaceId) -> String {
    format!("Face{face}")
}

pub(super) fn write(
    document: &Document,
    library: &Library<'_>,
    pages: &[Page],
    logo: Option<&Logo>,
) -> Result<Vec<u8>, PdfError> {
    let faces = used_faces(library, pages)?;
    let mut pdf = PdfDocument::new("");
    for (&id, face) in &faces {
        let mut ignored = Vec::new();
        let mut parsed = ParsedFont::from_bytes(&face.subset.bytes, 0, &mut ignored)
            .ok_or_else(|| PdfError::Font(format!("{} cannot be read back", face.subset.name)))?;
        parsed.font_name = Some(face.subset.name.clone());
        pdf.resources.fonts.map.insert(FontId(resource_name(id)), PdfFont::new(parsed));
    }
    if let Some(logo) = logo {
        pdf.resources.xobjects.map.insert(XObjectId(LOGO.to_owned()), XObject::External(image(logo)));
    }
    for page in pages {
        let mut paper = PdfPage::new(Mm(0.0), Mm(0.0), content::operations(page, &faces));
        let sheet = Rect::from_wh(Pt(PAGE_WIDTH), Pt(PAGE_HEIGHT));
        (paper.media_box, paper.trim_box, paper.crop_box) = (sheet.clone(), sheet.clone(), sheet);
        pdf.pages.push(paper);
    }
    finish::bytes(&pdf, document, &faces)
}

fn used_faces(library: &Library<'_>, pages: &[Page]) -> Result<BTreeMap<FaceId, UsedFace>, PdfError> {
    let mut glyphs: BTreeMap<FaceId, BTreeSet<u16>> = BTreeMap::new();
    let mut texts: BTreeMap<FaceId, BTreeMap<u16, String>> = BTreeMap::new();
    let mark = REPLACEMENT.to_string();
    for item in pages.iter().flatten() {
        let Item::Text(text) = item else { continue };
        let Some(run) = text.word.runs.get(text.run) else {
            continue;
        };
        let used = glyphs.entry(run.face).or_default();
        let known = texts.entry(run.face).or_default();
        for (words, glyphs) in run.clusters() {
            used.extend(glyphs.iter().map(|g| g.id));
            if let [glyph] = glyphs {
                let words = if run.replaced { mark.as_str() } else { words };
                known.entry(glyph.id).or_insert_with(|| words.to_owned());
            }
        }
    }
    let mut faces = BTreeMap::new();
    for (id, glyphs) in glyphs {
        let subset = library.subset(id, &glyphs)?;
        let count = glyphs.iter().map(|&g| subset.renumbered(g)).max().unwrap_or(0);
        let mut advances = vec![0.0; usize::from(count) + 1];
        for glyph in std::iter::once(0).chain(glyphs) {
            if let Some(slot) = advances.get_mut(usize::from(subset.renumbered(glyph))) {
                *slot = library.advance(id, glyph);
            }
        }
        faces.insert(id, UsedFace { subset, texts: texts.remove(&id).unwrap_or_default(), advances });
    }
    Ok(faces)
}

fn image(logo: &Logo) -> ExternalXObject {
    let mut dict = picture(logo, "DeviceRGB");
    if let Some(opacity) = &logo.opacity {
        let mask = ExternalStream { dict: picture(logo, "DeviceGray"), content: opacity.clone(), compress: true };
        dict.insert("SMask".to_owned(), DictItem::Stream { stream: mask });
    }
    let stream = ExternalStream { dict, content: logo.colours.clone(), compress: true };
    ExternalXObject { stream, width: None, height: None, dpi: None }
}

fn picture(logo: &Logo, colours: &str) -> BTreeMap<String, DictItem> {
    let name = |n: &str| DictItem::Name(n.as_bytes().to_vec());
    BTreeMap::from([
        ("Type".to_owned(), name("XObject")),
        ("Subtype".to_owned(), name("Image")),
        ("Width".to_owned(), DictItem::Int(logo.width.into())),
        ("Height".to_owned(), DictItem::Int(logo.height.into())),
        ("ColorSpace".to_owned(), name(colours)),
        ("BitsPerComponent".to_owned(), DictItem::Int(8)),
    ])
}
