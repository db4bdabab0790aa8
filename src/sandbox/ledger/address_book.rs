//! The buyer's address book, which of its addresses a shop sends to (`deliverySpecifications`, amazon-pay 2.3), and which of
//! them an order goes to.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Ledger;
use super::checkout::BuyerError;
use super::session::{Session, Terms};
use crate::sandbox::buyers::{Address, Buyer, Buyers};
use crate::sandbox::error::{ApiError, ReasonCode};

/// How many addresses one buyer may keep. Ours.
pub const ADDRESSES_MAX: usize = 20;

impl Ledger {
    /// The same ledger with other buyers, also after a reset. Those who have written into their address books here before
    /// find them as they left them.
    pub fn inhabit(&mut self, buyers: Buyers) {
        self.first_buyers = buyers.clone();
        self.buyers = buyers;
        self.hand_out_books();
    }

    /// Gives the buyers the address books that were kept of them.
    pub(super) fn hand_out_books(&mut self) {
        for (buyer_id, book) in self.books.pairs() {
            if let Some(buyer) = self.buyers.find_mut(buyer_id) {
                buyer.addresses = book.iter().cloned().map(Arc::new).collect();
            }
        }
    }

    /// Everybody who can sign in, as they are now.
    pub const fn buyers(&self) -> &Buyers {
        &self.buyers
    }

    /// The buyer of this session writes an address into their book: a new one, or (where `address.id` is one of
    /// theirs) another in its place. Answers its id. Sessions that others opened keep what was chosen in them.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`, `NotSignedIn`; `UnknownAddress` for an id that the buyer has not;
    /// `TooManyAddresses`.
    pub fn write_address(&mut self, id: &str, mut address: Address) -> Result<String, BuyerError> {
        let buyer_id = self.unpaid_mut(id)?.party.as_ref().map(|party| party.buyer.id.clone());
        let buyer_id = buyer_id.ok_or(BuyerError::NotSignedIn)?;
        let unknown = || BuyerError::UnknownBuyer(buyer_id.clone());
        let buyer = self.buyers.find_mut(&buyer_id).ok_or_else(unknown)?;
        if address.id.is_empty() {
            if buyer.addresses.len() >= ADDRESSES_MAX {
                return Err(BuyerError::TooManyAddresses);
            }
            address.id = buyer.unused_address_id();
            buyer.addresses.push(Arc::new(address.clone()));
        } else {
            let place = buyer.addresses.iter_mut().find(|place| place.id == address.id);
            *place.ok_or_else(|| BuyerError::UnknownAddress(address.id.clone()))? = Arc::new(address.clone());
        }
        let buyer = Arc::clone(self.buyers.find(&buyer_id).ok_or_else(unknown)?);
        let book = buyer.addresses.iter().map(|place| place.as_ref().clone()).collect();
        self.books.insert(buyer_id, book);
        let written = address.id.clone();
        if let Some(party) = self.unpaid_mut(id)?.party.as_mut() {
            party.buyer = buyer;
            let chosen = party.choice.iter_mut().flat_map(|choice| &mut choice.addresses);
            if let Some(chosen) = chosen.into_iter().find(|chosen| chosen.id == address.id) {
                *chosen = Arc::new(address);
            }
        }
        Ok(written)
    }
}

impl Session {
    /// Whether the shop sends to this address.
    pub fn delivers_to(&self, address: &Address) -> bool {
        self.request.delivery_specifications.as_ref().is_none_or(|specifications| allows(specifications, address))
    }

    /// The addresses with these ids, in the order of the buyer's book and each once; none where there is none to choose.
    pub(super) fn places_of<'a>(
        &self,
        buyer: &Buyer,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Arc<Address>>, BuyerError> {
        if !self.needs_address() {
            return Ok(Vec::new());
        }
        let asked: BTreeSet<&str> = ids.into_iter().collect();
        if let Some(unknown) = asked.iter().find(|id| buyer.address(id).is_none()) {
            return Err(BuyerError::UnknownAddress((*unknown).to_owned()));
        }
        match asked.len() {
            0 => return Err(BuyerError::UnknownAddress(String::new())),
            2.. if !self.request.product_type.is_multi_address() => return Err(BuyerError::OneAddressOnly),
            _ => {}
        }
        let places: Vec<_> = buyer.addresses.iter().filter(|place| asked.contains(place.id.as_str())).collect();
        match places.iter().find(|place| !self.delivers_to(place)) {
            Some(refused) => Err(BuyerError::NotDelivered(refused.id.clone())),
            None => Ok(places.into_iter().cloned().collect()),
        }
    }

