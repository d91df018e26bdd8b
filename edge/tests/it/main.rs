//! Drives the real `andon-edge` against sockets that misbehave as networks, proxies and overloaded servers do.

mod command;
mod documents;
mod faulty_server;
mod http_input;
mod mapping;
mod replay;
mod spool;
