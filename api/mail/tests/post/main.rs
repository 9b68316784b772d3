//! Mails handed to a mail server that follows a script, over loopback: each way it can go wrong, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use mail::address::{Address, Mailbox, MessageId};
use mail::letter::Written;
use mail::message::{Envelope, Message};
use mail::post::{Credentials, Folder, Mailer, Outcome, Security, SettingsError, Smtp, SmtpSettings};

mod server;

use server::{Act, Server};

fn message(id: &str, to: &str) -> Message {
    let mailbox = |address: &str| Mailbox::new("", Address::parse(address).unwrap()).unwrap();
    let envelope = Envelope {
        from: mailbox("bills@sender.example"),
        to: mailbox(to),
        reply_to: None,
        bounces_to: Some(Address::parse("bounces@sender.example").unwrap()),
        id: MessageId::new(id, "sender.example").unwrap(),
        date: chrono::DateTime::from_timestamp(1_772_539_200, 0).unwrap(),
    };
    let letter = Written {
        subject: "Hello".into(),
        text: "one\n.\n..two\n".into(),
        html: "<p>one</p>\n".into(),
        unsubscribe: None,
    };
    Message::compose(&letter, &envelope, &[], None).unwrap()
}

fn settings(server: &Server) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".into(),
        port: server.port(),
        security: Security::Loopback,
        credentials: None,
        hello: Some("test.example".into()),
        connections: 4,
        timeout: Duration::from_millis(600),
        trusted: Vec::new(),
    }
}

fn smtp(server: &Server) -> Smtp {
    Smtp::new(settings(server)).unwrap()
}

#[tokio::test]
async fn a_mail_arrives_byte_by_byte_and_its_connection_is_used_again() {
    let server = Server::start(&[]).await;
    let smtp = smtp(&server);
    for id in ["job_1", "job_2", "job_3"] {
        let mail = message(id, "ada@customer.example");
        assert!(matches!(smtp.send(&mail).await, Outcome::Sent { .. }));
        assert_eq!(server.mails().pop().unwrap(), mail.bytes());
    }
    assert_eq!(server.connections(), 1);
    assert!(server.heard("MAIL FROM:<bounces@sender.example>"));
    smtp.close().await;
    assert!(server.heard("QUIT"));
}

