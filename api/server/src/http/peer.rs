//! Where a request really comes from. A proxy in front hides the client and names it in a header, and
//! anybody can write that header: it is believed only as far as the operator's own proxies reach.
//!
//! `Forwarded` is not read. A proxy that writes `X-Forwarded-For` hands a client's `Forwarded` through.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use transport::PeerAddress;

use crate::addresses::is_in;
use crate::app::App;

/// Puts the client's address beside every request, for all that follows.
pub(super) async fn find(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if let Some(connection) = connection {
        let client = client(connection, request.headers(), &app.settings.trusted_proxies);
        request.extensions_mut().insert(PeerAddress(client));
    }
    next.run(request).await
}

/// The address nearest to us that is none of our proxies. Each proxy appends who it heard from, so the header is read
/// from its end; where it cannot be read, the last address that is certain stands.
fn client(connection: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut certain = connection.to_canonical();
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("?")).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_in(trusted, certain) {
        match hops.next().map(hop) {
            Some(Some(address)) => certain = address,
            Some(None) | None => break,
        }
    }
    certain
}

/// One entry: an address, perhaps with a port, perhaps in brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain.or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn found(connection: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        client(connection.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        const OURS: &[&str] = &["10.0.0.0/8", "fd00::/8"];
        for (connection, lines, trusted, expected) in [
            // Nobody is trusted unless the operator says so.
            ("10.0.0.1", &["203.0.113.7"][..], &[][..], "10.0.0.1"),
            ("127.0.0.1", &["203.0.113.7"], &[], "127.0.0.1"),
            // A client that comes directly cannot choose its address.
            ("198.51.100.9", &["203.0.113.7"], OURS, "198.51.100.9"),
            ("10.0.0.1", &[], OURS, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7"], OURS, "203.0.113.7"),
            // What the client wrote itself stands left of what our proxy appended.
            ("10.0.0.1", &["127.0.0.1, 203.0.113.7"], OURS, "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.9, 203.0.113.7"], OURS, "203.0.113.7"),
            ("10.0.0.1", &["192.0.2.1", "203.0.113.7"], OURS, "203.0.113.7"),
            // Two proxies of ours, in one line or in two.
            ("10.0.0.1", &["192.0.2.1, 203.0.113.7, 10.0.0.2"], OURS, "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], OURS, "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], OURS, "10.0.0.3"),
            // Ports, brackets and IPv6.
            ("10.0.0.1", &["203.0.113.7:49152"], OURS, "203.0.113.7"),
            ("fd00::1", &["[2001:db8::7]:49152"], OURS, "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]"], OURS, "2001:db8::7"),
            ("fd00::1", &["2001:db8::7"], OURS, "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], OURS, "203.0.113.7"),
            // What cannot be read is not guessed at.
            ("10.0.0.1", &["203.0.113.7, unknown"], OURS, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, "], OURS, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2, nonsense, 10.0.0.3"], OURS, "10.0.0.3"),
            ("10.0.0.1", &["203.0.113.999"], OURS, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7\u{e9}"], OURS, "10.0.0.1"),
        ] {
            assert_eq!(found(connection, lines, trusted), expected, "{connection} {lines:?} {trusted:?}");
        }
    }

    proptest! {
        #[test]
        fn a_header_moves_nobody_who_is_not_a_proxy(line in "[ -~]{0,60}", last: u32) {
            // Whatever a client writes, behind one proxy it is who the proxy says, and directly it is itself.
            let real = IpAddr::from((last | 0x8000_0000).to_be_bytes()).to_string();
            prop_assert_eq!(found(&real, &[&line], &["10.0.0.0/8"]), real.as_str());
            prop_assert_eq!(found("10.0.0.1", &[&line, &real], &["10.0.0.0/8"]), real.as_str());
            prop_assert_eq!(found("10.0.0.1", &[&format!("{line},{real}")], &["10.0.0.0/8"]), real);
        }
    }
}
