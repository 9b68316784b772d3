"""Razorpay's Python SDK takes the simulator for Razorpay."""
import sys

import razorpay
from razorpay.errors import BadRequestError, GatewayError, ServerError, SignatureVerificationError

from stage import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, Stage

checks = 0


def holds(condition, words):
    global checks
    assert condition, words
    checks += 1


def refuses(kind, words, call):
    try:
        call()
    except kind as error:
        holds(words in str(error), f"{words!r} is not in {error!r}")
    else:
        raise AssertionError(f"{words!r} was not raised")


def orders_and_refunds(stage, client):
    order = client.order.create({"amount": 50000, "currency": "INR", "receipt": "yardstick-1", "notes": {"a": "b"}})
    holds(order["status"] == "created" and order["notes"] == {"a": "b"}, order)
    holds(client.order.all({"receipt": "yardstick-1"})["items"][0]["id"] == order["id"], "found by its receipt")
    handed = stage.pay("order", order["id"], method="card")
    holds(client.utility.verify_payment_signature(handed), "the checkout's signature")
    forged = {**handed, "razorpay_payment_id": "pay_00000000000000"}
    refuses(SignatureVerificationError, "Failed", lambda: client.utility.verify_payment_signature(forged))
    payment = client.payment.fetch(handed["razorpay_payment_id"])
    holds(payment["status"] == "captured" and payment["amount"] == 50000, payment)
    holds(client.order.fetch(order["id"])["status"] == "paid", "paid")
    holds(client.order.payments(order["id"])["count"] == 1, "one payment")
    holds(client.payment.fetchCardDetails(payment["id"])["entity"] == "card", "a card")

    once = {"X-Refund-Idempotency": "yardstick-refund-1"}
    first = client.payment.refund(payment["id"], {"amount": 20000}, headers=once)
    again = client.payment.refund(payment["id"], {"amount": 20000}, headers=once)
    holds(first["id"] == again["id"], "one key is one refund")
    refuses(
        BadRequestError,
        "Different request with the same idempotency key",
        lambda: client.payment.refund(payment["id"], {"amount": 100}, headers=once),
    )
    refuses(BadRequestError, "greater than amount captured", lambda: client.payment.refund(payment["id"], {"amount": 30001}))
    client.payment.refund(payment["id"], {"amount": 30000})
    holds(client.payment.fetch(payment["id"])["status"] == "refunded", "fully refunded")
    refuses(BadRequestError, "fully refunded already", lambda: client.payment.refund(payment["id"], {"amount": 100}))
    holds(client.refund.fetch(first["id"])["payment_id"] == payment["id"], "the refund")
    holds(client.payment.fetch_multiple_refund(payment["id"])["count"] == 2, "two refunds")
    edited = client.refund.edit(first["id"], {"notes": {"why": "yardstick"}})
    holds(edited["notes"] == {"why": "yardstick"}, edited)
    stage.told("refund.processed")


def manual_capture(stage, client):
    order = client.order.create({"amount": 10000, "currency": "INR", "payment_capture": False})
    payment = stage.pay("order", order["id"])["razorpay_payment_id"]
    holds(client.payment.fetch(payment)["status"] == "authorized", "waits to be captured")
    refuses(BadRequestError, "must be equal", lambda: client.payment.capture(payment, 9000, {"currency": "INR"}))
    holds(client.payment.capture(payment, 10000, {"currency": "INR"})["captured"] is True, "captured")
    refuses(BadRequestError, "already been captured", lambda: client.payment.capture(payment, 10000, {"currency": "INR"}))


def declined(stage, client):
    order = client.order.create({"amount": 10000, "currency": "INR"})
    stage.pay("order", order["id"], do="decline", reason="insufficient_fund")
    failed = client.order.payments(order["id"])["items"][0]
    holds(failed["status"] == "failed" and failed["error_reason"] == "insufficient_fund", failed)
    stage.told("payment.failed")


