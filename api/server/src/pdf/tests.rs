//! What a reader of the finished files can rely on. The text is read back from the bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod parts;

use std::io::Cursor;

use chrono::NaiveDate;

use super::*;

fn document(blocks: Vec<Block>) -> Document {
    Document {
        title: "Invoice NL-42".to_owned(),
        subject: "Usage in January".to_owned(),
        author: "Northwind".to_owned(),
        issued_on: NaiveDate::from_ymd_opt(2026, 2, 1),
        language: "en-GB".to_owned(),
        branding: Branding { issuer_name: "Northwind Cloud".to_owned(), logo: None, colour: [0, 90, 200] },
        blocks,
        footer: "Northwind Cloud, Berlin".to_owned(),
    }
}

fn row(style: RowStyle, cells: &[&str]) -> TableRow {
    TableRow { cells: cells.iter().map(|&c| c.to_owned()).collect(), style }
}

fn table(rows: Vec<TableRow>) -> Block {
    let column = |title: &str, align, weight| TableColumn { title: title.to_owned(), align, weight };
    let columns = vec![
        column("Description", Align::Left, 6),
        column("Quantity", Align::Right, 2),
        column("Amount", Align::Right, 2),
    ];
    Block::Table { columns, rows }
}

fn total(label: &str, value: &str, style: RowStyle) -> TotalLine {
    TotalLine { label: label.to_owned(), value: value.to_owned(), style }
}

fn words(text: &str) -> Block {
    let runs = vec![Run { text: text.to_owned(), ..Run::default() }];
    Block::Paragraph { runs, align: Align::Left }
}

fn file_of(document: &Document) -> Rendered {
    render(document).unwrap()
}

/// The pieces of text on each page, in the order they were drawn.
fn pages_of(rendered: &Rendered) -> Vec<Vec<String>> {
    let options = printpdf::PdfParseOptions::default();
    let parsed = printpdf::PdfDocument::parse(&rendered.bytes, &options, &mut Vec::new()).unwrap();
    let pages = parsed.extract_text();
    assert_eq!(pages.len(), rendered.pages);
    pages
}

fn text_of(rendered: &Rendered) -> String {
    pages_of(rendered).concat().join("\n")
}

fn png(width: u32, height: u32, opacity: u8) -> Vec<u8> {
    let picture = image::RgbaImage::from_pixel(width, height, image::Rgba([200, 30, 30, opacity]));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let mut document = document(vec![words("₹ 1"), table(vec![row(RowStyle::Normal, &["a", "1", "2"])])]);
    document.branding.logo = Some(png(300, 100, 128));
    let first = file_of(&document);
    assert_eq!(first.bytes, file_of(&document).bytes);
    document.footer.push('!');
    assert_ne!(first.bytes, file_of(&document).bytes);
}

#[test]
fn the_file_says_who_made_it_and_claims_no_conformance() {
    let file = file_of(&document(vec![words("Hello")]));
    let has = |what: &[u8]| file.bytes.windows(what.len()).any(|w| w == what);
    assert!(file.bytes.starts_with(b"%PDF-1.7"));
    assert!(has(b"D:20260201000000Z") && has(b"/Lang") && has(b"DisplayDocTitle"));
    let undash: String = "Undash".encode_utf16().map(|u| format!("{u:04X}")).collect();
    assert!(has(undash.as_bytes()));
    for vendor_mark in ["GTS_PDFX", "printpdf", "OutputIntent", "A5A5A5A5"] {
        assert!(!has(vendor_mark.as_bytes()), "{vendor_mark}");
    }
}

#[test]
fn currency_signs_are_printed_and_can_be_copied() {
    let file = file_of(&document(vec![words("₹1,00,000.00 €2.50 £3 ¥4 −5 fi office")]));
    assert!(text_of(&file).contains("₹1,00,000.00 €2.50 £3 ¥4 −5 fi office"));
    assert_eq!(file.warnings, Vec::<String>::new());
}

#[test]
fn digits_are_equally_wide_in_both_weights() {
    let library = fonts::Library::new(&[]).unwrap();
    let mut shaper = shaping::Shaper::new(&library);
    for bold in [false, true] {
        let width = shaper.shape("0", bold, false).width;
        for digit in ["1", "4", "7", "₹", "€"] {
            assert!((shaper.shape(digit, bold, false).width - width).abs() < 1e-6, "{digit}");
        }
        assert!((shaper.shape("1174", bold, false).width - 4.0 * width).abs() < 1e-5);
    }
}

