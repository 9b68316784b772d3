//! The part of the table behind `tenancy` that is about money. Nothing runs here.

use super::cases::{Answer, Denied, Nothing};

/// As `cases::CASES`.
pub(super) const MONEY: &[(&str, &str, Answer, &str)] = &[
    (
        "Query",
        "payment",
        Denied,
        "query($org: ID!, $pay: ID!) { payment(organisationId: $org, id: $pay) { amount { amount } } }",
    ),
    ("Query", "payment", Denied, "query($pay: ID!) { payment(id: $pay) { amount { amount } } }"),
    (
        "Query",
        "refund",
        Denied,
        "query($org: ID!, $rfn: ID!) { refund(organisationId: $org, id: $rfn) { amount { amount } } }",
    ),
    ("Query", "refund", Denied, "query($rfn: ID!) { refund(id: $rfn) { amount { amount } } }"),
    (
        "Query",
        "creditNote",
        Denied,
        "query($org: ID!, $crn: ID!) { creditNote(organisationId: $org, id: $crn) { number } }",
    ),
    ("Query", "creditNote", Denied, "query($crn: ID!) { creditNote(id: $crn) { number } }"),
    ("Query", "payments", Denied, "query($org: ID!) { payments(organisationId: $org) { nodes { id } } }"),
    ("Query", "refunds", Denied, "query($org: ID!) { refunds(organisationId: $org) { nodes { id } } }"),
    ("Query", "creditNotes", Denied, "query($org: ID!) { creditNotes(organisationId: $org) { nodes { number } } }"),
    (
        "Query",
        "payments",
        Nothing,
        "query($inv: ID!) { payments(filter: {invoiceId: $inv}) { totalCount nodes { id } } }",
    ),
    (
        "Query",
        "refunds",
        Nothing,
        "query($pay: ID!) { refunds(filter: {paymentId: $pay}) { totalCount nodes { id } } }",
    ),
    ("Query", "creditNotes", Nothing, "query($inv: ID!) { creditNotes(invoiceId: $inv) { totalCount nodes { id } } }"),
    (
        "Mutation",
        "paymentCreate",
        Denied,
        "mutation($org: ID!, $inv: ID!) { paymentCreate(input: {organisationId: $org, invoiceId: $inv, method: LINK}) { errors { code } } }",
    ),
    (
        "Mutation",
        "paymentCreate",
        Denied,
        "mutation($inv: ID!) { paymentCreate(input: {invoiceId: $inv, method: LINK}) { payment { id } errors { code } } }",
    ),
    (
        "Mutation",
        "paymentRecord",
        Denied,
        "mutation($org: ID!, $inv: ID!) { paymentRecord(input: {organisationId: $org, amount: {amount: \"1.00\", currency: USD}, method: CASH, receivedAt: \"2024-01-01T00:00:00Z\", invoiceIds: [$inv], idempotencyKey: \"nothing-of-it\"}) { errors { code } } }",
    ),
    (
        "Mutation",
        "refundCreate",
        Denied,
        "mutation($org: ID!, $pay: ID!) { refundCreate(input: {organisationId: $org, paymentId: $pay, reason: \"x\", idempotencyKey: \"nothing-of-it\"}) { refund { id } errors { code } } }",
    ),
    ("Query", "nodes", Nothing, "query($pay: ID!, $rfn: ID!, $crn: ID!) { nodes(ids: [$pay, $rfn, $crn]) { id } }"),
];
