//! Session tokens: what a key lends to a browser for a while, signed by this installation.
//!
//! A token carries its claims in the open and a code over them under a key that is used for nothing
//! else. It is a credential: it travels in `Authorization` or `connection_init`, never in an address.
//! Whether its key still lives and what that key may do now is asked in `app::authenticate`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac as _};
use http::Uri;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// What every session token begins with, so that people and scanners recognise one.
pub const PREFIX: &str = "undash_ses_";

/// Longer than any token of ours: 64 permissions of 20 letters and an audience of [`AUDIENCE_BYTES`].
const TOKEN_BYTES: usize = 4_096;

/// Bytes of an audience at most.
pub const AUDIENCE_BYTES: usize = 255;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// A random id.
    pub id: Uuid,
    /// The key that minted it.
    pub key: Uuid,
    /// The organisation it is confined to; absent for the operator's whole reach.
    pub org: Option<Uuid>,
    /// The project it is confined to.
    pub prj: Option<Uuid>,
    /// Names of permissions.
    pub may: Vec<String>,
    /// The origin it is for, see [`origin`].
    pub aud: String,
    /// When it was minted, seconds since 1970.
    pub iat: i64,
    /// From then on it is refused, seconds since 1970.
    pub exp: i64,
}

/// Signs and reads session tokens.
#[derive(Clone)]
pub struct SessionSigner {
    block: [u8; 64],
}

impl SessionSigner {
    /// Signs with `key`, which every node of an installation shares and nothing else uses.
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC fills its key up with zeros to the block of the hash; doing that here needs no error case.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        Self { block }
    }

    /// The token that carries the claims.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON.
    pub fn mint(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let code = URL_SAFE_NO_PAD.encode(self.code(&body).finalize().into_bytes());
        Ok(format!("{PREFIX}{body}.{code}"))
    }

    /// The claims of a token that was minted here and not changed since. Its end is not looked at.
    pub fn read(&self, token: &str) -> Option<Claims> {
        let (body, code) = token.strip_prefix(PREFIX).filter(|_| token.len() <= TOKEN_BYTES)?.split_once('.')?;
        // `verify_slice` compares in constant time; nothing is parsed before.
        self.code(body).verify_slice(&URL_SAFE_NO_PAD.decode(code).ok()?).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    fn code(&self, body: &str) -> Hmac<Sha256> {
        let mut code = <Hmac<Sha256> as KeyInit>::new(&self.block.into());
        code.update(PREFIX.as_bytes());
        code.update(body.as_bytes());
        code
    }
}

/// An origin in the spelling browsers send: lower case, without a default port, without a path.
pub fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = uri.authority()?;
    let host = authority.host().to_ascii_lowercase();
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains(['@', '#', '?']);
    if !bare || host.is_empty() || text.len() > AUDIENCE_BYTES {
        return None;
    }
    match authority.port() {
        None if authority.as_str().ends_with(':') => None,
        Some(port) if port.as_u16() != default_port => Some(format!("{scheme}://{host}:{}", port.as_u16())),
        _ => Some(format!("{scheme}://{host}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn claims() -> Claims {
        Claims {
            id: Uuid::from_u128(1),
            key: Uuid::from_u128(2),
            org: Some(Uuid::from_u128(3)),
            prj: None,
            may: vec!["USAGE_READ".to_owned()],
            aud: "https://app.example.com".to_owned(),
            iat: 1_000,
            exp: 2_000,
        }
    }

    #[test]
    fn a_token_says_what_was_signed_and_only_here() {
        let signer = SessionSigner::new([7; 32]);
        let token = signer.mint(&claims()).unwrap();
        assert!(token.starts_with("undash_ses_"));
        assert_eq!(signer.read(&token), Some(claims()));
        assert_eq!(SessionSigner::new([8; 32]).read(&token), None, "another installation");
        for end in 0..token.len() {
            assert_eq!(signer.read(&token[..end]), None, "cut to {end}");
        }
        assert_eq!(signer.read(&format!("{token}A")), None);
        assert_eq!(signer.read(&token.replace("undash_ses_", "undash_org_")), None);
    }

    #[test]
    fn the_largest_token_can_be_read() {
        let signer = SessionSigner::new([7; 32]);
        let may = crate::viewer::Permissions::ALL.names().into_iter().map(str::to_owned).collect();
        let large = Claims { may, prj: Some(Uuid::max()), aud: "x".repeat(AUDIENCE_BYTES), ..claims() };
        assert_eq!(signer.read(&signer.mint(&large).unwrap()), Some(large));
    }

    #[test]
    fn origins_have_one_spelling() {
        for (text, expected) in [
            ("https://app.example.com", Some("https://app.example.com")),
            ("https://App.Example.com/", Some("https://app.example.com")),
            ("https://app.example.com:443", Some("https://app.example.com")),
            ("http://localhost:5173", Some("http://localhost:5173")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("http://example.com:443", Some("http://example.com:443")),
            ("https://app.example.com/path", None),
            ("https://app.example.com?x", None),
            ("https://app.example.com#x", None),
            ("https://user@app.example.com", None),
            ("https://app.example.com:", None),
            ("https://", None),
            ("ftp://example.com", None),
            ("app.example.com", None),
            ("null", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_refused(at: prop::sample::Index, byte in 0x20_u8..0x7f) {
            let signer = SessionSigner::new([7; 32]);
            let token = signer.mint(&claims()).unwrap();
            let mut bytes = token.into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_eq!(signer.read(&String::from_utf8(bytes).unwrap()), None);
        }

        #[test]
        fn no_text_panics_or_is_a_token(text in ".{0,200}") {
            let signer = SessionSigner::new([7; 32]);
            prop_assert_eq!(signer.read(&text), None);
            prop_assert_eq!(signer.read(&format!("{PREFIX}{text}")), None);
            let _ = origin(&text);
        }
    }
}
