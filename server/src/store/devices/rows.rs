//! Devices as rows. However many devices a group comes from, the same few statements read and write them.

use std::collections::BTreeMap;

use domain::{
    id::FactoryId,
    sequence::{SequenceRange, SequenceSet},
    time::{DurationMs, TimestampMs},
};
use entity::{device, device_closed_range as closed_range, device_epoch};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, Value,
};

use super::{
    BRIEFLY_MS, Closed, ClosedReason, Device, DeviceRecord, DeviceUpdate, Epoch, FORGET_AFTER_MS,
    FORGET_BRIEF_AFTER_MS, MAX_DEVICES,
};
use crate::store::{
    engine::{
        code::Code,
        statement::{Kind, Sql, chunks},
        table::{Column, Table, Texts},
    },
    error::{Result, StoreError},
};

/// The codes of all devices of a factory.
pub(super) async fn codes(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<Vec<String>> {
    let devices = device::Entity::find().select_only().column(device::Column::Code);
    Ok(devices.filter(device::Column::FactoryId.eq(factory_id.0)).into_tuple().all(conn).await?)
}

/// Those of these codes that are known. The closed ranges are read of fewer.
pub(super) async fn of_devices(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    codes: &[&str],
    with_closed: &[&str],
) -> Result<BTreeMap<String, DeviceRecord>> {
    let devices = seek(conn, "device", "code", factory_id, codes).await?;
    let epochs = seek(conn, "device_epoch", "device_code", factory_id, codes).await?;
    let closed = seek(conn, "device_closed_range", "device_code", factory_id, with_closed).await?;
    together(devices, epochs, closed)
}

async fn seek<Row: FromQueryResult>(
    conn: &impl ConnectionTrait,
    table: &str,
    column: &str,
    factory_id: FactoryId,
    codes: &[&str],
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for chunk in chunks(conn.get_database_backend(), codes.len()) {
        let wanted = codes[chunk].iter().map(|code| [Value::from(*code)]);
        let on = |sql: Sql| {
            let sql = sql.text("found.factory_id = ").bind(factory_id.0);
            sql.text(" AND found.").text(column).text(" = column1")
        };
        let sql = Sql::seek(conn, "found.*", table, (&[Kind::Text], wanted), on);
        for row in conn.query_all_raw(sql.build()).await? {
            found.push(Row::from_query_result(&row, "")?);
        }
    }
    Ok(found)
}

fn together(
    devices: Vec<device::Model>,
    epochs: Vec<device_epoch::Model>,
    closed: Vec<closed_range::Model>,
) -> Result<BTreeMap<String, DeviceRecord>> {
    let mut known: BTreeMap<String, DeviceRecord> = devices
        .into_iter()
        .map(|row| (row.code.clone(), DeviceRecord { device: row.into(), epochs: BTreeMap::new() }))
        .collect();
    for row in epochs {
        if let Some(known) = known.get_mut(&row.device_code) {
            known.epochs.insert(row.epoch.clone(), row.try_into()?);
        }
    }
    for row in closed {
        let epochs = known.get_mut(&row.device_code).map(|known| &mut known.epochs);
        if let Some(epoch) = epochs.and_then(|epochs| epochs.get_mut(&row.epoch)) {
            epoch.closed.push(row.try_into()?);
        }
    }
    Ok(known)
}

/// How many devices may make room in one transaction.
const MAX_FORGOTTEN_AT_ONCE: u64 = 50;

/// The room for devices that were not heard before, as far as a transaction has looked.
#[derive(Default)]
pub(super) struct Room {
    /// How many are free; none before the first look.
    free: Option<usize>,
    /// Devices that have been silent for long, the longest last; none before they are needed.
    silent: Option<Vec<String>>,
}

impl Room {
    /// Whether one more may be kept. One that has been silent for long makes room for it, unless it is among those `heard`.
    pub(super) async fn take<Heard>(
        &mut self,
        tx: &impl ConnectionTrait,
        factory_id: FactoryId,
        heard: &BTreeMap<String, Heard>,
        now_ms: TimestampMs,
    ) -> Result<bool> {
        let free = if let Some(free) = self.free {
            free
        } else {
            let of_factory = device::Entity::find().filter(device::Column::FactoryId.eq(factory_id.0));
            MAX_DEVICES.saturating_sub(of_factory.count(tx).await? as usize)
        };
        self.free = Some(free.saturating_sub(1));
        if free > 0 {
            return Ok(true);
        }
        let silent = match &mut self.silent {
            Some(silent) => silent,
            none => none.insert(silent_for_long(tx, factory_id, now_ms).await?),
        };
        while let Some(code) = silent.pop() {
            if !heard.contains_key(&code) {
                forget(tx, factory_id, &code).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The devices that may make room for others, the longest silent last.
async fn silent_for_long(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    now_ms: TimestampMs,
) -> Result<Vec<String>> {
    let silent = Sql::new(tx, "SELECT code FROM device WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND (last_seen_at < ")
        .bind((now_ms - FORGET_AFTER_MS).0)
        .text(" OR last_seen_at < ")
        .bind((now_ms - FORGET_BRIEF_AFTER_MS).0)
        .text(
            " AND NOT EXISTS (SELECT 1 FROM device_epoch WHERE device_epoch.factory_id = device.factory_id \
             AND device_epoch.device_code = device.code AND device_epoch.first_heard_at <= device.last_seen_at - ",
        )
        .bind(BRIEFLY_MS.0)
        .text(")) ORDER BY last_seen_at LIMIT ")
        .bind(MAX_FORGOTTEN_AT_ONCE as i64);
    let rows = tx.query_all_raw(silent.build()).await?;
    let codes = rows.iter().rev().map(|row| Ok(row.try_get_by_index(0)?));
    codes.collect()
}

async fn forget(tx: &impl ConnectionTrait, factory_id: FactoryId, code: &str) -> Result<()> {
    tracing::info!(device = code, "a device that was silent for long is forgotten");
    device_epoch::Entity::delete_many()
        .filter(device_epoch::Column::FactoryId.eq(factory_id.0))
        .filter(device_epoch::Column::DeviceCode.eq(code))
        .exec(tx)
        .await?;
    closed_range::Entity::delete_many()
        .filter(closed_range::Column::FactoryId.eq(factory_id.0))
        .filter(closed_range::Column::DeviceCode.eq(code))
        .exec(tx)
        .await?;
    device::Entity::delete_by_id((factory_id.0, code.to_owned())).exec(tx).await?;
    Ok(())
}

/// Writes what has changed.
pub(super) async fn save(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    updates: &BTreeMap<String, DeviceUpdate>,
) -> Result<()> {
    let devices: Vec<DeviceRow<'_>> =
        updates.values().map(|update| (factory_id, &update.known.device)).collect();
    device_table().upsert(tx, &devices).await?;
    let mut epochs = Vec::with_capacity(updates.len());
    let mut closed = Vec::new();
    for (code, update) in updates {
        for name in &update.forgotten {
            forget_epoch(tx, factory_id, code, name).await?;
        }
        for name in &update.changed {
            let Some(epoch) = update.known.epochs.get(name) else { continue };
            epochs.push(EpochRow { factory_id, code, name, epoch });
        }
        for (name, before) in &update.closed_before {
            let Some(epoch) = update.known.epochs.get(name) else { continue };
            for gone in
                before.iter().filter(|gone| !epoch.closed.iter().any(|closed| closed.key() == gone.key()))
            {
                let (reason, first_sequence) = gone.key();
                let key = (factory_id.0, code.clone(), name.clone(), reason, first_sequence);
                closed_range::Entity::delete_by_id(key).exec(tx).await?;
            }
            let changed = epoch.closed.iter().filter(|closed| !before.contains(closed));
            closed.extend(changed.map(|changed| ClosedRow { factory_id, code, name, closed: changed }));
        }
    }
    epoch_table().upsert(tx, &epochs).await?;
    closed_table().upsert(tx, &closed).await
}

async fn forget_epoch(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    code: &str,
    name: &str,
) -> Result<()> {
    device_epoch::Entity::delete_by_id((factory_id.0, code.to_owned(), name.to_owned())).exec(tx).await?;
    closed_range::Entity::delete_many()
        .filter(closed_range::Column::FactoryId.eq(factory_id.0))
        .filter(closed_range::Column::DeviceCode.eq(code))
        .filter(closed_range::Column::Epoch.eq(name))
        .exec(tx)
        .await?;
    Ok(())
}

type DeviceRow<'a> = (FactoryId, &'a Device);

fn device_table<'a>() -> Table<DeviceRow<'a>, 10> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "device",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |(factory_id, _)| factory_id.0.into()),
            Column::key("code", Kind::Text, |(_, device)| device.code.as_str().into()),
            Column::replace("epoch", Kind::Text, |(_, device)| device.epoch.as_str().into()),
            Column::replace("last_seen_at", Kind::BigInt, |(_, device)| device.last_seen_at_ms.0.into()),
            Column::replace("clock_offset_ms", Kind::BigInt, |(_, device)| device.clock_offset_ms.0.into()),
            Column::replace("queued_events", Kind::BigInt, |(_, device)| device.queued_events.into()),
            Column::replace("oldest_queued_at", Kind::BigIntOrNull, |(_, device)| {
                device.oldest_queued_at_ms.map(|at| at.0).into()
            }),
            Column::replace("lost_events", Kind::BigInt, |(_, device)| device.lost_events.into()),
            Column::replace("dead_lettered_events", Kind::BigInt, |(_, device)| {
                device.dead_lettered_events.into()
            }),
            Column::replace("lost_at", Kind::BigIntOrNull, |(_, device)| {
                device.lost_at_ms.map(|at| at.0).into()
            }),
        ],
    )
}

