//! Devices that number the events they send.

mod device;
mod sender;

use async_graphql::{Context, ID, Object};

pub(super) use self::{
    device::{Device, find},
    sender::SenderInput,
};
use super::context::codes;
use crate::error::ApiError;

/// Queries of devices.
#[derive(Default)]
pub(super) struct DeviceQuery;

#[Object]
impl DeviceQuery {
    /// The devices that number what they send, in the order of their ids. Unknown devices are not listed.
    async fn devices(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        device_ids: Option<Vec<ID>>,
    ) -> Result<Vec<Device>, ApiError> {
        device::list(ctx, &factory_id, codes(device_ids)).await
    }
}
