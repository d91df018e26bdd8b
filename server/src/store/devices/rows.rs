//! Devices as rows. However many devices a group comes from, the same few statements read and write them.

use std::collections::BTreeMap;

use domain::sequence::{SequenceRange, SequenceSet};
use entity::{device, device_closed_range as closed_range, device_epoch};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, Value,
};

use super::{Account, Closed, ClosedReason, Device, Epoch, FORGET_AFTER_MS, Known, MAX_DEVICES};
use crate::store::{
    Result, StoreError,
    code::Code as _,
    statement::{Kind, Sql, chunks},
};

/// All devices of a factory.
pub(super) async fn of_factory(
    conn: &impl ConnectionTrait,
    factory_id: i32,
) -> Result<BTreeMap<String, Known>> {
    let devices = device::Entity::find().filter(device::Column::FactoryId.eq(factory_id)).all(conn).await?;
    let epochs =
        device_epoch::Entity::find().filter(device_epoch::Column::FactoryId.eq(factory_id)).all(conn).await?;
    let closed =
        closed_range::Entity::find().filter(closed_range::Column::FactoryId.eq(factory_id)).all(conn).await?;
    together(devices, epochs, closed)
}

/// Those of these codes that are known. The closed ranges are read of fewer.
pub(super) async fn of_devices(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    codes: &[&str],
    with_closed: &[&str],
) -> Result<BTreeMap<String, Known>> {
    let devices = seek(conn, "device", "code", factory_id, codes).await?;
    let epochs = seek(conn, "device_epoch", "device_code", factory_id, codes).await?;
    let closed = seek(conn, "device_closed_range", "device_code", factory_id, with_closed).await?;
    together(devices, epochs, closed)
}

