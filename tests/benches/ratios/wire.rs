//! The smallest keep-alive HTTP client: it sends prepared bytes and reads an answer, so that the client's own cost
//! stays out of the numbers as far as it can.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Outcome;

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole `POST /v1/events` request.
pub(crate) fn request(key: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len(),
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

impl Wire {
    /// Connects.
    pub(crate) async fn open(address: std::net::SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256 << 10) })
    }

    /// Sends a prepared request; an answer that did not accept all its `events` is an error.
    pub(crate) async fn send(&mut self, request: &[u8], events: usize) -> Outcome<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            self.fill().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break (end + 4, content_length(&self.buffer[..end])?);
            }
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        let expected = format!("{{\"accepted\":{events},");
        let body = &self.buffer[head..];
        if !self.buffer.starts_with(b"HTTP/1.1 200") || !body.starts_with(expected.as_bytes()) {
            let shown = String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(1_500)]);
            return Err(format!("the server did not accept {events} events: {shown}").into());
        }
        Ok(())
    }

    async fn fill(&mut self) -> Outcome<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn content_length(head: &[u8]) -> Outcome<usize> {
    let head = std::str::from_utf8(head)?.to_ascii_lowercase();
    let value = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    Ok(value.ok_or("the answer has no length")?.trim().parse()?)
}
