//! One temporary folder for everything a test process writes, removed however the process ends.
//!
//! A small shell waits at the other end of a pipe. When this process goes away, by its last line, by a
//! panic or by SIGKILL, the pipe closes, and the shell stops what was started and removes the folder.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Run by the shell before the folder goes, when it is there.
const LAST_WILL: &str = "last-will.sh";

struct Scratch {
    root: PathBuf,
    // Its standard input is the pipe; dropping it would set the shell off.
    _janitor: Child,
}

fn start() -> Scratch {
    let root = tempfile::Builder::new()
        .prefix("undash-tests-")
        // The database server may run as another user, who has to get through.
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder")
        .keep();
    let script = format!("cat >/dev/null; [ -f \"$0/{LAST_WILL}\" ] && sh \"$0/{LAST_WILL}\"; rm -rf \"$0\"");
    let janitor = Command::new("sh")
        .args(["-c", &script])
        .arg(&root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C ends the tests, not the tidying up after them.
        .process_group(0)
        .spawn()
        .expect("a shell");
    Scratch { root, _janitor: janitor }
}

/// Adds a line to what is run before the folder goes.
pub(crate) fn add_to_last_will(line: &str) {
    let mut will = std::fs::OpenOptions::new().create(true).append(true).open(root().join(LAST_WILL)).expect("a will");
    writeln!(will, "{line}").expect("a line");
}

/// The folder of this process.
pub fn root() -> &'static Path {
    static SCRATCH: OnceLock<Scratch> = OnceLock::new();
    &SCRATCH.get_or_init(start).root
}

/// A name that no other test of this process has.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A folder of its own for one test, removed with everything else when the tests have ended.
pub fn scratch(prefix: &str) -> PathBuf {
    let folder = root().join(unique(prefix));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
