//! Where the requests on a connection begin and end.
//!
//! actix reads requests itself; this follows beside it, by the same parser and the same rules, for what actix leaves open:
//! - A request head is passed on when it is whole, so that what is held of half a head is ours to bound.
//! - A request is passed on when the one before it is answered, so that what is read ahead is bounded.
//! - An upgrade that is not granted is plain HTTP/1.1 (RFC 9110, 7.8). actix would frame the body otherwise, say
//!   `connection: upgrade`, and close. So the words that ask for an upgrade are blotted out before it reads them.
//! - A chunk that is malformed ends the input. actix would take its client for gone, and close without an answer if the
//!   handler has to wait for anything.
//!
//! If the two ever disagree, a request that asks for an upgrade is treated as actix treats it; no byte but those of such
//! words is ever changed.

use std::mem::MaybeUninit;

/// As many as actix reads.
const MAX_HEADERS: usize = 96;

/// Stands in the place of the first letter of `upgrade`. `Xpgrade` has no meaning.
const BLOT: u8 = b'X';

/// What comes next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The head of a request.
    Head,
    /// So many bytes of a body.
    Length(u64),
    /// A body in chunks.
    Chunked(Chunk),
    /// Anything, until the connection is closed.
    Endless,
    /// Nothing: a chunk was malformed, and where the next request begins is not known.
    Malformed,
}

/// Where in a chunked body (RFC 9112, 7.1), by the rules of actix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Before the first digit of a size.
    Begin,
    /// In the line with a size.
    Size(u64),
    /// In the space behind the size.
    Space(u64),
    /// In what extends that line.
    Extension(u64),
    /// Before the line feed of that line.
    SizeLineFeed(u64),
    /// In so many bytes of data.
    Data(u64),
    /// Before the end of the line behind the data.
    DataReturn,
    DataLineFeed,
    /// At the beginning of a line behind the last chunk; an empty one is the end.
    Trailer,
    /// In a line that is not empty.
    TrailerLine,
    TrailerLineFeed,
    EndLineFeed,
    End,
}

/// What the bytes are with which a request should begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// A head of so many bytes.
    Whole(usize),
    /// A part of a head.
    Partial,
    /// No head that actix accepts.
    Unreadable,
}

/// What of some bytes belongs to the body of the present request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// So many of them.
    pub(crate) length: usize,
    /// So many of those are the body itself, and not what chunks are wrapped in.
    pub(crate) data: usize,
}

impl Framing {
    /// Reads the head of a request. What in it asks for an upgrade is blotted out.
    pub(crate) fn begin(&mut self, bytes: &mut [u8]) -> Begin {
        let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut []);
        let length = match request.parse_with_uninit_headers(bytes, &mut headers) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Begin::Partial,
            Err(_) => return self.lose(),
        };
        let (mut announced, mut is_chunked) = (None, false);
        // A route that grants upgrades (WebSockets) has to be left out here: of its requests nothing is blotted out, and what
        // follows is `Endless`.
        let mut blots = Vec::new();
        for header in request.headers.iter() {
            // All of them have other lengths than most that come.
            match header.name.len() {
                7 if header.name.eq_ignore_ascii_case("upgrade") => {
                    blots.push(offset(bytes, header.name.as_bytes()));
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    blots.extend(upgrades(header.value).map(|option| offset(bytes, option)));
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    let number = str::from_utf8(header.value).ok().map(str::trim);
                    let number =
                        number.filter(|text| !text.starts_with('+')).and_then(|text| text.parse().ok());
                    match (announced, number) {
                        (None, Some(number)) => announced = Some(number),
                        _ => return self.lose(),
                    }
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    if is_chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                        return self.lose();
                    }
                    is_chunked = true;
                }
                _ => {}
            }
        }
        *self = match (is_chunked, announced) {
            (true, None) => Self::Chunked(Chunk::Begin),
            (true, Some(_)) => return self.lose(),
            (false, None | Some(0)) if request.method == Some("CONNECT") => Self::Endless,
            (false, None | Some(0)) => Self::Head,
            (false, Some(announced)) => Self::Length(announced),
        };
        for place in blots {
            if let Some(letter) = bytes.get_mut(place) {
                *letter = BLOT;
            }
        }
        Begin::Whole(length)
    }

    /// Reads on in a body.
    pub(crate) fn read_on(&mut self, bytes: &[u8]) -> Part {
        match self {
            Self::Head | Self::Malformed => Part::default(),
            Self::Endless => Part { length: bytes.len(), data: bytes.len() },
            Self::Length(left) => {
                let length = at_most(*left, bytes.len());
                *left -= length as u64;
                if *left == 0 {
                    *self = Self::Head;
                }
                Part { length, data: length }
            }
            Self::Chunked(_) => self.read_on_in_chunks(bytes),
        }
    }

    fn read_on_in_chunks(&mut self, bytes: &[u8]) -> Part {
        let mut part = Part::default();
        while let Self::Chunked(chunk) = self {
            let rest = &bytes[part.length..];
            let Some(&byte) = rest.first() else { break };
            if let Chunk::Data(left) = chunk {
                let length = at_most(*left, rest.len());
                *left -= length as u64;
                if *left == 0 {
                    *chunk = Chunk::DataReturn;
                }
                part.length += length;
                part.data += length;
                continue;
            }
            match chunk.next(byte) {
                Some(Chunk::End) => *self = Self::Head,
                Some(next) => *chunk = next,
                None => {
                    *self = Self::Malformed;
                    break;
                }
            }
            part.length += 1;
        }
        part
    }

    fn lose(&mut self) -> Begin {
        *self = Self::Endless;
        Begin::Unreadable
    }
}

