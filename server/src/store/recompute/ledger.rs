//! What was written down of closed buckets: that it can be read, lies in closed buckets, and is in the order of its commits.

use std::collections::BTreeMap;

use domain::{
    bucket::BUCKET_MS,
    closing::{Grace, is_closed, mark_at},
    ledger::{buckets, decode},
    time::TimestampMs,
};
use entity::{restated_hour, restatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{Difference, MAX_DIFFERENCES};
use crate::store::{closings, error::Result, factories::Factory};

/// How many causes, and how many hours, are in memory at a time.
const MAX_ROWS: u64 = 5_000;

/// Adds what is wrong with a factory's ledger.
pub(super) async fn check(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let graces = closings::of_factory(conn, factory.id).await?;
    let mut checked = Checked { factory, graces: &graces, last_at_ms: TimestampMs::MIN, found: Vec::new() };
    checked.check_graces();
    let mut after = (i64::MIN, i32::MIN);
    while checked.found.len() < MAX_DIFFERENCES {
        let causes = causes_after(conn, factory, after).await?;
        let Some(last) = causes.last() else { break };
        let through = (last.revision, last.ordinal);
        checked.check_causes(conn, &causes, (after, through)).await?;
        after = through;
    }
    let rest = hours_between(conn, factory, (after, i64::MAX, i32::MAX), (i64::MAX, i32::MAX)).await?;
    if let Some(row) = rest.first() {
        checked.add(format!("what changed with revision {}", row.revision), "no cause", "a cause");
    }
    differences.append(&mut checked.found);
    Ok(())
}

struct Checked<'a> {
    factory: &'a Factory,
    graces: &'a [Grace],
    last_at_ms: TimestampMs,
    found: Vec<Difference>,
}

impl Checked<'_> {
    fn add(&mut self, what: String, stored: impl Into<String>, recomputed: impl Into<String>) {
        let factory = self.factory.slug.to_string();
        self.found.push(Difference { factory, what, stored: stored.into(), recomputed: recomputed.into() });
    }

    fn check_graces(&mut self) {
        let at_ms = self.factory.committed_at_ms;
        let stored_ms = self.factory.mark(at_ms);
        let recomputed_ms = mark_at(self.graces, at_ms);
        if !self.graces.is_sorted_by_key(|grace| grace.at_ms) || recomputed_ms != Some(stored_ms) {
            self.add(
                "the mark up to which buckets are closed".to_owned(),
                stored_ms.0.to_string(),
                format!("{recomputed_ms:?} by {:?}", self.graces),
            );
        }
    }

    async fn check_causes(
        &mut self,
        conn: &impl ConnectionTrait,
        causes: &[restatement::Model],
        (after, through): ((i64, i32), (i64, i32)),
    ) -> Result<()> {
        let mut hours: BTreeMap<(i64, i32), usize> = BTreeMap::new();
        let by_key: BTreeMap<(i64, i32), &restatement::Model> =
            causes.iter().map(|cause| ((cause.revision, cause.ordinal), cause)).collect();
        let mut from = (after, i64::MAX, i32::MAX);
        loop {
            let rows = hours_between(conn, self.factory, from, through).await?;
            let Some(last) = rows.last() else { break };
            from = ((last.revision, last.ordinal), last.hour, last.entity_id);
            for row in &rows {
                *hours.entry((row.revision, row.ordinal)).or_default() += 1;
                self.check_hour(row, by_key.get(&(row.revision, row.ordinal)).copied());
            }
        }
        for cause in causes {
            let what = || format!("the cause {} of revision {}", cause.ordinal, cause.revision);
            let is_later =
                cause.at > self.factory.committed_at_ms.0 || cause.revision > self.factory.revision.0;
            if cause.at < self.last_at_ms.0 || is_later {
                let limits = (self.last_at_ms.0, self.factory.committed_at_ms.0, self.factory.revision.0);
                self.add(what(), format!("at {}", cause.at), format!("within {limits:?}"));
            }
            self.last_at_ms = TimestampMs(cause.at);
            if !hours.contains_key(&(cause.revision, cause.ordinal)) {
                self.add(what(), "nothing that changed", "something");
            }
        }
        Ok(())
    }

    fn check_hour(&mut self, row: &restated_hour::Model, cause: Option<&restatement::Model>) {
        let what =
            format!("what changed of {} in hour {} with revision {}", row.entity_id, row.hour, row.revision);
        let Some(cause) = cause else {
            self.add(what, "no cause", "a cause");
            return;
        };
        let Some(deltas) = decode(&row.deltas) else {
            self.add(what, format!("{:?}", row.deltas), "deltas");
            return;
        };
        let mark_ms = mark_at(self.graces, TimestampMs(cause.at)).unwrap_or(TimestampMs::MIN);
        let is_open = |bucket: i64| !is_closed(TimestampMs((bucket + 1) * BUCKET_MS), mark_ms);
        let is_within = (cause.first_hour..=cause.last_hour).contains(&row.hour);
        let mut changed = buckets(row.hour, &deltas).peekable();
        if !is_within || changed.peek().is_none() || changed.any(|(bucket, _)| is_open(bucket)) {
            self.add(what, format!("{deltas:?}"), format!("in closed buckets up to {}", mark_ms.0));
        }
    }
}

async fn causes_after(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    (revision, ordinal): (i64, i32),
) -> Result<Vec<restatement::Model>> {
    use restatement::Column;
    let after = Condition::any()
        .add(Column::Revision.gt(revision))
        .add(Condition::all().add(Column::Revision.eq(revision)).add(Column::Ordinal.gt(ordinal)));
    Ok(restatement::Entity::find()
        .filter(Column::FactoryId.eq(factory.id.0))
        .filter(after)
        .order_by_asc(Column::Revision)
        .order_by_asc(Column::Ordinal)
        .limit(MAX_ROWS)
        .all(conn)
        .await?)
}

/// The next hours after one, up to those of a cause.
async fn hours_between(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    ((revision, ordinal), hour, entity_id): ((i64, i32), i64, i32),
    (last_revision, last_ordinal): (i64, i32),
) -> Result<Vec<restated_hour::Model>> {
    use restated_hour::Column;
    let same = |columns: &[(Column, i64)]| {
        columns.iter().fold(Condition::all(), |all, (column, value)| all.add(column.eq(*value)))
    };
    let ordinal = i64::from(ordinal);
    let after = Condition::any()
        .add(Column::Revision.gt(revision))
        .add(same(&[(Column::Revision, revision)]).add(Column::Ordinal.gt(ordinal)))
        .add(same(&[(Column::Revision, revision), (Column::Ordinal, ordinal)]).add(Column::Hour.gt(hour)))
        .add(
            same(&[(Column::Revision, revision), (Column::Ordinal, ordinal), (Column::Hour, hour)])
                .add(Column::EntityId.gt(entity_id)),
        );
    let up_to = Condition::any()
        .add(Column::Revision.lt(last_revision))
        .add(same(&[(Column::Revision, last_revision)]).add(Column::Ordinal.lte(last_ordinal)));
    Ok(restated_hour::Entity::find()
        .filter(Column::FactoryId.eq(factory.id.0))
        .filter(Column::Revision.gte(revision))
        .filter(after)
        .filter(up_to)
        .order_by_asc(Column::Revision)
        .order_by_asc(Column::Ordinal)
        .order_by_asc(Column::Hour)
        .order_by_asc(Column::EntityId)
        .limit(MAX_ROWS)
        .all(conn)
        .await?)
}
