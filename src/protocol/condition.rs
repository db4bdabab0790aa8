//! Conditions on several parameters of a call, as data: when one is needed, and what must not come together.
//!
//! The validator evaluates them (`Condition::holds`); the reference page and OpenAPI write them out.

use super::error::ErrInfo;
use super::field::Field;
use super::reading::Checked;

/// Something that is or is not so of the parameters of one request.
///
/// What looks at a value is false where the value has a fault of its own: that fault is reported, and nothing can be
/// said of the combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Something was sent for it, sound or not.
    Given(Field),
    /// Nothing was, or a blank.
    Missing(Field),
    /// It is sound and one of these words.
    OneOf(Field, &'static [&'static str]),
    /// The numbers together are 0. The first must be there; another that is missing counts as 0.
    Zero(&'static [Field]),
    /// The numbers together exceed this. The first must be there; another that is missing counts as 0.
    Above(&'static [Field], i64),
    /// Something was sent for more than one of them.
    MoreThanOne(&'static [Field]),
    /// Every one of these holds.
    All(&'static [Condition]),
    /// At least one of these holds.
    Any(&'static [Condition]),
}

/// Parameters that contradict each other, and the code that says so.
#[derive(Debug, Clone, Copy)]
pub struct Clash {
    /// In whose place among the call's parameters it is reported; behind all of theirs where none is named (psp-protocol
    /// 11.4), as it is but for the sum of EntryTran (5.1).
    pub at: Option<Field>,
    /// What must not be.
    pub when: Condition,
    /// The error where it is.
    pub otherwise: ErrInfo,
}

impl Condition {
    /// Whether it is so.
    pub(super) fn holds(self, checked: &Checked) -> bool {
        match self {
            Self::Given(field) => checked.given(field),
            Self::Missing(field) => !checked.given(field),
            Self::OneOf(field, words) => checked.text(field).is_some_and(|text| words.contains(&text)),
            Self::Zero(fields) => sum(checked, fields) == Some(0),
            Self::Above(fields, most) => sum(checked, fields).is_some_and(|sum| sum > most),
            Self::MoreThanOne(fields) => fields.iter().filter(|field| checked.given(**field)).count() > 1,
            Self::All(conditions) => conditions.iter().all(|one| one.holds(checked)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(checked)),
        }
    }
}

fn sum(checked: &Checked, fields: &[Field]) -> Option<i64> {
    let (first, others) = fields.split_first()?;
    let others = others.iter().map(|field| if checked.given(*field) { checked.number(*field) } else { Some(0) });
    others.fold(checked.number(*first), |sum, number| sum?.checked_add(number?))
}
