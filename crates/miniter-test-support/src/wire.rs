//! A client that keeps its connection and costs little: hundreds of them run beside the server on two cores.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// One connection, which is made anew when it has been closed.
pub struct Wire {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

/// What came back.
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The seconds that `Retry-After` tells.
    pub retry_after: Option<u64>,
    /// Where what is newer is.
    pub prev: Option<String>,
    /// The body.
    pub body: String,
    /// The time from the request to the end of the answer.
    pub took: Duration,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Wire {
    /// A client of the server at this address.
    pub fn to(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// A GET.
    pub fn get(&mut self, path: &str, token: &str) -> io::Result<Reply> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"))
    }

    /// A POST of JSON.
    pub fn post(&mut self, path: &str, token: &str, body: &Value) -> io::Result<Reply> {
        self.post_with(path, token, "", body)
    }

    /// The same with more lines of the head, each with its end.
    pub fn post_with(&mut self, path: &str, token: &str, lines: &str, body: &Value) -> io::Result<Reply> {
        let body = body.to_string();
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
             {lines}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// Sends a request and waits for the answer.
    ///
    /// Nothing is sent twice: a connection that is lost fails the request, whatever the server has made of it.
    pub fn ask(&mut self, request: &str) -> io::Result<Reply> {
        let begun = Instant::now();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        connection.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let status =
            line.get(9..12).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let (mut length, mut closes, mut retry_after, mut prev) = (0, false, None, None);
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?,
                "connection" => closes = value.trim().eq_ignore_ascii_case("close"),
                "link" => {
                    let link = value.split(',').find(|link| link.contains("rel=\"prev\""));
                    prev = link.and_then(|link| link.split(['<', '>']).nth(1)).map(str::to_owned);
                }
                "retry-after" => retry_after = value.trim().parse().ok(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        if !closes {
            self.connection = Some(connection);
        }
        let body = String::from_utf8(body).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Reply { status, retry_after, prev, body, took: begun.elapsed() })
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(BufReader::new(stream))
    }
}
