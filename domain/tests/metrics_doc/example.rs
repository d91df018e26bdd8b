//! Reads the examples of the page: fenced blocks of tables, whose columns are separated by `|`.

use std::cell::RefCell;
use std::collections::BTreeSet;

/// One fenced block.
pub(crate) struct Example {
    pub(crate) tables: Vec<Table>,
}

/// A table: names of columns, then rows.
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(usize, Vec<&'static str>)>,
    looked_at: RefCell<BTreeSet<usize>>,
}

impl Example {
    /// All examples of a page, in order.
    pub(crate) fn all_of(page: &'static str) -> Vec<Self> {
        let mut examples = Vec::new();
        let mut lines = page.lines().enumerate();
        while lines.by_ref().any(|(_, line)| line == "```example") {
            let block: Vec<_> = lines.by_ref().take_while(|(_, line)| *line != "```").collect();
            let tables = block.split(|(_, line)| line.is_empty()).map(Table::read).collect();
            examples.push(Self { tables });
        }
        examples
    }
}

impl Table {
    fn read(lines: &[(usize, &'static str)]) -> Self {
        let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
        let ((_, header), rows) = lines.split_first().expect("no empty table");
        let columns = cells(header);
        let rows: Vec<_> = rows.iter().map(|(index, line)| (index + 1, cells(line))).collect();
        for (line, row) in &rows {
            assert_eq!(row.len(), columns.len(), "line {line} of the page has not one cell a column");
        }
        Self { columns, rows, looked_at: RefCell::default() }
    }

    /// Whether it has a column of this name.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    /// The indices of its rows.
    pub(crate) fn rows(&self) -> std::ops::Range<usize> {
        0..self.rows.len()
    }

    /// The line of the page that holds a row.
    pub(crate) fn line(&self, row: usize) -> usize {
        self.rows[row].0
    }

    /// A cell; none when the table has no such column or the cell is empty.
    pub(crate) fn cell(&self, row: usize, column: &str) -> Option<&'static str> {
        self.sent(row, column).filter(|cell| !cell.is_empty())
    }

    /// A cell, empty or not; none when the table has no such column.
    pub(crate) fn sent(&self, row: usize, column: &str) -> Option<&'static str> {
        let index = self.columns.iter().position(|name| *name == column)?;
        self.looked_at.borrow_mut().insert(index);
        Some(self.rows[row].1[index])
    }

    /// Fails when a column was looked at by no check: a figure on the page that nobody recomputes may be wrong.
    pub(crate) fn every_column_was_looked_at(&self) {
        let looked_at = self.looked_at.borrow();
        for (index, column) in self.columns.iter().enumerate() {
            let line = self.line(0) - 1;
            assert!(
                looked_at.contains(&index),
                "no check reads the column {column} at line {line} of the page"
            );
        }
    }

    /// A cell that must hold something.
    #[track_caller]
    pub(crate) fn text(&self, row: usize, column: &str) -> &'static str {
        self.cell(row, column)
            .unwrap_or_else(|| panic!("line {} of the page says no {column}", self.line(row)))
    }
}
