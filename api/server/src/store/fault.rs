//! What a database error means to a caller. Its text goes to the log, never to the caller.

use std::fmt::Display;

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::error::{Error, ErrorKind};

const BUSY: &str = "STORE_BUSY";
const LATE: &str = "STORE_TIMEOUT";

/// Whether the same transaction may succeed when it is simply run again: it lost against another one (a deadlock, a
/// serialisation failure, a busy SQLite file) and nothing of it remains.
#[must_use]
pub fn is_retryable(error: &Error) -> bool {
    error.kind == ErrorKind::Unavailable && error.code == BUSY
}

/// Whether a unique key refused the write; the caller turns it into a sentence that names the field.
#[must_use]
pub fn is_taken(error: &Error) -> bool {
    error.kind == ErrorKind::Conflict && error.code == "ALREADY_EXISTS"
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        match cause.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return Self::conflict("ALREADY_EXISTS", "There is already one with the same identity.")
                    .caused_by(cause);
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return Self::invalid("REFERENCE_MISSING", "It refers to something that does not exist.")
                    .caused_by(cause);
            }
            _ => {}
        }
        match weather(&cause) {
            Weather::Late => Self::unavailable(LATE, "The database took too long; ask for less, or try again later.")
                .caused_by(cause),
            Weather::Busy => Self::unavailable(BUSY, "The database is busy; send the request again.").caused_by(cause),
            Weather::Away => {
                Self::unavailable("STORE_AWAY", "The database does not answer; try again shortly.").caused_by(cause)
            }
            Weather::Fault => Self::internal(cause),
        }
    }
}

enum Weather {
    Late,
    Busy,
    Away,
    Fault,
}

fn weather(cause: &DbErr) -> Weather {
    let (DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) = cause else {
        return if matches!(cause, DbErr::ConnectionAcquire(_)) { Weather::Away } else { Weather::Fault };
    };
    let RuntimeErr::SqlxError(driver) = runtime else { return Weather::Fault };
    match driver.as_ref() {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            let of_sqlite = database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
            if of_sqlite { sqlite_weather(&code) } else { postgres_weather(&code) }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Weather::Away,
        _ => Weather::Fault,
    }
}

fn sqlite_weather(code: &str) -> Weather {
    // The low byte is the primary code: 5 is BUSY, 6 is LOCKED; 10 (I/O), 13 (full) and 14 (cannot open) may pass.
    match code.parse::<u32>().map(|extended| extended & 0xff) {
        Ok(5 | 6) => Weather::Busy,
        Ok(10 | 13 | 14) => Weather::Away,
        _ => Weather::Fault,
    }
}

fn postgres_weather(code: &str) -> Weather {
    match code {
        // Cancelled: its time is over.
        "57014" => Weather::Late,
        // Serialisation failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Weather::Busy,
        // Class 08 connection, 53 resources, 57P server going away.
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Weather::Away,
        _ => Weather::Fault,
    }
}

/// A row that cannot be understood: a fault of ours, never a panic.
pub(super) fn corrupt(table: &'static str, column: &'static str, detail: impl Display) -> Error {
    Error::internal(format!("corrupt row in {table}, column {column}: {detail}"))
}
