//! The rules of the house that a compiler does not know, read off the sources.
//!
//! An exception is a line in [`EXCEPTIONS`]; one that is no longer needed fails as well, so that the list
//! can only shrink.

use std::path::{Path, PathBuf};

/// Rule, file, and why it may.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// A source file without comments and without its unit tests.
struct Source {
    path: String,
    text: String,
    code: Vec<(usize, String)>,
    is_test: bool,
}

struct Rule {
    name: &'static str,
    /// Words that may not stand in the code.
    words: &'static [&'static str],
    /// Folders (or files) where they may.
    home: &'static [&'static str],
    /// Whether tests may as well.
    tests_may: bool,
}

// The words are cut in two so that this file does not break its own rules.
const RULES: &[Rule] = &[
    Rule {
        name: "SQL is spoken in the store",
        words: &[concat!("sea", "_orm"), concat!("sqlx", "::")],
        home: &["api/server/src/store/", "entities/", "migration/"],
        tests_may: true,
    },
    Rule {
        name: "the engine is known to the plugin host",
        words: &[concat!("wasm", "time")],
        home: &["plugins/host/"],
        tests_may: false,
    },
    Rule {
        name: "transactions are begun in app",
        words: &[concat!(".be", "gin()")],
        home: &["api/server/src/app/", "api/server/src/store/"],
        tests_may: true,
    },
    Rule {
        name: "the clock is read at the edges",
        words: &[concat!("Utc::", "now"), concat!("SystemTime::", "now")],
        home: &["api/server/src/http/", "api/server/src/graphql/", "api/server/src/cli/", "api/server/src/worker/"],
        tests_may: true,
    },
    Rule {
        name: "the environment is read in config",
        words: &[concat!("env::", "var")],
        home: &["api/server/src/config.rs"],
        tests_may: true,
    },
    Rule {
        name: "nothing is left undone",
        words: &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")],
        home: &[],
        tests_may: false,
    },
    Rule {
        name: "a failure is an error, not a panic",
        words: &[concat!(".unw", "rap()"), concat!(".exp", "ect(")],
        home: &[],
        tests_may: true,
    },
    Rule {
        name: "the terminal belongs to the command line",
        words: &[concat!("print", "ln!(")],
        home: &["api/server/src/cli/", "plugins/build/src/bin/"],
        tests_may: true,
    },
    Rule {
        name: "no money in binary fractions",
        words: &[concat!(" f", "64"), concat!(" f", "32"), concat!("<f", "64")],
        home: &["api/server/src/pdf/"],
        tests_may: true,
    },
];

/// Who has never heard of whom: in files below the first, the second is not named.
const STRANGERS: &[(&str, &str)] = &[
    ("entities/", "billing::"),
    ("migration/", "billing::"),
    ("migration/", "entities::"),
    ("plugins/", "billing::"),
    ("plugins/host/", "use undash::"),
    ("api/billing/", "undash::"),
    ("api/billing/src/", "serde"),
    ("api/billing/src/", "async "),
    ("api/resolver/", "billing::"),
    ("api/transport/", "billing::"),
    ("api/mail/", "undash::"),
    ("api/mail/", "entities::"),
    ("api/server/src/store/", "crate::app"),
    ("api/server/src/store/", "crate::graphql"),
    ("api/server/src/app/", "crate::graphql"),
    ("api/server/src/app/", "crate::http"),
    ("api/server/src/app/", "async_graphql"),
    ("api/server/src/pdf/", "crate::store"),
    ("api/server/src/graphql/", "entities::"),
];

/// Lines after which a file is probably two.
const ALARM: usize = 400;

