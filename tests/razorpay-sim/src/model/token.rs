//! A token: a payer's mandate to be debited again.

use serde_json::{Value, json};

use crate::{
    payer::{Method, Payer},
    shelf::Named,
};

/// How far a mandate has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenStatus {
    Confirmed,
    Rejected,
    Cancelled,
    Paused,
}

impl TokenStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Paused => "paused",
        }
    }
}

/// A payer's mandate to be debited again.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) customer_id: String,
    pub(crate) method: Method,
    pub(crate) status: TokenStatus,
    /// What the payer's bank does with debits.
    pub(crate) payer: Payer,
    pub(crate) max_amount: i64,
    pub(crate) expired_at: Option<i64>,
    pub(crate) used_at: i64,
    pub(crate) deleted: bool,
    pub(crate) created_at: i64,
}

impl Named for Token {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

impl Token {
    fn base(&self) -> Value {
        let mut document = json!({
            "id": self.id,
            "entity": "token",
            "token": self.token,
            "bank": null,
            "wallet": null,
            "method": self.method.as_str(),
            "recurring": self.status != TokenStatus::Rejected,
            "recurring_details": {
                "status": self.status.as_str(),
                "failure_reason": (self.status == TokenStatus::Rejected).then_some("Rejected by bank")
            },
            "auth_type": null,
            "mrn": null,
            "used_at": self.used_at,
            "created_at": self.created_at,
            "max_amount": self.max_amount,
            "expired_at": self.expired_at,
            "dcc_enabled": false
        });
        if self.method == Method::Card {
            super::set(&mut document, "card", super::card::saved_card());
        } else {
            let vpa = json!({ "username": "gaurav.kumar", "handle": "upi", "name": null });
            super::set(&mut document, "vpa", vpa);
            super::set(&mut document, "start_time", json!(self.created_at));
        }
        document
    }

    /// In a list.
    pub(crate) fn json(&self) -> Value {
        let mut document = self.base();
        if self.method == Method::Card {
            super::set(&mut document, "billing_address", Value::Null);
        }
        document
    }

    /// Asked for alone, which says more of a card.
    pub(crate) fn single_json(&self) -> Value {
        let mut document = self.base();
        if self.method == Method::Card {
            super::set(&mut document, "status", Value::Null);
            super::set(&mut document, "notes", json!([]));
            super::set(&mut document, "compliant_with_tokenisation_guidelines", json!(false));
            if let Some(card) = document.get_mut("card") {
                super::set(card, "token_iin", Value::Null);
            }
        }
        document
    }

    /// In an event; a cancelled card's end is written in strings.
    pub(crate) fn event_json(&self) -> Value {
        let mut document = self.base();
        let Some(card) = document.get_mut("card") else { return document };
        if self.status == TokenStatus::Cancelled {
            super::set(card, "expiry_month", json!("12"));
            super::set(card, "expiry_year", json!("2099"));
            super::set(card, "token_iin", Value::Null);
            super::set(card, "cobranding_partner", Value::Null);
        } else if let Some(flows) = card.get_mut("flows") {
            super::set(flows, "iframe", json!(false));
        }
        document
    }
}
