//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};
use miniter_domain::Subscriber;

/// The one header that is looked at, and only from a proxy that is trusted. `Forwarded` and `X-Real-IP` are not: a proxy
/// that sets one of several lets the others pass as its clients wrote them.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word on where a request comes from is taken. By default there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

/// Addresses and networks, separated by commas. Those of IPv4 may be written as IPv6 has them (`::ffff:10.0.0.0/104`).
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                let network = entry.parse().or_else(|_| entry.parse().map(|address: IpAddr| address.into()));
                network.map(canonical).map_err(|_| {
                    format!("{entry:?} is neither an address nor a network; write 192.0.2.1 or 10.0.0.0/8")
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The network as peers are held against it: one within `::ffff:0:0/96` is one of IPv4, and its address is its first one.
fn canonical(network: IpNet) -> IpNet {
    let as_ipv4 = match network {
        IpNet::V4(network) => Some(network),
        IpNet::V6(network) => network
            .addr()
            .to_ipv4_mapped()
            .zip(network.prefix_len().checked_sub(96))
            .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()),
    };
    as_ipv4.map_or(network, IpNet::V4).trunc()
}

impl TrustedProxies {
    /// The address of the client: the peer's, unless that is a trusted proxy.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> IpAddr {
        // There is one, as we listen on TCP only.
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        self.client_behind(peer.to_canonical(), request.headers())
    }

    /// Each proxy appends the address it was called from, so the entries are true from the end up to the first that is no
    /// trusted proxy's: that is the client, whatever it claims before.
    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let mut entries =
            headers.get_all(X_FORWARDED_FOR).flat_map(|line| line.as_bytes().split(|b| *b == b',')).rev();
        while self.trusts(client)
            && let Some(entry) = entries.next()
        {
            // What is no address was not written by a proxy that we should trust.
            let Some(before) = str::from_utf8(entry).ok().and_then(parse) else { break };
            client = before;
        }
        client
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, as some proxies write it with a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry.parse().or_else(|_| entry.parse().map(|address: SocketAddr| address.ip())).ok()?;
    Some(address.to_canonical())
}

/// Whom a request comes from.
pub(crate) fn subscriber(request: &HttpRequest, proxies: &TrustedProxies) -> Subscriber {
    Subscriber::of(proxies.client_of(request))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut request = TestRequest::default()
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 1))
            .insert_header(("Forwarded", "for=9.9.9.9"))
            .insert_header(("X-Real-IP", "9.9.9.9"));
        for line in lines {
            request = request.append_header(("X-Forwarded-For", *line));
        }
        proxies.client_of(&request.to_http_request()).to_string()
    }

    #[test]
    fn the_peer_is_the_client_unless_it_is_a_trusted_proxy() {
        for (peer, lines, expected) in [
            ("1.2.3.4", &[][..], "1.2.3.4"),
            ("1.2.3.4", &["5.6.7.8"], "1.2.3.4"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["5.6.7.8"], "5.6.7.8"),
            ("10.0.0.1", &["9.9.9.9, 5.6.7.8"], "5.6.7.8"),
            ("10.0.0.1", &["9.9.9.9, 5.6.7.8, 10.0.0.2"], "5.6.7.8"),
            ("10.0.0.1", &["9.9.9.9, 5.6.7.8", "10.0.0.2"], "5.6.7.8"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["5.6.7.8, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["5.6.7.8, "], "10.0.0.1"),
            ("10.0.0.1", &["5.6.7.8:4711"], "5.6.7.8"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:5.6.7.8"], "5.6.7.8"),
            ("::ffff:10.0.0.1", &["5.6.7.8"], "5.6.7.8"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_trusted_proxy_is_an_address_or_a_network() {
        let text = |text: &str| text.parse().map(|TrustedProxies(networks)| format!("{networks:?}"));
        assert_eq!(text(""), Ok("[]".into()));
        assert_eq!(text("10.0.0.0/8, ::1"), Ok("[10.0.0.0/8, ::1/128]".into()));
        assert_eq!(text("10.1.2.3/8"), Ok("[10.0.0.0/8]".into()));
        for wrong in ["proxy.example.com", "10.0.0.0/33", "10.0.0", "fe80::1%eth0"] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ipv4_proxy_may_be_written_as_ipv6_has_it() {
        for written in [
            "10.0.0.1",
            "10.0.0.0/8",
            "::ffff:10.0.0.1",
            "::ffff:10.0.0.0/104",
            "::ffff:a00:1/128",
            "::ffff:0:0/96",
        ] {
            let proxies: TrustedProxies = written.parse().unwrap();
            for peer in ["10.0.0.1", "::ffff:10.0.0.1"] {
                let request = TestRequest::default()
                    .peer_addr(SocketAddr::new(peer.parse().unwrap(), 1))
                    .insert_header(("X-Forwarded-For", "5.6.7.8"));
                assert_eq!(
                    proxies.client_of(&request.to_http_request()).to_string(),
                    "5.6.7.8",
                    "{written} {peer}"
                );
            }
        }
        // All of IPv6 is not all of IPv4.
        assert_eq!("::/0".parse(), Ok(TrustedProxies(vec!["::/0".parse().unwrap()])));
    }
}
