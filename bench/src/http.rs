//! The least of an HTTP/1.1 client: one connection, requests prepared as bytes, answers of a stated length. Whatever a
//! measuring client spends is taken from the server beside it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What one read asks for: most answers fit into it.
const READ_BYTES: usize = 16 * 1024;
/// The longest answer that a question of ours can have: a snapshot of every worker is some hundreds of kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A connection that is kept open.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self::over(address, stream))
    }

    /// Over a connection that is open.
    pub(crate) fn over(address: SocketAddr, stream: TcpStream) -> Self {
        Self { address, stream, buffer: Vec::with_capacity(READ_BYTES) }
    }

    /// Begins anew: a server may refuse a request before it has read all of it, and then it closes the connection.
    pub(crate) async fn reopen(&mut self) -> Result<()> {
        *self = Self::open(self.address).await?;
        Ok(())
    }

    /// Sends a prepared request and answers with the status and the body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request).await.context("the server took no request")?;
        self.buffer.clear();
        let head_end = loop {
            self.read_more().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_end]).context("the answer's head is no text")?;
        let (status, length) = status_and_length(head)?;
        while self.buffer.len() < head_end + length {
            self.read_more().await?;
        }
        Ok((status, &self.buffer[head_end..head_end + length]))
    }

    /// Asks a prepared question and answers with how long one waits; fails where it is refused.
    pub(crate) async fn wait(&mut self, request: &[u8]) -> Result<Duration> {
        let asked = Instant::now();
        let (status, body) = self.exchange(request).await?;
        let waited = asked.elapsed();
        let is_answer = status == 200 && find(body, b"\"errors\":").is_none();
        ensure!(is_answer, "a question was answered with {status} {}", String::from_utf8_lossy(body));
        Ok(waited)
    }

    /// Runs an operation and answers with its data.
    pub(crate) async fn run(&mut self, query: &str, variables: &Value) -> Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let (status, body) = self.exchange(&post(body.as_bytes())).await?;
        let mut answer: Value = serde_json::from_slice(body)
            .with_context(|| format!("status {status} with a body that is no JSON"))?;
        if answer.get("errors").is_some() {
            bail!("`{query}` was refused: {answer}");
        }
        Ok(answer["data"].take())
    }

    async fn read_more(&mut self) -> Result<()> {
        self.buffer.reserve(READ_BYTES);
        if self.stream.read_buf(&mut self.buffer).await.context("the connection broke")? == 0 {
            bail!("the server closed the connection before it answered");
        }
        if self.buffer.len() > MAX_ANSWER_BYTES {
            bail!("the answer is longer than {MAX_ANSWER_BYTES} bytes");
        }
        Ok(())
    }
}

/// A request to /graphql with this body, as the bytes that go over the wire.
pub(crate) fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A request for a page, as the bytes that go over the wire.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// Where a text first occurs.
pub(crate) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// The whole number that follows a text, such as `"revision":`; none where there is no such text or no number.
pub(crate) fn number_after(bytes: &[u8], text: &[u8]) -> Option<i64> {
    let from = find(bytes, text)? + text.len();
    let digits = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[from..from + digits]).ok()?.parse().ok()
}

fn status_and_length(head: &str) -> Result<(u16, usize)> {
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .ok_or_else(|| anyhow!("an answer without a status: {head:?}"))?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .ok_or_else(|| anyhow!("an answer without a content-length: {head:?}"))?;
    Ok((status, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_after_a_text_ends_where_its_digits_do() {
        assert_eq!(number_after(br#"{"accepted":120,"revision":7}"#, br#""accepted":"#), Some(120));
        assert_eq!(number_after(br#"{"accepted":120,"revision":7}"#, br#""revision":"#), Some(7));
        assert_eq!(number_after(br#"{"accepted":null}"#, br#""accepted":"#), None);
        assert_eq!(number_after(b"{}", br#""accepted":"#), None);
    }

    #[test]
    fn the_length_is_found_whatever_its_case() {
        let head = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(status_and_length(head).unwrap(), (200, 12));
    }
}
