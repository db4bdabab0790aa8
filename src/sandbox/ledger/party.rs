//! Who buys, and what they have chosen: where to send, and what to pay with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::kept;
use crate::sandbox::buyers::{Address, Buyer, CardEffect, Instrument};

/// The buyer, and what they have chosen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Party {
    /// Who signed in, as they were then.
    #[serde(with = "kept::shared")]
    pub buyer: Arc<Buyer>,
    /// What they chose to pay with, and where to send; `None` until they have.
    pub choice: Option<Choice>,
}

/// A buyer's choice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Choice {
    /// Where to send the goods, in the order of the buyer's book: one address, several with `PayAndShipMultiAddress`,
    /// none where there is nothing to send or the shop said where.
    #[serde(alias = "address", with = "kept::places")]
    pub addresses: Vec<Arc<Address>>,
    /// What to pay with.
    #[serde(with = "kept::instrument")]
    pub instrument: &'static Instrument,
}

impl Choice {
    /// Where to send the goods, where it is one address.
    pub fn address(&self) -> Option<&Arc<Address>> {
        self.addresses.first()
    }

    /// What the chosen card does.
    pub const fn effect(&self) -> CardEffect {
        self.instrument.effect
    }
}

impl Party {
    /// What the API calls one of the buyer's addresses (amazon-pay 6): the same in every session and for every
    /// merchant, also after the buyer has changed what is written there.
    pub fn shipping_address_id(&self, place: &Address) -> String {
        let digest = Sha256::digest(format!("{}\n{}", self.buyer.id, place.id));
        format!("amzn1.address.{}", hex::encode_upper(&digest[..13]))
    }

    /// The chosen addresses, each with its id.
    pub fn destinations(&self) -> impl Iterator<Item = (String, &Address)> {
        let chosen = self.choice.iter().flat_map(|choice| &choice.addresses);
        chosen.map(|place| (self.shipping_address_id(place), place.as_ref()))
    }
}
