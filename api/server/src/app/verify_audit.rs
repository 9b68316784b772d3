//! Is the audit trail as it was written? Walks every chain from its first row to its head and names the first wrong row.
//!
//! It runs beside writers: a chain may grow while it is walked. What an intruder with full rights over the database
//! and this program could forge, a chain with every hash computed anew, is found by comparing the heads printed here
//! with ones that were noted elsewhere before.

use billing::audit::{Break, Chain, Head};
use billing::ids::OrganisationId;

use super::App;
use crate::error::Error;
use crate::store::{self, Keyed as _, Page, audit};

/// Rows read at once.
const PAGE: u64 = 1_000;

/// What was looked at and what is wrong.
#[derive(Default)]
pub struct TrailVerdict {
    /// The chains, each with the head it was walked to.
    pub chains: Vec<(Option<OrganisationId>, Head)>,
    /// Rows that were looked at.
    pub rows: u64,
    /// One sentence for each chain that is broken: it names the first wrong row.
    pub findings: Vec<String>,
}

/// How a chain is called.
pub fn name(chain: Option<OrganisationId>) -> String {
    chain.map_or_else(|| "installation".to_owned(), |organisation| organisation.to_string())
}

/// Verifies every chain, or one organisation's.
pub async fn verify(app: &App, only: Option<OrganisationId>) -> Result<TrailVerdict, Error> {
    let mut verdict = TrailVerdict::default();
    let chains = match only {
        Some(only) => vec![Some(only)],
        None => audit::chains(&app.store).await?,
    };
    for chain in chains {
        let words = match walk(app, chain, &mut verdict).await? {
            Ok(()) => continue,
            Err(words) => words,
        };
        verdict.findings.push(format!("{}: {words}", name(chain)));
    }
    missing(app, only, &mut verdict).await?;
    Ok(verdict)
}

async fn walk(
    app: &App,
    chain: Option<OrganisationId>,
    verdict: &mut TrailVerdict,
) -> Result<Result<(), String>, Error> {
    let Some(head) = audit::head(&app.store, chain).await? else {
        let any = !audit::links_after(&app.store, chain, None, 1).await?.is_empty();
        return Ok(if any { Err("the head of the chain was removed".to_owned()) } else { Ok(()) });
    };
    verdict.chains.push((chain, head));
    let mut walk = Chain::new(chain.map(|id| id.to_string()), head);
    let mut after = None;
    loop {
        let rows = audit::links_after(&app.store, chain, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(i64::try_from(last.link.entry.sequence).map_err(Error::internal)?);
        for row in &rows {
            if row.link.entry.sequence > head.sequence && walk.at().sequence == head.sequence {
                // Rows after the end: the chain has grown meanwhile, or somebody put them there.
                let grown = audit::head(&app.store, chain).await?.unwrap_or(Head::EMPTY);
                if row.link.entry.sequence <= grown.sequence {
                    return Ok(walk.finish().map_err(|found| found.to_string()));
                }
            }
            verdict.rows += 1;
            if let Err(found) = walk.step(&row.link) {
                return Ok(Err(words(&found, chain, app).await?));
            }
        }
    }
    Ok(walk.finish().map_err(|found| found.to_string()))
}

/// What is wrong; for rows that are gone also what is known of the one after them.
async fn words(found: &Break, chain: Option<OrganisationId>, app: &App) -> Result<String, Error> {
    let Break::Removed { last, .. } = found else { return Ok(found.to_string()) };
    let next = audit::links_after(&app.store, chain, Some(i64::try_from(*last).unwrap_or(i64::MAX)), 1).await?;
    Ok(match next.first() {
        Some(next) => {
            format!("{found}: row {} ({}) follows a row that is not there", next.link.entry.sequence, next.id)
        }
        None => found.to_string(),
    })
}

/// Organisations that were made since there is a trail, and have none.
async fn missing(app: &App, only: Option<OrganisationId>, verdict: &mut TrailVerdict) -> Result<(), Error> {
    let Some(first) = audit::links_after(&app.store, None, None, 1).await?.into_iter().next() else {
        let any = store::api_key::any_operator_exists(&app.store).await?;
        if any && audit::head(&app.store, None).await?.is_none() && only.is_none() {
            verdict.findings.push("installation: the whole chain was removed".to_owned());
        }
        return Ok(());
    };
    let mut page = Page::first(100);
    loop {
        let organisations = store::organisation::page(&app.store, &page).await?;
        for organisation in &organisations.items {
            let wanted = only.is_none_or(|only| only == organisation.id) && organisation.created_at > first.recorded_at;
            if wanted && audit::head(&app.store, Some(organisation.id)).await?.is_none() {
                let known = format!("{}: the head of the chain was removed", organisation.id);
                if !verdict.findings.contains(&known) {
                    verdict.findings.push(format!("{}: the whole chain was removed", organisation.id));
                }
            }
        }
        let Some(last) = organisations.items.last().filter(|_| organisations.has_next) else { return Ok(()) };
        page.after = Some(last.cursor());
    }
}
