//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The one header that is looked at, and only from a proxy that is trusted. `Forwarded` and `X-Real-IP` are not: a proxy
/// that sets one of several lets the others pass as its clients wrote them.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word on where a request comes from is taken. By default there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

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

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, as some proxies write it with a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry.parse().or_else(|_| entry.parse().map(|address: SocketAddr| address.ip())).ok()?;
    Some(address.to_canonical())
}

/// Whom an address stands for: an IPv4 address, or the /64 that an IPv6 customer has at least.
pub(crate) fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
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
    fn an_ipv6_customer_is_a_64() {
        for (address, expected) in [
            ("1.2.3.4", "1.2.3.4"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(subscriber(address.parse().unwrap()).to_string(), expected);
        }
    }
}
