//! A folder instead of a mail server: one `.eml` file a mail.
//!
//! A file bears the name of its mail, so that a second run writes the same file, and it is whole or not there.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::verdict::Outcome;
use crate::message::Message;

/// A folder that mails are written into.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder by its path; it is made with the first mail.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the mail is, once it was sent.
    #[must_use]
    pub fn file(&self, message: &Message) -> PathBuf {
        // A message id is made of letters that any file system takes.
        self.path.join(format!("{}.eml", message.id().to_string().trim_matches(['<', '>'])))
    }

    /// Writes the mail to its file.
    pub async fn send(&self, message: &Message) -> Outcome {
        let file = self.file(message);
        match self.write(&file, message.bytes()).await {
            Ok(()) => Outcome::Sent { words: format!("written to {}", file.display()) },
            Err(error) => {
                let words = format!("{} cannot be written: {error}", file.display());
                match error.kind() {
                    io::ErrorKind::PermissionDenied
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::AlreadyExists
                    | io::ErrorKind::ReadOnlyFilesystem => Outcome::Misconfigured { words },
                    _ => Outcome::Later { words, code: None },
                }
            }
        }
    }

    async fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.path).await?;
        let unfinished = file.with_extension("eml.unfinished");
        let mut writer = fs::File::create(&unfinished).await?;
        writer.write_all(bytes).await?;
        writer.sync_all().await?;
        fs::rename(&unfinished, file).await
    }
}
