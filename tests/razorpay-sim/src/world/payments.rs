//! Attempts to pay an order, from the first to the last word of the bank.

use super::{Deed, World};
use crate::{
    ids,
    model::{
        order::{Order, OrderStatus},
        payment::{Payment, PaymentStatus, fee},
    },
    payer::{Conduct, Decline, Method, Payer},
    refusal::Refusal,
};

impl World {
    /// The order of this name.
    pub(crate) fn order(&self, id: &str) -> Result<&Order, Refusal> {
        ids::valid("order", id)?;
        self.orders.get(id).ok_or_else(Refusal::unknown_id)
    }

    /// The payment of this name.
    pub(crate) fn payment(&self, id: &str) -> Result<&Payment, Refusal> {
        ids::valid("pay", id)?;
        self.payments.get(id).ok_or_else(Refusal::unknown_id)
    }

    /// Somebody tries to pay an order; answers the payment's name, also when it failed.
    pub(crate) fn pay_order(&mut self, order_id: &str, payer: &Payer) -> Result<String, Refusal> {
        let payment_id = self.attempt(order_id, payer, None, None)?;
        match &payer.conduct {
            Conduct::Pays => {
                let captures = self.orders.get(order_id).is_some_and(|order| order.captures);
                self.authorise(&payment_id, captures);
            }
            Conduct::AuthorisesOnly => self.authorise(&payment_id, false),
            Conduct::Declines(reason) => self.fail(&payment_id, reason),
            Conduct::TimesOut => self.fail(&payment_id, "payment_timed_out"),
            Conduct::AuthorisesLate => {
                self.fail(&payment_id, "payment_timed_out");
                self.plan(self.options.pace.late_authorisation, Deed::Authorise(payment_id.clone()));
            }
        }
        self.register_mandate(order_id, &payment_id, payer);
        Ok(payment_id)
    }

    /// Opens a payment and counts it.
    pub(super) fn attempt(
        &mut self,
        order_id: &str,
        payer: &Payer,
        description: Option<String>,
        token_id: Option<String>,
    ) -> Result<String, Refusal> {
        let now = self.now();
        let link = self.order(order_id)?.link.clone();
        let order = self.orders.get_mut(order_id).ok_or_else(Refusal::unknown_id)?;
        if order.status == OrderStatus::Paid {
            return Err(Refusal::input("Payment already done for this order."));
        }
        let amount = payer.amount.unwrap_or_else(|| order.due());
        let least = if order.amount_paid == 0 { order.first_min.unwrap_or(1) } else { 1 };
        let fits = if order.partial { amount >= least && amount <= order.due() } else { amount == order.due() };
        if !fits {
            let words = "Payment amount is different from your order amount. To pay successfully, please try using \
                         right amount.";
            return Err(Refusal::input(words).at("amount"));
        }
        order.attempts += 1;
        order.status = OrderStatus::Attempted;
        let payment = Payment {
            id: ids::fresh("pay"),
            amount,
            currency: order.currency.clone(),
            status: PaymentStatus::Created,
            captured: false,
            order_id: order_id.to_owned(),
            method: payer.method,
            amount_refunded: 0,
            description: description.or_else(|| {
                link.as_deref().and_then(|link| link.strip_prefix("plink_")).map(|link| format!("#{link}"))
            }),
            card_id: (payer.method == Method::Card).then(|| ids::fresh("card")),
            email: payer.email.clone(),
            contact: payer.contact.clone(),
            customer_id: order.customer_id.clone(),
            token_id,
            notes: order.notes.clone(),
            fee: None,
            decline: None,
            reference: None,
            settled: false,
            created_at: now,
        };
        let id = payment.id.clone();
        self.payments.put(payment);
        Ok(id)
    }

    /// The bank says yes.
    pub(super) fn authorise(&mut self, payment_id: &str, captures: bool) {
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        payment.status = PaymentStatus::Authorized;
        payment.decline = None;
        payment.reference = Some(ids::digits(12));
        self.tell_payment(payment_id);
        if captures {
            self.take_money(payment_id);
        }
    }

    /// The bank says no, or nothing.
    pub(super) fn fail(&mut self, payment_id: &str, reason: &str) {
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        payment.status = PaymentStatus::Failed;
        payment.decline = Some(Decline::of(reason));
        self.tell_payment(payment_id);
    }

    /// A failed payment is authorised after all, and captured where its order captures and is not yet paid.
    pub(crate) fn late_authorise(&mut self, payment_id: &str) -> Result<(), Refusal> {
        let payment = self.payment(payment_id)?;
        if payment.status != PaymentStatus::Failed {
            return Err(Refusal::input("Only payments which have failed can be authorised late"));
        }
        let captures =
            self.orders.get(&payment.order_id).is_some_and(|order| order.captures && order.due() >= payment.amount);
        self.authorise(payment_id, captures);
        Ok(())
    }

    /// The merchant captures what was authorised.
    pub(crate) fn capture(&mut self, payment_id: &str, amount: i64, currency: Option<&str>) -> Result<(), Refusal> {
        let payment = self.payment(payment_id)?;
        if payment.status == PaymentStatus::Captured || payment.status == PaymentStatus::Refunded {
            return Err(Refusal::input("This payment has already been captured"));
        }
        if payment.status != PaymentStatus::Authorized {
            let words = "Only payments which have been authorized and not yet captured can be captured";
            return Err(Refusal::input(words));
        }
        if amount != payment.amount {
            return Err(Refusal::input("Capture amount must be equal to the amount authorized").at("amount"));
        }
        if currency.is_some_and(|currency| currency != payment.currency) {
            return Err(Refusal::input("Capture request currency must be same as payment currency.").at("currency"));
        }
        if let Some(order) = self.orders.get(&payment.order_id) {
            if order.status == OrderStatus::Paid {
                return Err(Refusal::input("Payment already done for this order."));
            }
            if order.due() < payment.amount {
                return Err(Refusal::input("Payment amount is greater than the amount due for order."));
            }
        }
        self.take_money(payment_id);
        Ok(())
    }

    fn take_money(&mut self, payment_id: &str) {
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        payment.status = PaymentStatus::Captured;
        payment.captured = true;
        payment.fee = Some(fee(payment.amount));
        let (order_id, amount) = (payment.order_id.clone(), payment.amount);
        self.tell_payment(payment_id);
        let Some(order) = self.orders.get_mut(&order_id) else { return };
        order.amount_paid += amount;
        let (paid, link) = (order.due() <= 0, order.link.clone());
        if paid {
            order.status = OrderStatus::Paid;
            self.tell_order_paid(&order_id, payment_id);
        }
        if let Some(link) = link {
            self.credit_link(&link, payment_id);
        }
    }
}
