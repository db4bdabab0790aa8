//! S8: sandbox never touches live, and live is never faked. Every combination of the settings that could mix the two is
//! read, held against a second reading of the rules, and what is refused says what to change.

use std::path::Path;

use sekisho::cli::notify_reach;
use sekisho::config::{ConfigErrors, GatewayOverrides, GatewaySettings, ShopsFile};

use super::show;
use crate::process::run;

/// One way to write every setting that matters here; indices into the tables below.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that is there or not")]
struct Mix {
    live: bool,
    live_key: bool,
    other_key: Option<bool>,
    endpoint: usize,
    https_to_buyers: bool,
    notify: usize,
    literal_pass: bool,
}

/// Where Amazon Pay answers, and whether that is good for a sandbox shop and for a live one.
const ENDPOINTS: [(Option<&str>, bool, bool); 6] = [
    (None, true, true),
    (Some("https://pay-api.amazon.jp"), true, true),
    (Some("https://pay-api.amazon.com"), false, false),
    (Some("http://127.0.0.1:8081"), true, false),
    (Some("https://sandbox.example"), true, false),
    (Some("http://sandbox.example"), false, false),
];

/// Where notifications go.
const NOTIFY: [(Option<&str>, bool, bool); 5] = [
    (None, true, true),
    (Some("https://shop.example/notify"), true, true),
    (Some("http://shop.example/notify"), true, false),
    (Some("http://127.0.0.1:8082/notify"), true, false),
    (Some("https://10.0.0.1/notify"), false, false),
];

impl Mix {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let both = [false, true];
        for live in both {
            for live_key in both {
                for other_key in [None, Some(false), Some(true)] {
                    for endpoint in 0..ENDPOINTS.len() {
                        for https_to_buyers in both {
                            for notify in 0..NOTIFY.len() {
                                for literal_pass in both {
                                    let mix = Self {
                                        live,
                                        live_key,
                                        other_key,
                                        endpoint,
                                        https_to_buyers,
                                        notify,
                                        literal_pass,
                                    };
                                    all.push(mix);
                                }
                            }
                        }
                    }
                }
            }
        }
        all
    }

    /// The second reading of the rules.
    fn is_right(self) -> bool {
        let suits = |(_, sandbox, live): (Option<&str>, bool, bool)| if self.live { live } else { sandbox };
        let keys = self.live_key == self.live && self.other_key.is_none_or(|other| other == self.live);
        let in_the_open = self.live && self.literal_pass;
        let buyers = self.https_to_buyers || !self.live;
        keys && suits(ENDPOINTS[self.endpoint]) && suits(NOTIFY[self.notify]) && buyers && !in_the_open
    }

    fn shops_toml(self) -> String {
        let word = |live: bool| if live { ("live", "LIVE") } else { ("sandbox", "SANDBOX") };
        let key = |live: bool, last: char| format!("{}-{}{last}", word(live).1, "A".repeat(23));
        let mut text = format!(
            "[[shop]]\nshop_id = \"tshop00000001\"\nname = \"Shop\"\nenvironment = \"{}\"\nmerchant_id = \"A1DEMOSHOP0001\"\n\
             store_id = \"amzn1.application-oa2-client.c0ffee00000000000000000000000001\"\npublic_key_id = \"{}\"\n\
             private_key_file = \"k.pem\"\n",
            word(self.live).0,
            key(self.live_key, 'A'),
        );
        let mut line = |key: &str, value: &str| text.extend([key, " = \"", value, "\"\n"]);
        if let Some(live) = self.other_key {
            line("other_public_key_id", &key(live, 'B'));
            line("other_private_key_file", "o.pem");
        }
        if let Some(endpoint) = ENDPOINTS[self.endpoint].0 {
            line("amazon_endpoint", endpoint);
        }
        if let Some(url) = NOTIFY[self.notify].0 {
            line("notify_url", url);
        }
        if self.literal_pass {
            line("shop_pass", "secret1");
        } else {
            line("shop_pass_file", "p.key");
        }
        text
    }

    fn public_url(self) -> &'static str {
        if self.https_to_buyers { "https://pay.example" } else { "http://pay.example" }
    }

    fn read(self) -> Result<(), ConfigErrors> {
        let over = GatewayOverrides { public_url: Some(self.public_url().to_owned()), ..GatewayOverrides::default() };
        let settings = GatewaySettings::resolve(&over, "", Path::new("sekisho.toml"))?;
        let file = ShopsFile::parse(&self.shops_toml(), Path::new("shops.toml"))?;
        settings.check_shops(&file.shops, &notify_reach(&settings))
    }
}

#[test]
fn every_mixture_is_refused_with_a_sentence_that_says_what_to_change() {
    let (mut right, mut refused) = (0, 0);
    for mix in Mix::all() {
        match mix.read() {
            Ok(()) => {
                assert!(mix.is_right(), "taken: {mix:?}");
                right += 1;
            }
            Err(told) => {
                assert!(!mix.is_right(), "refused: {mix:?}: {told}");
                for mistake in told.mistakes() {
                    let says = ["write", "remove", "move", "name"].iter().any(|verb| mistake.remedy.contains(verb));
                    assert!(says && !mistake.problem.is_empty() && !mistake.place.key.is_empty(), "{mistake}");
                }
                refused += 1;
            }
        }
    }
    assert!(right > 50 && refused > 500, "{right} {refused}");
    show("S8", format_args!("{refused} mixtures refused with what to change, {right} unmixed settings taken"));
}

/// The real binary does not start with one, and says the same.
#[tokio::test]
async fn serve_does_not_start_with_a_mixture() {
    let here = tempfile::tempdir().unwrap();
    let pure = Mix {
        live: true,
        live_key: true,
        other_key: None,
        endpoint: 0,
        https_to_buyers: true,
        notify: 1,
        literal_pass: false,
    };
    for (mix, sentence) in [
        (
            Mix { live_key: false, ..pure },
            "public_key_id: is a sandbox key in a live shop; write the shop's LIVE-… key",
        ),
        (Mix { other_key: Some(false), ..pure }, "other_public_key_id: is a sandbox key in a live shop; write"),
        (
            Mix { endpoint: 3, ..pure },
            "\"http://127.0.0.1:8081\" is not Amazon's, and the shop is live; remove the line",
        ),
        (Mix { literal_pass: true, ..pure }, "shop_pass: is a secret in plain sight, and the shop is live; move it"),
        (
            Mix { https_to_buyers: false, ..pure },
            "is plain http, and shop tshop00000001 is live; write the https address",
        ),
        (Mix { notify: 4, ..pure }, "notify_url of shop tshop00000001: 10.0.0.1 is a private address; name a server"),
    ] {
        std::fs::write(here.path().join("shops.toml"), mix.shops_toml()).unwrap();
        for command in ["serve", "check"] {
            let ended = run(&[command, "--public-url", mix.public_url()], here.path(), &[]).await;
            assert_eq!(ended.code, Some(1), "{mix:?}");
            assert!(ended.stderr.contains(sentence), "{sentence}\n{}", ended.stderr);
        }
    }
}
