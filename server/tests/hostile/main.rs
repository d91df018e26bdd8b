//! What a few kilobytes or one connection must not do: take the memory, the processor, the readers or the writer from
//! everybody else. Where memory is measured, the server is the real program in a process of its own.

mod bodies;
mod browsers;
mod clock;
mod database_file;
mod documents;
mod growth;
mod names;
mod passes;
mod peers;
mod postgres_only;
mod process;
mod protocols;
mod readers;
mod requests;
mod sockets;
mod variables;
mod wire;
mod writer;

#[path = "../it"]
#[allow(dead_code, unused_imports, reason = "the integration tests need all of it, these a part")]
mod it {
    pub(crate) mod harness;
}
use it::harness;
