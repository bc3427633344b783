//! A Mosquitto of our own on a free port.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::*;

pub struct Broker {
    process: Child,
    pub port: u16,
    pub folder: tempfile::TempDir,
}

impl Broker {
    pub fn start() -> Broker {
        Broker::configured("allow_anonymous true\n")
    }

    /// With these lines of configuration below the listener; `{folder}` stands for the broker's own.
    pub fn configured(lines: &str) -> Broker {
        let folder = tempfile::tempdir().expect("a folder");
        Broker::start_in(folder, free_port(), lines)
    }

    /// On a port of its own choice, with files that lie in the folder already.
    pub fn start_in(folder: tempfile::TempDir, port: u16, lines: &str) -> Broker {
        // Mosquitto gives up root for a user of its own, which has to reach the folder.
        let config = folder.path().join("mosquitto.conf");
        let lines = lines.replace("{folder}", &folder.path().display().to_string());
        std::fs::write(&config, format!("user root\nlistener {port} 127.0.0.1\n{lines}")).expect("written");
        let process = run(&config);
        let broker = Broker { process, port, folder };
        broker.wait();
        broker
    }

    fn wait(&self) {
        let address = format!("127.0.0.1:{}", self.port);
        let up = eventually(PATIENCE, || std::net::TcpStream::connect(&address).ok());
        assert!(up.is_some(), "mosquitto did not start");
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn stop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }

    /// Stopped and started again, with what it kept on disk and no more.
    pub fn restart(&mut self) {
        self.stop();
        self.process = run(&self.folder.path().join("mosquitto.conf"));
        self.wait();
    }

    pub fn publish(&self, topic: &str, payload: &str) {
        self.publish_with(&["-t", topic, "-m", payload]);
    }

    pub fn publish_with(&self, arguments: &[&str]) {
        let status = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"])
            .args(arguments)
            .status()
            .expect("mosquitto_pub is missing; run `make test-tools`");
        assert!(status.success());
    }

    /// Many payloads on one topic over one connection, one on each line.
    pub fn publish_lines(&self, topic: &str, lines: &str) {
        use std::io::Write as _;
        let mut client = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1", "-t", topic, "-l"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub is missing; run `make test-tools`");
        client.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
        assert!(client.wait().expect("it ends").success());
    }
}

pub fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    free.local_addr().expect("bound").port()
}

fn run(config: &Path) -> Child {
    let command =
        ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|p| PathBuf::from(p).exists());
    Command::new(command.expect("mosquitto is missing; run `make test-tools`"))
        .arg("-c")
        .arg(config)
        .stderr(Stdio::null())
        .spawn()
        .expect("mosquitto runs")
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A temperature in the project's own form, measured so many seconds ago.
pub fn temperature(patient: &str, seconds_ago: i64, value: &str) -> String {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds_ago);
    let at = at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    format!(
        r#"{{"patient":"{patient}","time":"{at}","observations":[{{"code":"8310-5","system":"LN","value":{value},"unit":"Cel"}}]}}"#
    )
}

/// Waits until a broker of this name is connected and subscribed.
pub fn connected(service: &Service, name: &str) {
    let name = format!("stormwatch_mqtt_up{{broker=\"{name}\"}}");
    let up = || (service.figure(&name) == 1).then_some(());
    eventually(PATIENCE, up).expect("connected to the broker");
    // The subscription follows the connection.
    std::thread::sleep(Duration::from_millis(300));
}
