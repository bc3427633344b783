//! The names of scores in what is written down and read again: there they are the program's own again, or refused.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

use super::NAMES;

/// A field that holds one name.
pub mod name {
    use super::*;

    pub fn serialize<S: Serializer>(name: &&'static str, to: S) -> Result<S::Ok, S::Error> {
        name.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
        let written = String::deserialize(from)?;
        known(&written).ok_or_else(|| D::Error::custom(format!("there is no score {written:?}")))
    }
}

/// A map whose keys are names.
pub mod map {
    use super::*;

    pub fn serialize<S: Serializer, T: serde::Serialize>(
        map: &BTreeMap<&'static str, T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        map.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        from: D,
    ) -> Result<BTreeMap<&'static str, T>, D::Error> {
        let written = BTreeMap::<String, T>::deserialize(from)?;
        let named = written.into_iter().map(|(written, what)| {
            let name =
                known(&written).ok_or_else(|| D::Error::custom(format!("there is no score {written:?}")))?;
            Ok((name, what))
        });
        named.collect()
    }
}

fn known(written: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| *name == written)
}
