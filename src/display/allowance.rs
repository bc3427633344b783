//! How often one client may ask: a bucket that refills. Keeps one broken or hostile client from taking the ward's turn.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Span, Time};

/// A rate with a reserve.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// So many at once.
    pub reserve: u32,
    /// One more after each of these.
    pub refill: Span,
}

/// Requests of one account, or of one address without an account: 50 a second, 500 at once. [engineering]
pub const REQUESTS: Allowance = Allowance { reserve: 500, refill: Span(20) };
/// Attempts to sign in with one account name, good or not: 5, then one a minute. [engineering]
pub const LOGIN_ACCOUNT: Allowance = Allowance { reserve: 5, refill: Span(60_000) };
/// Attempts to sign in from one address: 20, then one each 10 s. [engineering]
pub const LOGIN_ADDRESS: Allowance = Allowance { reserve: 20, refill: Span(10_000) };
/// Clients remembered; full buckets are forgotten first.
const CLIENTS: usize = 10_000;

/// The buckets of all clients.
#[derive(Debug)]
pub struct Allowances {
    allowance: Allowance,
    /// What a client has used, as an instant: the bucket is full again at that time.
    full_at: Mutex<BTreeMap<String, Time>>,
}

impl Allowances {
    pub fn new(allowance: Allowance) -> Allowances {
        Allowances { allowance, full_at: Mutex::new(BTreeMap::new()) }
    }

    /// Takes one; `Err` holds the whole seconds until there is one again.
    pub fn take(&self, client: &str, now: Time) -> Result<(), u64> {
        let mut clients = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS && !clients.contains_key(client) {
            clients.retain(|_, full_at| *full_at > now);
            if clients.len() >= CLIENTS {
                return Err(1);
            }
        }
        let refill = self.allowance.refill.0;
        let full_at = clients.get(client).copied().unwrap_or(now).max(now) + self.allowance.refill;
        let most = now + Span(refill * i64::from(self.allowance.reserve));
        if full_at > most {
            let wait = (full_at - most).0;
            return Err(u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1));
        }
        clients.insert(client.to_owned(), full_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_asks_too_often_waits_and_delays_nobody_else() {
        let allowances = Allowances::new(LOGIN_ACCOUNT);
        let now = Time(1_000_000);
        for _ in 0..5 {
            assert_eq!(allowances.take("a", now), Ok(()));
        }
        assert_eq!(allowances.take("a", now), Err(60));
        assert_eq!(allowances.take("b", now), Ok(()));
        assert_eq!(allowances.take("a", now + Span::seconds(59)), Err(1));
        assert_eq!(allowances.take("a", now + Span::MINUTE), Ok(()));
        assert_eq!(allowances.take("a", now + Span::MINUTE), Err(60));
    }
}
