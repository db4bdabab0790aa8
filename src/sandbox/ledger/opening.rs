//! How charge permissions and charges come into the books: by Complete, by Finalize, and by Create Charge.

use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::charging::ChargeRequest;
use super::objects::{CHARGE_LIFETIME_MS, Charge, ChargePermission, Limit, PENDING_MS, PERMISSION_LIFETIME_MS};
use super::session::{Payment, Session};
use super::timers::Due;
use super::words::{ChargeReason, ChargeState, PermissionType};
use super::{Amount, Ledger, Party, ids};
use crate::domain::Millis;

/// 900 %: what an order with `allowOvercharge` may grow to in proportion (amazon-pay 2.4).
const OVERCHARGE_FACTOR: i64 = 9;
/// How long a subscription's permission lasts after its making and after each charge (amazon-pay 2.4).
const RECURRING_LIFETIME_MONTHS: i64 = 13;

/// How the money of a new charge moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    /// How the authorization goes.
    pub(super) payment: Payment,
    /// Whether a capture asked for with it takes its time.
    pub(super) slow_capture: bool,
    /// For what reason a pending authorization will be declined, where it is not the usual one.
    pub(super) fate: Option<ChargeReason>,
}

impl Ledger {
    /// Writes down what the buyer of `session` consented to. Answers the permission's id.
    pub(super) fn open_permission(&mut self, session: &Session, party: Party) -> String {
        let terms = &session.request.terms;
        let permission_type = terms.permission_type();
        let one_time = permission_type == PermissionType::OneTime;
        let id = self.unused(
            |ledger| ids::charge_permission_id(&*ledger.rng, session.currency, one_time),
            |ledger, id| ledger.permissions.contains_key(id),
        );
        let permission = ChargePermission {
            id: id.clone(),
            merchant_id: session.merchant_id.clone(),
            session_id: session.id.clone(),
            party,
            permission_type,
            merchant: terms.merchant.clone(),
            platform_id: terms.platform_id.clone(),
            recurring: terms.recurring.clone(),
            limit: limit(session),
            blocked: None,
            closed: None,
            closed_at: None,
            charge_ids: Vec::new(),
            created: self.now,
            updated: self.now,
            expires: permission_expiry(permission_type, terms.payment.extend_expiration == Some(true), self.now),
        };
        if let Some(expires) = permission.expires {
            self.timers.insert((expires, Due::PermissionExpires(id.clone())));
        }
        self.permissions.insert(id.clone(), permission);
        id
    }

    /// Writes down a charge that is allowed, and lets its money move. Answers the charge's id.
    pub(super) fn open_charge(&mut self, merchant_id: &str, request: ChargeRequest, course: Course) -> String {
        let now = self.now;
        let ChargeRequest { permission_id, amount, capture_now, .. } = request;
        let id = self.unused(
            |ledger| ids::charge_id(&*ledger.rng, &permission_id),
            |ledger, id| ledger.charges.contains_key(id),
        );
        let charge = Charge {
            id: id.clone(),
            permission_id: permission_id.clone(),
            merchant_id: merchant_id.to_owned(),
            amount,
            captured: None,
            soft_descriptor: request.soft_descriptor,
            merchant: request.merchant,
            provider_reference_id: request.provider_reference_id,
            platform_id: request.platform_id,
            initiator: request.initiator,
            channel: request.channel,
            checkout_result_return_url: request.checkout_result_return_url,
            state: ChargeState::AuthorizationInitiated,
            reason: None,
            pending: (course.payment != Payment::Approved).then_some(course.payment),
            fate: course.fate,
            refund_ids: Vec::new(),
            authorized: None,
            created: now,
            updated: now,
            expires: now.plus(CHARGE_LIFETIME_MS),
        };
        self.timers.insert((charge.expires, Due::AuthorizationExpires(id.clone())));
        self.charges.insert(id.clone(), charge);
        self.note_charge(&permission_id, &id);
        if course.payment != Payment::Approved {
            self.timers.insert((now.plus(PENDING_MS), Due::AuthorizationEnds(id.clone())));
            return id;
        }
        self.authorize(&id);
        match (capture_now, course.slow_capture) {
            (false, _) => {}
            (true, false) => self.take(&id, amount),
            (true, true) => self.begin_capture(&id, amount),
        }
        id
    }

    /// The permission has one charge more; a subscription's time starts anew.
    fn note_charge(&mut self, permission_id: &str, charge_id: &str) {
        let now = self.now;
        let Some(permission) = self.permissions.get_mut(permission_id) else { return };
        permission.charge_ids.push(charge_id.to_owned());
        if permission.permission_type == PermissionType::Recurring {
            permission.expires = permission_expiry(PermissionType::Recurring, false, now);
            if let Some(expires) = permission.expires {
                self.timers.insert((expires, Due::PermissionExpires(permission_id.to_owned())));
            }
        }
    }
}

/// When a permission closes by itself. `extendExpiration` makes a one-time one last as long as a subscription's.
fn permission_expiry(permission_type: PermissionType, extended: bool, from: Millis) -> Option<Millis> {
    match permission_type {
        PermissionType::OneTime if extended => months_later(from, RECURRING_LIFETIME_MONTHS),
        PermissionType::OneTime => Some(from.plus(PERMISSION_LIFETIME_MS)),
        PermissionType::Recurring => months_later(from, RECURRING_LIFETIME_MONTHS),
        PermissionType::PaymentMethodOnFile => None,
    }
}

/// The same day and hour in Japan, `months` later; the month's last day where it has no such day.
fn months_later(from: Millis, months: i64) -> Option<Millis> {
    let japan = TimeZone::fixed(Offset::constant(9));
    let moment = Timestamp::from_millisecond(from.0).ok()?.to_zoned(japan);
    let later = moment.checked_add(Span::new().try_months(months).ok()?).ok()?;
    Some(Millis(later.timestamp().as_millisecond()))
}

/// The most that may be charged on the permission (amazon-pay 2.4).
pub(super) fn limit(session: &Session) -> Limit {
    let (terms, currency) = (&session.request.terms, session.currency);
    let monthly = |minor| Limit::Monthly(Amount::saturating(currency, minor));
    match terms.permission_type() {
        PermissionType::Recurring => return monthly(currency.recurring_monthly()),
        PermissionType::PaymentMethodOnFile => return monthly(currency.on_file_monthly()),
        PermissionType::OneTime => {}
    }
    let payment = &terms.payment;
    let agreed = payment.total_order_amount.or(payment.charge_amount).unwrap_or(Amount::zero(currency));
    match currency.overcharge_floor().filter(|_| payment.allow_overcharge == Some(true)) {
        None => Limit::Total(agreed),
        Some(floor) => {
            let grown = agreed.yen().saturating_mul(OVERCHARGE_FACTOR).max(floor);
            Limit::Total(Amount::saturating(currency, grown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_on_japans_calendar() {
        let thirty_first = Millis(1_801_321_200_000); // 2027-01-31T00:00 in Japan
        assert_eq!(thirty_first.jst(), "20270131000000");
        let later = months_later(thirty_first, 13).expect("a moment");
        assert_eq!(later.jst(), "20280229000000");
    }
}
