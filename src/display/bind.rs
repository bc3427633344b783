//! Which addresses may be served: beyond this machine only with TLS and with users.

use std::net::SocketAddr;

/// Why an address is refused, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("will not serve HTTP on {address}: {reason}; {remedy}, or serve this machine only with --http 127.0.0.1:{port}", port = address.port())]
pub struct Refusal {
    pub address: SocketAddr,
    pub reason: &'static str,
    pub remedy: &'static str,
}

/// Loopback is always allowed. Any other address shows patients to the network, so it needs encryption and users.
pub fn bind_allowed(address: SocketAddr, tls: bool, users: bool) -> Result<(), Refusal> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let (reason, remedy) = match (tls, users) {
        (true, true) => return Ok(()),
        (false, true) => (
            "that address is reachable from other machines and there is no TLS",
            "name a certificate and its key in the configuration ([http.tls] certificate, key)",
        ),
        (true, false) => (
            "that address is reachable from other machines and there are no users",
            "add one with `stormwatch user add NAME --role admin`",
        ),
        (false, false) => (
            "that address is reachable from other machines and there are neither TLS nor users",
            "name a certificate and its key in the configuration ([http.tls] certificate, key) and add a user with \
             `stormwatch user add NAME --role admin`",
        ),
    };
    Err(Refusal { address, reason, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_served_without_tls_and_users() {
        for local in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(bind_allowed(local.parse().expect("an address"), false, false), Ok(()), "{local}");
        }
        for open in ["0.0.0.0:8080", "[::]:8080", "192.168.1.4:80"] {
            let address = open.parse().expect("an address");
            assert_eq!(bind_allowed(address, true, true), Ok(()), "{open}");
            for (tls, users) in [(false, false), (true, false), (false, true)] {
                let refusal = bind_allowed(address, tls, users).expect_err("refused").to_string();
                assert!(refusal.contains("--http 127.0.0.1:"), "{refusal}");
                assert_eq!(refusal.contains("user add"), !users, "{refusal}");
                assert_eq!(refusal.contains("certificate"), !tls, "{refusal}");
            }
        }
    }
}