impl Chunk {
    /// What follows on a byte that is no data; `None` if that byte cannot stand here.
    fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Begin, _) => Some(Self::Size(char::from(byte).to_digit(16)?.into())),
            (Self::Size(size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16)?;
                Some(Self::Size(size.checked_mul(16)?.checked_add(digit.into())?))
            }
            (Self::Size(size) | Self::Space(size) | Self::Extension(size), b'\r') => {
                Some(Self::SizeLineFeed(size))
            }
            (Self::Size(size) | Self::Space(size), b' ' | b'\t') => Some(Self::Space(size)),
            (Self::Size(size) | Self::Space(size), b';')
            | (Self::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => Some(Self::Extension(size)),
            (Self::SizeLineFeed(0) | Self::TrailerLineFeed, b'\n') => Some(Self::Trailer),
            (Self::SizeLineFeed(size), b'\n') => Some(Self::Data(size)),
            (Self::DataReturn, b'\r') => Some(Self::DataLineFeed),
            (Self::DataLineFeed, b'\n') => Some(Self::Begin),
            (Self::Trailer, b'\r') => Some(Self::EndLineFeed),
            (Self::TrailerLine, b'\r') => Some(Self::TrailerLineFeed),
            (Self::Trailer | Self::TrailerLine, _) => Some(Self::TrailerLine),
            (Self::EndLineFeed, b'\n') => Some(Self::End),
            _ => None,
        }
    }
}

fn at_most(left: u64, there: usize) -> usize {
    usize::try_from(left).map_or(there, |left| left.min(there))
}

/// The options of a `Connection` header that ask for an upgrade.
fn upgrades(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|option| option.eq_ignore_ascii_case(b"upgrade"))
}

/// Where in `whole` its part begins.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Follows bytes as they come in parts, and says where each request began.
    fn begins(bytes: &str) -> Vec<usize> {
        let (mut bytes, mut framing) = (bytes.as_bytes().to_vec(), Framing::Head);
        let (mut place, mut begins) = (0, Vec::new());
        while place < bytes.len() {
            let rest = &mut bytes[place..];
            place += if framing == Framing::Head {
                let Begin::Whole(length) = framing.begin(rest) else { break };
                begins.push(place);
                length
            } else {
                // A byte at a time is the hardest.
                match framing.read_on(&rest[..1]).length {
                    0 => break,
                    length => length,
                }
            };
        }
        begins
    }

    #[test]
    fn requests_end_where_actix_ends_them() {
        let next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
        for first in [
            "GET / HTTP/1.1\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 13\r\n\r\nGET / HTTP/1.",
            "POST / HTTP/1.0\r\nContent-Length:  3 \r\nConnection: keep-alive\r\n\r\nabc",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\r\n0\r\n1A ;x=\"y\"\r\nabcdefghijklmnopqrstuvwxyz\r\n00\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: y\r\nX: z\r\n\r\n",
            "POST / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nxy",
        ] {
            assert_eq!(
                begins(&format!("{first}{next}{next}")),
                [0, first.len(), first.len() + next.len()],
                "{first}"
            );
        }
    }

    #[test]
    fn what_has_no_certain_end_is_followed_no_further() {
        for request in [
            "CONNECT x:1 HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 x\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;\u{1}\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        ] {
            assert_eq!(begins(&format!("{request}GET / HTTP/1.1\r\n\r\n")), [0], "{request}");
        }
        for head in [
            "GET / HTTP/1.1\r\nno header\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let mut framing = Framing::Head;
            assert_eq!(framing.begin(&mut head.as_bytes().to_vec()), Begin::Unreadable, "{head}");
            assert_eq!(framing, Framing::Endless);
        }
    }

    #[test]
    fn what_asks_for_an_upgrade_is_blotted_out_and_nothing_else() {
        let mut head = b"GET /upgrade HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings ,upgrade\r\nUpgrade: h2c\r\nX-Upgrade: \
            upgrade\r\nConnection: keep-alive, upgrades\r\nUPGRADE:websocket\r\n\r\nUpgrade: x"
            .to_vec();
        assert!(matches!(Framing::Head.begin(&mut head), Begin::Whole(_)));
        assert_eq!(
            str::from_utf8(&head).unwrap(),
            "GET /upgrade HTTP/1.1\r\nConnection: Xpgrade, HTTP2-Settings ,Xpgrade\r\nXpgrade: h2c\r\nX-Upgrade: \
             upgrade\r\nConnection: keep-alive, upgrades\r\nXPGRADE:websocket\r\n\r\nUpgrade: x"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_followed(mut bytes in prop::collection::vec(any::<u8>(), 0..300), size in any::<u64>()) {
            let _ = Framing::Head.begin(&mut bytes);
            for chunk in [Chunk::Begin, Chunk::Size(size), Chunk::Extension(size), Chunk::Data(size), Chunk::Trailer] {
                let part = Framing::Chunked(chunk).read_on(&bytes);
                prop_assert!(part.data <= part.length && part.length <= bytes.len());
            }
        }
    }
}
