//! Tables as text that spreadsheets open: comma-separated values (RFC 4180), with the mark by which Excel knows UTF-8.
//!
//! A crate for it would bring a reader, errors and options; this writes cells into one text.

use super::csv_style::CsvStyle;
use std::fmt::Write;

/// What Excel needs at the start of a file to read names that are not English.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// RFC 4180 asks for both characters.
const LINE_END: &str = "\r\n";
/// A text that begins with one of these would be a formula to a spreadsheet, and names come from anybody who may send
/// events. The last four are the forms that East Asian keyboards write.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// Where the decimal comma is used, spreadsheets may take these for the ends of cells instead, and see no quotes but those at the
/// beginning of a line; what follows one begins a cell then.
const OTHER_SEPARATORS: [char; 2] = [';', '\t'];
/// Put before such a text, it says that the cell is a text.
const TEXT_MARK: char = '\'';

/// One cell of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'text> {
    Text(&'text str),
    /// Written with one decimal, as pages show it, and without one where it is zero; nothing where there is none.
    Number(Option<f64>),
    Whole(i64),
}

impl<'text> From<&'text str> for Cell<'text> {
    fn from(text: &'text str) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<f64>> for Cell<'_> {
    fn from(number: Option<f64>) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

/// A table that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Csv {
    text: String,
    columns: usize,
    style: CsvStyle,
}

impl Csv {
    /// With the names of its columns.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self::with_style(CsvStyle::current(), header)
    }

    fn with_style(style: CsvStyle, header: &[&str]) -> Self {
        let csv = Self { text: String::from(BYTE_ORDER_MARK), columns: header.len(), style };
        csv.line(header.iter().copied().map(Cell::Text))
    }

    /// The rows alone of a table whose beginning is written already.
    pub(crate) fn rows(columns: usize) -> Self {
        Self { text: String::new(), columns, style: CsvStyle::current() }
    }

    /// Adds a row. Cells that it lacks are left empty, because every line must have as many as the header.
    pub(crate) fn row(self, cells: &[Cell<'_>]) -> Self {
        let missing = self.columns.saturating_sub(cells.len());
        self.line(cells.iter().copied().chain(std::iter::repeat_n(Cell::Number(None), missing)))
    }

    /// The whole table.
    pub(crate) fn text(self) -> String {
        self.text
    }

    fn line<'text>(mut self, cells: impl Iterator<Item = Cell<'text>>) -> Self {
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                self.text.push_str(self.style.separator());
            }
            // Writing to a text cannot fail.
            match cell {
                Cell::Text(text) => push_text(&mut self.text, text),
                Cell::Whole(number) => _ = write!(self.text, "{number}"),
                Cell::Number(Some(number)) if number.is_finite() => {
                    push_number(&mut self.text, number, self.style.decimal_mark());
                }
                Cell::Number(_) => {}
            }
        }
        self.text.push_str(LINE_END);
        self
    }
}

/// Rounded as [`crate::lean::number::grouped`] rounds for people.
fn push_number(line: &mut String, number: f64, decimal_mark: char) {
    let tenths = (number * 10.0).round();
    // Writing to a text cannot fail, here and below.
    _ = write!(line, "{}", (tenths / 10.0).trunc());
    let rest = (tenths % 10.0).abs();
    if rest > 0.0 {
        _ = write!(line, "{decimal_mark}{rest}");
    }
}

