//! The simulator in somebody's hands: started, looked at, made to pay and made to fail.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle, time::timeout};

use crate::{
    courier::{Delivery, Release},
    faults::{Fault, WebhookFault},
    front,
    merchant::{Mandate, NewDispute, Outcome, Verdict},
    model::token::TokenStatus,
    options::{Options, RefundCourse, Webhook},
    payer::Payer,
    refusal::Refusal,
    shared::Shared,
    wire::{Gate, Knife},
};

/// How long open connections may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running simulator; clones are the same one.
#[derive(Clone)]
pub struct Simulator {
    shared: Shared,
    address: SocketAddr,
    server: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Simulator {
    /// Binds, serves and delivers webhooks in the background until [`Simulator::stop`].
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(listen: SocketAddr, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let pages = options.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let shared = Shared::new(options, pages);
        let service = Router::new()
            .fallback(front::door)
            .with_state(shared.clone())
            .into_make_service_with_connect_info::<Knife>();
        let stopped = shared.stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(Gate(listener), service).with_graceful_shutdown(stopped).await {
                tracing::warn!(%error, "the simulator ended");
            }
        });
        Ok(Self { shared, address, server: Arc::new(Mutex::new(Some(server))) })
    }

    /// The base URL, such as `http://127.0.0.1:4242`; the API is below `/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops serving and delivering; what waits is dropped.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        if let Some(mut server) = self.server.lock().await.take()
            && timeout(PATIENCE, &mut server).await.is_err()
        {
            server.abort();
        }
    }

    /// Waits until nothing is on its way: no request, no delivery, nothing planned. With a webhook nobody takes, that
    /// is never.
    pub async fn quiet(&self) {
        self.shared.tasks.wait().await;
    }

    /// Another webhook, another secret, or none. Events of before are delivered to the new address, signed with the
    /// secret of their time.
    pub fn set_webhook(&self, webhook: Option<Webhook>) {
        self.shared.courier.set(webhook);
    }

    /// The webhook in force; `None` also after Razorpay disabled one that nobody answered.
    #[must_use]
    pub fn webhook(&self) -> Option<Webhook> {
        self.shared.courier.webhook()
    }

    /// Somebody pays an order, or tries to; answers the payment's id.
    ///
    /// # Errors
    /// There is no such order, it is paid, or the amount does not fit.
    pub fn pay_order(&self, order_id: &str, payer: &Payer) -> Result<String, Refusal> {
        self.shared.change(|world| world.pay_order(order_id, payer))
    }

    /// Somebody pays a payment link, or tries to; answers the payment's id.
    ///
    /// # Errors
    /// There is no such link, it is no longer open, or the amount does not fit.
    pub fn pay_link(&self, link_id: &str, payer: &Payer) -> Result<String, Refusal> {
        self.shared.change(|world| world.pay_link(link_id, payer))
    }

    /// A failed payment is authorised after all, and captured where its order is still to be paid.
    ///
    /// # Errors
    /// There is no such payment, or it has not failed.
    pub fn late_authorise(&self, payment_id: &str) -> Result<(), Refusal> {
        self.shared.change(|world| world.late_authorise(payment_id))
    }

    /// A refund somebody made at the dashboard, unknown to the merchant's software; answers its id.
    ///
    /// # Errors
    /// The payment cannot be refunded by so much.
    pub fn refund_at_dashboard(&self, payment_id: &str, amount: i64) -> Result<String, Refusal> {
        self.shared.change(|world| world.refund_at_dashboard(payment_id, amount))
    }

    /// Brings a refund to an end; a processed one may still fail.
    ///
    /// # Errors
    /// There is no such refund, or it has come to this end or another.
    pub fn settle_refund(&self, refund_id: &str, outcome: Outcome) -> Result<(), Refusal> {
        self.shared.change(|world| world.settle_refund(refund_id, outcome))
    }

    /// An instant refund falls back to the normal way: `refund.speed_changed`.
    ///
    /// # Errors
    /// There is no such refund.
    pub fn slow_refund(&self, refund_id: &str) -> Result<(), Refusal> {
        self.shared.change(|world| world.slow_refund(refund_id))
    }

    /// What becomes of refunds from now on.
    pub fn set_refunds(&self, course: RefundCourse) {
        self.shared.change(|world| world.options.refunds = course);
    }

    /// What may be refunded in all from now on, in minor units.
    pub fn set_balance(&self, balance: Option<i64>) {
        self.shared.change(|world| world.options.balance = balance);
    }

    /// A payer disputes a payment; answers the dispute's id.
    ///
    /// # Errors
    /// There is no such payment, or it was not captured.
    pub fn open_dispute(&self, payment_id: &str, dispute: NewDispute) -> Result<String, Refusal> {
        self.shared.change(|world| world.open_dispute(payment_id, dispute))
    }

    /// The bank wants to know more: `payment.dispute.action_required`.
    ///
    /// # Errors
    /// There is no such dispute, or it is over.
    pub fn require_action(&self, dispute_id: &str) -> Result<(), Refusal> {
        self.shared.change(|world| world.require_action(dispute_id))
    }

    /// The bank decides a dispute.
    ///
    /// # Errors
    /// There is no such dispute, or it is over.
    pub fn decide_dispute(&self, dispute_id: &str, verdict: Verdict) -> Result<(), Refusal> {
        self.shared.change(|world| world.decide_dispute(dispute_id, verdict))
    }

    /// Pays out what moved since the last time; answers the settlement's id, `None` when nothing did.
    pub fn settle(&self) -> Option<String> {
        self.shared.change(|world| world.settle())
    }

    /// What becomes of the next debits of a mandate.
    ///
    /// # Errors
    /// There is no such token.
    pub fn set_debits(&self, token_id: &str, payer: Payer) -> Result<(), Refusal> {
        self.shared.change(|world| {
            world.token(token_id)?;
            if let Some(token) = world.tokens.get_mut(token_id) {
                token.payer = payer;
            }
            Ok(())
        })
    }

    /// The payer or the bank changes a mandate: `token.paused` and the like.
    ///
    /// # Errors
    /// There is no such token.
    pub fn set_mandate(&self, token_id: &str, mandate: Mandate) -> Result<(), Refusal> {
        let status = match mandate {
            Mandate::Confirmed => TokenStatus::Confirmed,
            Mandate::Rejected => TokenStatus::Rejected,
            Mandate::Cancelled => TokenStatus::Cancelled,
            Mandate::Paused => TokenStatus::Paused,
        };
        self.shared.change(|world| world.change_token(token_id, status))
    }

    /// The notice of an order's debit reaches the payer, or does not; the first word stands.
    pub fn notify(&self, order_id: &str, delivered: bool) {
        self.shared.change(|world| world.notify(order_id, delivered));
    }

    /// Turns this world's clock forward: links expire, what was authorised three days ago goes back.
    pub fn advance(&self, time: Duration) {
        self.shared.change(|world| world.advance(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)));
    }

    /// Something will go wrong with requests.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Something will go wrong with webhooks.
    pub fn webhook_fault(&self, fault: WebhookFault) {
        self.shared.faults.add_for_webhooks(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Holds webhooks back until [`Simulator::release_webhooks`].
    pub fn hold_webhooks(&self) {
        self.shared.courier.hold();
    }

    /// Delivers the webhooks held back, one after the other.
    pub fn release_webhooks(&self, order: Release) {
        self.shared.courier.release(order);
    }

    /// Delivers an event once more, as the dashboard's replay does; false when there is none of this id.
    #[must_use]
    pub fn replay(&self, event_id: &str) -> bool {
        self.shared.courier.again(event_id)
    }

    /// All orders as the API shows them, the oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<Value> {
        self.shared.look(|world| world.orders.iter().map(|order| order.json()).collect())
    }

    /// All payments as the API shows them, the oldest first.
    #[must_use]
    pub fn payments(&self) -> Vec<Value> {
        self.shared.look(|world| world.payments.iter().map(|payment| payment.json()).collect())
    }

    /// All refunds as the API shows them, the oldest first.
    #[must_use]
    pub fn refunds(&self) -> Vec<Value> {
        self.shared.look(|world| world.refunds.iter().map(|refund| refund.json()).collect())
    }

    /// All payment links as the API shows them, the oldest first.
    #[must_use]
    pub fn links(&self) -> Vec<Value> {
        self.shared.look(|world| world.links.iter().map(|link| link.json()).collect())
    }

    /// All tokens as the API shows them, the oldest first, deleted and rejected ones too.
    #[must_use]
    pub fn tokens(&self) -> Vec<Value> {
        self.shared.look(|world| world.tokens.iter().map(|token| token.json()).collect())
    }

    /// All disputes as the API shows them, the oldest first.
    #[must_use]
    pub fn disputes(&self) -> Vec<Value> {
        self.shared.look(|world| world.disputes.iter().map(|dispute| dispute.json()).collect())
    }

    /// How many requests the API received, refused and broken ones too.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests()
    }

    /// All events there were, delivered or not, the oldest first: each with its `id` and its `body`.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let letters = self.shared.courier.letters();
        letters
            .into_iter()
            .map(|letter| {
                let body: Value = serde_json::from_slice(&letter.body).unwrap_or_default();
                json!({ "id": letter.id, "body": body })
            })
            .collect()
    }

    /// All attempts to deliver a webhook, the oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.courier.log()
    }
}
