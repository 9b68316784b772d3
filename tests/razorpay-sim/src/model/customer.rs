//! A customer.

use serde_json::{Map, Value, json};

use crate::shelf::Named;

/// Who pays.
#[derive(Clone)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) gstin: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created_at: i64,
}

impl Named for Customer {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

impl Customer {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "customer",
            "name": self.name,
            "email": self.email,
            "contact": self.contact,
            "gstin": self.gstin,
            "notes": super::notes(&self.notes),
            "created_at": self.created_at
        })
    }
}
