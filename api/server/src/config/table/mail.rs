//! Settings of mail.

use super::{Secret, Setting, setting};

pub(super) const MAIL: &[Setting] = &[
    setting!(
        "mail_from",
        "UNDASH_MAIL_FROM",
        "billing@localhost",
        "Address that mails to customers come from, and answers go to.",
        |s, v| {
            ::mail::address::Address::parse(v)
                .map_err(|error| format!("an address such as billing@example.com ({error})"))?;
            s.mail_from = v.to_owned();
            Ok(())
        }
    ),
    setting!(
        "smtp_url",
        "UNDASH_SMTP_URL",
        "none: mails are files in `outbox` in the data folder",
        "`smtps://user:password@host:465` for TLS from the start, `smtp://user:password@host:587` for STARTTLS; a server on this machine (`smtp://127.0.0.1:25`) is spoken to without TLS.",
        |s, v| {
            let url = reqwest::Url::parse(v).ok();
            let good = url.is_some_and(|url| ["smtp", "smtps"].contains(&url.scheme()) && url.host_str().is_some());
            if !good {
                return Err("a URL that starts with smtp:// or smtps:// and names a host".to_owned());
            }
            s.smtp_url = Some(Secret::new(v));
            Ok(())
        }
    ),
];
