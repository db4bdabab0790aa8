//! Who calls: the address at the other end of the connection, or the one that a proxy of ours names.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Once};

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::console;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of a connection; `server` puts it into each of its requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Whoever a request comes from. Proxies append to `X-Forwarded-For`, so it is read from its end, as far as it was written
/// by proxies in `trusted`: the last address that is none of these is the caller's. What stands before is anybody's word.
pub(super) fn caller(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    // A router that is not behind a server, as in some tests, has one caller.
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.to_canonical());
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        if peer.is_loopback() && headers.contains_key(FORWARDED_FOR) {
            warn_once();
        }
        return peer;
    }
    let named = headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for text in named.into_iter().rev() {
        let Some(address) = address_of(text) else { return nearest };
        nearest = address;
        if !is_trusted(&nearest) {
            return nearest;
        }
    }
    nearest
}

/// Tells the console who calls, by the same rule.
pub(super) async fn told_to_console(State(proxies): State<Arc<[IpNet]>>, mut request: Request, next: Next) -> Response {
    let address = caller(request.extensions(), request.headers(), &proxies);
    request.extensions_mut().insert(console::Caller(address));
    next.run(request).await
}

/// An address, as some proxies have it with a port or in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| Some(text.parse::<std::net::SocketAddr>().ok()?.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn warn_once() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "X-Forwarded-For of this machine is not believed; if a proxy runs here, name it in trusted_proxies, or all \
             callers count as one where wrong passwords are counted"
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        caller(&extensions, &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_what_it_wrote() {
        let proxies = ["127.0.0.0/8", "10.0.0.0/8"];
        for (peer, forwarded, trusted, expected) in [
            ("203.0.113.7", &["198.51.100.1"][..], &proxies[..], "203.0.113.7"),
            ("127.0.0.1", &["198.51.100.1"], &[], "127.0.0.1"),
            ("127.0.0.1", &[], &proxies, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &["1.1.1.1, 198.51.100.1"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.9"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &["1.1.1.1", "198.51.100.1,10.0.0.9"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &["10.1.1.1, 10.0.0.9"], &proxies, "10.1.1.1"),
            ("127.0.0.1", &["198.51.100.1, nonsense"], &proxies, "127.0.0.1"),
            ("127.0.0.1", &["nonsense, 10.0.0.9"], &proxies, "10.0.0.9"),
            ("127.0.0.1", &["198.51.100.1:4711"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8::1]"], &proxies, "2001:db8::1"),
            ("::ffff:127.0.0.1", &["::ffff:198.51.100.1"], &proxies, "198.51.100.1"),
            ("127.0.0.1", &[""], &proxies, "127.0.0.1"),
        ] {
            assert_eq!(called(peer, forwarded, trusted), expected, "{peer} {forwarded:?}");
        }
    }
}
