//! How buyers, their addresses and cards stand in a data file: by their ids.

/// `#[serde(with = "kept::buyer")]`
pub(super) mod buyer {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::sandbox::buyers::{self, Buyer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
    pub(in super::super) fn serialize<S: Serializer>(buyer: &&'static Buyer, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(buyer.id)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Buyer, D::Error> {
        let id = String::deserialize(from)?;
        buyers::find(&id).ok_or_else(|| D::Error::custom(format!("there is no buyer {id}")))
    }
}

/// `#[serde(with = "kept::address")]`
pub(super) mod address {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::sandbox::buyers::{self, Address, BUYERS};

    #[expect(clippy::ref_option_ref, clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
    pub(in super::super) fn serialize<S: Serializer>(
        address: &Option<&'static Address>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let owner = address.and_then(|address| BUYERS.iter().find(|buyer| buyer.addresses.contains(address)));
        address.zip(owner).map(|(address, owner)| (owner.id, address.id)).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<&'static Address>, D::Error> {
        let Some((owner, id)) = Option::<(String, String)>::deserialize(from)? else { return Ok(None) };
        let found = buyers::find(&owner).and_then(|buyer| buyer.address(&id));
        found.map(Some).ok_or_else(|| D::Error::custom(format!("buyer {owner} has no address {id}")))
    }
}

/// `#[serde(with = "kept::instrument")]`
pub(super) mod instrument {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::sandbox::buyers::{BUYERS, Instrument};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
    pub(in super::super) fn serialize<S: Serializer>(card: &&'static Instrument, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(card.id)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Instrument, D::Error> {
        let id = String::deserialize(from)?;
        let found = BUYERS.iter().find_map(|buyer| buyer.instrument(&id));
        found.ok_or_else(|| D::Error::custom(format!("there is no card {id}")))
    }
}