#[tokio::test]
async fn replies_become_outcomes_and_a_refusal_does_not_cost_the_connection() {
    let script = [("RCPT", Act::Say("451 4.7.1 greylisted")), ("RCPT", Act::Say("550 5.1.1 user unknown"))];
    let server = Server::start(&script).await;
    let smtp = smtp(&server);
    let mail = message("job_1", "ada@customer.example");
    assert!(matches!(smtp.send(&mail).await, Outcome::Later { code: Some(451), .. }));
    let Outcome::Refused { suppress_address: true, words, code: Some(550) } = smtp.send(&mail).await else { panic!() };
    assert_eq!(words, "550 5.1.1 user unknown (on the recipient)");
    assert!(matches!(smtp.send(&mail).await, Outcome::Sent { .. }));
    assert_eq!((server.connections(), server.mails().len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_stalls_is_waited_for_no_longer_than_set() {
    for (command, unknown) in [("", false), ("EHLO", false), ("RCPT", false), ("DATA", false), (".", true)] {
        let server = Server::start(&[(command, Act::Stall(Duration::from_secs(30)))]).await;
        let started = Instant::now();
        let outcome = smtp(&server).send(&message("job_1", "ada@customer.example")).await;
        assert!(started.elapsed() < Duration::from_millis(1200), "{command}: {:?}", started.elapsed());
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), unknown, "{command}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Later { code: None, .. }), !unknown, "{command}: {outcome:?}");
    }
}

/// What the library's own pool would do: hand the connection on, and take the late answer for the next mail's.
#[tokio::test]
async fn a_late_answer_is_not_taken_for_the_next_mails() {
    let script =
        [(".", Act::Stall(Duration::from_millis(800))), ("RCPT", Act::Pass), ("RCPT", Act::Say("550 5.1.1 nobody"))];
    let server = Server::start(&script).await;
    let smtp = smtp(&server);
    assert!(matches!(smtp.send(&message("job_1", "ada@customer.example")).await, Outcome::Unknown { .. }));
    tokio::time::sleep(Duration::from_millis(400)).await;
    let next = smtp.send(&message("job_2", "bob@customer.example")).await;
    assert!(matches!(next, Outcome::Refused { suppress_address: true, .. }), "{next:?}");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_hangs_up_leaves_only_the_handover_in_doubt() {
    for (command, unknown) in [("", false), ("MAIL", false), ("DATA", false), (".", true)] {
        let server = Server::start(&[(command, Act::Drop)]).await;
        let smtp = smtp(&server);
        let mail = message("job_1", "ada@customer.example");
        let outcome = smtp.send(&mail).await;
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), unknown, "{command}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Later { .. }), !unknown, "{command}: {outcome:?}");
        // The second attempt bears the same name, so that a reader's server can drop one.
        assert!(matches!(smtp.send(&mail).await, Outcome::Sent { .. }));
        let last = String::from_utf8(server.mails().pop().unwrap()).unwrap();
        assert!(last.contains("Message-ID: <job_1@sender.example>\r\n"));
    }
}

#[tokio::test]
async fn an_old_connection_the_server_has_closed_is_replaced_at_once() {
    for act in [Act::Drop, Act::Say("421 4.4.2 enough")] {
        let server = Server::start(&[("MAIL", Act::Pass), ("MAIL", act)]).await;
        let smtp = smtp(&server);
        for id in ["job_1", "job_2"] {
            assert!(matches!(smtp.send(&message(id, "ada@customer.example")).await, Outcome::Sent { .. }));
        }
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let server = Server::start(&[]).await;
    let mut settings = settings(&server);
    settings.port = server.closed_port().await;
    let outcome = Smtp::new(settings).unwrap().send(&message("job_1", "ada@customer.example")).await;
    assert!(matches!(outcome, Outcome::Later { code: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_only_an_operator_can_mend_is_parked() {
    let mail = message("job_1", "ada@customer.example");
    let server = Server::start(&[]).await;
    let secret = SmtpSettings { security: Security::StartTls, ..settings(&server) };
    let Outcome::Misconfigured { words } = Smtp::new(secret).unwrap().send(&mail).await else { panic!() };
    assert!(words.contains("does not offer STARTTLS"), "{words}");
    assert!(!server.heard("MAIL"));

    let credentials = Some(Credentials { user: "u".into(), password: "hidden".into() });
    let known = SmtpSettings { credentials, ..settings(&server) };
    assert!(!format!("{known:?}").contains("hidden"));
    let outcome = Smtp::new(known.clone()).unwrap().send(&mail).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "no mechanism: {outcome:?}");

    for script in [[("", Act::Say("554 5.7.1 go away"))], [("MAIL", Act::Say("530 5.7.0 log in first"))]] {
        let outcome = smtp(&Server::start(&script).await).send(&mail).await;
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    }
    let far = SmtpSettings { host: "mail.example".into(), ..known };
    assert_eq!(Smtp::new(far).unwrap_err(), SettingsError::NotLoopback("mail.example".into()));
}

#[tokio::test]
async fn letters_beyond_ascii_go_only_to_servers_that_take_them() {
    let mail = message("job_1", "jürgen@customer.example");
    let server = Server::start(&[]).await;
    let outcome = smtp(&server).send(&mail).await;
    assert!(matches!(outcome, Outcome::Refused { suppress_address: false, code: None, .. }), "{outcome:?}");
    let server = Server::start(&[("EHLO", Act::Say("250-test.example\r\n250-8BITMIME\r\n250 SMTPUTF8"))]).await;
    assert!(matches!(smtp(&server).send(&mail).await, Outcome::Sent { .. }));
    assert!(server.heard("RCPT TO:<jürgen@customer.example>"));
}

#[tokio::test]
async fn no_more_connections_than_set_and_nobody_waits_for_ever() {
    let server = Server::start(&[]).await;
    let smtp = std::sync::Arc::new(smtp(&server));
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..60 {
        let smtp = smtp.clone();
        sends.spawn(async move { smtp.send(&message(&format!("job_{number}"), "ada@customer.example")).await });
    }
    let outcomes = sends.join_all().await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })), "{outcomes:?}");
    assert_eq!(server.mails().len(), 60);
    assert!(server.most_at_once() <= 4, "{}", server.most_at_once());

    let stalls = vec![(".", Act::Stall(Duration::from_secs(30))); 4];
    let server = Server::start(&stalls).await;
    let one = std::sync::Arc::new(Smtp::new(SmtpSettings { connections: 1, ..settings(&server) }).unwrap());
    let started = Instant::now();
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..4 {
        let one = one.clone();
        sends.spawn(async move { one.send(&message(&format!("job_{number}"), "ada@customer.example")).await });
    }
    let outcomes = sends.join_all().await;
    assert!(started.elapsed() < Duration::from_millis(1800), "{:?}", started.elapsed());
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Later { .. })), "{outcomes:?}");
}

#[tokio::test]
async fn a_folder_holds_each_mail_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let mail = message("job_1", "ada@customer.example");
    let mailer = Mailer::Folder(Folder::new(&path));
    for _ in 0..2 {
        assert!(matches!(mailer.send(&mail).await, Outcome::Sent { .. }));
    }
    let names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["job_1@sender.example.eml"]);
    assert_eq!(std::fs::read(path.join("job_1@sender.example.eml")).unwrap(), mail.bytes());
    let file = path.join("job_1@sender.example.eml");
    let outcome = Folder::new(file).send(&mail).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}
