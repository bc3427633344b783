//! The suite: the built binary, driven from outside, mostly by clients nobody here wrote.

mod access;
mod broker;
mod brokers;
mod certificates;
mod clients;
mod commands;
mod conformance;
mod corpus;
mod crash;
mod intake;
mod opinions;
mod profiles;
mod reload;
mod replay;
mod restart;
mod support;
mod tidy;
mod ward;
