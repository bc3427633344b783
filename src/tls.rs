//! Floor 2. TLS for every port: certificate and key from files, read again when they change.
//!
//! One provider (ring), TLS 1.2 and 1.3. A client certificate can be demanded (mutual TLS), as HL7 senders and
//! kiosks use it. A renewed certificate takes effect without a restart; a broken one is refused, said so in the
//! log, and the old one stays in use.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

/// How often the files' times of change are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// A handshake takes milliseconds; a client that only holds the connection open is no client. [engineering]
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Which files make a port speak TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// PEM, the server's certificate first, then its issuers.
    pub certificate: PathBuf,
    /// PEM, PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    /// PEM of the authorities whose client certificates are accepted; with it, a client without one is refused.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {path}: {cause}; the file must be PEM and readable by the user the service runs as")]
    Unreadable { path: PathBuf, cause: String },
    #[error("{path} holds no certificate; expected a block that begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate { path: PathBuf },
    #[error("key {key} does not fit certificate {certificate}: {cause}")]
    Mismatch { certificate: PathBuf, key: PathBuf, cause: String },
    #[error("authorities in {path} are not usable: {cause}; the file must hold their certificates as PEM")]
    Authorities { path: PathBuf, cause: String },
    #[error("no usable TLS protocol version: {0}")]
    Protocol(String),
}

/// A port's TLS. Clones share the certificate, so a reload reaches all of them.
#[derive(Clone, Debug)]
pub struct Tls {
    files: TlsFiles,
    current: Arc<Current>,
    settings: Arc<ServerConfig>,
}

/// The certificate in use; rustls asks for it at each handshake.
#[derive(Debug)]
struct Current {
    key: RwLock<Arc<CertifiedKey>>,
    changed_at: RwLock<Option<SystemTime>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
    }
}

impl Tls {
    /// Reads the files and checks that key and certificate belong together.
    pub fn load(files: &TlsFiles) -> Result<Tls, Error> {
        let current = Arc::new(Current {
            key: RwLock::new(Arc::new(certified(files)?)),
            changed_at: RwLock::new(newest_change(files)),
        });
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|cause| Error::Protocol(cause.to_string()))?;
        let asked = match &files.client_ca {
            None => versions.with_no_client_auth(),
            Some(path) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider)
                        .build()
                        .map_err(|cause| Error::Authorities {
                            path: path.clone(),
                            cause: cause.to_string(),
                        })?;
                versions.with_client_cert_verifier(verifier)
            }
        };
        let settings = Arc::new(asked.with_cert_resolver(current.clone()));
        Ok(Tls { files: files.clone(), current, settings })
    }

    /// Does handshakes with the certificate in use at that moment.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.settings.clone())
    }

    /// Does the handshake of one accepted connection; a client that takes longer than ten seconds is let go.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        let handshake = self.acceptor().accept(stream);
        match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long")),
        }
    }

    /// Reads the certificate and key again now; the old pair stays in use where the new one is refused. The client
    /// authorities are read at start only.
    pub fn reload(&self) -> Result<(), Error> {
        let fresh = Arc::new(certified(&self.files)?);
        *self.current.key.write().unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Reloads where a file has changed since last looked at. `Ok(true)`: a new certificate is in use.
    pub fn reload_if_changed(&self) -> Result<bool, Error> {
        let newest = newest_change(&self.files);
        let mut seen = self.current.changed_at.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if newest == *seen {
            return Ok(false);
        }
        // Remembered before reading: a broken file is reported once, not every minute.
        *seen = newest;
        drop(seen);
        self.reload().map(|()| true)
    }

    /// Looks at the files once a minute, for as long as it is polled.
    pub async fn watch(self) {
        let mut minute = tokio::time::interval(LOOK_EVERY);
        loop {
            minute.tick().await;
            match self.reload_if_changed() {
                Ok(true) => info!(certificate = %self.files.certificate.display(), "certificate renewed"),
                Ok(false) => {}
                Err(refused) => warn!(%refused, "new certificate refused, the old one stays in use"),
            }
        }
    }
}

