//! The smallest server on this crate, for trying it by hand and for conformance suites: queries, sockets,
//! event streams, uploads, costs and trusted documents. Its key is `good`.
//!
//! A stream that can be resumed:
//! `curl -N -H 'Authorization: Bearer good' -H 'Accept: text/event-stream' -H 'Last-Event-ID: c41'
//! 'http://127.0.0.1:8123/graphql?query=subscription%7Bcount(ms:500)%7Bcursor%20number%7D%7D'`
//!
//! An upload:
//! `curl -H 'Authorization: Bearer good' -H 'GraphQL-Require-Preflight: 1' http://127.0.0.1:8123/graphql
//! -F operations='{"query":"mutation($f:Upload!){read(file:$f)}","variables":{"f":null}}'
//! -F map='{"0":["variables.f"]}' -F 0=@README.md`
#![allow(clippy::print_stdout)]

#[path = "../tests/tiny/mod.rs"]
mod tiny;

use std::net::SocketAddr;

use tiny::purse::{Purse, transport};
use transport::{TransportSettings, graphiql};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut settings = TransportSettings::default();
    settings.uploads.enabled = true;
    let shutdown = settings.shutdown.clone();
    let transport = transport(settings, Purse::default());
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
