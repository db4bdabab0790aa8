//! `deliverySpecifications`: where a shop sends (amazon-pay 2.3). Amazon reads them strictly in its sandbox and ignores
//! mistakes in production, so here is the place where a shop hears of them.

use serde_json::{Value, json};

use super::fields::Fields;
use crate::sandbox::error::ApiError;

const SPECIAL: [&str; 2] = ["RestrictPOBoxes", "RestrictPackstations"];
const TYPES: [&str; 2] = ["Allowed", "NotAllowed"];

/// Reads the field. Answers it as it was said; what was not said is null.
///
/// # Errors
/// [`ApiError`] of the first field within that is wrong, unknown or missing.
pub(super) fn specifications(fields: &mut Fields) -> Result<Option<Value>, ApiError> {
    let Some(mut specifications) = fields.object("deliverySpecifications")? else { return Ok(None) };
    let special = specifications.value("specialRestrictions");
    if let Some(special) = &special {
        let known = texts(special).is_some_and(|all| all.iter().all(|one| SPECIAL.contains(one)));
        if !known {
            let why = format!("must be a list of {}", SPECIAL.join(" and "));
            return Err(specifications.invalid("specialRestrictions", &why));
        }
    }
    let addresses = specifications.value("addressRestrictions");
    if let Some(addresses) = &addresses {
        let path = specifications.path_of("addressRestrictions");
        check_addresses(Fields::of_value(&path, addresses.clone(), fields.ledger_currency())?)?;
    }
    specifications.done()?;
    Ok(Some(json!({"specialRestrictions": special, "addressRestrictions": addresses})))
}

fn check_addresses(mut addresses: Fields) -> Result<(), ApiError> {
    let kind = addresses.word("type", |text| TYPES.contains(&text).then_some(()), &TYPES)?;
    kind.ok_or_else(|| addresses.missing("type"))?;
    let mut countries = addresses.object("restrictions")?.ok_or_else(|| addresses.missing("restrictions"))?;
    addresses.done()?;
    for code in countries.names() {
        if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(countries.invalid(&code, "is not a country code of two capital letters"));
        }
        let Some(mut country) = countries.object(&code)? else { continue };
        for name in ["statesOrRegions", "zipCodes"] {
            if country.value(name).is_some_and(|list| texts(&list).is_none()) {
                return Err(country.invalid(name, "must be a list of strings"));
            }
        }
        country.done()?;
    }
    Ok(())
}

/// A list of nothing but strings.
fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::Currency;

    fn read(value: &Value) -> Result<Option<Value>, ApiError> {
        let body = json!({"deliverySpecifications": value}).to_string();
        specifications(&mut Fields::of_body(body.as_bytes(), Currency::JPY).expect("an object"))
    }

    #[test]
    fn what_is_said_is_kept_and_what_is_not_is_null() {
        let whole = json!({"specialRestrictions": ["RestrictPOBoxes", "RestrictPackstations"], "addressRestrictions":
            {"type": "Allowed", "restrictions": {"JP": {"statesOrRegions": ["東京都"], "zipCodes": ["100*"]}, "US": {}}}});
        assert_eq!(read(&whole), Ok(Some(whole.clone())));
        assert_eq!(read(&json!({})), Ok(Some(json!({"specialRestrictions": null, "addressRestrictions": null}))));
        assert_eq!(read(&Value::Null), Ok(None));
    }

    #[test]
    fn a_mistake_is_told_by_its_full_name() {
        let within = |value: Value| json!({"addressRestrictions": value});
        for (value, says) in [
            (json!([]), "deliverySpecifications must be an object"),
            (json!({"specialRestrictions": "RestrictPOBoxes"}), "specialRestrictions must be a list of"),
            (json!({"specialRestrictions": ["RestrictIslands"]}), "specialRestrictions must be a list of"),
            (json!({"colour": 1}), "deliverySpecifications.colour"),
            (within(json!(1)), "addressRestrictions must be an object"),
            (within(json!({"restrictions": {}})), "addressRestrictions.type is missing"),
            (within(json!({"type": "allowed", "restrictions": {}})), "must be one of Allowed, NotAllowed"),
            (within(json!({"type": "Allowed"})), "addressRestrictions.restrictions is missing"),
            (within(json!({"type": "Allowed", "restrictions": {"Japan": {}}})), "restrictions.Japan is not a country"),
            (
                within(json!({"type": "Allowed", "restrictions": {"JP": {"zipCodes": "1"}}})),
                "JP.zipCodes must be a list",
            ),
            (
                within(json!({"type": "Allowed", "restrictions": {"JP": {"zipCodes": [1]}}})),
                "JP.zipCodes must be a list",
            ),
            (within(json!({"type": "Allowed", "restrictions": {"JP": {"cities": []}}})), "restrictions.JP.cities"),
        ] {
            let error = read(&value).expect_err(says);
            assert!(error.message.contains(says), "{value}: {}", error.message);
        }
    }
}
