//! The page on which a person tries the schema out. It asks for the key in a field of its own and
//! sends it with requests and sockets alike. The page itself holds no secret, so it needs no key;
//! its scripts come from a public CDN, pinned by version and checksum.

use axum::{
    http::{HeaderName, header},
    response::Html,
    routing::{MethodRouter, get},
};

const PAGE: &str = include_str!("graphiql.html");

/// A GET handler for the GraphiQL page, to be mounted at `/`. `title` is the tab's text; `endpoint`
/// is the path of the GraphQL route on the same origin, such as `/graphql`.
pub fn graphiql<S: Clone + Send + Sync + 'static>(title: &str, endpoint: &str) -> MethodRouter<S> {
    let page = PAGE.replace("{{title}}", &text(title)).replace("{{endpoint}}", &text(endpoint));
    get(move || {
        let page = page.clone();
        async move {
            let headers: [(HeaderName, &str); 3] = [
                (header::X_FRAME_OPTIONS, "DENY"),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, Html(page))
        }
    })
}

/// Text that is safe inside an element or a quoted attribute.
fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_from_outside_is_pinned() {
        for tag in PAGE.split('<').filter(|tag| tag.contains("https://")) {
            assert!(tag.contains("integrity=\"sha384-") && tag.contains("crossorigin"), "{tag}");
        }
        assert_eq!(text("a\"<b>"), "a&quot;&lt;b&gt;");
    }
}
