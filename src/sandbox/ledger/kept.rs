//! How buyers, their addresses and cards stand in a data file: people and places as they are, cards by their ids.

/// `#[serde(with = "kept::shared")]`
pub(in crate::sandbox) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::sandbox) fn serialize<T: Serialize, S: Serializer>(one: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
        one.as_ref().serialize(to)
    }

    pub(in crate::sandbox) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(from).map(Arc::new)
    }
}

/// `#[serde(with = "kept::places")]`: a list; files of before there could be several have one address, or null.
pub(super) mod places {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::sandbox::buyers::Address;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        List(Vec<Address>),
        One(Address),
    }

    pub(in super::super) fn serialize<S: Serializer>(places: &[Arc<Address>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(places.iter().map(Arc::as_ref))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Arc<Address>>, D::Error> {
        let places = match Option::deserialize(from)? {
            None => Vec::new(),
            Some(Written::One(place)) => vec![place],
            Some(Written::List(places)) => places,
        };
        Ok(places.into_iter().map(Arc::new).collect())
    }
}

/// `#[serde(with = "kept::instrument")]`
pub(super) mod instrument {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::sandbox::buyers::{Instrument, card};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
    pub(in super::super) fn serialize<S: Serializer>(card: &&'static Instrument, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(card.id)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Instrument, D::Error> {
        let id = String::deserialize(from)?;
        card(&id).ok_or_else(|| D::Error::custom(format!("there is no card {id}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::buyers::ready;
    use crate::sandbox::ledger::{Choice, Terms};

    #[test]
    fn what_was_kept_before_an_order_could_go_to_several_addresses_can_be_read() {
        let home = json!(ready().all()[0].addresses[0].as_ref());
        for (name, address, many) in
            [("address", Value::Null, 0), ("address", home.clone(), 1), ("addresses", json!([home, home]), 2)]
        {
            let kept = json!({name: address, "instrument": "card-1111"});
            let choice: Choice = serde_json::from_value(kept).expect("a choice");
            assert_eq!((choice.addresses.len(), choice.instrument.id), (many, "card-1111"));
            let again: Choice = serde_json::from_value(json!(choice)).expect("a choice");
            assert_eq!(again.addresses, choice.addresses);
        }
        let mut kept = json!(Terms::default());
        kept.as_object_mut().expect("an object").remove("address_prices");
        kept["payment"].as_object_mut().expect("an object").remove("estimate_order_total");
        assert_eq!(serde_json::from_value::<Terms>(kept).ok(), Some(Terms::default()));
    }
}
