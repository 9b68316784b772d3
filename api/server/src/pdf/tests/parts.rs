//! The parts that can be looked at without a file.

use crate::pdf::text::{Kind, clean, tokens};
use crate::pdf::theme::Theme;
use crate::pdf::widths::{Wish, share_out};

#[test]
fn cleaning_keeps_what_readers_see() {
    assert_eq!(clean("a\tb\r\nc\u{2028}d"), "a b\nc\nd");
    assert_eq!(clean("1\u{202f}000\u{2009}€"), "1\u{a0}000\u{a0}€");
    assert_eq!(clean("e\u{301}"), "é");
    assert_eq!(clean("soft\u{ad}hyphen\u{1b}[0m"), "softhyphen[0m");
}

#[test]
fn lines_may_break_at_spaces_and_after_hyphens_between_letters_only() {
    let cut = |text: &str| -> Vec<(String, bool)> {
        tokens(text, &[text.len()]).iter().map(|t| (t.text.to_owned(), t.glued)).collect()
    };
    assert_eq!(cut("a b"), [("a", false), (" ", false), ("b", false)].map(|(t, g)| (t.to_owned(), g)));
    assert_eq!(cut("set-up"), [("set-".to_owned(), false), ("up".to_owned(), false)]);
    assert_eq!(cut("2026-01-31 -5").len(), 3);
    let marked = "per unit";
    let across_runs = tokens(marked, &[6, 8]);
    assert!(across_runs.last().is_some_and(|t| t.glued && t.run == 1 && t.kind == Kind::Word));
}

#[test]
fn right_to_left_words_are_cut_out() {
    let text = "abc שלום 12";
    let levels: Vec<u8> = tokens(text, &[text.len()]).iter().map(|t| t.level % 2).collect();
    assert!(levels.contains(&0) && levels.contains(&1));
}

#[test]
fn widths_fill_the_page_and_respect_what_columns_need() {
    let wish = |least, most, weight| Wish { least, most, weight };
    let widths = share_out(&[wish(50.0, 200.0, 6), wish(90.0, 90.0, 1), wish(10.0, 40.0, 0)], 400.0);
    assert!((widths.iter().sum::<f32>() - 400.0).abs() < 0.01);
    assert!(widths[1] >= 89.9 && (widths[2] - 40.0).abs() < 0.1);
    let crowded = share_out(&[wish(900.0, 900.0, 1); 7], 400.0);
    assert!((crowded.iter().sum::<f32>() - 400.0).abs() < 0.01);
    let all_narrow = share_out(&[wish(10.0, 10.0, 0); 2], 400.0);
    assert!((all_narrow.iter().sum::<f32>() - 400.0).abs() < 0.01);
    assert!(share_out(&[], 400.0).is_empty());
}

#[test]
fn pale_brand_colours_are_darkened_for_text() {
    let theme = Theme::new([255, 240, 120]);
    assert!(theme.brand_ink.iter().map(|c| u32::from(*c)).sum::<u32>() < 400);
    assert_eq!(Theme::new([0, 60, 160]).brand_ink, [0, 60, 160]);
}
