//! Puts back the `null` of a field that failed. Since 7.1 async-graphql leaves such a field out of
//! `data` altogether, which the specification does not allow and on which caching clients stumble.
//!
//! Types are not known here, so a failed non-null field is `null` too instead of erasing its parent;
//! the error beside it tells them apart. A `data` that is `null` as a whole stays as it is.

use async_graphql::{Name, PathSegment, Response, Value};

/// Gives every object named by an error's path the entry it lacks.
pub(crate) fn mend(response: &mut Response) {
    for error in &response.errors {
        put_null(&mut response.data, &error.path);
    }
}

fn put_null(value: &mut Value, path: &[PathSegment]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    match (value, first) {
        (Value::Object(entries), PathSegment::Field(name)) => match entries.get_mut(name.as_str()) {
            Some(inner) => put_null(inner, rest),
            None => {
                entries.insert(Name::new(name), Value::Null);
            }
        },
        (Value::List(items), PathSegment::Index(index)) => {
            if let Some(inner) = items.get_mut(*index) {
                put_null(inner, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, value};

    use super::*;

    #[test]
    fn only_missing_entries_are_added() {
        let mut response = Response::new(value!({ "a": [{ "b": 1 }, {}], "e": null }));
        let field = |name: &str| PathSegment::Field(name.to_owned());
        for path in [
            vec![field("a"), PathSegment::Index(1), field("b")],
            vec![field("a"), PathSegment::Index(0), field("b")],
            vec![field("c"), field("d")],
            vec![field("e"), field("f")],
        ] {
            response.errors.push(ServerError::new("x", None).with_path(path));
        }
        mend(&mut response);
        assert_eq!(response.data, value!({ "a": [{ "b": 1 }, { "b": null }], "e": null, "c": null }));
    }
}