/// An epoch of a device, by the device's code and its own name.
struct EpochRow<'a> {
    factory_id: FactoryId,
    code: &'a str,
    name: &'a str,
    epoch: &'a Epoch,
}

fn epoch_table<'a>() -> Table<EpochRow<'a>, 7> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "device_epoch",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("device_code", Kind::Text, |row| row.code.into()),
            Column::key("epoch", Kind::Text, |row| row.name.into()),
            Column::replace("first_heard_at", Kind::BigIntOrNull, |row| {
                row.epoch.first_heard_at_ms.map(|at| at.0).into()
            }),
            Column::replace("heard_at", Kind::BigIntOrNull, |row| {
                row.epoch.heard_at_ms.map(|at| at.0).into()
            }),
            Column::replace("answered", Kind::Text, |row| row.epoch.answered.to_string().into()),
            Column::replace("refused", Kind::Text, |row| row.epoch.refused.to_string().into()),
        ],
    )
}

/// A closed range of an epoch of a device.
struct ClosedRow<'a> {
    factory_id: FactoryId,
    code: &'a str,
    name: &'a str,
    closed: &'a Closed,
}

fn closed_table<'a>() -> Table<ClosedRow<'a>, 10> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "device_closed_range",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("device_code", Kind::Text, |row| row.code.into()),
            Column::key("epoch", Kind::Text, |row| row.name.into()),
            Column::key("reason", Kind::SmallInt, |row| row.closed.reason.code().into()),
            Column::key("first_sequence", Kind::BigInt, |row| row.closed.range.first().into()),
            Column::replace("last_sequence", Kind::BigInt, |row| row.closed.range.last().into()),
            Column::replace("from_at", Kind::BigIntOrNull, |row| row.closed.from_ms.map(|at| at.0).into()),
            Column::replace("to_at", Kind::BigIntOrNull, |row| row.closed.to_ms.map(|at| at.0).into()),
            Column::replace("detail", Kind::TextOrNull, |row| row.closed.detail.clone().into()),
            Column::replace("told_at", Kind::BigInt, |row| row.closed.told_at_ms.0.into()),
        ],
    )
}

