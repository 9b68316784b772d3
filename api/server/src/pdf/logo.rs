//! The issuer's logo: checked for size before it is decoded, and reduced to what print can show.
//! The bytes come from a customer, so nothing in them is believed.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

const MOST_BYTES: usize = 2 << 20;
const MOST_PIXELS_A_SIDE: u32 = 4096;
const MOST_DECODED_BYTES: u64 = 96 << 20;
/// Enough for 300 dots an inch at the size a logo is printed.
const PRINTED_WIDTH: u32 = 720;
const PRINTED_HEIGHT: u32 = 240;

/// A decoded logo.
#[derive(Debug)]
pub(super) struct Logo {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green, blue for each pixel, row by row.
    pub(super) colours: Vec<u8>,
    /// Opacity for each pixel, when any is not opaque.
    pub(super) opacity: Option<Vec<u8>>,
}

impl Logo {
    /// The largest size with the logo's proportions inside a box.
    pub(super) fn fitted(&self, width: f32, height: f32) -> (f32, f32) {
        let side = |pixels: u32| u16::try_from(pixels).map_or(1.0, f32::from).max(1.0);
        let scale = (width / side(self.width)).min(height / side(self.height));
        (side(self.width) * scale, side(self.height) * scale)
    }
}

/// Decodes a PNG or JPEG file; the error is a sentence saying why it cannot be used.
pub(super) fn decode(bytes: &[u8]) -> Result<Logo, String> {
    let refused = |why: String| {
        format!("The logo was left out: {why}. Use a PNG or JPEG of at most 2 MiB and 4096 pixels a side.")
    };
    if bytes.len() > MOST_BYTES {
        return Err(refused(format!("it has {} bytes", bytes.len())));
    }
    let open = || {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let mut reader = reader.map_err(|e| refused(e.to_string()))?;
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
            return Err(refused("it is neither PNG nor JPEG".to_owned()));
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(MOST_PIXELS_A_SIDE);
        limits.max_image_height = Some(MOST_PIXELS_A_SIDE);
        limits.max_alloc = Some(MOST_DECODED_BYTES);
        reader.limits(limits);
        Ok(reader)
    };
    let (width, height) = open()?.into_dimensions().map_err(|e| refused(e.to_string()))?;
    if width == 0 || height == 0 || width > MOST_PIXELS_A_SIDE || height > MOST_PIXELS_A_SIDE {
        return Err(refused(format!("it is {width} by {height} pixels")));
    }
    let image = open()?.decode().map_err(|e| refused(e.to_string()))?;
    Ok(reduced(image))
}

fn reduced(image: DynamicImage) -> Logo {
    let image = if image.width() > PRINTED_WIDTH || image.height() > PRINTED_HEIGHT {
        image.resize(PRINTED_WIDTH, PRINTED_HEIGHT, FilterType::CatmullRom)
    } else {
        image
    };
    let pixels = image.into_rgba8();
    let colours = pixels.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
    let opacity: Vec<u8> = pixels.pixels().map(|p| p[3]).collect();
    let see_through = opacity.iter().any(|&o| o != 255);
    Logo { width: pixels.width(), height: pixels.height(), colours, opacity: see_through.then_some(opacity) }
}
