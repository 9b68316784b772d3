//! Any change of any field, any removal, swap or repetition is found, and the first wrong link is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn entry(sequence: u64, rest: [Option<String>; 7], changes: Vec<Change>) -> Entry {
    let [actor_key_id, actor_session_id, actor_role, address, request_id, subject_id, action] = rest;
    Entry {
        organisation_id: Some("org_1".to_owned()),
        sequence,
        id: format!("aud_{sequence}"),
        recorded_at: "2026-01-02T03:04:05.678901Z".to_owned(),
        actor_kind: "API_KEY".to_owned(),
        actor_key_id,
        actor_session_id,
        actor_role,
        address,
        request_id,
        action: action.unwrap_or_default(),
        subject_type: "PROJECT".to_owned(),
        subject_id,
        changes,
    }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let text = || proptest::option::of("[a-c]{0,2}");
    let change = ("[a-b]{1,2}", text(), text()).prop_map(|(field, before, after)| Change { field, before, after });
    let one = ([text(), text(), text(), text(), text(), text(), text()], proptest::collection::vec(change, 0..3));
    proptest::collection::vec(one, 1..12)
        .prop_map(|all| (1_u64..).zip(all).map(|(sequence, (rest, changes))| entry(sequence, rest, changes)).collect())
}

fn chained(entries: Vec<Entry>) -> (Vec<Link>, Head) {
    let mut head = Head::EMPTY;
    let mut links = Vec::new();
    for entry in entries {
        let link = Link::after(head.hash, entry);
        head = Head { sequence: link.entry.sequence, hash: link.hash };
        links.push(link);
    }
    (links, head)
}

fn walk(links: &[Link], head: Head) -> Result<(), Break> {
    let mut chain = Chain::new(Some("org_1".to_owned()), head);
    links.iter().try_for_each(|link| chain.step(link))?;
    chain.finish()
}

/// Every field of a link, each altered in a way of its own.
fn alterations() -> Vec<fn(&mut Link)> {
    vec![
        |link| link.entry.id.push('x'),
        |link| link.entry.recorded_at.push('x'),
        |link| link.entry.actor_kind.push('x'),
        |link| other(&mut link.entry.actor_key_id),
        |link| other(&mut link.entry.actor_session_id),
        |link| other(&mut link.entry.actor_role),
        |link| other(&mut link.entry.address),
        |link| other(&mut link.entry.request_id),
        |link| link.entry.action.push('x'),
        |link| link.entry.subject_type.push('x'),
        |link| other(&mut link.entry.subject_id),
        |link| link.entry.changes.push(Change { field: String::new(), before: None, after: None }),
        |link| match link.entry.changes.first_mut() {
            Some(change) => other(&mut change.before),
            None => link.entry.action.push('y'),
        },
        |link| match link.entry.changes.pop() {
            Some(_) => {}
            None => link.entry.action.push('z'),
        },
        |link| link.hash[7] ^= 1,
    ]
}

/// Another value, and between nothing and the empty text as well.
fn other(value: &mut Option<String>) {
    *value = match value.take() {
        None => Some(String::new()),
        Some(text) if text.is_empty() => None,
        Some(text) => Some(text + "x"),
    };
}

/// The recipe is a promise: this value must never change.
#[test]
fn golden() {
    let first = entry(
        1,
        [Some("key_1"), None, Some("OWNER"), Some("203.0.113.7"), None, Some(""), Some("PROJECT_CREATED")]
            .map(|text| text.map(str::to_owned)),
        vec![Change { field: "name".to_owned(), before: None, after: Some("Zürich".to_owned()) }],
    );
    assert_eq!(hex::encode(hash(&first, &GENESIS)), "eb68a7e46b24e080297b732c38484116b6c1f6fd7603021202a7fdd18bf921fd");
}

