//! Where nothing may go: every forbidden kind of address, in every spelling that a URL knows, behind every trick, from one
//! table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One IPv4 address or more of every kind that is forbidden.
const FORBIDDEN_V4: [[u8; 4]; 24] = [
    [127, 0, 0, 1],
    [127, 1, 2, 3],
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [10, 0, 0, 1],
    [10, 255, 255, 254],
    [172, 16, 0, 1],
    [172, 31, 255, 254],
    [192, 168, 1, 1],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [169, 254, 1, 1],
    [169, 254, 169, 254],
    [168, 63, 129, 16],
    [192, 0, 0, 192],
    [192, 0, 2, 1],
    [192, 88, 99, 1],
    [198, 18, 0, 1],
    [198, 51, 100, 1],
    [203, 0, 113, 1],
    [224, 0, 0, 1],
    [239, 255, 255, 250],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

/// The same of IPv6, but for those that have an IPv4 address inside.
const FORBIDDEN_V6: [&str; 16] = [
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "64:ff9b:1::1",
];

/// How names begin whose first answer is an address that is allowed, and every later one an address that is not.
pub(super) const REBINDING: &str = "rebinding";

/// The answers of the test's name server: `(name, addresses)`, the last of which are given for ever after.
pub(super) type Zone = Vec<(String, Vec<Vec<String>>)>;

/// A URL.
pub(super) struct Hostile {
    pub(super) url: String,
    /// Whether a client without a guard would connect to this machine, without asking a name server.
    pub(super) leads_here: bool,
    /// Whether it is forbidden to a sandbox shop, too, whatever a name server says first.
    pub(super) to_all: bool,
}

impl Hostile {
    const fn new(url: String, leads_here: bool, to_all: bool) -> Self {
        Self { url, leads_here, to_all }
    }
}

/// Every spelling of an IPv4 address that a URL's host may have.
fn spellings(octets: [u8; 4]) -> Vec<String> {
    let [a, b, c, d] = octets.map(u32::from);
    let whole = u32::from(Ipv4Addr::from(octets));
    let wide = |c: char| char::from_u32(u32::from(c) - 0x20 + 0xff00).filter(|_| c.is_ascii_digit()).unwrap_or('。');
    let dotted = format!("{a}.{b}.{c}.{d}");
    vec![
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("{whole:#X}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a:#04x}.{b}.0{c:o}.{d}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{}", whole & 0x00ff_ffff),
        format!("{a}.{b}.{}", whole & 0xffff),
        format!("{dotted}."),
        dotted.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat(),
        dotted.chars().map(wide).collect(),
        dotted,
    ]
}

/// Every IPv6 address that hides an IPv4 address.
fn disguises(octets: [u8; 4]) -> Vec<String> {
    let [a, b, c, d] = octets;
    let hex = |octets: [u8; 4]| format!("{:02x}{:02x}:{:02x}{:02x}", octets[0], octets[1], octets[2], octets[3]);
    vec![
        format!("::ffff:{a}.{b}.{c}.{d}"),
        format!("0:0:0:0:0:ffff:{}", hex(octets)),
        format!("::{a}.{b}.{c}.{d}"),
        format!("64:ff9b::{a}.{b}.{c}.{d}"),
        format!("2002:{}::1", hex(octets)),
        format!("2001:0:4136:e378:8000:63bf:{}", hex(octets.map(|octet| !octet))),
    ]
}

/// The list, and the names in it. `trap` is the port on this machine that nobody may come to, `good` the address of a server
/// that may be called and sends everybody on to the trap.
pub(super) fn list(trap: u16, good: &str) -> (Vec<Hostile>, Zone) {
    let mut list = Vec::new();
    let mut zone = Zone::new();
    let schemes = ["http", "https", "HTTP"];
    for (number, octets) in FORBIDDEN_V4.into_iter().enumerate() {
        let loopback = octets[0] == 127;
        for (n, host) in spellings(octets).into_iter().enumerate() {
            let url = format!("{}://{host}:{trap}/notify?n={number}", schemes[(n + number) % schemes.len()]);
            list.push(Hostile::new(url, loopback || octets == [0; 4], !loopback));
        }
        let urls = disguises(octets).into_iter().map(|host| format!("http://[{host}]:{trap}/"));
        list.extend(urls.map(|url| Hostile::new(url, false, true)));
    }
    let is_loopback = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    list.extend(FORBIDDEN_V6.map(|host| Hostile::new(format!("http://[{host}]:{trap}/"), false, !is_loopback(host))));
    // Names: of a forbidden address, of several, of one that changes, and those that mean this machine.
    let v4 = FORBIDDEN_V4.map(|octets| Ipv4Addr::from(octets).to_string());
    for (number, address) in v4.iter().map(String::as_str).chain(FORBIDDEN_V6).enumerate() {
        let plain = format!("n{number}.hostile.example");
        list.push(Hostile::new(format!("http://{plain}:{trap}/"), false, !is_loopback(address)));
        zone.push((plain, vec![vec![address.to_owned()]]));
        let rebinding = format!("{REBINDING}{number}.hostile.example");
        list.push(Hostile::new(format!("http://{rebinding}:{trap}/"), false, false));
        zone.push((rebinding, vec![vec![good.to_owned()], vec![address.to_owned()]]));
    }
    zone.push(("many.hostile.example".to_owned(), vec![v4.to_vec()]));
    for name in ["localhost", "localhost."] {
        zone.push((name.to_owned(), vec![vec!["127.0.0.1".to_owned(), "::1".to_owned()]]));
    }
    let names = ["many.hostile.example", "localhost", "LOCALHOST", "localhost."];
    list.extend(names.map(|host| Hostile::new(format!("http://{host}:{trap}/"), false, false)));
    list.extend(tricks(&format!("127.0.0.1:{trap}"), good).into_iter().map(|url| Hostile::new(url, false, false)));
    (list, zone)
}

/// User-info, other schemes, and what parsers disagree about.
fn tricks(local: &str, good: &str) -> Vec<String> {
    let mut tricks: Vec<String> = [
        "http://{good}@{local}/",
        "http://{good}:80@{local}/",
        "http://user:password@{local}/",
        "http://user@{good}/",
        "http://:password@{good}/",
        "http://{good}%40{local}/",
        "http://{local}\\@{good}/",
        "http://{local}#@{good}/",
        "http://{local}?@{good}/",
        "http://{local}/@{good}/",
        "http:/{local}/",
        "http:{local}",
        "http:\\\\{local}\\",
        "http:///{local}/",
        " http://{local}/ ",
        "h\tttp://{local}/",
        "http://127.0.\n0.1/",
        "http://127.0.0.1%00.{good}/",
        "http://[::1%25lo]/",
        "//{local}/",
        "{local}/",
    ]
    .map(|trick| trick.replace("{local}", local).replace("{good}", good))
    .to_vec();
    let schemes = ["ftp", "file", "gopher", "dict", "ldap", "ws", "wss", "javascript", "data", "unix", "sftp", "tftp"];
    tricks.extend(schemes.map(|scheme| format!("{scheme}://{local}/")));
    tricks
}

/// Addresses of the server that sends everybody on, by each status that does so.
pub(super) fn redirects(good: &str) -> Vec<String> {
    let statuses = [300, 301, 302, 303, 305, 307, 308];
    let both = statuses.iter().flat_map(|status| [(status, 0), (status, 1)]);
    both.map(|(status, n)| format!("http://{good}/{status}/{n}")).collect()
}

#[test]
fn the_table_is_as_long_as_the_promise_and_none_is_there_twice() {
    let (list, _) = list(80, "127.0.0.2");
    let urls: std::collections::BTreeSet<&str> = list.iter().map(|hostile| hostile.url.as_str()).collect();
    assert_eq!(urls.len(), list.len());
    assert!(list.len() >= 500, "{}", list.len());
    for text in FORBIDDEN_V6 {
        assert!(text.parse::<Ipv6Addr>().is_ok(), "{text}");
    }
}
