//! A PostgreSQL server for this run only: made in a temporary folder, on a free port, stopped at the end.
//!
//! PostgreSQL refuses to run as root; as root it runs as the user `postgres`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::Connection as _;
use tempfile::TempDir;

use crate::Outcome;

/// The same for both sides of every comparison; durable, as a server for money has to be.
const SETTINGS: &str =
    "-c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c shared_buffers=512MB -c max_wal_size=4GB";

/// A running server.
pub(crate) struct Postgres {
    bin: PathBuf,
    port: u16,
    folder: TempDir,
    /// The process whose children do the work.
    pub(crate) process: u32,
}

impl Postgres {
    /// Starts one, or says why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let bin = installed()
            .ok_or("there is no PostgreSQL server here (`initdb` is neither in PATH nor in /usr/lib/postgresql)")?;
        let folder =
            tempfile::Builder::new().prefix("undash-bench-postgres-").tempdir().map_err(|error| error.to_string())?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        if is_root() {
            quiet(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        quiet(
            as_owner(&bin.join("initdb"))
                .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
                .arg(&data),
        )?;
        let options = format!("-p {port} -k {} {SETTINGS}", folder.path().display());
        quiet(
            as_owner(&bin.join("pg_ctl"))
                .args(["-w", "-t", "60", "-o", &options, "-l"])
                .arg(folder.path().join("log"))
                .arg("-D")
                .arg(&data)
                .arg("start"),
        )?;
        let mut server = Self { bin, port, folder, process: 0 };
        let pid = std::fs::read_to_string(data.join("postmaster.pid")).map_err(|error| error.to_string())?;
        server.process =
            pid.lines().next().and_then(|line| line.trim().parse().ok()).ok_or("postmaster.pid holds no number")?;
        Ok(server)
    }

    /// Makes an empty database and tells its URL.
    pub(crate) async fn database(&self, name: &str) -> Outcome<String> {
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        connection.close().await?;
        Ok(self.url(name))
    }

    /// Forgets a database, so that the next measurement does not carry its weight.
    pub(crate) async fn forget(&self, name: &str) -> Outcome<()> {
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = quiet(
            as_owner(&self.bin.join("pg_ctl"))
                .args(["-m", "immediate", "-w", "-D"])
                .arg(self.folder.path().join("data"))
                .arg("stop"),
        );
        if let Err(words) = stopped {
            eprintln!("the PostgreSQL server in {} could not be stopped: {words}", self.folder.path().display());
        }
    }
}

fn installed() -> Option<PathBuf> {
    let debian =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> =
        debian.chain(std::env::split_paths(&path)).filter(|bin| bin.join("initdb").exists()).collect();
    places.sort();
    places.pop()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn as_owner(program: &Path) -> Command {
    let mut command = Command::new(if is_root() { Path::new("runuser") } else { program });
    if is_root() {
        command.args(["-u", "postgres", "--"]).arg(program);
    }
    // The caller's folder may be closed to that user.
    command.current_dir("/");
    command
}

/// Runs to the end without a word, unless it fails. The server inherits no pipe, or waiting for it would never end.
fn quiet(command: &mut Command) -> Result<(), String> {
    let output = tempfile::tempfile().map_err(|error| error.to_string())?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let mut reader = output.try_clone().map_err(|error| error.to_string())?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .status()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let mut words = String::new();
    let _ = std::io::Seek::rewind(&mut reader);
    let _ = std::io::Read::read_to_string(&mut reader, &mut words);
    Err(format!("{command:?} failed: {}", words.trim()))
}
