//! What a task has asked the database for: how the number of statements of an answer is held to what it should be.

use std::cell::RefCell;

tokio::task_local! {
    static ASKED: RefCell<Vec<String>>;
}

/// Runs `work` and tells which statements it sent, in their order. Begin, end and scope of transactions are not among
/// them, nor is what other tasks send for it.
pub async fn statements_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    ASKED
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, ASKED.with(RefCell::take))
        })
        .await
}

pub(super) fn note(sql: &str) {
    // Hardly anybody listens.
    let _ = ASKED.try_with(|asked| asked.borrow_mut().push(sql.to_owned()));
}
