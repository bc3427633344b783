//! Which addresses may be served: beyond this machine only with TLS and with users.

use std::net::SocketAddr;

/// Which of the service's ports an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Http,
    Mllp,
}

impl Port {
    fn name(self) -> &'static str {
        match self {
            Port::Http => "HTTP",
            Port::Mllp => "MLLP",
        }
    }
    fn flag(self) -> &'static str {
        match self {
            Port::Http => "--http",
            Port::Mllp => "--mllp",
        }
    }
    /// Where its certificate is named.
    fn table(self) -> &'static str {
        match self {
            Port::Http => "[http]",
            Port::Mllp => "[[mllp]]",
        }
    }
}

/// Why an address is refused, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("will not serve {name} on {address}: {reason}; {remedy}, or serve this machine only with {flag} 127.0.0.1:{number}", name = port.name(), flag = port.flag(), number = address.port())]
pub struct Refusal {
    pub port: Port,
    pub address: SocketAddr,
    pub reason: &'static str,
    pub remedy: String,
}

/// Loopback is always allowed. Any other address shows patients to the network, or takes their data from it, so it
/// needs encryption and users.
pub fn bind_allowed(port: Port, address: SocketAddr, tls: bool, users: bool) -> Result<(), Refusal> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let certificate =
        format!("name a certificate and its key in the configuration (tls of {})", port.table());
    let user = "add a user with `stormwatch user add NAME --role admin`";
    let (reason, remedy) = match (tls, users) {
        (true, true) => return Ok(()),
        (false, true) => ("that address is reachable from other machines and there is no TLS", certificate),
        (true, false) => {
            ("that address is reachable from other machines and there are no users", user.to_owned())
        }
        (false, false) => (
            "that address is reachable from other machines and there are neither TLS nor users",
            format!("{certificate} and {user}"),
        ),
    };
    Err(Refusal { port, address, reason, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_served_without_tls_and_users() {
        for local in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:80"] {
            for port in [Port::Http, Port::Mllp] {
                let address = local.parse().expect("an address");
                assert_eq!(bind_allowed(port, address, false, false), Ok(()), "{local}");
            }
        }
        for open in ["0.0.0.0:8080", "[::]:8080", "192.168.1.4:80"] {
            let address = open.parse().expect("an address");
            assert_eq!(bind_allowed(Port::Http, address, true, true), Ok(()), "{open}");
            for (tls, users) in [(false, false), (true, false), (false, true)] {
                let refusal = bind_allowed(Port::Mllp, address, tls, users).expect_err("refused").to_string();
                assert!(refusal.contains("MLLP") && refusal.contains("--mllp 127.0.0.1:"), "{refusal}");
                assert_eq!(refusal.contains("user add"), !users, "{refusal}");
                assert_eq!(refusal.contains("certificate"), !tls, "{refusal}");
            }
        }
    }
}
