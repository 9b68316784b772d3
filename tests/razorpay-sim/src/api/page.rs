//! Pages of a list: `from`, `to`, `count` and `skip`, the newest first.

use crate::{api::call::Call, refusal::Refusal, shelf::Named};

/// Which part of a list is asked for.
pub(crate) struct Page {
    from: i64,
    to: i64,
    count: usize,
    skip: usize,
}

impl Page {
    /// Reads the four parameters, and refuses others than these and `known`.
    pub(crate) fn read(call: &Call, most: usize, known: &[&str]) -> Result<Self, Refusal> {
        let mine = ["from", "to", "count", "skip"];
        for (name, _) in &call.query {
            if !mine.contains(&name.as_str()) && !known.contains(&name.as_str()) && !name.starts_with("expand") {
                return Err(Refusal::input(format!("{name} is/are not required and should not be sent")));
            }
        }
        let count = number(call, "count")?.unwrap_or(10);
        if count < 1 {
            return Err(Refusal::input("The count must be at least 1.").at("count"));
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > most {
            return Err(Refusal::input(format!("The count may not be greater than {most}.")).at("count"));
        }
        let skip = number(call, "skip")?.unwrap_or(0);
        let skip = usize::try_from(skip).map_err(|_| Refusal::input("The skip must be at least 0.").at("skip"))?;
        Ok(Self {
            from: number(call, "from")?.unwrap_or(i64::MIN),
            to: number(call, "to")?.unwrap_or(i64::MAX),
            count,
            skip,
        })
    }

    /// The things of this page, the newest first.
    pub(crate) fn of<'a, T: Named + 'a>(&self, things: impl DoubleEndedIterator<Item = &'a T>) -> Vec<&'a T> {
        things
            .rev()
            .filter(|thing| (self.from..=self.to).contains(&thing.created_at()))
            .skip(self.skip)
            .take(self.count)
            .collect()
    }

    /// The same of things that are counted, not dated.
    pub(crate) fn cut<T>(&self, things: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        things.skip(self.skip).take(self.count)
    }
}

fn number(call: &Call, name: &str) -> Result<Option<i64>, Refusal> {
    call.parameter(name)
        .map(|text| text.parse().map_err(|_| Refusal::input(format!("The {name} must be an integer.")).at(name)))
        .transpose()
}
