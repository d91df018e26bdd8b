//! A connection on which a test writes what it likes.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::harness::soon;

pub(crate) struct Wire(BufReader<TcpStream>);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.expect("a connection")))
    }

    /// Writes as much as the other side takes before it ends the connection.
    pub(crate) async fn write(&mut self, text: &str) {
        soon("a write", self.0.write_all(text.as_bytes())).await.ok();
    }

    /// Asks for `/healthz` with these headers besides `Host`.
    pub(crate) async fn ask(&mut self, headers: &str) -> Option<Answer> {
        self.write(&format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")).await;
        self.answer().await
    }

    /// The next answer; none when the connection has ended.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).expect("a status").parse().expect("a number");
        let mut headers = Vec::new();
        while let Some((name, value)) = self.line().await?.split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        soon("a body", self.0.read_exact(&mut body)).await.expect("a whole body");
        answer.body = String::from_utf8(body).expect("text");
        Some(answer)
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        // A connection that is reset has ended as well.
        let read = soon("a line", self.0.read_line(&mut line)).await.unwrap_or_default();
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

impl Answer {
    /// All values of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> =
            self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}
