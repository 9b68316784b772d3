//! Compiled plugins on disk: a cache that may be deleted at any time, and never a source of truth.
//!
//! A file holds a 32-byte HMAC-SHA-256 and then the machine code it covers, so that there is no moment with one and
//! not the other. Loading machine code is running it: bytes without a valid code are treated as absent, and the same
//! bytes that were checked are the ones loaded.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::settings::CacheSettings;

const CODE: usize = 32;

/// One folder of compiled plugins, for one engine fingerprint.
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; 32],
    fingerprint: String,
}

impl Cache {
    pub(crate) fn new(settings: &CacheSettings, fingerprint: &str) -> Self {
        Self { dir: settings.dir.join(fingerprint), key: settings.key, fingerprint: fingerprint.to_owned() }
    }

    /// The machine code of a plugin, when a file with a valid code is there.
    pub(crate) fn load(&self, digest: &str) -> Option<Vec<u8>> {
        let mut file = fs::read(self.path(digest)).ok()?;
        if file.len() < CODE {
            return None;
        }
        let native = file.split_off(CODE);
        if self.code(digest, &native)?.verify_slice(&file).is_err() {
            tracing::warn!(digest, "a compiled plugin failed its check and is compiled again");
            return None;
        }
        Some(native)
    }

    /// Keeps machine code. Failing is only slower, so that it is reported and not returned. Two processes that save
    /// the same plugin write equal bytes to files of their own and rename them over each other.
    pub(crate) fn save(&self, digest: &str, native: &[u8]) {
        if let Err(error) = self.try_save(digest, native) {
            tracing::warn!(digest, %error, "a compiled plugin could not be cached");
        }
    }

    fn try_save(&self, digest: &str, native: &[u8]) -> std::io::Result<()> {
        let Some(code) = self.code(digest, native) else {
            return Ok(());
        };
        create_private_dir(&self.dir)?;
        let path = self.path(digest);
        let temporary = path.with_extension(format!("{}.part", std::process::id()));
        let mut file = fs::File::create(&temporary)?;
        file.write_all(&code.finalize().into_bytes())?;
        file.write_all(native)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    }

    /// The code binds the machine code to this engine and this plugin, so that files cannot be swapped.
    fn code(&self, digest: &str, native: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).ok()?;
        mac.update(self.fingerprint.as_bytes());
        mac.update(b"\0");
        mac.update(digest.as_bytes());
        mac.update(b"\0");
        mac.update(native);
        Some(mac)
    }

    fn path(&self, digest: &str) -> PathBuf {
        let name = digest.strip_prefix("sha256:").unwrap_or(digest);
        self.dir.join(format!("{name}.cwasm"))
    }
}

#[cfg(unix)]
fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)
}
