//! Uploaded files on their way to the schema: where each is, and which variables mean it.
//!
//! async-graphql finds a file by a string in a variable, and a client that writes such a string itself
//! would make it index a list that has no such entry. So the strings are written here and nowhere else.

use async_graphql::{UploadValue, Value, Variables};

/// The mark by which async-graphql finds uploads in variables.
pub(crate) const UPLOAD_MARK: &str = "#__graphql_file__:";

/// The files of one request.
#[derive(Default)]
pub(crate) struct Files {
    /// In the order of their numbers.
    pub(crate) uploads: Vec<UploadValue>,
    /// Path of a variable and the number of its file.
    pub(crate) places: Vec<(VariablePath, usize)>,
}

impl Files {
    /// Writes the marks, after what the client sent has been checked for them.
    pub(crate) fn put_into(&self, variables: &mut Variables) {
        for (path, number) in &self.places {
            if let Some(place) = path.find(variables) {
                *place = Value::String(format!("{UPLOAD_MARK}{number}"));
            }
        }
    }
}

/// `variables.files.2`, without its first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariablePath(Vec<String>);

impl VariablePath {
    /// Reads a path that begins with `variables.`.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let parts: Vec<_> = path.strip_prefix("variables.")?.split('.').map(str::to_owned).collect();
        (!parts.iter().any(String::is_empty)).then_some(Self(parts))
    }

    /// The entry it leads to.
    pub(crate) fn find<'a>(&self, variables: &'a mut Variables) -> Option<&'a mut Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(variables.get_mut(first.as_str())?, |value, part| match value {
            Value::List(items) => items.get_mut(part.parse::<usize>().ok()?),
            Value::Object(entries) => entries.get_mut(part.as_str()),
            _ => None,
        })
    }
}

/// Whether a value holds a string that imitates an upload.
pub(crate) fn is_marked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(UPLOAD_MARK),
        Value::List(items) => items.iter().any(is_marked),
        Value::Object(entries) => entries.values().any(is_marked),
        _ => false,
    }
}
