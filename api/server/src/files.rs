//! Bytes on disk under the data folder: written whole or not at all, read back by key.
//!
//! Keys are made by the server (`invoices/<organisation>/<invoice>.pdf`), never by a client. What is
//! stored here can always be made again from the database, so losing the folder loses nothing.

use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use crate::error::Error;

/// The folder that holds generated files.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// Uses (and makes) the folder `root`.
    pub fn open(root: PathBuf) -> Result<Self, Error> {
        std::fs::create_dir_all(&root).map_err(|error| {
            Error::unavailable(
                "STORAGE",
                format!("The folder {} cannot be made: {error}. Point data_dir at a writable place.", root.display()),
            )
        })?;
        Ok(Self { root })
    }

    /// Where the file of `key` is, for showing to a person.
    pub fn path(&self, key: &str) -> Result<PathBuf, Error> {
        let relative = Path::new(key);
        if relative.components().all(|part| matches!(part, Component::Normal(_))) {
            Ok(self.root.join(relative))
        } else {
            Err(Error::internal(format!("file key {key} leaves the folder")))
        }
    }

    /// Writes `bytes` under `key`: a reader sees the old file, the new file, or none, never a part.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<PathBuf, Error> {
        let path = self.path(key)?;
        let target = path.clone();
        tokio::task::spawn_blocking(move || write_whole(&target, &bytes)).await.map_err(Error::internal)?.map_err(
            |error| {
                Error::unavailable("STORAGE", "The file could not be stored; it will be tried again.").caused_by(error)
            },
        )?;
        Ok(path)
    }

    /// The bytes under `key`, or nothing when this node does not have them.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match tokio::fs::read(self.path(key)?).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::unavailable("STORAGE", "The file could not be read; try again.").caused_by(error)),
        }
    }
}

fn write_whole(target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn writes_twice_and_refuses_to_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().to_owned()).unwrap();
        files.put("a/b.pdf", b"one".to_vec()).await.unwrap();
        files.put("a/b.pdf", b"two".to_vec()).await.unwrap();
        assert_eq!(files.get("a/b.pdf").await.unwrap().unwrap(), b"two");
        assert!(files.get("a/c.pdf").await.unwrap().is_none());
        assert!(files.put("../x", Vec::new()).await.is_err());
        assert!(files.put("/etc/x", Vec::new()).await.is_err());
    }
}
