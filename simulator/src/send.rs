//! Sends HL7 messages over MLLP: one at a time, each until it is acknowledged, over as many connections as
//! that takes.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::say;

const START: u8 = 0x0B;
const END: u8 = 0x1C;
const CR: u8 = 0x0D;

/// How long an acknowledgement may take before the connection is given up and the message sent again.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The largest acknowledgement that is read.
const LARGEST_ANSWER: usize = 1 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the receiver said to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// MSA-1: AA, AE, AR or CA, CE, CR.
    pub code: String,
    /// MSA-2: whose answer it is.
    pub control: String,
    /// MSA-3 and every ERR, for people.
    pub text: String,
    /// ERR-3 of the first ERR, from table 0357.
    pub error: String,
}

impl Answer {
    pub fn is_good(&self) -> bool {
        self.code == "AA" || self.code == "CA"
    }

    /// Refused because the receiver could not store it now (table 0357: 207, internal error): worth sending
    /// again.
    pub fn is_temporary(&self) -> bool {
        (self.code == "AR" || self.code == "CE") && self.error == "207"
    }

    /// Reads an acknowledgement; `None` when it has no MSA.
    pub fn parse(text: &str) -> Option<Answer> {
        let field = |line: &str, index: usize| line.split('|').nth(index).unwrap_or("").to_string();
        let msa = text.split('\r').find(|line| line.starts_with("MSA|"))?;
        let errors: Vec<&str> = text.split('\r').filter(|line| line.starts_with("ERR|")).collect();
        let first_code = errors.first().map(|line| field(line, 3)).unwrap_or_default();
        let mut words = vec![field(msa, 3)];
        words.extend(errors.iter().map(|line| line.to_string()));
        words.retain(|word| !word.is_empty());
        Some(Answer {
            code: field(msa, 1),
            control: field(msa, 2),
            text: words.join("; "),
            error: first_code.split('^').next().unwrap_or("").to_string(),
        })
    }
}

/// MSH-10 of a message; empty when there is none.
pub fn control_of(message: &str) -> &str {
    message.split('\r').next().and_then(|line| line.split('|').nth(9)).unwrap_or("")
}

/// The message as one MLLP block.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(message.len() + 3);
    block.push(START);
    block.extend_from_slice(message);
    block.extend_from_slice(&[END, CR]);
    block
}

/// Takes the first complete block out of `received`, if there is one; bytes before it are dropped.
pub fn unframe(received: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = received.windows(2).position(|pair| pair == [END, CR])?;
    let block: Vec<u8> = received.drain(..end + 2).collect();
    let start = block.iter().position(|byte| *byte == START).map_or(0, |at| at + 1);
    Some(block[start..end].to_vec())
}

/// A sender to one receiver. Nothing is lost: a message without an answer is sent again, under the same
/// MSH-10.
pub struct Mllp {
    address: String,
    stream: Option<TcpStream>,
    received: Vec<u8>,
    pause: Duration,
    patience: Duration,
    told: bool,
}

