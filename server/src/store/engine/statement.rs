//! Statements about many rows at once, in the words of each engine.
//!
//! * SQLite binds every value. Rows are cut into a few fixed numbers, so that few different statements are prepared; the
//!   last few are filled up with nulls, because one more statement costs more than the rows that it leaves out.
//! * PostgreSQL binds one array a column, so that one prepared statement serves any number of rows.
//! * A seek goes from the rows to the table's key and never the other way, whatever the statistics say.

use std::ops::{Range, RangeInclusive};

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value, sea_query::ArrayType};

/// How many rows of an SQLite statement there may be: each number is a statement of its own to prepare.
const SQLITE_ROWS: [usize; 15] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512];

/// So many rows are one SQLite statement, filled up to the next of [`SQLITE_ROWS`]. Fewer need no filling up.
const SQLITE_ROWS_FILLED_UP: RangeInclusive<usize> = 5..=64;

/// The most rows of one PostgreSQL statement: some megabytes of arrays.
const POSTGRES_ROWS: usize = 20_000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Bool,
    SmallInt,
    Int,
    BigInt,
    Text,
    Bytes,
    /// A number or null; the least number is never one of ours.
    SmallIntOrNull,
    /// As above.
    IntOrNull,
    /// As above.
    BigIntOrNull,
    /// A text or null; an empty text is null.
    TextOrNull,
}

impl Kind {
    const fn postgres(self) -> (&'static str, ArrayType) {
        match self {
            Self::Bool => ("bool", ArrayType::Bool),
            Self::SmallInt | Self::SmallIntOrNull => ("int2", ArrayType::SmallInt),
            Self::Int | Self::IntOrNull => ("int4", ArrayType::Int),
            Self::BigInt | Self::BigIntOrNull => ("int8", ArrayType::BigInt),
            Self::Text | Self::TextOrNull => ("text", ArrayType::String),
            Self::Bytes => ("bytea", ArrayType::Bytes),
        }
    }

    /// What stands for null within an array, which the driver cannot leave empty: as a value and as SQL.
    fn stands_for_null(self) -> Option<(Value, &'static str)> {
        match self {
            Self::SmallIntOrNull => Some((i16::MIN.into(), "(-32768)::int2")),
            Self::IntOrNull => Some((i32::MIN.into(), "(-2147483648)::int4")),
            Self::BigIntOrNull => Some((i64::MIN.into(), "(-9223372036854775808)::int8")),
            Self::TextOrNull => Some((String::new().into(), "''")),
            _ => None,
        }
    }
}

/// How many rows one statement takes at a time.
pub(in crate::store) fn chunks(backend: DbBackend, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let left = rows - from;
        let size = match backend {
            _ if left == 0 => return None,
            DbBackend::Sqlite if left <= *SQLITE_ROWS_FILLED_UP.end() => left,
            DbBackend::Sqlite => SQLITE_ROWS.into_iter().rfind(|size| *size <= left)?,
            _ => left.min(POSTGRES_ROWS),
        };
        from += size;
        Some(from - size..from)
    })
}

/// The most values that one statement binds: SQLite's limit, the lower one of the engines.
const MAX_BOUND_VALUES: usize = 32_766;

/// How many rows of so many columns one statement can bind.
pub(in crate::store) const fn rows_per_statement(columns: usize) -> usize {
    MAX_BOUND_VALUES / columns
}

/// How long a statement about few rows is, in bytes, so that its text grows once.
const TEXT_BYTES: usize = 1_024;