/// TLS towards a server whose certificate one of these authorities has signed.
pub fn client(authority_file: &Path) -> Result<Arc<ClientConfig>, Error> {
    Ok(Arc::new(trusting(authority_file)?.with_no_client_auth()))
}

/// The same towards a server that demands a certificate of ours.
pub fn client_with_certificate(
    authority_file: &Path,
    certificate_file: &Path,
    key_file: &Path,
) -> Result<Arc<ClientConfig>, Error> {
    let mismatch = |cause: rustls::Error| Error::Mismatch {
        certificate: certificate_file.to_owned(),
        key: key_file.to_owned(),
        cause: cause.to_string(),
    };
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|cause| Error::Unreadable { path: key_file.to_owned(), cause: cause.to_string() })?;
    let config = trusting(authority_file)?.with_client_auth_cert(certificates(certificate_file)?, key);
    config.map(Arc::new).map_err(mismatch)
}

fn trusting(
    authority_file: &Path,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::Protocol(cause.to_string()))?;
    Ok(versions.with_root_certificates(authorities(authority_file)?))
}

fn authorities(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots
            .add(authority)
            .map_err(|cause| Error::Authorities { path: path.to_owned(), cause: cause.to_string() })?;
    }
    Ok(roots)
}

fn certified(files: &TlsFiles) -> Result<CertifiedKey, Error> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|cause| Error::Unreadable { path: files.key.clone(), cause: cause.to_string() })?;
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider()).map_err(|cause| {
        Error::Mismatch {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            cause: cause.to_string(),
        }
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |cause: rustls::pki_types::pem::Error| Error::Unreadable {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if found.is_empty() {
        return Err(Error::NoCertificate { path: path.to_owned() });
    }
    Ok(found)
}

fn newest_change(files: &TlsFiles) -> Option<SystemTime> {
    [&files.certificate, &files.key]
        .into_iter()
        .filter_map(|path| std::fs::metadata(path).and_then(|found| found.modified()).ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(folder: &Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let files = TlsFiles {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
            client_ca: None,
        };
        std::fs::write(&files.certificate, made.cert.pem()).expect("written");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
        files
    }

    #[test]
    fn a_renewed_certificate_takes_effect_and_a_broken_one_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write_pair(folder.path(), "a");
        let tls = Tls::load(&files).expect("a pair that fits");
        let shown = |tls: &Tls| tls.current.key.read().expect("not poisoned").cert[0].clone();
        let first = shown(&tls);

        write_pair(folder.path(), "a");
        tls.reload().expect("a pair that fits");
        let second = shown(&tls);
        assert_ne!(first, second);

        std::fs::write(&files.certificate, "nothing").expect("written");
        assert!(matches!(tls.reload(), Err(Error::NoCertificate { .. })));
        assert_eq!(shown(&tls), second);
    }

    #[tokio::test]
    async fn a_client_that_knows_the_authority_is_served_and_another_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write_pair(folder.path(), "a");
        let tls = Tls::load(&files).expect("a pair that fits");
        let stranger = write_pair(folder.path(), "b");
        for (authority, trusted) in [(&files.certificate, true), (&stranger.certificate, false)] {
            let (ours, theirs) = tokio::io::duplex(16 * 1024);
            let connector = tokio_rustls::TlsConnector::from(client(authority).expect("an authority"));
            let name = "localhost".try_into().expect("a name");
            let (served, connected) = tokio::join!(tls.accept(ours), connector.connect(name, theirs));
            assert_eq!(connected.is_ok(), trusted);
            assert_eq!(served.is_ok(), trusted);
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = write_pair(folder.path(), "a");
        files.key = write_pair(folder.path(), "b").key;
        assert!(matches!(Tls::load(&files), Err(Error::Mismatch { .. })));
    }
}