impl Mllp {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_string(),
            stream: None,
            received: Vec::new(),
            pause: FIRST_PAUSE,
            patience: PATIENCE,
            told: false,
        }
    }

    /// The same with another patience.
    pub fn with_patience(address: &str, patience: Duration) -> Self {
        Self { patience, ..Self::new(address) }
    }

    /// Waits until the receiver accepts connections.
    pub async fn connect(&mut self) {
        while self.stream.is_none() {
            match timeout(self.patience, TcpStream::connect(&self.address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    self.received.clear();
                    self.stream = Some(stream);
                    if self.told {
                        say::progress(&format!("mllp {}: connected again", self.address));
                    }
                    self.told = false;
                }
                Ok(Err(error)) => self.rest(&error.to_string()).await,
                Err(_) => self.rest("no answer to the connection").await,
            }
        }
    }

    /// Sends until the message is answered; an answer that says "not now" counts as none.
    pub async fn send(&mut self, message: &str) -> Answer {
        loop {
            self.connect().await;
            match self.exchange(message).await {
                Ok(answer) if answer.is_temporary() => self.rest(&answer.text).await,
                Ok(answer) => {
                    self.pause = FIRST_PAUSE;
                    return answer;
                }
                Err(error) => {
                    self.stream = None;
                    self.rest(&error.to_string()).await;
                }
            }
        }
    }

    /// Writes bytes that are no complete block and closes: what a crash in the middle of sending looks like.
    pub async fn break_off(&mut self, bytes: &[u8]) {
        self.connect().await;
        if let Some(mut stream) = self.stream.take() {
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    }

    /// Writes bytes that belong to no block and stays connected.
    pub async fn babble(&mut self, bytes: &[u8]) {
        self.connect().await;
        if let Some(stream) = &mut self.stream
            && stream.write_all(bytes).await.is_err()
        {
            self.stream = None;
        }
    }

    /// Sends a block of any bytes once and returns what came back, if anything did.
    pub async fn send_once(&mut self, message: &[u8]) -> Option<Answer> {
        self.connect().await;
        let stream = self.stream.as_mut().expect("just connected");
        if stream.write_all(&frame(message)).await.is_err() {
            self.stream = None;
            return None;
        }
        match self.read_block().await {
            Ok(block) => Answer::parse(&String::from_utf8_lossy(&block)),
            Err(_) => {
                self.stream = None;
                None
            }
        }
    }

    async fn rest(&mut self, reason: &str) {
        if !self.told {
            say::progress(&format!("mllp {}: {reason}; trying again", self.address));
            self.told = true;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    async fn exchange(&mut self, message: &str) -> Result<Answer> {
        let block = frame(message.as_bytes());
        self.stream.as_mut().expect("connected before every exchange").write_all(&block).await?;
        let control = control_of(message);
        loop {
            let answer = self.read_block().await?;
            let Some(answer) = Answer::parse(&String::from_utf8_lossy(&answer)) else {
                bail!("an answer without MSA");
            };
            // A late answer to a message that was given up belongs to that one, never to this.
            if answer.control == control {
                return Ok(answer);
            }
            if answer.control.is_empty() && !answer.is_good() {
                return Ok(answer);
            }
        }
    }

    async fn read_block(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream.as_mut().expect("connected before every read");
        let reading = async {
            loop {
                if let Some(block) = unframe(&mut self.received) {
                    return Ok(block);
                }
                if self.received.len() > LARGEST_ANSWER {
                    bail!("the answer is larger than {LARGEST_ANSWER} bytes");
                }
                if stream.read_buf(&mut self.received).await? == 0 {
                    bail!("closed before the acknowledgement");
                }
            }
        };
        match timeout(self.patience, reading).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("no acknowledgement within {} s", self.patience.as_secs_f32()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_reason() {
        let text = "MSH|^~\\&|A|B|C|D|20261122||ACK^R01|9|P|2.5\rMSA|AR|X1|cannot store\rERR||OBX^3^5|207^internal^HL70357|E\r";
        let answer = Answer::parse(text).unwrap();
        assert_eq!((answer.code.as_str(), answer.control.as_str()), ("AR", "X1"));
        assert!(answer.text.contains("cannot store") && answer.text.contains("OBX^3^5"));
        assert!(answer.is_temporary() && !answer.is_good());
        assert_eq!(Answer::parse("MSH|^~\\&|A\r"), None);
    }

    #[test]
    fn blocks_come_out_one_by_one_whatever_the_pieces() {
        let mut received = frame(b"one");
        received.extend(frame(b"two"));
        received.extend(b"\x0bthr");
        assert_eq!(unframe(&mut received).unwrap(), b"one");
        assert_eq!(unframe(&mut received).unwrap(), b"two");
        assert_eq!(unframe(&mut received), None);
        received.extend(b"ee\x1c\r");
        assert_eq!(unframe(&mut received).unwrap(), b"three");
        assert!(received.is_empty());
    }

    #[test]
    fn the_control_id_is_msh_10() {
        assert_eq!(control_of("MSH|^~\\&|A|B|C|D|20261122||ADT^A01|X7|P|2.5\rPID|"), "X7");
        assert_eq!(control_of(""), "");
    }
}
