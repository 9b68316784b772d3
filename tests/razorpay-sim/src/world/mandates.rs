//! Mandates: registered by paying an order with terms, debited by the merchant within them.

use super::{Deed, World};
use crate::{
    ids,
    model::token::{Token, TokenStatus},
    payer::{Conduct, Payer},
    refusal::Refusal,
};

impl World {
    /// The token of this name.
    pub(crate) fn token(&self, id: &str) -> Result<&Token, Refusal> {
        ids::valid("token", id)?;
        self.tokens.get(id).ok_or_else(Refusal::unknown_id)
    }

    /// Paying an order with terms registers a mandate; failing to pay it leaves a rejected one.
    pub(super) fn register_mandate(&mut self, order_id: &str, payment_id: &str, payer: &Payer) {
        let now = self.now();
        let Some(order) = self.orders.get(order_id) else { return };
        let (Some(terms), Some(customer_id)) = (order.terms.clone(), order.customer_id.clone()) else { return };
        let confirmed = matches!(payer.conduct, Conduct::Pays | Conduct::AuthorisesOnly);
        let token = Token {
            id: ids::fresh("token"),
            token: ids::letters(14),
            customer_id,
            method: payer.method,
            status: if confirmed { TokenStatus::Confirmed } else { TokenStatus::Rejected },
            payer: Payer { conduct: Conduct::Pays, ..payer.clone() },
            max_amount: terms.max_amount,
            expired_at: terms.expire_at,
            used_at: now,
            deleted: false,
            created_at: now,
        };
        let token_id = token.id.clone();
        self.tokens.put(token);
        if let Some(payment) = self.payments.get_mut(payment_id) {
            payment.token_id = Some(token_id.clone());
        }
        self.tell_token(&token_id);
    }

    /// The payer, or the payer's bank, changes a mandate.
    pub(crate) fn change_token(&mut self, token_id: &str, status: TokenStatus) -> Result<(), Refusal> {
        self.token(token_id)?;
        if let Some(token) = self.tokens.get_mut(token_id) {
            token.status = status;
        }
        self.tell_token(token_id);
        Ok(())
    }

    /// Debits a mandate: the answer comes at once, the result by an event.
    pub(crate) fn debit(
        &mut self,
        order_id: &str,
        token_id: &str,
        customer_id: &str,
        amount: i64,
        description: Option<String>,
    ) -> Result<String, Refusal> {
        let now = self.now();
        let order = self.order(order_id)?;
        let token = self.token(token_id)?;
        if token.customer_id != customer_id || token.deleted {
            return Err(Refusal::unknown_id());
        }
        if token.status != TokenStatus::Confirmed || token.expired_at.is_some_and(|end| end > 0 && end <= now) {
            return Err(Refusal::input("Token is not active for recurring payments").because("token_not_active"));
        }
        if amount > token.max_amount {
            return Err(Refusal::input("Amount exceeds maximum amount allowed"));
        }
        if let Some(notice) = &order.notice {
            if notice.token_id != token_id || notice.status != Some("delivered") {
                let words = "Pre debit notification has not been delivered for this order";
                return Err(Refusal::input(words).because("pre_debit_notification_not_sent"));
            }
            if now < notice.payment_after {
                let words = "BAD_REQUEST_MANDATE_PROMISED_DEBIT_DATE_NOT_HONOURED";
                return Err(Refusal::input(words).because("mandate_promised_debit_date_not_honoured"));
            }
        }
        let payer = Payer { amount: Some(amount), ..token.payer.clone() };
        let payment_id = self.attempt(order_id, &payer, description, Some(token_id.to_owned()))?;
        if let Some(token) = self.tokens.get_mut(token_id) {
            token.used_at = now;
        }
        self.plan(self.options.pace.debit, Deed::Debit(payment_id.clone()));
        Ok(payment_id)
    }

    /// The bank answers a debit.
    pub(super) fn end_debit(&mut self, payment_id: &str) {
        let Some(payment) = self.payments.get(payment_id) else { return };
        let order_id = payment.order_id.clone();
        let conduct = payment
            .token_id
            .as_ref()
            .and_then(|token| self.tokens.get(token))
            .map_or(Conduct::Pays, |token| token.payer.conduct.clone());
        match conduct {
            Conduct::Pays => {
                let captures = self.orders.get(&order_id).is_some_and(|order| order.captures);
                self.authorise(payment_id, captures);
            }
            Conduct::AuthorisesOnly => self.authorise(payment_id, false),
            Conduct::Declines(reason) => self.fail(payment_id, &reason),
            Conduct::TimesOut => self.fail(payment_id, "payment_timed_out"),
            Conduct::AuthorisesLate => {
                self.fail(payment_id, "payment_timed_out");
                self.plan(self.options.pace.late_authorisation, Deed::Authorise(payment_id.to_owned()));
            }
        }
    }

    /// The payer is told of a debit, or cannot be.
    pub(crate) fn notify(&mut self, order_id: &str, delivered: bool) {
        let now = self.now();
        let Some(notice) = self.orders.get_mut(order_id).and_then(|order| order.notice.as_mut()) else { return };
        if notice.status.is_some() {
            return;
        }
        notice.status = Some(if delivered { "delivered" } else { "failed" });
        notice.delivered_at = delivered.then_some(now);
        self.tell_notice(order_id);
    }

    /// Plans the notice of a new order.
    pub(crate) fn plan_notice(&mut self, order_id: &str) {
        self.plan(self.options.pace.notice, Deed::Notify(order_id.to_owned()));
    }
}