#[test]
fn every_word_is_spoken_in_its_room() {
    let mut findings = Findings::default();
    for source in sources() {
        for rule in RULES {
            if rule.home.iter().any(|home| source.path.starts_with(home)) || (rule.tests_may && source.is_test) {
                continue;
            }
            for (line, code) in &source.code {
                if let Some(word) = rule.words.iter().find(|word| code.contains(*word)) {
                    findings.add(rule.name, &source.path, format!("{}:{line}: {word} ({})", source.path, rule.name));
                }
            }
        }
        for (below, stranger) in STRANGERS.iter().filter(|(below, _)| source.path.starts_with(below) && !source.is_test)
        {
            for (line, _) in source.code.iter().filter(|(_, code)| code.contains(stranger)) {
                findings.add(
                    "strangers",
                    &source.path,
                    format!("{}:{line}: {below} has never heard of {stranger}", source.path),
                );
            }
        }
    }
    findings.settle(&["strangers"], RULES);
}

#[test]
fn every_file_says_why_it_is_there() {
    let mut findings = Findings::default();
    for source in sources() {
        if !source.text.starts_with("//!") {
            findings.add("header", &source.path, format!("{} does not open with //!", source.path));
        }
        let lines = source.text.lines().count();
        if lines > ALARM {
            findings.add(
                "size",
                &source.path,
                format!("{} has {lines} lines: look for two things in one place", source.path),
            );
        }
    }
    findings.settle(&["header", "size"], &[]);
}

#[test]
fn the_pure_heart_depends_on_nothing_of_ours() {
    let manifest = std::fs::read_to_string(root().join("api/billing/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("[dev-dependencies]").next().unwrap();
    for stranger in [
        "undash",
        "entities",
        "migration",
        "plugin",
        "tokio",
        "serde",
        "sea-orm",
        "async-graphql",
        concat!("wasm", "time"),
    ] {
        let depends = dependencies.lines().any(|line| {
            line.split('=')
                .next()
                .is_some_and(|name| name.trim() == stranger || name.trim().starts_with(&format!("{stranger}-")))
        });
        assert!(!depends, "api/billing depends on {stranger}");
    }
}

/// Findings, minus what is excepted.
#[derive(Default)]
struct Findings {
    words: Vec<String>,
    used: Vec<(&'static str, &'static str)>,
}

impl Findings {
    fn add(&mut self, rule: &str, path: &str, words: String) {
        match EXCEPTIONS.iter().find(|(excepted, file, _)| *excepted == rule && *file == path) {
            Some((excepted, file, _)) => self.used.push((excepted, file)),
            None => self.words.push(words),
        }
    }

    /// Fails when there are findings, and when an exception to one of these rules was not needed.
    fn settle(mut self, names: &[&str], rules: &[Rule]) {
        for (rule, file, _) in EXCEPTIONS {
            let ours = names.contains(rule) || rules.iter().any(|known| known.name == *rule);
            if ours && !self.used.contains(&(rule, file)) {
                self.words.push(format!("the exception for {file} ({rule}) is no longer needed: remove it"));
            }
        }
        assert!(self.words.is_empty(), "{} findings:\n{}", self.words.len(), self.words.join("\n"));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn sources() -> Vec<Source> {
    let root = root();
    let mut files = Vec::new();
    for folder in ["api", "entities", "migration", "plugins", "tests"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 150, "the sources were found: {}", files.len());
    files.into_iter().map(|file| Source::read(&root, &file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn read(root: &Path, file: &Path) -> Self {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(file).unwrap();
        let is_test = path.starts_with("tests/")
            || path.contains("/tests/")
            || path.ends_with("/tests.rs")
            || path.contains("/benches/")
            || path.contains("/examples/");
        let mut code = Vec::new();
        for (number, line) in text.lines().enumerate() {
            // Unit tests are the last thing in a file.
            if line.trim() == "#[cfg(test)]"
                && text.lines().nth(number + 1).is_some_and(|next| next.trim().starts_with("mod tests {"))
            {
                break;
            }
            let spoken = line.trim_start();
            if !spoken.starts_with("//") {
                code.push((number + 1, spoken.split(" // ").next().unwrap_or_default().to_owned()));
            }
        }
        Self { path, text, code, is_test }
    }
}
