//! Preparing, caching, queueing: what happens around the calls.

use std::sync::Arc;

use plugin_host::{CacheSettings, Failure, Host, HostSettings, digest};

use crate::guests::{PRICING, TAX, per_unit, pricing_rule, question, settings};

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plugin-host-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> std::path::PathBuf {
        let engine = std::fs::read_dir(&self.0).unwrap().next().unwrap().unwrap().path();
        std::fs::read_dir(engine).unwrap().next().unwrap().unwrap().path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn only_prepared_plugins_of_the_right_kind_are_called() {
    let host = Host::new(settings()).unwrap();
    let name = digest(TAX);
    let input = question(vec![]);
    assert_eq!(host.price_now(&name, &input).answer.unwrap_err(), Failure::NotPrepared);
    assert!(matches!(host.prepare_now(&name, PRICING), Err(Failure::Internal { .. })));
    assert!(!host.is_ready(&name));
    host.prepare_now(&name, TAX).unwrap();
    assert!(host.is_ready(&name));
    let failure = host.price_now(&name, &input).answer.unwrap_err();
    assert_eq!(failure, Failure::WrongKind { expected: "pricing" });
}

#[test]
fn machine_code_from_disk_is_only_run_when_it_is_ours() {
    let folder = Folder::new("cache");
    let cache = |key: u8| Some(CacheSettings { dir: folder.0.clone(), key: [key; 32] });
    let name = digest(PRICING);
    let ask = |key: u8| {
        let host = Host::new(HostSettings { cache: cache(key), ..settings() }).unwrap();
        host.prepare_now(&name, PRICING).unwrap();
        host.price_now(&name, &question(vec![per_unit("calls", "2", "1.5")])).answer.unwrap()
    };
    let first = ask(1);
    let kept = std::fs::read(folder.file()).unwrap();
    assert_eq!(ask(1), first);
    // Another key, a flipped bit and a torn file are compiled again and replaced.
    assert_eq!(ask(2), first);
    assert_ne!(std::fs::read(folder.file()).unwrap()[..32], kept[..32]);
    let mut flipped = kept.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    std::fs::write(folder.file(), &flipped).unwrap();
    assert_eq!(ask(1), first);
    assert_eq!(std::fs::read(folder.file()).unwrap(), kept);
    std::fs::write(folder.file(), &kept[..kept.len() / 3]).unwrap();
    assert_eq!(ask(1), first);
    assert_eq!(std::fs::read(folder.file()).unwrap(), kept);
}

#[test]
fn equal_settings_have_equal_fingerprints() {
    let fingerprint = |profile| {
        let host = Host::new(HostSettings { profile, ..HostSettings::default() }).unwrap();
        host.fingerprint().to_owned()
    };
    let standard = plugin_host::STANDARD;
    let smaller = plugin_host::LimitProfile { fuel_max: 1, ..standard };
    assert_eq!(fingerprint(standard), fingerprint(standard));
    assert_ne!(fingerprint(standard), fingerprint(smaller));
}

#[tokio::test]
async fn many_callers_prepare_once_and_all_are_answered() {
    let host = Host::new(settings()).unwrap();
    let name = digest(PRICING);
    let bytes: Arc<[u8]> = Arc::from(PRICING);
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (host, name, bytes) = (Arc::clone(&host), name.clone(), Arc::clone(&bytes));
        tasks.push(tokio::spawn(async move {
            host.prepare(&name, bytes).await.unwrap();
            host.price(&name, question(vec![per_unit("calls", "2", "1.5")])).await
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().answer.unwrap().charges[0].amount, "3");
    }
    let found = host.inspect(bytes).await.unwrap();
    assert_eq!(found.digest, name);
}

#[tokio::test]
async fn a_full_queue_is_an_answer_and_passes() {
    let host = Host::new(HostSettings { threads: 1, queue: 1, ..settings() }).unwrap();
    let endless = pricing_rule("(loop (br 0)) (unreachable)", "");
    let name = digest(&endless);
    host.prepare_now(&name, &endless).unwrap();
    let calls = (0..8).map(|_| {
        let (host, name) = (Arc::clone(&host), name.clone());
        tokio::spawn(async move { host.price(&name, question(vec![])).await.answer.unwrap_err() })
    });
    let mut codes = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let failure = call.await.unwrap();
        assert_eq!(failure.is_deterministic(), failure.code() == "fuel");
        codes.push(failure.code());
    }
    assert!(codes.contains(&"capacity") && codes.contains(&"fuel"), "{codes:?}");
    let name = digest(PRICING);
    host.prepare(&name, Arc::from(PRICING)).await.unwrap();
    let call = host.price(&name, question(vec![per_unit("calls", "2", "1.5")])).await;
    assert!(call.answer.is_ok());
}
