//! The simulator at the command line: prints its URL when it is ready and ends at Ctrl-C.

#![allow(clippy::print_stdout, reason = "the URL is its only word")]

use std::{io, net::SocketAddr};

use clap::Parser;
use razorpay_sim::{Fault, Options, Simulator};

#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 is any.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The user of HTTP Basic.
    #[arg(long, default_value = "rzp_test_simulated")]
    key_id: String,
    /// The password of HTTP Basic.
    #[arg(long, default_value = "simulated")]
    key_secret: String,
    /// Where webhooks go.
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// Something that goes wrong, such as `POST /v1/orders server-error 2`; may be given more than once.
    #[arg(long)]
    fault: Vec<Fault>,
    /// What webhooks are signed with.
    #[arg(long, requires = "webhook_url")]
    webhook_secret: Option<String>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut options = Options::new(arguments.key_id, arguments.key_secret);
    if let Some((url, secret)) = arguments.webhook_url.zip(arguments.webhook_secret) {
        options = options.webhook(url, secret);
    }
    let simulator = Simulator::start(arguments.listen, options).await?;
    for fault in arguments.fault {
        simulator.fault(fault);
    }
    println!("{}", simulator.url());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
