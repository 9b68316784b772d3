//! The templates, compiled once, and the writing of a letter on them.
//!
//! A file of words is read three times: for the subject, as text, and as HTML, where everything from outside is
//! escaped. It extends the frame of its language, which extends the layout chosen here. No facts are known here.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

use super::{Brand, Letter, LetterError, Locale, Written, facts};

/// What is made of a file of words.
const FORMS: [&str; 3] = ["subject", "txt", "html"];

/// A folder of words: the tag of the language, its frame, and a file for each kind.
type Folder = (&'static str, &'static str, [(&'static str, &'static str); 10]);

macro_rules! folder {
    ($tag:literal) => {
        folder!($tag: "invoice_issued" "payment_received" "payment_failed" "reminder_before_due" "due_today" "overdue"
            "final_notice" "refund_sent" "usage_alert" "card_expiry")
    };
    ($tag:literal: $($kind:literal)*) => {
        (
            $tag,
            include_str!(concat!("../../templates/", $tag, "/frame.j2")),
            [$(($kind, include_str!(concat!("../../templates/", $tag, "/", $kind, ".j2")))),*],
        )
    };
}

const FOLDERS: [Folder; 3] = [folder!("en"), folder!("de"), folder!("hi")];

const LAYOUTS: [(&str, &str); 3] = [
    ("layout.subject", include_str!("../../templates/layout.subject")),
    ("layout.txt", include_str!("../../templates/layout.txt")),
    ("layout.html", include_str!("../../templates/layout.html")),
];

/// The templates of every kind and language, ready to be written on.
#[derive(Debug)]
pub struct Stationery {
    pub(super) templates: Environment<'static>,
}

impl Stationery {
    /// Compiles the templates, which are part of the program.
    ///
    /// # Errors
    /// [`LetterError::Template`] for one that does not compile.
    pub fn new() -> Result<Self, LetterError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_trim_blocks(true);
        templates.set_lstrip_blocks(true);
        templates.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        templates.add_filter("paragraphs", paragraphs);
        templates.add_filter("rows", rows);
        for (name, source) in LAYOUTS {
            templates.add_template(name, source).map_err(|error| broken(&error))?;
        }
        for (tag, frame, words) in FOLDERS {
            for form in FORMS {
                templates.add_template_owned(format!("{tag}/frame.{form}"), frame).map_err(|error| broken(&error))?;
                for (kind, source) in words {
                    templates
                        .add_template_owned(format!("{tag}/{kind}.{form}"), source)
                        .map_err(|error| broken(&error))?;
                }
            }
        }
        Ok(Self { templates })
    }

    /// Writes a letter in a language, in the name of an issuing entity.
    ///
    /// # Errors
    /// A fact that is not one line, a link that is none, or a broken template.
    pub fn write(&self, letter: &Letter, locale: Locale, brand: &Brand) -> Result<Written, LetterError> {
        let sheet = brand.lay_out(facts::lay_out(letter, locale)?)?.word("locale", locale.tag());
        let sheet = if letter.unsubscribe().is_none() { sheet.maybe_text("unsubscribe", None)? } else { sheet };
        let mut values = sheet.into_values();
        let mut written = |form| self.fill(letter.kind(), locale, form, &mut values);
        Ok(Written {
            subject: written("subject")?.trim().to_owned(),
            text: format!("{}\n", written("txt")?.trim()),
            html: format!("{}\n", written("html")?.trim()),
            unsubscribe: letter.unsubscribe().map(str::to_owned),
        })
    }

    fn fill(
        &self,
        kind: &str,
        locale: Locale,
        form: &str,
        values: &mut BTreeMap<&'static str, Value>,
    ) -> Result<String, LetterError> {
        let tag = locale.tag();
        values.insert("frame", format!("{tag}/frame.{form}").into());
        values.insert("layout", format!("layout.{form}").into());
        let template = self.templates.get_template(&format!("{tag}/{kind}.{form}")).map_err(|error| broken(&error))?;
        template.render(&*values).map_err(|error| broken(&error))
    }
}

fn broken(error: &Error) -> LetterError {
    // The alternate form carries the line and the cause.
    LetterError::Template(format!("{error:#}"))
}

/// What stands between blank lines, each as one line.
fn paragraphs(words: &Value) -> Vec<Value> {
    let text = words.to_string();
    let one_line = |block: &str| block.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(one_line).filter(|line| !line.is_empty()).map(|line| like(words, line)).collect()
}

/// Lines of `label | value`, each as a pair.
fn rows(words: &Value) -> Vec<Vec<Value>> {
    let text = words.to_string();
    let pairs = text.lines().filter_map(|line| line.split_once('|'));
    pairs
        .map(|(label, value)| vec![like(words, label.trim().to_owned()), like(words, value.trim().to_owned())])
        .collect()
}

/// A part of a value that is escaped already is so too.
fn like(whole: &Value, part: String) -> Value {
    if whole.is_safe() { Value::from_safe_string(part) } else { part.into() }
}
