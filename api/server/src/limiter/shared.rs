//! The buckets of all nodes together, on Redis: one script, one round trip a decision, by Redis' own clock.
//!
//! A decision that takes longer than [`PATIENCE`] is not waited for: whoever asks is told that nothing is known, and from
//! then on is told so at once, until a look in the background finds Redis again. Nothing here decides what to do then.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bucket::Take;
use super::name::Name;
use super::{Outcome, Refused};
use crate::config::Secret;
use crate::error::Error;
use crate::metrics::Metrics;

/// How long a decision may take before the local limiter decides instead.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long the background waits for an answer, and between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// `bucket::take` for each key, all or none. Answers `{0, full in, …}`, or `{1, place, wait}`.
const TAKE: &str = r"
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local after = {}
for place, key in ipairs(KEYS) do
  local cost, needed, room = tonumber(ARGV[place * 3 - 2]), tonumber(ARGV[place * 3 - 1]), tonumber(ARGV[place * 3])
  local from = math.max(tonumber(redis.call('GET', key) or '0'), now)
  local wanted = from - now + needed
  if wanted > room then return {1, place - 1, wanted - room} end
  after[place] = from + cost
end
local answer = {0}
for place, key in ipairs(KEYS) do
  local full_in = after[place] - now
  if full_in > 0 then redis.call('SET', key, string.format('%.0f', after[place]), 'PX', math.ceil(full_in / 1000)) end
  answer[place + 1] = full_in
end
return answer
";

/// `bucket::give_back` for each key.
const GIVE_BACK: &str = r"
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer = {}
for place, key in ipairs(KEYS) do
  local full_at = math.max(tonumber(redis.call('GET', key) or '0') - tonumber(ARGV[place]), now)
  local full_in = full_at - now
  if full_in > 0 then
    redis.call('SET', key, string.format('%.0f', full_at), 'PX', math.ceil(full_in / 1000))
  else
    redis.call('DEL', key)
  end
  answer[place] = full_in
end
return answer
";

/// The largest number of microseconds that the script's floating point holds exactly, beside a clock.
const MOST: u64 = 1 << 51;

/// The way to Redis.
#[derive(Clone)]
pub(super) struct Shared {
    connection: ConnectionManager,
    take: Arc<Script>,
    give_back: Arc<Script>,
    away: Arc<AtomicBool>,
    metrics: Metrics,
}

impl Shared {
    /// Prepares the way; Redis itself may be away.
    pub(super) fn open(url: &Secret, metrics: Metrics) -> Result<Self, Error> {
        let unusable = |error: redis::RedisError| {
            Error::invalid("SETTINGS", "redis_url cannot be used: it must be a URL such as redis://host:6379/0.")
                .caused_by(error)
        };
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(LOOK))
            .set_response_timeout(Some(LOOK));
        let client = Client::open(url.reveal()).map_err(unusable)?;
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(unusable)?;
        let shared = Self {
            connection,
            take: Arc::new(Script::new(TAKE)),
            give_back: Arc::new(Script::new(GIVE_BACK)),
            away: Arc::default(),
            metrics,
        };
        Ok(shared)
    }

    /// Takes from all buckets or from none; `None` when Redis is away.
    pub(super) async fn take(&self, wants: &[(Name, Take)]) -> Option<Outcome> {
        let mut call = self.take.prepare_invoke();
        for (name, Take { cost, needed, room }) in wants {
            call.key(name.text()).arg((*cost).min(MOST)).arg((*needed).min(MOST)).arg((*room).min(MOST));
        }
        let answer = self.ask(call).await?;
        Some(match answer.split_first() {
            Some((0, full_in)) => Ok(full_in.to_vec()),
            _ => {
                let at = |place: usize| answer.get(place).copied().unwrap_or_default();
                Err(Refused { place: usize::try_from(at(1)).unwrap_or_default(), wait: at(2) })
            }
        })
    }

    /// Gives back to all buckets; `None` when Redis is away.
    pub(super) async fn give_back(&self, gifts: &[(Name, u64)]) -> Option<Vec<u64>> {
        let mut call = self.give_back.prepare_invoke();
        for (name, cost) in gifts {
            call.key(name.text()).arg((*cost).min(MOST));
        }
        self.ask(call).await
    }

    async fn ask(&self, call: redis::ScriptInvocation<'_>) -> Option<Vec<u64>> {
        if self.away.load(Ordering::Acquire) {
            return None;
        }
        let mut connection = self.connection.clone();
        match tokio::time::timeout(PATIENCE, call.invoke_async::<Vec<u64>>(&mut connection)).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.lose(&error.to_string()),
            Err(_) => self.lose(&format!("no answer within {} ms", PATIENCE.as_millis())),
        }
        None
    }

    /// Notes that Redis is away, and has somebody look for it.
    fn lose(&self, reason: &str) {
        if self.away.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::warn!(reason, "Redis does not answer: this node counts rate limits for itself");
        self.metrics.limiter_lost();
        let shared = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let mut connection = shared.connection.clone();
                let ping = redis::cmd("PING");
                if let Ok(Ok(())) = tokio::time::timeout(LOOK, ping.query_async::<()>(&mut connection)).await {
                    break;
                }
            }
            shared.away.store(false, Ordering::Release);
            shared.metrics.limiter_found();
            tracing::info!("Redis answers again: rate limits are counted for all nodes together");
        });
    }
}
