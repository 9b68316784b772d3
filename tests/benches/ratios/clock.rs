//! Time and processor time, and the few statistics the tables need.

use std::time::{Duration, Instant};

/// Clock ticks a second of `/proc`, which Linux fixes for programs at 100.
const TICKS: f64 = 100.0;

/// What passed between two moments.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Time on the wall.
    pub(crate) wall: Duration,
    /// Processor seconds of this process and of the database server, where the system tells.
    pub(crate) cpu: f64,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Spent {
    /// How many a second.
    pub(crate) fn rate(&self, count: usize) -> f64 {
        count as f64 / self.wall.as_secs_f64()
    }

    /// Processor microseconds for each.
    pub(crate) fn cpu_each(&self, count: usize) -> f64 {
        self.cpu * 1e6 / count as f64
    }
}

/// A running measurement.
pub(crate) struct Stopwatch {
    started: Instant,
    cpu: f64,
    server: Option<u32>,
}

impl Stopwatch {
    /// Starts; `server` is the process whose children's processor time counts too.
    pub(crate) fn start(server: Option<u32>) -> Self {
        Self { started: Instant::now(), cpu: cpu(server), server }
    }

    /// What passed since.
    pub(crate) fn stop(&self) -> Spent {
        let wall = self.started.elapsed();
        Spent { wall, cpu: cpu(self.server) - self.cpu }
    }
}

fn cpu(server: Option<u32>) -> f64 {
    let own = stat("/proc/self/stat").map_or(0.0, |(_, ticks)| ticks);
    let children: f64 = server.map_or(0.0, |parent| {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ticks = processes.filter_map(|entry| stat(entry.path().join("stat").to_str()?));
        ticks.filter(|(of, _)| *of == parent).map(|(_, ticks)| ticks).sum()
    });
    (own + children) / TICKS
}

/// Parent and processor ticks of a process.
fn stat(path: &str) -> Option<(u32, f64)> {
    let text = std::fs::read_to_string(path).ok()?;
    // The name stands in parentheses and may hold spaces.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((fields.get(1)?.parse().ok()?, ticks))
}

/// The value below which `share` of the sample lies.
pub(crate) fn quantile(sample: &[f64], share: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The middle of the sample.
pub(crate) fn median(sample: &[f64]) -> f64 {
    quantile(sample, 0.5)
}
