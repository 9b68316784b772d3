//! `/v1/customers` and their tokens.

use serde_json::{Value, json};

use super::{Answer, call::Call, input::Input, page::Page};
use crate::{
    ids,
    model::{
        self,
        customer::Customer,
        token::{Token, TokenStatus},
    },
    refusal::Refusal,
    world::World,
};

impl World {
    /// The customer of this name.
    pub(crate) fn customer(&self, id: &str) -> Result<&Customer, Refusal> {
        ids::valid("cust", id)?;
        self.customers.get(id).ok_or_else(Refusal::unknown_id)
    }
}

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("POST", []) => create(world, call),
        ("GET", []) => {
            let page = Page::read(call, 100, &[])?;
            Ok(model::collection(page.of(world.customers.iter()).into_iter().map(Customer::json)))
        }
        ("GET", [id]) => Ok(world.customer(id)?.json()),
        ("PUT" | "PATCH", [id]) => edit(world, call, id),
        ("GET", [id, "tokens"]) => {
            let id = &world.customer(id)?.id;
            let now = world.now();
            let tokens = world.tokens.iter().filter(|token| {
                let expired = token.expired_at.is_some_and(|end| end > 0 && end <= now);
                token.customer_id == *id && !token.deleted && token.status != TokenStatus::Rejected && !expired
            });
            Ok(model::collection(tokens.map(Token::json)))
        }
        ("GET", [id, "tokens", token]) => Ok(token_of(world, id, token)?.single_json()),
        ("DELETE", [id, "tokens", token]) => {
            token_of(world, id, token)?;
            if let Some(token) = world.tokens.get_mut(token) {
                token.deleted = true;
            }
            world.change_token(token, TokenStatus::Cancelled)?;
            Ok(json!({ "deleted": true }))
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn token_of<'a>(world: &'a World, customer_id: &str, token_id: &str) -> Result<&'a Token, Refusal> {
    let customer = world.customer(customer_id)?;
    let token = world.token(token_id)?;
    if token.customer_id == customer.id && !token.deleted { Ok(token) } else { Err(Refusal::unknown_id()) }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let input = Input(&call.body);
    input.only(&["name", "email", "contact", "gstin", "fail_existing", "notes"])?;
    let customer = read(
        &input,
        Customer {
            id: ids::fresh("cust"),
            name: None,
            email: None,
            contact: None,
            gstin: None,
            notes: input.notes()?,
            created_at: world.now(),
        },
    )?;
    let same = |other: &&Customer| other.email == customer.email && other.contact == customer.contact;
    let known = customer.email.is_some() || customer.contact.is_some();
    if let Some(existing) = world.customers.iter().find(same).filter(|_| known) {
        return if input.flag("fail_existing")?.unwrap_or(true) {
            Err(Refusal::input("Customer already exists for the merchant"))
        } else {
            Ok(existing.json())
        };
    }
    let document: Value = customer.json();
    world.customers.put(customer);
    Ok(document)
}

fn edit(world: &mut World, call: &Call, id: &str) -> Answer {
    let input = Input(&call.body);
    input.only(&["name", "email", "contact", "gstin", "notes"])?;
    let mut changed = read(&input, world.customer(id)?.clone())?;
    if call.body.contains_key("notes") {
        changed.notes = input.notes()?;
    }
    let document = changed.json();
    if let Some(customer) = world.customers.get_mut(id) {
        *customer = changed;
    }
    Ok(document)
}

fn read(input: &Input<'_>, mut customer: Customer) -> Result<Customer, Refusal> {
    if let Some(name) = input.text("name", 50)? {
        if name.chars().count() < 3 {
            return Err(Refusal::input("The name must be at least 3 characters.").at("name"));
        }
        customer.name = Some(name);
    }
    if let Some(email) = input.text("email", 64)? {
        if !email.contains('@') {
            return Err(Refusal::input("The email must be a valid email address.").at("email"));
        }
        customer.email = Some(email);
    }
    if let Some(contact) = contact(input)? {
        customer.contact = Some(contact);
    }
    if let Some(gstin) = input.text("gstin", 15)? {
        customer.gstin = Some(gstin);
    }
    Ok(customer)
}

/// A telephone number, which people also send as a number.
fn contact(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let contact = match input.number("contact") {
        Ok(Some(number)) if input.text("contact", 15).is_err() => Some(number.to_string()),
        _ => input.text("contact", 15)?,
    };
    let digits = |text: &String| text.bytes().filter(u8::is_ascii_digit).count();
    if contact.as_ref().is_some_and(|text| digits(text) < 8) {
        let words = "Contact number should be at least 8 digits, including country code";
        return Err(Refusal::input(words).because("invalid_contact_number").before_any_step().at("contact"));
    }
    Ok(contact)
}
