//! The frame that every call's reader fills: check each parameter against the table, then build the typed request.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::call::{Call, Need};
use super::codes;
use super::decode::{NotText, RawRequest};
use super::encoding::RequestEncoding;
use super::error::ErrInfo;
use super::field::Field;
use crate::domain::{AccessId, OrderId, ShopId, Yen};

/// What came of reading a call's parameters.
///
/// Whatever identifies somebody or something is handed on even where other parameters are at fault, because the errors
/// of what does not exist are reported beside those of what is malformed (psp-protocol 2.3 and 11.4).
#[derive(Debug)]
pub struct Reading<T> {
    /// The shop's id and password, where both are present and well-formed.
    pub credentials: Option<Credentials>,
    /// The transaction's id and password.
    pub access: Access,
    /// The order's number, where it is present and well-formed.
    pub order_id: Option<OrderId>,
    /// Every fault of the parameters in the call's order, then those of their combination, each code once.
    pub faults: Vec<ErrInfo>,
    /// The request. It is there exactly if `faults` is empty.
    pub request: Option<T>,
}

/// Who asks. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `ShopID`
    pub shop_id: ShopId,
    /// `ShopPass`
    pub shop_pass: SecretString,
}

/// Which transaction is meant.
#[derive(Debug, Clone)]
pub enum Access {
    /// The call takes no such pair, or half of it is missing.
    Missing,
    /// Both were sent but one is malformed: no such transaction can exist, and the flow says so
    /// ([`codes::TRANSACTION_UNKNOWN`]) after the faults.
    Malformed,
    /// Well-formed; whether the transaction exists is for the flow to find out.
    Pair(AccessPair),
}

/// The id and the password of a transaction. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct AccessPair {
    /// `AccessID`
    pub access_id: AccessId,
    /// `AccessPass`
    pub access_pass: SecretString,
}

/// The parameters of one call after the table's checks.
pub(super) struct Checked {
    call: Call,
    /// Those without a fault.
    sound: BTreeMap<Field, String>,
    /// Those with one, so that a missing parameter can be told from a malformed one.
    unsound: Vec<Field>,
    /// With the parameter in whose place each is reported, if in any.
    faults: Vec<(Option<Field>, ErrInfo)>,
}

impl Checked {
    pub(super) fn new(call: Call, raw: &RawRequest, encoding: RequestEncoding) -> Self {
        let mut checked = Self { call, sound: BTreeMap::new(), unsound: Vec::new(), faults: Vec::new() };
        for (field, _) in call.fields() {
            if let Some(text) = raw.text(*field, encoding) {
                checked.take(*field, text);
            }
        }
        checked.judge();
        checked
    }

    /// What is missing, and what contradicts itself; only now is everything known that was sent.
    fn judge(&mut self) {
        for (field, need) in self.call.fields() {
            let needed = match need {
                Need::Required => true,
                Need::Optional => false,
                Need::When(condition) => condition.holds(self),
            };
            if needed && !self.given(*field) {
                self.faults.extend(field.rule().missing.map(|code| (Some(*field), code)));
            }
        }
        for clash in self.call.clashes() {
            if clash.when.holds(self) {
                self.faults.push((clash.at, clash.otherwise));
            }
        }
        for (field, when) in self.call.ignores() {
            if when.holds(self) {
                self.faults.retain(|(at, _)| *at != Some(*field));
            }
        }
    }

    fn take(&mut self, field: Field, text: Result<String, NotText>) {
        let rule = field.rule();
        let before = self.faults.len();
        match &text {
            Err(NotText) => self.faults.extend(rule.undecodable.map(|code| (Some(field), code))),
            Ok(text) => {
                let broken = rule.checks.iter().filter(|check| !check.shape.holds(text));
                self.faults.extend(broken.map(|check| (Some(field), check.otherwise)));
            }
        }
        match text {
            Ok(text) if self.faults.len() == before => _ = self.sound.insert(field, text),
            _ => self.unsound.push(field),
        }
    }

    /// Whether something was sent for `field`, sound or not.
    pub(super) fn given(&self, field: Field) -> bool {
        self.sound.contains_key(&field) || self.unsound.contains(&field)
    }

    /// The text of `field`, if it was sent and has no fault.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        self.sound.get(&field).map(String::as_str)
    }

    /// The same, owned.
    pub(super) fn owned(&self, field: Field) -> Option<String> {
        self.sound.get(&field).cloned()
    }

    /// The identifier in `field`.
    pub(super) fn id<T: TryFrom<String>>(&self, field: Field) -> Option<T> {
        self.owned(field).and_then(|text| T::try_from(text).ok())
    }

    /// The number in `field`, or in its default where nothing was sent.
    pub(super) fn number(&self, field: Field) -> Option<i64> {
        let digits = if self.given(field) { self.text(field)? } else { field.rule().default? };
        digits.parse().ok()
    }

    /// The yen in `field`, likewise.
    pub(super) fn yen(&self, field: Field) -> Option<Yen> {
        self.number(field).and_then(Yen::new)
    }

    /// Ends the reading: puts the faults in order and, if there are none, builds the request.
    pub(super) fn read<T>(mut self, build: impl FnOnce(&Self) -> Option<T>) -> Reading<T> {
        let place = |field: Field| self.call.fields().iter().position(|(of_call, _)| *of_call == field);
        self.faults.sort_by_key(|(at, _)| at.and_then(place).unwrap_or(usize::MAX));
        let mut faults: Vec<ErrInfo> = Vec::with_capacity(self.faults.len());
        for (_, code) in &self.faults {
            if !faults.contains(code) {
                faults.push(*code);
            }
        }
        let request = if faults.is_empty() { build(&self) } else { None };
        if request.is_none() && faults.is_empty() {
            // The table let something through that the types refuse. A property test looks for such a gap.
            faults.push(codes::UNEXPECTED);
        }
        let (credentials, access, order_id) = (self.credentials(), self.access(), self.id(Field::OrderId));
        Reading { credentials, access, order_id, faults, request }
    }

    fn credentials(&self) -> Option<Credentials> {
        let shop_pass = self.owned(Field::ShopPass)?.into();
        Some(Credentials { shop_id: self.id(Field::ShopId)?, shop_pass })
    }

    fn access(&self) -> Access {
        if !self.given(Field::AccessId) || !self.given(Field::AccessPass) {
            return Access::Missing;
        }
        match (self.id(Field::AccessId), self.owned(Field::AccessPass)) {
            (Some(access_id), Some(pass)) => Access::Pair(AccessPair { access_id, access_pass: pass.into() }),
            _ => Access::Malformed,
        }
    }
}
