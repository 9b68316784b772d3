//! A server with a payment gateway: the real one and a simulated Razorpay, each knowing where the other is.

use razorpay_sim::{Options, Simulator, Webhook};
use std::net::SocketAddr;
use undash::config::{Secret, Settings};

use crate::{Database, TestApp};

/// The key the server asks with.
pub const RAZORPAY_KEY: (&str, &str) = ("rzp_test_undash", "simulated-key-secret");

/// What webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "simulated-webhook-secret";

/// Makes a test of each journey on each database, with a gateway.
#[macro_export]
macro_rules! both_with_razorpay {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: &TestApp, $razorpay:ident: &Simulator) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a short journey needs less than its neighbours")]
            use super::*;

            $(#[$doc])*
            async fn journey($app: &$crate::TestApp, $razorpay: &$crate::Simulator) $body

            #[test]
            fn sqlite() {
                $crate::run_with_razorpay($crate::Database::Sqlite, async |app, razorpay| journey(app, razorpay).await);
            }

            #[test]
            fn postgres() {
                $crate::run_with_razorpay($crate::Database::Postgres, async |app, razorpay| journey(app, razorpay).await);
            }
        }
    )*};
}

/// Runs a journey on a fresh server with a gateway, then stops both and looks for unfinished effects.
pub fn run_with_razorpay(database: Database, journey: impl AsyncFnOnce(&TestApp, &Simulator)) {
    if !database.is_at_hand() {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (id, secret) = RAZORPAY_KEY;
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let razorpay = Simulator::start(any_port, Options::new(id, secret)).await.expect("a simulator");
        let app = TestApp::start_with(database, |settings| point_at(settings, &razorpay)).await;
        razorpay.set_webhook(Some(webhook(&app)));
        journey(&app, &razorpay).await;
        razorpay.quiet().await;
        app.finish().await;
        razorpay.stop().await;
    });
}

fn point_at(settings: &mut Settings, razorpay: &Simulator) {
    settings.razorpay_key_id = Some(RAZORPAY_KEY.0.to_owned());
    settings.razorpay_key_secret = Some(Secret::new(RAZORPAY_KEY.1));
    settings.razorpay_webhook_secret = Some(Secret::new(WEBHOOK_SECRET));
    settings.razorpay_url = razorpay.url();
    settings.gateway_timeout = std::time::Duration::from_secs(2);
}

/// Where the server takes webhooks.
pub fn webhook(app: &TestApp) -> Webhook {
    Webhook { url: format!("http://{}/v1/webhooks/razorpay", app.address), secret: WEBHOOK_SECRET.to_owned() }
}