#[test]
fn the_end_is_guarded() {
    let (links, head) = chained((1..=4).map(|sequence| entry(sequence, Default::default(), Vec::new())).collect());
    assert_eq!(walk(&links, head), Ok(()));
    assert_eq!(walk(&[], Head::EMPTY), Ok(()));
    assert_eq!(walk(&links[..3], head), Err(Break::Truncated { first: 4, last: 4 }));
    assert_eq!(walk(&[], head), Err(Break::Truncated { first: 1, last: 4 }));
    let shorter = Head { sequence: 3, hash: links[2].hash };
    assert_eq!(walk(&links, shorter), Err(Break::Inserted { sequence: 4, id: "aud_4".to_owned() }));
    assert_eq!(walk(&links, Head { hash: GENESIS, ..head }), Err(Break::HeadAltered { sequence: 4 }));
    assert_eq!(walk(&links[1..], head), Err(Break::Removed { first: 1, last: 1 }));
    let foreign = Chain::new(None, head).step(&links[0]);
    assert_eq!(foreign, Err(Break::Foreign { sequence: 1, id: "aud_1".to_owned() }));
}

#[test]
fn a_forged_link_in_the_middle_moves_those_after_it() {
    let (mut links, mut head) =
        chained((1..=4).map(|sequence| entry(sequence, Default::default(), Vec::new())).collect());
    let mut forged = entry(3, Default::default(), Vec::new());
    forged.id = "aud_forged".to_owned();
    let forged = Link::after(links[1].hash, forged);
    for link in &mut links[2..] {
        link.entry.sequence += 1;
    }
    links.insert(2, forged);
    head.sequence = 5;
    assert_eq!(walk(&links, head), Err(Break::Moved { sequence: 4, from: 3, id: "aud_3".to_owned() }));
    // And one that replaces another is not what the next was written after.
    let (mut links, head) = chained((1..=4).map(|sequence| entry(sequence, Default::default(), Vec::new())).collect());
    let mut replaced = links[1].entry.clone();
    replaced.action = "X".to_owned();
    links[1] = Link::after(links[0].hash, replaced);
    assert_eq!(walk(&links, head), Err(Break::Unconnected { sequence: 3, id: "aud_3".to_owned() }));
}

proptest! {
    #[test]
    fn what_was_written_is_whole(entries in entries()) {
        let (links, head) = chained(entries);
        prop_assert_eq!(walk(&links, head), Ok(()));
    }

    #[test]
    fn an_alteration_is_named(entries in entries(), place: prop::sample::Index, way: prop::sample::Index) {
        let (mut links, head) = chained(entries);
        let place = place.index(links.len());
        let ways = alterations();
        ways[way.index(ways.len())](&mut links[place]);
        let found = walk(&links, head).unwrap_err();
        let sequence = place as u64 + 1;
        prop_assert!(matches!(found, Break::Altered { sequence: at, .. } if at == sequence), "{found}");
    }

    #[test]
    fn a_removal_is_named(entries in entries(), place: prop::sample::Index) {
        let (mut links, head) = chained(entries);
        let gone = place.index(links.len());
        links.remove(gone);
        let missing = gone as u64 + 1;
        let expected = if gone == links.len() { Break::Truncated { first: missing, last: missing } } else { Break::Removed { first: missing, last: missing } };
        prop_assert_eq!(walk(&links, head), Err(expected));
    }

    #[test]
    fn a_swap_is_named(entries in entries(), one: prop::sample::Index, two: prop::sample::Index) {
        let (mut links, head) = chained(entries);
        let (one, two) = (one.index(links.len()), two.index(links.len()));
        let (one, two) = (one.min(two), one.max(two));
        prop_assume!(one < two);
        // The numbers stay where they are, as when somebody swaps them by SQL.
        links.swap(one, two);
        links[one].entry.sequence = one as u64 + 1;
        links[two].entry.sequence = two as u64 + 1;
        let id = format!("aud_{}", two + 1);
        prop_assert_eq!(walk(&links, head), Err(Break::Moved { sequence: one as u64 + 1, from: two as u64 + 1, id }));
    }

    #[test]
    fn a_repetition_is_named(entries in entries(), place: prop::sample::Index) {
        let (mut links, head) = chained(entries);
        let place = place.index(links.len());
        links.insert(place, links[place].clone());
        let found = walk(&links, head).unwrap_err();
        prop_assert!(matches!(found, Break::Repeated { sequence, .. } if sequence == place as u64 + 1), "{found}");
    }

    /// Texts cannot run into each other.
    #[test]
    fn two_entries_never_share_a_hash(one in entries(), two in entries()) {
        for a in &one {
            for b in &two {
                prop_assert_eq!(a == b, hash(a, &GENESIS) == hash(b, &GENESIS));
            }
        }
    }
}
