//! The form of a template's answer: text without control characters, tables whose rows fit their columns.

use plugin_contract::Budget;

use super::{Meter, invalid};
use crate::failure::Failure;
use crate::v1::template::{Block, Document, Run, Table};

const TITLE: usize = 256;
const TEXT: usize = 4_096;
const COLUMNS: usize = 12;
const WEIGHT: u32 = 1_000;
const SPACER: u32 = 400;

pub(crate) fn check(document: &mut Document, budget: Budget) -> Result<(), Failure> {
    let mut meter = Meter::new(budget);
    meter.text(&mut document.title, TITLE, || "title".to_owned())?;
    meter.text(&mut document.footer, TITLE, || "footer".to_owned())?;
    meter.list(&document.blocks)?;
    for (at, block) in document.blocks.iter_mut().enumerate() {
        check_block(&mut meter, block, &format!("blocks.{at}"))?;
    }
    Ok(())
}

fn check_block(meter: &mut Meter, block: &mut Block, path: &str) -> Result<(), Failure> {
    match block {
        Block::Masthead(masthead) => {
            meter.text(&mut masthead.title, TITLE, || format!("{path}.title"))?;
            meter.text(&mut masthead.subtitle, TITLE, || format!("{path}.subtitle"))
        }
        Block::Heading(heading) => {
            if !(1..=3).contains(&heading.level) {
                let got = heading.level.to_string();
                return Err(invalid(format!("{path}.level"), "1-to-3", &got));
            }
            meter.text(&mut heading.text, TEXT, || format!("{path}.text"))
        }
        Block::Paragraph(paragraph) => check_runs(meter, &mut paragraph.runs, path),
        Block::Columns(columns) => {
            check_count(columns.len(), path)?;
            meter.list(columns)?;
            for (at, column) in columns.iter_mut().enumerate() {
                let path = format!("{path}.{at}");
                check_weight(column.weight, &path)?;
                if let Some(heading) = &mut column.heading {
                    meter.text(heading, TITLE, || format!("{path}.heading"))?;
                }
                meter.list(&column.lines)?;
                for (at, line) in column.lines.iter_mut().enumerate() {
                    check_runs(meter, line, &format!("{path}.lines.{at}"))?;
                }
            }
            Ok(())
        }
        Block::Table(table) => check_table(meter, table, path),
        Block::Totals(lines) => {
            meter.list(lines)?;
            for (at, line) in lines.iter_mut().enumerate() {
                meter.text(&mut line.label, TITLE, || format!("{path}.{at}.label"))?;
                meter.text(&mut line.value, TITLE, || format!("{path}.{at}.value"))?;
            }
            Ok(())
        }
        Block::Spacer(points) if *points > SPACER => Err(invalid(path.to_owned(), "at-most-400", &points.to_string())),
        Block::Spacer(_) | Block::Rule | Block::PageBreak => Ok(()),
    }
}

fn check_table(meter: &mut Meter, table: &mut Table, path: &str) -> Result<(), Failure> {
    check_count(table.columns.len(), path)?;
    meter.list(&table.columns)?;
    for (at, column) in table.columns.iter_mut().enumerate() {
        let path = format!("{path}.columns.{at}");
        check_weight(column.weight, &path)?;
        meter.text(&mut column.title, TITLE, || format!("{path}.title"))?;
    }
    meter.list(&table.rows)?;
    for (at, row) in table.rows.iter_mut().enumerate() {
        if row.cells.len() != table.columns.len() {
            return Err(invalid(format!("{path}.rows.{at}.cells"), "as-many-as-columns", &row.cells.len().to_string()));
        }
        meter.list(&row.cells)?;
        for (cell_at, cell) in row.cells.iter_mut().enumerate() {
            meter.text(cell, TEXT, || format!("{path}.rows.{at}.cells.{cell_at}"))?;
        }
    }
    Ok(())
}

fn check_runs(meter: &mut Meter, runs: &mut [Run], path: &str) -> Result<(), Failure> {
    meter.list(runs)?;
    for (at, run) in runs.iter_mut().enumerate() {
        meter.text(&mut run.text, TEXT, || format!("{path}.runs.{at}.text"))?;
    }
    Ok(())
}

fn check_count(count: usize, path: &str) -> Result<(), Failure> {
    if (1..=COLUMNS).contains(&count) {
        Ok(())
    } else {
        Err(invalid(path.to_owned(), "1-to-12-columns", &count.to_string()))
    }
}

fn check_weight(weight: u32, path: &str) -> Result<(), Failure> {
    if (1..=WEIGHT).contains(&weight) {
        Ok(())
    } else {
        Err(invalid(format!("{path}.weight"), "1-to-1000", &weight.to_string()))
    }
}