impl Code for ClosedReason {
    const CODES: &'static [(Self, i16)] = &[(Self::Lost, 0), (Self::DeadLettered, 1)];

    fn code(self) -> i16 {
        self as i16
    }
}

impl Closed {
    /// What tells it from the others of its epoch.
    fn key(&self) -> (i16, i64) {
        (self.reason.code(), self.range.first())
    }
}

impl From<device::Model> for Device {
    fn from(row: device::Model) -> Self {
        Self {
            code: row.code,
            epoch: row.epoch,
            last_seen_at_ms: TimestampMs(row.last_seen_at),
            clock_offset_ms: DurationMs(row.clock_offset_ms),
            queued_events: row.queued_events,
            oldest_queued_at_ms: row.oldest_queued_at.map(TimestampMs),
            lost_events: row.lost_events,
            dead_lettered_events: row.dead_lettered_events,
            lost_at_ms: row.lost_at.map(TimestampMs),
        }
    }
}

impl TryFrom<device_epoch::Model> for Epoch {
    type Error = StoreError;

    fn try_from(row: device_epoch::Model) -> Result<Self> {
        let set = |text: &str| -> Result<SequenceSet> {
            text.parse().map_err(|_| StoreError::Corrupt(format!("the sequence numbers {text:?}")))
        };
        Ok(Self {
            first_heard_at_ms: row.first_heard_at.map(TimestampMs),
            heard_at_ms: row.heard_at.map(TimestampMs),
            answered: set(&row.answered)?,
            refused: set(&row.refused)?,
            closed: Vec::new(),
        })
    }
}

impl TryFrom<closed_range::Model> for Closed {
    type Error = StoreError;

    fn try_from(row: closed_range::Model) -> Result<Self> {
        let range = SequenceRange::new(row.first_sequence, row.last_sequence).ok_or_else(|| {
            let (first, last) = (row.first_sequence, row.last_sequence);
            StoreError::Corrupt(format!("the sequence numbers from {first} to {last}"))
        })?;
        Ok(Self {
            range,
            reason: ClosedReason::of_code(row.reason)?,
            from_ms: row.from_at.map(TimestampMs),
            to_ms: row.to_at.map(TimestampMs),
            detail: row.detail,
            told_at_ms: TimestampMs(row.told_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entities() {
        assert_is_table_of::<device::Entity, _, _>(&device_table());
        assert_is_table_of::<device_epoch::Entity, _, _>(&epoch_table());
        assert_is_table_of::<closed_range::Entity, _, _>(&closed_table());
    }
}
