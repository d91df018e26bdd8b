//! Andon's edge side: brings events that cameras and devices saw to the server.
//!
//! [`run`] is the agent: [`input`]s put events into the [`spool`], a [`delivery`] brings them to the server, and neither
//! waits for the other; [`health`] counts what happens.
//!
//! Sending a file is simpler. Data flows one way: a [`source`] of JSON lines, each judged by [`line`], is cut into [`batch`]es; [`send`] brings a
//! batch to the server and tries again for as long as its [`answer`] allows, waiting as [`backoff`] says; [`replay`] is
//! the command that joins them, with its [`progress`] while it runs and its [`summary`] in the end.
//!
//! The server stores each event once, so a batch whose answer was lost on the way is simply sent again.

pub mod answer;
pub mod backoff;
pub mod batch;
pub mod dead_letters;
pub mod delivery;
pub mod health;
pub mod input;
pub mod line;
pub mod progress;
pub mod replay;
pub mod run;
pub mod send;
pub mod simulate;
pub mod source;
pub mod spool;
pub mod status;
pub mod stop;
pub mod summary;