fn push_text(line: &mut String, text: &str) {
    let is_formula = text.starts_with(FORMULA_STARTS);
    let is_quoted = is_formula || text.contains([',', '"', '\r', '\n', ';', '\t']);
    if !is_quoted {
        line.push_str(text);
        return;
    }
    line.push('"');
    let mut begins = true;
    for character in text.chars() {
        if begins && FORMULA_STARTS.contains(&character) {
            line.push(TEXT_MARK);
        }
        begins = OTHER_SEPARATORS.contains(&character);
        if character == '"' {
            line.push('"');
        }
        line.push(character);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads what RFC 4180 describes, strictly.
    fn parsed(text: &str) -> Vec<Vec<String>> {
        let mut rest = text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let mut row = Vec::new();
            loop {
                let (cell, after) = parsed_cell(rest);
                row.push(cell);
                if let Some(next) = after.strip_prefix(',') {
                    rest = next;
                } else {
                    rest = after.strip_prefix("\r\n").expect("a line ends after its last cell");
                    break;
                }
            }
            rows.push(row);
        }
        rows
    }

    fn parsed_cell(text: &str) -> (String, &str) {
        let Some(mut rest) = text.strip_prefix('"') else {
            let end = text.find([',', '\r', '\n', '"']).expect("an end");
            return (text[..end].to_owned(), &text[end..]);
        };
        let mut cell = String::new();
        loop {
            let quote = rest.find('"').expect("a closing quote");
            cell.push_str(&rest[..quote]);
            rest = &rest[quote + 1..];
            let Some(doubled) = rest.strip_prefix('"') else { return (cell, rest) };
            cell.push('"');
            rest = doubled;
        }
    }

    #[test]
    fn a_table_is_lines_of_cells_after_the_mark_of_utf8() {
        let csv = Csv::new(&["Worker", "Utilization, %", "Units"]);
        let csv = csv.row(&["Jörg".into(), 77.777_777_777_777_77.into(), 1_400.into()]);
        let csv = csv.row(&["W2".into(), None.into(), Cell::Whole(0)]);
        assert_eq!(csv.text(), "\u{feff}Worker,\"Utilization, %\",Units\r\nJörg,77.8,1400\r\nW2,,0\r\n");
    }

    #[test]
    fn numbers_have_one_decimal_and_it_is_left_out_where_it_is_zero() {
        let cells = [0.04, 0.05, -0.25, 2.0, 99.96, 1_234_567.89].map(Cell::from);
        let text = Csv::new(&["a", "b", "c", "d", "e", "f"]).row(&cells).text();
        assert!(text.ends_with("\r\n0,0.1,-0.3,2,100,1234567.9\r\n"), "{text}");
    }

    #[test]
    fn between_semicolons_numbers_have_a_decimal_comma() {
        let csv = Csv::with_style(CsvStyle::Semicolon, &["Worker", "Utilization, %"]);
        let text = csv.row(&["a;b".into(), 77.75.into()]).text();
        assert_eq!(text, "\u{feff}Worker;\"Utilization, %\"\r\n\"a;b\";77,8\r\n");
    }

    #[test]
    fn rows_alone_go_on_where_a_table_ended() {
        assert_eq!(Csv::rows(2).row(&["a".into()]).text(), "a,\r\n");
    }

    #[test]
    fn quotes_are_doubled_and_line_ends_kept_within_a_cell() {
        let text = Csv::new(&["Name"]).row(&["a \"b\"\r\nc".into()]).text();
        assert_eq!(text, "\u{feff}Name\r\n\"a \"\"b\"\"\r\nc\"\r\n");
    }

    #[test]
    fn a_text_that_would_be_a_formula_is_marked_as_text_and_a_negative_number_is_not() {
        for start in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let text = Csv::new(&["Name"]).row(&[start.into()]).text();
            assert_eq!(parsed(&text)[1], [marked(start)]);
            assert!(parsed(&text)[1][0].starts_with(TEXT_MARK));
        }
        assert!(Csv::new(&["=cmd"]).text().contains("'=cmd"));
        let numbers = Csv::new(&["a", "b"]).row(&[(-1.5).into(), (-2).into()]).text();
        assert!(numbers.ends_with("-1.5,-2\r\n"));
    }

    #[test]
    fn what_another_separator_would_make_a_formula_is_marked_as_text_too() {
        let text = Csv::new(&["Units", "Name"]).row(&[5.into(), "a;=b\t@c;d".into()]).text();
        assert!(text.ends_with("5,\"a;'=b\t'@c;d\"\r\n"), "{text}");
        assert!(Csv::new(&["Name"]).row(&["a;b".into()]).text().ends_with("\"a;b\"\r\n"));
    }

    /// A text as it is read back: each part that some spreadsheet could take for a cell is marked if it would be a formula.
    fn marked(text: &str) -> String {
        let parts = text.split_inclusive(OTHER_SEPARATORS);
        parts
            .map(|part| if part.starts_with(FORMULA_STARTS) { format!("'{part}") } else { part.to_owned() })
            .collect()
    }

    #[test]
    fn what_is_no_number_is_an_empty_cell_and_so_is_what_a_row_lacks() {
        let text = Csv::new(&["a", "b", "c"]).row(&[f64::NAN.into(), f64::INFINITY.into()]).text();
        assert!(text.ends_with("\r\n,,\r\n"));
    }

    proptest! {
        #[test]
        fn whatever_the_texts_are_a_reader_gets_them_back(
            rows in proptest::collection::vec(proptest::array::uniform3("(?s)[=@+\\-\"',;\r\n\ta-zé\u{1f600}]{0,8}|.{0,12}"), 0..8),
        ) {
            let mut csv = Csv::new(&["a", "b", "c"]);
            for row in &rows {
                csv = csv.row(&row.each_ref().map(|text| Cell::Text(text)));
            }
            let read = parsed(&csv.text());
            prop_assert_eq!(read.len(), rows.len() + 1);
            for (read, row) in read[1..].iter().zip(&rows) {
                for (read, text) in read.iter().zip(row) {
                    prop_assert!(!read.starts_with(FORMULA_STARTS));
                    let in_cells = read.split(OTHER_SEPARATORS);
                    prop_assert!(in_cells.clone().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
                    // Without the marks it is what it was.
                    prop_assert_eq!(read, &marked(text));
                }
            }
        }

        #[test]
        fn a_number_is_read_back_to_within_a_twentieth(number in -1e9_f64..1e9) {
            let text = Csv::new(&["a"]).row(&[number.into()]).text();
            let read: f64 = parsed(&text)[1][0].parse().unwrap();
            prop_assert!((read - number).abs() <= 0.050_001, "{number} is {read}");
        }
    }
}