/// A statement in the making: its text and the values bound to it.
pub(in crate::store) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins a statement.
    pub(in crate::store) fn new(conn: &impl ConnectionTrait, text: &str) -> Self {
        let mut sql = Self {
            backend: conn.get_database_backend(),
            text: String::with_capacity(TEXT_BYTES),
            values: Vec::new(),
        };
        sql.text.push_str(text);
        sql
    }

    /// Goes on with words that both engines understand.
    pub(in crate::store) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a value.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.push_value(value.into());
        self
    }

    /// Goes on with numbers in brackets, for IN, as one value, so that any number of them is the same statement.
    pub(in crate::store) fn bind_set(mut self, numbers: impl Iterator<Item = i32>) -> Self {
        if self.backend == DbBackend::Sqlite {
            let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
            return self
                .text("(SELECT value FROM json_each(")
                .bind(format!("[{}]", numbers.join(",")))
                .text("))");
        }
        self.text.push_str("(SELECT UNNEST(");
        self.push_array(Kind::Int, numbers.map(Into::into).collect());
        self.text("))")
    }

    /// Goes on with rows, as a query. Their first column is never null.
    pub(in crate::store) fn rows<const N: usize>(
        mut self,
        kinds: &[Kind; N],
        rows: impl ExactSizeIterator<Item: IntoIterator<Item = Value>>,
    ) -> Self {
        if self.backend == DbBackend::Sqlite {
            self.push_values(N, rows);
            return self;
        }
        let columns: Vec<String> = names(N)
            .zip(kinds)
            .map(|(column, kind)| match kind.stands_for_null() {
                Some((_, null)) => format!("NULLIF({column}, {null})"),
                None => column,
            })
            .collect();
        self.text.push_str("SELECT ");
        self.text.push_str(&columns.join(", "));
        // Arrays side by side in a select list are taken apart a row at a time; a function in FROM is stored whole first.
        self.text.push_str(" FROM (SELECT ");
        for ((column, array), name) in columns_of(kinds, rows).into_iter().enumerate().zip(names(N)) {
            self.text.push_str(if column == 0 { "UNNEST(" } else { ", UNNEST(" });
            self.push_array(kinds[column], array);
            self.text.push_str(") AS ");
            self.text.push_str(&name);
        }
        self.text.push_str(") AS wanted");
        self
    }

    /// Goes on with given rows as a table (as `wanted`), whose columns are `column1`, `column2` and so on. The first is never
    /// null.
    pub(in crate::store) fn given<const N: usize>(
        mut self,
        kinds: &[Kind; N],
        rows: impl ExactSizeIterator<Item: IntoIterator<Item = Value>>,
    ) -> Self {
        if self.backend == DbBackend::Sqlite {
            self.text.push('(');
            self.push_values(N, rows);
            self.text.push_str(") AS wanted");
        } else {
            self.push_unnest(kinds, rows);
        }
        self
    }

    /// Reads the rows of a table (as `found`) that belong to given rows, whose columns are `column1`, `column2` and so on.
    /// `select` says what to read, `on` what belongs together; the last is a condition on the table's columns alone.
    pub(in crate::store) fn seek<const N: usize>(
        conn: &impl ConnectionTrait,
        select: &str,
        table: &str,
        (kinds, rows): (&[Kind; N], impl ExactSizeIterator<Item: IntoIterator<Item = Value>>),
        on: impl FnOnce(Self) -> Self,
    ) -> Self {
        let sql = Self::new(conn, "SELECT ").text(select).text(" FROM ").given(kinds, rows);
        if sql.backend == DbBackend::Sqlite {
            // A cross join is taken from the left to the right.
            return on(sql.text(" CROSS JOIN ").text(table).text(" AS found ON "));
        }
        // OFFSET keeps the planner from turning the join around.
        on(sql.text(", LATERAL (SELECT * FROM ").text(table).text(" AS found WHERE "))
            .text(" OFFSET 0) AS found")
    }

    /// The statement as it is run.
    pub(in crate::store) fn build(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }

    fn push_value(&mut self, value: Value) {
        self.values.push(value);
        if self.backend == DbBackend::Sqlite {
            self.text.push('?');
        } else {
            self.text.push('$');
            self.text.push_str(&self.values.len().to_string());
        }
    }

    /// Goes on with rows for SQLite; a few are filled up to one of [`SQLITE_ROWS`].
    fn push_values(
        &mut self,
        columns: usize,
        rows: impl ExactSizeIterator<Item: IntoIterator<Item = Value>>,
    ) {
        let count = rows.len();
        let is_filled_up = SQLITE_ROWS_FILLED_UP.contains(&count);
        let next_size = SQLITE_ROWS.into_iter().find(|size| is_filled_up && *size >= count);
        let size = next_size.unwrap_or(count);
        self.values.reserve(size * columns);
        self.text.reserve(size * (2 * columns + 2) + TEXT_BYTES);
        self.text.push_str(if is_filled_up { "SELECT * FROM (VALUES " } else { "VALUES " });
        let row_text = format!("({}?)", "?,".repeat(columns - 1));
        for position in 0..size {
            if position > 0 {
                self.text.push(',');
            }
            self.text.push_str(&row_text);
        }
        if is_filled_up {
            self.text.push_str(") WHERE column1 IS NOT NULL");
        }
        for row in rows {
            self.values.extend(row);
        }
        self.values.extend(std::iter::repeat_n(Value::BigInt(None), (size - count) * columns));
    }

    fn push_unnest<const N: usize>(
        &mut self,
        kinds: &[Kind; N],
        rows: impl ExactSizeIterator<Item: IntoIterator<Item = Value>>,
    ) {
        for (column, array) in columns_of(kinds, rows).into_iter().enumerate() {
            self.text.push_str(if column == 0 { "UNNEST(" } else { ", " });
            self.push_array(kinds[column], array);
        }
        self.text.push_str(") AS wanted(");
        self.text.push_str(&names(N).collect::<Vec<_>>().join(", "));
        self.text.push(')');
    }

    fn push_array(&mut self, kind: Kind, values: Vec<Value>) {
        let (name, array_type) = kind.postgres();
        self.push_value(Value::Array(array_type, Some(Box::new(values))));
        self.text.push_str("::");
        self.text.push_str(name);
        self.text.push_str("[]");
    }
}

