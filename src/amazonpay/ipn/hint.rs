//! Amazon Pay's own message inside the envelope: which object to look at, and nothing about its state (amazon-pay 5).

use serde_json::{Map, Value};

use crate::domain::ChargePermissionId;

/// A message that names no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// Not a JSON object.
    #[error("the message inside is not a JSON object")]
    NotJson,
    /// A field is not there, or is not what it should be.
    #[error("{0} of the message inside is missing or malformed")]
    Malformed(&'static str),
}

/// What kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectType {
    /// A charge permission.
    ChargePermission,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Chargeback,
}

impl ObjectType {
    /// As messages have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChargePermission => "CHARGE_PERMISSION",
            Self::Charge => "CHARGE",
            Self::Refund => "REFUND",
            Self::Chargeback => "CHARGEBACK",
        }
    }
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Whose account.
    pub merchant_id: String,
    /// What kind of object.
    pub object_type: ObjectType,
    /// Which one: 1 to 64 of `0-9 A-Z a-z . _ -`.
    pub object_id: String,
    /// The permission that the object belongs to.
    pub charge_permission_id: ChargePermissionId,
}

impl Hint {
    /// Reads the `Message` of a Notification. Names are taken in any case: Amazon's own pages disagree about them.
    ///
    /// # Errors
    /// [`HintError`].
    pub fn read(message: &str) -> Result<Self, HintError> {
        let Ok(Value::Object(fields)) = serde_json::from_str(message) else { return Err(HintError::NotJson) };
        let object_type = match text(&fields, "ObjectType")?.to_ascii_uppercase().as_str() {
            "CHARGE_PERMISSION" => ObjectType::ChargePermission,
            "CHARGE" => ObjectType::Charge,
            "REFUND" => ObjectType::Refund,
            "CHARGEBACK" => ObjectType::Chargeback,
            _ => return Err(HintError::Malformed("ObjectType")),
        };
        // A permission's id has the shape of the ids that begin with it.
        let object_id = ChargePermissionId::new(text(&fields, "ObjectId")?);
        let object_id = object_id.map_err(|_| HintError::Malformed("ObjectId"))?;
        let permission = match text(&fields, "ChargePermissionId") {
            Ok(id) => id,
            Err(_) if object_type == ObjectType::ChargePermission => object_id.as_str(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            merchant_id: text(&fields, "MerchantID")?.to_owned(),
            object_type,
            charge_permission_id: ChargePermissionId::new(permission)
                .map_err(|_| HintError::Malformed("ChargePermissionId"))?,
            object_id: object_id.as_str().to_owned(),
        })
    }
}

/// A text that is not blank.
fn text<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, HintError> {
    let found = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
    let text = found.and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty());
    text.ok_or(HintError::Malformed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_either_spelling() {
        let pascal = r#"{"MerchantID":"A1","ObjectType":"REFUND","ObjectId":"S03-1-1-R1","ChargePermissionId":"S03-1-1",
            "NotificationType":"STATE_CHANGE","NotificationId":"n","NotificationVersion":"V2"}"#;
        let camel =
            r#"{"merchantId":"A1","objectType":"refund","objectId":"S03-1-1-R1","chargePermissionId":"S03-1-1"}"#;
        let hint = Hint::read(pascal).expect("read");
        assert_eq!((hint.object_type, hint.object_id.as_str()), (ObjectType::Refund, "S03-1-1-R1"));
        assert_eq!(Hint::read(camel), Ok(hint));
    }

    #[test]
    fn a_permission_is_its_own_permission() {
        let hint = Hint::read(r#"{"MerchantID":"A1","ObjectType":"CHARGE_PERMISSION","ObjectId":"C03-1-1"}"#);
        assert_eq!(hint.expect("read").charge_permission_id.as_str(), "C03-1-1");
    }

    #[test]
    fn what_names_no_object_is_refused() {
        for (message, error) in [
            ("", HintError::NotJson),
            ("[]", HintError::NotJson),
            (r#"{"MerchantID":"A1"}"#, HintError::Malformed("ObjectType")),
            (r#"{"ObjectType":"ORDER"}"#, HintError::Malformed("ObjectType")),
            (r#"{"ObjectType":"CHARGE"}"#, HintError::Malformed("ObjectId")),
            (r#"{"ObjectType":"CHARGE","ObjectId":"../x"}"#, HintError::Malformed("ObjectId")),
            (r#"{"ObjectType":"CHARGE","ObjectId":"S03-1-1-C1"}"#, HintError::Malformed("ChargePermissionId")),
            (
                r#"{"ObjectType":"CHARGE","ObjectId":"S03-1-1-C1","ChargePermissionId":"S03-1-1"}"#,
                HintError::Malformed("MerchantID"),
            ),
        ] {
            assert_eq!(Hint::read(message), Err(error), "{message}");
        }
    }
}
