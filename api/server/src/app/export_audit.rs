//! A whole chain of the audit trail, row by row, with the hashes: what an auditor takes away and verifies elsewhere.
//!
//! Read in pages of some hundred rows, as fast as the taker takes them. The last line is the head of the chain at the
//! start of the export: an export that broke off does not have it.

use billing::audit::{Entry, Head, Link};
use billing::ids::OrganisationId;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use std::sync::Arc;

use super::App;
use crate::error::Error;
use crate::store::audit::{self, AuditEvent};
use crate::viewer::{Permission, Viewer};

/// Rows read at once.
const PAGE: u64 = 500;

/// Where an export stands.
enum Place {
    After(i64),
    End,
}

/// The lines of a chain, one page of them at a time: an object for each row, and one with the head.
pub async fn export(
    app: Arc<App>,
    viewer: &Viewer,
    organisation: Option<OrganisationId>,
) -> Result<impl Stream<Item = Result<String, Error>> + use<>, Error> {
    viewer.require(Permission::AuditRead)?;
    let head = audit::head(&app.store, organisation).await?.unwrap_or(Head::EMPTY);
    let end = i64::try_from(head.sequence).map_err(Error::internal)?;
    Ok(stream::try_unfold(Place::After(0), move |place| {
        let app = Arc::clone(&app);
        async move {
            let Place::After(sequence) = place else { return Ok(None) };
            let limit = (end - sequence).unsigned_abs().min(PAGE);
            let rows = match limit {
                0 => Vec::new(),
                limit => audit::links_after(&app.store, organisation, Some(sequence), limit).await?,
            };
            let last = rows.last().map(|row| i64::try_from(row.link.entry.sequence).unwrap_or(i64::MAX));
            let mut page: String =
                rows.iter().filter(|row| row.link.entry.sequence <= head.sequence).map(line).collect();
            Ok(Some(match last.filter(|last| *last < end) {
                Some(last) => (page, Place::After(last)),
                None => {
                    page.push_str(&head_line(organisation, head));
                    (page, Place::End)
                }
            }))
        }
    }))
}

fn line(row: &AuditEvent) -> String {
    let Link { entry, previous_hash, hash } = &row.link;
    let Entry {
        organisation_id,
        sequence,
        id,
        recorded_at,
        actor_kind,
        actor_key_id,
        actor_session_id,
        actor_role,
        address,
        request_id,
        action,
        subject_type,
        subject_id,
        changes,
    } = entry;
    let changes: Vec<Value> = changes
        .iter()
        .map(|change| json!({"field": change.field, "before": change.before, "after": change.after}))
        .collect();
    let row = json!({
        "organisationId": organisation_id, "sequence": sequence, "id": id, "recordedAt": recorded_at,
        "actorKind": actor_kind, "actorKeyId": actor_key_id, "actorSessionId": actor_session_id, "actorRole": actor_role,
        "address": address, "requestId": request_id, "action": action, "subjectType": subject_type,
        "subjectId": subject_id, "changes": changes,
        "previousHash": hex::encode(previous_hash), "hash": hex::encode(hash),
    });
    format!("{row}\n")
}

fn head_line(organisation: Option<OrganisationId>, head: Head) -> String {
    let head = json!({
        "organisationId": organisation.map(|id| id.to_string()),
        "head": {"sequence": head.sequence, "hash": hex::encode(head.hash)},
    });
    format!("{head}\n")
}
