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

/// `#[serde(with = "kept::maybe_shared")]`
pub(super) mod maybe_shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde's shape")]
    pub(in super::super) fn serialize<T: Serialize, S: Serializer>(
        one: &Option<Arc<T>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        one.as_deref().serialize(to)
    }

    pub(in super::super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Ok(Option::deserialize(from)?.map(Arc::new))
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
