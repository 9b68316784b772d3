//! What to measure and how much of it: flags, and `BENCH_ROWS` for those who cannot pass flags.

/// A part of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Pricing,
    Pdf,
    Billing,
    Ingestion,
    Growth,
}

const SECTIONS: [(&str, Section); 5] = [
    ("pricing", Section::Pricing),
    ("pdf", Section::Pdf),
    ("billing", Section::Billing),
    ("ingestion", Section::Ingestion),
    ("growth", Section::Growth),
];

const HELP: &str = "\
cargo bench -p undash-tests --bench ratios -- [SECTION]… [--quick] [--rows N] [--sqlite | --postgres]

SECTION     pricing, pdf, billing, ingestion, growth; without one, all
--quick     a smoke test of every section in a few seconds; its numbers mean little
--rows N    rows of the growth section [default: 500000, or BENCH_ROWS]; 5000000 is the whole question
--sqlite    ingestion and growth on SQLite only
--postgres  ingestion and growth on PostgreSQL only

PostgreSQL is a throw-away server of this machine; the tables say so loudly when there is none.";

/// How much to do.
pub(crate) struct Arguments {
    sections: Vec<Section>,
    /// Smoke test.
    pub(crate) quick: bool,
    /// Rows the tables grow to.
    pub(crate) rows: usize,
    /// Measure on SQLite.
    pub(crate) sqlite: bool,
    /// Measure on PostgreSQL.
    pub(crate) postgres: bool,
}

impl Arguments {
    /// Reads the command line. Without cargo's `--bench` it is a test run, which is quick.
    pub(crate) fn read() -> Result<Self, String> {
        let rows = std::env::var("BENCH_ROWS").ok().map(|text| number(&text)).transpose()?;
        let (mut rows, mut bench, mut quick) = (rows, false, false);
        let (mut only_sqlite, mut only_postgres, mut sections) = (false, false, Vec::new());
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => bench = true,
                "--quick" => quick = true,
                "--sqlite" => only_sqlite = true,
                "--postgres" => only_postgres = true,
                "--rows" => rows = Some(number(&words.next().unwrap_or_default())?),
                name => match SECTIONS.iter().find(|(known, _)| *known == name) {
                    Some((_, section)) => sections.push(*section),
                    None => return Err(HELP.to_owned()),
                },
            }
        }
        let quick = quick || !bench;
        Ok(Self {
            sections,
            quick,
            rows: rows.unwrap_or(if quick { 10_000 } else { 500_000 }),
            sqlite: !only_postgres || only_sqlite,
            postgres: !only_sqlite || only_postgres,
        })
    }

    /// Whether a section was asked for.
    pub(crate) fn wants(&self, section: Section) -> bool {
        self.sections.is_empty() || self.sections.contains(&section)
    }

    /// `many`, or `few` in a smoke test.
    pub(crate) fn scaled(&self, many: usize, few: usize) -> usize {
        if self.quick { few } else { many }
    }
}

fn number(text: &str) -> Result<usize, String> {
    let number = text.replace('_', "").parse().ok().filter(|rows: &usize| *rows >= 5_000);
    number.ok_or_else(|| format!("`{text}` is not a number of rows from 5000 on.\n\n{HELP}"))
}
