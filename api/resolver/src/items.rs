//! A list whose items are asked in turn.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
};

use crate::gather::gather;

/// In the schema what a `Vec` is, resolved as the head of the crate says.
#[derive(Clone, Debug, Default)]
pub struct Items<T>(pub Vec<T>);

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: OutputType> OutputType for Items<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut items: Vec<Value> = Vec::with_capacity(self.0.len());
        let mut failed = None;
        gather(self.0.iter().enumerate().map(|(index, item)| at(ctx, field, index, item)), |index, item| match item {
            Some(Err(error)) => failed = failed.take().or(Some(error)),
            item => {
                let item = item.and_then(Result::ok).unwrap_or_default();
                match items.get_mut(index) {
                    Some(place) => *place = item,
                    None => items.push(item),
                }
            }
        })
        .await;
        failed.map_or(Ok(Value::List(items)), Err)
    }
}

async fn at<T: OutputType>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    index: usize,
    item: &T,
) -> ServerResult<Value> {
    let place = ctx.with_index(index);
    item.resolve(&place, field).await.map_err(|error| place.set_error_path(error))
}
