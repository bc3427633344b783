//! The whole door in one process: a journal, a fold, the server on a free port, clients over real sockets.

mod audit;
mod charting;
mod house;
mod permission;
mod privacy;
mod review;
mod stream;
mod surface;
