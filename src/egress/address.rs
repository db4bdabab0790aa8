//! Which addresses of the internet are nobody's business of ours: this machine, the networks behind it, the services that
//! clouds keep at fixed addresses, and every notation in which one of these may hide inside an IPv6 address.
//!
//! Pure code. IPv4 is open but for the list (RFC 6890 and its successors in IANA's registry of special-purpose addresses);
//! IPv6 is shut but for global unicast, and there too the list counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(address: [u8; 4], prefix: u8, kind: &'static str) -> (Ipv4Net, &'static str) {
    let [a, b, c, d] = address;
    (Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix), kind)
}

const fn v6(begin: [u16; 3], prefix: u8, kind: &'static str) -> (Ipv6Net, &'static str) {
    let [a, b, c] = begin;
    (Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix), kind)
}

/// Where more than one fits, the narrower stands first.
const FORBIDDEN_V4: [(Ipv4Net, &str); 18] = [
    v4([0, 0, 0, 0], 8, "an unspecified address"),
    v4([10, 0, 0, 0], 8, "a private address"),
    v4([100, 100, 100, 200], 32, "a cloud's metadata service"),
    v4([100, 64, 0, 0], 10, "a carrier's address (CGNAT)"),
    v4([127, 0, 0, 0], 8, "a loopback address"),
    v4([168, 63, 129, 16], 32, "a cloud's metadata service"),
    v4([169, 254, 169, 254], 32, "a cloud's metadata service"),
    v4([169, 254, 0, 0], 16, "a link-local address"),
    v4([172, 16, 0, 0], 12, "a private address"),
    v4([192, 0, 0, 0], 24, "a protocol's address"),
    v4([192, 0, 2, 0], 24, "a documentation address"),
    v4([192, 88, 99, 0], 24, "a 6to4 relay"),
    v4([192, 168, 0, 0], 16, "a private address"),
    v4([198, 18, 0, 0], 15, "a benchmarking address"),
    v4([198, 51, 100, 0], 24, "a documentation address"),
    v4([203, 0, 113, 0], 24, "a documentation address"),
    v4([224, 0, 0, 0], 4, "a multicast address"),
    v4([240, 0, 0, 0], 4, "a reserved or broadcast address"),
];

const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Inside global unicast.
const FORBIDDEN_V6: [(Ipv6Net, &str); 6] = [
    v6([0x2001, 0, 0], 32, "a Teredo address"),
    v6([0x2001, 2, 0], 48, "a benchmarking address"),
    v6([0x2001, 0, 0], 23, "a protocol's address"),
    v6([0x2001, 0xdb8, 0], 32, "a documentation address"),
    v6([0x2002, 0, 0], 16, "a 6to4 address"),
    v6([0x3fff, 0, 0], 20, "a documentation address"),
];

/// Outside it, where everything is forbidden; only to say what it is.
const NAMED_V6: [(Ipv6Net, &str); 7] = [
    v6([0x64, 0xff9b, 0], 96, "a NAT64 address"),
    v6([0x64, 0xff9b, 1], 48, "a NAT64 address"),
    v6([0x100, 0, 0], 64, "a discard address"),
    v6([0xfc00, 0, 0], 7, "a private address"),
    v6([0xfe80, 0, 0], 10, "a link-local address"),
    v6([0xfec0, 0, 0], 10, "a site-local address"),
    v6([0xff00, 0, 0], 8, "a multicast address"),
];

/// What is wrong with `address`; `None` for one that is anybody's on the open internet.
pub(super) fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    FORBIDDEN_V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, kind)| *kind)
}

fn forbidden_v6(address: Ipv6Addr) -> Option<&'static str> {
    let kind_in = |list: &[(Ipv6Net, &'static str)]| list.iter().find(|(net, _)| net.contains(&address)).map(|it| it.1);
    if GLOBAL_UNICAST.contains(&address) {
        return kind_in(&FORBIDDEN_V6);
    }
    let kind = match address {
        Ipv6Addr::UNSPECIFIED => "an unspecified address",
        Ipv6Addr::LOCALHOST => "a loopback address",
        _ if address.to_ipv4_mapped().is_some() => "an IPv4-mapped address",
        _ if address.to_ipv4().is_some() => "an IPv4-compatible address",
        _ => kind_in(&NAMED_V6).unwrap_or("not a global address"),
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<&'static str> {
        forbidden(address.parse().unwrap())
    }

    #[test]
    fn the_first_and_the_last_of_every_range_are_forbidden_and_their_neighbours_are_not() {
        for (inside, outside) in [
            (["0.0.0.0", "0.255.255.255"], ["1.0.0.0", "9.255.255.255"]),
            (["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            (["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
            (["127.0.0.0", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]),
            (["169.254.0.0", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]),
            (["168.63.129.16", "168.63.129.16"], ["168.63.129.15", "168.63.129.17"]),
            (["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
            (["192.0.0.0", "192.0.2.255"], ["191.255.255.255", "192.0.3.0"]),
            (["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]),
            (["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]),
            (["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]),
            (["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]),
            (["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
            (["224.0.0.0", "255.255.255.255"], ["223.255.255.255", "8.8.8.8"]),
            (["::", "1fff:ffff:ffff::"], ["2000::", "2400::1"]),
            (["2001::", "2001:1ff:ffff::"], ["2000:ffff::", "2001:200::"]),
            (["2001:db8::", "2001:db8:ffff::1"], ["2001:db7:ffff::", "2001:db9::"]),
            (["2002::", "2002:ffff::"], ["2001:ffff::", "2003::"]),
            (["3fff::", "3fff:fff:ffff::"], ["3ffe:ffff::", "3fff:1000::"]),
            (["4000::", "ffff::"], ["3fff:ffff::", "2606:4700::1111"]),
        ] {
            for address in inside {
                assert!(kind(address).is_some(), "{address}");
            }
            for address in outside {
                assert_eq!(kind(address), None, "{address}");
            }
        }
    }

    #[test]
    fn an_address_is_called_what_it_is() {
        for (address, called) in [
            ("127.0.0.1", "a loopback address"),
            ("169.254.169.254", "a cloud's metadata service"),
            ("169.254.1.1", "a link-local address"),
            ("100.64.0.1", "a carrier's address (CGNAT)"),
            ("192.0.2.1", "a documentation address"),
            ("::", "an unspecified address"),
            ("::1", "a loopback address"),
            ("::ffff:8.8.8.8", "an IPv4-mapped address"),
            ("::8.8.8.8", "an IPv4-compatible address"),
            ("64:ff9b::8.8.8.8", "a NAT64 address"),
            ("64:ff9b:1::1", "a NAT64 address"),
            ("2001::1", "a Teredo address"),
            ("2001:2::1", "a benchmarking address"),
            ("2002:0808:0808::", "a 6to4 address"),
            ("fd00:ec2::254", "a private address"),
            ("fe80::1", "a link-local address"),
            ("ff02::1", "a multicast address"),
            ("5f00::1", "not a global address"),
        ] {
            assert_eq!(kind(address), Some(called), "{address}");
        }
    }
}
