//! Every journey on both databases, each time followed by the look into the outbox.

use undash::config::Settings;

use crate::{Database, TestApp};

/// Makes a test of each journey on each database.
///
/// ```ignore
/// both! {
///     /// What must be true.
///     async fn a_journey(app: &TestApp) { … }
/// }
/// ```
#[macro_export]
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a short journey needs less than its neighbours")]
            use super::*;

            $(#[$doc])*
            async fn journey($app: &$crate::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::run($crate::Database::Sqlite, async |app| journey(app).await);
            }

            #[test]
            fn postgres() {
                $crate::run($crate::Database::Postgres, async |app| journey(app).await);
            }
        }
    )*};
}

/// Runs a journey on a fresh server, then stops it and looks for unfinished effects.
pub fn run(database: Database, journey: impl AsyncFnOnce(&TestApp)) {
    run_with(database, |_| (), journey);
}

/// The same on a server with other settings.
pub fn run_with(database: Database, change: impl FnOnce(&mut Settings), journey: impl AsyncFnOnce(&TestApp)) {
    if !database.is_at_hand() {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = TestApp::start_with(database, change).await;
        journey(&app).await;
        app.finish().await;
    });
}
