//! The bodies about disputes, files, shipments and merchant accounts (amazon-pay 2.7).

use serde_json::{Map, Value};

use super::fields::{Fields, missing};
use super::session_request::TEXT_CHARS_MAX;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{
    AccountDetails, ChargeReason, ChargeState, Currency, DisputeChanges, DisputeReason, DisputeRequest,
    DisputeResolution, DisputeStanding, DisputeState, Evidence, FileRequest, FilingReason, Parcel, ShipmentRequest,
};

const FILE_TYPES: [&str; 6] = ["jpg", "jpeg", "png", "pdf", "gif", "txt"];
const PURPOSES: [&str; 1] = ["disputeEvidence"];
const BUSINESS_TYPES: [&str; 2] = ["CORPORATE", "INDIVIDUAL"];
/// The most parcels, or pieces of evidence, that one request may name. Ours.
const LIST_MAX: usize = 100;

/// Reads the body of Create Dispute.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn create_dispute(body: &[u8], currency: Currency) -> Result<DisputeRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let charge_id = fields.text("chargeId", TEXT_CHARS_MAX)?.ok_or_else(|| missing("chargeId"))?;
    let provider_dispute_id = match fields.object("providerMetadata")? {
        None => None,
        Some(mut provider) => {
            let id = provider.text("providerDisputeId", TEXT_CHARS_MAX)?;
            provider.done()?;
            id
        }
    };
    let reason = fields.word("filingReason", FilingReason::parse, FilingReason::SPELLED)?;
    let amount = fields.transaction_price("disputeAmount")?;
    let standing = standing(&mut fields)?;
    if standing.resolution.is_some() {
        return Err(ApiError::new(
            ReasonCode::InvalidParameterCombination,
            "statusDetails.resolution has no place in a new dispute",
        ));
    }
    let request = DisputeRequest {
        charge_id,
        provider_dispute_id,
        amount,
        filing_reason: reason.ok_or_else(|| missing("filingReason"))?,
        filed: fields.moment("filingTimestamp")?.ok_or_else(|| missing("filingTimestamp"))?,
        state: standing.state,
        deadline: fields.moment("merchantResponseDeadline")?,
    };
    fields.done()?;
    Ok(request)
}

/// Reads the body of Update Dispute.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn update_dispute(body: &[u8]) -> Result<DisputeChanges, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let changes = DisputeChanges { standing: standing(&mut fields)?, closed: fields.moment("closureTimestamp")? };
    fields.done()?;
    Ok(changes)
}

fn standing(fields: &mut Fields) -> Result<DisputeStanding, ApiError> {
    let mut status = fields.object("statusDetails")?.ok_or_else(|| missing("statusDetails"))?;
    let state = status.word("state", DisputeState::parse, DisputeState::SPELLED)?;
    let standing = DisputeStanding {
        state: state.ok_or_else(|| status.missing("state"))?,
        resolution: status.word("resolution", DisputeResolution::parse, DisputeResolution::SPELLED)?,
        reason: status.word("reasonCode", DisputeReason::parse, DisputeReason::SPELLED)?,
        description: status.text("reasonDescription", TEXT_CHARS_MAX)?,
    };
    status.done()?;
    Ok(standing)
}

/// Reads the body of Contest Dispute.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn contest_dispute(body: &[u8]) -> Result<Vec<Evidence>, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let evidence = fields.list("merchantEvidences", LIST_MAX, |one| {
        let evidence_type = one.text("evidenceType", TEXT_CHARS_MAX)?;
        let evidence = Evidence {
            evidence_type: evidence_type.ok_or_else(|| one.missing("evidenceType"))?,
            file_id: one.text("fileId", TEXT_CHARS_MAX)?,
            text: one.text("evidenceText", 4096)?,
        };
        if evidence.file_id.is_none() && evidence.text.is_none() {
            return Err(one.missing("fileId"));
        }
        Ok(evidence)
    })?;
    fields.done()?;
    Ok(evidence)
}

/// Reads the body of Create File.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn create_file(body: &[u8]) -> Result<FileRequest, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let one_of = |known: &'static [&str]| move |text: &str| known.contains(&text).then(|| text.to_owned());
    let file_type = fields.word("type", one_of(&FILE_TYPES), &FILE_TYPES)?;
    let purpose = fields.word("purpose", one_of(&PURPOSES), &PURPOSES)?;
    let request = FileRequest {
        file_type: file_type.ok_or_else(|| missing("type"))?,
        purpose: purpose.ok_or_else(|| missing("purpose"))?,
    };
    fields.done()?;
    Ok(request)
}