def links(stage, client):
    asked = {"amount": 1000, "currency": "INR", "reference_id": "TS1", "description": "yardstick"}
    link = client.payment_link.create(asked)
    holds(link["status"] == "created" and link["short_url"].startswith("http"), link)
    holds(client.payment_link.notifyBy(link["id"], "email") == {"success": True}, "notified")
    holds(client.payment_link.cancel(link["id"])["status"] == "cancelled", "cancelled")
    link = client.payment_link.create({**asked, "reference_id": "TS2"})
    handed = stage.pay("link", link["id"])
    proof = {
        "payment_link_id": handed["razorpay_payment_link_id"],
        "payment_link_reference_id": handed["razorpay_payment_link_reference_id"],
        "payment_link_status": handed["razorpay_payment_link_status"],
        "razorpay_payment_id": handed["razorpay_payment_id"],
        "razorpay_signature": handed["razorpay_signature"],
    }
    holds(client.utility.verify_payment_link_signature(proof), "the callback's signature")
    holds(client.payment_link.fetch(link["id"])["status"] == "paid", "paid")
    holds(len(client.payment_link.all()["payment_links"]) == 2, "two links")
    stage.told("payment_link.paid")


def mandates(stage, client):
    person = {"name": "Gaurav Kumar", "email": "gaurav.kumar@example.com", "contact": "+919000090000"}
    customer = client.customer.create(person)
    refuses(BadRequestError, "already exists", lambda: client.customer.create(person))
    holds(client.customer.create({**person, "fail_existing": "0"})["id"] == customer["id"], "the same customer")
    terms = {"max_amount": 500000, "expire_at": 4102444799, "frequency": "as_presented"}
    order = client.order.create(
        {"amount": 100, "currency": "INR", "method": "upi", "customer_id": customer["id"], "token": terms}
    )
    stage.pay("order", order["id"], method="upi")
    token = client.token.all(customer["id"])["items"][0]
    holds(token["recurring_details"]["status"] == "confirmed", token)
    stage.told("token.confirmed")
    order = client.order.create({"amount": 9900, "currency": "INR", "payment_capture": True})
    debit = {
        "email": person["email"], "contact": person["contact"], "amount": 9900, "currency": "INR",
        "order_id": order["id"], "customer_id": customer["id"], "token": token["id"], "recurring": True,
    }
    holds("razorpay_payment_id" in client.payment.createRecurring(debit), "debited")
    holds(client.token.delete(customer["id"], token["id"]) == {"deleted": True}, "deleted")
    refuses(BadRequestError, "does not exist", lambda: client.token.fetch(customer["id"], token["id"]))


def errors(stage, client):
    refuses(BadRequestError, "at least INR 1.00", lambda: client.order.create({"amount": 99, "currency": "INR"}))
    refuses(BadRequestError, "not a valid id", lambda: client.payment.fetch("pay_short"))
    refuses(BadRequestError, "does not exist", lambda: client.refund.fetch("rfnd_00000000000000"))
    refuses(GatewayError, "error at bank", lambda: client.settlement.all())
    holds(client.settlement.all()["count"] == 0, "and then it works")
    refuses(ServerError, "facing some trouble", lambda: client.dispute.all())
    stranger = razorpay.Client(auth=("rzp_test_nobody", "x"), base_url=stage.url)
    refuses(BadRequestError, "api key provided is invalid", lambda: stranger.order.all())


def webhooks(stage, client):
    for event in ["payment.captured", "order.paid", "refund.created"]:
        body, signature = stage.told(event)
        holds(client.utility.verify_webhook_signature(body, signature, WEBHOOK_SECRET), event)
        tampered = body.replace("captured", "Captured")
        refuses(
            SignatureVerificationError,
            "Failed",
            lambda: client.utility.verify_webhook_signature(tampered, signature, WEBHOOK_SECRET),
        )
    names = [name for _, _, name in stage.received]
    holds(all(names) and len(set(names)) == len(names), "every event has a name of its own")


faults = ["GET /v1/settlements gateway-error", "GET /v1/disputes server-error"]
with Stage(sys.argv[1:], faults) as stage:
    client = razorpay.Client(auth=(KEY_ID, KEY_SECRET), base_url=stage.url)
    for flow in [orders_and_refunds, manual_capture, declined, links, mandates, errors, webhooks]:
        flow(stage, client)
print(f"PASSED razorpay (Python {razorpay.client.Client(auth=('', ''))._get_version()}): {checks} checks")
