//! A PostgreSQL server to throw away: made once a test process, gone with it.
//!
//! `UNDASH_TEST_POSTGRES_URL` names a server to use instead, on which databases can be made.

use sqlx::{Connection as _, Executor as _, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::scratch::{add_to_last_will, root, unique};

/// A server on which databases can be made.
pub struct Server {
    /// Up to the database name.
    before: String,
    /// After it.
    after: String,
}

/// The server of this process, or nothing where there is no PostgreSQL.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(find).as_ref()
}

fn find() -> Option<Server> {
    if let Ok(url) = std::env::var("UNDASH_TEST_POSTGRES_URL") {
        let (base, query) =
            url.split_once('?').map_or((url.as_str(), String::new()), |(base, query)| (base, format!("?{query}")));
        let (before, _) = base.rsplit_once('/').expect("UNDASH_TEST_POSTGRES_URL has a database name");
        return Some(Server { before: format!("{before}/"), after: query });
    }
    let Some(programs) = programs() else {
        let words =
            "PostgreSQL (no initdb in PATH or /usr/lib/postgresql; install it, or set UNDASH_TEST_POSTGRES_URL)";
        assert!(std::env::var_os("CI").is_none(), "{words}");
        eprintln!("SKIPPED: {words}");
        return None;
    };
    Some(start(&programs))
}

/// The folder with `initdb` and `pg_ctl`, the newest where there are several.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path)
        // Debian and others put links into PATH; the other programs lie beside what they point to.
        .filter_map(|folder| folder.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned))
        .collect();
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn start(programs: &Path) -> Server {
    let folder = root().join("postgres");
    std::fs::create_dir(&folder).expect("a folder");
    let as_root = output(Command::new("id").arg("-u")).trim() == "0";
    if as_root {
        output(Command::new("chown").arg("postgres").arg(&folder));
    }
    let data = folder.join("data");
    // PostgreSQL refuses to run as root.
    let prefix: &[&str] = if as_root { &["runuser", "-u", "postgres", "--"] } else { &["env"] };
    let command = |program: &str| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).arg(programs.join(program)).arg("-D").arg(&data).current_dir("/");
        command
    };
    output(command("initdb").args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]));
    let stop = format!("{} {}/pg_ctl -D {} -m immediate stop", prefix.join(" "), programs.display(), data.display());
    add_to_last_will(&stop);
    // Nothing here has to survive a power cut, so nothing waits for a disk.
    let options = format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300",
        folder.display()
    );
    output(command("pg_ctl").arg("-l").arg(folder.join("log")).args(["-w", "-o", &options, "start"]));
    Server { before: "postgres://postgres@localhost/".to_owned(), after: format!("?host={}", folder.display()) }
}

/// Runs a program to its end; its words are only shown when it fails.
fn output(command: &mut Command) -> String {
    // A server started from here would keep a pipe open for ever, so answers go through a file.
    let path = root().join(unique("output"));
    let file = std::fs::File::create(&path).expect("a file");
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file"))
        .stderr(file)
        .status()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let words = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(status.success(), "{command:?} failed: {words}");
    words
}

impl Server {
    /// The URL of a database on the server.
    pub fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.before, self.after)
    }

    /// Makes a database, as a copy of `template` where one is given.
    pub async fn create(&self, database: &str, template: Option<&str>) {
        // Two copies of one template at a time are refused by some versions.
        static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _turn = ONE_AT_A_TIME.lock().await;
        let template = template.map_or_else(String::new, |template| format!(" TEMPLATE \"{template}\""));
        self.execute(format!("CREATE DATABASE \"{database}\"{template}")).await;
    }

    /// Removes a database.
    pub async fn remove(&self, database: &str) {
        self.execute(format!("DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)")).await;
    }

    async fn execute(&self, sql: String) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.expect("a connection to PostgreSQL");
        connection
            .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())))
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("an end");
    }
}

/// An empty PostgreSQL database for programs outside this process.
pub struct SharedDatabase {
    name: String,
    /// Its URL.
    pub url: String,
}

impl SharedDatabase {
    /// Makes one; nothing where there is no PostgreSQL.
    pub async fn create() -> Option<Self> {
        let server = server()?;
        let name = unique(&format!("undash-{}", std::process::id()));
        server.create(&name, None).await;
        Some(Self { url: server.url(&name), name })
    }

    /// Removes it.
    pub async fn remove(self) {
        if let Some(server) = server() {
            server.remove(&self.name).await;
        }
    }
}
