//! What comes around purchases, as Amazon answers it: fixed keys in a fixed order (amazon-pay 2.7). Where an official
//! SDK's tests name the keys, they are these, in this order.

use serde_json::{Value, json};

use super::report_request::ReportPage;
use super::views::price;
use crate::domain::Millis;
use crate::sandbox::ledger::{
    Amount, Currency, Disbursement, Dispute, DisputeReason, DisputeResolution, Ledger, Report, Schedule,
    ShipmentRequest, StoredFile,
};

/// What Create Delivery Tracker answers: what was told.
pub fn shipment(request: &ShipmentRequest) -> Value {
    let parcels = request
        .parcels
        .iter()
        .map(|parcel| json!({"trackingNumber": parcel.tracking_number, "carrierCode": parcel.carrier_code}));
    json!({
        "amazonOrderReferenceId": request.order_reference_id,
        "chargePermissionId": request.permission_id,
        "deliveryDetails": parcels.collect::<Vec<_>>(),
    })
}

/// A dispute.
pub fn dispute(dispute: &Dispute) -> Value {
    let standing = &dispute.standing;
    json!({
        "disputeId": dispute.id,
        "chargeId": dispute.charge_id,
        "disputeType": "Chargeback",
        "disputeAmount": price(dispute.amount),
        "filingReason": dispute.filing_reason.as_str(),
        "resolutionAuthority": "Provider",
        "statusDetails": {
            "state": standing.state.as_str(),
            "resolution": standing.resolution.map(DisputeResolution::as_str),
            "reasonCode": standing.reason.map(DisputeReason::as_str),
            "reasonDescription": standing.description,
            "lastUpdatedTimestamp": dispute.updated.utc_basic(),
        },
        "merchantResponseDeadline": dispute.deadline.utc_basic(),
        "releaseEnvironment": "Sandbox",
    })
}

/// A file, or the place for one.
pub fn file(ledger: &Ledger, file: &StoredFile) -> Value {
    json!({
        "id": file.id,
        "type": file.file_type,
        "purpose": file.purpose,
        "url": ledger.upload_url(file),
        "size": file.size,
        "uploadTimestamp": file.uploaded.map(Millis::utc_basic),
        "urlExpirationTimestamp": file.expires.utc_basic(),
    })
}

/// A report.
pub fn report(report: &Report, now: Millis) -> Value {
    let done = (now >= report.done()).then(|| report.done().utc_basic());
    json!({
        "createdTime": report.created.utc_basic(),
        "endTime": report.end.utc_basic(),
        "processingEndTime": done,
        "processingStartTime": report.created.utc_basic(),
        "processingStatus": report.status(now),
        "reportDocumentId": done.as_ref().map(|_| &report.document_id),
        "reportId": report.id,
        "reportType": report.report_type,
        "startTime": report.start.utc_basic(),
    })
}

/// One page of reports.
pub fn reports(reports: &[Report], page: &ReportPage, now: Millis) -> Value {
    let shown = reports.iter().skip(page.skip).take(page.size).map(|one| report(one, now));
    let more = reports.len() > page.skip.saturating_add(page.size);
    json!({"reports": shown.collect::<Vec<_>>(), "nextToken": more.then(|| page.next_token())})
}

/// Where a report's text is.
pub fn report_document(ledger: &Ledger, report: &Report) -> Value {
    json!({
        "reportDocumentId": report.document_id,
        "url": ledger.document_url(report),
        "compressionAlgorithm": null,
    })
}

/// A schedule.
pub fn schedule(schedule: &Schedule) -> Value {
    json!({
        "nextReportCreationTime": schedule.next.utc_basic(),
        "reportScheduleId": schedule.id,
        "reportType": schedule.report_type,
        "scheduleFrequency": schedule.frequency,
    })
}

/// One page of disbursements.
pub fn disbursements(all: &[Disbursement], skip: usize, size: usize, merchant_id: &str, currency: Currency) -> Value {
    let one = |one: &Disbursement| {
        json!({
            "sellerId": merchant_id,
            "settlementId": one.settlement_id,
            "amazonDisbursementReferenceId": one.reference_id,
            "amount": Amount::shown(currency, one.minor),
            "currencyCode": currency.as_str(),
            "transactionTime": one.at.utc_basic(),
        })
    };
    let next = skip.saturating_add(size);
    json!({
        "disbursements": all.iter().skip(skip).take(size).map(one).collect::<Vec<_>>(),
        "nextToken": (all.len() > next).then(|| next.to_string()),
    })
}
