//! The content of a plan version: charges by usage and fixed fees, in and out.

use async_graphql::{Context, Enum, InputObject, Object};
use billing::money::Money as Amount;
use billing::period::{Anchor, Cadence};
use billing::rating;

use super::access::{Call, loaders};
use super::fault::{Result, nullable};
use super::metric::{self, Metric};
use super::money::{CurrencyCode, Money};
use super::parameter::{self, Parameter};
use super::scalar::Decimal;
use crate::error::Error;

/// Something a plan charges for by usage.
pub(super) struct Charge(rating::Charge);

impl Charge {
    pub(super) fn of(charge: &rating::Charge) -> Self {
        Self(charge.clone())
    }
}

/// A charge: something a plan charges for by usage.
#[Object]
impl Charge {
    /// Its short name, unique within the plan version.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name on invoices.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The code of the metric whose quantity is priced.
    async fn metric_code(&self) -> &str {
        &self.0.metric_code
    }

    /// The metric whose quantity is priced.
    async fn metric(&self, ctx: &Context<'_>) -> Option<Result<Metric>> {
        nullable(async { Ok(loaders(ctx)?.load_one(self.0.metric_id).await?.map(Metric)) }).await
    }

    /// The price model: `PER_UNIT`, `GRADUATED`, `VOLUME`, `PACKAGE`, `PERCENTAGE`, or `CUSTOM:` and a name that the
    /// pricing plugin knows.
    async fn model(&self) -> &str {
        &self.0.model
    }

    /// The parameters of the model.
    async fn parameters(&self) -> Vec<Parameter> {
        self.0.parameters.iter().map(Parameter::of).collect()
    }
}

/// A fee that does not depend on usage.
pub(super) struct FixedFee(rating::FixedFee);

impl FixedFee {
    pub(super) fn of(fee: &rating::FixedFee) -> Self {
        Self(fee.clone())
    }
}

/// A fixed fee: what a plan charges whatever was used.
#[Object]
impl FixedFee {
    /// Its short name, unique within the plan version, charges included.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name on invoices.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What one full period costs.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Whether it is billed before or after the period it is for.
    async fn timing(&self) -> FeeTiming {
        self.0.timing.into()
    }
}

/// When a fixed fee is billed. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rating::FeeTiming")]
pub(super) enum FeeTiming {
    /// On the invoice before the period it is for.
    Advance,
    /// On the invoice after the period it is for.
    Arrears,
}

/// The length of a billing period. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::period::CadenceUnit")]
pub(super) enum BillingCadence {
    /// Seven days.
    Week,
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// Everything a plan version says about money.
#[derive(InputObject)]
pub(super) struct PlanTermsInput {
    /// The currency of every price.
    currency: CurrencyCode,
    /// How often it is billed.
    #[graphql(default_with = "BillingCadence::Month")]
    cadence: BillingCadence,
    /// What is charged by usage, in the order of the invoice.
    #[graphql(default)]
    charges: Vec<ChargeInput>,
    /// What is charged in any case, in the order of the invoice.
    #[graphql(default)]
    fixed_fees: Vec<FixedFeeInput>,
}

/// Something a plan charges for by usage.
#[derive(InputObject)]
struct ChargeInput {
    /// Its short name, unique within the plan version.
    code: String,
    /// Its name on invoices.
    name: String,
    /// The id or the code of the metric whose quantity is priced.
    metric: String,
    /// The price model: `PER_UNIT` (unit_amount), `GRADUATED` and `VOLUME` (tiers), `PACKAGE` (package_size,
    /// package_amount, free_units, rounding `up` or `down`), `PERCENTAGE` (rate_percent, fixed_amount, free_units,
    /// minimum_amount, maximum_amount), or `CUSTOM:` and a name that your pricing plugin knows.
    model: String,
    /// The parameters of the model.
    #[graphql(default)]
    parameters: Vec<Parameter>,
}

/// A fee that does not depend on usage.
#[derive(InputObject)]
struct FixedFeeInput {
    /// Its short name, unique within the plan version, charges included.
    code: String,
    /// Its name on invoices.
    name: String,
    /// What one full period costs, in major units of the plan's currency.
    amount: Decimal,
    /// Whether it is billed before or after the period it is for.
    #[graphql(default_with = "FeeTiming::Arrears")]
    timing: FeeTiming,
}

impl PlanTermsInput {
    /// The terms with their metrics looked up. Whether they make sense is for `billing` to say.
    pub(super) async fn read(self, call: &Call<'_>) -> Result<rating::PlanTerms, Error> {
        let mut charges = Vec::with_capacity(self.charges.len());
        for (place, charge) in self.charges.into_iter().enumerate() {
            charges.push(charge.read(call, place).await?);
        }
        let currency = self.currency.0;
        let fees =
            self.fixed_fees.into_iter().enumerate().map(|(place, fee)| {
                let amount =
                    Amount::exact(fee.amount.0, currency).map_err(|refused| {
                        Error::invalid("OUT_OF_RANGE", format!("amount of the fee `{}`: {refused}.", fee.code))
                            .at(path("fixedFees", place, "amount"))
                    })?;
                Ok(rating::FixedFee { code: fee.code, name: fee.name, amount, timing: fee.timing.into() })
            });
        let fees = fees.collect::<Result<_, Error>>()?;
        // Subscriptions choose the anchor; a plan only has the unit.
        Ok(rating::PlanTerms {
            currency,
            cadence: Cadence { unit: self.cadence.into(), anchor: Anchor::Calendar },
            charges,
            fees,
        })
    }
}

impl ChargeInput {
    async fn read(self, call: &Call<'_>, place: usize) -> Result<rating::Charge, Error> {
        let metric =
            metric::existing(call, &self.metric).await.map_err(|error| error.at(path("charges", place, "metric")))?;
        Ok(rating::Charge {
            code: self.code,
            name: self.name,
            metric_code: metric.code,
            metric_id: metric.id,
            model: self.model,
            parameters: parameter::read_all(self.parameters, &path("charges", place, "parameters"))?,
        })
    }
}

fn path(list: &str, place: usize, field: &str) -> [String; 4] {
    ["terms".to_owned(), list.to_owned(), place.to_string(), field.to_owned()]
}
