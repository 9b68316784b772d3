//! Drafts, their lines and their sums.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::decimal::parse;
use crate::ids::Id;
use crate::invoice::{Draft, FeeRefused, LineKind};
use crate::money::split_largest_remainder;
use crate::period::{Interval, ProrationRefused};
use crate::rating::{Charge, FeeTiming, FixedFee, PricedCharge};
use crate::tax::AcceptedComponent;

fn usd() -> Currency {
    Currency::from_code("USD").unwrap()
}

fn days(from: i64, to: i64) -> Interval {
    let day = |number| DateTime::UNIX_EPOCH + TimeDelta::days(number);
    Interval::new(day(from), day(to)).unwrap()
}

fn line(minor: i64) -> InvoiceLine {
    let charge = Charge {
        code: "tokens".to_owned(),
        name: "Tokens".to_owned(),
        metric_code: "m".to_owned(),
        metric_id: Id::from_uuid(Uuid::from_u128(1)),
        model: "PER_UNIT".to_owned(),
        parameters: Vec::new(),
    };
    let amount = Money::new(minor, usd());
    let priced = PricedCharge {
        code: charge.code.clone(),
        quantity: Decimal::TEN,
        amount_exact: amount.to_decimal(),
        amount,
        steps: Vec::new(),
    };
    InvoiceLine::usage(&charge, priced, days(0, 31))
}

fn tax(base: i64, parts: &[(u32, i64)], amount: i64) -> AcceptedTaxes {
    let component = AcceptedComponent {
        code: "VAT".to_owned(),
        name: "VAT".to_owned(),
        rate_percent: Decimal::TEN,
        base: Money::new(base, usd()),
        amount: Money::new(amount, usd()),
        per_line: parts.iter().map(|(line, minor)| (*line, Money::new(*minor, usd()))).collect(),
    };
    AcceptedTaxes { components: vec![component], notes: Vec::new() }
}

fn fee(minor: i64) -> FixedFee {
    FixedFee {
        code: "base".to_owned(),
        name: "Base fee".to_owned(),
        amount: Money::new(minor, usd()),
        timing: FeeTiming::Advance,
    }
}

#[test]
fn sums() {
    let lines = [line(1000), line(250), line(0)];
    let draft = Draft {
        currency: usd(),
        period: days(0, 31),
        lines: lines.to_vec(),
        taxes: tax(1250, &[(0, 100), (1, 25)], 125),
    };
    let found = draft.totals().unwrap();
    assert_eq!((found.subtotal.minor, found.tax.minor, found.total.minor), (1250, 125, 1375));
    let asked = draft.tax_lines("SERVICES");
    assert_eq!((asked.len(), asked[1].amount.minor, asked[1].code.as_str()), (3, 250, "tokens"));
    let none = totals(usd(), &[], &AcceptedTaxes::default()).unwrap();
    assert_eq!(none.total, Money::zero(usd()));
}

#[test]
fn sums_that_do_not_add_up() {
    let table = [
        (vec![line(1000)], tax(1001, &[(0, 100)], 100), TotalsRefused::TaxBase { code: "VAT".to_owned() }),
        (vec![line(1000)], tax(1000, &[(1, 100)], 100), TotalsRefused::TaxBase { code: "VAT".to_owned() }),
        (vec![line(1000)], tax(1000, &[(0, 99)], 100), TotalsRefused::TaxSpread { code: "VAT".to_owned() }),
        (vec![line(i64::MAX), line(1)], AcceptedTaxes::default(), TotalsRefused::Money(MoneyError::Overflow)),
        (vec![line(i64::MAX)], tax(i64::MAX, &[(0, 1)], 1), TotalsRefused::Money(MoneyError::Overflow)),
    ];
    for (lines, taxes, expected) in table {
        assert_eq!(totals(usd(), &lines, &taxes), Err(expected));
    }
    let eur = Currency::from_code("EUR").unwrap();
    assert!(matches!(totals(eur, &[line(1)], &AcceptedTaxes::default()), Err(TotalsRefused::Money(_))));
}

#[test]
fn fixed_fees() {
    let full = days(0, 31);
    let whole = InvoiceLine::fixed_fee(&fee(10_000), full, &full, Tz::UTC).unwrap();
    assert_eq!(
        (whole.kind, whole.amount.minor, whole.amount_exact),
        (LineKind::FixedFee, 10_000, parse("100").unwrap())
    );
    let part = InvoiceLine::fixed_fee(&fee(10_000), days(21, 31), &full, Tz::UTC).unwrap();
    assert_eq!((part.amount.minor, part.service_period), (3226, days(21, 31)));
    let beyond = InvoiceLine::fixed_fee(&fee(1), days(21, 32), &full, Tz::UTC);
    assert_eq!(beyond, Err(FeeRefused::Proration(ProrationRefused::OutsidePeriod)));
    for kind in [LineKind::Usage, LineKind::FixedFee] {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
}

proptest! {
    #[test]
    fn every_column_adds_up(minors in prop::collection::vec(0_i64..1_000_000_000, 0..20), amount in 0_i64..1_000_000_000) {
        let lines: Vec<InvoiceLine> = minors.iter().map(|minor| line(*minor)).collect();
        let base: i64 = minors.iter().sum();
        let parts: Vec<(u32, i64)> = (0..).zip(split_largest_remainder(amount, &minors)).collect();
        prop_assume!(!minors.is_empty());
        let found = totals(usd(), &lines, &tax(base, &parts, amount)).unwrap();
        prop_assert_eq!(found.total.minor, base + amount);
    }
}
