//! Usage over time: a window cut into points of a time zone, from the totals per quarter hour.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use billing::ids::{OrganisationId, ProjectId};
use billing::metering::Totals;
use billing::period::Interval;
use chrono::{DateTime, TimeDelta, Utc};

use super::access::{Call, Need, enter};
use super::buckets::{Granularity, cut, fitting, widened};
use super::fault::{Fault, Result};
use super::ident::show_id;
use super::metric;
use super::organisation::timezone;
use super::project;
use super::scalar::{Decimal, Instant};
use super::time::{DateTimeInterval, DateTimeRange};
use crate::error::Error;
use crate::store::{self, metric::Metric};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::query("usageSeries", Permission::UsageRead)];

/// Points of one group at most.
pub(super) const MOST_POINTS: usize = 2_000;

/// Points of all groups together at most.
pub(super) const MOST_POINTS_OF_ALL: usize = 20_000;

/// Groups shown at most.
pub(super) const MOST_GROUPS: usize = 50;

/// Projects with usage in the window that can be told apart at most.
const MOST_PROJECTS: usize = 200;

/// Days a window may have: its quarter hours are all read.
pub(super) const MOST_DAYS: i64 = 3_660;

/// Which usage, over which time, in which pieces.
#[derive(InputObject)]
struct UsageSeriesInput {
    /// The organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// The time; both bounds are needed. It is widened to whole quarter hours.
    window: DateTimeRange,
    /// How long each point is.
    granularity: Granularity,
    /// The IANA time zone that hours, days, weeks and months are those of, such as `Asia/Kolkata`.
    #[graphql(default = "UTC")]
    timezone: String,
    /// The id or the code of the metric.
    metric: ID,
    /// Only part of the usage.
    filter: Option<UsageFilter>,
    /// Apart by what; together when empty.
    #[graphql(default)]
    group_by: Vec<UsageDimension>,
    /// How many groups are shown, the largest first, 1 to 50; the rest is in `otherGroup`.
    #[graphql(default = 10)]
    top_groups: i32,
    /// What becomes of points without usage.
    #[graphql(default_with = "SeriesFill::Zero")]
    fill: SeriesFill,
}

/// Which part of the usage.
#[derive(InputObject)]
struct UsageFilter {
    /// Only of this project.
    project_id: Option<ID>,
}

/// What usage can be told apart by. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum UsageDimension {
    /// The project it was recorded for.
    Project,
}

/// What becomes of points without usage. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum SeriesFill {
    /// They are there with a quantity of zero.
    Zero,
    /// They are left out.
    None,
}

/// Usage over time.
#[derive(SimpleObject)]
struct UsageSeries {
    /// The time it is about, in whole quarter hours.
    window: DateTimeInterval,
    /// How long each point is; the first and the last are cut off at the ends of the window.
    granularity: Granularity,
    /// The time zone of the points.
    timezone: String,
    /// Points that end by then are final: no event that old is accepted any more.
    complete_through: Instant,
    /// The usage of the whole window. With a metric that sums or counts it is the sum of all groups.
    total: UsageTotal,
    /// The groups, the largest first; exactly one when nothing is grouped.
    groups: Vec<UsageSeriesGroup>,
    /// Everything that is in no group; null when that is nothing.
    other_group: Option<UsageSeriesGroup>,
}

/// The usage of some time.
#[derive(SimpleObject, Clone, Copy)]
struct UsageTotal {
    /// The quantity as the metric aggregates it; zero without events.
    quantity: Decimal,
    /// The number of events.
    event_count: Decimal,
}

/// The usage of one group over time.
#[derive(SimpleObject)]
struct UsageSeriesGroup {
    /// What the group has in common; empty when nothing is grouped, and for the rest.
    key: Vec<UsageDimensionValue>,
    /// Its usage of the whole window.
    total: UsageTotal,
    /// Its points in the order of time.
    points: Vec<UsagePoint>,
}

/// What a group has in common.
#[derive(SimpleObject)]
struct UsageDimensionValue {
    /// By what it is told apart.
    dimension: UsageDimension,
    /// The value, such as the id of the project.
    value: String,
}

