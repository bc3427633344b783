//! Random secrets, and the only forms in which they are kept: a hash of a token, a slow hash of a password.

use std::fmt::Write;
use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use ring::rand::SecureRandom;
use ring::{digest, hmac, rand};

/// Shortest password accepted. [engineering]
pub const PASSWORD_LEAST: usize = 12;
/// Longest password hashed: argon2's cost must not grow with what a stranger sends.
pub const PASSWORD_MOST: usize = 256;

/// A secret whose hash is looked up instead of the secret itself.
pub type Hash = [u8; 32];

/// 256 random bits.
pub fn random() -> [u8; 32] {
    let mut bytes = [0u8; 32];
    rand::SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new token as its owner gets it: 64 hexadecimal digits, good in a header and as a WebSocket subprotocol.
pub fn token() -> String {
    hex(&random())
}

/// SHA-256. A token has 256 random bits, so a fast hash is enough; a password has not, see [`password_hash`].
pub fn hash(secret: &str) -> Hash {
    let mut out = [0u8; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    out
}

/// HMAC-SHA-256 of `text` under `key`: the same name for the same thing, and no way back without the key.
pub fn keyed(key: &[u8; 32], text: &str) -> Hash {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let mut out = [0u8; 32];
    out.copy_from_slice(tag.as_ref());
    out
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// argon2id with the parameters of RFC 9106's second choice as the crate sets them (19 MiB, 2 passes), salted.
pub fn password_hash(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the default parameters are valid and the password is bounded")
        .to_string()
}

/// Whether `password` is the one behind `kept`. Without a kept hash the same work is done on a stand-in, so that the
/// time of the answer does not tell whether an account exists.
pub fn password_fits(password: &str, kept: Option<&str>) -> bool {
    static STAND_IN: LazyLock<String> = LazyLock::new(|| password_hash(&token()));
    let hash = kept.unwrap_or(&STAND_IN);
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    #[cfg(test)]
    tests::WORKED.with_borrow_mut(|worked| worked.push(parsed.params.to_string()));
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && kept.is_some()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    thread_local! {
        /// The cost of every password hash worked out on this thread: time cannot be tested on a loaded machine, work can.
        pub static WORKED: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let kept = password_hash("correct horse battery");
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert!(password_fits("correct horse battery", Some(&kept)));
        assert!(!password_fits("correct horse", Some(&kept)));
        assert!(!password_fits("correct horse battery", None));
    }

    #[test]
    fn a_keyed_name_depends_on_the_key() {
        assert_eq!(keyed(&[1; 32], "12345"), keyed(&[1; 32], "12345"));
        assert_ne!(keyed(&[1; 32], "12345"), keyed(&[2; 32], "12345"));
        assert_eq!(token().len(), 64);
    }
}