    /// Whether `terms` price only addresses that the buyer has chosen, each once.
    pub(super) fn check_address_prices(&self, terms: &Terms) -> Result<(), ApiError> {
        let Some(prices) = &terms.address_prices else { return Ok(()) };
        if !self.request.product_type.is_multi_address() {
            let why = "multiAddressesCheckoutMetadata goes only with productType PayAndShipMultiAddress";
            return Err(ApiError::new(ReasonCode::InvalidParameterCombination, why));
        }
        let mut left = self.chosen_address_ids();
        for (number, part) in prices.iter().enumerate() {
            if !left.remove(&part.address_id) {
                let message = format!(
                    "multiAddressesCheckoutMetadata[{number}].addressId {} is not in shippingAddressList, or stands here \
                     twice",
                    part.address_id
                );
                return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
            }
        }
        Ok(())
    }

    /// The buyer has chosen anew: what was said of addresses that are not among them any more is forgotten.
    pub(super) fn forget_other_prices(&mut self) {
        let chosen = self.chosen_address_ids();
        let prices = self.request.terms.address_prices.take();
        let kept = prices.into_iter().flatten().filter(|part| chosen.contains(&part.address_id)).collect::<Vec<_>>();
        self.request.terms.address_prices = Some(kept).filter(|kept| !kept.is_empty());
    }

    fn chosen_address_ids(&self) -> BTreeSet<String> {
        self.party.iter().flat_map(|party| party.destinations().map(|(id, _)| id)).collect()
    }
}

/// Whether `deliverySpecifications` allow the address. What is not understood restricts nothing, as at Amazon's.
fn allows(specifications: &Value, address: &Address) -> bool {
    let special = specifications["specialRestrictions"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one == "RestrictPOBoxes") && is_post_office_box(address));
    let restrictions = &specifications["addressRestrictions"];
    let listed = || lists(&restrictions["restrictions"]["JP"], address);
    let by_place = match restrictions["type"].as_str() {
        Some("Allowed") => listed(),
        Some("NotAllowed") => !listed(),
        _ => true,
    };
    !special && by_place
}

/// Whether a country's restrictions name the address; those that name no part of the country name all of it.
fn lists(country: &Value, address: &Address) -> bool {
    if !country.is_object() {
        return false;
    }
    let texts =
        |name: &str| country[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let (states, codes) = (texts("statesOrRegions"), texts("zipCodes"));
    let code = address.postal_code.replace('-', "");
    let has_code = |wanted: &str| {
        let wanted = wanted.replace('-', "");
        wanted.strip_suffix('*').map_or(wanted == code, |start| code.starts_with(start))
    };
    (states.is_empty() && codes.is_empty())
        || states.iter().any(|state| same_prefecture(state, &address.state_or_region))
        || codes.into_iter().any(has_code)
}

/// With and without its last character 都, 道, 府 or 県, which shops leave out.
fn same_prefecture(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.trim_end_matches(['都', '府', '県']).to_owned();
    one == other || bare(one) == bare(other)
}

fn is_post_office_box(address: &Address) -> bool {
    let lines = [Some(&address.line1), address.line2.as_ref(), address.line3.as_ref()];
    lines.into_iter().flatten().any(|line| line.contains("私書箱") || line.to_uppercase().contains("P.O. BOX"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::buyers::ready;

    #[test]
    fn a_shop_sends_where_it_says() {
        let home = ready().all()[0].addresses[0].as_ref().clone();
        assert_eq!((home.state_or_region.as_str(), home.postal_code.as_str()), ("神奈川県", "250-0521"));
        let by = |kind: &str, japan: Value| json!({"specialRestrictions": ["RestrictPOBoxes"], "addressRestrictions": {"type": kind, "restrictions": {"JP": japan}}});
        for (specifications, fine) in [
            (json!({}), true),
            (by("Allowed", json!({})), true),
            (by("Allowed", json!({"statesOrRegions": ["東京都"]})), false),
            (by("Allowed", json!({"statesOrRegions": ["神奈川"]})), true),
            (by("Allowed", json!({"statesOrRegions": ["東京都"], "zipCodes": ["250*"]})), true),
            (by("Allowed", json!({"zipCodes": ["2500522"]})), false),
            (by("NotAllowed", json!({"zipCodes": ["250-0521"]})), false),
            (by("NotAllowed", json!({"statesOrRegions": ["沖縄県"]})), true),
            (by("NotAllowed", json!({})), false),
            (json!({"addressRestrictions": {"type": "Allowed", "restrictions": {"US": {}}}}), false),
        ] {
            assert_eq!(allows(&specifications, &home), fine, "{specifications}");
        }
        let boxed = Address { line2: Some("私書箱 12 号".to_owned()), ..home };
        assert!(!allows(&by("Allowed", json!({})), &boxed));
        assert!(allows(&json!({"specialRestrictions": null}), &boxed));
    }
}
