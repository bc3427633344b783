//! Accepting connections: TLS where it is on, and bounds so that idle or countless connections cannot shut others out.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep};
use tracing::{debug, warn};

use crate::tls::Tls;

/// Connections at once. [engineering]
const CONNECTIONS: usize = 4096;
/// Connections at once from one other machine. [engineering]
const PER_ADDRESS: usize = 256;
/// A connection that brings nothing for so long is closed; a live WebSocket answers a ping every 10 s. [engineering]
const IDLE: Duration = Duration::from_secs(75);

/// The listening end, as the server takes connections from it.
pub struct Door {
    local: SocketAddr,
    ready: mpsc::Receiver<(Line, SocketAddr)>,
}

impl Door {
    /// Accepts for as long as the door exists. A handshake happens on its own, so a slow one delays nobody.
    pub fn open(listener: TcpListener, tls: Option<Tls>) -> io::Result<Door> {
        let local = listener.local_addr()?;
        let (handed, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, tls, handed));
        Ok(Door { local, ready })
    }
}

impl axum::serve::Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task ends only with the runtime; there is nobody left to serve.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// Where a connection comes from, as requests see it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

async fn accept(listener: TcpListener, tls: Option<Tls>, handed: mpsc::Sender<(Line, SocketAddr)>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let seats = Seats::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = handed.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly; waiting is all there is to do.
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let Some(seat) = seats.take(peer.ip()) else { continue };
        // Small frames should leave at once.
        let _ = stream.set_nodelay(true);
        let (tls, handed) = (tls.clone(), handed.clone());
        tokio::spawn(async move {
            if let Some(stream) = shake_hands(stream, tls, peer).await {
                let idle = Box::pin(tokio::time::sleep(IDLE));
                // A closed channel means that the server stops; the connection closes with it.
                let _ = handed.send((Line { stream, idle, _place: place, _seat: seat }, peer)).await;
            }
        });
    }
}

async fn shake_hands(stream: TcpStream, tls: Option<Tls>, peer: SocketAddr) -> Option<Pin<Box<dyn Stream>>> {
    match tls {
        None => Some(Box::pin(stream)),
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Some(Box::pin(stream)),
            Err(error) => {
                debug!(%peer, %error, "no TLS");
                None
            }
        },
    }
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// One connection. It ends by itself when it brings nothing for [`IDLE`].
pub struct Line {
    stream: Pin<Box<dyn Stream>>,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
    _seat: Seat,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = &mut *self;
        match line.stream.as_mut().poll_read(cx, buf) {
            Poll::Ready(read) => {
                line.idle.as_mut().reset(Instant::now() + IDLE);
                Poll::Ready(read)
            }
            Poll::Pending => match line.idle.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(cx, bytes)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

struct Seat {
    seats: Seats,
    address: IpAddr,
}

impl Seats {
    /// `None` where the address has too many. This machine is not bounded: a proxy for everybody may stand here.
    fn take(&self, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if *count >= PER_ADDRESS && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_cannot_take_every_seat() {
        let seats = Seats::default();
        let one: IpAddr = "10.0.0.7".parse().expect("an address");
        let other: IpAddr = "10.0.0.8".parse().expect("an address");
        let mut held: Vec<Seat> = (0..PER_ADDRESS).filter_map(|_| seats.take(one)).collect();
        assert_eq!(held.len(), PER_ADDRESS);
        assert!(seats.take(one).is_none());
        assert!(seats.take(other).is_some());
        held.pop();
        assert!(seats.take(one).is_some());
        held.clear();
        assert!(seats.0.lock().expect("not poisoned").is_empty(), "a closed connection gives its seat back");
    }
}
