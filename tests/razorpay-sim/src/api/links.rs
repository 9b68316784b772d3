//! `/v1/payment_links`.

use serde_json::{Map, Value, json};

use super::{Answer, call::Call, input::Input, page::Page};
use crate::{
    model::link::{Link, LinkStatus},
    refusal::Refusal,
    world::World,
};

const FIELDS: [&str; 17] = [
    "amount",
    "currency",
    "accept_partial",
    "first_min_partial_amount",
    "upi_link",
    "description",
    "reference_id",
    "customer",
    "notify",
    "reminder_enable",
    "expire_by",
    "callback_url",
    "callback_method",
    "notes",
    "options",
    "max_amount",
    "hyper_preferences",
];

/// The longest a link may live, in seconds.
const SIX_MONTHS: i64 = 184 * 24 * 60 * 60;
/// The shortest, in seconds.
const FIFTEEN_MINUTES: i64 = 15 * 60;

pub(crate) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("POST", []) => create(world, call),
        ("GET", []) => {
            let page = Page::read(call, 100, &["reference_id", "payment_id"])?;
            let (reference, payment) = (call.parameter("reference_id"), call.parameter("payment_id"));
            let lag = world.options.pace.link_list_lag;
            let links = world.links.iter().filter(|link| link.made.elapsed() >= lag).filter(|link| {
                reference.is_none_or(|reference| link.reference_id == reference)
                    && payment.is_none_or(|payment| link.payments.iter().any(|made| made.payment_id == payment))
            });
            let links: Vec<Value> = page.of(links).into_iter().map(Link::json).collect();
            // This list is named, unlike all others.
            Ok(json!({ "payment_links": links }))
        }
        ("GET", [id]) => Ok(world.link(id)?.json()),
        ("PATCH", [id]) => patch(world, call, id),
        ("POST", [id, "cancel"]) => {
            world.cancel_link(id)?;
            Ok(world.link(id)?.json())
        }
        ("POST", [id, "notify_by", medium]) => {
            let link = world.link(id)?;
            if !["sms", "email"].contains(medium) {
                return Err(Refusal::link("Not a valid notification medium"));
            }
            if link.status != LinkStatus::Created {
                return Err(Refusal::link("Payment Link is not in created state"));
            }
            Ok(json!({ "success": true }))
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let input = Input(&call.body);
    input.only(&FIELDS)?;
    let currency = input.currency()?.unwrap_or_else(|| "INR".to_owned());
    if input.number("amount")?.is_some_and(|amount| amount < 100) && currency == "INR" {
        return Err(Refusal::link("amount: amount should be minimum 1.00 for INR."));
    }
    let amount = input.needed_amount("amount", &currency)?;
    let mut link = world.blank_link(amount, currency);
    link.partial = input.flag("accept_partial")?.unwrap_or(false);
    link.upi = input.flag("upi_link")?.unwrap_or(false);
    if link.upi && link.partial {
        return Err(Refusal::link("partial payments are not supported for UPI Payment Links"));
    }
    if let Some(least) = input.amount("first_min_partial_amount", &link.currency)? {
        if !link.partial || least > amount {
            return Err(Refusal::link("first_min_partial_amount is only allowed when accept_partial is true"));
        }
        link.first_min = least;
    }
    link.description = input.text("description", 2048)?.unwrap_or_default();
    link.customer = input.object("customer")?.cloned().unwrap_or_default();
    if let Some(notify) = input.object("notify")? {
        link.sms = Input(notify).flag("sms")?.unwrap_or(false);
        link.email = Input(notify).flag("email")?.unwrap_or(false);
    }
    link.callback_url = input.text("callback_url", 2048)?;
    if input.text("callback_method", 10)?.is_some_and(|method| method != "get") {
        return Err(Refusal::link("callback_method must be get"));
    }
    read_changes(world, &input, &mut link)?;
    let document = link.json();
    world.links.put(link);
    Ok(document)
}

fn patch(world: &mut World, call: &Call, id: &str) -> Answer {
    let input = Input(&call.body);
    input.only(&["reference_id", "expire_by", "reminder_enable", "notes", "accept_partial"])?;
    let mut changed = world.link(id)?.clone();
    read_changes(world, &input, &mut changed)?;
    if let Some(partial) = input.flag("accept_partial")? {
        changed.partial = partial;
    }
    world.change_link(id, |link| *link = changed)?;
    Ok(world.link(id)?.json())
}

/// What may be said of a link when it is made and afterwards.
fn read_changes(world: &World, input: &Input<'_>, link: &mut Link) -> Result<(), Refusal> {
    if let Some(reference) = input.text("reference_id", 40)?.filter(|reference| !reference.is_empty()) {
        let taken = world.links.iter().any(|other| other.reference_id == reference && other.id != link.id);
        if taken {
            let words = format!(
                "payment link with given reference_id: {reference} already exists. Please create a payment link with a \
                 different reference_id"
            );
            return Err(Refusal::link(words));
        }
        link.reference_id = reference;
    }
    if let Some(expire_by) = input.number("expire_by")?.filter(|expire_by| *expire_by > 0) {
        let now = world.now();
        if expire_by < now + FIFTEEN_MINUTES {
            return Err(Refusal::link("expire_by should be at least 15 minutes after current time"));
        }
        if expire_by > now + SIX_MONTHS {
            return Err(Refusal::link("expire_by cannot be more than 6 months after current time"));
        }
        link.expire_by = expire_by;
    }
    if let Some(reminds) = input.flag("reminder_enable")? {
        link.reminds = reminds;
    }
    let notes: Map<String, Value> = input.notes()?;
    if !notes.is_empty() {
        link.notes = notes;
    }
    Ok(())
}
