//! Refunds: money of a payment going back.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use billing::ids::{OrganisationId, RefundId};
use std::sync::Arc;

use super::access::{Call, Need, enter, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::credit_note::CreditNote;
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::money::{Money, MoneyInput};
use super::payment::Payment;
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::request_refund::{self, Wanted};
use crate::error::Error;
use crate::store::refund as records;
use crate::viewer::Permission;

/// What fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("refund", Permission::PaymentsRead),
    Need::query("refunds", Permission::PaymentsRead),
    Need::mutation("refundCreate", Permission::RefundsWrite),
];

/// Money going back.
pub(super) struct Refund(pub(super) records::Refund);

/// A refund. It is reserved first and sent after, so that no more goes back than came; a bank may still bounce one that had
/// succeeded.
#[Object]
impl Refund {
    /// Its id, `rfn_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The id of the payment.
    async fn payment_id(&self) -> ID {
        show_id(self.0.payment_id)
    }

    /// The payment.
    async fn payment(&self, ctx: &Context<'_>) -> Option<Result<Payment>> {
        nullable(async { Ok(loaders(ctx)?.load_one((self.0.organisation_id, self.0.payment_id)).await?.map(Payment)) })
            .await
    }

    /// The document that takes the same amount off the invoice; null where the money settled none.
    async fn credit_note(&self, ctx: &Context<'_>) -> Option<Result<CreditNote>> {
        nullable(async {
            match self.0.credit_note_id {
                Some(id) => Ok(loaders(ctx)?.load_one((self.0.organisation_id, id)).await?.map(CreditNote)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Who made it.
    async fn origin(&self) -> RefundOrigin {
        self.0.origin.into()
    }

    /// Where it stands.
    async fn state(&self) -> RefundState {
        self.0.state.into()
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The gateway's refund; null until there is one.
    async fn gateway_refund_id(&self) -> Option<&str> {
        self.0.gateway_refund_id.as_deref()
    }

    /// What the payer's bank shows, such as an ARN; null until the bank tells.
    async fn bank_reference(&self) -> Option<&str> {
        self.0.bank_reference.as_deref()
    }

    /// Why it failed; null otherwise.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// When it succeeded or failed; null before.
    async fn settled_at(&self) -> Option<Instant> {
        self.0.settled_at.map(Instant)
    }

    /// Raised by each change; 1 at first.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was written.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// Who made a refund. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::RefundOrigin")]
enum RefundOrigin {
    /// Somebody asked here.
    Request,
    /// It was made at the gateway: in its dashboard, or by itself.
    Gateway,
}

/// Where a refund stands. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::refund::RefundState")]
enum RefundState {
    /// Reserved; the gateway has not been asked.
    Requested,
    /// The gateway was asked and did not answer; it is asked again with the same key.
    Unknown,
    /// The gateway has it and has not finished.
    Pending,
    /// The money is on its way back.
    Succeeded,
    /// It did not happen, or the bank sent it back; the amount can be refunded again.
    Failed,
}

/// Which refunds. Everything that is given must hold.
#[derive(InputObject, Default)]
struct RefundFilter {
    /// In any of these states; in any state when empty.
    #[graphql(default)]
    states: Vec<RefundState>,
    /// Of this payment.
    payment_id: Option<ID>,
}

/// One of an organisation.
pub(super) async fn find(call: &Call<'_>, organisation: OrganisationId, id: RefundId) -> Result<Option<Refund>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(Refund))
}

#[derive(Default)]
pub(super) struct RefundQuery;

#[Object]
impl RefundQuery {
    /// One refund. NOT_FOUND when it does not exist or is not yours.
    async fn refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<Refund>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("refund", id))?))
        })
        .await
    }

    /// The refunds of an organisation, newest first.
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only these.")] filter: Option<RefundFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Refund>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let RefundFilter { states, payment_id } = filter.unwrap_or_default();
        let filter = records::Filter {
            states: states.into_iter().map(Into::into).collect(),
            payment_id: payment_id.as_ref().map(|id| parse_id(id, "filter.paymentId")).transpose()?,
        };
        let list = List::of("refunds", (organisation, &filter));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &filter, &page).await?;
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, organisation, &filter, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Refund))
    }
}

/// What is to go back.
#[derive(InputObject)]
struct RefundCreateInput {
    /// Whose payment.
    organisation_id: ID,
    /// The payment.
    payment_id: ID,
    /// How much; all that is left of the payment when absent.
    amount: Option<MoneyInput>,
    /// The invoice to credit, where the payment settles several.
    invoice_id: Option<ID>,
    /// Why, in 1 to 500 characters; it stands on the credit note.
    reason: String,
    /// A key of yours for this refund, 8 to 64 letters, digits, `-` and `_`: the same key again refunds nothing again.
    idempotency_key: String,
}

payload! {
    /// What `refundCreate` answers.
    RefundCreatePayload {
        /// The refund, which is sent in the background; null when there are errors.
        refund: Refund
    }
    replayed
}

#[derive(Default)]
pub(super) struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Sends money of a payment back, and takes the same amount off the invoice it settled by a credit note. Money that
    /// settles no invoice goes first.
    async fn refund_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to go back.")] input: RefundCreateInput,
    ) -> Result<RefundCreatePayload> {
        let call = enter(ctx)?;
        RefundCreatePayload::answer(create(&call, &input).await)
    }
}

async fn create(call: &Call<'_>, input: &RefundCreateInput) -> Result<(Refund, bool), Error> {
    let wanted = Wanted {
        organisation: call.organisation(Some(&input.organisation_id))?,
        payment: parse_id(&input.payment_id, "paymentId")?,
        amount: input.amount.as_ref().map(|amount| amount.read("amount")).transpose()?,
        invoice: input.invoice_id.as_ref().map(|id| parse_id(id, "invoiceId")).transpose()?,
        reason: &input.reason,
        key: &input.idempotency_key,
    };
    let (refund, replayed) = request_refund::request(call.app, call.viewer, &wanted, call.now).await?;
    Ok((Refund(refund), replayed))
}
