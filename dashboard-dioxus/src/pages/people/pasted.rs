//! What a person pasted from a spreadsheet, taken apart: rows with an id, and with a name, an area and a kind where there are
//! columns of them.

use crate::lean::letter_case::lower;
use domain::limits::MAX_ENTITY_CHANGES;

/// The longest text that is looked at, in bytes: as many rows as may be changed at once, with long names.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// What a file for Excel begins with.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// What a file of this application puts before a text that a spreadsheet would take for a formula.
const TEXT_MARK: char = '\'';
/// What such a text begins with.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What is pasted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pasted {
    pub(super) rows: Vec<PastedRow>,
    /// The titles of columns that are none of those that are known.
    pub(super) unused: Vec<String>,
    /// Why none of it can be used.
    pub(super) fault: Option<Fault>,
}

/// One row. A text that is none was not said; one that is empty says that there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PastedRow {
    /// The line of the text where it begins, from 1.
    pub(super) line: usize,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) area: Option<String>,
    pub(super) kind: Option<String>,
}

/// Why nothing of a text can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooLong,
    TooManyRows(usize),
    /// There are titles of columns, and none is of ids.
    NoIds,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Id,
    Name,
    Area,
    Kind,
    Unused,
}

/// The columns of a text without titles.
const UNTITLED: [Column; 4] = [Column::Id, Column::Name, Column::Area, Column::Kind];

impl Column {
    /// By its title, of which only letters and digits count.
    fn titled(title: &str) -> Self {
        let title: String = lower(title).chars().filter(|character| character.is_alphanumeric()).collect();
        match title.as_str() {
            "id" | "ids" | "no" | "number" | "code" | "badge" | "workerid" | "workstationid"
            | "stationid" | "personid" | "employeeid" | "entityid" => Self::Id,
            "name" | "names" | "fullname" | "workername" | "workstationname" | "stationname" => Self::Name,
            "area" | "areas" | "line" | "department" => Self::Area,
            "kind" | "type" | "entitytype" => Self::Kind,
            _ => Self::Unused,
        }
    }
}

/// Takes a text apart: cells between tabs, semicolons or commas, in quotes or not.
pub(super) fn read(text: &str) -> Pasted {
    let fault = |fault| Pasted { fault: Some(fault), ..Pasted::default() };
    if text.len() > MAX_BYTES {
        return fault(Fault::TooLong);
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut records = records(text);
    let Some((_, first)) = records.first() else { return Pasted::default() };
    let (columns, unused) = match titles(first) {
        None => (UNTITLED.to_vec(), Vec::new()),
        Some(columns) => {
            let (_, titles) = records.remove(0);
            let unused = titles
                .into_iter()
                .zip(&columns)
                .filter(|(title, column)| **column == Column::Unused && !title.is_empty());
            let unused = unused.map(|(title, _)| title).collect();
            (columns, unused)
        }
    };
    if !columns.contains(&Column::Id) {
        return fault(Fault::NoIds);
    }
    if records.len() > MAX_ENTITY_CHANGES {
        return fault(Fault::TooManyRows(records.len()));
    }
    let rows = records.into_iter().map(|(line, cells)| row(line, cells, &columns)).collect();
    Pasted { rows, unused, fault: None }
}

/// The columns, if a row is one of titles: one is of ids, or two are known.
fn titles(cells: &[String]) -> Option<Vec<Column>> {
    let columns: Vec<Column> = cells.iter().map(|title| Column::titled(title)).collect();
    let known = columns.iter().filter(|column| **column != Column::Unused).count();
    (columns.contains(&Column::Id) || known > 1).then_some(columns)
}

fn row(line: usize, cells: Vec<String>, columns: &[Column]) -> PastedRow {
    let mut row = PastedRow { line, ..PastedRow::default() };
    for (cell, column) in cells.into_iter().zip(columns) {
        match column {
            Column::Id if row.id.is_empty() => row.id = cell,
            Column::Name => row.name = Some(cell),
            Column::Area => row.area = Some(cell),
            Column::Kind => row.kind = Some(cell),
            Column::Id | Column::Unused => {}
        }
    }
    row
}

/// The rows that are not blank, each with the line where it begins.
fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let separator = separator(text);
    let mut records = Vec::new();
    let (mut rest, mut line) = (text, 1);
    // Where one quote is never closed, none of those after it is.
    let mut are_quotes_closed = true;
    while !rest.is_empty() {
        let begin = line;
        let mut cells = Vec::new();
        loop {
            let quoted = if are_quotes_closed { rest.strip_prefix('"') } else { None };
            let (mut cell, mut left) = match quoted.map(unquoted) {
                Some(Some((cell, left))) => (cell, left),
                Some(None) => {
                    are_quotes_closed = false;
                    (String::new(), rest)
                }
                None => (String::new(), rest),
            };
            line += cell.matches('\n').count();
            let end = left.find([separator, '\n', '\r']).unwrap_or(left.len());
            cell.push_str(&left[..end]);
            left = &left[end..];
            cells.push(plain(&cell));
            if let Some(more) = left.strip_prefix(separator) {
                rest = more;
                continue;
            }
            rest = left.strip_prefix("\r\n").or_else(|| left.strip_prefix(['\n', '\r'])).unwrap_or(left);
            line += 1;
            break;
        }
        if cells.iter().any(|cell| !cell.is_empty()) {
            records.push((begin, cells));
        }
    }
    records
}

