//! Floor 0. A TOML file read into a type, with everything that is wrong with it and not the first thing alone.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer};

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the text; `None` where it is about the whole.
    pub span: Option<Range<usize>>,
    pub message: String,
}

impl From<&toml::de::Error> for Fault {
    fn from(error: &toml::de::Error) -> Fault {
        Fault { span: error.span(), message: error.message().to_owned() }
    }
}

/// What the text says without what is wrong in it, and every fault. `None` where too little is left to make a `T`.
///
/// serde stops at its first complaint, so what it complains of is left out and the rest read again. Text that is no
/// TOML is not read on: what a missing quote makes of the lines below is nobody's mistake.
pub fn read<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<Fault>) {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return (None, errors.iter().map(Fault::from).collect());
    }
    let mut faults = Vec::new();
    let mut left_out = Vec::new();
    loop {
        match T::deserialize(Deserializer::from(table.clone())) {
            Ok(read) => return (Some(read), faults),
            Err(error) => {
                let fault = Fault::from(&error);
                let removed = fault.span.as_ref().and_then(|span| remove(table.get_mut(), span.start));
                // Missing because it was left out: that has been told.
                if !left_out.iter().any(|key| fault.message.contains(&format!("missing field `{key}`"))) {
                    faults.push(fault);
                }
                match removed {
                    Some(key) => left_out.push(key),
                    None => return (None, faults),
                }
            }
        }
    }
}

/// Removes the innermost entry that `at` lies in; its key.
fn remove(table: &mut DeTable<'_>, at: usize) -> Option<String> {
    if let Some(key) = table.iter_mut().find_map(|(_, value)| remove_within(value.get_mut(), at)) {
        return Some(key);
    }
    let here = |entry: &(&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        entry.0.span().contains(&at) || entry.1.span().contains(&at)
    };
    let key = table.iter().find(here)?.0.get_ref().to_string();
    table.remove(key.as_str());
    Some(key)
}

fn remove_within(value: &mut DeValue<'_>, at: usize) -> Option<String> {
    match value {
        DeValue::Table(table) => remove(table, at),
        DeValue::Array(list) => list.iter_mut().find_map(|value| remove_within(value.get_mut(), at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct House {
        rooms: u8,
        name: String,
        door: Vec<Door>,
        garden: Garden,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Door {
        colour: String,
        width: u8,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Garden {
        trees: u8,
    }

    fn places(text: &str) -> Vec<String> {
        let (_, faults) = read::<House>(text);
        faults.iter().map(|fault| fault.span.clone().map_or("?", |span| &text[span]).to_owned()).collect()
    }

    #[test]
    fn a_sound_file_is_read_whole() {
        let (house, faults) = read::<House>("rooms = 3\n[[door]]\ncolour = \"red\"\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(house.map(|house| (house.rooms, house.door.len())), Some((3, 1)));
    }

    #[test]
    fn every_unknown_key_and_every_wrong_type_is_told_and_the_rest_is_read() {
        let text = "roms = 1\nrooms = \"two\"\nname = \"Hill\"\n[garden]\ntrees = 4\nbench = 1\n[[door]]\ncolor = \"red\"\nwidth = 9\n[[door]]\nwidth = -1\n";
        let mut told = places(text);
        told.sort();
        assert_eq!(told, ["\"two\"", "-1", "bench", "color", "roms"]);
        let house = read::<House>(text).0.expect("the rest is a house");
        assert_eq!((house.rooms, house.name.as_str(), house.garden.trees), (0, "Hill", 4));
        assert_eq!(house.door.iter().map(|door| door.width).collect::<Vec<_>>(), [9, 0]);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)] // Read for what is wrong with it.
    struct Lamp {
        watts: u8,
        colour: String,
    }

    #[test]
    fn what_was_left_out_because_it_was_wrong_is_not_told_again_as_missing() {
        let (lamp, faults) = read::<Lamp>("watts = \"many\"\n");
        assert!(lamp.is_none());
        let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[test]
    fn what_is_no_toml_is_told_alone() {
        let (house, faults) = read::<House>("rooms = \nroms = 2\n");
        assert!(house.is_none());
        assert!(!faults.is_empty());
    }
}