/// The usage of one stretch of time.
#[derive(SimpleObject)]
struct UsagePoint {
    /// The first instant of the point.
    start: Instant,
    /// The first instant after it.
    end: Instant,
    /// The quantity as the metric aggregates it; zero without events.
    quantity: Decimal,
    /// The number of events.
    event_count: Decimal,
    /// Whether no event of this time is accepted any more.
    is_final: bool,
}

#[derive(Default)]
pub(super) struct UsageSeriesQuery;

#[Object]
impl UsageSeriesQuery {
    /// Usage over time, ready for a chart: cut into points of a time zone, filled with zeros, grouped when asked for.
    /// A window of more than 2,000 points is refused as WINDOW_TOO_LARGE with the finest granularity that fits.
    async fn usage_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which usage, over which time, in which pieces.")] input: UsageSeriesInput,
    ) -> Result<UsageSeries> {
        let call = enter(ctx)?;
        let question = Question::read(&call, &input).await?;
        question.answer(&call, &input).await
    }
}

/// An input that was understood.
struct Question {
    organisation: OrganisationId,
    metric: Metric,
    project: Option<ProjectId>,
    window: Interval,
    points: Vec<Interval>,
    top: usize,
    final_before: DateTime<Utc>,
}

impl Question {
    async fn read(call: &Call<'_>, input: &UsageSeriesInput) -> Result<Self> {
        let organisation = call.organisation(input.organisation_id.as_ref())?;
        let timezone = timezone(&input.timezone)?;
        let window = widened(&input.window.bounded("window")?);
        let metric = metric::existing(call, &input.metric).await?;
        let project =
            project::narrowed(call, organisation, input.filter.as_ref().and_then(|filter| filter.project_id.as_ref()))
                .await?;
        if window.duration() > TimeDelta::days(MOST_DAYS) {
            return Err(too_large(format!("The window has more than {MOST_DAYS} days."), None));
        }
        let points = cut(&window, input.granularity, timezone, MOST_POINTS).ok_or_else(|| {
            let words = format!("The window has more than {MOST_POINTS} points of {}.", input.granularity.as_str());
            too_large(words, fitting(&window, timezone, MOST_POINTS))
        })?;
        let top = usize::try_from(input.top_groups).ok().filter(|top| (1..=MOST_GROUPS).contains(top));
        let top = top.ok_or_else(|| {
            Error::invalid("OUT_OF_RANGE", format!("topGroups must be from 1 to {MOST_GROUPS}.")).at(["topGroups"])
        })?;
        let final_before = TimeDelta::from_std(call.app.settings.usage_max_past)
            .ok()
            .and_then(|past| call.now.checked_sub_signed(past))
            .unwrap_or(DateTime::UNIX_EPOCH);
        Ok(Self { organisation, metric, project, window, points, top, final_before })
    }

    async fn answer(&self, call: &Call<'_>, input: &UsageSeriesInput) -> Result<UsageSeries> {
        let (groups, other_group) = match input.group_by.is_empty() {
            true => (vec![self.series(call, self.project).await?], None),
            false => self.by_project(call).await?,
        };
        let total = groups
            .iter()
            .chain(&other_group)
            .try_fold(Totals::default(), |sum, group| merged(&sum, &group.total()?))?;
        Ok(UsageSeries {
            window: self.window.into(),
            granularity: input.granularity,
            timezone: input.timezone.clone(),
            complete_through: self.final_before.into(),
            total: self.total(&total),
            groups: groups.into_iter().map(|group| self.shown(group, input.fill)).collect::<Result<_, Error>>()?,
            other_group: other_group.map(|group| self.shown(group, input.fill)).transpose()?,
        })
    }

    /// One group: the usage of one project, or of all.
    async fn series(&self, call: &Call<'_>, project: Option<ProjectId>) -> Result<Group, Error> {
        let rows =
            store::usage::series(&call.app.store, self.organisation, self.metric.id, project, &self.window).await?;
        Group { project: None, points: vec![Totals::default(); self.points.len()] }.with(&self.points, rows)
    }

