//! The checkout for people: a page that shows what is to be paid, with a button for everything that may come of it.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::{
    front::{answer, pairs},
    payer::{Conduct, Method, Payer},
    refusal::Refusal,
    shared::Shared,
    signature,
    world::World,
};

/// What a page is about.
struct Bill {
    title: String,
    amount: i64,
    currency: String,
    description: String,
    state: &'static str,
    open: bool,
    partial: bool,
}

/// Shows a bill, or pays it.
pub(crate) fn page(shared: &Shared, method: &str, path: &str, form: &[u8]) -> Response {
    let pieces: Vec<&str> = path.trim_start_matches("/pay/").split('/').collect();
    let (kind, id) = match pieces.as_slice() {
        [kind @ ("order" | "link"), id] => (*kind, *id),
        _ => return html(StatusCode::NOT_FOUND, "<h1>There is nothing to pay here</h1>"),
    };
    let outcome = if method == "POST" { pay(shared, kind, id, form) } else { show(shared, kind, id) };
    outcome.unwrap_or_else(|refusal| {
        html(
            StatusCode::BAD_REQUEST,
            &format!("<h1>Not paid</h1><p id=\"refusal\">{}</p>", escaped(&refusal.description)),
        )
    })
}

fn show(shared: &Shared, kind: &str, id: &str) -> Result<Response, Refusal> {
    let bill = shared.change(|world| {
        world.expire_links();
        bill(world, kind, id)
    })?;
    let mut page = format!(
        "<h1>{}</h1><p>{}</p><p><strong>{} {}</strong> <small>(minor units: {}), {}</small></p>",
        escaped(&bill.title),
        escaped(&bill.description),
        escaped(&bill.currency),
        decimal(bill.amount),
        bill.amount,
        bill.state
    );
    if bill.open {
        page.push_str(&form(&bill));
    }
    Ok(html(StatusCode::OK, &page))
}

fn form(bill: &Bill) -> String {
    let amount = if bill.partial {
        format!("<label>Amount <input name=\"amount\" value=\"{}\" inputmode=\"numeric\"></label> ", bill.amount)
    } else {
        String::new()
    };
    let buttons = [
        ("pay", "Pay"),
        ("decline", "Decline"),
        ("time-out", "Time out"),
        ("authorise-late", "Authorise late"),
        ("authorise-only", "Authorise only"),
    ];
    let buttons: String = buttons
        .iter()
        .map(|(value, words)| format!("<button name=\"do\" value=\"{value}\">{words}</button> "))
        .collect();
    format!(
        "<form method=\"post\"><p>{amount}<label>By <select name=\"method\"><option>upi<option>card\
         <option>netbanking<option>wallet</select></label> <label>Reason to decline <input name=\"reason\" \
         value=\"insufficient_fund\"></label></p><p>{buttons}</p></form>"
    )
}

fn pay(shared: &Shared, kind: &str, id: &str, form: &[u8]) -> Result<Response, Refusal> {
    let fields = pairs(&String::from_utf8_lossy(form));
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let conduct = match field("do").unwrap_or("pay") {
        "pay" => Conduct::Pays,
        "decline" => Conduct::Declines(field("reason").unwrap_or("payment_failed").to_owned()),
        "time-out" => Conduct::TimesOut,
        "authorise-late" => Conduct::AuthorisesLate,
        "authorise-only" => Conduct::AuthorisesOnly,
        _ => return Err(Refusal::input("There is no such button")),
    };
    let mut payer = Payer::new(conduct);
    if let Some(method) = field("method") {
        payer.method = Method::read(method).ok_or_else(|| Refusal::input("Nobody pays like that"))?;
    }
    if let Some(amount) = field("amount").filter(|amount| !amount.is_empty()) {
        payer.amount = Some(amount.parse().map_err(|_| Refusal::input("The amount must be an integer."))?);
    }
    let secret = &shared.key_secret;
    shared.change(|world| {
        let payment_id = match kind {
            "link" => world.pay_link(id, &payer)?,
            _ => world.pay_order(id, &payer)?,
        };
        let payment = world.payment(&payment_id)?;
        let (status, reason) = (payment.status.as_str(), payment.decline.as_ref().map(|decline| &decline.description));
        let fields = if kind == "link" {
            link_fields(world, id, &payment_id, secret)?
        } else {
            let signature = signature::checkout(id, &payment_id, secret);
            vec![
                ("razorpay_payment_id", payment_id),
                ("razorpay_order_id", id.to_owned()),
                ("razorpay_signature", signature),
            ]
        };
        let back = world.links.get(id).and_then(|link| link.callback_url.clone());
        match (back, reason) {
            (Some(back), None) => Ok(redirect(&back, &fields)),
            (_, None) => Ok(html(StatusCode::OK, &receipt(status, &fields))),
            (_, Some(reason)) => {
                let page = format!("<p>{}</p>{}", escaped(reason), receipt(status, &fields[..1]));
                Ok(html(StatusCode::OK, &page))
            }
        }
    })
}

fn link_fields(
    world: &World,
    id: &str,
    payment_id: &str,
    secret: &str,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let link = world.link(id)?;
    let status = link.status.as_str();
    Ok(vec![
        ("razorpay_payment_id", payment_id.to_owned()),
        ("razorpay_payment_link_id", id.to_owned()),
        ("razorpay_payment_link_reference_id", link.reference_id.clone()),
        ("razorpay_payment_link_status", status.to_owned()),
        ("razorpay_signature", signature::link_callback(id, &link.reference_id, status, payment_id, secret)),
    ])
}

fn bill(world: &World, kind: &str, id: &str) -> Result<Bill, Refusal> {
    if kind == "link" {
        let link = world.link(id)?;
        return Ok(Bill {
            title: format!("Payment link {id}"),
            amount: link.amount - link.amount_paid,
            currency: link.currency.clone(),
            description: link.description.clone(),
            state: link.status.as_str(),
            open: link.is_open(),
            partial: link.partial,
        });
    }
    let order = world.order(id)?;
    Ok(Bill {
        title: format!("Order {id}"),
        amount: order.due(),
        currency: order.currency.clone(),
        description: order.receipt.clone().unwrap_or_default(),
        state: order.status.as_str(),
        open: order.due() > 0,
        partial: order.partial,
    })
}

fn receipt(status: &str, fields: &[(&str, String)]) -> String {
    let rows: String = fields
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd id=\"{name}\">{}</dd>", escaped(value)))
        .collect();
    format!("<h1>Payment {status}</h1><dl>{rows}</dl>")
}

fn redirect(back: &str, fields: &[(&str, String)]) -> Response {
    let Ok(url) = reqwest::Url::parse_with_params(back, fields) else {
        return html(StatusCode::OK, "<h1>Paid</h1><p>The callback URL of this link is none.</p>");
    };
    let mut answer = html(StatusCode::FOUND, "<h1>Paid</h1>");
    if let Ok(value) = HeaderValue::from_str(url.as_str()) {
        answer.headers_mut().insert(header::LOCATION, value);
    }
    answer
}

fn html(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Simulated checkout</title><style>body{{\
         font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>{body}"
    );
    answer(status, "text/html; charset=utf-8", page)
}

/// Minor units with a point before the last two digits, for people to read.
fn decimal(amount: i64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