/// Reads the body of Create Delivery Tracker.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing; `InvalidParameterCombination` where two orders are
/// named.
pub fn track(body: &[u8]) -> Result<ShipmentRequest, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let request = ShipmentRequest {
        permission_id: fields.text("chargePermissionId", TEXT_CHARS_MAX)?,
        order_reference_id: fields.text("amazonOrderReferenceId", TEXT_CHARS_MAX)?,
        parcels: fields.list("deliveryDetails", LIST_MAX, |one| {
            let number = one.text("trackingNumber", TEXT_CHARS_MAX)?;
            let carrier = one.text("carrierCode", TEXT_CHARS_MAX)?;
            Ok(Parcel {
                tracking_number: number.ok_or_else(|| one.missing("trackingNumber"))?,
                carrier_code: carrier.ok_or_else(|| one.missing("carrierCode"))?,
            })
        })?,
    };
    fields.done()?;
    match (&request.permission_id, &request.order_reference_id) {
        (None, None) => Err(missing("chargePermissionId")),
        (Some(_), Some(_)) => Err(ApiError::new(
            ReasonCode::InvalidParameterCombination,
            "chargePermissionId and amazonOrderReferenceId name one order twice: give one of them",
        )),
        _ => Ok(request),
    }
}

/// Reads the body of Update Charge: where a charge on a payment method that somebody else processes stands.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn update_charge(body: &[u8]) -> Result<(ChargeState, Option<ChargeReason>), ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let mut status = fields.object("statusDetails")?.ok_or_else(|| missing("statusDetails"))?;
    let state = status.word("state", ChargeState::parse, ChargeState::SPELLED)?;
    let state = state.ok_or_else(|| status.missing("state"))?;
    let reason = status.word("reasonCode", ChargeReason::parse, ChargeReason::SPELLED)?;
    status.text("reasonDescription", TEXT_CHARS_MAX)?;
    status.done()?;
    fields.done()?;
    Ok((state, reason))
}

/// Reads the body of Create Merchant Account: the provider's name for it, and the rest. Only the rest's best known part
/// is looked at; unlike elsewhere, what is unknown is carried, for Amazon's list of fields is long and not public here.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or missing.
pub fn create_account(body: &[u8]) -> Result<(String, AccountDetails), ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let name = fields.text("uniqueReferenceId", TEXT_CHARS_MAX)?;
    let name = name.ok_or_else(|| missing("uniqueReferenceId"))?;
    let details = details(body)?;
    let currency = fields.currency("ledgerCurrency")?;
    currency.ok_or_else(|| missing("ledgerCurrency"))?;
    let mut business = fields.object("businessInfo")?.ok_or_else(|| missing("businessInfo"))?;
    for required in ["countryOfEstablishment", "businessLegalName"] {
        business.text(required, TEXT_CHARS_MAX)?.ok_or_else(|| business.missing(required))?;
    }
    let known = |text: &str| BUSINESS_TYPES.contains(&text).then_some(());
    business.word("businessType", known, &BUSINESS_TYPES)?.ok_or_else(|| business.missing("businessType"))?;
    let mut address = business.object("businessAddress")?.ok_or_else(|| business.missing("businessAddress"))?;
    for required in ["addressLine1", "postalCode", "countryCode"] {
        address.text(required, TEXT_CHARS_MAX)?.ok_or_else(|| address.missing(required))?;
    }
    Ok((name, details))
}

/// Reads the body of Update Merchant Account, Create Store or Update Store: any object that is not empty.
///
/// # Errors
/// `InvalidRequestFormat`; `MissingParameterValue` where it says nothing.
pub fn details(body: &[u8]) -> Result<AccountDetails, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) if Map::is_empty(&map) => {
            Err(ApiError::new(ReasonCode::MissingParameterValue, "The body says nothing"))
        }
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(ApiError::new(ReasonCode::InvalidRequestFormat, "The body must be a JSON object")),
    }
}

/// Reads the body of Claim Merchant Account: the provider's name for it, if it is said.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or unknown.
pub fn claim(body: &[u8]) -> Result<Option<String>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut fields = Fields::of_body(body, Currency::default())?;
    let name = fields.text("uniqueReferenceId", TEXT_CHARS_MAX)?;
    fields.done()?;
    Ok(name)
}
