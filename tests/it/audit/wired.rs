//! Whoever opens a transaction in `app` records what it does, or stands here with a reason. Read off the sources, so
//! that a use case that forgets is found even before a journey reaches it.

use std::path::Path;

/// File, transactions without a row, and why that is right. One that is no longer needed fails as well.
const SILENT: &[(&str, usize, &str)] = &[
    ("bill_period.rs", 1, "claiming a period is a lease of a worker, the bill itself is recorded"),
    ("evaluate_alerts.rs", 1, "alert events are an append-only record of their own"),
    ("collect_payment.rs", 1, "opened and declined payments are told by the one `save_in_tx`"),
    ("settle_payment.rs", 1, "a payment that moves is told by `collect_payment::save_in_tx`"),
    ("sweep_gateway.rs", 1, "when a gateway was last asked is no fact of business"),
    (
        "take_webhook.rs",
        1,
        "what was told is kept word for word in the inbox; what it changes is told where it changes it",
    ),
    ("invoice_document.rs", 1, "where a file lies is no fact of business; the same bytes come out each time"),
    ("start.rs", 1, "the signing key of the installation is made once, and is a secret"),
];

#[test]
fn a_transaction_leaves_a_row_or_has_a_reason() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/server/src/app");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(app).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let begun = code.matches(".begin(").count();
        let recorded = code.matches("audit::record_in_tx(").count() + code.matches("audit::record_all_in_tx(").count();
        let silent = SILENT.iter().find(|(file, ..)| *file == name).map_or(0, |(_, silent, _)| *silent);
        if begun != recorded + silent {
            wrong.push(format!("{name} begins {begun} transactions and records {recorded}, {silent} may be silent"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
