//! `/v1/settlements` and the lines they are reconciled by.

use super::{Answer, call::Call, input::missing, page::Page};
use crate::{
    ids,
    model::{self, settlement::Settlement},
    refusal::Refusal,
    world::World,
};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

/// India is so many seconds ahead; Razorpay's days are India's.
const INDIA: i32 = 5 * 3600 + 1800;

pub(crate) fn answer(world: &World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let page = Page::read(call, 100, &[])?;
            Ok(model::collection(page.of(world.settlements.iter()).into_iter().map(Settlement::json)))
        }
        ("GET", ["recon", "combined"]) => recon(world, call),
        ("GET", [id]) => {
            ids::valid("setl", id)?;
            world.settlements.get(id).map(Settlement::json).ok_or_else(Refusal::unknown_id)
        }
        _ => Err(Refusal::unknown_url()),
    }
}

fn recon(world: &World, call: &Call) -> Answer {
    let page = Page::read(call, 1000, &["year", "month", "day"])?;
    let year = part(call, "year")?.ok_or_else(|| missing("year"))?;
    let month = part(call, "month")?.ok_or_else(|| missing("month"))?;
    let day = part(call, "day")?;
    let invalid = |field: &str| Refusal::input(format!("The {field} is not a valid {field}.")).at(field);
    let year = i32::try_from(year).map_err(|_| invalid("year"))?;
    if NaiveDate::from_ymd_opt(year, month, 1).is_none() {
        return Err(invalid("month"));
    }
    if day.is_some_and(|day| NaiveDate::from_ymd_opt(year, month, day).is_none()) {
        return Err(invalid("day"));
    }
    let within = |settlement: &&Settlement| {
        date(settlement.created_at)
            .is_some_and(|date| date.year() == year && date.month() == month && day.is_none_or(|day| date.day() == day))
    };
    let lines = world.settlements.iter().filter(within).flat_map(|settlement| settlement.lines.iter().cloned());
    Ok(model::collection(page.cut(lines)))
}

fn part(call: &Call, name: &str) -> Result<Option<u32>, Refusal> {
    let words = || Refusal::input(format!("The {name} is not a valid {name}.")).at(name);
    call.parameter(name).map(|text| text.parse().map_err(|_| words())).transpose()
}

fn date(seconds: i64) -> Option<NaiveDate> {
    let india = FixedOffset::east_opt(INDIA)?;
    DateTime::from_timestamp(seconds, 0).map(|time| time.with_timezone(&india).date_naive())
}
