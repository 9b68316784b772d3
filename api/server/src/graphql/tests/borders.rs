//! Fields that lead from one noun to another: whoever may read the first need not be allowed to read the second. Each
//! such field declares its permission beside itself, or stands here with the reason why it may be open.

use serde_json::Value;
use std::collections::BTreeSet;

use super::conventions::{list, name, types};
use crate::graphql::node::NOUNS;
use crate::graphql::{Root, permissions};
use crate::viewer::Permission;

/// Fields that show a noun to whoever reached their object, and why.
const OPEN: &[(&str, &str)] = &[
    ("UsageAlertEventItem.event", "the stream itself needs ALERTS_READ, for each event anew"),
    (
        "Charge.metric",
        "a charge is reached only through a version of a plan, which needs CATALOGUE_READ as a metric does",
    ),
    ("InvoiceExplanation.invoice", "what is explained is the invoice, and takes INVOICES_READ as it does"),
    ("InvoicePreview.subscription", "a preview is of the subscription that the caller names"),
];

/// What reading objects of this type takes, for nouns.
fn permission(kind: &str) -> Option<Permission> {
    NOUNS.iter().find(|(_, known, _)| *known == kind).map(|(.., permission)| *permission)
}

/// The noun at the end of a field, through lists and pages.
fn noun(meta: &Value) -> Option<&str> {
    let mut inner = meta;
    while inner["ofType"].is_object() {
        inner = &inner["ofType"];
    }
    let kind = inner["name"].as_str()?;
    let kind = kind.strip_suffix("Connection").or_else(|| kind.strip_suffix("Edge")).unwrap_or(kind);
    permission(kind).map(|_| kind)
}

#[tokio::test]
async fn every_noun_can_be_looked_up_and_says_what_reading_it_takes() {
    let types = types().await;
    let nodes: BTreeSet<_> = types
        .iter()
        .filter(|meta| meta["kind"] == "OBJECT")
        .filter(|meta| list(meta, "interfaces").iter().any(|interface| name(interface) == "Node"))
        .map(name)
        .collect();
    assert_eq!(nodes, NOUNS.iter().map(|(_, kind, _)| *kind).collect());
}

#[tokio::test]
async fn every_field_across_a_border_declares_its_permission() {
    let declared = |path: &str| permissions().find(|need| need.root == Root::Object && need.field == path);
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for meta in types().await.iter().filter(|meta| meta["kind"] == "OBJECT") {
        let kind = name(meta);
        let is_root = ["Query", "Mutation", "SubscriptionRoot"].contains(&kind);
        // The payload of a mutation shows what it made or changed; a page is as open as the field that has it.
        if is_root || ["Payload", "Connection", "Edge"].iter().any(|end| kind.ends_with(end)) {
            continue;
        }
        for field in list(meta, "fields") {
            let Some(noun) = noun(&field["type"]) else { continue };
            let path = format!("{kind}.{}", name(field));
            let open = OPEN.iter().any(|(known, _)| *known == path);
            let crosses = permission(kind) != permission(noun);
            match (crosses, declared(&path), open) {
                (true, Some(need), false) if need.permission == permission(noun) => {}
                (true, None, true) | (false, None, false) => {}
                (_, need, _) => wrong.push(format!(
                    "{path} leads to {noun}, which takes {:?}; declared: {need:?}, listed as open: {open}",
                    permission(noun)
                )),
            }
            // A border must be able to say no without failing its object.
            if crosses && !open && field["type"]["kind"] == "NON_NULL" {
                wrong.push(format!("{path} cannot be null"));
            }
            seen.insert(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let gone = OPEN
        .iter()
        .map(|(path, _)| *path)
        .chain(permissions().filter(|need| need.root == Root::Object).map(|need| need.field));
    let gone: Vec<_> = gone.filter(|path| !seen.contains(*path)).collect();
    assert!(gone.is_empty(), "no such field: {gone:?}");
}
