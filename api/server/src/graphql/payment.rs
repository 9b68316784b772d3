//! Payments: money asked for, or taken, for invoices.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use billing::ids::{OrganisationId, PaymentId};
use std::sync::Arc;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::invoice::Invoice;
use super::money::Money;
use super::scalar::Instant;
use crate::error::Error;
use crate::store::payment as records;
use crate::viewer::Permission;

/// What fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("payment", Permission::PaymentsRead),
    Need::query("payments", Permission::PaymentsRead),
    Need::field("Payment.invoice", Permission::InvoicesRead),
];

/// Money asked for, or taken.
pub(super) struct Payment(pub(super) records::Payment);

/// A payment: one order or one link at a gateway, or money that came outside one. It moves forward only; a decline is not
/// the end, because the payer may try again and a bank may agree days later.
#[Object]
impl Payment {
    /// Its id, `pay_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The id of the invoice it was asked for; null for money that came by itself.
    async fn invoice_id(&self) -> Option<ID> {
        self.0.invoice_id.map(show_id)
    }

    /// The invoice it was asked for; null for money that came by itself, and for keys that may not read invoices.
    async fn invoice(&self, ctx: &Context<'_>) -> Option<Result<Invoice>> {
        linked(ctx, "Payment.invoice", async {
            match self.0.invoice_id {
                Some(id) => Ok(loaders(ctx)?.load_one((self.0.organisation_id, id)).await?.map(Invoice::alone)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Through whom.
    async fn gateway(&self) -> PaymentGateway {
        self.0.gateway.into()
    }

    /// How the payer is asked, or how the money came.
    async fn method(&self) -> PaymentMethod {
        self.0.method.into()
    }

    /// Where it stands.
    async fn state(&self) -> PaymentState {
        self.0.state.into()
    }

    /// What was asked for.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// What came.
    async fn captured(&self) -> Money {
        self.0.captured.into()
    }

    /// How much of what came settles invoices; the rest is the organisation's and can go back.
    async fn allocated(&self) -> Money {
        self.0.allocated.into()
    }

    /// What a dispute holds or has taken back; it cannot be refunded.
    async fn disputed(&self) -> Money {
        self.0.disputed.into()
    }

    /// What a page needs to open the gateway's checkout; null unless the method is CHECKOUT and it can be paid.
    async fn checkout(&self, ctx: &Context<'_>) -> Option<Result<PaymentCheckout>> {
        nullable(async {
            let Some(order_id) = self.0.gateway_order_id.clone().filter(|_| self.can_be_paid()) else {
                return Ok(None);
            };
            if self.0.method != records::PaymentMethod::Checkout {
                return Ok(None);
            }
            let key_id = Call::within(ctx)?.app.gateways.razorpay()?.key_id.clone();
            Ok(Some(PaymentCheckout { key_id, order_id }))
        })
        .await
    }

    /// Where the payer pays; null unless the method is LINK and it can be paid.
    async fn pay_url(&self) -> Option<&str> {
        self.0.pay_url.as_deref().filter(|_| self.can_be_paid())
    }

    /// The gateway's payment; null until there is one.
    async fn gateway_payment_id(&self) -> Option<&str> {
        self.0.gateway_payment_id.as_deref()
    }

    /// Why the last attempt was declined; null when it was not, or the payment came through after all.
    async fn decline(&self) -> Option<PaymentDecline> {
        let code = self.0.decline_code.clone()?;
        Some(PaymentDecline { code, message: self.0.decline_words.clone().unwrap_or_default() })
    }

    /// What the bank statement says; null for money through a gateway.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// When the money came; null before.
    async fn received_at(&self) -> Option<Instant> {
        self.0.received_at.map(Instant)
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

impl Payment {
    fn can_be_paid(&self) -> bool {
        matches!(self.0.state, billing::payment::PaymentState::Pending | billing::payment::PaymentState::Failed)
    }
}

/// What a page needs to open the gateway's checkout.
#[derive(SimpleObject)]
struct PaymentCheckout {
    /// The public key of the seller at the gateway.
    key_id: String,
    /// The order to be paid.
    order_id: String,
}

/// Why an attempt was declined.
#[derive(SimpleObject)]
struct PaymentDecline {
    /// For programs: a reason of the gateway such as `insufficient_fund`.
    code: String,
    /// For people.
    message: String,
}

/// Through whom money comes and goes. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::GatewayName")]
enum PaymentGateway {
    /// Razorpay.
    Razorpay,
    /// Nobody: a bank transfer, cash.
    Offline,
}

/// How the payer is asked, or how the money came. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::PaymentMethod")]
pub(super) enum PaymentMethod {
    /// In the seller's own page, with the gateway's checkout.
    Checkout,
    /// On a page of the gateway, by a link.
    Link,
    /// A bank transfer outside a gateway.
    BankTransfer,
    /// Cash.
    Cash,
    /// Something else outside a gateway.
    Other,
    /// Nobody asked: a second payment of one order, for example.
    Unasked,
}

/// Where a payment stands. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::payment::PaymentState")]
enum PaymentState {
    /// Written here; the gateway may not know of it yet.
    Requested,
    /// The gateway waits for the payer.
    Pending,
    /// The last attempt was declined; another may follow.
    Failed,
    /// It cannot be paid any more.
    Cancelled,
    /// The payer's bank agreed; the money is not here yet.
    Authorised,
    /// The money is here.
    Captured,
}

/// Which payments. Everything that is given must hold.
#[derive(InputObject, Default)]
struct PaymentFilter {
    /// In any of these states; in any state when empty.
    #[graphql(default)]
    states: Vec<PaymentState>,
    /// Asked for this invoice.
    invoice_id: Option<ID>,
}

/// One of an organisation.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: PaymentId,
) -> Result<Option<Payment>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(Payment))
}

#[derive(Default)]
pub(super) struct PaymentQuery;

#[Object]
impl PaymentQuery {
    /// One payment. NOT_FOUND when it does not exist or is not yours.
    async fn payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<Payment>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("payment", id))?))
        })
        .await
    }

    /// The payments of an organisation, newest first.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only these.")] filter: Option<PaymentFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Payment>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let PaymentFilter { states, invoice_id } = filter.unwrap_or_default();
        let filter = records::Filter {
            states: states.into_iter().map(Into::into).collect(),
            invoice_id: invoice_id.as_ref().map(|id| parse_id(id, "filter.invoiceId")).transpose()?,
        };
        let list = List::of("payments", (organisation, &filter));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, organisation, &filter, &page).await?;
        let count = counter(move || {
            let (app, filter) = (Arc::clone(&app), filter.clone());
            async move { records::count_capped(&app.store, organisation, &filter, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Payment))
    }
}