#[test]
fn a_table_repeats_its_header_on_every_page() {
    let rows = (0..90).map(|i| row(RowStyle::Normal, &[&format!("Row {i} end"), "1", "€2.00"]));
    let file = file_of(&document(vec![table(rows.collect())]));
    assert_eq!(file.pages, 3);
    let pages = pages_of(&file);
    for (at, page) in pages.iter().enumerate() {
        assert_eq!(page.iter().filter(|t| *t == "Description").count(), 1, "page {at}");
        assert!(page.contains(&format!("Page {} of 3", at + 1)));
        assert!(page.contains(&"Northwind Cloud, Berlin".to_owned()));
        assert_eq!(page.contains(&"Invoice NL-42".to_owned()), at > 0);
    }
    let all = pages.concat();
    for i in 0..90 {
        assert_eq!(all.iter().filter(|t| **t == format!("Row {i} end")).count(), 1, "row {i}");
    }
}

#[test]
fn details_and_sections_stay_with_their_rows() {
    let mut rows = Vec::new();
    for i in 0..60 {
        if i % 5 == 0 {
            rows.push(row(RowStyle::Section, &[&format!("Section {i} end")]));
        }
        rows.push(row(RowStyle::Normal, &[&format!("Parent {i} end"), "1", "2"]));
        for part in 0..i % 4 {
            rows.push(row(RowStyle::Detail, &[&format!("Part {i}.{part} end"), "1", "2"]));
        }
    }
    let pages = pages_of(&file_of(&document(vec![table(rows)])));
    let page_with = |text: String| pages.iter().position(|p| p.contains(&text)).unwrap();
    for i in 0..60 {
        let page = page_with(format!("Parent {i} end"));
        assert!((0..i % 4).all(|part| page_with(format!("Part {i}.{part} end")) == page), "{i}");
        assert!(i % 5 != 0 || page_with(format!("Section {i} end")) == page, "section {i}");
    }
}

#[test]
fn totals_are_never_split_nor_left_without_a_row() {
    for count in 20..50 {
        let rows = (0..count).map(|i| row(RowStyle::Normal, &[&format!("Row {i} end"), "1", "2"]));
        let totals = ["Net", "CGST", "SGST"].map(|l| total(l, "₹1.00", RowStyle::Normal)).into_iter();
        let totals = totals.chain([total("Due", "₹9.00", RowStyle::Strong)]).collect();
        let blocks = vec![table(rows.collect()), Block::Spacer(8), Block::Totals(totals)];
        let pages = pages_of(&file_of(&document(blocks)));
        let last = format!("Row {} end", count - 1);
        let page = pages.iter().find(|p| p.contains(&"Due".to_owned())).unwrap();
        assert!(["Net", "CGST", "SGST", &last].iter().all(|t| page.contains(&(*t).to_owned())), "{count}");
    }
}

#[test]
fn a_heading_never_ends_a_page() {
    for lines in 30..60 {
        let filler = vec!["x"; lines].join("\n");
        let heading = Block::Heading { level: 2, text: "Lonely".to_owned() };
        let pages = pages_of(&file_of(&document(vec![words(&filler), heading, words("Company")])));
        let page = pages.iter().find(|p| p.contains(&"Lonely".to_owned())).unwrap();
        assert!(page.contains(&"Company".to_owned()), "{lines}");
    }
}

#[test]
fn long_cells_wrap_and_endless_words_break() {
    let long = "Object storage averaged over the whole period in two regions, replicated and encrypted";
    let endless = "x".repeat(500);
    let rows = vec![row(RowStyle::Normal, &[long, "1", "2"]), row(RowStyle::Normal, &[&endless, "1", "2"])];
    let text = text_of(&file_of(&document(vec![table(rows)])));
    assert!(!text.contains(long) && text.contains("Object storage averaged over"));
    assert_eq!(text.matches('x').count(), 500);
    assert!(text.lines().filter(|l| l.contains("xxx")).count() > 8);
}

#[test]
fn a_thousand_rows_are_all_there() {
    let rows = (0..1000).map(|i| row(RowStyle::Normal, &[&format!("Row {i} end"), "1", "€2.00"]));
    let file = file_of(&document(vec![table(rows.collect())]));
    assert!((28..40).contains(&file.pages), "{}", file.pages);
    assert!(text_of(&file).contains("Row 999 end"));
}

#[test]
fn a_good_logo_replaces_the_name_in_the_masthead() {
    let masthead = Block::Masthead { title: "Invoice".to_owned(), subtitle: "NL-42".to_owned() };
    let mut document = document(vec![masthead]);
    assert!(text_of(&file_of(&document)).contains("Northwind Cloud\n"));
    document.branding.logo = Some(png(1800, 400, 255));
    let file = file_of(&document);
    assert_eq!(file.warnings, Vec::<String>::new());
    assert!(!text_of(&file).contains("Northwind Cloud\n"));
    assert!(file.bytes.windows(6).any(|w| w == b"/Image"));
}
