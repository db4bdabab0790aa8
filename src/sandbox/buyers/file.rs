//! Buyers of a file, in TOML, for `sekisho sandbox --buyers FILE`. docs/sandbox.md has an example.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;

use super::{Address, Buyer, Buyers, CARDS, card};

/// Why a file of buyers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BuyersError {
    /// Not TOML, or not of the shape.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// What is wrong with one of them, or with all.
    #[error("{0}")]
    Mistake(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    buyer: Vec<BuyerRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuyerRow {
    id: String,
    name: String,
    email: String,
    phone_number: String,
    /// All of them where it is not said.
    cards: Option<Vec<String>>,
    address: Vec<AddressRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressRow {
    name: String,
    line1: String,
    line2: Option<String>,
    line3: Option<String>,
    state_or_region: String,
    postal_code: String,
    phone_number: String,
}

/// Reads a file's text.
///
/// # Errors
/// [`BuyersError`], the first mistake.
pub fn parse(text: &str) -> Result<Buyers, BuyersError> {
    let file: File = toml::from_str(text)?;
    let mistake = |what: String| Err(BuyersError::Mistake(what));
    if file.buyer.is_empty() {
        return mistake("there is no [[buyer]]".to_owned());
    }
    let mut ids = HashSet::new();
    let mut buyers = Vec::new();
    for row in file.buyer {
        if !row.id.strip_prefix("amzn1.account.").is_some_and(is_upper_alphanumeric) {
            return mistake(format!("id {:?} must be amzn1.account. and upper-case letters and digits", row.id));
        }
        if !ids.insert(row.id.clone()) {
            return mistake(format!("buyer {} is there twice", row.id));
        }
        if row.name.is_empty() || row.address.is_empty() {
            return mistake(format!("buyer {} needs a name and at least one [[buyer.address]]", row.id));
        }
        buyers.push(buyer(row)?);
    }
    Ok(Buyers::of(buyers))
}

fn buyer(row: BuyerRow) -> Result<Buyer, BuyersError> {
    let instruments = match &row.cards {
        None => CARDS.iter().collect(),
        Some(ids) => {
            let known = |id: &String| {
                let all = CARDS.iter().map(|card| card.id).collect::<Vec<_>>().join(", ");
                card(id).ok_or_else(|| BuyersError::Mistake(format!("card {id:?} is none of {all}")))
            };
            ids.iter().map(known).collect::<Result<Vec<_>, _>>()?
        }
    };
    if instruments.is_empty() {
        return Err(BuyersError::Mistake(format!("buyer {} needs a card", row.id)));
    }
    let mut addresses = Vec::new();
    for (row, number) in row.address.into_iter().zip(1..) {
        let address = Address {
            id: format!("address-{number}"),
            name: row.name,
            line1: row.line1,
            line2: row.line2,
            line3: row.line3,
            state_or_region: row.state_or_region,
            postal_code: row.postal_code,
            phone_number: row.phone_number,
        };
        address.check().map_err(|what| BuyersError::Mistake(format!("{}: {what}", address.id)))?;
        addresses.push(Arc::new(address));
    }
    let BuyerRow { id, name, email, phone_number, .. } = BuyerRow { address: Vec::new(), ..row };
    Ok(Buyer { id, name, email, phone_number, addresses, instruments })
}

fn is_upper_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[buyer]]
        id = "amzn1.account.ODAWARA0000001"
        name = "小田原 次郎"
        email = "jiro@buyer.example"
        phone_number = "09000000009"
        cards = ["card-1111", "card-8006"]
        [[buyer.address]]
        name = "小田原 次郎"
        line1 = "小田原市城内0-1"
        state_or_region = "神奈川県"
        postal_code = "250-0014"
        phone_number = "09000000009"
    "#;

    #[test]
    fn a_file_brings_its_own_buyers() {
        let buyers = parse(FILE).expect("read");
        let jiro = buyers.find("amzn1.account.ODAWARA0000001").expect("there");
        assert_eq!(jiro.instruments.iter().map(|card| card.id).collect::<Vec<_>>(), ["card-1111", "card-8006"]);
        assert_eq!(jiro.addresses[0].id, "address-1");
    }

    #[test]
    fn they_come_after_the_ready_ones_or_in_the_place_of_one() {
        let ready = crate::sandbox::buyers::ready();
        let hanako = ready.all()[0].id.clone();
        let more = parse(FILE).expect("read");
        let all = ready.clone().and(more.clone());
        assert_eq!(all.all().len(), 4);
        assert_eq!((&all.all()[..3], &all.all()[3]), (ready.all(), &more.all()[0]));
        let other = parse(&FILE.replace("amzn1.account.ODAWARA0000001", &hanako)).expect("read");
        let all = ready.and(other);
        assert_eq!((all.all().len(), all.all()[0].name.as_str()), (3, "小田原 次郎"));
    }

    #[test]
    fn a_mistake_is_named() {
        for (from, to, says) in [
            ("email =", "e_mail =", "e_mail"),
            ("ODAWARA0000001", "odawara", "upper-case"),
            ("card-8006", "card-9999", "card-9999"),
            ("250-0014", "250", "postal_code"),
            ("line1 = \"小田原市城内0-1\"", "line1 = \"\"", "line1"),
            ("神奈川県", "カナガワ", "state_or_region"),
        ] {
            let error = parse(&FILE.replace(from, to)).expect_err(says);
            assert!(error.to_string().contains(says), "{says}: {error}");
        }
        let twice = format!("{FILE}{FILE}");
        assert!(parse(&twice).expect_err("twice").to_string().contains("twice"));
    }
}
