use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection that is kept open. HTTP/1.1 as far as our own server speaks it: every answer has a `content-length`.
pub struct Connection {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// An answer's status and body.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Connection {
    pub async fn open(server: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: server.to_owned(), request: Vec::new(), answer: Vec::new() })
    }

    pub async fn post(&mut self, path: &str, body: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        self.request.extend_from_slice(
            format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                self.host,
                body.len()
            )
            .as_bytes(),
        );
        self.exchange().await
    }

    pub async fn get(&mut self, path: &str, token: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        self.request.extend_from_slice(
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n", self.host).as_bytes(),
        );
        self.exchange().await
    }

    async fn exchange(&mut self) -> io::Result<Answer<'_>> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (head, end) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some(head) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let end = head + 4 + content_length(&self.answer[..head])?;
            if self.answer.len() >= end {
                break (head, end);
            }
        };
        let status = self.answer.get(9..12).and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Answer { status, body: &self.answer[head + 4..end] })
    }
}

impl Answer<'_> {
    /// The text of a member of the JSON object in the body.
    pub fn member(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(self.body).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    let head = str::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData)?;
    let length = head.split("\r\n").skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(length.ok_or(io::ErrorKind::InvalidData)?)
}
