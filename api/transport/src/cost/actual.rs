//! What an answer really cost: the objects in it, counted along the fields that were selected.

use async_graphql::{Name, Value};

/// The selected fields that cost anything, as they stand in the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan(pub(super) Vec<Branch>);

/// One field of the answer.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) key: Name,
    /// For the field, unless it is null.
    pub(super) own: u64,
    /// For each object in it.
    pub(super) item: u64,
    pub(super) branches: Vec<Self>,
}

/// Adds a branch; the same field selected twice is one field of the answer.
pub(super) fn merge(branches: &mut Vec<Branch>, branch: Branch) {
    match branches.iter_mut().find(|one| one.key == branch.key) {
        None => branches.push(branch),
        Some(same) => {
            same.own = same.own.max(branch.own);
            same.item = same.item.max(branch.item);
            for inner in branch.branches {
                merge(&mut same.branches, inner);
            }
        }
    }
}

impl Plan {
    /// The price of an answer's `data`.
    pub(crate) fn actual(&self, data: &Value) -> u64 {
        selected(&self.0, data)
    }
}

fn selected(branches: &[Branch], object: &Value) -> u64 {
    let Value::Object(entries) = object else {
        return 0;
    };
    let found = branches.iter().filter_map(|branch| Some((branch, entries.get(&branch.key)?)));
    found.fold(0_u64, |sum, (branch, value)| match value {
        Value::Null => sum,
        value => sum.saturating_add(branch.own).saturating_add(counted(branch, value)),
    })
}

fn counted(branch: &Branch, value: &Value) -> u64 {
    match value {
        Value::List(items) => items.iter().fold(0, |sum, item| sum.saturating_add(counted(branch, item))),
        Value::Object(_) => branch.item.saturating_add(selected(&branch.branches, value)),
        _ => 0,
    }
}
