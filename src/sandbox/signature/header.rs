//! The `Authorization` header (amazon-pay 1.4).

use super::canonical::Algorithm;

/// What the header says, as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) public_key_id: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

/// Reads `<algorithm> PublicKeyId=<id>, SignedHeaders=<a;b;c>, Signature=<base64>`.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn parse(text: &str) -> Result<Authorization<'_>, String> {
    let (name, rest) = text.split_once(' ').ok_or("it must be: algorithm, blank, parameters")?;
    let algorithm = Algorithm::named(name)
        .ok_or_else(|| format!("the algorithm {name:?} is neither AMZN-PAY-RSASSA-PSS nor AMZN-PAY-RSASSA-PSS-V2"))?;
    let mut parts = rest.split(',').map(str::trim);
    let mut next = |name: &'static str| {
        let part = parts.next().unwrap_or_default();
        let value = part.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
        value.filter(|value| !value.is_empty()).ok_or_else(|| format!("{name}=... is missing or not in its place"))
    };
    let authorization = Authorization {
        algorithm,
        public_key_id: next("PublicKeyId")?,
        signed_headers: next("SignedHeaders")?,
        signature: next("Signature")?,
    };
    if parts.next().is_some() { Err("something follows Signature=...".to_owned()) } else { Ok(authorization) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_parts_stand_in_their_order() {
        let parsed = parse("AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=K, SignedHeaders=a;B, Signature=Zm9v==").expect("fine");
        let expected =
            Authorization { algorithm: Algorithm::V2, public_key_id: "K", signed_headers: "a;B", signature: "Zm9v==" };
        assert_eq!(parsed, expected);
        for bad in [
            "",
            "AMZN-PAY-RSASSA-PSS",
            "AWS4-HMAC-SHA256 PublicKeyId=K, SignedHeaders=a, Signature=s",
            "AMZN-PAY-RSASSA-PSS SignedHeaders=a, PublicKeyId=K, Signature=s",
            "AMZN-PAY-RSASSA-PSS PublicKeyId=, SignedHeaders=a, Signature=s",
            "AMZN-PAY-RSASSA-PSS PublicKeyId=K, SignedHeaders=a, Signature=s, More=m",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
