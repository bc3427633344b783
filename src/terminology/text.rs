//! Spellings made comparable: full width, half width, case, spaces and look-alikes.

use unicode_normalization::UnicodeNormalization;

/// NFKC, so that `３８．７` is `38.7` and `℃` is `°C`, and the signs it leaves apart: minus and multiplication.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_string();
    }
    let folded: String = text
        .nfkc()
        .map(|letter| match letter {
            '−' | '–' | '‐' | '‑' => '-',
            '×' | '✕' => 'x',
            other => other,
        })
        .collect();
    folded.trim().to_string()
}

fn without_spaces(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|letter| !letter.is_whitespace())
}

/// A number with what stands around it: lower case, no spaces.
pub(super) fn amount_key(text: &str) -> String {
    without_spaces(&plain(text).to_lowercase()).collect()
}

/// A unit: lower case, no spaces, no `*`, `μ` as `u`.
pub(super) fn unit_key(text: &str) -> String {
    let lower = plain(text).to_lowercase();
    without_spaces(&lower).filter(|letter| *letter != '*').map(|l| if l == 'μ' { 'u' } else { l }).collect()
}

/// A code or the name of a coding system: upper case, no spaces, no hyphens in a JLAC10 code's blocks.
pub(super) fn code_key(text: &str) -> String {
    without_spaces(&plain(text).to_uppercase()).collect()
}

/// A word of a chart or the name of a drug: lower case, no spaces, hyphens, underscores, middle dots.
pub(super) fn word_key(text: &str) -> String {
    without_spaces(&plain(text).to_lowercase())
        .filter(|l| !matches!(l, '-' | '_' | '・' | '·' | '/'))
        .collect()
}

/// At most `longest` characters, without control characters, for messages.
pub(super) fn shown(text: &str, longest: usize) -> String {
    let mut letters = text.trim().chars().filter(|letter| !letter.is_control());
    let mut shown: String = letters.by_ref().take(longest).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_the_same_however_wide_it_is_written() {
        for text in ["10^3/uL", "*10＾3/ul", "１０＾３／μＬ", "10^3 / µL", "10^3/ＵＬ"] {
            assert_eq!(unit_key(text), "10^3/ul", "{text}");
        }
        assert_eq!(unit_key("×10³/µL"), "x103/ul");
        assert_eq!(unit_key("℃"), unit_key("°C"));
        assert_eq!(unit_key("㎎／㎗"), "mg/dl");
    }

    #[test]
    fn a_word_is_the_same_however_it_is_spaced() {
        assert_eq!(word_key("Non-Rebreather"), word_key("non rebreather"));
        assert_eq!(word_key("ﾃﾞｷｻﾒﾀｿﾞﾝ"), word_key("デキサメタゾン"));
        assert_eq!(word_key("ソル・メドロール"), word_key("ソルメドロール"));
    }
}
