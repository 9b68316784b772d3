//! What one GraphQL document may ask for: numbers only. The measuring is in `document`.

/// Upper bounds on one document, checked before the schema sees it.
///
/// Counts are taken as if every fragment were written out where it is spread, so that a short
/// document cannot hide a long one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the document text. Default 20,480.
    pub document_bytes: usize,
    /// Brackets of any kind open at once, anywhere in the text. Default 64; guards the parser's
    /// stack.
    pub lexical_nesting: usize,
    /// Operations in one document. Default 20.
    pub operations: u64,
    /// Fields, inline fragments and spreads of one operation, written out. Default 1,000.
    pub expanded_fields: u64,
    /// Fields within fields. Default 12.
    pub depth: u64,
    /// Fields within fields below `__schema` and `__type`. Default 20, because the introspection
    /// query of common tools needs 16.
    pub introspection_depth: u64,
    /// Lists of types within lists of types below `__schema` and `__type` (`fields`, `inputFields`,
    /// `interfaces`, `possibleTypes`). Default 2; they are cyclic, so that each further level
    /// multiplies the answer.
    pub introspection_lists: u64,
    /// Fields, inline fragments and spreads on one path. Default 64; guards the stack of everything
    /// that walks the document.
    pub selection_nesting: u64,
    /// Aliased fields of one operation, written out. Default 30.
    pub aliases: u64,
    /// Fields at the root of a query. Default 20.
    pub root_fields: u64,
    /// Fields at the root of a mutation. Default 10.
    pub mutation_root_fields: u64,
    /// Directives of one operation, written out. Default 50.
    pub directives: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 20 * 1024,
            lexical_nesting: 64,
            operations: 20,
            expanded_fields: 1_000,
            depth: 12,
            introspection_depth: 20,
            introspection_lists: 2,
            selection_nesting: 64,
            aliases: 30,
            root_fields: 20,
            mutation_root_fields: 10,
            directives: 50,
        }
    }
}
