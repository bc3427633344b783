//! Who lies in the bed: an invented person whose name says that it is invented.

use crate::chance::Chance;
use crate::moment::DAY;

#[derive(Clone, Debug)]
pub struct Person {
    /// The identifier sent in PID-3, such as `S1P0007`: seed 1, patient 7.
    pub id: String,
    pub number: usize,
    pub ward: String,
    pub bed: String,
    pub female: bool,
    /// Seconds since 1970; only the date is sent.
    pub born: i64,
    /// In kilograms.
    pub weight: f64,
}

impl Person {
    /// `now` fixes the age: adults of 35 to 78 years, most of them around 63. Engineering.
    pub fn draw(seed: u64, number: usize, ward: &str, bed: &str, now: i64, chance: &mut Chance) -> Self {
        let female = chance.yes(0.45);
        let years = chance.normal_within(63.0, 10.0, 35.0, 78.0);
        let weight = chance.normal_within(if female { 53.0 } else { 64.0 }, 9.0, 36.0, 105.0);
        Self {
            id: format!("S{seed}P{number:04}"),
            number,
            ward: ward.to_string(),
            bed: bed.to_string(),
            female,
            born: now - (years * 365.25 * DAY as f64) as i64,
            weight,
        }
    }

    /// In letters and in Japanese, as PID-5 repeats them.
    pub fn names(&self) -> [(String, String); 2] {
        let number = format!("{:04}", self.number);
        let wide: String = number.chars().map(full_width).collect();
        [("SIMULATED".to_string(), format!("P{number}")), ("模擬".to_string(), format!("患者{wide}"))]
    }
}

/// The full-width form of an ASCII character, as Japanese systems like to write digits.
pub fn full_width(c: char) -> char {
    match c {
        '!'..='~' => {
            char::from_u32(c as u32 - '!' as u32 + '！' as u32).expect("U+FF01 to U+FF5E are characters")
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_that_it_is_invented_in_both_scripts() {
        let person = Person::draw(1, 7, "6E", "07", 1_790_000_000, &mut Chance::new(1, 7));
        let [letters, japanese] = person.names();
        assert_eq!(letters, ("SIMULATED".to_string(), "P0007".to_string()));
        assert_eq!(japanese, ("模擬".to_string(), "患者０００７".to_string()));
        assert_eq!(person.id, "S1P0007");
    }
}
