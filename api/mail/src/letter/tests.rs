//! Every kind in every language: nothing missing, nothing unknown, nothing from outside taken for markup.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use billing::money::{Currency, Money};
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::*;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::from_code(code).unwrap())
}

fn brand() -> Brand {
    Brand {
        name: "Nordlicht GmbH".into(),
        logo: None,
        accent: Colour::parse("#0F766E").unwrap(),
        support: "hilfe@nordlicht.example".into(),
        postal: vec!["Hafenstraße 1".into(), "20457 Hamburg".into()],
    }
}

fn owed() -> Owed {
    Owed {
        number: "INV-7".into(),
        customer: "Ada & Söhne <AG>".into(),
        outstanding: money(123_456, "EUR"),
        due: day(3),
        link: "https://pay.example/i/7?a=1&b=2".into(),
    }
}

fn failed(reason: Decline, next_attempt: Option<NaiveDate>) -> Letter {
    let Owed { number, customer, outstanding: amount, link, .. } = owed();
    Letter::PaymentFailed(PaymentFailed { number, customer, amount, reason, next_attempt, link })
}

fn alert(watched: Watched) -> Letter {
    let Owed { customer, link, .. } = owed();
    Letter::UsageAlert(UsageAlert { customer, watched, link, unsubscribe: "https://u.example/x".into() })
}

/// Every kind, with what may be missing there and not there.
fn letters() -> Vec<Letter> {
    let Owed { number, customer, outstanding: amount, due, link } = owed();
    let received = |method| {
        let (number, customer, link) = (number.clone(), customer.clone(), link.clone());
        Letter::PaymentReceived(PaymentReceived { number, customer, amount, paid_on: day(1), method, link })
    };
    let refund = |reference| {
        let (number, customer) = (number.clone(), customer.clone());
        Letter::RefundSent(RefundSent { number, customer, amount, sent_on: day(1), reference })
    };
    let overdue = |days| Letter::Overdue(Overdue { owed: owed(), days });
    let quantity = Watched::Quantity {
        metric: "requests".into(),
        used: Decimal::new(12_345_678, 1),
        threshold: Decimal::new(1_000_000, 0),
    };
    let (customer, link, number) = (customer.clone(), link.clone(), number.clone());
    vec![
        Letter::InvoiceIssued(InvoiceIssued {
            number,
            customer: customer.clone(),
            total: amount,
            due,
            link: link.clone(),
        }),
        received(None),
        received(Some("Visa •••• 4242".into())),
        failed(Decline::InsufficientFunds, None),
        failed(Decline::Refused, Some(day(9))),
        Letter::ReminderBeforeDue(owed()),
        Letter::DueToday(owed()),
        overdue(1),
        overdue(7),
        Letter::FinalNotice(FinalNotice { owed: owed(), pay_until: day(24) }),
        refund(None),
        refund(Some("ARN 74-1".into())),
        alert(Watched::Cost { used: money(10_100, "EUR"), threshold: money(10_000, "EUR") }),
        alert(quantity),
        Letter::CardExpiry(CardExpiry {
            customer,
            card: "Visa •••• 4242".into(),
            expires: day(31),
            link,
            unsubscribe: "https://u.example/x".into(),
        }),
    ]
}

