//! The signature of the sender's domain (DKIM, RFC 6376).
//!
//! Header and body are signed in their relaxed forms: what the library does by default is refused by verifiers, and
//! leaves out the message id. Publishing the key in the DNS is the operator's.

use std::fmt;

use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::HeaderName;

/// What a signature covers. A header that is not there is signed as missing, so that nobody adds one.
const SIGNED: [&str; 10] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Signs mails in the name of a domain.
pub struct Signer(DkimConfig);

impl fmt::Debug for Signer {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

/// Why nothing can be signed with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerError {
    /// The selector or the domain is not made of DNS labels.
    Name,
    /// The key is not an RSA key in PKCS#1 PEM.
    Key,
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "selector and domain are names in the DNS; use ASCII letters, digits, - and .",
            Self::Key => {
                "the key cannot be read; use an RSA key in PKCS#1 PEM (-----BEGIN RSA PRIVATE KEY-----), as \
                 `openssl genrsa -traditional 2048` makes it"
            }
        })
    }
}

impl std::error::Error for SignerError {}

impl Signer {
    /// A signer whose public key stands at `selector._domainkey.domain`; `key` is RSA in PKCS#1 PEM.
    ///
    /// # Errors
    /// A name that cannot stand in the DNS, or a key that cannot be read.
    pub fn new(selector: &str, domain: &str, key: &str) -> Result<Self, SignerError> {
        let fits = |name: &str| {
            !name.is_empty()
                && name.len() < 254
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if !fits(selector) || !fits(domain) {
            return Err(SignerError::Name);
        }
        let key = DkimSigningKey::new(key, DkimSigningAlgorithm::Rsa).map_err(|_| SignerError::Key)?;
        let relaxed =
            DkimCanonicalization { header: DkimCanonicalizationType::Relaxed, body: DkimCanonicalizationType::Relaxed };
        let headers = SIGNED.into_iter().map(HeaderName::new_from_ascii_str).collect();
        Ok(Self(DkimConfig::new(selector.to_owned(), domain.to_owned(), key, headers, relaxed)))
    }

    /// Adds the signature.
    pub(super) fn sign(&self, mail: &mut lettre::Message) {
        mail.sign(&self.0);
    }
}
