//! The devices that number what they send.

use super::scalar::{BigInt, DateTime};
use super::shows::Shows;
use crate::api::session::Arrival;
use crate::lean::order;
use domain::device::DeviceState;
use graphql_client::GraphQLQuery;

/// When the devices are asked for again, in ms: an agent gives a sign of life every 30 s.
const AGAIN_MS: f64 = 5_000.0;

/// Kinds that a page only compares or says, so nothing is compiled to read them.
type ClosedReason = String;
type DeviceWarning = String;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../schema.graphql",
    query_path = "queries/devices.graphql",
    extern_enums("DeviceState", "ClosedReason", "DeviceWarning"),
    response_derives = "Clone, PartialEq"
)]
pub(crate) struct Devices;

/// As the server tells of it.
pub(crate) type Device = devices::DevicesDevices;
/// Numbers that the device says will never come.
pub(crate) type Closed = devices::DevicesDevicesClosed;
/// Numbers of one epoch.
pub(crate) type Numbers = devices::Numbers;

impl Shows for Devices {
    type Shown = Vec<Device>;

    fn show(_: Option<Self::Shown>, data: devices::ResponseData, _: Arrival) -> Self::Shown {
        let mut devices = data.devices;
        // The worst first, and what is warned of before the rest; those alike in the order of their ids.
        let urgency =
            |device: &Device| (device.state, device.warnings.is_empty(), device.dead_lettered_events == 0);
        order::sort(&mut devices, |one, other| urgency(one).cmp(&urgency(other)));
        devices
    }

    fn again_in_ms(_: &Self::Shown) -> Option<f64> {
        Some(AGAIN_MS)
    }
}
