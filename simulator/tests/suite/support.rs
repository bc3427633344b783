//! A tiny receiver for MLLP that answers as it is told.

use std::sync::{Arc, Mutex};

use stormwatch_simulator::send;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Accept,
    /// AE with a reason.
    Reject,
    /// AR with code 207: not now.
    NotNow,
    /// Close without an answer.
    Hang,
    /// Answer with the control id of another message first, then with the right one.
    Late,
}

pub struct Receiver {
    pub address: String,
    /// Every message received, in order, whatever the answer.
    pub received: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// `reply` decides by the number of messages received before.
    pub async fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, reply) = (Arc::clone(&received), Arc::new(reply));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&reply)));
            }
        });
        Self { address, received, task }
    }

    pub fn messages(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, reply: Arc<impl Fn(usize) -> Reply>) {
    let mut buffer = Vec::new();
    loop {
        while let Some(block) = send::unframe(&mut buffer) {
            let message = String::from_utf8_lossy(&block).to_string();
            let control = send::control_of(&message).to_string();
            let count = {
                let mut seen = seen.lock().unwrap();
                seen.push(message);
                seen.len() - 1
            };
            let answers: Vec<String> = match reply(count) {
                Reply::Accept => vec![answer("AA", &control, "")],
                Reply::Reject => {
                    vec![answer("AE", &control, "ERR||OBX^1^6|103^table value^HL70357|E|||unknown unit\r")]
                }
                Reply::NotNow => vec![answer("AR", &control, "ERR|||207^internal^HL70357|E\r")],
                Reply::Hang => return,
                Reply::Late => vec![answer("AA", "someone-else", ""), answer("AA", &control, "")],
            };
            for text in answers {
                if stream.write_all(&send::frame(text.as_bytes())).await.is_err() {
                    return;
                }
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn answer(code: &str, control: &str, rest: &str) -> String {
    format!("MSH|^~\\&|S|K|L|K|20261122081500+0900||ACK^R01^ACK|1|P|2.5\rMSA|{code}|{control}\r{rest}")
}
