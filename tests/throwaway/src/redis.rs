//! A Redis server to throw away: one for each test that asks, on a socket file instead of a port.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::scratch::{add_to_last_will, scratch};

/// A server that is running, or has been.
pub struct Redis {
    folder: PathBuf,
    child: Option<Child>,
}

impl Redis {
    /// Starts one; nothing where there is no Redis.
    pub fn start() -> Option<Self> {
        let is_there = |program: &str| {
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !is_there("redis-server") || !is_there("redis-cli") {
            let words = "Redis (no redis-server and redis-cli in PATH; install them)";
            assert!(std::env::var_os("CI").is_none(), "{words}");
            eprintln!("SKIPPED: {words}");
            return None;
        }
        let mut redis = Self { folder: scratch("redis"), child: None };
        // Asked to stop by its own socket, so that no other process can be meant.
        add_to_last_will(&format!("redis-cli -s {} shutdown nosave", redis.socket().display()));
        redis.restart();
        Some(redis)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a signal");
            child.wait().expect("an end");
        }
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.kill();
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.cli(&["ping"]).as_deref() != Some("PONG") {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it something, as an operator would.
    pub fn cli(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("redis-cli").arg("-s").arg(self.socket()).args(words).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