async fn seek<Row: FromQueryResult>(
    conn: &impl ConnectionTrait,
    table: &str,
    column: &str,
    factory_id: i32,
    codes: &[&str],
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for chunk in chunks(conn.get_database_backend(), codes.len()) {
        let wanted = codes[chunk].iter().map(|code| [Value::from(*code)]);
        let on = |sql: Sql| {
            let sql = sql.text("found.factory_id = ").bind(factory_id);
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
) -> Result<BTreeMap<String, Known>> {
    let mut known: BTreeMap<String, Known> = devices
        .into_iter()
        .map(|row| (row.code.clone(), Known { device: row.into(), epochs: BTreeMap::new() }))
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

/// Whether a device that was not heard before may be kept. `new` are those of the same group. One that has been silent
/// for long makes room for it.
pub(super) async fn make_room(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    new: usize,
    now_ms: i64,
) -> Result<bool> {
    let of_factory = || device::Entity::find().filter(device::Column::FactoryId.eq(factory_id));
    if of_factory().count(tx).await? as usize + new < MAX_DEVICES {
        return Ok(true);
    }
    let longest_silent = of_factory().order_by_asc(device::Column::LastSeenAt).one(tx).await?;
    let Some(gone) = longest_silent.filter(|device| now_ms - device.last_seen_at > FORGET_AFTER_MS) else {
        return Ok(false);
    };
    tracing::info!(device = gone.code, "a device that was silent for long is forgotten");
    let of_gone = |column: device_epoch::Column| column.eq(gone.code.as_str());
    device_epoch::Entity::delete_many()
        .filter(device_epoch::Column::FactoryId.eq(factory_id))
        .filter(of_gone(device_epoch::Column::DeviceCode))
        .exec(tx)
        .await?;
    closed_range::Entity::delete_many()
        .filter(closed_range::Column::FactoryId.eq(factory_id))
        .filter(closed_range::Column::DeviceCode.eq(gone.code.as_str()))
        .exec(tx)
        .await?;
    device::Entity::delete_by_id((factory_id, gone.code.clone())).exec(tx).await?;
    Ok(true)
}

/// Writes what has changed.
pub(super) async fn save(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    accounts: &BTreeMap<String, Account>,
) -> Result<()> {
    let devices: Vec<_> =
        accounts.values().map(|account| device_values(factory_id, &account.known.device)).collect();
    upsert(tx, &DEVICE, devices).await?;
    let mut epochs = Vec::with_capacity(accounts.len());
    let mut closed = Vec::new();
    for (code, account) in accounts {
        for name in &account.forgotten {
            forget_epoch(tx, factory_id, code, name).await?;
        }
        for name in &account.changed {
            let Some(epoch) = account.known.epochs.get(name) else { continue };
            epochs.push(epoch_values(factory_id, code, name, epoch));
        }
        for (name, before) in &account.closed_before {
            let Some(epoch) = account.known.epochs.get(name) else { continue };
            for gone in
                before.iter().filter(|gone| !epoch.closed.iter().any(|closed| closed.key() == gone.key()))
            {
                let (reason, first_sequence) = gone.key();
                let key = (factory_id, code.clone(), name.clone(), reason, first_sequence);
                closed_range::Entity::delete_by_id(key).exec(tx).await?;
            }
            let changed = epoch.closed.iter().filter(|closed| !before.contains(closed));
            closed.extend(changed.map(|changed| closed_values(factory_id, code, name, changed)));
        }
    }
    upsert(tx, &EPOCH, epochs).await?;
    upsert(tx, &CLOSED, closed).await
}

async fn forget_epoch(tx: &impl ConnectionTrait, factory_id: i32, code: &str, name: &str) -> Result<()> {
    device_epoch::Entity::delete_by_id((factory_id, code.to_owned(), name.to_owned())).exec(tx).await?;
    closed_range::Entity::delete_many()
        .filter(closed_range::Column::FactoryId.eq(factory_id))
        .filter(closed_range::Column::DeviceCode.eq(code))
        .filter(closed_range::Column::Epoch.eq(name))
        .exec(tx)
        .await?;
    Ok(())
}

/// How a table's rows are written, whether they are there or not.
struct Upsert<const N: usize> {
    insert: &'static str,
    kinds: [Kind; N],
    update: &'static str,
}

async fn upsert<const N: usize>(
    tx: &impl ConnectionTrait,
    how: &Upsert<N>,
    rows: Vec<[Value; N]>,
) -> Result<()> {
    for chunk in chunks(tx.get_database_backend(), rows.len()) {
        let sql = Sql::new(tx, how.insert).rows(&how.kinds, rows[chunk].iter().cloned()).text(how.update);
        tx.execute_raw(sql.build()).await?;
    }
    Ok(())
}

const DEVICE: Upsert<10> = Upsert {
    insert: "INSERT INTO device (factory_id, code, epoch, last_seen_at, clock_offset_ms, queued_events, \
             oldest_queued_at, lost_events, dead_lettered_events, lost_at) ",
    kinds: [
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigIntOrNull,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigIntOrNull,
    ],
    update: " ON CONFLICT (factory_id, code) DO UPDATE SET epoch = excluded.epoch, \
             last_seen_at = excluded.last_seen_at, clock_offset_ms = excluded.clock_offset_ms, \
             queued_events = excluded.queued_events, oldest_queued_at = excluded.oldest_queued_at, \
             lost_events = excluded.lost_events, dead_lettered_events = excluded.dead_lettered_events, \
             lost_at = excluded.lost_at",
};

const EPOCH: Upsert<7> = Upsert {
    insert: "INSERT INTO device_epoch (factory_id, device_code, epoch, first_heard_at, heard_at, answered, refused) ",
    kinds: [
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::BigIntOrNull,
        Kind::BigIntOrNull,
        Kind::Text,
        Kind::Text,
    ],
    update: " ON CONFLICT (factory_id, device_code, epoch) DO UPDATE SET first_heard_at = excluded.first_heard_at, \
             heard_at = excluded.heard_at, answered = excluded.answered, refused = excluded.refused",
};

const CLOSED: Upsert<10> = Upsert {
    insert: "INSERT INTO device_closed_range (factory_id, device_code, epoch, reason, first_sequence, last_sequence, \
             from_at, to_at, detail, told_at) ",
    kinds: [
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::SmallInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigIntOrNull,
        Kind::BigIntOrNull,
        Kind::TextOrNull,
        Kind::BigInt,
    ],
    update: " ON CONFLICT (factory_id, device_code, epoch, reason, first_sequence) DO UPDATE SET \
             last_sequence = excluded.last_sequence, from_at = excluded.from_at, to_at = excluded.to_at, \
             detail = excluded.detail, told_at = excluded.told_at",
};

fn device_values(factory_id: i32, device: &Device) -> [Value; 10] {
    [
        factory_id.into(),
        device.code.as_str().into(),
        device.epoch.as_str().into(),
        device.last_seen_at_ms.into(),
        device.clock_offset_ms.into(),
        device.queued_events.into(),
        device.oldest_queued_at_ms.into(),
        device.lost_events.into(),
        device.dead_lettered_events.into(),
        device.lost_at_ms.into(),
    ]
}

fn epoch_values(factory_id: i32, code: &str, name: &str, epoch: &Epoch) -> [Value; 7] {
    [
        factory_id.into(),
        code.into(),
        name.into(),
        epoch.first_heard_at_ms.into(),
        epoch.heard_at_ms.into(),
        epoch.answered.to_string().into(),
        epoch.refused.to_string().into(),
    ]
}

fn closed_values(factory_id: i32, code: &str, name: &str, closed: &Closed) -> [Value; 10] {
    [
        factory_id.into(),
        code.into(),
        name.into(),
        closed.reason.code().into(),
        closed.range.first().into(),
        closed.range.last().into(),
        closed.from_ms.into(),
        closed.to_ms.into(),
        closed.detail.clone().into(),
        closed.told_at_ms.into(),
    ]
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
            last_seen_at_ms: row.last_seen_at,
            clock_offset_ms: row.clock_offset_ms,
            queued_events: row.queued_events,
            oldest_queued_at_ms: row.oldest_queued_at,
            lost_events: row.lost_events,
            dead_lettered_events: row.dead_lettered_events,
            lost_at_ms: row.lost_at,
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
            first_heard_at_ms: row.first_heard_at,
            heard_at_ms: row.heard_at,
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
            from_ms: row.from_at,
            to_ms: row.to_at,
            detail: row.detail,
            told_at_ms: row.told_at,
        })
    }
}