#[test]
fn every_kind_is_written_in_every_language() {
    let stationery = Stationery::new().unwrap();
    for locale in Locale::ALL {
        let mut kinds: Vec<&str> = letters().iter().map(Letter::kind).collect();
        kinds.dedup();
        assert_eq!(kinds, Letter::KINDS);
        for letter in letters() {
            let written = stationery.write(&letter, locale, &brand()).unwrap();
            let place = format!("{}/{}", locale.tag(), letter.kind());
            assert!(!written.subject.is_empty() && !written.subject.contains('\n'), "{place}: {}", written.subject);
            assert!(written.text.contains("Ada & Söhne <AG>"), "{place}: greets\n{}", written.text);
            assert!(written.html.contains("Ada &amp; Söhne &lt;AG&gt;"), "{place}: escapes\n{}", written.html);
            assert!(written.html.contains(&format!("<html lang=\"{}\">", locale.tag())), "{place}");
            for rest in ["{{", "{%", ">none", ": none", "undefined", "&amp;amp;", "&lt;p"] {
                assert!(
                    !written.text.contains(rest) && !written.html.contains(rest),
                    "{place}: {rest}\n{}",
                    written.html
                );
            }
            assert!(!written.text.contains("\n\n\n"), "{place}: gaps\n{}", written.text);
            assert!(written.text.contains("20457 Hamburg") && written.html.contains("20457 Hamburg"), "{place}");
            assert!(written.text.contains("hilfe@nordlicht.example"), "{place}");
            if !matches!(letter, Letter::RefundSent(_)) {
                assert!(written.text.contains("https://pay.example/i/7?a=1&b=2"), "{place}: links\n{}", written.text);
                assert!(
                    written.html.contains("href=\"https:&#x2f;&#x2f;pay.example"),
                    "{place}: links\n{}",
                    written.html
                );
            }
        }
    }
}

#[test]
fn every_language_has_its_own_words() {
    let stationery = Stationery::new().unwrap();
    for letter in letters() {
        let subject = |locale| stationery.write(&letter, locale, &brand()).unwrap().subject;
        let [english, german, hindi] = Locale::ALL.map(subject);
        assert!(english != german && german != hindi && hindi != english, "{}: {english}", letter.kind());
        assert!(hindi.contains(|letter| ('\u{900}'..'\u{980}').contains(&letter)), "{hindi}");
    }
    for locale in Locale::ALL {
        let text = |reason| stationery.write(&failed(reason, None), locale, &brand()).unwrap().text;
        let mut texts = Decline::ALL.map(text).to_vec();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), Decline::ALL.len(), "{}: each reason has words", locale.tag());
    }
}

#[test]
fn a_template_that_knows_too_much_is_not_written() {
    let mut templates = minijinja::Environment::new();
    templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    assert!(templates.render_str("{{ nobody_laid_this_out }}", ()).is_err());
    // What no test letter reaches is still read: each name a template asks for is one that is laid out.
    let stationery = Stationery::new().unwrap();
    for letter in letters() {
        for locale in Locale::ALL {
            let unknown = unknown_names(&stationery, &letter, locale);
            assert!(unknown.is_empty(), "{}/{}: {unknown:?}", locale.tag(), letter.kind());
        }
    }
}

/// What the templates of a letter ask for that is not laid out for it, also where no test letter leads.
fn unknown_names(stationery: &Stationery, letter: &Letter, locale: Locale) -> Vec<String> {
    let tag = locale.tag();
    let laid_out = brand().lay_out(facts::lay_out(letter, locale).unwrap()).unwrap().into_values();
    // A refund has no button, and the layouts ask for its link only beside one.
    let link = if matches!(letter, Letter::RefundSent(_)) { "link" } else { "self" };
    let known = ["frame", "layout", "locale", "unsubscribe", "self", "loop", link];
    let names =
        [format!("{tag}/{}.txt", letter.kind()), format!("{tag}/frame.txt"), "layout.txt".into(), "layout.html".into()];
    let templates = names.iter().map(|name| stationery.templates.get_template(name).unwrap());
    let asked = templates.flat_map(|template| template.undeclared_variables(false));
    asked.filter(|name| !laid_out.contains_key(name.as_str()) && !known.contains(&name.as_str())).collect()
}

#[test]
fn only_notices_can_be_unsubscribed_from() {
    let stationery = Stationery::new().unwrap();
    for letter in letters() {
        let written = stationery.write(&letter, Locale::English, &brand()).unwrap();
        let is_notice = matches!(letter.kind(), "usage_alert" | "card_expiry");
        assert_eq!(written.unsubscribe.is_some(), is_notice, "{}", letter.kind());
        assert_eq!(written.text.contains("https://u.example/x"), is_notice, "{}", letter.kind());
        assert_eq!(written.html.contains("u.example"), is_notice, "{}", letter.kind());
    }
}

