//! What an operation costs, computed from the document before anything is executed and from the
//! answer afterwards. The model is published: a scalar costs 0, an object 1, a connection 2 and what
//! one of its items costs times the size of the page. Introspection costs nothing, and neither does a type
//! that the owner calls a value.
//!
//! Which fields are connections and lists is read from the schema's own text, so that no field needs
//! an annotation; a field whose price depends on something else has a rule given by the owner.

mod actual;
mod arguments;
mod requested;
mod types;

use std::{error::Error, fmt};

pub use self::arguments::Arguments;
pub(crate) use self::{actual::Plan, requested::estimate};
use self::{arguments::Rule, types::Types};

/// The numbers of the model.
#[derive(Clone, Debug)]
pub struct CostSettings {
    /// The most one operation may cost. Default 5,000.
    pub operation: u64,
    /// The size of a page when neither `first` nor `last` is given. Default 25.
    pub default_page: u64,
    /// The largest page there is; more asked for is counted as this many. Default 100.
    pub largest_page: u64,
    /// Items assumed in a list of objects that is not a page. Default 10.
    pub list_items: u64,
}

impl Default for CostSettings {
    fn default() -> Self {
        Self { operation: 5_000, default_page: 25, largest_page: 100, list_items: 10 }
    }
}

/// What the fields of one schema cost.
#[derive(Clone, Debug)]
pub struct CostModel {
    types: Types,
}

impl CostModel {
    /// Reads the schema in the schema definition language, as `Schema::sdl()` prints it.
    ///
    /// A connection is an object whose name ends in `Connection` and that has `edges` or `nodes`; a
    /// list with an argument `ids` has as many items as ids, one with `first` or `last` is a page.
    ///
    /// # Errors
    /// The text is not a schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, CostModelError> {
        Ok(Self { types: Types::read(sdl)? })
    }

    /// Makes the objects of a type free: values in several parts, such as an amount with its unit, which cost no more
    /// than a scalar does. What is selected below them is counted.
    ///
    /// # Errors
    /// The schema has no such type.
    pub fn with_value(mut self, name: &str) -> Result<Self, CostModelError> {
        match self.types.make_value(name) {
            true => Ok(self),
            false => Err(CostModelError(format!("the schema has no type `{name}`"))),
        }
    }

    /// Gives the field at a coordinate such as `Query.series` a price of its own.
    ///
    /// # Errors
    /// The schema has no such field; a renamed field must not lose its price unnoticed.
    pub fn with_field(
        mut self,
        coordinate: &str,
        rule: impl Fn(&Arguments<'_>) -> FieldCost + Send + Sync + 'static,
    ) -> Result<Self, CostModelError> {
        match self.types.field_mut(coordinate) {
            Some(field) => field.rule = Some(Rule::new(rule)),
            None => return Err(CostModelError(format!("the schema has no field `{coordinate}`"))),
        }
        Ok(self)
    }
}

/// The price of one field: `own + items × what is selected below it`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldCost {
    /// Of the field itself.
    pub own: u64,
    /// How often its selection is counted; with 0 its own price covers all of it.
    pub items: u64,
}

/// The schema's text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostModelError(String);

impl fmt::Display for CostModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no cost model: {}", self.0)
    }
}

impl Error for CostModelError {}

#[cfg(test)]
mod tests;
