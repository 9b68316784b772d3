//! Documents written to break the renderer: none may panic, all must say what was wrong.

use super::*;

#[test]
fn unusable_logos_become_warnings() {
    let whole = png(64, 64, 255);
    let cut_short = whole[..whole.len() / 2].to_vec();
    let mut bomb = whole;
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let bad = [Vec::new(), b"not a picture".to_vec(), cut_short, bomb, vec![0; 3 << 20], png(5000, 1, 255)];
    for (at, logo) in bad.into_iter().enumerate() {
        let masthead = Block::Masthead { title: "Invoice".to_owned(), subtitle: String::new() };
        let mut document = document(vec![masthead]);
        document.branding.logo = Some(logo);
        let file = file_of(&document);
        assert!(file.warnings[0].starts_with("The logo was left out"), "{at}: {:?}", file.warnings);
        assert!(text_of(&file).contains("Northwind Cloud"), "{at}");
    }
}

#[test]
fn control_characters_and_direction_overrides_are_dropped() {
    let file = file_of(&document(vec![words("pay\u{202e} \u{0}100\u{200b}0\u{7} \u{2066}EUR\u{feff}")]));
    assert!(text_of(&file).contains("pay 1000 EUR"));
    assert_eq!(file.warnings, Vec::<String>::new());
}

#[test]
fn characters_no_font_has_are_replaced_and_reported_once() {
    let rows = vec![row(RowStyle::Strong, &["न", "1", "2"])];
    let file = file_of(&document(vec![words("नमस्ते नम"), words("न"), table(rows)]));
    assert_eq!(file.warnings.iter().filter(|w| w.contains("U+0928")).count(), 1);
    let options = printpdf::PdfParseOptions::default();
    let parsed = printpdf::PdfDocument::parse(&file.bytes, &options, &mut Vec::new()).unwrap();
    let drawn = format!("{:?}", parsed.pages[0].ops);
    assert!(drawn.contains("ActualText") && drawn.contains("[254, 255, 9, 40]"), "still copied as न");
    let many: String = ('\u{4e00}'..'\u{4f00}').collect();
    assert_eq!(file_of(&document(vec![words(&many)])).warnings.len(), 21);
}

#[test]
fn empty_things_make_a_page() {
    assert_eq!(file_of(&Document::default()).pages, 1);
    let blocks = vec![
        table(Vec::new()),
        Block::Table { columns: Vec::new(), rows: vec![row(RowStyle::Normal, &["lost"])] },
        Block::Totals(Vec::new()),
        Block::Columns(Vec::new()),
        words(""),
        Block::PageBreak,
        Block::PageBreak,
        Block::Heading { level: 0, text: "Last".to_owned() },
    ];
    let file = file_of(&document(blocks));
    assert_eq!(file.pages, 2);
    let pages = pages_of(&file);
    assert!(pages[0].contains(&"Description".to_owned()) && pages[1].contains(&"Last".to_owned()));
    assert!(file.warnings[0].contains("without columns"));
}

#[test]
fn surplus_cells_are_a_warning() {
    let rows = vec![row(RowStyle::Normal, &["a", "1", "2", "3"]), row(RowStyle::Normal, &[])];
    let file = file_of(&document(vec![table(rows)]));
    assert!(file.warnings[0].starts_with("1 table rows have more cells"));
}

#[test]
fn a_row_taller_than_a_page_continues_on_the_next() {
    let tall: Vec<String> = (0..150).map(|i| format!("line {i} end")).collect();
    let file = file_of(&document(vec![table(vec![row(RowStyle::Normal, &[&tall.join("\n"), "1", "2"])])]));
    assert!(file.pages >= 3);
    let pages = pages_of(&file);
    assert!(tall.iter().all(|l| pages.concat().contains(l)));
    assert!(pages.iter().all(|p| p.contains(&"Description".to_owned())));
}

#[test]
fn a_group_taller_than_a_page_is_split_between_rows() {
    let mut rows = vec![row(RowStyle::Normal, &["Parent", "1", "2"])];
    rows.extend((0..200).map(|i| row(RowStyle::Detail, &[&format!("Part {i} end"), "1", "2"])));
    let totals = Block::Totals(vec![total("Due", "1", RowStyle::Strong)]);
    let file = file_of(&document(vec![table(rows), totals]));
    assert!((4..6).contains(&file.pages), "{}", file.pages);
    let pages = pages_of(&file);
    assert!(pages[0].contains(&"Part 0 end".to_owned()));
    assert!(pages.last().unwrap().contains(&"Part 199 end".to_owned()));
}

#[test]
fn absurd_numbers_and_names_do_not_hurt() {
    let column = |weight| TableColumn { title: "wide title ".repeat(40), align: Align::Right, weight };
    let columns = (0..60).map(|i| column(if i % 2 == 0 { 0 } else { u32::MAX })).collect();
    let side =
        |weight| Column { heading: Some("h ".repeat(200)), lines: vec![Vec::new()], weight, align: Align::Centre };
    let huge = "Ünïcödé-Ẅörd ".repeat(60);
    let blocks = vec![
        Block::Masthead { title: huge.clone(), subtitle: huge.clone() },
        Block::Spacer(u32::MAX),
        Block::Table { columns, rows: vec![TableRow { cells: vec![huge.clone(); 60], style: RowStyle::Detail }] },
        Block::Columns(vec![side(0), side(u32::MAX), side(1)]),
        Block::Totals(vec![total(&huge, &huge, RowStyle::Strong), total(&huge, "", RowStyle::Section)]),
        Block::Heading { level: 255, text: huge.repeat(40) },
        words("\u{301}\u{200d}\u{1f468}\u{200d}\u{1f469} \u{fffe} שלום abc (12) مرحبا"),
    ];
    let mut document = document(blocks);
    document.footer = huge.repeat(5);
    document.title = huge;
    document.branding.colour = [255, 255, 255];
    let file = file_of(&document);
    assert!(file.warnings.iter().any(|w| w.contains("title is longer than 3 lines")), "{:?}", file.warnings);
}

#[test]
fn oversized_documents_are_refused() {
    let too_large = |what, limit| Err(PdfError::TooLarge { what, limit });
    let text = document(vec![words(&"x".repeat(MAX_TEXT + 1))]);
    assert_eq!(render(&text), too_large("bytes of text", MAX_TEXT));
    let rows = document(vec![table(vec![row(RowStyle::Normal, &[]); MAX_ROWS])]);
    assert_eq!(render(&rows), too_large("rows", MAX_ROWS));
    let breaks = (0..2 * MAX_PAGES + 2).map(|i| if i % 2 == 0 { words("x") } else { Block::PageBreak });
    assert_eq!(render(&document(breaks.collect())), too_large("pages", MAX_PAGES));
    assert!(render_with_fonts(&document(Vec::new()), &[b"no font".to_vec()]).is_err());
}
