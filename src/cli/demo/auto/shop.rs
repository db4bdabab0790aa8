//! The shop's side: idPass calls as a shop's server makes them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::demo_shop::ShopAccount;
use crate::egress;

/// What a call answered, by name.
pub(super) type Fields = BTreeMap<String, String>;

/// A shop's server.
pub(super) struct Shop<'a> {
    http: reqwest::Client,
    gateway_url: &'a str,
    pub(super) account: &'a ShopAccount,
}

impl<'a> Shop<'a> {
    pub(super) fn new(gateway_url: &'a str, account: &'a ShopAccount) -> anyhow::Result<Self> {
        let http = egress::client(Duration::from_secs(3), Duration::from_secs(40))?;
        Ok(Self { http, gateway_url, account })
    }

    /// Makes a call; the shop's id and password are added to `fields`.
    pub(super) async fn call(&self, name: &str, fields: &[(&str, &str)]) -> anyhow::Result<Fields> {
        let mut form = vec![("ShopID", self.account.shop_id.as_str()), ("ShopPass", self.account.shop_pass.as_str())];
        form.extend_from_slice(fields);
        let url = format!("{}/payment/{name}.idPass", self.gateway_url);
        let answer = self.http.post(&url).form(&form).send().await.with_context(|| url.clone())?;
        if answer.status() != reqwest::StatusCode::OK {
            bail!("{name} answered HTTP {}", answer.status());
        }
        let fields = read_line(&answer.text().await?);
        match fields.get("ErrInfo") {
            Some(codes) => bail!("{name} answered {codes}"),
            None => Ok(fields),
        }
    }
}

/// `K=V&K=V`: split at `&`, then at the first `=` (psp-protocol 2.3).
fn read_line(line: &str) -> Fields {
    line.trim_end()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), unescape(name, value)))
        .collect()
}

/// Values are Windows-31J; Token and StartURL come as they are.
fn unescape(name: &str, value: &str) -> String {
    if matches!(name, "Token" | "StartURL") {
        return value.to_owned();
    }
    let spaced = value.replace('+', " ");
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&spaced).collect();
    encoding_rs::SHIFT_JIS.decode_without_bom_handling(&bytes).0.into_owned()
}

/// The value of a field that must be there.
pub(super) fn field<'f>(fields: &'f Fields, name: &str) -> anyhow::Result<&'f str> {
    fields.get(name).map(String::as_str).with_context(|| format!("{name} is missing"))
}
