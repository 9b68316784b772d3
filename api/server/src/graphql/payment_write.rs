//! Paying an invoice, and recording money that came outside a gateway.

use async_graphql::{Context, Enum, ID, InputObject, Object};

use super::access::{Call, Need, enter};
use super::fault::Result;
use super::ident::parse_id;
use super::money::MoneyInput;
use super::payment::Payment;
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::collect_payment;
use crate::app::record_payment::{self, Received};
use crate::error::Error;
use crate::store::payment as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::mutation("paymentCreate", Permission::PaymentsWrite),
    Need::mutation("paymentRecord", Permission::PaymentsRecord),
];

/// How the payer is asked.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum PaymentRequestMethod {
    /// In the seller's own page, with the gateway's checkout.
    Checkout,
    /// On a page of the gateway, by a link.
    Link,
}

/// How money came outside a gateway.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum OfflineMethod {
    /// A bank transfer.
    BankTransfer,
    /// Cash.
    Cash,
    /// Something else.
    Other,
}

/// What is to be paid.
#[derive(InputObject)]
struct PaymentCreateInput {
    /// Whose invoice; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// The invoice; all that is due of it is asked for.
    invoice_id: ID,
    /// How the payer is asked.
    method: PaymentRequestMethod,
}

/// What came.
#[derive(InputObject)]
struct PaymentRecordInput {
    /// From whom.
    organisation_id: ID,
    /// How much.
    amount: MoneyInput,
    /// How.
    method: OfflineMethod,
    /// What the bank statement says, at most 200 characters.
    reference: Option<String>,
    /// When it came; not in the future.
    received_at: Instant,
    /// The invoices it settles, the first first, each as far as the money goes; at most 100. What is left settles nothing.
    #[graphql(default)]
    invoice_ids: Vec<ID>,
    /// A key of yours for this money, 8 to 64 letters, digits, `-` and `_`: the same key again records nothing again.
    idempotency_key: String,
}

payload! {
    /// What `paymentCreate` answers.
    PaymentCreatePayload {
        /// The payment, which is opened at the gateway in the background when the gateway is slow; null when there are errors.
        payment: Payment
    }
}

payload! {
    /// What `paymentRecord` answers.
    PaymentRecordPayload {
        /// The payment; null when there are errors.
        payment: Payment
    }
    replayed
}

#[derive(Default)]
pub(super) struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Asks for what is due of an invoice. While the same amount can still be paid the same way, asking again answers the
    /// same payment.
    async fn payment_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be paid.")] input: PaymentCreateInput,
    ) -> Result<PaymentCreatePayload> {
        let call = enter(ctx)?;
        PaymentCreatePayload::answer(create(&call, &input).await)
    }

    /// Records money that came outside a gateway, and lets it settle invoices.
    async fn payment_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came.")] input: PaymentRecordInput,
    ) -> Result<PaymentRecordPayload> {
        let call = enter(ctx)?;
        PaymentRecordPayload::answer(record(&call, &input).await)
    }
}

async fn create(call: &Call<'_>, input: &PaymentCreateInput) -> Result<Payment, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    let invoice = parse_id(&input.invoice_id, "invoiceId")?;
    let method = match input.method {
        PaymentRequestMethod::Checkout => records::PaymentMethod::Checkout,
        PaymentRequestMethod::Link => records::PaymentMethod::Link,
    };
    collect_payment::create(call.app, call.viewer, organisation, invoice, method, call.now).await.map(Payment)
}

async fn record(call: &Call<'_>, input: &PaymentRecordInput) -> Result<(Payment, bool), Error> {
    let invoices = input.invoice_ids.iter().map(|id| parse_id(id, "invoiceIds")).collect::<Result<Vec<_>, Error>>()?;
    let received = Received {
        organisation: call.organisation(Some(&input.organisation_id))?,
        amount: input.amount.read("amount")?,
        method: match input.method {
            OfflineMethod::BankTransfer => records::PaymentMethod::BankTransfer,
            OfflineMethod::Cash => records::PaymentMethod::Cash,
            OfflineMethod::Other => records::PaymentMethod::Other,
        },
        reference: input.reference.as_deref(),
        received_at: input.received_at.0,
        invoices: &invoices,
        key: &input.idempotency_key,
    };
    let (payment, replayed) = record_payment::record(call.app, call.viewer, &received, call.now).await?;
    Ok((Payment(payment), replayed))
}
