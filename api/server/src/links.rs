//! Signed links: the right to fetch one file or send one upload, for a while, without a key.
//!
//! The signature covers what the link is for and when it ends, under a key that only this
//! installation has. A link names exactly one thing; it cannot be turned into another.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use crate::error::Error;

/// Makes and checks the signatures of links.
#[derive(Clone)]
pub struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// Signs with `key`, which every node of an installation shares.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The query string that allows `subject` (such as `invoice-pdf/org_…/inv_…`) until `expires_at`.
    pub fn sign(&self, subject: &str, expires_at: DateTime<Utc>) -> String {
        let seconds = expires_at.timestamp();
        format!(
            "expires={seconds}&signature={}",
            URL_SAFE_NO_PAD.encode(self.code(subject, seconds).finalize().into_bytes())
        )
    }

    /// Whether the link was made here for `subject` and has not ended.
    pub fn check(&self, subject: &str, expires: i64, signature: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let given = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        // `verify_slice` compares in constant time.
        if self.code(subject, expires).verify_slice(&given).is_err() {
            return Err(Error::unauthenticated(
                "BAD_LINK",
                "This link is not one of ours, or was changed. Ask for a new one.",
            ));
        }
        if now.timestamp() >= expires {
            return Err(Error::unauthenticated("LINK_EXPIRED", "This link has ended. Ask for a new one."));
        }
        Ok(())
    }

    fn code(&self, subject: &str, seconds: i64) -> Hmac<Sha256> {
        // HMAC fills its key up with zeros to the block of the hash; doing that here needs no error case.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.key);
        let mut code = <Hmac<Sha256> as KeyInit>::new(&block.into());
        code.update(subject.as_bytes());
        code.update(b"\n");
        code.update(&seconds.to_be_bytes());
        code
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_is_for_one_thing_and_one_time() {
        let signer = Signer::new([7; 32]);
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let query = signer.sign("invoice-pdf/a", DateTime::from_timestamp(2_000, 0).unwrap());
        let signature = query.split("signature=").nth(1).unwrap();
        assert!(signer.check("invoice-pdf/a", 2_000, signature, now).is_ok());
        assert!(signer.check("invoice-pdf/b", 2_000, signature, now).is_err());
        assert!(signer.check("invoice-pdf/a", 3_000, signature, now).is_err());
        assert!(signer.check("invoice-pdf/a", 2_000, signature, DateTime::from_timestamp(2_000, 0).unwrap()).is_err());
        assert!(signer.check("invoice-pdf/a", 2_000, "", now).is_err());
        assert!(Signer::new([8; 32]).check("invoice-pdf/a", 2_000, signature, now).is_err());
    }
}
