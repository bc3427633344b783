//! How many connections each address may hold, so that one sender cannot keep the others out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections each address holds.
pub(super) type Addresses = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// One address's share of the connections; given back when dropped.
pub(super) struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Seat {
    /// `None` where the address holds as many as it may.
    pub fn take(addresses: &Addresses, address: IpAddr, most: usize) -> Option<Seat> {
        // An IPv4 sender is the same one on a listener that takes both.
        let address = address.to_canonical();
        let mut held = addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.get(&address).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        held.insert(address, count + 1);
        Some(Seat { addresses: addresses.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_its_share_and_leaves_the_others_theirs() {
        let addresses = Addresses::default();
        let here: IpAddr = "10.0.0.1".parse().expect("an address");
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().expect("an address");
        let there: IpAddr = "10.0.0.2".parse().expect("an address");
        let first = Seat::take(&addresses, here, 2).expect("a seat");
        let _second = Seat::take(&addresses, mapped, 2).expect("a seat");
        assert!(Seat::take(&addresses, here, 2).is_none());
        assert!(Seat::take(&addresses, there, 2).is_some());
        drop(first);
        assert!(Seat::take(&addresses, here, 2).is_some());
        assert_eq!(addresses.lock().expect("not poisoned").len(), 1, "who holds nothing is forgotten");
    }
}