/// The rows as one array a column, without nulls.
fn columns_of<const N: usize>(
    kinds: &[Kind; N],
    rows: impl ExactSizeIterator<Item: IntoIterator<Item = Value>>,
) -> [Vec<Value>; N] {
    let mut columns: [Vec<Value>; N] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    let nulls = kinds.map(|kind| kind.stands_for_null().map(|(value, _)| value));
    for row in rows {
        for ((column, value), null) in columns.iter_mut().zip(row).zip(&nulls) {
            column.push(match null {
                Some(null) if is_null(&value) => null.clone(),
                _ => value,
            });
        }
    }
    columns
}

/// What SQLite calls the columns of given rows; PostgreSQL is told to.
fn names(columns: usize) -> impl Iterator<Item = String> {
    (1..=columns).map(|number| format!("column{number}"))
}

fn is_null(value: &Value) -> bool {
    matches!(value, Value::SmallInt(None) | Value::Int(None) | Value::BigInt(None) | Value::String(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_few_statements_that_have_them_all() {
        for (rows, statements) in
            [(0, 0), (1, 1), (7, 1), (61, 1), (65, 2), (600, 3), (2_521, 8), (10_000, 21)]
        {
            let cut: Vec<_> = chunks(DbBackend::Sqlite, rows).collect();
            assert_eq!(cut.len(), statements, "{cut:?}");
            assert!(cut.into_iter().flatten().eq(0..rows));
        }
        assert_eq!(chunks(DbBackend::Postgres, 0).count(), 0);
        assert!(chunks(DbBackend::Postgres, 20_001).eq([0..20_000, 20_000..20_001]));
    }

    #[test]
    fn the_statements_of_sqlite_have_few_texts() {
        let sizes = (1..=10_000).flat_map(|rows| chunks(DbBackend::Sqlite, rows)).map(|chunk| chunk.len());
        let texts = sizes.map(|size| {
            let mut sql = Sql { backend: DbBackend::Sqlite, text: String::new(), values: Vec::new() };
            sql.push_values(2, vec![[1.into(), 2.into()]; size].into_iter());
            assert_eq!(sql.values.len(), sql.text.matches('?').count());
            assert!(sql.values.len() == 2 * size || sql.text.ends_with("IS NOT NULL"));
            sql.text
        });
        assert_eq!(texts.collect::<std::collections::HashSet<_>>().len(), SQLITE_ROWS.len());
    }
}
