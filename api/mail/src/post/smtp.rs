//! A mail server: so many connections at a time, none for longer than allowed.
//!
//! A connection on which a mail was given up is closed, never handed on: the server's late reply would be taken for
//! the answer about the next mail. What a reply means is judged elsewhere.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::TlsParameters;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::connection::{Connection, Halt};
use super::settings::{SettingsError, SmtpSettings};
use super::verdict::{Outcome, Stage, on_silence};
use crate::message::Message;

/// How long a connection may have been idle to be used again.
const IDLE: Duration = Duration::from_secs(30);

/// How long taking leave may take.
const LEAVE: Duration = Duration::from_secs(2);

/// A mail server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    free: Semaphore,
    parked: Mutex<Vec<(Connection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp").field(&self.settings).finish()
    }
}

impl Smtp {
    /// A server by its settings; it is not asked yet.
    ///
    /// # Errors
    /// Settings that cannot work, above all a server elsewhere without TLS.
    pub fn new(settings: SmtpSettings) -> Result<Self, SettingsError> {
        let tls = settings.check()?;
        let free = Semaphore::new(settings.connections);
        Ok(Self { settings, tls, free, parked: Mutex::new(Vec::new()) })
    }

    /// Hands a mail over. It waits for a free connection no longer than the time of the settings, and then takes no
    /// longer than that, but for two seconds in which a refused mail is taken back.
    pub async fn send(&self, message: &Message) -> Outcome {
        let allowed = self.settings.timeout;
        let Ok(Ok(_turn)) = timeout(allowed, self.free.acquire()).await else {
            let words = format!("all {} connections to the server are busy", self.settings.connections);
            return Outcome::Later { words, code: None };
        };
        let mut stage = Stage::Greeting;
        // The library's own time limit covers connecting only.
        let attempt = timeout(allowed, self.attempt(message, &mut stage)).await;
        match attempt {
            Ok((connection, Ok(outcome))) => {
                self.park(connection);
                outcome
            }
            Ok((connection, Err(halt))) => {
                self.take_back(connection, halt.in_step).await;
                halt.outcome
            }
            Err(_) => on_silence(stage, allowed),
        }
    }

    /// Closes the connections that wait for the next mail.
    pub async fn close(&self) {
        let parked = std::mem::take(&mut *self.parked.lock().unwrap_or_else(PoisonError::into_inner));
        for (connection, _) in parked {
            // A server that does not answer is left without.
            let _ = timeout(LEAVE, connection.quit()).await;
        }
    }

    async fn attempt(&self, message: &Message, stage: &mut Stage) -> (Option<Connection>, Result<Outcome, Halt>) {
        if let Some(mut connection) = self.parked_connection().await {
            match connection.deliver(message, stage).await {
                // A server may have had enough of an old connection; that says nothing about the mail.
                Err(halt) if !halt.in_step && *stage < Stage::Handover => {}
                result => return (Some(connection), result),
            }
        }
        match Connection::open(&self.settings, self.tls.as_ref(), stage).await {
            Ok(mut connection) => {
                let result = connection.deliver(message, stage).await;
                (Some(connection), result)
            }
            Err(halt) => (None, Err(halt)),
        }
    }

    async fn parked_connection(&self) -> Option<Connection> {
        loop {
            let (mut connection, since) = self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE && connection.is_alive().await {
                return Some(connection);
            }
        }
    }

    /// Makes the server forget a refused mail, so that the connection is of further use.
    async fn take_back(&self, connection: Option<Connection>, in_step: bool) {
        let Some(mut connection) = connection.filter(|_| in_step) else { return };
        if timeout(LEAVE, connection.forget()).await == Ok(true) {
            self.park(Some(connection));
        }
    }

    fn park(&self, connection: Option<Connection>) {
        let parked = connection.map(|connection| (connection, Instant::now()));
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).extend(parked);
    }
}
