//! The devices that can run a network.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A device, as `impasto devices --json` tells it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Device {
    /// The name to give as the setting `device`: `cpu`, `gpu:0`.
    name: String,
    /// The processor's instruction set, or the card's own name.
    model: String,
    /// `processor`, `discrete`, `integrated`, `virtual`, `unknown` or `software`.
    kind: String,
    /// The interface that a card is reached by, such as `vulkan`; `null` for the processor.
    api: Option<String>,
    /// The driver of a card with its version.
    driver: Option<String>,
    /// The largest buffer of a card.
    largest_buffer_bytes: Option<u64>,
    /// The largest part of a buffer that a kernel can see.
    largest_binding_bytes: Option<u64>,
    /// The matrix units that a card offers.
    matrix_units: Option<String>,
    /// Whether the device `auto` may be this one.
    auto_may_take_it: bool,
}

/// Lists the devices: the processor, then graphics cards.
#[utoipa::path(get, path = "/devices", tag = "server", responses((status = 200, body = Vec<Device>)))]
pub(crate) async fn devices() -> Result<Json<Vec<Device>>, Problem> {
    // Drivers take a tenth of a second for the answer.
    let devices = crate::blocking(|| Ok(impasto::devices())).await?;
    Ok(Json(devices.into_iter().map(Device::from).collect()))
}

impl From<impasto::DeviceInfo> for Device {
    fn from(info: impasto::DeviceInfo) -> Device {
        Device {
            name: info.name,
            model: info.model,
            kind: info.kind,
            api: info.api,
            driver: info.driver,
            largest_buffer_bytes: info.largest.map(|(buffer, _)| buffer),
            largest_binding_bytes: info.largest.map(|(_, binding)| binding),
            matrix_units: info.matrix_units,
            auto_may_take_it: info.not_by_itself.is_none(),
        }
    }
}