    /// The largest projects apart, and the others together.
    async fn by_project(&self, call: &Call<'_>) -> Result<(Vec<Group>, Option<Group>)> {
        let totals =
            store::usage::totals_by_project(&call.app.store, self.organisation, &[self.metric.id], &self.window)
                .await?;
        let mut ranked: Vec<_> = totals
            .into_iter()
            .map(|((project, _), totals)| (totals.quantity(self.metric.aggregation), project))
            .collect();
        ranked.retain(|(_, project)| self.project.is_none_or(|only| only == *project));
        ranked.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        if ranked.len() > MOST_PROJECTS {
            return Err(Error::invalid("TOO_MANY", format!("{} projects have usage in this window; at most {MOST_PROJECTS} can be told apart. Narrow it by filter.projectId.", ranked.len())).at(["groupBy"]).into());
        }
        if self.points.len() * self.top.min(ranked.len()) > MOST_POINTS_OF_ALL {
            return Err(too_large(
                format!("All groups together have more than {MOST_POINTS_OF_ALL} points. Lower topGroups."),
                None,
            ));
        }
        let mut groups = Vec::new();
        let mut other: Option<Group> = None;
        for (place, (_, project)) in ranked.into_iter().enumerate() {
            let group = self.series(call, Some(project)).await?;
            match (&mut other, place < self.top) {
                (_, true) => groups.push(Group { project: Some(project), ..group }),
                (Some(other), false) => other.absorb(&group)?,
                (None, false) => other = Some(group),
            }
        }
        Ok((groups, other))
    }

    fn shown(&self, group: Group, fill: SeriesFill) -> Result<UsageSeriesGroup, Error> {
        let total = self.total(&group.total()?);
        let key = group
            .project
            .map(|project| UsageDimensionValue { dimension: UsageDimension::Project, value: show_id(project).0 });
        let points =
            self.points.iter().zip(&group.points).filter(|(_, totals)| fill == SeriesFill::Zero || totals.count > 0);
        let points = points.map(|(point, totals)| {
            let UsageTotal { quantity, event_count } = self.total(totals);
            UsagePoint {
                start: point.start.into(),
                end: point.end.into(),
                quantity,
                event_count,
                is_final: point.end <= self.final_before,
            }
        });
        Ok(UsageSeriesGroup { key: key.into_iter().collect(), total, points: points.collect() })
    }

    fn total(&self, totals: &Totals) -> UsageTotal {
        UsageTotal {
            quantity: Decimal::plain(totals.quantity(self.metric.aggregation)),
            event_count: Decimal(totals.count.into()),
        }
    }
}

/// Totals for each point.
struct Group {
    project: Option<ProjectId>,
    points: Vec<Totals>,
}

impl Group {
    /// Puts totals per quarter hour, in the order of time, into their points.
    fn with(mut self, points: &[Interval], rows: Vec<(DateTime<Utc>, Totals)>) -> Result<Self, Error> {
        let mut place = 0;
        for (start, totals) in rows {
            while points.get(place).is_some_and(|point| point.end <= start) {
                place += 1;
            }
            if let Some(point) = self.points.get_mut(place) {
                *point = merged(point, &totals)?;
            }
        }
        Ok(self)
    }

    fn absorb(&mut self, other: &Self) -> Result<(), Error> {
        for (point, more) in self.points.iter_mut().zip(&other.points) {
            *point = merged(point, more)?;
        }
        Ok(())
    }

    fn total(&self) -> Result<Totals, Error> {
        self.points.iter().try_fold(Totals::default(), |sum, point| merged(&sum, point))
    }
}

fn merged(left: &Totals, right: &Totals) -> Result<Totals, Error> {
    left.merge(right).map_err(|overflow| Error::refused("OUT_OF_RANGE", format!("{overflow}.")))
}

fn too_large(words: String, fitting: Option<Granularity>) -> Fault {
    let Some(granularity) = fitting else {
        return Error::invalid("WINDOW_TOO_LARGE", format!("{words} Ask for a shorter window.")).at(["window"]).into();
    };
    let advice = format!("{words} Use granularity {}, or a shorter window.", granularity.as_str());
    Fault::from(Error::invalid("WINDOW_TOO_LARGE", advice).at(["window"])).with("granularity", granularity.as_str())
}
