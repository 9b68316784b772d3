//! Invoices: records ⇄ rows. An issued invoice is never edited; only its state moves and its document is noted.

mod contents;
mod number;
mod read;
mod record;
mod write;

pub use contents::{
    InCurrency, billed_for, briefs_for_many, call, calls, contents, facts_for_many, lines_for_many, taxes_for_many,
};
pub use number::{find_by_number, take_number_in_tx};
pub use read::{
    Filter, count_capped, drafts_ended, find, find_by_period, find_many, latest_billed_end,
    latest_billed_end_for_issuer, latest_billed_end_for_plan, lock_in_tx, page,
};
pub use record::{Contents, Invoice, InvoiceKind, InvoiceTax, Line, LineBrief, PluginCall};
pub use write::{
    DraftOutcome, Finalisation, Pdf, Settlement, finalise_in_tx, insert_draft_in_tx, move_state_in_tx,
    replace_contents_in_tx, set_pdf_in_tx, settle_in_tx,
};