#[test]
fn facts_of_more_than_one_line_and_false_links_are_refused_by_name() {
    let stationery = Stationery::new().unwrap();
    let refused = |change: fn(&mut Owed)| {
        let mut facts = owed();
        change(&mut facts);
        stationery.write(&Letter::DueToday(facts), Locale::English, &brand()).unwrap_err()
    };
    let control = refused(|facts| facts.number = "7\r\nBcc: all@example.com".into());
    assert_eq!(control, LetterError::ControlCharacter { fact: "number" });
    assert_eq!(control.to_string(), "number holds a line break or another control character; use one line of text");
    for link in ["javascript:alert(1)", "https://", "/i/7", "https://a b", "https://a\"onclick=", "https://a\nb"] {
        let mut facts = owed();
        facts.link = link.into();
        let error = stationery.write(&Letter::DueToday(facts), Locale::English, &brand()).unwrap_err();
        assert_eq!(error, LetterError::NotALink { fact: "link" }, "{link}");
    }
    let plain = Brand { logo: Some("http://cdn.example/logo.png".into()), ..brand() };
    let error = stationery.write(&Letter::DueToday(owed()), Locale::English, &plain).unwrap_err();
    assert_eq!(error, LetterError::NotALink { fact: "logo" });
}

#[test]
fn numbers_money_and_days_are_written_as_readers_do() {
    use Locale::{English, German, Hindi};
    for (locale, minor, code, expected) in [
        (English, 123_456, "EUR", "€1,234.56"),
        (German, 123_456, "EUR", "1.234,56\u{a0}€"),
        (Hindi, 10_000_000, "INR", "₹1,00,000.00"),
        (English, 1_234_567_890, "INR", "₹1,23,45,678.90"),
        (German, 10_000_000, "INR", "100.000,00\u{a0}₹"),
        (Hindi, 123_456_789, "USD", "$12,34,567.89"),
        (English, 99_999, "JPY", "¥99,999"),
        (English, 1_234_567, "KWD", "KWD\u{a0}1,234.567"),
        (German, 5, "CHF", "0,05\u{a0}CHF"),
        (English, -123_456, "USD", "-$1,234.56"),
        (German, -100, "EUR", "-1,00\u{a0}€"),
        (English, 0, "USD", "$0.00"),
        (English, i64::MIN, "JPY", "-¥9,223,372,036,854,775,808"),
    ] {
        assert_eq!(locale.money(money(minor, code)), expected);
    }
    assert_eq!(English.number(Decimal::new(12_345_600, 2)), "123,456");
    assert_eq!(German.number(Decimal::new(-12_345_678, 3)), "-12.345,678");
    assert_eq!(Hindi.number(Decimal::new(1_234_567, 0)), "12,34,567");
    assert_eq!(English.number(Decimal::new(999, 0)), "999");
    assert_eq!(English.date(day(3)), "3 March 2026");
    assert_eq!(German.date(day(3)), "3. März 2026");
    assert_eq!(Hindi.date(day(3)), "3 मार्च 2026");
    for (tag, locale) in [
        ("de-AT", German),
        ("DE", German),
        ("hi_IN", Hindi),
        ("en-IN", English),
        ("fr", English),
        ("", English),
        ("den", English),
    ] {
        assert_eq!(Locale::of(tag), locale, "{tag}");
    }
}

#[test]
fn buttons_can_be_read_on_any_colour() {
    for (colour, ink) in
        [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#FFEB3B", "#000000"), ("#0f766e", "#ffffff")]
    {
        let parsed = Colour::parse(colour).unwrap();
        assert_eq!((parsed.ink(), parsed.to_string()), (ink, colour.to_lowercase()));
    }
    for wrong in ["", "red", "#fff", "#12345g", "#+12345", "#éabc", "red;background:url(x)"] {
        assert_eq!(Colour::parse(wrong), Err(LetterError::NotAColour), "{wrong}");
    }
}
