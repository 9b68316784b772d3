//! The table as people read it: one line a number, with yardstick, ratio and target beside it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::clock::median;

/// What a number should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// One line.
#[derive(Default)]
pub(crate) struct Row<'a> {
    /// What was done.
    pub(crate) what: &'a str,
    /// The product's number, with its unit.
    pub(crate) measured: String,
    /// The yardstick's number, with its unit.
    pub(crate) yardstick: String,
    /// Product to yardstick.
    pub(crate) ratio: Option<f64>,
    /// Which number is judged, against what, and the unit of the target.
    pub(crate) target: Option<(f64, Target, &'static str)>,
}

/// Prints as it goes and remembers what was missed.
#[derive(Default)]
pub(crate) struct Table {
    met: usize,
    missed: Vec<String>,
    skipped: Vec<String>,
    section: String,
}

impl Table {
    /// The head of the page.
    pub(crate) fn opening(&self, arguments: &Arguments) {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("unknown");
        println!(
            "Undash benchmarks: {processors} processors, load {load} at the start; clients, server and database share them."
        );
        println!(
            "A synced write of 4 kB takes {}; whatever commits alone cannot be faster.",
            synced_write().unwrap_or_else(|error| error.to_string())
        );
        if arguments.quick {
            println!("Quick: every section runs, no number means much.");
        }
    }

    /// Starts a section.
    pub(crate) fn section(&mut self, title: &str, notes: &[&str]) {
        self.section = title.to_owned();
        println!("\n{title}");
        for note in notes {
            println!("  {note}");
        }
        println!("  {:<44} {:>18} {:>18} {:>7}  {:<11} verdict", "", "undash", "yardstick", "ratio", "target");
    }

    /// Prints a line.
    pub(crate) fn row(&mut self, row: &Row<'_>) {
        let ratio = row.ratio.map_or_else(String::new, |ratio| {
            if ratio >= 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.2}") }
        });
        let (target, verdict) =
            row.target.map_or_else(Default::default, |(value, target, unit)| self.judge(row.what, value, target, unit));
        println!(
            "  {:<44} {:>18} {:>18} {:>7}  {:<11} {}",
            row.what, row.measured, row.yardstick, ratio, target, verdict
        );
    }

    /// Prints words under the lines.
    pub(crate) fn note(&self, words: &str) {
        println!("  {words}");
    }

    /// Says loudly that something was not measured.
    pub(crate) fn skip(&mut self, words: &str) {
        println!("  SKIPPED: {words}");
        self.skipped.push(format!("{}: {words}", self.section));
    }

    /// What was met, missed and skipped.
    pub(crate) fn closing(&self, took: Duration) {
        println!(
            "\n{} targets met, {} missed, {} skipped; {:.0} s.",
            self.met,
            self.missed.len(),
            self.skipped.len(),
            took.as_secs_f64()
        );
        for line in &self.missed {
            println!("  MISSED   {line}");
        }
        for line in &self.skipped {
            println!("  SKIPPED  {line}");
        }
    }

    fn judge(&mut self, what: &str, value: f64, target: Target, unit: &str) -> (String, String) {
        let (sign, goal, met) = match target {
            Target::AtLeast(goal) => ("≥", goal, value >= goal),
            Target::AtMost(goal) => ("≤", goal, value <= goal),
        };
        let (words, by) = (format!("{sign} {goal}{unit}"), (value / goal - 1.0).abs() * 100.0);
        if met {
            self.met += 1;
            return (words, format!("met, {by:.0} % to spare"));
        }
        self.missed.push(format!("{}: {what}: {value:.2}{unit} instead of {words}, {by:.0} % off", self.section));
        (words, format!("MISSED by {by:.0} %"))
    }
}

/// The median wait for the disk, which decides about everything that commits alone.
fn synced_write() -> std::io::Result<String> {
    let mut file = tempfile::tempfile()?;
    let mut waits = Vec::new();
    for _ in 0..25 {
        let started = Instant::now();
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
        waits.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(format!("{:.1} ms", median(&waits)))
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digit.is_ascii_digit() {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