/// What stands between the cells, by the first line that is not blank.
fn separator(text: &str) -> char {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    ['\t', ';', ','].into_iter().find(|separator| first.contains(*separator)).unwrap_or('\t')
}

/// What stands up to the closing quote, in which two are one, and what comes after it; none when none closes.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        cell.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => return Some((cell, after)),
        }
    }
}

/// A cell without the blanks around it, and without the mark of a file of this application.
fn plain(cell: &str) -> String {
    let cell = cell.trim();
    let marked = cell.strip_prefix(TEXT_MARK).filter(|text| text.starts_with(FORMULA_STARTS));
    marked.unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(line: usize, id: &str, name: Option<&str>, area: Option<&str>) -> PastedRow {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        PastedRow { line, id: id.to_owned(), name: owned(name), area: owned(area), kind: None }
    }

    #[test]
    fn columns_stand_in_the_order_of_their_titles_whatever_is_between_them() {
        let expected =
            [row(2, "W1", Some("Ada Kowalska"), Some("Line 1")), row(3, "W2", Some(""), Some("Line 2"))];
        for text in [
            "Area\tWorker ID\tName\r\nLine 1\tW1\tAda Kowalska\r\nLine 2\tW2\t\r\n",
            "\u{feff}area;id;full name\nLine 1;W1;Ada Kowalska\nLine 2; W2 ;",
            "AREA,Id,name\nLine 1,W1,\"Ada Kowalska\"\nLine 2,W2,\"\"\n",
        ] {
            assert_eq!(read(text), Pasted { rows: expected.to_vec(), ..Pasted::default() }, "{text}");
        }
    }

    #[test]
    fn without_titles_the_id_comes_first_then_the_name_then_the_area() {
        let pasted = read("W1\tAda\n\n  \t\nW2\tBen\tLine 1\nW3");
        let expected = [
            row(1, "W1", Some("Ada"), None),
            row(4, "W2", Some("Ben"), Some("Line 1")),
            row(5, "W3", None, None),
        ];
        assert_eq!(pasted.rows, expected);
        assert_eq!(read("\u{feff}W1").rows, [row(1, "W1", None, None)], "the mark is no part of an id");
    }

    #[test]
    fn a_cell_in_quotes_may_hold_what_stands_between_cells_and_quotes_and_lines() {
        let pasted = read("id,name\nW1,\"Kowalska, \"\"Ada\"\"\"\nW2,\"two\nlines\"\nW3,\"5 inch\nW4,'=x");
        let names: Vec<(usize, Option<&str>)> =
            pasted.rows.iter().map(|row| (row.line, row.name.as_deref())).collect();
        let expected =
            [(2, Some("Kowalska, \"Ada\"")), (3, Some("two\nlines")), (5, Some("\"5 inch")), (6, Some("=x"))];
        assert_eq!(names, expected);
    }

    #[test]
    fn columns_that_are_not_known_are_told_and_titles_without_ids_are_a_fault() {
        let pasted = read("id;shift;;kind\nS1;early;x;station");
        assert_eq!(pasted.unused, ["shift"]);
        assert_eq!(pasted.rows[0].kind.as_deref(), Some("station"));
        assert_eq!(read("Name;Area\nAda;Line 1").fault, Some(Fault::NoIds));
        assert_eq!(read(""), Pasted::default());
    }

    #[test]
    fn more_than_can_be_changed_at_once_is_a_fault() {
        let rows = |count: usize| "W1\tAda\n".repeat(count);
        assert_eq!(read(&rows(MAX_ENTITY_CHANGES)).fault, None);
        assert_eq!(
            read(&rows(MAX_ENTITY_CHANGES + 1)).fault,
            Some(Fault::TooManyRows(MAX_ENTITY_CHANGES + 1))
        );
        assert_eq!(read(&" ".repeat(MAX_BYTES + 1)).fault, Some(Fault::TooLong));
    }

    proptest! {
        #[test]
        fn what_a_spreadsheet_writes_is_read_back(
            cells in prop::collection::vec(("[A-Z0-9]{1,4}", "[a-z\";,\t]{0,6}"), 1..6),
            separator in prop::sample::select(vec!['\t', ';', ',']),
        ) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let lines: Vec<String> =
                cells.iter().map(|(id, name)| format!("{id}{separator}{}", quoted(name))).collect();
            let text = format!("id{separator}name\n{}", lines.join("\n"));
            let read: Vec<(String, String)> =
                read(&text).rows.into_iter().map(|row| (row.id, row.name.unwrap_or_default())).collect();
            let expected: Vec<(String, String)> =
                cells.into_iter().map(|(id, name)| (id, name.trim().to_owned())).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_text_is_read_and_every_row_has_its_line(text in "[a-c\",;\t\r\n]{0,60}") {
            let rows = read(&text).rows;
            prop_assert!(rows.is_sorted_by(|one, other| one.line < other.line));
        }
    }
}
