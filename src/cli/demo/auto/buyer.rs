//! The buyer's side: a browser without JavaScript that reads a page's form and posts it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::header::LOCATION;

use super::shop::Fields;
use crate::demo_shop::{Button, ShopAccount};
use crate::egress;

/// A page's form, as far as a program needs it.
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

/// A browser. It follows no redirect by itself, so that each can be looked at.
pub(super) struct Buyer {
    http: reqwest::Client,
}

impl Buyer {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self { http: egress::client(Duration::from_secs(3), Duration::from_secs(40))? })
    }

    /// Presses the Amazon Pay button: the plain form that `checkout.js` posts.
    pub(super) async fn press_button(
        &self,
        sandbox_url: &str,
        account: &ShopAccount,
        product: &str,
        button: &Button,
    ) -> anyhow::Result<String> {
        let form = [
            ("merchantId", account.merchant_id.as_str()),
            ("publicKeyId", &account.public_key_id),
            ("ledgerCurrency", "JPY"),
            ("checkoutLanguage", "ja_JP"),
            ("productType", product),
            ("placement", "Cart"),
            ("payloadJSON", &button.payload),
            ("signature", &button.signature),
            ("algorithm", &button.algorithm),
        ];
        self.post_to_next(&format!("{sandbox_url}/checkout/initiate"), &form).await
    }

    /// Posts a form to a page and returns where it sends the browser.
    pub(super) async fn post_to_next(&self, url: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.http.post(url).form(form).send().await.with_context(|| url.to_owned())?;
        let status = answer.status();
        let Some(location) = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else {
            bail!("{url} answered HTTP {status} and leads nowhere");
        };
        Ok(reqwest::Url::parse(url)?.join(location)?.to_string())
    }

    /// Opens a page and reads the form with this id.
    pub(super) async fn read_form(&self, url: &str, id: &str) -> anyhow::Result<Form> {
        let answer = self.http.get(url).send().await.with_context(|| url.to_owned())?;
        read_answer(url, id, answer).await
    }

    /// Posts a form and reads the form that the answer holds.
    pub(super) async fn post_for_form(&self, url: &str, form: &[(&str, &str)], id: &str) -> anyhow::Result<Form> {
        let answer = self.http.post(url).form(form).send().await.with_context(|| url.to_owned())?;
        read_answer(url, id, answer).await
    }

    /// Sends a form as it is, and returns where that leads.
    pub(super) async fn send(&self, form: &Form) -> anyhow::Result<String> {
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post_to_next(&form.action, &fields).await
    }

    /// What the gateway's page posts to the shop.
    pub(super) async fn result_form(&self, url: &str) -> anyhow::Result<Fields> {
        Ok(self.read_form(url, "result-form").await?.fields.into_iter().collect())
    }

    /// An attribute of a form on a page.
    pub(super) async fn read_attribute(&self, url: &str, id: &str, name: &str) -> anyhow::Result<String> {
        let html = self.http.get(url).send().await.with_context(|| url.to_owned())?.text().await?;
        let open = html.find(&format!("id=\"{id}\"")).and_then(|at| Some((html[..at].rfind('<')?, at)));
        let (begin, at) = open.with_context(|| format!("{url} has no {id}"))?;
        let tag = html[begin..].split('>').next().unwrap_or(&html[at..]);
        attribute(tag, name).with_context(|| format!("{id} has no {name}"))
    }

    /// Where an address leads: itself, unless it redirects.
    pub(super) async fn follow(&self, url: &str) -> anyhow::Result<String> {
        let answer = self.http.get(url).send().await.with_context(|| url.to_owned())?;
        match answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()) {
            Some(location) => Ok(reqwest::Url::parse(url)?.join(location)?.to_string()),
            None => Ok(url.to_owned()),
        }
    }

    /// Opens a page of the sandbox, makes the choices, presses the button, and returns where that leads.
    pub(super) async fn press(&self, url: &str, action: &str, choices: &[(&str, &str)]) -> anyhow::Result<String> {
        let page = self.read_form(url, "buyer-form").await?;
        let chosen = |name: &str| name == "action" || choices.iter().any(|(choice, _)| *choice == name);
        let mut form: Vec<(&str, &str)> = vec![("action", action)];
        form.extend_from_slice(choices);
        form.extend(page.fields.iter().filter(|(name, _)| !chosen(name)).map(|(n, v)| (n.as_str(), v.as_str())));
        self.post_to_next(&page.action, &form).await
    }
}

async fn read_answer(url: &str, id: &str, answer: reqwest::Response) -> anyhow::Result<Form> {
    let status = answer.status();
    if !status.is_success() {
        bail!("{url} answered HTTP {status}");
    }
    let html = answer.text().await?;
    let mut form = form_of(&html, id).with_context(|| format!("{url} has no form {id}"))?;
    form.action = reqwest::Url::parse(url)?.join(&form.action)?.to_string();
    Ok(form)
}

/// Reads one form out of a page of ours: its action, its hidden fields and the choices that are made already.
fn form_of(html: &str, id: &str) -> Option<Form> {
    let begin = html.find(&format!("id=\"{id}\""))?;
    let open = html[..begin].rfind("<form")?;
    let form = &html[open..open + html[open..].find("</form>")?];
    let (head, body) = form.split_at(form.find('>')?);
    let fields = body
        .split("<input ")
        .skip(1)
        .filter_map(|input| input.split('>').next())
        .filter(|input| input.contains("type=\"hidden\"") || input.contains(" checked"))
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
        .collect();
    Some(Form { action: attribute(head, "action").unwrap_or_default(), fields })
}

/// The value of an attribute, its character references resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let begin = tag.find(&format!(" {name}=\"")).map(|at| at + name.len() + 3);
    let begin = begin.or_else(|| tag.starts_with(&format!("{name}=\"")).then_some(name.len() + 2))?;
    let value = tag[begin..].split('"').next()?;
    let references = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    Some(references.iter().fold(value.to_owned(), |text, (reference, character)| text.replace(reference, character)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_what_is_chosen_already() {
        let html = r#"<form id="other"></form><form method="post" action="/a?b=1&#38;c=2" id="buyer-form">
            <input type="hidden" name="session" value="s&#34;1"><input type="radio" name="buyer" value="one" checked>
            <input type="radio" name="buyer" value="two"></form>"#;
        let form = form_of(html, "buyer-form").unwrap();
        assert_eq!(form.action, "/a?b=1&c=2");
        let expected = [("session", "s\"1"), ("buyer", "one")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(form.fields, expected);
        assert!(form_of(html, "missing").is_none());
    }
}
