//! Which mail server, and how it is spoken to: checked before the first mail.
//!
//! Where settings are read from is not known here.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, TlsParameters};

/// How a mail server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Its name, which its certificate has to bear, or its address.
    pub host: String,
    /// 465 for TLS from the start, 587 for STARTTLS, as a rule.
    pub port: u16,
    /// How the dialogue is kept secret.
    pub security: Security,
    /// Who we are to the server.
    pub credentials: Option<Credentials>,
    /// What we call ourselves to the server; the machine's name when `None`.
    pub hello: Option<String>,
    /// The most connections at a time; 5 to 10 is what servers are used to.
    pub connections: usize,
    /// The longest a mail may take, from connecting to the last reply.
    pub timeout: Duration,
    /// Certificates in PEM that are trusted besides those of the web.
    pub trusted: Vec<String>,
}

/// How a dialogue is kept secret. There is no way that falls back to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS after STARTTLS; a server that does not offer it is not spoken to.
    StartTls,
    /// Not at all: for servers on the same machine only.
    Loopback,
}

/// Who we are to a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// Why a server cannot be spoken to with these settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsError {
    /// A dialogue without TLS would leave the machine.
    NotLoopback(String),
    /// No connection is allowed, or more than a thousand.
    Connections,
    /// No time is allowed.
    Timeout,
    /// What we call ourselves is not a name.
    Hello,
    /// The host or a trusted certificate cannot be used for TLS.
    Tls(String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback(host) => write!(
                f,
                "{host} is not this machine, and mail does not leave it unencrypted; use TLS, STARTTLS or 127.0.0.1"
            ),
            Self::Connections => f.write_str("the number of connections does not fit; use 1 to 1000"),
            Self::Timeout => f.write_str("the time a mail may take is zero; use some seconds"),
            Self::Hello => f.write_str("what the server is greeted with is not a host name; use ASCII without spaces"),
            Self::Tls(words) => write!(f, "TLS cannot be set up: {words}; use a host name and certificates in PEM"),
        }
    }
}

impl std::error::Error for SettingsError {}

impl SmtpSettings {
    /// Checks everything that can be checked without asking the server.
    pub(super) fn check(&self) -> Result<Option<TlsParameters>, SettingsError> {
        if !(1..=1000).contains(&self.connections) {
            return Err(SettingsError::Connections);
        }
        if self.timeout.is_zero() {
            return Err(SettingsError::Timeout);
        }
        let is_name = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.hello.as_ref().is_none_or(is_name) {
            return Err(SettingsError::Hello);
        }
        if self.security == Security::Loopback {
            return if is_loopback(&self.host) { Ok(None) } else { Err(SettingsError::NotLoopback(self.host.clone())) };
        }
        self.tls().map(Some)
    }

    fn tls(&self) -> Result<TlsParameters, SettingsError> {
        let refused = |error: lettre::transport::smtp::Error| SettingsError::Tls(error.to_string());
        let mut parameters = TlsParameters::builder(self.host.clone());
        for pem in &self.trusted {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(refused)?);
        }
        parameters.build_rustls().map_err(refused)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
