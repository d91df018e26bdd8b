//! Who sends a batch: judged as a whole, because a number that is wrong would be wrong for every event.

use async_graphql::{Enum, ID, InputObject};
use domain::{
    access::PrincipalKind,
    sequence::{FIRST_SEQUENCE, SequenceRange},
    time::TimestampMs,
    validate::{ID_RULE, excerpt, new_id_fault},
};

use crate::{
    error::{ApiError, ErrorCode},
    graphql::{
        scalar::{BigInt, DateTime},
        text::quoted,
    },
    ingest::MAX_BATCH_EVENTS,
    store::{
        access::Access,
        devices::{self, Receipt, Sender},
    },
};

/// The most closed ranges of one batch: what a statement writes at once.
const MAX_CLOSED_PER_BATCH: usize = 100;
/// The largest count: what 53 bits hold, because a BigInt has no more.
const MAX_COUNT: i64 = (1 << 53) - 1;
/// The highest number that a range begins or ends with, so that a batch after it still has numbers.
const MAX_SEQUENCE: i64 = MAX_COUNT - MAX_BATCH_EVENTS as i64;
/// The most characters kept of a detail: a sentence or two. What is longer is cut and never refused, because a receipt
/// must not fail for its words.
const MAX_DETAIL_CHARS: usize = 200;

/// Who sends a batch, so that what never arrived can be told.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SenderInput {
    /// The device, such as edge-1: 1 to 64 characters.
    device_id: ID,
    /// Numbers are those of this epoch, 1 to 64 characters. A device that forgets its numbers begins a new one.
    epoch: ID,
    /// The number of the first event, 1 or more; each further event has the next one. Without events: the next number.
    first_sequence: BigInt,
    /// The device's clock.
    sent_at: DateTime,
    /// How many events wait in the device, this batch not counted.
    queued_events: BigInt,
    /// Since when the oldest of them waits, by the device's clock.
    oldest_queued_at: Option<DateTime>,
    /// How many events the device has lost so far.
    lost_events: BigInt,
    /// How many events wait in the device for a person.
    dead_lettered_events: BigInt,
    /// Numbers that will never come, at most 100 ranges a batch. Telling them again changes nothing.
    #[graphql(default)]
    closed: Vec<ClosedRangeInput>,
}

/// Sequence numbers that will never come.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ClosedRangeInput {
    /// Whose numbers they are; the sender's when left out.
    epoch: Option<ID>,
    /// The lowest.
    first_sequence: BigInt,
    /// The highest.
    last_sequence: BigInt,
    /// Why.
    reason: ClosedReason,
    /// The earliest of the events' own timestamps.
    from: Option<DateTime>,
    /// The latest of them.
    to: Option<DateTime>,
    /// For people; more than 200 characters are cut.
    detail: Option<String>,
}

/// Why sequence numbers will never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "devices::ClosedReason")]
pub(crate) enum ClosedReason {
    /// Nobody has the events any more.
    Lost,
    /// The device keeps the events for a person to look at.
    DeadLettered,
}

impl SenderInput {
    /// The sender, if whoever sends this may send as it.
    ///
    /// # Errors
    /// It is not well formed, or a device sends as another one.
    pub(crate) fn of(self, access: &Access) -> Result<Sender, ApiError> {
        let sender = Sender::try_from(self)?;
        match access.holder() {
            Some(device) if device.kind == PrincipalKind::Device && *device.name != *sender.device_code => {
                let (own, sent) = (quoted(&device.name), quoted(&sender.device_code));
                let message = format!("the token is that of the device {own}, which cannot send as {sent}");
                Err(ApiError::new(ErrorCode::Forbidden, message))
            }
            _ => Ok(sender),
        }
    }
}

impl TryFrom<SenderInput> for Sender {
    type Error = ApiError;

