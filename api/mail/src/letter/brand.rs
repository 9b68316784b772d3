//! Who writes: the issuing entity's name, colours and addresses, as a letter shows them.
//!
//! The address a mail is sent from belongs to the envelope.

use super::LetterError;
use super::sheet::Sheet;

/// How the letters of an issuing entity look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The name letters are signed with.
    pub name: String,
    /// An image shown above the letter, by its `https` address.
    pub logo: Option<String>,
    /// The colour of buttons and lines.
    pub accent: Colour,
    /// Where readers write to with questions: an e-mail address.
    pub support: String,
    /// The postal address, line by line.
    pub postal: Vec<String>,
}

impl Brand {
    /// Puts the brand on a sheet.
    pub(super) fn lay_out(&self, sheet: Sheet) -> Result<Sheet, LetterError> {
        let sheet = sheet
            .text("brand", &self.name)?
            .text("support", &self.support)?
            .lines("postal", &self.postal)?
            .text("accent", &self.accent.to_string())?
            .word("ink", self.accent.ink());
        match &self.logo {
            Some(logo) => sheet.secure_link("logo", logo),
            None => sheet.maybe_text("logo", None),
        }
    }
}

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// Reads `#rrggbb`.
    ///
    /// # Errors
    /// [`LetterError::NotAColour`] for anything else.
    pub fn parse(text: &str) -> Result<Self, LetterError> {
        let digits = text.strip_prefix('#').ok_or(LetterError::NotAColour)?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(LetterError::NotAColour);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| LetterError::NotAColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self { red, green, blue })
    }

    /// Black or white, whichever is easier to read on this colour.
    #[must_use]
    pub fn ink(self) -> &'static str {
        // The weights of the eye for the three lights, in thousandths.
        let light = 299 * u32::from(self.red) + 587 * u32::from(self.green) + 114 * u32::from(self.blue);
        if light > 150_000 { "#000000" } else { "#ffffff" }
    }
}

impl std::fmt::Display for Colour {
    /// `#rrggbb`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}
