//! The smallest server on this crate, for trying it by hand and for conformance suites. Its only key
//! is `good`.
#![allow(clippy::print_stdout)]

#[path = "../tests/tiny/mod.rs"]
mod tiny;

use std::net::SocketAddr;

use transport::{Transport, TransportSettings, graphiql};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let settings = TransportSettings::default();
    let shutdown = settings.shutdown.clone();
    let transport = Transport::new(tiny::schema(), tiny::Door::default(), settings);
    let drain = transport.drain();
    let app = transport.into_router().route("/", graphiql("Tiny", "/graphql"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8123").await?;
    println!("http://{}", listener.local_addr()?);
    let stop = shutdown.clone();
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let _ = tokio::signal::ctrl_c().await;
            stop.cancel();
        })
        .await?;
    drain.finished().await;
    Ok(())
}
