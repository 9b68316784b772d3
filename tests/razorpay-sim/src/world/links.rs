//! Payment links, paid through an order of their own.

use std::time::Instant;

use serde_json::Map;

use super::World;
use crate::{
    ids,
    model::{
        link::{Link, LinkPayment, LinkStatus},
        order::{Order, OrderStatus},
    },
    payer::Payer,
    refusal::Refusal,
};

impl World {
    /// The link of this name.
    pub(crate) fn link(&self, id: &str) -> Result<&Link, Refusal> {
        ids::valid("plink", id).map_err(|_| Refusal::link(format!("invalid input [id] = [{id}]")))?;
        self.links.get(id).ok_or_else(|| Refusal::link("Payment Link not found"))
    }

    /// Somebody tries to pay a link; answers the payment's name, also when it failed.
    pub(crate) fn pay_link(&mut self, link_id: &str, payer: &Payer) -> Result<String, Refusal> {
        self.expire_links();
        let order_id = self.order_of_link(link_id)?;
        self.pay_order(&order_id, payer)
    }

    /// The order through which a link is paid, made when it is first needed.
    fn order_of_link(&mut self, link_id: &str) -> Result<String, Refusal> {
        let (now, captures) = (self.now(), self.options.captures);
        let link = self.link(link_id)?;
        if !link.is_open() {
            return Err(Refusal::link(format!("Payment Link is already {}", link.status.as_str())));
        }
        if let Some(order_id) = &link.order_id {
            return Ok(order_id.clone());
        }
        let order = Order {
            id: ids::fresh("order"),
            amount: link.amount,
            amount_paid: 0,
            currency: link.currency.clone(),
            receipt: (!link.reference_id.is_empty()).then(|| link.reference_id.clone()),
            status: OrderStatus::Created,
            attempts: 0,
            notes: link.notes.clone(),
            partial: link.partial,
            first_min: (link.first_min > 0).then_some(link.first_min),
            captures,
            method: None,
            customer_id: None,
            terms: None,
            notice: None,
            link: Some(link_id.to_owned()),
            created_at: now,
        };
        let order_id = order.id.clone();
        self.orders.put(order);
        if let Some(link) = self.links.get_mut(link_id) {
            link.order_id = Some(order_id.clone());
        }
        Ok(order_id)
    }

    /// A payment through a link was captured.
    pub(super) fn credit_link(&mut self, link_id: &str, payment_id: &str) {
        let now = self.now();
        let (Some(link), Some(payment)) = (self.links.get_mut(link_id), self.payments.get(payment_id)) else { return };
        link.amount_paid += payment.amount;
        link.updated_at = now;
        link.payments.push(LinkPayment {
            payment_id: payment_id.to_owned(),
            amount: payment.amount,
            method: payment.method.as_str(),
            created_at: now,
        });
        let event = if link.amount_paid >= link.amount {
            link.status = LinkStatus::Paid;
            "payment_link.paid"
        } else {
            link.status = LinkStatus::PartiallyPaid;
            "payment_link.partially_paid"
        };
        self.tell_link_paid(event, link_id, payment_id);
    }

    /// The merchant takes a link back.
    pub(crate) fn cancel_link(&mut self, link_id: &str) -> Result<(), Refusal> {
        self.expire_links();
        let now = self.now();
        let status = self.link(link_id)?.status;
        if status != LinkStatus::Created {
            let words = format!("Payment Link is in {} state and cannot be cancelled", status.as_str());
            return Err(Refusal::link(words));
        }
        if let Some(link) = self.links.get_mut(link_id) {
            link.status = LinkStatus::Cancelled;
            link.cancelled_at = now;
            link.updated_at = now;
        }
        self.tell_link("payment_link.cancelled", link_id);
        Ok(())
    }

    /// Ends the links whose time has passed.
    pub(crate) fn expire_links(&mut self) {
        let now = self.now();
        let mut expired = Vec::new();
        for link in self.links.iter_mut().filter(|link| link.is_open() && link.expire_by > 0 && link.expire_by <= now) {
            link.status = LinkStatus::Expired;
            link.expired_at = now;
            expired.push(link.id.clone());
        }
        for link_id in expired {
            self.tell_link("payment_link.expired", &link_id);
        }
    }

    /// Changes a link that may still be paid.
    pub(crate) fn change_link(&mut self, link_id: &str, change: impl FnOnce(&mut Link)) -> Result<(), Refusal> {
        let now = self.now();
        if !self.link(link_id)?.is_open() {
            return Err(Refusal::link("Payment Link can only be updated in created or partially paid state"));
        }
        if let Some(link) = self.links.get_mut(link_id) {
            change(link);
            link.updated_at = now;
        }
        Ok(())
    }

    /// A link on its way onto the shelf, with a page at which it is paid.
    pub(crate) fn blank_link(&self, amount: i64, currency: String) -> Link {
        let (id, now) = (ids::fresh("plink"), self.now());
        Link {
            short_url: format!("{}/pay/link/{id}", self.url),
            id,
            amount,
            amount_paid: 0,
            currency,
            partial: false,
            first_min: 0,
            upi: false,
            description: String::new(),
            reference_id: String::new(),
            customer: Map::new(),
            sms: false,
            email: false,
            reminds: false,
            expire_by: 0,
            callback_url: None,
            notes: Map::new(),
            status: LinkStatus::Created,
            payments: Vec::new(),
            order_id: None,
            cancelled_at: 0,
            expired_at: 0,
            created_at: now,
            updated_at: now,
            made: Instant::now(),
        }
    }
}
