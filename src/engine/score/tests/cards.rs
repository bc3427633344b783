//! Every score has a page, and asks for nothing that its page does not list.

use crate::engine::score::{Inputs, NAMES, Tables, card, compute, suggest};

#[test]
fn every_score_has_a_card_with_source_limits_and_titles_in_both_languages() {
    let tables = Tables::builtin();
    for name in NAMES {
        let card = card(name, &tables).expect("listed");
        assert_eq!(card.name, name);
        for text in [&card.title_en, &card.title_ja, &card.unit, &card.source, &card.limits] {
            assert!(!text.trim().is_empty(), "{name}: {card:?}");
        }
        assert!(!card.rows.is_empty() && !card.inputs.is_empty(), "{name}");
        serde_json::to_string(&card).expect("a card is plain data");
    }
}

#[test]
fn with_nothing_known_no_score_has_a_value_and_every_one_names_what_is_missing() {
    let tables = Tables::builtin();
    for name in NAMES {
        let score = compute(name, &Inputs::new(), &tables).expect("listed");
        assert_eq!(score.name, name);
        assert_eq!((score.value, score.at_least, score.band), (None, None, None), "{name}");
        assert!(!score.missing.is_empty(), "{name}");
        assert!(!score.source.is_empty() && score.terms.iter().all(|term| !term.source.is_empty()), "{name}");
        let card = card(name, &tables).expect("listed");
        for missing in &score.missing {
            assert!(card.inputs.iter().any(|ask| ask.name == *missing), "{name}: {missing}");
        }
    }
}

#[test]
fn a_name_that_is_no_score_has_neither_value_nor_card() {
    assert!(compute("apache", &Inputs::new(), &Tables::builtin()).is_none());
    assert!(card("apache", &Tables::builtin()).is_none());
}

#[test]
fn a_slip_of_the_keys_is_recognised_and_another_word_is_not() {
    assert_eq!(suggest("new2", NAMES), Some("news2"));
    assert_eq!(suggest("qsopha", NAMES), Some("qsofa"));
    assert_eq!(suggest("apache", NAMES), None);
}
