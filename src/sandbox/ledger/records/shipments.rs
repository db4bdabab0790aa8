//! Delivery trackers: the merchant says by which carrier and under which number the goods travel.

use serde::{Deserialize, Serialize};

use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::Ledger;

/// The body of Create Delivery Tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentRequest {
    /// Of which order; one of the two names it.
    pub permission_id: Option<String>,
    /// The order by the older API's name; the id has the same shape.
    pub order_reference_id: Option<String>,
    /// At least one.
    pub parcels: Vec<Parcel>,
}

/// One parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The carrier's number.
    pub tracking_number: String,
    /// Such as `YAMATO`.
    pub carrier_code: String,
}

/// A parcel that was told of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shipment {
    /// Whose order.
    pub merchant_id: String,
    /// Which order.
    pub permission_id: String,
    /// What travels.
    pub parcel: Parcel,
    /// When it was told.
    pub at: Millis,
}

impl Ledger {
    /// Notes by which parcels an order travels.
    ///
    /// # Errors
    /// `ResourceNotFound` for an order that is not the merchant's; `InvalidParameterValue` for a tracking number that
    /// was used before.
    pub fn track(&mut self, merchant_id: &str, request: &ShipmentRequest) -> Result<(), ApiError> {
        let order = request.permission_id.as_ref().or(request.order_reference_id.as_ref());
        let permission_id = self.charge_permission_of(merchant_id, order.map_or("", String::as_str))?.id.clone();
        let id = |parcel: &Parcel| format!("{merchant_id} {} {}", parcel.carrier_code, parcel.tracking_number);
        let mut new = std::collections::BTreeSet::new();
        for parcel in &request.parcels {
            if self.shipments.contains_key(&id(parcel)) || !new.insert(id(parcel)) {
                let message = format!("trackingNumber {} was used before", parcel.tracking_number);
                return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
            }
        }
        for parcel in &request.parcels {
            let shipment = Shipment {
                merchant_id: merchant_id.to_owned(),
                permission_id: permission_id.clone(),
                parcel: parcel.clone(),
                at: self.now,
            };
            self.shipments.insert(id(parcel), shipment);
        }
        Ok(())
    }
}
