//! The demo's own broker: Mosquitto as a child process, on loopback only, gone when we are.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// A running Mosquitto and its folder.
pub struct Mosquitto {
    child: Child,
    folder: PathBuf,
    pub address: SocketAddr,
}

impl Mosquitto {
    /// Starts it on `address` (port 0 takes a free one) and waits until it accepts.
    pub async fn start(address: &str) -> Result<Self> {
        let address = resolve(address).await?;
        let Some(program) = find(Path::new("mosquitto")) else {
            bail!(
                "mosquitto is not installed (looked in PATH and /usr/sbin); install the Debian package: \
                 apt-get install mosquitto — or name a broker with --mqtt mqtt://host:1883"
            );
        };
        if TcpStream::connect(address).await.is_ok() {
            bail!("something already listens on {address}; stop it, or use it with --mqtt mqtt://{address}");
        }
        let folder = std::env::temp_dir().join(format!("stormwatch-broker-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let file = folder.join(format!("mosquitto-{}.conf", address.port()));
        std::fs::write(&file, configuration(address))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let child = Command::new(&program)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C goes to the whole terminal group; the broker must outlive us until we have said goodbye.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut broker = Self { child, folder, address };
        broker.wait_until_it_accepts().await?;
        Ok(broker)
    }

    async fn wait_until_it_accepts(&mut self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                let mut words = String::new();
                if let Some(stderr) = &mut self.child.stderr {
                    let _ = timeout(Duration::from_secs(1), stderr.read_to_string(&mut words)).await;
                }
                bail!("mosquitto stopped at once ({status}): {}", words.trim());
            }
            if TcpStream::connect(self.address).await.is_ok() {
                self.drain();
                return Ok(());
            }
            sleep(Duration::from_millis(30)).await;
        }
        bail!("mosquitto does not accept connections on {} within 10 s", self.address);
    }

    /// Reads its log away, so that a full pipe never stops it.
    fn drain(&mut self) {
        if let Some(mut stderr) = self.child.stderr.take() {
            tokio::spawn(async move {
                let mut sink = [0; 1024];
                while matches!(stderr.read(&mut sink).await, Ok(n) if n > 0) {}
            });
        }
    }

    /// Asks it to stop and waits for it; kills it after five seconds.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id() {
            // The standard library can only kill; `kill` asks politely, so that clients see the connection
            // closed.
            let asked =
                Command::new("kill").arg("-TERM").arg(pid.to_string()).stderr(Stdio::null()).status().await;
            if !asked.is_ok_and(|status| status.success()) {
                self.child.start_kill()?;
            }
            if timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
                self.child.kill().await?;
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        Ok(())
    }
}

/// Anonymous clients are fine on loopback and nowhere else; sessions are not kept on disk, because the demo
/// starts afresh. Twenty messages on their way to a subscriber are Mosquitto's own default and what a
/// subscriber is built for; the long queue lets a service that restarts find everything it missed.
fn configuration(address: SocketAddr) -> String {
    format!(
        "listener {} {}\n\
         allow_anonymous true\n\
         persistence false\n\
         max_inflight_messages 20\n\
         max_queued_messages 100000\n\
         max_packet_size 1048576\n\
         log_dest stderr\n\
         log_type error\n\
         log_type warning\n",
        address.port(),
        address.ip()
    )
}

async fn resolve(text: &str) -> Result<SocketAddr> {
    let mut found = text.to_socket_addrs().with_context(|| format!("`{text}` is not host:port"))?;
    let Some(mut address) = found.next() else { bail!("`{text}` has no address") };
    if !address.ip().is_loopback() {
        bail!(
            "the demo's broker takes anyone and so listens on loopback only; write --broker 127.0.0.1:{} \
             or name a real broker with --mqtt",
            address.port()
        );
    }
    if address.port() == 0 {
        // Mosquitto cannot choose a port itself: take a free one and hand it over.
        address = TcpListener::bind(address).await?.local_addr()?;
    }
    Ok(address)
}

/// Looks in PATH, then where Debian puts daemons.
fn find(name: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_broker_open_to_the_network_is_refused_with_the_way_out() {
        let error = Mosquitto::start("0.0.0.0:18883").await.err().unwrap().to_string();
        assert!(error.contains("loopback only") && error.contains("--mqtt"), "{error}");
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert_eq!(find(Path::new("no-such-broker-anywhere")), None);
    }
}
