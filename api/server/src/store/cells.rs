//! The cells of a row in the order of the select list: on long lists, finding each column by its name costs more than
//! reading it.

use sea_orm::{DbErr, QueryResult, TryGetable};

pub(super) struct Cells<'r> {
    row: &'r QueryResult,
    next: usize,
}

impl<'r> Cells<'r> {
    pub(super) fn of(row: &'r QueryResult) -> Self {
        Self { row, next: 0 }
    }

    /// The next one.
    pub(super) fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        self.next += 1;
        self.row.try_get_by_index(self.next - 1)
    }
}