    fn try_from(input: SenderInput) -> Result<Self, ApiError> {
        if input.closed.len() > MAX_CLOSED_PER_BATCH {
            return Err(ApiError::limit_exceeded(format!(
                "sender.closed has at most {MAX_CLOSED_PER_BATCH} ranges, this one has {}; send the others with the next \
                 batch",
                input.closed.len()
            )));
        }
        let epoch = id("sender.epoch", input.epoch)?;
        let closed =
            input.closed.into_iter().map(|closed| receipt(closed, &epoch)).collect::<Result<_, _>>()?;
        Ok(Self {
            device_code: id("sender.deviceId", input.device_id)?,
            first_sequence: number(
                "sender.firstSequence",
                input.first_sequence,
                FIRST_SEQUENCE,
                MAX_SEQUENCE,
            )?,
            sent_at_ms: input.sent_at.to_ms()?,
            queued_events: count("sender.queuedEvents", input.queued_events)?,
            oldest_queued_at_ms: instant(input.oldest_queued_at.as_ref())?,
            lost_events: count("sender.lostEvents", input.lost_events)?,
            dead_lettered_events: count("sender.deadLetteredEvents", input.dead_lettered_events)?,
            epoch,
            closed,
        })
    }
}

fn receipt(input: ClosedRangeInput, senders_epoch: &str) -> Result<Receipt, ApiError> {
    let first = number("a closed range's firstSequence", input.first_sequence, FIRST_SEQUENCE, MAX_SEQUENCE)?;
    let last = number("a closed range's lastSequence", input.last_sequence, first, MAX_SEQUENCE)?;
    let epoch = input.epoch.map(|epoch| id("a closed range's epoch", epoch)).transpose()?;
    Ok(Receipt {
        epoch: epoch.unwrap_or_else(|| senders_epoch.to_owned()),
        // The last was judged by the first.
        range: SequenceRange::new(first, last).unwrap_or_else(|| SequenceRange::one(first)),
        reason: input.reason.into(),
        from_ms: instant(input.from.as_ref())?,
        to_ms: instant(input.to.as_ref())?,
        detail: input.detail.as_deref().and_then(detail),
    })
}

/// A detail as it is kept: short, on one line, and none when there is nothing in it.
fn detail(sent: &str) -> Option<String> {
    let plain = sent.chars().map(|char| if char.is_control() { ' ' } else { char });
    let mut kept: String = plain.clone().take(MAX_DETAIL_CHARS).collect();
    if plain.count() > MAX_DETAIL_CHARS {
        kept.push('…');
    }
    Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty())
}

fn id(field: &str, sent: ID) -> Result<String, ApiError> {
    let Some(fault) = new_id_fault(&sent) else { return Ok(sent.0) };
    Err(ApiError::bad_user_input(format!("{field} must have {ID_RULE}; it {fault}: {}", quoted(&sent))))
}

fn count(field: &str, sent: BigInt) -> Result<i64, ApiError> {
    number(field, sent, 0, MAX_COUNT)
}

fn number(field: &str, BigInt(sent): BigInt, least: i64, most: i64) -> Result<i64, ApiError> {
    if (least..=most).contains(&sent) {
        return Ok(sent);
    }
    let sent = excerpt(&sent.to_string());
    Err(ApiError::bad_user_input(format!(
        "{field} must be a whole number from {least} to {most}, but is {sent}"
    )))
}

fn instant(sent: Option<&DateTime>) -> Result<Option<TimestampMs>, ApiError> {
    sent.map(DateTime::to_ms).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_one_short_line() {
        assert_eq!(detail("disk\nfull\u{0}").as_deref(), Some("disk full"));
        assert_eq!(detail(" \n "), None);
        let long = detail(&"é".repeat(MAX_DETAIL_CHARS + 1)).expect("a detail");
        assert_eq!(long.chars().count(), MAX_DETAIL_CHARS + 1);
        assert!(long.ends_with('…'));
        assert_eq!(detail(&"x".repeat(MAX_DETAIL_CHARS)).map(|kept| kept.len()), Some(MAX_DETAIL_CHARS));
    }
}
