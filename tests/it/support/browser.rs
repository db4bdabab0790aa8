//! A buyer's browser without JavaScript: it reads a page's form and posts it, and follows no redirect by itself, so
//! that each can be looked at.

use std::collections::BTreeMap;

use super::{Answer, ShopClient};

/// The buyer that every page proposes.
pub(crate) const HANAKO: &str = "amzn1.account.SEKISHOHAKONE001";

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) http: reqwest::Client,
    pub(crate) sandbox_url: String,
}

/// The form that carries a result to the shop's RetURL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResultForm {
    pub(crate) ret_url: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl ResultForm {
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or_else(|| panic!("no {name} in {:?}", self.fields), |(_, value)| value)
    }

    /// Status and ErrInfo, which most tests ask for.
    pub(crate) fn outcome(&self) -> (&str, &str) {
        (self.field("Status"), self.field("ErrInfo"))
    }
}

impl Browser {
    /// Presses the shop's button, signs in, chooses; answers the checkout session.
    pub(crate) async fn choose_at_amazon(&self, shop: &ShopClient, buyer: &str, card: &str) -> String {
        let form = [
            ("merchantId", shop.merchant_id.as_str()),
            ("publicKeyId", &shop.button.public_key_id),
            ("ledgerCurrency", "JPY"),
            ("placement", "Cart"),
            ("payloadJSON", &shop.button.payload),
            ("signature", &shop.button.signature),
            ("algorithm", shop.button.algorithm),
        ];
        let page = self.post(&format!("{}/checkout/initiate", self.sandbox_url), &form).await;
        let page = self.press(&page, "sign-in", &[("buyer", buyer)]).await;
        let review = self.press(&page, "continue", &[("payment", card)]).await;
        let review = url::Url::parse(&review).unwrap();
        let session = review.query_pairs().find(|(name, _)| name == "amazonCheckoutSessionId");
        session.unwrap().1.into_owned()
    }

    /// Posts the start form as the shop's page does; answers whatever the gateway answers.
    pub(crate) async fn start(&self, start_url: &str, access_id: &str, token: &str) -> Answer {
        let form = [("AccessID", access_id), ("Token", token)];
        Answer::read(self.http.post(start_url).form(&form).send().await.unwrap()).await
    }

    /// Presses the button of the gateway's start page; answers Amazon's first page.
    pub(crate) async fn leave(&self, page: &Answer) -> String {
        assert_eq!((page.status, page.content_type.as_str()), (200, "text/html;charset=UTF-8"));
        let html = std::str::from_utf8(&page.bytes).unwrap();
        let (action, fields) = form_of(html, "start-form").unwrap_or_else(|| panic!("no start form: {html}"));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&action, &fields).await
    }

    /// Presses a button on one of the sandbox's pages; answers where that leads.
    pub(crate) async fn press(&self, url: &str, action: &str, choices: &[(&str, &str)]) -> String {
        let answer = self.get(url).await;
        assert_eq!(answer.status, 200, "{url}");
        let html = String::from_utf8(answer.bytes).unwrap();
        let page = form_of(&html, "buyer-form").unwrap_or_else(|| panic!("{url} has no form: {html}"));
        let mut form: Vec<(&str, &str)> = vec![("action", action)];
        form.extend_from_slice(choices);
        let kept = page.1.iter().filter(|(name, _)| choices.iter().all(|(choice, _)| choice != name));
        form.extend(kept.map(|(name, value)| (name.as_str(), value.as_str())));
        self.post(&joined(url, &page.0), &form).await
    }

    /// Opens a page.
    pub(crate) async fn get(&self, url: &str) -> Answer {
        Answer::read(self.http.get(url).send().await.unwrap()).await
    }

    /// Comes back from Amazon; answers the form that is to be posted to the shop.
    pub(crate) async fn come_back(&self, url: &str) -> ResultForm {
        result_form(&self.get(url).await)
    }

    /// Posts a form; answers where that leads.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> String {
        let answer = Answer::read(self.http.post(url).form(form).send().await.unwrap()).await;
        let location = answer.location.as_deref();
        joined(url, location.unwrap_or_else(|| panic!("{url} leads nowhere: {}", answer.status)))
    }
}

/// Reads the result form out of the gateway's page.
pub(crate) fn result_form(page: &Answer) -> ResultForm {
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html;charset=Windows-31J"));
    let html = page.windows_31j();
    let (ret_url, fields) = form_of(&html, "result-form").unwrap_or_else(|| panic!("no result form: {html}"));
    ResultForm { ret_url, fields }
}

fn joined(base: &str, to: &str) -> String {
    url::Url::parse(base).unwrap().join(to).unwrap().to_string()
}

/// A form's action and, of its inputs, the hidden ones and those that are picked.
fn form_of(html: &str, id: &str) -> Option<(String, Vec<(String, String)>)> {
    let begin = html.find(&format!("id=\"{id}\""))?;
    let open = html[..begin].rfind("<form")?;
    let form = &html[open..open + html[open..].find("</form>")?];
    let (head, body) = form.split_at(form.find('>')?);
    let inputs = body.split("<input ").skip(1).filter_map(|input| input.split('>').next()).map(attributes);
    let fields = inputs
        .filter(|input| input.get("type").is_some_and(|kind| kind == "hidden") || input.contains_key("checked"))
        .filter_map(|mut input| Some((input.remove("name")?, input.remove("value")?)))
        .collect();
    Some((attributes(head.trim_start_matches("<form")).remove("action")?, fields))
}

/// The attributes of a tag's inside. The pages under test quote every value.
fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = tag.trim();
    while !rest.is_empty() {
        let name_end = rest.find([' ', '=', '\n']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => ("", after),
        };
        found.insert(name.to_owned(), unescaped(value));
        rest = after.trim_start();
    }
    found
}

fn unescaped(text: &str) -> String {
    let references = [("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&lt;", "<")];
    let more = [("&#62;", ">"), ("&gt;", ">"), ("&#38;", "&"), ("&amp;", "&")];
    references.iter().chain(&more).fold(text.to_owned(), |text, (reference, c)| text.replace(reference, c))
}
