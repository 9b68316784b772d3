//! `undash razorpay-sim`: Razorpay on one's own machine, with a page on which somebody pays, declines or answers late.

use clap::Args;
use razorpay_sim::{Fault, Options, Simulator};
use std::net::SocketAddr;

use crate::error::Error;

/// Simulates Razorpay for local development: its API, its webhooks, and pages to pay orders and links.
///
/// Point a server at it with `razorpay_url`, the same key and the same webhook secret, then pay at the `payUrl` of a
/// payment, or at `/pay/order/ORDER`.
#[derive(Args)]
pub(super) struct RazorpaySim {
    /// Where to listen; port 0 is any.
    #[arg(long, default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Public half of the key that clients must send.
    #[arg(long, default_value = "rzp_test_simulated")]
    key_id: String,
    /// Secret half of that key.
    #[arg(long, default_value = "simulated")]
    key_secret: String,
    /// Where webhooks go, such as http://127.0.0.1:8080/v1/webhooks/razorpay.
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// What webhooks are signed with.
    #[arg(long, requires = "webhook_url")]
    webhook_secret: Option<String>,
    /// Something that goes wrong, such as `POST /v1/orders server-error 2`; may be given more than once.
    #[arg(long)]
    fault: Vec<Fault>,
}

/// Simulates until Ctrl-C; prints its address when it is ready.
pub(super) async fn run(arguments: RazorpaySim) -> Result<(), Error> {
    let mut options = Options::new(arguments.key_id, arguments.key_secret);
    if let Some((url, secret)) = arguments.webhook_url.zip(arguments.webhook_secret) {
        options = options.webhook(url, secret);
    }
    let simulator = Simulator::start(arguments.listen, options).await.map_err(|error| {
        let words = format!("{} cannot be listened on: {error}. Choose another with --listen.", arguments.listen);
        Error::invalid("LISTEN", words)
    })?;
    for fault in arguments.fault {
        simulator.fault(fault);
    }
    println!("{}", simulator.url());
    tokio::signal::ctrl_c().await.map_err(Error::internal)?;
    simulator.stop().await;
    Ok(())
}
