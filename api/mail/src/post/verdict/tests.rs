//! Replies as servers give them, and what they mean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn refused(suppress_address: bool, outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused { suppress_address: found, .. } if *found == suppress_address)
}

#[test]
fn an_address_is_condemned_only_when_nobody_is_there() {
    for (code, text, condemned) in [
        (550, "5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table", true),
        (550, "5.1.1 The email account that you tried to reach does not exist.", true),
        (553, "5.1.2 We weren't able to find the recipient domain", true),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", true),
        (556, "5.1.10 Domain has a null MX", true),
        (550, "No such user here", true),
        (550, "user unknown", true),
        (551, "User not found", true),
        (550, "5.0.0 <a@b.example>... User unknown", true),
        (550, "5.1.7 Invalid sender address", false),
        (553, "5.1.8 Sender address rejected: Domain not found", false),
        (550, "5.7.1 Service unavailable; client host blocked, user unknown", false),
        (554, "5.7.1 Relay access denied", false),
        (552, "5.2.2 Mailbox full", false),
        (550, "Requested action not taken: mailbox unavailable", false),
        (554, "user unknown", false),
        (450, "4.1.1 user unknown", false),
        (550, "5.1 user", false),
        (550, "", false),
    ] {
        assert_eq!(condemns_address(&Reply::new(code, text)), condemned, "{code} {text}");
    }
}

#[test]
fn a_reply_is_judged_by_what_was_asked() {
    let nobody = Reply::new(550, "5.1.1 User unknown");
    assert!(refused(true, &on_reply(Stage::Recipient, &nobody)));
    assert!(refused(true, &on_reply(Stage::Handover, &nobody)));
    assert!(refused(false, &on_reply(Stage::Sender, &nobody)));
    assert!(refused(false, &on_reply(Stage::Handover, &Reply::new(554, "5.6.0 spam"))));
    assert!(refused(false, &on_reply(Stage::Sender, &Reply::new(552, "5.3.4 too big"))));
    for (stage, code, text) in [
        (Stage::Greeting, 554, "no service for you"),
        (Stage::Secrecy, 500, "what"),
        (Stage::Login, 535, "5.7.8 bad credentials"),
        (Stage::Sender, 530, "5.7.0 authentication required"),
        (Stage::Sender, 550, "5.7.1 sender not allowed"),
        (Stage::Recipient, 530, "5.7.0 Must issue a STARTTLS command first"),
    ] {
        let outcome = on_reply(stage, &Reply::new(code, text));
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{stage} {code}: {outcome:?}");
    }
    for stage in [Stage::Greeting, Stage::Login, Stage::Sender, Stage::Recipient, Stage::Data, Stage::Handover] {
        let outcome = on_reply(stage, &Reply::new(451, "4.3.0 try later"));
        assert!(matches!(outcome, Outcome::Later { code: Some(451), .. }), "{stage}: {outcome:?}");
    }
}

#[test]
fn only_after_the_mail_is_it_unknown_what_became_of_it() {
    for (stage, unknown) in [(Stage::Greeting, false), (Stage::Data, false), (Stage::Handover, true)] {
        for outcome in [on_loss(stage, "gone"), on_silence(stage, Duration::from_secs(1))] {
            assert_eq!(matches!(outcome, Outcome::Unknown { .. }), unknown, "{outcome:?}");
            assert_eq!(matches!(outcome, Outcome::Later { .. }), !unknown, "{outcome:?}");
        }
    }
    assert!(matches!(on_reply(Stage::Handover, &Reply::new(354, "go on")), Outcome::Unknown { .. }));
    assert!(matches!(on_reply(Stage::Data, &Reply::new(250, "ok")), Outcome::Later { .. }));
}

#[test]
fn words_of_servers_are_one_line_of_bounded_length() {
    let reply = Reply::new(550, &format!("5.1.1 a\r\nb\u{0}c {}", "x".repeat(2000)));
    assert!(reply.words.starts_with("5.1.1 a b c x"));
    assert_eq!(reply.words.chars().count(), 500);
    assert_eq!(reply.enhanced, Some([5, 1, 1]));
    assert_eq!(Reply::new(550, "4.1.1 odd").enhanced, None);
}
